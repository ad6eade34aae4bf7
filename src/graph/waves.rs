//! Formulas that a low-pass keeps the form of: plane waves, and polynomials by their degree.

use super::{Function, Graph, Node, Op};

/// A known multiple of a sine or cosine of a linear function of the coordinates.
#[derive(Clone, PartialEq, Debug)]
pub struct Wave {
    /// The derivatives of the angle by the coordinates, one inverse length for each of them: nodes
    /// that no coordinate changes. Its sign means nothing.
    pub vector: Vec<Node>,
    /// What the sine or cosine is multiplied by: a node that no coordinate changes.
    pub amplitude: Node,
}

impl Graph {
    /// A formula as a wave, if it is one. Inputs below `dimension` are coordinates.
    pub fn wave(&mut self, node: Node, dimension: usize) -> Option<Wave> {
        let depends = self.depends(|input| (input as usize) < dimension);
        let varies = |node: Node| depends.get(node.index()) == Some(&true);
        let (mut at, mut amplitude) = (node, self.constant(1.0));
        let angle = loop {
            if let Op::Apply1(Function::Sin | Function::Cos, angle) = self.op(at) {
                break angle;
            }
            // A sum of two is no wave, even if one of them is known.
            let [Some((rest, factor)), None] = self.parts(at, amplitude, varies)? else {
                return None;
            };
            (at, amplitude) = (rest, factor);
        };
        let vector = self.gradient(angle, dimension);
        let vector = self.simplify(&vector, dimension);
        let changes = self.depends(|input| (input as usize) < dimension);
        let linear = vector.iter().all(|slope| !changes[slope.index()]);
        (linear && varies(angle)).then_some(Wave { vector, amplitude })
    }

    /// The degree of a formula as a polynomial of the coordinates (the inputs below `dimension`);
    /// `None` if it is written as anything else, or the degree is beyond all counting.
    pub fn degree(&self, node: Node, dimension: usize) -> Option<u32> {
        use Function::{Add, Divide, Multiply, Negate, Subtract};
        let depends = self.depends(|input| (input as usize) < dimension);
        let mut degrees: Vec<Option<u32>> = vec![None; self.len()];
        for at in self.schedule(&[node]) {
            let of = |node: Node| degrees[node.index()];
            degrees[at.index()] = match self.op(at) {
                _ if !depends[at.index()] => Some(0),
                Op::Input(_) => Some(1),
                Op::Apply1(Negate, a) => of(a),
                Op::Apply2(Add | Subtract, a, b) => of(a).zip(of(b)).map(|(a, b)| a.max(b)),
                Op::Apply2(Multiply, a, b) => of(a).zip(of(b)).and_then(|(a, b)| a.checked_add(b)),
                Op::Apply2(Divide, a, b) if !depends[b.index()] => of(a),
                Op::Power(a, n) => of(a).and_then(|a| a.checked_mul(u32::try_from(n).ok()?)),
                _ => None,
            };
        }
        degrees[node.index()]
    }
}
