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
const SIZE: Size = Size {
    columns: 64,
    rows: 16,
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

fn two_wells(style: Style) -> String {
    let rough = |q: f64| (q * q - 1.0).powi(2) + 0.1 * (40.0 * q).sin();
    let (x, v) = over(-1.6, 1.6, 4000, rough);
    let (_, u) = over(-1.6, 1.6, 4000, |q| (q * q - 1.0).powi(2));
    let drawn = [("V", &v), ("U", &u)].map(|(name, y)| Curve { name, x: &x, y });
    curves("two wells", "q", &drawn, SIZE, style)
}

fn pass(style: Style) -> String {
    let axes = [
        Coordinate::new("x", -1.8, 1.8, 60),
        Coordinate::new("y", -1.2, 1.2, 60),
    ];
    let values = over_plane(&axes, |x, y| (x * x - 1.0).powi(2) + 2.0 * y * y);
    grid("two wells", axes, &values, SIZE, style)
}

fn one(f: impl Fn(f64) -> f64, (lo, hi): (f64, f64), size: Size, style: Style) -> String {
    let (x, y) = over(lo, hi, 4001, f);
    curves(
        "",
        "x",
        &[Curve {
            name: "f",
            x: &x,
            y: &y,
        }],
        size,
        style,
    )
}

/// The drawings of two known landscapes, with Unicode and without, as a person sees them.
#[test]
fn landscapes_look_as_they_should() {
    for (style, name) in [(PLAIN, "unicode"), (ASCII, "ascii")] {
        insta::assert_snapshot!(format!("terminal-curves-{name}"), two_wells(style));
        insta::assert_snapshot!(format!("terminal-map-{name}"), pass(style));
    }
    insta::assert_snapshot!("terminal-pole", one(|x| 1.0 / x, (-1.0, 1.0), SIZE, PLAIN));
}

/// ASCII is ASCII, and without colour there is no escape code; with colour each line ends without.
#[test]
fn a_style_is_kept_to() {
    for text in [two_wells(ASCII), pass(ASCII)] {
        assert!(text.is_ascii(), "{text}");
    }
    for text in [two_wells(PLAIN), pass(PLAIN), two_wells(ASCII), pass(ASCII)] {
        assert!(!text.contains('\x1b'), "{text}");
    }
    for text in [two_wells(COLOUR), pass(COLOUR)] {
        assert!(text.contains("\x1b[0;"));
        for line in text.lines().filter(|line| line.contains('\x1b')) {
            let last = line.rfind('\x1b').unwrap();
            assert!(line[last..].starts_with("\x1b[0m"), "{line:?}");
        }
    }
}

/// Where a dot is, there the curve is: each column of characters of a drawing of a known curve has
/// its dots within a row of the value there, and none is empty.
#[test]
fn dots_lie_on_the_curve() {
    let f = |x: f64| (3.0 * x).sin();
    let size = Size {
        columns: 80,
        rows: 24,
    };
    let text = one(f, (-2.0, 2.0), size, PLAIN);
    let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    let axis = lines[2]
        .iter()
        .position(|c| *c == '│' || *c == '┤')
        .unwrap();
    let rows: Vec<usize> = (1..lines.len())
        .filter(|row| matches!(lines[*row].get(axis), Some('│' | '┤')))
        .collect();
    let (columns, height) = (size.columns - axis - 1, rows.len() as f64);
    for column in 0..columns {
        let inside = |row: &&usize| {
            let glyph = lines[**row].get(axis + 1 + column);
            glyph.is_some_and(|c| ('\u{2801}'..='\u{28ff}').contains(c))
        };
        let dotted: Vec<f64> = rows
            .iter()
            .filter(inside)
            .map(|r| (r - rows[0]) as f64)
            .collect();
        assert!(!dotted.is_empty(), "column {column} is empty:\n{text}");
        let ends = [column, column + 1].map(|c| -2.0 + 4.0 * c as f64 / columns as f64);
        // The range of the drawing is that of the curve, which reaches both -1 and 1.
        let down = |y: f64| (1.0 - y) / 2.0 * height;
        // The slope is 3 at most: half a column from its middle the curve is this much away.
        let reach = 3.0 * 4.0 / columns as f64 / 2.0 / 2.0 * height;
        let middle = down(f(0.5 * (ends[0] + ends[1])));
        for row in dotted {
            assert!(
                (row + 0.5 - middle).abs() <= 0.5 + reach + 1e-3,
                "{column} {row} {middle}"
            );
        }
    }
}

/// Wells are marked where they are: the letters of a map stand in the columns of their places.
#[test]
fn marks_stand_where_the_wells_are() {
    let text = pass(PLAIN);
    let row = text
        .lines()
        .skip(1)
        .find(|line| line.matches('o').count() == 2)
        .unwrap();
    let row: Vec<char> = row.chars().collect();
    let axis = row.iter().position(|c| *c == '┤' || *c == '│').unwrap();
    let below = text.lines().find(|line| line.contains('└')).unwrap();
    let columns = below.chars().filter(|c| "─┬".contains(*c)).count();
    let wells: Vec<f64> = (0..row.len())
        .filter(|at| row[*at] == 'o')
        .map(|at| -1.8 + 3.6 * ((at - axis - 1) as f64 + 0.5) / columns as f64)
        .collect();
    for (well, expected) in wells.iter().zip([-1.0, 1.0]) {
        assert!((well - expected).abs() <= 3.6 / columns as f64, "{wells:?}");
    }
}

/// Awkward curves are drawn and not panicked over: constants, steps, poles, huge and tiny numbers,
/// one point, none.
#[test]
fn awkward_curves_are_drawn() {
    let functions: [fn(f64) -> f64; 8] = [
        |_| 3.0,
        |_| f64::NAN,
        |x| 1.0 / x,
        |x| 1e300 * x.powi(3),
        |x| 1e308 * x.signum(),
        |x| 1e-300 * x,
        |x| {
            if x < 0.0 {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            }
        },
        |x| 1e15 + x,
    ];
    for f in functions {
        for range in [(-1.0, 1.0), (0.0, 0.0), (1e16, 1e16 + 4.0), (-1e308, 1e308)] {
            for style in [PLAIN, ASCII, COLOUR] {
                checked(&one(f, range, SIZE, style), SIZE);
            }
        }
    }
    for count in 0..2 {
        let values = [1.0];
        let (x, y) = (&values[..count], &values[..count]);
        let text = curves("", "x", &[Curve { name: "f", x, y }], SIZE, PLAIN);
        checked(&text, SIZE);
    }
    checked(&curves("", "", &[], SIZE, PLAIN), SIZE);
}

/// As many lines as asked for, none wider, none with blanks at its end.
fn checked(text: &str, size: Size) {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\x1b') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    assert_eq!(plain.lines().count(), size.rows, "{text}");
    for line in plain.lines() {
        assert!(line.chars().count() <= size.columns, "{size:?} {line:?}");
    }
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -10.0..10.0f64,
        1 => any::<f64>(),
        1 => prop::sample::select(vec![0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e308, -1e308]),
    ]
}

fn sizes() -> impl Strategy<Value = Size> {
    (0..100usize, 0..40usize).prop_map(|(columns, rows)| Size { columns, rows })
}

fn styles() -> impl Strategy<Value = Style> {
    (any::<bool>(), any::<bool>()).prop_map(|(colour, unicode)| Style { colour, unicode })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the numbers, the size and the style: no panic, and the size is kept.
    #[test]
    fn any_curve_is_drawn(
        x in prop::collection::vec(number(), 0..40),
        y in prop::collection::vec(number(), 0..40),
        size in sizes(),
        style in styles(),
        name in "\\PC{0,12}",
    ) {
        let curve = Curve { name: &name, x: &x, y: &y };
        checked(&curves(&name, &name, &[curve, curve], size, style), size);
    }

    /// The same of maps.
    #[test]
    fn any_map_is_drawn(
        values in prop::collection::vec(number(), 0..60),
        nx in 0..8usize,
        ny in 0..8usize,
        ends in (number(), number()),
        period in any::<bool>(),
        size in sizes(),
        style in styles(),
    ) {
        let axis = |cells: usize| Coordinate {
            periodic: period,
            ..Coordinate::new("x", ends.0, ends.1, cells)
        };
        checked(&grid("map", [axis(nx), axis(ny)], &values, size, style), size);
    }
}
