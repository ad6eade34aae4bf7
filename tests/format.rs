//! The formatter: stable, and true to what it is given.

mod support;
#[path = "support/trees.rs"]
mod trees;
#[path = "support/typed.rs"]
mod typed;

use effpot_lang::syntax::format;
use std::fs;
use std::path::{Path, PathBuf};
use support::formulas;
use support::formulas::Random;

/// All programs below a folder of the repository.
fn programs(folder: &str) -> Vec<(PathBuf, String)> {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "pot") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// Checks that a text keeps what it says and its comments in their order, that a second pass
/// changes nothing, and that no line ends with a space; gives the new text.
fn formatted(text: &str) -> String {
    let once = format(text).unwrap_or_else(|errors| panic!("{text}\n{errors:#?}"));
    let again = format(&once).unwrap_or_else(|errors| panic!("{text}\n---\n{once}\n{errors:#?}"));
    if once != again {
        let lines = || once.lines().zip(again.lines());
        let at = lines()
            .take_while(|(a, b)| a == b)
            .count()
            .saturating_sub(3);
        let around = |text: &str| -> Vec<String> {
            text.lines().skip(at).take(12).map(str::to_owned).collect()
        };
        let (once, again) = (around(&once).join("\n"), around(&again).join("\n"));
        panic!("not stable:\n{once}\n--- and then\n{again}");
    }
    let (before, after) = (trees::shape(text), trees::shape(&once));
    assert_eq!(before.1, after.1, "comments:\n{text}\n---\n{once}");
    assert_eq!(before.0, after.0, "meaning:\n{text}\n---\n{once}");
    for line in once.lines() {
        assert_eq!(line, line.trim_end(), "{once}");
    }
    assert!(
        !once.contains("\n\n\n") && !once.contains("\n\n}"),
        "{once}"
    );
    once
}

#[test]
fn the_library_and_the_examples_are_in_the_layout() {
    let mut all = programs("std");
    all.extend(programs("examples"));
    let broken = |path: &Path| path.components().any(|part| part.as_os_str() == "errors");
    let mut seen = 0;
    for (path, text) in all.iter().filter(|(path, _)| !broken(path)) {
        let same = formatted(text) == *text;
        let name = path.display();
        assert!(same, "{name} is not in the layout: effpot-lang fmt {name}");
        seen += 1;
    }
    assert!(seen >= 20, "only {seen} programs were found");
}

#[test]
fn programs_with_errors_keep_their_meaning_where_they_can_be_read() {
    let mut seen = 0;
    for (_, text) in programs("examples/errors") {
        if format(&text).is_ok() {
            formatted(&text);
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen} can be read");
}

/// Puts line ends and comments where the language allows them inside brackets, and spaces.
fn disturbed(text: &str, random: &mut Random) -> String {
    let mut out = String::new();
    let mut comment = false;
    let mut text_open = false;
    let mut count = 0;
    for c in text.chars() {
        out.push(c);
        match c {
            '\n' => comment = false,
            '"' if !comment => text_open = !text_open,
            '#' if !text_open => comment = true,
            _ => {}
        }
        if comment || text_open {
            continue;
        }
        match (c, random.below(12)) {
            ('(' | '[' | ',', 0) => {
                count += 1;
                out.push_str(&std::format!(" # c{count}\n"));
            }
            ('(' | '[' | ',', 1) => {
                count += 1;
                out.push_str(&std::format!("\n\n# c{count}\n   # d\n"));
            }
            ('(' | '[' | ',' | '*', 2 | 3) => out.push('\n'),
            (' ', 4) => out.push_str("  "),
            ('+' | '/', 5) => {
                count += 1;
                out.push_str(&std::format!(" # e{count}\n "));
            }
            _ => {}
        }
    }
    out
}

/// `e+5` is a number and no place for a comment.
fn has_exponents(text: &str) -> bool {
    text.contains("e+") || text.contains("E+")
}

#[test]
fn random_programs_keep_their_meaning_and_their_comments() {
    let mut random = Random::new(5);
    for seed in 0..400 {
        let text = typed::program(seed, true);
        formatted(&text);
        if !has_exponents(&text) {
            formatted(&disturbed(&text, &mut random));
        }
    }
}

#[test]
fn the_library_survives_comments_everywhere() {
    let mut random = Random::new(6);
    let mut all = programs("std");
    all.extend(programs("examples"));
    for (_, text) in all {
        if format(&text).is_ok() && !has_exponents(&text) {
            for _ in 0..20 {
                formatted(&disturbed(&text, &mut random));
            }
        }
    }
}

/// What was broken for want of room is not taken for broken by hand.
#[test]
fn brackets_in_narrow_places_are_stable() {
    formatted(
        "g(x) = [ε^y, (if not -1 < x * x and x>y then 1e-3^-1 else 1e-3*-1e-3)][1] * q[(if not 2.50/x < [1e-3, ε][1] * q[ε,2] and x>y then [π, 1e-3][1] * q[y,2] else π^ε),2]",
    );
}

/// Long lines are broken, whatever they are made of.
#[test]
fn lines_are_no_longer_than_a_hundred_where_there_is_a_way() {
    let many = |n: usize, one: &dyn Fn(usize) -> String, by: &str| -> String {
        (0..n).map(one).collect::<Vec<_>>().join(by)
    };
    let term = |i: usize| std::format!("{i}*sin({i}*x)");
    let number = |i: usize| std::format!("{i}.125");
    let name = |i: usize| std::format!("argument{i}");
    let row = |i: usize| std::format!("[{i}, 2, 3]");
    let condition = |i: usize| std::format!("x > {i}");
    let branch = |i: usize| std::format!("if x < {i} then {i}");
    for text in [
        std::format!("V(x) = {}", many(30, &term, " + ")),
        std::format!("V(x) = exp({})", many(30, &term, " - ")),
        std::format!("V(x) = x*({})/2", many(30, &term, " - ")),
        std::format!("V(x) = {}", many(40, &name, "*")),
        std::format!("c = [{}]", many(90, &number, ", ")),
        std::format!("c = [{}]", many(90, &row, ", ")),
        std::format!("V(x) = spline(x, 3, 0, 1, [{}])", many(90, &number, ", ")),
        std::format!(
            "V(x) = spline(x, y, 3, [0, 0], [1, 1], [{}])",
            many(30, &row, ", ")
        ),
        std::format!("V({}) = 1", many(20, &name, ", ")),
        std::format!("V(x) = f({})", many(20, &name, ", ")),
        std::format!("import std.a ({})", many(20, &name, ", ")),
        std::format!("V(x) = if {} then 1 else 2", many(30, &condition, " and ")),
        std::format!("V(x) = {} else 9", many(30, &branch, " else ")),
        std::format!("V(x) = sum({} for i in 1..9)", many(30, &term, " + ")),
        std::format!("V(x) = {{\n let a = {}\n a }}", many(30, &term, " + ")),
        std::format!("learn {{\n a = [{}]\n b = 1 }}", many(30, &row, ", ")),
    ] {
        let new = formatted(&text);
        let widest = new.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 100 && new.lines().count() > 2, "{widest}\n{new}");
    }
}

/// The layout itself, as a person sees it.
#[test]
fn the_layout() {
    let cases = [
        // Spaces, brackets and blank lines.
        (
            "V( x,y )=x^2+ - y*(-2)\n\n\n\nf(x)=((x))",
            "V(x, y) = x^2 + (-y*(-2))\n\nf(x) = x\n",
        ),
        (
            "V(x) = (2*x)/3 - (x - 1) - (x*2)^2 # c",
            "V(x) = (2*x)/3 - (x - 1) - (x*2)^2  # c\n",
        ),
        (
            "V(q[n]) = sum( q[ i + 1 ] - 1 for i in 1 .. n - 1 )",
            "V(q[n]) = sum(q[i+1] - 1 for i in 1..n-1)\n",
        ),
        // A sum whose second term is on a line of its own stays so, with its comments.
        (
            "V(x) = a + # one\n  # more\n  b # two",
            "V(x) = (\n  a  # one\n  # more\n  + b\n)  # two\n",
        ),
        (
            "V(x) = (\n -a # one\n - b)",
            "V(x) = (\n  - a  # one\n  - b\n)\n",
        ),
        // Tables.
        (
            "t = [[1, 2],\n     [3, 4]]",
            "t = [\n  [1, 2],\n  [3, 4]\n]\n",
        ),
        ("t = [[1, 2], [3,\n 4]]", "t = [[1, 2], [3, 4]]\n"),
        ("t = [\n1, 2]", "t = [\n  1, 2\n]\n"),
        // Groups of definitions.
        (
            "param a  = 1\nparam bcd = 2",
            "param a   = 1\nparam bcd = 2\n",
        ),
        ("param a = 1\nparam bcd = 2", "param a = 1\nparam bcd = 2\n"),
        (
            "param a  = 1\n\nparam bcd = 2",
            "param a = 1\n\nparam bcd = 2\n",
        ),
        ("param a  = 1\nf(x) = 2", "param a = 1\nf(x) = 2\n"),
        // Run blocks, and comments below each other.
        (
            "learn{ # a\n\n delta=0.5 # c\n gamma = -1 # d\n\n\n # e\n x = 1..2\n # f\n}",
            "learn {  # a\n  delta = 0.5  # c\n  gamma = -1   # d\n\n  # e\n  x     = 1..2\n  # f\n}\n",
        ),
        ("learn { delta=0.5 }", "learn { delta = 0.5 }\n"),
        // Blocks.
        (
            "V(x) = { let  a = x\n\n let bc   = 2\n\n a }",
            "V(x) = {\n  let a  = x\n\n  let bc = 2\n\n  a\n}\n",
        ),
        ("V(x) = x \r\n# end\r\n", "V(x) = x\n# end\n"),
        (
            "V(x) = if 0 < x # c\nthen x else 0\n",
            "V(x) =\n  if 0 < x\n    then  # c\n    x\n  else 0\n",
        ),
        ("", ""),
        ("\n\n# only\n\n\n# this", "# only\n\n# this\n"),
    ];
    for (text, expected) in cases {
        assert_eq!(formatted(text), expected, "of\n{text}");
    }
    assert_eq!(format("\u{feff}V(x)=x").unwrap(), "V(x) = x\n");
}

#[test]
fn what_cannot_be_read_gives_all_its_errors() {
    let errors = format("V(x) = 2x\nf(x) = x +\ng(x) = x").unwrap_err();
    let codes: Vec<&str> = errors.iter().map(|error| error.code).collect();
    assert_eq!(codes, ["missing-operator", "missing-expression"]);
}

/// No size of a program is too much, in time or for the stack.
#[test]
fn long_and_deep_programs() {
    let n = effpot_lang::syntax::MAX_DEPTH;
    for text in [
        std::format!("V(q) = q{}", " + q".repeat(100_000)),
        std::format!("V(q) = q{}", "*sin(q)".repeat(20_000)),
        std::format!("V(q) = {}0", "if q < 1 then 1 else ".repeat(20_000)),
        std::format!("V(q) = q{}", "[1]".repeat(20_000)),
        std::format!("c = [0{}]", ", 1".repeat(100_000)),
        std::format!("V(x) = {}x{}", "sin(".repeat(n), ")".repeat(n)),
        std::format!("V(x) = {}x{}", "2*(1 + ".repeat(n), ")".repeat(n)),
        std::format!("V(x) = {}x{}", "{ let a = ".repeat(n), "\n a }".repeat(n)),
        std::format!(
            "V(x) = x{}",
            (" + ".to_owned() + &"a".repeat(1000)).repeat(200)
        ),
    ] {
        let start = std::time::Instant::now();
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        let run = move || format(&format(&text).unwrap()).map(|_| ());
        thread.spawn(run).unwrap().join().unwrap().unwrap();
        // What grows with the square of the size takes hours.
        assert!(start.elapsed().as_secs_f64() < 60.0);
    }
}
