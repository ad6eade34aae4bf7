//! Codes of settings and files, and of a first look at the potential.

use super::{Example, Row, Stage, other};
use crate::diagnostic::Severity::{self, Error, Note, Warning};

const fn before(
    severity: Severity,
    code: &'static str,
    text: &'static str,
    wrong: &'static str,
    right: &'static str,
) -> Row {
    other(Stage::Before, severity, code, text, wrong, right)
}

/// A warning of `check`.
const fn look(
    code: &'static str,
    text: &'static str,
    wrong: &'static str,
    right: &'static str,
) -> Row {
    Row {
        code,
        severity: Warning,
        stage: Stage::Before,
        text,
        example: Example::Program(wrong, right),
    }
}

pub(super) const ROWS: &[Row] = &[
    before(
        Error,
        "usage",
        "The command line cannot be read: an unknown command or flag, or a value that is none.",
        "effpot-lang v.pot --detla 0.5",
        "effpot-lang v.pot --delta 0.5",
    ),
    before(
        Error,
        "file",
        "A file cannot be read or written: it is missing, a folder, not UTF-8, or in the way. Nothing half-written is left behind.",
        "effpot-lang quadratic",
        "effpot-lang quadratic.pot",
    ),
    before(
        Error,
        "unknown-code",
        "No message has this code.",
        "effpot-lang explain unknown-nmae",
        "effpot-lang explain unknown-name",
    ),
    before(
        Error,
        "unknown-parameter",
        "`--set` names a parameter that the program does not have. Those of imported modules are called `module.name`.",
        "effpot-lang v.pot --set esp=0.1",
        "effpot-lang v.pot --set eps=0.1",
    ),
    before(
        Error,
        "unknown-setting",
        "A `learn` block has a line with a key that is no setting.",
        "learn {\n  detla = 0.5\n}",
        "learn {\n  delta = 0.5\n}",
    ),
    before(
        Error,
        "wrong-setting",
        "A setting, on the command line or in a block, has a value that it cannot have, or one for another number of coordinates.",
        "learn {\n  delta = -0.5\n}",
        "learn {\n  delta = 0.5\n}",
    ),
    before(
        Error,
        "wrong-resolve",
        "`--resolve L` chooses step and friction for structure of size L; it cannot go with what fixes them otherwise, and needs a scale that lets it.",
        "effpot-lang v.pot --resolve 0.1 --mass m.csv",
        "effpot-lang v.pot --resolve 0.1",
    ),
    before(
        Error,
        "wrong-points",
        "The points to evaluate at are missing, or have another number of coordinates than the potential.",
        "effpot-lang eval v.pot --at 0.1,0.2",
        "effpot-lang eval v.pot --at 0.1",
    ),
    before(
        Error,
        "wrong-compare",
        "`compare` names a function that is none of the file or has other coordinates than the potential.",
        "learn {\n  compare = U1\n}",
        "U0(q) = q^2/2\nlearn {\n  compare = U0\n}",
    ),
    before(
        Error,
        "no-delta",
        "A step is needed and nobody gives one: it decides the scale, so there is no default.",
        "effpot-lang v.pot",
        "effpot-lang v.pot --delta 0.5",
    ),
    before(
        Error,
        "no-engine",
        "This host cannot run the widths that `--simd` asks for.",
        "effpot-lang bench v.pot --simd 512",
        "effpot-lang bench v.pot",
    ),
    before(
        Error,
        "not-damping",
        "A mass or friction matrix is not symmetric and positive definite, so it damps nothing.",
        "effpot-lang v.pot --delta 0.5 --mass [[1,2],[2,1]]",
        "effpot-lang v.pot --delta 0.5 --mass [[2,1],[1,2]]",
    ),
    before(
        Error,
        "many-coordinates",
        "A curve or a map is learned in three coordinates at most; formulas (`--estimator terms`) in any number up to 2,048.",
        "effpot-lang chain.pot --delta 0.1 --estimator value",
        "effpot-lang chain.pot --delta 0.1 --estimator terms",
    ),
    before(
        Error,
        "too-many-bins",
        "The grid over the domain would not fit in memory; the limit and the estimate are in the message.",
        "effpot-lang v.pot --delta 0.1 --knots 1e9",
        "effpot-lang v.pot --delta 0.1 --knots 100",
    ),
    before(
        Error,
        "too-long",
        "The formula is too long to be written out in that notation.",
        "effpot-lang export chain.pot --to latex",
        "effpot-lang export chain.pot --to pot",
    ),
    before(
        Error,
        "not-compiled",
        "The formula could not be made machine code, most often because it is too large.",
        "a sum with a million different terms",
        "fewer terms, or a `sum` over an index",
    ),
    before(
        Error,
        "no-terms",
        "`terms` finds no sum to weigh: the potential is not made of terms, or they are coupled in too many ways.",
        "effpot-lang v.pot --terms f,g",
        "effpot-lang v.pot --terms written",
    ),
    before(
        Error,
        "no-formula",
        "A potential that is given by its gradient alone has no formula, which `terms`, `filter` and `compare` need.",
        "session::learn_gradient with Estimator::Terms",
        "session::learn_gradient with Estimator::Force",
    ),
    before(
        Error,
        "no-values",
        "`value` and the choice of a step need values of the potential, and the gradient gives none.",
        "a Gradient without `values`",
        "implement `Gradient::values`, or take Estimator::Force",
    ),
    before(
        Error,
        "no-scale",
        "No unresolved scale was found to choose a step by.",
        "V(q) = q^2 with --delta auto",
        "give --delta",
    ),
    before(
        Error,
        "no-gap",
        "The scales of the potential follow each other without a gap, so no step is the natural one.",
        "examples/continuum.pot with --delta auto",
        "say what to keep: --resolve L",
    ),
    before(
        Error,
        "no-window",
        "No step of the scan passed all checks.",
        "effpot-lang v.pot --delta auto",
        "effpot-lang scan v.pot, then --delta by hand, or another --gamma",
    ),
    before(
        Warning,
        "chosen-scale",
        "How step and friction were chosen, and what a short run with them showed.",
        "effpot-lang v.pot --delta auto",
        "look at what it says, and at `effpot-lang scan v.pot`",
    ),
    before(
        Error,
        "not-periodic",
        "A coordinate is declared to wrap, and the potential has another value or slope one period on.",
        "V(a: angle) = a^2",
        "V(a: angle) = 1 - cos(a)",
    ),
    look(
        "does-not-confine",
        "The potential falls without bound in the direction that is named, or trajectories left in it: there is no equilibrium, and nothing to learn. As a warning it comes from `check`, as an error from a run. A trap that is weak where it matters, such as `0.01*q^2`, helps.",
        "V(q) = q^3 - q",
        "V(q) = q^4 - q^2",
    ),
    look(
        "singularity",
        "The potential is not finite, or has no value, at a point among the places where trajectories will be; the term and the point are named. If V rises to infinity there, trajectories bounce off it and the step must be small enough; if it falls, they are lost.",
        "V(q) = q^2 + 1/q",
        "V(q) = q^2 + 1/sqrt(q^2 + 0.01)",
    ),
    look(
        "kink",
        "The gradient jumps, or V itself, where `abs`, `min`, `max`, `floor`, `mod` or an `if` switches. A learned U is smooth over its length and rounds the kink off; a jump of V no force shows, so trajectories pass as if it were not there.",
        "V(q) = q^2 + abs(q - 1)",
        "V(q) = q^2 + sqrt((q - 1)^2 + 0.01)",
    ),
    before(
        Note,
        "replaced",
        "Trajectories of a benchmark left and were replaced.",
        "effpot-lang bench v.pot --delta 9",
        "a smaller --delta",
    ),
    before(
        Warning,
        "not-optimized",
        "The program itself was built without optimization, so its times say nothing.",
        "cargo run -- bench v.pot",
        "cargo run --release -- bench v.pot",
    ),
];
