//! What the language itself has, told to editors and prompts: its names, its library, and what a
//! run block may say.

use super::definitions::{Builtin, builtin, builtin_names};
use super::library::{LIBRARY, PREFIX};

/// A name of the language.
#[derive(Clone, PartialEq, Debug)]
pub struct LanguageName {
    /// The name.
    pub name: &'static str,
    /// How it is called, such as `atan2(y, x)`; empty for a number or a truth value.
    pub signature: String,
    /// What it is, in a line.
    pub about: &'static str,
}

/// All names of the language.
pub fn builtins() -> impl Iterator<Item = LanguageName> {
    builtin_names().filter_map(describe)
}

/// Whether the language itself means something by a name.
pub fn is_builtin(name: &str) -> bool {
    builtin(name).is_some()
}

/// What the language means by a name.
pub fn describe(name: &str) -> Option<LanguageName> {
    let found = builtin(name)?;
    let name = builtin_names().find(|known| *known == name)?;
    let signature = match found {
        // `sum` and `prod` are one thing to the checker.
        Builtin::Over => found.signature().replacen("sum", name, 1),
        _ => found.signature(),
    };
    Some(LanguageName {
        name,
        signature,
        about: about(found, name),
    })
}

fn about(found: Builtin, name: &str) -> &'static str {
    match found {
        Builtin::Function(function) => function.about(),
        Builtin::Number(_) if name == "tau" => "the circumference of the unit circle, 2*pi",
        Builtin::Number(_) => "half the circumference of the unit circle",
        Builtin::Truth(true) => "the condition that always holds",
        Builtin::Truth(false) => "the condition that never holds",
        Builtin::Over if name == "prod" => "the product over whole numbers, ends included",
        Builtin::Over => "the sum over whole numbers, ends included",
        Builtin::Diff => "the derivative by an argument, `x` or `q[i]`, of the function around it",
        Builtin::Spline => {
            "a B-spline on equal cells from lo to hi, continued as a line outside; two and three coordinates take lists for lo and hi"
        }
        Builtin::PeriodicSpline => "a B-spline on equal cells that repeats after hi - lo",
        Builtin::Dot => "the sum of the products of the components of two vectors",
        Builtin::Norm => "the length of a vector",
        Builtin::Dist => "the distance of two points",
        Builtin::Len => "how many numbers a vector has, or how many rows a table",
        Builtin::Random => "a number in (0, 1) for each whole `i`, fixed when the file is read",
        Builtin::Csv => "the table of numbers in a file beside the program",
    }
}

/// The modules of the library, such as `std.landscapes`, with their texts.
pub fn library() -> impl Iterator<Item = (String, &'static str)> {
    let modules = LIBRARY.iter();
    modules.map(|(name, text)| (format!("{PREFIX}{name}"), *text))
}

/// The run blocks, and what each is for.
pub const BLOCKS: &[(&str, &str)] = &[
    ("learn", "settings of a run; the command line wins"),
    (
        "scan",
        "settings of `scan`: `delta = lo..hi`, and those of a run",
    ),
    (
        "simulate",
        "settings of `simulate`: method, step, time, kT and others of its flags",
    ),
];

/// The domains of a coordinate, and what each is.
pub const DOMAINS: &[(&str, &str)] = &[
    ("angle", "a coordinate that repeats after 2*pi"),
    ("periodic(L)", "a coordinate that repeats after L"),
];

/// A setting of a run block.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// A value that it could have.
    pub example: &'static str,
    /// What it sets, in a line.
    pub about: &'static str,
    /// The words that may be its value.
    pub words: &'static [&'static str],
    /// Whether functions of the file may be its value.
    pub functions: bool,
}

const fn key(name: &'static str, example: &'static str, about: &'static str) -> Key {
    Key {
        name,
        example,
        about,
        words: &[],
        functions: false,
    }
}

/// What the run block of that name may set.
pub fn keys(block: &str) -> &'static [Key] {
    match block {
        "simulate" => SIMULATE_KEYS,
        _ => KEYS,
    }
}

/// What a block of a run may set. (How each is read is in `session`, by the same name.)
pub const KEYS: &[Key] = &[
    Key {
        words: &["auto"],
        ..key(
            "delta",
            "0.5",
            "the step: with the friction it sets the length below which structure disappears",
        )
    },
    key(
        "resolve",
        "0.1",
        "keep structure of this size (half a wavelength) and more: step and friction follow",
    ),
    key("gamma", "0.1", "the friction, a number"),
    key("friction", "[[2, 1], [1, 2]]", "the friction, a matrix"),
    key("mass", "[[1, 0], [0, 2]]", "the mass, a matrix"),
    Key {
        words: &["value", "force", "density", "paper", "terms", "filter"],
        ..key(
            "estimator",
            "[value, force]",
            "how U is made of the samples; the first is written as U.pot",
        )
    },
    key("steps", "1e6", "steps over all trajectories, after burn-in"),
    key("trajectories", "64", "how many trajectories there are"),
    key("burn_in", "1000", "steps of burn-in of each trajectory"),
    key("seed", "1", "the seed of all random numbers"),
    key(
        "start",
        "[0.5, 0]",
        "where to start, one number for each coordinate",
    ),
    key(
        "domain",
        "[-2..2, 0..1]",
        "where to stay, one range for each coordinate",
    ),
    key(
        "knots",
        "40",
        "cells of the spline: a whole number of them, or their width",
    ),
    Key {
        words: &["on", "off"],
        ..key(
            "restarts",
            "on",
            "whether trapped trajectories are moved on",
        )
    },
    key(
        "kT",
        "0.5",
        "the temperature of a free energy F.pot and a mobility D.pot beside U",
    ),
    key(
        "target",
        "0.001",
        "stop when the median standard error of U is below",
    ),
    Key {
        functions: true,
        ..key(
            "compare",
            "U0",
            "a function of the file that U is held against",
        )
    },
    Key {
        words: &["written", "each"],
        functions: true,
        ..key(
            "terms",
            "written",
            "what gets a weight from the estimator `terms`: terms as written, each member of their sums, or functions of the file",
        )
    },
    Key {
        words: &["residual", "probe", "stage1"],
        ..key(
            "noise",
            "probe",
            "how the covariance of the noise is measured",
        )
    },
];

/// What a `simulate` block may set.
pub const SIMULATE_KEYS: &[Key] = &[
    Key {
        words: &["hamiltonian", "langevin", "overdamped", "damped"],
        ..key("method", "langevin", "how the system moves")
    },
    Key {
        // With a hyphen it is no name.
        words: &["verlet", "\"blanes-moan\""],
        ..key(
            "integrator",
            "verlet",
            "the scheme of Hamiltonian motion: of order 2, or of order 4",
        )
    },
    key("step", "0.01", "the step, a time"),
    key("time", "100", "how long each trajectory is"),
    key("steps", "10000", "the same in steps"),
    key("kT", "1", "the temperature"),
    key("gamma", "0.1", "the friction, a number"),
    key("friction", "[[2, 1], [1, 2]]", "the friction, a matrix"),
    key("mass", "[[1, 0], [0, 2]]", "the mass, a matrix"),
    key(
        "start",
        "[0.5, 0]",
        "the mean position at the beginning, one number for each coordinate",
    ),
    key(
        "spread",
        "0.1",
        "the standard deviation of positions at the beginning",
    ),
    key(
        "momentum",
        "[1, 0]",
        "the momentum at the beginning, one number for each coordinate",
    ),
    key("trajectories", "1024", "how many trajectories there are"),
    key(
        "every",
        "10",
        "steps from one look to the next that is kept",
    ),
    key("seed", "1", "the seed of all random numbers"),
];

#[cfg(test)]
mod tests {
    use super::{builtins, describe};
    use crate::check::definitions::builtin_names;

    #[test]
    fn every_name_of_the_language_is_described() {
        let all: Vec<_> = builtins().collect();
        assert_eq!(all.len(), builtin_names().count());
        for known in &all {
            assert!(!known.about.is_empty(), "{}", known.name);
            assert!(!known.about.contains('\n') && !known.about.ends_with('.'));
            let called = known.signature.split('(').next().unwrap();
            assert!(called.is_empty() || called == known.name, "{known:?}");
        }
        assert_eq!(
            describe("prod").unwrap().signature,
            "prod(body for i in a..b)"
        );
        assert!(describe("nothing").is_none());
    }
}
