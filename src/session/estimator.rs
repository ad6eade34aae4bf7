//! The ways to estimate the effective potential, and what each of them needs.

use super::room::MOST_BINNED;
use super::settings::NotResolved;
use crate::diagnostic::Diagnostic;

/// A way to estimate the effective potential.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Estimator {
    /// Regression of V on a spline over the samples.
    Value,
    /// Regression of the gradient on the gradient of a spline.
    Force,
    /// Log-density of the samples at the measured temperature.
    Density,
    /// What the paper does: the histogram of whole-step positions, with the variance of p as
    /// temperature (Li & Tao 2024, Sections 3.2 and 3.3).
    Paper,
    /// Score matching of the additive terms of V: U is a formula.
    Terms,
    /// V smoothed, without dynamics.
    Filter,
}

impl Estimator {
    /// All of them.
    pub const ALL: [Estimator; 6] = [
        Estimator::Value,
        Estimator::Force,
        Estimator::Density,
        Estimator::Paper,
        Estimator::Terms,
        Estimator::Filter,
    ];

    /// Its name on the command line and in results.
    pub fn name(self) -> &'static str {
        match self {
            Estimator::Value => "value",
            Estimator::Force => "force",
            Estimator::Density => "density",
            Estimator::Paper => "paper",
            Estimator::Terms => "terms",
            Estimator::Filter => "filter",
        }
    }

    /// The estimator of that name.
    pub fn named(name: &str) -> Option<Estimator> {
        Estimator::ALL.into_iter().find(|e| e.name() == name)
    }

    /// Whether it makes a spline of sums over bins.
    pub(super) fn needs_bins(self) -> bool {
        !matches!(self, Estimator::Terms | Estimator::Filter)
    }

    /// The most coordinates that it works in.
    fn most_coordinates(self) -> usize {
        match self {
            Estimator::Value | Estimator::Force => MOST_BINNED,
            Estimator::Density | Estimator::Paper => 2,
            Estimator::Terms | Estimator::Filter => usize::MAX,
        }
    }

    /// Steps it needs to be worth while in so many coordinates.
    pub(super) fn steps(self, coordinates: usize) -> u64 {
        match self {
            Estimator::Value | Estimator::Force => 1_000_000,
            // Each step of many coordinates tells as much more.
            Estimator::Terms => (10_000_000 / coordinates.max(1) as u64).max(500_000),
            Estimator::Density | Estimator::Paper => 100_000_000,
            Estimator::Filter => 100_000,
        }
    }
}

/// Which functions get a weight from `terms`.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Chosen {
    /// The additive terms of V as they are written; a written sum is one.
    #[default]
    Written,
    /// The smallest additive terms, those of written sums as well.
    Each,
    /// These functions of the file.
    Candidates(Vec<String>),
}

impl Chosen {
    /// The words that choose it.
    pub fn names(&self) -> Vec<String> {
        match self {
            Chosen::Written => vec!["written".to_owned()],
            Chosen::Each => vec!["each".to_owned()],
            Chosen::Candidates(names) => names.clone(),
        }
    }

    /// What some names choose.
    pub fn named(names: Vec<String>) -> Chosen {
        match names.as_slice() {
            [one] if one == "written" => Chosen::Written,
            [one] if one == "each" => Chosen::Each,
            _ => Chosen::Candidates(names),
        }
    }
}

/// Whether all estimators work in so many coordinates.
pub(super) fn fits(estimators: &[Estimator], coordinates: usize) -> Result<(), Box<NotResolved>> {
    let unfit = |e: &&Estimator| e.most_coordinates() < coordinates;
    let Some(unfit) = estimators.iter().find(unfit) else {
        return Ok(());
    };
    let diagnostic = Diagnostic::error(
        "many-coordinates",
        format!(
            "`{}` works in {} coordinates at most; the potential has {coordinates}",
            unfit.name(),
            unfit.most_coordinates()
        ),
    )
    .help("`--estimator terms` gives U as a formula in any number of coordinates");
    Err(NotResolved::of("estimator", diagnostic))
}
