"""What every contender does: the potentials, steps, frictions, starts and ranges of histograms.

The map is p' = c p - delta g(x), x' = x + delta p', c = exp(-gamma delta). `peers.c` has the same
numbers. A start is a center a coordinate, one spread of positions and one of momenta.
"""

import json
import math
import sys
from collections import namedtuple

System = namedtuple("System", "equation coordinates delta gamma start low high")

SYSTEMS = {
    "quadratic": System("(4.5)", 1, 0.5, 0.1, ((0.0,), 1.7, 1.7), (-10.0,), (10.0,)),
    "continuum": System("(4.7)", 1, 0.65, 0.5, ((math.pi / 2,), 3.5, 2.5), (-24.0,), (27.0,)),
    "muller": System(
        "(4.9)", 2, 0.035, 0.005, ((-0.05, 0.47), 0.3, 1.7), (-2.5, -1.5), (2.0, 3.0)
    ),
}

BINS = 512
SIDE = 128


def bins(system):
    """Bins along a coordinate."""
    return BINS if system.coordinates == 1 else SIDE


def starts(system, trajectories, seed):
    """Positions and momenta, each an array of (coordinates, trajectories)."""
    import numpy

    draw = numpy.random.default_rng(seed).standard_normal
    shape = (system.coordinates, trajectories)
    center, spread, momentum = system.start
    return numpy.array(center)[:, None] + spread * draw(shape), momentum * draw(shape)


def answer(versions, run):
    """Says `versions` and then answers requests, a line each:
    POTENTIAL VARIANT bare|statistics TRAJECTORIES BURN_IN STEPS SEED."""
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        potential, variant, mode, *numbers = line.split()
        result = run(potential, variant, mode == "statistics", *map(int, numbers))
        print(json.dumps(result), flush=True)


def result(wall, cpu, momenta, sums=None, histogram=None):
    """What a contender answers: seconds, the mean of p^2 over the last states, and statistics."""
    answer = {"wall": wall, "cpu": cpu, "last_p2": [float((p * p).mean()) for p in momenta]}
    if histogram is not None:
        answer["sums"] = [[float(s) for s in row] for row in sums]
        answer["histogram"] = [int(count) for count in histogram.ravel()]
    return answer
