//! What people write from other languages and from paper, and what to write here.

use super::scan::{Scanner, continues_name};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A string that does not end on its line.
pub(super) fn open_text(span: Span) -> Diagnostic {
    Diagnostic::error("unclosed-text", "this string is not closed on its line")
        .at(span, "it begins here")
        .help("end it with `\"`")
}

/// `5.`
pub(super) fn bare_point(span: Span, digits: &str) -> Diagnostic {
    Diagnostic::error("number", "a number does not end with its point")
        .at(span, "digits are missing after the point")
        .help(format!("write `{digits}` or `{digits}.0`"))
}

/// `2x`, `1_000`, `1e`, `0x1F`
pub(super) fn number_and_name(span: Span, number: &str, name: &str) -> Diagnostic {
    if name.bytes().all(|b| b == b'_' || b.is_ascii_digit()) {
        return Diagnostic::error("number", "digits are not grouped with `_`")
            .at(span, "")
            .help(format!("write `{number}{}`", name.replace('_', "")));
    }
    if name == "e" || name == "E" {
        return Diagnostic::error("number", "the exponent of this number is missing")
            .at(span, "digits are missing after the `e`")
            .help(format!(
                "write `{number}e3` for a thousand times {number}, or `{number}*e` for a product"
            ));
    }
    Diagnostic::error("missing-operator", "a product is written with `*`")
        .at(span, "a number and a name with nothing between them")
        .help(format!("write `{number}*{name}`"))
}

/// A name, a number or a text that nobody writes.
pub(super) fn long_word(span: Span, most: usize) -> Diagnostic {
    let length = span.end - span.start;
    let message = format!("a word of {length} bytes; one may have {most}");
    Diagnostic::error("long-word", message)
        .at(span, "")
        .help("give it a shorter name, or write the number with fewer digits")
}

/// A file of more than that many tokens.
pub(super) fn too_many(begin: Span, most: usize) -> Diagnostic {
    let message = format!("this file has more than {most} names, numbers and signs");
    Diagnostic::error("too-large", message)
        .at(begin, "it begins here")
        .help("write a `sum` over an index, or put numbers into a table that `csv` reads")
}

/// What stands for an operator elsewhere: the bytes it takes and what to say.
pub(super) fn wrong_operator(scanner: &Scanner<'_>, c: char) -> Option<(usize, Diagnostic)> {
    let rest = scanner.rest();
    let make = |length: usize, code, message: String, help: String| {
        let span = scanner.span(scanner.at, scanner.at + length);
        Some((
            length,
            Diagnostic::error(code, message).at(span, "").help(help),
        ))
    };
    let words = [
        ("**", "a power is written `^`", "write `x^2` for `x**2`"),
        ("&&", "`&&` is written `and`", "write `a < b and b < c`"),
        ("||", "`||` is written `or`", "write `a < b or b < c`"),
        (
            "//",
            "`//` is not part of the language",
            "a comment begins with `#`; a division rounded down is `floor(a/b)`",
        ),
        (
            "/*",
            "a comment begins with `#`",
            "write `# ...` on each line",
        ),
        ("<>", "`<>` is written `!=`", "write `a != b`"),
        ("=<", "`=<` is written `<=`", "write `a <= b`"),
        ("=>", "`=>` is written `>=`", "write `a >= b`"),
    ];
    if let Some((symbol, message, help)) = words.iter().find(|row| rest.starts_with(row.0)) {
        return make(symbol.len(), "operator", (*message).into(), (*help).into());
    }
    if "+-*/^<>=,:!".contains(c) {
        if c == '!' && !rest.starts_with("!=") {
            let help = "write `not a < b`; a factorial is `prod(i for i in 1..n)`";
            return make(1, "operator", "`!` is written `not`".into(), help.into());
        }
        return None;
    }
    if c == '.' {
        let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
        let number = &rest[..1 + digits];
        if digits > 0 {
            let message = "a number does not begin with its point".to_owned();
            return make(1 + digits, "number", message, format!("write `0{number}`"));
        }
        return None;
    }
    if c == '\\' {
        let letters = rest[1..]
            .bytes()
            .take_while(u8::is_ascii_alphabetic)
            .count();
        if letters > 0 {
            let word = &rest[..1 + letters];
            let message = format!("`{word}` is LaTeX");
            return make(word.len(), "character", message, latex(&word[1..]));
        }
    }
    if let Some((length, power)) = superscript(rest) {
        let (base, written) = (base(&scanner.text[..scanner.at]), &rest[..length]);
        let message = format!("`{written}` is not part of the language, a power is `^`");
        let help = format!("write `{base}^{power}` for `{base}{written}`");
        return make(length, "character", message, help);
    }
    let length = c.len_utf8();
    match instead(c) {
        Some((meaning, help)) => {
            let message = format!("`{c}` is not part of the language{meaning}");
            make(length, "character", message, help.into())
        }
        None if c.is_whitespace() || c.is_control() || invisible(c) => make(
            length,
            "character",
            format!(
                "an invisible character (U+{:04X}) that is no space",
                c as u32
            ),
            "delete it, or write a plain space".into(),
        ),
        None => make(
            length,
            "character",
            format!("`{c}` (U+{:04X}) is not part of the language", c as u32),
            "formulas are made of names, numbers, `+ - * / ^`, brackets and comparisons".into(),
        ),
    }
}

/// Raised digits and signs: their bytes, and what they say.
fn superscript(rest: &str) -> Option<(usize, String)> {
    const RAISED: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺";
    const PLAIN: &[u8] = b"0123456789-+";
    let at = |c: char| RAISED.chars().position(|raised| raised == c);
    let length = rest.find(|c| at(c).is_none()).unwrap_or(rest.len());
    let plain = rest[..length].chars().filter_map(at);
    let plain: String = plain.map(|at| char::from(PLAIN[at])).collect();
    let power = plain.trim_start_matches('+').to_owned();
    (length > 0).then_some((length, power))
}

/// What a power at the end of a text is of, in short.
fn base(text: &str) -> &str {
    let begin = text.trim_end_matches(continues_name).len();
    match &text[begin..] {
        "" if text.ends_with(')') => "(...)",
        "" => "x",
        name => name,
    }
}

/// What a sign of another notation means, where that takes no more bytes.
pub(super) fn meant(written: &str) -> Option<String> {
    if let Some((length, power)) = superscript(written) {
        let whole = length == written.len() && power.bytes().any(|b| b.is_ascii_digit());
        return whole.then(|| format!("^{power}"));
    }
    let sign = match written {
        "×" | "·" | "⋅" | "∙" | "•" | "✕" | "∗" => "*",
        "−" | "–" | "—" | "‐" | "‑" => "-",
        "÷" | "∕" | "⁄" => "/",
        "**" => "^",
        "≤" | "=<" => "<=",
        "≥" | "=>" => ">=",
        "≠" | "<>" => "!=",
        _ => {
            let nothing =
                |c: char| c != '\n' && (c.is_whitespace() || c.is_control() || invisible(c));
            let all = !written.is_empty() && written.chars().all(nothing);
            all.then_some("")?
        }
    };
    Some(sign.to_owned())
}

/// What a command of LaTeX is written as.
fn latex(word: &str) -> String {
    match word {
        "frac" | "dfrac" | "tfrac" => "write `a/b`, with brackets around sums: `(a + b)/c`".into(),
        "cdot" | "times" | "ast" => "a product is `*`: write `a*b`".into(),
        "left" | "right" | "big" | "bigl" | "bigr" => "write the bracket alone".into(),
        "sqrt" => "write `sqrt(x)`".into(),
        "ln" => "the natural logarithm is `log(x)`".into(),
        "sum" => "write `sum(f(i) for i in 1..n)`".into(),
        "prod" => "write `prod(f(i) for i in 1..n)`".into(),
        "partial" | "nabla" => "write `diff(f(x), x)`".into(),
        "le" | "leq" => "write `<=`".into(),
        "ge" | "geq" => "write `>=`".into(),
        _ if crate::graph::Function::named(word).is_some() => format!("write `{word}(x)`"),
        _ => format!("write `{word}`; names may be letters of any script, such as `ε`"),
    }
}

fn invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}')
}

/// What a character means elsewhere, and what to write.
fn instead(c: char) -> Option<(&'static str, &'static str)> {
    Some(match c {
        '×' | '·' | '⋅' | '∙' | '•' | '✕' | '∗' => {
            (", a product is `*`", "write `a*b`")
        }
        '−' | '–' | '—' | '‐' | '‑' => (", a minus sign is the plain `-`", "write `-`"),
        '÷' | '∕' | '⁄' => (", a division is `/`", "write `a/b`"),
        '₀'..='₉' => (", digits in names are plain", "write `x1` for `x₁`"),
        '≤' => ("", "write `<=`"),
        '≥' => ("", "write `>=`"),
        '≠' => ("", "write `!=`"),
        '∞' => ("", "an infinite value is `1/0`"),
        '√' => ("", "write `sqrt(x)`"),
        '∛' => ("", "write `cbrt(x)`"),
        '∑' => ("", "write `sum(f(i) for i in 1..n)`"),
        '∏' => ("", "write `prod(f(i) for i in 1..n)`"),
        '∂' | '∇' => ("", "write `diff(f(x), x)`"),
        '…' => ("", "a range is `a..b`"),
        '%' => (
            "",
            "write `mod(a, b)` for the remainder; a comment begins with `#`",
        ),
        ';' => (
            ", a definition ends with its line",
            "write each definition on a line",
        ),
        '|' => ("", "write `abs(x)` for `|x|`, and `or` between conditions"),
        '&' => ("", "write `and` between conditions"),
        '\'' => (
            "",
            "write `diff(f(x), x)` for `f'(x)`; strings are in plain double quotes `\"`",
        ),
        '“' | '”' | '„' | '‘' | '’' | '«' | '»' | '′' => {
            (", strings are in plain double quotes", "write `\"`")
        }
        '\\' => (
            ", a line goes on after an operator or inside brackets",
            "write the operator at the end of the line",
        ),
        _ => return None,
    })
}
