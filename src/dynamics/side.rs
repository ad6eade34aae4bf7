//! Where lanes may be, coordinate by coordinate.

/// Where lanes may be along one coordinate.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Side {
    /// From.
    pub lo: f64,
    /// To.
    pub hi: f64,
    /// Whether positions are wrapped into it, or lost outside.
    pub periodic: bool,
}

impl Side {
    /// An interval to stay in.
    pub fn plain(lo: f64, hi: f64) -> Side {
        Side {
            lo,
            hi,
            periodic: false,
        }
    }

    /// The period, centred at zero.
    pub fn period(length: f64) -> Side {
        Side {
            lo: -0.5 * length,
            hi: 0.5 * length,
            periodic: true,
        }
    }

    /// Whether a lane at `x` is not lost: never for NaN.
    pub fn holds(&self, x: f64) -> bool {
        match self.periodic {
            true => x.is_finite(),
            false => x >= self.lo && x <= self.hi,
        }
    }

    /// `x`, in the period if there is one.
    pub fn wrap(&self, x: f64) -> f64 {
        if !self.periodic || (x >= self.lo && x < self.hi) {
            return x;
        }
        let length = self.hi - self.lo;
        let wrapped = x - length * ((x - self.lo) / length).floor();
        // Rounding may leave it on the far end, or before the near one.
        if wrapped >= self.hi || wrapped < self.lo {
            return self.lo;
        }
        wrapped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_half_open() {
        let side = Side::period(2.0);
        assert_eq!(side.wrap(1.0), -1.0);
        assert_eq!(side.wrap(-1.0), -1.0);
        assert_eq!(side.wrap(0.25), 0.25);
        assert_eq!(side.wrap(-3.75), 0.25);
        // Here the quotient is rounded up to the next whole number.
        let turn = Side::period(std::f64::consts::TAU);
        let wrapped = turn.wrap(8171.282491987051);
        assert!(wrapped >= turn.lo && wrapped < turn.hi, "{wrapped}");
        assert!(side.holds(1e9) && !side.holds(f64::NAN) && !side.holds(f64::INFINITY));
        let plain = Side::plain(0.0, 1.0);
        assert!(plain.holds(1.0) && !plain.holds(1.1) && !plain.holds(f64::NAN));
        assert_eq!(plain.wrap(7.0), 7.0);
    }
}
