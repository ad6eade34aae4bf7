/* A uniform B-spline: along each axis `cells` cells from lo to hi. Beyond them it continues along
 * its tangent (beyond = 2), stays constant (1) or is zero (0), unless it wraps. */
struct axis { double lo, hi; int cells, degree, wraps, beyond; };
struct spline { int axes; struct axis axis[3]; const double *coefficients; };

/* The n coefficients of a cell along one axis, at u from 0 to 1 in it: de Boor's algorithm. */
static double in_cell(const double *c, int n, double u)
{
    double d[8] = {0.0};
    for (int j = 0; j < n; j++)
        d[j] = c[j];
    for (int r = 1; r < n; r++)
        for (int j = n - 1; j >= r; j--) {
            const double w = (u + (n - 1 - j))/(n - r);
            d[j] = (1.0 - w)*d[j - 1] + w*d[j];
        }
    return n > 0 ? d[n - 1] : 0.0;
}

/* The same differentiated `order` times, for cells of width h; `excess` cells beyond the end. */
static double along(const double *c, int n, int order, double h, double u, double excess)
{
    double d[8] = {0.0};
    for (int j = 0; j < n; j++)
        d[j] = c[j];
    for (; order > 0 && n > 0; order--, n--)
        for (int j = 0; j + 1 < n; j++)
            d[j] = (d[j + 1] - d[j])/h;
    double value = in_cell(d, n, u);
    if (excess != 0.0) {
        for (int j = 0; j + 1 < n; j++)
            d[j] = d[j + 1] - d[j];
        value = fma(excess, in_cell(d, n - 1, u), value);
    }
    return value;
}

/* The spline at a point, differentiated so many times along each axis. */
static double spline_at(const struct spline *s, const int *order, const double *x)
{
    double c[512], h[3] = {0.0}, u[3] = {0.0}, excess[3] = {0.0};
    int cell[3] = {0}, count = 1;
    for (int a = 0; a < s->axes; a++) {
        const struct axis *e = &s->axis[a];
        if (!e->wraps && e->beyond <= order[a] && (x[a] < e->lo || x[a] > e->hi))
            return 0.0;
    }
    for (int a = 0; a < s->axes; a++) {
        const struct axis *e = &s->axis[a];
        double t = x[a] - e->lo;
        h[a] = (e->hi - e->lo)/e->cells;
        if (e->wraps)
            t = fma(-floor(t/(e->hi - e->lo)), e->hi - e->lo, t);
        t /= h[a];
        if (isnan(t))
            return t;
        const double near = fmin(fmax(t, 0.0), e->cells);
        cell[a] = near < e->cells ? (int)near : e->cells - 1;
        u[a] = near - cell[a];
        if (!e->wraps && e->beyond - order[a] >= 2 && e->degree > order[a])
            excess[a] = t - near;
        count *= e->degree + 1;
    }
    for (int i = 0; i < count; i++) {
        int rest = i, at = 0, stride = 1;
        for (int a = s->axes - 1; a >= 0; a--) {
            const struct axis *e = &s->axis[a];
            const int size = e->wraps ? e->cells : e->cells + e->degree;
            at += stride*((cell[a] + rest % (e->degree + 1)) % size);
            rest /= e->degree + 1;
            stride *= size;
        }
        c[i] = s->coefficients[at];
    }
    for (int a = s->axes - 1; a >= 0; a--) {
        const int n = s->axis[a].degree + 1;
        count /= n;
        for (int i = 0; i < count; i++)
            c[i] = along(c + i*n, n, order[a], h[a], u[a], excess[a]);
    }
    return c[0];
}

