//! Where a pass reads and writes: the state of a step, or the places of a member of a loop.

use cranelift::prelude::*;

use super::cranelift::{At, Width};
use super::emit::{Body, Clif, DATA};
use super::lane::Id;
use super::memory::{PREPARED, STRIDE};
use super::program::{Loop, Output};

/// The bytes of an address.
fn pointer_bytes() -> i32 {
    size_of::<usize>() as i32
}

/// Prepared values are aligned.
const ALIGNED: MemFlagsData = MemFlagsData::trusted();

/// Where a prepared invariant is, in bytes.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// Among those that the whole loop shares.
    Shared(i32),
    /// Among those of a member.
    Filled(i32),
}

impl<'a, 'f> Body<'a, 'f> {
    /// A pass of a member of a loop.
    pub(super) fn of_member(
        b: &'a mut FunctionBuilder<'f>,
        members: &'a Loop,
        width: Width,
        at: At,
        ways: usize,
    ) -> Body<'a, 'f> {
        let mut body = Body::new(b, &members.body, width, at, ways);
        let [shared, filled] = members.prepared();
        for (place, id) in (0i32..).zip(shared) {
            body.places[id.index()] = Some(Place::Shared(place * PREPARED));
        }
        for (place, id) in (0i32..).zip(filled) {
            body.places[id.index()] = Some(Place::Filled(place * PREPARED));
        }
        body.addresses = Some(vec![None; members.body.state_count]);
        body
    }

    /// Emits everything, then the stores: all of the state is read before any of it is written.
    pub(super) fn emit(mut self) {
        self.emit_all();
        let code = self.code;
        for (base, ids) in [(self.at.state, &code.state), (self.at.record, &code.record)] {
            for (place, &id) in (0i32..).zip(ids) {
                for way in 0..self.ways {
                    self.way = way;
                    let (value, offset) = (self.number(id), self.offset(place));
                    self.b.ins().store(DATA, value, base, offset);
                }
            }
        }
    }

    /// The same for a member of a loop, which gives its records to where its places say.
    pub(super) fn emit_member(mut self, outputs: &[Output]) {
        self.emit_all();
        let code = self.code;
        for (at, (&id, output)) in code.record.iter().zip(outputs).enumerate() {
            let base = match output {
                Output::Set | Output::Add => self.at.state,
                Output::Record => self.at.record,
            };
            let address = self.address(base, code.state_count + at);
            for way in 0..self.ways {
                self.way = way;
                let (mut value, offset) = (self.number(id), self.offset(0));
                if *output == Output::Add {
                    let kind = self.float();
                    let known = self.b.ins().load(kind, DATA, address, offset);
                    value = self.b.ins().fadd(known, value);
                }
                self.b.ins().store(DATA, value, address, offset);
            }
        }
    }

    /// The address that a place of the member means.
    fn address(&mut self, base: Clif, place: usize) -> Clif {
        let (pointer, at) = (self.at.pointer, place as i32 * pointer_bytes());
        let offset = self.b.ins().load(pointer, ALIGNED, self.at.places, at);
        self.b.ins().iadd(base, offset)
    }

    /// The address of a variable of the state, and the offset of this way from it.
    pub(super) fn variable(&mut self, variable: usize) -> (Clif, i32) {
        let Some(addresses) = &self.addresses else {
            return (self.at.state, self.offset(variable as i32));
        };
        let address = match addresses[variable] {
            Some(known) => known,
            None => self.address(self.at.state, variable),
        };
        if let Some(addresses) = &mut self.addresses {
            addresses[variable] = Some(address);
        }
        (address, self.offset(0))
    }

    /// Where a variable or a record of this way is, in bytes.
    fn offset(&self, place: i32) -> i32 {
        place * STRIDE + self.way as i32 * self.width.bytes()
    }

    pub(super) fn operand(&mut self, id: Id, kind: Type) -> Clif {
        let Some(place) = self.places[id.index()] else {
            // The builder adds operands first, and every invariant that the loop reads has a
            // place.
            return self.values[id.index()][self.way];
        };
        match self.shared.iter().find(|(known, _)| *known == id) {
            Some((_, loaded)) => *loaded,
            None => {
                let (base, place) = match place {
                    Place::Shared(place) => (self.at.prepared, place),
                    Place::Filled(place) => (self.at.filled, place),
                };
                let loaded = self.b.ins().load(kind, ALIGNED, base, place);
                self.shared.push((id, loaded));
                loaded
            }
        }
    }
}
