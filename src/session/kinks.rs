//! Kinks of V where the samples are: places where its gradient, or V itself, jumps.
//!
//! What can jump is found in the formula (`abs`, `min`, `max`, `sign`, `floor`, `mod`, and the
//! comparisons of an `if`), where it does by walking through the bins that hold samples, and whether
//! it really does by comparing both sides: `if d > 0 then 50*d^2 else 0` does not. What switches
//! several times in a resolution length belongs to a small scale, and is noise like the rest of it.

use super::results::Learned;
use super::verdict::place;
use super::walks::{Line, Walk};
use super::{Potential, terms};
use crate::diagnostic::Diagnostic;
use crate::graph::{Comparison, Evaluator, Function, Graph, Node, Op};
use crate::kernel::{BatchKernel, Engine};
use crate::report::number::significant;

/// Nodes that may have a kink and are looked at: potentials with more of them are sums of many.
const MOST_SITES: usize = 64;
/// Points that are looked at along all lines, about, times sites.
const MOST_POINTS: usize = 1 << 22;
/// Points in a resolution length.
const POINTS: f64 = 8.0;
/// Switches of one site that are looked at closely.
const MOST_SWITCHES: usize = 32;
/// Points of a close look, over one resolution length around a switch.
const CLOSE: usize = 64;
/// More switches than this in a resolution length are a small scale.
const FEW: usize = 2;
/// Smaller jumps than this bend nothing: of V in kT, of its gradient in kT in a resolution length.
const WORTH_A_WORD: f64 = 1e-3;

/// How a site switches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// From one slope to another, with their mean in between.
    Corner,
    /// From one branch to another.
    Condition,
    /// From one value to another.
    Step,
}

/// A node that may have a kink.
struct Site {
    node: Node,
    kind: Kind,
    /// A node whose value changes where the site switches, and only there.
    key: Node,
}

/// Two neighbouring points of a line that a site switches between.
struct Switch {
    line: Line,
    a: f64,
    b: f64,
    /// The share of the samples in the bins there.
    density: f64,
}

/// Both sides of a switch.
struct Jump {
    /// The points just before and just beyond.
    sides: [Vec<f64>; 2],
    /// V on both.
    values: [f64; 2],
    /// How large it is, in those jumps that are worth a word.
    size: f64,
    /// Whether V itself jumps.
    of_value: bool,
    /// The share of the samples there.
    density: f64,
}

impl Jump {
    /// Whether it makes the better witness: larger, or as large and met more often.
    fn beats(&self, other: &Jump) -> bool {
        let alike = (self.size / other.size - 1.0).abs() < 0.01;
        match alike {
            true => self.density > other.density,
            false => self.size > other.size,
        }
    }
}

/// What is looked for, and in what.
struct Search<'a> {
    potential: &'a Potential,
    kernel: BatchKernel,
    sites: Vec<Site>,
    /// The resolution length.
    length: f64,
    kt: f64,
    /// Whether length and temperature are those of a run, and no guess.
    measured: bool,
}

/// A warning about the strongest kink that samples have met; `None` without any.
pub(super) fn kink(learned: &Learned<'_>) -> Option<Diagnostic> {
    let potential = &learned.setup.potential;
    let mut graph = potential.graph.clone();
    let sites = sites(&mut graph, potential.roots[0], potential.model.dimension());
    let keys: Vec<Node> = sites.iter().map(|site| site.key).collect();
    if keys.is_empty() || !(learned.length > 0.0 && learned.sample.kt > 0.0) {
        return None;
    }
    let dimension = potential.model.dimension();
    let search = Search {
        kernel: BatchKernel::compile(&graph, &keys, dimension, Engine::best()).ok()?,
        potential,
        sites,
        length: learned.length,
        kt: learned.sample.kt,
        measured: true,
    };
    search.strongest(&search.switches(learned))
}

/// The same before a run, along some lines, with a guess of the resolution length and temperature.
pub(super) fn foreseen(
    potential: &Potential,
    walks: &[Walk],
    length: f64,
    kt: f64,
) -> Option<Diagnostic> {
    let mut graph = potential.graph.clone();
    let dimension = potential.model.dimension();
    let sites = sites(&mut graph, potential.roots[0], dimension);
    let keys: Vec<Node> = sites.iter().map(|site| site.key).collect();
    if keys.is_empty() {
        return None;
    }
    let search = Search {
        kernel: BatchKernel::compile(&graph, &keys, dimension, Engine::best()).ok()?,
        potential,
        sites,
        length,
        kt,
        measured: false,
    };
    let mut switches: Vec<Vec<Switch>> = search.sites.iter().map(|_| Vec::new()).collect();
    for (line, along) in walks {
        search.walk(line, along, &[1.0], &mut switches);
    }
    search.strongest(&switches)
}

/// The nodes that may have a kink, with what tells when they switch.
fn sites(graph: &mut Graph, root: Node, dimension: usize) -> Vec<Site> {
    use Function::{Abs, Floor, Max, Min, Mod, Sign};
    let depends = graph.depends(|input| (input as usize) < dimension);
    let nodes = graph.schedule(&[root]);
    let varying = nodes.into_iter().filter(|node| depends[node.index()]);
    let mut sites = Vec::new();
    for node in varying {
        let (kind, key) = match graph.op(node) {
            Op::Apply1(Abs, a) => (Kind::Corner, graph.apply1(Sign, a)),
            Op::Apply1(Sign | Floor, _) => (Kind::Step, node),
            Op::Apply2(Min | Max, a, b) => {
                let apart = graph.minus(a, b);
                (Kind::Corner, graph.apply1(Sign, apart))
            }
            Op::Apply2(Mod, a, b) => {
                let turns = graph.over(a, b);
                (Kind::Step, graph.apply1(Floor, turns))
            }
            // Equality holds in single points, which nobody meets.
            Op::Compare(Comparison::Equal | Comparison::NotEqual, ..) => continue,
            Op::Compare(_, a, b) => {
                let apart = graph.minus(a, b);
                (Kind::Condition, graph.apply1(Sign, apart))
            }
            _ => continue,
        };
        sites.push(Site { node, kind, key });
        if sites.len() == MOST_SITES {
            break;
        }
    }
    sites
}

/// One point in each of `n` equal parts of an interval, at no regular distance: no period hides.
fn points(lo: f64, hi: f64, n: usize) -> Vec<f64> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let step = (hi - lo) / n as f64;
    let within = |i: usize| i as f64 + (i as f64 * GOLDEN).fract();
    (0..n).map(|i| lo + within(i) * step).collect()
}

impl Search<'_> {
    /// A warning about the strongest kink among switches, by site.
    fn strongest(&self, switches: &[Vec<Switch>]) -> Option<Diagnostic> {
        let mut strongest: Option<(&Site, Jump)> = None;
        let mut others = 0;
        for (at, (site, switches)) in self.sites.iter().zip(switches).enumerate() {
            let jumps = switches.iter().filter_map(|switch| self.jump(at, switch));
            let best = jumps.reduce(|best, jump| if jump.beats(&best) { jump } else { best });
            let Some(jump) = best else { continue };
            others += usize::from(strongest.is_some());
            if strongest.as_ref().is_none_or(|(_, best)| jump.beats(best)) {
                strongest = Some((site, jump));
            }
        }
        strongest.map(|(site, jump)| self.warning(site, &jump, others))
    }

    /// By site, where it switches between samples, each away from its other switches.
    fn switches(&self, learned: &Learned<'_>) -> Vec<Vec<Switch>> {
        let mut found: Vec<Vec<Switch>> = self.sites.iter().map(|_| Vec::new()).collect();
        let Some(bins) = &learned.bins else {
            return found;
        };
        let d = bins.ranges.len();
        let most = MOST_POINTS / self.sites.len();
        for axis in 0..d {
            let width = bins.mesh().axes()[axis].grid.width();
            let after = bins.ranges[axis + 1..].iter();
            let stride: usize = after.map(ExactSizeIterator::len).product();
            let cells = bins.ranges[axis].len();
            let wanted = (POINTS * width / self.length).ceil();
            let each = wanted.clamp(1.0, (most / bins.len()).max(1) as f64) as usize;
            let begins = (0..bins.len()).filter(|at| (at / stride).is_multiple_of(cells));
            let every = (d * bins.len() * each).div_ceil(most);
            for begin in begins.step_by(every) {
                let line: Vec<usize> = (0..cells).map(|i| begin + i * stride).collect();
                for run in
                    line.chunk_by(|a, b| (bins.density[*a] > 0.0) == (bins.density[*b] > 0.0))
                {
                    if bins.density[run[0]] > 0.0 {
                        let from = bins.point(run[0]);
                        let lo = from[axis] - 0.5 * width;
                        let hi = lo + width * run.len() as f64;
                        let along = points(lo, hi, each * run.len());
                        let density: Vec<f64> = run.iter().map(|at| bins.density[*at]).collect();
                        self.walk(&Line::along(&from, axis), &along, &density, &mut found);
                    }
                }
            }
        }
        found
    }

    /// Adds the switches along a line through bins of that density.
    fn walk(&self, line: &Line, along: &[f64], density: &[f64], found: &mut [Vec<Switch>]) {
        let keys = self.keys(line, along);
        let (first, last) = (along[0], along[along.len() - 1]);
        let step = (last - first) / along.len() as f64;
        // As many points as there are in half a length.
        let reach = (0.5 * self.length / step).ceil().max(1.0) as usize;
        for (keys, found) in keys.chunks_exact(along.len()).zip(found) {
            let changes = changes(keys);
            for (n, &at) in changes.iter().enumerate() {
                let before = n.checked_sub(1).map_or(usize::MAX, |m| at - changes[m]);
                let after = changes.get(n + 1).map_or(usize::MAX, |next| next - at);
                if before.min(after) > reach {
                    let switch = Switch {
                        line: line.clone(),
                        a: along[at],
                        b: along[at + 1],
                        density: density[at * density.len() / along.len()],
                    };
                    keep(switch, found);
                }
            }
        }
    }

    /// The keys of all sites along a line. Shape: sites, points.
    fn keys(&self, line: &Line, along: &[f64]) -> Vec<f64> {
        let n = along.len();
        let points = line.points(along);
        let mut keys = vec![f64::NAN; self.sites.len() * n];
        let parameters = &self.potential.parameters;
        self.kernel.evaluate(&points, n, parameters, &mut keys);
        keys
    }

    /// Looks closely at a switch; `None` where V and its gradient do not jump, or where it is one of
    /// many.
    fn jump(&self, site: usize, switch: &Switch) -> Option<Jump> {
        let key = |x: f64| self.keys(&switch.line, &[x])[site];
        let (mut a, mut b) = (switch.a, switch.b);
        let middle = 0.5 * (a + b);
        let around = points(
            middle - 0.5 * self.length,
            middle + 0.5 * self.length,
            CLOSE,
        );
        let keys = self.keys(&switch.line, &around);
        if changes(&keys[site * CLOSE..][..CLOSE]).len() > FEW {
            return None;
        }
        let here = key(a);
        let scale = switch.line.size(a).max(b.abs()).max(self.length);
        while b - a > 1e-14 * scale {
            let middle = 0.5 * (a + b);
            match key(middle) == here {
                true => a = middle,
                false => b = middle,
            }
        }
        self.across(switch, a, b, 1e-13 * scale)
    }

    /// Compares V and its gradient before `a` and beyond `b`, `w` and three times `w` away: what
    /// does not jump changes as much from one point to the next on each side.
    fn across(&self, switch: &Switch, a: f64, b: f64, w: f64) -> Option<Jump> {
        let d = self.potential.model.dimension();
        let along = [a - 3.0 * w, a - w, b + w, b + 3.0 * w];
        let points = switch.line.points(&along);
        let (values, slopes) = (self.potential.curve(&points), self.potential.slope(&points));
        let between = |i: usize, j: usize| -> f64 {
            let parts = (0..d).map(|c| (slopes[4 * c + i] - slopes[4 * c + j]).powi(2));
            parts.sum::<f64>().sqrt()
        };
        let beyond = |jump: f64, before: f64, after: f64, unit: f64| {
            let size = jump / (WORTH_A_WORD * unit);
            (size > 1.0 && jump > 10.0 * (before + after)).then_some(size)
        };
        let step = |i: usize, j: usize| (values[i] - values[j]).abs();
        let of_value = beyond(step(1, 2), step(0, 1), step(2, 3), self.kt);
        let force = self.kt / self.length;
        let of_slope = beyond(between(1, 2), between(0, 1), between(2, 3), force);
        let point = |i: usize| (0..d).map(|c| points[4 * c + i]).collect();
        Some(Jump {
            sides: [point(1), point(2)],
            values: [values[1], values[2]],
            size: of_value.or(of_slope)?,
            of_value: of_value.is_some(),
            density: switch.density,
        })
    }
}

/// Adds a switch, in the place of one that fewer samples meet where there are too many.
fn keep(switch: Switch, found: &mut Vec<Switch>) {
    if found.len() < MOST_SWITCHES {
        found.push(switch);
        return;
    }
    let rarest = found
        .iter_mut()
        .min_by(|a, b| a.density.total_cmp(&b.density));
    if let Some(rarest) = rarest.filter(|rarest| rarest.density < switch.density) {
        *rarest = switch;
    }
}

/// The places before which a key changes; what is NaN neither is nor was another one.
fn changes(keys: &[f64]) -> Vec<usize> {
    let pairs = keys.windows(2).enumerate();
    pairs
        .filter(|(_, pair)| pair[0] != pair[1] && !pair.iter().any(|key| key.is_nan()))
        .map(|(at, _)| at)
        .collect()
}

impl Search<'_> {
    fn warning(&self, site: &Site, jump: &Jump, others: usize) -> Diagnostic {
        let name = match self.potential.text(site.node) {
            Some(text) => format!("`{text}`"),
            None => "a part of the formula".to_owned(),
        };
        let what = match site.kind {
            Kind::Corner => format!("{name} has a kink"),
            Kind::Condition => format!("{name} begins or ceases to hold"),
            Kind::Step => format!("{name} steps"),
        };
        let place = self.place(&jump.sides);
        let others = match others {
            0 => String::new(),
            1 => " (one other place in the formula does so too)".to_owned(),
            n => format!(" ({n} other places in the formula do so too)"),
        };
        if jump.of_value {
            let [from, to] = self.values(site, jump);
            return Diagnostic::warning(
                "kink",
                format!("V jumps at {place}, where {what}: from {from} to {to}{others}; no force shows it, so trajectories pass as if it were not there, and their density is not that of U"),
            )
            .help("write a slope instead of a step, such as `tanh(d/w)` for `sign(d)`; a wall as `if d > 0 then 50*d^2 else 0`");
        }
        let [from, to] = self.slopes(site, &jump.sides);
        let mean = match site.kind {
            Kind::Corner => "; the mean of the two sides is used there",
            _ => "",
        };
        let (length, w) = match self.measured {
            true => (
                format!("its length {}", significant(self.length, 2)),
                significant(0.1 * self.length, 1),
            ),
            false => ("the length of the run".to_owned(), "w".to_owned()),
        };
        let help = match site.kind {
            Kind::Corner => format!(
                "U is smooth over {length} and rounds the kink off by itself; to say how, write `sqrt(d^2 + {w}^2)` for `abs(d)`, or a mean with weights such as `exp(-a/w)` for `min(a, b)`"
            ),
            _ => format!(
                "U is smooth over {length} and rounds the kink off by itself; branches that meet with one slope have none, such as `if d > 0 then 50*d^2 else 0`"
            ),
        };
        Diagnostic::warning(
            "kink",
            format!(
                "the gradient jumps at {place}, where {what}: from {from} to {to}{mean}{others}"
            ),
        )
        .help(help)
    }

    /// Where a switch is, as `x = 1` or `(x, y) = (1, 0.5)`.
    fn place(&self, [before, beyond]: &[Vec<f64>; 2]) -> String {
        let middle = before.iter().zip(beyond).map(|(a, b)| {
            let x = 0.5 * (a + b);
            // Zero as far as it was bisected.
            if x.abs() < 1e-12 * self.length {
                0.0
            } else {
                x
            }
        });
        let names: Vec<&str> = self
            .potential
            .model
            .coordinates
            .iter()
            .map(|c| c.name.as_str())
            .collect();
        let names = match names.as_slice() {
            [one] => (*one).to_owned(),
            several => format!("({})", several.join(", ")),
        };
        format!("{names} = {}", place(&middle.collect::<Vec<f64>>(), 3))
    }

    /// The one term that holds the site, if there is one: it has no noise of the others.
    fn holder(&self, site: &Site) -> Option<Node> {
        let graph = &self.potential.graph;
        let mut holders = terms(graph, self.potential.roots[0]);
        holders.retain(|term| graph.schedule(&[*term]).contains(&site.node));
        match holders.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// The values on both sides as text.
    fn values(&self, site: &Site, jump: &Jump) -> [String; 2] {
        let graph = &self.potential.graph;
        let values = match self.holder(site) {
            Some(term) => {
                let value = |x: &Vec<f64>| graph.value(term, &self.potential.inputs(x));
                [value(&jump.sides[0]), value(&jump.sides[1])]
            }
            None => jump.values,
        };
        values.map(|v| significant(v, 3))
    }

    /// The slopes on both sides as text.
    fn slopes(&self, site: &Site, sides: &[Vec<f64>; 2]) -> [String; 2] {
        let mut graph = self.potential.graph.clone();
        let slopes = match self.holder(site) {
            Some(term) => graph.gradient(term, self.potential.model.dimension()),
            None => self.potential.roots[1..].to_vec(),
        };
        let mut evaluator = Evaluator::new(&graph, &slopes);
        [0, 1].map(|side| {
            let slopes = evaluator.evaluate(&self.potential.inputs(&sides[side]));
            place(&slopes, 3)
        })
    }
}
