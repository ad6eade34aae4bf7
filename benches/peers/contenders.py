"""The contenders: how each is built, what there is to choose from, and one measurement of it."""

import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from array import array
from pathlib import Path

from systems import SYSTEMS, bins

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

FLAGS = "-std=gnu11 -O3 -march=native -ffast-math -fopenmp-simd -mprefer-vector-width={width}"
SYMBOLS = {512: "_ZGVeN8v_", 256: "_ZGVdN4v_"}
FILES = {
    "quadratic": ROOT / "examples/quadratic.pot",
    "continuum": ROOT / "examples/continuum.pot",
    "muller": HERE / "muller.pot",
}


class Missing(Exception):
    """Why a contender does not take part."""


class Failed(Exception):
    """A contender that took part did not answer."""


class C:
    """`peers.c` by gcc at one width of vectors."""

    sizes = (64, 128, 256, 512, 1024)
    variants = {
        "quadratic": ("fused", "split", "own"),
        "continuum": ("direct", "chebyshev", "pairs"),
        "muller": ("fused", "split", "own"),
    }
    # Variants that get a line of their own: `libmvec` is the formula as it is written, with every
    # function of it by that library.
    beside = {
        "quadratic": {"libmvec": ("fused", "split")},
        "continuum": {"libmvec": ("direct",), "chebyshev": ("chebyshev",)},
        "muller": {"libmvec": ("fused", "split")},
    }

    def __init__(self, width, cache):
        self.name = f"C, {width} bit"
        if width == 512 and "avx512f" not in cpu_flags():
            raise Missing("this processor has no AVX-512")
        self.program = cache / f"peers-{width}"
        flags = FLAGS.format(width=width).split()
        command = ["gcc", *flags, str(HERE / "peers.c"), "-o", str(self.program), "-lmvec", "-lm"]
        try:
            subprocess.run(command, check=True)
            symbols = subprocess.run(
                ["nm", "-D", str(self.program)], check=True, capture_output=True, text=True
            ).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            raise Missing(f"gcc: {error}") from None
        absent = [f for f in ("sin", "cos", "exp") if SYMBOLS[width] + f not in symbols]
        if absent:
            raise Missing(f"gcc made no vector calls of {', '.join(absent)}")
        self.versions = {}

    def ways(self, _mode, variants):
        """The variants to choose from."""
        return variants

    def measure(self, potential, variant, mode, trajectories, burn, steps, seed):
        numbers = map(str, (trajectories, burn, steps, seed))
        return json.loads(output([str(self.program), potential, variant, mode, *numbers]))

    def close(self):
        pass


class Server:
    """A Python program that compiles once and answers requests until its input ends."""

    beside = {}

    def __init__(self, name, script, environment, sizes, variants, **settings):
        self.name, self.sizes, self.variants = name, sizes, variants
        python = environment / "bin/python"
        if not python.exists():
            raise Missing("there is no virtual environment")
        variables = os.environ | {
            "LD_LIBRARY_PATH": str(environment / "lib"),
            "OMP_NUM_THREADS": "1",
            "NUMBA_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **settings,
        }
        self.process = subprocess.Popen(
            [str(python), str(HERE / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=variables,
        )
        first = self.process.stdout.readline()
        if not first:
            last = self.process.stderr.read().strip().splitlines()[-1:]
            raise Missing(" ".join(last) or "it does not start")
        self.versions = json.loads(first)

    def ways(self, _mode, variants):
        """The variants to choose from."""
        return variants

    def measure(self, *request):
        print(*request, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"{self.name}: {self.process.stderr.read()}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def numba(environment):
    variants = {p: tuple(v for v in vs if v != "own") for p, vs in C.variants.items()}
    return Server("numba", "peers_numba.py", environment, (128, 256, 512, 1024), variants)


def plain_numba(environment):
    """The formulas as they are written, by a numba that has only itself: no vector functions."""
    variants = {"quadratic": ("fused",), "continuum": ("direct",), "muller": ("fused",)}
    alone = {"NUMBA_DISABLE_INTEL_SVML": "1"}
    return Server("numba alone", "peers_numba.py", environment, (128, 256), variants, **alone)


class Jax(Server):
    """Its ways to count are chosen as the ensemble is; they mean nothing to a bare run."""

    beside = {potential: {"own": ("own",)} for potential in SYSTEMS}

    def __init__(self, environment):
        forces = {
            "quadratic": ("plain",),
            "continuum": ("direct", "chebyshev", "pairs"),
            "muller": ("plain",),
        }
        super().__init__("JAX", "peers_jax.py", environment, (256, 1024), forces)

    def ways(self, mode, variants):
        counting = ("scatter", "block", "host") if mode == "statistics" else ()
        return tuple(f"{v}.{c}" for v in variants for c in counting) or variants


class Effpot:
    """`effpot-lang bench` for times, `effpot-lang learn` for the law it samples."""

    name = "effpot-lang"

    def __init__(self, program):
        self.program = program
        self.times = {}
        self.versions = {"effpot-lang": self.output("--version").split()[-1]}
        try:
            self.output("bench", "--help")
        except Failed:
            raise Missing("this effpot-lang has no `bench`") from None

    def output(self, *arguments):
        return output([str(self.program), *arguments])

    def bench(self, potential, seconds):
        """Nanoseconds by width of vectors: {bits: {"bare": ns, "statistics": ns}}."""
        system = SYSTEMS[potential]
        map_ = ("--delta", str(system.delta), "--gamma", str(system.gamma))
        text = self.output(
            "bench", str(FILES[potential]), *map_, "--seconds", str(seconds), "--json"
        )
        return {
            row["bits"]: {
                "bare": row["ns_per_step"],
                "statistics": row["ns_per_step_with_statistics"],
            }
            for row in json.loads(text)["widths"]
        }

    def sample(self, potential, trajectories, burn, steps, seed):
        """Counts on a grid, its edges, and the mean of p^2 where it is told."""
        system = SYSTEMS[potential]
        with tempfile.TemporaryDirectory() as folder:
            self.output(
                "learn", str(FILES[potential]), "--delta", str(system.delta),
                "--gamma", str(system.gamma), "--trajectories", str(trajectories),
                "--burn-in", str(burn), "--steps", str(steps * trajectories),
                "--seed", str(seed), "--threads", "1", "--output", folder, "--force", "--quiet",
            )  # fmt: skip
            with zipfile.ZipFile(Path(folder) / "samples.npz") as arrays:
                read = {
                    name: npy(arrays.read(f"{name}.npy"))
                    for name in ("x", "y", "counts", "p2_by_block")
                    if f"{name}.npy" in arrays.namelist()
                }
        names = ("x", "y")[: system.coordinates]
        grid = [(centers[0], centers[-1], len(centers)) for centers in (read[n] for n in names)]
        steps_of = [(last - first) / (n - 1) for first, last, n in grid]
        low = [first - h / 2 for (first, _, _), h in zip(grid, steps_of)]
        high = [last + h / 2 for (_, last, _), h in zip(grid, steps_of)]
        blocks = read.get("p2_by_block")
        return {
            "histogram": list(read["counts"]),
            "grid": (low, high, [n for _, _, n in grid]),
            "p2": [sum(blocks) / len(blocks)] if blocks else None,
        }

    def close(self):
        pass


def npy(data):
    """The numbers of an array in NumPy's format, flat; doubles and counts of 64 bits alone."""
    header = int.from_bytes(data[8:10], "little")
    text = data[10 : 10 + header].decode("latin1")
    kind = {"'<f8'": "d", "'<u8'": "Q", "'<i8'": "q"}
    code = next(code for name, code in kind.items() if name in text)
    return array(code, data[10 + header :])


def own_grid(potential):
    """The grid of the peers' histograms."""
    system = SYSTEMS[potential]
    return system.low, system.high, [bins(system)] * system.coordinates


def output(command):
    done = subprocess.run(command, capture_output=True, text=True)
    # 3 is a run that finished and does not trust itself: its samples are what is compared.
    if done.returncode not in (0, 3):
        raise Failed(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def cpu_flags():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            return line.split()
    return []


def environment(cache, say):
    """A virtual environment with the pinned packages; what is missing is said."""
    folder = cache / "environment"
    wanted = (HERE / "requirements.txt").read_text()
    stamp = folder / "requirements.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        return folder
    say("installing numba and jax (once)")
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet"]
        pip += ["--disable-pip-version-check", "--no-deps", "-r", str(HERE / "requirements.txt")]
        subprocess.run(pip, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        say(f"not installed, so numba or JAX may be missing: {error}")
        return folder
    stamp.write_text(wanted)
    return folder


def settled(measure, least=0.97, tries=2):
    """A measurement that had the core to itself, or the least disturbed of some."""
    best = None
    for attempt in range(tries):
        found = measure(attempt)
        found["share"] = found["cpu"] / found["wall"]
        if best is None or found["share"] > best["share"]:
            best = found
        if best["share"] >= least:
            break
        time.sleep(0.2)
    return best
