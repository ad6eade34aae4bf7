"""Makes std_reference.txt: values and gradients of every function of `std/`, from the formulas as
published and not from the files of the library.

    program MODULE NAME V(...) = ...   a program that calls one function, or the one of that name
    set PARAMETER NUMBER               with a parameter at another value
    point Q1 Q2 ...                    numbers of type f64
    value V SCALE
    slope DV/DQ1 SCALE                 one for each coordinate

Values are computed with 50 digits; slopes are numerical derivatives of the values. SCALE is how far
rounding can move the result, in units of the relative rounding error 2^-53, to first order: each
operation on the way counts once with the size of its result, times the slope of what comes after
it. For a sum it is the sum of the sizes of its terms; for sin(x/eps) it is |x/eps*cos(x/eps)|, as it
has to be. Needs mpmath; takes about a minute:

    python3 make_std_reference.py > std_reference.txt
"""

import itertools
import random as generator

import mpmath
from mpmath import mp, mpf

mp.dps = 50
PI = +mp.pi


class Traced:
    """A number with its error, and its derivatives by the coordinates with theirs."""

    def __init__(self, v, e=0, d=None):
        self.v, self.e, self.d = mpf(v), mpf(e), d or {}

    @staticmethod
    def of(x):
        if isinstance(x, Traced):
            return x
        x = mpf(x)
        return Traced(x, 0 if mpf(float(x)) == x else abs(x))

    def __add__(self, other):
        other = Traced.of(other)
        v = self.v + other.v
        d = dict(self.d)
        for k, (s, e) in other.d.items():
            if k in d:
                s, e = s + d[k][0], e + d[k][1]
                e += abs(s)
            d[k] = (s, e)
        return Traced(v, self.e + other.e + abs(v), d)

    def __neg__(self):
        return Traced(-self.v, self.e, {k: (-s, e) for k, (s, e) in self.d.items()})

    def __mul__(self, other):
        other = Traced.of(other)
        v = self.v * other.v
        e = abs(self.v) * other.e + abs(other.v) * self.e + abs(v)
        left = Traced(0, 0, scaled(self, other.v, other.e))
        right = Traced(0, 0, scaled(other, self.v, self.e))
        return Traced(v, e, (left + right).d)

    def chain(self, f, slope, bend):
        e = abs(slope) * self.e + abs(f)
        return Traced(f, e, scaled(self, slope, abs(bend) * self.e + abs(slope)))

    def __pow__(self, n):
        x = self.v
        return self.chain(x**n, n * x ** (n - 1), n * (n - 1) * x ** (n - 2) if n > 1 or x else 0)

    def __sub__(self, other):
        return self + -Traced.of(other)

    def __truediv__(self, other):
        other = Traced.of(other)
        return self * other.chain(1 / other.v, -1 / other.v**2, 2 / other.v**3)

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return Traced.of(other) / self

    __radd__ = __add__
    __rmul__ = __mul__


def scaled(x, factor, error):
    """The derivatives of `x` times a factor with an error."""
    product = {}
    for k, (s, e) in x.d.items():
        p = s * factor
        product[k] = (p, abs(factor) * e + abs(s) * error + abs(p))
    return product


def function(f, slope, bend):
    def apply(x):
        if not isinstance(x, Traced):
            return f(mpf(x))
        return x.chain(f(x.v), slope(x.v), bend(x.v))

    return apply


exp = function(mp.exp, mp.exp, mp.exp)
sin = function(mp.sin, mp.cos, lambda x: -mp.sin(x))
cos = function(mp.cos, lambda x: -mp.sin(x), lambda x: -mp.cos(x))
tanh = function(
    mp.tanh, lambda x: 1 - mp.tanh(x) ** 2, lambda x: -2 * mp.tanh(x) * (1 - mp.tanh(x) ** 2)
)
sqrt = function(mp.sqrt, lambda x: 1 / (2 * mp.sqrt(x)), lambda x: -1 / (4 * mp.sqrt(x) ** 3))


def number(x):
    return x.v if isinstance(x, Traced) else x


# Landscapes


def double_well(x, barrier=mpf(1) / 4):
    return barrier * (x - 1) ** 2 * (x + 1) ** 2


def tilted_double_well(x, barrier=mpf(1) / 4, tilt=mpf("0.1")):
    return double_well(x, barrier) + tilt * x


def triple_well(x, barrier=mpf(1) / 4):
    return 27 * barrier / 4 * (x**6 - 2 * x**4 + x**2)


def tilted_washboard(x, barrier=mpf(1) / 4, tilt=mpf("0.1")):
    return barrier * sin(x / 2) ** 2 - tilt * x


MULLER_BROWN = [
    # A, a, b, c, x0, y0
    ("-200", "-1", "0", "-10", "1", "0"),
    ("-100", "-1", "0", "-10", "0", "0.5"),
    ("-170", "-6.5", "11", "-6.5", "-0.5", "1.5"),
    ("15", "0.7", "0.6", "0.7", "-1", "1"),
]


def muller_brown(x, y):
    total = 0
    for row in MULLER_BROWN:
        height, a, b, c, x0, y0 = map(mpf, row)
        dx, dy = x - x0, y - y0
        total = total + height * exp(a * dx**2 + b * dx * dy + c * dy**2)
    return total


def muller_brown_leveled(x, y):
    bowl = mpf("35.0136") * (x - mpf("-0.0500108")) ** 2
    bowl = bowl + mpf("59.8399") * (y - mpf("0.4666941")) ** 2
    return (bowl + muller_brown(x, y)) / 10


def himmelblau(x, y):
    return (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def rosenbrock_chain(*q):
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(q, q[1:]))


def rastrigin(*q, ripple=10):
    return len(q) * ripple + sum(x * x - ripple * cos(2 * PI * x) for x in q)


def henon_heiles(x, y):
    return (x * x + y * y) / 2 + x * x * y - y * y * y / 3


# Pairs


def lennard_jones(d, depth=1, size=1):
    return 4 * depth * ((size / d) ** 12 - (size / d) ** 6)


def repulsive_lennard_jones(d, depth, size):
    if number(d) >= mp.cbrt(mp.sqrt(2)) * number(size):
        return 0 * d
    return lennard_jones(d, depth, size) + depth


def morse(d, depth, steepness, length):
    bond = exp(steepness * (length - d))
    return depth * (bond * bond - 2 * bond + 1)


def buckingham(d, height, range, dispersion):
    return height * exp(-1 * d / range) - dispersion / d**6


def points(q):
    return [q[i : i + 3] for i in range(0, len(q), 3)]


def distance(a, b):
    return sqrt(sum((x - y) ** 2 for x, y in zip(a, b)))


def lennard_jones_cluster(*q):
    return sum(lennard_jones(distance(a, b)) for a, b in itertools.combinations(points(q), 2))


def morse_cluster(*q):
    *q, steepness = q
    total = 0
    for a, b in itertools.combinations(points(q), 2):
        bond = exp(steepness * (1 - distance(a, b)))
        total = total + bond * (bond - 2)
    return total


def trap(*q):
    *q, stiffness = q
    return stiffness * sum(x * x for x in q) / 2


# Torsions


def ryckaert_bellemans(phi, temperature=300):
    kelvin = [1116, 1462, -1578, -368, 3156, -3788]
    return sum(c * cos(phi) ** k if k else c for k, c in enumerate(kelvin)) / mpf(temperature)


def opls(phi, v1, v2, v3):
    return (v1 * (1 + cos(phi)) + v2 * (1 - cos(2 * phi)) + v3 * (1 + cos(3 * phi))) / 2


def two_torsions(a, b):
    return 2 + 2 * cos(a) + mpf("1.5") - mpf("1.5") * cos(2 * b) + mpf("0.8") * cos(a - b)


def torus_well(a, b, sharpness):
    return -1 * exp(-2 * sharpness * (sin(a / 2) ** 2 + sin(b / 2) ** 2))


def ramachandran(phi, psi):
    total = 3 + 3 * cos(phi)
    for depth, a, b, sharpness in [(11, -80, 75, 3), (8, -150, 160, 3), (10, -75, -25, 4), (9, 65, -55, 5)]:
        a, b = phi - a * PI / 180, psi - b * PI / 180
        total = total - depth * exp(sharpness * (cos(a) + cos(b) - 2))
    return total


# Chains


def harmonic_chain(*q):
    *q, stiffness, spacing = q
    return stiffness * sum((b - a - spacing) ** 2 for a, b in zip(q, q[1:])) / 2


def frenkel_kontorova(*q):
    *q, stiffness, spacing, height = q
    substrate = height * sum(1 - cos(x) for x in q)
    return harmonic_chain(*q, stiffness, spacing) + substrate


def anharmonic_spring(d, alpha, beta):
    return d**2 / 2 + alpha * d**3 / 3 + beta * d**4 / 4


def fermi_pasta_ulam(*q):
    *q, alpha, beta = q
    q = [mpf(0), *q, mpf(0)]
    return sum(anharmonic_spring(b - a, alpha, beta) for a, b in zip(q, q[1:]))


# Networks

INPUTS = [mpf(4 * i) / 10 for i in range(-5, 6)]
TARGETS = "-0.11 -0.69 -0.95 -0.97 -0.52 0.04 0.58 0.9 1.01 0.63 0.17"
TARGETS = [mpf(y) for y in TARGETS.split()]


def tanh_network(x, *w):
    *units, bias = w
    total = bias
    for i in range(0, len(units), 3):
        out, slope, shift = units[i : i + 3]
        total = total + out * tanh(slope * x + shift)
    return total


def network_loss(*w, decay=mpf("0.01")):
    errors = sum((tanh_network(x, *w) - y) ** 2 for x, y in zip(INPUTS, TARGETS))
    return errors / (2 * len(INPUTS)) + decay * sum(x * x for x in w) / 2


# Noise


def periodic_noise(x, amplitude, length):
    return amplitude * sin(x / length)


def quasi_periodic_noise(x, amplitude, length):
    root = mp.sqrt(2)
    return amplitude * (sin(x / length) + sin(root * x / length) / root)


def three_scale_noise(x, amplitude, length):
    return sum(amplitude / s * sin(s * x / length) for s in (mpf(1), mpf(10), mpf(100)))


def random(seed, i):
    """The hash of two whole numbers that the language documents."""
    step, last = 0x9E3779B97F4A7C15, 2**64 - 1

    def mix(z):
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & last
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & last
        return z ^ (z >> 31)

    state = mix(seed + step & last)
    u = mix(state + (i + 1) * step & last)
    return (mpf(u >> 12) + mpf(1) / 2) / 2**52


WAVES = 16


def random_noise(seed):
    def noise(x, amplitude, length):
        total = 0
        for k in range(1, WAVES + 1):
            wave = mpf(1) / 2 + random(seed, 2 * k - 1)
            total = total + sin(wave * x / length + 2 * PI * random(seed, 2 * k))
        return amplitude * total / mp.sqrt(WAVES)

    return noise


def sheared_noise(x, y, amplitude, length, shear):
    return amplitude * (sin(x / length) + sin((y + shear * x) / length))


def quasi_periodic_noise_2d(x, y, amplitude, length):
    total = 0
    for k in range(5):
        angle = 2 * PI * k / 5
        total = total + sin((x * mp.cos(angle) + y * mp.sin(angle)) / length)
    return amplitude * total / mp.sqrt(5)


def random_noise_2d(seed):
    def noise(x, y, amplitude, length):
        total = 0
        for k in range(1, WAVES + 1):
            angle = 2 * PI * random(seed, 2 * k - 1)
            phase = (x * mp.cos(angle) + y * mp.sin(angle)) / length
            total = total + sin(phase + 2 * PI * random(seed, 2 * k))
        return amplitude * total / mp.sqrt(WAVES)

    return noise


# What is written

rng = generator.Random(20241122)


def some(count, *ranges):
    """Points with coordinates in those ranges, of a few digits each."""
    return [[round(rng.uniform(*r), 4) for r in ranges] for _ in range(count)]


def crowd(n):
    """n points in space, all more than 0.8 apart and less than 1.2 from some other."""
    found = [[0.0, 0.0, 0.0]]
    while len(found) < n:
        new = [round(rng.uniform(-1.7, 1.7), 3) for _ in range(3)]
        near = min(sum((a - b) ** 2 for a, b in zip(new, old)) for old in found)
        if 0.8 < near**0.5 < 1.2:
            found.append(new)
    return [x for point in found for x in point]


def digits(x):
    return mpmath.nstr(x, 22, strip_zeros=True)


def case(module, name, program, f, where, sets=(), values=None):
    print(f"program {module} {name} {program}")
    for key, value in sets:
        print(f"set {key} {value}")
    for at in where:
        exact = [mpf(x) for x in at]
        traced = f(*[Traced(x, 0, {k: (mpf(1), mpf(0))}) for k, x in enumerate(exact)])
        value = f(*exact)
        assert abs(value - traced.v) <= mpf(10) ** -35 * (1 + traced.e), name
        print("point", *map(repr, at))
        print("value", digits(value), mpmath.nstr(traced.e, 4))
        for k, x in enumerate(exact):
            slope = mp.diff(lambda t: f(*exact[:k], t, *exact[k + 1 :]), x)
            known, scale = traced.d.get(k, (mpf(0), mpf(0)))
            assert abs(slope - known) <= mpf(10) ** -20 * (1 + scale), (name, at, k, slope, known)
            print("slope", digits(slope if known else known), mpmath.nstr(scale, 4))


def one(module, f, arguments, where, **more):
    name = f.__name__
    case(module, name, f"V({arguments}) = {name}({arguments})", f, where, **more)


def landscapes():
    m = "landscapes"
    line = [[0.0], [-1.0]] + some(5, (-2.5, 2.5))
    plane = some(5, (-1.5, 1.2), (-0.5, 2))
    barrier, tilt = ("barrier", 0.7), ("tilt", -0.3)
    high, steep = mpf(0.7), mpf(-0.3)
    for f, g, sets in [
        (double_well, lambda x: double_well(x, high), [barrier]),
        (tilted_double_well, lambda x: tilted_double_well(x, high, steep), [barrier, tilt]),
        (triple_well, lambda x: triple_well(x, high), [barrier]),
        (tilted_washboard, lambda x: tilted_washboard(x, high, steep), [barrier, tilt]),
    ]:
        one(m, f, "x", line)
        case(m, f.__name__, f"V(x) = {f.__name__}(x)", g, some(2, (-3, 3)), sets=sets)
    one(m, muller_brown, "x, y", plane)
    one(m, muller_brown_leveled, "x, y", plane)
    for f in himmelblau, rosenbrock, henon_heiles:
        one(m, f, "x, y", [[1.0, 1.0]] + some(5, (-4, 4), (-4, 4)))
    for n in 2, 3, 7:
        where = some(2, *[(-2, 2)] * n)
        case(m, "rosenbrock_chain", f"V(q[{n}]) = rosenbrock_chain(q)", rosenbrock_chain, where)
    for n in 1, 4:
        where = some(3, *[(-5, 5)] * n)
        case(m, "rastrigin", f"V(q[{n}]) = rastrigin(q)", rastrigin, where)
    low = lambda *q: rastrigin(*q, ripple=mpf(2.5))
    case(m, "rastrigin", "V(q[2]) = rastrigin(q)", low, some(2, (-3, 3), (-3, 3)), sets=[("ripple", 2.5)])


def pairs():
    m = "pairs"
    kinds = (0.5, 3), (0.8, 1.5)
    one(m, lennard_jones, "d, depth, size", [[1.0, 1.0, 1.0]] + some(5, (0.8, 3), *kinds))
    near, far = some(3, (0.7, 0.88), (0.5, 3), (0.8, 1.2)), some(3, (1.7, 3), (0.5, 3), (0.8, 1.5))
    one(m, repulsive_lennard_jones, "d, depth, size", near + far)
    one(m, morse, "d, depth, steepness, length", some(5, (0.5, 4), (0.5, 3), (0.5, 6), (0.8, 2)))
    one(m, buckingham, "d, height, range, dispersion", some(5, (0.7, 4), (100, 2000), (0.1, 0.4), (0.5, 3)))
    for n in 2, 3, 7:
        clusters = [crowd(n) for _ in range(2)]
        size = f"r[{n}, 3]"
        case(m, "lennard_jones_cluster", f"V({size}) = lennard_jones_cluster(r)", lennard_jones_cluster, clusters)
        for name, f, extra in [("morse_cluster", morse_cluster, "steepness"), ("trap", trap, "stiffness")]:
            where = [at + [round(rng.uniform(1, 7), 3)] for at in clusters]
            case(m, name, f"V({size}, {extra}) = {name}(r, {extra})", f, where)


def torsions():
    m = "torsions"
    turn = -3.2, 3.2
    one(m, ryckaert_bellemans, "phi", [[0.0]] + some(5, turn))
    kelvin = lambda phi: ryckaert_bellemans(phi, 1)
    case(m, "ryckaert_bellemans", "V(phi) = ryckaert_bellemans(phi)", kelvin, some(3, turn), sets=[("temperature", 1.0)])
    one(m, opls, "phi, v1, v2, v3", some(5, turn, (-2, 2), (-2, 2), (-2, 2)))
    one(m, two_torsions, "a, b", some(5, turn, turn))
    one(m, torus_well, "a, b, sharpness", some(5, turn, turn, (0.5, 6)))
    one(m, ramachandran, "phi, psi", some(7, turn, turn))


def chains():
    m = "chains"
    for n in 1, 2, 5, 8:
        free = [(-4, 4)] * n
        for f, rest in [(harmonic_chain, "stiffness, spacing"), (frenkel_kontorova, "stiffness, spacing, height")]:
            extra = [(0.2, 3)] * (1 + rest.count(","))
            name = f.__name__
            if n > 1 or f is frenkel_kontorova:
                case(m, name, f"V(q[{n}], {rest}) = {name}(q, {rest})", f, some(2, *free, *extra))
        where = some(2, *free, (-1, 1), (0, 1))
        case(m, "fermi_pasta_ulam", f"V(q[{n}], alpha, beta) = fermi_pasta_ulam(q, alpha, beta)", fermi_pasta_ulam, where)
    one(m, anharmonic_spring, "d, alpha, beta", some(5, (-2, 2), (-1, 1), (0, 1)))


def networks():
    m = "networks"
    for k in 1, 4, 10:
        weights = [(-2, 2)] * k
        case(m, "tanh_network", f"V(x, w[{k}]) = tanh_network(x, w)", tanh_network, some(2, (-2, 2), *weights))
        case(m, "network_loss", f"V(w[{k}]) = network_loss(w)", network_loss, some(3, *weights))
    case(
        m,
        "network_loss",
        "V(w[7]) = network_loss(w)",
        lambda *w: network_loss(*w, decay=mpf(0.3)),
        some(2, *[(-2, 2)] * 7),
        sets=[("decay", 0.3)],
    )


def noises():
    m = "noise"
    # Lengths down to those of the examples: phases of some hundred thousand.
    sizes = (0.0001, 0.5), (0.0001, 0.5)
    fast = [[0.7312, 0.00001, 0.00001], [-1.9, 0.001, 0.001]]
    for f in periodic_noise, quasi_periodic_noise, three_scale_noise:
        one(m, f, "x, amplitude, length", fast + some(4, (-3, 3), *sizes))
    for seed in 1, 2, 123456789, -5:
        program = f"V(x, amplitude, length) = random_noise(x, amplitude, length, {seed})"
        case(m, "random_noise", program, random_noise(seed), fast[:1] + some(2, (-3, 3), *sizes))
        program = f"V(x, y, amplitude, length) = random_noise_2d(x, y, amplitude, length, {seed})"
        where = [[0.3, *fast[0]]] + some(2, (-3, 3), (-3, 3), *sizes)
        case(m, "random_noise_2d", program, random_noise_2d(seed), where)
    plane = [[0.3, *fast[0]]] + some(4, (-3, 3), (-3, 3), *sizes)
    one(m, sheared_noise, "x, y, amplitude, length, shear", [at + [round(rng.uniform(-1, 1), 2)] for at in plane])
    one(m, quasi_periodic_noise_2d, "x, y, amplitude, length", plane)


if __name__ == "__main__":
    print("# Written by make_std_reference.py, which says what the lines are.")
    for module in landscapes, pairs, torsions, chains, networks, noises:
        module()
