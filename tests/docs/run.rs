//! How the blocks of a page are run.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::output::{difference, with_times_of};
use crate::page::{Block, Page};
use crate::tools::{CC, NUMPY, PYTHON, Tool, everything};

/// Lines of commands that are not run, and why. They must begin so.
const NOT_RUN: &[(&str, &str)] = &[
    ("cargo build", "builds"),
    ("cargo install", "builds"),
    ("cargo test", "is what runs this"),
    ("cargo bench", "takes minutes"),
    (
        "cargo run --release --example",
        "builds; the examples have a test of their own",
    ),
    ("UPDATE_DOCS=1 cargo test", "is what runs this"),
    ("EFFPOT_FULL_TESTS=1 cargo test", "is what runs this"),
    (
        "effpot-lang bench",
        "measures this machine, with a test of its own",
    ),
    ("git clone", "needs the network"),
    ("cd effpot-lang", "goes with the clone"),
    ("pip install", "needs the network"),
    ("python3 -m pip install", "needs the network"),
    (
        "python3 benches/peers/run.py",
        "installs the peers, and takes minutes",
    ),
    ("code --install-extension", "needs an editor"),
];

/// How a page did.
#[derive(Default)]
pub struct Verdict {
    pub failures: Vec<String>,
    /// What was not run, in words.
    pub notes: Vec<String>,
    /// The page with the outputs that were printed, where they differ.
    pub updated: Option<String>,
}

impl Verdict {
    pub fn failed(error: String) -> Verdict {
        Verdict {
            failures: vec![error],
            ..Verdict::default()
        }
    }
}

/// What a block printed; `None` if it was not run.
type Ran = Result<Option<Printed>, String>;

struct Printed {
    code: i32,
    text: String,
}

/// Runs the blocks of a page in order, in one folder.
pub fn run(page: &Page, text: &str) -> Verdict {
    let place = Place::new();
    let mut verdict = Verdict::default();
    // Blocks whose output is another one from here on.
    let mut other: Vec<(&Block, String)> = Vec::new();
    for (at, block) in page.blocks.iter().enumerate() {
        let here = format!("{}:{}", page.name, block.line);
        let ran = match block.of.is_some() || block.directive.shown {
            true => continue,
            false => place.block(page, block, &here, &mut verdict.notes),
        };
        let printed = match ran {
            Ok(Some(printed)) => printed,
            Ok(None) => continue,
            Err(error) => {
                verdict.failures.push(format!("{here}: {error}"));
                continue;
            }
        };
        if printed.code != block.directive.exit {
            verdict.failures.push(format!(
                "{here}: exit code {}, not {}:\n{}",
                printed.code, block.directive.exit, printed.text
            ));
        }
        if let Some(shown) = page.output_of(at)
            && let Some(difference) = difference(&shown.body, &printed.text)
        {
            verdict.failures.push(format!("{here}:\n{difference}"));
            other.push((shown, with_times_of(&shown.body, &printed.text)));
        }
    }
    if !other.is_empty() {
        verdict.updated = Some(with(text, &other));
    }
    verdict
}

/// The page with other outputs. One with lines left out stays: a person chose them.
fn with(text: &str, outputs: &[(&Block, String)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (block, printed) in outputs.iter().rev() {
        if block.body.lines().any(|line| line == "...") {
            continue;
        }
        let (first, count) = (block.line - 1, block.body.lines().count());
        let indent = " ".repeat(block.indent);
        let printed = printed.trim_end().lines();
        let new = printed.map(|line| format!("{indent}{}", line.trim_end()));
        lines.splice(first..first + count, new);
    }
    lines.join("\n") + "\n"
}

/// What is printed of a program by `check`.
pub fn alone(program: &str) -> String {
    let place = Place::new();
    std::fs::write(place.path().join("example.pot"), program).unwrap();
    let mut command = place.command("effpot-lang");
    command.args(["check", "example.pot"]);
    place.finish(command).unwrap().text
}

/// The programs of a folder, and those of the folders in it.
fn copy_programs(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_programs(&path, &target);
        } else if path.extension().is_some_and(|e| e == "pot") {
            std::fs::copy(&path, target).unwrap();
        }
    }
}

/// The folder of a page.
struct Place(TempDir);

impl Place {
    /// With the examples in it, as in the repository.
    fn new() -> Place {
        let place = Place(TempDir::new().unwrap());
        std::fs::create_dir_all(place.path()).unwrap();
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        copy_programs(&examples, &place.path().join("examples"));
        place
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("page")
    }

    fn block(&self, page: &Page, block: &Block, here: &str, notes: &mut Vec<String>) -> Ran {
        if block.directive.slow && !everything() {
            notes.push(format!(
                "{here}: slow, and EFFPOT_FULL_TESTS is not set: not run"
            ));
            return Ok(None);
        }
        let (file, needs): (&str, Option<&Tool>) = match block.language.as_str() {
            "pot" => return self.program(block),
            "sh" => return self.commands(block, here, notes),
            "rust" => return self.doc_test(page),
            "json" | "text" => return self.data(block),
            "c" => ("example.c", Some(&CC)),
            _ if block.body.contains("numpy") => ("example.py", Some(&NUMPY)),
            _ => ("example.py", Some(&PYTHON)),
        };
        if let Some(tool) = needs.filter(|tool| !tool.there().unwrap_or(false)) {
            tool.there()?;
            notes.push(format!("{here}: there is no {}: not run", tool.name));
            return Ok(None);
        }
        let file = block.directive.file.as_deref().unwrap_or(file);
        self.write(file, &block.body)?;
        if block.language == "c" {
            let mut compiler = self.command("cc");
            compiler.args([
                "-std=c99", "-Wall", "-Werror", "-O1", file, "-o", "example", "-lm",
            ]);
            let compiled = self.finish(compiler)?;
            if compiled.code != 0 {
                return Ok(Some(compiled));
            }
            return self.finish(self.command("./example")).map(Some);
        }
        let mut python = self.command("python3");
        python.arg(file);
        self.finish(python).map(Some)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).map_err(|error| format!("{name}: {error}"))
    }

    /// A program is checked, and its diagnostics are those that the page says.
    fn program(&self, block: &Block) -> Ran {
        let file = block.directive.file.as_deref().unwrap_or("example.pot");
        self.write(file, &block.body)?;
        let mut command = self.command("effpot-lang");
        command.args(["check", file]);
        let mut printed = self.finish(command)?;
        let found = codes(&printed.text);
        let expected: HashSet<&str> = block.directive.wrong.iter().map(|c| c.as_str()).collect();
        // A piece of a program need not have a potential, nor one that confines, nor use all that
        // it shows.
        let piece = |code: &&str| {
            let of_pieces = ["no-potential", "unused", "does-not-confine"];
            of_pieces.contains(code) && expected.is_empty()
        };
        let wrong: HashSet<&str> = found.into_iter().filter(|code| !piece(code)).collect();
        if wrong != expected {
            return Err(format!(
                "this program gives {wrong:?}, not {expected:?}:\n{}",
                printed.text
            ));
        }
        printed.code = block.directive.exit;
        if expected.is_empty() && !block.directive.free {
            self.layout(file)?;
        }
        Ok(Some(printed))
    }

    /// Programs of pages are in the one layout.
    fn layout(&self, file: &str) -> Result<(), String> {
        let mut format = self.command("effpot-lang");
        format.args(["fmt", "--check", file]);
        let printed = self.finish(format)?;
        match printed.code {
            0 => Ok(()),
            _ => Err(format!(
                "this program is not in the layout of `fmt`:\n{}",
                printed.text
            )),
        }
    }

    fn commands(&self, block: &Block, here: &str, notes: &mut Vec<String>) -> Ran {
        let mut script = String::new();
        let mut nothing = true;
        for line in block.body.lines() {
            if let Some((_, why)) = NOT_RUN.iter().find(|row| line.starts_with(row.0)) {
                notes.push(format!("{here}: `{line}` {why}: not run"));
                continue;
            }
            nothing &= line.trim().is_empty() || line.starts_with('#');
            script.push_str(&line.replace("cargo run --release --", "effpot-lang"));
            script.push('\n');
        }
        if nothing {
            return Ok(None);
        }
        let mut shell = self.command("sh");
        shell.args(["-e", "-c", &script]);
        self.finish(shell).map(Some)
    }

    /// Rust is compiled and run by rustdoc, from where the page is included.
    fn doc_test(&self, page: &Page) -> Ran {
        let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
        let text = std::fs::read_to_string(library).unwrap();
        match text.contains(&format!("include_str!(\"../{}\")", page.name)) {
            true => Ok(None),
            false => Err(format!(
                "src/lib.rs does not include {}, so that no doc test runs this",
                page.name
            )),
        }
    }

    /// Data for the blocks that follow.
    fn data(&self, block: &Block) -> Ran {
        if block.language == "json" {
            let read = serde_json::from_str::<serde_json::Value>(&block.body);
            read.map_err(|error| format!("this is no JSON: {error}"))?;
        }
        if let Some(file) = &block.directive.file {
            self.write(file, &block.body)?;
        }
        Ok(None)
    }

    /// A command in this folder: our binary first on the path, nothing set, nothing at home.
    fn command(&self, program: &str) -> Command {
        let binary = assert_cmd::cargo::cargo_bin!("effpot-lang");
        let mut path = binary.parent().unwrap().as_os_str().to_owned();
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("EFFPOT_") || name == "NO_COLOR" {
                command.env_remove(name);
            }
        }
        let home = self.0.path().join("home");
        command.env("PATH", path).env("HOME", &home);
        command.env("XDG_STATE_HOME", home.join("state"));
        command
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("LC_ALL", "C.UTF-8");
        command.current_dir(self.path()).stdin(Stdio::null());
        command
    }

    /// Both streams as they come, and the exit code.
    fn finish(&self, mut command: Command) -> Result<Printed, String> {
        let into = self.0.path().join("printed");
        let file = std::fs::File::create(&into).unwrap();
        command.stdout(file.try_clone().unwrap()).stderr(file);
        let program = command.get_program().to_string_lossy().into_owned();
        let status = command
            .status()
            .map_err(|error| format!("{program}: {error}"))?;
        let text = std::fs::read(&into).unwrap();
        Ok(Printed {
            code: status.code().unwrap_or(-1),
            text: String::from_utf8_lossy(&text).into_owned(),
        })
    }
}

/// The codes of rendered diagnostics: `error[code]: ...`.
fn codes(text: &str) -> Vec<&str> {
    let heads = text.lines().filter_map(|line| {
        let rest = line
            .strip_prefix("error[")
            .or(line.strip_prefix("warning["))?;
        rest.split_once(']').map(|(code, _)| code)
    });
    heads.collect()
}
