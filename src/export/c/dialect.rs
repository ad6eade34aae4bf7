//! How C writes formulas.

use crate::export::splines::Splines;
use crate::export::straight::{Dialect, Form, Text, Tight};
use crate::graph::{Comparison, Function, Graph, Op, SplineId, number};

/// Keywords, and what the text itself or the library calls so.
pub(super) const RESERVED: &str = "\
    auto break case char const continue default do double else enum extern float for goto \
    if inline int long register restrict return short signed sizeof static struct switch \
    typedef union unsigned void volatile while _Bool _Complex _Imaginary bool true false \
    nullptr alignas alignof constexpr thread_local typeof static_assert asm main NAN \
    INFINITY NULL HUGE_VAL M_PI M_E unix linux i386 errno signgam sin cos tan asin acos \
    atan atan2 sinh cosh tanh asinh acosh atanh exp exp2 expm1 log log2 log10 log1p logb \
    sqrt cbrt pow hypot erf erfc gamma lgamma tgamma floor ceil fabs abs fma fmin fmax fmod \
    fdim round rint trunc lround remainder remquo copysign nan nearbyint nextafter ldexp \
    frexp modf scalb scalbn ilogb isnan isinf isfinite isnormal signbit fpclassify drem \
    significand j0 j1 jn y0 y1 yn exp10 pow10 sincos finite index div labs printf puts exit \
    malloc free square cube sign mod smaller larger spline_at along in_cell axis spline q p \
    k i j value gradient set";

/// How C writes formulas.
pub(super) struct C;

impl Dialect for C {
    fn number(&self, value: f64) -> Text {
        if value.is_nan() {
            return Text::atom("NAN");
        }
        if value.is_infinite() {
            return Text::atom("INFINITY");
        }
        Text::atom(literal(value))
    }

    fn function(&self, function: Function) -> Form {
        Form::atom(match function {
            Function::Power => "pow($a, $b)".to_owned(),
            Function::Abs => "fabs($a)".to_owned(),
            Function::Min => "smaller($a, $b)".to_owned(),
            Function::Max => "larger($a, $b)".to_owned(),
            function if function.arity() == 1 => format!("{}($a)", function.name()),
            function => format!("{}($a, $b)", function.name()),
        })
    }

    fn power(&self, n: i32) -> Form {
        match n {
            -1 => Form::new(Tight::Product, "1.0/@a"),
            2 => Form::atom("square($a)"),
            3 => Form::atom("cube($a)"),
            n => Form::atom(format!("pow($a, {n}.0)")),
        }
    }

    fn comparison(&self, comparison: Comparison) -> Form {
        Form::new(Tight::Comparison, format!("~a {} ~b", comparison.symbol()))
    }

    fn logic(&self, op: &Op) -> Form {
        Form::new(
            Tight::Comparison,
            match op {
                Op::And(..) => "@a && @b",
                Op::Or(..) => "@a || @b",
                _ => "!@a",
            },
        )
    }

    fn select(&self) -> Form {
        Form::atom("(@a ? $b : $c)")
    }

    fn spline(&self, splines: &Splines, id: SplineId, graph: &Graph, point: &[String]) -> String {
        let place = splines.find(graph, id);
        let order: Vec<String> = place.order.iter().map(usize::to_string).collect();
        format!(
            "spline_at(&spline_{}, (const int[]){{{}}}, (const double[]){{{}}})",
            place.table + 1,
            order.join(", "),
            point.join(", ")
        )
    }
}

/// A number that is a `double` and no `int`.
fn literal(value: f64) -> String {
    let text = number(value);
    match text.contains(['.', 'e', '(']) {
        true => text,
        false => format!("{text}.0"),
    }
}

/// A number of any sign.
pub(super) fn signed(value: f64) -> String {
    match value.is_sign_negative() && !value.is_nan() {
        true => format!("-{}", C.number(-value).text),
        false => C.number(value).text,
    }
}
