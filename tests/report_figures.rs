//! The figures of runs and scans show what is known of simple potentials: noise of even phases, normal
//! momenta, the free energy and the mobility of a rough parabola.

use std::f64::consts::PI;

use effpot_lang::check::check;
use effpot_lang::report::picture::{Drawing, Picture, pngs};
use effpot_lang::report::plot::{Figure, Layer};
use effpot_lang::report::scan::{ScanResult, StructureRow, SweepRow, Window};
use effpot_lang::report::scanned;
use effpot_lang::session::{self, Hooks, Job, Knots, Options, Outcome};
use effpot_lang::source::Sources;

fn learned(text: &str, options: Options) -> Outcome {
    let mut sources = Sources::new();
    let root = sources.add("v.pot", text);
    let program = check(&sources, root).unwrap();
    let job = Job {
        sources: &sources,
        root,
        program: &program,
        potential: None,
        set: &[],
        options,
        command: "effpot-lang v.pot",
        threads: 1,
    };
    let hooks = Hooks {
        progress: &|_| (),
        seconds: &|| 0.0,
        cancelled: &Default::default(),
    };
    session::learn(&job, &hooks).unwrap()
}

fn names(pictures: &[Picture]) -> Vec<&str> {
    pictures.iter().map(|p| p.name.as_str()).collect()
}

#[track_caller]
fn panels<'a>(pictures: &'a [Picture], name: &str) -> &'a Figure {
    let found = pictures.iter().find(|p| p.name == name);
    match &found.unwrap_or_else(|| panic!("no {name}")).drawing {
        Drawing::Panels(figure) => figure,
        _ => panic!("{name} is no panels"),
    }
}

/// The points of the layers of a panel with a label that begins so.
fn points(figure: &Figure, panel: usize, label: &str) -> Vec<(f64, f64)> {
    let layers = figure.panels[panel].layers.iter();
    let found = layers.filter(|layer| layer.label().is_some_and(|l| l.starts_with(label)));
    found.flat_map(Layer::points).collect()
}

/// The share of points of a panel that lie in its band.
fn within(figure: &Figure, panel: usize, label: &str) -> f64 {
    let inside = |(x, y): &(f64, f64)| {
        figure.panels[panel].layers.iter().any(|layer| match layer {
            Layer::Band {
                x: places,
                lower,
                upper,
                ..
            } => {
                let at = places.iter().position(|place| place == x).unwrap();
                (lower[at]..=upper[at]).contains(y)
            }
            _ => false,
        })
    };
    let all = points(figure, panel, label);
    all.iter().filter(|point| inside(point)).count() as f64 / all.len() as f64
}

/// Two waves of slope 1 have a force of variance 1/2 each wherever the coordinate is; of two standard
/// errors 95 % of the stretches are within, which overlap: three quarters are asked for.
#[test]
fn the_force_of_two_waves_is_left_out_evenly() {
    let text = "V(q) = q^2/2 + 0.05*sin(q/0.05) + 0.001*sin(q/0.001)";
    let options = Options {
        delta: Some(0.5),
        steps: Some(300_000),
        ..Options::default()
    };
    let outcome = learned(text, options);
    assert_eq!(
        names(&outcome.pictures),
        ["potential", "force-residual", "momenta", "survival"]
    );
    let figure = panels(&outcome.pictures, "force-residual");
    assert!(within(figure, 0, "mean") > 0.75);
    let predicted = points(figure, 1, "predicted");
    assert!(predicted.len() > 20);
    // 1e5 places, a few thousand of them in a stretch.
    let off = predicted.iter().map(|(_, s)| (s - 1.0).abs());
    assert!(off.fold(0.0, f64::max) < 0.03, "{predicted:?}");
    assert!(within(figure, 1, "predicted") > 0.75);
    // Of every figure there is an SVG among the files, and a PNG for who wants it.
    for picture in &outcome.pictures {
        let (name, svg) = picture.file();
        let known = outcome.files.iter().find(|(known, _)| *known == name);
        assert_eq!(known.map(|(_, bytes)| bytes), Some(&svg), "{name}");
        assert!(!String::from_utf8(svg).unwrap().contains("NaN"));
    }
    for (name, bytes) in pngs(&outcome.pictures).0 {
        assert!(name.ends_with(".png") && bytes.starts_with(b"\x89PNG\r\n"));
    }
    let figure = panels(&outcome.pictures, "momenta");
    let quantiles = points(figure, 0, "momentum of q");
    assert!(quantiles.len() > 20);
    for (normal, seen) in quantiles.iter().filter(|(normal, _)| normal.abs() < 2.5) {
        assert!((normal - seen).abs() < 0.1, "{normal} {seen}");
    }
}

/// A sine of amplitude A is worth `-kT ln I0(A/kT)` to the free energy and slows motion down by
/// `I0(A/kT)^-2`; U does not see it. Errors of U are a few 1e-3 at this length.
#[test]
fn a_rough_parabola_has_its_free_energy() {
    let options = Options {
        delta: Some(0.3),
        steps: Some(200_000),
        kt: Some(0.1),
        ..Options::default()
    };
    let outcome = learned("V(q) = q^2/2 + 0.1*sin(q/0.01)", options);
    let figure = panels(&outcome.pictures, "free-energy");
    let bessel = (0..2000)
        .map(|k| (PI * (f64::from(k) + 0.5) / 2000.0).cos().exp() / 2000.0)
        .sum::<f64>();
    let drawn = |panel: usize| -> Vec<f64> {
        let layers = figure.panels[panel].layers.iter();
        let points = layers.flat_map(Layer::points);
        points.map(|(_, y)| y).filter(|y| y.is_finite()).collect()
    };
    let (between, mobility) = (drawn(1), drawn(2));
    assert!(between.len() > 100 && mobility.len() > 100);
    let worth = -0.1 * bessel.ln();
    let mean = between.iter().sum::<f64>() / between.len() as f64;
    assert!((mean - worth).abs() < 0.1 * worth.abs(), "{mean} {worth}");
    for d in mobility {
        assert!((d * bessel * bessel - 1.0).abs() < 0.02, "{d}");
    }
}

/// `x` and `y - x` under one wave each: the covariance of the noise is `delta/2 [[2, -1], [-1, 1]]`,
/// as predicted and as measured, and the drawn curves are where `z' Z^-1 z = 1`.
#[test]
fn the_noise_of_two_waves_has_its_ellipse() {
    let text = "V(x, y) = x^2/2 + y^2 + 1e-5*sin(x/1e-5) + 1e-5*sin((y - x)/1e-5)";
    let options = Options {
        delta: Some(0.05),
        steps: Some(200_000),
        // Few cells do for a parabola.
        knots: Some(Knots::Count(8)),
        ..Options::default()
    };
    let outcome = learned(text, options);
    let figure = panels(&outcome.pictures, "noise-ellipse");
    for label in ["measured", "predicted"] {
        let ring = points(figure, 0, label);
        assert!(ring.len() > 100, "{label}");
        for (x, y) in ring {
            // The inverse of [[2, -1], [-1, 1]] is [[1, 1], [1, 2]].
            let one = (x * x + 2.0 * x * y + 2.0 * y * y) / 0.025;
            assert!((one - 1.0).abs() < 0.05, "{label}: {one}");
        }
    }
    let momenta = panels(&outcome.pictures, "momenta");
    assert!(!points(momenta, 0, "momentum of y").is_empty());
}

/// The page of a scan has its windows, both figures with the windows shaded, and the program; one
/// without runs has what there is.
#[test]
fn a_scan_has_its_page() {
    let row = |delta: f64, accepted: bool| SweepRow {
        delta,
        accepted,
        length: Some(delta * delta),
        excess_kurtosis: Some(if accepted { 0.0 } else { 0.5 }),
        h: Some(delta),
        ..SweepRow::default()
    };
    let structure = |r: f64| StructureRow {
        r,
        value: r.min(0.5),
        stderr: 0.01 * r,
    };
    let mut result = ScanResult {
        potential: "V".to_owned(),
        gamma: 0.1,
        advice: "use --delta 0.2 to <remove> it".to_owned(),
        structure: [0.01, 0.1, 1.0, 10.0].map(structure).to_vec(),
        sweep: vec![
            row(0.1, false),
            row(0.2, true),
            row(0.4, true),
            row(0.8, false),
        ],
        windows: vec![Window {
            lo: 0.2,
            hi: 0.4,
            smallest: 0.2,
            lengths: [0.04, 0.16],
            removed: vec![0.001],
            ..Window::default()
        }],
        ..ScanResult::default()
    };
    let pictures = scanned::pictures(&result);
    assert_eq!(names(&pictures), ["structure", "sweep"]);
    let figure = panels(&pictures, "sweep");
    assert_eq!(figure.panels.len(), 4);
    for panel in &figure.panels {
        let [lo, hi] = panel.shaded[0];
        assert!((lo - 0.2f64.log10()).abs() < 1e-12 && (hi - 0.4f64.log10()).abs() < 1e-12);
    }
    assert_eq!(points(figure, 1, "good").len(), 2);
    assert_eq!(points(figure, 1, "not good").len(), 2);
    let page = scanned::page(&result, "v.pot", "V(q) = q^2 < 1", "effpot-lang scan v.pot");
    for part in [
        "one window",
        "0.2 to 0.4",
        "&lt;remove&gt;",
        "q^2 &lt; 1",
        "<figure>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("NaN") && !page.contains("<script"));
    result.structure.clear();
    result.sweep.clear();
    result.windows.clear();
    assert!(scanned::pictures(&result).is_empty());
    assert!(scanned::page(&result, "v.pot", "", "").contains("no window"));
}
