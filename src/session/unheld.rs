//! Why a scan has no step to offer: the potential does not hold trajectories, and says so in the
//! words of a run.

use super::confinement::lowest_at_an_end;
use super::foresight::{falling, pole};
use super::prospect::Prospect;
use super::{Options, Potential};
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::number::significant;
use crate::report::scan::SweepRow;

/// A potential that falls for ever: where it is lowest is nowhere, and has no scales to speak of.
pub(super) fn bottomless(
    potential: &Potential,
    prospect: &Prospect,
    options: &Options,
) -> Option<Diagnostic> {
    Some(as_error(falling(potential, &prospect.survey, options)?))
}

/// What keeps trajectories from staying, where no step has good marks.
pub(super) fn unheld(
    potential: &Potential,
    prospect: &Prospect,
    options: &Options,
    sweep: &[SweepRow],
) -> Option<Diagnostic> {
    if let Some(found) = lowest_at_an_end(potential, options) {
        return Some(found);
    }
    if options.domain.is_none()
        && let Some(found) = pole(potential, &prospect.survey)
    {
        return Some(as_error(found));
    }
    first_reason(sweep)
}

/// What a run says at the first step that nothing holds trajectories at, with that step.
pub(super) fn first_reason(sweep: &[SweepRow]) -> Option<Diagnostic> {
    let at = sweep.iter().position(|row| row.reason.is_some())?;
    let mut reason = sweep[at].reason.clone()?;
    let more = match sweep[at..].iter().all(|row| row.reason.is_some()) && at + 1 < sweep.len() {
        true => " and more",
        false => "",
    };
    let delta = significant(sweep[at].delta, 3);
    reason.message = format!("at delta {delta}{more} {}", reason.message);
    Some(reason)
}

fn as_error(mut diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.severity = Severity::Error;
    diagnostic
}
