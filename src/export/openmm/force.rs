//! One force, and what its members have in common.

use super::Layout;
use crate::export::members::Members;
use crate::export::plan::wrapped;
use crate::export::straight::Text;
use crate::graph::{Family, Function, Graph, Node, Op};

/// One force: an energy for each of its members.
pub(super) struct Force {
    /// How many sites (particles, or torsions) a member has.
    pub(super) sites: usize,
    /// The sites of each member.
    pub(super) members: Vec<Vec<u32>>,
    /// The energy: a graph whose inputs are written as `inputs`.
    pub(super) graph: Graph,
    pub(super) value: Node,
    pub(super) inputs: Vec<Text>,
    /// Numbers of each member, in order of their names.
    pub(super) numbers: Vec<(String, Vec<f64>)>,
    /// The energy depends on the distance of two particles alone.
    pub(super) bond: bool,
}

impl Force {
    /// Whether another force has the same members, so that the energies can be added.
    pub(super) fn takes(&self, other: &Force) -> bool {
        self.numbers.is_empty()
            && other.numbers.is_empty()
            && self.members == other.members
            && !self.bond
    }

    pub(super) fn add(&mut self, other: Force) {
        // The inputs of the other stand behind those of this one.
        let shift = self.inputs.len() as u32;
        let mut moved = Graph::new();
        let value = moved.import(&other.graph, &[other.value], &[])[0];
        let inputs = (0..other.inputs.len() as u32).map(|at| (at, moved.input(at + shift)));
        let inputs = inputs.collect();
        let value = moved.substitute(&[value], &inputs)[0];
        let value = self.graph.import(&moved, &[value], &[])[0];
        self.value = self.graph.plus(self.value, value);
        self.inputs.extend(other.inputs);
    }

    pub(super) fn particles(&self, layout: &Layout) -> usize {
        match layout {
            Layout::Torsions => 4 * self.sites,
            Layout::Particles(_) => self.sites,
        }
    }
}

/// The template of a family with the distance of its two sites as an input of its own, where it has
/// one: `Some(true)` where nothing else of them is needed.
pub(super) fn by_distance(
    family: &Family,
    slots: &[(usize, usize)],
    input: usize,
) -> (Graph, Node, Option<bool>) {
    let plain = || (family.graph.clone(), family.value, None);
    let template = &family.graph;
    let schedule = template.schedule(&[family.value]);
    let length = schedule
        .iter()
        .find(|at| is_distance(template, **at, slots));
    let Some(&length) = length else {
        return plain();
    };
    let mut graph = Graph::new();
    let r = graph.input(input as u32);
    let value = graph.import(template, &[family.value], &[(length, r)])[0];
    let depends = graph
        .schedule(&[value])
        .into_iter()
        .any(|at| match graph.op(at) {
            Op::Input(at) => (at as usize) < slots.len(),
            _ => false,
        });
    match depends {
        true => plain(),
        false => (graph, value, Some(true)),
    }
}

/// Whether a node is the distance of two particles in space.
fn is_distance(graph: &Graph, node: Node, slots: &[(usize, usize)]) -> bool {
    let Op::Apply1(Function::Sqrt, sum) = graph.op(node) else {
        return false;
    };
    let mut open = vec![sum];
    let mut axes = Vec::new();
    while let Some(at) = open.pop() {
        match graph.op(at) {
            Op::Apply2(Function::Add, a, b) => open.extend([a, b]),
            Op::Power(difference, 2) => match graph.op(difference) {
                Op::Apply2(Function::Subtract, a, b) => axes.push((graph.op(a), graph.op(b))),
                _ => return false,
            },
            _ => return false,
        }
    }
    let slot = |op: Op| match op {
        Op::Input(at) => slots.get(at as usize).copied(),
        _ => None,
    };
    let along = |(a, b): &(Op, Op)| match (slot(*a), slot(*b)) {
        (Some((i, along)), Some((j, other))) if i != j && along == other => Some(along),
        _ => None,
    };
    let mut found: Vec<Option<usize>> = axes.iter().map(along).collect();
    found.sort_unstable();
    found == [Some(0), Some(1), Some(2)]
}

/// The sites of all members as Python counts them.
pub(super) fn sites_text(members: &[Vec<u32>]) -> String {
    let rows: Vec<&[u32]> = members.iter().map(Vec::as_slice).collect();
    let n = rows.len();
    let tuple = |items: &[String]| match items {
        [one] => format!("({one},)"),
        items => format!("({})", items.join(", ")),
    };
    if n == 1 {
        let items: Vec<String> = rows[0].iter().map(u32::to_string).collect();
        let all = rows[0]
            .iter()
            .enumerate()
            .all(|(at, site)| at as u32 == *site);
        return match all && items.len() > 8 {
            true => format!("[range({})]", items.len()),
            false => format!("[{}]", tuple(&items)),
        };
    }
    match Members::of_rows(&rows) {
        Members::Row {
            first,
            step,
            repeat,
        } if step > 0 => {
            let k = match (step, repeat) {
                (1, 1) => "k".to_owned(),
                (step, 1) => format!("{step}*k"),
                (1, repeat) => format!("k//{repeat}"),
                (step, repeat) => format!("{step}*(k//{repeat})"),
            };
            let items: Vec<String> = first
                .iter()
                .map(|first| match first {
                    0 => k.clone(),
                    first => format!("{k} + {first}"),
                })
                .collect();
            format!("[{} for k in range({n})]", tuple(&items))
        }
        Members::Pairs {
            count,
            start: 0,
            step: 1,
            ..
        } => {
            format!("itertools.combinations(range({count}), 2)")
        }
        _ => {
            let rows: Vec<String> = rows
                .iter()
                .map(|row| tuple(&row.iter().map(u32::to_string).collect::<Vec<_>>()))
                .collect();
            format!("[\n{}    ]", wrapped(&rows, "        "))
        }
    }
}
