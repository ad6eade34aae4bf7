//! C: compiled without warnings, and run.

use std::process::Command;

use effpot_lang::export::Target;

use super::programs::{Program, all};
use super::tools::{need, program, rows, run, table};
use super::{assert_agree, exported, values};

/// Reads points, and prints value, gradient and the value alone.
fn main_of(program: &Program) -> String {
    let (f, d) = (&program.model.name, program.model.dimension());
    let null = if program.model.parameters.is_empty() {
        ""
    } else {
        ", NULL"
    };
    format!(
        "#include <stdio.h>\n#include \"potential.c\"\nint main(void)\n{{\n    double x[{d}], g[{d}], h[{d}];\n    \
         for (;;) {{\n        for (int i = 0; i < {d}; i++)\n            if (scanf(\"%lf\", &x[i]) != 1)\n                return 0;\n        \
         const double v = {f}_value_and_gradient(x, g{null});\n        {f}_gradient(x, h{null});\n        \
         printf(\"%.17g %.17g\", {f}(x{null}), v);\n        \
         for (int i = 0; i < {d}; i++)\n            printf(\" %.17g %.17g\", g[i], h[i]);\n        \
         printf(\"\\n\");\n    }}\n}}\n"
    )
}

#[test]
fn c_compiles_without_warnings_and_agrees_at_random_points() {
    let Some(gcc) = need(program("gcc"), "gcc") else {
        return;
    };
    let folder = tempfile::TempDir::new().unwrap();
    for program in all() {
        let path = folder.path().join(&program.name);
        std::fs::create_dir(&path).unwrap();
        let text = exported(&program.model, Target::C, true);
        std::fs::write(path.join("potential.c"), text).unwrap();
        std::fs::write(path.join("main.c"), main_of(&program)).unwrap();
        run(Command::new(&gcc)
            .args([
                "-std=c99",
                "-O1",
                "-Wall",
                "-Wextra",
                "-pedantic",
                "-Werror",
            ])
            .args(["-ffp-contract=off", "main.c", "-o", "main", "-lm"])
            .current_dir(&path));
        std::fs::write(path.join("points"), table(&program.points)).unwrap();
        let points = std::fs::File::open(path.join("points")).unwrap();
        let out = run(Command::new(path.join("main")).stdin(points));
        let known = values(&program.model, &program.points);
        let found = rows(&out);
        for half in 0..2 {
            // Both ways to ask for each number.
            let one = |row: &Vec<f64>| row.iter().skip(half).step_by(2).copied().collect();
            let found: Vec<Vec<f64>> = found.iter().map(one).collect();
            assert_agree(&program.name, &found, &known, 1e-12);
        }
    }
}

#[test]
fn the_value_alone_needs_no_gradient() {
    for program in all() {
        let text = exported(&program.model, Target::C, false);
        assert!(!text.contains("gradient"), "{text}");
    }
}
