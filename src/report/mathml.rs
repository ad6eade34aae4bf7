//! The LaTeX of [`crate::export`] as MathML, which a browser sets without help from elsewhere.
//!
//! Only what that printer writes is read; anything else is shown as it is written, never lost.

use super::html::escape;

/// Formulas nested deeper are shown as they are written.
const DEEPEST: usize = 150;

/// A fragment of LaTeX, displays and sentences with mathematics in them, as HTML with MathML.
pub fn of_latex(latex: &str) -> String {
    const BEGIN: &str = "\\begin{align*}";
    const END: &str = "\\end{align*}";
    let lines = latex.lines().filter(|line| !line.starts_with('%'));
    let text = lines.collect::<Vec<_>>().join("\n");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once(BEGIN) {
        sentences(&mut out, before);
        let (display, after) = after.split_once(END).unwrap_or((after, ""));
        out.push_str(&displayed(display));
        rest = after;
    }
    sentences(&mut out, rest);
    out
}

/// Paragraphs, with mathematics between dollars.
fn sentences(out: &mut String, text: &str) {
    for paragraph in text.split("\n\n").map(str::trim).filter(|p| !p.is_empty()) {
        out.push_str("<p>");
        for (at, part) in paragraph.split('$').enumerate() {
            match at % 2 {
                0 => out.push_str(&escape(part)),
                _ => {
                    let row = Reader::new(part).whole();
                    out.push_str(&format!("<math>{row}</math>"));
                }
            }
        }
        out.push_str("</p>\n");
    }
}

/// Lines that are aligned at their sign of equality.
fn displayed(text: &str) -> String {
    let rows = Reader::new(text).table(&["right", "left"]);
    format!("<div class=\"formula\"><math display=\"block\">{rows}</math></div>\n")
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Reader<'a> {
        Reader {
            rest: text,
            depth: 0,
        }
    }

    /// All of it as one row.
    fn whole(&mut self) -> String {
        let mut out = String::new();
        while !self.rest.is_empty() {
            out.push_str(&self.row());
            // What ends a row has no meaning out here.
            if let Some(c) = self.rest.chars().next() {
                self.rest = &self.rest[c.len_utf8()..];
            }
        }
        format!("<mrow>{out}</mrow>")
    }

    /// Rows of cells up to the end or `\end`.
    fn table(&mut self, sides: &[&str]) -> String {
        let mut out = String::from("<mtable displaystyle=\"true\">");
        loop {
            out.push_str("<mtr>");
            for (column, side) in sides.iter().enumerate() {
                let cell = self.row();
                out.push_str(&format!(
                    "<mtd style=\"text-align:{side}\" columnalign=\"{side}\"><mrow>{cell}</mrow></mtd>"
                ));
                if column + 1 < sides.len() && !self.take("&") {
                    break;
                }
            }
            out.push_str("</mtr>");
            if !self.take("\\\\") {
                break;
            }
        }
        out.push_str("</mtable>");
        out
    }

    fn take(&mut self, what: &str) -> bool {
        let rest = self.rest.trim_start();
        let found = rest.strip_prefix(what);
        self.rest = found.unwrap_or(rest);
        found.is_some()
    }

    /// Up to a brace, a cell, a line, `\right` or `\end`; none of them is taken.
    fn row(&mut self) -> String {
        let mut out = String::new();
        loop {
            self.rest = self.rest.trim_start();
            let ends = ["}", "&", "\\\\", "\\right", "\\end"];
            let ended = ends
                .iter()
                .any(|end| self.rest.starts_with(end) && !self.rest.starts_with("\\rightarrow"));
            if self.rest.is_empty() || ended {
                return out;
            }
            out.push_str(&self.scripted());
        }
    }

    /// One thing, with what is above and below it.
    fn scripted(&mut self) -> String {
        let sum = self.rest.starts_with("\\sum");
        let base = self.one();
        let (mut below, mut above) = (None, None);
        loop {
            if below.is_none() && self.take("_") {
                below = Some(self.one());
            } else if above.is_none() && self.take("^") {
                above = Some(self.one());
            } else {
                break;
            }
        }
        let [under, over, both] = match sum {
            true => ["munder", "mover", "munderover"],
            false => ["msub", "msup", "msubsup"],
        };
        match (below, above) {
            (None, None) => base,
            (Some(a), None) => format!("<{under}>{base}{a}</{under}>"),
            (None, Some(b)) => format!("<{over}>{base}{b}</{over}>"),
            (Some(a), Some(b)) => format!("<{both}>{base}{a}{b}</{both}>"),
        }
    }

    /// A number, a letter, a sign, a group or a command.
    fn one(&mut self) -> String {
        self.rest = self.rest.trim_start();
        let Some(c) = self.rest.chars().next() else {
            return "<mrow></mrow>".to_owned();
        };
        if self.depth > DEEPEST {
            let text = std::mem::take(&mut self.rest);
            return format!("<mtext>{}</mtext>", escape(text));
        }
        let number = |c: char| c.is_ascii_digit() || c == '.';
        match c {
            '{' => self.group(),
            '\\' => self.command(),
            c if number(c) => {
                let end = self.rest.find(|c| !number(c)).unwrap_or(self.rest.len());
                let (digits, rest) = self.rest.split_at(end);
                self.rest = rest;
                format!("<mn>{digits}</mn>")
            }
            c => {
                self.rest = &self.rest[c.len_utf8()..];
                match c {
                    '-' => operator("\u{2212}"),
                    '~' => "<mspace width=\"0.3em\"></mspace>".to_owned(),
                    c if c.is_alphabetic() => format!("<mi>{c}</mi>"),
                    c => operator(&c.to_string()),
                }
            }
        }
    }

    fn group(&mut self) -> String {
        self.depth += 1;
        if !self.take("{") {
            let one = self.one();
            self.depth -= 1;
            return one;
        }
        let inner = self.row();
        self.depth -= 1;
        self.take("}");
        format!("<mrow>{inner}</mrow>")
    }

    /// The text of a group as it is written.
    fn words(&mut self) -> String {
        self.take("{");
        let end = self.rest.find('}').unwrap_or(self.rest.len());
        let text = self.rest[..end].replace("\\_", "_");
        self.rest = &self.rest[(end + 1).min(self.rest.len())..];
        escape(&text)
    }

    fn command(&mut self) -> String {
        self.rest = &self.rest[1..];
        let letters = self.rest.find(|c: char| !c.is_ascii_alphabetic());
        let mut end = letters.unwrap_or(self.rest.len());
        if end == 0 {
            end = self.rest.chars().next().map_or(0, char::len_utf8);
        }
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        match name {
            "frac" => format!("<mfrac>{}{}</mfrac>", self.group(), self.group()),
            "sqrt" => self.root(),
            "left" => self.fenced(),
            "mathrm" => format!("<mi mathvariant=\"normal\">{}</mi>", self.words()),
            "operatorname" => applied(&self.words()),
            "text" => format!("<mtext>&#xa0;{}&#xa0;</mtext>", self.words()),
            "begin" => {
                self.words();
                self.depth += 1;
                let cases = self.table(&["left", "left"]);
                self.depth -= 1;
                if self.take("\\end") {
                    self.words();
                }
                format!("<mrow>{}{cases}</mrow>", operator("{"))
            }
            "quad" => "<mspace width=\"1em\"></mspace>".to_owned(),
            "," | ";" | " " => "<mspace width=\"0.17em\"></mspace>".to_owned(),
            name => symbol(name),
        }
    }

    fn root(&mut self) -> String {
        let Some((degree, rest)) = self.rest.strip_prefix('[').and_then(|r| r.split_once(']'))
        else {
            return format!("<msqrt>{}</msqrt>", self.group());
        };
        self.rest = rest;
        format!("<mroot>{}<mn>{}</mn></mroot>", self.group(), escape(degree))
    }

    /// Between `\left` and `\right`.
    fn fenced(&mut self) -> String {
        let open = self.fence();
        self.depth += 1;
        let mut inner = self.row();
        // A sign of alignment cannot stand in here, nor an end without a beginning.
        while !self.rest.is_empty() && !self.take("\\right") {
            let skipped = self.rest.chars().next().map_or(0, char::len_utf8);
            self.rest = &self.rest[skipped..];
            inner.push_str(&self.row());
        }
        self.depth -= 1;
        let close = self.fence();
        format!("<mrow>{open}{inner}{close}</mrow>")
    }

    fn fence(&mut self) -> String {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next() {
            Some('\\') => self.command(),
            Some('.') => {
                self.rest = &self.rest[1..];
                String::new()
            }
            Some(c) => {
                self.rest = &self.rest[c.len_utf8()..];
                operator(&c.to_string())
            }
            None => String::new(),
        }
    }
}

fn operator(sign: &str) -> String {
    format!("<mo>{}</mo>", escape(sign))
}

/// The name of a function before its argument.
fn applied(name: &str) -> String {
    format!("<mrow><mi>{name}</mi><mo>&#x2061;</mo></mrow>")
}

const SIGNS: &[(&str, &str)] = &[
    ("cdot", "\u{22c5}"),
    ("times", "\u{d7}"),
    ("sum", "\u{2211}"),
    ("land", "\u{2227}"),
    ("lor", "\u{2228}"),
    ("lnot", "\u{ac}"),
    ("le", "\u{2264}"),
    ("ge", "\u{2265}"),
    ("ne", "\u{2260}"),
    ("lfloor", "\u{230a}"),
    ("rfloor", "\u{230b}"),
    ("lceil", "\u{2308}"),
    ("rceil", "\u{2309}"),
    ("{", "{"),
    ("}", "}"),
    ("|", "\u{2016}"),
    ("_", "_"),
];

const LETTERS: &[(&str, &str)] = &[
    ("ldots", "\u{2026}"),
    ("partial", "\u{2202}"),
    ("infty", "\u{221e}"),
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("epsilon", "ϵ"),
    ("varepsilon", "ε"),
    ("zeta", "ζ"),
    ("eta", "η"),
    ("theta", "θ"),
    ("iota", "ι"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("mu", "μ"),
    ("nu", "ν"),
    ("xi", "ξ"),
    ("pi", "π"),
    ("rho", "ρ"),
    ("sigma", "σ"),
    ("tau", "τ"),
    ("upsilon", "υ"),
    ("phi", "ϕ"),
    ("varphi", "φ"),
    ("chi", "χ"),
    ("psi", "ψ"),
    ("omega", "ω"),
    ("Gamma", "Γ"),
    ("Delta", "Δ"),
    ("Theta", "Θ"),
    ("Lambda", "Λ"),
    ("Xi", "Ξ"),
    ("Pi", "Π"),
    ("Sigma", "Σ"),
    ("Upsilon", "Υ"),
    ("Phi", "Φ"),
    ("Psi", "Ψ"),
    ("Omega", "Ω"),
    ("ell", "ℓ"),
];

fn symbol(name: &str) -> String {
    let of = |list: &[(&str, &str)]| {
        let found = list.iter().find(|(known, _)| *known == name);
        found.map(|(_, sign)| (*sign).to_owned())
    };
    match (of(SIGNS), of(LETTERS)) {
        (Some(sign), _) => operator(&sign),
        (_, Some(letter)) => format!("<mi>{letter}</mi>"),
        _ => applied(&escape(name)),
    }
}
