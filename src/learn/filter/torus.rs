//! Fourier transforms of real functions on a torus of two coordinates.

use std::sync::Arc;

use rayon::prelude::*;
use rustfft::num_complex::Complex64;
use rustfft::{Fft, FftPlanner};

/// Rows and columns of the blocks in which a matrix is transposed: two of them fit a cache.
const BLOCK: usize = 16;

/// The transforms of one shape.
pub(super) struct Torus {
    shape: [usize; 2],
    forward: [Arc<dyn Fft<f64>>; 2],
    inverse: [Arc<dyn Fft<f64>>; 2],
}

impl Torus {
    /// Plans the transforms of `shape[0]` by `shape[1]` numbers, neither 0.
    pub(super) fn new(shape: [usize; 2]) -> Torus {
        let mut planner = FftPlanner::new();
        Torus {
            shape,
            forward: shape.map(|n| planner.plan_fft_forward(n)),
            inverse: shape.map(|n| planner.plan_fft_inverse(n)),
        }
    }

    /// The Fourier coefficients, divided by the number of points. Shapes: row-major in, the
    /// frequencies of the second coordinate by those of the first out.
    pub(super) fn forward(&self, numbers: &[f64]) -> Vec<Complex64> {
        let [rows, columns] = self.shape;
        let scale = 1.0 / (rows * columns) as f64;
        let real = numbers.iter().map(|x| Complex64::new(x * scale, 0.0));
        let mut data: Vec<Complex64> = real.collect();
        lines(&mut data, columns, self.forward[1].as_ref());
        let mut data = transposed(&data, rows, columns);
        lines(&mut data, rows, self.forward[0].as_ref());
        data
    }

    /// The real function with these coefficients, times `factor` of the angles by which the wave
    /// turns from one point to the next along each coordinate.
    pub(super) fn inverse(
        &self,
        spectrum: &[Complex64],
        factor: impl Fn([f64; 2]) -> f64 + Sync,
    ) -> Vec<f64> {
        let [rows, columns] = self.shape;
        let mut data = spectrum.to_vec();
        self.multiply(&mut data, |_, angles, c| *c *= factor(angles));
        lines(&mut data, rows, self.inverse[0].as_ref());
        let mut data = transposed(&data, columns, rows);
        lines(&mut data, columns, self.inverse[1].as_ref());
        data.iter().map(|c| c.re).collect()
    }

    /// Visits all coefficients with their place and angles.
    pub(super) fn multiply(
        &self,
        spectrum: &mut [Complex64],
        visit: impl Fn(usize, [f64; 2], &mut Complex64) + Sync,
    ) {
        let [rows, columns] = self.shape;
        let lines = spectrum.par_chunks_mut(rows).enumerate();
        lines.for_each(|(j, line)| {
            for (i, c) in line.iter_mut().enumerate() {
                visit(j * rows + i, [angle(i, rows), angle(j, columns)], c);
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
