//! How much a step computes, by what it needs to compute it with.

use super::code::LaneCode;
use super::lane::{Binary, Instruction, Unary};
use super::program::{Loop, Output, Program, Stage};

/// What one step of one lane computes. What is the same at every step of a run is not counted, and
/// neither are integers, bits (the sign of a number among them), selections, and what is loaded and
/// stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Operations {
    /// Operations that occupy a floating-point pipe for a cycle: sum, difference, product, fused
    /// product and sum, comparison, minimum, maximum, rounding to a whole number.
    pub pipe: usize,
    /// Those of them that some processors have pipes of their own for: sum, difference, minimum,
    /// maximum, rounding.
    pub sums: usize,
    /// Divisions.
    pub divisions: usize,
    /// Square roots.
    pub roots: usize,
}

impl Operations {
    fn of(instruction: Instruction) -> Operations {
        use Instruction::*;
        let pipe = |pipe| Operations {
            pipe,
            ..Operations::default()
        };
        let sums = |sums| Operations { sums, ..pipe(sums) };
        match instruction {
            Unary(op, _) => match op {
                self::Unary::Negate | self::Unary::Abs => pipe(0),
                self::Unary::Floor | self::Unary::Nearest => sums(1),
                self::Unary::Sqrt => Operations {
                    roots: 1,
                    ..pipe(0)
                },
            },
            Binary(self::Binary::Divide, ..) => Operations {
                divisions: 1,
                ..pipe(0)
            },
            Binary(self::Binary::Multiply, ..) | Fma(..) | Compare(..) => pipe(1),
            Binary(..) => sums(1),
            // Maximum, minimum, floor, and a sum that leaves the bits of an integer.
            Row(..) => sums(4),
            Constant(_) | Integer(_) | Truth(_) | State(_) | Slot(_) | ToBits(_) | FromBits(_)
            | IntegerBinary(..) | Shift(..) | CompareIntegers(..) | And(..) | Or(..) | Not(_)
            | Select(..) | SelectInteger(..) | Gather(..) => pipe(0),
        }
    }

    /// All of them, whatever they need.
    pub fn total(self) -> usize {
        self.pipe + self.divisions + self.roots
    }

    fn plus(self, other: Operations) -> Operations {
        Operations {
            pipe: self.pipe + other.pipe,
            sums: self.sums + other.sums,
            divisions: self.divisions + other.divisions,
            roots: self.roots + other.roots,
        }
    }

    fn times(self, count: usize) -> Operations {
        Operations {
            pipe: self.pipe * count,
            sums: self.sums * count,
            divisions: self.divisions * count,
            roots: self.roots * count,
        }
    }
}

impl LaneCode {
    /// What one lane computes each time that the code runs.
    pub fn operations(&self) -> Operations {
        let all = self.instructions.iter().zip(&self.invariant);
        all.filter(|(_, invariant)| !**invariant)
            .map(|(instruction, _)| Operations::of(*instruction))
            .fold(Operations::default(), Operations::plus)
    }
}

impl Loop {
    fn operations(&self) -> Operations {
        let sums = self.outputs.iter().filter(|o| **o == Output::Add).count();
        let sums = Operations {
            pipe: sums,
            sums,
            ..Operations::default()
        };
        self.body.operations().plus(sums).times(self.members)
    }
}

impl Program {
    pub(super) fn operations(&self) -> Operations {
        let loops = self.stages.iter().map(|stage| match stage {
            Stage::Run(code) => code.operations(),
            Stage::Clear(_) | Stage::Keep(_) => Operations::default(),
        });
        loops.fold(Operations::default(), Operations::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;
    use crate::graph::{Comparison, Differentiated, Model};
    use crate::kernel::{LaneBuilder, StepOutput, StepProgram};
    use crate::source::Sources;

    #[test]
    fn each_operation_is_counted_by_what_it_needs() {
        let mut b = LaneBuilder::new(2, 1);
        let (x, y, k) = (b.state(0), b.state(1), b.slot(0));
        let once = b.mul(k, k); // the same at every step
        let sum = b.fma(x, y, once);
        let ratio = b.div(sum, y);
        let root = b.sqrt(ratio);
        let below = b.compare(Comparison::Less, root, x);
        let chosen = b.select(below, root, y);
        let whole = b.floor(chosen);
        let other = b.neg(whole);
        let least = b.min(other, x);
        let code = b.finish(&[least, x], &[]);
        let expected = Operations {
            pipe: 4,
            sums: 2,
            divisions: 1,
            roots: 1,
        };
        assert_eq!(code.operations(), expected);
    }

    fn chain(n: usize) -> Model {
        let text = format!("V(q[{n}]) = sum((q[i+1] - q[i])^4/7 for i in 1..{n}-1) + q[1]^2/2");
        let mut sources = Sources::new();
        let root = sources.add("chain.pot", text);
        check(&sources, root).unwrap().potential(None).unwrap()
    }

    fn drift(n: usize) -> (StepProgram, Operations) {
        let potential = Differentiated::beyond(&chain(n), 0);
        let program = StepProgram::of(&potential, n, 1, |b, x, c, gradient| {
            let g = gradient(b, x);
            let pairs = x.iter().zip(g);
            StepOutput {
                state: pairs.map(|(x, g)| b.fma(c[0], g, *x)).collect(),
                record: Vec::new(),
            }
        });
        let operations = program.operations();
        (program, operations)
    }

    /// A loop counts for each of its members: as many more for each link more, and no fewer than
    /// an addition to both ends, their two moves and the cube.
    #[test]
    fn loops_count_for_each_member() {
        let [short, middle, long] = [40, 60, 80].map(drift);
        assert!(short.0.code().is_none(), "it is no loop");
        let [more, as_many] = [middle.1.pipe - short.1.pipe, long.1.pipe - middle.1.pipe];
        assert_eq!(more, as_many);
        assert!(more >= 20 * 5, "{more}");
        assert_eq!(long.1.divisions + long.1.roots, 0);
    }
}
