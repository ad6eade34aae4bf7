//! Integrators as lane code around a gradient, one step each, compiled whole.
//!
//! | motion | step | order, gradients a step |
//! |---|---|---|
//! | Hamiltonian | Störmer-Verlet | 2, one |
//! | Hamiltonian | Blanes and Moan 2002, `SRKN_6^b` | 4, six |
//! | kinetic Langevin | BAOAB, Leimkuhler and Matthews 2013 | 2, one |
//! | overdamped | Leimkuhler and Matthews 2013 (the limit of BAOAB) | 2 in the long run, one |
//! | overdamped with mobility `D(q)` | Euler and Maruyama, with the Itô drift | 1, one |
//! | damped | the damped map, Li and Tao 2024, eq. (3.2) | 2, one |
//!
//! Where a step ends in a kick and the next one begins with it, they are made as one: the state
//! then has `p + beta g(q)` where the momentum is `p`.

mod linear;
mod normal;
mod overdamped;
mod passage;
mod symplectic;

pub use passage::Goal;

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Damping, Stream};
use crate::graph::Model;
use crate::kernel::{
    BatchKernel, Engine, GroupRun, KernelError, LANES, LaneBuilder, PreparedSteps, StepKernel,
    StepOutput, StepProgram, Value, Wanted,
};
use linear::{Linear, numbers};
use normal::WORDS;
use passage::Passage;

/// How a system moves.
#[derive(Clone, Debug)]
pub enum Motion {
    /// `q' = M^-1 p`, `p' = -grad V`. Of the damping, step and mass count.
    Hamiltonian(Damping, Scheme),
    /// `q' = M^-1 p`, `p' = -grad V - Gamma M^-1 p + sqrt(2 kT Gamma) dW`, at that `kT`.
    Langevin(Damping, f64),
    /// `q' = -Gamma^-1 grad V + sqrt(2 kT Gamma^-1) dW`.
    Overdamped(Drag, f64),
    /// The damped map.
    Damped(Damping),
}

/// Symplectic schemes of Hamiltonian motion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// Störmer and Verlet: order 2, one gradient a step.
    Verlet,
    /// Blanes and Moan, *Practical symplectic partitioned Runge-Kutta and Runge-Kutta-Nyström
    /// methods*, J. Comput. Appl. Math. 142 (2002), `SRKN_6^b`: order 4, six gradients a step, with
    /// error constants far below those of the triple jump.
    BlanesMoan,
}

/// Friction without inertia.
#[derive(Clone, Debug)]
pub struct Drag {
    /// The step.
    pub step: f64,
    /// Coordinates.
    pub dimension: usize,
    /// `Gamma^-1` and its Cholesky factor, by rows; a number each for a multiple of the identity.
    inverse: Vec<f64>,
    factor: Vec<f64>,
    /// A mobility `D(q)`, relative to `Gamma^-1`, its parameters in place.
    mobility: Option<Box<Model>>,
}

/// An integrator with its step, compiled around the gradient of a model.
pub struct Integrator {
    kernel: StepKernel,
    /// V and its gradient, for those who look.
    field: BatchKernel,
    parameters: Vec<f64>,
    /// Those of the step, then the parameters of the model.
    constants: Vec<f64>,
    layout: Layout,
    dimension: usize,
    step: f64,
    /// `beta`: where the momentum is `p`, the state has `p + beta g(q)`.
    lag: f64,
    gradients: u64,
    goal: bool,
}

/// What the variables of the state are: positions, then these.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Layout {
    /// Whether there are momenta, or in their place the normal numbers of the last step.
    second: Second,
    /// Whether each coordinate has a generator.
    noise: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Second {
    Momenta,
    Numbers,
    Nothing,
}

impl Layout {
    fn of(motion: &Motion) -> Layout {
        let (second, noise) = match motion {
            Motion::Hamiltonian(..) | Motion::Damped(_) => (Second::Momenta, false),
            Motion::Langevin(..) => (Second::Momenta, true),
            Motion::Overdamped(drag, _) if drag.mobility.is_some() => (Second::Nothing, true),
            Motion::Overdamped(..) => (Second::Numbers, true),
        };
        Layout { second, noise }
    }

    fn variables(self, dimension: usize) -> usize {
        let second = usize::from(self.second != Second::Nothing);
        let words = if self.noise { WORDS } else { 0 };
        (1 + second + words) * dimension
    }
}

impl Motion {
    /// The step, a time.
    pub fn step(&self) -> f64 {
        match self {
            Motion::Hamiltonian(damping, _) | Motion::Langevin(damping, _) => damping.delta(),
            Motion::Damped(damping) => damping.delta(),
            Motion::Overdamped(drag, _) => drag.step,
        }
    }

    fn constants(&self) -> Vec<f64> {
        match self {
            Motion::Hamiltonian(damping, scheme) => symplectic::constants(damping, *scheme),
            Motion::Langevin(damping, kt) => langevin_constants(damping, *kt),
            Motion::Overdamped(drag, kt) => overdamped::constants(drag, *kt),
            Motion::Damped(damping) => damping.constants(),
        }
    }

    /// One step as lane code: positions, the second half of the state if there is one, and one
    /// normal number a coordinate that has noise.
    fn step_code(
        &self,
        b: &mut LaneBuilder,
        (q, second): (&[Value], &[Value]),
        noise: &[Value],
        constants: &[Value],
        gradient: &mut crate::kernel::LaneGradient<'_>,
    ) -> (Vec<Value>, Vec<Value>) {
        match self {
            Motion::Hamiltonian(damping, scheme) => {
                let scalar = damping.is_scalar();
                symplectic::step(b, *scheme, scalar, (q, second), constants, gradient)
            }
            Motion::Langevin(damping, _) => {
                let scalar = damping.is_scalar();
                langevin(b, scalar, (q, second), noise, constants, gradient)
            }
            Motion::Overdamped(drag, _) => {
                overdamped::step(b, drag, (q, second), noise, constants, gradient)
            }
            Motion::Damped(damping) => {
                // At whole steps: the map of `learn` holds `x` half a step on.
                let g = gradient(b, q);
                super::damped::lane_step(b, damping.is_scalar(), q, second, &g, constants)
            }
        }
    }
}

/// BAOAB with its two kicks made as one: `p - h g(q)`, half a drift, the Ornstein-Uhlenbeck part,
/// half a drift.
fn langevin(
    b: &mut LaneBuilder,
    scalar: bool,
    (q, p): (&[Value], &[Value]),
    noise: &[Value],
    mut constants: &[Value],
    gradient: &mut crate::kernel::LaneGradient<'_>,
) -> (Vec<Value>, Vec<Value>) {
    let d = q.len();
    let kick = Linear::Number(linear::take(&mut constants, 1)[0]);
    let [drift, decay, spread] = [0; 3].map(|_| Linear::next(&mut constants, scalar, d));
    let g = gradient(b, q);
    let p = kick.add(b, &g, p);
    let q = drift.add(b, &p, q);
    let kept = decay.times(b, &p);
    let p = spread.add(b, noise, &kept);
    let q = drift.add(b, &p, &q);
    (q, p)
}

fn langevin_constants(damping: &Damping, kt: f64) -> Vec<f64> {
    let (scalar, d, h) = (damping.is_scalar(), damping.dimension(), damping.delta());
    let parts = [
        vec![-h],
        numbers(scalar, d, |i, j| 0.5 * h * damping.inverse_mass(i, j)),
        numbers(scalar, d, |i, j| damping.decay(i, j)),
        numbers(scalar, d, |i, j| kt.sqrt() * damping.spread(i, j)),
    ];
    parts.concat()
}

impl Integrator {
    /// Compiles an integrator; `parameters` are the values of the model's parameters. With a goal
    /// each lane counts its steps until it is there.
    ///
    /// # Errors
    /// See [`StepKernel::compile`].
    pub fn compile(
        model: &Model,
        parameters: &[f64],
        motion: &Motion,
        goal: Option<&Goal>,
        engine: Engine,
    ) -> Result<Integrator, KernelError> {
        let d = model.dimension();
        let layout = Layout::of(motion);
        let own = motion.constants();
        let count = layout.variables(d) + goal.map_or(0, |_| Passage::VARIABLES);
        let program = StepProgram::of(
            &model.differentiated(),
            count,
            own.len(),
            |b, state, constants, gradient| {
                let (q, rest) = state.split_at(d);
                let has_second = layout.second != Second::Nothing;
                let (second, rest) = rest.split_at(if has_second { d } else { 0 });
                let (words, watch) = rest.split_at(if layout.noise { WORDS * d } else { 0 });
                let drawn = words
                    .chunks_exact(WORDS)
                    .map(|words| normal::normal(b, words));
                let (noise, words): (Vec<Value>, Vec<Vec<Value>>) = drawn.unzip();
                let (q, second) = motion.step_code(b, (q, second), &noise, constants, gradient);
                let watch = goal.map(|goal| Passage::step(b, goal, &q, watch));
                StepOutput {
                    state: [q, second, words.concat(), watch.unwrap_or_default()].concat(),
                    record: Vec::new(),
                }
            },
        );
        let h = motion.step();
        let (lag, gradients) = match motion {
            Motion::Hamiltonian(_, scheme) => (scheme.first_kick() * h, scheme.gradients()),
            Motion::Langevin(..) => (0.5 * h, 1),
            Motion::Damped(_) | Motion::Overdamped(..) => (0.0, 1),
        };
        Ok(Integrator {
            kernel: StepKernel::compile(&program, engine)?,
            field: BatchKernel::of(&model.differentiated(), Wanted::Both, engine)?,
            parameters: parameters.to_vec(),
            constants: [own, parameters.to_vec()].concat(),
            layout,
            dimension: d,
            step: h,
            lag,
            gradients,
            goal: goal.is_some(),
        })
    }

    /// Coordinates.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The step, a time.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// Gradients that a step evaluates.
    pub fn gradients(&self) -> u64 {
        self.gradients
    }

    /// Whether the state has momenta.
    pub fn has_momenta(&self) -> bool {
        self.layout.second == Second::Momenta
    }

    /// V and its gradient at the positions of a group. Shape: V and coordinates, lanes.
    fn field(&self, q: &[f64]) -> Vec<f64> {
        let mut field = vec![f64::NAN; (1 + self.dimension) * LANES];
        self.field.evaluate(q, LANES, &self.parameters, &mut field);
        field
    }

    /// The state of a group of lanes from its positions and momenta (shapes: coordinates, lanes),
    /// with generators seeded from its stream.
    pub fn begin(&self, q: &[f64], p: &[f64], stream: &mut Stream) -> Vec<f64> {
        let d = self.dimension;
        let mut state = q.to_vec();
        let field = self.field(q);
        let g = &field[LANES..];
        match self.layout.second {
            Second::Momenta => state.extend(p.iter().zip(g).map(|(p, g)| p + self.lag * g)),
            Second::Numbers => state.extend((0..d * LANES).map(|_| stream.normal())),
            Second::Nothing => {}
        }
        if self.layout.noise {
            let first = state.len();
            state.resize(first + WORDS * d * LANES, 0.0);
            for (lane, coordinate) in (0..LANES).flat_map(|l| (0..d).map(move |c| (l, c))) {
                for (word, seed) in normal::seeds(stream).into_iter().enumerate() {
                    state[first + (coordinate * WORDS + word) * LANES + lane] = seed;
                }
            }
        }
        if self.goal {
            state.extend(Passage::begin());
        }
        state
    }

    /// Adds positions, momenta and V of a state. Shape: variables, lanes.
    pub fn look(&self, state: &[f64], to: &mut Vec<f64>) {
        let half = self.dimension * LANES;
        let (q, rest) = state.split_at(half);
        let field = self.field(q);
        to.extend_from_slice(q);
        if self.has_momenta() {
            let late = rest[..half].iter().zip(&field[LANES..]);
            to.extend(late.map(|(p, g)| p - self.lag * g));
        }
        to.extend_from_slice(&field[..LANES]);
    }

    /// By lane, whether it is still on its way to the goal, and the steps that it took so far.
    pub fn on_the_way<'s>(&self, state: &'s [f64]) -> [&'s [f64]; 2] {
        let first = self.layout.variables(self.dimension) * LANES;
        let (on_the_way, steps) = state[first..].split_at(LANES);
        [on_the_way, steps]
    }

    /// Computes what does not change in a run.
    pub fn prepare(&self) -> Prepared<'_> {
        Prepared(self.kernel.prepare(&self.constants))
    }
}

/// An integrator made ready.
pub struct Prepared<'k>(PreparedSteps<'k>);

impl Prepared<'_> {
    /// Advances groups, each with its state, by so many steps, and returns whether it did: not where
    /// `cancelled` is set meanwhile.
    pub fn advance(&mut self, states: &mut [Vec<f64>], steps: u64, cancelled: &AtomicBool) -> bool {
        /// Steps that a kernel makes in one call: a tenth of a second or so.
        const MOST: u64 = 1 << 17;
        let mut left = steps;
        while left > 0 {
            if cancelled.load(Ordering::Relaxed) {
                return false;
            }
            let now = left.min(MOST);
            let groups = states.iter_mut().map(|state| GroupRun::new(state, &mut []));
            let mut groups: Vec<GroupRun<'_>> = groups.collect();
            self.0.run_groups(&mut groups, now as usize);
            left -= now;
        }
        true
    }
}
