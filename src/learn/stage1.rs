//! Stage 1 of Li & Tao 2024, Section 3.2: the covariance of the noise from runs with different
//! masses, by what is (3.8) there, with the factor 2 that the print lacks:
//! `Tr(Z M^-1) = 2 gamma E[p^T M^-2 p]`. It holds to first order in `delta`.

use std::sync::atomic::AtomicBool;

use crate::dynamics::{DampedMap, Damping, Divergence, Ensemble, Observer, Side, Starts, Streams};
use crate::dynamics::{NotDamping, Window};
use crate::kernel::LANES;
use crate::stats::block_error;
use nalgebra::{DMatrix, DVector};

/// How the runs are made.
pub struct Stage1<'a> {
    /// The step.
    pub delta: f64,
    /// The friction, a number.
    pub gamma: f64,
    /// Groups of lanes.
    pub groups: usize,
    /// Steps of every lane, in each run.
    pub steps: usize,
    /// Where the lanes start.
    pub starts: Starts<'a>,
    /// The variance of their momenta then.
    pub kt: f64,
    /// Where they may be.
    pub sides: &'a [Side],
    /// Random numbers.
    pub streams: Streams,
    /// Set from outside to stop early.
    pub cancelled: &'a AtomicBool,
}

/// The covariance of the noise, by stage 1.
#[derive(Clone, PartialEq, Debug)]
pub struct Calibration {
    /// `Z`, a force squared times a time. Shape: d, d.
    pub z: Vec<f64>,
    /// Its standard errors. Shape: d, d.
    pub z_stderr: Vec<f64>,
    /// Steps of all lanes in all runs, burn-in included.
    pub evaluations: u64,
}

/// Why stage 1 has no result.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Stage1Error {
    /// With one of the masses trajectories leave, or are no longer finite.
    #[error("with the inverse mass {inverse_mass:?} trajectories diverge")]
    Diverged {
        /// The inverse mass, by rows.
        inverse_mass: Vec<Vec<f64>>,
        /// The first time.
        first: Option<Divergence>,
    },
    /// What was found is not the covariance of anything.
    #[error(
        "the covariance of the noise is not positive definite: its least eigenvalue is {least}"
    )]
    NotPositive {
        /// The least eigenvalue.
        least: f64,
    },
    /// Friction or step will not do.
    #[error(transparent)]
    NotDamping(#[from] NotDamping),
    /// It was stopped.
    #[error("stopped before its end")]
    Cancelled,
}

/// Relaxation times of a burn-in.
const BURN_IN: f64 = 10.0;
/// Steps of a burn-in at most.
const LONGEST_BURN_IN: f64 = 1e6;
/// Stretches of time that make blocks.
const STRETCHES: usize = 8;
/// The part of windows that may be lost.
const LOST: f64 = 0.01;

/// The inverse masses of the `d (d+1)/2` runs: for each coordinate the identity with 2 at its
/// place, and for each pair of them the identity with 1/2 at theirs (Li & Tao 2024, Remark 3.3). In
/// one coordinate 1 will do.
pub fn inverse_masses(d: usize) -> Vec<DMatrix<f64>> {
    let diagonal = (0..d).map(|k| {
        let mut a = DMatrix::identity(d, d);
        a[(k, k)] = if d == 1 { 1.0 } else { 2.0 };
        a
    });
    let pairs = (0..d).flat_map(|i| (i + 1..d).map(move |j| (i, j)));
    let mixed = pairs.map(|(i, j)| {
        let mut a = DMatrix::identity(d, d);
        (a[(i, j)], a[(j, i)]) = (0.5, 0.5);
        a
    });
    diagonal.chain(mixed).collect()
}

/// Solves `Tr(Z A) = t` for the entries of Z, for measured t with their standard errors from
/// independent runs. `None` where the inverse masses A do not determine it.
///
/// The entries and their standard errors have the shape d, d.
pub fn solve(runs: &[(DMatrix<f64>, f64, f64)]) -> Option<(Vec<f64>, Vec<f64>)> {
    let d = runs.first()?.0.nrows();
    let pairs: Vec<(usize, usize)> = (0..d).flat_map(|i| (i..d).map(move |j| (i, j))).collect();
    let size = pairs.len();
    if runs.len() != size {
        return None;
    }
    let matrix = DMatrix::from_fn(size, size, |run, at| {
        let (i, j) = pairs[at];
        let twice = if i == j { 1.0 } else { 2.0 };
        twice * runs[run].0[(i, j)]
    });
    let inverse = matrix.try_inverse()?;
    let found = &inverse * DVector::from_iterator(size, runs.iter().map(|(_, t, _)| *t));
    let (mut z, mut z_stderr) = (vec![0.0; d * d], vec![0.0; d * d]);
    for (at, &(i, j)) in pairs.iter().enumerate() {
        let parts = runs.iter().enumerate();
        let square: f64 = parts
            .map(|(run, r)| (inverse[(at, run)] * r.2).powi(2))
            .sum();
        for place in [i * d + j, j * d + i] {
            (z[place], z_stderr[place]) = (found[at], square.sqrt());
        }
    }
    Some((z, z_stderr))
}

/// Makes the runs on a map that was compiled with matrices of friction and mass, whatever they are.
///
/// # Errors
/// See [`Stage1Error`].
pub fn stage1(map: &mut DampedMap, how: &Stage1<'_>) -> Result<Calibration, Stage1Error> {
    let d = map.dimension();
    let mut runs = Vec::new();
    let mut evaluations = 0;
    for inverse in inverse_masses(d) {
        let (mean, stderr, steps) = how.measure(map, &inverse)?;
        evaluations += steps;
        runs.push((inverse, 2.0 * how.gamma * mean, 2.0 * how.gamma * stderr));
    }
    let (z, z_stderr) = solve(&runs).ok_or(Stage1Error::NotPositive { least: f64::NAN })?;
    let least = DMatrix::from_row_slice(d, d, &z)
        .symmetric_eigenvalues()
        .min();
    if least.is_nan() || least <= 0.0 {
        return Err(Stage1Error::NotPositive { least });
    }
    Ok(Calibration {
        z,
        z_stderr,
        evaluations,
    })
}

impl Stage1<'_> {
    /// `E[p^T A^2 p]` with one inverse mass A, its standard error, and the steps of all lanes.
    fn measure(
        &self,
        map: &mut DampedMap,
        inverse: &DMatrix<f64>,
    ) -> Result<(f64, f64, u64), Stage1Error> {
        let d = inverse.nrows();
        let not_positive = NotDamping::NotPositive("mass");
        let mass = inverse.clone().try_inverse().ok_or(not_positive)?;
        let friction = DMatrix::identity(d, d) * self.gamma;
        map.set(Damping::matrix(d, self.delta, &friction, &mass)?);
        let relaxation = 1.0 / (map.damping().slowest() * self.delta);
        let watch = (2.0 * relaxation).clamp(16.0, 1e15).ceil() as u64;
        let window = (2.0 * relaxation).clamp(16.0, 4096.0).ceil() as usize;
        let mut lanes = Ensemble::new(
            self.groups,
            self.streams,
            self.starts,
            self.kt,
            self.sides,
            false,
            watch,
        );
        let diverged = |lanes: &Ensemble| -> Result<(), Stage1Error> {
            let census = lanes.census();
            if census.diverged as f64 <= LOST * census.windows as f64 {
                return Ok(());
            }
            let row = |i: usize| inverse.row(i).iter().copied().collect();
            Err(Stage1Error::Diverged {
                inverse_mass: (0..d).map(row).collect(),
                first: census.first_divergence,
            })
        };
        let burn_in = (BURN_IN * relaxation).clamp(100.0, LONGEST_BURN_IN) as usize;
        let mut nobody = vec![(); self.groups];
        self.advance(
            &mut lanes,
            map,
            burn_in.div_ceil(window) * window,
            window,
            0,
            &mut nobody,
        )?;
        diverged(&lanes)?;
        lanes.finish(map, &mut nobody);
        let a = Square::new(inverse);
        let mut observers: Vec<Kinetic<'_>> = (0..self.groups).map(|_| a.watch()).collect();
        let each = self.steps.div_ceil(STRETCHES).max(window);
        for stretch in 0..STRETCHES {
            self.advance(&mut lanes, map, each, window, stretch, &mut observers)?;
            diverged(&lanes)?;
        }
        lanes.finish(map, &mut observers);
        let blocks: Vec<(f64, f64)> = observers.into_iter().flat_map(|o| o.blocks).collect();
        let (mean, stderr) = ratio(&blocks);
        Ok((mean, stderr, lanes.steps()))
    }

    fn advance<O: Observer>(
        &self,
        lanes: &mut Ensemble,
        map: &DampedMap,
        steps: usize,
        window: usize,
        stretch: usize,
        observers: &mut [O],
    ) -> Result<(), Stage1Error> {
        let windows = vec![window; (steps / window).max(1)];
        match lanes.advance(
            map,
            &windows,
            stretch,
            self.starts,
            observers,
            self.cancelled,
        ) {
            true => Ok(()),
            false => Err(Stage1Error::Cancelled),
        }
    }
}

/// The ratio of two sums over blocks and its standard error.
fn ratio(blocks: &[(f64, f64)]) -> (f64, f64) {
    let count: f64 = blocks.iter().map(|(n, _)| n).sum();
    let mean = blocks.iter().map(|(_, sum)| sum).sum::<f64>() / count;
    let beyond = blocks.iter().map(|(n, sum)| (sum - n * mean) / count);
    (
        mean,
        block_error(beyond.map(|b| b * b).sum::<f64>(), blocks.len()),
    )
}

/// A^2.
struct Square(DMatrix<f64>);

impl Square {
    fn new(a: &DMatrix<f64>) -> Square {
        Square(a * a)
    }

    fn watch(&self) -> Kinetic<'_> {
        Kinetic {
            square: &self.0,
            blocks: Vec::new(),
        }
    }
}

/// By stretch of time: samples, and the sum of `p^T A^2 p` over them.
struct Kinetic<'a> {
    square: &'a DMatrix<f64>,
    blocks: Vec<(f64, f64)>,
}

impl Observer for Kinetic<'_> {
    fn observe(&mut self, window: &Window<'_>) {
        let d = window.dimension();
        while self.blocks.len() <= window.stretch() {
            self.blocks.push((0.0, 0.0));
        }
        let (count, sum) = &mut self.blocks[window.stretch()];
        let lanes: Vec<usize> = (0..LANES)
            .filter(|&lane| window.committed()[lane])
            .collect();
        for step in 0..window.steps() {
            for (i, j) in (0..d).flat_map(|i| (0..d).map(move |j| (i, j))) {
                let factor = self.square[(i, j)];
                if factor != 0.0 {
                    let (p, q) = (window.momenta(step, i), window.momenta(step, j));
                    *sum += factor * lanes.iter().map(|&l| p[l] * q[l]).sum::<f64>();
                }
            }
        }
        *count += (window.steps() * lanes.len()) as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;
    use crate::dynamics::Stream;
    use crate::kernel::Engine;
    use crate::source::Sources;

    #[test]
    fn the_entries_are_those_of_the_traces() {
        let z = DMatrix::from_row_slice(3, 3, &[3.0, 0.5, -0.2, 0.5, 2.0, 0.7, -0.2, 0.7, 1.0]);
        let runs: Vec<_> = inverse_masses(3)
            .into_iter()
            .map(|a| {
                let trace = (&z * &a).trace();
                (a, trace, 0.1)
            })
            .collect();
        assert_eq!(runs.len(), 6);
        let (found, stderr) = solve(&runs).unwrap();
        for (at, found) in found.iter().enumerate() {
            assert!((found - z[(at / 3, at % 3)]).abs() < 1e-12);
        }
        // z_11 = t_1 - (t_1 + t_2 + t_3)/4 for the masses of the diagonal.
        let expected: f64 = 0.1 * (0.75f64.powi(2) + 2.0 * 0.0625).sqrt();
        assert!((stderr[0] - expected).abs() < 1e-12, "{stderr:?}");
        assert_eq!(solve(&runs[..5]), None);
    }

    fn calibrate(
        text: &str,
        delta: f64,
        gamma: f64,
        half_box: f64,
    ) -> Result<Calibration, Stage1Error> {
        let mut sources = Sources::new();
        let root = sources.add("test.pot", text);
        let model = check(&sources, root).unwrap().potential(None).unwrap();
        let identity = DMatrix::identity(2, 2);
        let damping = Damping::matrix(2, delta, &identity, &identity).unwrap();
        let parameters = model.parameter_values();
        let mut map = DampedMap::compile(&model, &parameters, damping, Engine::best()).unwrap();
        let starts = |stream: &mut Stream, x: &mut [f64]| {
            x.iter_mut().for_each(|x| *x = stream.uniform() - 0.5);
        };
        let how = Stage1 {
            delta,
            gamma,
            groups: 4,
            steps: 20_000,
            starts: &starts,
            kt: 0.1,
            sides: &[Side::plain(-half_box, half_box); 2],
            streams: Streams::new(2),
            cancelled: &AtomicBool::new(false),
        };
        stage1(&mut map, &how)
    }

    /// (4.8) at the step and friction of the paper: `Z = delta [[1, 1/2], [1/2, 1/2]]`, twice what
    /// (3.8) as printed gives.
    #[test]
    fn the_noise_of_a_bowl() {
        let text =
            "V(x, y) = (2*x + y - 1)^2/4 + (x - y - 1)^2 + 1e-5*(sin(x/1e-5) + sin((x + y)/1e-5))";
        let found = calibrate(text, 0.05, 0.1, 1e6).unwrap();
        for (at, s) in [1.0, 0.5, 0.5, 0.5].into_iter().enumerate() {
            let off: f64 = found.z[at] - 0.05 * s;
            // First order in delta: gamma delta and delta^2 k/4 of it, for k up to 9.
            let allowed = 4.0 * found.z_stderr[at] + 0.02 * 0.05;
            assert!(off.abs() < allowed, "{found:?}");
            assert!(found.z_stderr[at] < 0.006, "{found:?}");
        }
    }

    /// What one mass makes unstable is told: `delta^2 k = 3.2` is stable and twice it is not.
    #[test]
    fn a_mass_that_lets_trajectories_go_is_named() {
        let text = "V(x, y) = 1.6*x^2 + y^2 + 1e-4*(sin(x/1e-4) + sin(y/1e-4))";
        match calibrate(text, 1.0, 0.2, 1e3) {
            Err(Stage1Error::Diverged { inverse_mass, .. }) => {
                assert_eq!(inverse_mass, [[2.0, 0.0], [0.0, 1.0]]);
            }
            other => panic!("{other:?}"),
        }
    }
}
