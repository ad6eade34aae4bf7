//! Sums along the lanes of a window, as the counting map makes them.

use super::Damping;
use crate::kernel::LANES;

/// Which sums a counting map keeps, in the order of its state.
///
/// By coordinate that of `p^2`; where limits are asked for the least and the
/// largest `x`; where friction or mass mix several coordinates those of `p` and of `x g(x)`, which
/// follow from the ends of a window elsewhere. Then those of `p_i p_j` for `i < j` by rows.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Layout {
    pub dimension: usize,
    pub limits: bool,
    pub mixed: bool,
}

impl Layout {
    pub const P2: usize = 0;

    pub fn new(dimension: usize, scalar: bool, limits: bool) -> Layout {
        Layout {
            dimension,
            limits,
            mixed: !scalar && dimension > 1,
        }
    }

    /// The place of the least `x` among those of a coordinate; the largest follows.
    pub fn lo(&self) -> Option<usize> {
        self.limits.then_some(1)
    }

    /// The place of the sum of `p` among those of a coordinate; that of `x g(x)` follows.
    pub fn p(&self) -> Option<usize> {
        self.mixed.then_some(1 + 2 * usize::from(self.limits))
    }

    /// How many each coordinate has.
    pub fn by_coordinate(&self) -> usize {
        1 + 2 * usize::from(self.limits) + 2 * usize::from(self.mixed)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        let pairs = self.dimension * (self.dimension - 1) / 2;
        self.by_coordinate() * self.dimension + pairs
    }

    /// Sets the sums of a state to what they are before the first step.
    pub fn clear(&self, state: &mut [f64]) {
        let rows = &mut state[2 * self.dimension * LANES..];
        rows.fill(0.0);
        let Some(lo) = self.lo() else { return };
        let own = rows.chunks_exact_mut(self.by_coordinate() * LANES);
        for own in own.take(self.dimension) {
            own[lo * LANES..][..LANES].fill(f64::INFINITY);
            own[(lo + 1) * LANES..][..LANES].fill(f64::NEG_INFINITY);
        }
    }
}

/// Sums over the steps of one window, each of every lane.
#[derive(Clone, Copy)]
pub struct Sums<'a> {
    pub(super) layout: Layout,
    /// `x` and `p` before the first step. Shape: (x, p), coordinates, lanes.
    pub(super) start: &'a [f64],
    /// `x` and `p` after the last, and the sums. Shape: (x, p, sums), lanes.
    pub(super) end: &'a [f64],
    pub(super) damping: &'a Damping,
    /// What positions are measured from.
    pub(super) centre: &'a [f64],
    /// Which coordinates wrap.
    pub(super) periodic: &'a [bool],
}

impl<'a> Sums<'a> {
    /// A sum after those of coordinates, or one of these.
    fn row(&self, place: usize) -> &'a [f64; LANES] {
        row(&self.end[2 * self.layout.dimension * LANES..], place)
    }

    fn own(&self, coordinate: usize, which: usize) -> &'a [f64; LANES] {
        self.row(self.layout.by_coordinate() * coordinate + which)
    }

    /// The least and the largest position along a coordinate, where the map keeps them.
    pub fn limits(&self, coordinate: usize) -> Option<[&'a [f64; LANES]; 2]> {
        let lo = self.layout.lo()?;
        Some([lo, lo + 1].map(|which| self.own(coordinate, which)))
    }

    /// The sum of `p`.
    pub fn momentum(&self, c: usize) -> [f64; LANES] {
        if let Some(which) = self.layout.p() {
            return *self.own(c, which);
        }
        // x goes by `v p` in a step.
        let (slow, [x0, x]) = (1.0 / self.speed(c), self.ends(c));
        std::array::from_fn(|lane| (x[lane] - x0[lane]) * slow)
    }

    /// The sum of `p^2`.
    pub fn square(&self, c: usize) -> &'a [f64; LANES] {
        self.own(c, Layout::P2)
    }

    /// The sum of `x g(x)`, with `x` from the centre; 0 along a period.
    ///
    /// Where no coordinates are mixed it telescopes. With `g = (c p - p')/delta`, `x' = x + v p'`
    /// and the sum `S` of `p'^2`, that of `x p'` is `A = (x_N^2 - x_0^2)/(2 v) - v S/2`, that of
    /// `x p` is `B = x_0 p_0 - x_N p_N + A + v S`, and this is `(c B - A)/delta`, sorted by what
    /// the lanes have.
    pub fn virial(&self, c: usize) -> [f64; LANES] {
        if self.periodic[c] {
            return [0.0; LANES];
        }
        if let Some(which) = self.layout.p() {
            return *self.own(c, which + 1);
        }
        let (d, delta) = (self.layout.dimension, self.damping.delta());
        let (v, kept, centre) = (self.speed(c), self.damping.decay(c, c), self.centre[c]);
        let ([x0, x], [p0, p]) = (self.ends(c), self.ends(d + c));
        let squares = self.own(c, Layout::P2);
        let (by_work, by_square) = (kept / delta, (kept - 1.0) / (2.0 * v * delta));
        let by_heat = 0.5 * (1.0 + kept) * v / delta;
        std::array::from_fn(|lane| {
            let (x0, x) = (x0[lane] - centre, x[lane] - centre);
            by_work * (x0 * p0[lane] - x * p[lane])
                + by_square * ((x - x0) * (x + x0))
                + by_heat * squares[lane]
        })
    }

    /// The sum of `p_i p_j`.
    pub fn product(&self, i: usize, j: usize) -> &'a [f64; LANES] {
        let (i, j, d) = (i.min(j), i.max(j), self.layout.dimension);
        if i == j {
            return self.own(i, Layout::P2);
        }
        // Rows above this one hold d - 1, d - 2, ... products.
        let before = i * (2 * d - i - 1) / 2;
        self.row(self.layout.by_coordinate() * d + before + j - i - 1)
    }

    /// How far `x` goes in a step for each unit of `p`.
    fn speed(&self, c: usize) -> f64 {
        self.damping.delta() * self.damping.inverse_mass(c, c)
    }

    /// A variable of the map before and after.
    fn ends(&self, variable: usize) -> [&'a [f64; LANES]; 2] {
        [row(self.start, variable), row(self.end, variable)]
    }
}

fn row(rows: &[f64], place: usize) -> &[f64; LANES] {
    const NONE: [f64; LANES] = [f64::NAN; LANES];
    let row = rows.get(place * LANES..);
    row.and_then(|row| row.first_chunk()).unwrap_or(&NONE)
}
