//! What a file says: definitions over an arena of expressions.
//!
//! An expression's operands have smaller ids, so a sweep over ids visits operands first and
//! nothing needs to recurse. Parentheses and comments are kept beside it, for the printer.

use crate::source::{SourceId, Span};

/// A handle of an expression of one [`Tree`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ExprId(u32);

impl ExprId {
    /// Its place in the arena: operands have smaller ones.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A name where it is written.
#[derive(Clone, PartialEq, Debug)]
pub struct Name {
    /// The name, in NFC.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// Operators before their operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Prefix {
    /// `-`
    Minus,
    /// `not`
    Not,
}

/// Operators between two operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Infix {
    /// `or`
    Or,
    /// `and`
    And,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `^`
    Power,
}

impl Prefix {
    /// How tightly it binds; see [`Infix::strength`].
    pub fn strength(self) -> u8 {
        match self {
            Prefix::Not => 3,
            Prefix::Minus => 7,
        }
    }

    /// How it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Prefix::Minus => "-",
            Prefix::Not => "not",
        }
    }
}

impl Infix {
    /// All of them with their spelling and how tightly they bind.
    const TABLE: [(Infix, &'static str, u8); 13] = [
        (Infix::Or, "or", 1),
        (Infix::And, "and", 2),
        (Infix::Less, "<", Infix::COMPARISON),
        (Infix::LessEqual, "<=", Infix::COMPARISON),
        (Infix::Greater, ">", Infix::COMPARISON),
        (Infix::GreaterEqual, ">=", Infix::COMPARISON),
        (Infix::Equal, "==", Infix::COMPARISON),
        (Infix::NotEqual, "!=", Infix::COMPARISON),
        (Infix::Add, "+", 5),
        (Infix::Subtract, "-", 5),
        (Infix::Multiply, "*", 6),
        (Infix::Divide, "/", 6),
        (Infix::Power, "^", 8),
    ];

    /// The strength of comparisons, which do not chain.
    pub const COMPARISON: u8 = 4;

    /// How tightly it binds: more is tighter. Unary minus is between `*` and `^`.
    pub fn strength(self) -> u8 {
        Infix::TABLE[self as usize].2
    }

    /// How it is written.
    pub fn symbol(self) -> &'static str {
        Infix::TABLE[self as usize].1
    }

    /// The operator of that spelling.
    pub fn of(symbol: &str) -> Option<Infix> {
        Infix::TABLE
            .iter()
            .find(|row| row.1 == symbol)
            .map(|row| row.0)
    }

    /// Whether it compares two numbers.
    pub fn is_comparison(self) -> bool {
        self.strength() == Infix::COMPARISON
    }
}

/// One `i in a..b` of a sum or product.
#[derive(Clone, PartialEq, Debug)]
pub struct Range {
    /// The index.
    pub name: Name,
    /// The first value.
    pub from: ExprId,
    /// The last value.
    pub to: ExprId,
}

/// One `let` of a block.
#[derive(Clone, PartialEq, Debug)]
pub struct Binding {
    /// What it is called.
    pub name: Name,
    /// What it is.
    pub value: ExprId,
    /// All of it.
    pub span: Span,
}

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// A number.
    Number(f64),
    /// A string, without its quotes.
    Text(String),
    /// A name, in NFC.
    Name(String),
    /// `-a`, `not a`.
    Prefix(Prefix, ExprId),
    /// `a + b`; the span is the operator's.
    Infix(Infix, Span, ExprId, ExprId),
    /// `f(a, b)`.
    Call(Name, Vec<ExprId>),
    /// `sum(body for i in a..b, ...)`.
    Over(Name, ExprId, Vec<Range>),
    /// `q[i]`, `r[i, k]`.
    Index(ExprId, Vec<ExprId>),
    /// `[a, b]`.
    List(Vec<ExprId>),
    /// `a..b`, in a setting.
    Interval(ExprId, ExprId),
    /// `if a then b else c`.
    If(ExprId, ExprId, ExprId),
    /// `{ let a = b` newline `c }`.
    Block(Vec<Binding>, ExprId),
}

/// An expression and its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

/// One argument of a definition, such as `x`, `x: angle` or `r[n, 3]`.
#[derive(Clone, PartialEq, Debug)]
pub struct Argument {
    /// Its name.
    pub name: Name,
    /// Its sizes; none for a number.
    pub size: Vec<ExprId>,
    /// Where it lives: `angle`, `periodic(L)`.
    pub domain: Option<(Name, Option<ExprId>)>,
}

/// One `key = value` of a run block.
#[derive(Clone, PartialEq, Debug)]
pub struct SettingLine {
    /// The key.
    pub key: Name,
    /// The value.
    pub value: ExprId,
    /// All of it.
    pub span: Span,
}

/// Where an import comes from.
#[derive(Clone, PartialEq, Debug)]
pub enum Origin {
    /// `std.landscapes`
    Module(Name),
    /// `"path.pot"`, without the quotes.
    File(Name),
}

/// What a definition defines.
#[derive(Clone, PartialEq, Debug)]
pub enum ItemKind {
    /// `import std.module (a, b as c)`
    Import(Origin, Vec<(Name, Option<Name>)>),
    /// `param name = expr`
    Parameter(Name, ExprId),
    /// `name = expr`
    Constant(Name, ExprId),
    /// `f(x, y) = expr`
    Function(Name, Vec<Argument>, ExprId),
    /// `learn { ... }`
    Run(Name, Vec<SettingLine>),
}

/// A definition and its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// What it defines.
    pub kind: ItemKind,
    /// Where.
    pub span: Span,
}

/// A file as it is written, or several with the definitions of one after those of the other.
#[derive(Clone, PartialEq, Debug)]
pub struct Tree {
    /// Which file; of several the first.
    pub source: SourceId,
    /// The definitions, in order.
    pub items: Vec<Item>,
    /// The comments, in order, from `#` to the end of the line.
    pub comments: Vec<Span>,
    /// What is in parentheses, and all that they take, in the order of the ids; where there are
    /// two pairs, the outer one is last.
    pub brackets: Vec<(ExprId, Span)>,
    exprs: Vec<Expr>,
}

impl Tree {
    /// A tree without definitions.
    pub fn new(source: SourceId) -> Tree {
        Tree {
            source,
            items: Vec::new(),
            comments: Vec::new(),
            brackets: Vec::new(),
            exprs: Vec::new(),
        }
    }

    /// Adds an expression, whose operands must be there.
    pub fn add(&mut self, kind: ExprKind, span: Span) -> ExprId {
        // A file is below 4 GiB, and an expression takes a byte at least.
        let id = ExprId(self.exprs.len() as u32);
        self.exprs.push(Expr { kind, span });
        id
    }

    /// The expression behind an id of this tree.
    pub fn get(&self, id: ExprId) -> &Expr {
        &self.exprs[id.index()]
    }

    /// What an expression is.
    pub fn kind(&self, id: ExprId) -> &ExprKind {
        &self.get(id).kind
    }

    /// Where an expression is.
    pub fn span(&self, id: ExprId) -> Span {
        self.get(id).span
    }

    /// The outermost parentheses around an expression.
    pub fn brackets(&self, id: ExprId) -> Option<Span> {
        let end = self.brackets.partition_point(|(of, _)| *of <= id);
        let (of, span) = *self.brackets.get(end.checked_sub(1)?)?;
        (of == id).then_some(span)
    }

    /// All expressions with their ids, operands first.
    pub fn exprs(&self) -> impl Iterator<Item = (ExprId, &Expr)> {
        (0u32..).map(ExprId).zip(&self.exprs)
    }

    /// How many expressions there are.
    pub fn len(&self) -> usize {
        self.exprs.len()
    }

    /// Whether there are no expressions.
    pub fn is_empty(&self) -> bool {
        self.exprs.is_empty()
    }
}
