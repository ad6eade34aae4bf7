//! A session in a program of one's own: define, evaluate, catch an error and show it.
//!
//! `cargo run --example embed`

use effpot_lang::cli::render::render;
use effpot_lang::repl::{Reply, Session};

pub fn main() {
    // No terminal, no files, no globals: as many sessions as you like.
    let mut session = Session::new();
    let defined = session.eval(
        "param eps = 0.05
         V(q) = (q^2 - 1)^2 + eps*sin(q/eps)",
    );
    assert!(!defined.is_failure());

    // Values come as numbers.
    let value = session.eval("V(0.5)").number();
    println!("V(0.5) = {}", value.expect("a number"));
    session.eval(":set eps=0.01");
    let value = session.eval("V(0.5)").number();
    println!("with a smaller eps {}", value.expect("a number"));

    // Derivatives come as formulas, and at a point as numbers.
    print!("{}", session.eval(":grad V"));
    for reply in session.eval(":hess V 0.5").replies {
        if let Reply::Slopes(slopes) = reply {
            println!(
                "slope {:?}, curvature {:?}",
                slopes.gradient, slopes.hessian
            );
        }
    }

    // What fails changes nothing, and says where and why.
    let wrong = session.eval("eps = [1, 2]");
    assert!(wrong.is_failure());
    print!("{}", render(&wrong.diagnostics, &wrong.sources, false));

    // The same formula as native code: see `own_loop`.
    let model = session.model(Some("V")).expect("it is there");
    println!("{} in {} coordinate", model.name, model.dimension());
}
