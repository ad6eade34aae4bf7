//! What a run may use of the processor.

use clap::Args;

use super::limits;
use super::values::{bytes, count, duration};
use crate::kernel::Engine;
use crate::session::limit_memory;

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
    /// Bytes that trajectories and statistics may take, such as 8GB; what would need more is refused
    /// before it begins [default: 2GB]
    #[arg(long, value_name = "BYTES", value_parser = bytes, allow_hyphen_values = true, env = "EFFPOT_MAX_MEMORY")]
    pub max_memory: Option<f64>,
    /// Stop after so many seconds, or 30min, 8h: what there is is kept, as at Ctrl-C
    #[arg(long, value_name = "TIME", value_parser = duration, allow_hyphen_values = true, env = "EFFPOT_MAX_TIME")]
    pub max_time: Option<f64>,
}

impl Processor {
    /// The number of threads; all else holds from now on.
    pub fn take(self) -> usize {
        if let Some(bits) = self.simd {
            Engine::limit(bits);
        }
        if let Some(bytes) = self.max_memory {
            limit_memory(bytes);
        }
        if let Some(seconds) = self.max_time {
            limits::begin(seconds);
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
