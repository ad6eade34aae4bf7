//! What programs mean, by value, and what happens to text that is no program.

#[path = "support/trees.rs"]
mod trees;

use effpot_lang::check::{Program, Setting, check};
use effpot_lang::diagnostic::Diagnostic;
use effpot_lang::source::Sources;
use trees::{printed, shape};

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
    // One formula that two functions differentiate by arguments of their own.
    let shared =
        "f(x, y) = y^2 + 0*diff(x, x)\ng(y) = { let d = diff(y^3, y)\n f(1, y) }\nV(q) = g(q)";
    assert_eq!(at(shared, &[3.0]), 9.0);
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
fn brackets_left_open_are_found_where_the_next_definition_begins() {
    let many: String = (0..1000).map(|i| format!("c{i} = (x\n")).collect();
    assert_eq!(codes(&many), vec!["unclosed-bracket"; 1000]);
    assert_eq!(
        codes("learn {\ndelta = 1\n}\nV(x) = (x\nU(x) = x"),
        ["unclosed-bracket"]
    );
    assert_eq!(
        codes("V(x) = {\n  let a = (x\n  a\n}\nU(x) = x"),
        ["unclosed-bracket"]
    );
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

/// A small generator of random numbers (xorshift64*), so that the tests need no crate for it.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// A random formula; brackets are there or not, as it comes.
fn formula(random: &mut Random, depth: usize) -> String {
    let sub = |random: &mut Random| formula(random, depth.saturating_sub(1));
    if depth == 0 {
        return random
            .pick(&["x", "y", "1", "2.50", "1e-3", "π", "ε"])
            .to_owned();
    }
    match random.below(12) {
        0..5 => {
            let op = random.pick(&["+", "-", " * ", "/", "^", "^-", " - -", "*-"]);
            format!("{}{op}{}", sub(random), sub(random))
        }
        5 => format!("({})", sub(random)),
        6 => format!("-{}", sub(random)),
        7 => format!("sin( {} )", sub(random)),
        8 => format!(
            "(if not {} < {} and x>y then {} else {})",
            sub(random),
            sub(random),
            sub(random),
            sub(random)
        ),
        9 => format!("sum({} for i in 1..3, j in i .. i+1)", sub(random)),
        10 => format!(
            "{{ # c{}\n let a = {} # d\n\n # e\n {} }}",
            random.below(9),
            sub(random),
            sub(random)
        ),
        _ => format!(
            "[{}, {}][1] * q[{},2]",
            sub(random),
            sub(random),
            sub(random)
        ),
    }
}

#[test]
fn printing_keeps_the_tree_and_the_comments_and_is_stable() {
    let mut random = Random(7);
    let mut programs = vec![
        "# a\nparam  e=1e-5 # b\n\n\n\nV(a:angle,r[n,3],x:periodic( 2*pi ))=a # c\n# d\n".to_owned(),
        "import std.landscapes (a, b as c)\nimport \"f.pot\" (g)\nt = [[1,2],[3,4]]\nu = csv(\"x.csv\")".to_owned(),
        "learn { # a\n # b\n delta=-0.5 # c\n d = [-1..1,0..2]\n # e\n}\nf(x) = if x<1 then if x<0 then 1 else 2 else if x>5 then 3 else 4".to_owned(),
        "V(x) = x + # one\n  # two\n 1 # three".to_owned(),
        "V(x) = (-x)^2 + 2^(-x) + (2^x)^x + (if x < 1 then 1 else 2) + 1 - (2 - 3) - (-x)".to_owned(),
    ];
    for _ in 0..500 {
        programs.push(format!(
            "f(x, y) = {} # t\n\ng(x) = {}",
            formula(&mut random, 4),
            formula(&mut random, 3)
        ));
    }
    for program in programs {
        let once = printed(&program);
        assert_eq!(shape(&program), shape(&once), "{program}\n---\n{once}");
        assert_eq!(printed(&once), once, "of\n{program}");
    }
}

#[test]
fn depth_is_an_error_and_length_is_not() {
    let n = 100_000;
    let deep = [
        format!("V(x) = {}x{}", "(".repeat(n), ")".repeat(n)),
        format!("V(x) = {}x", "(".repeat(n)),
        format!("V(x) = {}x{}", "[".repeat(n), "]".repeat(n)),
        format!("V(x) = {}x", "-".repeat(n)),
        format!("V(x) = if {}x > 1 then 1 else 2", "not ".repeat(n)),
        format!(
            "V(x) = {}1{}",
            "if x > 1 then ".repeat(n),
            " else 2".repeat(n)
        ),
        format!("V(x) = {}x", "if ".repeat(n)),
        format!("V(x) = x{}", "^x".repeat(n)),
        format!("V(x) = {}x{}", "sin(".repeat(n), ")".repeat(n)),
        format!("V(x) = {}x{}", "{ ".repeat(n), " }".repeat(n)),
    ];
    for text in &deep {
        let start = std::time::Instant::now();
        assert_eq!(codes(text), ["too-deep"], "{}", &text[..40]);
        assert!(start.elapsed().as_secs_f64() < 1.0);
    }
    let long = [
        format!("V(q) = q{}", " + q".repeat(200_000)),
        format!("V(q) = q{}", " - q^2*q".repeat(20_000)),
        format!("V(q) = {}0", "if q < 1 then 1 else ".repeat(20_000)),
        format!("V(q) = sum(q for i in 1..3){}", "\n# c\n".repeat(100_000)),
        (0..100_000)
            .map(|i| format!("c{i} = {i}\n"))
            .collect::<String>()
            + "V(q) = q + c99999",
        (1..1000)
            .map(|i| format!("f{i}(x) = f{}(x) + f{}(x)\n", i - 1, i - 1))
            .collect::<String>()
            + "f0(x) = x\nV(q) = f999(q)",
        "g(x) = diff(sin(x)*x, x)\nV(q) = sum(g(q*i) for i in 1..20000)".to_owned(),
    ];
    for text in &long {
        let start = std::time::Instant::now();
        assert!(codes(text).is_empty(), "{}", &text[..40]);
        println!("{} {:?}", &text[..40], start.elapsed());
    }
}

/// Words and files that nobody writes are refused before they are looked into.
#[test]
fn long_words_and_files_are_one_error() {
    let word = "a".repeat(1001);
    for text in [
        format!("{word} = 2\nV(q) = q^2\n"),
        format!("V(q) = q^2*1.{}\n", "7".repeat(1000)),
        format!("V(q) = {}x\n", "7".repeat(1000)),
        format!("t = csv(\"{word}\")\nV(q) = q^2\n"),
        format!("t = \"{word}\nV(q) = q^2\n"),
    ] {
        assert_eq!(codes(&text), ["long-word"], "{}", &text[..20]);
    }
    let word = "a".repeat(1000);
    assert_eq!(codes(&format!("{word} = 2\nV(q) = {word}*q^2\n")), [""; 0]);
    let text = "V(q) = q".to_owned() + &"+q".repeat(2_000_000);
    assert_eq!(codes(&text), ["too-large"]);
}

#[test]
fn nesting_to_the_limit_stands_on_a_stack_of_2_mib() {
    let n = effpot_lang::syntax::MAX_DEPTH;
    for (open, middle, close) in [
        ("(", "x", ")"),
        ("sin(", "x", ")"),
        ("if x > 1 then ", "1", " else 2"),
        ("{ let a = ", "x", "\n a }"),
        ("sum(", "x", " for i in 1..1)"),
    ] {
        let names: String = (0..n).map(|_| open).collect();
        let text = format!("V(x) = {names}{middle}{}", close.repeat(n));
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        let codes = thread.spawn(move || codes(&text)).unwrap().join().unwrap();
        assert!(!codes.contains(&"too-deep"), "{open}: {codes:?}");
        assert!(!codes.contains(&"unexpected"), "{open}: {codes:?}");
    }
}

#[test]
fn sizes_have_a_limit_with_a_number_in_it() {
    for text in [
        "V(x) = sum(x for i in 1..1000000000)",
        "V(x) = sum(x for i in 1..100000, j in 1..100000)",
        "V(x) = sum(x*i for i in 1..900000)",
        "V(x) = sum(x for i in 1..900000, j in 2..1, k in 1..3) + sum(sin(x + i) for i in 1..900000)",
        "f(x) = sum(sin(x*i) for i in 1..1000)\ng(x) = sum(f(x + i) for i in 1..1000)\nV(x) = sum(g(x*i) for i in 1..1000)",
    ] {
        let start = std::time::Instant::now();
        assert_eq!(codes(text), ["too-large"], "{text}");
        println!("{text} {:?}", start.elapsed());
    }
}

#[test]
fn no_text_makes_the_checker_panic() {
    let programs = [
        "# c\nparam eps1 = 0.05\nU0(q) = q^2/2\nV(q) = U0(q) + eps1*sin(q/eps1)\nlearn {\n  delta = 0.5 # x\n  d = [-1..1]\n}\n",
        "f(x, y) = { let a = diff(x^2*y, x)\n let ε = if a < 1 and not y > 2 then 1 else -a\n a + ε }\nV(q) = sum(f(q, i) for i in 1..3, j in i..3) + spline(q, 3, 0, 1, [1,2,3,4])",
        "n = 2\nt = [[1, 2], [3, 4]]\nf(q[m], s) = s*q - q/m + [q[1], diff(dot(q, q), q[2])]\nV(a: angle, r[n, 2], x: periodic(2*n)) = norm(f(r[1], a)) + sum(t[i, 2]*dist(r[i], r[j]) for i in 1..n, j in i+1..n) + random(1, 2)*x + len(t)",
        "import std.a (b, c as d)\nV(a: angle, r[n, 3]) = r[1, 2]*[1, 2] + csv(\"a.csv\") + dot(a, a)\nn = 2\nt = [[1, 2], [3, 4]]",
    ];
    let tokens = [
        "(", ")", "[", "]", "{", "}", "\n", "#", "\"", "+", "-", "*", "/", "^", "=", "==", "<",
        ",", "..", ":", "if ", "then ", "else ", "let ", "for ", "in ", "sum(", "diff(", "q", "x",
        "1", "1e9", "ε", "q[", "r[1, 2]", "[1, 2]", ": angle", "dot(", "norm(", "[0]", "0", "×",
        "\u{301}", "\u{0}", "param ", "import ", " not ", "and ", "1.", "V(",
    ];
    let mut random = Random(3);
    for _ in 0..20_000 {
        let mut text = programs[random.below(programs.len())].to_owned();
        for _ in 0..=random.below(3) {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let at = places[random.below(places.len())];
            let end = places[random.below(places.len())].clamp(at, at + 12);
            let end = (end..=text.len())
                .find(|end| text.is_char_boundary(*end))
                .unwrap_or(at);
            let new = if random.below(3) == 0 {
                ""
            } else {
                random.pick(&tokens)
            };
            text.replace_range(at..if random.below(2) == 0 { at } else { end }, new);
            if text.is_empty() {
                text.push('q');
            }
        }
        // Rendered too: a span off a character would show there.
        let mut sources = Sources::new();
        let root = sources.add("test.pot", text.as_str());
        let found = match check(&sources, root) {
            Ok(program) => program.potential(None).err().unwrap_or_default(),
            Err(errors) => errors,
        };
        let rendered = effpot_lang::cli::render::render(&found, &sources, false);
        assert_eq!(found.is_empty(), rendered.is_empty());
        for label in found.iter().flat_map(|error| &error.labels) {
            assert!(text.get(label.span.range()).is_some(), "{text}");
        }
    }
}
