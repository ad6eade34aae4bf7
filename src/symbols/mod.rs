//! What a text says about names, for editors and prompts, whether it can be read or not.
//!
//! An [`Outline`] is made of tokens alone, in linear time: the definitions of a file, its local
//! names, and what each name in it refers to. From it come [`tokens`] with their classes,
//! [`words`] that may stand at a place, and whether a name can be changed ([`collision`]). What a
//! name is worth is for the checker to say.

mod classes;
mod definitions;
mod describe;
mod keywords;
mod outline;
mod rename;
mod resolve;
mod words;

pub use classes::{Class, Classified, tokens};
pub use describe::{Files, std_outline};
pub use keywords::{Keyword, Place, keywords};
pub use outline::{
    Definition, DefinitionKind, Meaning, Occurrence, Origin, Outline, Symbol, SymbolKind,
};
pub use rename::collision;
pub use words::{Completion, Where, Word, WordKind, words};
