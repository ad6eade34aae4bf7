//! Whether a potential repeats after the periods that its coordinates declare.

use super::verdict::place;
use super::{Potential, Settings};
use crate::diagnostic::Diagnostic;
use crate::dynamics::Streams;
use crate::graph::number;
use crate::report::number::significant;

/// Points at which V is compared with itself a period further.
const POINTS: usize = 64;
/// A difference of this part of the range of V is no rounding any more: the phase of a wave of
/// wavenumber 1e6 is known to 1e-10.
const ROUNDING: f64 = 1e-8;
/// A difference of this part is no small scale any more.
const LARGE: f64 = 1e-2;
/// The stream of random numbers of the points.
const STREAM: u64 = (1 << 40) + 7;

/// A message for the first periodic coordinate after whose period V is another: an error where the
/// difference is large, and a warning where only a small scale is cut at the seam.
pub(super) fn seam(potential: &Potential, settings: &Settings) -> Option<Diagnostic> {
    // A noisy value never repeats.
    if !potential.is_formula() {
        return None;
    }
    let coordinates = &potential.model.coordinates;
    let mut stream = Streams::new(settings.seed).stream(STREAM);
    let mut points = vec![0.0; coordinates.len() * POINTS];
    for (c, coordinate) in coordinates.iter().enumerate() {
        for x in &mut points[c * POINTS..][..POINTS] {
            *x = match coordinate.period {
                Some(length) => length * (stream.uniform() - 0.5),
                None => settings.start.as_ref().map_or(0.0, |start| start[c]),
            };
        }
    }
    let here = potential.curve(&points);
    let finite = || here.iter().filter(|v| v.is_finite());
    let highest = finite().copied().fold(f64::NEG_INFINITY, f64::max);
    let lowest = finite().copied().fold(f64::INFINITY, f64::min);
    let range = highest - lowest + 1e-6 * highest.abs().max(lowest.abs());
    for (c, coordinate) in coordinates.iter().enumerate() {
        let Some(length) = coordinate.period else {
            continue;
        };
        let mut further = points.clone();
        further[c * POINTS..][..POINTS]
            .iter_mut()
            .for_each(|x| *x += length);
        let there = potential.curve(&further);
        let apart = |at: &usize| (here[*at] - there[*at]).abs();
        let worst = (0..POINTS).filter(|at| apart(at).is_finite());
        let Some(worst) = worst.max_by(|a, b| apart(a).total_cmp(&apart(b))) else {
            continue;
        };
        let off = apart(&worst);
        if off <= ROUNDING * range {
            continue;
        }
        let at: Vec<f64> = (0..coordinates.len())
            .map(|c| points[c * POINTS + worst])
            .collect();
        let message = format!(
            "{} does not repeat after the period {} of {}: from {} it changes by {}",
            potential.model.name,
            significant(length, 6),
            coordinate.name,
            place(&at, 4),
            significant(off, 3)
        );
        let help = format!(
            "write waves that fit into the period, such as `sin({}*{})`; or leave the period out",
            number(std::f64::consts::TAU / length * 10.0),
            coordinate.name
        );
        return Some(match off > LARGE * range {
            true => Diagnostic::error("not-periodic", message).help(help),
            false => Diagnostic::warning("not-periodic", message).help(help),
        });
    }
    None
}
