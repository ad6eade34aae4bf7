//! What the root file defines or imports and nothing uses.

use super::definitions::DefinedKind;
use super::language::KEYS;
use super::{Program, canonical};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::{ExprKind, ItemKind};

impl Program {
    /// A warning for each definition and import of the root that neither its potential nor its run
    /// blocks use, nor functions that are named in `also`: the potential that was chosen, what it is
    /// compared with, terms. A file without `V` and `U` is one to import from, and has none; names
    /// that begin with `_` are meant to be unused.
    pub fn unused(&self, also: &[&str]) -> Vec<Diagnostic> {
        let root = self.table.root();
        let potentials = ["V", "U"]
            .into_iter()
            .filter(|name| root.contains_key(*name));
        let mut names: Vec<String> = potentials.map(str::to_owned).collect();
        if names.is_empty() {
            return Vec::new();
        }
        names.extend(also.iter().map(|name| canonical(name).into_owned()));
        names.extend(self.named_in_blocks());
        let own = |at: u32| self.table.list[at as usize].module == 0;
        let mut open: Vec<u32> = names.iter().filter_map(|name| root.get(name)?.at).collect();
        let hidden = (0u32..).zip(&self.table.list);
        open.extend(
            hidden
                .filter(|(_, d)| d.module == 0 && d.name.text.starts_with('_'))
                .map(|(at, _)| at),
        );
        let mut used = vec![false; self.table.list.len()];
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut used[at as usize], true) {
                open.extend(self.resolved.uses[at as usize].iter().map(|(at, _)| *at));
            }
        }
        // What only something unused uses is not reported too.
        let mut below = vec![false; used.len()];
        for at in (0..used.len()).filter(|at| !used[*at] && own(*at as u32)) {
            for (other, _) in &self.resolved.uses[at] {
                below[*other as usize] = true;
            }
        }
        let mut found: Vec<(Span, Diagnostic)> = root
            .iter()
            .filter_map(|(name, known)| Some((name, known.at?, known.span)))
            .filter(|(name, at, _)| {
                !used[*at as usize] && !below[*at as usize] && !name.starts_with('_')
            })
            .map(|(name, at, span)| (span, self.warning(name, at, span)))
            .collect();
        found.sort_by_key(|(span, _)| span.start);
        found.into_iter().map(|(_, warning)| warning).collect()
    }

    fn warning(&self, name: &str, at: u32, span: Span) -> Diagnostic {
        let defined = &self.table.list[at as usize];
        let what = match (defined.module > 0, defined.kind) {
            (true, _) => format!("`{name}` is imported and not used"),
            (_, DefinedKind::Parameter(_)) => format!("nothing depends on the parameter `{name}`"),
            _ => format!("`{name}` is not used"),
        };
        let is_setting = KEYS.iter().any(|key| key.name == name);
        let help = match defined.module > 0 {
            true => "leave it out of the import".to_owned(),
            false if is_setting => format!(
                "for a run, put it into a block: `learn {{`, `{name} = ...`, `}}`, each on a line of its own; else delete it"
            ),
            false => format!("delete it, or call it `_{name}` to keep it"),
        };
        Diagnostic::warning("unused", what).at(span, "").help(help)
    }

    /// The names in the run blocks of the root: of functions to compare with and of constants.
    fn named_in_blocks(&self) -> Vec<String> {
        let source = self.tree.source;
        let items = self.tree.items.iter();
        let blocks: Vec<Span> = items
            .filter(|item| matches!(item.kind, ItemKind::Run(..)) && item.span.source == source)
            .map(|item| item.span)
            .collect();
        let inside = |span: Span| {
            let mut blocks = blocks.iter();
            blocks.any(|block| {
                block.source == span.source && block.start <= span.start && span.end <= block.end
            })
        };
        let within = self.tree.exprs().filter(|(_, expr)| inside(expr.span));
        within
            .filter_map(|(_, expr)| match &expr.kind {
                ExprKind::Name(name) => Some(name.clone()),
                ExprKind::Call(name, _) => Some(name.text.clone()),
                // `terms = "f,g"`
                ExprKind::Text(text) => Some(text.clone()),
                _ => None,
            })
            .flat_map(|text| {
                text.split(',')
                    .map(|name| name.trim().to_owned())
                    .collect::<Vec<_>>()
            })
            .collect()
    }
}
