//! Free energy and mobility at a temperature, as programs: F.pot and D.pot.

use super::job::{Failure, Job, Origin, one};
use super::prospect::Look;
use super::resolve::half_length;
use super::results::Learned;
use super::writing::call;
use super::{Hooks, Options, Potential, Progress};
use crate::diagnostic::{Diagnostic, Severity};
use crate::dynamics::Side;
use crate::graph::{Spline, arguments, number};
use crate::learn::free::{FreeEnergy, FreeError, Settings, line};
use crate::report::free::FreeEnergy as FreeRow;
use crate::report::number::significant;

/// F and D are given where V is at most this many kT above its lowest place, unless a domain is
/// asked for.
const HIGHEST: f64 = 30.0;
/// The survey's hull is where V is up to this many kT.
const HULL: f64 = 12.0;
/// The error of `F/kT` and `log D` at which no more points are added.
const TOLERANCE: f64 = 1e-3;
/// Evaluations of V for each length, at most.
const EVALUATIONS: usize = 1 << 23;

/// What is asked for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FreeOptions {
    /// The temperature.
    pub kt: f64,
    /// The length below which structure is averaged.
    pub length: f64,
    /// Where, by coordinate; `None` is where V is low enough to be reached.
    pub domain: Option<Vec<(f64, f64)>>,
    /// The seed.
    pub seed: u64,
}

impl FreeOptions {
    /// The length that keeps structure of that size (half a wavelength) and more.
    pub fn length_of(size: f64) -> f64 {
        half_length() * size / std::f64::consts::PI
    }
}

/// What was found.
pub struct Freed {
    /// It, as data.
    pub row: FreeRow,
    /// F, in the unit of V.
    pub free: Spline,
    /// `log D`.
    pub log_mobility: Spline,
    /// `F.pot` and `D.pot`.
    pub files: Vec<(String, Vec<u8>)>,
}

/// The free energy and the mobility of the potential of a program.
///
/// # Errors
/// The potential cannot be compiled or has other than one coordinate, or the averages do not
/// converge.
pub fn free(job: &Job<'_>, options: &FreeOptions, hooks: &Hooks<'_>) -> Result<Freed, Failure> {
    let potential = job.compile(None)?;
    of(&potential, job.origin().file(), options, hooks).map_err(one)
}

/// The same of a compiled potential.
pub(super) fn of(
    potential: &Potential,
    file: &str,
    options: &FreeOptions,
    hooks: &Hooks<'_>,
) -> Result<Freed, Diagnostic> {
    (hooks.progress)(Progress {
        stage: "averaging",
        done: 0.0,
    });
    let model = &potential.model;
    if !potential.has_values() {
        let message = "a free energy is averaged over values of the potential, and there are none";
        return Err(Diagnostic::error("no-free-energy", message));
    }
    if model.dimension() != 1 {
        let message = format!(
            "a free energy is averaged in one coordinate, and {} has {}",
            model.name,
            model.dimension()
        );
        let help = "fix the others: make a function of one coordinate that calls this one";
        return Err(Diagnostic::error("no-free-energy", message).help(help));
    }
    let side = side(potential, options)?;
    on(potential, file, options, side)
}

/// F and D at the temperature that a run was given, at its length, where that temperature reaches
/// of what was learned; `None` where it was given none.
pub(super) fn beside(
    origin: &Origin<'_>,
    learned: &Learned<'_>,
    hooks: &Hooks<'_>,
) -> Option<Result<Freed, Diagnostic>> {
    let settings = learned.settings();
    let options = FreeOptions {
        kt: settings.kt?,
        length: learned.length,
        domain: settings.domain.clone(),
        seed: settings.seed,
    };
    let found = of(&learned.setup.potential, origin.file(), &options, hooks);
    // The run is as good as it was.
    Some(found.map_err(|problem| Diagnostic {
        severity: Severity::Warning,
        ..problem
    }))
}

/// The same on an interval.
fn on(
    potential: &Potential,
    file: &str,
    options: &FreeOptions,
    side: Side,
) -> Result<Freed, Diagnostic> {
    let model = &potential.model;
    let settings = Settings {
        lo: side.lo,
        hi: side.hi,
        periodic: side.periodic,
        length: options.length,
        kt: options.kt,
        tolerance: TOLERANCE,
        evaluations: EVALUATIONS,
        seed: options.seed,
    };
    // What repeats is asked within one period, so that a seam in V is where the program has it.
    let v = |x: &[f64], out: &mut [f64]| match side.periodic {
        true => {
            let wrapped: Vec<f64> = x.iter().map(|x| side.wrap(*x)).collect();
            potential.values(&wrapped, out);
        }
        false => potential.values(x, out),
    };
    let found = line(&settings, &v).map_err(|error| refused(&error, options))?;
    let row = row(&found, &side, options);
    let written = arguments(&model.coordinates);
    let q = &written.names[0];
    let head = heading(potential, file, &row);
    // The logarithm is a spline, so that D is positive; beyond the ends it keeps its value.
    let inside = match side.periodic {
        true => q.clone(),
        false => format!("max({}, min({q}, {}))", number(side.lo), number(side.hi)),
    };
    let free = call(&found.free, &written.names);
    let mobility = call(&found.log_mobility, &[inside]);
    let files = [
        (
            "F.pot",
            format!("{head}{FREE}\nF({}) = {free}\n", written.head),
        ),
        (
            "D.pot",
            format!("{head}{MOBILITY}\nD({}) = exp({mobility})\n", written.head),
        ),
    ];
    Ok(Freed {
        row,
        free: found.free,
        log_mobility: found.log_mobility,
        files: files
            .map(|(name, text)| (name.to_owned(), text.into_bytes()))
            .into(),
    })
}

const FREE: &str = "# F = U_l - kT log <exp(-(V - U_l)/kT)>: overdamped dynamics in F with the mobility D of D.pot,
# dq = (-D F' + kT D') dt + sqrt(2 kT D) dW, has the mean first-passage times of V.
# Beyond the ends of the spline it continues linearly; nothing is known there.";
const MOBILITY: &str = "# D = 1/(<exp(-(V - U_l)/kT)> <exp((V - U_l)/kT)>), the mobility to use with F of F.pot; 1 is that of
# V itself. Beyond the ends of the spline it keeps its value; nothing is known there.";

/// Where F and D are given.
fn side(potential: &Potential, options: &FreeOptions) -> Result<Side, Diagnostic> {
    let coordinate = &potential.model.coordinates[0];
    if let Some(length) = coordinate.period {
        return Ok(Side::period(length));
    }
    match options.domain.as_deref() {
        Some([(lo, hi)]) => return Ok(Side::plain(*lo, *hi)),
        Some(more) => {
            let message = format!("`domain` has {} where there is one coordinate", more.len());
            let help = "one range, such as `--domain -2..2`";
            return Err(Diagnostic::error("wrong-setting", message).help(help));
        }
        None => {}
    }
    let looked = Look::new(potential, &Options::default());
    let hull = looked.survey.hull(options.kt * HIGHEST / HULL);
    let found = hull.and_then(|hull| hull.first().copied());
    found.ok_or_else(|| {
        let message = format!(
            "V does not hold a system at kT {}: there is no place where it stays",
            significant(options.kt, 3)
        );
        Diagnostic::error("no-free-energy", message).help("say where with --domain LO..HI")
    })
}

fn refused(error: &FreeError, options: &FreeOptions) -> Diagnostic {
    let help = match error {
        FreeError::NotResolved { .. } => {
            "the smallest scale of V is deep at this kT and its crests are missed: a larger --kT, or a narrower --domain"
        }
        FreeError::TooFine { .. } => "a narrower --domain, a longer --resolve or a larger --kT",
        FreeError::TooSteep { .. } => {
            "leave the wall out: a narrower --domain LO..HI, or a larger --kT"
        }
        FreeError::NotFinite { .. } => "leave that place out: a narrower --domain LO..HI",
        FreeError::BadInterval { .. } | FreeError::NotPositive { .. } => {
            "--kT, --resolve and the width of --domain are positive"
        }
    };
    let message = format!(
        "no free energy at kT {} and l {}: {error}",
        significant(options.kt, 3),
        significant(options.length, 3)
    );
    Diagnostic::error("no-free-energy", message).help(help)
}

fn row(found: &FreeEnergy, side: &Side, options: &FreeOptions) -> FreeRow {
    FreeRow {
        file: "F.pot".to_owned(),
        mobility_file: "D.pot".to_owned(),
        kt: options.kt,
        length: options.length,
        shortest: found.shortest,
        domain: vec![[side.lo, side.hi]],
        basis: format!("cubic B-splines, {} cells", found.free.cells()),
        error: found.error,
        mobility: found.mobility,
        evaluations: found.evaluations,
    }
}

/// What F.pot and D.pot are of, as comments.
fn heading(potential: &Potential, file: &str, row: &FreeRow) -> String {
    let parameters = potential.model.parameters.iter().zip(&potential.parameters);
    let parameters: String = parameters
        .map(|(p, value)| format!(", {} = {}", p.name, number(*value)))
        .collect();
    let shorter = match row.shortest < 0.99 * row.length {
        true => format!(", down to {:.4} where V is steep", row.shortest),
        false => String::new(),
    };
    format!(
        "# {name}({coordinate}) in {file}{parameters} at kT = {kt}: structure below l = {l:.4}{shorter}\n\
         # is averaged, over the distribution at that temperature. effpot-lang {version}.\n",
        name = potential.model.name,
        coordinate = potential.model.coordinates[0].name,
        kt = number(row.kt),
        l = row.length,
        version = env!("CARGO_PKG_VERSION"),
    )
}
