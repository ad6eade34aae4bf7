//! Sums along the lanes of a window, as the counting map makes them.

use crate::kernel::LANES;

/// Sums over the steps of one window, each of every lane.
///
/// By coordinate the least and the largest `x`; the sums of `x` and `x^2` and of `x g(x)`, with
/// `x` from the centre of the map (0 along a period); the sums of the first four powers of `p`. Of
/// several coordinates also the sum of all `p^2`, and those of the products `p_i p_j` for `i < j`
/// by rows.
#[derive(Clone, Copy)]
pub struct Sums<'a> {
    dimension: usize,
    /// Shape: sums, lanes.
    rows: &'a [f64],
}

impl<'a> Sums<'a> {
    pub(super) const BY_COORDINATE: usize = 9;
    pub(super) const LO: usize = 0;
    pub(super) const HI: usize = 1;
    pub(super) const X: usize = 2;
    pub(super) const X2: usize = 3;
    pub(super) const VIRIAL: usize = 4;
    pub(super) const P: usize = 5;
    pub(super) const P2: usize = 6;
    pub(super) const P3: usize = 7;
    pub(super) const P4: usize = 8;

    /// How many there are in so many coordinates.
    pub(super) fn count(dimension: usize) -> usize {
        let several = match dimension {
            1 => 0,
            d => 1 + d * (d - 1) / 2,
        };
        Sums::BY_COORDINATE * dimension + several
    }

    /// Those at the end of a state of the counting map.
    pub(super) fn of(dimension: usize, state: &'a [f64]) -> Sums<'a> {
        Sums {
            dimension,
            rows: &state[2 * dimension * LANES..],
        }
    }

    /// What they are before the first step.
    pub(super) fn clear(dimension: usize, state: &mut [f64]) {
        let rows = &mut state[2 * dimension * LANES..];
        rows.fill(0.0);
        for own in rows
            .chunks_exact_mut(Sums::BY_COORDINATE * LANES)
            .take(dimension)
        {
            own[Sums::LO * LANES..][..LANES].fill(f64::INFINITY);
            own[Sums::HI * LANES..][..LANES].fill(f64::NEG_INFINITY);
        }
    }

    fn row(&self, place: usize) -> &'a [f64; LANES] {
        const NONE: [f64; LANES] = [f64::NAN; LANES];
        let row = self.rows.get(place * LANES..);
        row.and_then(|row| row.first_chunk()).unwrap_or(&NONE)
    }

    fn own(&self, coordinate: usize, which: usize) -> &'a [f64; LANES] {
        self.row(Sums::BY_COORDINATE * coordinate + which)
    }

    /// The least position along a coordinate.
    pub fn lo(&self, coordinate: usize) -> &'a [f64; LANES] {
        self.own(coordinate, Sums::LO)
    }

    /// The largest.
    pub fn hi(&self, coordinate: usize) -> &'a [f64; LANES] {
        self.own(coordinate, Sums::HI)
    }

    /// The sums of `x` and of `x^2`.
    pub fn position(&self, coordinate: usize) -> [&'a [f64; LANES]; 2] {
        [Sums::X, Sums::X2].map(|which| self.own(coordinate, which))
    }

    /// The sum of `x g(x)`.
    pub fn virial(&self, coordinate: usize) -> &'a [f64; LANES] {
        self.own(coordinate, Sums::VIRIAL)
    }

    /// The sums of `p`, `p^2`, `p^3` and `p^4`.
    pub fn momentum(&self, coordinate: usize) -> [&'a [f64; LANES]; 4] {
        [Sums::P, Sums::P2, Sums::P3, Sums::P4].map(|which| self.own(coordinate, which))
    }

    /// The sum of `p^2` over all coordinates.
    pub fn squares(&self) -> &'a [f64; LANES] {
        match self.dimension {
            1 => self.own(0, Sums::P2),
            d => self.row(Sums::BY_COORDINATE * d),
        }
    }

    /// The sum of `p_i p_j`.
    pub fn product(&self, i: usize, j: usize) -> &'a [f64; LANES] {
        let (i, j, d) = (i.min(j), i.max(j), self.dimension);
        if i == j {
            return self.own(i, Sums::P2);
        }
        // Rows above this one hold d - 1, d - 2, ... products.
        let before = i * (2 * d - i - 1) / 2;
        self.row(Sums::BY_COORDINATE * d + 1 + before + j - i - 1)
    }
}
