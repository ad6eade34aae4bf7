//! The arguments of a function as a program writes them.

use super::number;
use crate::graph::Coordinate;

/// How a program names its coordinates.
#[derive(Clone, PartialEq, Debug)]
pub struct Arguments {
    /// What stands between the brackets of the definition, such as `a: angle, q[3]`.
    pub head: String,
    /// What each coordinate is called in the formula, such as `q[2]`, in order.
    pub names: Vec<String>,
}

/// The arguments of a function of those coordinates. Components that follow each other from the
/// first to the last are an argument with a size; others, which a program cannot name so, are
/// numbers of their own: `q[2]` alone is called `q_2`.
pub fn arguments(coordinates: &[Coordinate]) -> Arguments {
    let mut head: Vec<String> = Vec::new();
    let mut names: Vec<String> = Vec::with_capacity(coordinates.len());
    let mut rest = coordinates;
    while let Some(first) = rest.first() {
        let run = run(rest);
        let base = base(&first.name);
        let others = || coordinates.iter().filter(|c| self::base(&c.name) == base);
        let argument = match run.sizes.is_empty() || others().count() > run.length {
            false => {
                names.extend(rest[..run.length].iter().map(|c| c.name.clone()));
                rest = &rest[run.length..];
                format!("{base}[{}]", run.sizes.join(", "))
            }
            true => {
                let name = plain(&first.name, coordinates, &names);
                names.push(name.clone());
                rest = &rest[1..];
                name
            }
        };
        head.push(match first.period {
            None => argument,
            Some(std::f64::consts::TAU) => format!("{argument}: angle"),
            Some(length) => format!("{argument}: periodic({})", number(length)),
        });
    }
    Arguments {
        head: head.join(", "),
        names,
    }
}

struct Run {
    length: usize,
    sizes: Vec<String>,
}

/// The name without its indices.
pub(super) fn base(name: &str) -> &str {
    name.split('[').next().unwrap_or(name)
}

fn indices(name: &str) -> Option<Vec<usize>> {
    let (_, inside) = name.strip_suffix(']')?.split_once('[')?;
    let parsed = inside.split(',').map(|index| index.trim().parse().ok());
    parsed.collect()
}

/// The coordinates from the first on that are the components of one argument; no sizes if the
/// first is none, or some are missing.
fn run(coordinates: &[Coordinate]) -> Run {
    let none = Run {
        length: 1,
        sizes: Vec::new(),
    };
    let first = &coordinates[0];
    let same = |c: &&Coordinate| base(&c.name) == base(&first.name) && c.period == first.period;
    let found = coordinates.iter().take_while(same);
    let Some(found) = found.map(|c| indices(&c.name)).collect::<Option<Vec<_>>>() else {
        return none;
    };
    let sizes = found.last().cloned().unwrap_or_default();
    let ([_] | [_, _]) = sizes[..] else {
        return none;
    };
    let columns = sizes.get(1).copied().unwrap_or(1).max(1);
    let expected = |at: usize| match sizes.len() {
        1 => vec![at + 1],
        _ => vec![at / columns + 1, at % columns + 1],
    };
    let complete = found.len() == sizes[0].saturating_mul(columns)
        && found
            .iter()
            .enumerate()
            .all(|(at, index)| *index == expected(at));
    if !complete {
        return none;
    }
    Run {
        length: found.len(),
        sizes: sizes.iter().map(usize::to_string).collect(),
    }
}

/// A name without brackets that no other coordinate has.
fn plain(name: &str, coordinates: &[Coordinate], names: &[String]) -> String {
    let parts: Vec<&str> = name
        .split(['[', ',', ']', ' '])
        .filter(|p| !p.is_empty())
        .collect();
    let mut plain = parts.join("_");
    while plain != name
        && (coordinates.iter().any(|c| base(&c.name) == plain) || names.contains(&plain))
    {
        plain.push('_');
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{Coordinate, arguments};
    use std::f64::consts::TAU;

    fn of(names: &[(&str, Option<f64>)]) -> (String, Vec<String>) {
        let coordinate = |&(name, period): &(&str, _)| Coordinate {
            name: name.to_owned(),
            period,
        };
        let found = arguments(&names.iter().map(coordinate).collect::<Vec<_>>());
        (found.head, found.names)
    }

    #[test]
    fn complete_runs_of_components_are_arguments_and_others_are_numbers() {
        let angle = Some(TAU);
        let (head, names) = of(&[
            ("x", None),
            ("a", angle),
            ("q[1]", Some(2.5)),
            ("q[2]", Some(2.5)),
        ]);
        assert_eq!(head, "x, a: angle, q[2]: periodic(2.5)");
        assert_eq!(names, ["x", "a", "q[1]", "q[2]"]);
        let points = ["r[1,1]", "r[1,2]", "r[2,1]", "r[2,2]"].map(|name| (name, None));
        assert_eq!(of(&points).0, "r[2, 2]");
        assert_eq!(of(&points[..3]).0, "r_1_1, r_1_2, r_2_1");
        assert_eq!(of(&[("q[2]", None), ("q_2", None)]).1, ["q_2_", "q_2"]);
        assert_eq!(of(&[("q[1]", None), ("q[2]", angle)]).0, "q_1, q_2: angle");
        assert_eq!(of(&[("q[2]", None), ("q[1]", None)]).1, ["q_2", "q_1"]);
        assert_eq!(
            of(&[("q[1]", None), ("x", None), ("q[2]", None)]).0,
            "q_1, x, q_2"
        );
        assert_eq!(
            of(&[("q[1]", None)]),
            ("q[1]".to_owned(), vec!["q[1]".to_owned()])
        );
    }
}
