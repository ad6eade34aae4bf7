//! `lsp`: the language server over standard input and output.

use std::io::{self, BufRead, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use clap::Args;
use lsp_server::Message;
use serde_json::json;

use super::Exit;
use super::arguments::Shared;
use super::console::Console;
use super::files::Folder;
use crate::check::Loader;
use crate::lsp::{Disk, Inbox, Job, Next, Outcome, Server};

/// `lsp`.
#[derive(Args, Debug)]
pub struct Lsp {
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// The longest message that is read, in bytes.
const LONGEST: usize = 256 << 20;

/// `lsp`.
pub fn lsp(arguments: &Lsp) -> Exit {
    let (sender, events) = channel();
    let (jobs, work) = channel();
    let results = sender.clone();
    let threads = [
        thread::Builder::new().spawn(move || read(&sender)),
        thread::Builder::new().spawn(move || check(&work, &results)),
    ];
    if threads.iter().any(Result::is_err) {
        let console = Console::new(&arguments.shared);
        let message = "no thread could be started".to_owned();
        return console.file_error(&super::files::FileError(message));
    }
    let files = Files(arguments.shared.allow_path.clone());
    match converse(&events, &jobs, files) {
        Ok(true) => Exit::Good,
        Ok(false) => Exit::Failed,
        // Nobody is listening any more.
        Err(_) => Exit::Good,
    }
}

/// What happens to the server.
enum Event {
    Message(Message),
    /// What was read is no message: why.
    Malformed(i32, String),
    Done(Box<Outcome>),
    /// Nothing more will be read.
    End,
}

/// Answers until the conversation is over; whether it ended as it should.
fn converse(events: &Receiver<Event>, jobs: &Sender<Job>, files: Files) -> io::Result<bool> {
    let mut server = Server::new(Box::new(files));
    let mut inbox = Inbox::default();
    let (mut busy, mut ended) = (false, false);
    loop {
        // A program is checked when nothing more was typed.
        if inbox.is_empty()
            && !busy
            && let Some(job) = server.job()
        {
            busy = jobs.send(job).is_ok();
        }
        let event = match inbox.is_empty() && (busy || !ended) {
            true => events.recv().ok(),
            false => events.try_recv().ok(),
        };
        match event {
            Some(Event::Message(message)) => inbox.push(message),
            Some(Event::Malformed(code, why)) => complain(code, &why)?,
            Some(Event::Done(outcome)) => {
                busy = false;
                send(server.finish(*outcome))?;
            }
            Some(Event::End) => ended = true,
            None => match inbox.pop() {
                Some(Next::Handle(message)) => send(server.handle(message))?,
                Some(Next::Send(message)) => send(vec![message])?,
                // The client has gone without a word.
                None => return Ok(true),
            },
        }
        if let Some(well) = server.is_over() {
            return Ok(well);
        }
    }
}

fn send(messages: Vec<Message>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    messages
        .iter()
        .try_for_each(|message| message.write(&mut out))
}

/// An answer to what is no message, which has no number.
fn complain(code: i32, why: &str) -> io::Result<()> {
    let error = json!({ "code": code, "message": why });
    let answer = json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string();
    let mut out = io::stdout().lock();
    write!(out, "Content-Length: {}\r\n\r\n{answer}", answer.len())?;
    out.flush()
}

/// Runs jobs, one after the other.
fn check(jobs: &Receiver<Job>, results: &Sender<Event>) {
    for job in jobs {
        if results.send(Event::Done(Box::new(job.run()))).is_err() {
            return;
        }
    }
}

/// Reads messages to the end of standard input.
fn read(events: &Sender<Event>) {
    let mut input = io::stdin().lock();
    loop {
        let event = match body(&mut input) {
            Ok(Some(bytes)) => message(&bytes),
            Ok(None) | Err(_) => Event::End,
        };
        let ended = matches!(event, Event::End);
        if events.send(event).is_err() || ended {
            return;
        }
    }
}

fn message(bytes: &[u8]) -> Event {
    const PARSE_ERROR: i32 = -32700;
    const INVALID_REQUEST: i32 = -32600;
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Err(error) => Event::Malformed(PARSE_ERROR, error.to_string()),
        Ok(value) => match serde_json::from_value(value) {
            Ok(message) => Event::Message(message),
            Err(_) => Event::Malformed(INVALID_REQUEST, "this is no message".to_owned()),
        },
    }
}

/// The next body of a message; none at the end. Lines that are no header are skipped.
fn body(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length: Option<usize> = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.by_ref().take(1 << 16).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let header = String::from_utf8_lossy(&line);
        let header = header.trim_end();
        if !header.is_empty() {
            let field = header.split_once(':');
            let field = field.filter(|(name, _)| name.eq_ignore_ascii_case("Content-Length"));
            length = field
                .and_then(|(_, value)| value.trim().parse().ok())
                .or(length);
        } else if let Some(length) = length.take() {
            return read_exactly(input, length).map(Some);
        }
    }
}

/// So many bytes, or what there is. Only what comes is kept, whatever was announced.
fn read_exactly(input: &mut impl BufRead, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let kept = length.min(LONGEST);
    input.by_ref().take(kept as u64).read_to_end(&mut bytes)?;
    let rest = (length - kept) as u64;
    io::copy(&mut input.by_ref().take(rest), &mut io::sink())?;
    Ok(bytes)
}

/// The disk of this machine, and the folders that may be read beside those of programs.
struct Files(Vec<PathBuf>);

impl Disk for Files {
    fn loader(&self, program: &Path) -> Box<dyn Loader + Send> {
        Box::new(Folder::of(program).with(&self.0))
    }

    fn programs(&self, folder: &Path) -> Vec<PathBuf> {
        /// More files than these are not looked into.
        const MOST: usize = 1000;
        const DEEPEST: usize = 8;
        let mut open = vec![(folder.to_owned(), 0)];
        let (mut found, mut seen) = (Vec::new(), 0);
        while let Some((folder, depth)) = open.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                seen += 1;
                let path = entry.path();
                let hidden = entry.file_name().to_string_lossy().starts_with('.');
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if is_folder && !hidden && depth < DEEPEST {
                    open.push((path, depth + 1));
                } else if path.extension().is_some_and(|ending| ending == "pot") {
                    found.push(path);
                }
            }
            if seen > MOST * 20 || found.len() > MOST {
                break;
            }
        }
        found.sort();
        found
    }
}
