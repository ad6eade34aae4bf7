//! The structure function of the force: which scales a potential has, seen without dynamics.
//!
//! `S(r) = E|g(x + r u) - g(x)|^2/(2 d)` with `g = grad V`, `u` standard normal in `d` coordinates
//! and `x` drawn by the caller. A wave of reduced wavelength `eps` (wavenumber `1/eps`) whose force
//! has variance `s2` adds `s2 (1 - exp(-r^2/(2 eps^2)))`, what is smooth adds `a r^2`: so `S` rises
//! over each scale and is flat between two that are far apart. The heights of the plateaus are the
//! variances of the force of all scales below, summed; the rises between them tell `eps`.
//!
//! The same differences as a matrix are the probe of the noise that the damped map (Li & Tao 2024,
//! eq. (3.2)) feels when it steps over those scales ([`super::probe`]).

mod plateaus;

pub use plateaus::{Plateau, Scales};

use crate::dynamics::Stream;

/// Neighbours on a grid of radii are this far apart: two steps are an octave.
pub const RATIO: f64 = std::f64::consts::SQRT_2;

/// A logarithmic grid of radii from `lo` to `hi` at least, in steps of [`RATIO`]; empty unless
/// both are positive and finite.
pub fn radii(lo: f64, hi: f64) -> Vec<f64> {
    if !(lo.is_normal() && hi.is_finite() && lo > 0.0) {
        return Vec::new();
    }
    let steps = ((hi / lo).ln() / RATIO.ln()).ceil().max(0.0) as i32;
    (0..=steps).map(|k| lo * RATIO.powi(k)).collect()
}

/// Points are shared out to so many blocks, which tell the errors of what is fitted.
const BLOCKS: usize = 32;

/// The structure function at one radius.
#[derive(Clone, PartialEq, Debug)]
pub struct Increment {
    /// The radius, a length.
    pub r: f64,
    /// `S(r)`, a force squared; NaN where no difference was finite.
    pub value: f64,
    /// Its standard error.
    pub stderr: f64,
    /// The part of the points where the gradient was finite here and at the start, from 0 to 1.
    pub finite: f64,
    /// `S(r)` of every block of points.
    blocks: Vec<f64>,
}

/// The structure function on a logarithmic grid of radii.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Structure {
    /// By radius, ascending.
    pub increments: Vec<Increment>,
    /// The mean square of the gradient per coordinate at the starting points.
    pub force: f64,
    /// Gradients that were asked for.
    pub evaluations: u64,
}

/// Gradients at many points (shapes: coordinates, points).
pub type Slopes<'a> = &'a mut dyn FnMut(&[f64], &mut [f64]);

/// Measures the structure function at `points` (shape: coordinates, points; independent draws of
/// where the potential is of interest) and radii in steps of [`RATIO`], each point with a direction
/// of its own.
///
/// Points where a gradient is not finite are left out. Standard errors take the points as
/// independent.
pub fn structure(
    points: &[f64],
    dimension: usize,
    radii: &[f64],
    stream: &mut Stream,
    slopes: Slopes<'_>,
) -> Structure {
    let count = points.len() / dimension.max(1);
    let directions: Vec<f64> = points.iter().map(|_| stream.normal()).collect();
    let mut base = vec![f64::NAN; points.len()];
    slopes(points, &mut base);
    let mut there = vec![f64::NAN; points.len()];
    let mut displaced = vec![0.0; points.len()];
    let mut increments = Vec::with_capacity(radii.len());
    for &r in radii {
        for ((to, x), u) in displaced.iter_mut().zip(points).zip(&directions) {
            *to = x + r * u;
        }
        slopes(&displaced, &mut there);
        let squares = squares(&base, &there, count, dimension);
        let (value, stderr, finite) = mean(squares.iter().copied());
        let blocks = squares.chunks(count.div_ceil(BLOCKS).max(1));
        increments.push(Increment {
            r,
            value,
            stderr,
            finite: finite / count.max(1) as f64,
            blocks: blocks.map(|block| mean(block.iter().copied()).0).collect(),
        });
    }
    let force = mean(base.iter().map(|g| g * g)).0;
    Structure {
        increments,
        force,
        evaluations: (count * (radii.len() + 1)) as u64,
    }
}

/// By point, `|g' - g|^2/(2 d)`.
fn squares(base: &[f64], there: &[f64], count: usize, dimension: usize) -> Vec<f64> {
    let mut sums = vec![0.0; count];
    if count == 0 {
        return sums;
    }
    for (base, there) in base.chunks(count).zip(there.chunks(count)) {
        for ((sum, a), b) in sums.iter_mut().zip(base).zip(there) {
            *sum += (b - a).powi(2);
        }
    }
    let scale = 0.5 / dimension as f64;
    sums.iter_mut().for_each(|sum| *sum *= scale);
    sums
}

/// The mean of what is finite, its standard error, and how many that are; NaN for fewer than two.
fn mean(values: impl Iterator<Item = f64> + Clone) -> (f64, f64, f64) {
    let finite = values.filter(|x| x.is_finite());
    let n = finite.clone().count() as f64;
    if n < 2.0 {
        return (f64::NAN, f64::NAN, n);
    }
    let mean = finite.clone().sum::<f64>() / n;
    let spread: f64 = finite.map(|x| (x - mean).powi(2)).sum();
    (mean, (spread / (n * (n - 1.0))).sqrt(), n)
}

#[cfg(test)]
mod tests;
