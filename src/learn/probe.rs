//! The covariance of the unresolved force by a probe: differences of the gradient over random
//! displacements, without any dynamics.
//!
//! At a displacement `u` much longer than the unresolved scales and much shorter than the others,
//! `g(x + u) - g(x)` is the difference of two independent draws of the unresolved force, and a
//! term `H u` of the rest, which the probe takes off.

use super::collect::MOST_PRODUCTS;
use crate::dynamics::Stream;

/// Fills gradients at many points (shapes: coordinates, points).
pub type Slopes<'a> = &'a dyn Fn(&[f64], &mut [f64]);

/// What a probe finds.
#[derive(Clone, PartialEq, Debug)]
pub struct Probe {
    /// `S`, the covariance of the unresolved force: a force squared. Row-major; shape: d by d.
    pub covariance: Vec<f64>,
    /// Standard errors of it. Shape: d by d.
    pub covariance_stderr: Vec<f64>,
    /// The standard deviation of the inner displacements, a length; that of the outer is twice it.
    pub radius: f64,
    /// Evaluations of the gradient.
    pub evaluations: u64,
}

impl Probe {
    /// `Tr(S)/d`, the variance of the unresolved force per coordinate.
    pub fn s2(&self) -> f64 {
        let d = self.covariance.len().isqrt();
        self.covariance.iter().step_by(d + 1).sum::<f64>() / d as f64
    }
}

/// Displacements at one radius while it is looked for.
const FEW: usize = 512;
/// `delta^2` times the curvature of what is still seen at the radius: structure that is chaotic
/// has five times that at least, and has lost its phase.
const SMOOTH: f64 = 1.0;
/// Powers of two of the radii that are looked at.
const SCALES: std::ops::RangeInclusive<i32> = -40..=20;

/// The inner radius for a step `delta`, a time (unit mass): the least of a grid at which the
/// finite-difference curvature `sqrt(E|g(x+u) - g(x)|^2/E|u|^2)` over Gaussian `u`, which never
/// grows with the radius, is below `1/delta^2`. `None` where it is so at every radius, and nothing
/// is left unresolved, or at none.
///
/// `points` are places that the run visits (shape: points, coordinates).
pub fn radius(
    points: &[f64],
    dimension: usize,
    delta: f64,
    stream: &mut Stream,
    slopes: Slopes<'_>,
) -> Option<f64> {
    let far = points.iter().fold(0.0f64, |far, x| far.max(x.abs()));
    let chaos = |r: f64, stream: &mut Stream| -> f64 {
        let differences = Differences::new(points, dimension, FEW, &[r], stream, slopes);
        let squares = differences.good().map(|at| differences.square(0, at));
        let (sum, count) = squares.fold((0.0, 0.0), |(sum, n), s| (sum + s, n + 1.0));
        delta * delta * (sum / count / dimension as f64).sqrt() / r
    };
    // Below that a displacement is lost in the rounding of its place.
    let scales = SCALES
        .map(|scale| f64::from(scale).exp2())
        .filter(|r| *r > 1e-12 * far);
    let mut seen = false;
    for r in scales {
        if chaos(r, stream) >= SMOOTH {
            seen = true;
        } else {
            return seen.then_some(r);
        }
    }
    None
}

/// `S = E[(g(x+u) - g(x)) (g(x+u) - g(x))^T]/2` over Gaussian `u` of standard deviation `radius` in
/// each coordinate, and twice that: of the two, `(4 S(r) - S(2 r))/3` has no term in `r^2`, which
/// is what a curvature adds. `points` are the places, used in turn (shape: points, coordinates);
/// there are `count` displacements. Of more than [`MOST_PRODUCTS`] coordinates the diagonal alone
/// is found. `None` where fewer than ten give finite gradients.
pub fn probe(
    points: &[f64],
    dimension: usize,
    radius: f64,
    count: usize,
    stream: &mut Stream,
    slopes: Slopes<'_>,
) -> Option<Probe> {
    let d = dimension;
    let radii = [radius, 2.0 * radius];
    let differences = Differences::new(points, d, count, &radii, stream, slopes);
    let good: Vec<usize> = differences.good().collect();
    let n = good.len() as f64;
    if good.len() < 10 {
        return None;
    }
    let mut sums = vec![(0.0, 0.0); d * d];
    let entries: Vec<usize> = match d > MOST_PRODUCTS {
        true => (0..d * d).step_by(d + 1).collect(),
        false => (0..d * d).collect(),
    };
    for at in good {
        for &entry in &entries {
            let (sum, squares) = &mut sums[entry];
            let (i, j) = (entry / d, entry % d);
            let product = |k: usize| differences.of(k, i, at) * differences.of(k, j, at);
            let s = (4.0 * product(0) - product(1)) / 6.0;
            *sum += s;
            *squares += s * s;
        }
    }
    let error = |(sum, squares): &(f64, f64)| {
        let mean = sum / n;
        ((squares / n - mean * mean).max(0.0) / (n - 1.0)).sqrt()
    };
    Some(Probe {
        covariance: sums.iter().map(|(sum, _)| sum / n).collect(),
        covariance_stderr: sums.iter().map(error).collect(),
        radius,
        evaluations: 3 * count as u64,
    })
}

/// Gradients at displaced points less those at the points.
struct Differences {
    dimension: usize,
    count: usize,
    radii: usize,
    /// Shape: places (the points, then each radius), coordinates, points.
    slopes: Vec<f64>,
}

impl Differences {
    fn new(
        points: &[f64],
        d: usize,
        count: usize,
        radii: &[f64],
        stream: &mut Stream,
        slopes: Slopes<'_>,
    ) -> Differences {
        let known = (points.len() / d.max(1)).max(1);
        let from = stream.below(known);
        let x = |at: usize, c: usize| points.get((from + at) % known * d + c);
        let x = |at: usize, c: usize| x(at, c).copied().unwrap_or(f64::NAN);
        let u: Vec<f64> = (0..d * count).map(|_| stream.normal()).collect();
        let mut found = Vec::with_capacity((1 + radii.len()) * d * count);
        for r in std::iter::once(&0.0).chain(radii) {
            let along = |c: usize| (0..count).map(move |at| (c, at));
            let displaced = (0..d).flat_map(along);
            let displaced = displaced.map(|(c, at)| x(at, c) + r * u[c * count + at]);
            let mut g = vec![f64::NAN; d * count];
            slopes(&displaced.collect::<Vec<f64>>(), &mut g);
            found.extend(g);
        }
        Differences {
            dimension: d,
            count,
            radii: radii.len(),
            slopes: found,
        }
    }

    /// The difference at one of the radii.
    fn of(&self, radius: usize, coordinate: usize, at: usize) -> f64 {
        let place = coordinate * self.count + at;
        let size = self.dimension * self.count;
        self.slopes[(1 + radius) * size + place] - self.slopes[place]
    }

    fn square(&self, radius: usize, at: usize) -> f64 {
        let along = 0..self.dimension;
        along.map(|c| self.of(radius, c, at).powi(2)).sum()
    }

    /// The points at which all differences are finite.
    fn good(&self) -> impl Iterator<Item = usize> + '_ {
        let finite = |at: &usize| (0..self.radii).all(|k| self.square(k, *at).is_finite());
        (0..self.count).filter(finite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::Streams;

    /// The gradient of (4.8) of Li & Tao 2024, with waves of that length.
    fn bowl(eps: f64) -> impl Fn(&[f64], &mut [f64]) {
        move |points, out| {
            let n = out.len() / 2;
            for at in 0..n {
                let (x, y) = (points[at], points[n + at]);
                let (a, b) = (2.0 * x + y - 1.0, x - y - 1.0);
                let (p, q) = ((x / eps).cos(), ((x + y) / eps).cos());
                out[at] = a + 2.0 * b + p + q;
                out[n + at] = 0.5 * a - 2.0 * b + q;
            }
        }
    }

    fn pool(stream: &mut Stream) -> Vec<f64> {
        (0..2048).map(|_| stream.normal()).collect()
    }

    /// `S = [[1, 1/2], [1/2, 1/2]]` within its errors, which are known: a sine has
    /// `E[(difference)^4]/4 = 9/4 s^4`.
    #[test]
    fn the_noise_of_a_bowl() {
        let slopes = bowl(1e-5);
        let mut stream = Streams::new(3).stream(0);
        let points = pool(&mut stream);
        let r = radius(&points, 2, 0.05, &mut stream, &slopes).unwrap();
        // delta^2 sqrt(2 * 0.75)/r = 1, to the next power of two.
        let expected = 0.0025 * 1.5f64.sqrt();
        assert!(r >= 0.9 * expected && r <= 2.1 * expected, "{r}");
        let found = probe(&points, 2, r, 1 << 16, &mut stream, &slopes).unwrap();
        for (at, s) in [1.0, 0.5, 0.5, 0.5].into_iter().enumerate() {
            let error = found.covariance_stderr[at];
            assert!(error < 0.01, "{found:?}");
            assert!((found.covariance[at] - s).abs() < 4.0 * error, "{found:?}");
        }
        assert!((found.s2() - 0.75).abs() < 0.02);
        assert_eq!(found.evaluations, 3 << 16);
    }

    /// At radii as large as those of the bowl, what its curvature adds is taken off: at r = 0.2 that
    /// is `r^2 H^2/2` with `H = [[4, -1], [-1, 2.5]]`, 0.34 in the first entry.
    #[test]
    fn curvature_is_no_noise() {
        let slopes = bowl(1e-4);
        let mut stream = Streams::new(4).stream(0);
        let points = pool(&mut stream);
        let found = probe(&points, 2, 0.2, 1 << 16, &mut stream, &slopes).unwrap();
        for (at, s) in [1.0, 0.5, 0.5, 0.5].into_iter().enumerate() {
            let error = found.covariance_stderr[at];
            assert!((found.covariance[at] - s).abs() < 4.0 * error, "{found:?}");
        }
    }

    /// What a step resolves is no noise either: of two waves the longer stays out of a small step.
    #[test]
    fn the_step_chooses_what_is_unresolved() {
        let (long, short) = (0.05f64, 0.001f64);
        let slopes = |x: &[f64], out: &mut [f64]| {
            for (x, g) in x.iter().zip(out) {
                *g = x + (x / long).cos() + (x / short).cos();
            }
        };
        for (delta, s2) in [(0.5, 1.0), (0.1, 0.5)] {
            let mut stream = Streams::new(5).stream(0);
            let points = pool(&mut stream);
            let r = radius(&points, 1, delta, &mut stream, &slopes).unwrap();
            let found = probe(&points, 1, r, 1 << 15, &mut stream, &slopes).unwrap();
            let off = found.covariance[0] - s2;
            // A wave of `k r` is seen as `(k r)^4/2` or less: here 0.02.
            let allowed = 4.0 * found.covariance_stderr[0] + 0.02;
            assert!(off.abs() < allowed, "{delta}: {found:?}");
        }
        let smooth = |x: &[f64], out: &mut [f64]| out.copy_from_slice(x);
        let mut stream = Streams::new(6).stream(0);
        assert_eq!(radius(&[0.0, 1.0], 1, 0.5, &mut stream, &smooth), None);
        let nowhere = |_: &[f64], out: &mut [f64]| out.fill(f64::NAN);
        assert_eq!(probe(&[0.0], 1, 1.0, 100, &mut stream, &nowhere), None);
    }
}
