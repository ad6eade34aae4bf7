//! `man`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man as Page;
use clap_mangen::roff::{Roff, bold, roman};

use super::Exit;
use super::arguments::{Cli, Shared, USAGE};
use super::console::Console;
use super::files::FileError;
use super::write;

/// `man`.
#[derive(Args, Debug)]
#[command(after_help = "effpot-lang man | man -l -     shows the page\n\
    effpot-lang man -o DIR         writes one page a command, to be put into a folder of man1")]
pub struct Man {
    /// Write one page a command into DIR
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// What the exit codes mean, as in the README.
const EXITS: [(&str, &str); 7] = [
    ("0", "good"),
    ("1", "the program or the run failed"),
    ("2", "usage"),
    ("3", "finished, but not to be trusted"),
    ("4", "input or output"),
    ("5", "a resource limit"),
    ("130", "interrupted"),
];

/// `man`: one page for the whole, or with `-o` one a command.
pub fn man(arguments: &Man) -> Exit {
    let console = Console::new(&arguments.shared);
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = &arguments.output else {
        return match page(&command) {
            Ok(page) => console.print(&String::from_utf8_lossy(&page)),
            Err(error) => console.file_error(&FileError(error.to_string())),
        };
    };
    match pages(&command, folder) {
        Ok(()) => Exit::Good,
        Err(error) => {
            let message = format!("pages cannot be written to {}: {error}", folder.display());
            console.file_error(&FileError(message))
        }
    }
}

fn pages(command: &Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    write::whole(&folder.join("effpot-lang.1"), &page(command)?)?;
    for sub in command.get_subcommands() {
        let name = format!("effpot-lang-{}", sub.get_name());
        let mut page = Vec::new();
        Page::new(sub.clone())
            .title(name.clone())
            .render(&mut page)?;
        write::whole(&folder.join(format!("{name}.1")), &page)?;
    }
    Ok(())
}

/// The page of the whole, with a section for each command.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let page = Page::new(command.clone());
    let mut out = Vec::new();
    page.render_title(&mut out)?;
    page.render_name_section(&mut out)?;
    let mut summary = Roff::new();
    summary.control("SH", ["SYNOPSIS"]);
    for (at, usage) in USAGE.iter().enumerate() {
        if at > 0 {
            summary.control("br", []);
        }
        let (program, rest) = usage.split_once(' ').unwrap_or((usage, ""));
        summary.text([bold(program), roman(format!(" {rest}"))]);
    }
    summary.to_writer(&mut out)?;
    page.render_description_section(&mut out)?;
    let mut summary = Roff::new();
    summary.control("SH", ["COMMANDS"]);
    for sub in command.get_subcommands() {
        let about = sub.get_about().map(ToString::to_string);
        summary.control("TP", []);
        summary.text([bold(sub.get_name())]);
        summary.text([roman(about.unwrap_or_default())]);
    }
    summary.to_writer(&mut out)?;
    for sub in command.get_subcommands() {
        let mut title = Roff::new();
        title.control(
            "SH",
            [format!("{} OPTIONS", sub.get_name())
                .to_uppercase()
                .as_str()],
        );
        title.to_writer(&mut out)?;
        let mut options = Vec::new();
        let sub = Page::new(sub.clone());
        sub.render_synopsis_section(&mut options)?;
        sub.render_options_section(&mut options)?;
        out.extend(below(&options));
    }
    let mut rest = Roff::new();
    rest.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in EXITS {
        rest.control("TP", []);
        rest.text([bold(code)]);
        rest.text([roman(meaning)]);
    }
    rest.control("SH", ["MESSAGES"]);
    rest.text([
        roman("Each message has a code in brackets; "),
        bold("effpot-lang explain CODE"),
        roman(" says what it means, with an example."),
    ]);
    rest.to_writer(&mut out)?;
    Ok(out)
}

/// Sections of a page as sections below another one.
fn below(page: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(page);
    let lines = text.lines().map(|line| match line.strip_prefix(".SH ") {
        Some(title) => format!(".SS {title}\n"),
        None => format!("{line}\n"),
    });
    lines.collect::<String>().into_bytes()
}
