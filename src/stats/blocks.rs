//! Standard errors from the spread between independent blocks.

use super::length::{NORMAL, student};

/// The standard error of a sum over `blocks` independent blocks, from the sum of the squares of
/// what each adds beyond its share: `sqrt(n/(n-1) sum d^2)`, widened by the ratio of Student's
/// quantile to the normal one, so that two of it cover what they should however few blocks there
/// are. Infinite or NaN with fewer than two.
pub fn block_error(squares: f64, blocks: usize) -> f64 {
    let n = blocks as f64;
    (squares * n / (n - 1.0)).sqrt() * student(n - 1.0) / NORMAL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_blocks_have_wider_errors() {
        // Student's 97.5 % quantile over 1.96: 1.62 for 3 degrees of freedom, 1.06 for 23.
        assert!((block_error(3.0, 4) / 2.0 / 1.62 - 1.0).abs() < 0.04);
        assert!((block_error(23.0, 24) / 24f64.sqrt() / 1.0555 - 1.0).abs() < 0.005);
        assert!(!block_error(1.0, 1).is_finite() && !block_error(1.0, 0).is_normal());
    }
}
