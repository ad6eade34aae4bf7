//! A small language for potentials with structure on many scales, and the effective potential at
//! the scale of your choice.
#![deny(unsafe_code)]

pub mod check;
pub mod cli;
pub mod diagnostic;
pub mod dynamics;
pub mod graph;
pub mod kernel;
pub mod learn;
pub mod report;
pub mod session;
pub mod source;
pub mod stats;
pub mod syntax;
