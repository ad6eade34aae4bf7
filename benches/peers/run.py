#!/usr/bin/env python3
"""Times effpot-lang beside C, numba and JAX, in turn on one core, and checks that all of them
sample the same law. See docs/performance.md; `run.py --help` lists the options."""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import contenders
import law
import table
from contenders import Missing, settled
from systems import SYSTEMS

MODES = ("bare", "statistics")
# Steps that every trajectory makes before it is timed: several times 1/(gamma delta).
BURN_IN = {"quadratic": 500, "continuum": 500, "muller": 60_000}
# A long burn-in is affordable for few trajectories alone.
MOST = {"quadratic": 4096, "continuum": 4096, "muller": 512}


def say(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--effpot", type=Path, help="an effpot-lang built with --release")
    add("--cache", type=Path, default=contenders.ROOT / "target/peers", help="for what is built")
    add("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core to run on")
    add("--rounds", type=int, default=7)
    add("--seconds", type=float, default=0.3, help="of each measurement, at least")
    add("--clock", choices=("cpu", "wall"), default="cpu", help="what to print of the peers")
    add("--potentials", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    add("--without", nargs="+", choices=("c", "numba", "jax"), default=[])
    add("--json", type=Path, help="where to write everything that was measured")
    add("--markdown", action="store_true", help="print tables to paste")
    add("--quick", action="store_true", help="a smoke run: short, few rounds, few choices")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = min(options.rounds, 3), 0.05
    if options.rounds < 3:
        parser.error("--rounds: at least 3, a spread needs them")
    return options


def assemble(options):
    """Everyone who can take part, effpot-lang last, and who cannot."""
    options.cache.mkdir(parents=True, exist_ok=True)
    found, missing = [], {}
    makers = []
    if "c" not in options.without:
        makers += [(f"C, {w} bit", lambda w=w: contenders.C(w, options.cache)) for w in (512, 256)]
    if not {"numba", "jax"} <= set(options.without):
        environment = contenders.environment(options.cache, say)
        makers += [
            (name, lambda make=make: make(environment))
            for name, make in (
                ("numba", contenders.numba),
                ("numba alone", contenders.plain_numba),
                ("JAX", contenders.Jax),
            )
            if name.split()[0].lower() not in options.without
        ]
    if options.effpot:
        makers.append(("effpot-lang", lambda: contenders.Effpot(options.effpot.resolve())))
    else:
        missing["effpot-lang"] = "none given: --effpot PATH"
    for name, make in makers:
        try:
            found.append(make())
        except (Missing, OSError) as error:
            missing[name] = str(error)
    return found, missing


def machine(found, options):
    """What the numbers depend on."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(": ")[1] for line in info if line.startswith("model name")), "unknown")
    kind = {k.strip(): v.strip() for k, _, v in (line.partition(":") for line in info if line)}
    compiler = subprocess.run(["gcc", "--version"], capture_output=True, text=True).stdout
    versions = {}
    for contender in found:
        versions |= contender.versions
    return {
        "processor": f"{model}, family {kind.get('cpu family')} model {kind.get('model')}",
        "cores": os.cpu_count(),
        "core": options.core,
        "kernel": platform.release(),
        "gcc": compiler.splitlines()[0] if compiler else "none",
        "glibc": platform.libc_ver()[1],
        "python": platform.python_version(),
        **versions,
        "load before": round(os.getloadavg()[0], 2),
        "clock": options.clock,
    }


class Row:
    """One line of the table: a contender, and the variants it may choose from."""

    def __init__(self, contender, potential, mode, label=None, variants=None):
        self.contender, self.potential, self.mode = contender, potential, mode
        self.name = contender.name + (f", {label}" if label else "")
        variants = variants or contender.variants[potential]
        self.ways = contender.ways(mode, variants)
        self.choice, self.steps, self.found = None, 0, []

    def measure(self, variant, trajectories, burn, steps, seed):
        done = self.contender.measure(
            self.potential, variant, self.mode, trajectories, burn, steps, seed
        )
        done["steps"] = done.get("steps", steps)
        work = done["steps"] * trajectories
        done["ns"] = {clock: done[clock] / work * 1e9 for clock in ("wall", "cpu")}
        return done

    def tune(self, seconds, quick):
        """Chooses variant and ensemble by processor time; the first run of each only warms."""
        tried = {}
        sizes = [n for n in self.contender.sizes if n <= MOST[self.potential]]
        for variant in self.ways:
            for n in sizes[:1] if quick else sizes:
                guess = self.measure(variant, n, 64, 512, 1)["ns"]["cpu"]
                steps = max(512, int(seconds / 4 * 1e9 / guess / n))
                runs = [self.measure(variant, n, 64, steps, 1)["ns"]["cpu"] for _ in range(3)]
                tried[variant, n] = min(runs)
        self.choice = min(tried, key=tried.get)
        self.steps = max(512, int(1.1 * seconds * 1e9 / tried[self.choice] / self.choice[1]))
        self.tried = {f"{variant} {n}": round(ns, 3) for (variant, n), ns in tried.items()}

    def round(self, number):
        variant, n = self.choice
        burn = BURN_IN[self.potential]
        self.found.append(
            settled(lambda k: self.measure(variant, n, burn, self.steps, 1000 * number + k + 1))
        )

    def nanoseconds(self, clock):
        return [done["ns"][clock] for done in self.found]


def lines(found, potentials):
    """What is measured, in the order of a round."""
    rows = []
    for potential in potentials:
        for mode in MODES:
            for contender in found:
                if isinstance(contender, contenders.Effpot):
                    continue
                rows.append(Row(contender, potential, mode))
                for label, variants in contender.beside.get(potential, {}).items():
                    rows.append(Row(contender, potential, mode, label, variants))
    return rows


def own_samples(effpot, potential, rounds):
    """Independent runs of effpot-lang for the comparison of laws."""
    trajectories, steps = (256, 60_000) if potential == "muller" else (256, 20_000)
    burn = BURN_IN[potential]
    return [effpot.sample(potential, trajectories, burn, steps, seed + 1) for seed in range(rounds)]


def sampled(runs, potential, to):
    """For `law.compare`: the peers' statistics or effpot-lang's."""
    first = runs[0]
    if "grid" in first:
        frequencies = [law.coarse(run["histogram"], run["grid"], to) for run in runs]
        p2 = [list(values) for values in zip(*(run["p2"] for run in runs))] if first["p2"] else None
        allowed = law.grouping(frequencies[0], first["grid"], to)
        return {"runs": frequencies, "p2": p2, "allowed": allowed}
    grid = contenders.own_grid(potential)
    counts = [sum(run["histogram"]) for run in runs]
    p2 = [
        [run["sums"][d][1] / count for run, count in zip(runs, counts)]
        for d in range(SYSTEMS[potential].coordinates)
    ]
    frequencies = [law.coarse(run["histogram"], grid, to) for run in runs]
    return {"runs": frequencies, "p2": p2, "allowed": 0.0}


def agreement(rows, samples, potentials):
    """Every contender against the first, potential by potential: statistics and, of bare runs,
    the momenta of the last states."""
    reports = []
    for potential in potentials:
        to = law.cells(contenders.own_grid(potential))
        with_ = [r for r in rows if r.potential == potential and r.mode == "statistics"]
        laws = {row.name: sampled(row.found, potential, to) for row in with_}
        if potential in samples:
            laws["effpot-lang"] = sampled(samples[potential], potential, to)
        last = {
            row.name: [list(v) for v in zip(*(run["last_p2"] for run in row.found))]
            for row in rows
            if row.potential == potential and row.mode == "bare"
        }
        if not laws:
            continue
        first, reference = next(iter(laws.items()))
        for name, sample in laws.items():
            if name == first:
                continue
            report = law.compare(sample, reference)
            if name in last and first in last:
                errors = [law.difference(a, b)[1] for a, b in zip(last[name], last[first])]
                report["bare_errors"] = errors
                report["agree"] &= all(abs(e) <= law.LIMIT for e in errors)
            reports.append({"potential": potential, "one": name, "other": first} | report)
    return reports


def main():
    options = arguments()
    found, missing = assemble(options)
    os.sched_setaffinity(0, {options.core})
    for contender in found:
        if isinstance(contender, contenders.Server):
            os.sched_setaffinity(contender.process.pid, {options.core})
    on = machine(found, options)
    for name, why in missing.items():
        say(f"without {name}: {why}")
    effpot = next((c for c in found if isinstance(c, contenders.Effpot)), None)
    rows = lines(found, options.potentials)
    for row in rows:
        row.tune(options.seconds, options.quick)
        say(f"{row.name} {row.potential} {row.mode}: {row.choice}")

    own = {potential: [] for potential in options.potentials}
    for number in range(options.rounds):
        say(f"round {number + 1} of {options.rounds}, load {os.getloadavg()[0]:.2f}")
        for potential in options.potentials:
            if effpot:
                own[potential].append(effpot.bench(potential, max(options.seconds, 0.3)))
            for row in rows:
                if row.potential == potential:
                    row.round(number)
    samples = {}
    if effpot:
        runs = options.rounds
        samples = {p: own_samples(effpot, p, runs) for p in options.potentials}
    for contender in found:
        contender.close()
    on["load after"] = round(os.getloadavg()[0], 2)

    reports = agreement(rows, samples, options.potentials)
    agreed = all(report["agree"] for report in reports)
    print(table.page(on, rows, own if effpot else {}, reports, agreed, options, missing))
    if options.json:
        options.json.write_text(json.dumps(record(on, rows, own, reports, missing), indent=1))
    return 0 if agreed else 1


def record(on, rows, own, reports, missing):
    """Everything that was measured, but the histograms."""
    return {
        "machine": on,
        "missing": missing,
        "rows": [
            {
                "contender": row.name,
                "potential": row.potential,
                "mode": row.mode,
                "variant": row.choice[0],
                "trajectories": row.choice[1],
                "tried": row.tried,
                "ns_wall": row.nanoseconds("wall"),
                "ns_cpu": row.nanoseconds("cpu"),
                "share": [run["share"] for run in row.found],
            }
            for row in rows
        ],
        "effpot-lang": own,
        "laws": reports,
    }


if __name__ == "__main__":
    try:
        sys.exit(main())
    except contenders.Failed as failure:
        sys.exit(str(failure))
