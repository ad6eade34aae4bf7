//! `check`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::Exit;
use super::arguments::Shared;
use super::console::Console;
use super::eval::{json_number, plain};
use crate::session::{Options, terms};

/// `check`.
#[derive(Args, Debug)]
pub struct Check {
    /// The program
    pub file: PathBuf,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// `check`.
pub fn check(arguments: &Check) -> Exit {
    let console = Console::new(&arguments.shared);
    describe(&console, arguments).unwrap_or_else(|exit| exit)
}

fn describe(console: &Console<'_>, arguments: &Check) -> Result<Exit, Exit> {
    let loaded = console.load(&arguments.file)?;
    let model = console.potential(&loaded)?;
    if let Some(block) = loaded.program.block("learn")
        && let Err(problems) = Options::from_block(block)
    {
        return Err(console.diagnose(&problems, &loaded.sources, Exit::Failed));
    }
    let coordinates: Vec<&str> = model.coordinates.iter().map(|c| c.name.as_str()).collect();
    let (graph, roots) = model.value_and_gradient();
    let terms = terms(&graph, roots[0]).len();
    if arguments.shared.json {
        let parameters: serde_json::Map<String, serde_json::Value> = model
            .parameters
            .iter()
            .map(|p| (p.name.clone(), json_number(p.value)))
            .collect();
        let object = json!({
            "potential": model.name,
            "variables": coordinates,
            "params": parameters,
            "terms": terms,
            "nodes": graph.len(),
        });
        return Ok(console.print(&format!("{object:#}\n")));
    }
    let parameters: Vec<String> = model
        .parameters
        .iter()
        .map(|p| format!("{} = {}", p.name, plain(p.value)))
        .collect();
    let mut text = format!(
        "{}   {}({}), {terms} term{}, {} operations with its gradient\n",
        arguments.file.display(),
        model.name,
        coordinates.join(", "),
        if terms == 1 { "" } else { "s" },
        graph.len(),
    );
    if !parameters.is_empty() {
        text.push_str(&format!("params   {}\n", parameters.join(", ")));
    }
    Ok(console.print(&text))
}
