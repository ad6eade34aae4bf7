//! `check`.

use std::collections::HashSet;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::Exit;
use super::arguments::Shared;
use super::console::{Console, Loaded, objects};
use super::eval::{json_number, plain};
use crate::diagnostic::Diagnostic;
use crate::graph::{Model, Op};
use crate::report::summary::coordinates;
use crate::session::{Chosen, Options, Potential, foresee, terms};

/// `check`.
#[derive(Args, Debug)]
pub struct Check {
    /// The program
    pub file: PathBuf,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// So many coordinates need not be counted for the reader.
const FEW: usize = 6;
/// Parameters that are shown; JSON has them all.
const MOST_PARAMETERS: usize = 50;

/// `check`.
pub fn check(arguments: &Check) -> Exit {
    let console = Console::new(&arguments.shared);
    describe(&console, arguments).unwrap_or_else(|exit| exit)
}

fn describe(console: &Console<'_>, arguments: &Check) -> Result<Exit, Exit> {
    let loaded = console.load(&arguments.file)?;
    let model = console.potential(&loaded)?;
    let options = match loaded.program.block("learn") {
        Some(block) => Options::from_block(block)
            .map_err(|problems| console.diagnose(&problems, &loaded.sources, Exit::Failed))?,
        None => Options::default(),
    };
    let mut warnings = forewarned(&loaded, &model, &options);
    let names = model.coordinates.iter().map(|c| c.name.clone());
    let names: Vec<String> = names.collect();
    let (graph, roots) = model.value_and_gradient();
    let terms = terms(&graph, roots[0]).len();
    if arguments.shared.printing.json {
        warnings.splice(0..0, loaded.program.warnings.iter().cloned());
        let parameters: serde_json::Map<String, serde_json::Value> = model
            .parameters
            .iter()
            .map(|p| (p.name.clone(), json_number(p.value)))
            .collect();
        let object = json!({
            "potential": model.name,
            "variables": names,
            "params": parameters,
            "terms": terms,
            "nodes": graph.len(),
            "warnings": objects(&warnings, &loaded.sources),
        });
        return Ok(console.print(&format!("{object:#}\n")));
    }
    console.remark(&warnings, &loaded.sources);
    let shown = model.parameters.iter().take(MOST_PARAMETERS);
    let shown = shown.map(|p| format!("{} = {}", p.name, plain(p.value)));
    let mut parameters: Vec<String> = shown.collect();
    let rest = model.parameters.len() - parameters.len();
    if rest > 0 {
        parameters.push(format!("... and {rest} more"));
    }
    let mut text = format!(
        "{}   {}({}), {}{terms} term{}, {} operations with its gradient\n",
        arguments.file.display(),
        model.name,
        coordinates(&names),
        match names.len() > FEW {
            true => format!("{} coordinates, ", names.len()),
            false => String::new(),
        },
        if terms == 1 { "" } else { "s" },
        graph.len(),
    );
    if !parameters.is_empty() {
        text.push_str(&format!("params   {}\n", parameters.join(", ")));
    }
    Ok(console.print(&text))
}

/// What is to be said of a program before it is run: what nothing uses, and what a look at the
/// potential shows.
pub(super) fn forewarned(loaded: &Loaded, model: &Model, options: &Options) -> Vec<Diagnostic> {
    let mut used = vec![model.name.as_str()];
    used.extend(options.compare.as_deref());
    if let Some(Chosen::Candidates(names)) = &options.terms {
        used.extend(names.iter().map(String::as_str));
    }
    let mut warnings = loaded.program.unused(&used);
    warnings.extend(unused_coordinates(model));
    let values = model.parameter_values();
    // What cannot be compiled the run itself will say.
    if let Ok(potential) = Potential::compile(model.clone(), values) {
        warnings.extend(foresee(&potential, options));
    }
    warnings
}

/// Coordinates that the potential does not depend on: a formula in another letter, which is that of
/// a parameter, is easily written.
fn unused_coordinates(model: &Model) -> Option<Diagnostic> {
    let used: HashSet<u32> = model
        .graph
        .schedule(&[model.value])
        .into_iter()
        .filter_map(|node| match model.graph.op(node) {
            Op::Input(input) => Some(input),
            _ => None,
        })
        .collect();
    let names = model.coordinates.iter().map(|c| c.name.as_str());
    let unused = (0u32..).zip(names).filter(|(at, _)| !used.contains(at));
    let mut unused: Vec<&str> = unused.map(|(_, name)| name).collect();
    let rest = unused.len().saturating_sub(4);
    unused.truncate(4);
    let message = format!(
        "{} does not depend on its coordinate{} {}{}",
        model.name,
        if unused.len() == 1 { "" } else { "s" },
        unused.join(", "),
        match rest {
            0 => String::new(),
            rest => format!(", nor on {rest} more"),
        }
    );
    let help = match unused.first() {
        Some(first) => format!("write the formula in {first}, or leave {first} out of its head"),
        None => return None,
    };
    Some(Diagnostic::warning("unused", message).help(help))
}
