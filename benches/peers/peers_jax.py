"""The damped map by JAX: jit and fori_loop over steps, the ensemble an axis of an array, float64.

A variant is how the force is computed and, after a dot, how positions are counted:
`scatter` adds to the histogram after every step, `block` after 64 steps at once, `host` hands
blocks of 64 steps of bin numbers to numpy.bincount.

On the CPU XLA computes sines, cosines and exponentials of doubles one at a time. `own` writes them
as polynomials in jax.numpy, which become vectors.
"""

import functools
import math
import os
import time

os.environ["XLA_FLAGS"] = (
    "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1 "
    + os.environ.get("XLA_FLAGS", "")
)
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"

import jax
import jax.numpy as jnp
import jaxlib
import numpy
from jax import lax

from systems import SYSTEMS, answer, bins, result, starts

BLOCK = 64


def own_sin(x, shift=0.0):
    """sin(x), or with shift 0.5 sin(x - pi/2), in two parts of pi and Taylor's series to r^19."""
    n = jnp.round(x * (1 / math.pi) - shift)
    h = n + shift
    r = (x - h * 3.1415926218032837) - h * 3.178650954705639e-08  # the first part: 26 bits
    z = r * r
    s = 0.0
    for k in range(19, 1, -2):
        s = s * z + (-1.0) ** (k // 2) / math.factorial(k)
    return (1.0 - 2.0 * (n - 2.0 * jnp.floor(0.5 * n))) * (r + r * z * s)


def own_cos(x):
    return -own_sin(x, 0.5)


def own_exp(x):
    """Taylor's series to r^11 around multiples of log 2, and an exponent by its bits."""
    n = jnp.clip(jnp.round(x * (1 / math.log(2))), -1000.0, 1000.0)
    r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10
    s = 0.0
    for k in range(11, -1, -1):
        s = s * r + 1.0 / math.factorial(k)
    return s * lax.bitcast_convert_type((n.astype(jnp.int64) + 1023) << 52, jnp.float64)


def quadratic(cos):
    return lambda q: (q[0] + cos(q[0] * 20.0) + cos(q[0] * 1000.0),)


def direct(x):
    return sum(jnp.sin(float(k * k) * x) for k in range(1, 21))


def chebyshev(x):
    """z^(k+1)^2 = z^k^2 z^(2k+1), the odd powers by Chebyshev's recurrence."""
    s, c = jnp.sin(x), jnp.cos(x)
    twice = 2.0 - 4.0 * s * s
    vs, vc, us, uc, ws, wc = -s, c, s, c, s, c
    total = s
    for _ in range(19):
        ts, tc = twice * us - vs, twice * uc - vc
        vs, vc, us, uc = us, uc, ts, tc
        ws, wc = ws * uc + wc * us, wc * uc - ws * us
        total = total + ws
    return total


def pairs(x, sin=jnp.sin, cos=jnp.cos):
    """sin((k+1)^2 q) + sin((k-1)^2 q) = 2 sin((k^2+1) q) cos(2kq), as in `peers.c`."""
    s, c = sin(x), cos(x)

    def squared(s, c):
        return 2.0 * s * c, 1.0 - 2.0 * s * s

    s2, c2 = squared(s, c)
    s4, c4 = squared(s2, c2)
    s8, c8 = squared(s4, c4)
    s16, c16 = squared(s8, c8)
    s32, c32 = squared(s16, c16)
    two8, two32 = 2.0 * c8, 2.0 * c32
    a_s, a_c = s4 * c + c4 * s, c4 * c - s4 * s
    b_s, b_c = squared(a_s, a_c)
    ms, mc, lms, lmc = s32, c32, 0.0, 1.0
    ns, nc, lns, lnc = s32 * c8 + c32 * s8, c32 * c8 - s32 * s8, s8, c8
    u, lu, v, lv = c4, c4, c4 * c2 - s4 * s2, c2
    total = a_s * u + b_s * v
    for _ in range(4):
        a_s, a_c = a_s * mc + a_c * ms, a_c * mc - a_s * ms
        b_s, b_c = b_s * nc + b_c * ns, b_c * nc - b_s * ns
        u, lu = two8 * u - lu, u
        v, lv = two8 * v - lv, v
        total = total + a_s * u + b_s * v
        ms, lms = two32 * ms - lms, ms
        mc, lmc = two32 * mc - lmc, mc
        ns, lns = two32 * ns - lns, ns
        nc, lnc = two32 * nc - lnc, nc
    return 2.0 * total


def continuum(sines):
    return lambda q: (0.5 * (q[0] - math.pi / 2) - sines(q[0]),)


def muller(q, exp=jnp.exp, cos=jnp.cos):
    x, y = q
    a = exp(-(x - 1.0) ** 2 - 10.0 * y * y)
    b = exp(-x * x - 10.0 * (y - 0.5) ** 2)
    h, k, u, v = x + 0.5, y - 1.5, x + 1.0, y - 1.0
    c = exp(-6.5 * h * h + 11.0 * h * k - 6.5 * k * k)
    d = exp(0.7 * u * u + 0.6 * u * v + 0.7 * v * v)
    cx, cyx = cos(x * 1e5), cos((y - x) * 1e5)
    gx = 7.00272 * (x + 0.0500108) + 40.0 * a * (x - 1.0) + 20.0 * b * x
    gy = 11.96798 * (y - 0.4666941) + 400.0 * a * y + 200.0 * b * (y - 0.5)
    gx = gx + c * (221.0 * h - 187.0 * k) + d * (2.1 * u + 0.9 * v) + cx - cyx
    gy = gy + c * (221.0 * k - 187.0 * h) + d * (2.1 * v + 0.9 * u) + cyx
    return gx, gy


FORCES = {
    ("quadratic", "plain"): quadratic(jnp.cos),
    ("quadratic", "own"): quadratic(own_cos),
    ("continuum", "direct"): continuum(direct),
    ("continuum", "chebyshev"): continuum(chebyshev),
    ("continuum", "pairs"): continuum(pairs),
    ("continuum", "own"): continuum(lambda x: pairs(x, own_sin, own_cos)),
    ("muller", "plain"): muller,
    ("muller", "own"): lambda q: muller(q, own_exp, own_cos),
}


def loops(potential, force, counting):
    """Functions that advance a state by a number of steps: (state, steps) to a state."""
    system = SYSTEMS[potential]
    delta, keep = system.delta, math.exp(-system.gamma * system.delta)
    wide = bins(system)

    def step(x, p):
        p = tuple(keep * p - delta * g for p, g in zip(p, force(x)))
        return tuple(x + delta * p for x, p in zip(x, p)), p

    def place(x):
        """The bin number of every trajectory, in 32 bits."""
        at = 0
        for x, low, high in zip(x, system.low, system.high):
            scaled = jnp.clip((x - low) * (wide / (high - low)), 0.0, wide - 1.0)
            at = at * wide + scaled.astype(jnp.int32)
        return at

    def add(sums, p):
        return tuple(
            (first + p, second + p * p, third + p * p * p)
            for (first, second, third), p in zip(sums, p)
        )

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def bare(x, p, steps):
        return lax.fori_loop(0, steps, lambda _, state: step(*state), (x, p))

    @functools.partial(jax.jit, donate_argnums=(0, 1, 2, 3))
    def scatter(x, p, sums, counts, steps):
        def one(_, state):
            x, p, sums, counts = state
            x, p = step(x, p)
            counts = counts.at[place(x)].add(1, mode="promise_in_bounds")
            return x, p, add(sums, p), counts

        return lax.fori_loop(0, steps, one, (x, p, sums, counts))

    def recorded(x, p, sums):
        def one(state, _):
            x, p, sums = state
            x, p = step(x, p)
            return (x, p, add(sums, p)), place(x)

        return lax.scan(one, (x, p, sums), length=BLOCK)

    @functools.partial(jax.jit, donate_argnums=(0, 1, 2, 3))
    def block(x, p, sums, counts, steps):
        def one(_, state):
            x, p, sums, counts = state
            (x, p, sums), at = recorded(x, p, sums)
            counts = counts.at[at.ravel()].add(1, mode="promise_in_bounds")
            return x, p, sums, counts

        return lax.fori_loop(0, steps // BLOCK, one, (x, p, sums, counts))

    on_device = jax.jit(recorded, donate_argnums=(0, 1, 2))

    def host(x, p, sums, counts, steps):
        total = numpy.zeros(len(counts), numpy.int64)
        for _ in range(steps // BLOCK):
            (x, p, sums), at = on_device(x, p, sums)
            total += numpy.bincount(numpy.asarray(at).ravel(), minlength=len(total))
        return x, p, sums, counts + total

    return bare, {"scatter": scatter, "block": block, "host": host}.get(counting)


compiled = {}


def run(potential, variant, statistics, n, burn, steps, seed):
    """With `block` and `host` the number of steps is rounded down to blocks; it is answered."""
    system = SYSTEMS[potential]
    kind, _, counting = variant.partition(".")
    key = potential, kind, counting if statistics else None
    if key not in compiled:
        compiled[key] = loops(potential, FORCES[potential, kind], key[2])
    bare, observed = compiled[key]
    x, p = (tuple(map(jnp.asarray, rows)) for rows in starts(system, n, seed))
    x, p = bare(x, p, burn)

    def fresh():
        counts = jnp.zeros(bins(system) ** system.coordinates, jnp.int32)
        zeros = tuple(tuple(jnp.zeros(n) for _ in range(3)) for _ in p)
        return zeros, counts

    if statistics:
        x, p, *_ = observed(x, p, *fresh(), BLOCK)
    else:
        x, p = bare(x, p, 16)
    if statistics and counting != "scatter":
        steps = max(BLOCK, steps // BLOCK * BLOCK)
    sums, counts = fresh()
    jax.block_until_ready((x, p, sums, counts))
    wall, cpu = time.perf_counter(), time.process_time()
    if statistics:
        x, p, sums, counts = jax.block_until_ready(observed(x, p, sums, counts, steps))
    else:
        x, p = jax.block_until_ready(bare(x, p, steps))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    done = result(
        wall,
        cpu,
        [numpy.asarray(p) for p in p],
        [[s.sum() for s in row] for row in sums],
        numpy.asarray(counts) if statistics else None,
    )
    return done | {"steps": steps}


if __name__ == "__main__":
    answer(
        {"jax": jax.__version__, "jaxlib": jaxlib.__version__, "numpy": numpy.__version__}, run
    )
