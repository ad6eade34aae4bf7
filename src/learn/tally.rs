//! What a [`Collector`] keeps of counted windows: the same as of recorded ones.

use super::collect::{Block, Collector};
use super::lanes::{LaneSums, turned};
use crate::dynamics::{BinAxis, CountedWindow, Counter, Place, Places, Window};
use crate::kernel::LANES;
use crate::stats::Mesh;
use crate::tape::{Kept, Tape};

/// Values of V are asked for of so many points at once, at least.
const AT_ONCE: usize = 2048;
/// Counts of a tally, at most, before they are added to a histogram.
const MOST_COUNTED: u64 = 1 << 30;

/// The places of the bins of a mesh, where so many can be counted.
pub fn places(mesh: &Mesh) -> Option<Places> {
    let axes = mesh.axes().iter().map(|axis| BinAxis {
        lo: axis.grid.lo(),
        width: axis.grid.width(),
        bins: axis.grid.bins(),
        periodic: axis.periodic,
    });
    Places::new(axes.collect())
}

/// What is not in a block yet.
#[derive(Debug)]
pub(super) struct Tally {
    places: Option<Places>,
    /// The stretch that the counts belong to.
    counted: usize,
    /// Of places. Less than nothing where those of an earlier tally were taken back.
    counts: Vec<u32>,
    /// Steps of lanes that were counted so far, or may have been. No more are taken back.
    changes: u64,
    /// The stretch that the sums belong to.
    summed: usize,
    /// Steps of every lane.
    steps: [f64; LANES],
    /// By coordinate the sums of the virial, of `p` and of `p^2`, of every lane.
    sums: Vec<[[f64; LANES]; 3]>,
    /// Points whose value is not known yet, and their stretch. Shape: points, coordinates.
    pub(super) points: Vec<f64>,
    pub(super) valued: usize,
}

impl Tally {
    pub(super) fn new(mesh: Option<&Mesh>, dimension: usize) -> Tally {
        let places = mesh.and_then(places);
        Tally {
            counts: vec![0; places.as_ref().map_or(0, Places::count)],
            places,
            counted: 0,
            changes: 0,
            summed: 0,
            steps: [0.0; LANES],
            sums: vec![[[0.0; LANES]; 3]; dimension],
            points: Vec::new(),
            valued: 0,
        }
    }

    /// Writes what is open on a tape, or reads it, beside so many blocks.
    pub(super) fn pass(&mut self, tape: &mut Tape, blocks: usize) {
        tape.row(&mut self.counts);
        self.changes.pass(tape);
        self.steps.pass(tape);
        self.steps.iter().for_each(|steps| tape.counts(*steps));
        tape.row(&mut self.sums);
        self.points.pass(tape);
        for stretch in [&mut self.counted, &mut self.summed, &mut self.valued] {
            stretch.pass(tape);
            if *stretch >= blocks.max(1) {
                tape.refuse();
            }
        }
        if !self.points.len().is_multiple_of(self.sums.len()) || blocks == 0 {
            self.points.clear();
        }
    }

    /// Adds the counts to those of the block that they belong to.
    fn settle_counts(&mut self, blocks: &mut [Block]) {
        let block = blocks.get_mut(self.counted);
        let binned = block.and_then(|block| block.binned.as_mut());
        if let (Some(binned), Some(places), true) = (binned, &self.places, self.changes > 0) {
            let mut outside = [0; 3];
            let counts = self.counts.iter().enumerate();
            for (at, &count) in counts.filter(|(_, count)| **count != 0) {
                let count = i64::from(count as i32);
                match places.place(at) {
                    Place::Bin(bin) => binned.density.change(bin, count),
                    Place::Below => outside[0] += count,
                    Place::Above => outside[1] += count,
                }
            }
            binned.density.change_outside(outside);
        }
        self.counts.fill(0);
        self.changes = 0;
    }

    fn settle_sums(&mut self, blocks: &mut [Block]) {
        let Some(block) = blocks.get_mut(self.summed) else {
            return;
        };
        for (c, sums) in self.sums.iter_mut().enumerate() {
            for (lane, into) in block.lanes[c * LANES..][..LANES].iter_mut().enumerate() {
                let [virial, p @ ..] = sums.map(|row| row[lane]);
                into.merge(&LaneSums::of(self.steps[lane], p, virial));
            }
            *sums = [[0.0; LANES]; 3];
        }
        self.steps = [0.0; LANES];
    }

    fn sum(&mut self, window: &CountedWindow<'_>) {
        let committed = window.committed();
        let steps = [window.steps() as f64; LANES];
        add(&mut self.steps, &steps, committed);
        for (c, into) in self.sums.iter_mut().enumerate() {
            let sums = window.sums();
            let rows = [&sums.virial(c), &sums.momentum(c), sums.square(c)];
            for (into, row) in into.iter_mut().zip(rows) {
                add(into, row, committed);
            }
        }
    }
}

/// Adds what the lanes that count have.
fn add(into: &mut [f64; LANES], row: &[f64; LANES], committed: &[bool; LANES]) {
    let own = into.iter_mut().zip(row);
    if *committed == [true; LANES] {
        return own.for_each(|(into, sum)| *into += sum);
    }
    for ((into, sum), _) in own.zip(committed).filter(|(_, counts)| **counts) {
        *into += sum;
    }
}

impl Collector<'_> {
    /// Adds what counted windows have left open to the blocks.
    pub fn settle(&mut self) {
        self.tally.settle_counts(&mut self.blocks);
        self.tally.settle_sums(&mut self.blocks);
        self.settle_values();
    }

    fn settle_values(&mut self) {
        if self.tally.points.is_empty() {
            return;
        }
        let (points, stretch) = (std::mem::take(&mut self.tally.points), self.tally.valued);
        std::mem::swap(&mut self.block, &mut self.blocks[stretch]);
        self.add_values(&points);
        std::mem::swap(&mut self.block, &mut self.blocks[stretch]);
        self.tally.points = points;
        self.tally.points.clear();
    }

    /// Looks at a step that is shown.
    fn look(&mut self, window: &Window<'_>, lanes: &[usize]) {
        self.bin_forces(window, lanes);
        if self.plan.value_stride > 0 && window.first_step().is_multiple_of(self.plan.value_stride)
        {
            let d = self.plan.periods.len();
            for &lane in lanes {
                let point = (0..d).map(|c| window.positions(0, c)[lane]);
                self.tally.points.extend(point);
            }
        }
        for (c, period) in self.plan.periods.iter().enumerate() {
            let (x, p) = (window.positions(0, c), window.momenta(0, c));
            for &lane in lanes {
                let offset = x[lane] - self.plan.centre[c];
                let seen = period.map_or(offset, |length| turned(offset, length));
                self.block.lanes[c * LANES + lane].see(seen, p[lane]);
            }
        }
    }
}

impl Counter for Collector<'_> {
    fn counts(&mut self, stretch: usize, steps: usize) -> &mut [u32] {
        self.reach(stretch);
        let tally = &mut self.tally;
        if tally.counted != stretch || steps > 0 && tally.changes > MOST_COUNTED {
            tally.settle_counts(&mut self.blocks);
            tally.counted = stretch;
        }
        // Who asks with no steps may take some back.
        tally.changes += (steps.max(1) * LANES) as u64;
        &mut tally.counts
    }

    fn commit(&mut self, window: &CountedWindow<'_>) {
        let stretch = window.stretch();
        self.reach(stretch);
        if self.tally.summed != stretch {
            self.tally.settle_sums(&mut self.blocks);
            self.tally.summed = stretch;
        }
        self.tally.sum(window);
        if self.tally.valued != stretch || self.tally.points.len() >= AT_ONCE {
            self.settle_values();
            self.tally.valued = stretch;
        }
        let d = self.plan.periods.len();
        if d == 1 && window.shown().next().is_none() {
            return;
        }
        let committed = window.committed();
        let mut lanes = Vec::with_capacity(LANES);
        lanes.extend((0..LANES).filter(|&lane| committed[lane]));
        std::mem::swap(&mut self.block, &mut self.blocks[stretch]);
        let pairs = (0..d).flat_map(|i| (i + 1..d).map(move |j| (i, j)));
        self.block
            .add_products(window.steps() * lanes.len(), pairs, |(i, j)| {
                let row = window.sums().product(i, j);
                lanes.iter().map(|&lane| row[lane]).sum()
            });
        for step in window.shown() {
            self.look(&step, &lanes);
        }
        std::mem::swap(&mut self.block, &mut self.blocks[stretch]);
    }
}
