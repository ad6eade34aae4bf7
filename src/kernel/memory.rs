//! The owner of executable memory.

use std::sync::Arc;

use cranelift::prelude::AbiParam;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{Linkage, Module, ModuleError, default_libcall_names};

use super::code::Table;
use super::cranelift::host;
use super::{KernelError, LANES};

/// A compiled loop: state, record, bytes from one step's record to the next, prepared values,
/// steps.
pub(super) type Entry = unsafe extern "C" fn(*mut f64, *mut f64, usize, *const Prepared, usize);

/// A compiled loop over members: cells, record, what all members share, what each is filled with,
/// the places that each reads and writes (in bytes from the first cell or record), members.
pub(super) type MemberEntry =
    unsafe extern "C" fn(*mut f64, *mut f64, *const Prepared, *const Prepared, *const usize, usize);

/// A loop over steps as wide vector code.
pub(super) type WideEntry = unsafe extern "C" fn(*const StepCall);

/// A loop over members as wide vector code.
pub(super) type WideMemberEntry = unsafe extern "C" fn(*const MemberCall);

/// One prepared value in all lanes of a 256-bit register, aligned so that it can be an operand;
/// narrower and wider registers use a part of it or repeat it.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub(super) struct Prepared(pub(super) [u64; 4]);

impl Prepared {
    /// The value in all lanes.
    pub(super) fn of(bits: u64) -> Prepared {
        Prepared([bits; 4])
    }

    /// The number with these bits, and by turns its negative.
    pub(super) fn by_turns(bits: u64) -> Prepared {
        let negative = bits ^ 1 << 63;
        Prepared([bits, negative, bits, negative])
    }
}

/// The bytes of a prepared value.
pub(super) const PREPARED: i32 = size_of::<Prepared>() as i32;
/// The bytes of one number.
pub(super) const BYTES: i32 = size_of::<f64>() as i32;
/// The bytes from one variable of the state to the next, and from one record to the next.
pub(super) const STRIDE: i32 = LANES as i32 * BYTES;

/// Room for a vector register.
#[derive(Clone, Copy, Default, Debug)]
#[repr(C, align(64))]
pub(super) struct Slot([f64; 8]);

impl Slot {
    /// The numbers in one.
    pub(super) const NUMBERS: usize = 8;

    /// Copies numbers into slots.
    pub(super) fn fill(slots: &mut [Slot], numbers: &[f64]) {
        for (slot, numbers) in slots.iter_mut().zip(numbers.chunks(Slot::NUMBERS)) {
            slot.0[..numbers.len()].copy_from_slice(numbers);
        }
    }

    /// Copies them back.
    pub(super) fn empty(slots: &[Slot], numbers: &mut [f64]) {
        for (slot, numbers) in slots.iter().zip(numbers.chunks_mut(Slot::NUMBERS)) {
            numbers.copy_from_slice(&slot.0[..numbers.len()]);
        }
    }

    /// The slots that so many numbers need.
    pub(super) fn count(numbers: usize) -> usize {
        numbers.div_ceil(Slot::NUMBERS)
    }

    /// So many bytes of slots.
    pub(super) fn frame(bytes: usize) -> Vec<Slot> {
        vec![Slot::default(); bytes.div_ceil(size_of::<Slot>())]
    }
}

/// Lanes that are advanced together: the first of them in the first variable of the state, and in
/// the first record; and the counts of their places.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Unit {
    pub(super) state: *mut f64,
    pub(super) record: *mut f64,
    pub(super) counts: *mut u32,
}

/// What a wide loop over steps is called with.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct StepCall {
    /// The first unit and the end of the last.
    pub(super) units: *const Unit,
    pub(super) end: *const Unit,
    /// Bytes from one step's record to the next.
    pub(super) record_step: usize,
    pub(super) prepared: *const Prepared,
    pub(super) frame: *mut Slot,
    pub(super) steps: usize,
}

/// What a wide loop over members is called with; as in [`MemberEntry`].
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct MemberCall {
    pub(super) cells: *mut f64,
    pub(super) record: *mut f64,
    pub(super) shared: *const Prepared,
    pub(super) filled: *const Prepared,
    pub(super) places: *const usize,
    pub(super) members: usize,
    pub(super) frame: *mut Slot,
}

/// A loop in executable memory, which is given back when this is dropped; `F` is the signature.
pub(super) struct Executable<F> {
    /// `None` only while it is being dropped.
    module: Option<JITModule>,
    entry: F,
    /// The code holds addresses into these.
    _tables: Vec<Table>,
}

// SAFETY: once it is finalized nothing touches the module until it is dropped, by one owner; the
// code writes through its arguments only, and the tables are never written.
#[allow(unsafe_code)]
unsafe impl<F> Send for Executable<F> {}
// SAFETY: as above: a shared reference gives away no more than the address of read-only code.
#[allow(unsafe_code)]
unsafe impl<F> Sync for Executable<F> {}

/// The signatures that compiled loops have.
#[allow(unsafe_code)]
pub(super) trait Signature: Copy {
    /// How many parameters there are, each as wide as an address.
    const PARAMETERS: usize;

    /// The function at an address.
    ///
    /// # Safety
    /// There must be one, with this signature and the C calling convention.
    unsafe fn at(address: *const u8) -> Self;
}

#[allow(unsafe_code)]
impl Signature for Entry {
    const PARAMETERS: usize = 5;

    unsafe fn at(address: *const u8) -> Entry {
        // SAFETY: what the caller promises.
        unsafe { std::mem::transmute::<*const u8, Entry>(address) }
    }
}

#[allow(unsafe_code)]
impl Signature for MemberEntry {
    const PARAMETERS: usize = 6;

    unsafe fn at(address: *const u8) -> MemberEntry {
        // SAFETY: what the caller promises.
        unsafe { std::mem::transmute::<*const u8, MemberEntry>(address) }
    }
}

#[allow(unsafe_code)]
impl Signature for WideEntry {
    const PARAMETERS: usize = 1;

    unsafe fn at(address: *const u8) -> WideEntry {
        // SAFETY: what the caller promises.
        unsafe { std::mem::transmute::<*const u8, WideEntry>(address) }
    }
}

#[allow(unsafe_code)]
impl Signature for WideMemberEntry {
    const PARAMETERS: usize = 1;

    unsafe fn at(address: *const u8) -> WideMemberEntry {
        // SAFETY: what the caller promises.
        unsafe { std::mem::transmute::<*const u8, WideMemberEntry>(address) }
    }
}

impl<F: Signature> Executable<F> {
    /// Makes machine code executable: a function with the signature `F` from its first byte on,
    /// which may hold addresses into `tables`.
    pub(super) fn of_bytes(code: &[u8], tables: Vec<Table>) -> Result<Executable<F>, KernelError> {
        let isa = host(false)?;
        let builder = JITBuilder::with_isa(Arc::clone(&isa), default_libcall_names());
        let mut module = JITModule::new(builder);
        let mut signature = module.make_signature();
        signature.params = vec![AbiParam::new(isa.pointer_type()); F::PARAMETERS];
        let failed = |error: ModuleError| KernelError::Compile(format!("{error:?}"));
        let declared = module.declare_function("wide_loop", Linkage::Local, &signature);
        let defined = declared.map_err(failed).and_then(|id| {
            let defined = module.define_function_bytes(id, 64, code, &[]);
            defined.map(|()| id).map_err(failed)
        });
        match defined {
            Ok(id) => Executable::new(module, id, tables),
            Err(error) => {
                free(module);
                Err(error)
            }
        }
    }

    /// Makes the functions of a module executable and owns them. `id` must have the signature
    /// `F`, and the code may hold addresses into `tables`.
    pub(super) fn new(
        mut module: JITModule,
        id: cranelift_module::FuncId,
        tables: Vec<Table>,
    ) -> Result<Executable<F>, KernelError> {
        if let Err(error) = module.finalize_definitions() {
            free(module);
            return Err(KernelError::Compile(error.to_string()));
        }
        let code = module.get_finalized_function(id);
        // SAFETY: the module defines `id` with this signature and the C calling convention of the
        // host, and it lives as long as `self`.
        #[allow(unsafe_code)]
        let entry = unsafe { F::at(code) };
        Ok(Executable {
            module: Some(module),
            entry,
            _tables: tables,
        })
    }

    /// The loop. Valid as long as `self` lives.
    pub(super) fn entry(&self) -> F {
        self.entry
    }
}

/// Gives the memory of a module back; Cranelift leaks it otherwise.
pub(super) fn free(module: JITModule) {
    // SAFETY: called where no function of the module runs or can be reached any more: by the drop
    // of the only owner of its entry point, or before an entry point was handed out.
    #[allow(unsafe_code)]
    unsafe {
        module.free_memory();
    }
}

impl<F> Drop for Executable<F> {
    fn drop(&mut self) {
        if let Some(module) = self.module.take() {
            free(module);
        }
    }
}

impl<F> std::fmt::Debug for Executable<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executable").finish_non_exhaustive()
    }
}
