//! What a text says about names: the outline of a file against the checker, tokens of broken
//! texts, and what may be written at a place.

#[path = "support/formulas.rs"]
#[allow(dead_code)]
mod formulas;
#[path = "support/jet.rs"]
#[allow(dead_code)]
mod jet;
#[path = "support/typed.rs"]
mod typed;

use std::sync::Arc;

use effpot_lang::check::{KEYS, NoFiles, Program, SIMULATE_KEYS, check, gather, library};
use effpot_lang::session::{Options, SimulateOptions};
use effpot_lang::source::Sources;
use effpot_lang::symbols::{
    Class, Meaning, Outline, SymbolKind, Where, Word, WordKind, collision, tokens, words,
};

fn program(text: &str) -> Result<Program, String> {
    let mut sources = Sources::new();
    let root = sources.add("test.pot", text);
    gather(&mut sources, root, &mut NoFiles)
        .and_then(|()| check(&sources, root))
        .map_err(|found| effpot_lang::cli::render::render(&found, &sources, false))
}

/// The values of all functions of a file that have one, as bits, by their place in the file.
fn values(text: &str) -> Result<Vec<Option<Vec<u64>>>, String> {
    let program = program(text)?;
    let functions = program.functions().into_iter();
    let values = functions.map(|(name, _)| {
        let model = program.function(name).ok()?;
        let parameters = model.parameter_values();
        let points = (1..4).map(|at| {
            let d = model.dimension();
            let point = (0..d).map(|i| 0.37 + 0.21 * (i * at) as f64);
            let inputs: Vec<f64> = point.chain(parameters.iter().copied()).collect();
            let value = model.graph.value(model.value, &inputs);
            if value.is_nan() { 0 } else { value.to_bits() }
        });
        Some(points.collect())
    });
    Ok(values.collect())
}

/// All valid programs at hand that import no files: examples, the library, random ones.
fn programs() -> Vec<(String, String)> {
    let mut programs: Vec<(String, String)> = library()
        .map(|(name, text)| (name, text.to_owned()))
        .collect();
    for entry in std::fs::read_dir("examples").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "pot") {
            let text = std::fs::read_to_string(&path).unwrap();
            programs.push((path.display().to_string(), text));
        }
    }
    for seed in 0..20 {
        programs.push((format!("seed {seed}"), typed::program(seed, true)));
    }
    programs.sort();
    programs
}

fn renamed(text: &str, outline: &Outline, symbol: usize, name: &str) -> String {
    let mut out = text.to_owned();
    let uses: Vec<_> = outline.uses(symbol).map(|o| o.range.clone()).collect();
    for range in uses.into_iter().rev() {
        // `import (a)` becomes `import (a as b)`.
        let imported = outline.symbols[symbol].range == range
            && outline.symbols[symbol].kind == SymbolKind::Import
            && outline.symbols[symbol].original.as_deref() == Some(&text[range.clone()]);
        let new = match imported {
            true => format!("{} as {name}", &text[range.clone()]),
            false => name.to_owned(),
        };
        out.replace_range(range, &new);
    }
    out
}

/// If a use were missed or one too many were taken, the program would not check, or have another
/// value.
#[test]
fn every_name_of_every_program_can_be_changed_without_a_change_of_value() {
    let mut kinds = std::collections::HashMap::new();
    for (name, text) in programs() {
        let outline = Outline::of(&text);
        let before = values(&text).unwrap_or_else(|e| panic!("{name}\n{e}"));
        for (at, symbol) in outline.symbols.iter().enumerate() {
            *kinds.entry(format!("{:?}", symbol.kind)).or_insert(0) += 1;
            assert_eq!(collision(&outline, at, "freshζ"), None);
            let text = renamed(&text, &outline, at, "freshζ");
            let after = values(&text).unwrap_or_else(|e| panic!("{name} {symbol:?}\n{e}\n{text}"));
            assert!(before == after, "{name} {symbol:?}\n{text}");
        }
        let unknown = outline.occurrences.iter();
        let mut unknown = unknown.filter(|o| o.meaning == Meaning::Unknown);
        assert_eq!(unknown.next(), None, "{name}");
    }
    assert!(
        kinds.len() == 8 && kinds.values().all(|n| *n > 5),
        "{kinds:?}"
    );
}

/// Where [`collision`] lets two names be one, nothing changes; where the checker or the value
/// shows a change, it has said so.
#[test]
fn names_that_would_change_a_meaning_are_refused() {
    let (mut refused, mut allowed) = (0, 0);
    for (name, text) in programs().into_iter().step_by(2) {
        let outline = Outline::of(&text);
        let before = values(&text).unwrap();
        let mut names: Vec<&str> = outline.symbols.iter().map(|s| s.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        for (at, symbol) in outline.symbols.iter().enumerate().step_by(5) {
            for new in names.iter().filter(|new| **new != symbol.name).step_by(2) {
                if collision(&outline, at, new).is_some() {
                    refused += 1;
                    continue;
                }
                allowed += 1;
                let text = renamed(&text, &outline, at, new);
                let after = values(&text);
                assert!(
                    after.as_ref() == Ok(&before),
                    "{name} {symbol:?} {new}\n{text}"
                );
            }
        }
    }
    assert!(refused > 100 && allowed > 100, "{refused} {allowed}");
}

#[test]
fn tokens_of_any_cut_text_are_in_order_and_hold_all_of_it() {
    let mut cuts = 0;
    for (_, text) in programs().into_iter().step_by(3) {
        let ends = text.char_indices().map(|(at, _)| at).step_by(7);
        for end in ends {
            let (text, mut last) = (&text[..end], 0);
            for token in tokens(text) {
                assert!(text[last..token.range.start].trim().is_empty());
                assert!(token.range.end > token.range.start);
                last = token.range.end;
            }
            assert!(text[last..].trim().is_empty());
            cuts += 1;
        }
    }
    assert!(cuts > 1000);
    for text in [
        "",
        "\"",
        "import",
        "param",
        "f(",
        "f() =",
        "learn {",
        "sum(for",
        "€ 😀 = é",
        "\u{feff}a",
    ] {
        tokens(text);
        words(text, text.len(), &|_| None);
    }
}

fn classes(text: &str) -> String {
    let shown = tokens(text).into_iter().map(|token| {
        let mark = if token.is_definition { "!" } else { "" };
        let own = if token.is_builtin { "*" } else { "" };
        format!("{}:{:?}{own}{mark}", &text[token.range], token.class)
    });
    let quiet = |word: &String| !word.contains("Operator") && !word.contains("Bracket");
    shown.filter(quiet).collect::<Vec<_>>().join(" ")
}

#[test]
fn tokens_have_classes() {
    assert_eq!(
        classes("import std.noise (periodic_noise as rough)\nparam ε = 0.1  # small"),
        "import:Keyword std:Module noise:Module periodic_noise:Constant as:Keyword \
         rough:Constant! param:Keyword ε:Parameter! 0.1:Number # small:Comment"
    );
    assert_eq!(
        classes(
            "V(q[n], a: angle) = if a < pi then sum(sin(q[i]) for i in 1..n) else f(csv(\"x\"))"
        ),
        "V:Function! q:Local! n:Local! a:Local! angle:Domain if:Keyword a:Local pi:Constant* \
         then:Keyword sum:Function* sin:Function* q:Local i:Local for:Keyword i:Local! in:Keyword \
         1:Number n:Local else:Keyword f:Function csv:Function* \"x\":Text"
    );
    assert_eq!(
        classes("U0(q) = q\nlearn {\n delta = 0.5\n compare = U0\n estimator = [value, force]\n}"),
        "U0:Function! q:Local! q:Local learn:Setting delta:Setting 0.5:Number compare:Setting \
         U0:Function estimator:Setting value:Name force:Name"
    );
    let called = tokens("import std.pairs (morse)\nV(q) = morse(q, 1, 1, 1)");
    let imported = &called[5];
    assert_eq!(
        (imported.class, imported.is_definition),
        (Class::Function, true)
    );
}

/// What may stand at the `|` of a text.
fn at_bar(text: &str) -> (Where, String, Vec<Word>) {
    let at = text.find('|').unwrap();
    let text = text.replacen('|', "", 1);
    let file = "# Twice.\ntwice(x) = 2*x\nparam a = 1\n";
    let files = |path: &str| (path == "parts.pot").then(|| Arc::new(Outline::of(file)));
    let found = words(&text, at, &files);
    (found.place, text[found.replace].to_owned(), found.words)
}

fn names(words: &[Word], kind: WordKind) -> Vec<&str> {
    let words = words.iter().filter(|word| word.kind == kind);
    words.map(|word| word.name.as_str()).collect()
}

#[test]
fn names_in_scope_may_stand_in_a_formula() {
    let text = "n = 3\nparam eps = 1\nf(x, y) = x\nV(q[m]) = {\n let a = q[1]\n let b = 2\n \
                sum(a + q[i]*| for i in 1..m)\n}\nW(z) = {\n let c = 1\n z\n}";
    let (place, typed, words) = at_bar(text);
    assert_eq!((place, typed.as_str()), (Where::Formula, ""));
    assert_eq!(names(&words, WordKind::Local), ["q", "m", "a", "b", "i"]);
    assert_eq!(names(&words, WordKind::Parameter), ["eps"]);
    assert!(names(&words, WordKind::Constant).starts_with(&["n"]));
    let functions = names(&words, WordKind::Function);
    assert!(functions.starts_with(&["f", "V", "W"]) && functions.contains(&"atan2"));
    let sum = words.iter().find(|word| word.name == "sum").unwrap();
    assert_eq!(sum.signature, "sum(body for i in a..b)");
    let f = words.iter().find(|word| word.name == "f").unwrap();
    assert_eq!(f.signature, "f(x, y)");
    assert!(names(&words, WordKind::Keyword).contains(&"if"));
}

#[test]
fn a_formula_that_is_not_finished_has_its_names_in_scope() {
    for text in [
        "V(q) = q + |",
        "V(q) = sin(|",
        "V(q) = (q + 1)*q|",
        "V(q) =\n  |",
        "V(q) = 1 +  |\nU(x) = x",
    ] {
        let (place, _, words) = at_bar(text);
        assert_eq!(place, Where::Formula, "{text}");
        assert_eq!(names(&words, WordKind::Local), ["q"], "{text}");
    }
    // A value does not know the name that it gets.
    let (_, _, words) = at_bar("V(q) = {\n let a = 1\n let b = |\n b\n}");
    assert_eq!(names(&words, WordKind::Local), ["q", "a"]);
    let (_, _, words) = at_bar("V(q) = {\n let a = 1\n |\n}");
    assert!(names(&words, WordKind::Keyword).contains(&"let"));
}

#[test]
fn imports_offer_modules_and_what_they_define() {
    let (place, typed, words) = at_bar("import std.la|");
    assert_eq!((place, typed.as_str()), (Where::Module, "std.la"));
    assert!(names(&words, WordKind::Module).contains(&"std.landscapes"));
    assert!(words[0].documentation.contains("Chains of particles"));
    let (place, typed, words) = at_bar("import std.landscapes (tilt, do|)");
    assert_eq!((place, typed.as_str()), (Where::Member, "do"));
    let double = words
        .iter()
        .find(|word| word.name == "double_well")
        .unwrap();
    assert_eq!(double.signature, "double_well(x)");
    assert!(double.documentation.starts_with("Two equal wells"));
    assert_eq!(names(&words, WordKind::Parameter), ["barrier", "ripple"]);
    let (_, _, words) = at_bar("import \"parts.pot\" (|");
    assert_eq!(words.len(), 2);
    assert_eq!(words[0].documentation, "Twice.");
    assert_eq!(at_bar("import \"pa|").0, Where::File);
    assert_eq!(
        at_bar("import std.landscapes (tilt as |)").0,
        Where::Nowhere
    );
    // What is imported is described as where it comes from.
    let (_, _, words) = at_bar("import std.landscapes (double_well as wells)\nV(q) = |");
    let wells = words.iter().find(|word| word.name == "wells").unwrap();
    assert_eq!(wells.signature, "wells(x)");
    assert!(wells.documentation.ends_with("from std.landscapes"));
}

#[test]
fn settings_offer_keys_and_values() {
    let text = "U0(q) = q\nc = 1\nlearn {\n  delta = 0.5\n  com|\n}";
    let (place, typed, words) = at_bar(text);
    assert_eq!((place, typed.as_str()), (Where::Key, "com"));
    let keys = names(&words, WordKind::Key);
    assert!(keys.contains(&"compare") && !keys.contains(&"delta"));
    let (place, _, words) = at_bar("U0(q) = q\nc = 1\nlearn {\n  compare = |\n}");
    assert_eq!(place, Where::Value);
    assert_eq!(names(&words, WordKind::Function), ["U0"]);
    let (_, _, words) = at_bar("learn { estimator = [value, |\n}");
    assert!(names(&words, WordKind::Value).contains(&"filter"));
    assert_eq!(at_bar("learn { delta |").0, Where::Nowhere);
}

/// A `simulate` block has settings of its own.
#[test]
fn a_block_is_offered_its_own_settings() {
    let (place, _, words) = at_bar("simulate {\n  step = 0.1\n  |\n}");
    assert_eq!(place, Where::Key);
    let keys = names(&words, WordKind::Key);
    assert!(keys.contains(&"method") && keys.contains(&"every"));
    assert!(!keys.contains(&"step") && !keys.contains(&"estimator"));
    let (_, _, words) = at_bar("simulate { method = |\n}");
    assert!(names(&words, WordKind::Value).contains(&"overdamped"));
    let (_, _, words) = at_bar("learn { method = |\n}");
    assert!(names(&words, WordKind::Value).is_empty());
}

#[test]
fn other_places_offer_what_fits() {
    let (place, _, words) = at_bar("V(q: |");
    assert_eq!(place, Where::Domain);
    assert_eq!(names(&words, WordKind::Domain), ["angle", "periodic"]);
    let (place, _, words) = at_bar("a = 1\n\npa|");
    assert_eq!(place, Where::Definition);
    let heads = &words[..5];
    let heads: Vec<&str> = heads.iter().map(|word| word.name.as_str()).collect();
    assert_eq!(heads, ["param", "import", "learn", "scan", "simulate"]);
    for text in [
        "# a comm|ent",
        "a = 12|",
        "param |",
        "V(q) = { let |",
        "s = csv(\"x\"|",
        "V(q) = sum(1 for |",
    ] {
        let (place, _, words) = at_bar(text);
        let nothing = place == Where::Nowhere && words.is_empty();
        assert!(nothing || text.starts_with("s ="), "{text} {place:?}");
    }
}

#[test]
fn comments_above_a_definition_are_its_documentation() {
    let text = "# Not this.\n\n# This\n#   and this.\nf(x) = x\ng(x) = x # Beside.\n\n# Above.\nh = 1 # Not this.\nk = 2";
    let outline = Outline::of(text);
    let said = outline.definitions.iter().map(|d| d.documentation.as_str());
    assert_eq!(
        said.collect::<Vec<_>>(),
        ["This\n  and this.", "Beside.", "Above.", ""]
    );
}

#[test]
fn sessions_take_every_setting_that_is_offered() {
    let read = |line: String| {
        let text = format!("U0(q) = q^2\nV(q) = q^2\nlearn {{ {line} }}\n");
        let program = program(&text).unwrap();
        Options::from_block(program.block("learn").unwrap()).map_err(|e| e[0].message.clone())
    };
    for key in KEYS {
        let default = read(String::new()).unwrap();
        let examples = key.words.iter().chain([&key.example]);
        for value in examples {
            let found = read(format!("{} = {value}", key.name));
            assert!(
                found.is_ok_and(|options| options != default),
                "{key:?} {value}"
            );
        }
        assert!(!key.about.is_empty() && !key.about.ends_with('.'));
    }
    let unknown = read("nothing = 1".to_owned()).unwrap_err();
    assert!(unknown.contains("nothing"));
}

/// The same of a `simulate` block.
#[test]
fn simulations_take_every_setting_that_is_offered() {
    let read = |line: String| {
        let text = format!("V(q) = q^2\nsimulate {{ {line} }}\n");
        let program = program(&text).unwrap();
        SimulateOptions::default()
            .of_program(&program)
            .map_err(|e| e[0].message.clone())
    };
    for key in SIMULATE_KEYS {
        for value in key.words.iter().chain([&key.example]) {
            let found = read(format!("{} = {value}", key.name));
            let default = SimulateOptions::default();
            assert!(
                found.is_ok_and(|options| options != default),
                "{key:?} {value}"
            );
        }
    }
    assert!(
        read("nothing = 1".to_owned())
            .unwrap_err()
            .contains("nothing")
    );
}
