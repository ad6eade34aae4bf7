//! What a run in two coordinates leaves behind: maps, tables, arrays and what the summary says.

#[path = "report/land.rs"]
mod land;

use effpot_lang::report::arrays::{npz, surface_arrays};
use effpot_lang::report::critical::{CriticalKind, CriticalPoint, critical_points};
use effpot_lang::report::figure::figure;
use effpot_lang::report::html::{Page, html};
use effpot_lang::report::kuva::Kuva;
use effpot_lang::report::landscape::pictures;
use effpot_lang::report::picture::Picture;
use effpot_lang::report::plot::Plotter;
use effpot_lang::report::result::{
    Covered, EffectivePotential, Equilibrium, Noise, Performance, Program, RunResult, SCHEMA,
    Scale, Settings, Verdict, sha256,
};
use effpot_lang::report::summary::summary;
use effpot_lang::report::surfaces::{Coordinate, Surfaces};
use effpot_lang::report::table::surfaces_csv;

fn of_kind(surfaces: &Surfaces, kind: CriticalKind) -> Vec<CriticalPoint> {
    let points = surfaces.points.iter().filter(|point| point.kind == kind);
    points.copied().collect()
}

/// The published wells and passes of Müller and Brown are found at their places and heights.
#[test]
fn the_wells_and_saddles_of_mueller_and_brown_are_found() {
    let surfaces = land::plane();
    let lowest = land::WELLS[0].1;
    let kinds = [
        (CriticalKind::Well, &land::WELLS[..]),
        (CriticalKind::Saddle, &land::SADDLES[..]),
    ];
    for (kind, expected) in kinds {
        let found = of_kind(&surfaces, kind);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (point, (at, value)) in found.iter().zip(expected) {
            for k in 0..2 {
                // Half a cell: the wobble of the made-up errors moves flat points.
                let half = 0.5 * surfaces.axes[k].width();
                assert!((point.at[k] - at[k]).abs() < half, "{point:?}, {at:?}");
            }
            // The wobble is at most 0.1 on both, the quadratic is off by less than as much.
            let height = point.value - surfaces.ground();
            assert!((height - (value - lowest)).abs() < 0.3, "{height}");
        }
    }
}

/// On a noisy surface whose errors are large at the edge, the wells are found and nothing else is.
#[test]
fn noise_makes_no_wells() {
    let surfaces = land::leveled();
    let wells = of_kind(&surfaces, CriticalKind::Well);
    // Of eq. (4.9) in Li & Tao 2024, without its small scale.
    let expected = [-8.552, -8.349, -8.077];
    assert_eq!(wells.len(), expected.len(), "{wells:?}");
    for (well, value) in wells.iter().zip(expected) {
        // Standard errors at wells are at most 0.005, and there are two.
        let height = well.value - surfaces.ground();
        assert!((height - (value - expected[0])).abs() < 0.02, "{height}");
    }
    assert_eq!(of_kind(&surfaces, CriticalKind::Saddle).len(), 2);
}

/// Wells that are shallower than the depth go, with their saddles; then those at the edge.
#[test]
fn shallow_wells_are_left_out() {
    let surfaces = land::plane();
    let count = |depth: f64, kind: CriticalKind| {
        let points = critical_points(&surfaces, depth);
        points.iter().filter(|point| point.kind == kind).count()
    };
    // The third well is 8.5 below its pass, the second 36 below the pass between the deep ones
    // that lies lower.
    assert_eq!(count(5.0, CriticalKind::Well), 3);
    assert_eq!(count(15.0, CriticalKind::Well), 2);
    assert_eq!(count(15.0, CriticalKind::Saddle), 1);
    assert_eq!(count(100.0, CriticalKind::Well), 1);
    assert_eq!(count(100.0, CriticalKind::Saddle), 0);
}

/// On a torus there are as many saddles as wells and hills together (Euler), also where a basin
/// meets only itself around a period, and wherever the seam is.
#[test]
fn saddles_around_periods_are_found() {
    let torus = land::torus();
    assert_eq!(of_kind(&torus, CriticalKind::Well).len(), 2);
    assert_eq!(of_kind(&torus, CriticalKind::Saddle).len(), 4);
    for lo in [0.0, 1.0, -2.5] {
        let axis = |name: &str| Coordinate::periodic(name, lo, std::f64::consts::TAU, 40);
        let mut surfaces = Surfaces::new("V", [axis("a"), axis("b")]);
        surfaces.u = surfaces.field(|[a, b]| a.cos() + 0.5 * b.cos());
        surfaces.covered = vec![true; surfaces.len()];
        surfaces.mark();
        assert_eq!(of_kind(&surfaces, CriticalKind::Well).len(), 1);
        // At (pi, 0) and (0, pi): -0.5 and 0.5.
        let saddles = of_kind(&surfaces, CriticalKind::Saddle);
        let values: Vec<f64> = saddles.iter().map(|saddle| saddle.value).collect();
        assert_eq!(values.len(), 2, "{saddles:?}");
        // A fit over three cells of h = 0.157 is off by h^4/8 or so.
        assert!((values[0] + 0.5).abs() < 1e-3 && (values[1] - 0.5).abs() < 1e-3);
    }
}

/// A surface that is nowhere covered, and one of a single cell, give no points and no panic.
#[test]
fn empty_surfaces_are_drawn_as_nothing() {
    let axis = |cells: usize| Coordinate::new("x", 0.0, 1.0, cells);
    for cells in [0, 1, 2, 5] {
        let mut surfaces = Surfaces::new("V", [axis(cells), axis(cells)]);
        surfaces.mark();
        assert!(surfaces.points.is_empty() && pictures(&surfaces).is_empty());
        surfaces.covered = vec![true; surfaces.len()];
        surfaces.u = surfaces.field(|_| 1.0);
        surfaces.mark();
        surfaces.cut(&|at| vec![1.0; at.len()], &|at| vec![1.0; at.len()], None);
        for picture in pictures(&surfaces) {
            assert!(!picture.svg().contains("NaN") && !picture.svg().contains("inf"));
        }
    }
}

fn svg(pictures: &[Picture], file: &str) -> String {
    let found = pictures.iter().find(|picture| picture.name == file);
    found.unwrap_or_else(|| panic!("no {file}")).svg()
}

/// The maps write their levels and the heights of wells and saddles, say what is hatched, name
/// their axes, and are the same bytes for the same surfaces.
#[test]
fn maps_have_their_parts() {
    let surfaces = land::plane();
    let drawn = pictures(&surfaces);
    // Fields have cells without a number, which are not equal to themselves.
    let texts = |pictures: &[Picture]| pictures.iter().map(Picture::svg).collect::<Vec<_>>();
    assert_eq!(texts(&drawn), texts(&pictures(&surfaces)));
    let files: Vec<&str> = drawn.iter().map(|picture| picture.name.as_str()).collect();
    let expected = ["potential", "error", "section", "density", "noise"];
    assert_eq!(files, expected);
    let potential = svg(&drawn, "potential");
    // Levels every 20; wells at 0, 38.6 and 66.0, passes at 74.5 and 106.0.
    for text in [
        ">60<",
        ">100<",
        ">180<",
        ">0<",
        ">39<",
        ">66<",
        ">74<",
        ">106<",
        ">x<",
        ">y<",
        "no samples",
        ">well<",
        ">saddle<",
        "(b) the full potential V",
    ] {
        assert!(potential.contains(text), "no {text}");
    }
    assert!(svg(&drawn, "error").contains("U − U0"));
    assert!(svg(&drawn, "error").contains("stroke-dasharray"));
    for picture in &drawn {
        assert!(picture.svg().starts_with("<svg"), "{}", picture.name);
        assert!(!picture.svg().contains("NaN") && !picture.svg().contains("inf"));
        assert!(!picture.words.is_empty() && picture.words.ends_with('.'));
        // Small enough for six of them on a page.
        assert!(picture.svg().len() < 400_000, "{}", picture.svg().len());
    }
}

/// A run without an estimate shows the full potential and the samples, where they were.
#[test]
fn without_an_estimate_the_samples_are_shown() {
    let learned = land::plane();
    let mut surfaces = Surfaces::new("V", learned.axes.clone());
    surfaces.v = learned.v.clone();
    surfaces.count(learned.counts.clone());
    surfaces.mark();
    let drawn = pictures(&surfaces);
    let files: Vec<&str> = drawn.iter().map(|picture| picture.name.as_str()).collect();
    assert_eq!(files, ["potential", "density"]);
    let potential = svg(&drawn, "potential");
    assert!(potential.contains("the full potential V") && potential.contains("no samples"));
    assert!(!potential.contains("the effective potential"));
}

/// Angles have ticks at parts of pi, and nothing is said of places without samples.
#[test]
fn maps_over_periods_say_so() {
    let drawn = pictures(&land::torus());
    let potential = svg(&drawn, "potential");
    for text in [
        ">−π<",
        ">−π/2<",
        ">0<",
        ">π/2<",
        ">π<",
        "a, periodic",
        "b, periodic",
    ] {
        assert!(potential.contains(text), "no {text}");
    }
    assert!(!potential.contains("no samples"));
    let drawn = pictures(&land::tube());
    assert!(svg(&drawn, "section-1").contains("a, periodic"));
    assert!(svg(&drawn, "section-2").contains(">r<"));
}

/// Numbers that are not finite leave holes and nothing else.
#[test]
fn holes_are_left_open() {
    let mut surfaces = land::plane();
    let middle = surfaces.len() / 2;
    surfaces.u[middle] = f64::NAN;
    surfaces.v[middle + 1] = f64::INFINITY;
    surfaces.u_stderr[middle + 2] = f64::NEG_INFINITY;
    surfaces.density[middle + 3] = f64::NAN;
    for picture in pictures(&surfaces) {
        assert!(!picture.svg().contains("NaN") && !picture.svg().contains("inf"));
    }
}

/// One row a cell, the second coordinate fastest, under the names of the coordinates.
#[test]
fn tables_have_a_row_for_each_cell() {
    let surfaces = land::plane();
    let csv = surfaces_csv(&surfaces);
    let mut lines = csv.lines();
    assert_eq!(
        lines.next(),
        Some("x,y,U,U_stderr,dU_dx,dU_dy,V,density,covered")
    );
    let rows: Vec<Vec<f64>> = lines
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    assert_eq!(rows.len(), 108 * 96);
    let row = &rows[5 * 96 + 7];
    assert_eq!(row[0], surfaces.axes[0].centre(5));
    assert_eq!(row[1], surfaces.axes[1].centre(7));
    assert_eq!(row[2], surfaces.u[5 * 96 + 7]);
    assert_eq!(row[5], surfaces.du[1][5 * 96 + 7]);
}

/// The arrays have the shapes that are documented.
#[test]
fn arrays_have_their_shapes() {
    let surfaces = land::plane();
    let bytes = npz(&surface_arrays(&surfaces)).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut shape = |name: &str| {
        let file = archive.by_name(&format!("{name}.npy")).unwrap();
        npyz::NpyFile::new(file).unwrap().shape().to_vec()
    };
    assert_eq!(shape("x"), [108]);
    assert_eq!(shape("y"), [96]);
    for name in ["counts", "density", "V", "U", "U_stderr", "covered"] {
        assert_eq!(shape(name), [108, 96], "{name}");
    }
    assert_eq!(shape("dU"), [2, 108, 96]);
    assert_eq!(shape("dV"), [2, 108, 96]);
    assert_eq!(shape("S"), [3, 108, 96]);
    let counts = npyz::NpyFile::new(archive.by_name("counts.npy").unwrap()).unwrap();
    assert_eq!(counts.into_vec::<u64>().unwrap(), surfaces.counts);
}

/// A finished run with these surfaces.
fn run(surfaces: &Surfaces, periods: Vec<Option<f64>>) -> RunResult {
    let source = "V = 0\n".to_owned();
    RunResult {
        schema: SCHEMA.to_owned(),
        program: Program {
            file: "landscape.pot".to_owned(),
            sha256: sha256(&source),
            source,
            potential: "V".to_owned(),
            variables: surfaces.axes.iter().map(|axis| axis.name.clone()).collect(),
            periods,
            terms: 3,
            ..Program::default()
        },
        settings: Settings {
            delta: 0.02,
            gamma: 1.25,
            seed: 1,
            ..Settings::default()
        },
        noise: Noise {
            spread: surfaces.noise_spread,
            ..Noise::default()
        },
        scale: Scale {
            length: Some(surfaces.length),
            kt_learn: Some(17.6),
            ..Scale::default()
        },
        equilibrium: Equilibrium {
            verdict: Verdict::Trusted,
            r_hat: Some(1.004),
            virial: Some(0.9993),
            ..Equilibrium::default()
        },
        effective_potential: EffectivePotential {
            file: "U.pot".to_owned(),
            estimator: "value".to_owned(),
            basis: "cubic B-splines, 24 x 22 cells".to_owned(),
            domain: surfaces
                .axes
                .iter()
                .map(|axis| [axis.lo, axis.hi])
                .collect(),
            covered: Covered::Fraction(surfaces.covered_share()),
            stderr_median: Some(0.012),
            points: surfaces.points.clone(),
            ..EffectivePotential::default()
        },
        terms: None,
        free_energy: None,
        asked: None,
        files: Default::default(),
        made_with: Default::default(),
        table: Vec::new(),
        diagnostics: Vec::new(),
        performance: Performance {
            seconds: 3.2,
            ..Performance::default()
        },
    }
}

/// The summary of a run in two coordinates, with a friction matrix; of one on two angles; and of
/// one without an estimate.
#[test]
fn summaries() {
    let surfaces = land::plane();
    let mut plane = run(&surfaces, Vec::new());
    plane.settings.friction = Some(vec![vec![1.0, 0.2], vec![0.2, 1.5]]);
    insta::assert_snapshot!("summary-plane", summary(&plane, "landscape-out", true));
    let text = plane.to_json().unwrap();
    assert_eq!(RunResult::from_json(&text).unwrap(), plane);
    plane.equilibrium.verdict = Verdict::NotConverged;
    plane.effective_potential = EffectivePotential::default();
    insta::assert_snapshot!(
        "summary-plane-failed",
        summary(&plane, "landscape-out", true)
    );

    let surfaces = land::torus();
    let turn = Some(std::f64::consts::TAU);
    let mut torus = run(&surfaces, vec![turn, turn]);
    // A multiple of the identity is a number.
    torus.settings.friction = Some(vec![vec![1.25, 0.0], vec![0.0, 1.25]]);
    insta::assert_snapshot!("summary-torus", summary(&torus, "landscape-out", true));
}

/// One coordinate over a period: not a wall outside, for there is no outside.
#[test]
fn one_period_of_one_coordinate_is_said_to_repeat() {
    let mut run = run(&land::torus(), vec![Some(std::f64::consts::TAU)]);
    run.program.variables.truncate(1);
    let covered = |run: &RunResult| {
        let text = summary(run, "out", true);
        let line = text.lines().find(|line| line.starts_with("covered"));
        line.map(|line| line["covered".len()..].trim().to_owned())
    };
    let pi = std::f64::consts::PI;
    run.effective_potential.covered = Covered::Intervals(vec![[-pi, pi]]);
    assert_eq!(
        covered(&run).as_deref(),
        Some("a in [-3.14, 3.14], periodic")
    );
    run.effective_potential.covered = Covered::Intervals(vec![[-2.0, 2.0]]);
    assert_eq!(
        covered(&run).as_deref(),
        Some("a in [-2, 2], periodic: of 6.28")
    );
    let svg = Kuva.svg(&figure(&land::one_angle()));
    for text in ["a, periodic", ">−π<", ">π/2<", "dU/da"] {
        assert!(svg.contains(text), "no {text}");
    }
}

/// Curves over a period are as high where it ends as where it begins, by linear interpolation.
#[test]
fn curves_meet_at_the_seam() {
    let mut curves = land::one_angle();
    let closed = curves.closed();
    assert_eq!(closed.x.len(), curves.x.len() + 2);
    assert_eq!(closed.u.first(), closed.u.last());
    let middle = 0.5 * (curves.u[0] + curves.u[89]);
    assert!((closed.u[0] - middle).abs() < 1e-12);
    assert_eq!(closed.covered.len(), closed.x.len());
    // What is not there stays away, and without a period nothing changes.
    assert!(closed.gibbs.is_empty());
    curves.period = None;
    assert_eq!(curves.closed(), curves);
}

/// The page shows every figure under its heading.
#[test]
fn the_page_shows_all_figures() {
    let surfaces = land::plane();
    let drawn = pictures(&surfaces);
    let result = run(&surfaces, Vec::new());
    let page = html(
        &result,
        &Page {
            formula: "",
            source: "",
            command: "",
            pictures: &drawn,
        },
    );
    for picture in &drawn {
        assert!(page.contains(&format!("<h2>{}</h2>", picture.title)));
    }
    assert_eq!(page.matches("<figure>").count(), drawn.len());
    let mut names: Vec<&str> = page
        .split(" id=\"")
        .skip(1)
        .filter_map(|part| part.split('"').next())
        .collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a name is given twice");
}
