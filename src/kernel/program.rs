//! Long programs: loops over members, in stages, over numbers in memory.
//!
//! All numbers of a program are cells, each [`LANES`] wide: the state first, then what stages leave
//! for each other. A [`Loop`] is one piece of lane code that runs for many members, each with its
//! own cells; straight-line code is a loop of one member. Loops that add accumulate a gradient term
//! by term, loops that set move a state coordinate by coordinate.
//!
//! [`LANES`]: super::LANES

use std::ops::Range;

use super::code::LaneCode;
use super::lane::{Id, Instruction};
use super::memory::Prepared;
use super::{KernelError, LANES, LaneBuilder, Lowering, Value, lower_graph};
use crate::graph::{Differentiated, Family, Op};

/// What becomes of a number that a loop computes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Output {
    /// It replaces what is in a cell.
    Set,
    /// It is added to what is in a cell.
    Add,
    /// It is recorded.
    Record,
}

/// Lane code that runs once for each of many members.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    /// Variables of its state are the cells that a member reads, its records are what it gives.
    /// The first slots are filled by the member, the others are those of the program.
    pub(super) body: LaneCode,
    pub(super) members: usize,
    /// Shape: members, variables of the body.
    pub(super) reads: Vec<u32>,
    /// One a record of the body.
    pub(super) outputs: Vec<Output>,
    /// Shape: members, outputs. Cells, or places in the record.
    pub(super) writes: Vec<u32>,
    /// How many slots a member fills.
    pub(super) fillings: usize,
    /// Where they are among the results of [`Program::once`], member by member.
    pub(super) filled_from: usize,
}

impl Loop {
    /// The invariants that the loop reads: those that all members share, and those that depend on
    /// what a member is filled with.
    pub(super) fn prepared(&self) -> [Vec<Id>; 2] {
        let filled = self.body.filled(self.fillings);
        let prepared = self.body.prepared().into_iter();
        let (filled, shared) = prepared.partition(|id| filled[id.index()]);
        [shared, filled]
    }

    /// From what is prepared for one member to the next.
    pub(super) fn filled_bytes(&self) -> i64 {
        (self.prepared()[1].len() * size_of::<Prepared>()) as i64
    }

    /// From the places of one member to the next.
    pub(super) fn place_bytes(&self) -> i64 {
        ((self.body.state_count + self.outputs.len()) * size_of::<usize>()) as i64
    }

    /// The places of all members, in bytes: what each reads, then what it writes.
    pub(super) fn places(&self) -> Vec<usize> {
        let (reads, writes) = (self.body.state_count, self.outputs.len());
        let bytes = |place: &u32| *place as usize * LANES * size_of::<f64>();
        let mut places = Vec::with_capacity(self.members * (reads + writes));
        for member in 0..self.members {
            places.extend(self.reads[member * reads..][..reads].iter().map(bytes));
            places.extend(self.writes[member * writes..][..writes].iter().map(bytes));
        }
        places
    }
}

/// A stage of a program.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// Sets cells to zero.
    Clear(Range<usize>),
    /// Runs a loop.
    Run(Box<Loop>),
    /// Records these cells, in order.
    Keep(Range<usize>),
}

/// Stages that run one after the other in every step.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) stages: Vec<Stage>,
    pub(super) state_count: usize,
    pub(super) slot_count: usize,
    pub(super) cells: usize,
    pub(super) recorded: usize,
    /// How many places the last record tells of, which the caller wants counted.
    pub(super) places: usize,
    /// What members are filled with, computed from the slots once a run.
    pub(super) once: LaneCode,
}

impl Program {
    /// The program, if no loop can read or write anything but its cells and records.
    pub(super) fn checked(self) -> Result<Program, KernelError> {
        match self.stages.iter().all(|stage| self.stays_inside(stage)) {
            true => Ok(self),
            false => {
                let problem = "a loop reaches outside its numbers".to_owned();
                Err(KernelError::Compile(problem))
            }
        }
    }

    fn stays_inside(&self, stage: &Stage) -> bool {
        let code = match stage {
            Stage::Clear(cells) => return cells.end <= self.cells,
            Stage::Keep(cells) => {
                return cells.end <= self.cells && cells.len() == self.recorded;
            }
            Stage::Run(code) => code,
        };
        let variables = |instruction: &Instruction| match *instruction {
            Instruction::State(variable) => (variable as usize) < code.body.state_count,
            _ => true,
        };
        let kinds = code.outputs.iter().cycle();
        code.reads.len() == code.members * code.body.state_count
            && code.writes.len() == code.members * code.outputs.len()
            && code.outputs.len() == code.body.record.len()
            && code.body.slot_count <= code.fillings + self.slot_count
            && code.filled_from + code.members * code.fillings <= self.once.record.len()
            && code.body.instructions.iter().all(variables)
            && code.reads.iter().all(|&cell| (cell as usize) < self.cells)
            && code.writes.iter().zip(kinds).all(|(&at, kind)| match kind {
                Output::Set | Output::Add => (at as usize) < self.cells,
                Output::Record => (at as usize) < self.recorded,
            })
    }
}

/// Stages in the making.
pub(super) struct Stages {
    pub(super) stages: Vec<Stage>,
    pub(super) cells: usize,
    /// The slots of the program, of which the parameters come last.
    slot_count: usize,
    first_parameter: usize,
    /// What members are filled with.
    pub(super) once: LaneBuilder,
    pub(super) fillings: Vec<Value>,
}

/// Where a value and its gradient are accumulated.
#[derive(Clone, Copy)]
pub(super) struct Target {
    /// The cell of the value, if it is wanted.
    pub(super) value: Option<usize>,
    /// The cell of the derivative by the first coordinate, the others follow; if it is wanted.
    pub(super) gradient: Option<usize>,
}

impl Stages {
    /// No stages over so many cells.
    pub(super) fn new(cells: usize, slot_count: usize, first_parameter: usize) -> Stages {
        Stages {
            stages: Vec::new(),
            cells,
            slot_count,
            first_parameter,
            once: LaneBuilder::new(0, slot_count),
            fillings: Vec::new(),
        }
    }

    /// So many new cells; the first of them.
    pub(super) fn new_cells(&mut self, count: usize) -> usize {
        let first = self.cells;
        self.cells += count;
        first
    }

    /// The whole program.
    pub(super) fn finish(self, state_count: usize, recorded: usize) -> Program {
        Program {
            places: 0,
            once: self.once.finish(&[], &self.fillings),
            stages: self.stages,
            state_count,
            slot_count: self.slot_count,
            cells: self.cells,
            recorded,
        }
    }

    /// Adds value and gradient to their cells. `at` are the cells of the coordinates.
    pub(super) fn accumulate(
        &mut self,
        potential: &Differentiated,
        at: &[u32],
        target: Target,
        lowering: Lowering,
    ) {
        self.straight(potential, at, target, lowering);
        for family in &potential.families {
            self.family(potential, family, at, target, lowering);
        }
    }

    /// The part that does not repeat: one member, which has the coordinates that it needs.
    fn straight(
        &mut self,
        potential: &Differentiated,
        at: &[u32],
        target: Target,
        lowering: Lowering,
    ) {
        let (graph, mut roots, mut writes) = (&potential.graph, Vec::new(), Vec::new());
        for (place, &root) in potential.roots.iter().enumerate() {
            let cell = match place.checked_sub(1) {
                None => target.value,
                Some(coordinate) => target.gradient.map(|first| first + coordinate),
            };
            if let Some(cell) = cell
                && graph.as_constant(root) != Some(0.0)
            {
                roots.push(root);
                writes.push(cell as u32);
            }
        }
        if roots.is_empty() {
            return;
        }
        let needed = |op: Op| match op {
            Op::Input(input) if (input as usize) < potential.dimension => Some(input as usize),
            _ => None,
        };
        let schedule = graph.schedule(&roots);
        let coordinates: Vec<usize> = schedule
            .into_iter()
            .filter_map(|node| needed(graph.op(node)))
            .collect();
        let mut builder = LaneBuilder::new(coordinates.len(), self.slot_count);
        let mut inputs = vec![builder.constant(f64::NAN); potential.dimension];
        for (variable, &coordinate) in coordinates.iter().enumerate() {
            inputs[coordinate] = builder.state(variable);
        }
        inputs.extend((self.first_parameter..self.slot_count).map(|slot| builder.slot(slot)));
        let values = lower_graph(&mut builder, graph, &roots, &inputs, lowering);
        self.stages.push(Stage::Run(Box::new(Loop {
            body: builder.finish(&[], &values),
            members: 1,
            reads: coordinates
                .iter()
                .map(|&coordinate| at[coordinate])
                .collect(),
            outputs: vec![Output::Add; writes.len()],
            writes,
            fillings: 0,
            filled_from: 0,
        })));
    }

    fn family(
        &mut self,
        potential: &Differentiated,
        family: &Family,
        at: &[u32],
        target: Target,
        lowering: Lowering,
    ) {
        let (slots, constants) = (family.slots(), family.constants());
        let mut builder = LaneBuilder::new(slots, constants + self.slot_count);
        let mut inputs: Vec<Value> = (0..slots).map(|slot| builder.state(slot)).collect();
        let parameters = constants + self.first_parameter..constants + self.slot_count;
        let filled = (0..constants).chain(parameters);
        inputs.extend(filled.map(|slot| builder.slot(slot)));
        let value = target.value.map(|_| family.value);
        let slopes = target.gradient.map(|_| &family.slopes);
        let roots: Vec<_> = value
            .into_iter()
            .chain(slopes.into_iter().flatten().copied())
            .collect();
        let values = lower_graph(&mut builder, &family.graph, &roots, &inputs, lowering);
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        for member in 0..family.members() {
            let coordinates = family.coordinates(member);
            reads.extend(
                coordinates
                    .iter()
                    .map(|&coordinate| at[coordinate as usize]),
            );
            writes.extend(target.value.map(|cell| cell as u32));
            if let Some(first) = target.gradient {
                writes.extend(
                    coordinates
                        .iter()
                        .map(|coordinate| first as u32 + coordinate),
                );
            }
        }
        let filled_from = self.fill(potential, family);
        self.stages.push(Stage::Run(Box::new(Loop {
            outputs: vec![Output::Add; roots.len()],
            body: builder.finish(&[], &values),
            members: family.members(),
            reads,
            writes,
            fillings: constants,
            filled_from,
        })));
    }

    /// What the members of a family are filled with; where it begins.
    fn fill(&mut self, potential: &Differentiated, family: &Family) -> usize {
        let first = self.fillings.len();
        let missing = self.once.constant(f64::NAN);
        let mut inputs = vec![missing; potential.dimension];
        let parameters = self.first_parameter..self.slot_count;
        inputs.extend(parameters.map(|slot| self.once.slot(slot)));
        let nodes: Vec<_> = (0..family.members())
            .flat_map(|member| family.fillings(member).iter().copied())
            .collect();
        let values = lower_graph(
            &mut self.once,
            &potential.graph,
            &nodes,
            &inputs,
            Lowering::EXACT,
        );
        self.fillings.extend(values);
        first
    }
}
