//! The only user of pest: pairs to a [`Tree`], and operators by how tightly they bind.

use super::layout::{Layout, layout};
use super::scan::{Kind, Token, scan};
use super::spelling::canonical;
use super::tree::{
    Argument, Binding, ExprId, ExprKind, Infix, Item, ItemKind, Name, Origin, Prefix, Range,
    SettingLine, Tree,
};
use super::{explain, explain::Place, mistakes};
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};
use pest::Parser;
use pest::error::InputLocation;

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/pot.pest"]
struct Grammar;

type Pair<'i> = pest::iterators::Pair<'i, Rule>;
type Pairs<'i> = std::vec::IntoIter<Pair<'i>>;

/// The parts of a pair, without the words between them.
fn inner(pair: Pair<'_>) -> Pairs<'_> {
    let words = |rule| {
        matches!(
            rule,
            Rule::then_word
                | Rule::else_word
                | Rule::let_word
                | Rule::for_word
                | Rule::in_word
                | Rule::as_word
                | Rule::param_word
                | Rule::import_word
        )
    };
    let parts = pair.into_inner().filter(|part| !words(part.as_rule()));
    parts.collect::<Vec<_>>().into_iter()
}

/// A tree, and what could not be read. With errors, the tree holds the definitions that could.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The definitions that could be read.
    pub tree: Tree,
    /// The errors, in the order of the text.
    pub errors: Vec<Diagnostic>,
    /// Whether the tree holds all definitions: errors are of signs whose meaning is clear, and the
    /// rest can be looked into.
    pub whole: bool,
}

/// Reads a file. Every definition in error is reported, the others are in the tree.
pub fn parse(text: &str, source: SourceId) -> Parsed {
    parse_onto(Tree::new(source), text, source)
}

/// Reads a file after others, as [`parse`] does; the errors are those of this file.
pub fn parse_onto(tree: Tree, text: &str, source: SourceId) -> Parsed {
    let (tokens, errors) = scan(text, source);
    if let ([], [error]) = (&tokens[..], &errors[..])
        && error.code == "too-large"
    {
        return Parsed {
            tree,
            errors,
            whole: false,
        };
    }
    let Some((mended, said)) = mended(text, &errors) else {
        return read(tree, [text, text], source, (tokens, errors));
    };
    let mut parsed = read(tree, [&mended, text], source, scan(&mended, source));
    parsed.whole = parsed.errors.is_empty();
    for label in parsed.errors.iter_mut().flat_map(|error| &mut error.labels) {
        label.span = whole_characters(label.span, text);
    }
    parsed.errors.extend(said);
    parsed.errors.sort_by_key(first_byte);
    parsed
}

/// A place in a mended text, grown to whole characters of what was written.
fn whole_characters(span: Span, written: &str) -> Span {
    let start = written.floor_char_boundary(span.start as usize);
    let end = written.ceil_char_boundary(span.end as usize);
    Span::new(span.source, start, end)
}

/// Reads a text of which the tokens are known; places are those in what was written.
fn read(
    mut tree: Tree,
    [text, written]: [&str; 2],
    source: SourceId,
    (tokens, mut errors): (Vec<Token>, Vec<Diagnostic>),
) -> Parsed {
    let layout = layout(text, &tokens, source);
    let comments = tokens.iter().filter(|token| token.kind == Kind::Comment);
    tree.comments
        .extend(comments.map(|token| token.span(source)));
    let Layout {
        blanked,
        pieces,
        errors: brackets,
        too_deep,
    } = layout;
    if too_deep {
        return Parsed {
            tree,
            errors: brackets,
            whole: false,
        };
    }
    // A string that is not closed has swallowed the brackets after it.
    let open_texts = errors.iter().filter(|error| error.code == "unclosed-text");
    let quotes: Vec<usize> = open_texts.filter_map(first_byte).collect();
    let swallowed = |error: &Diagnostic| {
        let opener = first_byte(error).unwrap_or(0);
        let quote = quotes.get(quotes.partition_point(|&quote| quote < opener));
        quote.is_some_and(|&quote| !text[opener..quote].contains('\n'))
    };
    let brackets: Vec<Diagnostic> = brackets
        .into_iter()
        .filter(|error| !swallowed(error))
        .collect();
    errors.extend(brackets);
    let mut wrong: Vec<usize> = errors.iter().filter_map(first_byte).collect();
    wrong.sort_unstable();
    let mut builder = Builder {
        tree,
        written,
        source,
        offset: 0,
        errors: Vec::new(),
    };
    for piece in pieces {
        let known = wrong.partition_point(|&at| at < piece.start);
        if wrong.get(known).is_some_and(|&at| at < piece.end) {
            continue;
        }
        builder.offset = piece.start;
        match Grammar::parse(Rule::definition, &blanked[piece.clone()]) {
            Ok(mut pairs) => builder.definition(pairs.next()),
            Err(error) => {
                let at = match error.location {
                    InputLocation::Pos(at) | InputLocation::Span((at, _)) => piece.start + at,
                };
                builder.errors.push(explain::failure(&Place {
                    text,
                    tokens: &tokens,
                    source,
                    piece,
                    at,
                }));
            }
        }
    }
    errors.extend(builder.errors);
    errors.sort_by_key(first_byte);
    Parsed {
        tree: builder.tree,
        whole: errors.is_empty(),
        errors,
    }
}

/// The text with our signs for those of other notations, byte for byte as long, and what is said of
/// these; `None` without any.
fn mended(text: &str, errors: &[Diagnostic]) -> Option<(String, Vec<Diagnostic>)> {
    let (mut mended, mut said) = (text.to_owned(), Vec::new());
    for error in errors {
        let Some(span) = error.labels.first().map(|label| label.span) else {
            continue;
        };
        let place = span.start as usize..span.end as usize;
        let meant = mistakes::meant(&text[place.clone()]);
        if let Some(meant) = meant.filter(|meant| meant.len() <= place.len()) {
            mended.replace_range(place.clone(), &format!("{meant:<0$}", place.len()));
            said.push(error.clone());
        }
    }
    (!said.is_empty()).then_some((mended, said))
}

fn first_byte(error: &Diagnostic) -> Option<usize> {
    error.labels.first().map(|label| label.span.start as usize)
}

/// An operator that waits for its right operand.
enum Waiting {
    Prefix(Prefix, Span),
    Infix(Infix, Span),
}

impl Waiting {
    fn strength(&self) -> u8 {
        match self {
            Waiting::Prefix(op, _) => op.strength(),
            Waiting::Infix(op, _) => op.strength(),
        }
    }
}

/// Recursive, to the depth that `layout` allows.
struct Builder<'t> {
    tree: Tree,
    /// The text as it was written, as long as the one that is read.
    written: &'t str,
    source: SourceId,
    offset: usize,
    errors: Vec<Diagnostic>,
}

impl Builder<'_> {
    fn span(&self, pair: &Pair<'_>) -> Span {
        let span = pair.as_span();
        let (start, mut end) = (span.start(), span.end());
        // A rule that ends with an optional part takes the spaces before it.
        end -= pair.as_str().len() - pair.as_str().trim_end().len();
        let (start, end) = (self.offset + start, self.offset + end.max(start));
        whole_characters(Span::new(self.source, start, end), self.written)
    }

    fn name(&self, pair: &Pair<'_>) -> Name {
        Name {
            text: canonical(pair.as_str().trim_end()).into_owned(),
            span: self.span(pair),
        }
    }

    fn definition(&mut self, definition: Option<Pair<'_>>) {
        let definition = definition.and_then(|pair| inner(pair).next());
        let Some(pair) = definition else { return };
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut parts = inner(pair);
        let kind = match rule {
            Rule::import => self.import(&mut parts),
            Rule::run => self.run(&mut parts),
            Rule::function => self.function(&mut parts),
            _ => self.value(rule, &mut parts),
        };
        if let Some(kind) = kind {
            self.tree.items.push(Item { kind, span });
        }
    }

    fn value(&mut self, rule: Rule, parts: &mut Pairs<'_>) -> Option<ItemKind> {
        let name = self.name(&parts.next()?);
        let value = self.expression(parts.next()?)?;
        Some(match rule {
            Rule::parameter => ItemKind::Parameter(name, value),
            _ => ItemKind::Constant(name, value),
        })
    }

    fn import(&mut self, parts: &mut Pairs<'_>) -> Option<ItemKind> {
        let origin = parts.next()?;
        let mut name = self.name(&origin);
        let origin = match origin.as_rule() {
            Rule::text => {
                name.text = origin.as_str().trim_matches('"').to_owned();
                Origin::File(name)
            }
            _ => {
                name.text.retain(|c| !c.is_whitespace());
                Origin::Module(name)
            }
        };
        let names = parts.filter_map(|pair| {
            let mut parts = inner(pair);
            let name = self.name(&parts.next()?);
            Some((name, parts.next().map(|alias| self.name(&alias))))
        });
        Some(ItemKind::Import(origin, names.collect()))
    }

    fn run(&mut self, parts: &mut Pairs<'_>) -> Option<ItemKind> {
        let name = self.name(&parts.next()?);
        let mut lines = Vec::new();
        for pair in parts {
            let span = self.span(&pair);
            let mut parts = inner(pair);
            let key = self.name(&parts.next()?);
            let value = self.element(parts.next()?)?;
            lines.push(SettingLine { key, value, span });
        }
        Some(ItemKind::Run(name, lines))
    }

    fn function(&mut self, parts: &mut Pairs<'_>) -> Option<ItemKind> {
        let name = self.name(&parts.next()?);
        let mut arguments = Vec::new();
        for pair in parts {
            if pair.as_rule() == Rule::expression {
                let value = self.expression(pair)?;
                return Some(ItemKind::Function(name, arguments, value));
            }
            arguments.push(self.argument(pair)?);
        }
        None
    }

    fn argument(&mut self, pair: Pair<'_>) -> Option<Argument> {
        let mut parts = inner(pair);
        let mut argument = Argument {
            name: self.name(&parts.next()?),
            size: Vec::new(),
            domain: None,
        };
        for pair in parts {
            if pair.as_rule() == Rule::size {
                argument.size = self.expressions(inner(pair))?;
            } else {
                let mut parts = inner(pair);
                let name = self.name(&parts.next()?);
                let length = parts.next().map(|length| self.expression(length));
                argument.domain = Some((name, length.flatten()));
            }
        }
        Some(argument)
    }

    fn expressions(&mut self, pairs: Pairs<'_>) -> Option<Vec<ExprId>> {
        pairs.map(|pair| self.expression(pair)).collect()
    }

    fn element(&mut self, pair: Pair<'_>) -> Option<ExprId> {
        let span = self.span(&pair);
        let mut parts = inner(pair);
        let from = self.expression(parts.next()?)?;
        match parts.next() {
            None => Some(from),
            Some(to) => {
                let to = self.expression(to)?;
                Some(self.tree.add(ExprKind::Interval(from, to), span))
            }
        }
    }

    /// Operands and operators in a row, by precedence, with stacks of its own.
    fn expression(&mut self, pair: Pair<'_>) -> Option<ExprId> {
        let mut waiting: Vec<Waiting> = Vec::new();
        let mut operands: Vec<ExprId> = Vec::new();
        for pair in inner(pair) {
            let span = self.span(&pair);
            match pair.as_rule() {
                Rule::prefix => {
                    let minus = pair.as_str() == "-";
                    let op = if minus { Prefix::Minus } else { Prefix::Not };
                    waiting.push(Waiting::Prefix(op, span));
                }
                Rule::infix => {
                    let op = Infix::of(pair.as_str())?;
                    self.reduce(&mut waiting, &mut operands, Some((op, span)));
                    waiting.push(Waiting::Infix(op, span));
                }
                Rule::index => {
                    let base = operands.pop()?;
                    let indices = self.expressions(inner(pair))?;
                    let span = self.tree.span(base).to(span);
                    operands.push(self.tree.add(ExprKind::Index(base, indices), span));
                }
                _ => operands.push(self.primary(pair, span)?),
            }
        }
        self.reduce(&mut waiting, &mut operands, None);
        operands.pop()
    }

    /// Applies the operators that bind more tightly than the next one.
    fn reduce(
        &mut self,
        waiting: &mut Vec<Waiting>,
        operands: &mut Vec<ExprId>,
        next: Option<(Infix, Span)>,
    ) {
        while let Some(op) = waiting.last() {
            let strength = next.map_or(0, |(next, _)| next.strength());
            let to_the_right = next.is_some_and(|(next, _)| next == Infix::Power);
            if op.strength() < strength || op.strength() == strength && to_the_right {
                return;
            }
            let (Some(op), Some(right)) = (waiting.pop(), operands.pop()) else {
                return;
            };
            let end = self.tree.span(right);
            let id = match op {
                Waiting::Prefix(op, span) => {
                    self.tree.add(ExprKind::Prefix(op, right), span.to(end))
                }
                Waiting::Infix(op, span) => {
                    let Some(left) = operands.pop() else { return };
                    if let Some((next, there)) = next
                        && op.is_comparison()
                        && next.is_comparison()
                    {
                        self.errors.push(explain::chain(op, span, next, there));
                    }
                    let whole = self.tree.span(left).to(end);
                    self.tree.add(ExprKind::Infix(op, span, left, right), whole)
                }
            };
            operands.push(id);
        }
    }

    fn primary(&mut self, pair: Pair<'_>, span: Span) -> Option<ExprId> {
        let kind = match pair.as_rule() {
            Rule::number => self.number(pair.as_str(), span),
            Rule::text => ExprKind::Text(pair.as_str().trim_matches('"').to_owned()),
            Rule::name => ExprKind::Name(canonical(pair.as_str()).into_owned()),
            Rule::parentheses => {
                let inside = self.expression(inner(pair).next()?)?;
                self.tree.brackets.push((inside, span));
                return Some(inside);
            }
            Rule::list => {
                let elements = inner(pair).map(|element| self.element(element));
                ExprKind::List(elements.collect::<Option<_>>()?)
            }
            Rule::call => self.call(pair)?,
            Rule::conditional => return self.conditional(pair, span),
            _ => self.block(pair)?,
        };
        Some(self.tree.add(kind, span))
    }

    fn number(&mut self, digits: &str, span: Span) -> ExprKind {
        // The grammar's numbers are Rust's too.
        let value: f64 = digits.parse().unwrap_or(f64::NAN);
        if !value.is_finite() {
            self.errors.push(explain::too_large(digits, span));
        }
        ExprKind::Number(value)
    }

    fn call(&mut self, pair: Pair<'_>) -> Option<ExprKind> {
        let mut parts = inner(pair);
        let name = self.name(&parts.next()?);
        let mut arguments = Vec::new();
        for pair in parts {
            if pair.as_rule() == Rule::comprehension {
                let mut ranges = Vec::new();
                for range in inner(pair) {
                    let mut parts = inner(range);
                    ranges.push(Range {
                        name: self.name(&parts.next()?),
                        from: self.expression(parts.next()?)?,
                        to: self.expression(parts.next()?)?,
                    });
                }
                return Some(ExprKind::Over(name, arguments.pop()?, ranges));
            }
            arguments.push(self.expression(pair)?);
        }
        Some(ExprKind::Call(name, arguments))
    }

    fn conditional(&mut self, pair: Pair<'_>, span: Span) -> Option<ExprId> {
        // `if c then a else if d then b else e`: the words `if` with their places, and the parts.
        let (mut starts, mut parts) = (Vec::new(), Vec::new());
        for pair in inner(pair) {
            if pair.as_rule() == Rule::if_word {
                starts.push(self.span(&pair));
            } else {
                parts.push(self.expression(pair)?);
            }
        }
        let mut otherwise = parts.pop()?;
        while let (Some(start), Some(then), Some(condition)) =
            (starts.pop(), parts.pop(), parts.pop())
        {
            let kind = ExprKind::If(condition, then, otherwise);
            let whole = Span {
                end: span.end,
                ..start
            };
            otherwise = self.tree.add(kind, whole);
        }
        Some(otherwise)
    }

    fn block(&mut self, pair: Pair<'_>) -> Option<ExprKind> {
        let mut bindings = Vec::new();
        for pair in inner(pair) {
            if pair.as_rule() == Rule::expression {
                return Some(ExprKind::Block(bindings, self.expression(pair)?));
            }
            let span = self.span(&pair);
            let mut parts = inner(pair);
            let name = self.name(&parts.next()?);
            let value = self.expression(parts.next()?)?;
            bindings.push(Binding { name, value, span });
        }
        None
    }
}
