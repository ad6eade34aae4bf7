/* The damped map in three potentials of Li & Tao 2024, as an expert would write it in C for gcc
 * and libmvec: an ensemble in aligned arrays, loops over trajectories vectorised by the compiler.
 *
 *   p' = c p - delta g(x),  x' = x + delta p',  c = exp(-gamma delta)
 *
 * peers POTENTIAL VARIANT bare|statistics TRAJECTORIES BURN_IN STEPS SEED
 *
 * prints one line of JSON: seconds of wall and of processor for STEPS steps of every trajectory,
 * the mean of p^2 over the last states, and with statistics the power sums of each momentum and
 * the histogram of the positions after every step. `peers list` prints potentials and variants. */

#define _GNU_SOURCE
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MOST = 4096,    /* trajectories */
    PENDING = 4096, /* bin numbers that wait to be counted: 16 KiB */
    BINS = 512,     /* of a histogram in one coordinate */
    SIDE = 128,     /* of one in two */
    COPIES = 4      /* of the histogram in one, so that equal neighbours do not wait */
};

#define ALIGNED _Alignas(64) static
#define SIMD _Pragma("omp simd")
#define INLINE static inline __attribute__((always_inline))

/* The state, and what a step leaves for the next loop. */
ALIGNED double X[MOST], P[MOST], Y[MOST], Q[MOST];
ALIGNED double A[MOST], B[MOST], C[MOST], D[MOST], E[MOST], F[MOST];

ALIGNED uint32_t pending[PENDING];
ALIGNED uint32_t histogram[SIDE * SIDE];
ALIGNED uint32_t copies[COPIES][BINS];
static double sums[2][3];

static void forget(void) {
    memset(histogram, 0, sizeof histogram);
    memset(copies, 0, sizeof copies);
    memset(sums, 0, sizeof sums);
}

/* --- statistics ----------------------------------------------------------------------------- */

INLINE double within(double v, double most) {
    v = v < most ? v : most;
    return v > 0.0 ? v : 0.0;
}

/* Bin numbers to `bins` and power sums of p, for one coordinate. */
INLINE void observe_1(int n, uint32_t *restrict bins, double low, double per) {
    double s1 = 0, s2 = 0, s3 = 0;
    _Pragma("omp simd reduction(+ : s1, s2, s3)")
    for (int i = 0; i < n; i++) {
        bins[i] = (uint32_t)(int)within((X[i] - low) * per, BINS - 1);
        double p = P[i], square = p * p;
        s1 += p;
        s2 += square;
        s3 += square * p;
    }
    sums[0][0] += s1;
    sums[0][1] += s2;
    sums[0][2] += s3;
}

INLINE void observe_2(int n, uint32_t *restrict bins, double lx, double px, double ly, double py) {
    double s1 = 0, s2 = 0, s3 = 0, t1 = 0, t2 = 0, t3 = 0;
    _Pragma("omp simd reduction(+ : s1, s2, s3, t1, t2, t3)")
    for (int i = 0; i < n; i++) {
        int row = (int)within((X[i] - lx) * px, SIDE - 1);
        int column = (int)within((Y[i] - ly) * py, SIDE - 1);
        bins[i] = (uint32_t)(row * SIDE + column);
        double p = P[i], p2 = p * p, q = Q[i], q2 = q * q;
        s1 += p;
        s2 += p2;
        s3 += p2 * p;
        t1 += q;
        t2 += q2;
        t3 += q2 * q;
    }
    sums[0][0] += s1;
    sums[0][1] += s2;
    sums[0][2] += s3;
    sums[1][0] += t1;
    sums[1][1] += t2;
    sums[1][2] += t3;
}

/* `many` is a multiple of eight. */
static void count_1(int many) {
    for (int i = 0; i < many; i += 4) {
        copies[0][pending[i]]++;
        copies[1][pending[i + 1]]++;
        copies[2][pending[i + 2]]++;
        copies[3][pending[i + 3]]++;
    }
}

static void count_2(int many) {
    for (int i = 0; i < many; i += 4) {
        histogram[pending[i]]++;
        histogram[pending[i + 1]]++;
        histogram[pending[i + 2]]++;
        histogram[pending[i + 3]]++;
    }
}

/* --- a cosine of our own, which needs no call: registers keep what they hold ---------------------- */

/* sin(r) for |r| <= pi/2, to 3e-16: Taylor's series to r^19. */
INLINE double sine_near_zero(double r) {
    double z = r * r, s = -1 / 121645100408832000.0;
    s = s * z + 1 / 355687428096000.0;
    s = s * z - 1 / 1307674368000.0;
    s = s * z + 1 / 6227020800.0;
    s = s * z - 1 / 39916800.0;
    s = s * z + 1 / 362880.0;
    s = s * z - 1 / 5040.0;
    s = s * z + 1 / 120.0;
    s = s * z - 1 / 6.0;
    return r + r * z * s;
}

/* (-1)^n by the parity of a whole number. */
INLINE double sign_of(double n) { return 1 - 2 * (n - 2 * __builtin_floor(0.5 * n)); }

/* pi in two parts; the products are fused, so that the first difference is exact. */
#define PI_HIGH 3.141592653589793116
#define PI_LOW 1.2246467991473532e-16

INLINE double own_cos(double x) {
    double n = __builtin_rint(x * (1 / M_PI) - 0.5), h = n + 0.5;
    double r = __builtin_fma(-h, PI_LOW, __builtin_fma(-h, PI_HIGH, x));
    return -sign_of(n) * sine_near_zero(r);
}

/* --- (4.5): q^2/2 + e1 sin(q/e1) + e2 sin(q/e2) ------------------------------------------------ */

#define QUADRATIC_DELTA 0.5
#define QUADRATIC_GAMMA 0.1
#define QUADRATIC_LOW (-10.0)
#define QUADRATIC_HIGH 10.0

INLINE void quadratic_fused(int n) {
    const double delta = QUADRATIC_DELTA, c = __builtin_exp(-QUADRATIC_GAMMA * QUADRATIC_DELTA);
    SIMD
    for (int i = 0; i < n; i++) {
        double x = X[i];
        double g = x + cos(x * (1 / 0.05)) + cos(x * (1 / 0.001));
        double p = c * P[i] - delta * g;
        P[i] = p;
        X[i] = x + delta * p;
    }
}

/* A loop a cosine: a call keeps nothing in registers for what follows. */
INLINE void quadratic_split(int n) {
    const double delta = QUADRATIC_DELTA, c = __builtin_exp(-QUADRATIC_GAMMA * QUADRATIC_DELTA);
    SIMD
    for (int i = 0; i < n; i++) A[i] = cos(X[i] * (1 / 0.05));
    SIMD
    for (int i = 0; i < n; i++) B[i] = cos(X[i] * (1 / 0.001));
    SIMD
    for (int i = 0; i < n; i++) {
        double x = X[i], p = c * P[i] - delta * (x + A[i] + B[i]);
        P[i] = p;
        X[i] = x + delta * p;
    }
}

INLINE void quadratic_own(int n) {
    const double delta = QUADRATIC_DELTA, c = __builtin_exp(-QUADRATIC_GAMMA * QUADRATIC_DELTA);
    SIMD
    for (int i = 0; i < n; i++) {
        double x = X[i], g = x + own_cos(x * (1 / 0.05)) + own_cos(x * (1 / 0.001));
        double p = c * P[i] - delta * g;
        P[i] = p;
        X[i] = x + delta * p;
    }
}

/* --- (4.7): (q - pi/2)^2/4 + sum of cos(i^2 q)/i^2, i to 20 ------------------------------------ */

#define CONTINUUM_DELTA 0.65
#define CONTINUUM_GAMMA 0.5
#define CONTINUUM_LOW (-24.0)
#define CONTINUUM_HIGH 27.0
enum { HARMONICS = 20 };

INLINE void continuum_direct(int n) {
    const double delta = CONTINUUM_DELTA, c = __builtin_exp(-CONTINUUM_GAMMA * CONTINUUM_DELTA);
    SIMD
    for (int i = 0; i < n; i++) {
        double x = X[i], g = 0.5 * (x - M_PI_2);
#pragma GCC unroll 20
        for (int k = 1; k <= HARMONICS; k++) g -= sin((double)(k * k) * x);
        double p = c * P[i] - delta * g;
        P[i] = p;
        X[i] = x + delta * p;
    }
}

/* One sine and one cosine; two loops, because gcc makes one call of them that has no vectors. */
INLINE void continuum_angle(int n) {
    SIMD
    for (int i = 0; i < n; i++) A[i] = sin(X[i]);
    SIMD
    for (int i = 0; i < n; i++) B[i] = cos(X[i]);
}

INLINE void continuum_kick(int i, double sum) {
    const double delta = CONTINUUM_DELTA, c = __builtin_exp(-CONTINUUM_GAMMA * CONTINUUM_DELTA);
    double x = X[i], p = c * P[i] - delta * (0.5 * (x - M_PI_2) - sum);
    P[i] = p;
    X[i] = x + delta * p;
}

/* z^(k+1)^2 = z^k^2 z^(2k+1) with z = e^iq, the odd powers by Chebyshev's recurrence,
 * u_(k+1) = 2 cos(2q) u_k - u_(k-1). */
INLINE void continuum_chebyshev(int n) {
    continuum_angle(n);
    SIMD
    for (int i = 0; i < n; i++) {
        double s = A[i], c = B[i], twice = 2 - 4 * s * s; /* 2 cos(2q) */
        double vs = -s, vc = c, us = s, uc = c, ws = s, wc = c;
        double sum = s;
#pragma GCC unroll 20
        for (int k = 2; k <= HARMONICS; k++) {
            double ts = twice * us - vs, tc = twice * uc - vc;
            vs = us;
            vc = uc;
            us = ts;
            uc = tc;
            double t = ws * uc + wc * us;
            wc = wc * uc - ws * us;
            ws = t;
            sum += ws;
        }
        continuum_kick(i, sum);
    }
}

/* Pairs: sin((k+1)^2 q) + sin((k-1)^2 q) = 2 sin((k^2+1) q) cos(2kq), k = 2, 3, 6, 7, .., 18, 19.
 * The sines in two chains, k = 2, 6, .. and 3, 7, ..: z^((k+4)^2+1) = z^(k^2+1) z^(8k+16). */
INLINE double continuum_sum_by_pairs(double s, double c) {
    double s2 = 2 * s * c, c2 = 1 - 2 * s * s;
    double s4 = 2 * s2 * c2, c4 = 1 - 2 * s2 * s2;
    double s8 = 2 * s4 * c4, c8 = 1 - 2 * s4 * s4;
    double s16 = 2 * s8 * c8, c16 = 1 - 2 * s8 * s8;
    double s32 = 2 * s16 * c16, c32 = 1 - 2 * s16 * s16;
    double two8 = 2 * c8, two32 = 2 * c32;
    /* z^5 and z^10 start the chains; z^32 and z^40 = z^32 z^8 are their first multipliers */
    double as = s4 * c + c4 * s, ac = c4 * c - s4 * s;
    double bs = 2 * as * ac, bc = 1 - 2 * as * as;
    double ms = s32, mc = c32, ns = s32 * c8 + c32 * s8, nc = c32 * c8 - s32 * s8;
    double lms = 0, lmc = 1, lns = s8, lnc = c8;
    /* cos(4q), cos(12q), .. and cos(6q), cos(14q), .., each by 2 cos(8q) */
    double p = c4, lp = c4, q = c4 * c2 - s4 * s2, lq = c2;
    double sum = as * p, tum = bs * q;
#pragma GCC unroll 8
    for (int k = 6; k <= 18; k += 4) {
        double t = as * mc + ac * ms;
        ac = ac * mc - as * ms;
        as = t;
        t = bs * nc + bc * ns;
        bc = bc * nc - bs * ns;
        bs = t;
        t = two8 * p - lp, lp = p, p = t;
        t = two8 * q - lq, lq = q, q = t;
        sum += as * p;
        tum += bs * q;
        t = two32 * ms - lms, lms = ms, ms = t;
        t = two32 * mc - lmc, lmc = mc, mc = t;
        t = two32 * ns - lns, lns = ns, ns = t;
        t = two32 * nc - lnc, lnc = nc, nc = t;
    }
    return 2 * (sum + tum);
}

INLINE void continuum_pairs(int n) {
    continuum_angle(n);
    SIMD
    for (int i = 0; i < n; i++) continuum_kick(i, continuum_sum_by_pairs(A[i], B[i]));
}

/* --- (4.9): the leveled Mueller-Brown surface and waves of 1e-5 -------------------------------- */

#define MULLER_DELTA 0.035
#define MULLER_GAMMA 0.005
#define MULLER_X_LOW (-2.5)
#define MULLER_X_HIGH 2.0
#define MULLER_Y_LOW (-1.5)
#define MULLER_Y_HIGH 3.0

#define EXPONENTS                                                                                 \
    double x = X[i], y = Y[i];                                                                    \
    double x1 = x - 1, y5 = y - 0.5, xh = x + 0.5, yh = y - 1.5, xp = x + 1, ym = y - 1;           \
    double a = -x1 * x1 - 10 * y * y, b = -x * x - 10 * y5 * y5;                                   \
    double c = -6.5 * xh * xh + 11 * xh * yh - 6.5 * yh * yh;                                      \
    double d = 0.7 * xp * xp + 0.6 * xp * ym + 0.7 * ym * ym

INLINE void muller_kick(int i, double ea, double eb, double ec, double ed, double cx, double cyx) {
    const double delta = MULLER_DELTA, keep = __builtin_exp(-MULLER_GAMMA * MULLER_DELTA);
    double x = X[i], y = Y[i];
    double gx = 0.1 * 2 * 35.0136 * (x + 0.0500108), gy = 0.1 * 2 * 59.8399 * (y - 0.4666941);
    gx += 40 * ea * (x - 1) + 20 * eb * x;
    gy += 400 * ea * y + 200 * eb * (y - 0.5);
    double xh = x + 0.5, yh = y - 1.5, xp = x + 1, ym = y - 1;
    gx += ec * (221 * xh - 187 * yh) + ed * (2.1 * xp + 0.9 * ym);
    gy += ec * (221 * yh - 187 * xh) + ed * (2.1 * ym + 0.9 * xp);
    gx += cx - cyx;
    gy += cyx;
    double p = keep * P[i] - delta * gx, q = keep * Q[i] - delta * gy;
    P[i] = p;
    Q[i] = q;
    X[i] = x + delta * p;
    Y[i] = y + delta * q;
}

INLINE void muller_fused(int n) {
    SIMD
    for (int i = 0; i < n; i++) {
        EXPONENTS;
        muller_kick(i, exp(a), exp(b), exp(c), exp(d), cos(x * 1e5), cos((y - x) * 1e5));
    }
}

INLINE void muller_exponentials(int n) {
    SIMD
    for (int i = 0; i < n; i++) {
        EXPONENTS;
        A[i] = a;
        B[i] = b;
        C[i] = c;
        D[i] = d;
    }
    SIMD
    for (int i = 0; i < n; i++) A[i] = exp(A[i]);
    SIMD
    for (int i = 0; i < n; i++) B[i] = exp(B[i]);
    SIMD
    for (int i = 0; i < n; i++) C[i] = exp(C[i]);
    SIMD
    for (int i = 0; i < n; i++) D[i] = exp(D[i]);
}

INLINE void muller_split(int n) {
    muller_exponentials(n);
    SIMD
    for (int i = 0; i < n; i++) E[i] = cos(X[i] * 1e5);
    SIMD
    for (int i = 0; i < n; i++) F[i] = cos((Y[i] - X[i]) * 1e5);
    SIMD
    for (int i = 0; i < n; i++) muller_kick(i, A[i], B[i], C[i], D[i], E[i], F[i]);
}

/* The exponentials are libmvec's. */
INLINE void muller_own(int n) {
    muller_exponentials(n);
    SIMD
    for (int i = 0; i < n; i++)
        muller_kick(i, A[i], B[i], C[i], D[i], own_cos(X[i] * 1e5), own_cos((Y[i] - X[i]) * 1e5));
}

/* --- the loops over steps ------------------------------------------------------------------------ */

/* As many steps are recorded as PENDING has room for; then they are counted. */
#define ADVANCE(NAME, STEP, OBSERVE, COUNT)                                                       \
    static void NAME##_bare(int n, long steps) {                                                  \
        for (long t = 0; t < steps; t++) STEP(n);                                                 \
    }                                                                                             \
    static void NAME##_statistics(int n, long steps) {                                            \
        int room = PENDING / n;                                                                   \
        while (steps > 0) {                                                                       \
            int block = steps < room ? (int)steps : room;                                         \
            for (int t = 0; t < block; t++) {                                                     \
                STEP(n);                                                                          \
                OBSERVE(n, pending + t * n);                                                      \
            }                                                                                     \
            COUNT(n *block);                                                                      \
            steps -= block;                                                                       \
        }                                                                                         \
    }

#define OBSERVE_QUADRATIC(n, to)                                                                  \
    observe_1(n, to, QUADRATIC_LOW, BINS / (QUADRATIC_HIGH - QUADRATIC_LOW))
#define OBSERVE_CONTINUUM(n, to)                                                                  \
    observe_1(n, to, CONTINUUM_LOW, BINS / (CONTINUUM_HIGH - CONTINUUM_LOW))
#define OBSERVE_MULLER(n, to)                                                                     \
    observe_2(n, to, MULLER_X_LOW, SIDE / (MULLER_X_HIGH - MULLER_X_LOW), MULLER_Y_LOW,           \
              SIDE / (MULLER_Y_HIGH - MULLER_Y_LOW))

ADVANCE(quadratic_fused, quadratic_fused, OBSERVE_QUADRATIC, count_1)
ADVANCE(quadratic_split, quadratic_split, OBSERVE_QUADRATIC, count_1)
ADVANCE(quadratic_own, quadratic_own, OBSERVE_QUADRATIC, count_1)
ADVANCE(continuum_direct, continuum_direct, OBSERVE_CONTINUUM, count_1)
ADVANCE(continuum_chebyshev, continuum_chebyshev, OBSERVE_CONTINUUM, count_1)
ADVANCE(continuum_pairs, continuum_pairs, OBSERVE_CONTINUUM, count_1)
ADVANCE(muller_fused, muller_fused, OBSERVE_MULLER, count_2)
ADVANCE(muller_split, muller_split, OBSERVE_MULLER, count_2)
ADVANCE(muller_own, muller_own, OBSERVE_MULLER, count_2)

/* Where trajectories start: normal around a center, one spread for positions, one for momenta. */
struct start {
    double x, y, spread, momentum;
};

static const struct entry {
    const char *potential, *variant;
    void (*bare)(int, long), (*statistics)(int, long);
    int coordinates;
    struct start start;
} entries[] = {
#define ENTRY(P, V, D, ...) {#P, #V, P##_##V##_bare, P##_##V##_statistics, D, {__VA_ARGS__}}
    ENTRY(quadratic, fused, 1, 0, 0, 1.7, 1.7),
    ENTRY(quadratic, split, 1, 0, 0, 1.7, 1.7),
    ENTRY(quadratic, own, 1, 0, 0, 1.7, 1.7),
    ENTRY(continuum, direct, 1, M_PI_2, 0, 3.5, 2.5),
    ENTRY(continuum, chebyshev, 1, M_PI_2, 0, 3.5, 2.5),
    ENTRY(continuum, pairs, 1, M_PI_2, 0, 3.5, 2.5),
    ENTRY(muller, fused, 2, -0.05, 0.47, 0.3, 1.7),
    ENTRY(muller, split, 2, -0.05, 0.47, 0.3, 1.7),
    ENTRY(muller, own, 2, -0.05, 0.47, 0.3, 1.7),
};

/* --- the rest: starts, clocks, printing ----------------------------------------------------------- */

static uint64_t stream;

static double uniform(void) { /* splitmix64, in (0, 1] */
    uint64_t z = (stream += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((double)((z ^ (z >> 31)) >> 11) + 1.0) * 0x1p-53;
}

static double normal(void) {
    double radius = sqrt(-2 * log(uniform()));
    return radius * cos(2 * M_PI * uniform());
}

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int run(const struct entry *e, int statistics, int n, long burn, long steps, long seed) {
    stream = (uint64_t)seed * 0x2545f4914f6cdd1du;
    for (int i = 0; i < n; i++) {
        X[i] = e->start.x + e->start.spread * normal();
        Y[i] = e->start.y + e->start.spread * normal();
        P[i] = e->start.momentum * normal();
        Q[i] = e->start.momentum * normal();
    }
    e->bare(n, burn);
    void (*advance)(int, long) = statistics ? e->statistics : e->bare;
    advance(n, 16);
    forget();
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    advance(n, steps);
    wall = seconds(CLOCK_MONOTONIC) - wall;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;

    double square[2] = {0, 0};
    for (int i = 0; i < n; i++) {
        square[0] += P[i] * P[i] / n;
        square[1] += Q[i] * Q[i] / n;
    }
    printf("{\"wall\": %.9f, \"cpu\": %.9f, \"last_p2\": [%.17g", wall, cpu, square[0]);
    if (e->coordinates == 2) printf(", %.17g", square[1]);
    printf("]");
    if (statistics) {
        printf(", \"sums\": [");
        for (int k = 0; k < e->coordinates; k++)
            printf("%s[%.17g, %.17g, %.17g]", k ? ", " : "", sums[k][0], sums[k][1], sums[k][2]);
        printf("], \"histogram\": [");
        int bins = e->coordinates == 2 ? SIDE * SIDE : BINS;
        for (int b = 0; b < bins; b++) {
            unsigned count = histogram[b];
            if (e->coordinates == 1)
                for (int k = 0; k < COPIES; k++) count += copies[k][b];
            printf("%s%u", b ? ", " : "", count);
        }
        printf("]");
    }
    printf("}\n");
    return 0;
}

int main(int argc, char **argv) {
    const int count = sizeof entries / sizeof *entries;
    if (argc == 2 && !strcmp(argv[1], "list")) {
        for (int k = 0; k < count; k++) printf("%s %s\n", entries[k].potential, entries[k].variant);
        return 0;
    }
    if (argc == 8) {
        int n = atoi(argv[4]);
        long burn = atol(argv[5]), steps = atol(argv[6]);
        if (n < 64 || n > MOST || n % 64 || burn < 0 || steps < 1) {
            fprintf(stderr, "trajectories: a multiple of 64 up to %d; steps: 1 or more\n", MOST);
            return 1;
        }
        for (int k = 0; k < count; k++)
            if (!strcmp(argv[1], entries[k].potential) && !strcmp(argv[2], entries[k].variant))
                return run(&entries[k], !strcmp(argv[3], "statistics"), n, burn, steps,
                           atol(argv[7]));
    }
    fprintf(stderr, "peers POTENTIAL VARIANT bare|statistics TRAJECTORIES BURN_IN STEPS SEED\n");
    return 1;
}
