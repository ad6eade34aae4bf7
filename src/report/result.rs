//! The data of a finished run, as `result.json` keeps it (schema [`SCHEMA`]).
//!
//! Everything is dimensionless, as in Li & Tao 2024. `d` is the number of coordinates; matrices are
//! `d` rows of `d` numbers. What a run may lack is an `Option` and `null` in the file; a number that
//! is not finite is `null` too, and is read back as NaN (or as `None` where there is an `Option`).

use super::calibration::Calibration;
use super::critical::CriticalPoint;
use super::json;
use crate::diagnostic::{Diagnostic, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use super::reading::{ReadError, sha256};

/// The schema that this version writes and reads.
pub const SCHEMA: &str = "effpot.result/1";

/// A finished run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RunResult {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// What was run.
    pub program: Program,
    /// What was asked for, of which the settings came; left out where there is no program, and in
    /// results of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// With which settings, after every default was resolved.
    pub settings: Settings,
    /// The noise of the unresolved forces.
    pub noise: Noise,
    /// What the scale is and what disappears below it.
    pub scale: Scale,
    /// Whether the samples may be trusted.
    pub equilibrium: Equilibrium,
    /// The learned potential.
    pub effective_potential: EffectivePotential,
    /// One row a term, where the estimator `terms` ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Vec<TermRow>>,
    /// The free energy and the mobility at a temperature, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_energy: Option<FreeEnergy>,
    /// One row an estimator or baseline, in the order to print.
    pub table: Vec<EstimatorRow>,
    /// Warnings and errors of the run.
    pub diagnostics: Vec<DiagnosticRow>,
    /// What it cost.
    pub performance: Performance,
    /// SHA-256 of the files beside it that have no figure and no time in them, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// What it was made with.
    #[serde(default)]
    pub made_with: MadeWith,
}

pub use super::asked::{Asked, MadeWith};
pub use super::free::FreeEnergy;

/// The program of a run.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Program {
    /// The name of its file as it was given.
    pub file: String,
    /// SHA-256 of `source`, lower-case hexadecimal.
    pub sha256: String,
    /// Its text.
    pub source: String,
    /// The texts of imported files and tables by their path from the folder of `file`; `std` is not
    /// among them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub imports: BTreeMap<String, String>,
    /// The function that was learned, `V` most often.
    pub potential: String,
    /// Its coordinates, flattened in order; there are `d`.
    pub variables: Vec<String>,
    /// The period of each coordinate, `null` where it has none; left out where none has one.
    #[serde(skip_serializing_if = "none_repeats")]
    pub periods: Vec<Option<f64>>,
    /// Its parameters with the values of this run.
    pub params: BTreeMap<String, f64>,
    /// How many additive terms the potential has.
    pub terms: usize,
}

fn none_repeats(periods: &[Option<f64>]) -> bool {
    periods.iter().all(Option::is_none)
}

/// The settings of a run, resolved. Threads are not among them: they never change a bit.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Step of the map, a time.
    #[serde(deserialize_with = "json::number")]
    pub delta: f64,
    /// The length that was asked for with `--resolve`, if it was.
    pub resolve: Option<f64>,
    /// Friction; where `friction` is given, the mean of its diagonal.
    #[serde(deserialize_with = "json::number")]
    pub gamma: f64,
    /// Whether the friction was chosen to match the noise and the barriers, and not given.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub friction_chosen: bool,
    /// Friction matrix, where it is not `gamma` times the identity.
    #[serde(deserialize_with = "json::optional_matrix")]
    pub friction: Option<Vec<Vec<f64>>>,
    /// Mass matrix, where it is not the identity.
    #[serde(deserialize_with = "json::optional_matrix")]
    pub mass: Option<Vec<Vec<f64>>>,
    /// Steps over all trajectories, after burn-in.
    pub steps: u64,
    /// Trajectories.
    pub trajectories: u64,
    /// Steps of burn-in of each trajectory.
    pub burn_in: u64,
    /// Seed of every random stream.
    pub seed: u64,
    /// The point (`d` numbers) from which all start; `null` when descents chose the starts.
    #[serde(deserialize_with = "json::optional_list")]
    pub start: Option<Vec<f64>>,
    /// The domain that was asked for, one interval a coordinate; `null` when descents chose it.
    #[serde(deserialize_with = "json::optional_intervals")]
    pub domain: Option<Vec<[f64; 2]>>,
    /// Spacing of the knots of the spline, a length.
    pub knots: Option<f64>,
    /// Relative spread of the step from step to step; 0 is none.
    #[serde(deserialize_with = "json::number")]
    pub jitter: f64,
    /// Whether trapped trajectories are restarted.
    pub restarts: bool,
    /// The median standard error of `U` at which to stop, if one was asked for.
    pub target: Option<f64>,
    /// The estimators, in the order they were asked for; the first gives `U.pot`.
    pub estimators: Vec<String>,
    /// What got a weight from `terms`: `written`, `each`, or names of functions; left out where
    /// `terms` did not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<Vec<String>>,
    /// The temperature of `F.pot` and `D.pot`, if they were asked for.
    #[serde(rename = "kT", skip_serializing_if = "Option::is_none")]
    pub kt: Option<f64>,
    /// How the covariance of the noise is measured: `residual`, `probe` or `stage1`.
    pub noise: String,
    /// The function of the program that errors are taken against; `null` for `filter`.
    pub compare: Option<String>,
    /// The function that was asked for with `--potential`, if one was.
    pub potential: Option<String>,
}

/// The unresolved force as noise.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Noise {
    /// `Z = Sigma Sigma^T = delta*S`, `d x d`, where `S` is the covariance of the unresolved force.
    #[serde(deserialize_with = "json::optional_matrix")]
    pub covariance: Option<Vec<Vec<f64>>>,
    /// Standard errors of `covariance`, `d x d`.
    #[serde(deserialize_with = "json::optional_matrix")]
    pub covariance_stderr: Option<Vec<Vec<f64>>>,
    /// `Gamma`, `d x d`.
    #[serde(deserialize_with = "json::optional_matrix")]
    pub friction: Option<Vec<Vec<f64>>>,
    /// Inverse temperature of the density of the samples, measured.
    pub beta: Option<f64>,
    /// Standard error of `beta`.
    pub beta_stderr: Option<f64>,
    /// Relative spread of `S(x)` over the domain: 0.02 is even within 2 %.
    pub spread: Option<f64>,
    /// Correlation of the unresolved force from one step to the next.
    pub lag_correlation: Option<f64>,
    /// Standard error of `lag_correlation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_correlation_stderr: Option<f64>,
    /// `delta*(S_0 + sum_k (S_k + S_k^T))` over lags k, `d x d`: what acts as noise over long times.
    #[serde(
        deserialize_with = "json::optional_matrix",
        skip_serializing_if = "Option::is_none"
    )]
    pub covariance_over_lags: Option<Vec<Vec<f64>>>,
    /// Standard errors of `covariance_over_lags`, `d x d`.
    #[serde(
        deserialize_with = "json::optional_matrix",
        skip_serializing_if = "Option::is_none"
    )]
    pub covariance_over_lags_stderr: Option<Vec<Vec<f64>>>,
    /// Whether the friction matches the noise, in several coordinates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
}

/// The scale of a run.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Scale {
    /// `l = delta*sigma_p`, the length below which structure disappears.
    pub length: Option<f64>,
    /// Standard error of `length`.
    pub length_stderr: Option<f64>,
    /// Temperature of learning, `sigma_p^2`.
    #[serde(rename = "kT_learn")]
    pub kt_learn: Option<f64>,
    /// Standard error of `kT_learn`.
    #[serde(rename = "kT_learn_stderr")]
    pub kt_learn_stderr: Option<f64>,
    /// The least that it can be for this `length`, `length*sqrt(s2)/2`.
    #[serde(rename = "kT_bound")]
    pub kt_bound: Option<f64>,
    /// The parts of the potential that disappear.
    pub removed: Vec<RemovedRow>,
}

/// A part of the potential that disappears at the scale of the run.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RemovedRow {
    /// The part as it is written in the program.
    pub component: String,
    /// Its wavenumber times the length of the scale.
    #[serde(deserialize_with = "json::number")]
    pub a: f64,
    /// The share of its amplitude that is left, predicted.
    #[serde(deserialize_with = "json::number")]
    pub predicted: f64,
}

/// Whether a run may be trusted, and if not, why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every check passed.
    Trusted,
    /// The momenta or positions have not the statistics of equilibrium.
    NotInEquilibrium,
    /// Trajectories sat in wells of the unresolved scale.
    Trapped,
    /// Friction does not match the noise: the momenta are hotter in one direction than in another.
    NotCalibrated,
    /// Every scale is resolved: the momenta die out.
    NoUnresolvedScale,
    /// The potential falls towards infinity, and trajectories follow it.
    DoesNotConfine,
    /// The map is unstable in the large scales.
    DeltaTooLarge,
    /// Trajectories reach points where the potential is not defined.
    Diverged,
    /// Error bars are larger than asked for, or trajectories disagree.
    #[default]
    NotConverged,
}

impl Verdict {
    /// The words for it, in lower case.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Trusted => "trusted",
            Verdict::NotInEquilibrium => "not in equilibrium",
            Verdict::Trapped => "trapped",
            Verdict::NotCalibrated => "not calibrated",
            Verdict::NoUnresolvedScale => "no unresolved scale",
            Verdict::DoesNotConfine => "does not confine",
            Verdict::DeltaTooLarge => "delta too large",
            Verdict::Diverged => "diverged",
            Verdict::NotConverged => "not converged",
        }
    }
}

/// The checks of the samples.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Equilibrium {
    /// What they come to.
    pub verdict: Verdict,
    /// Independent samples that the run is worth.
    pub effective_samples: Option<f64>,
    /// Split R-hat, the largest over what was checked; 1 is perfect.
    pub r_hat: Option<f64>,
    /// How many times a trajectory was found trapped.
    pub trapped: u64,
    /// How many times a trajectory was restarted for being trapped.
    pub restarts: u64,
    /// How many times a trajectory left the domain or was no longer finite.
    pub diverged: u64,
    /// `E[x.g(x)]` over `Tr((I + C) P)/2`; 1 in equilibrium, for any potential.
    pub virial: Option<f64>,
    /// Standard error of `virial`.
    pub virial_stderr: Option<f64>,
    /// The momenta against a Gaussian.
    pub normality: Normality,
}

/// The momenta against a Gaussian; of several coordinates the worst.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Normality {
    /// Skewness.
    pub skewness: Option<f64>,
    /// Kurtosis less 3.
    pub excess_kurtosis: Option<f64>,
    /// Standard error of `excess_kurtosis`.
    pub excess_kurtosis_stderr: Option<f64>,
    /// Kolmogorov-Smirnov distance, an effect size.
    pub ks: Option<f64>,
}

/// Where there were samples.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Covered {
    /// Intervals of the only coordinate.
    #[serde(deserialize_with = "json::intervals")]
    Intervals(Vec<[f64; 2]>),
    /// The share of the domain, in several coordinates; the mask is in `samples.npz`.
    Fraction(f64),
}

impl Default for Covered {
    fn default() -> Covered {
        Covered::Intervals(Vec::new())
    }
}

impl EstimatorRow {
    /// Whether it is the row of the potential itself, `identity`.
    pub fn is_itself(&self) -> bool {
        self.estimator == "identity"
    }

    /// What it is called for a person; `potential` is the name of the potential.
    pub fn name(&self, potential: &str) -> String {
        match self.is_itself() {
            true => format!("{potential} itself"),
            false => self.estimator.clone(),
        }
    }
}

/// The learned potential.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EffectivePotential {
    /// The file with it as a program, in the folder of the result.
    pub file: String,
    /// The estimator that gave it.
    pub estimator: String,
    /// What it is made of, such as `cubic B-spline, 40 cells`.
    pub basis: String,
    /// The box of the basis, one interval a coordinate.
    #[serde(deserialize_with = "json::intervals")]
    pub domain: Vec<[f64; 2]>,
    /// Where there were samples.
    pub covered: Covered,
    /// Median standard error of `U` over the covered domain.
    pub stderr_median: Option<f64>,
    /// The root mean square, over the samples, of what a fit of the same samples with knots half as
    /// far apart changes `U` by, less what chance does: what the spacing costs, which standard
    /// errors do not know of. For `value` and `force`, in one coordinate, where it is told from
    /// chance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub knots_matter: Option<f64>,
    /// Its wells and saddles, in two coordinates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<CriticalPoint>,
    /// A short formula that is close to it in the middle of the domain, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle: Option<String>,
}

/// A term of the potential as the estimator `terms` found it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TermRow {
    /// The term as it is written.
    pub expression: String,
    /// Its weight in `U`; 1 is unchanged.
    #[serde(deserialize_with = "json::number")]
    pub weight: f64,
    /// Standard error of the weight.
    #[serde(deserialize_with = "json::number")]
    pub stderr: f64,
    /// Whether it is kept or removed; `null` where the error is too large to say.
    pub kept: Option<bool>,
    /// The weight that linear response predicts.
    pub predicted: Option<f64>,
}

/// An estimator or a baseline: its cost and its errors, each less its mean and weighted by the
/// sampled density.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EstimatorRow {
    /// `value`, `force`, `density`, `paper`, `terms`, `filter` or `identity`.
    pub estimator: String,
    /// Evaluations of the potential or its gradient.
    pub evaluations: u64,
    /// Root mean square error of the value.
    pub rmse: Option<f64>,
    /// Root mean square error of the gradient: of the length of the difference.
    pub force_rmse: Option<f64>,
    /// Largest error of the value over the covered domain.
    pub max_abs: Option<f64>,
    /// Median standard error of the value.
    pub stderr: Option<f64>,
    /// Seconds that it took.
    pub seconds: Option<f64>,
}

/// A warning or an error of a run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DiagnosticRow {
    /// Its stable name.
    pub code: String,
    /// `note`, `warning` or `error`.
    #[serde(with = "json::severity")]
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to write or set instead.
    pub help: Option<String>,
}

impl From<&Diagnostic> for DiagnosticRow {
    fn from(from: &Diagnostic) -> DiagnosticRow {
        DiagnosticRow {
            code: from.code.to_owned(),
            severity: from.severity,
            message: from.message.clone(),
            help: from.help.clone(),
        }
    }
}

/// What a run cost.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Performance {
    /// Steps over all trajectories, burn-in included.
    pub steps: u64,
    /// Seconds from the start to the end.
    #[serde(deserialize_with = "json::number")]
    pub seconds: f64,
    /// Nanoseconds a step of one trajectory, on one core.
    pub ns_per_step: Option<f64>,
    /// Threads.
    pub threads: usize,
    /// Milliseconds of compiling to native code.
    pub jit_ms: Option<f64>,
    /// Evaluations of the gradient.
    pub gradient_evaluations: u64,
}
