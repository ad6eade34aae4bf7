//! The spline tables of a text: each once, however many of its slopes are needed.

use std::sync::Arc;

use crate::graph::{Extension, Graph, Node, Op, Spline, SplineId};

/// A table of the text and how often it is differentiated along each axis.
pub(super) struct Place {
    /// Which of [`Splines::tables`].
    pub(super) table: usize,
    /// How often along each axis.
    pub(super) order: Vec<usize>,
}

/// All tables that graphs need.
#[derive(Default)]
pub(super) struct Splines {
    /// Those that are nobody's slope.
    pub(super) tables: Vec<Arc<Spline>>,
    known: Vec<(Arc<Spline>, usize, Vec<usize>)>,
}

impl Splines {
    /// The tables of what the roots of graphs need.
    pub(super) fn of(parts: &[(&Graph, &[Node])]) -> Splines {
        let mut found: Vec<Arc<Spline>> = Vec::new();
        for (graph, roots) in parts {
            for at in graph.schedule(roots) {
                if let Op::Spline(id, _) = graph.op(at) {
                    let table = graph.spline_table(id);
                    if !found.iter().any(|known| same(known, table)) {
                        found.push(Arc::clone(table));
                    }
                }
            }
        }
        // A slope has fewer degrees than what it is the slope of.
        found.sort_by_key(|table| std::cmp::Reverse(table.degrees().iter().sum::<usize>()));
        let mut splines = Splines::default();
        for table in found {
            splines.place(&table);
        }
        splines
    }

    fn place(&mut self, table: &Arc<Spline>) {
        for at in 0..self.known.len() {
            let (known, base, order) = &self.known[at];
            for axis in 0..known.dimension() {
                let likely = known.dimension() == table.dimension()
                    && known.degrees()[axis] == table.degrees()[axis] + 1;
                if likely && known.partial(axis).as_ref() == Some(&**table) {
                    let (base, mut order) = (*base, order.clone());
                    order[axis] += 1;
                    self.known.push((Arc::clone(table), base, order));
                    return;
                }
            }
        }
        let order = vec![0; table.dimension()];
        self.known
            .push((Arc::clone(table), self.tables.len(), order));
        self.tables.push(Arc::clone(table));
    }

    /// Where the table of a node is.
    pub(super) fn find(&self, graph: &Graph, id: SplineId) -> Place {
        let table = graph.spline_table(id);
        let known = self.known.iter().find(|(known, ..)| same(known, table));
        let (table, order) = known.map_or((0, vec![0; table.dimension()]), |(_, table, order)| {
            (*table, order.clone())
        });
        Place { table, order }
    }
}

fn same(a: &Arc<Spline>, b: &Arc<Spline>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

/// What a table does beyond its ends, as a number that a derivative lowers by one: 2 for a tangent,
/// 1 for a constant, 0 for zero.
pub(super) fn beyond(table: &Spline, axis: usize) -> usize {
    match table.extensions()[axis] {
        Extension::Linear => 2,
        Extension::Constant => 1,
        Extension::Zero => 0,
    }
}
