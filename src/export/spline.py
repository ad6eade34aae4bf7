def _in_cell(c, u):
    """De Boor's algorithm along the last axis of c, at u from 0 to 1 in the cell."""
    n = c.shape[-1]
    d = [c[..., j] for j in range(n)]
    for r in range(1, n):
        for j in range(n - 1, r - 1, -1):
            w = (u + (n - 1 - j))/(n - r)
            d[j] = (1.0 - w)*d[j - 1] + w*d[j]
    return d[-1] if n else np.zeros(np.shape(u))


def _spline(table, order, *point):
    """A uniform B-spline, differentiated so many times along each axis.

    Along an axis (lo, hi, cells, degree, wraps, beyond); beyond the ends it continues along its
    tangent (beyond = 2), stays constant (1) or is zero (0), unless it wraps.
    """
    axes, c = table
    point = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in point))
    zero = np.zeros(point[0].shape, dtype=bool)
    nowhere = zero
    indices, places = [], []
    for at, (x, (lo, hi, cells, degree, wraps, beyond)) in enumerate(zip(point, axes)):
        h = (hi - lo)/cells
        if not wraps and beyond <= order[at]:
            zero = zero | (x < lo) | (x > hi)
        t = x - lo
        if wraps:
            t = t - (hi - lo)*np.floor(t/(hi - lo))
        t = t/h
        nowhere = nowhere | np.isnan(t)
        near = np.clip(np.where(np.isnan(t), 0.0, t), 0.0, cells)
        cell = np.minimum(np.floor(near), cells - 1)
        goes_on = not wraps and beyond - order[at] >= 2 and degree > order[at]
        places.append((h, near - cell, t - near if goes_on else None))
        index = (cell[..., None].astype(int) + np.arange(degree + 1)) % c.shape[at]
        indices.append(index.reshape(x.shape + (1,)*at + (-1,) + (1,)*(len(axes) - 1 - at)))
    c = c[tuple(indices)]
    for at in reversed(range(len(axes))):
        h, u, excess = places[at]
        u = u[(...,) + (None,)*at]
        for _ in range(order[at]):
            c = (c[..., 1:] - c[..., :-1])/h
        value = _in_cell(c, u)
        if excess is not None:
            slope = _in_cell(c[..., 1:] - c[..., :-1], u)
            excess = excess[(...,) + (None,)*at]
            value = np.where(excess == 0.0, value, value + excess*slope)
        c = value
    return np.where(zero, 0.0, np.where(nowhere, np.nan, c))


