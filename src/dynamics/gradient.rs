//! What a potential must be able to do to be sampled: give its gradient.

/// A potential known by its gradient at points, and perhaps by its values: a formula, or anything
/// that a program computes.
///
/// Groups of lanes ask from several threads at once. A gradient may be noisy: then it draws its
/// noise anew at each call, and what is learned is the potential of its mean. The covariance of
/// that noise adds to the covariance S of the unresolved force, and nothing can tell the two apart.
/// A result has equal bits on any number of threads only where the gradient at a point is always
/// the same.
pub trait Gradient: Send + Sync {
    /// Coordinates.
    fn dimension(&self) -> usize;

    /// Fills in the gradients at points, NaN where there is none. Shapes: coordinates, points.
    fn gradients(&self, points: &[f64], out: &mut [f64]);

    /// Fills in the values at points (shape: coordinates, points), one each, NaN where there is
    /// none, and returns whether there are values at all: that is asked with no points. Any
    /// constant may be added; its slope is to be the mean of the gradient.
    fn values(&self, _points: &[f64], _out: &mut [f64]) -> bool {
        false
    }
}

/// A gradient, without values, from a function that is given a point and fills in the gradient
/// there.
///
/// ```
/// use effpot_lang::dynamics::{Gradient, pointwise};
///
/// let bowl = pointwise(2, |x, slope| {
///     slope[0] = x[0];
///     slope[1] = 4.0 * x[1];
/// });
/// // Two points: (1, 3) and (2, 5).
/// let mut slopes = [0.0; 4];
/// bowl.gradients(&[1.0, 2.0, 3.0, 5.0], &mut slopes);
/// assert_eq!(slopes, [1.0, 2.0, 12.0, 20.0]);
/// assert!(!bowl.values(&[], &mut []));
/// ```
pub fn pointwise(
    dimension: usize,
    gradient: impl Fn(&[f64], &mut [f64]) + Send + Sync,
) -> impl Gradient {
    Pointwise {
        dimension,
        gradient,
    }
}

struct Pointwise<F> {
    dimension: usize,
    gradient: F,
}

impl<F: Fn(&[f64], &mut [f64]) + Send + Sync> Gradient for Pointwise<F> {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn gradients(&self, points: &[f64], out: &mut [f64]) {
        let count = points.len() / self.dimension.max(1);
        let mut x = vec![0.0; self.dimension];
        let mut slope = vec![f64::NAN; self.dimension];
        for at in 0..count {
            for (c, x) in x.iter_mut().enumerate() {
                *x = points[c * count + at];
            }
            (self.gradient)(&x, &mut slope);
            for (c, slope) in slope.iter().enumerate() {
                out[c * count + at] = *slope;
            }
        }
    }
}
