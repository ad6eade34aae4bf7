//! What editors know of the language by themselves: the grammars in `editors/`, held against the
//! tables of the language and, where the tools are at hand, run over every program.
//!
//! `EFFPOT_FULL_TESTS=1` installs what is missing below `target/editors`, and fails where it cannot.

#[path = "support/formulas.rs"]
#[allow(dead_code)]
mod formulas;
#[path = "support/jet.rs"]
#[allow(dead_code)]
mod jet;
#[path = "support/typed.rs"]
mod typed;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use effpot_lang::check::{BLOCKS, DOMAINS, KEYS, builtins, library};
use effpot_lang::symbols::{Place, keywords, tokens};
use serde_json::{Value, json};

const VSCODE: &str = "editors/vscode";
const TREE_SITTER: &str = "editors/tree-sitter-effpot";

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.as_ref().display()))
}

fn json_of(path: impl AsRef<Path>) -> Value {
    serde_json::from_str(&read(&path))
        .unwrap_or_else(|e| panic!("{}: {e}", path.as_ref().display()))
}

/// The words between brackets in a pattern such as `(?<!x)(if|then)(?!x)`, of each pattern that a
/// grammar has.
fn alternatives(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let groups = text
                .split(['(', ')'])
                .filter(|group| !group.starts_with('?'));
            let words = groups.flat_map(|group| group.split('|')).map(str::to_owned);
            found.extend(words);
        }
        Value::Array(list) => list.iter().for_each(|value| alternatives(value, found)),
        Value::Object(map) => map.values().for_each(|value| alternatives(value, found)),
        _ => {}
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The words of the language, in order: those that a grammar must tell apart.
fn words() -> Vec<String> {
    let builtins = builtins().map(|known| known.name.to_owned());
    let keywords = keywords().iter().map(|row| row.name.to_owned());
    let settings = KEYS.iter().filter(|key| key.functions);
    let settings = settings.map(|key| key.name.to_owned());
    let mut words: Vec<String> = builtins.chain(keywords).chain(settings).collect();
    words.sort();
    words
}

#[test]
fn the_textmate_grammar_knows_the_words_of_the_language_and_no_others() {
    let grammar = json_of(format!("{VSCODE}/syntaxes/effpot.tmLanguage.json"));
    let mut found = Vec::new();
    for rule in [
        "word",
        "call",
        "builtin",
        "domain",
        "parameter",
        "run",
        "functions",
    ] {
        alternatives(&grammar["repository"][rule], &mut found);
    }
    let names = |rows: &[(&str, &str)]| -> Vec<String> {
        let names = rows
            .iter()
            .map(|(name, _)| name.split('(').next().unwrap().to_owned());
        names.collect()
    };
    let others = [names(BLOCKS), names(DOMAINS)].concat();
    let missing = others.iter().find(|name| !found.contains(name));
    assert_eq!(missing, None);
    found.retain(|word| is_word(word) && !others.contains(word) && word.len() > 1 || word == "π");
    // `as` is a word of imports alone.
    found.push("as".to_owned());
    found.sort();
    found.dedup();
    assert_eq!(found, words());
}

#[test]
fn the_tree_sitter_grammar_knows_the_words_of_the_language_and_no_others() {
    let query = read(format!("{TREE_SITTER}/queries/highlights.scm"));
    let quoted: Vec<&str> = query.split('"').skip(1).step_by(2).collect();
    let mut found: Vec<String> = quoted
        .iter()
        .filter(|word| is_word(word))
        .map(|w| (*w).to_owned())
        .collect();
    found.sort();
    assert_eq!(found, words());
    let grammar = read(format!("{TREE_SITTER}/grammar.js"));
    for row in keywords() {
        assert!(
            grammar.contains(&format!("\"{}\"", row.name)),
            "{}",
            row.name
        );
    }
    assert!(keywords().iter().any(|row| row.place == Place::Import));
}

/// What `tree-sitter generate` writes beside the parser names the grammar that it was made of.
#[test]
fn the_parser_was_generated_from_this_grammar() {
    let grammar = json_of(format!("{TREE_SITTER}/src/grammar.json"));
    let source = read(format!("{TREE_SITTER}/grammar.js"));
    let rules = grammar["rules"].as_object().unwrap();
    let written: Vec<&str> = source
        .lines()
        .filter_map(|line| {
            line.strip_prefix("    ")?
                .split_once(": (")
                .map(|(name, _)| name)
        })
        .filter(|name| is_word(name))
        .collect();
    let generated: Vec<&String> = rules.keys().collect();
    assert_eq!(written.len(), generated.len(), "{written:?} {generated:?}");
    assert!(written.iter().all(|rule| rules.contains_key(*rule)));
    let parser = read(format!("{TREE_SITTER}/src/parser.c"));
    assert!(parser.contains("tree_sitter_effpot"));
}

#[test]
fn the_vscode_folder_is_whole() {
    let package = json_of(format!("{VSCODE}/package.json"));
    for field in [
        "name",
        "displayName",
        "description",
        "version",
        "publisher",
        "license",
    ] {
        assert!(
            package[field].as_str().is_some_and(|text| !text.is_empty()),
            "{field}"
        );
    }
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
    assert!(package["engines"]["vscode"].is_string());
    let contributes = &package["contributes"];
    let language = &contributes["languages"][0];
    assert_eq!(language["extensions"], json!([".pot"]));
    assert_eq!(contributes["grammars"][0]["language"], language["id"]);
    let mut files = vec![&package["main"], &language["configuration"]];
    files.extend(
        contributes["grammars"]
            .as_array()
            .unwrap()
            .iter()
            .map(|g| &g["path"]),
    );
    for file in files {
        let path = Path::new(VSCODE).join(file.as_str().unwrap());
        if path.extension().is_some_and(|ending| ending == "json") {
            json_of(&path);
        } else {
            assert!(path.is_file(), "{}", path.display());
        }
    }
    for grammar in contributes["grammars"].as_array().unwrap() {
        let found = json_of(Path::new(VSCODE).join(grammar["path"].as_str().unwrap()));
        assert_eq!(found["scopeName"], grammar["scopeName"]);
    }
    // Each setting and command of the package is one that the client knows.
    let client = read(format!("{VSCODE}/client.js"));
    for setting in contributes["configuration"]["properties"]
        .as_object()
        .unwrap()
        .keys()
    {
        let (section, key) = setting.split_once('.').unwrap();
        assert!(client.contains(&format!("getConfiguration(\"{section}\").get(\"{key}\")")));
    }
    for command in contributes["commands"].as_array().unwrap() {
        assert!(client.contains(command["command"].as_str().unwrap()));
    }
    for dependency in package["dependencies"].as_object().unwrap().keys() {
        assert!(client.contains(dependency.as_str()));
    }
}

fn is_required() -> bool {
    std::env::var_os("EFFPOT_FULL_TESTS").is_some_and(|value| value == "1")
}

/// Says that a tool is missing; fails if all must be at hand.
fn skip(why: &str) {
    assert!(!is_required(), "{why}");
    eprintln!("skipped: {why} (EFFPOT_FULL_TESTS=1 requires it)");
}

fn runs(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    match output.status.success() {
        true => Ok(text),
        false => Err(format!("{command:?}\n{text}")),
    }
}

/// A folder for what is built and installed.
fn place(name: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("editors")
        .join(name);
    fs::create_dir_all(&place).unwrap();
    place
}

/// A package in its folder, installed if that is asked for; whether it is there.
fn package(folder: &Path, marker: &str, install: &mut Command) -> bool {
    if !folder.join(marker).exists() && is_required() {
        runs(install).unwrap_or_else(|e| panic!("{e}"));
    }
    folder.join(marker).exists()
}

/// Every program of the library and of the examples with its tokens, as a file for scripts.
fn programs(name: &str) -> PathBuf {
    let mut programs: Vec<(String, String)> = library()
        .map(|(name, text)| (name, text.to_owned()))
        .collect();
    for entry in fs::read_dir("examples").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "pot") {
            programs.push((path.display().to_string(), read(&path)));
        }
    }
    assert!(programs.len() > 20);
    programs.extend((0..40).map(|seed| (format!("seed {seed}"), typed::program(seed, true))));
    // What the files do not have: letters of other alphabets, every number, two settings a line.
    let more = "import \"1.pot\" (g)\nt = csv(\"2.csv\")\nu = csv(\"#ü\")\nw = csv(\"\")\nparam ε_ß = 1.5e-3 # ζ\nimport \"a/b.pot\" (c as d, as)\nδ2 = -1e5^2\n\
                f(as) = if as <= 0 or not 1 != as then as else π\nlearn { delta = 0.5 }\n\
                scan {\n  terms = [f, g] # 1\n  compare = f\n}\n";
    programs.push(("more".to_owned(), more.to_owned()));
    let list: Vec<Value> = programs
        .iter()
        .map(|(name, text)| {
            let tokens = tokens(text).into_iter();
            let tokens =
                tokens.map(|t| json!([t.range.start, t.range.end, format!("{:?}", t.class)]));
            json!({ "name": name, "text": text, "tokens": tokens.collect::<Vec<_>>() })
        })
        .collect();
    let path = place("programs").join(name);
    fs::write(&path, Value::Array(list).to_string()).unwrap();
    path
}

/// Every token that the language calls a keyword, number, comment or function has a scope that says
/// so.
#[test]
fn the_textmate_grammar_agrees_with_the_tokens_of_the_language() {
    if runs(Command::new("node").arg("--version")).is_err() {
        return skip("node is not at hand");
    }
    let folder = place("node");
    let mut install = Command::new("npm");
    install.arg("install").arg("--prefix").arg(&folder);
    install.args([
        "--no-audit",
        "--no-fund",
        "vscode-textmate@9",
        "vscode-oniguruma@2",
    ]);
    if !package(&folder, "node_modules/vscode-textmate", &mut install) {
        return skip("the npm packages vscode-textmate and vscode-oniguruma are not at hand");
    }
    let mut run = Command::new("node");
    run.arg("tests/editors/textmate.js");
    run.arg(format!("{VSCODE}/syntaxes/effpot.tmLanguage.json"));
    run.arg(folder.join("node_modules"))
        .arg(programs("textmate.json"));
    let said = runs(&mut run).unwrap_or_else(|e| panic!("{e}"));
    assert!(said.contains("0 problems"), "{said}");
}

/// The compiled parser reads every program without an error, gives the trees of its corpus, and the
/// highlights agree with the tokens of the language.
#[test]
fn the_tree_sitter_grammar_reads_every_program() {
    if runs(Command::new("gcc").arg("--version")).is_err() {
        return skip("gcc is not at hand");
    }
    let library = place("parser").join("effpot.so");
    let mut compile = Command::new("gcc");
    compile
        .args(["-O1", "-Wall", "-shared", "-fPIC", "-I"])
        .arg(format!("{TREE_SITTER}/src"));
    for source in ["parser.c", "scanner.c"] {
        compile.arg(format!("{TREE_SITTER}/src/{source}"));
    }
    runs(compile.arg("-o").arg(&library)).unwrap_or_else(|e| panic!("{e}"));
    if runs(Command::new("python3").arg("--version")).is_err() {
        return skip("python3 is not at hand");
    }
    let folder = place("python");
    let mut install = Command::new("python3");
    install
        .args(["-m", "pip", "install", "--quiet", "--target"])
        .arg(&folder);
    install.arg("tree-sitter>=0.25");
    if !package(&folder, "tree_sitter", &mut install) {
        return skip("the Python package tree-sitter is not at hand");
    }
    let mut run = Command::new("python3");
    run.env("PYTHONPATH", &folder)
        .arg("tests/editors/grammar.py");
    run.args([TREE_SITTER])
        .arg(&library)
        .arg(programs("tree-sitter.json"));
    let said = runs(&mut run).unwrap_or_else(|e| panic!("{e}"));
    assert!(said.contains("0 problems"), "{said}");
}
