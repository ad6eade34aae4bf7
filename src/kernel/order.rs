//! The order of operations: those next to each other should not wait for each other.
//!
//! A processor looks some hundred operations ahead for what is ready. Lane code has one function
//! after the other, each a chain; here the chains take turns, as far as there are registers: the
//! operation that most is left to do after comes first, unless too many values are alive, when the
//! one comes first that ends most of them.

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

/// Orders steps, given so that what gives a value comes before what reads it, with about so many
/// values alive. `results` are read in the end.
pub(super) fn order(
    steps: &[Step],
    values: usize,
    results: impl Iterator<Item = u32>,
    most_alive: usize,
) -> Vec<usize> {
    let mut order = Order::new(steps, values);
    results.for_each(|value| order.reads[value as usize] += 1);
    order.run(most_alive)
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
            for maker in step.reads.iter().filter_map(|v| order.makers[*v as usize]) {
                order.height[maker] = order.height[maker].max(order.height[at]);
            }
        }
        order
    }

    /// By how much a step changes the number of values that are alive.
    fn growth(&self, at: usize) -> isize {
        let step = &self.steps[at];
        let ends = |value: &&u32| {
            self.reads[**value as usize] == 1 && self.makers[**value as usize].is_some()
        };
        isize::from(step.gives.is_some()) - step.reads.iter().filter(ends).count() as isize
    }

    fn run(mut self, most_alive: usize) -> Vec<usize> {
        let count = self.steps.len();
        let mut open: Vec<usize> = (0..count).filter(|at| self.missing[*at] == 0).collect();
        let mut done = Vec::with_capacity(count);
        let mut alive = 0_isize;
        loop {
            let pressed = alive >= most_alive as isize;
            let key = |at: usize| {
                let growth = if pressed { self.growth(at) } else { 0 };
                (self.steps[at].urgent, -growth, self.height[at], Reverse(at))
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
        assert_eq!(order(&chains(), 7, results.clone(), 4), [0, 3, 1, 4, 2, 5]);
        assert_eq!(order(&chains(), 7, results, 1), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn what_is_urgent_comes_first_with_what_it_needs() {
        let mut steps = chains();
        steps[5].urgent = true;
        steps[5].gives = None;
        assert_eq!(order(&steps, 7, [3].into_iter(), 4)[..3], [3, 4, 5]);
    }
}
