//! How much of a wave survives in the density that the damped map samples, and the low-pass
//! kernel that this amounts to.
//!
//! A component of V with wavenumber `k` appears in the effective potential multiplied by
//! `R(k l)`, with `l = delta sigma_p` the length that the map moves in one step. Linear response
//! of the map (3.2) of Li & Tao 2024 to a small wave, driven by white noise.

use std::f64::consts::PI;

/// Below this the expansion for small arguments is exact to rounding (its first neglected term
/// is below 1e-17), above it at most 180 terms are summed.
const SMALL: f64 = 0.05;

/// `R_x(a) = a^2 sum_{m>=1} m exp(-a^2 m^2/2)`: what survives in the density of the half-step
/// position `x`, where the gradient is taken. Even in `a` (dimensionless, `a = k l`); 1 at 0.
pub fn survival_x(a: f64) -> f64 {
    if a.abs() < SMALL {
        let s = a * a;
        // Euler-Maclaurin: every power above the first is the next Bernoulli number's.
        return 1.0 - s * (1.0 / 12.0 + s * (1.0 / 240.0 + s * (1.0 / 2016.0 + s / 11520.0)));
    }
    lattice_sum(a, 0.0)
}

/// `R_q(a) = a^2 sum_{m>=1} (m - 1/2) exp(-a^2 (m - 1/2)^2/2)`: what survives in the density of
/// the full-step position `q`. Overshoots 1 by up to 45 %. Even in `a` (dimensionless); 1 at 0.
pub fn survival_q(a: f64) -> f64 {
    if a.abs() < SMALL {
        let s = a * a;
        let tail = 31.0 / 64512.0 + s * 127.0 / 1_474_560.0;
        return 1.0 + s * (1.0 / 24.0 + s * (7.0 / 1920.0 + s * tail));
    }
    lattice_sum(a, 0.5)
}

fn lattice_sum(a: f64, shift: f64) -> f64 {
    // Nothing is left beyond: exp(-40^2/8) is 1e-87.
    if a.abs() > 40.0 {
        return 0.0;
    }
    // exp(-a^2 m^2/2) < 3e-18 beyond a m = 9.
    let last = (9.0 / a.abs() + 1.0).ceil() as usize;
    let term = |m: usize| {
        let t = a * (m as f64 - shift);
        t * (-0.5 * t * t).exp()
    };
    a.abs() * (1..=last).rev().map(|m| term(m).abs()).sum::<f64>()
}

/// The kernel `w(z)` whose Fourier transform is `R_x`, for unit length, as a table.
///
/// `w(z) = (1/pi) int_0^inf R_x(a) cos(a z) da`, even, with unit integral and vanishing first
/// moment, not of one sign; `int z^2 w = 1/6`. Its tail oscillates and falls like
/// `exp(-2.55 z^(2/3))`, so that a mass of 1e-9 lies beyond about 23 lengths.
#[derive(Clone, Debug)]
pub struct Kernel {
    values: Vec<f64>,
    slopes: Vec<f64>,
    cutoff: f64,
}

/// Table entries for each unit of z: cubic Hermite interpolation errs by at most
/// `width^4/384` times the fourth derivative, 15/sqrt(2 pi): 6e-11.
const DENSITY: usize = 128;
/// The end of the table: |w| is below 1e-13 there.
const END: usize = 40;

impl Kernel {
    /// The kernel, cut off where the integral of `|w|` beyond falls under `tail` (both sides
    /// together; 1e-9 is a good choice, and what is not in `[1e-12, 0.1]` is moved there).
    pub fn new(tail: f64) -> Kernel {
        let entries = END * DENSITY + 1;
        let mut values = Vec::with_capacity(entries);
        let mut slopes = Vec::with_capacity(entries);
        // R_x is smooth and even, so the trapezoid rule errs only by the copies of w at distance
        // 2 pi/step = 126, which are below 1e-19 within the table.
        let step = 0.05;
        let nodes: Vec<(f64, f64)> = (0..=200)
            .map(|i| i as f64 * step)
            .map(|a| {
                (
                    a,
                    survival_x(a) * step / PI * if a == 0.0 { 0.5 } else { 1.0 },
                )
            })
            .collect();
        for i in 0..entries {
            let z = i as f64 / DENSITY as f64;
            let (mut value, mut slope) = (0.0, 0.0);
            for (a, weight) in &nodes {
                let (sin, cos) = (a * z).sin_cos();
                value += weight * cos;
                slope -= weight * a * sin;
            }
            values.push(value);
            slopes.push(slope);
        }
        let cutoff = cutoff(&values, tail.clamp(1e-12, 0.1));
        Kernel {
            values,
            slopes,
            cutoff,
        }
    }

    /// The distance in lengths beyond which the kernel counts as zero.
    pub fn cutoff(&self) -> f64 {
        self.cutoff
    }

    /// `w(z)`; 0 beyond the cut-off, NaN for NaN.
    #[inline]
    pub fn value(&self, z: f64) -> f64 {
        self.hermite(z).0
    }

    /// `w'(z)`; 0 beyond the cut-off, NaN for NaN.
    #[inline]
    pub fn slope(&self, z: f64) -> f64 {
        self.hermite(z).1 * z.signum()
    }

    // Value and slope at |z| by cubic Hermite interpolation.
    #[inline]
    fn hermite(&self, z: f64) -> (f64, f64) {
        let t = z.abs() * DENSITY as f64;
        if z.abs() > self.cutoff {
            return (0.0, 0.0);
        }
        // NaN becomes entry 0 and stays NaN through u; the cut-off lies inside the table.
        let i = (t as usize).min(self.values.len() - 2);
        let (u, h) = (t - i as f64, 1.0 / DENSITY as f64);
        let (a, b) = (self.values[i], self.values[i + 1]);
        let (da, db) = (self.slopes[i] * h, self.slopes[i + 1] * h);
        let (p, q) = (3.0 * (b - a) - 2.0 * da - db, 2.0 * (a - b) + da + db);
        (
            a + u * (da + u * (p + u * q)),
            (da + u * (2.0 * p + 3.0 * u * q)) / h,
        )
    }
}

// Walks in from the end of the table until the mass beyond, on both sides, reaches the tail.
fn cutoff(values: &[f64], tail: f64) -> f64 {
    let mut mass = 0.0;
    for (i, value) in values.iter().enumerate().rev() {
        mass += 2.0 * value.abs() / DENSITY as f64;
        if mass > tail {
            return ((i + 1).min(values.len() - 1)) as f64 / DENSITY as f64;
        }
    }
    END as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_survival_agree_where_they_meet() {
        let direct = |a: f64, shift: f64| lattice_sum(a, shift);
        for a in [0.01, 0.03, 0.0499] {
            assert!((survival_x(a) - direct(a, 0.0)).abs() < 1e-14);
            assert!((survival_q(a) - direct(a, 0.5)).abs() < 1e-14);
        }
        assert_eq!((survival_x(0.0), survival_q(0.0)), (1.0, 1.0));
        assert_eq!(survival_x(2.0), survival_x(-2.0));
        assert_eq!((survival_x(f64::INFINITY), survival_q(1e300)), (0.0, 0.0));
        assert!(survival_x(f64::NAN).is_nan());
        // 4 (e^-2 + 2 e^-8 + 3 e^-18 + ...) at a = 2.
        let two = 4.0 * ((-2f64).exp() + 2.0 * (-8f64).exp() + 3.0 * (-18f64).exp());
        assert!((survival_x(2.0) - two).abs() < 1e-12);
    }

    #[test]
    fn the_kernel_is_the_sum_of_its_closed_terms() {
        // a^2 m exp(-a^2 m^2/2) is the transform of (1 - z^2/m^2) exp(-z^2/(2 m^2))/m^2 /sqrt(2 pi).
        // The sum over m falls like 1/m^2: with M terms, a remainder 1/M (to 1/M^3) is added.
        let kernel = Kernel::new(1e-9);
        let terms = 20_000;
        for z in [0.0, 0.3, 1.0, 2.5, 6.0] {
            let sum: f64 = (1..=terms)
                .rev()
                .map(|m| {
                    let r = z / f64::from(m);
                    (1.0 - r * r) * (-0.5 * r * r).exp() / f64::from(m).powi(2)
                })
                .sum();
            let exact = (sum + 1.0 / (f64::from(terms) + 0.5)) / (2.0 * PI).sqrt();
            // The bound of the interpolation, 6e-11; the remainder of the sum is smaller.
            assert!((kernel.value(z) - exact).abs() < 1e-10, "{z}");
            assert_eq!(kernel.value(-z), kernel.value(z));
            assert_eq!(kernel.slope(-z), -kernel.slope(z));
        }
    }

    #[test]
    fn the_transform_of_the_kernel_is_the_survival() {
        let kernel = Kernel::new(1e-9);
        let h = 1.0 / 100.0;
        let transform = |a: f64, f: &dyn Fn(f64) -> f64| -> f64 {
            let n = (kernel.cutoff() / h) as i32;
            (-n..=n)
                .map(|i| f64::from(i) * h)
                .map(|z| f(z) * (a * z).cos() * h)
                .sum()
        };
        for a in [0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0] {
            let got = transform(a, &|z| kernel.value(z));
            assert!((got - survival_x(a)).abs() < 3e-9, "{a}: {got}");
        }
        // The second moment is -R_x''(0) = 1/6; the cut-off costs 1e-9 * cutoff^2.
        let second = transform(0.0, &|z| z * z * kernel.value(z));
        assert!((second - 1.0 / 6.0).abs() < 1e-6, "{second}");
        // The slope is a derivative: int z w' = -1.
        let by_parts = transform(0.0, &|z| z * kernel.slope(z));
        assert!((by_parts + 1.0).abs() < 1e-6, "{by_parts}");
        assert!(kernel.cutoff() > 15.0 && kernel.cutoff() < 35.0);
        assert_eq!(kernel.value(kernel.cutoff() + 0.1), 0.0);
    }
}
