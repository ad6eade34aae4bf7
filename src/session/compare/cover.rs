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

/// What is to be said where more than a part of the full model's positions lie outside.
pub(super) fn uncovered(
    learned: &Potential,
    trajectories: &Trajectories,
    part: f64,
) -> Option<Diagnostic> {
    let sides = covered(learned);
    let shares = sides.iter().enumerate().filter_map(|(c, side)| {
        let (lo, hi) = (*side)?;
        let share = |looks: std::ops::Range<usize>| {
            let (mut outside, mut all) = (0usize, 0usize);
            for (group, look) in
                (0..trajectories.groups()).flat_map(|g| looks.clone().map(move |l| (g, l)))
            {
                let q = trajectories.positions(group, look, c);
                all += q.len();
                outside += q.iter().filter(|q| !(lo..=hi).contains(*q)).count();
            }
            outside as f64 / all.max(1) as f64
        };
        Some((c, lo, hi, share(0..trajectories.looks()), share(0..1)))
    });
    let (c, lo, hi, share, first) = shares.max_by(|a, b| a.3.total_cmp(&b.3))?;
    if share.max(first) <= part {
        return None;
    }
    let percent = |part: f64| significant(100.0 * part, 2);
    let name = &learned.model.coordinates[c].name;
    Some(
        Diagnostic::warning(
            "uncovered",
            format!(
                "{} % of the full model's positions, and {} % of those at the beginning, lie where {} was never sampled: its spline goes from {name} = {} to {}, and only a straight line beyond",
                percent(share),
                percent(first),
                learned.model.name,
                significant(lo, 3),
                significant(hi, 3)
            ),
        )
        .help("begin further in with --start and --spread, or take a lower --kT; learning is hotter, and goes further out, with a larger --delta or a smaller --gamma"),
    )
}
