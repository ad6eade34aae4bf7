//! The words that cannot be names, and one that can.

/// A word of the language with a meaning of its own.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Keyword {
    /// The word.
    pub name: &'static str,
    /// How it is used.
    pub usage: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// Where it stands.
    pub place: Place,
}

/// Where a keyword stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// At the beginning of a definition.
    Head,
    /// In a formula.
    Formula,
    /// At the beginning of a line of a block.
    Block,
    /// Between the names of an import.
    Import,
}

const fn row(
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    place: Place,
) -> Keyword {
    Keyword {
        name,
        usage,
        about,
        place,
    }
}

/// All of them. A test holds the list against that of the syntax.
pub fn keywords() -> &'static [Keyword] {
    TABLE
}

#[rustfmt::skip]
const TABLE: &[Keyword] = &[
    row("if", "if c then a else b", "one of two values; both branches are needed", Place::Formula),
    row("then", "if c then a else b", "the value where the condition holds", Place::Formula),
    row("else", "if c then a else b", "the value where the condition does not hold", Place::Formula),
    row("let", "let a = ...", "a name for a part, in the lines below it in the block", Place::Block),
    row("and", "a < b and b < c", "whether both conditions hold", Place::Formula),
    row("or", "a < b or b < c", "whether one of two conditions holds", Place::Formula),
    row("not", "not a < b", "whether a condition does not hold", Place::Formula),
    row("for", "sum(body for i in a..b)", "the whole numbers of a sum or product", Place::Formula),
    row("in", "for i in a..b", "the range of an index, ends included", Place::Formula),
    row("param", "param name = number", "a number that a run may override: --set name=value", Place::Head),
    row("import", "import std.module (a, b as c)", "definitions of the library or, in quotes, of a file", Place::Head),
    row("as", "import std.module (a as b)", "another name for what is imported", Place::Import),
];

#[cfg(test)]
mod tests {
    use super::{Place, TABLE};
    use crate::syntax::KEYWORDS;

    #[test]
    fn the_keywords_of_the_syntax_are_described() {
        let words = TABLE.iter().filter(|word| word.place != Place::Import);
        let words: Vec<&str> = words.map(|word| word.name).collect();
        assert_eq!(words, KEYWORDS);
    }
}
