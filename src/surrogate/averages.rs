//! Averages over trajectories and time with their standard errors, and the drift of an energy.

use crate::dynamics::Trajectories;
use crate::stats::{Moments, effective_sample_size};
use serde::Serialize;

/// Trajectories from which on their spread alone says how well an average is known.
const MANY: usize = 16;

/// An average; `stderr` is NaN where nothing says how well it is known.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Average {
    /// The average.
    pub value: f64,
    /// Its standard error.
    pub stderr: f64,
}

/// The average of a quantity over all trajectories, from a look on. `quantity` is given a group and
/// a look, and adds the numbers of its lanes. Trajectories that are not finite do not count.
pub fn average(
    trajectories: &Trajectories,
    from: usize,
    mut quantity: impl FnMut(usize, usize, &mut Vec<f64>),
) -> Average {
    let looks = trajectories.looks();
    let mut series: Vec<Vec<f64>> = Vec::new();
    let mut row = Vec::new();
    for group in 0..trajectories.groups() {
        let lanes = trajectories.lanes(group);
        let first = series.len();
        series.resize_with(first + lanes, || {
            Vec::with_capacity(looks.saturating_sub(from))
        });
        for look in from..looks {
            row.clear();
            quantity(group, look, &mut row);
            for (series, value) in series[first..].iter_mut().zip(&row) {
                series.push(*value);
            }
        }
    }
    series.retain(|series| !series.is_empty() && series.iter().all(|x| x.is_finite()));
    let means: Vec<f64> = series
        .iter()
        .map(|series| Moments::of(series).mean)
        .collect();
    let over = Moments::of(&means);
    let n = means.len() as f64;
    let stderr = match means.len() {
        0 => f64::NAN,
        MANY.. => (over.m2 / (n - 1.0) / n).sqrt(),
        _ => {
            let own = series.iter().map(|series| {
                let independent = effective_sample_size(series).unwrap_or(f64::NAN);
                Moments::of(series).variance() / independent
            });
            own.sum::<f64>().sqrt() / n
        }
    };
    Average {
        value: if means.is_empty() {
            f64::NAN
        } else {
            over.mean
        },
        stderr,
    }
}

/// How an energy that should stay the same changes.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Drift {
    /// The energy at the beginning, the mean over trajectories.
    pub energy: f64,
    /// The largest kinetic energy of any trajectory: what errors are relative to.
    pub scale: f64,
    /// The largest deviation from the energy at the beginning, over `scale`.
    pub largest: f64,
    /// The change over the whole run as a straight line has it, over `scale`: the mean over
    /// trajectories.
    pub trend: f64,
    /// Its standard error, from how far the energy is from that line, in eight stretches of time.
    pub trend_stderr: f64,
}

/// The drift of the sum of kinetic energy (one number a lane, for a group and a look) and potential;
/// `None` where no trajectory stays finite, or nothing moves.
pub fn drift(
    trajectories: &Trajectories,
    mut kinetic: impl FnMut(usize, usize, &mut Vec<f64>),
) -> Option<Drift> {
    let looks = trajectories.looks();
    let (mut scale, mut largest) = (0.0_f64, 0.0_f64);
    let mut total = vec![0.0; looks];
    let mut count = 0.0;
    let mut row = Vec::new();
    for group in 0..trajectories.groups() {
        let mut energies: Vec<Vec<f64>> =
            vec![Vec::with_capacity(looks); trajectories.lanes(group)];
        for look in 0..looks {
            row.clear();
            kinetic(group, look, &mut row);
            let potential = trajectories.potential(group, look);
            for ((energies, k), v) in energies.iter_mut().zip(&row).zip(potential) {
                if k.is_finite() {
                    scale = scale.max(*k);
                }
                energies.push(k + v);
            }
        }
        for energies in energies.iter().filter(|e| e.iter().all(|e| e.is_finite())) {
            count += 1.0;
            for (total, energy) in total.iter_mut().zip(energies) {
                *total += energy;
                largest = largest.max((energy - energies[0]).abs());
            }
        }
    }
    if count == 0.0 || scale == 0.0 || looks < 2 {
        return None;
    }
    let mean: Vec<f64> = total.iter().map(|sum| sum / count).collect();
    let (trend, trend_stderr) = line(&mean);
    Some(Drift {
        energy: mean[0],
        scale,
        largest: largest / scale,
        trend: trend / scale,
        trend_stderr: trend_stderr / scale,
    })
}

/// By how much a series changes from its begin to its end as a straight line has it, with the
/// standard error: residuals are averaged over stretches first, since they follow each other.
fn line(series: &[f64]) -> (f64, f64) {
    const STRETCHES: usize = 8;
    let n = series.len();
    let stretches = STRETCHES.min(n);
    let points: Vec<(f64, f64)> = (0..stretches)
        .map(|s| {
            let part = s * n / stretches..(s + 1) * n / stretches;
            let length = part.len() as f64;
            let middle = part.clone().map(|i| i as f64).sum::<f64>() / length;
            let mean = series[part].iter().sum::<f64>() / length;
            (middle / (n - 1).max(1) as f64, mean)
        })
        .collect();
    let count = points.len() as f64;
    let centre = |f: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / count;
    let (x0, y0) = (centre(&|p| p.0), centre(&|p| p.1));
    let squares: f64 = points.iter().map(|p| (p.0 - x0).powi(2)).sum();
    let slope = points.iter().map(|p| (p.0 - x0) * (p.1 - y0)).sum::<f64>() / squares;
    let rest = |p: &(f64, f64)| (p.1 - y0 - slope * (p.0 - x0)).powi(2);
    let rest: f64 = points.iter().map(rest).sum();
    (slope, (rest / (count - 2.0) / squares).sqrt())
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_line_has_its_change_and_no_error() {
        let series: Vec<f64> = (0..100).map(|i| 3.0 + 0.5 * f64::from(i) / 99.0).collect();
        let (change, error) = line(&series);
        assert!((change - 0.5).abs() < 1e-12 && error < 1e-12);
        // Noise without a trend has a change within three errors, but for 2.4 % of the times (Student's
        // t with six degrees of freedom): of 200, 14 would be four deviations too many.
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut noise = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 11) as f64 / (1u64 << 53) as f64 - 0.5
        };
        let beyond = (0..200).filter(|_| {
            let series: Vec<f64> = (0..400).map(|_| noise()).collect();
            let (change, error) = line(&series);
            change.abs() > 3.0 * error
        });
        assert!(beyond.count() < 14);
    }
}
