"""Prints the minimax coefficients of src/kernel/elementary, by the exchange algorithm of Remez.

A polynomial of n coefficients with the least maximum of `weight * |f - p|` on an interval. Needs
mpmath; takes a minute:

    python3 make_coefficients.py
"""

import mpmath as m
from mpmath import mp, mpf, sqrt

mp.prec = 240
SMALL = mpf(10) ** -30


def solve(f, weight, xs, n):
    """The polynomial whose weighted error has one magnitude and alternating signs at n + 1 points."""
    a, b = m.matrix(n + 1, n + 1), m.matrix(n + 1, 1)
    for i, x in enumerate(xs):
        for j in range(n):
            a[i, j] = x**j
        a[i, n] = (-1) ** i / weight(x)
        b[i] = f(x)
    s = m.lu_solve(a, b)
    return [s[j] for j in range(n)], abs(s[n])


def extrema(e, count):
    """Places of local extrema of alternating sign, the smaller ends dropped."""
    found = []
    for i, here in enumerate(e):
        sides = [e[j] for j in (i - 1, i + 1) if 0 <= j < len(e)]
        if all((here - side) * m.sign(here) >= 0 for side in sides):
            if found and m.sign(e[found[-1]]) == m.sign(here):
                if abs(here) > abs(e[found[-1]]):
                    found[-1] = i
            else:
                found.append(i)
    while len(found) > count:
        found.pop(0 if abs(e[found[0]]) < abs(e[found[-1]]) else -1)
    return found


def remez(f, weight, a, b, n):
    a, b = mpf(a), mpf(b)
    # A weight that vanishes at an end would leave no equation there.
    least = max(weight(a), weight(b)) / 500
    floored = lambda u: max(weight(u), least)
    node = lambda k, count: (a + b) / 2 - (b - a) / 2 * m.cos(m.pi * k / mpf(count))
    xs = [node(k, n) for k in range(n + 1)]
    grid = [node(k, 40 * (n + 1)) for k in range(40 * (n + 1) + 1)]
    values, weights = [f(u) for u in grid], [floored(u) for u in grid]
    for _ in range(8):
        c, level = solve(f, floored, xs, n)
        e = [w * (v - m.polyval(c[::-1], u)) for u, v, w in zip(grid, values, weights)]
        places = extrema(e, n + 1)
        worst = max(abs(x) for x in e)
        if len(places) < n + 1 or worst / level < 1.0005:
            break
        xs = [grid[i] for i in places]
    return c, worst


def fit(name, f, weight, a, b, n):
    c, worst = remez(f, weight, a, b, n)
    c = [float(x) for x in c]
    points = [mpf(a) + (mpf(b) - mpf(a)) * k / 400 for k in range(401)]
    error = lambda u: abs(weight(u) * (f(u) - m.polyval([mpf(x) for x in c[::-1]], u)))
    rounded = max(error(u) for u in points)
    print(f"{name}: error {m.nstr(worst, 2)}, rounded {m.nstr(rounded, 2)}")
    for x in c:
        print(f"    {x!r},")


def filled(f):
    """`f` with its limit at 0, by more digits nearby."""

    def inner(u):
        with mp.workprec(500):
            v = f(u if abs(u) > SMALL else SMALL)
        return +v

    return inner


def odd(f):
    """`(f(r)/r - 1)/u` with `u = r^2`."""
    return filled(lambda u: (f(sqrt(u)) / sqrt(u) - 1) / u)


def relative(f):
    """The weight of `odd(f)` in the relative error of `f`."""
    return lambda u: u * sqrt(max(u, SMALL)) / f(sqrt(max(u, SMALL)))


def fit_turns(name, f, weight, first, n):
    """`f(u) = first + c[0] u + c[1] u^2 ...` for `u <= 1/4`, the largest coefficients rounded before
    the smaller ones are fitted; the weights of least squares grow with the error (Lawson)."""
    top = mpf("0.25") * mpf("1.0001")
    us = [top * (1 - m.cos(m.pi * (i + mpf(1) / 2) / 160)) / 2 for i in range(160)]
    fixed = [mpf(first)]
    for _ in range(3):
        k, w, best = len(fixed), [mpf(1)] * len(us), None
        size = n + 1 - k
        rows = [[weight(u) * (u / top) ** (k + j) for j in range(size)] for u in us]
        y = [weight(u) * (f(u) - m.polyval(fixed[::-1], u)) for u in us]
        for _ in range(40):
            a, b = m.matrix(size, size), m.matrix(size, 1)
            for row, value, here in zip(rows, y, w):
                for i in range(size):
                    b[i] += here * row[i] * value
                    for j in range(size):
                        a[i, j] += here * row[i] * row[j]
            c = m.lu_solve(a, b)
            e = [abs(v - sum(c[j] * row[j] for j in range(size))) for v, row in zip(y, rows)]
            if best is None or max(e) < best[0]:
                best = (max(e), [c[j] / top ** (k + j) for j in range(size)])
            w = [here * x for here, x in zip(w, e)]
            w = [x * len(us) / sum(w) for x in w]
        fixed.append(mpf(float(best[1][0])))
    c = fixed[1:] + [mpf(float(x)) for x in best[1][1:]]
    whole = [mpf(first)] + c
    rounded = max(abs(weight(u) * (f(u) - m.polyval(whole[::-1], u))) for u in us)
    print(f"{name}: error {m.nstr(best[0], 2)}, rounded {m.nstr(rounded, 2)}")
    for x in c:
        print(f"    {float(x)!r},")


u_itself = lambda u: u
COS = filled(lambda u: (m.cos(sqrt(u)) - 1) / u)
HALF, QUARTER = mpf("1.5708") ** 2, mpf("0.7855") ** 2
# A little more than the range, for roundings of the reduced argument.
MORE = mpf("1.0001")
fit("SIN", odd(m.sin), relative(m.sin), 0, HALF, 8)
fit("COS", COS, u_itself, 0, HALF, 8)
fit("TAN", odd(m.tan), relative(m.tan), 0, QUARTER, 14)

fit_turns("SIN_TURNS", lambda u: m.sin(m.pi * sqrt(u)) / sqrt(u), sqrt, float(m.pi), 7)
fit_turns("COS_TURNS", lambda u: m.cos(m.pi * sqrt(u)), lambda u: mpf(1), 1, 8)

L = m.log(2) / 2 * MORE
fit("EXP", filled(lambda r: (m.exp(r) - 1 - r) / r**2), lambda r: r * r, -L, L, 10)
fit("SINH", odd(m.sinh), u_itself, 0, 1, 7)
fit("TANH", odd(m.tanh), relative(m.tanh), 0, mpf("0.5494") ** 2, 10)

S = ((sqrt(2) - 1) / (sqrt(2) + 1) * MORE) ** 2
LOG = filled(lambda z: (2 * m.atanh(sqrt(z)) / sqrt(z) - 2) / z)
fit("LOG", LOG, u_itself, 0, S, 7)
fit("LOG_TAIL", filled(lambda z: (LOG(z) - mpf(2) / 3) / z), lambda z: z * z, 0, S, 8)

fit("ATAN", odd(m.atan), u_itself, 0, ((sqrt(2) - 1) * MORE) ** 2, 11)
fit("ASIN", odd(m.asin), u_itself, 0, mpf("0.2501"), 13)

fit("NEAR", filled(lambda u: m.erf(sqrt(u)) / sqrt(u)), lambda u: mpf(1), 0, 1, 13)
X = lambda t: 2 * (1 + t) / (1 - t)
G = lambda t: m.erfc(X(t)) * m.exp(X(t) ** 2) * (1 + 2 * X(t))
fit("FAR", G, lambda t: m.exp(-X(t) ** 2) / (1 + 2 * X(t)), -mpf(1) / 3, mpf(1) / 2, 14)

CBRT = lambda x: x ** (mpf(1) / 3)
fit("CBRT", CBRT, lambda x: 1 / CBRT(x), mpf("0.35"), mpf("2.84"), 5)
