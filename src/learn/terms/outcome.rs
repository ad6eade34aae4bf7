//! What is said of a term when its weight is known with an error.

/// A weight is resolved where its standard error is below this: 0 and 1 are four errors apart.
pub const RESOLVED: f64 = 0.25;
/// A candidate is resolved where two standard errors of its force are below this part of the force
/// of all of U.
const NEGLIGIBLE: f64 = 0.05;
/// A term whose curvature changes within a step by more than this many radians is gone by then
/// (`R_x(3) = 0.1`) ...
const FAST: f64 = 3.0;
/// ... unless so much of its gradient is the same a step later: it mixes scales.
const LASTING: f64 = 0.1;

/// What a weight stands for.
#[derive(Clone, PartialEq, Debug)]
pub enum Standing {
    /// It was measured.
    Measured,
    /// The term is a combination of these others as far as the samples show: of all weights that
    /// make the same U, those of the term and of these are the ones that differ least.
    Combination(Vec<usize>),
    /// Its gradient was zero at every sample: its weight is 0.
    Flat,
}

/// The weight of a term in U.
#[derive(Clone, PartialEq, Debug)]
pub struct Weight {
    /// The weight; 1 is unchanged.
    pub value: f64,
    /// Its standard error.
    pub stderr: f64,
    /// Whether the term is kept or removed; `None` where the error is too large to say. A term
    /// of the potential is kept where its weight lies above 1/2 by two standard errors and removed
    /// where it lies below by as much, if the standard error is below [`RESOLVED`]. A candidate may have any weight: it is kept where that differs from 0
    /// by four standard errors, and removed where it does not though its force would be seen.
    pub kept: Option<bool>,
    /// What it stands for.
    pub standing: Standing,
    /// The part that the force of the term, with its weight, has in the force of all of them: the
    /// ratio of their root mean squares, that of all without what is noise.
    pub share: f64,
    /// Whether the term mixes scales: its curvature changes within a step, and part of its gradient
    /// does not.
    pub mixes: bool,
}

impl Weight {
    /// The weight to two digits of its standard error: what U is written with.
    pub fn rounded(&self) -> f64 {
        let digits = (self.stderr.log10().floor() - 1.0).clamp(-15.0, 15.0);
        let unit = 10f64.powi(-digits as i32);
        match self.stderr > 0.0 && self.stderr.is_finite() {
            true => (self.value * unit).round() / unit,
            false => self.value,
        }
    }
}

/// The rule for a term of the potential.
pub(super) fn kept(weight: f64, stderr: f64) -> Option<bool> {
    let beyond = weight - 0.5;
    (stderr < RESOLVED && beyond.abs() >= 2.0 * stderr).then_some(beyond > 0.0)
}

/// The rule for a candidate; `force` is the ratio of the root mean square of its own force to that
/// of U.
pub(super) fn candidate_kept(weight: f64, stderr: f64, force: f64) -> Option<bool> {
    if weight.abs() >= 4.0 * stderr && weight != 0.0 {
        return Some(true);
    }
    (2.0 * stderr * force < NEGLIGIBLE).then_some(false)
}

/// Whether a term mixes scales. `phase` is the length of a step times the wavenumber that the
/// curvature of the term has, `lasting` the correlation of its gradients a step apart: for one
/// wave `exp(-phase^2/2)`.
pub(super) fn mixes(phase: f64, lasting: f64) -> bool {
    phase > FAST && lasting > LASTING
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_decided() {
        assert_eq!(kept(1.0, 0.01), Some(true));
        assert_eq!(kept(0.1, 0.1), Some(false));
        assert_eq!(kept(0.54, 0.03), None);
        assert_eq!(kept(-20.0, 10.0), None);
        assert_eq!(kept(f64::NAN, 0.1), None);
        assert_eq!(kept(1.0, f64::NAN), None);
        assert_eq!(candidate_kept(0.03, 0.001, 1.0), Some(true));
        assert_eq!(candidate_kept(0.001, 0.001, 1.0), Some(false));
        assert_eq!(candidate_kept(0.1, 0.1, 1.0), None);
        let weight = |value, stderr| Weight {
            value,
            stderr,
            kept: None,
            standing: Standing::Measured,
            share: 0.0,
            mixes: false,
        };
        assert_eq!(weight(0.99951234, 0.0006).rounded(), 0.99951);
        assert_eq!(weight(1234.5678, 25.0).rounded(), 1235.0);
        assert_eq!(weight(0.123456789, 0.0).rounded(), 0.123456789);
        assert!(mixes(100.0, 0.5) && !mixes(100.0, 0.0) && !mixes(0.5, 0.9));
    }
}
