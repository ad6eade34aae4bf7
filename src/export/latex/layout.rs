//! How formulas are laid out: lines, widths, and what gets a name.

use crate::graph::{Function, Graph, Node, Op, number};

/// About as many characters fit on a line.
pub(super) const LINE: usize = 62;
/// From so many characters on, what is used twice gets a name.
const SHARED: usize = 24;

/// A formula over as many lines as it takes, aligned at the sign of equality.
pub(super) fn broken(head: &str, summands: &[String]) -> String {
    let mut out = format!("{head} &=");
    let mut filled = width(head) + 2;
    for (at, text) in summands.iter().enumerate() {
        let size = width(text);
        if at > 0 && filled + size > LINE {
            out.push_str(" \\\\\n&\\quad");
            filled = 4;
        }
        match (at, text.strip_prefix('-')) {
            (0, _) => out.push_str(&format!(" {text}")),
            (_, Some(rest)) => out.push_str(&format!(" - {rest}")),
            _ => out.push_str(&format!(" + {text}")),
        }
        filled += size + 2;
    }
    out
}

/// Terms with their signs between, on one line.
pub(super) fn joined(summands: &[String]) -> String {
    let mut out = String::new();
    for (at, text) in summands.iter().enumerate() {
        match (at, text.strip_prefix('-')) {
            (0, _) => out.push_str(text),
            (_, Some(rest)) => out.push_str(&format!(" - {rest}")),
            _ => out.push_str(&format!(" + {text}")),
        }
    }
    out
}

/// `t_{1,i,j}` as the name `t1`, so that another one can keep away from it.
pub(super) fn base_of(name: &str) -> String {
    let kept = name.replace("_{", "").replace('}', "");
    kept.split(',').next().unwrap_or(name).to_owned()
}

/// About how wide a text is, in characters: of a fraction the wider part counts, commands and braces
/// do not.
pub(super) fn width(text: &str) -> usize {
    let mut widths = vec![0usize];
    // For each open brace, the fraction it belongs to: 1 for the upper part, 2 for the lower.
    let mut open: Vec<u8> = Vec::new();
    let mut pending = 0u8;
    let mut upper = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            '\\' => {
                let word: String = rest[1..]
                    .chars()
                    .take_while(char::is_ascii_alphabetic)
                    .collect();
                length = 1 + word.len().max(1);
                match word.as_str() {
                    "frac" => pending = 1,
                    "left" | "right" | "begin" | "end" | "mathrm" | "text" | "operatorname" => {}
                    "sum" => *last(&mut widths) += 4,
                    word if word.len() <= 3 => *last(&mut widths) += word.len(),
                    _ => *last(&mut widths) += 2,
                }
            }
            '{' => {
                open.push(pending);
                if pending > 0 {
                    widths.push(0);
                }
                pending = 0;
            }
            '}' => match open.pop() {
                Some(1) => {
                    upper.push(widths.pop().unwrap_or(0));
                    pending = 2;
                }
                Some(2) => {
                    let lower = widths.pop().unwrap_or(0);
                    *last(&mut widths) += lower.max(upper.pop().unwrap_or(0));
                }
                _ => {}
            },
            ' ' | '^' | '_' | '&' => {}
            _ => *last(&mut widths) += 1,
        }
        rest = &rest[length..];
    }
    widths.iter().sum()
}

fn last(widths: &mut [usize]) -> &mut usize {
    let at = widths.len() - 1;
    &mut widths[at]
}

/// What a formula is a sum of, with signs.
pub(super) fn summands(graph: &Graph, root: Node) -> Vec<(bool, Node)> {
    let mut out = Vec::new();
    let mut open = vec![(false, root)];
    while let Some((minus, node)) = open.pop() {
        match graph.op(node) {
            Op::Apply2(Function::Add, a, b) => open.extend([(minus, b), (minus, a)]),
            Op::Apply2(Function::Subtract, a, b) => open.extend([(!minus, b), (minus, a)]),
            Op::Apply1(Function::Negate, a) => open.push((!minus, a)),
            _ => out.push((minus, node)),
        }
    }
    out
}

/// What gets a name: what is long and used twice, and what would not fit on a line.
pub(super) fn named(graph: &Graph, roots: &[Node], inputs: &[usize]) -> Vec<Node> {
    let schedule = graph.schedule(roots);
    let is_sum = |op: Op| {
        matches!(
            op,
            Op::Apply2(Function::Add | Function::Subtract, ..) | Op::Apply1(Function::Negate, _)
        )
    };
    let mut uses = vec![0usize; graph.len()];
    let mut torn = vec![false; graph.len()];
    for &at in &schedule {
        let op = graph.op(at);
        for operand in op.operands() {
            uses[operand.index()] += 1;
            torn[operand.index()] |= !is_sum(op);
        }
    }
    let mut widths = vec![0usize; graph.len()];
    let mut out = Vec::new();
    for &at in &schedule {
        let op = graph.op(at);
        let of = |node: Node| widths[node.index()];
        let bracketed = |node: Node| of(node) + if is_sum(graph.op(node)) { 2 } else { 0 };
        let size = match op {
            Op::Constant(bits) => number(bits.value()).len(),
            Op::Input(input) => inputs.get(input as usize).copied().unwrap_or(2),
            Op::Apply2(Function::Divide, a, b) => of(a).max(of(b)),
            Op::Apply2(Function::Add | Function::Subtract, a, b) => 2 + of(a) + of(b),
            Op::Apply1(..) => 5 + op.operands().map(of).sum::<usize>(),
            Op::Power(a, _) => 1 + bracketed(a),
            Op::Select(c, a, b) => 8 + of(c) + of(a).max(of(b)),
            op => 1 + op.operands().map(bracketed).sum::<usize>(),
        };
        let condition = matches!(op, Op::Compare(..) | Op::And(..) | Op::Or(..) | Op::Not(_));
        let wants = (uses[at.index()] > 1 && size > SHARED) || (torn[at.index()] && size > LINE);
        widths[at.index()] = size;
        if wants && !condition && !roots.contains(&at) {
            out.push(at);
            widths[at.index()] = 2;
        }
    }
    out
}
