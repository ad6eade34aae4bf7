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

/// Points of the filter in each of its lengths, and the least and most in all.
const FILTER_DENSITY: f64 = 256.0;
const FILTER_POINTS: (f64, f64) = (4096.0, 262_144.0);

/// Cells of the log-density, in those of the regressions: half a resolution length.
const DENSITY_SPACING: f64 = 1.0 / 3.0;

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
            Some(fit) => (fit.value_stderr(&[x]), fit.slope_stderr(&[x], 0)),
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

    /// The part of something by bin of the whole grid that belongs to these bins.
    pub fn part<'a>(&self, by_bin: &'a [f64]) -> &'a [f64] {
        by_bin.get(self.range.clone()).unwrap_or(&[])
    }

    /// Values and slopes of a spline on these bins.
    pub fn spline(&self, spline: &Spline) -> (Vec<f64>, Vec<f64>) {
        let (u, du) = tabulate(spline, &self.grid.into());
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

/// The fit that `force` makes: every run needs it for the variance of the unresolved force.
pub fn force_fit(blocks: &[Block], spacing: f64) -> Result<ForceFit, FitError> {
    let blocks: Vec<BinnedSums> = blocks.iter().map(|block| block.force.clone()).collect();
    fit::force(&blocks, &fit::Settings::new(spacing))
}

/// The fit that an estimator makes of the blocks so far; `filter` makes none.
pub fn fit_of(
    estimator: Estimator,
    blocks: &[Block],
    spacing: f64,
    settings: &Settings,
) -> Result<Fit, FitError> {
    // A density has been smoothed by the dynamics; its spline must not do so again.
    let finer = match settings.knots {
        Some(_) => fit::Settings::new(spacing),
        None => fit::Settings::new(spacing * DENSITY_SPACING),
    };
    let histograms = |of: fn(&Block) -> Option<&Histogram>| -> Vec<Histogram> {
        blocks.iter().filter_map(of).cloned().collect()
    };
    let momenta = || -> Vec<Moments> { blocks.iter().map(|b| b.total().momentum()).collect() };
    match estimator {
        Estimator::Value => {
            let values: Vec<BinnedSums> = blocks.iter().map(|block| block.value.clone()).collect();
            fit::value(&values, &fit::Settings::new(spacing))
        }
        Estimator::Force => Ok(force_fit(blocks, spacing)?.fit),
        Estimator::Density => {
            let beta = |p2| scale::beta(settings.delta, settings.gamma, p2);
            let temperature = fit::Temperature::of_momenta(&momenta(), beta);
            fit::density(&histograms(|b| Some(&b.density)), &temperature, &finer)
        }
        Estimator::Paper => {
            let temperature = fit::Temperature::of_momenta(&momenta(), |p2| 1.0 / p2);
            fit::paper(&histograms(|b| b.whole_step.as_ref()), &temperature, &finer)
        }
        Estimator::Filter => Err(FitError::TooFewBlocks { found: 0 }),
    }
}

/// Makes one estimate of the sample.
pub fn estimate(
    estimator: Estimator,
    sample: &Sample,
    settings: &Settings,
    hooks: &Hooks<'_>,
) -> Result<Estimate, FitError> {
    let before = (hooks.seconds)();
    let fit = fit_of(estimator, &sample.blocks, sample.spacing, settings)?;
    let binned: u64 = sample.blocks.iter().map(|b| b.value_evaluations).sum();
    let looks = match estimator {
        Estimator::Value => sample.looks,
        _ => sample.looks.saturating_sub(binned),
    };
    Ok(Estimate {
        estimator,
        spline: fit.spline.clone(),
        fit: Some(fit),
        evaluations: sample.steps + sample.warm_up + looks,
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
