//! Codes of what cannot be read.

use super::{Row, Stage, other, program};
use crate::diagnostic::Severity;

const fn row(
    code: &'static str,
    text: &'static str,
    wrong: &'static str,
    right: &'static str,
) -> Row {
    program(Stage::Text, code, text, wrong, right)
}

pub(super) const ROWS: &[Row] = &[
    row(
        "definition",
        "Every line of a program that is not inside brackets is a definition: `name = ...`, `param name = ...`, `f(x) = ...`, an import, or a block of settings such as `learn { ... }`. A definition begins with its name and has one `=`. A line that begins with an operator is a new line, not the rest of the one before.",
        "V(q) := q^2",
        "V(q) = q^2",
    ),
    row(
        "missing-expression",
        "An operator, an `=` or an opening bracket waits for a value that does not come.",
        "V(q) = q^2 +",
        "V(q) = q^2 + 1",
    ),
    row(
        "missing-operator",
        "Two values follow each other with nothing between them. A product is always written with `*`, and a function is called with brackets.",
        "V(q) = 2q^2",
        "V(q) = 2*q^2",
    ),
    row(
        "operator",
        "An operator of another language. Here they are `+ - * / ^`, the comparisons `< <= > >= == !=`, and the words `and`, `or`, `not`.",
        "V(q) = q**2",
        "V(q) = q^2",
    ),
    row(
        "character",
        "A character that is not part of the language. Word processors and papers have signs that look like those of the keyboard; formulas are made of names, numbers, `+ - * / ^`, brackets and comparisons. In names and comments letters of every script are welcome.",
        "V(q) = 2×q^2;",
        "V(q) = 2*q^2",
    ),
    row(
        "number",
        "A number has digits before its point and after it, and no separators: `1000`, `0.5`, `1e-3`. It must not be larger than 1.8e308.",
        "V(q) = .5*q^2",
        "V(q) = 0.5*q^2",
    ),
    row(
        "decimal-comma",
        "Numbers have a point, not a comma: a comma is between arguments.",
        "V(q) = q^2 + 0,5",
        "V(q) = q^2 + 0.5",
    ),
    row(
        "unclosed-bracket",
        "A bracket is opened and not closed, or closed by one of another kind. The message points at the one that was opened.",
        "V(q) = (q + 1)^(2",
        "V(q) = (q + 1)^2",
    ),
    row(
        "stray-bracket",
        "A bracket is closed that was never opened.",
        "V(q) = q^2 + 1)",
        "V(q) = q^2 + 1",
    ),
    row(
        "unclosed-text",
        "A string ends on the line where it begins, with a plain double quote.",
        "import \"pairs.pot (morse)",
        "V(q) = q^2 # strings are for paths",
    ),
    row(
        "chained-comparison",
        "Comparisons do not chain: `a < b < c` is written as two of them with `and`.",
        "V(q) = q^2 + if 0 < q < 1 then 1 - q else 0",
        "V(q) = q^2 + if 0 < q and q < 1 then q^2*(1 - q)^2 else 0",
    ),
    row(
        "half-if",
        "An `if` is a value, so it needs both branches: `if condition then a else b`.",
        "V(q) = if q > 0 then q^2",
        "V(q) = if q > 0 then q^2 else 0",
    ),
    row(
        "block",
        "A block has lines `let name = ...` and then one line more, which is its value.",
        "V(q) = {\n  q + 1\n  q^2\n}",
        "V(q) = {\n  let d = q + 1\n  d^2\n}",
    ),
    row(
        "let-outside",
        "`let` names a value inside a block `{ }`. At the top of a file a constant is written without it.",
        "let a = 2\nV(q) = a*q^2",
        "a = 2\nV(q) = a*q^2",
    ),
    row(
        "definition-inside",
        "An `=` inside of a formula. A definition is on a line of its own; to compare two values write `==`.",
        "V(q) = if q = 0 then 1 else 2",
        "V(q) = if q == 0 then 1 else 2",
    ),
    row(
        "keyword",
        "A word of the language is no name: if, then, else, let, and, or, not, for, in, param, import.",
        "in = 2\nV(q) = q^2",
        "inner = 2\nV(q) = inner*q^2",
    ),
    row(
        "import",
        "An import says where from and which names: `import std.module (a, b as c)` for the library, `import \"path.pot\" (a)` for a file in the folder of the program or below. The same code stands for a file that is not there.",
        "import std.landscapes\nV(q) = q^2",
        "import std.landscapes (double_well)\nV(q) = double_well(q)",
    ),
    row(
        "unexpected",
        "Something that cannot follow what is before it, such as a comma outside of brackets or `for` outside of `sum`.",
        "V(q) = q^2, q",
        "V(q) = q^2 + q",
    ),
    other(
        Stage::Text,
        Severity::Error,
        "long-word",
        "A name, a number or a text in quotes may have 1000 bytes.",
        "a name of 1001 letters",
        "a = 2\nV(q) = a*q^2",
    ),
    other(
        Stage::Text,
        Severity::Error,
        "too-deep",
        "Brackets, `if`, signs and powers may nest 256 deep. Give the inner parts names.",
        "brackets in brackets, 257 deep",
        "inner(q) = (q + 1)^2\nV(q) = inner(q)",
    ),
];
