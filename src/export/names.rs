//! Names that a target takes: in ASCII, none twice, no reserved word.

use std::collections::HashSet;

/// Greek letters as programs outside write them.
const GREEK: &[(char, &str)] = &[
    ('α', "alpha"),
    ('β', "beta"),
    ('γ', "gamma"),
    ('δ', "delta"),
    ('ε', "epsilon"),
    ('ϵ', "epsilon"),
    ('ζ', "zeta"),
    ('η', "eta"),
    ('θ', "theta"),
    ('ϑ', "theta"),
    ('ι', "iota"),
    ('κ', "kappa"),
    ('λ', "lambda"),
    ('μ', "mu"),
    ('µ', "mu"),
    ('ν', "nu"),
    ('ξ', "xi"),
    ('ο', "omicron"),
    ('π', "pi"),
    ('ρ', "rho"),
    ('σ', "sigma"),
    ('ς', "sigma"),
    ('τ', "tau"),
    ('υ', "upsilon"),
    ('φ', "phi"),
    ('ϕ', "phi"),
    ('χ', "chi"),
    ('ψ', "psi"),
    ('ω', "omega"),
    ('Γ', "Gamma"),
    ('Δ', "Delta"),
    ('Θ', "Theta"),
    ('Λ', "Lambda"),
    ('Ξ', "Xi"),
    ('Π', "Pi"),
    ('Σ', "Sigma"),
    ('Φ', "Phi"),
    ('Ψ', "Psi"),
    ('Ω', "Omega"),
];

/// The names that are taken in a text.
#[derive(Clone, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// Only the reserved words of the target are taken, lists of words each.
    pub(super) fn new(reserved: &[&str]) -> Names {
        let words = reserved.iter().flat_map(|list| list.split_whitespace());
        Names {
            taken: words.map(str::to_owned).collect(),
        }
    }

    /// A name that nothing else has, as near to the wanted one as may be.
    pub(super) fn claim(&mut self, wanted: &str) -> String {
        let mut name = plain(wanted);
        while !self.taken.insert(name.clone()) {
            name.push('_');
        }
        name
    }

    /// The first of `t1`, `t2`, ... from `count` on that is free; `count` moves on.
    pub(super) fn next(&mut self, stem: &str, count: &mut usize) -> String {
        loop {
            *count += 1;
            let name = format!("{stem}{count}");
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

/// A name with its signs as they are, and in ASCII.
pub(super) fn ascii(name: &str) -> String {
    let letter = |c: char| match GREEK.iter().find(|(letter, _)| *letter == c) {
        Some((_, word)) => (*word).to_owned(),
        None if c.is_ascii() => c.to_string(),
        None => format!("u{:x}", u32::from(c)),
    };
    name.chars().map(letter).collect()
}

/// A name in ASCII letters, digits and underscores: `r[1,2]` as `r_1_2`.
pub(super) fn plain(name: &str) -> String {
    let kept = ascii(name).replace([']', ' '], "");
    let mut out = kept.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    if out.starts_with(|c: char| c.is_ascii_digit()) || out.is_empty() {
        out.insert(0, '_');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Names, plain};

    #[test]
    fn names_are_plain_and_none_is_given_twice() {
        assert_eq!(plain("ε"), "epsilon");
        assert_eq!(plain("r[1,2]"), "r_1_2");
        assert_eq!(plain("landscapes.barrier"), "landscapes_barrier");
        assert_eq!(plain("жук"), "u436u443u43a");
        let mut names = Names::new(&["lambda epsilon"]);
        assert_eq!(names.claim("λ"), "lambda_");
        assert_eq!(names.claim("ε"), "epsilon_");
        assert_eq!(names.claim("epsilon"), "epsilon__");
        let mut count = 0;
        names.claim("t1");
        assert_eq!(names.next("t", &mut count), "t2");
    }
}
