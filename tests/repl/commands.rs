//! What commands answer, as data.

use super::{after, fails, told};
use effpot_lang::repl::{COMMANDS, Plot, Reply, Session, Status};
use effpot_lang::report::result::Verdict;
use effpot_lang::session::Hooks;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn gradients_and_hessians_are_formulas_and_numbers() {
    let mut s = after(&["param k = 2", "V(x, y) = k*x^2*y + sin(y)", "c = 1"]);
    let text = s.eval(":grad").to_string();
    assert!(
        text.starts_with("dV/dx = ") && text.contains("\ndV/dy = "),
        "{text}"
    );
    // The formulas are of the language: as functions they have the values at the point.
    for (line, value) in text
        .lines()
        .zip([2.0 * 2.0 * 3.0 * 4.0, 18.0 + f64::cos(4.0)])
    {
        let formula = line.split_once(" = ").unwrap().1;
        s.eval(&format!("g(x, y) = {formula}"));
        let found = s.eval("g(3, 4)").number().unwrap();
        assert!((found - value).abs() < 1e-12, "{line}");
    }
    s.eval(":set k=1");
    for input in [
        ":grad V 3, 4",
        ":grad V(3, 4)",
        ":grad V at 3, 2*2*c",
        ":grad V [3, 4]",
    ] {
        let outcome = s.eval(input);
        let Some(Reply::Slopes(slopes)) = outcome.replies.first() else {
            panic!("{input}: {}", told(&outcome));
        };
        assert_eq!(slopes.point, [3.0, 4.0], "{input}");
        assert!((slopes.gradient[0] - 24.0).abs() < 1e-12);
    }
    let outcome = s.eval(":hess V 3, 4");
    let Some(Reply::Slopes(slopes)) = outcome.replies.first() else {
        panic!("{}", told(&outcome));
    };
    let exact = [[8.0, 6.0], [6.0, -f64::sin(4.0)]];
    for (row, exact) in slopes.hessian.as_ref().unwrap().iter().zip(exact) {
        for (found, exact) in row.iter().zip(exact) {
            assert!((found - exact).abs() < 1e-12);
        }
    }
    assert_eq!(s.eval(":hess").to_string().lines().count(), 3);
    assert!(fails(&mut s, ":grad V 1").contains("needs 2 numbers, not 1"));
    assert!(fails(&mut s, ":grad W").contains("no function is called `W`"));
    assert!(fails(&mut Session::new(), ":grad").contains("nothing is defined"));
}

#[test]
fn parameters_are_set_and_shown() {
    let mut s = after(&["param a = 1", "param b = 2*a", "V(q) = a*q + b", "c = 3*b"]);
    assert_eq!(s.eval(":set a=5").to_string(), "a=5 b=10\n");
    assert_eq!(s.eval("V(1)").number(), Some(15.0));
    let shown = s.eval(":show").to_string();
    assert!(
        shown.contains("set to 5") && shown.contains("# 30"),
        "{shown}"
    );
    assert!(fails(&mut s, ":set aa=1").contains("did you mean `a`?"));
    fails(&mut s, ":set a=[1, 2]");
    fails(&mut s, ":set a");
    // A parameter that is one no more is not set either.
    s.eval("a = 7");
    assert!(s.state().set().is_empty());
    assert_eq!(s.eval("V(1)").number(), Some(21.0));
}

#[test]
fn definitions_are_taken_back() {
    let mut s = after(&["a = 1", "V(q) = a*q"]);
    assert!(fails(&mut s, ":forget a").contains("`:forget a V`"));
    assert!(fails(&mut s, ":forget b").contains("nothing here is called `b`"));
    s.eval(":forget a V");
    assert!(s.state().names().is_empty());
    s.eval("a = 1");
    assert_eq!(s.eval(":reset").to_string(), "forgot a\n");
    assert_eq!(s.text(), "");
    assert_eq!(s.eval(":quit").status, Status::Quit);
}

#[test]
fn every_command_has_help_and_unknown_ones_are_guessed() {
    let mut s = Session::new();
    let all = s.eval(":help").to_string();
    for row in COMMANDS {
        assert!(all.contains(row.usage) && row.usage.starts_with(&format!(":{}", row.name)));
        assert!(
            s.eval(&format!(":help {}", row.name))
                .to_string()
                .contains(row.about)
        );
    }
    assert!(s.eval(":help atan2").to_string().starts_with("atan2(y, x)"));
    assert!(fails(&mut s, ":lern delta=1").contains("did you mean `:learn`?"));
    assert!(fails(&mut s, ":reset all").contains("takes nothing"));
    // A command without its colon, unless it is a name of the user's.
    s.eval("plot = 2");
    assert_eq!(s.eval("plot").to_string().trim(), "2");
}

#[test]
fn times_are_those_of_the_clock_that_is_given() {
    let mut s = Session::new();
    let ticks = AtomicBool::new(false);
    let seconds = || f64::from(u8::from(ticks.fetch_xor(true, Ordering::Relaxed)));
    let hooks = Hooks {
        progress: &|_| (),
        seconds: &seconds,
        cancelled: &AtomicBool::new(false),
    };
    let outcome = s.eval_with(":time 1 + 1", &hooks);
    assert_eq!(outcome.number(), Some(2.0));
    assert!(
        outcome
            .replies
            .iter()
            .any(|r| matches!(r, Reply::Seconds(_)))
    );
    assert_eq!(s.eval(":time").to_string(), "times are on\n0 us\n");
    assert_eq!(s.eval("2").to_string(), "2\n0 us\n");
    s.eval(":time off");
    assert_eq!(s.eval("2").to_string(), "2\n");
}

#[test]
fn plots_are_numbers() {
    let mut s = after(&["V(q) = q^2/2", "W(x, y: angle) = x^2 + cos(y)", "u(q) = q"]);
    let outcome = s.eval(":plot V, u -1..2*1");
    let Some(Reply::Plot(Plot::Curves {
        coordinate,
        x,
        curves,
    })) = outcome.replies.first()
    else {
        panic!("{}", told(&outcome));
    };
    assert_eq!(
        (coordinate.as_str(), x[0], *x.last().unwrap()),
        ("q", -1.0, 2.0)
    );
    assert_eq!((curves[0].0.as_str(), curves[1].0.as_str()), ("V", "u"));
    assert!(
        x.iter()
            .zip(&curves[0].1)
            .all(|(x, v)| (v - x * x / 2.0).abs() < 1e-14)
    );
    let outcome = s.eval(":plot W");
    let Some(Reply::Plot(Plot::Map { axes, values, .. })) = outcome.replies.first() else {
        panic!("{}", told(&outcome));
    };
    assert!(axes[1].is_angle() && values.len() == axes[0].cells * axes[1].cells);
    fails(&mut s, ":plot V 2..1");
    fails(&mut s, ":plot V W");
    fails(&mut s, ":plot V -1..1, 0..1");
    s.eval("X(q[3]) = norm(q)");
    assert!(fails(&mut s, ":plot X").contains("3 coordinates"));
}

const ROUGH: &str = "param eps = 0.01\nV(q) = q^2/2 + eps*sin(q/eps)";

#[test]
fn a_trial_learns_u_and_says_how_to_do_it_for_real() {
    let mut s = after(&[ROUGH]);
    let outcome = s.eval(":learn delta=0.5 steps=200000 burn_in=300");
    let Some(Reply::Learned(learned)) = outcome
        .replies
        .iter()
        .find(|r| matches!(r, Reply::Learned(_)))
    else {
        panic!("{}", told(&outcome));
    };
    assert_eq!(learned.name.as_deref(), Some("U"));
    assert_eq!(learned.result.equilibrium.verdict, Verdict::Trusted);
    assert_eq!(learned.command.save.as_deref(), Some("trial.pot"));
    assert_eq!(
        learned.command.line,
        "effpot-lang trial.pot --delta 0.5 --steps 2e5 --burn-in 300"
    );
    assert!(
        outcome
            .to_string()
            .contains("U(q) is the learned potential now")
    );
    // It can be used at once, and the potential is still V.
    let rise = s.eval("U(2) - U(0)").number().unwrap();
    assert!((rise - 2.0).abs() < 0.01, "{rise}");
    assert_eq!(s.model(None).unwrap().name, "V");
    // Again, with a parameter: in its place, and with the command that says so.
    let outcome = s.eval(":set eps=0.02\n:learn delta=0.6 steps=200000");
    assert!(
        outcome
            .to_string()
            .contains("--delta 0.6 --steps 2e5 --set eps=0.02"),
        "{outcome}"
    );
    assert!(outcome.to_string().contains("U is redefined"), "{outcome}");
    // Somebody else's U stays.
    let mut s = after(&[ROUGH, "U(q) = 7"]);
    let outcome = s.eval(":learn delta=0.5 steps=200000");
    assert!(
        outcome
            .to_string()
            .contains("U_learned(q) is the learned potential now"),
        "{outcome}"
    );
    assert_eq!(s.eval("U(0)").number(), Some(7.0));
    assert!(s.eval("U_learned(1)").number().is_some());
    let sources = s.text();
    assert!(
        sources.contains("U_learned(q) = (") && sources.contains(" + spline(q, 3, "),
        "{sources}"
    );
}

#[test]
fn what_is_wrong_with_a_trial_is_shown_where_it_was_typed() {
    let mut s = after(&[ROUGH]);
    assert!(fails(&mut s, ":learn").contains(":learn delta=0.5"));
    let text = fails(&mut s, ":learn delta=-1");
    assert!(text.contains("input 3:1:14"), "{text}");
    let text = fails(&mut s, ":learn dleta=1");
    assert!(
        text.contains("did you mean `delta`?") && text.contains("input 4:1:8"),
        "{text}"
    );
    fails(&mut s, ":learn V 0.5");
    fails(&mut s, ":learn delta=0.5 compare=U7");
    fails(&mut s, ":scan delta=1..0");
}

#[test]
fn a_trial_that_is_cancelled_leaves_the_session_as_it_was() {
    let mut s = after(&[ROUGH, "5"]);
    let cancelled = AtomicBool::new(false);
    let hooks = Hooks {
        progress: &|_| cancelled.store(true, Ordering::Relaxed),
        seconds: &|| 0.0,
        cancelled: &cancelled,
    };
    let before = s.state().clone();
    let outcome = s.eval_with("x = 1\n:learn delta=0.5 steps=1e9", &hooks);
    assert_eq!(outcome.status, Status::Cancelled);
    assert_eq!(&before, s.state());
    assert_eq!(s.eval("ans").number(), Some(5.0));
}

/// The clock runs away: the run is stopped, fitted, and marked.
#[test]
fn a_trial_is_stopped_after_two_seconds() {
    let mut s = after(&[ROUGH]);
    let clock = std::sync::Mutex::new(0.0);
    let seconds = || {
        let mut now = clock.lock().unwrap();
        *now += 0.05;
        *now
    };
    let hooks = Hooks {
        progress: &|_| (),
        seconds: &seconds,
        cancelled: &AtomicBool::new(false),
    };
    let outcome = s.eval_with(":learn delta=0.5 steps=30000000", &hooks);
    assert_eq!(outcome.status, Status::Done, "{}", told(&outcome));
    let Some(Reply::Learned(learned)) = outcome.replies.last() else {
        panic!("{outcome}");
    };
    assert!(learned.is_short);
    assert!(!hooks.cancelled.load(Ordering::Relaxed));
    assert!(
        learned.command.line.contains("--steps 3e7")
            || learned.command.line.contains("--steps 30000000")
    );
}

/// What is wrong with a trial is said once; its summary fits a terminal of 100 columns.
#[test]
fn a_trial_is_told_once_and_fits_the_page() {
    let mut s = after(&["V(q) = q^2/2 + 0.01*sin(q/0.01)"]);
    let outcome = s.eval(":learn delta=0.3 steps=2000");
    let text = outcome.to_string();
    assert!(text.contains("NOT TRUSTED: NOT CONVERGED"), "{text}");
    let said = outcome
        .diagnostics
        .iter()
        .filter(|d| d.code == "not-converged");
    assert_eq!(said.count(), 1);
    assert!(!text.contains("disagree with each other"), "{text}");
    let commands = |line: &&str| !line.starts_with("for all of it");
    for line in text.lines().filter(commands) {
        assert!(line.chars().count() <= 100, "{line}");
    }
    // Nothing but line ends and blanks is lost.
    assert!(
        text.contains("learning kT") && text.contains("at least"),
        "{text}"
    );
}

/// The prompt shows what `plot` shows of the same potential: two wells, not one.
#[test]
fn a_plot_shows_the_range_that_the_command_line_shows() {
    use effpot_lang::session::{Options, PortraitOptions, Potential, ranges};
    let program = "V(x) = (x^2 - 1)^2 + 0.002*sin(x/0.002)";
    let mut s = after(&[program]);
    let outcome = s.eval(":plot");
    let Some(Reply::Plot(Plot::Curves { x, .. })) = outcome.replies.first() else {
        panic!("{outcome}");
    };
    let mut sources = effpot_lang::source::Sources::new();
    let root = sources.add("v.pot", program);
    let checked = effpot_lang::check::check(&sources, root).unwrap();
    let model = checked.potential(None).unwrap();
    let potential = Potential::compile(model, Vec::new()).unwrap();
    let shown = ranges(&potential, &PortraitOptions::default(), &Options::default()).unwrap();
    assert_eq!((x[0], x[x.len() - 1]), shown[0]);
    assert!(x[0] < -1.0 && x[x.len() - 1] > 1.0, "{shown:?}");
}
