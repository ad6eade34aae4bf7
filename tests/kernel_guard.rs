//! Generated code touches its buffers and nothing else: buffers end where pages that nobody may
//! touch begin, and begin where such pages end. And its own pages are never writable and executable
//! at once. Alone in its process, so that all that is executable here is known.
#![cfg(target_os = "linux")]

#[path = "lanes/case.rs"]
#[allow(dead_code)]
mod case;
mod support;
#[path = "lanes/writer.rs"]
mod writer;

use std::ffi::c_void;

use case::{Case, STEPS, engines};
use effpot_lang::kernel::{Engine, GroupRun, LANES, StepKernel};

unsafe extern "C" {
    fn mmap(at: *mut c_void, len: usize, prot: i32, flags: i32, fd: i32, from: i64) -> *mut c_void;
    fn mprotect(at: *mut c_void, len: usize, prot: i32) -> i32;
    fn munmap(at: *mut c_void, len: usize) -> i32;
}

const PAGE: usize = 4096;
const NONE: i32 = 0;
const READ_WRITE: i32 = 1 | 2;
const PRIVATE_ANONYMOUS: i32 = 0x22;

/// Numbers between two pages that nobody may touch.
struct Guarded {
    base: *mut c_void,
    bytes: usize,
    data: *mut f64,
    len: usize,
}

impl Guarded {
    /// So many numbers, up to the upper page or from the lower one on.
    fn new(len: usize, at_end: bool) -> Guarded {
        let inner = (len * 8).div_ceil(PAGE).max(1) * PAGE;
        let bytes = inner + 2 * PAGE;
        // SAFETY: fresh memory of this process, whose first and last page are then closed; `data` and
        // `len * 8` bytes from it lie between them, are zero, and belong to this value alone.
        unsafe {
            let base = mmap(
                std::ptr::null_mut(),
                bytes,
                READ_WRITE,
                PRIVATE_ANONYMOUS,
                -1,
                0,
            );
            assert!(base as isize != -1, "no memory");
            assert_eq!(mprotect(base, PAGE, NONE), 0);
            assert_eq!(mprotect(base.byte_add(bytes - PAGE), PAGE, NONE), 0);
            let from = PAGE + if at_end { inner - len * 8 } else { 0 };
            let data = base.byte_add(from).cast();
            Guarded {
                base,
                bytes,
                data,
                len,
            }
        }
    }

    fn numbers(&mut self) -> &mut [f64] {
        // SAFETY: see `new`.
        unsafe { std::slice::from_raw_parts_mut(self.data, self.len) }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: it was mapped by `new`, and nothing borrows it any more.
        unsafe { munmap(self.base, self.bytes) };
    }
}

/// The mappings of this process that are writable and executable, and how many are executable and
/// belong to no file: generated code.
fn executable() -> (Vec<String>, usize) {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let (mut both, mut generated) = (Vec::new(), 0);
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (rights, file) = (fields.nth(1).unwrap(), fields.nth(3));
        if rights.contains('x') {
            generated += usize::from(file.is_none());
            if rights.contains('w') {
                both.push(line.to_owned());
            }
        }
    }
    (both, generated)
}

#[test]
fn generated_code_stays_in_its_buffers_and_is_never_writable() {
    let mut ran = 0;
    for seed in 0..60 {
        let size = [10, 60, 250][seed as usize % 3];
        let case = Case::new(seed, size);
        let program = case.program();
        let (state, slots) = case.inputs();
        let expected = case::run(&program, Engine::Interpreter, &state, &slots, STEPS);
        for engine in engines() {
            let before = executable().1;
            let kernel = StepKernel::compile(&program, engine).expect("a kernel");
            let (both, generated) = executable();
            assert!(both.is_empty(), "{}: {both:?}", engine.name());
            assert!(generated > before, "{}: no code is there", engine.name());
            for at_end in [true, false] {
                for groups in 1..4 {
                    let recorded = STEPS * kernel.recorded() * LANES;
                    let mut states: Vec<Guarded> = (0..groups)
                        .map(|_| Guarded::new(state.len(), at_end))
                        .collect();
                    let mut records: Vec<Guarded> = (0..groups)
                        .map(|_| Guarded::new(recorded, at_end))
                        .collect();
                    let mut constants = Guarded::new(slots.len(), at_end);
                    constants.numbers().copy_from_slice(&slots);
                    for guarded in &mut states {
                        guarded.numbers().copy_from_slice(&state);
                    }
                    let mut runs: Vec<GroupRun<'_>> = states
                        .iter_mut()
                        .zip(&mut records)
                        .map(|(state, record)| GroupRun::new(state.numbers(), record.numbers()))
                        .collect();
                    kernel.run_groups(&mut runs, constants.numbers(), STEPS);
                    // It did run: the first group has what the interpreter gives.
                    let pairs = expected.iter().zip(&*runs[0].state);
                    assert!(pairs.into_iter().all(|(a, b)| case::same(*a, *b)));
                    ran += 1;
                }
            }
        }
    }
    println!("{ran} runs between closed pages");
    assert!(ran >= 60 * 6);
}
