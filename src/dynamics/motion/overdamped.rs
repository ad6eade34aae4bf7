//! Motion without inertia.
//!
//! Where the mobility is constant, noise is the mean of the normal numbers of this step and the
//! last (Leimkuhler and Matthews 2013, *Rational construction of stochastic numerical methods for
//! molecular sampling*): averages over long runs are then off by the square of the step only.

use super::linear::{Linear, numbers};
use super::{Drag, Model};
use crate::dynamics::NotDamping;
use crate::kernel::{LaneBuilder, LaneGradient, Lowering, Value, lower_graph};
use nalgebra::DMatrix;

impl Drag {
    /// Friction `gamma` times the identity.
    pub fn scalar(dimension: usize, step: f64, gamma: f64) -> Drag {
        Drag {
            step,
            dimension,
            inverse: vec![1.0 / gamma],
            factor: vec![(1.0 / gamma).sqrt()],
            mobility: None,
        }
    }

    /// A friction matrix, symmetric and positive definite.
    ///
    /// # Errors
    /// It is not.
    pub fn matrix(
        dimension: usize,
        step: f64,
        friction: &DMatrix<f64>,
    ) -> Result<Drag, NotDamping> {
        // What a matrix must be is known there.
        let identity = DMatrix::identity(dimension, dimension);
        super::Damping::matrix(dimension, step, friction, &identity)?;
        let not_positive = NotDamping::NotPositive("friction");
        let inverse = friction.clone().try_inverse().ok_or(not_positive)?;
        let factor = inverse.clone().cholesky().ok_or(not_positive)?.l();
        Ok(Drag {
            step,
            dimension,
            inverse: numbers(false, dimension, |i, j| inverse[(i, j)]),
            factor: numbers(false, dimension, |i, j| factor[(i, j)]),
            mobility: None,
        })
    }

    /// The same with a mobility `D(q)` that multiplies `Gamma^-1`, a function of the same
    /// coordinates; its parameters become numbers.
    pub fn with_mobility(self, mobility: &Model) -> Drag {
        let mut model = mobility.clone();
        let d = model.dimension() as u32;
        let values = (d..).zip(model.parameter_values());
        let inputs = values.map(|(input, value)| (input, model.graph.constant(value)));
        let inputs = inputs.collect();
        model.value = model.graph.substitute(&[model.value], &inputs)[0];
        Drag {
            mobility: Some(Box::new(model)),
            ..self
        }
    }

    fn is_scalar(&self) -> bool {
        self.inverse.len() == 1
    }
}

/// `h Gamma^-1` with its sign, what multiplies the noise, and with a mobility `kT h Gamma^-1`.
pub(super) fn constants(drag: &Drag, kt: f64) -> Vec<f64> {
    let h = drag.step;
    let scaled =
        |numbers: &[f64], by: f64| -> Vec<f64> { numbers.iter().map(|x| by * x).collect() };
    match drag.mobility {
        None => [
            scaled(&drag.inverse, -h),
            scaled(&drag.factor, (0.5 * kt * h).sqrt()),
        ]
        .concat(),
        Some(_) => [
            scaled(&drag.inverse, -h),
            scaled(&drag.factor, (2.0 * kt * h).sqrt()),
            vec![-kt],
        ]
        .concat(),
    }
}

/// The new positions, and the normal numbers that the next step needs.
pub(super) fn step(
    b: &mut LaneBuilder,
    drag: &Drag,
    (q, before): (&[Value], &[Value]),
    noise: &[Value],
    mut constants: &[Value],
    gradient: &mut LaneGradient<'_>,
) -> (Vec<Value>, Vec<Value>) {
    let [drift, spread] = [0; 2].map(|_| Linear::next(&mut constants, drag.is_scalar(), q.len()));
    let g = gradient(b, q);
    let Some(mobility) = &drag.mobility else {
        let moved = drift.add(b, &g, q);
        let pairs = noise.iter().zip(before);
        let both: Vec<Value> = pairs.map(|(new, old)| b.add(*new, *old)).collect();
        return (spread.add(b, &both, &moved), noise.to_vec());
    };
    // dq = Gamma^-1 (-D g + kT D') dt + sqrt(2 kT D Gamma^-1) dW, in the sense of Itô.
    let lowered = mobility_code(b, mobility, q);
    let (value, slopes) = lowered.split_first().unwrap_or((&q[0], &[]));
    let heat = constants[0];
    let force = g.iter().zip(slopes).map(|(g, slope)| {
        let pull = b.mul(*value, *g);
        b.fma(heat, *slope, pull)
    });
    let force: Vec<Value> = force.collect();
    let moved = drift.add(b, &force, q);
    let root = b.sqrt(*value);
    let scaled: Vec<Value> = noise.iter().map(|n| b.mul(root, *n)).collect();
    (spread.add(b, &scaled, &moved), Vec::new())
}

/// `D` and its gradient.
fn mobility_code(b: &mut LaneBuilder, mobility: &Model, q: &[Value]) -> Vec<Value> {
    let (graph, roots) = mobility.value_and_gradient();
    lower_graph(b, &graph, &roots, q, Lowering::FAST)
}
