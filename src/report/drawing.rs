//! Ranges, ticks and legends: the arithmetic of a figure.

use super::curves::Line;
use super::number::significant;
use super::plot::{Axis, Corner, Layer};

/// The lowest and the highest point of each of `bins` runs, in order: what is left looks the same
/// when a run is narrower than a pixel.
pub(super) fn thinned(line: &Line, bins: usize) -> Line {
    let length = line.x.len().min(line.y.len());
    if length <= 4 * bins {
        return Line {
            x: line.x[..length].to_vec(),
            y: line.y[..length].to_vec(),
        };
    }
    let mut kept = Line::default();
    for bin in 0..bins {
        let range = bin * length / bins..(bin + 1) * length / bins;
        let finite = range.filter(|&i| line.y[i].is_finite());
        let order = |a: &usize, b: &usize| line.y[*a].total_cmp(&line.y[*b]);
        let low = finite.clone().min_by(order);
        let high = finite.max_by(order);
        let (Some(low), Some(high)) = (low, high) else {
            continue;
        };
        for i in [low.min(high), low.max(high)] {
            kept.x.push(line.x[i]);
            kept.y.push(line.y[i]);
        }
    }
    kept
}

/// The least and the greatest of the finite values.
pub(super) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|value| value.is_finite());
    finite.fold(None, |range: Option<(f64, f64)>, value| {
        let (lo, hi) = range.unwrap_or((value, value));
        Some((lo.min(value), hi.max(value)))
    })
}

/// Takes out of a curve what is further from another than twice what that covers: a model that runs
/// away would leave nothing else to see.
pub fn keep_near(values: &mut [f64], other: &[f64]) {
    let Some((lo, hi)) = extent(other.iter().copied()).map(|range| padded(range, 2.0)) else {
        return;
    };
    let far = values
        .iter_mut()
        .filter(|value| !(lo..=hi).contains(*value));
    far.for_each(|value| *value = f64::NAN);
}

/// A range, longer at both ends by a share of itself.
pub(super) fn padded((lo, hi): (f64, f64), by: f64) -> (f64, f64) {
    (lo - by * (hi - lo), hi + by * (hi - lo))
}

/// Numbers between `lo` and `hi`, less their middle where they differ only in late digits and in a
/// unit that makes them short, with what to write at the axis.
pub(super) fn readable(values: &[f64], lo: f64, hi: f64, name: &str) -> (Vec<f64>, String) {
    let largest = lo.abs().max(hi.abs());
    let far = hi > lo && hi - lo < 0.1 * largest;
    let (origin, name) = if far {
        let middle = 0.5 * (lo + hi);
        // What is written is what is subtracted.
        let digits = (largest / (hi - lo)).log10().ceil() as usize + 1;
        let written = significant(middle.abs(), digits.min(15));
        let origin = written.parse().map_or(middle, |o: f64| o.copysign(middle));
        let sign = if middle < 0.0 { "+" } else { "−" };
        (origin, format!("{name} {sign} {written}"))
    } else {
        (0.0, name.to_owned())
    };
    let (unit, suffix) = unit(if far { 0.5 * (hi - lo) } else { largest });
    let values = values.iter().map(|value| (value - origin) / unit);
    (values.collect(), format!("{name}{suffix}"))
}

/// A power of ten that makes numbers up to `largest` short, and how to write it behind a name.
pub(super) fn unit(largest: f64) -> (f64, String) {
    if largest <= 0.0 || !largest.is_finite() || (0.01..1e4).contains(&largest) {
        return (1.0, String::new());
    }
    let power = largest.log10().floor() as i32;
    let superscript = |c: char| match c {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        _ => char::from_u32('⁴' as u32 + c as u32 - '4' as u32).unwrap_or(c),
    };
    let written: String = power.to_string().chars().map(superscript).collect();
    (10f64.powi(power), format!("  [10{written}]"))
}

/// A place for a legend of so many lines, and the upper end of the vertical axis that keeps every
/// point out of it: a free place if there is one, else the upper one that needs the least head room.
pub(super) fn legend_place(
    layers: &[Layer],
    x: &Axis,
    (lo, hi): (f64, f64),
    lines: usize,
) -> (Corner, f64) {
    // Shares of the panel, from the size of the text; the width is that of the longest label.
    let width = 0.45;
    let height = 0.1 + 0.085 * lines as f64;
    let points: Vec<(f64, f64)> = layers
        .iter()
        .flat_map(Layer::points)
        .filter(|(px, py)| px.is_finite() && py.is_finite())
        .map(|(px, py)| ((px - x.lo) / (x.hi - x.lo), py))
        .collect();
    let beside = |from: f64| {
        let near = points
            .iter()
            .filter(|(px, _)| *px > from && *px < from + width);
        extent(near.map(|&(_, py)| py)).unwrap_or((hi, lo))
    };
    let (right, left, middle) = (1.0 - width, 0.0, 0.5 * (1.0 - width));
    // The end of the axis from which on the highest point is below the legend.
    let above = [
        (Corner::TopRight, right),
        (Corner::TopLeft, left),
        (Corner::Top, middle),
    ]
    .map(|(corner, from)| {
        (
            corner,
            (lo + (beside(from).1 - lo) / (1.0 - height)).max(hi),
        )
    });
    if let Some(free) = above.iter().find(|(_, room)| *room <= hi) {
        return *free;
    }
    let below = [(Corner::BottomRight, right), (Corner::BottomLeft, left)];
    let free_below = |(_, from): &&(Corner, f64)| beside(*from).0 > lo + height * (hi - lo);
    if let Some((corner, _)) = below.iter().find(free_below) {
        return (*corner, hi);
    }
    let least = above.into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
    least.unwrap_or((Corner::TopRight, hi))
}

#[cfg(test)]
mod tests {
    use super::keep_near;

    #[test]
    fn a_curve_that_runs_away_ends_where_it_does() {
        let known = [0.0, 1.0, -1.0, f64::NAN];
        let mut curve = [0.5, 4.9, 5.1, -1e300, f64::INFINITY];
        keep_near(&mut curve, &known);
        assert_eq!(curve[..2], [0.5, 4.9]);
        assert!(curve[2..].iter().all(|y| y.is_nan()), "{curve:?}");
        // Where nothing is known nothing is far.
        let mut curve = [1e300];
        keep_near(&mut curve, &[f64::NAN]);
        assert_eq!(curve, [1e300]);
    }
}
