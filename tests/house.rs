//! The house: a file imports only from lower floors, and external crates stay in their rooms.

use std::path::{Path, PathBuf};

/// The floor of every room. Rooms of one floor do not know each other.
const FLOORS: &[(&str, u32)] = &[
    ("source", 0),
    ("diagnostic", 0),
    ("tape", 0),
    ("syntax", 1),
    ("graph", 2),
    ("check", 3),
    ("symbols", 4),
    ("kernel", 5),
    ("export", 6),
    ("dynamics", 6),
    ("stats", 7),
    ("learn", 8),
    ("surrogate", 9),
    ("report", 10),
    ("session", 11),
    ("repl", 12),
    ("lsp", 12),
    ("cli", 13),
];

/// Pairs on one floor, or against the rule of floors, and why.
const ALLOWED: &[(&str, &str)] = &[
    // A diagnostic points at spans; a source knows nothing of diagnostics.
    ("diagnostic", "source"),
];

/// What breaks the rule today. Each must go, and its line here with it.
const DEBTS: &[(&str, &str)] = &[
    // The hint `write sin(x)` asks the function table whether `sin` is a function, in what was
    // written and in LaTeX.
    ("syntax/explain.rs", "graph"),
    ("syntax/mistakes.rs", "graph"),
];

const FORBIDDEN: &[(&str, &str)] = &[
    // Formulas know nothing of how they were written.
    ("graph", "syntax"),
    ("graph", "diagnostic"),
];

/// External crates and the only rooms that may name them.
const CRATES: &[(&str, &[&str])] = &[
    ("pest", &["syntax"]),
    ("pest_derive", &["syntax"]),
    ("ariadne", &["cli"]),
    ("cranelift", &["kernel"]),
    ("cranelift_jit", &["kernel"]),
    ("cranelift_module", &["kernel"]),
    ("cranelift_native", &["kernel"]),
    ("rustfft", &["learn"]),
    ("kuva", &["report"]),
    ("npyz", &["report"]),
    ("zip", &["report"]),
    ("lsp_server", &["lsp", "cli"]),
    ("lsp_types", &["lsp"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("rustyline", &["cli"]),
    ("indicatif", &["cli"]),
    ("ctrlc", &["cli"]),
    ("signal_hook", &["cli"]),
    ("terminal_size", &["cli"]),
];

/// Every use of `unsafe` of the library, counted file by file: what it is for is in
/// `docs/reliability.md`.
const UNSAFE: &[(&str, usize)] = &[
    ("kernel/denormals.rs", 2),
    ("kernel/engine.rs", 2),
    ("kernel/memory.rs", 17),
    ("kernel/staged.rs", 2),
];

/// What only the command line may do.
const OUTSIDE: &[&str] = &[
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "dbg!",
    "process::exit",
    "Instant::now",
    "SystemTime",
    "std::fs",
    "std::env::",
    "File::open",
    "File::create",
];

const LONGEST_FILE: usize = 500;

/// A file of the library.
struct Room {
    path: PathBuf,
    name: String,
    /// Without comments, strings and test modules; line numbers are kept.
    code: String,
    lines: usize,
}

fn rooms() -> Vec<Room> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut open = vec![root.clone()];
    let mut rooms = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.file_name().unwrap().to_str().unwrap();
            // `tests.rs` is the body of a `#[cfg(test)] mod tests;`.
            if !name.ends_with(".rs") || name == "tests.rs" {
                continue;
            }
            let relative = path.strip_prefix(&root).unwrap().to_owned();
            let first = relative.components().next().unwrap();
            let name = first.as_os_str().to_str().unwrap().replace(".rs", "");
            let text = std::fs::read_to_string(&path).unwrap();
            rooms.push(Room {
                path: relative,
                name,
                code: without_tests(&bare(&text)),
                lines: text.lines().count(),
            });
        }
    }
    assert!(rooms.len() > 50, "only {} files were found", rooms.len());
    rooms
}

/// Rust code with comments and the contents of strings and characters blanked out.
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let long = [
            comment(rest),
            block_comment(rest),
            raw_string(rest),
            string(rest),
            character(rest),
        ];
        match long.into_iter().flatten().next() {
            Some(length) => {
                out.extend(rest[..length].chars().filter(|&c| c == '\n'));
                // Two words that a comment parts must not become one.
                out.push(' ');
                rest = &rest[length..];
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

fn comment(rest: &str) -> Option<usize> {
    rest.starts_with("//")
        .then(|| rest.find('\n').unwrap_or(rest.len()))
}

fn block_comment(rest: &str) -> Option<usize> {
    rest.starts_with("/*")
        .then(|| rest.find("*/").map_or(rest.len(), |at| at + 2))
}

fn raw_string(rest: &str) -> Option<usize> {
    let hashes = rest.strip_prefix('r')?;
    let count = hashes.chars().take_while(|&c| c == '#').count();
    let body = hashes[count..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(count));
    Some(2 + count + body.find(&end)? + end.len())
}

fn string(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('"')?;
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            '"' if !escaped => return Some(at + 2),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

/// A character literal, and not a lifetime.
fn character(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('\'')?;
    let first = body.chars().next()?;
    if first == '\\' {
        return body[2..].find('\'').map(|at| at + 4);
    }
    let after = 1 + first.len_utf8();
    rest[after..].starts_with('\'').then_some(after + 1)
}

/// Blanks `#[cfg(test)] mod name { ... }`.
fn without_tests(code: &str) -> String {
    let mut code = code.to_owned();
    while let Some(start) = code.find("#[cfg(test)]") {
        let mut depth = 0;
        let mut end = code.len();
        for (at, c) in code[start..].char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if (c == '}' || c == ';') && depth == 0 {
                end = start + at + 1;
                break;
            }
        }
        let blank: String = code[start..end].chars().filter(|&c| c == '\n').collect();
        code.replace_range(start..end, &blank);
    }
    code
}

/// The rooms that code names by `crate::room` or `crate::{room, ...}`, with line numbers.
fn imports(code: &str) -> Vec<(usize, String)> {
    let word = |text: &str| -> String {
        let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
        text.chars().take_while(is_word).collect()
    };
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` of a macro counts; `some_crate::` does not.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let line = 1 + code[..at].matches('\n').count();
        let path = &code[at + "crate::".len()..];
        match path.strip_prefix('{') {
            None => found.push((line, word(path))),
            Some(list) => {
                let (mut depth, mut start) = (0, true);
                for (at, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if c.is_whitespace() => {}
                        _ if start => {
                            start = false;
                            found.push((line, word(&list[at..])));
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

fn floor(room: &str) -> Option<u32> {
    FLOORS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, floor)| *floor)
}

fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn every_room_has_a_floor_and_imports_only_from_lower_ones() {
    let mut problems = Vec::new();
    let mut paid: Vec<&(&str, &str)> = DEBTS.iter().collect();
    let mut seen = 0;
    for room in rooms() {
        if room.name == "lib" || room.name == "main" {
            continue;
        }
        let Some(own) = floor(&room.name) else {
            problems.push(format!("{} has no floor", room.path.display()));
            continue;
        };
        for (line, other) in imports(&room.code) {
            seen += 1;
            let pair = (room.name.as_str(), other.as_str());
            let lower = floor(&other).is_some_and(|floor| floor < own);
            let good = pair.0 == pair.1 || ALLOWED.contains(&pair) || lower;
            if !good || FORBIDDEN.contains(&pair) {
                let path = room.path.to_string_lossy().replace('\\', "/");
                let debt = (path.as_str(), other.as_str());
                if DEBTS.contains(&debt) {
                    paid.retain(|paid| **paid != debt);
                    continue;
                }
                problems.push(format!(
                    "{path}, line {line}: {} imports {other}",
                    room.name
                ));
            }
        }
    }
    problems.extend(
        paid.iter()
            .map(|debt| format!("{debt:?} is a debt no more")),
    );
    assert!(seen > 50, "only {seen} imports were found");
    assert_none(&problems);
}

#[test]
fn crates_unsafe_code_and_the_outside_world_stay_in_their_rooms() {
    let mut problems = Vec::new();
    for room in rooms() {
        let mut complain = |at: usize, what: &str| {
            let line = 1 + room.code[..at].matches('\n').count();
            problems.push(format!("{}, line {line}: {what}", room.path.display()));
        };
        for (name, homes) in CRATES {
            let path = format!("{name}::");
            for (at, _) in room.code.match_indices(&path) {
                let whole = !room.code[..at]
                    .ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
                if whole && !homes.contains(&room.name.as_str()) {
                    complain(at, name);
                }
            }
        }
        if room.name != "kernel" {
            for (at, _) in room.code.match_indices("unsafe") {
                let lint = room.code[at..].starts_with("unsafe_code");
                if !lint {
                    complain(at, "unsafe");
                }
            }
        }
        if room.name != "cli" && room.name != "main" {
            for what in OUTSIDE {
                room.code
                    .match_indices(what)
                    .for_each(|(at, _)| complain(at, what));
            }
        }
    }
    assert_none(&problems);
}

/// The environment variables that are read are on the page.
#[test]
fn environment_variables_are_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/reliability.md")).unwrap();
    let mut seen = 0;
    for room in rooms() {
        let text = std::fs::read_to_string(root.join("src").join(&room.path)).unwrap();
        // The name that follows: of an argument, or what is asked for.
        for after in ["env = \"", "env::var(\"", "env::var_os(\""] {
            for rest in text.split(after).skip(1) {
                let name = rest.split('"').next().unwrap_or_default();
                seen += 1;
                let listed = page.contains(&format!("`{name}`"));
                assert!(listed, "{} reads {name}", room.path.display());
            }
        }
    }
    assert!(seen > 15, "{seen}");
}

/// Unsafe code does not grow unseen: the list above is complete, and so is the table of the page.
#[test]
fn unsafe_code_is_counted_and_listed() {
    let count = |room: &Room| {
        let words = room.code.split(|c: char| c != '_' && !c.is_alphanumeric());
        words.filter(|word| *word == "unsafe").count()
    };
    let mut found: Vec<(String, usize)> = rooms()
        .iter()
        .map(|room| (room.path.to_string_lossy().replace('\\', "/"), count(room)))
        .filter(|(_, count)| *count > 0)
        .collect();
    found.sort();
    let listed: Vec<(String, usize)> = UNSAFE.iter().map(|(f, n)| ((*f).to_owned(), *n)).collect();
    assert_eq!(found, listed);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/reliability.md")).unwrap();
    for (file, count) in UNSAFE {
        let row = format!("| `{file}` | {count} |");
        assert!(page.contains(&row), "docs/reliability.md lacks `{row}`");
    }
}

#[test]
fn files_are_short_enough_to_be_read() {
    let problems: Vec<String> = rooms()
        .iter()
        .filter(|room| room.lines > LONGEST_FILE)
        .map(|room| format!("{} has {} lines", room.path.display(), room.lines))
        .collect();
    assert_none(&problems);
}

/// What the examples use is documented: an embedding program needs nothing that is hidden.
#[test]
fn examples_come_through_the_front_door() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| c != '_' && !c.is_alphanumeric());
        words.map(str::to_owned).collect()
    };
    // The statements below the attribute, word by word.
    let hidden = |file: PathBuf| -> Vec<String> {
        let text = read(file);
        let parts = text.split("#[doc(hidden)]").skip(1);
        let statements = parts.filter_map(|part| part.split(';').next());
        statements.flat_map(words).collect()
    };
    let of_the_house = hidden(root.join("src/lib.rs"));
    assert!(of_the_house.contains(&"symbols".to_owned()));
    let (mut problems, mut used) = (Vec::new(), 0);
    for example in std::fs::read_dir(root.join("examples")).unwrap() {
        let path = example.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let text = read(path.clone());
        for import in text.split("use effpot_lang::").skip(1) {
            let import = words(import.split(';').next().unwrap());
            let room = &import[0];
            let inside = hidden(root.join("src").join(room).join("mod.rs"));
            used += 1;
            let wrong = import.iter().filter(|word| !word.is_empty());
            let wrong = wrong.filter(|word| of_the_house.contains(word) || inside.contains(word));
            problems.extend(wrong.map(|word| format!("{}: {word}", path.display())));
        }
    }
    assert!(used > 5, "{used}");
    assert_none(&problems);
}

/// The walker itself: what it must see and what it must not.
#[test]
fn the_walker_reads_code_and_not_words_about_it() {
    let code = r##"
use crate::{graph::Node, learn::{fit, scale}, stats};
// use crate::cli;
const TEXT: &str = "crate::report \" println!";
const RAW: &str = r#"crate::session "quoted""#;
fn f<'a>(c: &'a str) -> char { '"' }
fn g() { crate::kernel::run('\''); other_crate::cli(); }
#[cfg(test)]
mod tests { use crate::cli; fn h() { println!(); } }
fn after() { crate::source::x() }
"##;
    let code = without_tests(&bare(code));
    let names: Vec<String> = imports(&code).into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["graph", "learn", "stats", "kernel", "source"]);
    assert!(!code.contains("println!"));
    assert_eq!(imports(&code)[4].0, 10);
}
