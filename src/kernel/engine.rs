//! Lane code made ready to run, by whatever engine.

use super::LANES;
use super::code::LaneCode;
use super::cranelift::{Width, compile};
use super::interpret::{Interpreter, Plan};
use super::lane::Id;
use super::memory::{Entry, Executable, Prepared};

/// What runs lane code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Engine {
    /// Instruction by instruction, one lane at a time: the oracle of the others.
    Interpreter,
    /// Machine code, one lane at a time.
    Scalar,
    /// Machine code, two lanes at a time.
    Vector,
}

impl Engine {
    /// All of them, slowest first.
    pub const ALL: [Engine; 3] = [Engine::Interpreter, Engine::Scalar, Engine::Vector];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Interpreter => "interpreter",
            Engine::Scalar => "scalar",
            Engine::Vector => "vector",
        }
    }

    /// How many bits it computes with at once, 64 a lane.
    pub fn bits(self) -> u32 {
        match self {
            Engine::Interpreter | Engine::Scalar => 64,
            Engine::Vector => 128,
        }
    }

    /// The fastest one on this host.
    pub fn best() -> Engine {
        let works = |engine: &Engine| engine.works();
        let best = Engine::ALL.into_iter().rev().find(works);
        best.unwrap_or(Engine::Interpreter)
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

/// Lane code with an engine, over groups of [`LANES`] lanes.
#[derive(Debug)]
pub(super) struct Group {
    code: LaneCode,
    plan: Plan,
    prepared: Vec<Id>,
    executable: Option<Executable<Entry>>,
}

impl Group {
    pub(super) fn new(code: LaneCode, engine: Engine) -> Result<Group, KernelError> {
        engine.demand()?;
        let executable = match engine {
            Engine::Interpreter => None,
            Engine::Scalar => Some(compile(&code, Width::One)?),
            Engine::Vector => Some(compile(&code, Width::Two)?),
        };
        Ok(Group {
            plan: Plan::new(&code, 0),
            prepared: code.prepared(),
            code,
            executable,
        })
    }

    pub(super) fn code(&self) -> &LaneCode {
        &self.code
    }

    /// Computes the invariants for these slots.
    pub(super) fn prepare(&self, slots: &[f64]) -> Run<'_> {
        assert!(slots.len() >= self.code.slot_count, "a slot is missing");
        let interpreter = Interpreter::new(&self.code, &self.plan, slots);
        let twice = |id: &Id| Prepared([interpreter.bits(*id); 2]);
        Run {
            prepared: self.prepared.iter().map(twice).collect(),
            unrecorded: vec![0.0; self.code.record.len() * LANES],
            interpreter,
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
}

impl Run<'_> {
    /// Runs so many steps. `state` is `[variable][lane]`; `record` is `[step][record][lane]`, or
    /// empty if nothing is to be kept.
    pub(super) fn steps(&mut self, state: &mut [f64], steps: usize, record: &mut [f64]) {
        let code = &self.group.code;
        assert_eq!(state.len(), code.state_count * LANES, "the state");
        let recorded = code.record.len() * LANES;
        let (record, advance) = match record.is_empty() {
            true => (&mut self.unrecorded[..], 0),
            false => {
                assert_eq!(
                    Some(record.len()),
                    recorded.checked_mul(steps),
                    "the record"
                );
                (record, recorded)
            }
        };
        let Some(executable) = &self.group.executable else {
            return interpret(&mut self.interpreter, code, state, steps, record, advance);
        };
        // SAFETY: the code reads and writes `state_count * LANES` numbers of the state and
        // `recorded` of each step's record, `advance` numbers apart, all checked above (a record
        // that is not kept has room for one step and does not advance); it reads one prepared
        // value for each of `code.prepared()`, the same list that `prepare` made them from.
        #[allow(unsafe_code)]
        unsafe {
            executable.entry()(
                state.as_mut_ptr(),
                record.as_mut_ptr(),
                advance * size_of::<f64>(),
                self.prepared.as_ptr(),
                steps,
            );
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
