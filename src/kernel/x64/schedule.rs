//! The order of operations: those next to each other should not wait for each other.
//!
//! A processor looks some hundred operations ahead for what is ready. Lane code has one function
//! after the other, each a chain; here the chains take turns, as far as there are registers: the
//! operation that most is left to do after comes first, unless too many values are alive, when the
//! one comes first that ends most of them.

use super::opcode::{ADD_INTEGERS, AND, DIV, OR, SQRT, SUB_INTEGERS, XOR};
use super::operation::{Kind, Op, Selected, Source, ValueId};

/// Cycles from operands to the result, about.
fn latency(kind: &Kind) -> u32 {
    match kind {
        Kind::Two(opcode, _) if [ADD_INTEGERS, SUB_INTEGERS, AND, OR, XOR].contains(opcode) => 1,
        Kind::Two(opcode, _) if *opcode == DIV => 16,
        Kind::One(opcode, _) if *opcode == SQRT => 20,
        Kind::One(..) => 8,
        Kind::Shift(..) | Kind::Blend => 1,
        Kind::Gather(..) => 20,
        _ => 4,
    }
}

/// Orders the operations, with about so many values alive. What is counted comes first, so that
/// counting has the rest to hide behind.
pub(super) fn schedule(selected: &mut Selected, most_alive: usize) {
    let order = Order::new(selected).run(selected, most_alive);
    let ops = order.iter().map(|at| selected.ops[*at]).collect();
    selected.ops = ops;
}

fn is_count(op: &Op) -> bool {
    matches!(op.kind, Kind::Count { .. })
}

/// The operands of an operation, each once.
fn distinct(op: &Op) -> impl Iterator<Item = ValueId> {
    let operands = op.operands();
    let first = move |at: usize| !operands[..at].contains(&operands[at]);
    (0..operands.len())
        .filter(move |at| first(*at))
        .map(move |at| operands[at])
}

struct Order {
    /// By value, the operation that it comes from.
    makers: Vec<Option<usize>>,
    /// By value, the reads that are left.
    reads: Vec<usize>,
    /// By operation: those that read its result; operands that are not there yet; cycles from its
    /// beginning to the end of all that follows from it.
    readers: Vec<Vec<usize>>,
    missing: Vec<usize>,
    height: Vec<u32>,
}

impl Order {
    fn new(selected: &Selected) -> Order {
        let (count, values) = (selected.ops.len(), selected.sources.len());
        let mut order = Order {
            makers: vec![None; values],
            reads: vec![0; values],
            readers: vec![Vec::new(); count],
            missing: vec![0; count],
            height: vec![0; count],
        };
        for (at, op) in selected.ops.iter().enumerate() {
            for value in distinct(op) {
                order.reads[value as usize] += 1;
                if let Some(maker) = order.makers[value as usize] {
                    order.readers[maker].push(at);
                    order.missing[at] += 1;
                }
            }
            order.makers[op.to as usize] = Some(at);
        }
        for value in selected.state.iter().chain(&selected.record) {
            order.reads[*value as usize] += 1;
        }
        for (at, op) in selected.ops.iter().enumerate().rev() {
            order.height[at] += match op.kind {
                // Before all that leads nowhere near it.
                Kind::Count { .. } => u32::MAX / 2,
                _ => latency(&op.kind),
            };
            for maker in distinct(op).filter_map(|value| order.makers[value as usize]) {
                order.height[maker] = order.height[maker].max(order.height[at]);
            }
        }
        order
    }

    /// By how much an operation changes the number of values that are alive.
    fn growth(&self, selected: &Selected, at: usize) -> isize {
        let op = &selected.ops[at];
        let ended = distinct(op).filter(|&value| {
            self.reads[value as usize] == 1 && selected.sources[value as usize] == Source::Computed
        });
        isize::from(!is_count(op)) - ended.count() as isize
    }

    fn run(mut self, selected: &Selected, most_alive: usize) -> Vec<usize> {
        let count = selected.ops.len();
        let mut open: Vec<usize> = (0..count).filter(|at| self.missing[*at] == 0).collect();
        let mut done = Vec::with_capacity(count);
        let mut alive = 0_isize;
        loop {
            let pressed = alive >= most_alive as isize;
            let key = |at: usize| {
                let counted = is_count(&selected.ops[at]);
                let growth = if pressed {
                    self.growth(selected, at)
                } else {
                    0
                };
                (counted, -growth, self.height[at], std::cmp::Reverse(at))
            };
            let best = (0..open.len()).max_by_key(|place| key(open[*place]));
            let Some(best) = best else { return done };
            let at = open.swap_remove(best);
            alive += self.growth(selected, at);
            for value in distinct(&selected.ops[at]) {
                self.reads[value as usize] -= 1;
            }
            done.push(at);
            for reader in std::mem::take(&mut self.readers[at]) {
                self.missing[reader] -= 1;
                if self.missing[reader] == 0 {
                    open.push(reader);
                }
            }
        }
    }
}
