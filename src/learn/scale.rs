//! Formulas of the damped map: its length, temperature, momentum and what they should be.
//!
//! The map is (3.2) of Li & Tao 2024 in one coordinate with unit mass: `x = q + delta/2 p`,
//! `p⁺ = c p - delta V'(x)`, `q⁺ = x + delta/2 p⁺`, with `c = exp(-gamma delta)`. `delta` is a
//! time, `gamma` a rate; `s2` is the variance of the unresolved force, `P = E[p^2]`.

/// `c = exp(-gamma delta)`, the part of the momentum that a step keeps (dimensionless).
pub fn decay(delta: f64, gamma: f64) -> f64 {
    (-gamma * delta).exp()
}

// 1 - c^k without cancellation for small gamma delta.
fn lost(delta: f64, gamma: f64, k: f64) -> f64 {
    -(-k * gamma * delta).exp_m1()
}

/// The length below which structure disappears, `l = delta sqrt(P)`, with `k_t = P` the variance
/// of the momentum (energy for unit mass). Waves of wavenumber `k` survive as
/// [`survival_x`](super::transfer::survival_x)`(k l)`.
pub fn resolution_length(delta: f64, k_t: f64) -> f64 {
    delta * k_t.sqrt()
}

/// The least temperature at which the map can smooth over the length `l`: `l sqrt(s2)/2`.
///
/// From `P^2 = l^2 s2/(1 - c^2)` and `kT = (1 + c) P/2`: `kT = l sqrt(s2)/2 *
/// sqrt((1 + c)/(1 - c))`, least where no momentum is kept.
pub fn kt_bound(l: f64, s2: f64) -> f64 {
    0.5 * l * s2.sqrt()
}

/// The variance of the momentum under an uncorrelated unresolved force,
/// `P = delta^2 s2/(1 - c^2)`: the stationary variance of `p⁺ = c p + noise`, and the discrete
/// form of Li & Tao 2024, (3.4) with (2.7).
pub fn momentum_variance(delta: f64, gamma: f64, s2: f64) -> f64 {
    delta * delta * s2 / lost(delta, gamma, 2.0)
}

/// The inverse temperature of the density of `x`: `beta = 2/((1 + c) P)`.
///
/// From the identity `E[x V'(x)] = (1 + c) P/2`, which the stationary map obeys for every V; it
/// replaces `beta = 1/P` of Li & Tao 2024, (3.5).
pub fn beta(delta: f64, gamma: f64, momentum_variance: f64) -> f64 {
    2.0 / ((1.0 + decay(delta, gamma)) * momentum_variance)
}

/// The ratio of the temperature of `x` to the one that Li & Tao 2024, (3.5), takes: to leading
/// order `1 + gamma delta/2 + delta^2 k/4` in a harmonic well of curvature `k`.
pub fn paper_bias(delta: f64, gamma: f64, curvature: f64) -> f64 {
    1.0 + 0.5 * gamma * delta + 0.25 * delta * delta * curvature
}

/// The stationary variances of the map in a harmonic well with uncorrelated unresolved force.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Harmonic {
    /// `E[p^2] = delta^2 s2/(1 - c^2)/(1 - h/(2 (1 + c)))` with `h = delta^2 k`.
    pub p: f64,
    /// `E[q^2] = delta^2 s2/(2 k (1 - c))`, about the minimum.
    pub q: f64,
    /// `E[x^2] = E[q^2]/(1 - h/(2 (1 + c)))`.
    pub x: f64,
}

/// The variances in a well of curvature `k`, exact at any step; `None` where the map is unstable,
/// `delta^2 k >= 2 (1 + c)`, or the curvature is not positive.
pub fn harmonic(delta: f64, gamma: f64, s2: f64, curvature: f64) -> Option<Harmonic> {
    let slack = 1.0 - delta * delta * curvature / (2.0 * (1.0 + decay(delta, gamma)));
    if !(slack > 0.0 && curvature > 0.0) {
        return None;
    }
    let q = delta * delta * s2 / (2.0 * curvature * lost(delta, gamma, 1.0));
    Some(Harmonic {
        p: momentum_variance(delta, gamma, s2) / slack,
        q,
        x: q / slack,
    })
}

/// The excess kurtosis to expect of the momentum when the unresolved force has excess kurtosis
/// `force` (-1.5 for one sine): `force (1 - c^2)/(1 + c^2)`, from `p = -delta sum_j c^j g_j` with
/// independent `g_j`. More than 0.15 above it is the sign of trapping.
pub fn momentum_kurtosis(delta: f64, gamma: f64, force: f64) -> f64 {
    let c2 = decay(delta, gamma).powi(2);
    force * lost(delta, gamma, 2.0) / (1.0 + c2)
}

/// How chaotic the unresolved scale is: `K = delta^2 |V''|` of that scale (dimensionless). Noise
/// from 5 on, white from about 12 on; below 4 lanes get trapped.
pub fn chaos(delta: f64, curvature: f64) -> f64 {
    delta * delta * curvature.abs()
}

/// The friction that gives temperature `k_t` in the limit of small steps,
/// `gamma = delta s2/(2 kT)`: Li & Tao 2024, (2.7) with the variance of (3.4).
pub fn friction(delta: f64, s2: f64, k_t: f64) -> f64 {
    delta * s2 / (2.0 * k_t)
}

/// About how many independent samples `steps` steps are worth: `steps (1 - c)`, about
/// `steps gamma delta`.
pub fn independent_samples(steps: f64, delta: f64, gamma: f64) -> f64 {
    steps * lost(delta, gamma, 1.0)
}

/// The step and friction that smooth over the length `l` at temperature `k_t` (that of `x`,
/// `1/beta`) under an unresolved force of variance `s2`; `None` where `k_t` is not above
/// [`kt_bound`] or an argument is not positive.
///
/// With `r = (kT/bound)^2 = (1 + c)/(1 - c)`: `c = (r - 1)/(r + 1)`, `P = 2 kT/(1 + c)`,
/// `delta = l/sqrt(P)`, `gamma = -log(c)/delta`.
pub fn resolve(l: f64, k_t: f64, s2: f64) -> Option<(f64, f64)> {
    let bound = kt_bound(l, s2);
    if !(l > 0.0 && bound > 0.0 && k_t > bound) {
        return None;
    }
    let r = (k_t / bound).powi(2);
    let c = (r - 1.0) / (r + 1.0);
    let delta = l / (2.0 * k_t / (1.0 + c)).sqrt();
    let gamma = -(-2.0 / (r + 1.0)).ln_1p() / delta;
    (delta.is_normal() && gamma.is_normal()).then_some((delta, gamma))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a / b - 1.0).abs() < 1e-12
    }

    #[test]
    fn the_harmonic_variances_solve_the_stationary_equations() {
        // One step is linear, z⁺ = A z + b e with z = (q, p): the covariance must map to itself.
        let (delta, gamma, s2, k) = (0.5, 0.1, 0.7, 1.3);
        let c = decay(delta, gamma);
        let v = harmonic(delta, gamma, s2, k).unwrap();
        // p⁺ = c p - delta k (q + delta p/2) - delta e; q⁺ = q + delta p/2 + delta p⁺/2.
        let (pq, pp) = (-delta * k, c - delta * delta * k / 2.0);
        let (qq, qp) = (1.0 + delta * pq / 2.0, delta / 2.0 * (1.0 + pp));
        let noise = [-delta * delta / 2.0, -delta];
        // By symmetry q and p are uncorrelated at the full step (checked by the third equation).
        let q = qq * qq * v.q + qp * qp * v.p + noise[0] * noise[0] * s2;
        let p = pq * pq * v.q + pp * pp * v.p + noise[1] * noise[1] * s2;
        let cross = qq * pq * v.q + qp * pp * v.p + noise[0] * noise[1] * s2;
        assert!(close(q, v.q) && close(p, v.p), "{q} {p} {v:?}");
        assert!(cross.abs() < 1e-12, "{cross}");
        assert!(close(v.x, v.q + delta * delta / 4.0 * v.p));
        // E[x V'] = k E[x^2] = (1 + c) P/2 = 1/beta, and the paper's ratio to leading order.
        assert!(close(k * v.x * beta(delta, gamma, v.p), 1.0));
        // Terms of second order in gamma delta/2 + delta^2 k/4 = 0.106 remain: about 0.011.
        let ratio = v.p / (k * v.q);
        assert!(
            (ratio - paper_bias(delta, gamma, k)).abs() < 0.02,
            "{ratio}"
        );
    }

    #[test]
    fn a_resolved_length_is_what_was_asked_for() {
        let (l, s2) = (0.84, 0.5);
        for k_t in [0.3, 1.0, 40.0] {
            let (delta, gamma) = resolve(l, k_t, s2).unwrap();
            let p = momentum_variance(delta, gamma, s2);
            assert!(close(resolution_length(delta, p), l));
            assert!(close(1.0 / beta(delta, gamma, p), k_t));
        }
        assert_eq!(resolve(l, kt_bound(l, s2), s2), None);
        assert_eq!(resolve(l, f64::NAN, s2), None);
        assert_eq!(resolve(l, 1.0, 0.0), None);
    }

    #[test]
    fn small_frictions_do_not_cancel() {
        // momentum_variance -> delta s2/(2 gamma), which `friction` inverts.
        let (delta, gamma) = (1e-3, 1e-12);
        let p = momentum_variance(delta, gamma, 1.0);
        assert!((friction(delta, 1.0, p) / gamma - 1.0).abs() < 1e-12);
        assert!((momentum_kurtosis(delta, gamma, -1.5) / (-1.5e-15) - 1.0).abs() < 1e-12);
        assert!((independent_samples(1e9, delta, gamma) / 1e-6 - 1.0).abs() < 1e-12);
        assert!(harmonic(2.0, 0.0, 1.0, 1.0).is_none());
        assert_eq!(chaos(0.5, -20.0), 5.0);
    }
}
