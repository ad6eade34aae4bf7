//! The wall around a learned spline: what keeps a system that moves in it from running away.
//!
//! A spline goes on along its tangents, in several coordinates axis by axis. That may fall without
//! end: along a slope that points down, or by the product of two distances beyond a corner. A
//! program that is written for others to run in therefore has a parabola more in each coordinate,
//! of the distance from the box: nothing inside, once continuously differentiable, bounded below.

use crate::graph::{Spline, number};

/// Where U falls towards a side, it turns within this part of the box beyond it.
const TURN: f64 = 0.1;
/// What is beaten is beaten by so much, for what lies between the nodes.
const MARGIN: f64 = 1.05;
/// Curvatures are means over one of so many parts of the box.
const PARTS: usize = 8;
/// Nodes that are looked at, at most.
const NODES: usize = 20_000;

/// `k/2 d^2` in the distance `d` along each coordinate that does not wrap, and beside three such
/// coordinates `c d^3`.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Wall {
    /// The curvature: the largest along a coordinate in the box, so that U goes on as it comes; or
    /// what beats the products of two distances, or more where U falls towards a side.
    pub curvature: f64,
    /// What beats the product of three distances.
    pub cubic: f64,
    /// From where to where nothing is added; `None` where the coordinate wraps.
    sides: Vec<Option<(f64, f64)>>,
}

impl Wall {
    /// That of a spline, unless all of its coordinates wrap or it is flat.
    pub fn of(spline: &Spline) -> Option<Wall> {
        let axes = spline.axes().iter();
        let sides: Vec<Option<(f64, f64)>> = axes
            .map(|axis| (!axis.periodic).then_some((axis.lo, axis.hi)))
            .collect();
        let plain = sides.iter().flatten().count();
        let least = products(spline, &sides).max(falling(spline, &sides) / TURN);
        let steepest = bend(spline).max(least);
        let curvature = two_up(MARGIN * steepest);
        let cubic = match plain {
            3 => two_up(MARGIN * twist(spline, &sides) / 3.0),
            _ => 0.0,
        };
        let good = plain > 0 && curvature > 0.0 && (curvature + cubic).is_finite();
        good.then_some(Wall {
            curvature,
            cubic,
            sides,
        })
    }

    /// As a sum in the language, in coordinates of these names.
    pub fn text(&self, names: &[String]) -> String {
        let beyond = self.sides.iter().zip(names).filter_map(|(side, name)| {
            let (lo, hi) = (*side)?;
            Some(format!(
                "({name} - max({}, min({name}, {})))",
                number(lo),
                number(hi)
            ))
        });
        let beyond: Vec<String> = beyond.collect();
        let sum = |parts: Vec<String>| match parts.as_slice() {
            [one] => one.clone(),
            several => format!("({})", several.join(" + ")),
        };
        let squares = sum(beyond.iter().map(|d| format!("{d}^2")).collect());
        let parabola = format!("{}/2*{squares}", number(self.curvature));
        match self.cubic > 0.0 {
            true => {
                let cubes = sum(beyond.iter().map(|d| format!("abs{d}^3")).collect());
                format!("{parabola} + {}*{cubes}", number(self.cubic))
            }
            false => parabola,
        }
    }
}

/// Up to two digits.
fn two_up(x: f64) -> f64 {
    if x <= 0.0 || !x.is_finite() {
        return x;
    }
    let rounded = |x: f64| -> f64 { format!("{x:.1e}").parse().unwrap_or(x) };
    match rounded(x) {
        up if up >= x => up,
        _ => rounded(1.05 * x).max(x),
    }
}

/// The nodes of a spline along each axis, all of them or as many as are worth a look.
fn nodes(spline: &Spline) -> Vec<Vec<f64>> {
    let d = spline.dimension();
    let all: usize = (0..d).map(|axis| spline.cells_along(axis) + 1).product();
    let stride = (all as f64 / NODES as f64).powf(1.0 / d as f64).ceil() as usize;
    let along = |axis: usize| {
        let (range, cells) = (spline.axes()[axis], spline.cells_along(axis));
        let at = (0..cells).step_by(stride.max(1));
        let inner = at.map(|i| range.lo + i as f64 * spline.spacing_along(axis));
        inner.chain([range.hi]).collect()
    };
    (0..d).map(along).collect()
}

/// All points that take one number of each list.
fn points(along: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let first = vec![Vec::with_capacity(along.len())];
    along.iter().fold(first, |points, places| {
        let longer = |x: &Vec<f64>| {
            let x = x.clone();
            places.iter().map(move |place| [&x[..], &[*place]].concat())
        };
        points.iter().flat_map(longer).collect()
    })
}

fn partial(spline: Option<&Spline>, axes: &[usize]) -> Option<Spline> {
    axes.iter()
        .try_fold(spline?.clone(), |spline, axis| spline.partial(*axis))
}

/// The largest mean of `|d^2 U|` along a coordinate over an eighth of the box: the errors of slopes
/// that few samples have seen, at the rim, make a curvature of their own over less.
fn bend(spline: &Spline) -> f64 {
    let nodes = nodes(spline);
    let along = |axis: usize| {
        let slope = partial(Some(spline), &[axis])?;
        let places = &nodes[axis];
        let part = ((places.len() - 1) / PARTS).max(1);
        let mut others = nodes.clone();
        others[axis] = vec![0.0];
        let on_line = |line: &Vec<f64>| {
            let mut x = line.clone();
            let slopes = places.iter().map(|place| {
                x[axis] = *place;
                slope.at(&x)
            });
            let slopes: Vec<f64> = slopes.collect();
            let pairs = slopes.iter().zip(&slopes[part..]);
            let widths = places.iter().zip(&places[part..]);
            let means = pairs.zip(widths).map(|((a, b), (x, y))| (b - a) / (y - x));
            means.map(f64::abs).fold(0.0, f64::max)
        };
        Some(points(&others).iter().map(on_line).fold(0.0, f64::max))
    };
    (0..nodes.len()).filter_map(along).fold(0.0, f64::max)
}

/// What beats the products of distances beyond two sides: the largest row sum of the mixed
/// derivatives where they are.
fn products(spline: &Spline, sides: &[Option<(f64, f64)>]) -> f64 {
    let nodes = nodes(spline);
    let ends = |axis: usize| sides[axis].map(|(lo, hi)| vec![lo, hi]);
    let pair = |i: usize, j: usize| {
        let mut along = nodes.clone();
        (along[i], along[j]) = (ends(i)?, ends(j)?);
        let part = partial(Some(spline), &[i, j])?;
        let sizes = points(&along).into_iter().map(|x| part.at(&x).abs());
        Some(sizes.fold(0.0, f64::max))
    };
    let all = 0..sides.len();
    let row = |i: usize| {
        let others = all.clone().filter(|j| *j != i);
        others.filter_map(|j| pair(i, j)).sum::<f64>()
    };
    all.clone().map(row).fold(0.0, f64::max)
}

/// The steepest way down to a side, over the width of the box there.
fn falling(spline: &Spline, sides: &[Option<(f64, f64)>]) -> f64 {
    let nodes = nodes(spline);
    let ends = sides.iter().enumerate();
    let ends = ends.filter_map(|(axis, side)| Some((axis, (*side)?)));
    let steepest = |(axis, (lo, hi)): (usize, (f64, f64))| {
        let slope = partial(Some(spline), &[axis])?;
        let at = |end: f64, sign: f64| {
            let mut along = nodes.clone();
            along[axis] = vec![end];
            let down = points(&along).into_iter().map(|x| sign * slope.at(&x));
            down.fold(0.0, f64::max)
        };
        Some(at(lo, 1.0).max(at(hi, -1.0)) / (hi - lo))
    };
    ends.filter_map(steepest).fold(0.0, f64::max)
}

/// The largest third derivative by three coordinates at a corner.
fn twist(spline: &Spline, sides: &[Option<(f64, f64)>]) -> f64 {
    let ends = sides.iter().flatten().map(|(lo, hi)| vec![*lo, *hi]);
    let corners = points(&ends.collect::<Vec<_>>());
    let Some(part) = partial(Some(spline), &[0, 1, 2]) else {
        return 0.0;
    };
    let corners = corners.iter().map(|x| part.at(x).abs());
    corners.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::SplineAxis;

    fn of(shape: &[usize], coefficients: impl Fn(usize) -> f64) -> Spline {
        let axis = SplineAxis {
            lo: -1.0,
            hi: 1.0,
            periodic: false,
        };
        let all = shape.iter().product();
        let axes = vec![axis; shape.len()];
        Spline::tensor(3, &axes, (0..all).map(coefficients).collect(), shape).unwrap()
    }

    /// The least value of a spline with its wall on rays in all directions, far out.
    fn least(spline: &Spline, wall: &Wall) -> f64 {
        let d = spline.dimension();
        let directions = points(&vec![vec![-1.0, -0.3, 0.0, 0.2, 1.0]; d]);
        let value = |x: &Vec<f64>| {
            let beyond = x.iter().map(|x| (x - x.clamp(-1.0, 1.0)).abs());
            let extra = beyond.map(|d| 0.5 * wall.curvature * d * d + wall.cubic * d.powi(3));
            spline.at(x) + extra.sum::<f64>()
        };
        let radii = [1.0, 3.0, 10.0, 1e3, 1e5];
        let all = radii.iter().flat_map(|r| {
            let scaled = |x: &Vec<f64>| x.iter().map(|x| r * x).collect::<Vec<f64>>();
            directions.iter().map(scaled).collect::<Vec<_>>()
        });
        all.map(|x| value(&x)).fold(f64::INFINITY, f64::min)
    }

    // Coefficients of all signs: slopes point down at sides, and products of distances at corners.
    #[test]
    fn what_falls_without_end_is_held_in_one_two_and_three_coordinates() {
        let wild = |i: usize| (7.3 * i as f64).sin() * 5.0;
        for shape in [&[7][..], &[6, 5], &[5, 4, 6]] {
            let spline = of(shape, wild);
            let free = Wall {
                curvature: 0.0,
                cubic: 0.0,
                sides: vec![None; shape.len()],
            };
            assert!(least(&spline, &free) < -1e3, "{shape:?} would hold anyway");
            let wall = Wall::of(&spline).unwrap();
            assert!(least(&spline, &wall) > -1e3, "{shape:?}: {wall:?}");
            assert_eq!(wall.cubic > 0.0, shape.len() == 3);
        }
    }

    // x^2/2 as a spline: its wall goes on as the parabola does, within the margin.
    #[test]
    fn a_parabola_goes_on_nearly_as_it_is() {
        let h = 0.5;
        let place = |i: usize| -1.0 + h * (i as f64 - 1.0);
        let spline = of(&[7], |i| place(i).powi(2) / 2.0 - h * h / 6.0);
        let wall = Wall::of(&spline).unwrap();
        assert!((1.0..=1.1).contains(&wall.curvature), "{wall:?}");
        let text = wall.text(&["x".to_owned()]);
        assert_eq!(text, "1.1/2*(x - max(-1, min(x, 1)))^2");
    }

    // The outermost coefficient is off by as much as a fit is that has seen a few samples there: the
    // curvature of its cell is a hundred times that of the parabola, the wall's is a tenth of it.
    #[test]
    fn a_rim_that_few_have_seen_makes_no_stiff_wall() {
        let h = 2.0 / 48.0;
        let place = |i: usize| -1.0 + h * (i as f64 - 1.0);
        let smooth = |i: usize| place(i).powi(2) / 2.0 - h * h / 6.0;
        let rough = of(&[51], |i| {
            smooth(i) + if i == 0 { 100.0 * h * h } else { 0.0 }
        });
        let stiffest = partial(Some(&rough), &[0, 0]).unwrap().at(&[-1.0]);
        assert!(stiffest > 90.0, "{stiffest}");
        let wall = Wall::of(&rough).unwrap();
        assert!((1.0..=11.0).contains(&wall.curvature), "{wall:?}");
    }

    #[test]
    fn what_wraps_has_no_wall() {
        let axis = SplineAxis {
            lo: 0.0,
            hi: 1.0,
            periodic: true,
        };
        let spline = Spline::tensor(3, &[axis], vec![1.0, 2.0, 0.0, 1.0], &[4]).unwrap();
        assert_eq!(Wall::of(&spline), None);
    }
}
