//! Many trajectories from a law of starts, looked at now and then; and first passages.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;

use super::{Damping, Integrator, Stream, Streams};
use crate::kernel::LANES;

/// Groups that a thread advances together: a kernel overlaps what they wait for.
const TOGETHER: usize = 4;
/// Steps between two looks at who has reached a goal.
const PIECE: u64 = 4096;

/// The law that trajectories begin with, normal in all coordinates.
#[derive(Clone, PartialEq, Debug)]
pub struct Law {
    /// The mean of the positions.
    pub start: Vec<f64>,
    /// Their standard deviations.
    pub spread: Vec<f64>,
    /// The mean of the momenta.
    pub momentum: Vec<f64>,
    /// The temperature of the momenta about their mean.
    pub heat: f64,
}

/// What a course is run with.
pub struct Course<'a> {
    /// The integrator.
    pub integrator: &'a Integrator,
    /// The mass.
    pub damping: &'a Damping,
    /// The beginning.
    pub law: &'a Law,
    /// How many trajectories.
    pub trajectories: usize,
    /// The random numbers.
    pub streams: Streams,
    /// Set from outside to stop early.
    pub cancelled: &'a AtomicBool,
    /// Told how much is done, from 0 to 1.
    pub progress: &'a (dyn Fn(f64) + Sync),
}

/// Trajectories, thinned.
pub struct Trajectories {
    dimension: usize,
    has_momenta: bool,
    count: usize,
    looks: usize,
    interval: f64,
    /// By group of lanes. Shape: looks, variables (positions, momenta, V), lanes.
    groups: Vec<Vec<f64>>,
    /// Whether it ran to its end.
    complete: bool,
    steps: u64,
}

/// Numbers that each look at a lane keeps.
fn variables(dimension: usize, has_momenta: bool) -> usize {
    dimension * (1 + usize::from(has_momenta)) + 1
}

impl Course<'_> {
    /// Bytes that so many looks keep.
    pub fn bytes(&self, looks: u64) -> f64 {
        let each = variables(self.integrator.dimension(), self.integrator.has_momenta());
        let lanes = self.trajectories.div_ceil(LANES) * LANES;
        8.0 * each as f64 * lanes as f64 * (looks + 1) as f64
    }

    /// Runs all trajectories, and looks at them at the beginning and after every `every` steps, so
    /// many times. No bit depends on the number of threads.
    pub fn run(&self, looks: usize, every: u64) -> Trajectories {
        let groups = self.trajectories.div_ceil(LANES).max(1);
        let done = AtomicU64::new(0);
        let all = (groups * looks.max(1)) as f64;
        let shown = |more: usize| {
            let done = done.fetch_add(more as u64, Ordering::Relaxed) + more as u64;
            (self.progress)(done as f64 / all);
        };
        let found: Vec<Vec<Vec<f64>>> = chunks(groups)
            .par_iter()
            .map(|numbers| self.run_groups(numbers, looks, every, &shown))
            .collect();
        let found: Vec<Vec<f64>> = found.into_iter().flatten().collect();
        self.gathered(found, looks, every)
    }

    /// What was made, of a course that was stopped what is whole.
    fn gathered(&self, mut groups: Vec<Vec<f64>>, looks: usize, every: u64) -> Trajectories {
        let integrator = self.integrator;
        let (dimension, has_momenta) = (integrator.dimension(), integrator.has_momenta());
        let row = variables(dimension, has_momenta) * LANES;
        let steps: usize = groups.iter().map(|group| group.len() / row - 1).sum();
        let whole = (looks + 1) * row;
        let complete = groups.iter().all(|group| group.len() == whole);
        let mut kept = looks + 1;
        if !complete {
            if groups.iter().any(|group| group.len() == whole) {
                groups.retain(|group| group.len() == whole);
            } else if groups.iter().any(|group| group.len() > row) {
                // Others had not begun.
                groups.retain(|group| group.len() > row);
            }
            kept = groups
                .iter()
                .map(|group| group.len() / row)
                .min()
                .unwrap_or(0);
        }
        Trajectories {
            dimension,
            has_momenta,
            count: self.trajectories.min(groups.len() * LANES),
            looks: kept,
            interval: every as f64 * integrator.step(),
            groups,
            complete,
            steps: steps as u64 * every * LANES as u64,
        }
    }

    fn run_groups(
        &self,
        numbers: &[u64],
        looks: usize,
        every: u64,
        shown: &dyn Fn(usize),
    ) -> Vec<Vec<f64>> {
        let integrator = self.integrator;
        let mut states: Vec<Vec<f64>> = numbers.iter().map(|n| self.begin(*n)).collect();
        let row = variables(integrator.dimension(), integrator.has_momenta()) * LANES;
        let room = || Vec::with_capacity(row * (looks + 1));
        let mut kept: Vec<Vec<f64>> = numbers.iter().map(|_| room()).collect();
        let mut look = |states: &[Vec<f64>]| {
            for (state, kept) in states.iter().zip(&mut kept) {
                integrator.look(state, kept);
            }
        };
        look(&states);
        let mut prepared = integrator.prepare();
        for _ in 0..looks {
            if !prepared.advance(&mut states, every, self.cancelled) {
                break;
            }
            look(&states);
            shown(numbers.len());
        }
        kept
    }

    /// The state of a group at the beginning.
    fn begin(&self, number: u64) -> Vec<f64> {
        let mut stream = self.streams.stream(number);
        let (q, p) = self.draw(&mut stream);
        self.integrator.begin(&q, &p, &mut stream)
    }

    /// Positions and momenta of the law. Shape: coordinates, lanes.
    fn draw(&self, stream: &mut Stream) -> (Vec<f64>, Vec<f64>) {
        let (law, d) = (self.law, self.integrator.dimension());
        let mut q = vec![0.0; d * LANES];
        let mut p = vec![0.0; d * LANES];
        for lane in 0..LANES {
            let numbers: Vec<f64> = (0..2 * d).map(|_| stream.normal()).collect();
            for c in 0..d {
                q[c * LANES + lane] = law.start[c] + law.spread[c] * numbers[c];
                let along = |j: usize| self.damping.mass_factor(c, j) * numbers[d + j];
                let heat: f64 = (0..=c).map(along).sum();
                p[c * LANES + lane] = law.momentum[c] + law.heat.sqrt() * heat;
            }
        }
        (q, p)
    }

    /// Lets every trajectory run until it has reached the goal of the integrator, at most so many
    /// steps.
    pub fn passages(&self, most: u64) -> Passages {
        let groups = self.trajectories.div_ceil(LANES).max(1);
        let done = AtomicU64::new(0);
        let found: Vec<Vec<Vec<f64>>> = chunks(groups)
            .par_iter()
            .map(|numbers| {
                let mut states: Vec<Vec<f64>> = numbers.iter().map(|n| self.begin(*n)).collect();
                self.pass(&mut states, most);
                let done = done.fetch_add(numbers.len() as u64, Ordering::Relaxed);
                (self.progress)((done as f64 + numbers.len() as f64) / groups as f64);
                states
            })
            .collect();
        let mut passages = Passages::default();
        let h = self.integrator.step();
        for state in found.iter().flatten() {
            let [on_the_way, steps] = self.integrator.on_the_way(state);
            passages.steps += steps.iter().sum::<f64>() as u64;
            for (on, steps) in on_the_way.iter().zip(steps) {
                if passages.times.len() + passages.open.len() < self.trajectories {
                    match *on == 0.0 {
                        true => passages.times.push(h * steps),
                        false => passages.open.push(h * steps),
                    }
                }
            }
        }
        passages
    }

    fn pass(&self, states: &mut [Vec<f64>], most: u64) {
        let mut prepared = self.integrator.prepare();
        let mut made = 0;
        while made < most {
            let now = PIECE.min(most - made);
            if !prepared.advance(states, now, self.cancelled) {
                return;
            }
            made += now;
            let mut on_the_way = states.iter().flat_map(|s| self.integrator.on_the_way(s)[0]);
            if on_the_way.all(|on| *on == 0.0) {
                return;
            }
        }
    }
}

/// The numbers of groups that threads take at once.
fn chunks(groups: usize) -> Vec<Vec<u64>> {
    let threads = rayon::current_num_threads().max(1);
    let together = groups.div_ceil(threads).clamp(1, TOGETHER);
    let numbers: Vec<u64> = (0..groups as u64).collect();
    numbers.chunks(together).map(<[u64]>::to_vec).collect()
}

/// First passages.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Passages {
    /// When trajectories reached the goal.
    pub times: Vec<f64>,
    /// How long the others were on their way.
    pub open: Vec<f64>,
    /// Steps of all lanes.
    pub steps: u64,
}

impl Passages {
    /// The mean time and its standard error: where some are still on their way, that of a constant
    /// rate, all the time by the number of passages. `None` where nobody has arrived.
    pub fn mean(&self) -> Option<(f64, f64)> {
        let n = self.times.len() as f64;
        if n == 0.0 {
            return None;
        }
        let sum: f64 = self.times.iter().sum();
        if !self.open.is_empty() {
            let mean = (sum + self.open.iter().sum::<f64>()) / n;
            return Some((mean, mean / n.sqrt()));
        }
        let mean = sum / n;
        let squares: f64 = self.times.iter().map(|t| (t - mean).powi(2)).sum();
        Some((mean, (squares / (n - 1.0).max(1.0) / n).sqrt()))
    }
}

impl Trajectories {
    /// Coordinates.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Trajectories.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Looks, that at the beginning among them.
    pub fn looks(&self) -> usize {
        self.looks
    }

    /// The time between looks.
    pub fn interval(&self) -> f64 {
        self.interval
    }

    /// Whether there are momenta.
    pub fn has_momenta(&self) -> bool {
        self.has_momenta
    }

    /// Whether all of the course was run.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Steps of all lanes.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// When the looks were.
    pub fn times(&self) -> Vec<f64> {
        (0..self.looks)
            .map(|look| look as f64 * self.interval)
            .collect()
    }

    /// Groups of lanes.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Lanes of a group that are trajectories: all, but in the last.
    pub fn lanes(&self, group: usize) -> usize {
        self.count.saturating_sub(group * LANES).min(LANES)
    }

    fn row(&self, group: usize, look: usize, variable: usize) -> &[f64] {
        let variables = variables(self.dimension, self.has_momenta);
        let at = (look * variables + variable) * LANES;
        &self.groups[group][at..][..self.lanes(group)]
    }

    /// A coordinate of the lanes of a group.
    pub fn positions(&self, group: usize, look: usize, coordinate: usize) -> &[f64] {
        self.row(group, look, coordinate)
    }

    /// A momentum likewise; nothing where there are none.
    pub fn momenta(&self, group: usize, look: usize, coordinate: usize) -> &[f64] {
        match self.has_momenta {
            true => self.row(group, look, self.dimension + coordinate),
            false => &[],
        }
    }

    /// The potential likewise.
    pub fn potential(&self, group: usize, look: usize) -> &[f64] {
        let last = variables(self.dimension, self.has_momenta) - 1;
        self.row(group, look, last)
    }

    /// By trajectory, the first look at which it was no longer finite.
    pub fn lost(&self) -> impl Iterator<Item = Option<usize>> + '_ {
        let lanes = (0..self.groups()).flat_map(|g| (0..self.lanes(g)).map(move |lane| (g, lane)));
        lanes.map(|(group, lane)| {
            // What is not finite stays so.
            let is_lost = |look: usize| {
                let d = self.dimension * (1 + usize::from(self.has_momenta));
                (0..d).any(|v| !self.row(group, look, v)[lane].is_finite())
            };
            let last = self.looks.checked_sub(1)?;
            is_lost(last).then(|| (0..=last).find(|look| is_lost(*look)).unwrap_or(last))
        })
    }
}
