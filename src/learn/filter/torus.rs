//! Fourier transforms of real functions on a torus of two or more coordinates.

use std::sync::Arc;

use rayon::prelude::*;
use rustfft::num_complex::Complex64;
use rustfft::{Fft, FftPlanner};

/// Rows and columns of the blocks in which a matrix is transposed: two of them fit a cache.
const BLOCK: usize = 16;

/// The transforms of one shape.
pub(super) struct Torus<const D: usize> {
    shape: [usize; D],
    forward: [Arc<dyn Fft<f64>>; D],
    inverse: [Arc<dyn Fft<f64>>; D],
}

impl<const D: usize> Torus<D> {
    /// Plans the transforms of `shape[0]` by `shape[1]` (by ...) numbers, none of them 0.
    pub(super) fn new(shape: [usize; D]) -> Torus<D> {
        let mut planner = FftPlanner::new();
        Torus {
            shape,
            forward: shape.map(|n| planner.plan_fft_forward(n)),
            inverse: shape.map(|n| planner.plan_fft_inverse(n)),
        }
    }

    /// The Fourier coefficients, divided by the number of points. Shapes: row-major in, the
    /// frequencies of all coordinates but the first by those of the first out.
    pub(super) fn forward(&self, numbers: &[f64]) -> Vec<Complex64> {
        let scale = 1.0 / numbers.len() as f64;
        let real = numbers.iter().map(|x| Complex64::new(x * scale, 0.0));
        let mut data: Vec<Complex64> = real.collect();
        for axis in (0..D).rev() {
            let length = self.shape[axis];
            lines(&mut data, length, self.forward[axis].as_ref());
            if axis > 0 {
                data = transposed(&data, data.len() / length, length);
            }
        }
        data
    }

    /// The real function with these coefficients, times `factor` of the angles by which the wave
    /// turns from one point to the next along each coordinate.
    pub(super) fn inverse(
        &self,
        spectrum: &[Complex64],
        factor: impl Fn([f64; D]) -> f64 + Sync,
    ) -> Vec<f64> {
        let mut data = spectrum.to_vec();
        self.multiply(&mut data, |_, angles, c| *c *= factor(angles));
        for (axis, length) in self.shape.into_iter().enumerate() {
            if axis > 0 {
                data = transposed(&data, length, data.len() / length);
            }
            lines(&mut data, length, self.inverse[axis].as_ref());
        }
        data.iter().map(|c| c.re).collect()
    }

    /// Visits all coefficients with their place and angles.
    pub(super) fn multiply(
        &self,
        spectrum: &mut [Complex64],
        visit: impl Fn(usize, [f64; D], &mut Complex64) + Sync,
    ) {
        let rows = self.shape[0];
        let lines = spectrum.par_chunks_mut(rows).enumerate();
        lines.for_each(|(j, line)| {
            let (mut angles, mut rest) = ([0.0; D], j);
            for axis in (1..D).rev() {
                angles[axis] = angle(rest % self.shape[axis], self.shape[axis]);
                rest /= self.shape[axis];
            }
            for (i, c) in line.iter_mut().enumerate() {
                angles[0] = angle(i, rows);
                visit(j * rows + i, angles, c);
            }
        });
    }
}

/// The angle of frequency `i` of `n`, from -pi to pi.
fn angle(i: usize, n: usize) -> f64 {
    let turns = if 2 * i > n {
        i as f64 - n as f64
    } else {
        i as f64
    };
    std::f64::consts::TAU * turns / n as f64
}

fn lines(data: &mut [Complex64], length: usize, transform: &dyn Fft<f64>) {
    let some = length * (1 + 4096 / length);
    data.par_chunks_mut(some)
        .for_each(|chunk| transform.process(chunk));
}

fn transposed(data: &[Complex64], rows: usize, columns: usize) -> Vec<Complex64> {
    let mut out = vec![Complex64::default(); data.len()];
    let blocks = out.par_chunks_mut(BLOCK * rows).enumerate();
    blocks.for_each(|(at, block)| {
        let first = at * BLOCK;
        for start in (0..rows).step_by(BLOCK) {
            for (j, line) in block.chunks_mut(rows).enumerate() {
                for i in start..(start + BLOCK).min(rows) {
                    line[i] = data[i * columns + first + j];
                }
            }
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_coordinates_keep_their_places() {
        let shape = [6, 10, 15];
        let torus = Torus::new(shape);
        let turns = [2.0 / 6.0, -1.0 / 10.0, 4.0 / 15.0];
        let wave: Vec<f64> = (0..900)
            .map(|n| {
                let at = [n / 150, n / 15 % 10, n % 15];
                let phase: f64 = (0..3).map(|k| turns[k] * at[k] as f64).sum();
                (std::f64::consts::TAU * phase).cos()
            })
            .collect();
        let mut spectrum = torus.forward(&wave);
        for (a, b) in wave.iter().zip(torus.inverse(&spectrum, |_| 1.0)) {
            assert!((a - b).abs() < 1e-13);
        }
        torus.multiply(&mut spectrum, |_, angles, c| {
            let near = |sign: f64| {
                let pairs = angles.iter().zip(turns);
                pairs
                    .map(|(a, t)| (a - sign * t * std::f64::consts::TAU).abs())
                    .sum::<f64>()
                    < 1e-9
            };
            let wanted = if near(1.0) || near(-1.0) { 0.5 } else { 0.0 };
            assert!((*c - wanted).norm() < 1e-13);
        });
    }

    #[test]
    fn back_and_forth_and_a_wave_has_one_coefficient() {
        let (rows, columns) = (20, 45);
        let torus = Torus::new([rows, columns]);
        let phase = |n: usize| {
            let (i, j) = (n / columns, n % columns);
            std::f64::consts::TAU * (3.0 * i as f64 / 20.0 - 7.0 * j as f64 / 45.0) + 0.3
        };
        let wave: Vec<f64> = (0..rows * columns).map(|n| phase(n).cos()).collect();
        let mut spectrum = torus.forward(&wave);
        let back = torus.inverse(&spectrum, |_| 1.0);
        for (a, b) in wave.iter().zip(&back) {
            assert!((a - b).abs() < 1e-13);
        }
        let [a, b] = [3.0 / 20.0, -7.0 / 45.0].map(|t| t * std::f64::consts::TAU);
        torus.multiply(&mut spectrum, |_, [x, y], c| {
            let sign = if (x - a).abs() + (y - b).abs() < 1e-9 {
                1.0
            } else if (x + a).abs() + (y + b).abs() < 1e-9 {
                -1.0
            } else {
                assert!(c.norm() < 1e-14);
                return;
            };
            let expected = Complex64::from_polar(0.5, sign * 0.3);
            assert!((*c - expected).norm() < 1e-13);
        });
    }
}
