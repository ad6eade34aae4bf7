//! From text to a [`Tree`] and back.
//!
//! Tokens (`scan`) give lines and brackets (`layout`), each definition is read by the grammar
//! (`grammar/pot.pest`, `parse`), and what it refuses is explained in terms of the tokens there
//! (`explain`, `head`, `mistakes`). Nothing else in the package knows of pest.

mod explain;
mod head;
mod layout;
mod mistakes;
mod parse;
mod print;
mod scan;
mod tree;

pub use layout::MAX_DEPTH;
pub use parse::{Parsed, parse};
pub use print::print;
pub use tree::{
    Argument, Binding, Expr, ExprId, ExprKind, Infix, Item, ItemKind, Name, Origin, Prefix, Range,
    SettingLine, Tree,
};
