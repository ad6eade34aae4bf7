//! What programs mean, by value, and what happens to text that is no program.

use effpot_lang::check::{Program, Setting, check};
use effpot_lang::diagnostic::Diagnostic;
use effpot_lang::source::Sources;

fn program(text: &str) -> Result<Program, Vec<Diagnostic>> {
    let mut sources = Sources::new();
    let root = sources.add("test.pot", text);
    check(&sources, root)
}

fn good(text: &str) -> Program {
    program(text).unwrap_or_else(|errors| panic!("{text}\n{errors:#?}"))
}

/// The potential at a point, with the parameters at their defaults.
fn at(text: &str, point: &[f64]) -> f64 {
    let model = good(text).potential(None).unwrap();
    let mut inputs = point.to_vec();
    inputs.extend(model.parameter_values());
    model.graph.value(model.value, &inputs)
}

fn codes(text: &str) -> Vec<&'static str> {
    match program(text) {
        Ok(program) => match program.potential(None) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.iter().map(|error| error.code).collect(),
        },
        Err(errors) => errors
            .iter()
            .filter(|e| e.is_error())
            .map(|error| error.code)
            .collect(),
    }
}

#[test]
fn operators_bind_as_documented() {
    let cases = [
        ("-x^2", -9.0),
        ("2^3^2", 512.0),
        ("x^-2", 1.0 / 9.0),
        ("2^-x^2", 1.0 / 512.0),
        ("1 - 2 - 3", -4.0),
        ("8/4/2", 1.0),
        ("1 + 2*x", 7.0),
        ("-x*2", -6.0),
        ("2*-x", -6.0),
        ("--x", 3.0),
        ("if not x < 2 and x > 2 or false then 1 else 0", 1.0),
        ("if not (x < 2 or x > 2) then 1 else 0", 0.0),
        ("if x == 3 then 1 else 2 + 10", 1.0),
        ("0^0", 1.0),
        ("(x - 3)^0", 1.0),
        ("(x - 3)^(0*x)", 1.0),
        ("1/0", f64::INFINITY),
        ("2*π - tau", 0.0),
    ];
    for (formula, value) in cases {
        assert_eq!(at(&format!("V(x) = {formula}"), &[3.0]), value, "{formula}");
    }
}

#[test]
fn a_newline_ends_a_definition_where_it_counts() {
    let text = "# head\nV(x) = a +\n  # a comment between\n  (x\n - 1)*if x > 0\n then\n 2\n else 3 # tail\r\n\r\na =\n 1\n";
    assert_eq!(at(text, &[2.0]), 3.0);
    assert_eq!(codes("V(x) = x\n - 1"), ["definition"]);
    assert_eq!(codes("V(x) = {\n let a = x\n - 1\n a\n}"), ["block"]);
}

#[test]
fn blocks_bind_in_order_and_calls_have_frames_of_their_own() {
    let text = "f(x) = { let y = x + 1\n let z = { let w = 2*y\n w + 1 }\n z*y }\nV(y) = f(y) + f(2*y) + y";
    let f = |x: f64| (2.0 * (x + 1.0) + 1.0) * (x + 1.0);
    assert_eq!(at(text, &[1.5]), f(1.5) + f(3.0) + 1.5);
    assert_eq!(codes("V(x) = { let a = 1\n let a = 2\n a }"), ["duplicate"]);
}

#[test]
fn sums_and_products_count_both_ends() {
    assert_eq!(at("V(x) = sum(x*i for i in 1..4)", &[2.0]), 20.0);
    assert_eq!(
        at("n = 3\nV(x) = prod(i for i in 1..n + 1) + 0*x", &[2.0]),
        24.0
    );
    assert_eq!(
        at("V(x) = sum(i*j for i in 1..4, j in i+1..4) + 0*x", &[0.0]),
        35.0
    );
    assert_eq!(
        at(
            "n = 0\nV(x) = sum(x for i in 1..n) + prod(x for i in 1..n)",
            &[2.0]
        ),
        1.0
    );
    assert_eq!(
        at(
            "V(x) = sum(if i == j then x else 0 for i in 1..3, j in 1..3)",
            &[2.0]
        ),
        6.0
    );
    let nested = "V(x) = sum(sum(i*j*x for j in 1..i) for i in 1..3)";
    assert_eq!(at(nested, &[1.0]), 1.0 + 6.0 + 18.0);
}

#[test]
fn derivatives_go_through_lets_calls_and_other_derivatives() {
    assert_eq!(at("V(x) = { let f = x^3\n diff(f*x, x) }", &[2.0]), 32.0);
    assert_eq!(
        at(
            "f(x, y) = diff(x^2*y, x)\nV(q) = f(q, q) + f(2*q, 1)",
            &[3.0]
        ),
        18.0 + 12.0
    );
    assert_eq!(
        at(
            "f(x) = diff(diff(x^4, x), x)\nV(q) = f(q) + diff(f(q^2), q)",
            &[1.0]
        ),
        12.0 + 48.0
    );
    let inner = "g(x) = diff(x^3, x)\nf(x) = diff(g(x*x), x)\nV(q) = f(g(q))";
    // g(x) = 3 x^2, g(x^2) = 3 x^4, f(x) = 12 x^3, g(1) = 3
    assert_eq!(at(inner, &[1.0]), 324.0);
    assert_eq!(
        codes("V(x) = { let y = x\n diff(y, y) }"),
        ["diff-variable"]
    );
}

#[test]
fn a_model_has_coordinates_then_all_parameters_and_no_other_input() {
    let text = "param a = 2\nparam b = 2*a\nf(x) = diff(x^3, x)\nU0(q) = b*q\nV(q) = f(q) + a";
    let program = good(text);
    for name in ["V", "U0"] {
        let model = program.function(name).unwrap();
        let names: Vec<&str> = model.parameters.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(
            (names, model.parameter_values()),
            (vec!["a", "b"], vec![2.0, 4.0])
        );
        // An input that is not given would be NaN.
        assert!(model.graph.value(model.value, &[1.0, 2.0, 4.0]).is_finite());
    }
    assert_eq!(program.parameter_values(&[("a", 5.0)]), [5.0, 10.0]);
    assert_eq!(
        program.parameter_values(&[("a", 5.0), ("b", 1.0)]),
        [5.0, 1.0]
    );
}

#[test]
fn the_potential_is_v_then_u_then_the_only_function() {
    let name = |text: &str| good(text).potential(None).map(|model| model.name);
    assert_eq!(name("U(x) = x\nV(x) = x").unwrap(), "V");
    assert_eq!(name("f(x) = x\nU(x) = x").unwrap(), "U");
    assert_eq!(name("f(x) = x").unwrap(), "f");
    assert_eq!(
        name("f(x) = x\ng(x) = x").unwrap_err()[0].code,
        "no-potential"
    );
    assert_eq!(
        good("f(x) = x\ng(x) = 2*x")
            .potential(Some("g"))
            .unwrap()
            .name,
        "g"
    );
}

#[test]
fn a_constant_condition_chooses_before_the_other_branch_is_written_out() {
    let text = "V(x) = if 1 > 2 then sum(x for i in 1..1000000000) else x";
    assert_eq!(at(text, &[2.0]), 2.0);
}

#[test]
fn settings_are_values_of_every_kind() {
    let text = "d = 1/4\nV(q) = q\nlearn {\n  delta = 2*d\n  gamma = d\n  compare = U0\n\n  steps = 1e6 # many\n  domain = [-1..1, 0..pi]\n  restarts = true\n  range = -2..2\n  file = \"a # b\"\n}\n";
    let program = good(text);
    let block = program.block("learn").unwrap();
    let pi = std::f64::consts::PI;
    let expected = [
        ("delta", Setting::Number(0.5)),
        ("gamma", Setting::Number(0.25)),
        ("compare", Setting::Name("U0".into())),
        ("steps", Setting::Number(1e6)),
        (
            "domain",
            Setting::List(vec![Setting::Range(-1.0, 1.0), Setting::Range(0.0, pi)]),
        ),
        ("restarts", Setting::Truth(true)),
        ("range", Setting::Range(-2.0, 2.0)),
        ("file", Setting::Text("a # b".into())),
    ];
    let found: Vec<_> = block
        .entries
        .iter()
        .map(|e| (e.key.as_str(), e.value.clone()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_spline_is_the_table_it_is_given() {
    // A parabola by its B-spline coefficients: c_j = x_(j-1/2)^2 - h^2/4 at knot averages.
    let text = "V(x) = spline(x, 1, 0, 2, [0, 1, 4])";
    assert_eq!(at(text, &[0.5]), 0.5);
    assert_eq!(at(text, &[3.0]), 7.0);
}

#[test]
fn several_errors_are_reported_in_one_run() {
    assert_eq!(
        codes("V(x) = x +\nf(x) = 2x\ng(x) = (x\nh(x) = x"),
        ["missing-expression", "missing-operator", "unclosed-bracket"]
    );
    assert_eq!(
        codes("V(x) = y\nf(x) = sin(x, x)\ng(x) = z"),
        ["unknown-name", "arity", "unknown-name"]
    );
}
