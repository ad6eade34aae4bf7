//! Which terms share coordinates, and where the gradients of each are kept.

use std::collections::HashMap;

use super::TermsError;

/// The most products of derivatives that a sample may cost.
const MAX_PRODUCTS: usize = 20_000_000;

/// The sparse pattern of the Gram matrix of terms.
#[derive(Clone, Debug, Default)]
pub(super) struct Pattern {
    /// Rows of gradients: one for each term and each coordinate that it depends on.
    pub rows: usize,
    /// For each term its first row, and the number of rows at the end.
    pub first: Vec<usize>,
    /// The pairs `(i, j)` with `i <= j` of terms that share a coordinate, sorted; each term is a
    /// pair with itself.
    pub pairs: Vec<(u32, u32)>,
    /// For each pair where its products begin, and their number at the end.
    starts: Vec<usize>,
    /// The rows of both for each coordinate that they share.
    products: Vec<(u32, u32)>,
}

impl Pattern {
    /// For terms that depend on these coordinates, sorted.
    pub fn new(supports: &[Vec<u32>], dimension: usize) -> Result<Pattern, TermsError> {
        let mut pattern = Pattern::default();
        let mut by_coordinate: Vec<Vec<(u32, u32)>> = vec![Vec::new(); dimension];
        for (term, support) in supports.iter().enumerate() {
            pattern.first.push(pattern.rows);
            for &coordinate in support {
                by_coordinate[coordinate as usize].push((term as u32, pattern.rows as u32));
                pattern.rows += 1;
            }
        }
        pattern.first.push(pattern.rows);
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
        pattern.pairs = shared.keys().copied().collect();
        pattern.pairs.sort_unstable();
        for pair in &pattern.pairs {
            pattern.starts.push(pattern.products.len());
            pattern.products.extend(&shared[pair]);
        }
        pattern.starts.push(pattern.products.len());
        Ok(pattern)
    }

    /// How many terms there are.
    pub fn terms(&self) -> usize {
        self.first.len() - 1
    }

    /// The rows that a pair has in common.
    pub fn products(&self, pair: usize) -> &[(u32, u32)] {
        &self.products[self.starts[pair]..self.starts[pair + 1]]
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
