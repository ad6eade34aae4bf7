//! What bends the density of the samples away from that of U: worth a word where U is read off it.

use super::Estimator;
use super::results::Learned;
use crate::diagnostic::Diagnostic;
use nalgebra::DMatrix;

/// How much the variance of the unresolved force may vary from place to place.
const MOST_UNEVEN: f64 = 0.1;
/// `delta^2 max U''` above which the map bends the large scales.
const MOST_STIFF: f64 = 0.3;

/// What is to be said where `density` or `paper` were asked for.
pub(super) fn distortions(learned: &Learned<'_>) -> Vec<Diagnostic> {
    let from_density = [Estimator::Density, Estimator::Paper, Estimator::Terms];
    let mut asked = learned.settings().estimators.iter();
    if !asked.any(|e| from_density.contains(e)) {
        return Vec::new();
    }
    [steep(learned), uneven(learned)]
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
    Some(Diagnostic::warning("uneven-noise", message).help(
        "`value` and `force` do not mind; `density`, `paper` and `terms` have no correction for it",
    ))
}

/// The map bends the large scales when `delta^2 max U''` is not small.
fn steep(learned: &Learned<'_>) -> Option<Diagnostic> {
    let stiffness = too_stiff(learned)?;
    Some(
        Diagnostic::warning(
            "stiff",
            format!("delta^2 max U'' is {stiffness:.2}: above {MOST_STIFF} the density is that of a distorted potential"),
        )
        .help("`value` and `force` do not mind; for `density` and `terms` take a smaller --delta"),
    )
}

/// `delta^2 max U''`, an eigenvalue for unit mass, over the places that are visited, where that is
/// too much.
pub(super) fn too_stiff(learned: &Learned<'_>) -> Option<f64> {
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
    (stiffness > MOST_STIFF).then_some(stiffness)
}
