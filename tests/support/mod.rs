//! What several tests share.
#![allow(dead_code)]

pub mod formulas;
pub mod jet;
pub mod sums;
