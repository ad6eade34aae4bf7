"""The damped map by numba: loops over an ensemble in arrays, compiled with fastmath.

With `icc_rt` installed numba calls Intel's vector mathematics (SVML) in the loops. The variants
are those of `peers.c`.
"""

import math
import time

import llvmlite
import numba
import numpy
from numba import njit

from systems import BINS, SIDE, SYSTEMS, answer, result, starts

COPIES = 4
PENDING = 4096
jit = njit(fastmath=True, error_model="numpy")


def quadratic(split):
    delta, keep = SYSTEMS["quadratic"].delta, decay("quadratic")

    @jit
    def fused(n, x, p, w):
        for i in range(n):
            at = x[0, i]
            g = at + math.cos(at * 20.0) + math.cos(at * 1000.0)
            after = keep * p[0, i] - delta * g
            p[0, i] = after
            x[0, i] = at + delta * after

    @jit
    def parts(n, x, p, w):
        for i in range(n):
            w[0, i] = math.cos(x[0, i] * 20.0)
        for i in range(n):
            w[1, i] = math.cos(x[0, i] * 1000.0)
        for i in range(n):
            at = x[0, i]
            after = keep * p[0, i] - delta * (at + w[0, i] + w[1, i])
            p[0, i] = after
            x[0, i] = at + delta * after

    return parts if split else fused


def continuum(sines):
    delta, keep = SYSTEMS["continuum"].delta, decay("continuum")
    half_pi = math.pi / 2

    @jit
    def step(n, x, p, w):
        sines(n, x, w)
        for i in range(n):
            at = x[0, i]
            after = keep * p[0, i] - delta * (0.5 * (at - half_pi) - w[2, i])
            p[0, i] = after
            x[0, i] = at + delta * after

    return step


@jit
def direct(n, x, w):
    for i in range(n):
        w[2, i] = math.sin(x[0, i])
    for k in range(2, 21):
        for i in range(n):
            w[2, i] += math.sin(k * k * x[0, i])


@jit
def angle(n, x, w):
    for i in range(n):
        w[0, i] = math.sin(x[0, i])
    for i in range(n):
        w[1, i] = math.cos(x[0, i])


@jit
def chebyshev(n, x, w):
    """z^(k+1)^2 = z^k^2 z^(2k+1), the odd powers by Chebyshev's recurrence."""
    angle(n, x, w)
    for i in range(n):
        s, c = w[0, i], w[1, i]
        twice = 2.0 - 4.0 * s * s
        vs, vc, us, uc, ws, wc = -s, c, s, c, s, c
        total = s
        for _ in range(19):
            ts, tc = twice * us - vs, twice * uc - vc
            vs, vc, us, uc = us, uc, ts, tc
            ws, wc = ws * uc + wc * us, wc * uc - ws * us
            total += ws
        w[2, i] = total


@jit
def pairs(n, x, w):
    """sin((k+1)^2 q) + sin((k-1)^2 q) = 2 sin((k^2+1) q) cos(2kq), as in `peers.c`."""
    angle(n, x, w)
    for i in range(n):
        s, c = w[0, i], w[1, i]
        s2, c2 = 2.0 * s * c, 1.0 - 2.0 * s * s
        s4, c4 = 2.0 * s2 * c2, 1.0 - 2.0 * s2 * s2
        s8, c8 = 2.0 * s4 * c4, 1.0 - 2.0 * s4 * s4
        s16, c16 = 2.0 * s8 * c8, 1.0 - 2.0 * s8 * s8
        s32, c32 = 2.0 * s16 * c16, 1.0 - 2.0 * s16 * s16
        two8, two32 = 2.0 * c8, 2.0 * c32
        a_s, a_c = s4 * c + c4 * s, c4 * c - s4 * s
        b_s, b_c = 2.0 * a_s * a_c, 1.0 - 2.0 * a_s * a_s
        ms, mc, lms, lmc = s32, c32, 0.0, 1.0
        ns, nc, lns, lnc = s32 * c8 + c32 * s8, c32 * c8 - s32 * s8, s8, c8
        u, lu, v, lv = c4, c4, c4 * c2 - s4 * s2, c2
        first, second = a_s * u, b_s * v
        for _ in range(4):
            a_s, a_c = a_s * mc + a_c * ms, a_c * mc - a_s * ms
            b_s, b_c = b_s * nc + b_c * ns, b_c * nc - b_s * ns
            u, lu = two8 * u - lu, u
            v, lv = two8 * v - lv, v
            first += a_s * u
            second += b_s * v
            ms, lms = two32 * ms - lms, ms
            mc, lmc = two32 * mc - lmc, mc
            ns, lns = two32 * ns - lns, ns
            nc, lnc = two32 * nc - lnc, nc
        w[2, i] = 2.0 * (first + second)


@jit
def exponents(at, to):
    a = -(at - 1.0) * (at - 1.0) - 10.0 * to * to
    b = -at * at - 10.0 * (to - 0.5) * (to - 0.5)
    h, k = at + 0.5, to - 1.5
    c = -6.5 * h * h + 11.0 * h * k - 6.5 * k * k
    h, k = at + 1.0, to - 1.0
    d = 0.7 * h * h + 0.6 * h * k + 0.7 * k * k
    return a, b, c, d


@jit
def force(x, y, a, b, c, d, cx, cyx):
    gx = 7.00272 * (x + 0.0500108) + 40.0 * a * (x - 1.0) + 20.0 * b * x
    gy = 11.96798 * (y - 0.4666941) + 400.0 * a * y + 200.0 * b * (y - 0.5)
    h, k, u, v = x + 0.5, y - 1.5, x + 1.0, y - 1.0
    gx += c * (221.0 * h - 187.0 * k) + d * (2.1 * u + 0.9 * v) + cx - cyx
    gy += c * (221.0 * k - 187.0 * h) + d * (2.1 * v + 0.9 * u) + cyx
    return gx, gy


def muller(split):
    delta, keep = SYSTEMS["muller"].delta, decay("muller")

    @jit
    def kick(i, x, p, gx, gy):
        p[0, i] = keep * p[0, i] - delta * gx
        p[1, i] = keep * p[1, i] - delta * gy
        x[0, i] += delta * p[0, i]
        x[1, i] += delta * p[1, i]

    @jit
    def fused(n, x, p, w):
        for i in range(n):
            at, to = x[0, i], x[1, i]
            a, b, c, d = exponents(at, to)
            cx, cyx = math.cos(at * 1e5), math.cos((to - at) * 1e5)
            gx, gy = force(
                at, to, math.exp(a), math.exp(b), math.exp(c), math.exp(d), cx, cyx
            )
            kick(i, x, p, gx, gy)

    @jit
    def parts(n, x, p, w):
        for i in range(n):
            w[0, i], w[1, i], w[2, i], w[3, i] = exponents(x[0, i], x[1, i])
        for k in range(4):
            for i in range(n):
                w[k, i] = math.exp(w[k, i])
        for i in range(n):
            w[4, i] = math.cos(x[0, i] * 1e5)
        for i in range(n):
            w[5, i] = math.cos((x[1, i] - x[0, i]) * 1e5)
        for i in range(n):
            gx, gy = force(
                x[0, i], x[1, i], w[0, i], w[1, i], w[2, i], w[3, i], w[4, i], w[5, i]
            )
            kick(i, x, p, gx, gy)

    return parts if split else fused


def decay(name):
    return math.exp(-SYSTEMS[name].gamma * SYSTEMS[name].delta)


STEPS = {
    ("quadratic", "fused"): lambda: quadratic(False),
    ("quadratic", "split"): lambda: quadratic(True),
    ("continuum", "direct"): lambda: continuum(direct),
    ("continuum", "chebyshev"): lambda: continuum(chebyshev),
    ("continuum", "pairs"): lambda: continuum(pairs),
    ("muller", "fused"): lambda: muller(False),
    ("muller", "split"): lambda: muller(True),
}


def observer(system):
    """Writes the bins of the positions and adds to the power sums."""
    low, high = system.low, system.high
    if system.coordinates == 1:
        from_x, per_x = low[0], BINS / (high[0] - low[0])

        @jit
        def observe(n, x, p, bins, sums):
            s1 = s2 = s3 = 0.0
            for i in range(n):
                bins[i] = numpy.int32(min(max((x[0, i] - from_x) * per_x, 0.0), BINS - 1.0))
            for i in range(n):
                at = p[0, i]
                s1 += at
                s2 += at * at
                s3 += at * at * at
            sums[0, 0] += s1
            sums[0, 1] += s2
            sums[0, 2] += s3

        return observe

    x_low, y_low = low
    x_per, y_per = SIDE / (high[0] - low[0]), SIDE / (high[1] - low[1])

    @jit
    def observe_plane(n, x, p, bins, sums):
        for i in range(n):
            row = numpy.int32(min(max((x[0, i] - x_low) * x_per, 0.0), SIDE - 1.0))
            column = numpy.int32(min(max((x[1, i] - y_low) * y_per, 0.0), SIDE - 1.0))
            bins[i] = row * SIDE + column
        for d in range(2):
            s1 = s2 = s3 = 0.0
            for i in range(n):
                at = p[d, i]
                s1 += at
                s2 += at * at
                s3 += at * at * at
            sums[d, 0] += s1
            sums[d, 1] += s2
            sums[d, 2] += s3

    return observe_plane


def loops(step, system):
    """The loops over steps, without statistics and with them."""
    observe = observer(system)
    copies = COPIES if system.coordinates == 1 else 1

    @jit
    def bare(n, steps, x, p, w):
        for _ in range(steps):
            step(n, x, p, w)

    @jit
    def observed(n, steps, x, p, w, pending, sums, counts):
        room = PENDING // n
        while steps > 0:
            block = min(steps, room)
            for t in range(block):
                step(n, x, p, w)
                observe(n, x, p, pending[t * n : (t + 1) * n], sums)
            for i in range(0, n * block, 4):
                counts[0, pending[i]] += 1
                counts[1 % copies, pending[i + 1]] += 1
                counts[2 % copies, pending[i + 2]] += 1
                counts[3 % copies, pending[i + 3]] += 1
            steps -= block

    return bare, observed


compiled = {}


def run(potential, variant, statistics, n, burn, steps, seed):
    system = SYSTEMS[potential]
    if (potential, variant) not in compiled:
        compiled[potential, variant] = loops(STEPS[potential, variant](), system)
    bare, observed = compiled[potential, variant]
    x, p = starts(system, n, seed)
    w = numpy.zeros((6, n))
    pending = numpy.zeros(PENDING, numpy.int32)
    rows = (COPIES, BINS) if system.coordinates == 1 else (1, SIDE * SIDE)
    counts = numpy.zeros(rows, numpy.int32)
    sums = numpy.zeros((system.coordinates, 3))

    def advance(steps):
        if statistics:
            observed(n, steps, x, p, w, pending, sums, counts)
        else:
            bare(n, steps, x, p, w)

    bare(n, burn, x, p, w)
    advance(16)
    sums[:], counts[:] = 0, 0
    wall, cpu = time.perf_counter(), time.process_time()
    advance(steps)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return result(wall, cpu, p, sums, counts.sum(axis=0) if statistics else None)


if __name__ == "__main__":
    answer(
        {
            "numba": numba.__version__,
            "llvmlite": llvmlite.__version__,
            "numpy": numpy.__version__,
            "svml": bool(numba.config.USING_SVML),
        },
        run,
    )
