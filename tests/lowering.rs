//! The lowering of step loops: sines and cosines in half turns and by multiples of one angle,
//! powers that share squares. What they cost, and how far they are from the exact values.

use effpot_lang::check::{NoFiles, check, gather};
use effpot_lang::graph::{Function, Graph, Node};
use effpot_lang::kernel::{
    Engine, LANES, LaneBuilder, LaneCode, Lowering, StepKernel, StepOutput, StepProgram,
    lower_graph,
};
use effpot_lang::source::Sources;

#[path = "support/formulas.rs"]
#[allow(dead_code)]
mod formulas;
#[path = "support/jet.rs"]
#[allow(dead_code)]
mod jet;

use formulas::Random;

/// 2^-53, the relative error of one rounding.
const H: f64 = f64::EPSILON / 2.0;

/// As before there were angles and shared powers.
const PLAIN: Lowering = Lowering {
    angles: false,
    powers: false,
    ..Lowering::FAST
};

/// The unevaluated sum of two numbers, good to 2^-104.
#[derive(Clone, Copy)]
struct Double(f64, f64);

const TWO_PI: Double = Double(std::f64::consts::TAU, 2.449_293_598_294_706_4e-16);

fn sum(a: f64, b: f64) -> Double {
    let s = a + b;
    let t = s - a;
    Double(s, (a - (s - t)) + (b - t))
}

impl Double {
    fn plus(self, other: Double) -> Double {
        let s = sum(self.0, other.0);
        let t = sum(self.1, other.1);
        let s = sum(s.0, s.1 + t.0);
        sum(s.0, s.1 + t.1)
    }

    fn times(self, other: Double) -> Double {
        let p = self.0 * other.0;
        let e = self.0.mul_add(other.0, -p);
        sum(p, e + (self.0 * other.1 + self.1 * other.0))
    }

    fn over(self, other: Double) -> Double {
        let q = self.0 / other.0;
        let rest = self.plus(other.times(Double(-q, 0.0)));
        sum(q, rest.0 / other.0)
    }

    /// Cosine and sine: by the series at a 64th of the angle, then doubled.
    fn cos_sin(self) -> [f64; 2] {
        let turns = (self.0 / TWO_PI.0).round();
        let r = self.plus(TWO_PI.times(Double(-turns, 0.0)));
        let r = Double(r.0 / 64.0, r.1 / 64.0);
        let (mut cos, mut sin) = (Double(0.0, 0.0), Double(0.0, 0.0));
        let mut term = Double(1.0, 0.0);
        for n in 0..20 {
            let signed = if n % 4 < 2 {
                term
            } else {
                Double(-term.0, -term.1)
            };
            match n % 2 {
                0 => cos = cos.plus(signed),
                _ => sin = sin.plus(signed),
            }
            term = term.times(r).over(Double(f64::from(n + 1), 0.0));
        }
        for _ in 0..6 {
            let product = sin.times(cos);
            let square = sin.times(sin);
            sin = product.plus(product);
            cos = Double(1.0, 0.0).plus(square.times(Double(-2.0, 0.0)));
        }
        [cos.0, sin.0]
    }
}

fn code(graph: &Graph, roots: &[Node], dimension: usize, lowering: Lowering) -> LaneCode {
    let parameters = 8;
    let mut builder = LaneBuilder::new(dimension, parameters);
    let mut inputs: Vec<_> = (0..dimension).map(|i| builder.state(i)).collect();
    inputs.extend((0..parameters).map(|i| builder.slot(i)));
    let values = lower_graph(&mut builder, graph, roots, &inputs, lowering);
    builder.finish(&[], &values)
}

/// What the loop computes at every step, and what it did before.
fn lengths(graph: &Graph, roots: &[Node], dimension: usize) -> [usize; 2] {
    [Lowering::FAST, PLAIN].map(|lowering| code(graph, roots, dimension, lowering).loop_len())
}

/// The roots at points (each as long as the dimension), by a step loop: the same bits from every
/// engine, but for those of a NaN.
fn values(
    graph: &Graph,
    roots: &[Node],
    dimension: usize,
    parameters: &[f64],
    points: &[Vec<f64>],
) -> Vec<Vec<f64>> {
    let program = StepProgram::build(
        graph,
        roots,
        dimension,
        dimension,
        0,
        |b, x, _, gradient| StepOutput {
            state: x.to_vec(),
            record: gradient(b, x),
        },
    );
    let mut engines = Engine::available().map(|engine| {
        let kernel = StepKernel::compile(&program, engine).expect("a kernel");
        (
            engine,
            recorded(&kernel, roots.len(), dimension, parameters, points),
        )
    });
    let bits = |values: &[Vec<f64>]| -> Vec<Option<u64>> {
        let all = values.iter().flatten();
        all.map(|value| (!value.is_nan()).then_some(value.to_bits()))
            .collect()
    };
    let (_, all) = engines.next().expect("the interpreter");
    for (engine, others) in engines {
        assert_eq!(bits(&others), bits(&all), "{}", engine.name());
    }
    all
}

/// What one step of a kernel records at points.
fn recorded(
    kernel: &StepKernel,
    roots: usize,
    dimension: usize,
    parameters: &[f64],
    points: &[Vec<f64>],
) -> Vec<Vec<f64>> {
    let mut all = Vec::new();
    for points in points.chunks(LANES) {
        let mut state = vec![0.0; dimension * LANES];
        for (lane, point) in points.iter().enumerate() {
            for (i, x) in point.iter().enumerate() {
                state[i * LANES + lane] = *x;
            }
        }
        let mut record = vec![0.0; roots * LANES];
        kernel.run(&mut state, parameters, 1, &mut record);
        let lanes = (0..points.len())
            .map(|lane| (0..roots).map(|root| record[root * LANES + lane]).collect());
        all.extend(lanes);
    }
    all
}

/// Points of every size up to 2^`most`.
fn points(random: &mut Random, count: usize, most: f64) -> Vec<Vec<f64>> {
    let mut point = || random.uniform(-1.0, 1.0) * 2f64.powf(random.uniform(-12.0, most));
    (0..count).map(|_| vec![point()]).collect()
}

/// The cosine and the sine of `multiple*x*scale/epsilon`, with the parameter epsilon as input 1.
fn waves(graph: &mut Graph, multiple: f64, scale: f64) -> [Node; 2] {
    let (x, epsilon) = (graph.input(0), graph.input(1));
    let factor = graph.constant(multiple * scale);
    let product = graph.times(factor, x);
    let angle = graph.over(product, epsilon);
    [Function::Cos, Function::Sin].map(|function| graph.apply1(function, angle))
}

#[test]
fn an_angle_costs_one_rounding_and_its_waves_two_units() {
    let mut random = Random::new(1);
    let mut worst = [0.0f64; 2];
    for scale in [1.0, -3.0, 0.7, 2.0 * std::f64::consts::PI] {
        let mut graph = Graph::new();
        let roots = waves(&mut graph, 1.0, scale);
        for epsilon in [1.0, 0.3, 1e-3, -7.1e-6] {
            let points = points(&mut random, 400, 3.0);
            let got = values(&graph, &roots, 1, &[epsilon], &points);
            for (x, got) in points.iter().zip(got) {
                let angle = Double(scale, 0.0).times(Double(x[0], 0.0));
                let angle = angle.over(Double(epsilon, 0.0));
                let exact = angle.cos_sin();
                for i in 0..2 {
                    // What the angle costs is h|angle|, and 1e-30 for the parts of pi.
                    let own = (got[i] - exact[i]).abs() - H * angle.0.abs() * 1.001;
                    worst[i] = worst[i].max(own / H);
                }
            }
        }
    }
    println!("cos {:.2}h, sin {:.2}h", worst[0], worst[1]);
    assert!(worst[0] <= 3.1 && worst[1] <= 3.7, "{worst:?}");
}

#[test]
fn multiples_are_off_by_their_number_of_units() {
    let squares: Vec<u32> = (1..=20).map(|i| i * i).collect();
    let sets: [&[u32]; 6] = [
        &[1, 2],
        &[2, 3, 5, 7],
        &[3, 6, 9, 12, 21],
        &(1..=20).collect::<Vec<_>>(),
        &squares,
        &(1..=128).map(|i| 4 * i).collect::<Vec<_>>(),
    ];
    let mut random = Random::new(2);
    for set in sets {
        let (mut graph, mut roots) = (Graph::new(), Vec::new());
        for &multiple in set {
            roots.extend(waves(&mut graph, f64::from(multiple), 1.0));
        }
        let [fast, plain] = lengths(&graph, &roots, 1);
        println!("{} multiples: {plain} to {fast}", set.len());
        // Evaluated one by one they would cost 26 with conversions.
        assert!(fast < 26 * set.len(), "{set:?}: {fast}");
        let epsilon = 0.37;
        let points = points(&mut random, 320, 4.0);
        let got = values(&graph, &roots, 1, &[epsilon], &points);
        let mut worst = 0.0f64;
        for (x, got) in points.iter().zip(got) {
            for (place, &multiple) in set.iter().enumerate() {
                let k = f64::from(multiple);
                let angle = Double(k * x[0], f64::mul_add(k, x[0], -(k * x[0])));
                let angle = angle.over(Double(epsilon, 0.0));
                let exact = angle.cos_sin();
                let off = [0, 1].map(|i| got[2 * place + i] - exact[i]);
                let off = off[0].hypot(off[1]) - H * angle.0.abs() * 1.001;
                worst = worst.max(off / (k * H));
            }
        }
        println!("worst {worst:.2} h by multiple");
        assert!(worst <= 7.0, "{set:?}: {worst}");
    }
}

/// Random sums of waves with awkward coefficients: one by one or not, the values are those of the
/// formula, and the loop is never longer.
#[test]
fn any_set_of_waves_has_its_values_and_costs_no_more() {
    let mut random = Random::new(3);
    for case in 0..40 {
        let mut graph = Graph::new();
        let inputs: Vec<Node> = (0..4).map(|i| graph.input(i)).collect();
        let difference = graph.minus(inputs[0], inputs[1]);
        let atoms = [inputs[0], inputs[1], difference];
        let (mut roots, mut sizes) = (Vec::new(), Vec::new());
        for _ in 0..1 + random.below(12) {
            let atom = atoms[random.below(3)];
            let whole = 1.0 + random.below(9) as f64;
            let c = [whole, whole / 3.0, -whole, whole * 1e3, 2.0f64.sqrt()][random.below(5)];
            let coefficient = graph.constant(c);
            let mut angle = match random.below(2) {
                0 => graph.times(coefficient, atom),
                _ => graph.times(atom, coefficient),
            };
            let mut size = c.abs();
            match random.below(4) {
                0 => {
                    angle = graph.over(angle, inputs[2]);
                    size /= 0.05;
                }
                1 => {
                    angle = graph.times(inputs[3], angle);
                    size *= 1.7;
                }
                2 => angle = graph.negate(angle),
                _ => {}
            }
            let function = [Function::Sin, Function::Cos][random.below(2)];
            roots.push(graph.apply1(function, angle));
            sizes.push(size);
        }
        let [fast, plain] = lengths(&graph, &roots, 2);
        assert!(fast <= plain, "case {case}: {plain} to {fast}");
        let points: Vec<Vec<f64>> = (0..32)
            .map(|_| vec![random.uniform(-3.0, 3.0), random.uniform(-3.0, 3.0)])
            .collect();
        let got = values(&graph, &roots, 2, &[0.05, 1.7], &points);
        for (at, got) in points.iter().zip(got) {
            let all = [at[0], at[1], 0.05, 1.7];
            for ((&root, got), size) in roots.iter().zip(got).zip(&sizes) {
                let plain = graph.value(root, &all);
                // Here and there: four roundings of the angle (|x - y| <= 6), NEAR, and a multiple
                // of at most 64*9.
                let allowed = H * (12.0 * 6.0 * size + 7.0 * 576.0);
                assert!((got - plain).abs() <= allowed, "case {case}: {got} {plain}");
            }
        }
    }
}

/// Up to where an angle says something: from 2^51 half turns on numbers are a quarter turn apart.
#[test]
fn no_wave_is_higher_than_one_as_far_as_angles_go() {
    let (mut graph, mut roots) = (Graph::new(), Vec::new());
    for multiple in [1.0, 2.0, 3.0, 4.0, 100.5] {
        roots.extend(waves(&mut graph, multiple, 1.0));
    }
    for epsilon in [1e-12, 1e-3, 1.0, 1e6, 1e200] {
        let size = |angle: f64| angle * epsilon / 100.5;
        let near: Vec<Vec<f64>> = (0..50).map(|n| vec![size(2f64.powi(n))]).collect();
        for (x, got) in near
            .iter()
            .zip(values(&graph, &roots, 1, &[epsilon], &near))
        {
            let good = got.iter().all(|value| value.abs() <= 1.0 + 1e-12);
            assert!(good, "{x:?} by {epsilon}: {got:?}");
        }
        let nowhere = [f64::INFINITY, -f64::INFINITY, f64::NAN].map(|x| vec![x]);
        for got in values(&graph, &roots, 1, &[epsilon], &nowhere) {
            assert!(got.iter().all(|value| value.is_nan()), "{got:?}");
        }
    }
}

#[test]
fn a_parameter_of_zero_gives_sin_0() {
    let mut graph = Graph::new();
    let (x, k) = (graph.input(0), graph.input(1));
    let angle = graph.times(k, x);
    let roots = [Function::Cos, Function::Sin].map(|f| graph.apply1(f, angle));
    let got = values(&graph, &roots, 1, &[0.0], &[vec![3.0], vec![-1e9]]);
    assert_eq!(got, [[1.0, 0.0], [1.0, 0.0]]);
}

/// Operations of a wave: three to reduce, and no product with the scale. (Two changes of type come with each, and the sign of a second one.)
#[test]
fn the_gradient_of_two_scales_is_shorter() {
    let mut graph = Graph::new();
    let q = graph.input(0);
    let mut sum = q;
    for parameter in [1, 2] {
        let epsilon = graph.input(parameter);
        let angle = graph.over(q, epsilon);
        let cos = graph.apply1(Function::Cos, angle);
        sum = graph.plus(sum, cos);
    }
    let [fast, plain] = lengths(&graph, &[sum], 1);
    // q, two cosines of 14 and 3 changes of type, two sums; before, 17 a cosine.
    assert_eq!((fast, plain), (1 + 2 * 17 + 2, 1 + 2 * 20 + 2));
}

#[test]
fn powers_share_what_is_there() {
    let mut graph = Graph::new();
    let x = graph.input(0);
    let roots = [3, 5, 8].map(|n| graph.power(x, n));
    // x, x^2, x^3 and x^5 = x^3 x^2, x^8 = x^5 x^3; before x^4 too, and x^8 = x^4 x^4.
    assert_eq!(lengths(&graph, &roots, 1), [5, 6]);
    let at: Vec<Vec<f64>> = [0.3, -1.7, 12.5].map(|x| vec![x]).to_vec();
    for (x, got) in at.iter().zip(values(&graph, &roots, 1, &[], &at)) {
        for (n, got) in [3, 5, 8].into_iter().zip(got) {
            let exact = x[0].powi(n);
            let allowed = 2.0 * f64::from(n) * H * exact.abs();
            assert!((got - exact).abs() <= allowed, "{x:?}^{n}: {got}");
        }
    }
}

/// `sin(x) + (y*x + y*y)`: the sum of products is added product by product, and only there.
#[test]
fn products_of_a_sum_are_added_one_after_the_other() {
    let mut graph = Graph::new();
    let [x, y] = [0, 1].map(|i| graph.input(i));
    let start = graph.apply1(Function::Floor, x);
    let [a, b] = [graph.times(y, x), graph.times(y, y)];
    let products = graph.plus(a, b);
    let root = graph.plus(start, products);
    let unchained = Lowering {
        chains: false,
        ..Lowering::FAST
    };
    let length = |lowering, roots: &[Node]| code(&graph, roots, 2, lowering).loop_len();
    // x, y, floor, two fused products; before a product, a fused one and a sum.
    assert_eq!(length(Lowering::FAST, &[root]), 5);
    assert_eq!(length(unchained, &[root]), 6);
    // A sum that is needed by itself stays one.
    assert_eq!(length(Lowering::FAST, &[root, products]), 6);
    let points = [[0.7, 1.3], [-2.5, 1e5]].map(|at| at.to_vec());
    for (at, got) in points.iter().zip(values(&graph, &[root], 2, &[], &points)) {
        let (x, y) = (at[0], at[1]);
        let sizes = x.floor().abs() + (x * y).abs() + y * y;
        let exact = x.floor() + (x * y + y * y);
        assert!((got[0] - exact).abs() <= 6.0 * H * sizes, "{at:?}: {got:?}");
    }
}

/// In a step loop an exponential is off by 6e-16 and by 1.3e-16 for each unit of its argument, whose
/// quotient by ln 2 is rounded; it is 0, infinite and NaN where it should be.
#[test]
fn an_exponential_of_a_step_is_good_to_its_bound() {
    let mut graph = Graph::new();
    let x = graph.input(0);
    let root = graph.apply1(Function::Exp, x);
    let mut random = Random::new(7);
    let mut points: Vec<Vec<f64>> = (0..4000)
        .map(|k| {
            let size = [1.0, 30.0, 700.0][k % 3];
            vec![random.uniform(-size, size)]
        })
        .collect();
    points.extend([0.0, -0.0, 1e-300, -708.0, 709.7].map(|x| vec![x]));
    for (x, got) in points.iter().zip(values(&graph, &[root], 1, &[], &points)) {
        let (x, got) = (x[0], got[0]);
        // The library's own is good to an ulp.
        let allowed = x.exp() * (6e-16 + 2.0 * H + x.abs() * 1.3e-16);
        assert!(
            (got - x.exp()).abs() <= allowed,
            "exp({x}): {got} {}",
            x.exp()
        );
    }
    for below in [-710.0, -745.0, -1e4, -1e17, -f64::MAX, -f64::INFINITY] {
        let got = values(&graph, &[root], 1, &[], &[vec![below], vec![-below]]).concat();
        assert_eq!(got, [0.0, f64::INFINITY], "{below}");
    }
    assert!(values(&graph, &[root], 1, &[], &[vec![f64::NAN]])[0][0].is_nan());
    // Where the sign of the argument is known nothing is clamped from above.
    let square = graph.times(x, x);
    let minus = graph.negate(square);
    let bell = graph.apply1(Function::Exp, minus);
    let text = code(&graph, &[bell], 1, Lowering::FAST).to_string();
    assert_eq!(
        (text.matches("Min").count(), text.matches("Max").count()),
        (0, 1),
        "{text}"
    );
}

#[test]
fn several_quotients_of_one_denominator_divide_once() {
    let mut graph = Graph::new();
    let [x, y] = [0, 1].map(|i| graph.input(i));
    let (one, square) = (graph.constant(1.0), graph.times(x, x));
    let below = graph.plus(one, square);
    let roots = [graph.over(x, below), graph.over(y, below)];
    let code = code(&graph, &roots, 2, Lowering::FAST).to_string();
    assert_eq!(code.matches("Divide").count(), 1, "{code}");
}

/// The programs in `examples/`: no loop is longer than it was.
#[test]
fn gradients_of_the_examples_are_no_longer() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("examples")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "pot"))
        .collect();
    paths.sort();
    for path in paths {
        let mut sources = Sources::new();
        let text = std::fs::read_to_string(&path).expect("text");
        let root = sources.add("example", text);
        gather(&mut sources, root, &mut NoFiles).expect("no file but the library");
        let program = check(&sources, root).expect("a program");
        let model = program.potential(None).expect("a potential");
        let (graph, roots) = model.value_and_gradient();
        let [fast, plain] = lengths(&graph, &roots[1..], model.dimension());
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        println!("{name:20} {plain:6} {fast:6}");
        assert!(fast <= plain, "{name}: {plain} to {fast}");
    }
}
