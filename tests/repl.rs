//! The prompt: what each input comes to, that what fails changes nothing, and the binary in a pipe
//! and on a terminal.

#[path = "repl/binary.rs"]
mod binary;
#[path = "repl/commands.rs"]
mod commands;
#[path = "../examples/embed.rs"]
mod embed;
#[path = "../examples/own_loop.rs"]
mod own_loop;

use effpot_lang::check::{Meaning, check};
use effpot_lang::cli::render::render;
use effpot_lang::repl::{Defined, Outcome, Reply, Session, Status};
use effpot_lang::source::Sources;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A session after inputs that are right.
pub fn after(inputs: &[&str]) -> Session {
    let mut session = Session::new();
    for input in inputs {
        let outcome = session.eval(input);
        assert!(!outcome.is_failure(), "{input}\n{}", told(&outcome));
    }
    session
}

/// What a session says, without colours.
pub fn told(outcome: &Outcome) -> String {
    render(&outcome.diagnostics, &outcome.sources, false)
}

/// What an input that fails says, and that nothing has changed.
pub fn fails(session: &mut Session, input: &str) -> String {
    let before = session.state().clone();
    let outcome = session.eval(input);
    assert!(outcome.is_failure(), "{input} is right: {outcome}");
    assert!(outcome.replies.is_empty());
    assert!(outcome.diagnostics.iter().any(|d| d.is_error()));
    assert_eq!(&before, session.state(), "{input}");
    told(&outcome)
}

fn defined(outcome: &Outcome) -> Vec<&Defined> {
    let replies = outcome.replies.iter();
    replies
        .filter_map(|reply| match reply {
            Reply::Defined(defined) => Some(defined),
            _ => None,
        })
        .collect()
}

#[test]
fn the_examples_run() {
    embed::main();
    own_loop::main();
}

#[test]
fn formulas_have_values_and_ans_is_the_last() {
    let mut s = after(&["V(q) = q^2/2", "f(r[n]) = sum(r[i] for i in 1..n)"]);
    assert_eq!(s.eval("V(3) + 0.5").number(), Some(5.0));
    assert_eq!(s.eval("ans*2").number(), Some(10.0));
    assert_eq!(s.eval("-2^2").number(), Some(-4.0));
    assert_eq!(s.eval("f([1, 2, ans])").number(), Some(-1.0));
    assert_eq!(s.eval("0.1 + 0.2").to_string(), "0.30000000000000004\n");
    assert_eq!(s.eval("1/0").to_string(), "inf\n");
    assert_eq!(s.eval("0/0").to_string(), "nan\n");
    assert_eq!(s.eval("1 < 2").value(), Some(&Meaning::Truth(true)));
    assert_eq!(s.eval("if ans then 1 else 2").number(), Some(1.0));
    let vector = s.eval("[1, 2.5, 1e-7]");
    assert_eq!(vector.to_string(), "[1, 2.5, 1e-7]\n");
    assert_eq!(s.eval("ans[2]").number(), Some(2.5));
    let table = s.eval("[[1, 20], [300, 4]]");
    assert_eq!(table.to_string(), "[[  1, 20],\n [300,  4]]\n");
    assert_eq!(s.eval("ans[2, 1]").number(), Some(300.0));
}

#[test]
fn a_definition_keeps_the_ans_that_it_had() {
    let mut s = after(&["2*3", "a = ans + 1", "100"]);
    assert_eq!(s.eval("a").number(), Some(7.0));
    let text = fails(&mut s, "ans = 3");
    assert!(text.contains("`ans` is the last value here"), "{text}");
    // An error in a line with `ans` points at what was typed.
    let text = fails(&mut s, "ans*ans + nothing(ans)");
    assert!(text.contains("input 6:1:11"), "{text}");
    let text = fails(&mut Session::new(), "ans + 1");
    assert!(text.contains("there is none yet"), "{text}");
}

#[test]
fn functions_are_shown_and_not_evaluated() {
    let mut s = after(&[
        "V(q) = q^2/2  # a bowl",
        "import std.landscapes (muller_brown as mb)",
    ]);
    assert_eq!(s.eval("V").to_string(), "V(q) = q^2/2\n");
    let shown = s.eval("mb").to_string();
    assert!(
        shown.starts_with("mb(x, y)") && shown.contains("std.landscapes"),
        "{shown}"
    );
    assert!(s.eval("sin").to_string().starts_with("sin(x)"));
    let text = fails(&mut s, "V + 1");
    assert!(text.contains("call it: `V(q)`"), "{text}");
}

#[test]
fn redefinition_is_announced_and_what_uses_it_follows() {
    let mut s = after(&["a = 2", "b = 3*a", "V(q) = b*q", "W(q) = 2*V(q)", "c = 1"]);
    let outcome = s.eval("a = 10");
    assert_eq!(outcome.to_string(), "a is redefined; b, V, W follow\n");
    assert!(defined(&outcome)[0].replaced);
    assert_eq!(s.eval("W(1)").number(), Some(60.0));
    assert_eq!(s.eval("new = 2*b").to_string(), "new = 60\n");
    assert_eq!(s.eval("c = 2").to_string(), "c is redefined\n");
    // Of one kind or another, also what was imported.
    s.eval("import std.landscapes (muller_brown)");
    let outcome = s.eval("muller_brown = 1");
    assert!(defined(&outcome)[0].replaced);
    assert_eq!(s.eval("muller_brown + 1").number(), Some(2.0));
}

#[test]
fn what_would_break_others_is_refused() {
    let mut s = after(&["a = 2", "V(q) = sin(a)*q"]);
    let text = fails(&mut s, "a = [1, 2]\nV2(q) = q");
    assert!(text.contains("`a` stays as it was"), "{text}");
    // The message points into the line that would be wrong, and names its input.
    assert!(text.contains("input 2:1:"), "{text}");
    // Both at once are fine.
    let outcome = s.eval("a = [1, 2]\nV(q) = a[1]*q");
    assert!(!outcome.is_failure(), "{}", told(&outcome));
    assert_eq!(s.eval("V(3)").number(), Some(3.0));
}

#[test]
fn free_names_are_explained() {
    let mut s = Session::new();
    let text = fails(&mut s, "q^2/2 + sin(q)");
    let help = "make it a function: `f(q) = q^2/2 + sin(q)`; or give it a number first: `q = 0.3`";
    assert!(text.contains(help), "{text}");
    let text = fails(&mut s, "x*y + x");
    assert!(text.contains("nothing is called `x` or `y`"), "{text}");
    assert!(text.contains("`f(x, y) = x*y + x`"), "{text}");
    s.eval("V(q) = q^2");
    let text = fails(&mut s, "diff(V(q), q)");
    assert!(
        text.contains(":grad") && text.contains("`f(q) = diff(V(q), q)`"),
        "{text}"
    );
    let text = fails(&mut s, "V'(0.3)");
    assert!(text.contains("`:grad V` prints the derivative"), "{text}");
    // A name that is nearly another is still a mistake in spelling.
    s.eval("epsilon = 1");
    let text = fails(&mut s, "2*epsilom");
    assert!(text.contains("did you mean `epsilon`?"), "{text}");
    let text = fails(&mut s, "landscape(1)");
    assert!(!text.contains("make it a function"), "{text}");
}

#[test]
fn several_lines_are_one_input() {
    let mut s = Session::new();
    let outcome = s.eval("W(q) = V(q) + a  # before what it uses\nV(q) = q\na = 1\nW(1)\nans + 1");
    assert_eq!(outcome.to_string(), "2\n3\n");
    // All of it or nothing.
    fails(&mut s, "b = 1\nb + 1\nb + nothing");
    let text = fails(&mut s, "c = 1\nc = 2");
    assert!(text.contains("the second definition"), "{text}");
    let text = fails(&mut s, "d = 1 +* 2");
    assert!(text.contains("input 4:1:"), "{text}");
}

#[test]
fn unfinished_input_is_told_from_wrong_input() {
    let mut s = Session::new();
    for input in [
        "V(q) = q^2 +",
        "V(q) = {\n let a = q",
        "[1, 2",
        "if 1 < 2 then 3",
    ] {
        let outcome = s.eval(input);
        assert_eq!(outcome.status, Status::Unfinished, "{input}");
        // Whoever has no more lines can say what is wrong.
        assert!(!outcome.diagnostics.is_empty(), "{input}");
    }
    assert_eq!(s.eval("V(q) = (1").status, Status::Unfinished);
    assert_eq!(s.eval("V(q) = 1)").status, Status::Failed);
    assert!(s.state().names().is_empty());
}

#[test]
fn warnings_are_given_once_and_of_this_input() {
    let mut s = Session::new();
    let outcome = s.eval("gamma = 1\nsin(x) = x");
    assert!(
        outcome
            .diagnostics
            .iter()
            .any(|d| d.code == "hidden-builtin")
    );
    assert!(s.eval("sin(2)").diagnostics.is_empty());
    assert!(s.eval("unused = 1").diagnostics.is_empty());
}

#[test]
fn files_come_through_the_loader_alone() {
    let text = fails(&mut Session::new(), "import \"a.pot\" (f)");
    assert!(text.contains("a.pot"), "{text}");
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let files: BTreeMap<String, String> = [
        file("a.pot", "param k = 2\nf(x) = k*x\n"),
        file("t.csv", "1,2\n3,4\n"),
        file(
            "main.pot",
            "# first\nimport \"a.pot\" (f)\nV(q) = f(q)^2  # second\n",
        ),
        file("bad.pot", "V(q) = q +\n"),
    ]
    .into();
    let mut s = Session::with_loader(files);
    assert!(!s.eval("import \"a.pot\" (f)").is_failure());
    assert_eq!(s.eval("f(3)").number(), Some(6.0));
    s.eval(":set a.k=5");
    assert_eq!(s.eval("f(3)").number(), Some(15.0));
    s.eval("t = csv(\"t.csv\")");
    assert_eq!(s.eval("t[2, 1]").number(), Some(3.0));
    let outcome = s.eval(":load main.pot");
    assert!(
        outcome.to_string().contains("gone from before: t"),
        "{outcome}"
    );
    assert_eq!(s.eval("V(1)").number(), Some(4.0));
    assert_eq!(
        s.text(),
        "# first\nimport \"a.pot\" (f)\nV(q) = f(q)^2  # second\n"
    );
    // An error in a file points into the file.
    let text = fails(&mut s, ":load bad.pot");
    assert!(text.contains("bad.pot:1:"), "{text}");
    let text = fails(&mut s, ":load nowhere.pot");
    assert!(text.contains("nowhere.pot"), "{text}");
}

/// What is written is a program that says the same.
#[test]
fn the_text_of_a_session_is_a_program() {
    let s = after(&[
        "# the small scale\nparam eps = 0.1",
        "import std.landscapes (muller_brown as mb, himmelblau)",
        "import std.landscapes (muller_brown)",
        "5",
        "a = 2*ans",
        "V(x, y) = mb(x, y) + eps*sin(x/eps)  # rough",
        "learn { delta = 0.5 }",
        "learn { delta = 0.25 }",
    ]);
    let text = s.text();
    assert!(
        text.starts_with("# the small scale\nparam eps = 0.1\n"),
        "{text}"
    );
    assert!(
        text.contains("(muller_brown as mb, himmelblau, muller_brown)"),
        "{text}"
    );
    assert!(
        text.contains("a = 2*5\n") || text.contains("a = 2*(5)\n"),
        "{text}"
    );
    assert!(text.contains("# rough"), "{text}");
    assert!(!text.contains("0.5 }") && text.contains("0.25"), "{text}");
    let mut sources = Sources::new();
    let root = sources.add("saved.pot", &*text);
    effpot_lang::check::gather(&mut sources, root, &mut effpot_lang::check::NoFiles).unwrap();
    let program = check(&sources, root).unwrap();
    let model = program.potential(None).unwrap();
    let own = s.model(None).unwrap();
    let at = |m: &effpot_lang::graph::Model| m.graph.value(m.value, &[0.3, 0.4, 0.1]);
    assert_eq!(at(&model), at(&own));
}

#[test]
fn a_chosen_potential_and_parameters_from_outside() {
    let mut s = after(&["param k = 1", "f(x) = k*x", "g(x) = 2*k*x"]);
    assert!(s.model(None).is_err());
    assert!(s.choose(Some("h")).is_err());
    s.choose(Some("g")).unwrap();
    s.set("k", 3.0).unwrap();
    assert!(s.set("m", 3.0).is_err());
    let model = s.model(None).unwrap();
    assert_eq!(
        (model.name.as_str(), model.parameter_values()),
        ("g", vec![3.0])
    );
}

fn input() -> impl Strategy<Value = String> {
    let good = prop_oneof![
        Just("a = 2"),
        Just("param k = 0.5"),
        Just("V(q) = a*q^2 + k"),
        Just("a = 3*k"),
        Just("a + 1"),
        Just("ans*2"),
        Just("V(ans)"),
        Just("import std.landscapes (muller_brown)"),
        Just("muller_brown(0, 0)"),
        Just(":set k=2"),
        Just(":grad V"),
        Just(":show"),
        Just(":forget a"),
        Just(":time on"),
        Just("learn { delta = 0.5 }"),
        Just("W(q) = V(q) + V(2*q)"),
        Just(":reset"),
        Just("k = 1"),
        Just("[a, k]"),
        Just("ans[1]"),
        Just(":forget V W"),
    ];
    let bad = prop_oneof![
        Just("a = [1"),
        Just("a = V"),
        Just("V(q) ="),
        Just("k = nothing"),
        Just(":set k=V"),
        Just(":nothing"),
        Just("V(1, 2)"),
        Just("a = [1, 2]"),
        Just("import std.nowhere (f)"),
        Just("V = V + 1"),
        Just("ans = 1"),
        Just("2x"),
        Just("q"),
        Just(":load x.pot"),
        Just(":save x.pot"),
        Just(":grad V 1, 2, 3"),
        Just(":learn V"),
        Just("\u{7f}"),
        Just(":forget b"),
    ];
    let line = prop_oneof![3 => good, 1 => bad].prop_map(str::to_owned);
    let noise = "[a-zV()\\[\\]{}=+*^:'\" 0-9.,\n#]{0,12}";
    let any = prop_oneof![9 => line, 1 => noise];
    prop::collection::vec(any, 1..4).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is typed: input that fails changes nothing at all, and what is there is a program.
    #[test]
    fn failed_input_changes_nothing(inputs in prop::collection::vec(input(), 1..12)) {
        let mut session = Session::new();
        for input in &inputs {
            let answers = [session.eval("V(0.3) + k").number(), session.eval("a").number()];
            let middle = session.state().clone();
            let outcome = session.eval(input);
            if outcome.is_failure() {
                prop_assert_eq!(&middle, session.state());
                prop_assert!(outcome.replies.is_empty());
                let again = [session.eval("V(0.3) + k").number(), session.eval("a").number()];
                prop_assert_eq!(answers, again);
            }
            let text = session.text();
            prop_assert_eq!(text.is_empty(), session.state().names().is_empty() && !text.contains("learn"));
            for diagnostic in &outcome.diagnostics {
                for label in &diagnostic.labels {
                    let file = outcome.sources.get(label.span.source);
                    prop_assert!(file.text.get(label.span.range()).is_some());
                }
            }
            let _ = render(&outcome.diagnostics, &outcome.sources, false);
        }
    }
}

/// A command that lacks its colon is no product.
#[test]
fn a_command_without_its_colon_is_told_so() {
    let mut s = after(&["V(q) = q^2"]);
    for input in [
        "plot V",
        "learn delta=0.3",
        "save x.pot",
        "help plot",
        "plot -2..2",
    ] {
        let text = fails(&mut s, input);
        let help = format!("commands begin with a colon: `:{input}`");
        assert!(text.contains(&help) && !text.contains('*'), "{text}");
    }
    // A name of the user's is his.
    let mut s = after(&["plot = 2", "V(q) = q^2"]);
    assert!(fails(&mut s, "plot V").contains("`plot*V`"));
    assert_eq!(s.eval("plot - 1").number(), Some(1.0));
}

#[test]
fn a_stranger_leaves_and_learns_that_things_are_outdated() {
    for word in ["quit", "exit"] {
        assert_eq!(Session::new().eval(word).status, Status::Quit);
        let mut s = after(&[&format!("{word} = 3")]);
        assert_eq!(s.eval(word).number(), Some(3.0));
    }
    let mut s = after(&["k = 1", "V(q) = k*q^2 + 0.01*sin(q/0.01)"]);
    let text = fails(&mut s, ":learn delta=0.3 -o foo");
    assert!(text.contains("a trial writes nothing"), "{text}");
    assert!(!s.eval(":learn delta=0.3 steps=1e5").is_failure());
    let outcome = s.eval("k = 2");
    let text = told(&outcome);
    assert!(
        text.contains("`U` was learned of V with the former `k`"),
        "{text}"
    );
    // What has nothing to do with V outdates nothing.
    assert!(!told(&s.eval("other = 2")).contains("former"));
    // What was learned of another function than the potential is outdated by that one alone.
    let waves = "0.01*sin(q/0.01)";
    let w = format!("W(q) = 2*q^2 + {waves}");
    let mut s = after(&[&format!("V(q) = q^2 + {waves}"), &w]);
    assert!(!s.eval(":learn W delta=0.3 steps=1e5").is_failure());
    assert!(!told(&s.eval("V(q) = q^4")).contains("former"));
    assert!(told(&s.eval("W(q) = q^4")).contains("`U` was learned of W with the former `W`"));
    let mut s = after(&["V(x, y) = x^2 + y^2", "W(x, y) = x*y"]);
    let text = told(&s.eval(":plot V, W"));
    assert!(text.contains("a map is of one function"), "{text}");
}
