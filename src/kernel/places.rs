//! Counting the places that steps name, for engines that record them instead.

use super::LANES;
use super::engine::GroupRun;

/// Steps that are recorded at once: 8 KiB a record.
const BLOCK: usize = 64;

/// Runs groups by `run`, whose last record of `recorded` in each step is the place that the step
/// counts, as bits; the caller's records lack it.
pub(super) fn by_record(
    groups: &mut [GroupRun<'_>],
    steps: usize,
    recorded: usize,
    mut run: impl FnMut(&mut [GroupRun<'_>], usize),
) {
    let (row, kept) = (recorded * LANES, (recorded - 1) * LANES);
    let mut record = vec![0.0; row * BLOCK.min(steps)];
    for group in groups {
        for first in (0..steps).step_by(BLOCK) {
            let here = BLOCK.min(steps - first);
            let record = &mut record[..here * row];
            let lanes = GroupRun {
                state: &mut *group.state,
                record: &mut *record,
                counts: &mut [],
            };
            run(&mut [lanes], here);
            for (step, record) in record.chunks_exact(row).enumerate() {
                let (own, places) = record.split_at(kept);
                if !group.record.is_empty() {
                    group.record[(first + step) * kept..][..kept].copy_from_slice(own);
                }
                for place in places {
                    // A place is below the number of places by its instruction.
                    if let Some(count) = group.counts.get_mut(place.to_bits() as usize) {
                        // Whoever takes counts back may have made it less than nothing.
                        *count = count.wrapping_add(1);
                    }
                }
            }
        }
    }
}
