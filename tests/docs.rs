//! The documentation is executed: every fenced block of every page, in order, in a folder of the
//! page's own. `tests/docs/page.rs` says what a block may be, `tests/docs/run.rs` how each kind is
//! run, and `tests/docs/output.rs` what of an output may differ. `UPDATE_DOCS=1` writes outputs
//! that differ into the pages; `EFFPOT_FULL_TESTS=1` runs the slow blocks too, and makes a tool
//! that is missing a failure.

#[path = "docs/links.rs"]
mod links;
#[path = "docs/output.rs"]
mod output;
#[path = "docs/page.rs"]
mod page;
#[path = "docs/run.rs"]
mod run;
#[path = "docs/tools.rs"]
mod tools;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use effpot_lang::graph::Function;
use page::Page;
use run::Verdict;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages, from the root of the repository.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![PathBuf::from("README.md")];
    let mut open = vec!["docs", "std", "editors", "examples"]
        .into_iter()
        .map(PathBuf::from)
        .collect::<Vec<_>>();
    while let Some(folder) = open.pop() {
        // Not every folder has to be there.
        let Ok(entries) = std::fs::read_dir(root().join(&folder)) else {
            continue;
        };
        for entry in entries {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            let hidden = path.file_name().unwrap().to_string_lossy().starts_with('.');
            if entry.path().is_dir() && !hidden && !path.ends_with("node_modules") {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

/// Every block of every page does what the page says.
#[test]
fn every_block_of_every_page_is_executed() {
    let (pages, next) = (pages(), AtomicUsize::new(0));
    let failures = Mutex::new(Vec::new());
    let blocks = AtomicUsize::new(0);
    let worker = || {
        while let Some(path) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
            let text = std::fs::read_to_string(root().join(path)).unwrap();
            let shown = path.display().to_string();
            let verdict = match Page::read(&shown, &text) {
                Ok(page) => {
                    blocks.fetch_add(page.blocks.len(), Ordering::Relaxed);
                    run::run(&page, &text)
                }
                Err(error) => Verdict::failed(error),
            };
            verdict.notes.iter().for_each(|note| eprintln!("{note}"));
            if std::env::var_os("UPDATE_DOCS").is_some()
                && let Some(text) = &verdict.updated
            {
                std::fs::write(root().join(path), text).unwrap();
            }
            failures.lock().unwrap().extend(verdict.failures);
        }
    };
    std::thread::scope(|scope| {
        (0..4).for_each(|_| {
            scope.spawn(worker);
        });
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
    eprintln!(
        "{} pages, {} blocks",
        pages.len(),
        blocks.load(Ordering::Relaxed)
    );
}

/// Every link to a file or a heading of the repository leads there.
#[test]
fn every_link_leads_somewhere() {
    let broken: Vec<String> = pages()
        .iter()
        .flat_map(|page| links::broken(root(), page))
        .collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// The reference names every function, every setting and every keyword that the code knows.
#[test]
fn the_reference_is_complete() {
    let text = std::fs::read_to_string(root().join("docs/language.md")).unwrap();
    let has =
        |name: &str| text.contains(&format!("`{name}`")) || text.contains(&format!("`{name}("));
    let functions = Function::ALL
        .iter()
        .filter(|f| !f.is_operator())
        .map(|f| f.name());
    let others =
        "sum prod diff spline periodic_spline dot norm dist len random csv pi π tau true false";
    for name in functions.chain(others.split(' ')) {
        assert!(has(name), "docs/language.md does not describe `{name}`");
    }
    // The message for a setting that is not known lists those that are.
    let output = run::alone("V(q) = q^2\nlearn {\n  zzzzzz = 1\n}\n");
    let list = output
        .split_once("the settings are ")
        .unwrap_or_else(|| panic!("no settings in: {output}"))
        .1;
    let words = list.split(|c: char| c != '_' && !c.is_ascii_lowercase());
    let keys: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    assert!(keys.len() > 15, "{keys:?}");
    for key in keys {
        assert!(
            has(key),
            "docs/language.md does not describe the setting `{key}`"
        );
    }
}

/// The failures of a page of that text.
fn failures(text: &str) -> Vec<String> {
    match Page::read("page.md", text) {
        Ok(page) => run::run(&page, text).failures,
        Err(error) => vec![error],
    }
}

fn fails_with(text: &str, expected: &str) {
    let found = failures(text);
    assert!(
        found.iter().any(|failure| failure.contains(expected)),
        "{text}\nshould fail with {expected:?}, found {found:?}"
    );
}

/// What is right passes: programs, messages, commands with their output, files for later blocks.
#[test]
fn a_right_page_passes() {
    let right = [
        "```pot\na = 2\nf(x) = a*x\n```",
        "<!-- file: v.pot -->\n```pot\nV(q) = q^2\n```\ntext\n```sh\neffpot-lang eval v.pot --at 3\n```\n\n```text\nq  V\n3  9\n```",
        "<!-- wrong: missing-operator -->\n```pot\nV(q) = 2q\n```",
        "<!-- free -->\n```pot\nV(q)=q^2\n```",
        "<!-- exit: 1 -->\n```sh\nexit 1\n```",
        "```sh\necho took 3.1 s\n```\n```text\ntook 4 s\n```",
        "<!-- shown: a sketch of the syntax -->\n```text\nname = expr\n```",
        "no block at all",
    ];
    for text in right {
        assert_eq!(failures(text), Vec::<String>::new(), "{text}");
    }
}

/// What is wrong fails, each for its own reason: else the executor would prove nothing.
#[test]
fn a_wrong_page_fails() {
    fails_with("```pot\nV(q) = 2q\n```", "missing-operator");
    fails_with("```pot\nV(q) = foo(q)\n```", "unknown-name");
    fails_with(
        "<!-- wrong: arity -->\n```pot\nV(q) = 2q\n```",
        "missing-operator",
    );
    fails_with("<!-- wrong: arity -->\n```pot\nV(q) = q\n```", "arity");
    fails_with("```sh\necho 3\n```\n```text\n4\n```", "+ 3");
    fails_with("```sh\necho 3\necho 4\n```\n```text\n3\n```", "+ 4");
    fails_with("```sh\nexit 1\n```", "exit code 1");
    fails_with("```sh\nfalse\ntrue\n```", "exit code 1");
    fails_with("<!-- exit: 3 -->\n```sh\ntrue\n```", "exit code 0");
    fails_with("```sh\nno-such-command\n```", "exit code 127");
    fails_with("```pot\nV(q)=q^2\n```", "layout");
    fails_with("```ruby\nputs 1\n```", "no language");
    fails_with("```\nplain\n```", "no language");
    fails_with("```text\n3\n```", "belongs to nothing");
    fails_with("```pot\nV(q) = q", "never closed");
    fails_with("<!-- worng: arity -->\n```pot\nV(q) = q\n```", "worng");
    fails_with("<!-- shown: -->\n```text\n3\n```", "why");
    fails_with("```rust\nfn main() {}\n```", "doc test");
    fails_with("```json\n{\n```", "JSON");
    fails_with(
        "```python\nassert 1 == 2\n```\n\n```c\nint main(void) { return 1; }\n```",
        "exit code 1",
    );
}
