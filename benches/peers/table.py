"""What run.py prints: the machine, the times, the ratios and how well the laws agree."""

from statistics import median

from systems import SYSTEMS

TITLES = {"bare": "bare", "statistics": "statistics"}


def spread(values):
    """Median [min..max]."""
    return f"{figure(median(values))} [{figure(min(values))}..{figure(max(values))}]"


def figure(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def grid(head, rows, markdown):
    """A table of strings, to paste or to read."""
    if markdown:
        lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)
    widths = [max(len(line[k]) for line in [head, *rows]) for k in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
        for line in [head, *rows]
    )


def page(on, rows, own, reports, agreed, options, missing):
    modes = list(dict.fromkeys(row.mode for row in rows)) or list(TITLES)
    columns = [(p, m) for p in options.potentials for m in modes]
    head = [f"{SYSTEMS[p].equation} {TITLES[m]}" for p, m in columns]
    parts = ["\n".join(f"{name}: {value}" for name, value in on.items())]
    if missing:
        parts[0] += "\n" + "\n".join(f"without {name}: {why}" for name, why in missing.items())
    if options.markdown:
        parts[0] = "<!-- shown: a machine as it was measured -->\n```text\n" + parts[0] + "\n```"

    times = by_name(rows, lambda row: row.nanoseconds(options.clock))
    for bits in widths(own):
        times[f"effpot-lang, {bits} bit"] = {
            (p, m): [found[bits][m] for found in own[p]] for p, m in columns
        }
    body = [[name] + [spread(c[k]) if k in c else "" for k in columns] for name, c in times.items()]
    parts.append("ns per step and trajectory, median [min..max] over rounds")
    parts.append(grid(["", *head], body, options.markdown))

    chosen = by_name(rows, lambda row: f"{row.choice[0]}, {row.choice[1]}")
    body = [[name] + [c.get(k, "") for k in columns] for name, c in chosen.items()]
    parts.append("what each chose: variant, trajectories")
    parts.append(grid(["", *head], body, options.markdown))

    parts.append("how well the laws agree")
    parts.append(laws(reports, options.markdown))
    shares = [run["share"] for row in rows for run in row.found]
    if shares:
        parts.append(
            f"part of the core that a measurement had: median {median(shares):.3f}, "
            f"least {min(shares):.3f}"
        )
    if not agreed:
        parts.append("No ratios: contenders that sample different laws do different work.")
    elif own:
        parts.append("time over that of effpot-lang in the same round, median [min..max]")
        parts.append(ratios(times, own, columns, head, options.markdown))
    return "\n\n".join(parts)


def by_name(rows, value):
    found = {}
    for row in rows:
        found.setdefault(row.name, {})[row.potential, row.mode] = value(row)
    return found


def widths(own):
    """Widths that every run of `bench` has, the widest first."""
    runs = [set(found) for rounds in own.values() for found in rounds]
    return sorted(set.intersection(*runs), reverse=True) if runs else []


def ratios(times, own, columns, head, markdown):
    """C against effpot-lang at the same width where there is one, the others at the widest."""
    every = widths(own)
    body = []
    for name, cells in times.items():
        if name.startswith("effpot-lang"):
            continue
        bits = next((b for b in every if f"{b} bit" in name), every[0])
        against = times[f"effpot-lang, {bits} bit"]
        line = [f"{name} / effpot-lang, {bits} bit"]
        for k in columns:
            both = zip(cells.get(k, []), against[k])
            line.append(spread([a / b for a, b in both]) if k in cells else "")
        body.append(line)
    return grid(["", *head], body, markdown)


def laws(reports, markdown):
    head = ["", "p^2, relative", "standard errors", "bare", "total variation", "expected", ""]
    body = []
    for report in reports:
        equation = SYSTEMS[report["potential"]].equation
        body.append(
            [
                f"{equation} {report['one']} - {report['other']}",
                signed(report.get("p2", []), ".1e"),
                signed(report.get("p2_errors", []), ".1f"),
                signed(report.get("bare_errors", []), ".1f"),
                f"{report['tv']:.1e}",
                f"{report['tv_expected']:.1e}"
                + (f" + {report['tv_grouping']:.1e}" if report["tv_grouping"] else ""),
                "agree" if report["agree"] else "DISAGREE",
            ]
        )
    return grid(head, body, markdown)


def signed(values, form):
    return ", ".join(format(value, "+" + form) for value in values)
