//! The full model at longer steps: the largest at which it is still at its own floor is the fair
//! opponent of the learned one.

use super::ensembles::{Run, Three, Which};
use super::{Failure, cancelled};
use crate::report::comparison::{Comparison, Measured, Rung, Saving};
use crate::surrogate::distances;

/// From step to step.
const RATIO: f64 = 2.0;
/// The step times the rate of the stiffest force, at most: beyond it motion is unstable.
const STABLE: f64 = 2.0;

pub(super) fn ladder(run: &Run<'_>, three: &Three, result: &mut Comparison) -> Result<(), Failure> {
    let interval = run.interval();
    let (mut step, mut number, mut failed) = (run.full_step, 16, 0);
    // Past the first step that is not good a second one is looked at.
    while failed < 2 && !cancelled(run.pair.hooks) {
        step *= RATIO;
        let fitted = interval / (interval / step * (1.0 - 1e-9)).ceil();
        if fitted > interval
            || (fitted * run.full_rate > STABLE && failed > 0)
            || step > interval * RATIO
        {
            break;
        }
        let ensemble = run.ensemble((Which::Full, fitted), &three.axes, number, "longer steps")?;
        number += 1;
        let Some(found) = distances(&three.full.sums, &ensemble.sums) else {
            break;
        };
        let floor = three.floor;
        let mut rung = Rung {
            cost: ensemble.cost,
            mean_path: Measured::of(found.mean_path, floor.mean_path),
            acf: Measured::of(found.acf, floor.acf),
            density: Measured::of(found.density, floor.density),
            at_floor: false,
        };
        let whole = ensemble.lost == 0;
        let metrics = [&rung.mean_path, &rung.acf, &rung.density];
        let told = run.holds(&metrics, three.width);
        rung.at_floor = whole && told && metrics.iter().all(|metric| metric.at_floor());
        failed = if rung.at_floor { 0 } else { failed + 1 };
        result.ladder.push(rung);
    }
    let good = result.ladder.iter().rfind(|rung| rung.at_floor);
    let best = good.map_or(three.full.cost, |rung| rung.cost);
    let own = three.learned_run.cost;
    let seconds = [(Which::Full, best.step), (Which::Learned, own.step)];
    let [full, learned] = seconds.map(|(which, step)| run.seconds(which, step));
    result.opponent = Some(best);
    result.saving = Some(Saving {
        gradient_evaluations: best.gradient_evaluations as f64 / own.gradient_evaluations as f64,
        seconds: full? / learned?,
    });
    Ok(())
}
