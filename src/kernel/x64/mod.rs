//! Lane code as wide vector code of x86-64, which Cranelift does not generate: 4 lanes in a
//! register with AVX2 and FMA, 8 with AVX-512.
//!
//! Lane code is [selected](select) into operations of the machine, a [pass](pass) gives them
//! [registers](registers) and [bytes](encode), several vectors interleaved, and the loops around it
//! are here. Every operation rounds as the interpreter's does: all engines give the same bits, but
//! for those of a NaN.

mod encode;
mod memory;
mod opcode;
mod operation;
mod pass;
mod reading;
mod registers;
mod schedule;
mod select;

use self::encode::{Assembler, Condition, Gpr, Mem};
use self::memory::{
    CALL, CELLS, COUNTS, FILLED, FRAME, MEMBER_RECORD, MOST_UNITS, Memory, PLACES, RECORDED,
    RECORDS, SHARED, STATES,
};
use self::operation::{Literal, Selected};
use self::pass::{Given, Place, emit};
use self::schedule::schedule;
use self::select::{Prepared, select};
use super::code::LaneCode;
use super::engine::Subnormals;
use super::memory::{
    Executable, MemberCall, PREPARED, Prepared as Ready, STRIDE, Signature, StepCall, Unit,
    WideEntry, WideMemberEntry,
};
use super::program::Loop;
use super::{KernelError, LANES};

/// The vector instructions that are used.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Isa {
    /// 256 bits: AVX2 and FMA.
    Avx2,
    /// 512 bits: AVX-512 F and DQ.
    Avx512,
}

impl Isa {
    /// The bytes of a register.
    fn bytes(self) -> i32 {
        match self {
            Isa::Avx2 => 32,
            Isa::Avx512 => 64,
        }
    }

    /// Vectors in the lanes of a group.
    fn vectors(self) -> usize {
        (STRIDE / self.bytes()) as usize
    }

    /// Whether this host has them, and calls functions as the code here expects.
    pub(super) fn works(self) -> bool {
        #[cfg(all(target_arch = "x86_64", not(windows)))]
        return match self {
            Isa::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            Isa::Avx512 => {
                is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq")
            }
        };
        #[cfg(not(all(target_arch = "x86_64", not(windows))))]
        return false;
    }
}

/// Registers that belong to the caller.
const KEPT: [Gpr; 6] = [Gpr::Rbx, Gpr::Rbp, Gpr::R12, Gpr::R13, Gpr::R14, Gpr::R15];
/// Flush subnormal results to zero (bit 15) and read subnormal operands as zero (bit 6).
const FLUSH: u32 = 1 << 15 | 1 << 6;
/// Vectors that are interleaved, and the length of code up to which they are: interleaving hides
/// latencies that the out-of-order window does not reach across, and shares loads of constants.
const INTERLEAVED: [(usize, usize); 3] = [(600, 4), (4000, 2), (usize::MAX, 1)];

/// A loop in executable memory, and what it needs beside its arguments.
#[derive(Debug)]
pub(super) struct Native<F> {
    pub(super) executable: Executable<F>,
    /// What the code reads after the prepared numbers.
    pub(super) literals: Vec<Literal>,
    /// The bytes of its frame.
    pub(super) frame: usize,
    /// How a group is cut into units: lanes in one, and how many go together.
    pub(super) unit_lanes: usize,
    pub(super) units: usize,
}

impl<F> Native<F> {
    /// Adds the literals to what is prepared.
    pub(super) fn add_literals(&self, prepared: &mut Vec<Ready>) {
        for literal in &self.literals {
            let next = match *literal {
                Literal::Bits(bits) => Ready::of(bits),
                Literal::ByTurns(place) => {
                    let Ready([bits, ..]) = prepared[place as usize];
                    Ready::by_turns(bits)
                }
            };
            prepared.push(next);
        }
    }
}

/// An error where something is so far that an address cannot tell: displacements have 32 bits.
fn reachable(bytes: &[usize]) -> Result<(), KernelError> {
    match bytes.iter().all(|bytes| *bytes <= i32::MAX as usize) {
        true => Ok(()),
        false => Err(KernelError::Compile(
            "the code has too many numbers".to_owned(),
        )),
    }
}

fn ordered(mut selected: Selected, isa: Isa) -> Selected {
    if isa == Isa::Avx512 && selected.ops.len() <= INTERLEAVED[0].0 {
        schedule(&mut selected);
    }
    selected
}

fn ways(selected: &Selected) -> usize {
    let length = selected.ops.len();
    let found = INTERLEAVED.iter().find(|(longest, _)| length <= *longest);
    found.map_or(1, |(_, ways)| *ways)
}

/// Compiles the loop over steps, and in each of them over units of lanes.
pub(super) fn compile(
    code: &LaneCode,
    isa: Isa,
    subnormals: Subnormals,
) -> Result<Native<WideEntry>, KernelError> {
    let prepared = code.prepared();
    let prepared = Prepared {
        shared: &prepared,
        filled: &[],
    };
    let selected = ordered(select(code, &prepared, isa), isa);
    reachable(&[
        code.state_count * STRIDE as usize,
        code.record.len() * STRIDE as usize,
        (code.prepared().len() + selected.literals.len()) * PREPARED as usize,
    ])?;
    let ways = ways(&selected).min(MOST_UNITS * isa.vectors());
    let unit = ways.min(isa.vectors());
    let units = ways / unit;
    let mut given: Vec<Given> = Vec::new();
    let record = (0u32..).zip(&selected.record);
    given.extend(record.map(|(place, &value)| (value, Place::Record(place))));
    let state = (0u32..).zip(&selected.state);
    given.extend(state.map(|(variable, &value)| (value, Place::State(variable))));
    let mut asm = Assembler::new(isa);
    enter(&mut asm, subnormals);
    let frame = steps(&mut asm, units, |asm| {
        let unit = Some(unit);
        emit(asm, &selected, &given, Memory { isa, unit }, ways)
    });
    exit(&mut asm, subnormals);
    finish(
        asm,
        code,
        selected,
        frame,
        unit * LANES / isa.vectors(),
        units,
    )
}

/// Compiles the loop over members, and for each of them over the vectors of a group.
pub(super) fn compile_members(
    members: &Loop,
    isa: Isa,
    subnormals: Subnormals,
) -> Result<Native<WideMemberEntry>, KernelError> {
    let code = &members.body;
    let [shared, filled] = members.prepared();
    let prepared = Prepared {
        shared: &shared,
        filled: &filled,
    };
    let selected = ordered(select(code, &prepared, isa), isa);
    reachable(&[
        members.filled_bytes() as usize,
        members.place_bytes() as usize,
        (shared.len() + selected.literals.len()) * PREPARED as usize,
    ])?;
    let ways = ways(&selected).min(isa.vectors());
    let reads = code.state_count as u32;
    let outputs = (reads..).zip(&members.outputs).zip(&selected.record);
    let given: Vec<Given> = outputs
        .map(|((place, &output), &value)| (value, Place::Member(place, output)))
        .collect();
    let mut asm = Assembler::new(isa);
    enter(&mut asm, subnormals);
    let frame = for_members(&mut asm, members, ways, |asm| {
        emit(asm, &selected, &given, Memory { isa, unit: None }, ways)
    });
    exit(&mut asm, subnormals);
    finish(asm, code, selected, frame, LANES, 1)
}

fn finish<F: Signature>(
    asm: Assembler,
    code: &LaneCode,
    selected: Selected,
    slots: usize,
    unit_lanes: usize,
    units: usize,
) -> Result<Native<F>, KernelError> {
    let isa = asm.isa;
    reachable(&[slots * isa.bytes() as usize])?;
    let far = || KernelError::Compile("the code is too long".to_owned());
    let bytes = asm.finish().ok_or_else(far)?;
    Ok(Native {
        executable: Executable::of_bytes(&bytes, code.tables.clone())?,
        literals: selected.literals,
        frame: slots * isa.bytes() as usize,
        unit_lanes,
        units,
    })
}

fn enter(asm: &mut Assembler, subnormals: Subnormals) {
    KEPT.iter().for_each(|&register| asm.push(register));
    if subnormals == Subnormals::Flushed {
        asm.save_control(FLUSH);
    }
}

fn exit(asm: &mut Assembler, subnormals: Subnormals) {
    if subnormals == Subnormals::Flushed {
        asm.restore_control();
    }
    KEPT.iter().rev().for_each(|&register| asm.pop(register));
    asm.leave();
}

/// A field of what the loop is called with.
fn field(offset: usize) -> Mem {
    Mem::at(CALL, offset as i32)
}

/// The steps, and in each of them the units, so many at a time.
fn steps(asm: &mut Assembler, units: usize, body: impl FnOnce(&mut Assembler) -> usize) -> usize {
    const LEFT: Gpr = Gpr::Rcx;
    const UNIT: Gpr = Gpr::Rsi;
    let [step, pass, end] = [(); 3].map(|()| asm.label());
    asm.read(LEFT, field(std::mem::offset_of!(StepCall, steps)));
    asm.read(SHARED, field(std::mem::offset_of!(StepCall, prepared)));
    asm.read(FRAME, field(std::mem::offset_of!(StepCall, frame)));
    asm.clear(RECORDED);
    asm.test(LEFT);
    asm.jump_if(Condition::Zero, end);
    asm.place(step);
    asm.read(UNIT, field(std::mem::offset_of!(StepCall, units)));
    asm.place(pass);
    let size = size_of::<Unit>() as i32;
    for at in 0..units {
        let unit = at as i32 * size;
        let fields = [
            (STATES[at], std::mem::offset_of!(Unit, state)),
            (RECORDS[at], std::mem::offset_of!(Unit, record)),
            (COUNTS[at], std::mem::offset_of!(Unit, counts)),
        ];
        for (to, offset) in fields {
            asm.read(to, Mem::at(UNIT, unit + offset as i32));
        }
    }
    let slots = body(asm);
    asm.advance(UNIT, units as i32 * size);
    asm.compare(UNIT, field(std::mem::offset_of!(StepCall, end)));
    asm.jump_if(Condition::Below, pass);
    asm.increase(RECORDED, field(std::mem::offset_of!(StepCall, record_step)));
    asm.advance(LEFT, -1);
    asm.jump_if(Condition::NotZero, step);
    asm.place(end);
    slots
}

/// The members, and for each of them so many passes over the lanes.
fn for_members(
    asm: &mut Assembler,
    members: &Loop,
    ways: usize,
    body: impl FnOnce(&mut Assembler) -> usize,
) -> usize {
    const LEFT: Gpr = Gpr::Rcx;
    const PASS: Gpr = Gpr::Rsi;
    let passes = asm.isa.vectors() / ways;
    let [member, pass, end] = [(); 3].map(|()| asm.label());
    asm.read(LEFT, field(std::mem::offset_of!(MemberCall, members)));
    asm.read(CELLS, field(std::mem::offset_of!(MemberCall, cells)));
    asm.read(
        MEMBER_RECORD,
        field(std::mem::offset_of!(MemberCall, record)),
    );
    asm.read(SHARED, field(std::mem::offset_of!(MemberCall, shared)));
    asm.read(FILLED, field(std::mem::offset_of!(MemberCall, filled)));
    asm.read(PLACES, field(std::mem::offset_of!(MemberCall, places)));
    asm.read(FRAME, field(std::mem::offset_of!(MemberCall, frame)));
    asm.test(LEFT);
    asm.jump_if(Condition::Zero, end);
    asm.place(member);
    if passes > 1 {
        asm.clear(PASS);
        asm.advance(PASS, passes as i32);
        asm.place(pass);
    }
    let slots = body(asm);
    if passes > 1 {
        let covered = ways as i32 * asm.isa.bytes();
        asm.advance(CELLS, covered);
        asm.advance(MEMBER_RECORD, covered);
        asm.advance(PASS, -1);
        asm.jump_if(Condition::NotZero, pass);
        asm.advance(CELLS, -STRIDE);
        asm.advance(MEMBER_RECORD, -STRIDE);
    }
    asm.advance(FILLED, members.filled_bytes() as i32);
    asm.advance(PLACES, members.place_bytes() as i32);
    asm.advance(LEFT, -1);
    asm.jump_if(Condition::NotZero, member);
    asm.place(end);
    slots
}
