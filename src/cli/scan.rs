//! `scan`: the scales of a potential, and the steps that remove them.

use super::Exit;
use super::arguments::Scan;
use super::console::Console;
use super::learn::{command_line, failed, watched};
use super::results::{ResultsFolder, with_pngs};
use crate::report::picture::Picture;
use crate::report::scanned::{page, pictures};
use crate::session::{self, Hooks, Job, Options, Scanned};

/// Scans a potential.
pub fn scan(arguments: &Scan) -> Exit {
    let console = Console::new(&arguments.shared);
    run(&console, arguments).unwrap_or_else(|exit| exit)
}

fn run(console: &Console<'_>, arguments: &Scan) -> Result<Exit, Exit> {
    let loaded = console.load(&arguments.file)?;
    let options = arguments
        .options()
        .of_program(&loaded.program)
        .map_err(|problems: Vec<_>| console.diagnose(&problems, &loaded.sources, Exit::Failed))?;
    let threads = arguments.processor.take();
    let job = Job {
        sources: &loaded.sources,
        root: loaded.root,
        program: &loaded.program,
        potential: arguments.shared.potential.as_deref(),
        set: &arguments.shared.set,
        options: Options::default(),
        command: "",
        threads,
    };
    let folder = match &arguments.output {
        Some(path) => ResultsFolder::prepare(Some(path), "scan", arguments.force).map(Some),
        None => Ok(None),
    };
    let folder = folder.map_err(|error| console.file_error(&error))?;
    let look = |hooks: &Hooks<'_>| session::scan(&job, &options, hooks);
    let scanned = watched(threads, arguments.shared.printing.quiet, look)
        .map_err(|failure| failed(console, &loaded, failure))?;
    if let Some(folder) = folder {
        let source = &loaded.sources.get(loaded.root).text;
        let files = files(console, arguments, &scanned, source);
        let place = folder.write(&files);
        place.map_err(|error| console.file_error(&error))?;
    }
    console.remark(&scanned.diagnostics, &loaded.sources);
    let name = arguments.file.display().to_string();
    let text = match arguments.shared.printing.json {
        true => scanned.result.to_json().unwrap_or_default(),
        false => scanned.result.summary(&name),
    };
    Ok(match console.print(&text) {
        Exit::Good if scanned.interrupted => Exit::Interrupted,
        Exit::Good if scanned.result.windows.is_empty() => Exit::NotTrusted,
        exit => exit,
    })
}

fn files(
    console: &Console<'_>,
    arguments: &Scan,
    scanned: &Scanned,
    source: &str,
) -> Vec<(String, Vec<u8>)> {
    let result = &scanned.result;
    let json = result.to_json().unwrap_or_default();
    let name = arguments.file.display().to_string();
    let page = page(result, &name, source, &command_line());
    let mut files = vec![
        ("scan.json".to_owned(), json.into_bytes()),
        ("report.html".to_owned(), page.into_bytes()),
    ];
    let pictures = pictures(result);
    files.extend(pictures.iter().map(Picture::file));
    with_pngs(console, files, &pictures, arguments.png)
}
