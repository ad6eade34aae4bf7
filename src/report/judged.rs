//! Whether distances are within what is tolerated: with errors that are too large, nobody can tell.

use super::comparison::{Comparison, bar};
use super::number::significant;
use crate::surrogate::Average;
use serde::Serialize;

/// A distance beside its noise floor, that of the full model from itself with another seed.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Measured {
    /// The distance.
    pub value: f64,
    /// The floor.
    pub floor: f64,
    /// The standard error of the distance.
    pub stderr: f64,
    /// That of the floor.
    pub floor_stderr: f64,
}

impl Measured {
    /// A distance and its floor.
    pub fn of(value: Average, floor: Average) -> Measured {
        Measured {
            value: value.value,
            floor: floor.value,
            stderr: value.stderr,
            floor_stderr: floor.stderr,
        }
    }

    /// Two standard errors of the difference, zero where they are not known.
    fn doubt(&self) -> f64 {
        let doubt = 2.0 * self.stderr.hypot(self.floor_stderr);
        if doubt.is_finite() { doubt } else { 0.0 }
    }

    /// Whether it is not above the floor by more than two standard errors.
    pub fn at_floor(&self) -> bool {
        self.value <= self.floor + self.doubt()
    }

    /// Whether it is beyond its floor by no more than `allowed`, doubt counting in its favour;
    /// `None` where the doubt is larger than that, so that it would hide as much, or where there is
    /// no number.
    pub fn within(&self, allowed: f64) -> Option<bool> {
        let beyond = self.value - self.floor;
        match beyond - self.doubt() > allowed {
            true => Some(false),
            false if beyond.is_finite() && self.doubt() <= allowed => Some(true),
            false => None,
        }
    }
}

impl Comparison {
    /// The distances with their names, whether each is within the tolerance, and that.
    fn judged(&self) -> [(&'static str, Measured, Option<bool>, f64); 3] {
        let named = [
            ("mean path", self.mean_path, self.width),
            ("autocorrelation", self.acf, 1.0),
            ("density", self.density, 1.0),
        ];
        named.map(|(name, m, unit)| {
            let allowed = self.tolerance * unit;
            (name, m, m.within(allowed), allowed)
        })
    }

    /// Whether errors are small enough to tell: one distance that is surely too large is enough.
    pub fn told(&self) -> bool {
        let judged = self.judged();
        let is = |wanted| move |row: &&(_, _, Option<bool>, _)| row.2 == wanted;
        judged.iter().any(|row| is(Some(false))(&row)) || !judged.iter().any(|row| is(None)(&row))
    }

    /// What is beyond the tolerance, in words.
    pub fn why(&self) -> String {
        if self.left {
            let share = self.outside.unwrap_or(f64::NAN);
            return format!(
                "{} % of the positions of {} lie outside of where it was learned",
                significant(100.0 * share, 2),
                self.learned_potential
            );
        }
        let told = self.told();
        let judged = self.judged().into_iter();
        let beyond = judged.filter(|(_, _, within, _)| match told {
            true => *within == Some(false),
            false => within.is_none(),
        });
        let words = beyond.map(|(name, m, _, allowed)| match told {
            true => format!(
                "{name} off by {} where its floor is {}",
                significant(m.value, 2),
                significant(m.floor, 2)
            ),
            false => format!(
                "{name} off by {} where {} beyond its floor is allowed",
                bar(m.value, m.stderr),
                significant(allowed, 2)
            ),
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// The verdict in capitals.
    pub fn verdict(&self) -> &'static str {
        match (self.holds, self.at_floor) {
            (true, true) => "HOLDS: AT THE FLOOR",
            (true, false) => "HOLDS",
            (false, _) if self.left => "LEFT THE BOX",
            (false, _) if !self.told() => "NOT TOLD",
            (false, _) => "OUT OF RANGE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn off(value: f64, stderr: f64) -> Measured {
        Measured {
            value,
            stderr,
            floor: 0.0,
            floor_stderr: 0.0,
        }
    }

    #[test]
    fn an_error_larger_than_the_tolerance_excuses_nothing() {
        let rows = [
            (off(0.05, 0.01), Some(true)),
            (off(0.12, 0.02), Some(true)),
            (off(0.2, 0.02), Some(false)),
            (off(0.05, 10.0), None),
            (off(0.2, 0.06), None),
            (off(2.6e6, 3e6), None),
            (off(f64::NAN, 0.0), None),
            (off(f64::INFINITY, 0.0), Some(false)),
        ];
        for (measured, within) in rows {
            assert_eq!(measured.within(0.1), within, "{measured:?}");
        }
        let mut result = Comparison {
            tolerance: 0.1,
            width: 1.0,
            mean_path: off(2.6e6, 3e6),
            ..Comparison::default()
        };
        assert_eq!(result.verdict(), "NOT TOLD");
        result.acf = off(0.5, 0.01);
        assert_eq!(result.verdict(), "OUT OF RANGE");
        result.left = true;
        assert_eq!(result.verdict(), "LEFT THE BOX");
    }
}
