//! The slope of a square root, which is that of a length where it is the root of squares.

use super::{Comparison, Function, Graph, Node, Op};
use std::collections::HashSet;

/// A sum of more terms than this is not looked through.
const MOST_TERMS: usize = 10_000;

/// `1/(2 y)` with `y = sqrt(x)`. A length has a kink at 0, where the mean over all directions is 0
/// and the quotient times the slope of the squares would be `inf*0`.
pub(super) fn slope_of_root(graph: &mut Graph, x: Node, y: Node) -> Node {
    let half = graph.constant(0.5);
    let slope = graph.over(half, y);
    if !is_sum_of_squares(graph, x) {
        return slope;
    }
    let zero = graph.constant(0.0);
    let kink = graph.compare(Comparison::Equal, y, zero);
    graph.select(kink, zero, slope)
}

fn is_sum_of_squares(graph: &Graph, x: Node) -> bool {
    let mut open = vec![x];
    let mut seen = HashSet::new();
    while let Some(at) = open.pop() {
        // Terms may be shared: each is looked at once.
        if !seen.insert(at) {
            continue;
        }
        match graph.op(at) {
            Op::Apply2(Function::Add, a, b) if seen.len() < MOST_TERMS => open.extend([a, b]),
            Op::Power(_, n) if n > 0 && n % 2 == 0 => {}
            Op::Apply2(Function::Multiply, a, b) if a == b => {}
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At the origin of three coordinates a length has slope 0, its square too, and a root of
    /// anything else keeps its infinite slope.
    #[test]
    fn a_length_has_slope_zero_at_the_origin() {
        let mut graph = Graph::new();
        let x: Vec<Node> = (0..3).map(|input| graph.input(input)).collect();
        let squares: Vec<Node> = x.iter().map(|x| graph.power(*x, 2)).collect();
        let sum = graph.plus(squares[0], squares[1]);
        let sum = graph.plus(sum, squares[2]);
        let length = graph.apply1(Function::Sqrt, sum);
        let again = graph.power(length, 2);
        let root = graph.apply1(Function::Sqrt, x[0]);
        for node in [length, again] {
            for slope in graph.gradient(node, 3) {
                assert_eq!(graph.value(slope, &[0.0; 3]), 0.0);
            }
        }
        let slope = graph.derivative(length, 1);
        assert_eq!(graph.value(slope, &[2.0, 3.0, 6.0]), 3.0 / 7.0);
        let slope = graph.derivative(root, 0);
        assert_eq!(graph.value(slope, &[0.0; 3]), f64::INFINITY);
    }
}
