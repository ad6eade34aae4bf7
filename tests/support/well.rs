//! A harmonic well driven by white noise under the damped map: an AR(2) process in closed form.
#![allow(dead_code)]

use effpot_lang::dynamics::{Damping, Observer, Streams, Window};
use effpot_lang::kernel::LANES;
use effpot_lang::learn::collect::{Block, Collector, Plan};

/// `p' = c p - delta (k x + xi)`, `x' = x + delta p'` with normal `xi` of variance `s2`, hence
/// `x'' = a x' + b x - delta^2 xi` with `a = 1 + c - delta^2 k` and `b = -c`.
#[derive(Clone, Copy)]
pub struct Well {
    pub delta: f64,
    pub gamma: f64,
    pub s2: f64,
    pub curvature: f64,
}

impl Well {
    pub fn decay(&self) -> f64 {
        (-self.gamma * self.delta).exp()
    }

    fn coefficients(&self) -> (f64, f64) {
        let c = self.decay();
        (1.0 + c - self.delta * self.delta * self.curvature, -c)
    }

    /// Box & Jenkins, "Time series analysis", section 3.2.4.
    pub fn variance_x(&self) -> f64 {
        let (a, b) = self.coefficients();
        let noise = self.delta.powi(4) * self.s2;
        noise * (1.0 - b) / ((1.0 + b) * ((1.0 - b).powi(2) - a * a))
    }

    /// By the recursion of Yule and Walker.
    pub fn correlation_x(&self, lag: usize) -> f64 {
        let (a, b) = self.coefficients();
        let (mut now, mut next) = (1.0, a / (1.0 - b));
        for _ in 0..lag {
            (now, next) = (next, a * next + b * now);
        }
        now
    }

    /// `p = (x' - x)/delta`.
    pub fn variance_p(&self) -> f64 {
        2.0 * self.variance_x() * (1.0 - self.correlation_x(1)) / self.delta.powi(2)
    }

    /// `q = (x' + x)/2`.
    pub fn variance_q(&self) -> f64 {
        0.5 * self.variance_x() * (1.0 + self.correlation_x(1))
    }

    pub fn correlation_p(&self, lag: usize) -> f64 {
        self.combined(lag, -1.0)
    }

    pub fn correlation_q(&self, lag: usize) -> f64 {
        self.combined(lag, 1.0)
    }

    /// Of `x' + sign x`.
    fn combined(&self, lag: usize, sign: f64) -> f64 {
        let rho = |lag: usize| self.correlation_x(lag);
        let sum = 2.0 * rho(lag) + sign * (rho(lag + 1) + rho(lag.abs_diff(1)));
        sum / (2.0 + 2.0 * sign * rho(1))
    }

    /// The integrated time of x: its spectrum at zero, `s2/k^2`, over its variance.
    pub fn time_x(&self) -> f64 {
        self.s2 / (self.curvature.powi(2) * self.variance_x())
    }

    /// Feeds windows of 250 steps to collectors, as an ensemble would.
    pub fn blocks(
        &self,
        plan: &Plan<'_>,
        groups: usize,
        segments: usize,
        steps: usize,
        seed: u64,
    ) -> Vec<Block> {
        let mut states: Vec<State> = (0..groups as u64)
            .map(|group| State::new(self, Streams::new(seed).stream(group)))
            .collect();
        let mut blocks = Vec::new();
        for _ in 0..segments {
            for state in &mut states {
                let mut collector = Collector::new(plan);
                for first in (0..steps).step_by(250) {
                    state.window(self, 250.min(steps - first), &mut collector);
                }
                blocks.extend(collector.into_blocks());
            }
        }
        blocks
    }

    /// `n` positions of one trajectory.
    pub fn series(&self, n: usize, seed: u64) -> Vec<f64> {
        struct Positions(Vec<f64>);
        impl Observer for Positions {
            fn observe(&mut self, window: &Window<'_>) {
                self.0
                    .extend((0..window.steps()).map(|step| window.positions(step, 0)[0]));
            }
        }
        let mut state = State::new(self, Streams::new(seed).stream(0));
        let mut positions = Positions(Vec::new());
        state.window(self, n, &mut positions);
        positions.0
    }
}

/// The two-sided sum of a power of correlations, `sum over all lags of rho^k`.
pub fn two_sided(correlation: &dyn Fn(usize) -> f64, k: i32) -> f64 {
    1.0 + 2.0 * (1..600).map(|lag| correlation(lag).powi(k)).sum::<f64>()
}

struct State {
    x: [f64; LANES],
    p: [f64; LANES],
    stream: effpot_lang::dynamics::Stream,
    step: u64,
}

impl State {
    /// After 500 steps from rest, over ten relaxation times.
    fn new(well: &Well, stream: effpot_lang::dynamics::Stream) -> State {
        let mut state = State {
            x: [0.0; LANES],
            p: [0.0; LANES],
            stream,
            step: 0,
        };
        state.window(well, 500, &mut ());
        state.step = 0;
        state
    }

    fn window<O: Observer>(&mut self, well: &Well, steps: usize, observer: &mut O) {
        let before = self.p;
        let (c, sigma) = (well.decay(), well.s2.sqrt());
        let mut record = Vec::with_capacity(2 * LANES * steps);
        for _ in 0..steps {
            record.extend(self.x);
            for lane in 0..LANES {
                let g = well.curvature * self.x[lane] + sigma * self.stream.normal();
                self.p[lane] = c * self.p[lane] - well.delta * g;
                self.x[lane] += well.delta * self.p[lane];
            }
            record.extend(self.p);
        }
        let damping = Damping::scalar(1, well.delta, well.gamma);
        let window = Window::new(&record, &before, [true; LANES], &damping, self.step);
        observer.observe(&window.unwrap());
        self.step += steps as u64;
    }
}
