//! What stands in a `learn` block, read as what a setting needs.

use super::estimator::Estimator;
use super::noise::NoiseSource;
use super::settings::{Knots, Matrix};
use crate::check::Setting;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

fn finite(setting: &Setting) -> Option<f64> {
    match setting {
        Setting::Number(x) if x.is_finite() => Some(*x),
        _ => None,
    }
}

/// A value of a block, with what is needed to complain about it.
pub(super) struct Given<'a> {
    pub key: &'a str,
    pub value: &'a Setting,
    pub span: Span,
}

pub(super) type Result1<T> = Result<T, Box<Diagnostic>>;

impl Given<'_> {
    fn wrong(&self, needed: &str, example: &str) -> Box<Diagnostic> {
        Box::new(
            Diagnostic::error("wrong-setting", format!("`{}` needs {needed}", self.key))
                .at(self.span, format!("not {needed}"))
                .help(format!("for example `{} = {example}`", self.key)),
        )
    }

    /// Whether it is the word `auto`.
    pub fn is_automatic(&self) -> bool {
        matches!(self.value, Setting::Name(name) if name == "auto")
    }

    /// One number, or a list of one for each coordinate.
    pub fn point(&self) -> Result1<Vec<f64>> {
        let good = match self.value {
            Setting::List(list) => list.iter().map(finite).collect(),
            one => finite(one).map(|x| vec![x]),
        };
        good.filter(|point: &Vec<f64>| !point.is_empty())
            .ok_or_else(|| self.wrong("a finite number, or one for each coordinate", "[0.5, 0]"))
    }

    /// A list of rows of numbers.
    pub fn matrix(&self) -> Result1<Matrix> {
        let row = |row: &Setting| match row {
            Setting::List(entries) => entries.iter().map(finite).collect(),
            _ => None,
        };
        let rows: Option<Matrix> = match self.value {
            Setting::List(rows) => rows.iter().map(row).collect(),
            _ => None,
        };
        rows.filter(|rows| !rows.is_empty())
            .ok_or_else(|| self.wrong("a matrix of numbers", "[[2, 1], [1, 2]]"))
    }

    pub fn positive(&self) -> Result1<f64> {
        match self.value {
            Setting::Number(x) if x.is_finite() && *x > 0.0 => Ok(*x),
            _ => Err(self.wrong("a positive number", "0.1")),
        }
    }

    pub fn whole(&self) -> Result1<u64> {
        match self.value {
            Setting::Number(x) if *x >= 0.0 && *x <= 1e15 && x.fract() == 0.0 => Ok(*x as u64),
            _ => Err(self.wrong("a whole number", "1")),
        }
    }

    pub fn count(&self) -> Result1<u64> {
        match self.whole() {
            Ok(0) | Err(_) => Err(self.wrong("a positive whole number", "1e6")),
            good => good,
        }
    }

    /// One range, or a list of one for each coordinate.
    pub fn ranges(&self) -> Result1<Vec<(f64, f64)>> {
        let range = |setting: &Setting| match setting {
            Setting::Range(lo, hi) if lo < hi && (hi - lo).is_finite() => Some((*lo, *hi)),
            _ => None,
        };
        let good: Option<Vec<(f64, f64)>> = match self.value {
            Setting::List(list) => list.iter().map(range).collect(),
            one => range(one).map(|range| vec![range]),
        };
        good.filter(|ranges| !ranges.is_empty()).ok_or_else(|| {
            self.wrong(
                "a range that is not empty, or one for each coordinate",
                "-3..3",
            )
        })
    }

    pub fn switch(&self) -> Result1<bool> {
        match self.value {
            Setting::Truth(on) => Ok(*on),
            Setting::Name(name) if name == "on" => Ok(true),
            Setting::Name(name) if name == "off" => Ok(false),
            _ => Err(self.wrong("`on` or `off`", "on")),
        }
    }

    pub fn name(&self) -> Result1<String> {
        match self.value {
            Setting::Name(name) | Setting::Text(name) => Ok(name.clone()),
            _ => Err(self.wrong("the name of a function of this file", "U0")),
        }
    }

    /// One name, or a list of some.
    pub fn names(&self) -> Result1<Vec<String>> {
        let name = |setting: &Setting| match setting {
            Setting::Name(name) | Setting::Text(name) => Some(name.clone()),
            _ => None,
        };
        let good: Option<Vec<String>> = match self.value {
            Setting::List(list) => list.iter().map(name).collect(),
            one => name(one).map(|name| vec![name]),
        };
        good.filter(|names| !names.is_empty())
            .ok_or_else(|| self.wrong("`written`, `each` or names of functions", "[bond, site]"))
    }

    /// One of some words, written with `-` or `_`.
    pub fn word<T>(
        &self,
        example: &str,
        all: &[&str],
        named: impl Fn(&str) -> Option<T>,
    ) -> Result1<T> {
        let found = match self.value {
            Setting::Name(name) | Setting::Text(name) => named(&name.replace('_', "-")),
            _ => None,
        };
        found.ok_or_else(|| self.wrong(&format!("one of {}", all.join(", ")), example))
    }

    pub fn noise(&self) -> Result1<NoiseSource> {
        let named = match self.value {
            Setting::Name(name) | Setting::Text(name) => NoiseSource::named(name),
            _ => None,
        };
        named.ok_or_else(|| self.wrong("one of residual, probe, stage1", "probe"))
    }

    pub fn knots(&self) -> Result1<Knots> {
        match self.value {
            Setting::Number(n) if *n >= 1.0 && *n <= 1e6 && n.fract() == 0.0 => {
                Ok(Knots::Count(*n as usize))
            }
            Setting::Number(h) if *h > 0.0 && h.is_finite() => Ok(Knots::Spacing(*h)),
            _ => Err(self.wrong("a number of cells, or their width", "40")),
        }
    }

    pub fn estimators(&self) -> Result1<Vec<Estimator>> {
        let one = |setting: &Setting| match setting {
            Setting::Name(name) | Setting::Text(name) => Estimator::named(name),
            _ => None,
        };
        let found: Option<Vec<Estimator>> = match self.value {
            Setting::List(list) => list.iter().map(one).collect(),
            setting => one(setting).map(|e| vec![e]),
        };
        match found {
            Some(list) if !list.is_empty() => Ok(list),
            _ => Err(self.wrong(
                "one or more of value, force, density, paper, terms, filter",
                "[value, force]",
            )),
        }
    }
}
