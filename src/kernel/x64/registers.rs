//! Where the values of a pass are: registers, memory that they came from, or slots of the frame.
//!
//! The code is straight-line, so every next use is known: where a register is needed, the value
//! that is needed last gives way (Belady 1966), those that need no store a little sooner.

use super::Isa;
use super::encode::{Assembler, Mem, Rm};
use super::memory::{Memory, Way};
use super::operation::{Class, Selected, Source, ValueId};

/// No register, no slot, no further use.
const NONE: u32 = u32::MAX;

/// A value in one of the interleaved ways: the index of its [`Location`].
pub(super) type Entry = usize;

/// Where a value is, and when it is read next.
#[derive(Clone, Copy)]
struct Location {
    register: u32,
    slot: u32,
    /// The next of its uses in the list of all.
    next: u32,
}

/// The registers of one class.
struct File {
    /// What each holds.
    owners: Vec<Option<Entry>>,
    /// Those that the present operation reads.
    locked: u32,
    /// Those that may be given out.
    usable: std::ops::Range<usize>,
}

/// The registers and values of a pass.
pub(super) struct Registers<'s> {
    selected: &'s Selected,
    memory: Memory,
    ways: usize,
    locations: Vec<Location>,
    /// The places in the order of the code where values are read, value by value.
    uses: Vec<u32>,
    /// Where the uses of each value begin.
    first_use: Vec<u32>,
    files: [File; 2],
    /// Slots of the frame that are free, and how many there are in all.
    free_slots: Vec<u32>,
    slots: u32,
    /// Slots that the present operation may still read: free after it.
    leaving: Vec<u32>,
    /// The place and the way that are being emitted.
    at: u32,
    way: usize,
}

impl<'s> Registers<'s> {
    /// Nothing loaded yet. Results are read after all operations, one place each, in this order.
    pub(super) fn new(
        selected: &'s Selected,
        results: &[ValueId],
        memory: Memory,
        ways: usize,
        isa: Isa,
    ) -> Registers<'s> {
        let values = selected.sources.len();
        let mut counts = vec![0u32; values + 1];
        let reads = |f: &mut dyn FnMut(u32, ValueId)| {
            for (at, op) in (0u32..).zip(&selected.ops) {
                let operands = op.operands();
                for (k, &value) in operands.iter().enumerate() {
                    if !operands[..k].contains(&value) {
                        f(at, value);
                    }
                }
            }
            for (at, &value) in (selected.ops.len() as u32..).zip(results) {
                f(at, value);
            }
        };
        reads(&mut |_, value| counts[value as usize + 1] += 1);
        for value in 0..values {
            counts[value + 1] += counts[value];
        }
        let first_use = counts.clone();
        let mut uses = vec![0; counts[values] as usize];
        let mut free = counts;
        reads(&mut |at, value| {
            let place = &mut free[value as usize];
            uses[*place as usize] = at;
            *place += 1;
        });
        let location = |entry: Entry| Location {
            register: NONE,
            slot: NONE,
            next: first_use[entry / ways],
        };
        let file = |usable: std::ops::Range<usize>| File {
            owners: vec![None; usable.end],
            locked: 0,
            usable,
        };
        // The first mask register means "no mask" where it is one.
        let vectors = if isa == Isa::Avx512 { 32 } else { 16 };
        Registers {
            selected,
            memory,
            ways,
            locations: (0..values * ways).map(location).collect(),
            uses,
            first_use,
            files: [file(0..vectors), file(1..8)],
            free_slots: Vec::new(),
            leaving: Vec::new(),
            slots: 0,
            at: 0,
            way: 0,
        }
    }

    /// How many slots the frame needs.
    pub(super) fn slots(&self) -> usize {
        self.slots as usize
    }

    /// Goes on to this place of the code, in one of the ways.
    pub(super) fn go(&mut self, at: usize, way: usize) {
        (self.at, self.way) = (at as u32, way);
        self.files.iter_mut().for_each(|file| file.locked = 0);
        self.free_slots.append(&mut self.leaving);
    }

    /// The present way.
    pub(super) fn way(&self) -> Way {
        Way(self.way)
    }

    /// The value in the present way.
    pub(super) fn entry(&self, value: ValueId) -> Entry {
        let source = self.selected.sources[value as usize];
        value as usize * self.ways + if source.is_invariant() { 0 } else { self.way }
    }

    fn source(&self, entry: Entry) -> Source {
        self.selected.sources[entry / self.ways]
    }

    fn class(&self, entry: Entry) -> Class {
        self.selected.classes[entry / self.ways]
    }

    fn file(&mut self, entry: Entry) -> &mut File {
        let class = self.class(entry) as usize;
        &mut self.files[class]
    }

    /// The place where an entry is read next.
    fn next_use(&self, entry: Entry) -> u32 {
        let end = self.first_use[entry / self.ways + 1];
        match self.locations[entry].next {
            next if next < end => self.uses[next as usize],
            _ => NONE,
        }
    }

    /// Whether nothing reads the entry after the present operation.
    pub(super) fn dies(&self, entry: Entry) -> bool {
        let value = entry / self.ways;
        let shared = self.source(entry).is_invariant() && self.way + 1 < self.ways;
        let next = self.locations[entry].next;
        let read_now = self.next_use(entry) == self.at;
        !(read_now && shared) && next + u32::from(read_now) >= self.first_use[value + 1]
    }

    pub(super) fn register(&self, entry: Entry) -> Option<u8> {
        let register = self.locations[entry].register;
        (register != NONE).then_some(register as u8)
    }

    /// Where a value is in memory, if it is.
    fn home(&self, asm: &mut Assembler, entry: Entry) -> Option<Mem> {
        let way = Way(entry % self.ways);
        match (self.locations[entry].slot, self.source(entry)) {
            (NONE, Source::Computed) => None,
            (NONE, source) => Some(self.memory.source(asm, source, way)),
            (slot, _) => Some(self.memory.slot(slot)),
        }
    }

    fn has_home(&self, entry: Entry) -> bool {
        self.locations[entry].slot != NONE || self.source(entry) != Source::Computed
    }

    fn lock(&mut self, entry: Entry, register: u8) {
        self.file(entry).locked |= 1 << register;
    }

    /// A register for an entry, whatever must give way.
    fn take(&mut self, asm: &mut Assembler, entry: Entry) -> u8 {
        let class = self.class(entry) as usize;
        let register = match self.free_register(class) {
            Some(register) => register,
            None => {
                let victim = self.victim(class);
                self.evict(asm, class, victim);
                victim
            }
        };
        self.files[class].owners[register] = Some(entry);
        self.locations[entry].register = register as u32;
        register as u8
    }

    fn free_register(&self, class: usize) -> Option<usize> {
        let file = &self.files[class];
        file.usable
            .clone()
            .find(|&register| file.owners[register].is_none() && file.locked >> register & 1 == 0)
    }

    /// The register whose value is needed last; it is not locked.
    fn victim(&self, class: usize) -> usize {
        let file = &self.files[class];
        let open = |register: &usize| file.locked >> register & 1 == 0;
        let last = file.usable.clone().filter(open).max_by_key(|&register| {
            let entry = file.owners[register].unwrap_or(0);
            let next = u64::from(self.next_use(entry)) * self.ways as u64;
            let distance = (next + (entry % self.ways) as u64)
                .saturating_sub(u64::from(self.at) * self.ways as u64 + self.way as u64);
            distance * if self.has_home(entry) { 2 } else { 1 }
        });
        // An operation locks four registers at most.
        debug_assert!(last.is_some(), "all registers are locked");
        last.unwrap_or(file.usable.start)
    }

    // Must leave the scratch register alone, which may be part of an operand.
    fn evict(&mut self, asm: &mut Assembler, class: usize, register: usize) {
        let Some(entry) = self.files[class].owners[register].take() else {
            return;
        };
        if !self.has_home(entry) {
            self.save(asm, entry);
        }
        self.locations[entry].register = NONE;
    }

    /// A slot that nothing else uses.
    pub(super) fn new_slot(&mut self) -> u32 {
        self.slots += 1;
        self.slots - 1
    }

    /// Stores an entry that is in a register into a slot of its own.
    fn save(&mut self, asm: &mut Assembler, entry: Entry) {
        let slot = self.free_slots.pop().unwrap_or_else(|| self.new_slot());
        self.locations[entry].slot = slot;
        let (to, register) = (self.memory.slot(slot), self.locations[entry].register as u8);
        match self.class(entry) {
            Class::Vector => asm.store(to, register),
            Class::Mask => asm.store_mask(to, register),
        }
    }

    /// Keeps a variable of the state that will be overwritten before it is read.
    pub(super) fn preserve(&mut self, asm: &mut Assembler, entry: Entry) {
        if self.locations[entry].slot == NONE {
            self.fetch(asm, entry);
            self.save(asm, entry);
        }
    }

    /// The entry in a register, which is locked.
    pub(super) fn fetch(&mut self, asm: &mut Assembler, entry: Entry) -> u8 {
        let register = match self.register(entry) {
            Some(register) => register,
            None => {
                let register = self.take(asm, entry);
                if let Some(home) = self.home(asm, entry) {
                    match self.class(entry) {
                        Class::Vector => asm.load(register, home),
                        Class::Mask => asm.load_mask(register, Rm::Mem(home)),
                    }
                }
                register
            }
        };
        self.lock(entry, register);
        register
    }

    /// The entry as a last operand: in memory where nothing is gained by a register.
    pub(super) fn operand(&mut self, asm: &mut Assembler, entry: Entry) -> Rm {
        if let Some(register) = self.register(entry) {
            self.lock(entry, register);
            return Rm::Reg(register);
        }
        if self.is_worth_a_register(entry) {
            return Rm::Reg(self.fetch(asm, entry));
        }
        match self.home(asm, entry) {
            Some(home) => Rm::Mem(home),
            None => Rm::Reg(self.fetch(asm, entry)),
        }
    }

    /// Whether an entry in memory is read again, and a register is free or held by one that is in
    /// memory too and read later.
    fn is_worth_a_register(&self, entry: Entry) -> bool {
        if self.dies(entry) {
            return false;
        }
        let class = self.class(entry) as usize;
        if self.free_register(class).is_some() {
            return true;
        }
        let owner = self.files[class].owners[self.victim(class)];
        let later = |owner| self.has_home(owner) && self.next_use(owner) > self.use_after(entry);
        owner.is_some_and(later)
    }

    /// The place where an entry is read after the present one.
    fn use_after(&self, entry: Entry) -> u32 {
        if self.source(entry).is_invariant() && self.way + 1 < self.ways {
            return self.at;
        }
        let (next, end) = (
            self.locations[entry].next + 1,
            self.first_use[entry / self.ways + 1],
        );
        match next < end {
            true => self.uses[next as usize],
            false => NONE,
        }
    }

    /// The present operation has read the entry: its register is free if it was the last use.
    pub(super) fn done(&mut self, entry: Entry) {
        let dies = self.dies(entry);
        let shared = self.source(entry).is_invariant() && self.way + 1 < self.ways;
        if self.next_use(entry) == self.at && !shared {
            self.locations[entry].next += 1;
        }
        if dies {
            self.forget(entry);
        }
    }

    fn forget(&mut self, entry: Entry) {
        if let Some(register) = self.register(entry) {
            let file = self.file(entry);
            file.owners[register as usize] = None;
            file.locked &= !(1 << register);
            self.locations[entry].register = NONE;
        }
        if self.locations[entry].slot != NONE {
            self.leaving.push(self.locations[entry].slot);
            self.locations[entry].slot = NONE;
        }
    }

    /// A register for the result of the present operation.
    pub(super) fn define(&mut self, asm: &mut Assembler, value: ValueId) -> u8 {
        let entry = self.entry(value);
        let register = self.take(asm, entry);
        self.lock(entry, register);
        register
    }

    /// The register of an entry that has just died becomes that of the result.
    pub(super) fn define_in(&mut self, value: ValueId, register: u8) {
        let entry = self.entry(value);
        self.file(entry).owners[register as usize] = Some(entry);
        self.locations[entry].register = u32::from(register);
        self.lock(entry, register);
    }

    /// A register that holds no value after the present operation.
    pub(super) fn spare(&mut self, asm: &mut Assembler, class: Class) -> u8 {
        let class = class as usize;
        let register = self.free_register(class).unwrap_or_else(|| {
            let victim = self.victim(class);
            self.evict(asm, class, victim);
            victim
        });
        self.files[class].locked |= 1 << register;
        register as u8
    }
}
