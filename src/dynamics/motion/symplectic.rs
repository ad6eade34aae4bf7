//! Symplectic schemes: kicks and drifts in turn, a kick first and last.

use super::linear::{Linear, numbers, take};
use super::{Damping, Scheme};
use crate::kernel::{LaneBuilder, LaneGradient, Value};

impl Scheme {
    /// The parts of a step that kicks and drifts take: one kick more than drifts.
    fn parts(self) -> (Vec<f64>, Vec<f64>) {
        match self {
            Scheme::Verlet => (vec![0.5, 0.5], vec![1.0]),
            Scheme::BlanesMoan => {
                let (b1, b2, b3) = (
                    0.082_984_406_417_405_2,
                    0.396_309_801_498_368,
                    -0.039_056_304_922_348_6,
                );
                let (a1, a2) = (0.245_298_957_184_271, 0.604_872_665_711_080);
                let (a3, b4) = (0.5 - a1 - a2, 1.0 - 2.0 * (b1 + b2 + b3));
                (
                    vec![b1, b2, b3, b4, b3, b2, b1],
                    vec![a1, a2, a3, a3, a2, a1],
                )
            }
        }
    }

    /// The part of a step that the first kick takes, and the last.
    pub(super) fn first_kick(self) -> f64 {
        self.parts().0[0]
    }

    /// Gradients in a step: the last kick is made with the first one of the next step.
    pub(super) fn gradients(self) -> u64 {
        self.parts().1.len() as u64
    }

    /// Kicks and drifts of a step whose first kick is also the last one of the step before.
    fn merged(self) -> impl Iterator<Item = (f64, f64)> {
        let (mut kicks, drifts) = self.parts();
        kicks[0] *= 2.0;
        kicks.into_iter().zip(drifts)
    }
}

/// By stage: the kick, and the drift.
pub(super) fn constants(damping: &Damping, scheme: Scheme) -> Vec<f64> {
    let (scalar, d, h) = (damping.is_scalar(), damping.dimension(), damping.delta());
    let stage = |(kick, drift): (f64, f64)| {
        let drift = numbers(scalar, d, |i, j| drift * h * damping.inverse_mass(i, j));
        [vec![-kick * h], drift].concat()
    };
    scheme.merged().flat_map(stage).collect()
}

pub(super) fn step(
    b: &mut LaneBuilder,
    scheme: Scheme,
    scalar: bool,
    (q, p): (&[Value], &[Value]),
    mut constants: &[Value],
    gradient: &mut LaneGradient<'_>,
) -> (Vec<Value>, Vec<Value>) {
    let (mut q, mut p) = (q.to_vec(), p.to_vec());
    for _ in scheme.merged() {
        let kick = Linear::Number(take(&mut constants, 1)[0]);
        let drift = Linear::next(&mut constants, scalar, q.len());
        let g = gradient(b, &q);
        p = kick.add(b, &g, &p);
        q = drift.add(b, &p, &q);
    }
    (q, p)
}
