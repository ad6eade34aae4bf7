//! Sines and cosines of multiples of one angle.
//!
//! An angle is read as `coefficient * invariants * atom`. Angles that differ in the coefficient
//! alone, by ratios of small whole numbers, are multiples of one: its sine and cosine are computed
//! once, and the multiples follow by the sums `e^(i(a+b)t) = e^(iat) e^(ibt)` wherever that takes
//! fewer operations than evaluating them one by one.
//!
//! Errors. With `h = 2^-53`, sine and cosine of the one angle `t` are off by at most 4.7h together
//! ([`elementary`](super::elementary)) and a product of two adds 2h (Jeannerod, Kornerup, Louvet
//! and Muller, Math. Comp. 86, 2017). The errors of two factors add up, so whatever the order of
//! the sums, multiple k is off by at most `4.7hk + 2h(k - 1) < 7hk`, beside the `hk|t|` that a
//! rounding of `k*t` costs in any case, and `4hk|t|` for what counts as a whole multiple.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::graph::{Bits, Function, Graph, Node, Op};

/// The largest multiple: its error is at most `7 * 512h`, 4e-13.
const LARGEST: u32 = 512;

/// The largest common denominator of the ratios of angles.
const DENOMINATOR: u32 = 64;

/// How far a ratio may be from one of whole numbers, relatively: a few roundings of coefficients.
const NEAR: f64 = 4.0 / (1_u64 << 53) as f64;

/// The most multiples for which each is tried without.
const FEW: usize = 64;

/// The most parts that an invariant is taken into: one that is shared counts wherever it is used.
const PARTS: usize = 64;

/// Operations of a sine or a cosine, and of both of one angle.
const ONE: usize = 14;
const BOTH: usize = 23;

/// An angle up to its coefficient: an atom, and invariants with their exponents.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Unit {
    /// What varies.
    pub(super) atom: Node,
    /// Sorted; exponents are not 0.
    pub(super) factors: Vec<(Node, i32)>,
}

/// Angles that are multiples of one.
#[derive(Clone, Debug)]
pub(super) struct Family {
    pub(super) unit: Unit,
    /// The coefficient of the one.
    pub(super) coefficient: f64,
    /// Each multiple but 1 as a sum, the larger part first.
    pub(super) sums: BTreeMap<u32, [u32; 2]>,
}

/// An angle as a multiple.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Harmonic {
    /// The place of its family.
    pub(super) family: usize,
    pub(super) multiple: u32,
    /// Whether it is the negative of the multiple.
    pub(super) negative: bool,
}

/// All sines and cosines of varying angles.
#[derive(Clone, Default, Debug)]
pub(super) struct Waves {
    pub(super) families: Vec<Family>,
    /// By the angle.
    pub(super) angles: HashMap<Node, Harmonic>,
}

/// Whether the cosine and the sine of an angle are wanted.
type Wanted = [bool; 2];

impl Waves {
    /// What is found among the nodes of a schedule. `varies` tells the nodes that change in a run.
    pub(super) fn of(graph: &Graph, schedule: &[Node], varies: &[bool]) -> Waves {
        let mut places: HashMap<Unit, usize> = HashMap::new();
        // By unit: the angles with their coefficients.
        let mut units: Vec<(Unit, Vec<(Node, f64)>)> = Vec::new();
        let mut wanted: HashMap<Node, Wanted> = HashMap::new();
        for &node in schedule {
            let (angle, at) = match graph.op(node) {
                Op::Apply1(Function::Cos, angle) => (angle, 0),
                Op::Apply1(Function::Sin, angle) => (angle, 1),
                _ => continue,
            };
            if !varies[angle.index()] {
                continue;
            }
            let seen = wanted.insert(angle, [false; 2]);
            let mut here = seen.unwrap_or_default();
            here[at] = true;
            wanted.insert(angle, here);
            if seen.is_none() {
                let (coefficient, unit) = taken_apart(graph, angle, varies);
                let place = *places.entry(unit.clone()).or_insert(units.len());
                if place == units.len() {
                    units.push((unit, Vec::new()));
                }
                units[place].1.push((angle, coefficient));
            }
        }
        let mut waves = Waves::default();
        for (unit, angles) in units {
            waves.add(&unit, &angles, &wanted);
        }
        waves
    }

    /// Adds the angles of a unit.
    fn add(&mut self, unit: &Unit, angles: &[(Node, f64)], wanted: &HashMap<Node, Wanted>) {
        let sign = angles.first().map_or(1.0, |(_, c)| c.signum());
        let mut rest: Vec<f64> = angles.iter().map(|(_, c)| c.abs()).collect();
        rest.sort_by(f64::total_cmp);
        rest.dedup();
        while let Some((one, multiples)) = commensurable(&mut rest) {
            let mut open: BTreeMap<u32, Wanted> = BTreeMap::new();
            for (angle, coefficient) in angles {
                if let Some(multiple) = multiples.get(&Bits::of(coefficient.abs())) {
                    let here = open.entry(*multiple).or_default();
                    let [cos, sin] = wanted.get(angle).copied().unwrap_or_default();
                    *here = [here[0] | cos, here[1] | sin];
                }
            }
            while let Some(plan) = Plan::of(&open) {
                let family = self.families.len();
                self.families.push(Family {
                    unit: unit.clone(),
                    coefficient: sign * one * f64::from(plan.one),
                    sums: plan.sums,
                });
                for &(angle, coefficient) in angles {
                    let multiple = multiples.get(&Bits::of(coefficient.abs()));
                    let Some(multiple) = multiple.filter(|m| plan.covered.contains(m)) else {
                        continue;
                    };
                    let harmonic = Harmonic {
                        family,
                        multiple: multiple / plan.one,
                        negative: coefficient.signum() != sign,
                    };
                    self.angles.insert(angle, harmonic);
                }
                open.retain(|multiple, _| !plan.covered.contains(multiple));
            }
        }
    }
}

/// A node that varies as a coefficient and the rest.
fn taken_apart(graph: &Graph, angle: Node, varies: &[bool]) -> (f64, Unit) {
    let (mut coefficient, mut factors) = (1.0, BTreeMap::new());
    let mut atom = angle;
    loop {
        let (varying, known, exponent) = match graph.op(atom) {
            Op::Apply1(Function::Negate, a) => {
                coefficient = -coefficient;
                atom = a;
                continue;
            }
            Op::Apply2(Function::Multiply, a, b) if !varies[a.index()] => (b, a, 1),
            Op::Apply2(Function::Multiply, a, b) if !varies[b.index()] => (a, b, 1),
            Op::Apply2(Function::Divide, a, b) if !varies[b.index()] => (a, b, -1),
            _ => break,
        };
        absorb(graph, known, exponent, &mut coefficient, &mut factors);
        atom = varying;
    }
    // Zero, overflow and the like: as it is written.
    if !coefficient.is_normal() {
        let factors = Vec::new();
        return (
            1.0,
            Unit {
                atom: angle,
                factors,
            },
        );
    }
    let factors = factors.into_iter().filter(|(_, exponent)| *exponent != 0);
    let factors = factors.collect();
    (coefficient, Unit { atom, factors })
}

/// Multiplies by an invariant, or divides by it.
fn absorb(
    graph: &Graph,
    known: Node,
    exponent: i32,
    coefficient: &mut f64,
    factors: &mut BTreeMap<Node, i32>,
) {
    let mut open = vec![(known, exponent)];
    let mut budget = PARTS;
    while let Some((node, exponent)) = open.pop() {
        budget -= usize::from(budget > 0);
        match graph.op(node) {
            _ if budget == 0 => *factors.entry(node).or_insert(0) += exponent,
            Op::Constant(bits) if exponent > 0 => *coefficient *= bits.value(),
            Op::Constant(bits) => *coefficient /= bits.value(),
            Op::Apply1(Function::Negate, a) => {
                *coefficient = -*coefficient;
                open.push((a, exponent));
            }
            Op::Apply2(Function::Multiply, a, b) => open.extend([(a, exponent), (b, exponent)]),
            Op::Apply2(Function::Divide, a, b) => open.extend([(a, exponent), (b, -exponent)]),
            _ => *factors.entry(node).or_insert(0) += exponent,
        }
    }
}

/// Takes the smallest of some positive numbers, sorted, and those that have a ratio of small whole
/// numbers with it; the largest number that they are multiples of, and the multiples.
fn commensurable(rest: &mut Vec<f64>) -> Option<(f64, HashMap<Bits, u32>)> {
    let first = *rest.first()?;
    let mut common = 1;
    let mut found = Vec::new();
    rest.retain(|&c| {
        let ratio = c / first;
        let near = |q: &u32| {
            let p = ratio * f64::from(*q);
            (p - p.round()).abs() <= NEAR * p
        };
        let fits = |q: u32| {
            let common = common / gcd(common, q) * q;
            let most = |c: f64| (c / first * f64::from(common)).round() <= f64::from(LARGEST);
            let good = common <= DENOMINATOR && most(c) && found.iter().copied().all(most);
            good.then_some(common)
        };
        match (1..=DENOMINATOR).find(near).and_then(fits) {
            Some(with) => {
                common = with;
                found.push(c);
                false
            }
            None => true,
        }
    });
    let multiple = |c: f64| (c / first * f64::from(common)).round() as u32;
    let multiples = found.iter().map(|&c| (Bits::of(c), multiple(c)));
    Some((first / f64::from(common), multiples.collect()))
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// How some multiples come from one.
struct Plan {
    /// The multiple that is evaluated.
    one: u32,
    /// In units of the one.
    sums: BTreeMap<u32, [u32; 2]>,
    covered: BTreeSet<u32>,
    cost: usize,
}

impl Plan {
    /// The plan that saves most, for some of the multiples; `None` if none are left.
    fn of(open: &BTreeMap<u32, Wanted>) -> Option<Plan> {
        let (&first, &wanted) = open.first_key_value()?;
        let direct = |wanted: &Wanted| if *wanted == [true; 2] { BOTH } else { ONE };
        let apart: usize = open.values().map(direct).sum();
        let mut best = Plan::covering(open);
        // What is saved by a multiple that is evaluated by itself.
        let multiples: Vec<u32> = open.keys().rev().chain(open.keys()).copied().collect();
        let (mut covered, mut alone) = (open.clone(), 0);
        if open.len() <= FEW {
            for multiple in multiples {
                let Some(wanted) = covered.remove(&multiple) else {
                    continue;
                };
                let without = Plan::covering(&covered);
                match !covered.is_empty() && without.cost + direct(&wanted) < best.cost {
                    true => {
                        best = without;
                        alone += direct(&wanted);
                    }
                    false => {
                        covered.insert(multiple, wanted);
                    }
                }
            }
        }
        if best.cost + alone < apart {
            return Some(best);
        }
        Some(Plan::covering(&BTreeMap::from([(first, wanted)])))
    }

    /// The cheapest of some plans for all of the multiples.
    fn covering(wanted: &BTreeMap<u32, Wanted>) -> Plan {
        let one = wanted.keys().copied().fold(0, gcd).max(1);
        let scaled: BTreeMap<u32, Wanted> = wanted.iter().map(|(m, w)| (m / one, *w)).collect();
        let plan = |split: Split| {
            let sums = sums(&scaled, split);
            let cost = cost(&scaled, &sums);
            let covered = wanted.keys().copied().collect();
            Plan {
                one,
                sums,
                covered,
                cost,
            }
        };
        let [first, rest @ ..] = [Split::Half, Split::Largest, Split::One].map(plan);
        let cheaper = |a: Plan, b: Plan| if b.cost < a.cost { b } else { a };
        rest.into_iter().fold(first, cheaper)
    }
}

/// How to divide a multiple that is no sum of two others.
#[derive(Clone, Copy)]
enum Split {
    /// In halves, as nearly as it goes.
    Half,
    /// Into the next smaller one and the difference.
    Largest,
    /// In halves, an odd one into 1 and the rest.
    One,
}

/// All multiples that are needed, each as a sum; parts that are nearly equal where there is a
/// choice, which keeps the chain short.
fn sums(wanted: &BTreeMap<u32, Wanted>, split: Split) -> BTreeMap<u32, [u32; 2]> {
    let mut open: BTreeSet<u32> = wanted.keys().copied().chain([1]).collect();
    let mut sums = BTreeMap::new();
    while let Some(multiple) = open.pop_last().filter(|multiple| *multiple > 1) {
        let half = multiple.div_ceil(2);
        let known = open
            .range(half..)
            .find(|a| open.contains(&(multiple - **a)));
        let a = known.copied().unwrap_or_else(|| match split {
            Split::One if multiple % 2 == 1 => multiple - 1,
            Split::Half | Split::One => half,
            Split::Largest => open.last().map_or(half, |last| half.max(*last)),
        });
        open.extend([a, multiple - a]);
        sums.insert(multiple, [a, multiple - a]);
    }
    sums
}

/// The operations of it all: two for each part of a product, and the negatives of some sines.
fn cost(wanted: &BTreeMap<u32, Wanted>, sums: &BTreeMap<u32, [u32; 2]>) -> usize {
    let (mut needed, mut negated) = (wanted.clone(), BTreeSet::new());
    let mut cost = 0;
    for (multiple, [a, b]) in sums.iter().rev() {
        let [cos, sin] = needed.get(multiple).copied().unwrap_or_default();
        cost += 2 * (usize::from(cos) + usize::from(sin));
        if cos {
            negated.insert(*b);
        }
        if cos || sin {
            needed.insert(*a, [true; 2]);
            needed.insert(*b, [true; 2]);
        }
    }
    let base = match needed.get(&1) {
        Some([true, true]) => BOTH,
        Some(_) => ONE,
        None => 0,
    };
    cost + base + negated.len()
}
