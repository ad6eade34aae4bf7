//! The cell problem of homogenisation in two coordinates: the mobility of a window of roughness.
//!
//! In a window, `div(rho grad u) = 0` with `rho = exp(-w/kT)` and `u = e.x` on the edge is solved
//! for two directions e. The mobility takes the mean slope to the mean flux over the mean of rho,
//! `<rho grad u>/<rho> = D <grad u>`, with means under a weight that falls to zero at the edge: what
//! the edge does to u fades within a wave or two, and does not count.

/// Nodes along a side of a window.
pub(super) const NODES: usize = 97;
/// Iterations of conjugate gradients at most.
const ITERATIONS: usize = 4000;
/// The residual that ends them, relative.
const RESIDUAL: f64 = 1e-8;

/// What a window says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// `Dxx`, `Dxy`, `Dyy`.
    pub mobility: [f64; 3],
    /// `log <exp(-w/kT)>` under the weight.
    pub log_mean: f64,
}

/// A window of `n` by `n` values of `w/kT` (the last axis fastest); `None` where one is not finite
/// or the solution is not found.
pub(super) fn window(w: &[f64], n: usize) -> Option<Window> {
    let least = w.iter().copied().fold(f64::INFINITY, f64::min);
    if !w.iter().all(|w| w.is_finite()) {
        return None;
    }
    let problem = Problem::new(w, n, least);
    let (along_x, along_y) = (problem.solve(0)?, problem.solve(1)?);
    let (slope_x, flux_x) = problem.means(&along_x);
    let (slope_y, flux_y) = problem.means(&along_y);
    // Columns of D S = J.
    let determinant = slope_x[0] * slope_y[1] - slope_y[0] * slope_x[1];
    let solve = |row: usize| {
        let (a, b) = (flux_x[row], flux_y[row]);
        [
            (a * slope_y[1] - b * slope_x[1]) / determinant,
            (b * slope_x[0] - a * slope_y[0]) / determinant,
        ]
    };
    let ([xx, xy], [yx, yy]) = (solve(0), solve(1));
    let mobility = [xx, 0.5 * (xy + yx), yy].map(|d| d / problem.density);
    mobility.iter().all(|d| d.is_finite()).then_some(Window {
        mobility,
        log_mean: problem.density.ln() - least,
    })
}

struct Problem {
    n: usize,
    /// Conductances of the edges from a node to the next along x, and along y.
    edges: [Vec<f64>; 2],
    /// The weight along a side, at nodes and between them.
    nodes: Vec<f64>,
    middles: Vec<f64>,
    /// The weighted mean of rho.
    density: f64,
}

impl Problem {
    fn new(w: &[f64], n: usize, least: f64) -> Problem {
        let hann = |t: f64| (std::f64::consts::PI * t).sin().powi(2);
        let side = (n - 1) as f64;
        let nodes: Vec<f64> = (0..n).map(|at| hann(at as f64 / side)).collect();
        let middles = (0..n - 1)
            .map(|at| hann((at as f64 + 0.5) / side))
            .collect();
        let (mut sum, mut mass) = (0.0, 0.0);
        let mut edges = [vec![0.0; n * n], vec![0.0; n * n]];
        for i in 0..n {
            for j in 0..n {
                let at = i * n + j;
                let weight = nodes[i] * nodes[j];
                mass += weight;
                sum += weight * (least - w[at]).exp();
                if i + 1 < n {
                    edges[0][at] = conductance(w[at] - least, w[at + n] - least);
                }
                if j + 1 < n {
                    edges[1][at] = conductance(w[at] - least, w[at + 1] - least);
                }
            }
        }
        Problem {
            n,
            edges,
            nodes,
            middles,
            density: sum / mass,
        }
    }

    /// `div(rho grad u)` at the inner nodes, with a minus.
    fn apply(&self, u: &[f64], out: &mut [f64]) {
        let n = self.n;
        let [across, along] = &self.edges;
        for i in 1..n - 1 {
            for at in i * n + 1..i * n + n - 1 {
                out[at] = across[at] * (u[at] - u[at + n])
                    + across[at - n] * (u[at] - u[at - n])
                    + along[at] * (u[at] - u[at + 1])
                    + along[at - 1] * (u[at] - u[at - 1]);
            }
        }
    }

    fn diagonal(&self) -> Vec<f64> {
        let n = self.n;
        let [across, along] = &self.edges;
        let mut out = vec![1.0; n * n];
        for i in 1..n - 1 {
            for at in i * n + 1..i * n + n - 1 {
                out[at] = across[at] + across[at - n] + along[at] + along[at - 1];
            }
        }
        out
    }

    /// `u` with the boundary values of a coordinate, by conjugate gradients.
    fn solve(&self, axis: usize) -> Option<Vec<f64>> {
        let n = self.n;
        let place = |at: usize| if axis == 0 { at / n } else { at % n };
        let mut u: Vec<f64> = (0..n * n).map(|at| place(at) as f64).collect();
        let diagonal = self.diagonal();
        let mut product = vec![0.0; n * n];
        self.apply(&u, &mut product);
        let mut residual: Vec<f64> = product.iter().map(|r| -r).collect();
        let precondition =
            |r: &[f64]| -> Vec<f64> { r.iter().zip(&diagonal).map(|(r, d)| r / d).collect() };
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut z = precondition(&residual);
        let mut direction = z.clone();
        let mut square = dot(&residual, &z);
        let enough = RESIDUAL * RESIDUAL * square;
        for _ in 0..ITERATIONS {
            if square <= enough || square == 0.0 {
                return Some(u);
            }
            self.apply(&direction, &mut product);
            let step = square / dot(&direction, &product);
            for at in 0..n * n {
                u[at] += step * direction[at];
                residual[at] -= step * product[at];
            }
            z = precondition(&residual);
            let next = dot(&residual, &z);
            let turn = next / square;
            square = next;
            for (d, z) in direction.iter_mut().zip(&z) {
                *d = z + turn * *d;
            }
        }
        None
    }

    /// The weighted means of `grad u` and of `rho grad u`.
    fn means(&self, u: &[f64]) -> ([f64; 2], [f64; 2]) {
        let n = self.n;
        let (mut slope, mut flux) = ([0.0; 2], [0.0; 2]);
        let mut mass = [0.0; 2];
        for i in 0..n {
            for j in 0..n {
                let at = i * n + j;
                if i + 1 < n {
                    let weight = self.middles[i] * self.nodes[j];
                    let rise = u[at + n] - u[at];
                    mass[0] += weight;
                    slope[0] += weight * rise;
                    flux[0] += weight * self.edges[0][at] * rise;
                }
                if j + 1 < n {
                    let weight = self.nodes[i] * self.middles[j];
                    let rise = u[at + 1] - u[at];
                    mass[1] += weight;
                    slope[1] += weight * rise;
                    flux[1] += weight * self.edges[1][at] * rise;
                }
            }
        }
        let over = |sum: [f64; 2]| [sum[0] / mass[0], sum[1] / mass[1]];
        (over(slope), over(flux))
    }
}

/// What an edge conducts along which w is linear: `1/int exp(w)`.
fn conductance(a: f64, b: f64) -> f64 {
    let half = 0.5 * (b - a);
    let ratio = match half.abs() < 1e-4 {
        true => 1.0 - half * half / 6.0,
        false => half / half.sinh(),
    };
    (-0.5 * (a + b)).exp() * ratio
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mobility(n: usize, w: impl Fn(f64, f64) -> f64) -> [f64; 3] {
        let at = |k: usize| k as f64 / (n - 1) as f64;
        let values: Vec<f64> = (0..n * n).map(|k| w(at(k / n), at(k % n))).collect();
        window(&values, n).unwrap().mobility
    }

    /// A wave along a diagonal hinders along it and not across; two waves along the axes each
    /// along its own. 6 waves a side, 16 nodes a wave: the means under the weight are right to the
    /// square of the step, `(2 pi/16)^2/12 = 0.013` times a number of order one.
    #[test]
    fn waves_hinder_along_their_vectors() {
        let k = 6.0 * std::f64::consts::TAU;
        let slowed = 1.0 / 1.266_065_877_752_008_f64.powi(2);
        let [xx, xy, yy] = mobility(97, |x, y| (k * (x + y)).sin());
        let (along, across) = (0.5 * (xx + yy) + xy, 0.5 * (xx + yy) - xy);
        assert!((along / slowed - 1.0).abs() < 0.03, "{along} {slowed}");
        assert!((across - 1.0).abs() < 0.03, "{across}");
        let [xx, xy, yy] = mobility(97, |x, y| (k * x + 0.3).sin() + 0.5 * (k * y).cos());
        let half = 1.0 / 1.063_483_370_741_324_f64.powi(2);
        assert!(
            (xx / slowed - 1.0).abs() < 0.03 && (yy / half - 1.0).abs() < 0.03,
            "{xx} {yy}"
        );
        assert!(xy.abs() < 0.01, "{xy}");
    }

    /// A checkerboard of two densities conducts as their geometric mean (Keller 1964); here with a
    /// density `exp(-sin(kx) sin(ky))`, which a shift turns into its inverse: `D <rho> = 1`.
    #[test]
    fn a_density_that_a_shift_inverts_conducts_one() {
        let k = 6.0 * std::f64::consts::TAU;
        let values = |n: usize| -> Vec<f64> {
            let at = |t: usize| t as f64 / (n - 1) as f64;
            let w = |x: f64, y: f64| 1.5 * (k * x).sin() * (k * y).sin();
            (0..n * n).map(|t| w(at(t / n), at(t % n))).collect()
        };
        let found = window(&values(97), 97).unwrap();
        let [xx, xy, yy] = found.mobility.map(|d| d * found.log_mean.exp());
        assert!(
            (xx - 1.0).abs() < 0.03 && (yy - 1.0).abs() < 0.03 && xy.abs() < 0.01,
            "{xx} {yy}"
        );
    }
}
