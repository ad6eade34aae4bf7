//! Agreement between lanes that ran independently.

use super::Moments;

/// The split potential scale reduction factor R-hat over halves of lanes (dimensionless).
///
/// `halves` holds the moments of a quantity in the first and the second half of every lane, in
/// any order: each half counts as a chain, so a drift within lanes shows as well as a difference
/// between them (Gelman et al., "Bayesian Data Analysis", 3rd ed., section 11.4). About 1 where
/// the lanes agree; above 1.05 they have not seen the same distribution. `None` with fewer than
/// two halves of two samples each; infinite where halves are constant but differ.
pub fn split_r_hat(halves: &[Moments]) -> Option<f64> {
    let used: Vec<&Moments> = halves.iter().filter(|half| half.count > 1).collect();
    if used.len() < 2 {
        return None;
    }
    let chains = used.len() as f64;
    let length = used.iter().map(|half| half.count as f64).sum::<f64>() / chains;
    let within = used.iter().map(|half| half.variance()).sum::<f64>() / chains;
    let means: Vec<f64> = used.iter().map(|half| half.mean).collect();
    let between = Moments::of(&means).variance();
    if within == 0.0 && between == 0.0 {
        return Some(1.0);
    }
    Some((((length - 1.0) / length * within + between) / within).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn half(mean: f64, variance: f64) -> Moments {
        Moments {
            count: 101,
            mean,
            m2: 100.0 * variance,
            ..Moments::default()
        }
    }

    #[test]
    fn follows_its_definition() {
        // within 1, variance of the means 2: sqrt(100/101 + 2).
        let r = split_r_hat(&[half(1.0, 1.0), half(-1.0, 1.0)]).unwrap();
        assert!((r - (100.0 / 101.0 + 2.0_f64).sqrt()).abs() < 1e-14);
        let same = split_r_hat(&[half(3.0, 2.0); 8]).unwrap();
        assert!((same - (100.0 / 101.0_f64).sqrt()).abs() < 1e-14);
    }

    #[test]
    fn degenerate_cases_are_told() {
        assert_eq!(split_r_hat(&[half(0.0, 1.0)]), None);
        assert_eq!(split_r_hat(&[half(2.0, 0.0); 4]), Some(1.0));
        let stuck = split_r_hat(&[half(1.0, 0.0), half(2.0, 0.0)]).unwrap();
        assert_eq!(stuck, f64::INFINITY);
    }
}
