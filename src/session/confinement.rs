//! Potentials that do not hold their trajectories, and what is said of each kind: one that falls
//! towards infinity, one with a free direction, one that falls without bound at a point.

use super::job::listed;
use super::sample::Sample;
use super::verdict::place;
use super::{Options, Potential, terms};
use crate::diagnostic::Diagnostic;
use crate::graph::{Evaluator, Function, Graph, Node, Op};
use crate::report::number::significant;

/// The coordinates at these places, as a list.
pub(super) fn names(potential: &Potential, which: &[usize]) -> Vec<String> {
    let coordinates = &potential.model.coordinates;
    let name = |c: &usize| coordinates.get(*c).map(|c| c.name.clone());
    which.iter().filter_map(name).collect()
}

pub(super) fn hold(name: &str) -> String {
    format!(
        "add a confining term such as 0.01*{name}^2, or stay in one part of it with --domain LO..HI"
    )
}

/// A potential that falls towards infinity, and what trajectories do then.
pub(super) fn falling(sample: &Sample, potential: &Potential, what: &str) -> Diagnostic {
    let names = names(potential, &sample.survey.falling);
    let along = match potential.model.dimension() {
        1 => String::new(),
        _ => format!(" along {}", together(&names)),
    };
    Diagnostic::error(
        "does-not-confine",
        format!("the potential does not confine: it falls towards infinity{along}, and {what}"),
    )
    .help(hold(names.first().map_or("q", String::as_str)))
}

/// The code of what is said where trajectories do not stay in a domain.
pub(super) const LEAVES_DOMAIN: &str = "leaves-domain";

/// Trajectories that do not stay in the domain that was asked for; `place` is where the first left.
pub(super) fn leaves_domain(
    potential: &Potential,
    domain: &[(f64, f64)],
    place: &str,
) -> Diagnostic {
    let message = format!(
        "the trajectories do not stay in the domain {}{place}",
        in_words(domain)
    );
    let options = Options {
        domain: Some(domain.to_vec()),
        ..Options::default()
    };
    lowest_at_an_end(potential, &options).unwrap_or_else(|| {
        Diagnostic::error(LEAVES_DOMAIN, message).help("a wider --domain around the wells of the potential; or keep the trajectories colder with a larger --gamma or a smaller --delta")
    })
}

fn in_words(domain: &[(f64, f64)]) -> String {
    let side = |(lo, hi): &(f64, f64)| format!("{}..{}", significant(*lo, 6), significant(*hi, 6));
    let sides: Vec<String> = domain.iter().map(side).collect();
    sides.join(" by ")
}

/// A domain of one coordinate at an end of which V is lowest, in the mean over small waves: nothing
/// holds trajectories inside.
pub(super) fn lowest_at_an_end(potential: &Potential, options: &Options) -> Option<Diagnostic> {
    const CELLS: usize = 32;
    const POINTS: usize = 128;
    let domain = options.domain.as_ref().filter(|_| potential.has_values())?;
    let ([(lo, hi)], [coordinate]) = (&domain[..], &potential.model.coordinates[..]) else {
        return None;
    };
    if coordinate.period.is_some() {
        return None;
    }
    let width = (hi - lo) / (CELLS * POINTS) as f64;
    let places = (0..CELLS * POINTS).map(|at| lo + (at as f64 + 0.5) * width);
    let values = potential.curve(&places.collect::<Vec<f64>>());
    let means = values.chunks(POINTS).map(|cell| cell.iter().sum::<f64>());
    let (cell, _) = means.enumerate().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let end = match cell {
        0 => lo,
        cell if cell + 1 == CELLS => hi,
        _ => return None,
    };
    let message = format!(
        "the trajectories do not stay in the domain {}: V is lowest at its end, {} = {}",
        in_words(domain),
        coordinate.name,
        significant(*end, 6)
    );
    Some(Diagnostic::error(LEAVES_DOMAIN, message).help(
        "a --domain around a well, in which V rises towards both ends; or add a confining term",
    ))
}

/// Names as a list in a sentence.
pub(super) fn together(names: &[String]) -> String {
    match names.len() {
        0..=6 => names.join(" and "),
        _ => listed(names),
    }
}

/// Coordinates along which nothing holds trajectories at a temperature.
pub(super) fn free(sample: &Sample, potential: &Potential, kt: f64) -> Diagnostic {
    let mut free = sample.survey.free(kt);
    if free.is_empty() {
        let coordinates = potential.model.coordinates.iter().enumerate();
        let open = coordinates.filter(|(_, coordinate)| coordinate.period.is_none());
        free = open.map(|(c, _)| c).collect();
    }
    let names = names(potential, &free);
    let all = match names.as_slice() {
        [] => "the coordinates".to_owned(),
        [one] => one.clone(),
        [first, second, ..] => format!(
            "{}, or a combination such as {first} + {second} or {first} - {second}",
            together(&names)
        ),
    };
    Diagnostic::error(
        "free-direction",
        format!(
            "nothing confines {all}: V rises nowhere high enough to hold trajectories at their temperature, kT {}",
            significant(kt, 3)
        ),
    )
    .help(hold(names.first().map_or("q", String::as_str)))
}

/// A point where V falls without bound, with the term that does, if trajectories start near one.
pub(super) fn pole(sample: &Sample, potential: &Potential, when: &str) -> Option<Diagnostic> {
    let (term, at) = infinite(&around(sample), potential, falls_into)?;
    Some(
        Diagnostic::error(
            "pole",
            format!(
                "{term} falls without bound at {at}, and trajectories are thrown out from there{when}"
            ),
        )
        .help(format!("{SOFTEN}; or stay away from there with --domain LO..HI")),
    )
}

/// A point where V rises without bound, which the step is too large to stop before.
pub(super) fn wall(sample: &Sample, potential: &Potential, when: &str) -> Option<Diagnostic> {
    let starts = [sample.survey.lowest.clone()];
    let (term, at) = infinite(&starts, potential, rises_into)?;
    Some(
        Diagnostic::error(
            "wall",
            format!(
                "{term} is infinite at {at}, and steps end so near to it that its force throws trajectories far away{when}"
            ),
        )
        .help(format!("a smaller --delta stops before it; or {SOFTEN}")),
    )
}

pub(super) const SOFTEN: &str = "make the term finite, such as `1/sqrt(r^2 + 0.01)` for `1/r` or `log(r^2 + 0.01)/2` for `log(r)`";

/// A term that is infinite near one of these places, and where, both as text.
pub(super) fn infinite(
    starts: &[Vec<f64>],
    potential: &Potential,
    is_so: impl Fn(&Potential, &[f64], &[f64]) -> bool,
) -> Option<(String, String)> {
    let d = potential.model.dimension();
    let mut graph = potential.graph.clone();
    let zeros = singular(&graph, potential.roots[0], d);
    let mut pairs = zeros
        .into_iter()
        .flat_map(|zero| starts.iter().map(move |start| (zero, start)));
    let (site, from, at) = pairs.find_map(|((site, below), from)| {
        let at = zero(&mut graph, below, from, potential)?;
        is_so(potential, from, &at).then_some((site, from, at))
    })?;
    let coordinates: Vec<usize> = (0..d).collect();
    let names = names(potential, &coordinates);
    let variables = match names.as_slice() {
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    };
    let term = largest_term(potential, &towards(from, &at, DEEP)).unwrap_or(site);
    let text = potential.text(term).or_else(|| potential.text(site));
    let term = text.map_or("a term".to_owned(), |text| format!("`{text}`"));
    // What is zero as far as it can be told.
    let clean = |(x, from): (&f64, &f64)| if x.abs() < 1e-9 * from.abs() { 0.0 } else { *x };
    let at: Vec<f64> = at.iter().zip(from).map(clean).collect();
    Some((term, format!("{variables} = {}", place(&at, 3))))
}

/// The lowest place, and the centres of the cells next to it: its own may lie on a pole.
fn around(sample: &Sample) -> Vec<Vec<f64>> {
    let lowest = &sample.survey.lowest;
    let mut points = vec![lowest.clone()];
    for (c, width) in sample.survey.finest_widths().into_iter().enumerate() {
        for step in [-width, width] {
            let mut point = lowest.clone();
            point[c] += step;
            points.push(point);
        }
    }
    points
}

/// Nodes that are looked at.
const MOST_SITES: usize = 64;
/// Halvings of the distance from a pole: some, and twice as many.
const SOME: i32 = 10;
const DEEP: i32 = 2 * SOME;

/// The nodes that are infinite where another one is zero, and that one.
pub(super) fn singular(graph: &Graph, root: Node, dimension: usize) -> Vec<(Node, Node)> {
    use Function::{Divide, Log, Log10, Power};
    let depends = graph.depends(|input| (input as usize) < dimension);
    let nodes = graph.schedule(&[root]).into_iter();
    let below = nodes.filter_map(|node| match graph.op(node) {
        Op::Apply2(Divide, _, b) => Some((node, b)),
        Op::Apply1(Log | Log10, a) => Some((node, a)),
        Op::Power(a, n) if n < 0 => Some((node, a)),
        Op::Apply2(Power, a, b) if graph.as_constant(b).is_some_and(|b| b < 0.0) => Some((node, a)),
        _ => None,
    });
    let varying = below.filter(|(_, below)| depends[below.index()]);
    varying.take(MOST_SITES).collect()
}

/// A zero of a node, by Newton's method along its gradient.
fn zero(graph: &mut Graph, node: Node, from: &[f64], potential: &Potential) -> Option<Vec<f64>> {
    const MOST_STEPS: usize = 100;
    let mut roots = vec![node];
    roots.extend(graph.gradient(node, from.len()));
    let mut evaluator = Evaluator::new(graph, &roots);
    let mut x = from.to_vec();
    let mut first = None;
    for _ in 0..MOST_STEPS {
        let values = evaluator.evaluate(&potential.inputs(&x));
        let (value, slopes) = values.split_first()?;
        let first = *first.get_or_insert(value.abs());
        if value.abs() <= 1e-14 * first {
            return (first > 0.0).then_some(x);
        }
        let square: f64 = slopes.iter().map(|g| g * g).sum();
        for (x, g) in x.iter_mut().zip(slopes) {
            *x -= value * g / square;
        }
        if !x.iter().all(|x| x.is_finite()) {
            return None;
        }
    }
    None
}

/// A point on the way to another one, after so many halvings of the distance.
pub(super) fn towards(from: &[f64], to: &[f64], halvings: i32) -> Vec<f64> {
    let left = f64::from(-halvings).exp2();
    let pairs = from.iter().zip(to);
    pairs.map(|(from, to)| to + left * (from - to)).collect()
}

/// V at the beginning of the way to a point, nearer to it, and as near again.
fn on_the_way(potential: &Potential, from: &[f64], to: &[f64]) -> [f64; 3] {
    [0, SOME, DEEP].map(|halvings| {
        let point = towards(from, to, halvings);
        let value = potential.curve(&point).first().copied();
        value.unwrap_or(f64::NAN)
    })
}

/// Whether V falls on the way to a point, and does not slow down: where it has a bottom it does.
pub(super) fn falls_into(potential: &Potential, from: &[f64], to: &[f64]) -> bool {
    let [begin, middle, end] = on_the_way(potential, from, to);
    middle < begin && middle - end >= 0.5 * (begin - middle)
}

/// Whether V rises likewise.
pub(super) fn rises_into(potential: &Potential, from: &[f64], to: &[f64]) -> bool {
    let [begin, middle, end] = on_the_way(potential, from, to);
    middle > begin && end - middle >= 0.5 * (middle - begin)
}

/// The additive term that is largest at a point, whatever its sign.
fn largest_term(potential: &Potential, x: &[f64]) -> Option<Node> {
    let terms = terms(&potential.graph, potential.roots[0]);
    let values = Evaluator::new(&potential.graph, &terms).evaluate(&potential.inputs(x));
    let sizes = values.iter().map(|v| v.abs());
    let worst = terms.iter().zip(sizes).max_by(|a, b| a.1.total_cmp(&b.1));
    worst.map(|(term, _)| *term)
}
