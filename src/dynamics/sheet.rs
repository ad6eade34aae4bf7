//! Averages of V over the cells of one box, on one length scale.

use super::{Side, Stream};

/// Averages of V over equal cells of a box, row-major, the last coordinate fastest.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    sides: Vec<Side>,
    /// Cells along every coordinate.
    cells: usize,
    /// Points that were looked at.
    points: usize,
    /// Infinite where V is not finite somewhere in the cell.
    means: Vec<f64>,
    /// How far a mean may be off for the places of its few points, in several coordinates.
    doubts: Vec<f64>,
}

/// Cells along a coordinate, and parts of a cell along it that hold a point each.
fn resolution(dimension: usize) -> (usize, usize) {
    match dimension {
        1 => (128, 16),
        _ => (64, 2),
    }
}

impl Sheet {
    /// Looks at V in a box. `values` fills the values at many points (shape: coordinates, points).
    pub fn sample(
        sides: &[Side],
        stream: &mut Stream,
        values: &mut impl FnMut(&[f64], &mut [f64]),
    ) -> Sheet {
        let d = sides.len();
        let (cells, parts) = resolution(d);
        let (count, each) = (cells.pow(d as u32), parts.pow(d as u32));
        // One point at random in each of equal parts: no small period can hide from them.
        let mut points = vec![0.0; d * count * each];
        for at in 0..count * each {
            let (mut cell, mut part) = (at / each, at % each);
            for c in (0..d).rev() {
                let place = (cell % cells * parts + part % parts) as f64 + stream.uniform();
                let step = (sides[c].hi - sides[c].lo) / (cells * parts) as f64;
                points[c * count * each + at] = sides[c].lo + place * step;
                (cell, part) = (cell / cells, part / parts);
            }
        }
        let mut v = vec![f64::NAN; count * each];
        values(&points, &mut v);
        let means = v
            .chunks_exact(each)
            .map(|cell| {
                // A cell that V does not fill is not a place to be.
                let good = cell.iter().all(|v| v.is_finite());
                let mean = cell.iter().sum::<f64>() / each as f64;
                if good { mean } else { f64::INFINITY }
            })
            .collect();
        let doubt = |cell: &[f64]| {
            let (mean, n) = (cell.iter().sum::<f64>() / each as f64, each as f64);
            let squares: f64 = cell.iter().map(|v| (v - mean).powi(2)).sum();
            if d > 1 {
                2.0 * (squares / n).sqrt()
            } else {
                0.0
            }
        };
        Sheet {
            sides: sides.to_vec(),
            cells,
            points: count * each,
            means,
            doubts: v.chunks_exact(each).map(doubt).collect(),
        }
    }

    /// Evaluations of V.
    pub fn evaluations(&self) -> u64 {
        self.points as u64
    }

    /// Whether V is finite in no cell.
    pub fn is_empty(&self) -> bool {
        !self.means.iter().any(|v| v.is_finite())
    }

    /// The widths of a cell.
    pub fn widths(&self) -> Vec<f64> {
        let width = |side: &Side| (side.hi - side.lo) / self.cells as f64;
        self.sides.iter().map(width).collect()
    }

    /// The centre of a cell.
    pub fn centre(&self, cell: usize) -> Vec<f64> {
        let widths = self.widths();
        let along = |c: usize| self.sides[c].lo + (self.place(cell, c) as f64 + 0.5) * widths[c];
        (0..self.sides.len()).map(along).collect()
    }

    /// The box of a cell.
    pub fn cell(&self, cell: usize) -> Vec<Side> {
        let widths = self.widths();
        let along = |c: usize| {
            let lo = self.sides[c].lo + self.place(cell, c) as f64 * widths[c];
            Side::plain(lo, lo + widths[c])
        };
        (0..self.sides.len()).map(along).collect()
    }

    /// The place of a cell along a coordinate.
    fn place(&self, cell: usize, coordinate: usize) -> usize {
        let after = self.sides.len() - 1 - coordinate;
        cell / self.cells.pow(after as u32) % self.cells
    }

    /// The two neighbours of a cell along a coordinate; `None` beyond an end.
    fn neighbours(&self, cell: usize, coordinate: usize) -> [Option<usize>; 2] {
        let after = self.sides.len() - 1 - coordinate;
        let stride = self.cells.pow(after as u32);
        let (place, last) = (self.place(cell, coordinate), self.cells - 1);
        let wraps = self.sides[coordinate].periodic;
        let below = match place {
            0 => wraps.then_some(cell + last * stride),
            _ => Some(cell - stride),
        };
        let above = match place == last {
            true => wraps.then(|| cell - last * stride),
            false => Some(cell + stride),
        };
        [below, above]
    }

    fn all_neighbours(&self, cell: usize) -> impl Iterator<Item = Option<usize>> + '_ {
        (0..self.sides.len()).flat_map(move |c| self.neighbours(cell, c))
    }

    /// The lowest cell that is lower than all around it, none of them beyond an end, and its mean.
    pub fn lowest(&self) -> Option<(usize, f64)> {
        let is_local = |cell: &usize| {
            let level = self.means[*cell];
            self.all_neighbours(*cell)
                .all(|near| near.is_some_and(|near| level <= self.means[near]))
        };
        let finite = (0..self.means.len()).filter(|cell| self.means[*cell].is_finite());
        let best = finite
            .filter(is_local)
            .min_by(|a, b| self.means[*a].total_cmp(&self.means[*b]))?;
        Some((best, self.means[best]))
    }

    /// The mean of the cell that holds a point.
    pub fn level_at(&self, point: &[f64]) -> Option<f64> {
        let mut cell = 0;
        for ((side, width), x) in self.sides.iter().zip(self.widths()).zip(point) {
            let place = (x - side.lo) / width;
            if !(place > 0.0 && place < self.cells as f64) {
                return None;
            }
            cell = cell * self.cells + place as usize;
        }
        self.means.get(cell).copied()
    }

    /// The coordinates without a side of their own at an end of which V falls over the outer eighth,
    /// in the mean over the others: beyond doubt, as cells hold few points.
    pub fn falling(&self, own: &[Option<Side>]) -> Vec<usize> {
        let open = (0..self.sides.len()).filter(|&c| own[c].is_none());
        open.filter(|&c| self.rise(c, true) < 0.0 || self.rise(c, false) < 0.0)
            .collect()
    }

    /// What V rises by over the outer eighth at an end of a coordinate, plus four standard errors
    /// where there are others to take a mean over.
    fn rise(&self, coordinate: usize, upper: bool) -> f64 {
        let n = self.cells / 8;
        let after = self.sides.len() - 1 - coordinate;
        let stride = self.cells.pow(after as u32);
        let begins = (0..self.means.len()).filter(|cell| self.place(*cell, coordinate) == 0);
        let rises: Vec<f64> = begins
            .map(|begin| {
                let part = |from: usize| -> f64 {
                    let places = from..from + n;
                    places.map(|i| self.means[begin + i * stride]).sum()
                };
                match upper {
                    true => part(self.cells - n) - part(self.cells - 2 * n),
                    false => part(0) - part(n),
                }
            })
            .collect();
        let lines = rises.len() as f64;
        let mean = rises.iter().sum::<f64>() / lines;
        let square = rises.iter().map(|r| (r - mean).powi(2)).sum::<f64>();
        mean + 4.0 * square.sqrt() / lines
    }

    /// The coordinates that do not wrap at an end of which a cell is within twice `depth` of
    /// `level`; `None` where no cell is within half of it. In between is what few points leave open.
    pub fn open(&self, level: f64, depth: f64) -> Option<Vec<usize>> {
        let lowest = self.means.iter().copied().fold(f64::INFINITY, f64::min);
        let low = |cell: &usize| self.means[*cell] < level + 2.0 * depth;
        let at_an_end = |c: usize| {
            let mut low = (0..self.means.len()).filter(low);
            low.any(|cell| self.place(cell, c) == 0 || self.place(cell, c) == self.cells - 1)
        };
        let plain = (0..self.sides.len()).filter(|&c| !self.sides[c].periodic);
        (lowest < level + 0.5 * depth).then(|| plain.filter(|c| at_an_end(*c)).collect())
    }

    /// The box of the cells within `depth` of `level`, if none is at an end, and its least number
    /// of cells along a coordinate that is not periodic.
    pub fn hull(&self, level: f64, depth: f64) -> Option<(Vec<Side>, usize)> {
        let low: Vec<usize> = (0..self.means.len())
            .filter(|cell| self.means[*cell] < level + depth)
            .collect();
        let (widths, mut least) = (self.widths(), self.cells);
        let mut hull = Vec::with_capacity(self.sides.len());
        for (c, side) in self.sides.iter().enumerate() {
            if side.periodic {
                hull.push(*side);
                continue;
            }
            let first = low.iter().map(|cell| self.place(*cell, c)).min()?;
            let last = low.iter().map(|cell| self.place(*cell, c)).max()?;
            if first == 0 || last == self.cells - 1 {
                return None;
            }
            least = least.min(last - first + 1);
            hull.push(Side::plain(
                side.lo + first as f64 * widths[c],
                side.lo + (last + 1) as f64 * widths[c],
            ));
        }
        Some((hull, least))
    }

    /// Points (shape: points, coordinates) with density `exp(-V/kt)` by cell.
    pub fn draw(&self, points: usize, kt: f64, stream: &mut Stream) -> Vec<f64> {
        let lowest = self.means.iter().copied().fold(f64::INFINITY, f64::min);
        let mut total = 0.0;
        let cumulative: Vec<f64> = self
            .means
            .iter()
            .map(|v| {
                total += ((lowest - v) / kt).exp();
                total
            })
            .collect();
        let widths = self.widths();
        let mut pool = Vec::with_capacity(points * widths.len());
        for _ in 0..points {
            let target = stream.uniform() * total;
            let cell = cumulative.partition_point(|&sum| sum < target);
            let cell = cell.min(self.means.len() - 1);
            for (c, (side, width)) in self.sides.iter().zip(&widths).enumerate() {
                pool.push(side.lo + (self.place(cell, c) as f64 + stream.uniform()) * width);
            }
        }
        pool
    }

    /// Whether the box of the sheet holds another.
    pub fn spans(&self, other: &[Side]) -> bool {
        let mut both = self.sides.iter().zip(other);
        both.all(|(own, other)| own.periodic || (own.lo <= other.lo && own.hi >= other.hi))
    }

    /// The cells from which V rises by `depth` before it falls below, whichever way one leaves;
    /// beyond the ends it falls.
    pub fn wells(&self, depth: f64) -> Vec<usize> {
        let flood = self.flood();
        let deep = flood.passes.iter().filter(|pass| {
            let doubt = self.doubts[pass.shallow];
            pass.level >= self.means[pass.shallow] + depth + doubt
        });
        let mut wells: Vec<usize> = deep.map(|pass| pass.shallow).collect();
        wells.extend(flood.closed);
        wells.sort_unstable();
        wells
    }

    /// How high the highest pass between two wells lies above `level`, the lowest place of all;
    /// `None` where there is no second well. A well is a basin that is at least a tenth as deep as
    /// that, and unless `doubtful` deeper than chance makes one.
    pub fn barrier(&self, level: f64, doubtful: bool) -> Option<f64> {
        const MATTERS: f64 = 0.1;
        let flood = self.flood();
        let inner = flood.passes.iter().filter(|pass| pass.deep.is_some());
        let matters = inner.filter(|pass| {
            let doubt = match doubtful {
                true => 0.0,
                false => self.doubts[pass.shallow] + self.doubts[pass.cell],
            };
            let depth = pass.level - self.means[pass.shallow] - doubt;
            depth >= MATTERS * (pass.level - level)
        });
        let heights = matters.map(|pass| pass.level - level);
        heights
            .filter(|height| *height > 0.0)
            .max_by(f64::total_cmp)
    }

    /// Floods the cells from the lowest up.
    fn flood(&self) -> Flood {
        let mut order: Vec<usize> = (0..self.means.len())
            .filter(|cell| self.means[*cell].is_finite())
            .collect();
        order.sort_by(|a, b| self.means[*a].total_cmp(&self.means[*b]));
        // The basin of each flooded cell: its lowest cell, or `OUTSIDE`.
        const DRY: usize = usize::MAX;
        let outside = self.means.len();
        let mut parent: Vec<usize> = vec![DRY; self.means.len() + 1];
        parent[outside] = outside;
        let root = |parent: &mut Vec<usize>, mut at: usize| {
            while parent[at] != at {
                parent[at] = parent[parent[at]];
                at = parent[at];
            }
            at
        };
        let level = |cell: usize| match cell == outside {
            true => f64::NEG_INFINITY,
            false => self.means[cell],
        };
        let mut passes = Vec::new();
        for &cell in &order {
            parent[cell] = cell;
            let near: Vec<Option<usize>> = self.all_neighbours(cell).collect();
            for near in near {
                let near = near.unwrap_or(outside);
                if parent[near] == DRY {
                    continue;
                }
                let (a, b) = (root(&mut parent, cell), root(&mut parent, near));
                if a == b {
                    continue;
                }
                let (deep, shallow) = if level(a) <= level(b) { (a, b) } else { (b, a) };
                // A cell alone is no basin, whatever rounding says of its level.
                if shallow != cell {
                    passes.push(Pass {
                        cell,
                        level: level(cell),
                        shallow,
                        deep: (deep != outside).then_some(deep),
                    });
                }
                parent[shallow] = deep;
            }
        }
        // What no flood has joined to anything is shut in by places where V is not finite.
        let closed = order.into_iter().filter(|cell| parent[*cell] == *cell);
        Flood {
            closed: closed.collect(),
            passes,
        }
    }
}

/// What a flood finds.
struct Flood {
    /// Where two basins meet, from the lowest up.
    passes: Vec<Pass>,
    /// The lowest cells of basins that meet nothing.
    closed: Vec<usize>,
}

/// Where two basins meet, and the shallower one ends.
struct Pass {
    cell: usize,
    /// Its mean.
    level: f64,
    /// The lowest cell of the shallower basin.
    shallow: usize,
    /// That of the other; `None` for what lies beyond the ends.
    deep: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::Streams;

    fn sheet(sides: &[Side], v: impl Fn(&[f64]) -> f64) -> Sheet {
        let mut stream = Streams::new(5).stream(0);
        Sheet::sample(sides, &mut stream, &mut |points, out| {
            let n = out.len();
            for (i, out) in out.iter_mut().enumerate() {
                let point: Vec<f64> = (0..sides.len()).map(|c| points[c * n + i]).collect();
                *out = v(&point);
            }
        })
    }

    /// Three wells of known depths in a plane, of which one is too shallow.
    #[test]
    fn wells_are_found_by_flooding() {
        let dip = |p: &[f64], x: f64, y: f64, deep: f64| {
            -deep * (-4.0 * ((p[0] - x).powi(2) + (p[1] - y).powi(2))).exp()
        };
        let v = |p: &[f64]| {
            0.1 * (p[0] * p[0] + p[1] * p[1])
                + dip(p, -1.0, 0.0, 3.0)
                + dip(p, 1.0, 0.5, 2.0)
                + dip(p, 0.0, -1.5, 0.2)
        };
        let sides = [Side::plain(-4.0, 4.0), Side::plain(-4.0, 4.0)];
        let sheet = sheet(&sides, v);
        let wells: Vec<Vec<f64>> = sheet.wells(1.0).iter().map(|c| sheet.centre(*c)).collect();
        assert_eq!(wells.len(), 2, "{wells:?}");
        let near = |x: f64, y: f64| {
            let close = |w: &&Vec<f64>| (w[0] - x).abs() < 0.2 && (w[1] - y).abs() < 0.2;
            wells.iter().find(close).is_some()
        };
        assert!(near(-1.0, 0.0) && near(1.0, 0.5), "{wells:?}");
        // Between the deep ones the pass is about as high as the rim: 0.1 or so above 0.
        let barrier = sheet.barrier(-3.0, false).unwrap();
        assert!(barrier > 2.5 && barrier < 3.3, "{barrier}");
        let (hull, _) = sheet.hull(-3.0, 1.0).unwrap();
        assert!(hull[0].lo < -1.0 && hull[0].hi > -1.0 && hull[0].hi < 0.0);
    }

    /// On a circle a well at the seam is one well, and nothing lies beyond the ends.
    #[test]
    fn a_period_has_no_ends() {
        let sheet = sheet(&[Side::period(std::f64::consts::TAU)], |p| p[0].cos());
        assert_eq!(sheet.wells(1.0).len(), 1);
        assert_eq!(sheet.barrier(-1.0, false), None);
        let (cell, level) = sheet.lowest().unwrap();
        assert!(sheet.centre(cell)[0].abs() > 3.0 && level < -0.99);
        assert!(sheet.falling(&[Some(Side::period(1.0))]).is_empty());
        assert_eq!(
            sheet.hull(-1.0, 1e9).unwrap().0[0],
            Side::period(std::f64::consts::TAU)
        );
    }
}
