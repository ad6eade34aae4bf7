//! Wells and saddles of a surface on a grid.
//!
//! Cells are taken in the order of their values. A cell without lower neighbours opens a basin; one
//! that joins two basins is a saddle, and the shallower basin ends there (the elder rule of
//! persistent homology; Edelsbrunner & Harer, *Computational Topology*, 2010, chapter VII). A basin
//! that ends less than a given depth above its bottom is noise: it and its saddle are left out.
//! A cell by which a basin reaches itself around a period is a saddle too, and so are those that
//! join hills from above: the passes between the same two wells on either side of a hill.

use super::surfaces::Surfaces;
use serde::{Deserialize, Serialize};

/// What kind of point it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CriticalKind {
    /// A minimum.
    Well,
    /// A pass between wells.
    Saddle,
}

/// A well or a saddle.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct CriticalPoint {
    /// Which of the two.
    pub kind: CriticalKind,
    /// Where, between the centres of the cells.
    pub at: [f64; 2],
    /// The value there.
    pub value: f64,
    /// Standard error of the difference to the value at the lowest well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr: Option<f64>,
}

impl CriticalPoint {
    /// Whether it is a well.
    pub fn is_well(&self) -> bool {
        self.kind == CriticalKind::Well
    }
}

/// The wells and saddles of `U` over the covered cells, wells first, each kind from the lowest up.
///
/// Wells less than `depth`, or less than three standard errors of the difference, below the pass to
/// a deeper one are left out, and so are passes beside hills that are no higher, and what lies at
/// the edge of the covered region, where nothing says that the surface turns. Places and values are
/// those of a quadratic through the nine cells around.
pub fn critical_points(surfaces: &Surfaces, depth: f64) -> Vec<CriticalPoint> {
    let below = Flood::run(surfaces, 1.0, depth);
    let above = Flood::run(surfaces, -1.0, depth);
    let point = |kind: CriticalKind| move |&cell: &usize| refined(surfaces, cell, kind);
    let mut wells: Vec<_> = below
        .bottoms
        .iter()
        .filter_map(point(CriticalKind::Well))
        .collect();
    // From above only what joins hills: what goes around a period was seen from below.
    let passes = below.joins.iter().chain(&below.rounds).chain(&above.joins);
    let mut saddles: Vec<_> = passes.filter_map(point(CriticalKind::Saddle)).collect();
    for kind in [&mut wells, &mut saddles] {
        kind.sort_by(|a, b| a.value.total_cmp(&b.value));
    }
    wells.extend(saddles);
    wells
}

/// The depth that a well must have to be worth naming: a hundredth of the range over which nine
/// tenths of the covered cells lie.
pub fn noticeable_depth(surfaces: &Surfaces) -> f64 {
    let cells = (0..surfaces.len()).filter(|&cell| surfaces.is_learned(cell));
    let mut values: Vec<f64> = cells.map(|cell| surfaces.u[cell]).collect();
    values.sort_by(f64::total_cmp);
    let at = (0.9 * values.len().saturating_sub(1) as f64) as usize;
    let range = values.first().zip(values.get(at));
    range.map_or(0.0, |(lowest, high)| 0.01 * (high - lowest))
}

/// A well is one when it is so many standard errors below its pass.
const SURE: f64 = 3.0;

/// Neighbours in the triangulation of the grid by one diagonal: the same for basins and for hills.
const NEIGHBOURS: [[isize; 2]; 6] = [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1]];

/// How many whole periods one cell is from another, by coordinate.
type Turns = [i64; 2];

/// What a flood has found, as numbers of cells.
#[derive(Default)]
struct Flood {
    /// Where basins begin that are deep enough.
    bottoms: Vec<usize>,
    /// Where two of them meet.
    joins: Vec<usize>,
    /// Where a basin meets itself around a period.
    rounds: Vec<usize>,
}

impl Flood {
    /// Floods `sign*U` from below. From above (`sign` is -1) what is not covered is flooded first,
    /// as one hill higher than all.
    fn run(surfaces: &Surfaces, sign: f64, depth: f64) -> Flood {
        let [x, y] = &surfaces.axes;
        let covered = |cell: &usize| surfaces.is_learned(*cell);
        let height = |cell: usize| sign * surfaces.u[cell];
        let error = |cell: usize| {
            let error = surfaces.u_stderr.get(cell).copied();
            error.filter(|error| error.is_finite()).unwrap_or(0.0)
        };
        let mut order: Vec<usize> = (0..surfaces.len()).filter(covered).collect();
        order.sort_by(|&a, &b| height(a).total_cmp(&height(b)).then(a.cmp(&b)));
        let outside = surfaces.len();
        let mut basins = Basins::new(surfaces.len() + 1);
        if sign < 0.0 {
            basins.open(outside, f64::NEG_INFINITY);
        }
        let mut flood = Flood::default();
        for cell in order {
            basins.open(cell, height(cell));
            for by in NEIGHBOURS {
                let (i, j) = (cell / y.cells, cell % y.cells);
                let to = x.neighbour(i, by[0]).zip(y.neighbour(j, by[1]));
                let (other, turns) = match to {
                    Some((k, l)) if surfaces.is_learned(k * y.cells + l) => {
                        let turn = |from: usize, by: isize, to: usize, cells: usize| {
                            (from as i64 + by as i64 - to as i64) / cells as i64
                        };
                        let turns = [turn(i, by[0], k, x.cells), turn(j, by[1], l, y.cells)];
                        (k * y.cells + l, turns)
                    }
                    _ if sign < 0.0 => (outside, [0, 0]),
                    _ => continue,
                };
                if basins.is_open(other) {
                    match basins.join(cell, other, turns) {
                        Meeting::Ends(bottom) => {
                            let lasted = height(cell) - basins.bottom[bottom];
                            let sure = lasted >= SURE * error(cell).hypot(error(bottom));
                            // The cell itself was a basin for a moment.
                            if lasted > 0.0 && lasted >= depth && sure {
                                flood.bottoms.push(bottom);
                                flood.joins.push(cell);
                            }
                        }
                        Meeting::Around => flood.rounds.push(cell),
                        Meeting::Nothing => {}
                    }
                }
            }
        }
        let lasting = basins.lasting();
        flood
            .bottoms
            .extend(lasting.filter(|&cell| cell != outside));
        flood
    }
}

/// What happens when two cells meet.
enum Meeting {
    /// They were of one basin already.
    Nothing,
    /// The basin that begins at this cell ends.
    Ends(usize),
    /// The basin goes around a period, for the first time in that direction.
    Around,
}

/// Disjoint sets of cells that know where they begin, and how many periods their cells are apart.
struct Basins {
    /// The cell above in the tree, itself at the root; none before it is opened.
    above: Vec<Option<usize>>,
    /// Periods from the cell above to this one.
    turns: Vec<Turns>,
    /// At the root: the value at which the basin begins. Roots are where basins begin.
    bottom: Vec<f64>,
    /// At the root: directions in which the basin goes around.
    around: Vec<Vec<Turns>>,
}

impl Basins {
    fn new(cells: usize) -> Basins {
        Basins {
            above: vec![None; cells],
            turns: vec![[0, 0]; cells],
            bottom: vec![f64::NAN; cells],
            around: vec![Vec::new(); cells],
        }
    }

    fn open(&mut self, cell: usize, value: f64) {
        self.above[cell] = Some(cell);
        self.bottom[cell] = value;
    }

    fn is_open(&self, cell: usize) -> bool {
        self.above[cell].is_some()
    }

    /// The root of a cell and the periods from it to the cell; the way is shortened for the next.
    fn root(&mut self, cell: usize) -> (usize, Turns) {
        let mut way = Vec::new();
        let mut at = cell;
        while let Some(above) = self.above[at].filter(|&above| above != at) {
            way.push(at);
            at = above;
        }
        let mut total = [0, 0];
        for &below in way.iter().rev() {
            total = sum(total, self.turns[below]);
            self.turns[below] = total;
            self.above[below] = Some(at);
        }
        (at, total)
    }

    /// Joins the basins of two neighbours, `turns` periods apart.
    fn join(&mut self, cell: usize, other: usize, turns: Turns) -> Meeting {
        let ((a, to_cell), (b, to_other)) = (self.root(cell), self.root(other));
        let between = difference(sum(to_cell, turns), to_other);
        if a == b {
            return self.go_around(a, between);
        }
        // The deeper basin goes on.
        let a_is_deeper = self.bottom[a].total_cmp(&self.bottom[b]).is_lt();
        let (deep, ends, shift) = if a_is_deeper {
            (a, b, between)
        } else {
            (b, a, difference([0, 0], between))
        };
        self.above[ends] = Some(deep);
        self.turns[ends] = shift;
        let around = std::mem::take(&mut self.around[ends]);
        for direction in around {
            self.go_around(deep, direction);
        }
        Meeting::Ends(ends)
    }

    fn go_around(&mut self, root: usize, turns: Turns) -> Meeting {
        let known = &mut self.around[root];
        let independent = match known[..] {
            [] => turns != [0, 0],
            [first] => first[0] * turns[1] != first[1] * turns[0],
            _ => false,
        };
        if !independent {
            return Meeting::Nothing;
        }
        known.push(turns);
        Meeting::Around
    }

    /// The beginnings of the basins that have not ended.
    fn lasting(&self) -> impl Iterator<Item = usize> {
        let roots = self.above.iter().enumerate();
        roots.filter_map(|(cell, above)| (*above == Some(cell)).then_some(cell))
    }
}

fn sum(a: Turns, b: Turns) -> Turns {
    [a[0] + b[0], a[1] + b[1]]
}

fn difference(a: Turns, b: Turns) -> Turns {
    [a[0] - b[0], a[1] - b[1]]
}

/// The point where the quadratic through a cell and the eight around it, in least squares, is
/// stationary; the cell itself if that is not near. None at the edge of what is covered.
fn refined(surfaces: &Surfaces, cell: usize, kind: CriticalKind) -> Option<CriticalPoint> {
    let [x, y] = &surfaces.axes;
    let (i, j) = (cell / y.cells, cell % y.cells);
    // Sums of the values times 1, a, b, a^2, ab and b^2, with a and b in -1, 0, 1.
    let mut sums = [0.0; 6];
    for a in -1..=1 {
        for b in -1..=1 {
            let near = x.neighbour(i, a)? * y.cells + y.neighbour(j, b)?;
            let value = surfaces.is_learned(near).then(|| surfaces.u[near])?;
            let (a, b) = (a as f64, b as f64);
            for (sum, power) in sums.iter_mut().zip([1.0, a, b, a * a, a * b, b * b]) {
                *sum += power * value;
            }
        }
    }
    let [all, a, b, aa, ab, bb] = sums;
    let slope = [a / 6.0, b / 6.0];
    let bend = [
        2.0 * (aa / 2.0 - all / 3.0),
        ab / 4.0,
        2.0 * (bb / 2.0 - all / 3.0),
    ];
    let level = (5.0 * all - 3.0 * aa - 3.0 * bb) / 9.0;
    let determinant = bend[0] * bend[2] - bend[1] * bend[1];
    let step = [
        (bend[1] * slope[1] - bend[2] * slope[0]) / determinant,
        (bend[1] * slope[0] - bend[0] * slope[1]) / determinant,
    ];
    let right = (determinant > 0.0) == (kind == CriticalKind::Well);
    let (step, value) = if right && step.iter().all(|step| step.abs() <= 1.0) {
        let value = level + 0.5 * (slope[0] * step[0] + slope[1] * step[1]);
        (step, value)
    } else {
        ([0.0, 0.0], surfaces.u[cell])
    };
    let at = [
        x.wrapped(x.centre(i) + step[0] * x.width()),
        y.wrapped(y.centre(j) + step[1] * y.width()),
    ];
    Some(CriticalPoint {
        kind,
        at,
        value,
        stderr: None,
    })
}
