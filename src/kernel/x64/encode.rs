//! Bytes of x86-64 instructions: as many forms as the loops here need.
//!
//! A vector instruction is one [`Opcode`], encoded with a VEX prefix for 256-bit registers and an
//! EVEX prefix for 512 bits (Intel's Software Developer's Manual, volume 2, chapter 2).

use super::Isa;
use super::opcode::{
    BLEND, BLEND_BY_VECTOR, BROADCAST, GATHER, LOAD, MOVE, Map, Masks, Opcode, STORE, Shifted,
};

/// A general register; r11 has no use yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Gpr {
    Rax = 0,
    Rcx,
    Rdx,
    Rbx,
    Rsp,
    Rbp,
    Rsi,
    Rdi,
    R8,
    R9,
    R10,
    R12 = 12,
    R13,
    R14,
    R15,
}

/// An address: base, index (not scaled) and displacement in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mem {
    pub(super) base: Gpr,
    pub(super) index: Option<Gpr>,
    pub(super) disp: i32,
    /// Whether it holds one number for all lanes (512 bits only).
    pub(super) broadcast: bool,
}

impl Mem {
    pub(super) fn at(base: Gpr, disp: i32) -> Mem {
        Mem {
            base,
            index: None,
            disp,
            broadcast: false,
        }
    }

    pub(super) fn indexed(base: Gpr, index: Gpr, disp: i32) -> Mem {
        Mem {
            index: Some(index),
            ..Mem::at(base, disp)
        }
    }

    pub(super) fn broadcast(base: Gpr, disp: i32) -> Mem {
        Mem {
            broadcast: true,
            ..Mem::at(base, disp)
        }
    }
}

/// The last operand of a vector instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rm {
    Reg(u8),
    Mem(Mem),
}

/// A place to jump to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label(usize);

/// Conditions of jumps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Condition {
    Below = 0x82,
    Zero = 0x84,
    NotZero = 0x85,
}

/// Code in the making.
#[derive(Debug)]
pub(super) struct Assembler {
    pub(super) isa: Isa,
    bytes: Vec<u8>,
    /// The place of each label, once it is known.
    labels: Vec<Option<usize>>,
    /// Where the distance to a label is missing.
    jumps: Vec<(usize, usize)>,
}

/// What an instruction needs beside its operands.
#[derive(Clone, Copy, Default)]
struct Extra {
    /// The mask register of an EVEX prefix.
    mask: u8,
    immediate: Option<u8>,
    /// The bytes of what a memory operand holds, if not a whole register.
    element: Option<i32>,
    /// The vector register that is the index of an address.
    vector_index: Option<u8>,
    /// Rounds down instead of to nearest; all operands are registers (512 bits only).
    down: bool,
}

impl Assembler {
    pub(super) fn new(isa: Isa) -> Assembler {
        Assembler {
            isa,
            bytes: Vec::new(),
            labels: Vec::new(),
            jumps: Vec::new(),
        }
    }

    /// The code, with all jumps filled in; `None` if one goes nowhere.
    pub(super) fn finish(mut self) -> Option<Vec<u8>> {
        for (at, label) in self.jumps {
            let target = (*self.labels.get(label)?)?;
            let distance = i32::try_from(target as i64 - (at as i64 + 4)).ok()?;
            self.bytes[at..at + 4].copy_from_slice(&distance.to_le_bytes());
        }
        Some(self.bytes)
    }

    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    fn word(&mut self, word: i32) {
        self.bytes.extend_from_slice(&word.to_le_bytes());
    }

    // Vector instructions: `reg` is the register in the middle of the last bytes, `second` the one
    // in the prefix.
    fn vector(&mut self, opcode: Opcode, reg: u8, second: u8, rm: Rm, extra: Extra) {
        match self.isa {
            Isa::Avx2 => self.vex(opcode, true, reg, second, rm, extra),
            Isa::Avx512 => self.evex(opcode, reg, second, rm, extra),
        }
        if let Some(immediate) = extra.immediate {
            self.byte(immediate);
        }
    }

    fn vex(&mut self, opcode: Opcode, long: bool, reg: u8, second: u8, rm: Rm, extra: Extra) {
        let [x, b] = extension(rm, extra);
        self.vex_prefix(opcode.map, [reg >> 3 & 1, x & 1, b & 1]);
        let wide = u8::from(opcode.wide) << 7;
        self.byte(wide | (!second & 15) << 3 | u8::from(long) << 2 | 1);
        self.byte(opcode.byte);
        self.operand(reg, rm, extra, 1);
    }

    fn vex_prefix(&mut self, map: Map, [r, x, b]: [u8; 3]) {
        self.byte(0xc4);
        self.byte((1 - r) << 7 | (1 - x) << 6 | (1 - b) << 5 | map as u8);
    }

    fn evex(&mut self, opcode: Opcode, reg: u8, second: u8, rm: Rm, extra: Extra) {
        let [x, b] = extension(rm, extra);
        let (broadcast, whole) = match rm {
            Rm::Mem(mem) if mem.broadcast => (1, 8),
            _ => (0, self.isa.bytes()),
        };
        // The way of rounding takes the place of the length, which is then the whole register.
        let (broadcast, length) = if extra.down { (1, 1) } else { (broadcast, 2) };
        self.byte(0x62);
        let (r, far) = (reg >> 3 & 1, reg >> 4 & 1);
        self.byte((1 - r) << 7 | (1 - x) << 6 | (1 - b) << 5 | (1 - far) << 4 | opcode.map as u8);
        self.byte(u8::from(opcode.wide) << 7 | (!second & 15) << 3 | 4 | 1);
        let high = extra.vector_index.unwrap_or(second) >> 4 & 1;
        self.byte(length << 5 | broadcast << 4 | (1 - high) << 3 | extra.mask);
        self.byte(opcode.byte);
        self.operand(reg, rm, extra, extra.element.unwrap_or(whole));
    }

    /// The bytes that tell the register and the last operand. A short displacement counts in
    /// units of `unit` bytes.
    fn operand(&mut self, reg: u8, rm: Rm, extra: Extra, unit: i32) {
        let reg = (reg & 7) << 3;
        let mem = match rm {
            Rm::Reg(rm) => return self.byte(3 << 6 | reg | rm & 7),
            Rm::Mem(mem) => mem,
        };
        let base = mem.base as u8 & 7;
        let short = i8::try_from(mem.disp / unit)
            .ok()
            .filter(|_| mem.disp % unit == 0);
        // The base registers rbp and r13 have no form without a displacement.
        let mode = match short {
            Some(0) if base != 5 => 0,
            Some(_) => 1,
            None => 2,
        };
        let index = match (extra.vector_index, mem.index) {
            // The scale of an index of vectors is 8 bytes.
            (Some(index), _) => Some(3 << 6 | (index & 7) << 3),
            (None, Some(index)) => Some((index as u8 & 7) << 3),
            // The base registers rsp and r12 need a byte of their own.
            (None, None) if base == 4 => Some(4 << 3),
            (None, None) => None,
        };
        match index {
            Some(index) => {
                self.byte(mode << 6 | reg | 4);
                self.byte(index | base);
            }
            None => self.byte(mode << 6 | reg | base),
        }
        match (mode, short) {
            (0, _) => {}
            (1, Some(short)) => self.byte(short as u8),
            _ => self.word(mem.disp),
        }
    }

    /// `to = a op b`.
    pub(super) fn two(&mut self, opcode: Opcode, to: u8, a: u8, b: Rm) {
        self.vector(opcode, to, a, b, Extra::default());
    }

    /// `to = a op b`, rounded down (512 bits only).
    pub(super) fn two_down(&mut self, opcode: Opcode, to: u8, a: u8, b: u8) {
        let extra = Extra {
            down: true,
            ..Extra::default()
        };
        self.vector(opcode, to, a, Rm::Reg(b), extra);
    }

    /// `to = a op b`, chosen by an immediate. `to` is a mask where 512-bit comparisons give one.
    pub(super) fn two_by(&mut self, opcode: Opcode, to: u8, a: u8, b: Rm, immediate: u8) {
        let immediate = Some(immediate);
        let extra = Extra {
            immediate,
            ..Extra::default()
        };
        self.vector(opcode, to, a, b, extra);
    }

    /// `to = op a`, perhaps chosen by an immediate.
    pub(super) fn one(&mut self, opcode: Opcode, to: u8, a: Rm, immediate: Option<u8>) {
        let extra = Extra {
            immediate,
            ..Extra::default()
        };
        self.vector(opcode, to, 0, a, extra);
    }

    /// `to = a` shifted. At 256 bits `a` must be a register.
    pub(super) fn shift(&mut self, shift: Shifted, to: u8, a: Rm, by: u8) {
        let immediate = Some(by);
        let extra = Extra {
            immediate,
            ..Extra::default()
        };
        self.vector(shift.opcode, shift.digit, to, a, extra);
    }

    /// `to = mask ? a : b`; the mask is a mask register at 512 bits, a vector at 256.
    pub(super) fn blend(&mut self, to: u8, mask: u8, a: Rm, b: u8) {
        match self.isa {
            Isa::Avx2 => self.two_by(BLEND_BY_VECTOR, to, b, a, mask << 4),
            Isa::Avx512 => {
                let extra = Extra {
                    mask,
                    ..Extra::default()
                };
                self.vector(BLEND, to, b, a, extra);
            }
        }
    }

    /// A copy of a register.
    pub(super) fn copy(&mut self, to: u8, from: u8) {
        self.one(MOVE, to, Rm::Reg(from), None);
    }

    /// Loads a register, or one number into all its lanes.
    pub(super) fn load(&mut self, to: u8, from: Mem) {
        if !from.broadcast {
            return self.one(LOAD, to, Rm::Mem(from), None);
        }
        let extra = Extra {
            element: Some(8),
            ..Extra::default()
        };
        let from = Mem {
            broadcast: false,
            ..from
        };
        self.vector(BROADCAST, to, 0, Rm::Mem(from), extra);
    }

    /// Stores a register.
    pub(super) fn store(&mut self, to: Mem, from: u8) {
        self.one(STORE, from, Rm::Mem(to), None);
    }

    /// `to = [base + 8*index + disp]`, lane by lane. `mask` must be all ones, and is used up; at
    /// 256 bits it is a vector. All vector registers must differ.
    pub(super) fn gather(&mut self, to: u8, base: Gpr, index: u8, disp: i32, mask: u8) {
        let extra = Extra {
            mask: if self.isa == Isa::Avx512 { mask } else { 0 },
            element: Some(8),
            vector_index: Some(index),
            ..Extra::default()
        };
        let second = if self.isa == Isa::Avx2 { mask } else { 0 };
        self.vector(GATHER, to, second, Rm::Mem(Mem::at(base, disp)), extra);
    }

    // Masks: VEX without the prefix 66.
    fn masks(&mut self, byte: u8, long: bool, reg: u8, second: u8, rm: Rm) {
        let [x, b] = extension(rm, Extra::default());
        self.vex_prefix(Map::M0f, [0, x & 1, b & 1]);
        self.byte((!second & 15) << 3 | u8::from(long) << 2);
        self.byte(byte);
        self.operand(reg, rm, Extra::default(), 1);
    }

    /// `to = a op b` of masks.
    pub(super) fn combine_masks(&mut self, op: Masks, to: u8, a: u8, b: u8) {
        self.masks(op as u8, true, to, a, Rm::Reg(b));
    }

    /// `to = not a`.
    pub(super) fn invert_mask(&mut self, to: u8, a: u8) {
        self.masks(0x44, false, to, 0, Rm::Reg(a));
    }

    /// Loads a mask, or copies one.
    pub(super) fn load_mask(&mut self, to: u8, from: Rm) {
        self.masks(0x90, false, to, 0, from);
    }

    /// Stores a mask: two bytes.
    pub(super) fn store_mask(&mut self, to: Mem, from: u8) {
        self.masks(0x91, false, from, 0, Rm::Mem(to));
    }

    // General registers, all 64 bits wide.
    fn general(&mut self, byte: u8, reg: u8, rm: Rm) {
        let [x, b] = extension(rm, Extra::default());
        self.byte(0x48 | (reg >> 3) << 2 | x << 1 | b);
        self.byte(byte);
        self.operand(reg, rm, Extra::default(), 1);
    }

    /// `to = [from]`.
    pub(super) fn read(&mut self, to: Gpr, from: Mem) {
        self.general(0x8b, to as u8, Rm::Mem(from));
    }

    /// `to = [from]` for 32 bits; the others are zero.
    pub(super) fn read_half(&mut self, to: Gpr, from: Mem) {
        let [x, b] = extension(Rm::Mem(from), Extra::default());
        self.byte(0x40 | (to as u8 >> 3) << 2 | x << 1 | b);
        self.byte(0x8b);
        self.operand(to as u8, Rm::Mem(from), Extra::default(), 1);
    }

    /// `to = [from]` for 16 bits, zeros above.
    pub(super) fn read_quarter(&mut self, to: Gpr, from: Mem) {
        let [x, b] = extension(Rm::Mem(from), Extra::default());
        self.byte(0x40 | (to as u8 >> 3) << 2 | x << 1 | b);
        self.byte(0x0f);
        self.byte(0xb7);
        self.operand(to as u8, Rm::Mem(from), Extra::default(), 1);
    }

    /// `to = a` for a number of 64 bits.
    pub(super) fn set(&mut self, to: Gpr, value: u64) {
        self.byte(0x48 | (to as u8) >> 3);
        self.byte(0xb8 | to as u8 & 7);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// `[base + 4*index] += 1` for 32 bits.
    pub(super) fn count(&mut self, base: Gpr, index: Gpr) {
        let (base, index) = (base as u8, index as u8);
        self.byte(0x40 | (index >> 3) << 1 | base >> 3);
        self.byte(0xff);
        // With a displacement, which the base registers rbp and r13 need.
        self.byte(1 << 6 | 4);
        self.byte(2 << 6 | (index & 7) << 3 | base & 7);
        self.byte(0);
    }

    /// `to += [from]`.
    pub(super) fn increase(&mut self, to: Gpr, from: Mem) {
        self.general(0x03, to as u8, Rm::Mem(from));
    }

    /// `to += by`, and sets the flags.
    pub(super) fn advance(&mut self, to: Gpr, by: i32) {
        self.general(0x81, 0, Rm::Reg(to as u8));
        self.word(by);
    }

    /// `to = 0`.
    pub(super) fn clear(&mut self, to: Gpr) {
        self.general(0x31, to as u8, Rm::Reg(to as u8));
    }

    /// Compares with memory.
    pub(super) fn compare(&mut self, a: Gpr, b: Mem) {
        self.general(0x3b, a as u8, Rm::Mem(b));
    }

    /// Compares with zero.
    pub(super) fn test(&mut self, a: Gpr) {
        self.general(0x85, a as u8, Rm::Reg(a as u8));
    }

    pub(super) fn push(&mut self, register: Gpr) {
        self.stack(0x50, register);
    }

    pub(super) fn pop(&mut self, register: Gpr) {
        self.stack(0x58, register);
    }

    fn stack(&mut self, byte: u8, register: Gpr) {
        if register as u8 > 7 {
            self.byte(0x41);
        }
        self.byte(byte | register as u8 & 7);
    }

    /// Leaves the function; the upper halves of registers are clean.
    pub(super) fn leave(&mut self) {
        self.bytes.extend_from_slice(&[0xc5, 0xf8, 0x77, 0xc3]);
    }

    /// Stores the control word of floating-point arithmetic on the stack (8 bytes are taken), and
    /// sets these bits of it.
    pub(super) fn save_control(&mut self, set: u32) {
        self.advance(Gpr::Rsp, -8);
        // stmxcsr [rsp]; mov eax, [rsp]; or eax, set; mov [rsp + 4], eax; ldmxcsr [rsp + 4]
        self.bytes.extend_from_slice(&[0x0f, 0xae, 0x1c, 0x24]);
        self.bytes.extend_from_slice(&[0x8b, 0x04, 0x24, 0x0d]);
        self.bytes.extend_from_slice(&set.to_le_bytes());
        self.bytes.extend_from_slice(&[0x89, 0x44, 0x24, 0x04]);
        self.bytes
            .extend_from_slice(&[0x0f, 0xae, 0x54, 0x24, 0x04]);
    }

    /// Loads the control word that was stored.
    pub(super) fn restore_control(&mut self) {
        self.bytes.extend_from_slice(&[0x0f, 0xae, 0x14, 0x24]);
        self.advance(Gpr::Rsp, 8);
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// Here is the label.
    pub(super) fn place(&mut self, label: Label) {
        self.labels[label.0] = Some(self.bytes.len());
    }

    pub(super) fn jump_if(&mut self, condition: Condition, label: Label) {
        self.byte(0x0f);
        self.byte(condition as u8);
        self.jumps.push((self.bytes.len(), label.0));
        self.word(0);
    }
}

/// The bits of the last operand that go into the prefix: those of index and base, or of a register
/// above 15 and above 7.
fn extension(rm: Rm, extra: Extra) -> [u8; 2] {
    match rm {
        Rm::Reg(register) => [register >> 4 & 1, register >> 3 & 1],
        Rm::Mem(mem) => {
            let index = extra.vector_index.or(mem.index.map(|index| index as u8));
            [index.unwrap_or(0) >> 3 & 1, (mem.base as u8) >> 3 & 1]
        }
    }
}
