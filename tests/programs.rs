//! Random programs with everything the language has: what is printed is what was written.

#[path = "support/formulas.rs"]
#[allow(dead_code)]
mod formulas;
#[path = "support/jet.rs"]
#[allow(dead_code)]
mod jet;
#[path = "support/oracle.rs"]
mod oracle;
#[path = "support/trees.rs"]
mod trees;
#[path = "support/typed.rs"]
mod typed;

use effpot_lang::check::{Program, check};
use effpot_lang::graph::{self, Model};
use effpot_lang::source::Sources;
use formulas::Random;

const PROGRAMS: u64 = 500;
const POINTS: usize = 3;

/// What many of the programs must hold.
const WORDS: [&str; 22] = [
    "param ",
    "let ",
    "if ",
    "not ",
    " or ",
    "and",
    "sum(",
    "prod(",
    "diff(",
    "random(",
    "dot(",
    "norm(",
    "dist(",
    "len(",
    ", 1]",
    "][",
    "angle",
    "periodic(",
    " spline(",
    "periodic_spline(",
    "[[",
    "^",
];

fn model(text: &str) -> Model {
    let mut sources = Sources::new();
    let root = sources.add("test.pot", text);
    let shown = |found: &[_]| effpot_lang::cli::render::render(found, &sources, false);
    let program: Program =
        check(&sources, root).unwrap_or_else(|e| panic!("{text}\n{}", shown(&e)));
    let model = program.potential(None);
    model.unwrap_or_else(|e| panic!("{text}\n{}", shown(&e)))
}

/// Bits, with one NaN.
fn bits(model: &Model, point: &[f64]) -> u64 {
    let inputs = [point, &model.parameter_values()].concat();
    graph::Bits::of(model.graph.value(model.value, &inputs))
        .value()
        .to_bits()
}

/// Every program is right by construction; the printer keeps its tree, and what is printed has the
/// same coordinates and parameters and, bit for bit, the same values. So has the formula that is
/// written out from the graph.
#[test]
fn typed_programs_round_trip_through_the_printer() {
    let (mut finite, mut varied) = (0, 0);
    let mut seen = vec![0; WORDS.len()];
    for seed in 0..PROGRAMS {
        let text = typed::program(seed, true);
        for (count, word) in seen.iter_mut().zip(WORDS) {
            *count += usize::from(text.contains(word));
        }
        let once = trees::printed(&text);
        assert_eq!(
            trees::shape(&text),
            trees::shape(&once),
            "{text}\n---\n{once}"
        );
        assert_eq!(trees::printed(&once), once, "of\n{text}");

        let (before, after) = (model(&text), model(&once));
        assert_eq!(before.coordinates, after.coordinates, "{text}");
        assert_eq!(before.parameters, after.parameters, "{text}");
        let written = graph::arguments(&before.coordinates);
        let names = before.parameters.iter().map(|p| p.name.clone());
        let names: Vec<String> = written.names.iter().cloned().chain(names).collect();
        let body = graph::program(&before.graph, before.value, &names);
        let flat = body.map(|body| {
            let params = before.parameters.iter();
            let params: String = params
                .map(|p| format!("param {} = {}\n", p.name, graph::number(p.value)))
                .collect();
            format!("{params}V({}) = {body}", written.head)
        });
        let flat = flat.map(|text| (model(&text), text));

        let mut random = Random::new(seed);
        let mut values = Vec::new();
        for _ in 0..POINTS {
            let point: Vec<f64> = (0..before.dimension())
                .map(|_| random.uniform(-2.0, 2.0))
                .collect();
            let value = bits(&before, &point);
            assert_eq!(value, bits(&after, &point), "{text}\n---\n{once}");
            if let Some((flat, written)) = &flat {
                assert_eq!(value, bits(flat, &point), "{text}\n---\n{written}");
            }
            values.push(value);
        }
        finite += usize::from(values.iter().all(|v| f64::from_bits(*v).is_finite()));
        varied += usize::from(values.iter().any(|v| *v != values[0]));
    }
    for (count, word) in seen.iter().zip(WORDS) {
        assert!(*count >= 20, "{word} is in {count} programs");
    }
    // A test of programs that are all NaN, or all constant, would prove nothing.
    println!("{finite} finite, {varied} varied");
    assert!(
        finite > 400 && varied > 200,
        "{finite} finite, {varied} varied"
    );
}

/// The graph of a program and a walk through its tree with numbers and lists of numbers come to
/// the same bits: the same operations in the same order.
#[test]
fn graphs_and_trees_have_the_same_values() {
    let mut finite = 0;
    for seed in 0..PROGRAMS {
        let text = typed::program(1000 + seed, false);
        let (tree, model) = (trees::tree(&text), model(&text));
        let mut random = Random::new(seed);
        for _ in 0..POINTS {
            let point: Vec<f64> = (0..model.dimension())
                .map(|_| random.uniform(-2.0, 2.0))
                .collect();
            let (found, exact) = (bits(&model, &point), oracle::potential(&tree, &point));
            let exact = graph::Bits::of(exact).value();
            assert_eq!(
                found,
                exact.to_bits(),
                "{} and {exact} at {point:?} of {text}",
                f64::from_bits(found)
            );
            finite += usize::from(exact.is_finite());
        }
    }
    assert!(finite > 1200, "{finite} finite values");
}

/// A program with a piece of it gone, doubled or moved is right or has errors that point into it.
#[test]
fn no_piece_of_a_program_makes_the_checker_panic() {
    let mut wrong = 0;
    for seed in 0..PROGRAMS {
        let text = typed::program(2000 + seed, true);
        let mut random = Random::new(seed);
        for _ in 0..4 {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let mut place = || places[random.below(places.len())];
            let (from, to) = (place(), place());
            let end = places
                .iter()
                .copied()
                .find(|end| *end >= from + 1 + to % 12);
            let piece = from..end.unwrap_or(text.len());
            let mut text = text.clone();
            let cut = text[piece.clone()].to_owned();
            if seed % 2 == 0 {
                text.insert_str(to, &cut);
            } else {
                text.replace_range(piece, "");
            }
            let mut sources = Sources::new();
            let root = sources.add("test.pot", text.as_str());
            let found = match check(&sources, root) {
                Ok(program) => program.potential(None).err().unwrap_or_default(),
                Err(errors) => errors,
            };
            // Rendered too: a span off a character would show there.
            effpot_lang::cli::render::render(&found, &sources, false);
            for label in found.iter().flat_map(|error| &error.labels) {
                assert!(text.get(label.span.range()).is_some(), "{text}");
            }
            wrong += usize::from(!found.is_empty());
        }
    }
    assert!(wrong > 1000, "{wrong} programs are wrong");
}
