//! Which terms share coordinates, and where the gradients of each are kept.

use std::collections::HashMap;

use super::TermsError;
use super::shapes::Shape;

/// The most products of derivatives that a sample may cost.
const MAX_PRODUCTS: usize = 20_000_000;

fn sort<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}

/// Where each of some lists begins if they follow each other, and where the last ends.
fn ends(lengths: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut ends = vec![0];
    let mut last = 0;
    ends.extend(lengths.map(|length| {
        last += length;
        last
    }));
    ends
}

/// Where derivatives of terms are kept, and the sparse pattern of their Gram matrix.
#[derive(Clone, Debug, Default)]
pub(super) struct Pattern {
    /// For each term the coordinates that it depends on, sorted.
    pub coordinates: Vec<Vec<u32>>,
    /// For each term the pairs of them with second derivatives, sorted.
    hessians: Vec<Vec<(u32, u32)>>,
    /// For each term its first row of gradients, and the number of rows at the end.
    pub first_row: Vec<usize>,
    /// For each term its first entry of Hessians, and the number of entries at the end.
    pub first_entry: Vec<usize>,
    /// The pairs of coordinates of all entries: those with themselves, then the others.
    pub momenta: Vec<(u32, u32)>,
    /// For each entry its place among those.
    pub momentum: Vec<usize>,
    /// The pairs `(i, j)` with `i <= j` of terms that share a coordinate, sorted; each term is a
    /// pair with itself.
    pub pairs: Vec<(u32, u32)>,
    /// For each pair where its products begin, and their number at the end.
    starts: Vec<usize>,
    /// The rows of both for each coordinate that they share.
    products: Vec<(u32, u32)>,
}

impl Pattern {
    /// For so many terms with pieces of these shapes.
    pub fn new(shapes: &[Shape], terms: usize, dimension: usize) -> Result<Pattern, TermsError> {
        let mut pattern = Pattern {
            coordinates: vec![Vec::new(); terms],
            hessians: vec![Vec::new(); terms],
            ..Pattern::default()
        };
        for (owner, own, pairs) in shapes.iter().flat_map(Shape::supports) {
            pattern.coordinates[owner].extend_from_slice(own);
            pattern.hessians[owner].extend(pairs);
        }
        pattern.coordinates.iter_mut().for_each(sort);
        pattern.hessians.iter_mut().for_each(sort);
        pattern.first_row = ends(pattern.coordinates.iter().map(Vec::len));
        pattern.first_entry = ends(pattern.hessians.iter().map(Vec::len));
        pattern.pair_momenta(dimension);
        pattern.pair_terms(dimension)?;
        Ok(pattern)
    }

    fn pair_momenta(&mut self, dimension: usize) {
        self.momenta = (0..dimension as u32).map(|c| (c, c)).collect();
        let mut places: HashMap<(u32, u32), usize> = HashMap::new();
        for &(a, b) in self.hessians.iter().flatten() {
            let place = match a == b {
                true => a as usize,
                false => *places.entry((a, b)).or_insert_with(|| {
                    self.momenta.push((a, b));
                    self.momenta.len() - 1
                }),
            };
            self.momentum.push(place);
        }
    }

    fn pair_terms(&mut self, dimension: usize) -> Result<(), TermsError> {
        let mut by_coordinate: Vec<Vec<(u32, u32)>> = vec![Vec::new(); dimension];
        let rows = self.coordinates.iter().enumerate();
        let rows = rows.flat_map(|(term, own)| own.iter().map(move |&c| (term as u32, c)));
        for (row, (term, coordinate)) in rows.enumerate() {
            by_coordinate[coordinate as usize].push((term, row as u32));
        }
        let products = by_coordinate
            .iter()
            .map(|terms| terms.len() * (terms.len() + 1) / 2);
        if products.sum::<usize>() > MAX_PRODUCTS {
            return Err(TermsError::TooCoupled);
        }
        let mut shared: HashMap<(u32, u32), Vec<(u32, u32)>> = HashMap::new();
        for terms in &by_coordinate {
            for (at, &(term, row)) in terms.iter().enumerate() {
                for &(other, other_row) in &terms[at..] {
                    shared
                        .entry((term, other))
                        .or_default()
                        .push((row, other_row));
                }
            }
        }
        // A term without coordinates is a pair with itself all the same.
        for term in 0..self.terms() as u32 {
            shared.entry((term, term)).or_default();
        }
        self.pairs = shared.keys().copied().collect();
        self.pairs.sort_unstable();
        self.starts = ends(self.pairs.iter().map(|pair| shared[pair].len()));
        self.products = self
            .pairs
            .iter()
            .flat_map(|pair| &shared[pair])
            .copied()
            .collect();
        Ok(())
    }

    /// The row of the derivative of a term by one of its coordinates.
    pub fn row(&self, term: usize, coordinate: u32) -> usize {
        self.first_row[term] + self.coordinates[term].partition_point(|known| *known < coordinate)
    }

    /// The entry of the second derivative of a term by two of its coordinates, in order.
    pub fn entry(&self, term: usize, pair: (u32, u32)) -> usize {
        self.first_entry[term] + self.hessians[term].partition_point(|known| *known < pair)
    }

    /// Rows of gradients.
    pub fn rows(&self) -> usize {
        self.first_row[self.terms()]
    }

    /// Entries of Hessians.
    pub fn entries(&self) -> usize {
        self.momentum.len()
    }

    /// Whether an entry is on the diagonal.
    pub fn is_diagonal(&self, entry: usize) -> bool {
        let (a, b) = self.momenta[self.momentum[entry]];
        a == b
    }

    /// How many terms there are.
    pub fn terms(&self) -> usize {
        self.coordinates.len()
    }

    /// The rows that a pair has in common.
    pub fn products(&self, pair: usize) -> &[(u32, u32)] {
        &self.products[self.starts[pair]..self.starts[pair + 1]]
    }

    /// Coordinates.
    pub fn dimension(&self) -> usize {
        self.momenta.iter().take_while(|(a, b)| a == b).count()
    }

    /// For each term the trace of its Hessian, given by its entries, with a matrix, given by its
    /// entries for the pairs of coordinates in [`Pattern::momenta`].
    pub fn contract(&self, entries: &[f64], matrix: &[f64]) -> Vec<f64> {
        let term = |ends: &[usize]| {
            let entries = (ends[0]..ends[1]).zip(&entries[ends[0]..ends[1]]);
            let one = |(at, entry): (usize, &f64)| {
                let twice = if self.is_diagonal(at) { 1.0 } else { 2.0 };
                twice * entry * matrix[self.momentum[at]]
            };
            entries.map(one).sum()
        };
        self.first_entry.windows(2).map(term).collect()
    }

    /// The product of a symmetric matrix, given by its entries for the pairs, with a vector.
    pub fn multiply(&self, entries: &[f64], vector: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.terms()];
        for (&(i, j), entry) in self.pairs.iter().zip(entries) {
            let (i, j) = (i as usize, j as usize);
            out[i] += entry * vector[j];
            if i != j {
                out[j] += entry * vector[i];
            }
        }
        out
    }

    /// The entries on the diagonal of such a matrix.
    pub fn diagonal(&self, entries: &[f64]) -> Vec<f64> {
        let pairs = self.pairs.iter().zip(entries);
        let own = pairs.filter(|((i, j), _)| i == j);
        let mut diagonal = vec![0.0; self.terms()];
        own.for_each(|((i, _), entry)| diagonal[*i as usize] = *entry);
        diagonal
    }

    /// An order of the terms in which those that share coordinates are near each other: reverse
    /// Cuthill-McKee (Cuthill & McKee 1969, Proc. 24th ACM Nat. Conf., 157).
    pub fn order(&self) -> Vec<usize> {
        let mut near: Vec<Vec<usize>> = vec![Vec::new(); self.terms()];
        for &(i, j) in self.pairs.iter().filter(|(i, j)| i != j) {
            near[i as usize].push(j as usize);
            near[j as usize].push(i as usize);
        }
        let degree: Vec<usize> = near.iter().map(Vec::len).collect();
        near.iter_mut()
            .for_each(|list| list.sort_unstable_by_key(|&at| (degree[at], at)));
        let mut begin: Vec<usize> = (0..near.len()).collect();
        begin.sort_unstable_by_key(|&at| (degree[at], at));
        let mut seen = vec![false; near.len()];
        let mut order = Vec::with_capacity(near.len());
        for start in begin {
            if std::mem::replace(&mut seen[start], true) {
                continue;
            }
            let mut next = order.len();
            order.push(start);
            while let Some(&at) = order.get(next) {
                let fresh = near[at]
                    .iter()
                    .filter(|&&other| !std::mem::replace(&mut seen[other], true));
                let fresh: Vec<usize> = fresh.copied().collect();
                order.extend(fresh);
                next += 1;
            }
        }
        order.reverse();
        order
    }
}
