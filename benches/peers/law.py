"""Whether two contenders sample the same law, judged by the spread of their independent runs."""

import math

# More standard errors than this is a disagreement; so is this many times the total variation that
# the spread over runs explains.
LIMIT = 6.0
CELLS = {1: 40, 2: 12}


def coarse(histogram, grid, to):
    """Frequencies in the cells `to` = (low, high, shape) from counts on a finer `grid`; a bin that
    lies in two cells is shared by its parts in them."""
    totals = 1.0 / max(1, sum(histogram))
    shares = [overlap(*axis) for axis in zip(*grid, *to)]
    out = [0.0] * math.prod(to[2])
    if len(shares) == 1:
        for count, parts in zip(histogram, shares[0]):
            for cell, part in parts:
                out[cell] += count * part * totals
        return out
    wide, rows = grid[2][1], to[2][1]
    for k, count in enumerate(histogram):
        if count:
            for r, first in shares[0][k // wide]:
                for c, second in shares[1][k % wide]:
                    out[r * rows + c] += count * first * second * totals
    return out


def overlap(low, high, n, to_low, to_high, cells):
    """For each bin the cells that it meets, the outermost taking what is beyond, and its parts."""
    width, cell = (high - low) / n, (to_high - to_low) / cells
    found = []
    for k in range(n):
        a, b = ((low + i * width - to_low) / cell for i in (k, k + 1))
        parts = {}
        for c in range(math.floor(a), math.ceil(b)):
            part = (min(b, c + 1) - max(a, c)) / (b - a)
            at = min(max(c, 0), cells - 1)
            parts[at] = parts.get(at, 0.0) + part
        found.append(list(parts.items()))
    return found


def cells(grid):
    """The cells that a law is compared on."""
    low, high, shape = grid
    return low, high, [CELLS[len(shape)]] * len(shape)


def mean_and_error2(values):
    """Mean, and the square of its standard error."""
    n = len(values)
    mean = sum(values) / n
    return mean, sum((v - mean) ** 2 for v in values) / (n - 1) / n


def difference(a, b):
    """Relative difference of means of two lists, and how many standard errors it is."""
    (m, e), (n, f) = mean_and_error2(a), mean_and_error2(b)
    error = math.sqrt(e + f)
    return (m - n) / n, (m - n) / error if error > 0 else math.inf * (m != n)


def total_variation(a, b):
    """Of the mean frequencies of two lists of runs: as found, and as expected of equal laws."""
    found = expected = 0.0
    for first, second in zip(zip(*a), zip(*b)):
        (m, e), (n, f) = mean_and_error2(first), mean_and_error2(second)
        found += abs(m - n) / 2
        expected += math.sqrt((e + f) * 2 / math.pi) / 2
    return found, expected


def grouping(frequencies, grid, to):
    """What sharing bins among cells can move: (h/H)^2/8 of the steps between neighbours."""
    if grid[2] == to[2]:
        return 0.0
    moved, strides = 0.0, [math.prod(to[2][d + 1 :]) for d in range(len(to[2]))]
    for d, stride in enumerate(strides):
        ratio = (grid[1][d] - grid[0][d]) / grid[2][d] / ((to[1][d] - to[0][d]) / to[2][d])
        jumps = sum(
            abs(frequencies[k + stride] - frequencies[k])
            for k in range(len(frequencies))
            if k // stride % to[2][d] < to[2][d] - 1
        )
        moved += ratio**2 / 8 * jumps
    return moved


def compare(one, other):
    """What to say of two samples {"p2": [[..] a coordinate] or None, "runs", "allowed"}, and
    whether they agree."""
    found, expected = total_variation(one["runs"], other["runs"])
    allowed = one["allowed"] + other["allowed"]
    agree = found <= LIMIT * expected + allowed
    report = {"tv": found, "tv_expected": expected, "tv_grouping": allowed}
    if one["p2"] and other["p2"]:
        pairs = [difference(a, b) for a, b in zip(one["p2"], other["p2"])]
        report["p2"] = [relative for relative, _ in pairs]
        report["p2_errors"] = [errors for _, errors in pairs]
        agree = agree and all(abs(errors) <= LIMIT for _, errors in pairs)
    return report | {"agree": agree}
