//! What a run leaves behind: the data, the arrays, the summary, the figure and the page.

#[path = "report/sample.rs"]
mod sample;

use effpot_lang::report::figure::figure;
use effpot_lang::report::kuva::Kuva;
use effpot_lang::report::plot::Plotter;

/// Leaves a file where a person may look at it.
fn keep(name: &str, text: &str) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join(name), text).unwrap();
}

#[test]
fn figures() {
    keep("quadratic.svg", &Kuva.svg(&figure(&sample::quadratic())));
    keep(
        "double-well.svg",
        &Kuva.svg(&figure(&sample::double_well())),
    );
}
