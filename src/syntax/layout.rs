//! Lines, brackets and depth, in one sweep over the tokens.
//!
//! A newline counts unless it is inside `()` or `[]`, after an operator, `=`, `,`, `then`, `else`,
//! or before `then`, `else`. What is left are definitions, each parsed on its own, so that a
//! mistake in one does not hide the next. The parser is recursive, hence the limit on depth here.

use super::scan::{Kind, Token};
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};
use std::ops::Range;

/// How deep brackets, `if`, blocks, signs and powers may nest.
///
/// At this depth the worst nesting takes less than 512 KiB of stack in a development build; a thread
/// has 2 MiB at least.
pub const MAX_DEPTH: usize = 256;

/// The file in definitions.
pub(super) struct Layout {
    /// The text, with spaces for comments and for newlines that do not count; byte for byte as
    /// long as it was.
    pub blanked: String,
    /// The definitions, as ranges of bytes.
    pub pieces: Vec<Range<usize>>,
    /// Brackets that do not match, and depth.
    pub errors: Vec<Diagnostic>,
    /// Whether nothing may be parsed, for depth.
    pub too_deep: bool,
}

/// Lays out a file.
pub(super) fn layout(text: &str, tokens: &[Token], source: SourceId) -> Layout {
    let following = following(tokens);
    let sweep = |recover| Sweep::new(text, tokens, &following, source, recover).run();
    let first = sweep(false);
    if first.errors.is_empty() {
        return first;
    }
    // Brackets do not match: read again, and let a line that begins a definition close them all.
    let second = sweep(true);
    if second.errors.is_empty() || second.too_deep {
        first
    } else {
        second
    }
}

/// For each token, the next one that is neither a comment nor a newline.
fn following(tokens: &[Token]) -> Vec<Option<usize>> {
    let mut following = vec![None; tokens.len()];
    let mut next = None;
    for (at, token) in tokens.iter().enumerate().rev() {
        following[at] = next;
        if !matches!(token.kind, Kind::Comment | Kind::Newline) {
            next = Some(at);
        }
    }
    following
}

/// An open bracket, with what is nested in it so far.
#[derive(Default)]
struct Frame {
    /// Its token; none for the file itself.
    opener: Option<usize>,
    /// The open `if`s: whether each is past its `else`.
    ifs: Vec<bool>,
    signs: usize,
    powers: usize,
}

struct Sweep<'a> {
    text: &'a str,
    tokens: &'a [Token],
    following: &'a [Option<usize>],
    source: SourceId,
    recover: bool,
    frames: Vec<Frame>,
    ifs: usize,
    blank: Vec<Range<usize>>,
    cuts: Vec<usize>,
    errors: Vec<Diagnostic>,
    /// The last token that is neither a comment nor a newline.
    before: Option<usize>,
}

impl<'a> Sweep<'a> {
    fn new(
        text: &'a str,
        tokens: &'a [Token],
        following: &'a [Option<usize>],
        source: SourceId,
        recover: bool,
    ) -> Sweep<'a> {
        Sweep {
            text,
            tokens,
            following,
            source,
            recover,
            frames: vec![Frame::default()],
            ifs: 0,
            blank: Vec::new(),
            cuts: Vec::new(),
            errors: Vec::new(),
            before: None,
        }
    }

    fn run(mut self) -> Layout {
        let mut too_deep = false;
        for at in 0..self.tokens.len() {
            if self.one(at) {
                too_deep = true;
                break;
            }
        }
        while let Some(opener) = self.frames.pop().and_then(|frame| frame.opener) {
            if !too_deep {
                self.unclosed(opener);
            }
        }
        self.finish(too_deep)
    }

    fn finish(self, too_deep: bool) -> Layout {
        let mut bytes = self.text.as_bytes().to_vec();
        for range in &self.blank {
            bytes[range.clone()].fill(b' ');
        }
        // Whole characters became spaces, so it is still a text; an empty one would only hide it.
        let blanked = String::from_utf8(bytes).unwrap_or_default();
        let ends = self.cuts.iter().copied().chain([self.text.len()]);
        let starts = [0].into_iter().chain(self.cuts.iter().map(|cut| cut + 1));
        let pieces = starts
            .zip(ends)
            .filter(|&(start, end)| blanked[start..end].contains(|c: char| !c.is_whitespace()))
            .map(|(start, end)| start..end)
            .collect();
        Layout {
            blanked,
            pieces,
            errors: self.errors,
            too_deep,
        }
    }

    fn word(&self, at: usize) -> &'a str {
        self.tokens[at].text(self.text)
    }

    fn span(&self, at: usize) -> Span {
        self.tokens[at].span(self.source)
    }

    /// Reads a token; whether it is too deep.
    fn one(&mut self, at: usize) -> bool {
        let token = self.tokens[at];
        match token.kind {
            Kind::Comment => {
                self.blank.push(token.start as usize..token.end as usize);
                return false;
            }
            Kind::Newline => {
                self.newline(at);
                return false;
            }
            Kind::Open => {
                self.frames.push(Frame {
                    opener: Some(at),
                    ..Frame::default()
                });
            }
            Kind::Close => self.close(at),
            Kind::Name | Kind::Operator => self.nest(at),
            Kind::Number | Kind::Text => self.operand(),
        }
        self.before = Some(at);
        let depth = self.frames.len() - 1 + self.ifs;
        let (signs, powers) = self.frames.last().map_or((0, 0), |f| (f.signs, f.powers));
        let too_deep = depth.max(signs).max(powers) > MAX_DEPTH;
        if too_deep {
            self.errors.push(deep(self.span(at)));
        }
        too_deep
    }

    fn operand(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.signs = 0;
        }
    }

    /// Follows `if`, signs and powers, which nest without brackets.
    fn nest(&mut self, at: usize) {
        let word = self.word(at);
        let after_else = self
            .before
            .is_some_and(|before| self.word(before) == "else");
        let between = word == "-" && self.before.is_some_and(|before| self.ends_operand(before));
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let open = frame.ifs.len();
        match word {
            // `else if` is one more branch of the same `if`.
            "if" if after_else => {
                if let Some(last) = frame.ifs.last_mut() {
                    *last = false;
                }
            }
            "if" => frame.ifs.push(false),
            "else" => {
                while frame.ifs.last() == Some(&true) {
                    frame.ifs.pop();
                }
                if let Some(last) = frame.ifs.last_mut() {
                    *last = true;
                }
            }
            "," | ".." | "for" => frame.ifs.clear(),
            _ => {}
        }
        let begins = super::scan::begins_name(word.chars().next().unwrap_or(' '));
        match word {
            "-" | "not" if !between => frame.signs += 1,
            "^" => frame.powers += 1,
            _ if begins && !is_keyword(word) => frame.signs = 0,
            _ => (frame.signs, frame.powers) = (0, 0),
        }
        self.ifs = self.ifs + frame.ifs.len() - open;
    }

    /// Whether an operand may end with this token, so that a `-` after it subtracts.
    fn ends_operand(&self, at: usize) -> bool {
        match self.tokens[at].kind {
            Kind::Name => !is_keyword(self.word(at)),
            kind => matches!(kind, Kind::Number | Kind::Text | Kind::Close),
        }
    }

    fn pop(&mut self) {
        if let Some(frame) = self.frames.pop() {
            self.ifs -= frame.ifs.len();
        }
    }

    fn close(&mut self, at: usize) {
        let closer = self.word(at);
        let fits = |frame: &Frame| {
            let opener = frame
                .opener
                .map(|opener| self.tokens[opener].text(self.text));
            opener.is_some_and(|opener| pair(opener) == closer)
        };
        let Some(depth) = self.frames.iter().rposition(fits) else {
            self.stray(at);
            return;
        };
        while self.frames.len() > depth + 1 {
            if let Some(opener) = self.frames.last().and_then(|frame| frame.opener) {
                self.unclosed(opener);
            }
            self.pop();
        }
        self.pop();
        self.operand();
    }

    fn unclosed(&mut self, opener: usize) {
        let bracket = self.word(opener);
        self.errors.push(
            Diagnostic::error(
                "unclosed-bracket",
                format!("this `{bracket}` is never closed"),
            )
            .at(self.span(opener), "opened here")
            .help(format!("add the `{}` that belongs to it", pair(bracket))),
        );
    }

    fn stray(&mut self, at: usize) {
        let closer = self.word(at);
        let error = match self.frames.last().and_then(|frame| frame.opener) {
            Some(opener) => {
                let bracket = self.word(opener);
                let error = Diagnostic::error(
                    "unclosed-bracket",
                    format!("`{bracket}` is closed by `{closer}`"),
                )
                .at(
                    self.span(at),
                    format!("`{}` is expected here", pair(bracket)),
                )
                .at(self.span(opener), "to close this")
                .help(format!("write `{}`", pair(bracket)));
                self.pop();
                error
            }
            None => Diagnostic::error("stray-bracket", format!("this `{closer}` closes nothing"))
                .at(self.span(at), "")
                .help("delete it, or add the bracket that it should close"),
        };
        self.errors.push(error);
    }

    fn newline(&mut self, at: usize) {
        let next = self.following[at];
        if self.recover
            && self.frames.len() > 1
            && next.is_some_and(|next| self.at_margin(next) && self.begins_definition(next))
            && !next.is_some_and(|next| self.may_be_setting(next))
        {
            while let Some(opener) = self.frames.last().and_then(|frame| frame.opener) {
                self.unclosed(opener);
                self.pop();
            }
        }
        let frame = self.frames.last().and_then(|frame| frame.opener);
        let inside = frame.is_some_and(|opener| self.word(opener) != "{");
        let goes_on = self.before.is_some_and(|before| self.continues(before))
            && !next.is_some_and(|next| self.begins_definition(next));
        let taken_up = next.is_some_and(|next| matches!(self.word(next), "then" | "else"));
        let start = self.tokens[at].start as usize;
        if inside || goes_on || taken_up {
            self.blank.push(start..start + 1);
            return;
        }
        // A line has ended.
        if let Some(frame) = self.frames.last_mut() {
            self.ifs -= frame.ifs.len();
            frame.ifs.clear();
            (frame.signs, frame.powers) = (0, 0);
        }
        if frame.is_none() {
            self.cuts.push(start);
            self.before = None;
        }
    }

    fn at_margin(&self, at: usize) -> bool {
        let start = self.tokens[at].start as usize;
        start == 0 || self.text.as_bytes()[start - 1] == b'\n'
    }

    /// Whether `name = ...` may be a line of the run block that it is in.
    fn may_be_setting(&self, at: usize) -> bool {
        let opener = self.frames.last().and_then(|frame| frame.opener);
        let braces = opener.is_some_and(|opener| self.word(opener) == "{");
        braces
            && self
                .tokens
                .get(at + 1)
                .is_some_and(|token| token.text(self.text) == "=")
    }

    /// Whether a formula goes on after this token at the end of a line.
    fn continues(&self, at: usize) -> bool {
        let word = self.word(at);
        match self.tokens[at].kind {
            Kind::Operator => true,
            Kind::Name => matches!(word, "and" | "or" | "not" | "then" | "else" | "if" | "let"),
            _ => false,
        }
    }

    /// Whether a line that begins with this token is a definition of its own for sure: such a line
    /// never continues a formula, whatever came before.
    fn begins_definition(&self, at: usize) -> bool {
        if self.tokens[at].kind != Kind::Name {
            return false;
        }
        let word = self.word(at);
        let after = |at: usize| self.tokens.get(at + 1).map(|token| token.text(self.text));
        if matches!(word, "param" | "import" | "let") {
            return true;
        }
        if after(at) == Some("(") {
            // The head of a function is short; a long call is none.
            let mut depth = 0;
            for at in at + 1..self.tokens.len().min(at + 200) {
                match self.tokens[at].kind {
                    Kind::Open => depth += 1,
                    Kind::Close => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    return after(at) == Some("=");
                }
            }
        }
        !is_keyword(word) && matches!(after(at), Some("=" | "{"))
    }
}

fn is_keyword(word: &str) -> bool {
    super::scan::KEYWORDS.contains(&word)
}

/// The bracket that closes another.
fn pair(opener: &str) -> &'static str {
    match opener {
        "(" => ")",
        "[" => "]",
        _ => "}",
    }
}

fn deep(span: Span) -> Diagnostic {
    Diagnostic::error(
        "too-deep",
        format!("this formula nests more than {MAX_DEPTH} deep"),
    )
    .at(span, format!("level {} is here", MAX_DEPTH + 1))
    .help("give the inner parts names: a function, a constant or a `let`")
}
