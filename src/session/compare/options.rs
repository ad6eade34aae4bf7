//! What `compare` is asked for.

use super::super::settings::FRICTION;
use super::super::settings::Matrix;
use super::super::simulate::Bath;
use crate::session::Method;

/// What was asked for; `None` is "not said".
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CompareOptions {
    /// How both systems move: with friction and noise, or without inertia.
    pub method: Option<Method>,
    /// The step of the full model.
    pub step: Option<f64>,
    /// The step of the learned one.
    pub learned_step: Option<f64>,
    /// How long each trajectory is.
    pub time: Option<f64>,
    /// The temperature.
    pub kt: Option<f64>,
    /// The friction, a number.
    pub gamma: Option<f64>,
    /// The friction, a matrix.
    pub friction: Option<Matrix>,
    /// The mass.
    pub mass: Option<Matrix>,
    /// The mean position at the beginning.
    pub start: Option<Vec<f64>>,
    /// The standard deviation about it.
    pub spread: Option<Vec<f64>>,
    /// The mean momentum at the beginning.
    pub momentum: Option<Vec<f64>>,
    /// Trajectories.
    pub trajectories: Option<u64>,
    /// The seed.
    pub seed: Option<u64>,
    /// From where to where first passages are timed, in one coordinate.
    pub passage: Option<(f64, f64)>,
    /// Temperatures to sweep.
    pub sweep: Option<(f64, f64)>,
    /// Whether this temperature alone is looked at, if no sweep is asked for.
    pub alone: bool,
    /// How much beyond the floor a distance may be.
    pub tolerance: Option<f64>,
}

impl CompareOptions {
    /// How both systems move.
    pub fn method(&self) -> Method {
        self.method.unwrap_or(Method::Langevin)
    }

    /// How long each trajectory is; without inertia all motion is as slow as the friction is large.
    pub fn time(&self) -> f64 {
        let usual = match self.method() {
            Method::Overdamped => 50.0 * self.mean_friction(),
            _ => 50.0,
        };
        self.time.unwrap_or(usual)
    }

    /// The friction; where it is a matrix, the mean of its diagonal.
    fn mean_friction(&self) -> f64 {
        let diagonal = |matrix: &[Vec<f64>]| {
            let entries = matrix.iter().enumerate();
            entries.filter_map(|(i, row)| row.get(i)).sum::<f64>() / matrix.len().max(1) as f64
        };
        let bath = self.bath();
        bath.friction.as_deref().map_or(bath.gamma, diagonal)
    }

    /// Trajectories: as many as in the paper.
    pub fn trajectories(&self) -> usize {
        self.trajectories.unwrap_or(4000) as usize
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or(1)
    }

    /// How much beyond the floor a distance may be: of the width of the law of positions, of one,
    /// and of one.
    pub fn tolerance(&self) -> f64 {
        self.tolerance.unwrap_or(0.1)
    }

    /// Friction, mass and temperature.
    pub(super) fn bath(&self) -> Bath {
        Bath {
            gamma: self.gamma.unwrap_or(FRICTION),
            friction: self.friction.clone(),
            mass: self.mass.clone(),
            kt: self.kt.unwrap_or(1.0),
        }
    }
}
