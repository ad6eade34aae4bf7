//! What U leaves out of a finished run: its force, its noise, and the momenta that this drives.

use super::estimate::{Estimate, OnBins, binned};
use super::noise::MeasuredNoise;
use super::results::Learned;
use crate::learn::fit::{Fit, ForceFit};
use crate::learn::stretches::{Stretch, Weighted, residuals};
use crate::report::unresolved::{Ellipses, Momenta, Residual, Unresolved};
use crate::stats::{BinnedSums, Histogram, quantiles};

/// Stretches of the coordinate.
const STRETCHES: usize = 60;
/// Samples of a stretch, at least.
const FEWEST: u64 = 200;
/// Places on a line, and on a plane, for what is predicted.
const LINE_PLACES: usize = 1 << 16;
/// Places that are looked at in one go.
const AT_ONCE: usize = 1 << 12;
const PLANE_PLACES: usize = 1 << 14;
/// Coordinates whose momenta are drawn.
const MOST_MOMENTA: usize = 3;

/// What is shown of it.
pub(super) fn unresolved(learned: &Learned<'_>) -> Unresolved {
    let mut found = Unresolved {
        momenta: momenta(learned),
        ..Unresolved::default()
    };
    if let (Some(bins), Some(first)) = (&learned.bins, learned.primary()) {
        match bins.ranges.as_slice() {
            [_] => found.residual = residual(learned, bins, first),
            [_, _] => found.ellipses = ellipses(learned, bins, first),
            _ => {}
        }
    }
    found
}

fn momenta(learned: &Learned<'_>) -> Vec<Momenta> {
    let d = learned.momenta.len().isqrt();
    let coordinates = learned.setup.potential.model.coordinates.iter();
    let one = |(c, coordinate): (usize, &crate::graph::Coordinate)| {
        let blocks = learned.sample.blocks.iter();
        let blocks: Vec<&Histogram> = blocks.filter_map(|block| block.momenta.get(c)).collect();
        let found = quantiles(&blocks, learned.momenta[c * d + c].sqrt());
        let of = |part: &dyn Fn(&crate::stats::Quantile) -> f64| found.iter().map(part).collect();
        Momenta {
            coordinate: coordinate.name.clone(),
            normal: of(&|q| q.normal),
            seen: of(&|q| q.seen),
            stderr: of(&|q| q.stderr),
        }
    };
    coordinates
        .enumerate()
        .take(MOST_MOMENTA)
        .map(one)
        .collect()
}

/// Golden parts of 1: spread evenly, in step with no wave.
fn even(k: usize, ratio: f64) -> f64 {
    ((k as f64 + 0.5) * ratio).fract()
}

/// The golden ratio, and the two ratios that serve a plane as it serves a line.
const GOLDEN: f64 = 0.618_033_988_749_894_8;
const PLANE_RATIOS: [f64; 2] = [0.754_877_666_246_692_8, 0.569_840_290_998_053_2];

/// `cos^2(pi x/2)`.
fn bell_at(off: f64) -> f64 {
    (std::f64::consts::FRAC_PI_2 * off).cos().powi(2)
}

/// Bins under a bell `cos^2` about a place, with what it gives each. A box would let waves through
/// that are nearly in step with it.
fn bell(bins: &OnBins, centre: f64, half: f64) -> Weighted {
    let axis = &bins.mesh().axes()[0];
    let grid = axis.grid;
    let (first, last) = (centre - half, centre + half);
    let number = |x: f64| ((x - grid.lo()) / grid.width()).floor() as i64;
    let inside = |bin: i64| {
        let place = match axis.periodic {
            true => usize::try_from(bin.rem_euclid(grid.bins() as i64)).ok()?,
            false => usize::try_from(bin).ok().filter(|bin| *bin < grid.bins())?,
        };
        let off = (grid.lo() + (bin as f64 + 0.5) * grid.width() - centre) / half;
        (off.abs() < 1.0).then_some((place, bell_at(off)))
    };
    (number(first)..=number(last)).filter_map(inside).collect()
}

/// Where stretches are, and how far each reaches to both sides: a length `l`, and where there would
/// be too many for a figure, or too few bins, more.
fn centres(learned: &Learned<'_>, bins: &OnBins, fit: &Fit) -> (Vec<f64>, f64) {
    let axis = &bins.mesh().axes()[0];
    let intervals = fit.intervals(0);
    let all: f64 = intervals.iter().map(|(lo, hi)| hi - lo).sum();
    let half = learned
        .length
        .max(all / STRETCHES as f64)
        .max(3.0 * axis.grid.width());
    let of = |(lo, hi): &(f64, f64)| {
        // Only a whole period has no ends.
        let whole = axis.periodic && hi - lo > axis.grid.hi() - axis.grid.lo() - axis.grid.width();
        let (lo, hi) = match whole {
            true => (*lo, *hi),
            false => (lo + half, hi - half),
        };
        let count = ((hi - lo) / all * STRETCHES as f64).ceil().max(0.0) as usize;
        let at = move |k: usize| lo + (k as f64 + 0.5) / count as f64 * (hi - lo);
        (0..count).map(at).collect::<Vec<f64>>()
    };
    (intervals.iter().flat_map(of).collect(), half)
}

fn residual(learned: &Learned<'_>, bins: &OnBins, first: &Estimate) -> Option<Residual> {
    let fit = first
        .fit
        .as_ref()
        .or(learned.force.as_ref().map(|f| &f.fit))?;
    let (centres, half) = centres(learned, bins, fit);
    let slope = |x: &[f64]| first.form.slopes(x);
    let forces = binned(&learned.sample.blocks).map(|block| &block.force);
    let forces: Vec<&BinnedSums> = forces.collect();
    let bells: Vec<Weighted> = centres.iter().map(|x| bell(bins, *x, half)).collect();
    let seen = residuals(&forces, &bells, &slope).into_iter().zip(centres);
    let seen = seen.filter_map(|(stretch, x)| Some((stretch?, x)));
    let seen: Vec<(Stretch, f64)> = seen.filter(|(s, _)| s.samples >= FEWEST).collect();
    let potential = &learned.setup.potential;
    // A black box may be dear: it is asked nothing more.
    let predicted = match potential.is_formula() {
        true => predicted_on_line(learned, bins, first, (&seen, half)),
        false => Vec::new(),
    };
    let axis = &bins.mesh().axes()[0];
    let part = |of: &dyn Fn(&Stretch) -> f64| seen.iter().map(|(s, _)| of(s)).collect();
    Some(Residual {
        coordinate: learned.coordinate().to_owned(),
        potential: potential.model.name.clone(),
        half,
        period: axis.periodic.then(|| [axis.grid.lo(), axis.grid.hi()]),
        x: seen.iter().map(|(_, x)| *x).collect(),
        mean: part(&|s| s.residual),
        mean_stderr: part(&|s| s.residual_stderr),
        variance: part(&|s| s.variance),
        variance_stderr: part(&|s| s.variance_stderr),
        predicted,
    })
}

/// The mean of `(V' - U')^2` under the bells, over places that are spread evenly.
fn predicted_on_line(
    learned: &Learned<'_>,
    bins: &OnBins,
    first: &Estimate,
    (seen, half): (&[(Stretch, f64)], f64),
) -> Vec<f64> {
    let (Some(begin), Some(end)) = (seen.first(), seen.last()) else {
        return Vec::new();
    };
    let (lo, hi) = (begin.1 - half, end.1 + half);
    let step = (hi - lo) / LINE_PLACES as f64;
    let places = (0..LINE_PLACES).map(|k| lo + step * (k as f64 + even(k, GOLDEN)));
    let places: Vec<f64> = places.collect();
    // U is asked within one period, where it is a spline.
    let axis = &bins.mesh().axes()[0];
    let mut squares = Vec::with_capacity(LINE_PLACES);
    for some in places.chunks(AT_ONCE) {
        let inside: Vec<f64> = some.iter().map(|x| axis.wrap(*x)).collect();
        let slopes = learned.setup.potential.slope(&inside).into_iter();
        let off = slopes.zip(first.form.slopes(&inside));
        squares.extend(off.map(|(g, u)| (g - u).powi(2)));
    }
    let under = |centre: f64| {
        let from = places.partition_point(|x| *x < centre - half);
        let to = places.partition_point(|x| *x < centre + half);
        let (mut sum, mut weights) = (0.0, 0.0);
        for (x, square) in places[from..to].iter().zip(&squares[from..to]) {
            let weight = bell_at((x - centre) / half);
            sum += weight * square;
            weights += weight;
        }
        sum / weights
    };
    seen.iter().map(|(_, centre)| under(*centre)).collect()
}

fn ellipses(learned: &Learned<'_>, bins: &OnBins, first: &Estimate) -> Option<Ellipses> {
    let settings = learned.settings();
    let model = &learned.setup.potential.model;
    let upper = |m: &[f64]| [m[0], m[1], m[3]];
    let scaled = |m: [f64; 3]| m.map(|s| settings.delta * s);
    let asked = |noise: &&MeasuredNoise| noise.source == settings.noise;
    let (measured, stderr) = match (learned.setup.noise.as_ref().filter(asked), &learned.force) {
        (Some(noise), _) => (upper(&noise.z), upper(&noise.z_stderr)),
        (None, Some(force)) => (
            scaled(upper(&force.covariance)),
            scaled(upper(&force.covariance_stderr)),
        ),
        (None, None) => return None,
    };
    let heavy = settings.mass.is_some();
    Some(Ellipses {
        coordinates: [0, 1].map(|c: usize| model.coordinates[c].name.clone()),
        measured,
        stderr,
        predicted: predicted(learned, bins, first, learned.force.as_ref()).map(scaled),
        friction: (!heavy).then(|| dissipated(learned)),
    })
}

/// `T (1 - C^2)/delta`: what friction takes away of momenta that are all as hot, for unit mass.
fn dissipated(learned: &Learned<'_>) -> [f64; 3] {
    let damping = &learned.settings().damping;
    let kt = damping.temperature(&learned.momenta);
    [(0, 0), (0, 1), (1, 1)].map(|(i, j)| {
        let square: f64 = (0..2)
            .map(|k| damping.decay(i, k) * damping.decay(k, j))
            .sum();
        let one = if i == j { 1.0 } else { 0.0 };
        kt * (one - square) / damping.delta()
    })
}

/// `S` over places spread like the samples but evenly within their bins.
fn predicted(
    learned: &Learned<'_>,
    bins: &OnBins,
    first: &Estimate,
    force: Option<&ForceFit>,
) -> Option<[f64; 3]> {
    let potential = &learned.setup.potential;
    let fit = first.fit.as_ref().or(force.map(|force| &force.fit))?;
    if !potential.is_formula() {
        return None;
    }
    let widths = [0, 1].map(|c: usize| bins.mesh().axes()[c].grid.width());
    let (mut along, mut gone, mut taken) = ([Vec::new(), Vec::new()], 0.0, 0);
    for (at, share) in bins.density.iter().enumerate() {
        gone += share;
        let centre = bins.point(at);
        while taken < PLANE_PLACES && (taken as f64 + 0.5) < gone * PLANE_PLACES as f64 {
            let offset = PLANE_RATIOS.map(|ratio| even(taken, ratio) - 0.5);
            taken += 1;
            let place = [0, 1].map(|c: usize| centre[c] + offset[c] * widths[c]);
            if fit.covers(&place) {
                (0..2).for_each(|c| along[c].push(place[c]));
            }
        }
    }
    let count = along[0].len();
    let points = along.concat();
    let (g, u) = (potential.slope(&points), first.form.slopes(&points));
    let r: Vec<f64> = g.iter().zip(&u).map(|(g, u)| g - u).collect();
    let product = |i: usize, j: usize| {
        let pairs = (0..count).map(|k| r[i * count + k] * r[j * count + k]);
        pairs.sum::<f64>() / count as f64
    };
    (count > 0).then(|| [product(0, 0), product(0, 1), product(1, 1)])
}
