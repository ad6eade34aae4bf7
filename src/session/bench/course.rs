//! One stretch of trajectories, run again and again from the same beginning: the same work each
//! time, on numbers that stay finite.

use super::start::Beginning;
use crate::kernel::{Engine, KernelError, LANES, StepKernel, StepProgram};
use crate::stats::{Histogram, Mesh};

/// Groups of [`LANES`] trajectories in flight.
pub(super) const GROUPS: usize = 1;
/// Trajectories in flight.
pub(super) const IN_FLIGHT: usize = GROUPS * LANES;

/// Advances all trajectories: the one place that knows how a kernel takes several groups. The state
/// has the shape groups, variables, lanes; the record groups, steps, records, lanes.
pub(super) fn advance(
    kernel: &StepKernel,
    state: &mut [f64],
    constants: &[f64],
    steps: usize,
    record: &mut [f64],
) {
    let kept = record.len() / GROUPS;
    for (group, state) in state.chunks_exact_mut(kernel.state_len()).enumerate() {
        let record = &mut record[group * kept..][..kept];
        kernel.run(state, constants, steps, record);
    }
}

/// Steps of a stretch at most, and at least; both are whole numbers of blocks.
pub(super) const STRETCH: [usize; 2] = [64, 4096];
/// Steps of a block of records, in one coordinate and in more: 16 KiB in one and two, which stay in
/// the level 1 cache.
const BLOCK: [usize; 2] = [64, 32];
/// A trajectory that is this far from zero has left.
const FAR: f64 = 1e9;

/// A kernel with trajectories for it.
pub(super) struct Course {
    kernel: StepKernel,
    constants: Vec<f64>,
    /// Where a stretch begins.
    start: Vec<f64>,
    state: Vec<f64>,
    /// Steps of a stretch.
    pub steps: usize,
    statistics: Option<Statistics>,
}

impl Course {
    /// Of a map that records nothing, or of one that records positions and momenta, for which
    /// statistics are kept at every step.
    pub(super) fn new(
        program: &StepProgram,
        engine: Engine,
        constants: &[f64],
        beginning: &Beginning,
    ) -> Result<Course, KernelError> {
        let kernel = StepKernel::compile(program, engine)?;
        let dimension = kernel.recorded() / 2;
        Ok(Course {
            statistics: (dimension > 0).then(|| Statistics::new(dimension, &beginning.mesh)),
            kernel,
            constants: constants.to_vec(),
            start: beginning.state.clone(),
            state: beginning.state.clone(),
            steps: STRETCH[0],
        })
    }

    /// Runs one stretch.
    pub(super) fn stretch(&mut self) {
        self.state.copy_from_slice(&self.start);
        let (state, constants) = (&mut self.state, &self.constants);
        match &mut self.statistics {
            None => advance(&self.kernel, state, constants, self.steps, &mut []),
            Some(statistics) => {
                for _ in 0..self.steps / statistics.block {
                    let record = &mut statistics.record;
                    advance(&self.kernel, state, constants, statistics.block, record);
                    statistics.add();
                }
            }
        }
    }

    /// Puts trajectories that stay over a stretch in the places of those that do not; how many.
    /// Where none stays the stretch is halved; `None` where none stays for the shortest.
    pub(super) fn settle(&mut self) -> Option<usize> {
        loop {
            self.stretch();
            let replaced = substitute(&mut self.start, &lost(&self.state));
            if replaced.is_some() || self.steps == STRETCH[0] {
                return replaced;
            }
            self.steps = (self.steps / 2).max(STRETCH[0]);
        }
    }
}

/// By trajectory, group after group, whether a variable is not finite or has left.
pub(super) fn lost(state: &[f64]) -> Vec<bool> {
    let group_len = state.len() / GROUPS;
    let mut lost = vec![false; IN_FLIGHT];
    let groups = lost.chunks_exact_mut(LANES);
    for (lost, state) in groups.zip(state.chunks_exact(group_len)) {
        for variable in state.chunks_exact(LANES) {
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

/// A histogram of positions and three power sums of each momentum: what a run needs least, kept by
/// what it is kept with in a run.
struct Statistics {
    dimension: usize,
    block: usize,
    /// Shape: groups, steps of a block, positions and then momenta, lanes.
    record: Vec<f64>,
    histogram: Histogram,
    /// Shape: momenta, lanes; one of each power.
    sums: [Vec<[f64; LANES]>; 3],
}

impl Statistics {
    fn new(dimension: usize, mesh: &Mesh) -> Statistics {
        let block = BLOCK[usize::from(dimension > 1)];
        Statistics {
            dimension,
            block,
            record: vec![0.0; block * 2 * dimension * IN_FLIGHT],
            histogram: Histogram::new(mesh.clone()),
            sums: std::array::from_fn(|_| vec![[0.0; LANES]; dimension]),
        }
    }

    fn add(&mut self) {
        let half = self.dimension * LANES;
        for step in self.record.chunks_exact(2 * half) {
            let (x, p) = step.split_at(half);
            match self.histogram.mesh().dimension() {
                1 => self.histogram.add_all(&x[..LANES]),
                _ => self.histogram.add_rows(&[&x[..LANES], &x[LANES..]]),
            }
            let [first, second, third] = &mut self.sums;
            let sums = first.iter_mut().zip(second).zip(third);
            for (((first, second), third), p) in sums.zip(p.as_chunks::<LANES>().0) {
                for lane in 0..LANES {
                    let square = p[lane] * p[lane];
                    first[lane] += p[lane];
                    second[lane] += square;
                    third[lane] += square * p[lane];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trajectories_that_stay_take_the_places_of_those_that_do_not() {
        let mut state: Vec<f64> = (0..2 * IN_FLIGHT).map(|i| i as f64).collect();
        state[3] = f64::NAN;
        state[LANES + 5] = -1e300;
        let gone = lost(&state);
        assert_eq!(gone.iter().filter(|gone| **gone).count(), 2);
        assert!(gone[3] && gone[5]);
        assert_eq!(substitute(&mut state, &gone), Some(2));
        // A whole trajectory each, position and momentum of the same.
        for lane in [3, 5] {
            assert_eq!(state[LANES + lane], state[lane] + LANES as f64);
        }
        assert!(lost(&state).iter().all(|gone| !gone));
        assert_eq!(substitute(&mut state, &[true; IN_FLIGHT]), None);
    }
}
