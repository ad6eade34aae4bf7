//! Python: imported, and called with arrays of several shapes.

use std::process::Command;

use effpot_lang::export::Target;

use super::programs::all;
use super::tools::{need, python_with, rows, run, table};
use super::{assert_agree, exported, values};

/// Imports modules, and prints value and gradient at the points of each. Values and gradients of all
/// points at once, of single points and of a stack of points are the same.
const SCRIPT: &str = r#"
import importlib, sys
import numpy as np

for line in open("names"):
    name, function = line.split()
    module = importlib.import_module(name)
    f = getattr(module, function)
    q = np.atleast_2d(np.loadtxt(name + ".points", ndmin=2))
    v, g = module.value_and_gradient(q)
    assert v.shape == q.shape[:-1] and g.shape == q.shape, name
    same = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13*np.max(np.abs(g)))
    same(f(q), v)
    same(module.gradient(q[0]), g[0])
    assert np.shape(f(q[0])) == ()
    if q.shape[1] == 1:
        # A bare number in, bare numbers out; a list of numbers is no list of points.
        x = float(q[0, 0])
        assert np.ndim(f(x)) == np.ndim(module.gradient(x)) == 0
        same(f(x), v[0])
        same(module.gradient(x), g[0, 0])
        both = module.value_and_gradient(np.float32(1.0))
        assert [np.shape(part) for part in both] == [(), ()]
        try:
            f([x, x])
            raise SystemExit("two numbers are no point of one coordinate")
        except ValueError as error:
            assert "q[:, None]" in str(error)
    stack = q[:6].reshape(2, 3, -1)
    same(f(stack).ravel(), v[:6])
    same(module.gradient(stack).reshape(g[:6].shape), g[:6])
    with open(name + ".out", "w") as out:
        for row in np.column_stack([v, g]):
            out.write(" ".join(repr(float(x)) for x in row) + "\n")
"#;

#[test]
fn python_agrees_at_random_points() {
    let Some(python) = need(python_with("numpy"), "Python with NumPy") else {
        return;
    };
    let folder = tempfile::TempDir::new().unwrap();
    let programs = all();
    let mut names = String::new();
    for program in &programs {
        let file = |ending: &str| folder.path().join(format!("{}{ending}", program.name));
        let text = exported(&program.model, Target::Python, true);
        std::fs::write(file(".py"), text).unwrap();
        std::fs::write(file(".points"), table(&program.points)).unwrap();
        names.push_str(&format!("{} {}\n", program.name, program.model.name));
    }
    std::fs::write(folder.path().join("names"), names).unwrap();
    std::fs::write(folder.path().join("script.py"), SCRIPT).unwrap();
    run(Command::new(python)
        .args(["-W", "error", "script.py"])
        .current_dir(folder.path()));
    for program in &programs {
        let out = folder.path().join(format!("{}.out", program.name));
        let found = rows(&std::fs::read_to_string(out).unwrap());
        let known = values(&program.model, &program.points);
        assert_agree(&program.name, &found, &known, 1e-12);
    }
}
