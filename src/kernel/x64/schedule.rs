//! The order of the operations of the machine.

use super::opcode::{ADD_INTEGERS, AND, DIV, OR, SQRT, SUB_INTEGERS, XOR};
use super::operation::{Kind, Op, Selected};
use crate::kernel::order::{Aim, Step, order};

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

/// Orders the operations. What is counted comes first, so that counting has the rest to hide behind.
pub(super) fn schedule(selected: &mut Selected) {
    let steps: Vec<Step> = selected.ops.iter().map(step).collect();
    let results = selected.state.iter().chain(&selected.record).copied();
    let order = order(&steps, selected.sources.len(), results, Aim::FewAlive);
    selected.ops = order.iter().map(|at| selected.ops[*at]).collect();
}

fn step(op: &Op) -> Step {
    let counts = matches!(op.kind, Kind::Count { .. });
    let mut reads = op.operands().to_vec();
    reads.sort_unstable();
    reads.dedup();
    Step {
        reads,
        gives: (!counts).then_some(op.to),
        latency: latency(&op.kind),
        urgent: counts,
    }
}
