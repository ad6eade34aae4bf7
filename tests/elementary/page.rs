//! The page `docs/functions.md`: what the functions cost and promise, with the numbers of these
//! tests.

use super::*;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/functions.md");

const HEAD: &str = "\
# Elementary functions in kernels

This page is written by `tests/elementary.rs`, which fails where a number here is not what it \
finds. `UPDATE_DOCS=1 cargo test --test elementary` writes it anew.

Kernels call no library: each function is expanded into straight-line code without branches or \
look-ups, the same for every engine, and every engine gives the same bits (products are fused with \
one rounding on every host).

- **Operations**: instructions on the arguments, without constants and changes of type, which cost \
nothing in a loop. A division or a square root counts as one.
- **Error**: the largest found, in units in the last place of the exact value, at the points of \
`tests/data/elementary.txt`: some hundred to a thousand a function over its whole range, with \
subnormal numbers, zeros, poles and the ends of ranges, exact to 300 bits (mpmath), and the worst \
of a million others. Rounded up.
- **Promise**: the bound that the tests hold every engine to.

Errors are those of values. In step loops subnormal numbers are taken as zero besides.

";

/// The functions of the table with their ranges, in words.
const RANGES: &[(Function, &str)] = &[
    (
        Function::Sin,
        "to 1e8 (within 1e-9 of a zero the error is absolute, 2e-25); 4e-16 absolute to 2^43, 2e-14 \
         to 2^51; beyond, no finite number",
    ),
    (
        Function::Cos,
        "to 1e8; where the value is below 0.6 the error is absolute, 3e-16; beyond 1e8 as the sine",
    ),
    (
        Function::Tan,
        "to 1e8, near zeros and poles as well; from 2^51 on no finite number",
    ),
    (Function::Asin, "NaN outside [-1, 1]"),
    (Function::Acos, "NaN outside [-1, 1]"),
    (Function::Atan, "all"),
    (
        Function::Atan2,
        "all, with signed zeros; two infinities are as two equal numbers",
    ),
    (Function::Sinh, "all; infinite from 710.48 on"),
    (Function::Cosh, "all; infinite from 710.48 on"),
    (Function::Tanh, "all"),
    (Function::Asinh, "all"),
    (Function::Acosh, "NaN below 1"),
    (Function::Atanh, "infinite at -1 and 1, NaN outside"),
    (
        Function::Exp,
        "all; 0 where the value is below 2^-1021.5 (3.1e-308), infinite from 709.79 on",
    ),
    (Function::Expm1, "all; infinite from 709.79 on"),
    (Function::Log, "subnormal arguments included; NaN below 0"),
    (Function::Log1p, "minus infinity at -1, NaN below"),
    (
        Function::Log10,
        "subnormal arguments included; NaN below 0; powers of ten come out whole",
    ),
    (Function::Cbrt, "all, subnormal arguments included"),
    (Function::Erf, "all"),
    (
        Function::Hypot,
        "all, without overflow on the way; infinite if either is, even beside NaN",
    ),
    (
        Function::Power,
        "all; 0 where the value is below 2^-1021.5; NaN for a negative base and an exponent that is \
         not whole; 4 to 7 operations for constant exponents of 0.5, 1.5, 2.5 and their negatives",
    ),
];

/// What one instruction or a few give, without a table of errors.
const OTHERS: &[(Function, &str)] = &[
    (Function::Add, "correctly rounded"),
    (Function::Subtract, "correctly rounded"),
    (Function::Multiply, "correctly rounded"),
    (Function::Divide, "correctly rounded"),
    (Function::Sqrt, "correctly rounded; NaN below 0"),
    (Function::Negate, "exact"),
    (Function::Abs, "exact"),
    (Function::Floor, "exact"),
    (Function::Sign, "exact; a zero keeps its sign"),
    (Function::Min, "exact; NaN if either is"),
    (Function::Max, "exact; NaN if either is"),
    (
        Function::Mod,
        "`a - b*floor(a/b)` as it is rounded: the error is absolute, an ulp of `a`, and so near a \
         multiple of b the result may be at the other end of its range",
    ),
];

/// A special value as it is written.
fn written(x: f64) -> String {
    use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};
    let known = [
        (PI, "pi"),
        (FRAC_PI_2, "pi/2"),
        (FRAC_PI_4, "pi/4"),
        (3.0 * FRAC_PI_4, "3pi/4"),
    ];
    let sign = if x.is_sign_negative() { "-" } else { "" };
    match known.iter().find(|(value, _)| *value == x.abs()) {
        Some((_, name)) => format!("{sign}{name}"),
        None => x.to_string(),
    }
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn table(titles: &[&str]) -> String {
    let titles: Vec<String> = titles.iter().map(|title| title.to_string()).collect();
    let rule = vec!["---".to_owned(); titles.len()];
    row(&titles) + &row(&rule)
}

fn name(function: Function) -> String {
    format!("`{}`", function.name())
}

/// The page, with what is found by this engine.
fn page(engine: Engine) -> String {
    let mut page = HEAD.to_owned();
    page += &table(&["function", "operations", "error", "promise", "range"]);
    for (function, range) in RANGES {
        let bound = BOUNDS.iter().find(|bound| bound.function == *function);
        let bound = bound.expect("a bound");
        let (worst, _) = worst(bound, &points(*function), engine);
        page += &row(&[
            name(*function),
            operations(*function).to_string(),
            format!("{:.1}", (10.0 * worst).ceil() / 10.0),
            bound.ulp.to_string(),
            range.to_string(),
        ]);
    }
    page += "\nOperators and the like:\n\n";
    page += &table(&["function", "operations", "value"]);
    for (function, value) in OTHERS {
        page += &row(&[
            name(*function),
            operations(*function).to_string(),
            value.to_string(),
        ]);
    }
    page += "\n## Special values\n\n";
    let special = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let mut titles = vec!["function".to_owned()];
    titles.extend(special.map(written));
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    page += &table(&titles);
    let all = || RANGES.iter().chain(OTHERS).map(|(function, _)| *function);
    for function in all().filter(|function| function.arity() == 1) {
        let got = values(&kernel(function, engine), &special.map(|x| [x, 0.0]));
        let cells = got.into_iter().map(written);
        page += &row(&[name(function)]
            .into_iter()
            .chain(cells)
            .collect::<Vec<_>>());
    }
    page += "\nOf two arguments, `a` down and `b` across:\n";
    let pairs = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    for function in [
        Function::Power,
        Function::Atan2,
        Function::Hypot,
        Function::Mod,
    ] {
        let mut titles = vec![name(function)];
        titles.extend(pairs.map(written));
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        page += "\n";
        page += &table(&titles);
        for a in pairs {
            let got = values(&kernel(function, engine), &pairs.map(|b| [a, b]));
            let cells = got.into_iter().map(written);
            let head = format!("**{}**", written(a));
            page += &row(&[head].into_iter().chain(cells).collect::<Vec<_>>());
        }
    }
    page
}

#[test]
fn the_page_of_the_functions_has_what_is_found() {
    let listed = RANGES.iter().chain(OTHERS).map(|(function, _)| *function);
    assert_eq!(listed.count(), Function::ALL.len());
    let found = page(Engine::best());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, &found).expect("the page is written");
    }
    let there = std::fs::read_to_string(PAGE).unwrap_or_default();
    let mut lines = found
        .lines()
        .zip(there.lines().chain(std::iter::repeat("")));
    let different = lines.find(|(found, there)| found != there);
    assert!(
        found == there,
        "{PAGE} is not what is found: UPDATE_DOCS=1 writes it anew\n{different:?}"
    );
}
