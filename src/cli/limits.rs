//! The time that a command may take.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::Exit;
use super::console::complain;
use super::render::render;
use crate::diagnostic::Diagnostic;
use crate::source::Sources;

/// When the time is up, and how many seconds that is from the beginning.
static END: OnceLock<(Instant, f64)> = OnceLock::new();
/// Whether something was stopped because of it.
static UP: AtomicBool = AtomicBool::new(false);

/// The time begins, of so many seconds.
pub(super) fn begin(seconds: f64) {
    // No clock goes on for longer.
    let length = Duration::from_secs_f64(seconds.min(1e9));
    if let Some(end) = Instant::now().checked_add(length) {
        let _ = END.set((end, seconds));
    }
}

/// Sets flags, in their order, when the time is up before the work is done.
pub(super) fn within<T>(stop: &[&AtomicBool], work: impl FnOnce() -> T) -> T {
    let Some((end, _)) = END.get() else {
        return work();
    };
    let clock = |done: &AtomicBool| {
        while !done.load(Ordering::Relaxed) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                UP.store(true, Ordering::Relaxed);
                stop.iter()
                    .for_each(|flag| flag.store(true, Ordering::Relaxed));
                return;
            }
            std::thread::park_timeout(left);
        }
    };
    beside_a_clock(clock, work)
}

/// Works while a clock runs in a thread of its own, which parks until the work is done or given up.
pub(super) fn beside_a_clock<T>(
    clock: impl FnOnce(&AtomicBool) + Send,
    work: impl FnOnce() -> T,
) -> T {
    struct End<'a>(&'a AtomicBool, Thread);
    impl Drop for End<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
            self.1.unpark();
        }
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clock = scope.spawn(|| clock(&done));
        let _end = End(&done, clock.thread().clone());
        work()
    })
}

/// What was interrupted because its time was up met a limit; this is said.
pub(super) fn judge(exit: Exit) -> Exit {
    match (exit, UP.load(Ordering::Relaxed), END.get()) {
        (Exit::Interrupted, true, Some((_, seconds))) => {
            let message = format!("the time is up: --max-time is {seconds} s");
            let problem = Diagnostic::error("time-limit", message).help(
                "more --max-time, or fewer --steps; a run that was saved goes on with --resume",
            );
            complain(render(&[problem], &Sources::new(), false).trim_end());
            Exit::Limit
        }
        (exit, ..) => exit,
    }
}
