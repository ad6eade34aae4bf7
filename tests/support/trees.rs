//! Trees to compare: what a text says, whatever its layout.

use effpot_lang::source::Sources;
use effpot_lang::syntax::{Tree, parse, print};

/// The tree of a text that is right.
pub fn tree(text: &str) -> Tree {
    let mut sources = Sources::new();
    let root = sources.add("t", text);
    let parsed = parse(text, root);
    assert!(parsed.errors.is_empty(), "{text}\n{:#?}", parsed.errors);
    parsed.tree
}

/// A tree without its places, and its comments in their order.
pub fn shape(text: &str) -> (String, Vec<String>) {
    let mut tree = tree(text);
    let comments = std::mem::take(&mut tree.comments);
    tree.brackets.clear();
    let comments: Vec<String> = comments
        .iter()
        .map(|span| text[span.range()].to_owned())
        .collect();
    let mut plain = String::new();
    for part in format!("{tree:?}").split("Span { source: SourceId(0), start: ") {
        // `12, end: 34 }...`
        let digits = |text: &'_ str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        let rest = &part[digits(part)..];
        let rest = rest
            .strip_prefix(", end: ")
            .map_or(rest, |rest| &rest[digits(rest)..]);
        plain.push_str(rest);
    }
    (plain, comments)
}

/// A text in the one layout.
#[allow(dead_code)]
pub fn printed(text: &str) -> String {
    print(&tree(text), text)
}
