//! How far the sums of two ensembles are apart.

use super::Sums;
use super::averages::Average;
use super::sums::Batch;
use serde::Serialize;

/// Distances between ensembles, with standard errors by the jackknife.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Distances {
    /// Root mean square over looks and coordinates between mean paths (Li & Tao 2024, eq. (4.3)), in
    /// the unit of the coordinates.
    pub mean_path: Average,
    /// The same between normalised autocorrelations (eq. (4.4)), over lags up to half of the time.
    pub acf: Average,
    /// The total variation between the laws of positions over all looks: half the sum of absolute
    /// differences of the shares of bins; above two coordinates that of the worst one alone.
    pub density: Average,
}

/// The distances of two ensembles that were looked at at the same times, in the same bins; `None`
/// where one of them has no trajectory that stays finite.
pub fn distances(a: &Sums, b: &Sums) -> Option<Distances> {
    let whole = plain(a, b, None)?;
    let batches = a.batches.len().min(b.batches.len());
    let without: Vec<[f64; 3]> = (0..batches)
        .filter_map(|batch| plain(a, b, Some(batch)))
        .collect();
    let estimate = |k: usize| {
        let n = without.len() as f64;
        let mean = without.iter().map(|found| found[k]).sum::<f64>() / n;
        let squares: f64 = without.iter().map(|found| (found[k] - mean).powi(2)).sum();
        let enough = without.len() == batches && batches > 1;
        Average {
            value: whole[k],
            stderr: match enough {
                true => (squares * (n - 1.0) / n).sqrt(),
                false => f64::NAN,
            },
        }
    };
    Some(Distances {
        mean_path: estimate(0),
        acf: estimate(1),
        density: estimate(2),
    })
}

/// The three distances, without one batch of each.
fn plain(a: &Sums, b: &Sums, without: Option<usize>) -> Option<[f64; 3]> {
    let [ta, tb] = [a.total(without)?, b.total(without)?];
    let over = |f: &dyn Fn(&Sums, &Batch, usize) -> Vec<f64>| {
        let (mut squares, mut count) = (0.0, 0.0);
        for c in 0..a.dimension {
            for (x, y) in f(a, &ta, c).iter().zip(f(b, &tb, c)) {
                squares += (x - y).powi(2);
                count += 1.0;
            }
        }
        f64::sqrt(squares / count)
    };
    let pairs = ta.counts.iter().zip(&tb.counts);
    let apart = pairs.map(|(x, y)| total_variation(x, y));
    Some([
        over(&Sums::mean_path),
        over(&Sums::correlation),
        apart.fold(0.0, f64::max),
    ])
}

fn total_variation(a: &[f64], b: &[f64]) -> f64 {
    let (na, nb): (f64, f64) = (a.iter().sum(), b.iter().sum());
    let pairs = a.iter().zip(b);
    0.5 * pairs.map(|(a, b)| (a / na - b / nb).abs()).sum::<f64>()
}
