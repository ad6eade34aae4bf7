//! The figures of Li & Tao 2024 made again, from the programs of its tests and with what everybody
//! runs: learning, comparing, drawing.

mod dynamics;
mod planes;
mod potentials;
mod runs;

use super::job::Failure;
use super::{Hooks, Progress};
use crate::report::kuva::Kuva;
use crate::report::paper::{PaperFigure, figure};
use crate::report::plot::{Panel, Plotter};
use runs::Runs;

/// How many figures the paper has.
pub const FIGURES: u32 = 10;

/// What was asked for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PaperOptions {
    /// Whether to take fewer steps than the paper.
    pub quick: bool,
    /// Steps of each learning run, if neither those of the paper nor fewer.
    pub steps: Option<u64>,
    /// Trajectories of each ensemble, if not those of the paper.
    pub trajectories: Option<u64>,
    /// The seed.
    pub seed: Option<u64>,
}

/// A figure that was made.
pub struct PaperMade {
    /// What was found.
    pub result: PaperFigure,
    /// The files of its folder.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Makes a figure of the paper, from 1 to [`FIGURES`].
///
/// # Errors
/// A run behind it fails, or all of it was interrupted.
pub fn paper_figure(
    number: u32,
    options: &PaperOptions,
    threads: usize,
    hooks: &Hooks<'_>,
) -> Result<PaperMade, Failure> {
    let stage = STAGES[(number.clamp(1, FIGURES) - 1) as usize];
    let begun = (hooks.seconds)();
    let progress = |inner: Progress| (hooks.progress)(Progress { stage, ..inner });
    let named = Hooks {
        progress: &progress,
        ..*hooks
    };
    let mut runs = Runs::new(options, threads, &named);
    let (title, panels) = match number {
        1 => potentials::three_scales(&mut runs)?,
        2 => potentials::quadratic(&mut runs)?,
        3 => dynamics::quadratic(&mut runs)?,
        4 => potentials::double_well(&mut runs)?,
        5 => dynamics::double_well(&mut runs)?,
        6 => potentials::truncations(&mut runs)?,
        7 => potentials::continuum(&mut runs)?,
        8 => dynamics::continuum(&mut runs)?,
        9 => planes::sheared(&mut runs)?,
        _ => planes::muller_brown(&mut runs)?,
    };
    let mut files = runs.files;
    if !panels.is_empty() {
        let svg = Kuva.svg(&figure(panels)).into_bytes();
        files.push(("figure.svg".to_owned(), svg));
    }
    Ok(PaperMade {
        result: PaperFigure {
            number,
            title: title.to_owned(),
            findings: runs.findings,
            verdicts: runs.verdicts,
            seconds: (hooks.seconds)() - begun,
        },
        files,
    })
}

/// A title and the panels below it.
type Shown = (&'static str, Vec<Panel>);

const STAGES: [&str; FIGURES as usize] = [
    "figure 1",
    "figure 2",
    "figure 3",
    "figure 4",
    "figure 5",
    "figure 6",
    "figure 7",
    "figure 8",
    "figure 9",
    "figure 10",
];
