//! Splines of one to three coordinates, plain, periodic and mixed: every engine against the table
//! itself, and the table against what a spline is.

use effpot_lang::check;
use effpot_lang::graph::{
    Extension, Graph, MAX_DIMENSION, Model, Names, Notation, Spline, SplineAxis, print,
};
use effpot_lang::kernel::{BatchKernel, Engine};
use effpot_lang::source::Sources;

/// A stream of numbers in [0, 1) (splitmix64).
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

const RANGES: [(f64, f64); MAX_DIMENSION] = [(-1.5, 2.25), (0.0, 6.3), (-0.7, 0.4)];

/// A spline with random coefficients on `cells`; `wraps` tells the periodic axes.
fn random(degree: usize, cells: &[usize], wraps: &[bool]) -> Spline {
    let axis = |i: usize| SplineAxis {
        lo: RANGES[i].0,
        hi: RANGES[i].1,
        periodic: wraps[i],
    };
    let axes: Vec<SplineAxis> = (0..cells.len()).map(axis).collect();
    let size = |i: usize| cells[i] + if wraps[i] { 0 } else { degree };
    let shape: Vec<usize> = (0..cells.len()).map(size).collect();
    let mut stream = Stream(degree as u64);
    let count = shape.iter().product();
    let coefficients = (0..count).map(|_| stream.next() - 0.5).collect();
    Spline::tensor(degree, &axes, coefficients, &shape).unwrap()
}

/// Every way to wrap some of the axes.
fn every_kind(dimension: usize) -> Vec<Vec<bool>> {
    (0..1 << dimension)
        .map(|kind| (0..dimension).map(|axis| kind >> axis & 1 == 1).collect())
        .collect()
}

/// A spline and its derivatives of up to two orders, by every sequence of axes: linear, constant
/// and zero outside.
fn family(table: Spline) -> Vec<Spline> {
    let partials = |of: &Spline| -> Vec<Spline> {
        (0..of.dimension())
            .filter_map(|axis| of.partial(axis))
            .collect()
    };
    let first = partials(&table);
    let second: Vec<Spline> = first.iter().flat_map(partials).collect();
    [vec![table], first, second].concat()
}

/// Random points in and around the box, and all combinations of knots, ends, far points and what
/// is not a number.
fn points(table: &Spline) -> Vec<Vec<f64>> {
    let mut stream = Stream(11);
    let mut special: Vec<Vec<f64>> = vec![Vec::new()];
    for axis in 0..table.dimension() {
        let SplineAxis { lo, hi, .. } = table.axes()[axis];
        let h = table.spacing_along(axis);
        let mut here = vec![lo, hi, lo + h, 0.5 * (lo + hi), hi + 0.3, lo - 2.5];
        here.extend([1e9, f64::INFINITY, f64::NEG_INFINITY, f64::NAN]);
        special = special
            .iter()
            .flat_map(|point| here.iter().map(move |x| [&point[..], &[*x]].concat()))
            .collect();
    }
    let around = |stream: &mut Stream, axis: &SplineAxis| {
        axis.lo + (axis.hi - axis.lo) * (2.0 * stream.next() - 0.5)
    };
    for _ in 0..200 {
        let axes = table.axes().iter();
        special.push(axes.map(|axis| around(&mut stream, axis)).collect());
    }
    special
}

fn evaluate(engine: Engine, table: &Spline, points: &[Vec<f64>]) -> Vec<f64> {
    let mut graph = Graph::new();
    let dimension = table.dimension();
    let arguments: Vec<_> = (0..dimension as u32).map(|i| graph.input(i)).collect();
    let root = graph.spline(table.clone(), &arguments);
    let kernel = BatchKernel::compile(&graph, &[root], dimension, engine).unwrap();
    let columns: Vec<f64> = (0..dimension)
        .flat_map(|i| points.iter().map(move |point| point[i]))
        .collect();
    let mut out = vec![0.0; points.len()];
    kernel.evaluate(&columns, points.len(), &[], &mut out);
    out
}

fn largest(table: &Spline) -> f64 {
    table.coefficients().iter().fold(0.0, |a, c| a.max(c.abs()))
}

/// How much the excesses outside enlarge a rounding.
fn reach(table: &Spline, point: &[f64]) -> f64 {
    let along = |axis: usize| {
        let SplineAxis { lo, hi, periodic } = table.axes()[axis];
        let excess = (lo - point[axis]).max(point[axis] - hi).max(0.0);
        match periodic {
            true => 1.0,
            false => 1.0 + excess / table.spacing_along(axis),
        }
    };
    (0..table.dimension()).map(along).product()
}

fn check(table: &Spline) {
    let points = points(table);
    // Powers of u are differences of coefficients: along each axis at most 2^degree of them,
    // rounded once for each of `degree` steps; outside, slopes times distances carry the same.
    let terms = |degree: &usize| 2f64.powi(*degree as i32) * (degree + 1) as f64;
    let terms: f64 = table.degrees().iter().map(terms).product();
    for engine in Engine::available() {
        let values = evaluate(engine, table, &points);
        for (point, value) in points.iter().zip(&values) {
            let expected = table.at(point);
            let bound = f64::EPSILON * terms * largest(table) * reach(table, point);
            let same = *value == expected || value.is_nan() && expected.is_nan();
            assert!(
                same || (value - expected).abs() <= bound.min(f64::MAX),
                "degrees {:?} {:?} {:?} at {point:?}: {} {value:e}, table {expected:e}",
                table.degrees(),
                table.axes(),
                table.extensions(),
                engine.name()
            );
        }
    }
}

#[test]
fn every_engine_has_the_values_of_the_table() {
    for degree in 0..=7 {
        for wraps in every_kind(1) {
            family(random(degree, &[9], &wraps)).iter().for_each(check);
        }
    }
    for degree in [0, 1, 3] {
        for wraps in every_kind(2) {
            let all = family(random(degree, &[5, 4], &wraps));
            all.iter().for_each(check);
        }
    }
    // Fewer cells than coefficients in one of them, where the indices wrap more than once.
    for wraps in every_kind(3) {
        check(&random(2, &[3, 2, 1], &wraps));
    }
    for slope in (0..3).filter_map(|axis| random(3, &[3, 3, 3], &[false; 3]).partial(axis)) {
        check(&slope);
    }
}

#[test]
fn cubic_look_ups_keep_thirteen_digits_of_the_largest_coefficient() {
    for wraps in every_kind(2) {
        for table in family(random(3, &[40, 30], &wraps)) {
            let mut points = points(&table);
            points.retain(|point| reach(&table, point) == 1.0);
            for (point, value) in points.iter().zip(evaluate(Engine::Vector, &table, &points)) {
                let error = (value - table.at(point)).abs();
                assert!(
                    error.is_nan() || error <= 1e-13 * largest(&table),
                    "{error:e}"
                );
            }
        }
    }
}

#[test]
fn a_family_covers_every_extension() {
    let mut found = Vec::new();
    for table in family(random(3, &[3, 3], &[false; 2])) {
        for extension in table.extensions() {
            if !found.contains(extension) {
                found.push(*extension);
            }
        }
    }
    let all = [Extension::Linear, Extension::Constant, Extension::Zero];
    assert_eq!(found, all);
}

#[test]
fn nothing_is_seen_of_a_seam() {
    // Next to the seam on both sides: they differ by the step times a slope, 1e-14 of a few tens,
    // and by the rounding of a position, as much again.
    let step = 1e-14;
    for wraps in every_kind(2) {
        for table in family(random(3, &[6, 5], &wraps)) {
            // A second derivative along an axis is only continuous, and its values are larger.
            let scale = largest(&table);
            for (axis, other) in [(0, 1), (1, 0)] {
                let SplineAxis { lo, hi, periodic } = table.axes()[axis];
                if !periodic {
                    continue;
                }
                for i in -3..12 {
                    let at = |x: f64| {
                        let mut point = vec![0.4 * f64::from(i); 2];
                        point[axis] = x;
                        point
                    };
                    let length = hi - lo;
                    let around = [lo, lo + step, lo - step, hi, hi + step, hi - step];
                    let turned = [lo + 7.0 * length, lo - 5.0 * length];
                    let points: Vec<Vec<f64>> =
                        around.iter().chain(&turned).map(|x| at(*x)).collect();
                    let expected = table.at(&at(lo));
                    let reach = reach(&table, &at(lo));
                    let by_table = points.iter().map(|point| table.at(point)).collect();
                    let compiled =
                        Engine::available().map(|engine| evaluate(engine, &table, &points));
                    for value in compiled.chain([by_table]).flatten() {
                        let error = (value - expected).abs() / scale / reach;
                        assert!(error <= 1e-12, "{axis} {other}: {error:e}");
                    }
                }
            }
        }
    }
}

#[test]
fn outside_it_is_the_extension_of_one_axis_after_the_other() {
    let table = random(3, &[5, 4], &[false; 2]);
    let [fx, fy] = [0, 1].map(|axis| table.partial(axis).unwrap());
    let mixed = fx.partial(1).unwrap();
    let (right, top) = (RANGES[0].1, RANGES[1].1);
    let corner = [right, top];
    let (x, y) = (right + 0.8, top + 1.1);
    let bilinear = table.at(&corner)
        + 0.8 * fx.at(&corner)
        + 1.1 * fy.at(&corner)
        + 0.8 * 1.1 * mixed.at(&corner);
    assert!((table.at(&[x, y]) - bilinear).abs() < 1e-13);
    // The slopes go on without a step at every side and corner: the second differences of a
    // function with a bounded second derivative are of second order.
    let size = 1e-4;
    for at in [[right, 1.0], [-1.5, 1.0], [0.3, top], [0.3, 0.0], corner] {
        for [dx, dy] in [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]] {
            let along = |s: f64| table.at(&[at[0] + s * size * dx, at[1] + s * size * dy]);
            let second = along(1.0) - 2.0 * along(0.0) + along(-1.0);
            // A step of the slope by 1 would be 1e-4; curvatures are at most some tens.
            assert!(second.abs() < 100.0 * size * size, "{at:?} {second:e}");
        }
    }
}

#[test]
fn partial_derivatives_are_slopes_in_the_graph_too() {
    for wraps in every_kind(3) {
        let table = random(3, &[4, 5, 3], &wraps);
        let mut graph = Graph::new();
        let inputs = [0, 1, 2].map(|i| graph.input(i));
        let product = graph.times(inputs[0], inputs[1]);
        let root = graph.spline(table.clone(), &[product, inputs[1], inputs[2]]);
        let slopes = graph.gradient(root, 3);
        let mut stream = Stream(3);
        for _ in 0..40 {
            let point = [0, 1, 2].map(|_| 3.0 * stream.next() - 0.5);
            for (axis, slope) in slopes.iter().enumerate() {
                let shifted = |h: f64| {
                    let mut shifted = point;
                    shifted[axis] += h;
                    graph.value(root, &shifted)
                };
                let h = 1e-5;
                let expected = (shifted(h) - shifted(-h)) / (2.0 * h);
                // Third derivatives are some 1e3 where a cell is 0.3 wide; jumps of them count.
                let error = (graph.value(*slope, &point) - expected).abs();
                assert!(error < 1e-6, "{wraps:?} {axis} {point:?}: {error:e}");
            }
        }
    }
}

#[test]
fn missing_arguments_are_nan_and_bad_tables_are_none() {
    let table = random(1, &[2, 2], &[false; 2]);
    assert!(table.at(&[0.0]).is_nan());
    let mut graph = Graph::new();
    let x = graph.input(0);
    let root = graph.spline(table.clone(), &[x]);
    assert!(graph.value(root, &[0.0]).is_nan());
    let axis = |lo: f64, hi: f64, periodic| SplineAxis { lo, hi, periodic };
    let (plain, ring) = (axis(0.0, 1.0, false), axis(0.0, 1.0, true));
    let make = |degree, axes: &[SplineAxis], count, shape: &[usize]| {
        Spline::tensor(degree, axes, vec![0.0; count], shape).is_some()
    };
    assert!(make(3, &[plain, ring], 4, &[4, 1]));
    assert!(!make(3, &[plain, ring], 3, &[3, 1]), "no cell");
    assert!(!make(3, &[ring, ring], 0, &[1, 0]), "no cell of a ring");
    assert!(!make(1, &[plain, plain], 5, &[2, 2]), "another count");
    assert!(!make(8, &[ring], 4, &[4]), "too high a degree");
    assert!(!make(1, &[], 1, &[]) && !make(0, &[ring; 4], 1, &[1; 4]));
    assert!(!make(0, &[ring, ring], 0, &[usize::MAX, 2]));
    assert!(!make(1, &[axis(1.0, 1.0, true)], 4, &[4]));
    assert!(Spline::new(1, 0.0, 1.0, vec![0.0, f64::NAN]).is_none());
}

/// A printed program is the same function: the table, its slopes and curvatures, in one to three
/// coordinates, with one word where all axes wrap and `mod` where only some do.
#[test]
fn what_is_written_reads_back() {
    for dimension in [1, 2, 3] {
        for wraps in every_kind(dimension) {
            let mixed = wraps.contains(&true) && wraps.contains(&false);
            for table in family(random(3, &[5, 4, 3][..dimension], &wraps)) {
                let head = ["V(x) = ", "V(x, y) = ", "V(x, y, z) = "][dimension - 1];
                let model = read(&[head, &text(&table)].concat());
                for point in points(&table) {
                    let (a, b) = (table.at(&point), model.graph.value(model.value, &point));
                    let same = a == b || a.is_nan() && b.is_nan();
                    // `mod` rounds a position once more: by 1e9/2^53 far away, at steep slopes.
                    let far = point.iter().any(|x| x.abs() > 1e8);
                    let bound = if far { 1e-5 } else { 1e-13 } * reach(&table, &point);
                    let near = mixed && (a - b).abs() <= bound * largest(&table);
                    assert!(same || near, "{}\n{point:?}: {a:e} {b:e}", text(&table));
                }
            }
        }
    }
}

fn read(text: &str) -> Model {
    let mut sources = Sources::new();
    let root = sources.add("test.pot", text);
    let program =
        check::check(&sources, root).unwrap_or_else(|errors| panic!("{text}\n{errors:?}"));
    program.potential(None).unwrap()
}

fn text(table: &Spline) -> String {
    let names: &Names<'_> = &&["x", "y", "z"].map(str::to_owned)[..table.dimension()];
    let mut graph = Graph::new();
    let arguments: Vec<_> = (0..names.len() as u32).map(|i| graph.input(i)).collect();
    let root = graph.spline(table.clone(), &arguments);
    print(&graph, root, names, Notation::Pot).unwrap()
}

#[test]
fn splines_are_written_as_calls() {
    let axis = |lo: f64, hi: f64, periodic| SplineAxis { lo, hi, periodic };
    let table = |degree: usize, axes: &[SplineAxis], shape: &[usize]| {
        let count = shape.iter().product::<usize>() as u32;
        let coefficients = (1..=count).map(f64::from).collect();
        Spline::tensor(degree, axes, coefficients, shape).unwrap()
    };
    let plain = axis(0.0, 2.0, false);
    let (ring, other) = (axis(-1.0, 1.0, true), axis(0.0, 3.0, true));
    assert_eq!(
        text(&table(1, &[plain, plain], &[2, 3])),
        "spline(x, y, 1, [0, 0], [2, 2], [[1, 2, 3], [4, 5, 6]])"
    );
    assert_eq!(
        text(&table(1, &[ring], &[3])),
        "periodic_spline(x, 1, -1, 1, [1, 2, 3])"
    );
    assert_eq!(
        text(&table(2, &[ring, other], &[2, 2])),
        "periodic_spline(x, y, 2, [-1, 0], [1, 3], [[1, 2], [3, 4]])"
    );
    assert_eq!(
        text(&table(1, &[ring, plain], &[2, 2])),
        "spline(mod(x + 1, 2) - 1, y, 1, [-1, 0], [1, 2], [[1, 2], [3, 4], [1, 2]])"
    );
    assert_eq!(
        text(&table(1, &[plain, other], &[2, 2])),
        "spline(x, mod(y, 3), 1, [0, 0], [2, 3], [[1, 2, 1], [3, 4, 3]])"
    );
    assert_eq!(
        text(&table(1, &[plain, plain, plain], &[2, 2, 3])),
        "spline(x, y, z, 1, [0, 0, 0], [2, 2, 2], \
         [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]])"
    );
    assert_eq!(
        text(&table(1, &[ring, plain, other], &[2, 2, 1])),
        "spline(mod(x + 1, 2) - 1, y, mod(z, 3), 1, [-1, 0, 0], [1, 2, 3], \
         [[[1, 1], [2, 2]], [[3, 3], [4, 4]], [[1, 1], [2, 2]]])"
    );
    let slope = table(1, &[plain, plain], &[2, 3]).partial(1).unwrap();
    assert_eq!(
        text(&slope),
        "spline(x, max(0, min(y, 2)), [1, 0], [0, 0], [2, 2], [[1, 1], [1, 1]])"
    );
}
