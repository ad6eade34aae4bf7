//! Free energy and mobility at a temperature, as programs: F.pot and D.pot.

use std::sync::atomic::{AtomicBool, Ordering};

use super::job::{Failure, Job, Origin, listed, one};
use super::prospect::Look;
use super::resolve::half_length;
use super::results::Learned;
use super::writing::{OUTSIDE, laid_out, walled};
use super::{Hooks, Options, Potential, Progress};
use crate::diagnostic::{Diagnostic, Severity};
use crate::dynamics::Side;
use crate::graph::{Spline, SplineAxis, arguments, number, spline_call};
use crate::learn::free::{FreeError, PlaneSettings, SLOPE, Settings, line, plane};
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
/// The same in two coordinates, where they are spent twice, and for all.
const PLANE_TOLERANCE: f64 = 2e-3;
const PLANE_EVALUATIONS: usize = 1 << 25;

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
    /// `F.pot` and `D.pot`.
    pub files: Vec<(String, Vec<u8>)>,
    /// What is to be said.
    pub warnings: Vec<Diagnostic>,
    /// F and D themselves.
    pub(super) shape: Shape,
}

/// F and D as splines.
pub(super) enum Shape {
    /// Over one coordinate; of D the logarithm.
    Line { free: Spline, log_mobility: Spline },
    /// Over two: Dxx, Dxy, Dyy.
    Plane {
        free: Spline,
        mobility: Box<[Spline; 3]>,
    },
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
    let sides = sides(potential, options)?;
    let asked = Asked {
        potential,
        file,
        options,
        cancelled: hooks.cancelled,
    };
    let found = match sides[..] {
        [side] => on_line(&asked, side),
        [x, y] => on_plane(&asked, [x, y]),
        _ => {
            let message = format!(
                "a free energy is averaged in one or two coordinates, and {} has {}",
                model.name,
                model.dimension()
            );
            let help =
                "fix the others: make a function of one or two coordinates that calls this one";
            Err(Diagnostic::error("no-free-energy", message).help(help))
        }
    };
    // Values of a run that is interrupted are not finite.
    found.map_err(|problem| match hooks.cancelled.load(Ordering::Relaxed) {
        true => Diagnostic::error(
            "interrupted",
            "the averages were interrupted before their end",
        )
        .help("run it again"),
        false => problem,
    })
}

/// What is averaged.
struct Asked<'a> {
    potential: &'a Potential,
    /// Where it comes from.
    file: &'a str,
    options: &'a FreeOptions,
    cancelled: &'a AtomicBool,
}

impl Asked<'_> {
    /// V; at places that repeat it is asked within one period, so that a seam in V is where the
    /// program has it. Nothing is finite once the run is interrupted, which ends it.
    fn values(&self, sides: Vec<Side>) -> impl Fn(&[f64], &mut [f64]) + Sync {
        move |x: &[f64], out: &mut [f64]| {
            if self.cancelled.load(Ordering::Relaxed) {
                return out.fill(f64::NAN);
            }
            if sides.iter().all(|side| !side.periodic) {
                return self.potential.values(x, out);
            }
            let count = out.len().max(1);
            let places = x.iter().enumerate();
            let inside: Vec<f64> = places.map(|(at, x)| sides[at / count].wrap(*x)).collect();
            self.potential.values(&inside, out);
        }
    }
}

/// F and D at the temperature that a run was given, at its length, where that temperature reaches;
/// `None` where it was given none, or there is no length.
pub(super) fn beside(
    origin: &Origin<'_>,
    learned: &Learned<'_>,
    hooks: &Hooks<'_>,
) -> Option<Result<Freed, Diagnostic>> {
    let settings = learned.settings();
    if !learned.length.is_finite() || hooks.cancelled.load(Ordering::Relaxed) {
        return None;
    }
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
fn on_line(asked: &Asked<'_>, side: Side) -> Result<Freed, Diagnostic> {
    let (potential, options) = (asked.potential, asked.options);
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
    let v = asked.values(vec![side]);
    let found = line(&settings, &v).map_err(|error| refused(&error, options))?;
    let row = FreeRow {
        shortest: found.shortest,
        basis: format!("cubic B-splines, {} cells", found.free.cells()),
        error: found.error,
        mobility: found.mobility,
        evaluations: found.evaluations,
        ..row(&[side], options)
    };
    let written = arguments(&potential.model.coordinates);
    let head = heading(potential, asked.file, &row);
    let free = walled(&found.free, &written.names);
    // The logarithm is a spline, so that D is positive.
    let mobility = spline_call(&found.log_mobility, &inside(&[side], &written.names));
    let files = [
        (
            "F.pot",
            laid_out(format!(
                "{head}{FREE}\n# {OUTSIDE}\nF({}) = {free}\n",
                written.head
            )),
        ),
        (
            "D.pot",
            laid_out(format!(
                "{head}{MOBILITY}\nD({}) = exp({mobility})\n",
                written.head
            )),
        ),
    ];
    Ok(Freed {
        row,
        files: files
            .map(|(name, text)| (name.to_owned(), text.into_bytes()))
            .into(),
        warnings: Vec::new(),
        shape: Shape::Line {
            free: found.free,
            log_mobility: found.log_mobility,
        },
    })
}

/// The same on a box: D is a symmetric tensor, three functions.
fn on_plane(asked: &Asked<'_>, sides: [Side; 2]) -> Result<Freed, Diagnostic> {
    let (potential, options) = (asked.potential, asked.options);
    let settings = PlaneSettings {
        axes: sides.map(|side| SplineAxis {
            lo: side.lo,
            hi: side.hi,
            periodic: side.periodic,
        }),
        length: options.length,
        kt: options.kt,
        tolerance: PLANE_TOLERANCE,
        evaluations: PLANE_EVALUATIONS,
        seed: options.seed,
    };
    let v = asked.values(sides.to_vec());
    let found = plane(&settings, &v).map_err(|error| refused(&error, options))?;
    let cells = |spline: &Spline| format!("{} x {}", spline.cells_along(0), spline.cells_along(1));
    let row = FreeRow {
        basis: format!(
            "cubic B-splines, {} cells, D {}",
            cells(&found.free),
            cells(&found.mobility[0])
        ),
        error: found.error,
        mobility: found.eigenvalues,
        evaluations: found.evaluations,
        ..row(&sides, options)
    };
    let written = arguments(&potential.model.coordinates);
    let head = heading(potential, asked.file, &row);
    let free = walled(&found.free, &written.names);
    let mut tensor = format!("{head}{TENSOR}\n");
    for (name, part) in ["Dxx", "Dxy", "Dyy"].iter().zip(&found.mobility) {
        let part = spline_call(part, &inside(&sides, &written.names));
        tensor.push_str(&format!("{name}({}) = {part}\n", written.head));
    }
    let free = laid_out(format!(
        "{head}{FREE}\n# {OUTSIDE}\nF({}) = {free}\n",
        written.head
    ));
    let warnings = (found.steepest > SLOPE).then(|| {
        let message = format!(
            "over l = {} the potential changes by up to {} kT at kT {}: where it is so steep, passages at a sharp place differ from those with F and D",
            significant(options.length, 3),
            significant(found.steepest, 2),
            significant(options.kt, 3)
        );
        Diagnostic::warning("steep-for-kt", message)
            .help("a shorter --resolve, or a larger --kT")
    });
    Ok(Freed {
        row,
        files: vec![
            ("F.pot".to_owned(), free.into_bytes()),
            ("D.pot".to_owned(), laid_out(tensor).into_bytes()),
        ],
        warnings: warnings.into_iter().collect(),
        shape: Shape::Plane {
            free: found.free,
            mobility: Box::new(found.mobility),
        },
    })
}

/// The names of coordinates, held within the box: beyond its ends D keeps its value.
fn inside(sides: &[Side], names: &[String]) -> Vec<String> {
    let held = |(side, name): (&Side, &String)| match side.periodic {
        true => name.clone(),
        false => format!("max({}, min({name}, {}))", number(side.lo), number(side.hi)),
    };
    sides.iter().zip(names).map(held).collect()
}

const FREE: &str = "# F = U_l - kT log <exp(-(V - U_l)/kT)>: overdamped dynamics in F with the mobility D of D.pot,
# dq = (-D F' + kT D') dt + sqrt(2 kT D) dW, has the mean first-passage times of V.";
const MOBILITY: &str = "# D = 1/(<exp(-(V - U_l)/kT)> <exp((V - U_l)/kT)>), the mobility to use with F of F.pot; 1 is that of
# V itself. Beyond the ends of the spline it keeps its value; nothing is known there.";
const TENSOR: &str = "# D is symmetric, from the cell problem with exp(-(V - U_l)/kT): the mobility to use with F of F.pot,
# 1 in all directions is that of V itself. Beyond the ends of the spline it keeps its value.";

/// Where F and D are given.
fn sides(potential: &Potential, options: &FreeOptions) -> Result<Vec<Side>, Diagnostic> {
    let coordinates = &potential.model.coordinates;
    let d = coordinates.len();
    if let Some(domain) = options.domain.as_ref().filter(|domain| domain.len() != d) {
        let message = format!(
            "`domain` has {} where the potential has {d} coordinate{}",
            domain.len(),
            if d == 1 { "" } else { "s" }
        );
        let help = "one range for each, such as `--domain -2..2`";
        return Err(Diagnostic::error("wrong-setting", message).help(help));
    }
    let all_repeat = coordinates.iter().all(|c| c.period.is_some());
    let hull = match options.domain.is_some() || all_repeat || d > 2 {
        true => None,
        false => {
            let looked = Look::new(potential, &Options::default());
            let hull = looked.survey.hull(options.kt * HIGHEST / HULL);
            Some(hull.ok_or_else(|| does_not_hold(options))?)
        }
    };
    let side = |at: usize| {
        let own = || options.domain.as_ref().map(|domain| domain[at]);
        let found = || hull.as_ref().map(|hull| hull[at]);
        let given = || own().map(|(lo, hi)| Side::plain(lo, hi));
        let period = coordinates[at].period.map(Side::period);
        period
            .or_else(given)
            .or_else(found)
            .unwrap_or(Side::plain(-1.0, 1.0))
    };
    Ok((0..d).map(side).collect())
}

fn does_not_hold(options: &FreeOptions) -> Diagnostic {
    let message = format!(
        "V does not hold a system at kT {}: there is no place where it stays",
        significant(options.kt, 3)
    );
    Diagnostic::error("no-free-energy", message).help("say where with --domain LO..HI")
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

fn row(sides: &[Side], options: &FreeOptions) -> FreeRow {
    FreeRow {
        file: "F.pot".to_owned(),
        mobility_file: "D.pot".to_owned(),
        kt: options.kt,
        length: options.length,
        shortest: options.length,
        domain: sides.iter().map(|side| [side.lo, side.hi]).collect(),
        ..FreeRow::default()
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
        coordinate = listed(&arguments(&potential.model.coordinates).names),
        kt = number(row.kt),
        l = row.length,
        version = env!("CARGO_PKG_VERSION"),
    )
}
