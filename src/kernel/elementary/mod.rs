//! Elementary functions in lane code.

use super::{LaneBuilder, Value};
use crate::graph::Function;

/// `function(args)`; functions of one argument ignore the second.
pub fn lower(b: &mut LaneBuilder, function: Function, args: [Value; 2]) -> Value {
    let [x, y] = args;
    match function {
        Function::Add => b.add(x, y),
        Function::Subtract => b.sub(x, y),
        Function::Multiply => b.mul(x, y),
        Function::Divide => b.div(x, y),
        Function::Negate => b.neg(x),
        Function::Sqrt => b.sqrt(x),
        Function::Abs => b.abs(x),
        Function::Floor => b.floor(x),
        _ => b.call(function, args),
    }
}
