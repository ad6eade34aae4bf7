//! The covariance of the unresolved force, from differences of the gradient.

use super::Slopes;
use crate::dynamics::Stream;

/// `S_ij = E[(g(x + r u) - g(x))_i (g(x + r u) - g(x))_j]/2` at one radius.
#[derive(Clone, PartialEq, Debug)]
pub struct Covariance {
    /// The radius, a length.
    pub r: f64,
    /// The matrix, a force squared (shape: coordinates, coordinates): all that is below `r`.
    pub matrix: Vec<f64>,
    /// Standard errors.
    pub stderr: Vec<f64>,
    /// `(4 S(r/2) - S(r))/3`: without what grows like `r^2`. Where `r` lies between the unresolved
    /// scales and the others, this is the covariance of the unresolved force.
    pub corrected: Vec<f64>,
    /// Its standard errors.
    pub corrected_stderr: Vec<f64>,
    /// Points that were left out because a gradient was not finite.
    pub left_out: usize,
    /// Gradients that were asked for.
    pub evaluations: u64,
}

impl Covariance {
    /// The mean of the diagonal of [`corrected`](Covariance::corrected): `s2`, the variance of the
    /// unresolved force per coordinate.
    pub fn variance(&self) -> f64 {
        let d = self.corrected.len().isqrt().max(1);
        self.corrected.iter().step_by(d + 1).sum::<f64>() / d as f64
    }
}

/// Sums of a quantity and of its square.
#[derive(Clone, Copy, Default)]
struct Sums {
    first: f64,
    second: f64,
}

impl Sums {
    fn add(&mut self, x: f64) {
        self.first += x;
        self.second += x * x;
    }

    fn mean(self, n: f64) -> f64 {
        self.first / n
    }

    /// The products of two differences vary as much as they are large: nothing cancels here.
    fn stderr(self, n: f64) -> f64 {
        let mean = self.mean(n);
        ((self.second / n - mean * mean).max(0.0) / (n - 1.0)).sqrt()
    }
}

/// Measures the covariance at the radius `r` and `points` (shape: coordinates, points; independent
/// draws of where the potential is of interest), each with a direction of its own: three gradients
/// a point. Entries are NaN where fewer than two points have finite gradients.
pub fn covariance(
    points: &[f64],
    dimension: usize,
    r: f64,
    stream: &mut Stream,
    slopes: Slopes<'_>,
) -> Covariance {
    let (d, count) = (dimension, points.len() / dimension.max(1));
    let directions: Vec<f64> = points.iter().map(|_| stream.normal()).collect();
    let mut at = |r: f64| -> Vec<f64> {
        let displaced = points.iter().zip(&directions).map(|(x, u)| x + r * u);
        let displaced: Vec<f64> = displaced.collect();
        let mut out = vec![f64::NAN; points.len()];
        slopes(&displaced, &mut out);
        out
    };
    let (base, half, full) = (at(0.0), at(0.5 * r), at(r));
    let mut plain = vec![Sums::default(); d * d];
    let mut corrected = vec![Sums::default(); d * d];
    let mut left_out = 0;
    for point in 0..count {
        let component = |of: &[f64], i: usize| of[i * count + point] - base[i * count + point];
        if (0..d).any(|i| !(component(&half, i).is_finite() && component(&full, i).is_finite())) {
            left_out += 1;
            continue;
        }
        for i in 0..d {
            for j in 0..d {
                let far = 0.5 * component(&full, i) * component(&full, j);
                let near = 0.5 * component(&half, i) * component(&half, j);
                plain[i * d + j].add(far);
                corrected[i * d + j].add((4.0 * near - far) / 3.0);
            }
        }
    }
    let n = if count - left_out < 2 {
        f64::NAN
    } else {
        (count - left_out) as f64
    };
    let means = |sums: &[Sums]| sums.iter().map(|s| s.mean(n)).collect();
    let errors = |sums: &[Sums]| sums.iter().map(|s| s.stderr(n)).collect();
    Covariance {
        r,
        matrix: means(&plain),
        stderr: errors(&plain),
        corrected: means(&corrected),
        corrected_stderr: errors(&corrected),
        left_out,
        evaluations: 3 * count as u64,
    }
}
