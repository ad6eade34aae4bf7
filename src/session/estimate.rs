//! Estimates of the effective potential from one sample, and how far each is from the reference.

use super::form::Form;
use super::sample::Sample;
use super::sites::Sites;
use super::weights::Weights;
use super::{Estimator, Hooks, Settings};
use crate::dynamics::Side;
use crate::learn::collect::{Binned, Block};
use crate::learn::fit::{self, Fit, FitError, ForceFit};
use crate::stats::{BinnedSums, Histogram, Mesh, Moments};
use std::ops::Range;
use std::sync::atomic::AtomicBool;

/// Cells of the log-density, in those of the regressions: half a resolution length, in several
/// coordinates two bins.
const DENSITY_SPACING: [f64; 2] = [1.0 / 3.0, 0.5];
/// Cells of the log-density along one coordinate of several, at most: its equations are solved
/// some fifty times.
const DENSITY_CELLS: f64 = 64.0;

/// One way to the effective potential, with what it cost.
pub struct Estimate {
    /// Which.
    pub estimator: Estimator,
    /// The potential.
    pub form: Form,
    /// The fit, if it is one of a spline.
    pub fit: Option<Fit>,
    /// The errors, if it is one of weights.
    pub weights: Option<Weights>,
    /// Evaluations of V or of its gradient.
    pub evaluations: u64,
    /// Seconds.
    pub seconds: f64,
}

impl Estimate {
    /// The median standard error of U over the samples, where there is one.
    pub fn median_stderr(&self) -> Option<f64> {
        match (&self.fit, &self.weights) {
            (Some(fit), _) => Some(fit.median_stderr()),
            (None, weights) => weights.as_ref().map(|weights| weights.median),
        }
    }

    /// The standard errors of U and of its derivatives at a point, where there are any.
    pub fn stderr(&self, x: &[f64]) -> (f64, Vec<f64>) {
        match (&self.fit, &self.weights) {
            (Some(fit), _) => {
                let along = (0..x.len()).map(|axis| fit.slope_stderr(x, axis));
                (fit.value_stderr(x), along.collect())
            }
            (None, Some(weights)) => weights.stderr(x),
            (None, None) => (f64::NAN, vec![f64::NAN; x.len()]),
        }
    }
}

/// The box of bins that holds all samples.
pub struct OnBins {
    /// The centres; they weigh their share of the samples where estimates are held against each
    /// other, which is where a fit has samples enough.
    pub sites: Sites,
    /// The share of the samples. Shape: bins.
    pub density: Vec<f64>,
    mesh: Mesh,
    /// Along each coordinate, the bins of the mesh.
    pub ranges: Vec<Range<usize>>,
    /// The bins of the mesh, row-major.
    bins: Vec<usize>,
}

impl OnBins {
    /// Along each coordinate the bins from the first to the last that hold a sample; all of a
    /// period.
    pub fn new(blocks: &[Block]) -> Option<OnBins> {
        let mesh = binned(blocks).next()?.density.mesh().clone();
        let mut counts = vec![0u64; mesh.bins()];
        for block in binned(blocks) {
            for (count, more) in counts.iter_mut().zip(block.density.counts()) {
                *count += more;
            }
        }
        let d = mesh.dimension();
        let nothing = Range {
            start: usize::MAX,
            end: 0,
        };
        let mut ranges = vec![nothing; d];
        for bin in (0..mesh.bins()).filter(|bin| counts[*bin] > 0) {
            for (range, place) in ranges.iter_mut().zip(mesh.along_axes(bin)) {
                *range = range.start.min(place)..range.end.max(place + 1);
            }
        }
        for (range, axis) in ranges.iter_mut().zip(mesh.axes()) {
            if range.start >= range.end {
                return None;
            }
            if axis.periodic {
                *range = 0..axis.grid.bins();
            }
        }
        let mut bins = vec![0];
        for (range, axis) in ranges.iter().zip(mesh.axes()) {
            let along = |bin: &usize| range.clone().map(move |i| (i, *bin)).collect::<Vec<_>>();
            let places = bins.iter().flat_map(along);
            bins = places.map(|(i, bin)| bin * axis.grid.bins() + i).collect();
        }
        let centres: Vec<Vec<f64>> = bins.iter().map(|bin| mesh.centre(*bin)).collect();
        let total: u64 = counts.iter().sum();
        let share = |bin: &usize| counts[*bin] as f64 / total as f64;
        let density: Vec<f64> = bins.iter().map(share).collect();
        Some(OnBins {
            sites: Sites {
                x: (0..d)
                    .flat_map(|c| centres.iter().map(move |x| x[c]))
                    .collect(),
                weight: density.clone(),
            },
            density,
            mesh,
            ranges,
            bins,
        })
    }

    /// Bins.
    pub fn len(&self) -> usize {
        self.bins.len()
    }

    /// The mesh that they are of.
    pub fn mesh(&self) -> &Mesh {
        &self.mesh
    }

    /// Holds estimates against each other only where a fit has samples enough: beyond, a spline
    /// is its continuation, and a few stray samples would outweigh all that was learned.
    pub fn only_within(&mut self, fit: &Fit) {
        for at in 0..self.len() {
            if !fit.covers(&self.point(at)) {
                self.sites.weight[at] = 0.0;
            }
        }
    }

    /// The width of a bin along the first coordinate.
    pub fn width(&self) -> f64 {
        self.mesh.axes()[0].grid.width()
    }

    /// The box, by coordinate.
    pub fn sides(&self) -> Vec<Side> {
        let sides = self.ranges.iter().zip(self.mesh.axes());
        sides
            .map(|(range, axis)| Side {
                lo: axis.grid.edge(range.start),
                hi: axis.grid.edge(range.end),
                periodic: axis.periodic,
            })
            .collect()
    }

    /// The centre of a bin.
    pub fn point(&self, at: usize) -> Vec<f64> {
        self.sites.point(at)
    }

    /// The part of something by bin of the whole mesh that belongs to these bins.
    pub fn part(&self, by_bin: &[f64]) -> Vec<f64> {
        let known = |bin: &usize| by_bin.get(*bin).copied().unwrap_or(f64::NAN);
        self.bins.iter().map(known).collect()
    }
}

/// What blocks hold by bins.
pub fn binned(blocks: &[Block]) -> impl Iterator<Item = &Binned> {
    blocks.iter().filter_map(|block| block.binned.as_ref())
}

/// The fit that `force` makes: every run needs it for the variance of the unresolved force.
pub fn force_fit(
    blocks: &[Block],
    spacing: &[f64],
    stop: Option<&AtomicBool>,
) -> Result<ForceFit, FitError> {
    let blocks: Vec<&BinnedSums> = binned(blocks).map(|block| &block.force).collect();
    let how = fit::Settings {
        stop,
        ..fit::Settings::by_axis(spacing)
    };
    fit::force(&blocks, &how)
}

/// The fit that an estimator makes of the blocks so far; `filter` makes none.
pub fn fit_of(
    estimator: Estimator,
    blocks: &[Block],
    spacing: &[f64],
    settings: &Settings,
    stop: Option<&AtomicBool>,
) -> Result<Fit, FitError> {
    let d = settings.damping.dimension();
    let how = fit::Settings {
        stop,
        ..fit::Settings::by_axis(spacing)
    };
    // A density has been smoothed by the dynamics; its spline must not do so again.
    let finer = match settings.knots {
        Some(_) => how,
        None => fit::Settings {
            stop,
            ..fit::Settings::by_axis(&density_spacing(blocks, spacing))
        },
    };
    let densities: Vec<&Histogram> = binned(blocks).map(|block| &block.density).collect();
    match estimator {
        Estimator::Value => {
            let values: Vec<&BinnedSums> = binned(blocks).map(|block| &block.value).collect();
            fit::value(&values, &how)
        }
        Estimator::Force => Ok(force_fit(blocks, spacing, stop)?.fit),
        Estimator::Density => {
            let temperature = temperature(blocks, |p| settings.damping.virial(p) / d as f64);
            fit::density(&densities, &temperature, &finer)
        }
        Estimator::Paper => {
            // In several coordinates friction is to have made it 1 (Li & Tao 2024, Algorithm 1).
            let temperature = match d {
                1 => temperature(blocks, |p| p[0]),
                _ => fit::Temperature::known(1.0),
            };
            let whole_steps = binned(blocks).filter_map(|block| block.whole_step.as_ref());
            fit::paper(&whole_steps.collect::<Vec<_>>(), &temperature, &finer)
        }
        Estimator::Terms | Estimator::Filter => Err(FitError::TooFewBlocks { found: 0 }),
    }
}

/// The spacing of knots of a log-density, by coordinate.
fn density_spacing(blocks: &[Block], spacing: &[f64]) -> Vec<f64> {
    let finer = DENSITY_SPACING[usize::from(spacing.len() > 1)];
    let first = binned(blocks).next();
    let axes = first.map_or(&[][..], |block| block.density.mesh().axes());
    let least = |c: usize| match axes.get(c) {
        Some(axis) if spacing.len() > 1 => axis.length() / DENSITY_CELLS,
        _ => 0.0,
    };
    let along = spacing.iter().enumerate();
    along.map(|(c, h)| (finer * h).max(least(c))).collect()
}

/// The temperature that `of` makes of `E[p p^T]`, in all blocks together and without each.
fn temperature(blocks: &[Block], of: impl Fn(&[f64]) -> f64) -> fit::Temperature {
    let moments = blocks.iter().map(|block| {
        // Linear in `p p^T`: the sum over samples is that of the products.
        let count = block.samples();
        Moments {
            count: count as u64,
            m2: count * of(&block.momentum_moments()),
            ..Moments::default()
        }
    });
    fit::Temperature::of_momenta(&moments.collect::<Vec<_>>(), |mean| 1.0 / mean)
}

/// Makes one estimate of the sample.
pub fn estimate(
    estimator: Estimator,
    sample: &Sample,
    settings: &Settings,
    hooks: &Hooks<'_>,
) -> Result<Estimate, FitError> {
    let before = (hooks.seconds)();
    let stop = sample.complete.then_some(hooks.cancelled);
    let fit = fit_of(estimator, &sample.blocks, &sample.spacing, settings, stop)?;
    let binned: u64 = sample.blocks.iter().map(|b| b.value_evaluations).sum();
    let looks = match estimator {
        Estimator::Value => sample.looks,
        _ => sample.looks.saturating_sub(binned),
    };
    Ok(Estimate {
        estimator,
        form: Form::Spline(fit.spline.clone()),
        fit: Some(fit),
        weights: None,
        evaluations: sample.steps + sample.warm_up + looks,
        seconds: sample.seconds + (hooks.seconds)() - before,
    })
}
