//! Formulas as machine code.

mod build;
pub mod elementary;
mod interpret;
pub mod lane;
mod lower;

pub use build::LaneBuilder;
pub use lane::{Integer, LaneCode, Mask, Shift, Table, Value};
pub use lower::{Lowering, lower_graph};
