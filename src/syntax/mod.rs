//! From text to a [`Tree`] and back.
//!
//! Tokens (`scan`) give lines and brackets (`layout`), each definition is read by the grammar
//! (`grammar/pot.pest`, `parse`), and what it refuses is explained in terms of the tokens there
//! (`explain`, `head`, `mistakes`). Back again: a tree is built (`builder`, `formula`, `bracketed`) into
//! text that knows where it may be broken (`doc`), file by file (`print`). Nothing else in the package knows of pest.

mod bracketed;
mod builder;
mod doc;
mod explain;
mod format;
mod formula;
mod head;
mod layout;
mod lexed;
mod mistakes;
mod parse;
mod print;
mod references;
mod scan;
mod spelling;
mod tree;

pub use format::format;
pub use layout::MAX_DEPTH;
pub use lexed::{Lexed, lex};
pub use parse::{Parsed, parse, parse_onto};
pub use print::print;
pub use references::{Reference, Referred, references};
pub use scan::{KEYWORDS, Kind as TokenKind, MOST_TOKENS, Token};
pub use spelling::{alike, as_name, canonical, is_name};
pub use tree::{
    Argument, Binding, Expr, ExprId, ExprKind, Infix, Item, ItemKind, Name, Origin, Prefix, Range,
    SettingLine, Tree,
};
