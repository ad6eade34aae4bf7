//! Lines of equal height and the regions above them, by marching squares.
//!
//! Lorensen & Cline 1987 in two dimensions: a line crosses an edge of the grid where the value
//! interpolated along it is that of the level. An edge to a point without a value is crossed in its
//! middle at every level, so that regions end between what is known and what is not.

use super::surfaces::{Coordinate, Surfaces};

/// A field on the points of a grid whose outermost points have no value.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Grid {
    x: Vec<f64>,
    y: Vec<f64>,
    /// At `(i, j)`, number `i*ny + j`; NaN where there is nothing.
    z: Vec<f64>,
}

/// A line, or a loop whose last point is not its first one again.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Line {
    pub points: Vec<[f64; 2]>,
    pub closed: bool,
}

/// Where the border of a region crosses an edge.
#[derive(Clone, Copy)]
struct Crossing {
    at: [f64; 2],
    /// Whether it is at the edge of what is known, and not at the level.
    at_rim: bool,
}

impl Grid {
    /// A field of the surfaces where it has a value and is covered.
    ///
    /// It goes on by a cell beyond the range of a coordinate, which whoever draws must clip: by its
    /// first cell after the end of a period, else by a straight line through its last two.
    pub fn new(surfaces: &Surfaces, field: &[f64]) -> Grid {
        let [first, second] = &surfaces.axes;
        let known = |i: isize, j: isize| {
            let cell = first.neighbour(0, i).zip(second.neighbour(0, j));
            let cell = cell.map(|(i, j)| i * second.cells + j);
            let value = cell.filter(|&cell| surfaces.is_covered(cell));
            let value = value.and_then(|cell| field.get(cell).copied());
            value.filter(|z| z.is_finite())
        };
        let spread = |axis: &Coordinate| -2..axis.cells as isize + 2;
        let place = |axis: &Coordinate| -> Vec<f64> {
            spread(axis)
                .map(|cell| axis.lo + (cell as f64 + 0.5) * axis.width())
                .collect()
        };
        let rim = |axis: &Coordinate, cell: isize| cell == -2 || cell == axis.cells as isize + 1;
        let mut z = Vec::new();
        for i in spread(first) {
            for j in spread(second) {
                let inward = [inward(first, i), inward(second, j)];
                let value = match inward {
                    _ if rim(first, i) || rim(second, j) => None,
                    [0, 0] => known(i, j),
                    [a, b] => known(i + a, j + b).map(|near| {
                        let next = known(i + 2 * a, j + 2 * b);
                        next.map_or(near, |next| 2.0 * near - next)
                    }),
                };
                z.push(value.unwrap_or(f64::NAN));
            }
        }
        Grid {
            x: place(first),
            y: place(second),
            z,
        }
    }

    /// The borders of the region at `level` and above, with the region to their left.
    pub fn region(&self, level: f64) -> Vec<Vec<[f64; 2]>> {
        let loops = self.loops(level).into_iter();
        loops
            .map(|points| points.into_iter().map(|point| point.at).collect())
            .collect()
    }

    /// The lines on which the value is `level`.
    pub fn lines(&self, level: f64) -> Vec<Line> {
        let mut lines = Vec::new();
        for border in self.loops(level) {
            let Some(rim) = border.iter().position(|point| point.at_rim) else {
                lines.push(Line {
                    points: border.iter().map(|point| point.at).collect(),
                    closed: true,
                });
                continue;
            };
            // From one stretch of rim to the next.
            let turned = border[rim..].iter().chain(&border[..rim]);
            let turned: Vec<&Crossing> = turned.collect();
            for run in turned.split(|point| point.at_rim) {
                if run.len() > 1 {
                    lines.push(Line {
                        points: run.iter().map(|point| point.at).collect(),
                        closed: false,
                    });
                }
            }
        }
        lines
    }

    /// The value at a place, between the four points around it, as far as they have one; NaN where
    /// the nearest has none.
    pub fn at(&self, x: f64, y: f64) -> f64 {
        let place = |points: &[f64], at: f64| {
            let (first, last) = (points.first()?, points.last()?);
            let share = (at - first) / (last - first) * (points.len() - 1) as f64;
            let low = share.floor().max(0.0) as usize;
            // Casts saturate: `low` may be the largest number there is.
            let inside = share.is_finite() && low < points.len() - 1;
            inside.then_some((low, share - low as f64))
        };
        let Some(((i, right), (j, up))) = place(&self.x, x).zip(place(&self.y, y)) else {
            return f64::NAN;
        };
        let nearest = self.value(i + usize::from(right >= 0.5), j + usize::from(up >= 0.5));
        if nearest.is_nan() {
            return nearest;
        }
        let corner = |a: usize, b: usize| Some(self.value(i + a, j + b)).filter(|z| !z.is_nan());
        let z = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(a, b)| corner(a, b).unwrap_or(nearest));
        let along = [0, 2].map(|k: usize| z[k] + up * (z[k + 1] - z[k]));
        along[0] + right * (along[1] - along[0])
    }

    fn value(&self, i: usize, j: usize) -> f64 {
        self.z[i * self.y.len() + j]
    }

    fn loops(&self, level: f64) -> Vec<Vec<Crossing>> {
        let next = self.segments(level);
        let mut seen = vec![false; next.len()];
        let mut loops = Vec::new();
        for start in 0..next.len() {
            let mut border = Vec::new();
            let mut edge = start;
            while let Some(to) = next[edge].filter(|_| !seen[edge]) {
                seen[edge] = true;
                border.push(self.crossing(edge, level));
                edge = to;
            }
            if border.len() > 2 {
                loops.push(border);
            }
        }
        loops
    }

    /// For each edge that is crossed, the edge at which the border goes on. Edges along the first
    /// coordinate have the number of the point where they begin, the others come after these.
    fn segments(&self, level: f64) -> Vec<Option<usize>> {
        let (nx, ny) = (self.x.len(), self.y.len());
        let mut next = vec![None; 2 * nx * ny];
        for i in 0..nx.saturating_sub(1) {
            for j in 0..ny.saturating_sub(1) {
                let corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)];
                let z = corners.map(|(i, j)| self.value(i, j));
                let inside = z.map(|z| z >= level);
                let along = |i: usize, j: usize| i * ny + j;
                let up = |i: usize, j: usize| nx * ny + i * ny + j;
                let edges = [along(i, j), up(i + 1, j), along(i, j + 1), up(i, j)];
                let leaves = |k: usize| inside[k] && !inside[(k + 1) % 4];
                let enters = |k: usize| !inside[k] && inside[(k + 1) % 4];
                // Where two opposite corners are inside, the middle decides.
                let joined = z.iter().sum::<f64>() / 4.0 >= level;
                for from in (0..4).filter(|&k| leaves(k)) {
                    let step = if joined { 1 } else { 3 };
                    let ways = (1..4).map(|n| (from + step * n) % 4);
                    let to = ways.into_iter().find(|&k| enters(k));
                    next[edges[from]] = to.map(|to| edges[to]);
                }
            }
        }
        next
    }

    fn crossing(&self, edge: usize, level: f64) -> Crossing {
        let (nx, ny) = (self.x.len(), self.y.len());
        let (i, j) = ((edge % (nx * ny)) / ny, edge % ny);
        let (k, l) = if edge < nx * ny {
            (i + 1, j)
        } else {
            (i, j + 1)
        };
        let (from, to) = (self.value(i, j), self.value(k, l));
        let at_rim = !(from.is_finite() && to.is_finite());
        let share = if at_rim {
            0.5
        } else {
            (level - from) / (to - from)
        };
        let between = |a: f64, b: f64| a + share * (b - a);
        Crossing {
            at: [between(self.x[i], self.x[k]), between(self.y[j], self.y[l])],
            at_rim,
        }
    }
}

/// The way back into the range from just beyond an end of it, where the coordinate does not repeat.
fn inward(axis: &Coordinate, cell: isize) -> isize {
    match cell {
        _ if axis.periodic => 0,
        -1 => 1,
        cell if cell == axis.cells as isize => -1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x^2 + y^2` on a square around the origin.
    fn bowl(cells: usize) -> (Surfaces, Grid) {
        let axis = |name: &str| Coordinate::new(name, -1.0, 1.0, cells);
        let mut surfaces = Surfaces::new("V", [axis("x"), axis("y")]);
        surfaces.u = surfaces.field(|[x, y]| x * x + y * y);
        surfaces.covered = vec![true; surfaces.len()];
        let grid = Grid::new(&surfaces, &surfaces.u);
        (surfaces, grid)
    }

    /// Area to the left of closed borders.
    fn area(borders: &[Vec<[f64; 2]>]) -> f64 {
        let one = |points: &Vec<[f64; 2]>| -> f64 {
            let next = points.iter().cycle().skip(1);
            let pairs = points.iter().zip(next);
            pairs.map(|(p, q)| 0.5 * (p[0] * q[1] - q[0] * p[1])).sum()
        };
        borders.iter().map(one).sum()
    }

    /// Circles of the bowl have their radius, and the region above is the square without the disc.
    #[test]
    fn the_lines_of_a_bowl_are_circles() {
        let (_, grid) = bowl(100);
        let lines = grid.lines(0.25);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].closed);
        for [x, y] in &lines[0].points {
            // Linear interpolation of x^2 over h = 0.02 is off by at most h^2/4, and so is r^2.
            assert!((x * x + y * y - 0.25).abs() <= 1.0e-4);
        }
        // A cell more on each side, and four corners cut off by half a cell each way.
        let expected = 2.04 * 2.04 - 4.0 * 0.5 * 1e-4 - std::f64::consts::PI * 0.25;
        // The disc is off by 2 pi r dr = 3.1e-4 with dr as above, and chords of at most a cell's
        // diagonal c leave out 2 pi r (2/3) c^2/(8 r) = 4.2e-4.
        let off = area(&grid.region(0.25)) - expected;
        assert!(off.abs() < 7.4e-4, "{off}");
    }

    /// At the end of what is covered regions end and lines stop; a level below all is the whole.
    #[test]
    fn what_is_not_covered_is_left_out() {
        let (mut surfaces, _) = bowl(50);
        let centres = surfaces.centres();
        surfaces.covered = centres.iter().map(|[x, _]| *x < 0.0).collect();
        let grid = Grid::new(&surfaces, &surfaces.u);
        // A cell more on three sides, and four corners cut off.
        let expected = 1.04 * 2.08 - 4.0 * 0.5 * 4e-4;
        assert!((area(&grid.region(-1.0)) - expected).abs() < 1e-9);
        let lines = grid.lines(0.25);
        assert_eq!(lines.len(), 1);
        assert!(!lines[0].closed);
        assert!(lines[0].points.iter().all(|[x, _]| *x <= 0.0));
    }

    /// Lines cross the seam of a period.
    #[test]
    fn lines_go_on_over_the_seam() {
        let axis = |name: &str| Coordinate::periodic(name, 0.0, 1.0, 40);
        let mut surfaces = Surfaces::new("V", [axis("a"), axis("b")]);
        surfaces.u = surfaces.field(|[a, _]| (std::f64::consts::TAU * a).cos());
        surfaces.covered = vec![true; surfaces.len()];
        let grid = Grid::new(&surfaces, &surfaces.u);
        let lines = grid.lines(0.5);
        let reaches = |line: &Line| {
            let b = line.points.iter().map(|point| point[1]);
            b.clone().fold(0.0, f64::min) < 0.0 && b.fold(0.0, f64::max) > 1.0
        };
        assert!(lines.len() >= 2 && lines.iter().all(reaches));
    }
}
