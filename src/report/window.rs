//! The range of values that a picture shows.

/// What lies so many times as far apart as the middle nine tenths is cut off.
const FAR: f64 = 4.0;
/// Beyond this a difference of two numbers may be infinite.
const LARGEST: f64 = 4e307;

/// The range of finite values that tells most: all of them where they lie together, else the middle
/// nine tenths and a little more, which cuts off what goes to infinity. A range of no width where
/// all are equal; `None` where none is finite.
pub fn window(values: &[f64]) -> Option<(f64, f64)> {
    let finite = values.iter().filter(|value| value.is_finite());
    let mut sorted: Vec<f64> = finite.map(|value| value.clamp(-LARGEST, LARGEST)).collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let at = |share: f64| sorted[(share * last as f64).round() as usize];
    let (lo, hi) = (sorted[0], sorted[last]);
    let (low, high) = (at(0.05), at(0.95));
    let spread = high - low;
    if spread > 0.0 && (hi - high).max(low - lo) > FAR * spread {
        // Each end for itself: a wall on one side does not hide the well beside it.
        let cut = |end: f64, inner: f64| match (end - inner).abs() > FAR * spread {
            true => inner + 0.25 * spread * (end - inner).signum(),
            false => end,
        };
        return Some((cut(lo, low), cut(hi, high)));
    }
    Some((lo, hi))
}
