//! `plot`: a potential as curves, maps and sections, on paper or in the terminal.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use super::arguments::Shared;
use super::console::{Console, Loaded};
use super::files::{FileError, read_text};
use super::values::{Point, point, positive, range, whole};
use super::write;
use crate::check::suggest;
use crate::diagnostic::Diagnostic;
use crate::graph::Model;
use crate::report::number::significant;
use crate::report::portrait::Portrait;
use crate::report::terminal::{Size, Style};
use crate::session::{self, Options, PortraitOptions, Potential};

/// `plot`.
#[derive(Args, Debug)]
#[command(after_long_help = PLOT_HELP)]
pub struct Plot {
    /// The program
    pub file: PathBuf,
    /// A learned potential to draw beside it: a U.pot, or a results folder with one
    pub learned: Option<PathBuf>,
    /// Functions of the file to draw beside it
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub with: Vec<String>,
    /// The coordinates to draw along: one or two names [default: the first; both of two]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub along: Vec<String>,
    /// A point that sections go through: one number for each coordinate [default: a low one]
    #[arg(long, value_name = "Q1,Q2,..", value_parser = point, allow_hyphen_values = true)]
    pub at: Option<Point>,
    /// What to draw of a coordinate: once for each that is drawn, in order [default: where V
    /// confines, up to 2.5 times its highest barrier]
    #[arg(long, value_name = "LO..HI", value_parser = range, value_delimiter = ',', allow_hyphen_values = true)]
    pub range: Vec<(f64, f64)>,
    /// Write a picture: its name ends in .svg or .png
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace an existing picture
    #[arg(long)]
    pub force: bool,
    /// Draw in the terminal, also where the output is none
    #[arg(long)]
    pub terminal: bool,
    /// Print the numbers that are drawn, as CSV
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Width: pixels of a picture [default: 900], characters in the terminal
    #[arg(long, value_name = "N", value_parser = whole)]
    pub width: Option<u64>,
    /// Height of a row of curves: pixels [default: 300], or lines
    #[arg(long, value_name = "N", value_parser = whole)]
    pub height: Option<u64>,
    /// Dots in an inch of a PNG; 96 is one for a pixel of its width [default: 192]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub dpi: Option<f64>,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

const PLOT_HELP: &str = "\
In one coordinate: V, its derivative, and both over eight waves of the smallest structure, where
there is such. A band is what lies between the least and the greatest value within a column of
pixels. In two: maps of means over cells, with wells (o) and saddles (x), and cuts through the
lowest place. In more: sections through a low point.

  effpot-lang plot double-well.pot
  effpot-lang plot quadratic.pot quadratic-out -o quadratic.png
  effpot-lang plot cluster13.pot --along 'r[1, 1],r[1, 2]' --range -3..3 --range -3..3";

/// Lines of a drawing, and columns of one that goes to no terminal.
const LINES: usize = 20;
const COLUMNS: usize = 80;
/// Columns of a curve in a picture.
const FINE: usize = 400;
/// The widest and highest drawing, in characters and in pixels.
const LARGEST: u64 = 10_000;

/// `plot`.
pub fn plot(arguments: &Plot) -> Exit {
    let console = Console::new(&arguments.shared);
    run(&console, arguments).unwrap_or_else(|exit| exit)
}

fn run(console: &Console<'_>, arguments: &Plot) -> Result<Exit, Exit> {
    let loaded = console.load(&arguments.file)?;
    let usage = |problem: Diagnostic| console.diagnose(&[problem], &loaded.sources, Exit::Usage);
    let model = console.potential(&loaded)?;
    let mut options = options(arguments, &model).map_err(usage)?;
    let picture = match &arguments.output {
        Some(path) => Some((path, Kind::of(path).map_err(usage)?)),
        None => None,
    };
    if let Some((path, _)) = picture {
        free(path, arguments.force).map_err(|error| console.file_error(&error))?;
    }
    if let Some(result) = arguments.learned.as_deref().and_then(result_of) {
        look_where_it_learned(&result, &model, &mut options);
    }
    let potential = compiled(console, &loaded, model)?;
    let others = others(console, &loaded, arguments, &potential)?;
    // Where to start and to stay is as good for looking as for learning.
    let block = match loaded.program.block("learn").map(Options::from_block) {
        Some(Ok(block)) => block,
        Some(Err(problems)) => {
            return Err(console.diagnose(&problems, &loaded.sources, Exit::Failed));
        }
        None => Options::default(),
    };
    let mut portrait = session::portrait(&potential, &others, &options, &block)
        .map_err(|problem| console.diagnose(&[problem], &loaded.sources, Exit::Failed))?;
    if let Some(scale) = arguments
        .learned
        .as_deref()
        .and_then(result_of)
        .and_then(scale)
    {
        portrait.heading.push_str(&scale);
    }
    if let Some((path, kind)) = picture {
        let bytes = kind.draw(&portrait, arguments).map_err(|words| {
            usage(
                Diagnostic::error("picture", words)
                    .help("take a smaller --width, --height or --dpi"),
            )
        })?;
        write::whole(path, &bytes).map_err(|error| {
            let message = format!("{} cannot be written: {error}", path.display());
            console.file_error(&FileError(message))
        })?;
    }
    let text = match arguments.shared.printing.json {
        true => portrait.to_json(),
        false if arguments.csv => portrait.to_csv(),
        false if picture.is_some() && !arguments.terminal => return Ok(Exit::Good),
        false => in_terminal(console, arguments, &portrait),
    };
    Ok(console.print(&text))
}

fn options(arguments: &Plot, model: &Model) -> Result<PortraitOptions, Diagnostic> {
    let wrong = |message: String, help: String| Diagnostic::error("wrong-view", message).help(help);
    let names: Vec<&str> = model.coordinates.iter().map(|c| c.name.as_str()).collect();
    // A name such as r[1, 2] has a comma in it.
    let joined = arguments.along.join(",");
    let mut along = Vec::new();
    for name in split(&joined) {
        let plain = |text: &str| text.replace(' ', "");
        let Some(at) = names.iter().position(|known| plain(known) == plain(&name)) else {
            let near = suggest(&name, names.iter().copied());
            let help = match near {
                Some(near) => format!("did you mean {near}?"),
                None => format!("the coordinates are {}", listed(&names)),
            };
            return Err(wrong(
                format!("{} has no coordinate {name}", model.name),
                help,
            ));
        };
        if along.contains(&at) {
            return Err(wrong(
                format!("{name} is named twice"),
                "name each coordinate once".to_owned(),
            ));
        }
        along.push(at);
    }
    if along.len() > 2 {
        let message = format!("{} coordinates cannot be drawn at once", along.len());
        return Err(wrong(message, "name one or two with --along".to_owned()));
    }
    let shown = match along.len() {
        0 if names.len() == 2 => 2,
        0 => 1,
        n => n,
    };
    if names.is_empty() {
        return Err(wrong(
            format!("{} has no coordinates", model.name),
            "there is nothing to draw".to_owned(),
        ));
    }
    if arguments.range.len() > shown {
        let message = format!(
            "{} ranges for {shown} drawn coordinate{}",
            arguments.range.len(),
            if shown == 1 { "" } else { "s" }
        );
        return Err(wrong(
            message,
            "give one --range for each, in order; --along chooses them".to_owned(),
        ));
    }
    if let Some(Point(at)) = arguments.at.as_ref().filter(|at| at.0.len() != names.len()) {
        let message = format!(
            "--at needs {} numbers, one for each coordinate, not {}",
            names.len(),
            at.len()
        );
        return Err(wrong(
            message,
            format!("the coordinates are {}", listed(&names)),
        ));
    }
    for (flag, size) in [("--width", arguments.width), ("--height", arguments.height)] {
        if size.is_some_and(|size| size > LARGEST) {
            return Err(wrong(
                format!("{flag} is at most {LARGEST}"),
                "a PNG grows with --dpi".to_owned(),
            ));
        }
    }
    Ok(PortraitOptions {
        ranges: arguments.range.clone(),
        along,
        at: arguments.at.as_ref().map(|at| at.0.clone()),
        columns: FINE,
        kt: None,
    })
}

/// Names parted by commas that stand in no brackets.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in text.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            ',' if depth <= 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    let parts = parts.into_iter().map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

fn listed(names: &[&str]) -> String {
    match names {
        [first, second, .., last] if names.len() > 8 => format!("{first}, {second}, ..., {last}"),
        names => names.join(", "),
    }
}

fn compiled(console: &Console<'_>, loaded: &Loaded, model: Model) -> Result<Potential, Exit> {
    let parameters = model.parameter_values();
    Potential::compile(model, parameters).map_err(|error| {
        let problem = Diagnostic::error("not-compiled", error.to_string());
        console.diagnose(&[problem], &loaded.sources, Exit::Limit)
    })
}

/// The result beside a learned potential.
fn result_of(learned: &Path) -> Option<serde_json::Value> {
    let folder = match learned.is_dir() {
        true => learned,
        false => learned.parent().filter(|_| learned.ends_with("U.pot"))?,
    };
    let text = read_text(&folder.join("result.json")).ok()?;
    serde_json::from_str(&text).ok()
}

/// Where nobody says where to look, a result shows what its samples covered, as high as they went.
fn look_where_it_learned(result: &serde_json::Value, model: &Model, options: &mut PortraitOptions) {
    options.kt = result["scale"]["kT_learn"].as_f64();
    let shown = match options.along.as_slice() {
        [] => (0..model.coordinates.len().min(2)).collect(),
        along => along.to_vec(),
    };
    let side = |c: &usize| {
        // A period is shown whole.
        let plain = model.coordinates[*c].period.is_none();
        let ends = [0, 1].map(|k| result["effective_potential"]["domain"][c][k].as_f64());
        ends[0].zip(ends[1]).filter(|(lo, hi)| plain && lo < hi)
    };
    let sides: Option<Vec<(f64, f64)>> = shown.iter().map(side).collect();
    let few = model.coordinates.len() < 3;
    if let Some(sides) = sides.filter(|_| few && options.ranges.is_empty()) {
        options.ranges = sides;
    }
}

/// The scale of a learned potential.
fn scale(result: serde_json::Value) -> Option<String> {
    let delta = result["settings"]["delta"].as_f64()?;
    let length = result["scale"]["length"].as_f64()?;
    let [delta, length] = [delta, length].map(|x| significant(x, 3));
    Some(format!("; U at delta = {delta}, l = {length}"))
}

/// What is drawn beside the potential: functions of the file, and a learned potential.
fn others(
    console: &Console<'_>,
    loaded: &Loaded,
    arguments: &Plot,
    potential: &Potential,
) -> Result<Vec<(String, Potential)>, Exit> {
    let mut others = Vec::new();
    for name in &arguments.with {
        let mut model = loaded
            .program
            .function(name)
            .map_err(|problems| console.diagnose(&problems, &loaded.sources, Exit::Usage))?;
        for (parameter, value) in model.parameters.iter_mut().zip(&potential.parameters) {
            parameter.value = *value;
        }
        let other = compiled(console, loaded, model)?;
        fits(console, loaded, potential, &other)?;
        others.push((name.clone(), other));
    }
    if let Some(path) = &arguments.learned {
        let file = match path.is_dir() {
            true => path.join("U.pot"),
            false => path.clone(),
        };
        if path.is_dir() && !file.is_file() {
            let message = format!(
                "there is no U.pot in {}; name a results folder or a .pot file",
                path.display()
            );
            return Err(console.file_error(&FileError(message)));
        }
        let learned = console.load(&file)?;
        let model = learned
            .program
            .potential(None)
            .map_err(|problems| console.diagnose(&problems, &learned.sources, Exit::Failed))?;
        let name = match others
            .iter()
            .any(|(known, _): &(String, _)| *known == model.name)
            || model.name == potential.model.name
        {
            true => format!("{} of {}", model.name, file.display()),
            false => model.name.clone(),
        };
        let other = compiled(console, &learned, model)?;
        fits(console, loaded, potential, &other)?;
        others.push((name, other));
    }
    Ok(others)
}

fn fits(
    console: &Console<'_>,
    loaded: &Loaded,
    potential: &Potential,
    other: &Potential,
) -> Result<(), Exit> {
    let (own, its) = (potential.model.dimension(), other.model.dimension());
    if own == its {
        return Ok(());
    }
    let counted = |n: usize| format!("{n} coordinate{}", if n == 1 { "" } else { "s" });
    let message = format!(
        "{} has {} and {} has {}: they cannot be drawn together",
        potential.model.name,
        counted(own),
        other.model.name,
        counted(its)
    );
    let help = "draw functions of the same coordinates; --potential chooses the first";
    let problem = Diagnostic::error("other-coordinates", message).help(help);
    Err(console.diagnose(&[problem], &loaded.sources, Exit::Usage))
}

/// The kind of a picture.
#[derive(Clone, Copy)]
enum Kind {
    Svg,
    Png,
}

impl Kind {
    fn of(path: &Path) -> Result<Kind, Diagnostic> {
        let ending = path
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        match ending.as_str() {
            "svg" => Ok(Kind::Svg),
            "png" => Ok(Kind::Png),
            _ => {
                let message = match ending.is_empty() {
                    true => format!(
                        "{} has no ending that says what picture it is",
                        path.display()
                    ),
                    false => format!("pictures of the kind .{ending} are not written"),
                };
                Err(Diagnostic::error("picture", message).help("end the name in .svg or .png"))
            }
        }
    }

    fn draw(self, portrait: &Portrait, arguments: &Plot) -> Result<Vec<u8>, String> {
        let width = arguments.width.unwrap_or(900).max(200) as f64;
        let height = arguments.height.unwrap_or(300).max(120) as f64;
        match self {
            Kind::Svg => Ok(portrait.svg(width, height).into_bytes()),
            Kind::Png => portrait.png(width, height, arguments.dpi.unwrap_or(192.0) / 96.0),
        }
    }
}

/// Whether a picture may be written there.
fn free(path: &Path, force: bool) -> Result<(), FileError> {
    let shown = path.display();
    if path.is_dir() {
        return Err(FileError(format!(
            "{shown} is a folder; name a file with -o"
        )));
    }
    if path.exists() && !force {
        return Err(FileError(format!(
            "{shown} exists already; add --force to replace it"
        )));
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(FileError(format!(
            "there is no folder {}",
            folder.display()
        ))),
        _ => Ok(()),
    }
}

fn in_terminal(console: &Console<'_>, arguments: &Plot, portrait: &Portrait) -> String {
    let size = Size {
        columns: arguments.width.map_or_else(columns, |n| n as usize),
        rows: arguments.height.map_or(LINES, |n| n as usize),
    };
    let style = Style {
        colour: console.colours_output(),
        unicode: unicode(),
    };
    let words = portrait.words.iter().map(|words| words.clone() + "\n");
    format!(
        "{}\n\n{}\n{}",
        portrait.heading,
        portrait.text(size, style),
        words.collect::<String>()
    )
}

/// The width of the terminal.
fn columns() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|n| n.parse().ok());
    let asked = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let asked = || asked().filter(|_| std::io::stdout().is_terminal());
    told.or_else(asked)
        .filter(|n| *n >= 20)
        .unwrap_or(COLUMNS)
        .min(200)
}

/// Whether the terminal shows Unicode, by its locale.
fn unicode() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.is_none_or(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
