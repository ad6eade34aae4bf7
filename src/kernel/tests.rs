//! What building and lowering promise, apart from what engines compute (`tests/engines.rs`).

use super::lane::{Binary, Instruction};
use super::{LaneBuilder, LaneCode, Lowering, Table, lower_graph};
use crate::graph::Graph;

#[test]
fn literals_fold_and_what_nothing_needs_is_dropped() {
    let mut b = LaneBuilder::new(1, 1);
    let (x, k) = (b.state(0), b.slot(0));
    let (two, three) = (b.constant(2.0), b.constant(3.0));
    let six = b.mul(two, three);
    assert_eq!(b.as_constant(six), Some(6.0));
    let unused = b.sqrt(x);
    let (once, each) = (b.mul(six, k), b.mul(six, x));
    assert!(b.is_invariant(once) && !b.is_invariant(each) && !b.is_invariant(unused));
    let sum = b.add(once, each);
    // x, k, 6, 6k, 6x and the sum; the loop has x, 6x and the sum.
    let code = b.finish(&[sum], &[]);
    assert_eq!((code.instructions().len(), code.loop_len()), (6, 3));
}

#[test]
fn only_exact_identities_are_used() {
    let mut b = LaneBuilder::new(1, 0);
    let x = b.state(0);
    let [zero, minus_zero, one] = [0.0, -0.0, 1.0].map(|c| b.constant(c));
    assert_eq!((b.mul(one, x), b.div(x, one), b.sub(x, zero)), (x, x, x));
    // 0 + (-0) is 0, -0 - (-0) is 0, and 0*x is NaN for an infinite x.
    assert_ne!(b.add(x, zero), x);
    assert_ne!(b.sub(x, minus_zero), x);
    assert_ne!(b.mul(zero, x), zero);
    let negative = b.neg(x);
    assert_eq!(b.neg(negative), x);
}

#[test]
fn what_is_not_there_is_nan_and_never_an_index() {
    let mut b = LaneBuilder::new(1, 0);
    let table = Table::new(2, vec![1.0; 4]).map(|table| b.table(table));
    let (x, table) = (b.state(0), table.unwrap_or(u32::MAX));
    let missing = [
        b.state(1),
        b.slot(0),
        b.gather(table, x, 2),
        b.gather(9, x, 0),
    ];
    for value in missing {
        assert!(b.as_constant(value).is_some_and(f64::is_nan));
    }
    let there = b.gather(table, x, 1);
    assert!(b.as_constant(there).is_none());
    assert_eq!(Table::new(0, Vec::new()), None);
    assert_eq!(Table::new(2, vec![0.0; 3]), None);
}

/// `x*y + x/p` with the parameter p as slot 0.
fn lowered(lowering: Lowering) -> LaneCode {
    let mut graph = Graph::new();
    let [x, y, p] = [0, 1, 2].map(|input| graph.input(input));
    let (product, quotient) = (graph.times(x, y), graph.over(x, p));
    let sum = graph.plus(product, quotient);
    let mut builder = LaneBuilder::new(2, 1);
    let inputs = builder.inputs(0);
    let roots = lower_graph(&mut builder, &graph, &[sum], &inputs, lowering);
    builder.finish(&[], &roots)
}

#[test]
fn step_loops_divide_by_a_parameter_once_and_fuse() {
    let divides = |i: &Instruction| matches!(i, Instruction::Binary(Binary::Divide, ..));
    let fuses = |i: &Instruction| matches!(i, Instruction::Fma(..));
    let (exact, fast) = (lowered(Lowering::EXACT), lowered(Lowering::FAST));
    for (code, invariant) in [(&exact, false), (&fast, true)] {
        let at = code.instructions().iter().position(divides);
        assert_eq!(at.map(|at| code.invariant[at]), Some(invariant));
    }
    assert!(!exact.instructions().iter().any(fuses));
    assert!(fast.instructions().iter().any(fuses));
    // x*y, x/p and the sum against x*(1/p) and the fused sum.
    assert_eq!((exact.loop_len(), fast.loop_len()), (5, 4));
}

#[test]
fn an_input_that_is_missing_is_nan() {
    let mut graph = Graph::new();
    let root = graph.input(3);
    let mut builder = LaneBuilder::new(0, 0);
    let values = lower_graph(&mut builder, &graph, &[root], &[], Lowering::EXACT);
    assert!(builder.as_constant(values[0]).is_some_and(f64::is_nan));
}
