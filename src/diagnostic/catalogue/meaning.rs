//! Codes of what a program means.

use super::{Example, Row, Stage, other, program};
use crate::diagnostic::Severity::{Error, Warning};

const fn row(
    code: &'static str,
    text: &'static str,
    wrong: &'static str,
    right: &'static str,
) -> Row {
    program(Stage::Meaning, code, text, wrong, right)
}

const fn warning(
    code: &'static str,
    text: &'static str,
    wrong: &'static str,
    right: &'static str,
) -> Row {
    Row {
        code,
        severity: Warning,
        stage: Stage::Meaning,
        text,
        example: Example::Program(wrong, right),
    }
}

pub(super) const ROWS: &[Row] = &[
    row(
        "unknown-block",
        "A name stands before a block `{ ... }` of settings that no command reads.",
        "V(q) = q^2/2\nlern {\n  delta = 0.5\n}",
        "V(q) = q^2/2\nlearn {\n  delta = 0.5\n}",
    ),
    row(
        "empty",
        "The file defines nothing. A program has a potential at least.",
        "# a potential will come here",
        "V(q) = q^2/2",
    ),
    row(
        "no-potential",
        "The potential is `V`, else `U`, else the only function of the file; imported functions do not count. Where that does not decide, `--potential NAME` does.",
        "f(q) = q^2\ng(q) = q^4",
        "f(q) = q^2\nV(q) = f(q)",
    ),
    row(
        "unknown-name",
        "A name that nothing defines: no argument, no definition of the file, nothing imported, nothing of the language. The message names the nearest one that is known.",
        "V(q) = cso(q)",
        "V(q) = cos(q)",
    ),
    row(
        "duplicate",
        "A name is defined twice in one place. Both places are shown.",
        "a = 1\na = 2\nV(q) = a*q^2",
        "a = 1\nb = 2\nV(q) = (a + b)*q^2",
    ),
    warning(
        "hidden-builtin",
        "A definition has the name of something of the language, which cannot be used in this file any more. It is allowed, and seldom meant.",
        "exp = 2\nV(q) = exp*q^2",
        "power = 2\nV(q) = power*q^2",
    ),
    row(
        "arity",
        "A function is called with more or fewer arguments than it takes; the message shows how it is called.",
        "V(q) = atan2(q)",
        "V(q) = atan2(q, 1)",
    ),
    row(
        "type",
        "A value of one kind where one of another kind is needed: a truth value, a vector or a function is no number.",
        "V(q) = q^2 + sin",
        "V(q) = q^2 + sin(q)",
    ),
    row(
        "shape",
        "Vectors and arrays whose sizes do not fit together.",
        "V(q[3]) = dot(q, q) + dot(q, [1, 2])",
        "V(q[3]) = dot(q, q) + dot(q, [1, 2, 3])",
    ),
    row(
        "index",
        "Indices count from 1 to the size, and are whole numbers that are known when the program is read.",
        "V(q[3]) = q[4]^2",
        "V(q[3]) = q[3]^2",
    ),
    row(
        "size",
        "The size of an argument is a positive whole number that is known when the program is read.",
        "V(q[0]) = 1",
        "V(q[3]) = dot(q, q)",
    ),
    row(
        "bound",
        "A range counts from one whole number to another.",
        "V(q) = sum(q^(2*i) for i in 1..2.5)",
        "V(q) = sum(q^(2*i) for i in 1..3)",
    ),
    warning(
        "empty-range",
        "A range that ends before it begins: it counts up, with both ends in it. A sum over it is 0.",
        "V(q) = q^2 + sum(i*q^2 for i in 3..1)",
        "V(q) = q^2 + sum(i*q^2 for i in 1..3)",
    ),
    row(
        "not-constant",
        "Sizes, bounds, indices and seeds of `random` must be known when the program is read: they cannot depend on coordinates or parameters, which a run may change.",
        "param n = 3\nV(q) = sum(q^(2*i) for i in 1..n)",
        "n = 3\nV(q) = sum(q^(2*i) for i in 1..n)",
    ),
    row(
        "period",
        "The length after which a coordinate repeats is a positive number.",
        "V(x: periodic(-1)) = cos(2*pi*x)",
        "V(x: periodic(1)) = cos(2*pi*x)",
    ),
    row(
        "diff-variable",
        "`diff(expr, x)` is by a coordinate, an argument, or an element `q[i]` of one.",
        "V(q) = { let y = 2*q\n diff(y^2, y) }",
        "V(q) = diff(q^3, q)",
    ),
    row(
        "spline",
        "The table of a spline has cells + degree coefficients a side, and its domain is not empty.",
        "V(q) = spline(q, 3, 0, 1, [9, 2])",
        "V(q) = spline(q, 3, 0, 1, [9, 2, 2, 9])",
    ),
    row(
        "cycle",
        "A definition needs itself to be known, directly or through others; the path is shown. There is no recursion in the language.",
        "a = b\nb = a\nV(q) = a*q^2",
        "a = 1\nb = a\nV(q) = b*q^2",
    ),
    row(
        "too-large",
        "Written out, the formula is larger than what is compiled. The limit and the estimate are in the message.",
        "V(q) = sum(q^2 for i in 1..1000000000)",
        "V(q) = sum(q^2 for i in 1..1000)",
    ),
    row(
        "unknown-module",
        "The library has no module of that name. `std.landscapes`, `std.pairs`, `std.chains`, `std.torsions`, `std.networks` and `std.noise` are there.",
        "import std.landscape (double_well)\nV(q) = double_well(q)",
        "import std.landscapes (double_well)\nV(q) = double_well(q)",
    ),
    row(
        "csv",
        "A table is read from a file with a row a line and commas between numbers, as many in each row, beside the program or below.",
        "t = csv(\"no-such-table.csv\")\nV(q) = t[1]*q^2",
        "t = [1, 2]\nV(q) = t[1]*q^2",
    ),
    other(
        Stage::Meaning,
        Error,
        "import-cycle",
        "Two files import each other, directly or through others.",
        "# a.pot\nimport \"b.pot\" (g)\n# b.pot\nimport \"a.pot\" (f)",
        "move what both need into a third file, which imports neither",
    ),
    other(
        Stage::Meaning,
        Error,
        "duplicate-module",
        "Two imported files have the same name and both have parameters, so that `--set name.parameter=...` could mean either.",
        "import \"a/pairs.pot\" (f)\nimport \"b/pairs.pot\" (g)",
        "rename one of the files",
    ),
    other(
        Stage::Meaning,
        Error,
        "too-many-files",
        "A program may import a limited number of files; the message says how many.",
        "a file that imports thousands",
        "import fewer files",
    ),
    warning(
        "unused",
        "A definition or parameter of the file that nothing uses: not the potential, not the settings of the file. Often it is a slip, such as an `eps2` that was to be `eps1` in one place. A name that begins with `_` is never reported, nor is anything in a file that has no `V` or `U`, which is there to be imported.",
        "param eps = 0.01\nparam amplitude = 1\nV(q) = q^2 + eps*sin(q/eps)",
        "param eps = 0.01\nparam amplitude = 1\nV(q) = q^2 + amplitude*eps*sin(q/eps)",
    ),
];
