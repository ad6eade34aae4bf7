use super::*;
use crate::dynamics::Streams;

const POINTS: usize = 16_384;

/// The structure function of a force in `d` coordinates (a closure of one point), with points
/// uniform in `[-half, half]`.
fn measured(seed: u64, d: usize, half: f64, force: impl Fn(&[f64], &mut [f64])) -> Structure {
    let streams = Streams::new(seed);
    let mut stream = streams.stream(0);
    let points: Vec<f64> = (0..d * POINTS)
        .map(|_| half * (2.0 * stream.uniform() - 1.0))
        .collect();
    let mut slopes = batched(d, force);
    let radii = radii(half * 2f64.powi(-24), half);
    structure(&points, d, &radii, &mut stream, &mut slopes)
}

fn batched(d: usize, force: impl Fn(&[f64], &mut [f64])) -> impl FnMut(&[f64], &mut [f64]) {
    move |points, out| {
        let count = points.len() / d;
        let (mut x, mut g) = (vec![0.0; d], vec![0.0; d]);
        for at in 0..count {
            (0..d).for_each(|c| x[c] = points[c * count + at]);
            force(&x, &mut g);
            (0..d).for_each(|c| out[c * count + at] = g[c]);
        }
    }
}

/// In one coordinate.
fn line(seed: u64, half: f64, force: impl Fn(f64) -> f64) -> Structure {
    measured(seed, 1, half, move |x, g| g[0] = force(x[0]))
}

#[track_caller]
fn assert_scales(structure: &Structure, heights: &[f64], eps: &[f64], tolerance: f64) {
    let scales = structure.scales();
    let found: Vec<f64> = scales.plateaus.iter().map(|p| p.height).collect();
    assert_eq!(found.len(), heights.len(), "{:#?}", scales);
    for ((plateau, height), eps) in scales.plateaus.iter().zip(heights).zip(eps) {
        // Four standard errors, and what the next wave has already added: under `tolerance`.
        let error = (plateau.height - height).abs();
        assert!(
            error < 4.0 * plateau.height_stderr + tolerance * height,
            "{plateau:#?}"
        );
        assert!(error < 0.05 * height, "{plateau:#?}");
        assert!((plateau.eps / eps - 1.0).abs() < 0.1, "{plateau:#?}");
        assert!(!plateau.is_continuum());
    }
    assert!(!scales.continuum);
}

const SEEDS: std::ops::Range<u64> = 1..9;

/// Li & Tao 2024, (4.5): a wave of unit force adds 1/2.
#[test]
fn two_scales_on_a_parabola() {
    for seed in SEEDS {
        let s = line(seed, 4.0, |q| q + (q / 0.05).cos() + (q / 0.001).cos());
        assert_scales(&s, &[0.5, 1.0], &[0.001, 0.05], 0.005);
        let top = s.scales().plateaus[1];
        let k = s.curvature_above(&top).unwrap();
        assert!((k - 1.0).abs() < 0.3, "{k}");
        assert!((top.curvature() - 20.0).abs() < 2.0);
    }
}

/// (4.6).
#[test]
fn two_scales_on_a_double_well() {
    for seed in SEEDS {
        let s = line(seed, 1.5, |q| {
            q * (q * q - 1.0) + (q / 0.025).cos() + (q / 0.001).cos()
        });
        assert_scales(&s, &[0.5, 1.0], &[0.001, 0.025], 0.01);
    }
}

/// (4.7): twenty waves of unit force and wavenumbers 1, 4, 9, .. 400.
#[test]
fn twenty_scales_without_a_gap_are_a_continuum() {
    for seed in SEEDS {
        let s = line(seed, 6.0, |q| {
            let waves = (1..=20).map(|i| f64::from(i * i));
            0.5 * (q - 1.5) - waves.map(|k| (k * q).sin()).sum::<f64>()
        });
        let scales = s.scales();
        assert!(scales.continuum, "{scales:#?}");
        let [one] = scales.plateaus[..] else {
            panic!("{scales:#?}")
        };
        // All but the longest one or two waves.
        assert!(one.height > 8.5 && one.height < 10.5, "{one:#?}");
        assert!(one.eps_lo < 0.006 && one.eps_hi > 0.03, "{one:#?}");
    }
}

#[test]
fn what_is_smooth_has_no_scale() {
    for seed in SEEDS {
        for s in [
            line(seed, 3.0, |q| q),
            line(seed, 3.0, |q| q * (q * q - 1.0)),
            line(seed, 3.0, |q| 1e8 * q),
            measured(seed, 2, 2.0, |x, g| {
                (g[0], g[1]) = (x[0] + x[1].powi(3), x[1] + 3.0 * x[0] * x[1] * x[1]);
            }),
        ] {
            let scales = s.scales();
            assert!(scales.plateaus.is_empty() && !scales.continuum);
        }
        let harmonic = line(seed, 3.0, |q| 2.0 * q);
        assert!((harmonic.curvature_at(1.0).unwrap() - 2.0).abs() < 0.1);
    }
    let nothing = line(1, 3.0, |_| 0.0);
    assert_eq!(nothing.scales(), Scales::default());
    let undefined = line(1, 3.0, |_| f64::NAN);
    assert_eq!(undefined.scales(), Scales::default());
    assert!(radii(0.0, 1.0).is_empty() && radii(1.0, f64::NAN).is_empty());
}

#[test]
fn three_scales_and_a_weak_one() {
    for seed in SEEDS {
        let s = line(seed, 4.0, |q| {
            q + (q / 0.05).cos() + (q / 0.002).cos() + (q / 1e-5).cos()
        });
        assert_scales(&s, &[0.5, 1.0, 1.5], &[1e-5, 0.002, 0.05], 0.01);
        // The slope of its rise is below what parts plateaus.
        let s = line(seed, 4.0, |q| {
            0.3 * q + 0.6 * (q / 0.05).cos() + (q / 0.001).cos()
        });
        assert_scales(&s, &[0.5, 0.68], &[0.001, 0.05], 0.01);
    }
}

#[test]
fn two_close_scales_are_one() {
    for seed in SEEDS {
        let s = line(seed, 4.0, |q| q + (q / 0.002).cos() + (q / 0.001).cos());
        assert_scales(&s, &[1.0], &[0.00137], 0.005);
    }
}

/// Noise whose strength changes from place to place has the mean of its variance.
#[test]
fn an_amplitude_that_varies() {
    for seed in SEEDS {
        let s = line(seed, 2.0, |q| {
            // V = eps*(1 + q/4)*sin(q/eps) on a parabola.
            q + (1.0 + q / 4.0) * (q / 1e-3).cos() + 1e-3 / 4.0 * (q / 1e-3).sin()
        });
        // E[(1 + q/4)^2]/2 for q uniform in (-2, 2).
        assert_scales(&s, &[0.5 * (1.0 + 1.0 / 12.0)], &[0.001], 0.005);
    }
}

/// Waves along `x` and `y - x`, as on the Müller-Brown surface of (4.9).
fn leaning(x: &[f64], g: &mut [f64]) {
    let (a, b) = ((x[0] / 1e-5).cos(), ((x[1] - x[0]) / 1e-5).cos());
    (g[0], g[1]) = (x[0] + a - b, 4.0 * x[1] + b);
}

#[test]
fn waves_in_two_coordinates() {
    for seed in SEEDS {
        let s = measured(seed, 2, 1.0, leaning);
        assert_scales(&s, &[0.75], &[0.8e-5], 0.005);
        let k = s.curvature_above(&s.scales().plateaus[0]).unwrap();
        // The root of (1 + 16)/2.
        assert!((k - 8.5f64.sqrt()).abs() < 0.5, "{k}");
    }
}

/// Every value against the closed form, within its standard errors.
#[test]
fn the_errors_are_those_of_the_values() {
    let exact = |r: f64| 0.5 * r * r + 0.5 * -(-0.5 * (r / 0.05).powi(2)).exp_m1();
    let (mut far, mut all) = (0, 0);
    for seed in SEEDS {
        // A whole number of waves, so that every phase is as likely.
        let half = 0.05 * std::f64::consts::PI * 20.0;
        let s = line(seed, half, |q| q + (q / 0.05).cos());
        for increment in &s.increments {
            all += 1;
            far +=
                usize::from((increment.value - exact(increment.r)).abs() > 3.0 * increment.stderr);
        }
    }
    // 0.3 % of normal errors; radii of one seed share points.
    assert!((far as f64) < 0.02 * f64::from(all), "{far} of {all}");
}
