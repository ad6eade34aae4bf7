//! Long programs made ready to run, by whatever engine.

use super::code::LaneCode;
use super::cranelift::compile_members;
use super::engine::{Group, GroupRun, Maker, Run, Subnormals};
use super::interpret::{Interpreter, Plan};
use super::lane::Id;
use super::memory::{Executable, MemberCall, MemberEntry, Prepared, Slot, WideMemberEntry};
use super::places::by_record;
use super::program::{Loop, Output, Program, Stage};
use super::x64::{self, Native};
use super::{Engine, KernelError, LANES};

/// A program with an engine, over groups of [`LANES`] lanes.
#[derive(Debug)]
pub(super) struct Staged {
    program: Program,
    once: Plan,
    /// One a stage that is a loop.
    loops: Vec<Member>,
    subnormals: Subnormals,
}

/// A loop over members with an engine.
#[derive(Debug)]
struct Member {
    plan: Plan,
    shared: Vec<Id>,
    filled: Vec<Id>,
    places: Vec<usize>,
    compiled: Compiled,
}

#[derive(Debug)]
enum Compiled {
    Not,
    Narrow(Executable<MemberEntry>),
    Wide(Native<WideMemberEntry>),
}

impl Staged {
    pub(super) fn new(
        program: Program,
        engine: Engine,
        subnormals: Subnormals,
    ) -> Result<Staged, KernelError> {
        engine.demand()?;
        let program = program.checked()?;
        let mut loops = Vec::new();
        for stage in &program.stages {
            if let Stage::Run(code) = stage {
                loops.push(Member::new(code, engine)?);
            }
        }
        Ok(Staged {
            once: Plan::new(&program.once, 0),
            program,
            loops,
            subnormals,
        })
    }

    /// Computes what does not change in a run with these slots.
    pub(super) fn prepare(&self, slots: &[f64]) -> StagedRun<'_> {
        let program = &self.program;
        assert!(slots.len() >= program.slot_count, "a slot is missing");
        let once = Interpreter::new(&program.once, &self.once, slots);
        let fillings: Vec<f64> = program
            .once
            .record
            .iter()
            .map(|id| once.number(*id))
            .collect();
        let mut loops = self.loops.iter();
        let prepared = program.stages.iter().filter_map(|stage| match stage {
            Stage::Run(code) => loops
                .next()
                .map(|member| member.prepare(code, slots, &fillings)),
            Stage::Clear(_) | Stage::Keep(_) => None,
        });
        StagedRun {
            prepared: prepared.collect(),
            cells: vec![0.0; program.cells * LANES],
            unrecorded: vec![0.0; program.recorded * LANES],
            staged: self,
        }
    }
}

impl Member {
    fn new(code: &Loop, engine: Engine) -> Result<Member, KernelError> {
        let [shared, filled] = code.prepared();
        let compiled = match engine.maker() {
            Maker::Nobody => Compiled::Not,
            Maker::Cranelift(width) => Compiled::Narrow(compile_members(code, width)?),
            // All stages of all steps run with one setting, made around them.
            Maker::Own(isa) => Compiled::Wide(x64::compile_members(code, isa, Subnormals::Kept)?),
        };
        Ok(Member {
            plan: Plan::new(&code.body, code.fillings),
            shared,
            filled,
            places: code.places(),
            compiled,
        })
    }

    fn prepare<'r>(&'r self, code: &'r Loop, slots: &[f64], fillings: &[f64]) -> Ready<'r> {
        let count = code.fillings;
        let mut all = vec![f64::NAN; count];
        all.extend_from_slice(slots);
        let mut interpreter = Interpreter::new(&code.body, &self.plan, &all);
        let shared = self.shared.iter().map(|id| interpreter.bits(*id));
        let mut shared: Vec<Prepared> = shared.map(Prepared::of).collect();
        let mut frame = Vec::new();
        if let Compiled::Wide(native) = &self.compiled {
            native.add_literals(&mut shared);
            frame = Slot::frame(native.frame);
        }
        let fillings = &fillings[code.filled_from..][..code.members * count];
        let mut filled = Vec::with_capacity(self.filled.len() * code.members);
        if !self.filled.is_empty() {
            for own in fillings.chunks_exact(count.max(1)) {
                all[..count].copy_from_slice(own);
                interpreter.fill(&all);
                let own = self.filled.iter().map(|id| interpreter.bits(*id));
                filled.extend(own.map(Prepared::of));
            }
        }
        Ready {
            code,
            member: self,
            interpreter,
            all,
            fillings: fillings.to_vec(),
            shared,
            filled,
            frame,
        }
    }
}

/// A program with everything computed that does not change in a run.
pub(super) struct StagedRun<'s> {
    staged: &'s Staged,
    prepared: Vec<Ready<'s>>,
    cells: Vec<f64>,
    unrecorded: Vec<f64>,
}

/// A loop likewise.
struct Ready<'r> {
    code: &'r Loop,
    member: &'r Member,
    interpreter: Interpreter<'r>,
    /// Room for what a member fills, and the slots.
    all: Vec<f64>,
    /// Shape: members, slots that they fill.
    fillings: Vec<f64>,
    shared: Vec<Prepared>,
    filled: Vec<Prepared>,
    frame: Vec<Slot>,
}

impl StagedRun<'_> {
    /// Runs so many steps. `state` is `[variable][lane]`; `record` is `[step][record][lane]`, or
    /// empty if nothing is to be kept.
    fn steps(&mut self, state: &mut [f64], steps: usize, record: &mut [f64]) {
        let program = &self.staged.program;
        assert_eq!(state.len(), program.state_count * LANES, "the state");
        let recorded = program.recorded * LANES;
        if !record.is_empty() {
            let expected = recorded.checked_mul(steps);
            assert_eq!(Some(record.len()), expected, "the record");
        }
        self.cells[..state.len()].copy_from_slice(state);
        for step in 0..steps {
            let here = match record.is_empty() {
                true => &mut self.unrecorded[..],
                false => &mut record[step * recorded..][..recorded],
            };
            let mut ready = self.prepared.iter_mut();
            for stage in &program.stages {
                match stage {
                    Stage::Clear(cells) => {
                        self.cells[cells.start * LANES..cells.end * LANES].fill(0.0);
                    }
                    Stage::Keep(cells) => {
                        here.copy_from_slice(&self.cells[cells.start * LANES..cells.end * LANES]);
                    }
                    Stage::Run(_) => {
                        if let Some(ready) = ready.next() {
                            ready.run(&mut self.cells, here);
                        }
                    }
                }
            }
        }
        state.copy_from_slice(&self.cells[..state.len()]);
    }
}

impl Ready<'_> {
    fn run(&mut self, cells: &mut [f64], record: &mut [f64]) {
        // SAFETY of both calls: every place was checked to be one of the cells or records of the
        // program when it was made, and `cells` and `record` are as long as those (the run made
        // them so, or checked it); the places and what is prepared have a row for each member, and
        // the code was compiled for rows of that length. The frame and the literals are what the
        // wide code asked for.
        match &self.member.compiled {
            Compiled::Not => self.interpret(cells, record),
            #[allow(unsafe_code)]
            Compiled::Narrow(executable) => unsafe {
                executable.entry()(
                    cells.as_mut_ptr(),
                    record.as_mut_ptr(),
                    self.shared.as_ptr(),
                    self.filled.as_ptr(),
                    self.member.places.as_ptr(),
                    self.code.members,
                );
            },
            Compiled::Wide(native) => {
                let call = MemberCall {
                    cells: cells.as_mut_ptr(),
                    record: record.as_mut_ptr(),
                    shared: self.shared.as_ptr(),
                    filled: self.filled.as_ptr(),
                    places: self.member.places.as_ptr(),
                    members: self.code.members,
                    frame: self.frame.as_mut_ptr(),
                };
                #[allow(unsafe_code)]
                unsafe {
                    native.executable.entry()(&call);
                }
            }
        }
    }

    fn interpret(&mut self, cells: &mut [f64], record: &mut [f64]) {
        let code = self.code;
        let (reads, writes) = (code.body.state_count, code.outputs.len());
        let mut here = vec![0.0; reads];
        for member in 0..code.members {
            let own = &self.fillings[member * code.fillings..][..code.fillings];
            self.all[..code.fillings].copy_from_slice(own);
            self.interpreter.fill(&self.all);
            for lane in 0..LANES {
                let read = &code.reads[member * reads..][..reads];
                for (value, &cell) in here.iter_mut().zip(read) {
                    *value = cells[cell as usize * LANES + lane];
                }
                self.interpreter.run(&here);
                let write = &code.writes[member * writes..][..writes];
                let results = code.outputs.iter().zip(&code.body.record);
                for (&place, (output, &id)) in write.iter().zip(results) {
                    let (at, value) = (place as usize * LANES + lane, self.interpreter.number(id));
                    match output {
                        Output::Set => cells[at] = value,
                        Output::Add => cells[at] += value,
                        Output::Record => record[at] = value,
                    }
                }
            }
        }
    }
}

/// What a kernel runs.
#[derive(Debug)]
pub(super) enum Machine {
    /// One piece of straight-line code, the loop over steps and lanes compiled around it.
    Short(Box<Group>),
    /// Stages.
    Long(Box<Staged>),
}

/// A machine made ready for a run.
pub(super) enum MachineRun<'m> {
    Short(Run<'m>),
    Long(StagedRun<'m>),
}

impl Machine {
    pub(super) fn short(
        code: LaneCode,
        engine: Engine,
        subnormals: Subnormals,
    ) -> Result<Machine, KernelError> {
        Group::new(code, engine, subnormals).map(|group| Machine::Short(Box::new(group)))
    }

    pub(super) fn long(
        program: Program,
        engine: Engine,
        subnormals: Subnormals,
    ) -> Result<Machine, KernelError> {
        Staged::new(program, engine, subnormals).map(|staged| Machine::Long(Box::new(staged)))
    }

    pub(super) fn prepare(&self, slots: &[f64]) -> MachineRun<'_> {
        match self {
            Machine::Short(group) => MachineRun::Short(group.prepare(slots)),
            Machine::Long(staged) => MachineRun::Long(staged.prepare(slots)),
        }
    }

    /// How many variables the state has.
    pub(super) fn state_count(&self) -> usize {
        match self {
            Machine::Short(group) => group.code().state_count,
            Machine::Long(staged) => staged.program.state_count,
        }
    }

    /// How many slots there are.
    pub(super) fn slot_count(&self) -> usize {
        match self {
            Machine::Short(group) => group.code().slot_count,
            Machine::Long(staged) => staged.program.slot_count,
        }
    }

    /// How many numbers each step records in each lane; a place that is counted is none of them.
    pub(super) fn recorded(&self) -> usize {
        match self {
            Machine::Short(group) => {
                group.code().record.len() - usize::from(group.recorded_places() > 0)
            }
            Machine::Long(staged) => {
                staged.program.recorded - usize::from(staged.program.places > 0)
            }
        }
    }

    /// How many places steps count, 0 if they count none.
    pub(super) fn places(&self) -> usize {
        match self {
            Machine::Short(group) => group.code().places().max(group.recorded_places()),
            Machine::Long(staged) => staged.program.places,
        }
    }
}

impl MachineRun<'_> {
    /// Advances every group by so many steps; either all of them are recorded or none is.
    pub(super) fn steps(&mut self, groups: &mut [GroupRun<'_>], steps: usize) {
        let (recorded, places) = match self {
            MachineRun::Short(run) => run.recorded(),
            MachineRun::Long(run) => (run.staged.program.recorded, run.staged.program.places),
        };
        if places == 0 {
            return self.plain(groups, steps);
        }
        for group in groups.iter() {
            let (record, counts) = (group.record.len(), group.counts.len());
            let expected = (recorded - 1).checked_mul(steps * LANES);
            assert!(record == 0 || Some(record) == expected, "the record");
            assert!(counts == 0 || counts >= places, "the counts");
        }
        by_record(groups, steps, recorded, |groups, steps| {
            self.plain(groups, steps)
        });
    }

    fn plain(&mut self, groups: &mut [GroupRun<'_>], steps: usize) {
        match self {
            MachineRun::Short(run) => run.steps(groups, steps),
            MachineRun::Long(run) => {
                let subnormals = run.staged.subnormals;
                subnormals.around(|| {
                    for group in groups {
                        run.steps(group.state, steps, group.record);
                    }
                });
            }
        }
    }
}
