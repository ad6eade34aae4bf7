//! Lane code as machine code: the whole loop over steps and lanes, one value or two at a time.
//!
//! The lanes of a group are a loop of their own inside the step, so that out-of-order execution
//! overlaps independent trajectories; the state stays in the level 1 cache. Cranelift is told to
//! optimize nothing: invariants are read from memory where they are used, because hoisting them
//! fills the registers and spills (measured: 4.6 against 3.2 ns a step on a sum of two cosines).

use std::sync::{Arc, OnceLock};

use cranelift::codegen::isa::{OwnedTargetIsa, TargetIsa};
use cranelift::prelude::*;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module, ModuleError, default_libcall_names};

use super::KernelError;
use super::code::LaneCode;
use super::emit::{Body, Clif};
use super::memory::{BYTES, Entry, Executable, MemberEntry, STRIDE, Signature, free};
use super::program::Loop;

/// How many lanes one value holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Width {
    /// One: scalar registers.
    One,
    /// Two: 128-bit registers.
    Two,
}

/// How many passes of the body are interleaved, up to which length: they hide each other's latency
/// better than out-of-order execution does alone, and share what they read.
const INTERLEAVED: [(usize, usize); 2] = [(600, 4), (LONG, 2)];
/// The length of a body that is not interleaved any more (it would only spill twice as much), and
/// is compiled quickly rather than well.
const LONG: usize = 2000;
/// The longest body that is compiled: beyond, the code generator takes seconds and gigabytes, and
/// then more stack than a thread has.
pub(super) const LONGEST: usize = 400_000;

impl Width {
    /// The bytes of one value.
    pub(super) fn bytes(self) -> i32 {
        match self {
            Width::One => BYTES,
            Width::Two => 2 * BYTES,
        }
    }
}

extern "C" fn fused(a: f64, b: f64, c: f64) -> f64 {
    a.mul_add(b, c)
}

extern "C" fn floor(x: f64) -> f64 {
    x.floor()
}

extern "C" fn nearest(x: f64) -> f64 {
    x.round_ties_even()
}

/// The host as a target, for long bodies or others.
pub(super) fn host(long: bool) -> Result<OwnedTargetIsa, KernelError> {
    static HOST: [OnceLock<Result<OwnedTargetIsa, String>>; 2] = [OnceLock::new(), OnceLock::new()];
    let found = HOST[usize::from(long)].get_or_init(|| {
        let mut flags = settings::builder();
        let verify = if cfg!(debug_assertions) {
            "true"
        } else {
            "false"
        };
        // One pass over a long body gives code as fast as backtracking does, in time that grows
        // with the length and not with its square.
        let allocator = if long { "single_pass" } else { "backtracking" };
        let set = [
            ("opt_level", "none"),
            ("regalloc_algorithm", allocator),
            ("enable_verifier", verify),
            ("is_pic", "false"),
            ("use_colocated_libcalls", "false"),
            ("enable_probestack", "true"),
            ("probestack_strategy", "inline"),
            ("unwind_info", "false"),
        ];
        for (name, value) in set {
            flags.set(name, value).map_err(|error| error.to_string())?;
        }
        let flags = settings::Flags::new(flags);
        let isa = cranelift_native::builder()?;
        isa.finish(flags).map_err(|error| error.to_string())
    });
    found.clone().map_err(KernelError::Host)
}

fn ways(length: usize) -> usize {
    let found = INTERLEAVED.iter().find(|(longest, _)| length < *longest);
    found.map_or(1, |(_, ways)| *ways)
}

/// Compiles the loop over steps and lanes.
pub(super) fn compile(code: &LaneCode, width: Width) -> Result<Executable<Entry>, KernelError> {
    build(code, |b, pointer, ways| {
        emit_loop(b, pointer, |b, at| {
            Body::new(b, code, width, at, ways).emit();
            ways as i32 * width.bytes()
        });
    })
}

/// Compiles the loop over members and lanes.
pub(super) fn compile_members(
    members: &Loop,
    width: Width,
) -> Result<Executable<MemberEntry>, KernelError> {
    build(&members.body, |b, pointer, ways| {
        emit_members(b, pointer, members, |b, at| {
            Body::of_member(b, members, width, at, ways).emit_member(&members.outputs);
            ways as i32 * width.bytes()
        });
    })
}

/// A function around the body of some code. `emit` is given the type of addresses and how many
/// passes to interleave.
fn build<F: Signature>(
    code: &LaneCode,
    emit: impl FnOnce(&mut FunctionBuilder<'_>, Type, usize),
) -> Result<Executable<F>, KernelError> {
    if code.loop_len() > LONGEST {
        return Err(KernelError::Compile(format!(
            "{} instructions are too many to compile; the limit is {LONGEST}",
            code.loop_len()
        )));
    }
    let isa = host(code.loop_len() >= LONG)?;
    let mut builder = JITBuilder::with_isa(Arc::clone(&isa), default_libcall_names());
    // What a host without the instruction calls; from here, so that no search is needed.
    builder.symbol("fma", fused as *const u8);
    builder.symbol("floor", floor as *const u8);
    builder.symbol("nearbyint", nearest as *const u8);
    let mut module = JITModule::new(builder);
    let ways = ways(code.loop_len());
    let defined = define(&mut module, &*isa, F::PARAMETERS, |b| {
        emit(b, isa.pointer_type(), ways);
    });
    match defined {
        Ok(id) => Executable::new(module, id, code.tables.clone()),
        Err(error) => {
            free(module);
            Err(error)
        }
    }
}

fn define(
    module: &mut JITModule,
    isa: &dyn TargetIsa,
    parameters: usize,
    emit: impl FnOnce(&mut FunctionBuilder<'_>),
) -> Result<FuncId, KernelError> {
    let failed = |error: ModuleError| KernelError::Compile(format!("{error:?}"));
    let mut context = module.make_context();
    let signature = &mut context.func.signature;
    signature.params = vec![AbiParam::new(isa.pointer_type()); parameters];
    let id = module
        .declare_function("step_loop", Linkage::Local, signature)
        .map_err(failed)?;
    let mut shared = FunctionBuilderContext::new();
    let mut builder = FunctionBuilder::new(&mut context.func, &mut shared);
    emit(&mut builder);
    builder.seal_all_blocks();
    builder.finalize(isa.frontend_config());
    let defined = module.define_function(id, &mut context).map_err(failed);
    module.clear_context(&mut context);
    defined.map(|()| id)
}

/// Where one pass of the body reads and writes.
#[derive(Clone, Copy)]
pub(super) struct At {
    /// The address of these lanes of the first variable.
    pub(super) state: Clif,
    /// The address of these lanes of the first record.
    pub(super) record: Clif,
    /// The address of the prepared values.
    pub(super) prepared: Clif,
    /// The address of those that a member of a loop has for itself.
    pub(super) filled: Clif,
    /// The address of the places that the member reads and writes, in bytes.
    pub(super) places: Clif,
    /// The type of addresses.
    pub(super) pointer: Type,
}

/// The steps, and in each of them the lanes. `body` emits one pass and gives the bytes it covers.
fn emit_loop(
    b: &mut FunctionBuilder<'_>,
    pointer: Type,
    mut body: impl FnMut(&mut FunctionBuilder<'_>, At) -> i32,
) {
    let [entry, step, lanes, next, exit] = [(); 5].map(|()| b.create_block());
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let &[state, record, record_step, prepared, steps] = b.block_params(entry) else {
        return; // The signature has five parameters.
    };
    let zero = b.ins().iconst(pointer, 0);
    b.ins().jump(step, &[zero.into(), record.into()]);

    b.switch_to_block(step);
    let done = b.append_block_param(step, pointer);
    let record = b.append_block_param(step, pointer);
    let more = b.ins().icmp(IntCC::UnsignedLessThan, done, steps);
    b.ins().brif(more, lanes, &[zero.into()], exit, &[]);

    b.switch_to_block(lanes);
    let from = b.append_block_param(lanes, pointer);
    let at = At {
        state: b.ins().iadd(state, from),
        record: b.ins().iadd(record, from),
        prepared,
        // Only members have their own.
        filled: prepared,
        places: prepared,
        pointer,
    };
    let covered = body(b, at);
    let to = b.ins().iadd_imm_s(from, i64::from(covered));
    let more = b
        .ins()
        .icmp_imm_s(IntCC::UnsignedLessThan, to, i64::from(STRIDE));
    b.ins().brif(more, lanes, &[to.into()], next, &[]);

    b.switch_to_block(next);
    let done = b.ins().iadd_imm_s(done, 1);
    let record = b.ins().iadd(record, record_step);
    b.ins().jump(step, &[done.into(), record.into()]);

    b.switch_to_block(exit);
    b.ins().return_(&[]);
}

/// The members, and for each of them the lanes. `body` emits one pass and gives the bytes it covers.
fn emit_members(
    b: &mut FunctionBuilder<'_>,
    pointer: Type,
    members: &Loop,
    mut body: impl FnMut(&mut FunctionBuilder<'_>, At) -> i32,
) {
    let [entry, member, lanes, next, exit] = [(); 5].map(|()| b.create_block());
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let &[cells, record, prepared, filled, places, count] = b.block_params(entry) else {
        return; // The signature has six parameters.
    };
    let zero = b.ins().iconst(pointer, 0);
    b.ins()
        .jump(member, &[zero.into(), filled.into(), places.into()]);

    b.switch_to_block(member);
    let done = b.append_block_param(member, pointer);
    let filled = b.append_block_param(member, pointer);
    let places = b.append_block_param(member, pointer);
    let more = b.ins().icmp(IntCC::UnsignedLessThan, done, count);
    b.ins().brif(more, lanes, &[zero.into()], exit, &[]);

    b.switch_to_block(lanes);
    let from = b.append_block_param(lanes, pointer);
    let at = At {
        state: b.ins().iadd(cells, from),
        record: b.ins().iadd(record, from),
        prepared,
        filled,
        places,
        pointer,
    };
    let covered = body(b, at);
    let to = b.ins().iadd_imm_s(from, i64::from(covered));
    let more = b
        .ins()
        .icmp_imm_s(IntCC::UnsignedLessThan, to, i64::from(STRIDE));
    b.ins().brif(more, lanes, &[to.into()], next, &[]);

    b.switch_to_block(next);
    let done = b.ins().iadd_imm_s(done, 1);
    let filled = b.ins().iadd_imm_s(filled, members.filled_bytes());
    let places = b.ins().iadd_imm_s(places, members.place_bytes());
    b.ins()
        .jump(member, &[done.into(), filled.into(), places.into()]);

    b.switch_to_block(exit);
    b.ins().return_(&[]);
}
