//! Lane code made ready to run, by whatever engine.

use std::sync::atomic::{AtomicU32, Ordering};

use super::code::LaneCode;
use super::cranelift::{Width, compile};
use super::interpret::{Interpreter, Plan};
use super::lane::Id;
use super::memory::{Entry, Executable, Prepared, Slot, StepCall, Unit, WideEntry};
use super::x64::{self, Isa, Native};
use super::{LANES, denormals};

/// The widest registers that [`Engine::best`] may choose, in bits.
static WIDEST: AtomicU32 = AtomicU32::new(u32::MAX);

/// What runs lane code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Engine {
    /// Instruction by instruction, one lane at a time: the oracle of the others.
    Interpreter,
    /// Machine code, one lane at a time.
    Scalar,
    /// Machine code, two lanes at a time.
    Vector,
    /// Machine code of our own with AVX2 and FMA, four lanes at a time.
    Avx2,
    /// Machine code of our own with AVX-512, eight lanes at a time.
    Avx512,
}

impl Engine {
    /// All of them, slowest first.
    pub const ALL: [Engine; 5] = [
        Engine::Interpreter,
        Engine::Scalar,
        Engine::Vector,
        Engine::Avx2,
        Engine::Avx512,
    ];

    /// Those that this host can run, slowest first.
    pub fn available() -> impl Iterator<Item = Engine> {
        Engine::ALL.into_iter().filter(|engine| engine.works())
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Interpreter => "interpreter",
            Engine::Scalar => "scalar",
            Engine::Vector => "vector",
            Engine::Avx2 => "avx2",
            Engine::Avx512 => "avx512",
        }
    }

    /// How many bits it computes with at once, 64 a lane.
    pub fn bits(self) -> u32 {
        match self {
            Engine::Interpreter | Engine::Scalar => 64,
            Engine::Vector => 128,
            Engine::Avx2 => 256,
            Engine::Avx512 => 512,
        }
    }

    /// The fastest one on this host, up to the [limit](Engine::limit).
    pub fn best() -> Engine {
        let most = WIDEST.load(Ordering::Relaxed);
        let fits = |engine: &Engine| engine.bits() <= most && engine.works();
        let best = Engine::ALL.into_iter().rev().find(fits);
        best.unwrap_or(Engine::Interpreter)
    }

    /// From now on, and in the whole process, [`Engine::best`] has registers of so many bits at
    /// most (64 at least). No result depends on it: all engines give the same bits, but for those
    /// of a NaN.
    pub fn limit(bits: u32) {
        WIDEST.store(bits.max(64), Ordering::Relaxed);
    }

    /// Who makes its code.
    pub(super) fn maker(self) -> Maker {
        match self {
            Engine::Interpreter => Maker::Nobody,
            Engine::Scalar => Maker::Cranelift(Width::One),
            Engine::Vector => Maker::Cranelift(Width::Two),
            Engine::Avx2 => Maker::Own(Isa::Avx2),
            Engine::Avx512 => Maker::Own(Isa::Avx512),
        }
    }

    /// Whether this host can run it.
    pub fn works(self) -> bool {
        match self {
            Engine::Interpreter => true,
            Engine::Scalar => super::cranelift::host(false).is_ok(),
            // Other targets of Cranelift lack 128-bit vectors, or have them as an option.
            Engine::Vector => {
                cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) && Engine::Scalar.works()
            }
            Engine::Avx2 => Isa::Avx2.works() && Engine::Scalar.works(),
            Engine::Avx512 => Isa::Avx512.works() && Engine::Scalar.works(),
        }
    }
}

impl Engine {
    /// An error where this host cannot run it.
    pub(super) fn demand(self) -> Result<(), KernelError> {
        match self.works() {
            true => Ok(()),
            false => {
                let missing = format!("the {} engine is not available", self.name());
                Err(KernelError::Host(missing))
            }
        }
    }
}

/// Who makes the code of an engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Maker {
    /// It is interpreted.
    Nobody,
    /// Cranelift, which gives up on the longest formulas.
    Cranelift(Width),
    /// The code generator of our own.
    Own(Isa),
}

/// Why there is no kernel.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KernelError {
    /// There is no machine code for this host.
    #[error("no machine code for this host: {0}")]
    Host(String),
    /// The code generator gave up.
    #[error("the code generator failed: {0}")]
    Compile(String),
}

/// What becomes of subnormal numbers in a kernel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Subnormals {
    /// They are numbers like others: for values.
    Kept,
    /// They are taken as zero: for steps, where they would be several times slower.
    Flushed,
}

impl Subnormals {
    /// Runs `f` so.
    pub(super) fn around<R>(self, f: impl FnOnce() -> R) -> R {
        match self {
            Subnormals::Kept => f(),
            Subnormals::Flushed => denormals::flush(f),
        }
    }
}

/// The state of one group of [`LANES`] lanes, and where it is recorded.
#[derive(Debug)]
pub struct GroupRun<'a> {
    /// Shape: variables, lanes.
    pub state: &'a mut [f64],
    /// Shape: steps, records, lanes; or empty if nothing is to be kept.
    pub record: &'a mut [f64],
    /// One for each place that steps count; or empty if they count none, or nobody wants to know.
    pub counts: &'a mut [u32],
}

impl<'a> GroupRun<'a> {
    /// A group whose steps are recorded, or not if `record` is empty.
    pub fn new(state: &'a mut [f64], record: &'a mut [f64]) -> GroupRun<'a> {
        GroupRun {
            state,
            record,
            counts: &mut [],
        }
    }
}

/// Lane code with an engine, over groups of [`LANES`] lanes.
#[derive(Debug)]
pub(super) struct Group {
    code: LaneCode,
    plan: Plan,
    prepared: Vec<Id>,
    subnormals: Subnormals,
    /// How many places the last record tells of, which the caller wants counted.
    recorded_places: usize,
    compiled: Compiled,
}

#[derive(Debug)]
enum Compiled {
    Not,
    Narrow(Executable<Entry>),
    Wide(Native<WideEntry>),
}

impl Group {
    pub(super) fn new(
        code: LaneCode,
        engine: Engine,
        subnormals: Subnormals,
    ) -> Result<Group, KernelError> {
        engine.demand()?;
        // Only the wide code counts by itself.
        let places = code.places();
        let (code, recorded_places) = match engine.maker() {
            Maker::Own(_) => (code, 0),
            Maker::Nobody | Maker::Cranelift(_) => (code.with_place_recorded(), places),
        };
        let compiled = match engine.maker() {
            Maker::Nobody => Compiled::Not,
            Maker::Cranelift(width) => Compiled::Narrow(compile(&code, width)?),
            Maker::Own(isa) => Compiled::Wide(x64::compile(&code, isa, subnormals)?),
        };
        Ok(Group {
            plan: Plan::new(&code, 0),
            prepared: code.prepared(),
            code,
            subnormals,
            recorded_places,
            compiled,
        })
    }

    pub(super) fn code(&self) -> &LaneCode {
        &self.code
    }

    /// How many places the last record tells of, which the caller wants counted.
    pub(super) fn recorded_places(&self) -> usize {
        self.recorded_places
    }

    /// Computes the invariants for these slots.
    pub(super) fn prepare(&self, slots: &[f64]) -> Run<'_> {
        assert!(slots.len() >= self.code.slot_count, "a slot is missing");
        let interpreter = Interpreter::new(&self.code, &self.plan, slots);
        let invariants = self.prepared.iter().map(|id| interpreter.bits(*id));
        let mut prepared: Vec<Prepared> = invariants.map(Prepared::of).collect();
        let mut frame = Vec::new();
        if let Compiled::Wide(native) = &self.compiled {
            native.add_literals(&mut prepared);
            frame = Slot::frame(native.frame);
        }
        Run {
            prepared,
            unrecorded: vec![0.0; self.code.record.len() * LANES],
            interpreter,
            frame,
            units: Vec::new(),
            states: Vec::new(),
            uncounted: Vec::new(),
            group: self,
        }
    }
}

/// A group with its invariants computed.
pub(super) struct Run<'g> {
    group: &'g Group,
    interpreter: Interpreter<'g>,
    prepared: Vec<Prepared>,
    unrecorded: Vec<f64>,
    frame: Vec<Slot>,
    units: Vec<Unit>,
    /// The states of the groups, aligned: a register that is stored across the lines of the cache
    /// costs twice, at every step.
    states: Vec<Slot>,
    /// Counts that nobody wants to know.
    uncounted: Vec<u32>,
}

impl Run<'_> {
    /// How many numbers each step records, and how many places the last of them tells of, which
    /// the caller wants counted.
    pub(super) fn recorded(&self) -> (usize, usize) {
        (self.group.code.record.len(), self.group.recorded_places)
    }

    /// Advances every group by so many steps; either all of them are recorded or none is.
    pub(super) fn steps(&mut self, groups: &mut [GroupRun<'_>], steps: usize) {
        let code = &self.group.code;
        let recorded = code.record.len() * LANES;
        let kept = groups.first().is_some_and(|group| !group.record.is_empty());
        for group in groups.iter() {
            assert_eq!(group.state.len(), code.state_count * LANES, "the state");
            let expected = if kept {
                recorded.checked_mul(steps)
            } else {
                Some(0)
            };
            assert_eq!(Some(group.record.len()), expected, "the record");
            let (counts, places) = (group.counts.len(), code.places());
            assert!(counts == 0 || counts >= places, "the counts");
        }
        let advance = if kept { recorded } else { 0 };
        match &self.group.compiled {
            Compiled::Not => self.group.subnormals.around(|| {
                for group in groups {
                    let record = match kept {
                        true => &mut *group.record,
                        false => &mut self.unrecorded[..],
                    };
                    interpret(
                        &mut self.interpreter,
                        code,
                        group.state,
                        steps,
                        record,
                        advance,
                    );
                }
            }),
            Compiled::Narrow(executable) => self.group.subnormals.around(|| {
                for group in groups {
                    let record = match kept {
                        true => &mut *group.record,
                        false => &mut self.unrecorded[..],
                    };
                    // SAFETY: the code reads and writes `state_count * LANES` numbers of the state
                    // and `recorded` of each step's record, `advance` numbers apart, all checked
                    // above (a record that is not kept has room for one step and does not
                    // advance); it reads one prepared value for each of `code.prepared()`, the
                    // same list that `prepare` made them from.
                    #[allow(unsafe_code)]
                    unsafe {
                        executable.entry()(
                            group.state.as_mut_ptr(),
                            record.as_mut_ptr(),
                            advance * size_of::<f64>(),
                            self.prepared.as_ptr(),
                            steps,
                        );
                    }
                }
            }),
            Compiled::Wide(native) => {
                self.units.clear();
                let slots = Slot::count(code.state_count * LANES);
                self.states.resize(slots * groups.len(), Slot::default());
                let states = self.states.chunks_exact_mut(slots.max(1));
                for (aligned, group) in states.zip(&*groups) {
                    Slot::fill(aligned, group.state);
                }
                let mut next = self.states.chunks_exact_mut(slots.max(1));
                self.uncounted.resize(code.places(), 0);
                let uncounted = self.uncounted.as_mut_ptr();
                for group in &mut *groups {
                    let counts = match group.counts.is_empty() {
                        true => uncounted,
                        false => group.counts.as_mut_ptr(),
                    };
                    let record = match kept {
                        true => group.record.as_mut_ptr(),
                        false => self.unrecorded.as_mut_ptr(),
                    };
                    let state = next.next().map(|slots| slots.as_mut_ptr().cast::<f64>());
                    let state = state.unwrap_or(std::ptr::null_mut());
                    let lanes = (0..LANES).step_by(native.unit_lanes);
                    self.units.extend(lanes.map(|lane| Unit {
                        state: state.wrapping_add(lane),
                        record: record.wrapping_add(lane),
                        counts,
                    }));
                }
                let Some(&last) = self.units.last() else {
                    return;
                };
                // What is missing in the last pass is a unit twice, which gets the same numbers
                // twice, and is counted once.
                let whole = self.units.len().next_multiple_of(native.units);
                let again = Unit {
                    counts: uncounted,
                    ..last
                };
                self.units.resize(whole, again);
                let units = self.units.as_ptr_range();
                let call = StepCall {
                    units: units.start,
                    end: units.end,
                    record_step: advance * size_of::<f64>(),
                    prepared: self.prepared.as_ptr(),
                    frame: self.frame.as_mut_ptr(),
                    steps,
                };
                // SAFETY: as above, for each unit, whose lanes are those of a group and whose
                // number is a multiple of what the code takes at once; the frame has the slots
                // and `prepared` the literals that it asked for; places are below their number,
                // which is that of the counts at least.
                #[allow(unsafe_code)]
                unsafe {
                    native.executable.entry()(&call);
                }
                let states = self.states.chunks_exact(slots.max(1));
                for (aligned, group) in states.zip(groups) {
                    Slot::empty(aligned, group.state);
                }
            }
        }
    }
}

fn interpret(
    interpreter: &mut Interpreter<'_>,
    code: &LaneCode,
    state: &mut [f64],
    steps: usize,
    record: &mut [f64],
    advance: usize,
) {
    let mut here = vec![0.0; code.state_count];
    for step in 0..steps {
        for lane in 0..LANES {
            for (variable, value) in here.iter_mut().enumerate() {
                *value = state[variable * LANES + lane];
            }
            interpreter.run(&here);
            for (variable, &id) in code.state.iter().enumerate() {
                state[variable * LANES + lane] = interpreter.number(id);
            }
            for (place, &id) in code.record.iter().enumerate() {
                record[step * advance + place * LANES + lane] = interpreter.number(id);
            }
        }
    }
}
