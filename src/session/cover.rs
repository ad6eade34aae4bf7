//! Where a learned potential is known: on the box of its spline.

use crate::diagnostic::Diagnostic;
use crate::dynamics::Trajectories;
use crate::graph::Op;
use crate::report::number::significant;
use crate::session::Potential;

/// By coordinate, from where to where all splines of the potential go that it is a coordinate of;
/// periodic ones go everywhere.
fn covered(potential: &Potential) -> Vec<Option<(f64, f64)>> {
    let model = &potential.model;
    let mut sides: Vec<Option<(f64, f64)>> = vec![None; model.dimension()];
    for node in model.graph.schedule(&[model.value]) {
        let Op::Spline(id, arguments) = model.graph.op(node) else {
            continue;
        };
        let table = model.graph.spline_table(id);
        for (axis, argument) in table.axes().iter().zip(arguments) {
            let Op::Input(input) = model.graph.op(argument) else {
                continue;
            };
            if let Some(side) = sides.get_mut(input as usize).filter(|_| !axis.periodic) {
                let (lo, hi) = side.unwrap_or((axis.lo, axis.hi));
                *side = Some((lo.max(axis.lo), hi.min(axis.hi)));
            }
        }
    }
    sides
}

/// Positions outside what splines cover.
pub(super) struct Outside {
    /// Their part along the coordinate where it is largest.
    pub share: f64,
    /// The same at the beginning.
    pub first: f64,
    /// Trajectories that were outside when they were looked at.
    pub trajectories: usize,
    /// The coordinate, and from where to where it is covered.
    name: String,
    side: (f64, f64),
}

/// The part of positions worth a word.
const UNCOVERED: f64 = 0.01;

impl Outside {
    /// Of the box of a potential; `None` where it has none.
    pub fn of(learned: &Potential, trajectories: &Trajectories) -> Option<Outside> {
        let sides = covered(learned);
        let sides = sides.iter().enumerate();
        let sides = sides.filter_map(|(c, side)| Some((c, (*side)?)));
        let found = sides.map(|(c, side)| along(learned, trajectories, c, side));
        found.max_by(|a, b| a.share.max(a.first).total_cmp(&b.share.max(b.first)))
    }

    /// Whether it is worth a word.
    pub fn matters(&self) -> bool {
        self.share.max(self.first) > UNCOVERED
    }

    /// `U goes from x = -2 to 2`, and what comes then.
    pub fn known(&self, name: &str) -> String {
        let [lo, hi] = [self.side.0, self.side.1].map(|end| significant(end, 3));
        format!(
            "{name} was learned from {} = {lo} to {hi}, and what it does beyond is a guess",
            self.name
        )
    }

    /// What is to be said of positions of the full model.
    pub fn said(&self, learned: &Potential) -> Option<Diagnostic> {
        let message = format!(
            "{} % of the full model's positions, and {} % of those at the beginning, lie outside: {}",
            percent(self.share),
            percent(self.first),
            self.known(&learned.model.name)
        );
        self.matters()
            .then(|| Diagnostic::warning("uncovered", message).help(FURTHER_IN))
    }
}

/// What to do about it.
pub(super) const FURTHER_IN: &str = "begin further in with --start and --spread, or take a lower --kT; learning is hotter, and goes further out, with a larger --delta or a smaller --gamma";

/// A part as a number of percent.
pub(super) fn percent(part: f64) -> String {
    significant(100.0 * part, 2)
}

fn along(
    learned: &Potential,
    trajectories: &Trajectories,
    c: usize,
    (lo, hi): (f64, f64),
) -> Outside {
    let (mut outside, mut first, mut all, mut count) = (0usize, 0usize, 0usize, 0usize);
    for group in 0..trajectories.groups() {
        let lanes = trajectories.lanes(group);
        let mut was = vec![false; lanes];
        for look in 0..trajectories.looks() {
            let q = trajectories.positions(group, look, c);
            all += q.len();
            for (was, q) in was.iter_mut().zip(q) {
                // What is no number is nowhere.
                let beyond = !(lo..=hi).contains(q);
                outside += usize::from(beyond);
                first += usize::from(beyond && look == 0);
                *was |= beyond;
            }
        }
        count += was.iter().filter(|was| **was).count();
    }
    Outside {
        share: outside as f64 / all.max(1) as f64,
        first: first as f64 / trajectories.count().max(1) as f64,
        trajectories: count,
        name: learned.model.coordinates[c].name.clone(),
        side: (lo, hi),
    }
}
