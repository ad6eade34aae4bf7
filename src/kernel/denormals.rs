//! Subnormal numbers: a trapped trajectory that decays into them is several times slower.

/// Runs `f` with subnormal results and operands taken as zero, and restores what was before, also
/// when `f` panics. Does nothing but call `f` where the processor is not x86-64.
pub fn flush<R>(f: impl FnOnce() -> R) -> R {
    let _restore = control::Restore::flushing();
    f()
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod control {
    use std::arch::asm;

    /// Flush results to zero (bit 15) and read operands as zero (bit 6).
    const FLUSH: u32 = 1 << 15 | 1 << 6;

    /// Puts the control word back when it is dropped.
    pub(super) struct Restore(u32);

    impl Restore {
        pub(super) fn flushing() -> Restore {
            let before = read();
            write(before | FLUSH);
            Restore(before)
        }
    }

    impl Drop for Restore {
        fn drop(&mut self) {
            write(self.0);
        }
    }

    pub(super) fn read() -> u32 {
        let mut word = 0u32;
        // SAFETY: stores the 32-bit control word at a valid address; SSE is part of x86-64.
        unsafe { asm!("stmxcsr [{}]", in(reg) &mut word, options(nostack)) };
        word
    }

    fn write(word: u32) {
        // SAFETY: reads a valid address; only the flush bits ever differ from a word that was
        // read, so no exception is unmasked and no reserved bit is set. The compiler assumes
        // that the flush bits are clear, so what it folds may differ from what runs by the
        // flushing of subnormals, which is what the caller asked for.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &word, options(nostack)) };
    }

    #[cfg(test)]
    pub(super) fn flushes() -> bool {
        read() & FLUSH == FLUSH
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod control {
    pub(super) struct Restore;

    impl Restore {
        pub(super) fn flushing() -> Restore {
            Restore
        }
    }

    #[cfg(test)]
    pub(super) fn flushes() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flushes_inside_and_restores_outside_even_after_a_panic() {
        let tiny = std::hint::black_box(f64::MIN_POSITIVE);
        // The product too is asked for at once: else it may be made after the mode is restored.
        let half = |x: f64| std::hint::black_box(std::hint::black_box(x) * 0.5);
        assert!(flush(control::flushes));
        let caught = std::panic::catch_unwind(|| flush(|| panic!("inside")));
        assert!(caught.is_err());
        assert_eq!(half(tiny), 0.5 * f64::MIN_POSITIVE);
        #[cfg(target_arch = "x86_64")]
        assert_eq!(flush(|| half(tiny)), 0.0);
    }
}
