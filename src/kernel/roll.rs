//! Straight-line code that repeats, as loops.
//!
//! An integrator describes its step once, for the whole state. Where that falls apart into pieces
//! that share nothing (a coordinate each, most often), pieces of one shape become the members of a
//! loop.

use std::collections::HashMap;

use super::LaneBuilder;
use super::code::LaneCode;
use super::lane::{Id, Instruction, Value};
use super::program::{Loop, Output, Stage, Stages};

/// The fewest pieces that make a loop.
const FEWEST: usize = 4;

/// Marks of operands in the shape of a piece, above every place in it.
const FILLED: u32 = u32::MAX;
const SHARED: u32 = 1 << 31;

/// A number that a piece gives.
#[derive(Clone, Copy)]
struct Given {
    id: Id,
    output: Output,
    place: u32,
}

/// What shares no computed number with the rest.
#[derive(Default)]
struct Piece {
    /// What it computes in every lane, operands first.
    each: Vec<Id>,
    results: Vec<Given>,
}

/// A piece up to the cells that it reads and writes and the numbers it is filled with.
#[derive(PartialEq, Eq, Hash)]
struct Shape {
    instructions: Vec<Instruction>,
    results: Vec<(Id, Output)>,
}

/// What differs between pieces of one shape.
struct Member {
    reads: Vec<u32>,
    fillings: Vec<Id>,
    writes: Vec<u32>,
}

/// The stages that compute the new state and the records of some code, whose variables are cells.
/// Cells that are set may only be read by the piece that sets them; that is how pieces are made.
pub(super) fn roll(stages: &mut Stages, code: &LaneCode) {
    let set = code.state.iter().map(|&id| (id, Output::Set));
    let recorded = code.record.iter().map(|&id| (id, Output::Record));
    let numbered = (0u32..).zip(set).chain((0u32..).zip(recorded));
    let results: Vec<Given> = numbered
        .map(|(place, (id, output))| Given { id, output, place })
        .collect();
    set_cells(stages, code, &results);
}

/// As [`roll`], for code whose records are cells from this one on.
pub(super) fn roll_into(stages: &mut Stages, code: &LaneCode, first: usize) {
    let results: Vec<Given> = (first as u32..)
        .zip(&code.record)
        .map(|(place, &id)| Given {
            id,
            output: Output::Set,
            place,
        })
        .collect();
    set_cells(stages, code, &results);
}

fn set_cells(stages: &mut Stages, code: &LaneCode, results: &[Given]) {
    let mut order: Vec<Vec<usize>> = Vec::new();
    let mut shapes: HashMap<Shape, usize> = HashMap::new();
    let pieces = pieces(code, results);
    let mut members = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let (shape, member) = described(code, piece);
        members.push(member);
        let next = order.len();
        let group = *shapes.entry(shape).or_insert(next);
        if group == next {
            order.push(Vec::new());
        }
        order[group].push(at);
    }
    let (many, few): (Vec<_>, Vec<_>) = order.into_iter().partition(|group| group.len() >= FEWEST);
    // What does not repeat is one piece: it shares nothing with the others either.
    let mut rest = Piece::default();
    for at in few.into_iter().flatten() {
        rest.each.extend(&pieces[at].each);
        rest.results.extend(&pieces[at].results);
    }
    rest.each.sort_unstable();
    if !rest.results.is_empty() {
        let (_, member) = described(code, &rest);
        push_loop(stages, code, &rest, &[&member]);
    }
    for group in many {
        let members: Vec<&Member> = group.iter().map(|at| &members[*at]).collect();
        push_loop(stages, code, &pieces[group[0]], &members);
    }
}

/// The pieces that the code falls into, in the order of their results.
fn pieces(code: &LaneCode, results: &[Given]) -> Vec<Piece> {
    // Instructions, and the cells after them: who sets a cell goes with who reads it.
    let count = code.instructions.len();
    let cells = results.iter().map(|result| result.place as usize + 1);
    let cells = cells.max().unwrap_or(0).max(code.state_count);
    let mut sets = Sets((0..count + cells).collect());
    let each = |id: Id| !code.invariant[id.index()];
    for (at, instruction) in code.instructions.iter().enumerate() {
        if let Instruction::State(cell) = instruction {
            sets.join(at, count + *cell as usize);
        }
        for operand in instruction.operands().filter(|id| each(*id)) {
            if !code.invariant[at] {
                sets.join(at, operand.index());
            }
        }
    }
    for result in results.iter().filter(|result| result.output == Output::Set) {
        if each(result.id) {
            sets.join(result.id.index(), count + result.place as usize);
        }
    }
    let mut places: HashMap<usize, usize> = HashMap::new();
    let mut pieces: Vec<Piece> = Vec::new();
    for &result in results {
        let root = match (each(result.id), result.output) {
            (true, _) => Some(sets.root(result.id.index())),
            (false, Output::Set | Output::Add) => Some(sets.root(count + result.place as usize)),
            (false, Output::Record) => None,
        };
        let next = pieces.len();
        let place = match root {
            Some(root) => *places.entry(root).or_insert(next),
            None => next,
        };
        if place == next {
            pieces.push(Piece::default());
        }
        pieces[place].results.push(result);
    }
    for at in (0u32..).map(Id).take(count).filter(|id| each(*id)) {
        if let Some(&place) = places.get(&sets.root(at.index())) {
            pieces[place].each.push(at);
        }
    }
    pieces
}

/// Disjoint sets.
struct Sets(Vec<usize>);

impl Sets {
    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// Whether an invariant is a number, and can be given to a member as one.
fn is_number(instruction: Instruction) -> bool {
    use Instruction::*;
    match instruction {
        Constant(_) | Slot(_) | State(_) | Unary(..) | Binary(..) | Fma(..) | FromBits(_)
        | Select(..) | Gather(..) => true,
        Integer(_) | Truth(_) | ToBits(_) | IntegerBinary(..) | Shift(..) | Compare(..)
        | CompareIntegers(..) | And(..) | Or(..) | Not(_) | SelectInteger(..) | Row(..) => false,
    }
}

/// The shape of a piece, and what it has in place of the cells and numbers.
fn described(code: &LaneCode, piece: &Piece) -> (Shape, Member) {
    let mut member = Member {
        reads: Vec::new(),
        fillings: Vec::new(),
        writes: piece.results.iter().map(|result| result.place).collect(),
    };
    let mut places: HashMap<Id, u32> = HashMap::new();
    let mut instructions = Vec::with_capacity(piece.each.len());
    let place = |places: &HashMap<Id, u32>, member: &mut Member, id: Id| match places.get(&id) {
        Some(&place) => Id(place),
        None if is_number(code.instructions[id.index()]) => {
            member.fillings.push(id);
            Id(FILLED)
        }
        None => Id(SHARED | id.0),
    };
    for &id in &piece.each {
        let shaped = match code.instructions[id.index()] {
            Instruction::State(cell) => {
                member.reads.push(cell);
                Instruction::State(member.reads.len() as u32 - 1)
            }
            instruction => {
                let operands: Vec<Id> = instruction
                    .operands()
                    .map(|operand| place(&places, &mut member, operand))
                    .collect();
                let mut next = operands.into_iter();
                instruction.map(|operand| next.next().unwrap_or(operand))
            }
        };
        places.insert(id, instructions.len() as u32);
        instructions.push(shaped);
    }
    let results = piece.results.iter();
    let results = results
        .map(|result| (place(&places, &mut member, result.id), result.output))
        .collect();
    let shape = Shape {
        instructions,
        results,
    };
    (shape, member)
}

/// A loop of the first piece over all members.
fn push_loop(stages: &mut Stages, code: &LaneCode, piece: &Piece, members: &[&Member]) {
    // What is the same in all members is computed by the loop, once a run.
    let first = members[0];
    let mut places: HashMap<Vec<Id>, usize> = HashMap::new();
    let mut kept: Vec<Vec<Id>> = Vec::new();
    let slots: Vec<Option<usize>> = (0..first.fillings.len())
        .map(|at| {
            let column: Vec<Id> = members.iter().map(|member| member.fillings[at]).collect();
            column.iter().any(|id| *id != column[0]).then(|| {
                *places.entry(column).or_insert_with_key(|column| {
                    kept.push(column.clone());
                    kept.len() - 1
                })
            })
        })
        .collect();
    let body = body(code, piece, first, &slots, kept.len());
    let filled_from = stages.fillings.len();
    let wanted: Vec<Id> = (0..members.len())
        .flat_map(|member| kept.iter().map(move |column| column[member]))
        .collect();
    let mut copy = Copy::new(code, 0);
    for id in wanted {
        let value = Value(copy.invariant(&mut stages.once, id));
        stages.fillings.push(value);
    }
    stages.stages.push(Stage::Run(Box::new(Loop {
        body,
        members: members.len(),
        reads: members
            .iter()
            .flat_map(|member| &member.reads)
            .copied()
            .collect(),
        outputs: piece.results.iter().map(|result| result.output).collect(),
        writes: members
            .iter()
            .flat_map(|member| &member.writes)
            .copied()
            .collect(),
        fillings: kept.len(),
        filled_from,
    })));
}

/// The code of a piece by itself. `slots` are the slots of what it is filled with, `None` for what
/// all members share.
fn body(
    code: &LaneCode,
    piece: &Piece,
    member: &Member,
    slots: &[Option<usize>],
    filled: usize,
) -> LaneCode {
    let mut builder = LaneBuilder::new(member.reads.len(), filled + code.slot_count);
    let mut copy = Copy::new(code, filled);
    let mut image: HashMap<Id, Id> = HashMap::new();
    let mut next = slots.iter();
    let mut of = |builder: &mut LaneBuilder, image: &HashMap<Id, Id>, id: Id| {
        if let Some(&id) = image.get(&id) {
            return id;
        }
        let filled = match is_number(code.instructions[id.index()]) {
            true => next.next().copied().flatten(),
            false => None,
        };
        match filled {
            Some(slot) => builder.slot(slot).0,
            None => copy.invariant(builder, id),
        }
    };
    let mut variable = 0;
    for &id in &piece.each {
        let new = match code.instructions[id.index()] {
            Instruction::State(_) => {
                variable += 1;
                builder.state(variable - 1).0
            }
            instruction => {
                let operands: Vec<Id> = instruction
                    .operands()
                    .map(|operand| of(&mut builder, &image, operand))
                    .collect();
                let mut next = operands.into_iter();
                let instruction = instruction.map(|operand| next.next().unwrap_or(operand));
                builder.copied(instruction, code)
            }
        };
        image.insert(id, new);
    }
    let results: Vec<Value> = piece
        .results
        .iter()
        .map(|result| Value(of(&mut builder, &image, result.id)))
        .collect();
    builder.finish(&[], &results)
}

/// Invariants of some code, made again by a builder whose slots begin later.
struct Copy<'c> {
    code: &'c LaneCode,
    later: usize,
    image: HashMap<Id, Id>,
}

impl<'c> Copy<'c> {
    fn new(code: &'c LaneCode, later: usize) -> Copy<'c> {
        Copy {
            code,
            later,
            image: HashMap::new(),
        }
    }

    fn invariant(&mut self, builder: &mut LaneBuilder, id: Id) -> Id {
        let mut open = vec![id];
        while let Some(&at) = open.last() {
            let instruction = self.code.instructions[at.index()];
            let missing = |id: &Id| !self.image.contains_key(id);
            let before = open.len();
            if missing(&at) {
                open.extend(instruction.operands().filter(missing));
            }
            if open.len() > before {
                continue;
            }
            open.pop();
            let new = match instruction {
                Instruction::Slot(slot) => builder.slot(slot as usize + self.later).0,
                instruction => {
                    let instruction = instruction.map(|operand| self.image[&operand]);
                    builder.copied(instruction, self.code)
                }
            };
            self.image.insert(at, new);
        }
        self.image[&id]
    }
}
