//! The order of operations: those next to each other should not wait for each other.
//!
//! A processor looks some hundred operations ahead for what is ready. Lane code has one function
//! after the other, each a chain; how these are ordered is a matter of how many registers there are
//! for what waits.

use std::cmp::Reverse;

/// An operation as its place among others depends on it. Values are numbers below a count.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// What it reads, each once.
    pub(super) reads: Vec<u32>,
    /// What it gives, if that is a value.
    pub(super) gives: Option<u32>,
    /// Cycles from what it reads to what it gives, about.
    pub(super) latency: u32,
    /// Whether it, and what it needs, comes before all that leads nowhere near it.
    pub(super) urgent: bool,
}

/// What an order is good for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Aim {
    /// Chains take turns: the operation that most is left to do after comes first, unless more than
    /// so many values are alive, when the one comes first that ends most of them.
    Turns(usize),
    /// Few values wait: chains come one after the other, the longest that a result needs first, but
    /// what makes no value more is done as soon as it can be (Sethi and Ullman 1970 order trees
    /// so; here values have several readers). Several vectors side by side then hide the latencies.
    FewAlive,
}

/// Orders steps, given so that what gives a value comes before what reads it. `results` are read in
/// the end.
pub(super) fn order(
    steps: &[Step],
    values: usize,
    results: impl Iterator<Item = u32>,
    aim: Aim,
) -> Vec<usize> {
    let mut order = Order::new(steps, values);
    let results: Vec<u32> = results.collect();
    for &value in &results {
        order.reads[value as usize] += 1;
    }
    if aim == Aim::FewAlive {
        order.rank(&results);
    }
    order.run(aim)
}

struct Order<'s> {
    steps: &'s [Step],
    /// By value, the step that it comes from, and the reads that are left.
    makers: Vec<Option<usize>>,
    reads: Vec<usize>,
    /// By step: those that read its result; operands that are not there yet; cycles from its
    /// beginning to the end of all that follows from it.
    readers: Vec<Vec<usize>>,
    missing: Vec<usize>,
    height: Vec<u32>,
    /// By step, once they are ranked, its place where chains follow each other.
    place: Vec<Option<usize>>,
}

impl<'s> Order<'s> {
    fn new(steps: &'s [Step], values: usize) -> Order<'s> {
        let mut order = Order {
            steps,
            makers: vec![None; values],
            reads: vec![0; values],
            readers: vec![Vec::new(); steps.len()],
            missing: vec![0; steps.len()],
            height: vec![0; steps.len()],
            place: vec![None; steps.len()],
        };
        for (at, step) in steps.iter().enumerate() {
            for &value in &step.reads {
                order.reads[value as usize] += 1;
                if let Some(maker) = order.makers[value as usize] {
                    order.readers[maker].push(at);
                    order.missing[at] += 1;
                }
            }
            if let Some(value) = step.gives {
                order.makers[value as usize] = Some(at);
            }
        }
        for (at, step) in steps.iter().enumerate().rev() {
            let own = if step.urgent {
                u32::MAX / 2
            } else {
                step.latency
            };
            order.height[at] = order.height[at].saturating_add(own);
            for maker in order.needs(at) {
                order.height[maker] = order.height[maker].max(order.height[at]);
            }
        }
        order
    }

    /// The steps that give what one reads.
    fn needs(&self, at: usize) -> Vec<usize> {
        let reads = self.steps[at].reads.iter();
        reads.filter_map(|v| self.makers[*v as usize]).collect()
    }

    /// Puts each step after all that it needs, the longest chain first; what is urgent, and then what
    /// the results need.
    fn rank(&mut self, results: &[u32]) {
        let mut depth = vec![0; self.steps.len()];
        for (at, step) in self.steps.iter().enumerate() {
            let before = self.needs(at).into_iter().map(|maker| depth[maker]).max();
            depth[at] = before.unwrap_or(0) + step.latency;
        }
        let urgent = (0..self.steps.len()).filter(|at| self.steps[*at].urgent);
        let wanted = results.iter().filter_map(|v| self.makers[*v as usize]);
        let roots: Vec<usize> = urgent.chain(wanted).collect();
        // Whether all that a step needs has been put before it.
        let mut open: Vec<(usize, bool)> = roots.into_iter().rev().map(|at| (at, false)).collect();
        let mut placed = 0;
        while let Some((at, ready)) = open.pop() {
            if self.place[at].is_some() {
                continue;
            }
            if ready {
                self.place[at] = Some(placed);
                placed += 1;
                continue;
            }
            open.push((at, true));
            let mut needs = self.needs(at);
            needs.sort_by_key(|maker| depth[*maker]);
            open.extend(needs.into_iter().map(|maker| (maker, false)));
        }
    }

    /// By how much a step changes the number of values that are alive.
    fn growth(&self, at: usize) -> isize {
        let step = &self.steps[at];
        let ends = |value: &&u32| {
            self.reads[**value as usize] == 1 && self.makers[**value as usize].is_some()
        };
        isize::from(step.gives.is_some()) - step.reads.iter().filter(ends).count() as isize
    }

    fn run(mut self, aim: Aim) -> Vec<usize> {
        let count = self.steps.len();
        let mut open: Vec<usize> = (0..count).filter(|at| self.missing[*at] == 0).collect();
        let mut done = Vec::with_capacity(count);
        let mut alive = 0_isize;
        loop {
            let key = |at: usize| {
                let (growth, place) = match aim {
                    Aim::Turns(most) if alive < most as isize => (0, 0),
                    Aim::Turns(_) => (self.growth(at), 0),
                    Aim::FewAlive => (self.growth(at).max(0), self.place[at].unwrap_or(count)),
                };
                let urgent = self.steps[at].urgent;
                (
                    urgent,
                    -growth,
                    Reverse(place),
                    self.height[at],
                    Reverse(at),
                )
            };
            let best = (0..open.len()).max_by_key(|place| key(open[*place]));
            let Some(best) = best else { return done };
            let at = open.swap_remove(best);
            alive += self.growth(at);
            for &value in &self.steps[at].reads {
                self.reads[value as usize] -= 1;
            }
            done.push(at);
            for reader in std::mem::take(&mut self.readers[at]) {
                self.missing[reader] -= 1;
                if self.missing[reader] == 0 {
                    open.push(reader);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(reads: &[u32], gives: u32) -> Step {
        Step {
            reads: reads.to_vec(),
            gives: Some(gives),
            latency: 4,
            urgent: false,
        }
    }

    /// Two chains of three from one value that is there.
    fn chains() -> Vec<Step> {
        let chain = |first: u32| [(0, first), (first, first + 1), (first + 1, first + 2)];
        let both = [chain(1), chain(4)].concat();
        both.into_iter()
            .map(|(from, to)| step(&[from], to))
            .collect()
    }

    #[test]
    fn chains_take_turns_where_there_is_room() {
        let results = [3, 6].into_iter();
        let turns = |most| order(&chains(), 7, results.clone(), Aim::Turns(most));
        assert_eq!(turns(4), [0, 3, 1, 4, 2, 5]);
        assert_eq!(turns(1), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn what_is_urgent_comes_first_with_what_it_needs() {
        for aim in [Aim::Turns(4), Aim::FewAlive] {
            let mut steps = chains();
            steps[5].urgent = true;
            steps[5].gives = None;
            assert_eq!(order(&steps, 7, [3].into_iter(), aim)[..3], [3, 4, 5]);
        }
    }

    /// Two sums over terms, each a chain that both need, as a gradient has them: one term is alive at
    /// a time, while by turns several are.
    #[test]
    fn terms_of_a_sum_do_not_wait_for_each_other() {
        const LONG: u32 = 8;
        // A term is a chain from value 0; the sums so far are the two values before it.
        let mut steps = Vec::new();
        let (mut sums, mut next) = ([0, 0], 1);
        for _ in 0..8 {
            let mut term = 0;
            for _ in 0..LONG {
                steps.push(step(&[term], next));
                (term, next) = (next, next + 1);
            }
            for sum in &mut sums {
                steps.push(step(&[term, *sum], next));
                (*sum, next) = (next, next + 1);
            }
        }
        let most = |aim| {
            let order = order(&steps, next as usize, sums.into_iter(), aim);
            let reads = |at: &usize, value: u32| steps[*at].reads.contains(&value);
            let last_read = |value| order.iter().rposition(|at| reads(at, value));
            let alive = |now: usize| {
                let made = order[..=now].iter().filter_map(|at| steps[*at].gives);
                made.filter(|value| last_read(*value).is_none_or(|at| at > now))
                    .count()
            };
            (0..order.len()).map(alive).max().unwrap_or(0)
        };
        assert_eq!(most(Aim::FewAlive), 3);
        assert!(most(Aim::Turns(usize::MAX)) > 3);
    }
}
