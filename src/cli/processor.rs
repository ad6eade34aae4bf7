//! What a run may use of the processor.

use clap::Args;

use super::values::count;
use crate::kernel::Engine;

/// Threads and vector registers; no bit of a result depends on them.
#[derive(Args, Clone, Copy, Debug)]
pub struct Processor {
    /// Threads; never changes a bit of the result [default: all]
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true, env = "EFFPOT_THREADS")]
    pub threads: Option<u64>,
    /// Vector registers of at most 64, 128, 256 or 512 bits; never changes a bit of the result
    /// [default: the widest]
    #[arg(long, value_name = "BITS", value_parser = width, allow_hyphen_values = true, env = "EFFPOT_SIMD")]
    pub simd: Option<u32>,
}

impl Processor {
    /// The number of threads; the width of registers holds from now on.
    pub fn take(self) -> usize {
        if let Some(bits) = self.simd {
            Engine::limit(bits);
        }
        let all = std::thread::available_parallelism().map_or(1, usize::from);
        // More than the machine has help nobody, and thousands take seconds to start.
        let most = all.max(64) as u64;
        self.threads.map_or(all, |n| n.clamp(1, most) as usize)
    }
}

/// A width of registers, in bits.
pub(super) fn width(text: &str) -> Result<u32, String> {
    match text.trim() {
        "64" => Ok(64),
        "128" => Ok(128),
        "256" => Ok(256),
        "512" => Ok(512),
        _ => Err("the widths are 64, 128, 256 and 512".to_owned()),
    }
}
