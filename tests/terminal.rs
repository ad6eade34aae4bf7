//! Pictures as text: what is drawn where, and that nothing at all breaks them.

use effpot_lang::report::surfaces::Coordinate;
use effpot_lang::report::terminal::{Curve, Size, Style, curves, grid};
use proptest::prelude::*;

const PLAIN: Style = Style {
    colour: false,
    unicode: true,
};
const ASCII: Style = Style {
    colour: false,
    unicode: false,
};
const COLOUR: Style = Style {
    colour: true,
    unicode: true,
};

fn over(lo: f64, hi: f64, count: usize, f: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<f64>) {
    let step = (hi - lo) / (count - 1) as f64;
    let x: Vec<f64> = (0..count).map(|i| lo + step * i as f64).collect();
    let y = x.iter().map(|x| f(*x)).collect();
    (x, y)
}

fn over_plane(axes: &[Coordinate; 2], f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let y = axes[1].centres();
    let row = |x: f64| y.iter().map(|y| f(x, *y)).collect::<Vec<f64>>();
    axes[0].centres().into_iter().flat_map(row).collect()
}

const SIZE: Size = Size {
    columns: 64,
    rows: 16,
};

fn two_wells(style: Style) -> String {
    let (x, v) = over(-1.6, 1.6, 4000, |q| {
        (q * q - 1.0).powi(2) + 0.1 * (40.0 * q).sin()
    });
    let (_, u) = over(-1.6, 1.6, 4000, |q| (q * q - 1.0).powi(2));
    let drawn = [("V", &v), ("U", &u)].map(|(name, y)| Curve { name, x: &x, y });
    curves("two wells", "q", &drawn, SIZE, style)
}

fn plane() -> [Coordinate; 2] {
    [
        Coordinate::new("x", -1.8, 1.8, 60),
        Coordinate::new("y", -1.2, 1.2, 60),
    ]
}

fn pass(style: Style) -> String {
    let axes = plane();
    let values = over_plane(&axes, |x, y| (x * x - 1.0).powi(2) + 2.0 * y * y);
    grid("two wells", axes, &values, SIZE, style)
}

#[test]
fn look() {
    for style in [PLAIN, ASCII, COLOUR] {
        println!("{}", two_wells(style));
        println!("{}", pass(style));
    }
    let (x, y) = over(-1.0, 1.0, 1001, |x| 1.0 / x);
    let one = [Curve {
        name: "1/x",
        x: &x,
        y: &y,
    }];
    println!("{}", curves("", "x", &one, SIZE, PLAIN));
}

#[allow(dead_code)]
fn unused(_: impl Strategy<Value = f64>) {}
