use super::*;
use std::f64::consts::TAU;

const PLAIN: SplineAxis = SplineAxis {
    lo: -2.0,
    hi: 3.0,
    periodic: false,
};
const RING: SplineAxis = SplineAxis {
    lo: -1.0,
    hi: TAU - 1.0,
    periodic: true,
};

fn batch(v: impl Fn(f64, f64) -> f64 + Sync) -> impl Fn(&[f64], &mut [f64]) + Sync {
    move |points, out| {
        let (x, y) = points.split_at(out.len());
        for (i, o) in out.iter_mut().enumerate() {
            *o = v(x[i], y[i]);
        }
    }
}

/// Points of the middle of the box, `skip` of its widths from the ends of plain axes.
fn middle(axes: [SplineAxis; 2], skip: f64) -> Vec<[f64; 2]> {
    let along = |axis: SplineAxis, t: f64| {
        let skip = if axis.periodic { 0.0 } else { skip };
        axis.lo + (axis.hi - axis.lo) * (skip + (1.0 - 2.0 * skip) * t)
    };
    let at = |i: i32, n: f64| f64::from(i) / n;
    (0..41)
        .flat_map(|i| (0..43).map(move |j| (at(i, 40.0), at(j, 42.0))))
        .map(|(s, t)| [along(axes[0], s), along(axes[1], t)])
        .collect()
}

/// The largest error of value and of slope against a known filtered function.
fn errors(
    found: &FilteredPlane,
    points: &[[f64; 2]],
    exact: impl Fn(f64, f64) -> [f64; 3],
) -> (f64, f64) {
    let slopes = [0, 1].map(|axis| found.spline.partial(axis).unwrap());
    let (mut value, mut slope) = (0.0_f64, 0.0_f64);
    for &[x, y] in points {
        let [u, ux, uy] = exact(x, y);
        value = value.max((found.spline.at(&[x, y]) - u).abs());
        slope = slope.max((slopes[0].at(&[x, y]) - ux).abs());
        slope = slope.max((slopes[1].at(&[x, y]) - uy).abs());
    }
    (value, slope)
}

#[test]
fn plane_waves_of_any_direction_are_multiplied_by_the_survival() {
    let l = 0.5;
    // On the torus whole wavenumbers, in the box any.
    let cases = [
        (
            [RING, RING],
            vec![[1.0, 0.0], [0.0, 2.0], [2.0, 1.0], [-3.0, 4.0]],
            1e-6,
        ),
        (
            [PLAIN, RING],
            vec![[1.3, 1.0], [0.0, 3.0], [-3.7, 2.0]],
            1e-4,
        ),
        ([PLAIN, PLAIN], vec![[1.3, 0.4], [-3.0, 4.1]], 1e-4),
    ];
    for (axes, waves, bound) in cases {
        for [kx, ky] in waves {
            let k = f64::hypot(kx, ky);
            let v = batch(|x, y| (kx * x + ky * y + 0.4).sin());
            // Cubic interpolation of what is left errs by (k spacing)^4/384.
            let spacing = 0.1 / k;
            let found = plane(&v, axes, l, spacing).unwrap();
            let r = survival_x(k * l);
            let exact = |x: f64, y: f64| {
                let (sin, cos) = (kx * x + ky * y + 0.4).sin_cos();
                [r * sin, r * kx * cos, r * ky * cos]
            };
            let (value, slope) = errors(&found, &middle(axes, 0.1), exact);
            assert!(value < bound, "{kx} {ky}: {value:e}");
            assert!(slope < 100.0 * bound * k, "{kx} {ky}: {slope:e}");
        }
    }
}

#[test]
fn a_bowl_is_raised_by_a_constant() {
    // The second moment of the kernel along each coordinate is l^2/6: half of it times the
    // Laplacian is what a parabola gains.
    let l: f64 = 0.3;
    let bowl = |x: f64, y: f64| x * x + 0.5 * x * y + 2.0 * y * y;
    let axes = [PLAIN, PLAIN];
    let found = plane(&batch(bowl), axes, l, 0.1).unwrap();
    let exact = |x: f64, y: f64| {
        let u = bowl(x, y) + l * l / 12.0 * 6.0;
        [u, 2.0 * x + 0.5 * y, 0.5 * x + 4.0 * y]
    };
    let (value, slope) = errors(&found, &middle(axes, 0.0), exact);
    let range = bowl(3.0, 3.0);
    assert!(
        value < 1e-6 * range && slope < 1e-5 * range,
        "{value:e} {slope:e}"
    );
}

#[test]
fn waves_shorter_than_the_grid_leave_their_sampling_error() {
    let (l, e) = (0.4, 1e-5);
    let axes = [PLAIN, PLAIN];
    let bowl = |x: f64, y: f64| x * x + 2.0 * y * y;
    let range = bowl(3.0, 3.0);
    let size = 1e-3 * range;
    // The second has a wavelength of one cell of the grid, to the last digit.
    let cell = Plan::new(axes, l, 0.1, &PLANE).unwrap().lines[0].spacing;
    for (ex, ey) in [(e, e), (cell / TAU, cell / TAU)] {
        let v = batch(|x, y| bowl(x, y) + size * ((x / ex).sin() + ((y - x) / ey).sin()));
        let found = plane(&v, axes, l, 0.1).unwrap();
        let exact = |x: f64, y: f64| {
            let u = bowl(x, y) + l * l / 2.0;
            [u, 2.0 * x, 4.0 * y]
        };
        let points = middle(axes, 0.0);
        let mean_square = points.iter().map(|[x, y]| {
            let error = found.spline.at(&[*x, *y]) - exact(*x, *y)[0];
            error * error / points.len() as f64
        });
        let error = mean_square.sum::<f64>().sqrt();
        // Two waves of amplitude `size` have together this root mean square.
        let expected = PLANE.noise * size * cell / l;
        assert!((found.noise / expected - 1.0).abs() < 0.05);
        // Some hundred independent places are in the box: the spread of this is 5 %.
        assert!(
            (error / expected - 1.0).abs() < 0.25,
            "{error:e} {expected:e}"
        );
        assert!(error < 1e-4 * range);
    }
}

#[test]
fn the_constants_are_what_they_stand_for() {
    let step = 1e-3;
    let shells = [|a: f64| a / TAU, |a: f64| a * a / (0.5 * TAU * TAU)];
    let kinds = [(PLANE, 1e-8), (SPACE, 1e-5)];
    for ((limits, beyond), shell) in kinds.iter().zip(shells) {
        let square: f64 = (0..12_000)
            .map(|i| step * f64::from(i))
            .map(|a| survival_x(a).powi(2) * shell(a) * step)
            .sum();
        let noise = square.sqrt();
        assert!((limits.noise - noise).abs() < 1e-4, "{noise}");
        let cutoff = crate::learn::transfer::Kernel::new(*beyond).cutoff();
        assert!(cutoff <= limits.reach, "{cutoff}");
    }
    assert!(survival_x(BAND.0) < 1e-6);
}

#[test]
fn gaps_take_their_neighbours_and_too_large_ones_are_an_error() {
    // V ends at the left side of the box.
    let l = 0.3;
    let axes = [PLAIN, PLAIN];
    let half = |c: f64| {
        batch(move |x, y| {
            if x < -2.0 {
                f64::NAN
            } else {
                1e6 + c * (x + y)
            }
        })
    };
    let flat = plane(&half(0.0), axes, l, 0.1).unwrap();
    let line = plane(&half(1.0), axes, l, 0.1).unwrap();
    assert!(flat.non_finite > 0 && flat.non_finite < flat.evaluations / 2);
    for [x, y] in middle(axes, 0.0) {
        assert!((flat.spline.at(&[x, y]) - 1e6).abs() < 1e-8);
        // Flat instead of a slope of 1 on one side: at most the mean distance within the kernel.
        let error = (line.spline.at(&[x, y]) - 1e6 - x - y).abs();
        assert!(
            error < l && (x < -1.0 || error < 1e-2 * l),
            "{x} {y} {error}"
        );
    }
    let corner = plane(&batch(|x, y| (x + y - 4.0).sqrt()), axes, l, 0.1);
    assert!(matches!(corner, Err(FilterError::NoSupportAt { .. })));
    let nothing = plane(&batch(|_, _| f64::NAN), axes, l, 0.1);
    assert!(matches!(nothing, Err(FilterError::NoSupportAt { .. })));
}

#[test]
fn what_cannot_be_filtered_is_an_error() {
    let run = |axes: [SplineAxis; 2], l: f64, h: f64| {
        plane(&batch(|x, y| x + y), axes, l, h).map(|found| found.evaluations)
    };
    let axes = [PLAIN, RING];
    assert!(run(axes, 0.5, 0.2).is_ok());
    for l in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300, 1e-3] {
        let error = run(axes, l, 0.2);
        assert!(matches!(error, Err(FilterError::BadLength { .. })), "{l}");
    }
    for h in [0.0, f64::NAN, 1e-6] {
        let error = run(axes, 0.5, h);
        assert!(matches!(error, Err(FilterError::BadLength { .. })), "{h}");
    }
    let empty = SplineAxis { hi: -2.0, ..PLAIN };
    let error = run([empty, RING], 0.5, 0.2);
    assert!(matches!(error, Err(FilterError::BadInterval { .. })));
}

#[test]
fn walls_far_outside_do_not_reach_in() {
    // Müller and Brown 1979: it grows to 1e4 times its range in the box where V is still asked
    // for. Value and Laplacian; the next term of the expansion of the filter, l^4/240 times the
    // Laplacian of that, is largest in the corner, 740 times the value: 1.9e-5 of it.
    let surface = |x: f64, y: f64| {
        let hills = [
            [-200.0, -1.0, 0.0, -10.0, 1.0, 0.0],
            [-100.0, -1.0, 0.0, -10.0, 0.0, 0.5],
            [-170.0, -6.5, 11.0, -6.5, -0.5, 1.5],
            [15.0, 0.7, 0.6, 0.7, -1.0, 1.0],
        ];
        hills
            .iter()
            .fold([0.0, 0.0], |sum, [size, a, b, c, at, to]| {
                let (x, y) = (x - at, y - to);
                let hill = size * (a * x * x + b * x * y + c * y * y).exp();
                let (fx, fy) = (2.0 * a * x + b * y, b * x + 2.0 * c * y);
                let laplacian = hill * (fx * fx + fy * fy + 2.0 * (a + c));
                [sum[0] + hill, sum[1] + laplacian]
            })
    };
    let axis = |lo, hi| SplineAxis {
        lo,
        hi,
        periodic: false,
    };
    let (l, axes) = (0.05, [axis(-1.5, 1.2), axis(-0.2, 2.0)]);
    let found = plane(&batch(|x, y| surface(x, y)[0]), axes, l, 0.02).unwrap();
    let range = surface(1.2, 2.0)[0];
    for [x, y] in middle(axes, 0.0) {
        let [value, laplacian] = surface(x, y);
        let error = found.spline.at(&[x, y]) - value - l * l / 12.0 * laplacian;
        assert!(
            error.abs() < 2.5e-5 * range,
            "{x} {y}: {error:e} of {range}"
        );
    }
}

fn batch3(v: impl Fn([f64; 3]) -> f64 + Sync) -> impl Fn(&[f64], &mut [f64]) + Sync {
    move |points, out| {
        let n = out.len();
        for (i, o) in out.iter_mut().enumerate() {
            *o = v([points[i], points[n + i], points[2 * n + i]]);
        }
    }
}

#[test]
fn waves_in_space_are_multiplied_by_the_survival() {
    let l = 1.0;
    let axes = [RING, RING, RING];
    for k in [[0.0, -1.0, 1.0], [1.0, 2.0, -2.0]] {
        let phase = |x: [f64; 3]| k[0] * x[0] + k[1] * x[1] + k[2] * x[2] + 0.4;
        let length = k.iter().map(|k| k * k).sum::<f64>().sqrt();
        // Cubic interpolation of what is left errs by (k spacing)^4/384: 7e-5.
        let found = space(&batch3(|x| phase(x).sin()), axes, l, 0.4 / length).unwrap();
        let r = survival_x(length * l);
        for i in 0..200 {
            let x = [0.37, 0.71, 1.13].map(|t| t * f64::from(i));
            let error = found.spline.at(&x) - r * phase(x).sin();
            assert!(error.abs() < 1e-4, "{k:?}: {error:e}");
        }
    }
}

#[test]
fn a_bowl_in_space_is_raised_by_a_constant() {
    // Half the second moment of the kernel along a coordinate, l^2/12, times the Laplacian.
    let l = 2.0;
    let plain = SplineAxis {
        lo: -0.5,
        hi: 0.5,
        periodic: false,
    };
    let axes = [plain, RING, RING];
    let bowl = |x: [f64; 3]| x[0] * x[0] + x[2].cos();
    let found = space(&batch3(bowl), axes, l, 0.2).unwrap();
    for i in 0..100 {
        let t = f64::from(i);
        let x = [0.5 * (1.7 * t).sin(), 0.19 * t, 0.31 * t];
        let u = x[0] * x[0] + l * l / 12.0 * 2.0 + survival_x(l) * x[2].cos();
        // 1e-5 of the kernel lies beyond the points, where the bowl is 30^2 high.
        assert!((found.spline.at(&x) - u).abs() < 1e-5 * 900.0, "{x:?}");
    }
    let holes = space(&batch3(|x| (x[0] - 3.0).sqrt()), axes, l, 0.2).err();
    assert!(matches!(holes, Some(FilterError::NoSupportIn { .. })));
    let many = space(&batch3(bowl), [plain; 3], 1e-3, 0.2).err();
    assert!(matches!(many, Some(FilterError::BadLength { .. })));
}
