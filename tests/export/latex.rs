//! LaTeX: documents that compile.

use std::process::Command;

use effpot_lang::export::{Options, Target, export};

use super::exported;
use super::programs::all;
use super::tools::{need, program, run};

#[test]
fn latex_compiles() {
    let Some(latex) = need(program("pdflatex"), "pdflatex") else {
        return;
    };
    let folder = tempfile::TempDir::new().unwrap();
    // One document of all fragments, and one that stands alone.
    let mut body = String::new();
    for program in all() {
        for gradient in [false, true] {
            // A page for each of hundreds of components would prove no more.
            if gradient && program.model.dimension() > 10 {
                continue;
            }
            let options = Options {
                gradient,
                standalone: false,
            };
            match export(&program.model, Target::Latex, options) {
                Ok(text) => body.push_str(&format!(
                    "\\subsection*{{{}}}\n{text}\n",
                    program.name.replace('_', " ")
                )),
                Err(problem) => assert_eq!(program.name, "spline_degrees", "{problem:?}"),
            }
        }
    }
    let document = format!(
        "\\documentclass{{article}}\n\\usepackage[a4paper,margin=25mm]{{geometry}}\n\\usepackage{{amsmath}}\n\
         \\allowdisplaybreaks\n\\begin{{document}}\n\\raggedright\n{body}\\end{{document}}\n"
    );
    let alone = Options {
        gradient: false,
        standalone: true,
    };
    let alone = export(&all()[1].model, Target::Latex, alone).unwrap();
    for (name, text) in [("all", document), ("alone", alone)] {
        std::fs::write(folder.path().join(format!("{name}.tex")), text).unwrap();
        run(Command::new(&latex)
            .args(["-halt-on-error", "-interaction=nonstopmode", name])
            .current_dir(folder.path()));
        if let Some(kept) = std::env::var_os("EFFPOT_KEEP_PAGES") {
            for ending in ["pdf", "tex"] {
                let file = format!("{name}.{ending}");
                std::fs::copy(
                    folder.path().join(&file),
                    std::path::Path::new(&kept).join(file),
                )
                .unwrap();
            }
        }
        let log = std::fs::read(folder.path().join(format!("{name}.log"))).unwrap();
        let log = String::from_utf8_lossy(&log).into_owned();
        // A line that leaves the page is no line to hand in.
        let wide: Vec<&str> = log.lines().filter(|line| too_wide(line)).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
}

/// Whether a line of the log says that something is wider than the page by more than a letter.
fn too_wide(line: &str) -> bool {
    let by = line
        .strip_prefix("Overfull \\hbox (")
        .and_then(|rest| rest.split_once("pt"));
    by.is_some_and(|(by, _)| by.parse::<f64>().is_ok_and(|by| by > 6.0))
}

#[test]
fn braces_are_balanced_and_names_are_those_of_mathematics() {
    for program in all() {
        let options = Options::default();
        let Ok(text) = export(&program.model, Target::Latex, options) else {
            continue;
        };
        let count = |word: &str| text.matches(word).count();
        assert_eq!(count("\\left"), count("\\right"), "{text}");
        assert_eq!(count("{"), count("}"), "{text}");
        assert!(text.is_ascii(), "{text}");
    }
    let quadratic = all()
        .into_iter()
        .find(|p| p.name == "example_quadratic")
        .unwrap();
    let text = exported(&quadratic.model, Target::Latex, false);
    assert!(text.contains("\\varepsilon_{1}"), "{text}");
    assert!(text.contains("$\\varepsilon_{2} = 0.001$"), "{text}");
}
