//! What bends the density of the samples away from that of U: worth a word where U is read off it.

use super::Estimator;
use super::findings::Findings;
use super::results::Learned;
use crate::diagnostic::Diagnostic;
use crate::report::number::significant;
use nalgebra::DMatrix;

/// How much the variance of the unresolved force may vary from place to place.
const MOST_UNEVEN: f64 = 0.1;
/// How far momenta may be from equally hot, beyond their errors.
const MOST_UNEQUAL: f64 = 0.02;
/// `delta^2 max U''` above which the map bends the large scales.
const MOST_STIFF: f64 = 0.3;

/// What is to be said where `density` or `paper` were asked for.
pub(super) fn distortions(learned: &Learned<'_>, findings: &Findings) -> Vec<Diagnostic> {
    let from_density = [Estimator::Density, Estimator::Paper];
    let mut asked = learned.settings().estimators.iter();
    if !asked.any(|e| from_density.contains(e)) {
        return Vec::new();
    }
    [steep(learned), uneven(learned), unequal(learned, findings)]
        .into_iter()
        .flatten()
        .collect()
}

/// Noise that is stronger in one place than in another: the density is not a Gibbs density.
fn uneven(learned: &Learned<'_>) -> Option<Diagnostic> {
    let spread = learned.spread().filter(|spread| *spread > MOST_UNEVEN)?;
    let message = format!(
        "the unresolved force is not equally strong everywhere: S(x) varies by {:.0} %, and hot places are sampled too little",
        100.0 * spread
    );
    Some(
        Diagnostic::warning("uneven-noise", message).help(
            "`value` and `force` do not mind; `density` and `paper` have no correction for it",
        ),
    )
}

/// Momenta that are hotter in one direction than in another: friction does not match the noise
/// (Li & Tao 2024, (2.7)), and the density is not a Gibbs density.
fn unequal(learned: &Learned<'_>, findings: &Findings) -> Option<Diagnostic> {
    let settings = learned.settings();
    let d = settings.damping.dimension();
    if d < 2 {
        return None;
    }
    let p = DMatrix::from_row_slice(d, d, &findings.momenta);
    let inverse = DMatrix::from_fn(d, d, |i, j| settings.damping.inverse_mass(i, j));
    let cold_to_hot = (inverse * p).complex_eigenvalues().map(|e| e.re);
    let ratio = cold_to_hot.max() / cold_to_hot.min();
    let errors = findings.momenta_stderr.iter().copied();
    let error = 2.0 * errors.fold(0.0, f64::max) / findings.momentum_variance();
    // The extremes of d noisy numbers are apart by some errors even where these are equal.
    let beyond = ratio - 1.0 - 4.0 * error;
    if beyond.is_nan() || beyond <= MOST_UNEQUAL {
        return None;
    }
    let message = format!(
        "the momenta are not equally hot in all directions: by a factor of {}",
        significant(ratio, 3)
    );
    let problem = Diagnostic::warning("not-calibrated", message);
    let Some(force) = &learned.force else {
        return Some(problem);
    };
    // Gamma = Z/(2 kT) with Z = delta S, at the temperature that this run has.
    let scale = settings.delta / (2.0 * findings.temperature);
    let rows: Vec<String> = force
        .covariance
        .chunks_exact(d)
        .map(|row| {
            let row: Vec<String> = row.iter().map(|s| significant(scale * s, 3)).collect();
            format!("[{}]", row.join(","))
        })
        .collect();
    Some(problem.help(format!(
        "friction that matches the noise makes them so: --friction '[{}]'; `value` and `force` do not mind",
        rows.join(",")
    )))
}

/// The map bends the large scales when `delta^2 max U''` is not small.
fn steep(learned: &Learned<'_>) -> Option<Diagnostic> {
    let (estimate, bins) = (learned.primary()?, learned.bins.as_ref()?);
    let spline = estimate.form.spline()?;
    let d = spline.dimension();
    let second: Vec<_> = (0..d * d)
        .map(|at| spline.partial(at / d)?.partial(at % d))
        .collect();
    let damping = &learned.settings().damping;
    let inverse = || DMatrix::from_fn(d, d, |i, j| damping.inverse_mass(i, j));
    let peak = bins.density.iter().copied().fold(0.0, f64::max);
    let largest = |at: usize| -> f64 {
        let x = bins.point(at);
        let entry = |i: usize, j: usize| second[i * d + j].as_ref().map_or(0.0, |h| h.at(&x));
        // Of the symmetric H and M^-1 the product has real eigenvalues.
        let bent = inverse() * DMatrix::from_fn(d, d, entry);
        match d {
            1 => bent[(0, 0)],
            _ => bent.complex_eigenvalues().map(|e| e.re).max(),
        }
    };
    let curvature = (0..bins.len())
        .filter(|at| bins.density[*at] > 1e-2 * peak)
        .map(largest)
        .fold(0.0, f64::max);
    let stiffness = learned.settings().delta.powi(2) * curvature;
    (stiffness > MOST_STIFF).then(|| {
        Diagnostic::warning(
            "stiff",
            format!("delta^2 max U'' is {stiffness:.2}: above {MOST_STIFF} the density is that of a distorted potential"),
        )
        .help("`value` and `force` do not mind; for `density` take a smaller --delta")
    })
}
