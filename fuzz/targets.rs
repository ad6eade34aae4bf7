//! What is fuzzed: functions of bytes that must not panic and must keep what they promise.
//!
//! The fuzzers of this folder run them under libFuzzer, which steers by coverage; the suite runs
//! them on seeded mutations of the same seeds (`tests/fuzz_smoke.rs`), and on all that was ever
//! found (`tests/fuzz_findings.rs`).
#![allow(dead_code)]

#[path = "../tests/lanes/case.rs"]
mod case;
#[path = "../tests/support/mod.rs"]
pub mod support;
#[path = "../tests/support/typed.rs"]
mod typed;
#[path = "../tests/lanes/writer.rs"]
mod writer;

use std::collections::BTreeMap;

use case::{Case, STEPS};
use effpot_lang::check::{Program, check as check_program, gather};
use effpot_lang::cli::render::render;
use effpot_lang::export::{self, Target as Notation};
use effpot_lang::graph::Model;
use effpot_lang::kernel::{BatchKernel, Engine, LANES, StepKernel, Wanted};
use effpot_lang::report::reading::sha256_of;
use effpot_lang::report::result::RunResult;
use effpot_lang::report::summary::summary;
use effpot_lang::session::Checkpoint;
use effpot_lang::source::{SourceId, Sources};
use effpot_lang::syntax;
use support::formulas::{self, Random};

/// A name and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("parse", parse),
    ("check", check),
    ("pipeline", pipeline),
    ("typed", typed_program),
    ("encoder", encoder),
    ("readers", readers),
];

/// Texts beyond this are the business of the tests of limits.
const LONGEST: usize = 1 << 13;
/// The same for what is compiled and differentiated, in nodes, and in coordinates.
const LARGEST: usize = 4000;
const MOST_COORDINATES: usize = 24;

fn text(data: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(data).ok()?;
    (text.len() <= LONGEST).then_some(text)
}

/// The scanner, the grammar and its explanations; what is printed reads back as the same text, and
/// messages point into the text.
pub fn parse(data: &[u8]) {
    let Some(text) = text(data) else { return };
    match syntax::format(text) {
        Ok(once) => {
            let twice = syntax::format(&once);
            assert_eq!(twice.as_deref(), Ok(&*once), "formatted twice: {text:?}");
        }
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a message");
            let mut sources = Sources::new();
            sources.add("fuzz.pot", text);
            render(&errors, &sources, false);
        }
    }
    syntax::lex(text);
    syntax::references(text, SourceId(0));
}

fn checked(text: &str) -> Option<(Sources, Program)> {
    let mut sources = Sources::new();
    let root = sources.add("fuzz.pot", text);
    let found = match gather(&mut sources, root, &mut BTreeMap::new()) {
        Ok(()) => check_program(&sources, root),
        Err(errors) => Err(errors),
    };
    match found {
        Ok(program) => {
            render(&program.warnings, &sources, false);
            Some((sources, program))
        }
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a message");
            render(&errors, &sources, true);
            None
        }
    }
}

/// The checker: an answer or messages, and models of every function.
pub fn check(data: &[u8]) {
    let Some((sources, program)) = text(data).and_then(checked) else {
        return;
    };
    let names: Vec<String> = program.functions().iter().map(|f| f.0.to_owned()).collect();
    for name in names.iter().take(8) {
        if let Err(errors) = program.function(name) {
            render(&errors, &sources, false);
        }
    }
    if let Err(errors) = program.potential(None) {
        render(&errors, &sources, false);
    }
}

/// A text to the end: values and gradients by every engine, and every notation.
pub fn pipeline(data: &[u8]) {
    if let Some(model) = text(data).and_then(model) {
        let mut random = Random::new(data.len() as u64);
        if model.graph.len() <= LARGEST && model.dimension() <= MOST_COORDINATES {
            agree(&model, &mut random);
            notations(&model);
        }
    }
}

/// The potential of a text, where there is one.
pub fn model(text: &str) -> Option<Model> {
    let (_, program) = checked(text)?;
    program.potential(None).ok()
}

/// A program that the bytes decide, right by construction.
pub fn typed_program(data: &[u8]) {
    agree_on(Random::given(1, data), &mut Random::given(2, data));
}

/// A program that such decisions give, by every engine; the numbers that were compared, 0 where it
/// is too large.
pub fn agree_on(decisions: Random, random: &mut Random) -> usize {
    let text = typed::program_of(decisions, true);
    let model = model(&text).unwrap_or_else(|| panic!("refused:\n{text}"));
    match model.graph.len() <= LARGEST {
        true => agree(&model, random),
        false => 0,
    }
}

fn notations(model: &Model) {
    for notation in [
        Notation::Pot,
        Notation::Latex,
        Notation::Python,
        Notation::C,
        Notation::OpenMm,
        Notation::Plumed,
    ] {
        for gradient in [false, true] {
            let options = export::Options {
                gradient,
                standalone: false,
            };
            let _ = export::export(model, notation, options);
        }
    }
}

/// Bits, but for those of a NaN.
fn same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| case::same(*a, *b))
}

/// Holds every engine to the interpreter, bit for bit: values and gradients at awkward points, and
/// some steps along the gradient. Returns the numbers that were compared.
pub fn agree(model: &Model, random: &mut Random) -> usize {
    let (dimension, parameters) = (model.dimension(), model.parameter_values());
    let potential = model.differentiated();
    let count = LANES + 3;
    let points: Vec<f64> = (0..dimension * count)
        .map(|_| writer::number(random))
        .collect();
    let evaluate = |engine| {
        let kernel = BatchKernel::of(&potential, Wanted::Both, engine).expect("a kernel");
        let mut out = vec![0.0; count * (1 + dimension)];
        kernel.evaluate(&points, count, &parameters, &mut out);
        out
    };
    let program = case::downhill(&potential);
    let slots = [&[0.01], &*parameters].concat();
    let state = &[&*points, &*points].concat()[..dimension * LANES];
    let steps = |engine| {
        let kernel = StepKernel::compile(&program, engine).expect("a kernel");
        case::run_kernel(&kernel, state, &slots, STEPS)
    };
    let (values, moves) = (evaluate(Engine::Interpreter), steps(Engine::Interpreter));
    let mut compared = 0;
    for engine in case::engines() {
        let (name, found, moved) = (engine.name(), evaluate(engine), steps(engine));
        assert!(same(&values, &found), "{name}: values {values:?} {found:?}");
        assert!(same(&moves, &moved), "{name}: steps {moves:?} {moved:?}");
        compared += found.len() + moved.len();
    }
    compared
}

/// Lane code that the bytes decide: every engine and the interpreter, bit for bit.
pub fn encoder(data: &[u8]) {
    let seed = data.iter().fold(0xcbf2_9ce4, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    let (shape, rest) = data.split_at(data.len().min(64));
    let size = 1 + (data.len() / 4).min(400);
    let case = Case::of(
        seed,
        size,
        Random::given(seed, shape),
        Random::given(seed, rest),
    );
    let program = case.program();
    let (state, slots) = case.inputs();
    for engine in case::engines() {
        let differs = case::difference(&program, engine, (&state, &slots), STEPS);
        assert_eq!(differs, None, "{}: {:?}", engine.name(), program.code());
    }
}

/// Files that the program reads: learned potentials, results, and checkpoints, whose SHA-256 is made
/// right too.
pub fn readers(data: &[u8]) {
    let hash = sha256_of(data);
    let whole = [data, hash.as_bytes(), b"\n"].concat();
    for bytes in [data.to_vec(), whole] {
        match Checkpoint::read("fuzz", bytes, "") {
            Ok(checkpoint) => assert!(checkpoint.shard().number <= checkpoint.shard().of),
            Err(wrong) => drop(render(&[wrong], &Sources::new(), false)),
        }
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(result) = RunResult::from_json(text) {
        let json = result.to_json().expect("results have a form in JSON");
        let again = RunResult::from_json(&json).expect("what was written can be read");
        assert_eq!(again.to_json().ok(), Some(json));
        summary(&result, "fuzz-out", true);
    }
    if let Some(text) = self::text(data) {
        checked(text);
    }
}
