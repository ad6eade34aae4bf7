//! Estimates of the effective potential from one sample, and how far each is from the reference.

use super::sample::Sample;
use super::{Estimator, Hooks, Potential, Settings};
use crate::graph::Spline;
use crate::learn::collect::Block;
use crate::learn::compare::{Table, compare, tabulate};
use crate::learn::filter::{self, FilterError, Filtered};
use crate::learn::fit::{self, Fit, FitError, ForceFit};
use crate::learn::scale;
use crate::report::result::EstimatorRow;
use crate::stats::{BinnedSums, Grid, Histogram, Moments};

/// What the spacing of knots is divided by for densities. The map itself has filtered these: the
/// usual spacing of 1.5 lengths would filter them again, by as much as half and by how the knots
/// happen to lie. A third of it keeps all that `R_x` keeps, and the penalty takes out the noise.
const FINER: f64 = 3.0;

/// Points of the filter in each of its lengths, and the least and most in all.
const FILTER_DENSITY: f64 = 256.0;
const FILTER_POINTS: (f64, f64) = (4096.0, 262_144.0);

/// One way to the effective potential, with what it cost.
pub struct Estimate {
    /// Which.
    pub estimator: Estimator,
    /// The potential.
    pub spline: Spline,
    /// The fit, unless it is the filter.
    pub fit: Option<Fit>,
    /// Evaluations of V or of its gradient.
    pub evaluations: u64,
    /// Seconds.
    pub seconds: f64,
}

impl Estimate {
    /// The standard error of U and of U' at a point, where there is one.
    pub fn stderr(&self, x: f64) -> (f64, f64) {
        match &self.fit {
            Some(fit) => (fit.value_stderr(x), fit.slope_stderr(x)),
            None => (f64::NAN, f64::NAN),
        }
    }
}

/// Curves on the centres of the bins that hold samples, which are where errors are measured.
pub struct OnBins {
    /// Centres.
    pub x: Vec<f64>,
    /// The share of the samples.
    pub density: Vec<f64>,
    grid: Grid,
    range: std::ops::Range<usize>,
}

impl OnBins {
    /// The bins from the first to the last that hold a sample.
    pub fn new(blocks: &[Block]) -> Option<OnBins> {
        let grid = *blocks.first()?.density.grid();
        let mut counts = vec![0u64; grid.bins()];
        for block in blocks {
            for (count, more) in counts.iter_mut().zip(block.density.counts()) {
                *count += more;
            }
        }
        let first = counts.iter().position(|n| *n > 0)?;
        let last = counts.iter().rposition(|n| *n > 0)?;
        let range = first..last + 1;
        let total: u64 = counts.iter().sum();
        Some(OnBins {
            x: range.clone().map(|i| grid.centre(i)).collect(),
            density: counts[range.clone()]
                .iter()
                .map(|n| *n as f64 / total as f64)
                .collect(),
            grid,
            range,
        })
    }

    /// The width of a bin.
    pub fn width(&self) -> f64 {
        self.grid.width()
    }

    /// Values and slopes of a spline on these bins.
    pub fn spline(&self, spline: &Spline) -> (Vec<f64>, Vec<f64>) {
        let (u, du) = tabulate(spline, &self.grid);
        (
            u[self.range.clone()].to_vec(),
            du[self.range.clone()].to_vec(),
        )
    }

    /// A row of the table: the distance of an estimate from the reference.
    pub fn row(
        &self,
        name: &str,
        estimate: &(Vec<f64>, Vec<f64>),
        reference: &(Vec<f64>, Vec<f64>),
    ) -> EstimatorRow {
        let distance = compare(
            Table {
                values: &estimate.0,
                slopes: &estimate.1,
            },
            Table {
                values: &reference.0,
                slopes: &reference.1,
            },
            &self.density,
        );
        EstimatorRow {
            estimator: name.to_owned(),
            rmse: distance.map(|d| d.value_rms),
            force_rmse: distance.map(|d| d.force_rms),
            max_abs: distance.map(|d| d.value_max),
            ..EstimatorRow::default()
        }
    }
}

/// The value of V by position, block by block.
fn values(blocks: &[Block]) -> Vec<BinnedSums> {
    blocks.iter().map(|block| block.value.clone()).collect()
}

/// The fit that `value` makes of the blocks so far.
pub fn value_fit(blocks: &[Block], spacing: f64) -> Result<Fit, FitError> {
    fit::value(&values(blocks), &fit::Settings::new(spacing))
}

/// The fit that `force` makes: every run needs it for the variance of the unresolved force.
pub fn force_fit(sample: &Sample) -> Result<ForceFit, FitError> {
    let blocks: Vec<BinnedSums> = sample.blocks.iter().map(|b| b.force.clone()).collect();
    fit::force(&blocks, &fit::Settings::new(sample.spacing))
}

/// Makes one estimate of the sample.
pub fn estimate(
    estimator: Estimator,
    sample: &Sample,
    settings: &Settings,
    force: &ForceFit,
    hooks: &Hooks<'_>,
) -> Result<Estimate, FitError> {
    let before = (hooks.seconds)();
    let spacing = match settings.knots {
        Some(_) => sample.spacing,
        None => sample.spacing / FINER,
    };
    let how = fit::Settings::new(spacing);
    let histograms = |of: fn(&Block) -> Option<&Histogram>| -> Vec<Histogram> {
        sample.blocks.iter().filter_map(of).cloned().collect()
    };
    let momenta: Vec<Moments> = sample.blocks.iter().map(|b| b.total().momentum()).collect();
    let fit = match estimator {
        Estimator::Value => value_fit(&sample.blocks, sample.spacing)?,
        Estimator::Force => force.fit.clone(),
        Estimator::Density => {
            let beta = |p2| scale::beta(settings.delta, settings.gamma, p2);
            let temperature = fit::Temperature::of_momenta(&momenta, beta);
            fit::density(&histograms(|b| Some(&b.density)), &temperature, &how)?
        }
        // The filter is not a fit; it has its own way in, below.
        Estimator::Paper | Estimator::Filter => fit::paper(
            &histograms(|b| b.whole_step.as_ref()),
            &fit::Temperature::of_momenta(&momenta, |p2| 1.0 / p2),
            &how,
        )?,
    };
    let values: u64 = match estimator {
        Estimator::Value => sample.blocks.iter().map(|b| b.value_evaluations).sum(),
        _ => 0,
    };
    Ok(Estimate {
        estimator,
        spline: fit.spline.clone(),
        fit: Some(fit),
        evaluations: sample.steps + sample.warm_up + values,
        seconds: sample.seconds + (hooks.seconds)() - before,
    })
}

/// V filtered over an interval at length `l`, from values alone.
pub fn filtered(
    potential: &Potential,
    interval: (f64, f64),
    l: f64,
    seed: u64,
    hooks: &Hooks<'_>,
) -> Result<(Estimate, Filtered), FilterError> {
    let before = (hooks.seconds)();
    let wanted = FILTER_DENSITY * (interval.1 - interval.0) / l;
    let how = filter::Settings {
        lo: interval.0,
        hi: interval.1,
        length: l,
        points: wanted.clamp(FILTER_POINTS.0, FILTER_POINTS.1) as usize,
        seed,
        tail: 1e-6,
    };
    let filtered = filter::filter(&how, |x, v| potential.values(x, v))?;
    let estimate = Estimate {
        estimator: Estimator::Filter,
        spline: filtered.spline.clone(),
        fit: None,
        evaluations: filtered.evaluations as u64,
        seconds: (hooks.seconds)() - before,
    };
    Ok((estimate, filtered))
}
