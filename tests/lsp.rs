//! The language server: conversations of a client with the program over its standard streams, and
//! of the state machine with itself.

#[path = "lsp/client.rs"]
mod client;

use std::path::{Path, PathBuf};
use std::time::Instant;

use client::{Client, edited, folder};
use effpot_lang::check::{Loader, NoFiles, library};
use effpot_lang::lsp::{Disk, Server};
use lsp_server::Message;
use serde_json::{Value, json};

const PARTS: &str = "# Twice as much.\ntwice(x) = 2*x\nparam height = 3\n";
const ROOT: &str = "import \"parts.pot\" (twice)\nimport std.pairs (morse)\n\
                    param ε = 0.1  # 😀 small\nU0(q) = q^2/2 + ε*sin(q/ε)\n\
                    V(q)= twice(U0(q)) + morse(q, 1, 1, 1)\nlearn { compare = U0 }\n";

#[test]
fn a_conversation_from_the_first_message_to_the_last() {
    let (_folder, uri) = folder(&[("parts.pot", PARTS), ("root.pot", ROOT)]);
    let root = uri("root.pot");
    let mut client = Client::start();
    let able = client.initialize();
    assert_eq!(able["capabilities"]["textDocumentSync"]["change"], 2);
    client.open(&root, ROOT);
    assert_eq!(client.diagnostics(&root, Some(1)), Vec::<Value>::new());

    // A word in the third line, behind an emoji and Greek letters.
    let hover = client.at("textDocument/hover", &root, 3, 20);
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(
        text.contains("sin(x)") && text.contains("d/dx = cos(x)"),
        "{text}"
    );
    let hover = client.at("textDocument/hover", &root, 3, 16);
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(
        text.contains("param ε\n= 0.1") && text.contains("😀 small"),
        "{text}"
    );
    let hover = client.at("textDocument/hover", &root, 4, 7);
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(
        text.contains("twice(x)\nd/dx = 2") && text.contains("Twice as much."),
        "{text}"
    );

    let place = client.at("textDocument/definition", &root, 4, 7);
    assert_eq!(place["uri"], json!(uri("parts.pot")));
    assert_eq!(
        place["range"]["start"],
        json!({ "line": 1, "character": 0 })
    );
    let place = client.at("textDocument/definition", &root, 4, 24);
    assert_eq!(place["uri"], "effpot-std:/std.pairs.pot");
    let text = client.ask("effpot/text", json!({ "uri": "effpot-std:/std.pairs.pot" }));
    let line = text
        .as_str()
        .unwrap()
        .lines()
        .nth(place["range"]["start"]["line"].as_u64().unwrap() as usize);
    assert!(line.unwrap().starts_with("morse("), "{line:?}");

    let help = client.at("textDocument/signatureHelp", &root, 4, 30);
    assert_eq!(
        help["signatures"][0]["label"],
        "morse(d, depth, steepness, length)"
    );
    assert_eq!(help["activeParameter"], 1);

    // Typing: a broken line is reported, and what was known is known still.
    let change = json!({
        "textDocument": { "uri": root, "version": 2 },
        "contentChanges": [{
            "range": { "start": { "line": 4, "character": 38 }, "end": { "line": 4, "character": 38 } },
            "text": " + ε*"
        }],
    });
    client.notify("textDocument/didChange", change);
    let found = client.diagnostics(&root, Some(2));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (&found[0]["code"], &found[0]["severity"]),
        (&json!("missing-expression"), &json!(1))
    );
    let items = client.at("textDocument/completion", &root, 4, 43);
    let labels: Vec<&str> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["label"].as_str().unwrap())
        .collect();
    for name in ["q", "ε", "U0", "twice", "atan2", "if"] {
        assert!(labels.contains(&name), "{name} of {labels:?}");
    }
    // In the quotes of an import, the programs around.
    let files = client.at("textDocument/completion", &root, 0, 10);
    assert_eq!(files[0]["label"], "parts.pot", "{files}");
    assert_eq!(files[0]["textEdit"]["newText"], "parts.pot");
    let hover = client.at("textDocument/hover", &root, 3, 1);
    assert!(
        hover["contents"]["value"]
            .as_str()
            .unwrap()
            .contains("d/dq = ")
    );
    assert_eq!(client.ask("textDocument/formatting", json!({ "textDocument": { "uri": root }, "options": { "tabSize": 2, "insertSpaces": true } })), Value::Null);
    let change = json!({
        "textDocument": { "uri": root, "version": 3 },
        "contentChanges": [{
            "range": { "start": { "line": 4, "character": 38 }, "end": { "line": 4, "character": 43 } },
            "text": ""
        }],
    });
    client.notify("textDocument/didChange", change);
    assert_eq!(client.diagnostics(&root, Some(3)), Vec::<Value>::new());

    let edits = client.ask("textDocument/formatting", json!({ "textDocument": { "uri": root }, "options": { "tabSize": 2, "insertSpaces": true } }));
    assert!(
        edits[0]["newText"]
            .as_str()
            .unwrap()
            .contains("V(q) = twice"),
        "{edits}"
    );

    let symbols = client.ask(
        "textDocument/documentSymbol",
        json!({ "textDocument": { "uri": root } }),
    );
    let names: Vec<&str> = symbols
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["ε", "U0(q)", "V(q)", "learn"]);
    let tokens = client.ask(
        "textDocument/semanticTokens/full",
        json!({ "textDocument": { "uri": root } }),
    );
    assert_eq!(tokens["data"].as_array().unwrap().len() % 5, 0);
    assert!(client.end().success());
}

#[test]
fn names_are_changed_in_all_files_that_know_them() {
    let other = "import \"parts.pot\" (twice as double, height)\nW(x) = double(x)*height\n";
    let (_folder, uri) = folder(&[
        ("parts.pot", PARTS),
        ("root.pot", ROOT),
        ("other.pot", other),
    ]);
    let root = uri("root.pot");
    let mut client = Client::start();
    client.initialize();
    client.open(&root, ROOT);
    let rename = |uri: &str, line: u32, character: u32, name: &str| {
        json!({ "textDocument": { "uri": uri }, "newName": name,
                "position": { "line": line, "character": character } })
    };
    let edit = client.ask("textDocument/rename", rename(&root, 4, 7, "zwei"));
    let changes = &edit["changes"];
    let parts = edited(PARTS, &changes[&uri("parts.pot")]);
    assert_eq!(parts, PARTS.replace("twice", "zwei"));
    assert_eq!(edited(ROOT, &changes[&root]), ROOT.replace("twice", "zwei"));
    let others = edited(other, &changes[&uri("other.pot")]);
    assert_eq!(others, other.replace("twice as", "zwei as"));

    // What a setting names follows, and what the library defines is called otherwise here.
    let edit = client.ask("textDocument/rename", rename(&root, 3, 0, "Base"));
    assert_eq!(
        edited(ROOT, &edit["changes"][&root]),
        ROOT.replace("U0", "Base")
    );
    let edit = client.ask("textDocument/rename", rename(&root, 4, 24, "bond"));
    let expected = ROOT
        .replace("(morse)", "(morse as bond)")
        .replace("morse(q", "bond(q");
    assert_eq!(edited(ROOT, &edit["changes"][&root]), expected);
    let edit = client.ask("textDocument/rename", rename(&root, 2, 6, "η"));
    assert_eq!(
        edited(ROOT, &edit["changes"][&root]),
        ROOT.replace('ε', "η")
    );

    for (line, character, name, why) in [
        (3, 0, "V", "defined or imported already"),
        (3, 0, "sin", "part of the language"),
        (3, 0, "2x", "is no name"),
        (2, 6, "q", "a local name where this is used"),
        (4, 7, "height", "defined or imported already"),
        (3, 20, "f", "part of the language"),
        (2, 12, "f", "no name of yours"),
    ] {
        let answer = client.answer("textDocument/rename", rename(&root, line, character, name));
        let message = answer["error"]["message"].as_str().unwrap_or("");
        assert!(message.contains(why), "{name}: {answer}");
    }
    let uses = client.ask(
        "textDocument/references",
        json!({
            "textDocument": { "uri": root }, "position": { "line": 4, "character": 7 },
            "context": { "includeDeclaration": true },
        }),
    );
    // A definition, two imports, an `as`, and two calls.
    assert_eq!(uses.as_array().unwrap().len(), 6, "{uses}");
    assert!(client.end().success());
}

#[test]
fn what_is_wrong_in_a_file_that_is_imported_is_shown_there() {
    let (_folder, uri) = folder(&[("parts.pot", "twice(x) = 2*\n"), ("root.pot", ROOT)]);
    let (root, parts) = (uri("root.pot"), uri("parts.pot"));
    let mut client = Client::start();
    client.initialize();
    client.open(&root, ROOT);
    let found = client.diagnostics(&parts, None);
    assert_eq!(found[0]["code"], "missing-expression");
    assert_eq!(client.diagnostics(&root, Some(1)), Vec::<Value>::new());
    // It is open now, and the text in the editor counts: the program that imports it is right.
    client.open(&parts, PARTS);
    assert_eq!(client.diagnostics(&parts, Some(1)), Vec::<Value>::new());
    let change = json!({
        "textDocument": { "uri": parts, "version": 2 },
        "contentChanges": [{ "text": "thrice(x) = 3*x\n" }],
    });
    client.notify("textDocument/didChange", change);
    let found = client.wait("diagnostics of the root", |message| {
        message["params"]["uri"] == root
            && message["params"]["diagnostics"][0]["code"] == "unknown-name"
    });
    let message = found["params"]["diagnostics"][0]["message"]
        .as_str()
        .unwrap();
    assert!(message.contains("does not define `twice`"), "{message}");
    assert!(client.end().success());
}

#[test]
fn nonsense_is_answered_and_the_conversation_goes_on() {
    let mut client = Client::start();
    let early = client.answer("textDocument/hover", json!({}));
    assert_eq!(early["error"]["code"], -32002);
    client.initialize();
    client.raw(b"Content-Length: 9\r\n\r\n{nonsense");
    let answer = client.wait("parse error", |message| message["error"]["code"] == -32700);
    assert!(answer["id"].is_null());
    client.raw(b"no header\r\nContent-Length: 2\r\nContent-Type: x\r\n\r\n[]");
    client.wait("no message", |message| message["error"]["code"] == -32600);
    client.raw(b"Content-Length: -3\r\n\r\n\xff\xfe\r\n");
    let unknown = client.answer("no/such", json!({}));
    assert_eq!(unknown["error"]["code"], -32601);
    let wrong = client.answer("textDocument/hover", json!({ "position": 3 }));
    assert_eq!(wrong["error"]["code"], -32602);
    let closed = client.answer(
        "textDocument/hover",
        json!({ "textDocument": { "uri": "file:///x.pot" }, "position": { "line": 0, "character": 0 } }),
    );
    assert_eq!(closed["error"]["code"], -32602);
    client.notify("no/such", json!({}));
    client.notify("textDocument/didChange", json!({ "nothing": 1 }));
    client.notify("$/setTrace", json!({ "value": "off" }));
    client.open("untitled:Untitled-1", "V(q) = q^^2");
    assert_eq!(client.diagnostics("untitled:Untitled-1", Some(1)).len(), 1);
    assert!(client.end().success());
}

#[test]
fn a_client_that_goes_without_a_word_leaves_no_server() {
    let mut client = Client::start();
    client.initialize();
    client.open("untitled:a", "V(q) = q");
    client.input = None;
    assert!(client.child.wait().unwrap().success());
    // One that exits without a shutdown is told by the exit code, as the protocol asks.
    let mut client = Client::start();
    client.initialize();
    client.notify("exit", Value::Null);
    assert_eq!(client.child.wait().unwrap().code(), Some(1));
}

/// No files.
struct Nothing;

impl Disk for Nothing {
    fn loader(&self, _: &Path) -> Box<dyn Loader + Send> {
        Box::new(NoFiles)
    }

    fn programs(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }
}

fn message(value: Value) -> Message {
    serde_json::from_value(value).unwrap()
}

fn ready() -> Server {
    let mut server = Server::new(Box::new(Nothing));
    let params = json!({ "capabilities": {} });
    server.handle(message(
        json!({ "id": 0, "method": "initialize", "params": params }),
    ));
    server
}

fn open(server: &mut Server, uri: &str, text: &str) {
    let document = json!({ "uri": uri, "languageId": "pot", "version": 1, "text": text });
    let params = json!({ "textDocument": document });
    server.handle(message(
        json!({ "method": "textDocument/didOpen", "params": params }),
    ));
}

/// Checks all that is to be checked.
fn settle(server: &mut Server) -> Vec<Message> {
    let mut sent = Vec::new();
    while let Some(job) = server.job() {
        let outcome = job.run();
        sent.extend(server.finish(outcome));
    }
    sent
}

/// Every question that is about a place, at one.
fn everything(server: &mut Server, uri: &str, line: usize, character: usize) {
    for method in [
        "hover",
        "completion",
        "signatureHelp",
        "definition",
        "references",
        "documentHighlight",
        "prepareRename",
        "rename",
    ] {
        let params = json!({
            "textDocument": { "uri": uri }, "position": { "line": line, "character": character },
            "context": { "includeDeclaration": true, "triggerKind": 1, "isRetrigger": false },
            "newName": "fresh",
        });
        let method = format!("textDocument/{method}");
        let answer = server.handle(message(
            json!({ "id": 1, "method": method, "params": params }),
        ));
        let answer = serde_json::to_value(&answer[0]).unwrap();
        // A name that cannot be changed is refused; nothing else is.
        let refused = answer["error"]["code"] == -32803;
        assert!(answer["error"].is_null() || refused, "{method} {answer}");
    }
    for method in ["documentSymbol", "formatting", "semanticTokens/full"] {
        let params = json!({
            "textDocument": { "uri": uri }, "options": { "tabSize": 2, "insertSpaces": true }
        });
        let method = format!("textDocument/{method}");
        let answer = server.handle(message(
            json!({ "id": 1, "method": method, "params": params }),
        ));
        assert!(serde_json::to_value(&answer[0]).unwrap()["error"].is_null());
    }
}

/// All examples, right and wrong, and the library.
fn texts() -> Vec<(String, String)> {
    let modules = library().map(|(name, text)| (name, text.to_owned()));
    let mut texts: Vec<(String, String)> = modules.collect();
    let mut open = vec![PathBuf::from("examples")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "pot") {
                let text = std::fs::read(&path).unwrap();
                let text = String::from_utf8_lossy(&text).into_owned();
                texts.push((path.display().to_string(), text));
            }
        }
    }
    texts.sort();
    texts
}

#[test]
fn no_cut_of_any_file_ends_the_server() {
    let mut server = ready();
    let (mut cuts, uri) = (0, "untitled:cut");
    for (at, (_, text)) in texts().into_iter().enumerate() {
        let ends: Vec<usize> = text.char_indices().map(|(end, _)| end).collect();
        // Different places in each file, and always the whole.
        let step = (ends.len() / 9).max(1);
        let ends = ends
            .iter()
            .copied()
            .skip(at % step)
            .step_by(step)
            .chain([text.len()]);
        for end in ends {
            open(&mut server, uri, &text[..end]);
            settle(&mut server);
            let lines: Vec<&str> = text[..end].split('\n').collect();
            let last = lines.len() - 1;
            everything(&mut server, uri, last, lines[last].encode_utf16().count());
            everything(&mut server, uri, last / 2, cuts % 17);
            cuts += 1;
        }
    }
    assert!(cuts > 1000, "{cuts}");
}

#[test]
fn a_long_formula_and_deep_brackets_are_answered() {
    let mut server = ready();
    for text in [
        "(".repeat(50_000),
        format!("V(q) = {}", "sin(q) + ".repeat(20_000)),
        "{\n".repeat(9_000),
        "for in ".repeat(9_000),
    ] {
        open(&mut server, "untitled:long", &text);
        settle(&mut server);
        everything(&mut server, "untitled:long", 0, 40);
    }
}

/// Positions are those of UTF-16, whatever stands before them, and changes come one after another.
#[test]
fn changes_are_made_where_the_client_sees_them() {
    let mut server = ready();
    let uri = "untitled:a";
    open(&mut server, uri, "# 😀 ε\r\nε = 1 # 😀😀\r\nV(q) = ε*q\r\n");
    let change = |from: (u32, u32), to: (u32, u32), text: &str| {
        json!({ "range": {
            "start": { "line": from.0, "character": from.1 },
            "end": { "line": to.0, "character": to.1 } }, "text": text })
    };
    let changes = json!([
        change((1, 4), (1, 5), "2"),
        change((1, 11), (1, 12), "ζζ\r\nδ = 3"),
        change((3, 10), (3, 10), " + δ"),
        change((0, 2), (0, 4), ""),
    ]);
    let params = json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": changes });
    server.handle(message(
        json!({ "method": "textDocument/didChange", "params": params }),
    ));
    let sent = serde_json::to_value(settle(&mut server)).unwrap();
    assert_eq!(sent[0]["params"]["diagnostics"], json!([]), "{sent}");
    let hover = |server: &mut Server, line: u32, character: u32| {
        let params = json!({
            "textDocument": { "uri": uri }, "position": { "line": line, "character": character } });
        let asked = json!({ "id": 1, "method": "textDocument/hover", "params": params });
        serde_json::to_value(&server.handle(message(asked))[0]).unwrap()["result"].clone()
    };
    let found = hover(&mut server, 3, 13);
    assert!(
        found["contents"]["value"]
            .as_str()
            .unwrap()
            .contains("δ\n= 3"),
        "{found}"
    );
    assert_eq!(
        found["range"]["start"],
        json!({ "line": 3, "character": 13 })
    );
    let found = hover(&mut server, 3, 7);
    assert!(
        found["contents"]["value"]
            .as_str()
            .unwrap()
            .contains("ε\n= 2"),
        "{found}"
    );
}

#[test]
fn what_was_found_of_an_older_text_is_dropped() {
    let mut server = ready();
    open(&mut server, "untitled:a", "V(q) = (");
    let stale = server.job().unwrap().run();
    let params = json!({
        "textDocument": { "uri": "untitled:a", "version": 2 }, "contentChanges": [{ "text": "V(q) = q" }]
    });
    server.handle(message(
        json!({ "method": "textDocument/didChange", "params": params }),
    ));
    assert!(server.finish(stale).is_empty());
    assert_eq!(settle(&mut server).len(), 1);
}

/// A program of a thousand lines, with everything that a program has.
fn thousand_lines() -> String {
    let mut text =
        "import std.pairs (morse)\nimport std.noise (random_noise as rough)\n".to_owned();
    for at in 0..142 {
        let before = if at == 0 {
            "q".to_owned()
        } else {
            format!("U{}(q)", at - 1)
        };
        text.push_str(&format!(
            "# Level {at}, with ε and 😀 in its comment.\nparam ε{at} = {}e-3 # small\n\
             part{at}(x, y) = {{\n  let c = cos(x/ε{at}) + morse(x, 1, 1, 1)\n  \
             sum(c*sin(k*y) for k in 1..3) + hypot(x, y)^2\n}}\n\
             U{at}(q) = {before}/2 + ε{at}*part{at}(q, {at}) + rough(q, 0.1, 0.01, {at})\n",
            at + 1
        ));
    }
    text.push_str("V(q) = U141(q)\nlearn {\n  delta = 0.5\n  compare = U0\n}\n");
    text
}

/// What a keystroke costs, as an editor sends it: the change, and the questions that follow it. The
/// limit is far above what is needed (30 ms), so that a slow machine does not fail; the numbers are
/// printed, and `cargo test --release --test lsp keystroke -- --nocapture` is what counts.
#[test]
fn a_keystroke_in_a_thousand_lines_is_answered_soon() {
    let text = thousand_lines();
    assert_eq!(text.lines().count(), 1001);
    let (mut server, uri) = (ready(), "untitled:long");
    open(&mut server, uri, &text);
    let start = Instant::now();
    let sent = serde_json::to_value(settle(&mut server)).unwrap();
    eprintln!(
        "the check of a thousand lines: {:.1} ms",
        start.elapsed().as_secs_f64() * 1e3
    );
    assert_eq!(sent[0]["params"]["diagnostics"], json!([]));
    let mut times: Vec<(f64, &str)> = Vec::new();
    for (at, c) in " + ε5*sin(q/2) + part7(q, ".chars().enumerate() {
        let line = text.lines().count() / 2 + 2;
        let place = text.lines().nth(line).unwrap().encode_utf16().count() + at;
        let here = json!({ "line": line, "character": place });
        let mut take = |name, value: Value| {
            let start = Instant::now();
            let answer = server.handle(message(value));
            times.push((start.elapsed().as_secs_f64() * 1e3, name));
            answer
        };
        let change = json!({ "range": { "start": here, "end": here }, "text": c.to_string() });
        let params = json!({
            "textDocument": { "uri": uri, "version": at + 2 }, "contentChanges": [change] });
        take(
            "change",
            json!({ "method": "textDocument/didChange", "params": params }),
        );
        let after = json!({ "line": line, "character": place + 1 });
        let params = json!({ "textDocument": { "uri": uri }, "position": after });
        for name in [
            "completion",
            "signatureHelp",
            "documentHighlight",
            "hover",
            "semanticTokens/full",
        ] {
            let method = format!("textDocument/{name}");
            let answer = take(name, json!({ "id": 1, "method": method, "params": params }));
            assert!(serde_json::to_value(&answer[0]).unwrap()["error"].is_null());
        }
    }
    let worst = times.iter().max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    eprintln!(
        "the slowest answer to a keystroke: {} in {:.1} ms",
        worst.1, worst.0
    );
    for name in ["change", "completion", "hover", "semanticTokens/full"] {
        let mut of: Vec<f64> = times.iter().filter(|t| t.1 == name).map(|t| t.0).collect();
        of.sort_by(f64::total_cmp);
        eprintln!("{name}: median {:.2} ms", of[of.len() / 2]);
    }
    assert!(worst.0 < 3000.0, "{worst:?}");
}
