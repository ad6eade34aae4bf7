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
POINTS = 100


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

# The points with the largest errors among a million of each function, found by comparison with
# libquadmath: bits of the arguments.
HARD = {
    "sin": "4078725ddaa98370, 40aad07b272fd430, bff967824db00937, c04d207071d432d0",
    "cos": "405312b2bcb3843c, c111864e8a0ff0df, c1248e8affbf7562, c031f35fa502e680",
    "tan": "c000ae5ce0eea48e, 4000b4b6ac379a98, 4000b8d8482ad0d2, c00094377a1023a0",
    "asin": "bfe0283188cce0b9, bfe04607e45a9fc8, bfe02d5e24295c45, bfe0071d2c1a9312",
    "acos": "bfe086ccb28fc5ba, bfe07b82e2b840fa, bfe023fc6843541e, bfe077c2a07e5907",
    "atan": "bfdb5c1e8da8ceaf, 3fda9b4f0939c9f1, bfdcbf3ed3223215, 3fdb3fc8e193216d",
    "atan2": "85d76befb5a33a2d 5ebd2e9fdbbc6e8, ffd6faa181d6740f 7feb7dcd968014de, bfeaa680720663d7 3ffef355fdec19aa, 7fab9dbb6afd58b1 7fbf8d96f95f61d0",
    "sinh": "3ff6fd18bb0df3e0, 3ff6927a8d10cc20, 3ff704c78d3a666e, 3ff68197187454b6",
    "cosh": "4003ed01d277044a, c003bafa1dd7d263, 4003cfd3c7507ec2, c0310d67335b6853",
    "tanh": "3fe1ed57fb725187, 3fe1b2fad1cb73a5, 3fe1c4e2b3277270, bfe1e696fcb86a90",
    "asinh": "3fd6eb95828e2620, 3fd8bd0618fa21a0, 3fd9e677bb42f804, 3fd8217eb3e90480",
    "acosh": "3ff079929255b165, 3ff007eaeab29bb7, 3ff0001fd4324d5a, 3ff0001ffc274765",
    "atanh": "bfc975ba98333716, bfc83598592d8712, bfc8051ab14785d2, bfc68875fc0b6e8a",
    "exp": "bfefbe41977f53b2, c07f623ae620098f, 407db352d8057044, c040cf71710450d9",
    "expm1": "3fd6f616d3cc31f8, 3fd74ffa9bffabf8, 3fd69e68dd163e0e, 3fd6be20eb85ae80",
    "log": "3ff6720dc1e24af3, 3ff45e4915cb0bdb, 3ff67af834624023, 3ff66382cf3a3a7a",
    "log1p": "3fda8fbd137bd627, 3fddc139839f73d3, 3fdcf5a08b927647, 3fdd530d77f92c5f",
    "log10": "232903f9dac01562, 3fe0317f846a1cb5, 4087503ec9cd26e2, 379d1cbdd2",
    "cbrt": "3fee969a63e592a0, 401ee7f6d18f0c38, 3fef0423591a6710, e17f074d39eb8f18",
    "erf": "bfde4ac9abed403c, 3fde824f05373574, 3fddae9c848dd184, bfdde9808fd5e2aa",
    "hypot": "55ee2f933fb729fb 56875c63cd93f890, fe18f2a0f6997507 fef73e9ee666cdb3, 824fa2a15118786e 8296dbb090861309, aa63daba54f2f35a aa87bc6dd5b81a22",
    "^": "b99980 3fd0b83a5c1cdda7, 15085c bf75d2bbef2708be, 3fed7968dc6cf6e2 40281f689ee57bfb, 3ff04774c84e9de9 c098b1992116c449",
}


def number(bits):
    return struct.unpack("<d", struct.pack("<Q", int(bits, 16)))[0]


def hard(name):
    for point in HARD[name].split(", "):
        a, b = (point + " 0").split()[:2]
        yield number(a), number(b)


for name, (function, points) in FUNCTIONS.items():
    # A seed of its own, so that a change of one function leaves the others alone.
    rng = random.Random(name)
    for a, b in [*points(rng), *hard(name)]:
        if name in ("log1p", "atanh", "asin", "acos") and not -1.0 < a:
            continue
        if name in ("asin", "acos", "atanh") and not a < 1.0:
            continue
        value, rest = rounded(function(a, b))
        print(f"{name} {bits(a):x} {bits(b):x} {bits(value):x} {rest}")
