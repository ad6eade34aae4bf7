//! Second-order dual numbers: a value with its first and second derivative along one variable.
//! Every rule is written here by hand, so that the function table is checked against something
//! that does not share its code.

use effpot_lang::graph::Function;

/// `f + f' e + f'' e^2/2`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jet {
    pub v: f64,
    pub d: f64,
    pub h: f64,
}

impl Jet {
    pub fn constant(v: f64) -> Jet {
        Jet { v, d: 0.0, h: 0.0 }
    }

    pub fn variable(v: f64) -> Jet {
        Jet { v, d: 1.0, h: 0.0 }
    }

    /// `f(self)` given the value and two derivatives of f.
    pub fn chain(self, f: f64, f1: f64, f2: f64) -> Jet {
        Jet {
            v: f,
            d: f1 * self.d,
            h: f2 * self.d * self.d + f1 * self.h,
        }
    }

    pub fn add(self, o: Jet) -> Jet {
        Jet {
            v: self.v + o.v,
            d: self.d + o.d,
            h: self.h + o.h,
        }
    }

    pub fn scale(self, c: f64) -> Jet {
        Jet {
            v: c * self.v,
            d: c * self.d,
            h: c * self.h,
        }
    }

    pub fn mul(self, o: Jet) -> Jet {
        Jet {
            v: self.v * o.v,
            d: self.d * o.v + self.v * o.d,
            h: self.h * o.v + 2.0 * self.d * o.d + self.v * o.h,
        }
    }

    pub fn reciprocal(self) -> Jet {
        let r = 1.0 / self.v;
        self.chain(r, -r * r, 2.0 * r * r * r)
    }

    pub fn powi(self, n: i32) -> Jet {
        let (x, m) = (self.v, f64::from(n));
        let second = if n == 0 || n == 1 {
            0.0
        } else {
            m * (m - 1.0) * x.powi(n - 2)
        };
        let first = if n == 0 { 0.0 } else { m * x.powi(n - 1) };
        self.chain(x.powi(n), first, second)
    }

    pub fn ln(self) -> Jet {
        self.chain(self.v.ln(), 1.0 / self.v, -1.0 / (self.v * self.v))
    }

    pub fn exp(self) -> Jet {
        let e = self.v.exp();
        self.chain(e, e, e)
    }

    pub fn sqrt(self) -> Jet {
        let s = self.v.sqrt();
        self.chain(s, 0.5 / s, -0.25 / (s * self.v))
    }
}

/// The jet of a function of one argument.
pub fn apply1(function: Function, a: Jet) -> Jet {
    let x = a.v;
    match function {
        Function::Negate => a.scale(-1.0),
        Function::Sin => a.chain(x.sin(), x.cos(), -x.sin()),
        Function::Cos => a.chain(x.cos(), -x.sin(), -x.cos()),
        Function::Tan => {
            let c = 1.0 / x.cos();
            a.chain(x.tan(), c * c, 2.0 * c * c * x.tan())
        }
        Function::Asin => {
            let w = (1.0 - x) * (1.0 + x);
            a.chain(x.asin(), w.powf(-0.5), x * w.powf(-1.5))
        }
        Function::Acos => {
            let w = (1.0 - x) * (1.0 + x);
            a.chain(x.acos(), -w.powf(-0.5), -x * w.powf(-1.5))
        }
        Function::Atan => {
            let w = 1.0 / (1.0 + x * x);
            a.chain(x.atan(), w, -2.0 * x * w * w)
        }
        Function::Sinh => a.chain(x.sinh(), x.cosh(), x.sinh()),
        Function::Cosh => a.chain(x.cosh(), x.sinh(), x.cosh()),
        Function::Tanh => {
            let c = 1.0 / x.cosh();
            a.chain(x.tanh(), c * c, -2.0 * c * c * x.tanh())
        }
        Function::Asinh => {
            let w = 1.0 + x * x;
            a.chain(x.asinh(), w.powf(-0.5), -x * w.powf(-1.5))
        }
        Function::Acosh => {
            let w = (x - 1.0) * (x + 1.0);
            a.chain(x.acosh(), w.powf(-0.5), -x * w.powf(-1.5))
        }
        Function::Atanh => {
            let w = (1.0 - x) * (1.0 + x);
            a.chain(libm::atanh(x), 1.0 / w, 2.0 * x / (w * w))
        }
        Function::Exp => a.exp(),
        Function::Expm1 => a.chain(x.exp_m1(), x.exp(), x.exp()),
        Function::Log => a.ln(),
        Function::Log1p => {
            let w = 1.0 / (1.0 + x);
            a.chain(x.ln_1p(), w, -w * w)
        }
        Function::Log10 => {
            let c = 10f64.ln();
            a.chain(x.log10(), 1.0 / (c * x), -1.0 / (c * x * x))
        }
        Function::Sqrt => a.sqrt(),
        Function::Cbrt => {
            let r = x.cbrt();
            a.chain(r, 1.0 / (3.0 * r * r), -2.0 / (9.0 * r * r * x))
        }
        Function::Abs => {
            let s = if x > 0.0 {
                1.0
            } else if x < 0.0 {
                -1.0
            } else {
                0.0
            };
            a.chain(x.abs(), s, 0.0)
        }
        Function::Sign => {
            let s = if x > 0.0 {
                1.0
            } else if x < 0.0 {
                -1.0
            } else {
                0.0
            };
            Jet::constant(s)
        }
        Function::Erf => {
            let bell = 2.0 / std::f64::consts::PI.sqrt() * (-x * x).exp();
            a.chain(libm::erf(x), bell, -2.0 * x * bell)
        }
        Function::Floor => Jet::constant(x.floor()),
        other => panic!("{} takes two arguments", other.name()),
    }
}

/// The jet of a function of two arguments, away from its kinks.
pub fn apply2(function: Function, a: Jet, b: Jet) -> Jet {
    match function {
        Function::Add => a.add(b),
        Function::Subtract => a.add(b.scale(-1.0)),
        Function::Multiply => a.mul(b),
        Function::Divide => {
            let mut ratio = a.mul(b.reciprocal());
            ratio.v = a.v / b.v;
            ratio
        }
        Function::Power => {
            let mut power = a.ln().mul(b).exp();
            power.v = a.v.powf(b.v);
            power
        }
        Function::Atan2 => {
            // theta' = (x y' - y x')/r^2, and the derivative of that.
            let (y, x) = (a, b);
            let r2 = x.mul(x).add(y.mul(y));
            let top = x.v * y.d - y.v * x.d;
            let top_d = x.v * y.h - y.v * x.h;
            Jet {
                v: y.v.atan2(x.v),
                d: top / r2.v,
                h: top_d / r2.v - top * r2.d / (r2.v * r2.v),
            }
        }
        Function::Min | Function::Max if a.v.is_nan() || b.v.is_nan() => Jet::constant(f64::NAN),
        Function::Min => {
            if a.v < b.v {
                a
            } else {
                b
            }
        }
        Function::Max => {
            if a.v > b.v {
                a
            } else {
                b
            }
        }
        Function::Hypot => a.mul(a).add(b.mul(b)).sqrt(),
        Function::Mod => {
            let whole = (a.v / b.v).floor();
            a.add(b.scale(-whole))
        }
        other => panic!("{} takes one argument", other.name()),
    }
}
