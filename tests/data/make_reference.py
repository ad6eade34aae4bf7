"""Makes elementary.txt: points of every elementary function with their exact values.

A line is `function a b value rest`: the bits of the arguments and of the value rounded to f64 in
hexadecimal (b is 0 for functions of one argument), and what the rounded value lacks of the exact
one in thousandths of its unit in the last place. Needs mpmath; takes some seconds:

    python3 make_reference.py > elementary.txt
"""

import math
import random
import struct

import mpmath
from mpmath import mp, mpf

mp.prec = 300
POINTS = 40


def bits(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def rounded(value):
    """The nearest f64, also of subnormal numbers, and the rest in 1/1000 ulp."""
    if not mpmath.isfinite(value):
        return float(value), 0
    if value == 0:
        return 0.0, 0
    exponent = max(mpmath.frexp(value)[1] - 53, -1074)
    scaled = mpmath.ldexp(value, -exponent)
    whole = mpmath.nint(scaled)
    near = mpmath.ldexp(whole, exponent)
    if abs(near) >= mpf(2) ** 1024:
        return math.copysign(math.inf, near), 0
    return float(near), int(mpmath.nint(1000 * (scaled - whole)))


def log_uniform(rng, low, high, signs=True):
    x = math.exp(rng.uniform(math.log(low), math.log(high)))
    x = min(max(x, low), high)
    return -x if signs and rng.random() < 0.5 else x


def one(rng, *ranges):
    """Points of functions of one argument: log-uniform for `(low, high, signs)`, else uniform."""
    for r in ranges:
        for _ in range(POINTS):
            yield (log_uniform(rng, *r) if len(r) == 3 else rng.uniform(*r)), 0.0


def near_multiples(rng, step, ranges):
    """The f64 nearest to odd and even multiples of `step`: the zeros and poles."""
    for high in ranges:
        for _ in range(POINTS // 2):
            yield float(rng.randint(1, high) * step), 0.0


def two(rng, *ranges):
    for (a, b) in ranges:
        for _ in range(POINTS):
            yield log_uniform(rng, *a), log_uniform(rng, *b)


def circular(rng):
    yield from one(rng, (5e-324, 1e-300, True), (1e-300, 1e-3, True), (1e-3, 1.0, True), (-100.0, 100.0),
                   (1.0, 1e8, True), (1e6, 1e8, True))
    yield from near_multiples(rng, mpmath.pi / 2, (10, 10**4, 6 * 10**7))
    yield from one(rng, (1e8, 1e13, True))


def tails(*ranges):
    return lambda rng: one(rng, (5e-324, 1e-300, True), (1e-300, 1e-5, True), (1e-5, 1.0, True), *ranges)


def exact(function):
    return lambda a, b: function(mpf(a))


def powers(rng):
    yield from two(rng, ((0.1, 10.0, False), (0.1, 10.0, True)), ((1e-3, 1e3, False), (0.5, 30.0, True)),
                   ((0.9, 1.1, False), (1.0, 5e3, True)), ((1e-300, 1e300, False), (1e-3, 0.9, True)),
                   ((5e-324, 1e-308, False), (1e-3, 0.9, True)))
    for _ in range(POINTS):
        yield rng.uniform(-50.0, 50.0), float(rng.randint(-60, 60))


POSITIVE = ((5e-324, 2e-308, False), (1e-307, 1e307, False), (0.5, 2.0), (0.999, 1.001), (1e-3, 1e3, False))

FUNCTIONS = {
    "sin": (exact(mpmath.sin), circular),
    "cos": (exact(mpmath.cos), circular),
    "tan": (exact(mpmath.tan), circular),
    "asin": (exact(mpmath.asin), tails((-1.0, 1.0), (0.49, 0.51), (0.99, 1.0))),
    "acos": (exact(mpmath.acos), tails((-1.0, 1.0), (0.49, 0.51), (0.99, 1.0))),
    "atan": (exact(mpmath.atan), tails((-4.0, 4.0), (1.0, 1e20, True), (0.40, 0.43), (2.40, 2.43))),
    "atan2": (lambda a, b: mpmath.atan2(mpf(a), mpf(b)),
              lambda rng: two(rng, ((1e-3, 1e3, True), (1e-3, 1e3, True)), ((1e-300, 1e300, True), (1e-300, 1e300, True)),
                              ((1e307, 1.7e308, True), (1e307, 1.7e308, True)), ((0.9, 1.1, True), (0.3, 3.0, True)))),
    "sinh": (exact(mpmath.sinh), tails((0.5, 20.0, True), (0.9, 1.5), (20.0, 710.0, True), (709.0, 710.4))),
    "cosh": (exact(mpmath.cosh), tails((0.5, 20.0, True), (20.0, 710.0, True), (709.0, 710.4))),
    "tanh": (exact(mpmath.tanh), tails((-3.0, 3.0), (1.0, 1e3, True))),
    "asinh": (exact(mpmath.asinh), tails((-3.0, 3.0), (1.0, 1e307, True), (1e8, 1e10, True))),
    "acosh": (exact(mpmath.acosh), lambda rng: one(rng, (1.0, 1.001), (1.0, 3.0), (1.0, 1e307, False), (1e8, 1e10, False))),
    "atanh": (exact(mpmath.atanh), tails((-1.0, 1.0), (0.99, 1.0), (0.2, 0.6))),
    "exp": (exact(mpmath.exp), tails((-1.0, 1.0), (-708.0, 709.7), (-40.0, 40.0), (709.0, 709.78))),
    "expm1": (exact(mpmath.expm1), tails((-1.2, 1.2), (-40.0, 709.7), (709.0, 709.78))),
    "log": (exact(mpmath.log), lambda rng: one(rng, *POSITIVE)),
    "log10": (exact(mpmath.log10), lambda rng: one(rng, *POSITIVE)),
    "log1p": (exact(mpmath.log1p), tails((-0.9999, 0.0), (-0.3, 0.5), (1.0, 1e307, False), (1e10, 1e20, False), (1e307, 1.7e308))),
    "cbrt": (exact(lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x))), tails((-100.0, 100.0), (1.0, 1e308, True))),
    "erf": (exact(mpmath.erf), tails((-1.1, 1.1), (0.9, 3.0), (-6.5, 6.5))),
    "hypot": (lambda a, b: mpmath.sqrt(mpf(a) ** 2 + mpf(b) ** 2),
              lambda rng: two(rng, ((0.1, 10.0, True), (0.1, 10.0, True)), ((1e-300, 1e300, True), (1e-300, 1e300, True)),
                              ((5e-324, 1e-300, True), (5e-324, 1e-300, True)), ((1e150, 1e308, True), (1e150, 1e308, True)))),
    "^": (lambda a, b: mpf(a) ** (int(b) if b == int(b) else mpf(b)), powers),
}

for name, (function, points) in FUNCTIONS.items():
    # A seed of its own, so that a change of one function leaves the others alone.
    rng = random.Random(name)
    for a, b in points(rng):
        if name in ("log1p", "atanh", "asin", "acos") and not -1.0 < a:
            continue
        if name in ("asin", "acos", "atanh") and not a < 1.0:
            continue
        value, rest = rounded(function(a, b))
        print(f"{name} {bits(a):x} {bits(b):x} {bits(value):x} {rest}")
