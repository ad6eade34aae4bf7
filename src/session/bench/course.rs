//! One stretch of trajectories, run again and again from the same beginning: the same work each
//! time, on numbers that stay finite.

use super::start::Beginning;
use crate::kernel::{Engine, GroupRun, KernelError, LANES, StepKernel, StepProgram};

/// Groups of [`LANES`] trajectories in flight.
pub(super) const GROUPS: usize = 4;
/// Trajectories in flight.
pub(super) const IN_FLIGHT: usize = GROUPS * LANES;

/// Steps of a stretch at most, and at least.
pub(super) const STRETCH: [usize; 2] = [64, 4096];
/// A trajectory that is this far from zero has left.
const FAR: f64 = 1e9;

/// Advances all trajectories. The state has the shape groups, variables, lanes; the counts groups,
/// places.
pub(super) fn advance(
    kernel: &StepKernel,
    state: &mut [f64],
    mut counts: &mut [u32],
    constants: &[f64],
    steps: usize,
) {
    let mut groups = Vec::with_capacity(GROUPS);
    for state in state.chunks_exact_mut(kernel.state_len()) {
        let own;
        (own, counts) = counts.split_at_mut(kernel.places());
        groups.push(GroupRun {
            state,
            record: &mut [],
            counts: own,
        });
    }
    kernel.run_groups(&mut groups, constants, steps);
}

/// A kernel with trajectories for it.
pub(super) struct Course {
    kernel: StepKernel,
    constants: Vec<f64>,
    /// Where a stretch begins. Shape: groups, variables, lanes; sums are zero.
    start: Vec<f64>,
    state: Vec<f64>,
    /// Shape: groups, places.
    counts: Vec<u32>,
    /// Positions and momenta of a trajectory.
    variables: usize,
    /// Steps of a stretch.
    pub steps: usize,
}

impl Course {
    /// Of the map alone, or of one whose state has sums behind the positions and momenta, and which
    /// counts places.
    pub(super) fn new(
        program: &StepProgram,
        engine: Engine,
        constants: &[f64],
        beginning: &Beginning,
    ) -> Result<Course, KernelError> {
        let kernel = StepKernel::compile(program, engine)?;
        let given = beginning.state.len() / GROUPS;
        let mut start = vec![0.0; kernel.state_len() * GROUPS];
        let groups = start.chunks_exact_mut(kernel.state_len());
        for (start, given) in groups.zip(beginning.state.chunks_exact(given)) {
            start[..given.len()].copy_from_slice(given);
        }
        Ok(Course {
            constants: constants.to_vec(),
            state: start.clone(),
            start,
            counts: vec![0; kernel.places() * GROUPS],
            kernel,
            variables: given / LANES,
            steps: STRETCH[0],
        })
    }

    /// Runs one stretch.
    pub(super) fn stretch(&mut self) {
        self.state.copy_from_slice(&self.start);
        self.counts.fill(0);
        let (state, counts) = (&mut self.state, &mut self.counts);
        advance(&self.kernel, state, counts, &self.constants, self.steps);
    }

    /// Puts trajectories that stay over a stretch in the places of those that do not; how many.
    /// Where none stays the stretch is halved; `None` where none stays for the shortest.
    pub(super) fn settle(&mut self) -> Option<usize> {
        loop {
            self.stretch();
            let replaced = substitute(&mut self.start, &lost(&self.state, self.variables));
            if replaced.is_some() || self.steps == STRETCH[0] {
                return replaced;
            }
            self.steps = (self.steps / 2).max(STRETCH[0]);
        }
    }
}

/// By trajectory, group after group, whether one of so many variables is not finite or has left.
pub(super) fn lost(state: &[f64], variables: usize) -> Vec<bool> {
    let group_len = state.len() / GROUPS;
    let mut lost = vec![false; IN_FLIGHT];
    let groups = lost.chunks_exact_mut(LANES);
    for (lost, state) in groups.zip(state.chunks_exact(group_len)) {
        for variable in state.chunks_exact(LANES).take(variables) {
            for (lost, x) in lost.iter_mut().zip(variable) {
                // NaN is no less than anything.
                *lost |= x.is_nan() || x.abs() > FAR;
            }
        }
    }
    lost
}

/// Copies trajectories that are not lost over those that are; how many, `None` where all are lost.
pub(super) fn substitute(state: &mut [f64], lost: &[bool]) -> Option<usize> {
    let group_len = state.len() / GROUPS;
    let first = |at: usize| at / LANES * group_len + at % LANES;
    let kept: Vec<usize> = (0..lost.len()).filter(|at| !lost[*at]).collect();
    if kept.is_empty() {
        return None;
    }
    let gone = (0..lost.len()).filter(|at| lost[*at]);
    let mut replaced = 0;
    for (to, from) in gone.zip(kept.iter().cycle()) {
        for variable in (0..group_len).step_by(LANES) {
            state[first(to) + variable] = state[first(*from) + variable];
        }
        replaced += 1;
    }
    Some(replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trajectories_that_stay_take_the_places_of_those_that_do_not() {
        let mut state: Vec<f64> = (0..2 * IN_FLIGHT).map(|i| i as f64).collect();
        state[3] = f64::NAN;
        state[LANES + 5] = -1e300;
        let gone = lost(&state, 2);
        assert_eq!(gone.iter().filter(|gone| **gone).count(), 2);
        assert!(gone[3] && gone[5]);
        assert_eq!(substitute(&mut state, &gone), Some(2));
        // A whole trajectory each, position and momentum of the same.
        for lane in [3, 5] {
            assert_eq!(state[LANES + lane], state[lane] + LANES as f64);
        }
        assert!(lost(&state, 2).iter().all(|gone| !gone));
        assert_eq!(substitute(&mut state, &[true; IN_FLIGHT]), None);
    }
}
