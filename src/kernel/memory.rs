//! The owner of executable memory.

use cranelift_jit::JITModule;

use super::KernelError;
use super::code::Table;

/// A compiled loop: state, record, bytes from one step's record to the next, prepared values,
/// steps.
pub(super) type Entry = unsafe extern "C" fn(*mut f64, *mut f64, usize, *const Prepared, usize);

/// A compiled loop over members: cells, record, what all members share, what each is filled with,
/// the places that each reads and writes (in bytes from the first cell or record), members.
pub(super) type MemberEntry =
    unsafe extern "C" fn(*mut f64, *mut f64, *const Prepared, *const Prepared, *const usize, usize);

/// One prepared value in both lanes of a 128-bit register, aligned so that it can be an operand.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub(super) struct Prepared(pub(super) [u64; 2]);

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

impl<F: Signature> Executable<F> {
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
