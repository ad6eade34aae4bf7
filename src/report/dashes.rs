//! Dashes as lines of their own: the raster of `kuva` begins its pattern anew at every point of a
//! line, so that a curve of many points would be solid.

use kuva::render::render::{PathData, Primitive};

/// The same line, as dashes where it is dashed.
pub(super) fn dashed(element: Primitive) -> Vec<Primitive> {
    let (lines, pattern, stroke, width) = match &element {
        Primitive::PolyLine {
            points,
            stroke,
            stroke_width,
            stroke_dasharray: Some(pattern),
        } => (vec![points.clone()], pattern, stroke, *stroke_width),
        Primitive::Line {
            x1,
            y1,
            x2,
            y2,
            stroke,
            stroke_width,
            stroke_dasharray: Some(pattern),
        } => (
            vec![vec![(*x1, *y1), (*x2, *y2)]],
            pattern,
            stroke,
            *stroke_width,
        ),
        Primitive::Path(path) => match (path.as_ref(), lines_of(&path.d)) {
            (
                PathData {
                    stroke,
                    stroke_width,
                    stroke_dasharray: Some(pattern),
                    fill: None,
                    ..
                },
                Some(lines),
            ) => (lines, pattern, stroke, *stroke_width),
            _ => return vec![element],
        },
        _ => return vec![element],
    };
    let lengths: Option<Vec<f64>> = pattern
        .split([' ', ','])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok().filter(|length: &f64| *length >= 0.0))
        .collect();
    let lengths = lengths.filter(|lengths| lengths.iter().sum::<f64>() > 0.0);
    let Some(lengths) = lengths else {
        return vec![element];
    };
    let dashes = lines.iter().flat_map(|line| cut(line, &lengths));
    let line = |points| Primitive::PolyLine {
        points,
        stroke: stroke.clone(),
        stroke_width: width,
        stroke_dasharray: None,
    };
    dashes.map(line).collect()
}

/// The lines of a path of `M` and `L`; `None` where there is anything else.
fn lines_of(d: &str) -> Option<Vec<Vec<(f64, f64)>>> {
    let spaced: String = d
        .chars()
        .flat_map(|c| match c {
            'M' | 'L' => vec![' ', c, ' '],
            ',' => vec![' '],
            c => vec![c],
        })
        .collect();
    let mut lines: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut words = spaced.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let first = match word {
            "M" => {
                lines.push(Vec::new());
                words.next()?
            }
            "L" => words.next()?,
            // Pairs may follow each other without a letter.
            number => number,
        };
        let point = (first.parse().ok()?, words.next()?.parse().ok()?);
        lines.last_mut()?.push(point);
    }
    Some(lines)
}

/// The dashes of a line: lengths of dashes and gaps in turn, from its beginning on.
fn cut(line: &[(f64, f64)], lengths: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let (mut dashes, mut at) = (Vec::new(), 0);
    let mut left = lengths[0];
    let mut open: Vec<(f64, f64)> = line.first().copied().into_iter().collect();
    for pair in line.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let whole = (b.0 - a.0).hypot(b.1 - a.1);
        let mut gone = 0.0;
        while whole - gone > left {
            gone += left;
            let share = gone / whole;
            let place = (a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1));
            if at % 2 == 0 {
                open.push(place);
                dashes.push(std::mem::take(&mut open));
            } else {
                open = vec![place];
            }
            at += 1;
            left = lengths[at % lengths.len()].max(1e-3);
        }
        left -= whole - gone;
        if at % 2 == 0 {
            open.push(b);
        }
    }
    dashes.push(open);
    dashes.retain(|dash| dash.len() > 1);
    dashes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(line: &[(f64, f64)]) -> f64 {
        let pairs = line.windows(2);
        pairs
            .map(|w| (w[1].0 - w[0].0).hypot(w[1].1 - w[0].1))
            .sum()
    }

    /// However many points a line has, its dashes are as long as they are asked to be.
    #[test]
    fn dashes_do_not_depend_on_points() {
        for points in [2, 7, 400] {
            let place = |k: usize| (0.6 * 100.0 * k as f64 / (points - 1) as f64, 0.0);
            let line: Vec<(f64, f64)> = (0..points).map(place).collect();
            let dashes = cut(&line, &[5.0, 4.0]);
            assert_eq!(dashes.len(), 7, "{points}");
            for (number, dash) in dashes.iter().enumerate() {
                assert!((dash[0].0 - 9.0 * number as f64).abs() < 1e-9);
                assert!((length(dash) - 5.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn paths_are_read() {
        let path = Primitive::Path(Box::new(PathData {
            d: "M 0 0 L20,0 L 20 10M5 5L25 5".to_owned(),
            fill: None,
            stroke: "#000000".into(),
            stroke_width: 1.0,
            opacity: None,
            stroke_dasharray: Some("8 2".to_owned()),
        }));
        // 30 and 20 long: three and two dashes, each whole or round a corner.
        assert_eq!(dashed(path).len(), 5);
        assert_eq!(lines_of("M0 0 C1 1"), None);
    }
}
