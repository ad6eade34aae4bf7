//! The vector instructions that are used, as numbers.

/// The map that an opcode is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Map {
    M0f = 1,
    M0f38 = 2,
    M0f3a = 3,
}

/// A vector instruction with the prefix 66: its map, the bit W and its byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Opcode {
    pub(super) map: Map,
    pub(super) wide: bool,
    pub(super) byte: u8,
}

const fn opcode(map: Map, byte: u8) -> Opcode {
    Opcode {
        map,
        wide: true,
        byte,
    }
}

pub(super) const ADD: Opcode = opcode(Map::M0f, 0x58);
pub(super) const MUL: Opcode = opcode(Map::M0f, 0x59);
pub(super) const SUB: Opcode = opcode(Map::M0f, 0x5c);
pub(super) const MIN: Opcode = opcode(Map::M0f, 0x5d);
pub(super) const DIV: Opcode = opcode(Map::M0f, 0x5e);
pub(super) const MAX: Opcode = opcode(Map::M0f, 0x5f);
pub(super) const SQRT: Opcode = opcode(Map::M0f, 0x51);
pub(super) const ROUND: Opcode = opcode(Map::M0f3a, 0x09);
/// What is left after rounding (512 bits only).
pub(super) const REDUCE: Opcode = opcode(Map::M0f3a, 0x56);
/// The first operand times two to the whole part of the second (512 bits only).
pub(super) const SCALE: Opcode = opcode(Map::M0f38, 0x2c);
pub(super) const AND: Opcode = opcode(Map::M0f, 0xdb);
pub(super) const OR: Opcode = opcode(Map::M0f, 0xeb);
pub(super) const XOR: Opcode = opcode(Map::M0f, 0xef);
pub(super) const ADD_INTEGERS: Opcode = opcode(Map::M0f, 0xd4);
pub(super) const SUB_INTEGERS: Opcode = opcode(Map::M0f, 0xfb);
/// The product of the low halves.
pub(super) const MUL_HALVES: Opcode = opcode(Map::M0f, 0xf4);
pub(super) const COMPARE: Opcode = opcode(Map::M0f, 0xc2);
pub(super) const COMPARE_INTEGERS: Opcode = opcode(Map::M0f3a, 0x1f);
pub(super) const GREATER_INTEGERS: Opcode = opcode(Map::M0f38, 0x37);
pub(super) const EQUAL_INTEGERS: Opcode = opcode(Map::M0f38, 0x29);
pub(super) const TEST: Opcode = opcode(Map::M0f38, 0x27);
pub(super) const BLEND: Opcode = opcode(Map::M0f38, 0x65);
pub(super) const BLEND_BY_VECTOR: Opcode = Opcode {
    wide: false,
    ..opcode(Map::M0f3a, 0x4b)
};
pub(super) const LOAD: Opcode = opcode(Map::M0f, 0x10);
pub(super) const STORE: Opcode = opcode(Map::M0f, 0x11);
pub(super) const MOVE: Opcode = opcode(Map::M0f, 0x28);
pub(super) const BROADCAST: Opcode = opcode(Map::M0f38, 0x19);
/// Of the second operand the lanes that the low bits of the first say (512 bits only).
pub(super) const PERMUTE: Opcode = opcode(Map::M0f38, 0x16);
pub(super) const GATHER: Opcode = opcode(Map::M0f38, 0x93);

/// The shapes of a fused product and sum, by which operand the result replaces: `a*b + c` over `a`
/// with `c` last (213), or over `c` with `b` last (231), or over `a` with `b` last (132).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Fused {
    Factor = 0xa8,
    Summand = 0xb8,
    FactorByFactor = 0x98,
}

/// A fused product and sum with its signs.
pub(super) fn fused(shape: Fused, minus_product: bool, minus_summand: bool) -> Opcode {
    let signs = match (minus_product, minus_summand) {
        (false, false) => 0,
        (false, true) => 2,
        (true, false) => 4,
        (true, true) => 6,
    };
    opcode(Map::M0f38, shape as u8 + signs)
}

/// A shift by a number of bits: its byte, and the digit that stands for a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shifted {
    pub(super) opcode: Opcode,
    pub(super) digit: u8,
}

const fn shifted(byte: u8, digit: u8) -> Shifted {
    Shifted {
        opcode: opcode(Map::M0f, byte),
        digit,
    }
}

pub(super) const SHIFT_LEFT: Shifted = shifted(0x73, 6);
pub(super) const SHIFT_RIGHT: Shifted = shifted(0x73, 2);
/// 512 bits only.
pub(super) const SHIFT_ARITHMETIC: Shifted = shifted(0x72, 4);

/// Operations on two masks (512 bits only).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Masks {
    And = 0x41,
    Or = 0x45,
    /// Both or neither.
    Same = 0x46,
}
