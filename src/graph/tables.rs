//! The spline tables of a graph, each once.

use super::Spline;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Spline tables by number. A table that is shared costs nothing to find again, however long.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    list: Vec<Arc<Spline>>,
    /// By their addresses, which stay theirs as long as they are in the list.
    known: HashMap<usize, u32>,
    /// By the hashes of their numbers.
    hashed: HashMap<u64, Vec<u32>>,
    /// The derivatives that were asked for, by table and axis.
    partials: HashMap<(u32, usize), Option<Arc<Spline>>>,
}

impl Tables {
    /// The number of a table: that of an equal one there is, or a new one.
    pub fn add(&mut self, table: Arc<Spline>) -> u32 {
        if let Some(&at) = self.known.get(&address(&table)) {
            return at;
        }
        let alike = self.hashed.entry(hash(&table)).or_default();
        let equal = |at: &&u32| self.list[**at as usize] == table;
        if let Some(&at) = alike.iter().find(equal) {
            return at;
        }
        // There are fewer tables than nodes, which are limited.
        let at = self.list.len() as u32;
        alike.push(at);
        self.known.insert(address(&table), at);
        self.list.push(table);
        at
    }

    pub fn get(&self, at: u32) -> &Arc<Spline> {
        &self.list[at as usize]
    }

    /// [`Spline::partial`] of a table.
    pub fn partial(&mut self, at: u32, axis: usize) -> Option<Arc<Spline>> {
        if let Some(known) = self.partials.get(&(at, axis)) {
            return known.clone();
        }
        let partial = self.list[at as usize].partial(axis).map(|partial| {
            let at = self.add(Arc::new(partial));
            Arc::clone(self.get(at))
        });
        self.partials.insert((at, axis), partial.clone());
        partial
    }
}

fn address(table: &Arc<Spline>) -> usize {
    Arc::as_ptr(table) as usize
}

/// The same for equal tables.
fn hash(table: &Spline) -> u64 {
    let mut hasher = DefaultHasher::new();
    (table.degrees(), table.shape()).hash(&mut hasher);
    for axis in table.axes() {
        (bits(axis.lo), bits(axis.hi), axis.periodic).hash(&mut hasher);
    }
    for &number in table.coefficients() {
        bits(number).hash(&mut hasher);
    }
    hasher.finish()
}

/// Those of 0 for -0, which is equal to it.
fn bits(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Graph, Op};

    #[test]
    fn equal_tables_are_one_and_a_shared_one_is_not_read() {
        let cubic = |first: f64| Spline::new(3, 0.0, 1.0, vec![first, 0.0, 2.0, 1.0, 3.0]);
        let mut tables = Tables::default();
        let shared = Arc::new(cubic(0.0).unwrap());
        assert_eq!(tables.add(Arc::clone(&shared)), 0);
        assert_eq!(tables.add(Arc::new(cubic(-0.0).unwrap())), 0);
        assert_eq!(tables.add(Arc::new(cubic(1.0).unwrap())), 1);
        assert_eq!(tables.add(shared), 0);
        assert_eq!(tables.list.len(), 2);
        let [one, again] = [0, 0].map(|at| tables.partial(at, 0).unwrap());
        assert!(Arc::ptr_eq(&one, &again));
        assert_eq!(*one, tables.get(0).partial(0).unwrap());
        assert_eq!(tables.list.len(), 3);
        assert_eq!(tables.partial(0, 1), None);
    }

    /// Graphs that are made of another share its tables.
    #[test]
    fn extracts_share_tables() {
        let mut graph = Graph::new();
        let q = graph.input(0);
        let table = Spline::new(1, 0.0, 1.0, vec![0.0, 2.0, 1.0]).unwrap();
        let node = graph.spline(table, &[q]);
        let (part, roots) = graph.extract(&[node]);
        let [(Op::Spline(a, _), one), (Op::Spline(b, _), other)] =
            [(graph.op(node), &graph), (part.op(roots[0]), &part)]
        else {
            panic!("splines");
        };
        assert!(Arc::ptr_eq(one.spline_table(a), other.spline_table(b)));
    }
}
