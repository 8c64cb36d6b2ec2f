"""What learned functionals cost beside PySCF's own: time, memory, and where the time goes.

    python benchmarks/learned_functional.py --systems NaCl/def2-tzvp,H2O/def2-svp --repeat 3

Each system's times are taken in one process: a round of all methods to warm up, ``--repeat`` rounds
whose median counts, then the learned ones once more with clocks in it. Peak memory is a high-water
mark, so each method has a process of its own, too, whose time is the "first", JAX's compilation
included. Where there are more than 150 functions that first one counts, and there are no rounds:
a calculation takes minutes there, and compiling seconds. Threads are left as they are found.
Results are written after every system; what is there already is not computed again.
"""

import argparse
import importlib.util
import json
import os
import re
import signal
import statistics
import subprocess
import sys
from pathlib import Path

from tqdm.auto import tqdm

# Nothing heavy is imported before the calculations are done: on Linux a process's high-water mark
# of memory starts with that of the process that started it.
HERE = Path(__file__).parent
REFERENCE = "B3LYP"
METHODS = ["EDU26", "DM21", REFERENCE, f"{REFERENCE} density-fitted", "PBE0", "r2SCAN"]
SYSTEMS = ["NaCl/def2-svp", "NaCl/def2-tzvp", "benzene/def2-svp", "tilted benzene/def2-svp"]
WATERS = [f"{n}H2O/def2-tzvp" for n in (1, 2, 3, 4, 6, 7)]  # 43 to 301 functions, no symmetry
LARGE = 150  # functions
PARTS = ["staged start", "local-exchange integrals", "fit", "network", "contractions", "Coulomb"]
PARTS += ["grid"]
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#999999"]
PART_COLOURS = ["#332288", "#88CCEE", "#44AA99", "#117733", "#DDCC77", "#CC6677", "#AA4499"]
PART_COLOURS += ["#BBBBBB"]


def main():
    options = _parser().parse_args()
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda *_: sys.exit("stopped; finished systems are kept"))
    try:
        options.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"error: cannot write to {options.output}: {error.strerror}")
    answer = next(ask("check", systems=options.systems, methods=options.methods), None)
    if not answer or "environment" not in answer:
        sys.exit(2)  # it has said why
    learned, functions, environment = map(answer.get, ("learned", "functions", "environment"))
    settings = dict(repeat=options.repeat, methods=list(learned), **environment)

    kind = "cpu" if environment["jax_backend"] == "cpu" else "gpu"
    file = options.output / f"learned_functional_{kind}.json"
    results = dict(settings=settings, systems={})
    if file.exists() and not options.fresh:
        results = json.loads(file.read_text())
        other = [key for key in settings if results["settings"].get(key) != settings[key]]
        if other:
            other = ", ".join(other)
            sys.exit(f"error: {file} has other {other}; give --fresh or another --output")

    systems = list(dict.fromkeys(options.systems))
    missing = [s for s in systems if not _complete(results["systems"].get(s))]
    repeat = {s: 0 if functions[s] > LARGE else options.repeat for s in missing}
    rounds = sum(1 + n + (n > 0) for n in repeat.values())
    total = len(learned) * rounds + sum(learned.values()) * len(missing)
    with tqdm(total=total, unit="run") as bar:
        for system in missing:
            bar.set_postfix_str(system)
            entry = measured(system, learned, repeat[system], bar)
            results["systems"][system] = dict(entry, basis_functions=functions[system])
            part = file.with_suffix(".part")
            part.write_text(json.dumps(results, indent=1) + "\n")
            os.replace(part, file)
    print(json.dumps(results, indent=1) if options.json else table(results))
    draw(results, file)


def _complete(entry) -> bool:
    return entry is not None and not any(row["error"] for row in entry["methods"].values())


def _parser():
    def names(text):
        return [name.strip() for name in text.split(",") if name.strip()]

    def rounds(text):
        if int(text) < 1:
            raise ValueError
        return int(text)

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--systems", type=names, default=SYSTEMS + WATERS, metavar="NAME/BASIS,...")
    add("--methods", type=names, default=METHODS, metavar="NAME,...")
    add("--repeat", type=rounds, default=3, metavar="N", help="rounds after the one to warm up")
    add("--output", type=Path, default=HERE / "results", metavar="DIR")
    add("--json", action="store_true", help="print the results as JSON, not as Markdown")
    add("--fresh", action="store_true", help="begin anew where other results are")
    return parser


def ask(task, **what):
    """What a task in a process of its own reports. One that dies has failed all its methods."""
    command = [sys.executable, HERE / "_calculations.py", json.dumps([task, what])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield from map(json.loads, child.stdout)
        except BaseException:
            child.kill()
            raise
    if child.returncode:
        death = f"its process ended with status {child.returncode}"
        yield from (
            dict(method=m, kind="runs", error=death) for m in dict.fromkeys(what.get("methods", ()))
        )


def measured(system, learned, repeat, bar):
    """All that is reported of a system."""
    rows, load = {name: dict(runs=[], profile=[], alone=[]) for name in learned}, os.getloadavg()[0]
    profiled = [name for name in learned if learned[name]]
    rounds = [*learned] * (1 + repeat) if repeat else []
    for reply in ask("calculations", system=system, methods=rounds, profiled=profiled):
        rows[reply.pop("method")][reply.pop("kind")].append(reply)
        bar.update()
    for name, row in rows.items():
        row["alone"] += ask("calculations", system=system, methods=[name])
        bar.update()
        every = [*row["runs"], *row["profile"], *row["alone"]]
        row["error"] = "; ".join({run["error"]: None for run in every if "error" in run})
        row["converged"] = all(run.get("converged") for run in every)
        counted = row["runs"][1:] if repeat else row["alone"]
        warm = [run["seconds"] for run in counted if "error" not in run]
        row["seconds"] = statistics.median(warm) if warm else None
        row["first_seconds"], row["peak_mb"] = map(row["alone"][0].get, ("seconds", "peak_mb"))
    reference = rows.get(REFERENCE, {}).get("seconds")
    for row in rows.values():
        row["ratio"] = row["seconds"] / reference if row["seconds"] and reference else None
    floor = next(ask("floor", system=system), {}).get("seconds")
    return dict(load_average=load, floor=floor, methods=rows)


def shares(row) -> dict[str, float]:
    """Seconds of each part of the profiled run, those inside the staged start counted to it."""
    if not row["profile"] or "error" in row["profile"][0]:
        return {}
    found = dict.fromkeys(PARTS, 0.0)
    for label, seconds in row["profile"][0]["spent"].items():
        found[label.split(":")[0]] += seconds
    return found | {"rest": row["profile"][0]["seconds"] - sum(found.values())}


def table(results) -> str:
    """Everything in Markdown."""
    head = ["system", "functions", "method", "seconds", f"× {REFERENCE}", "first", "peak MB"]
    rows, parts = (
        [[*head, "cycles", "conv_tol", "energy", "converged"]],
        [["system", "method", *PARTS, "rest"]],
    )
    for system, entry in results["systems"].items():
        for method, row in entry["methods"].items():
            last = {**row["alone"][0], **(row["runs"] or [{}])[-1]}
            numbers = [("seconds", ".2f"), ("ratio", ".2f"), ("first_seconds", ".2f")]
            numbers += [("peak_mb", ".0f"), ("cycles", "d"), ("conv_tol", "g"), ("energy", ".6f")]
            cells = [_cell({**last, **row}.get(key), form) for key, form in numbers]
            state = row["error"] or ("yes" if row["converged"] else "**no**")
            rows.append([system, str(entry["basis_functions"]), method, *cells, state])
            seconds = shares(row).values()
            parts += [[system, method, *(f"{s:.2f}" for s in seconds)]] if seconds else []
    settings = ", ".join(f"{key} {value}" for key, value in results["settings"].items())
    spent = ["Seconds of one run:", _markdown(parts)] if len(parts) > 1 else []
    return "\n\n".join([_markdown(rows), *spent, settings])


def _cell(value, form) -> str:
    return "–" if value is None else format(value, form)


def _markdown(rows) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def draw(results, file):
    """Ratios, memory, where the time went, growth, as HTML, and as PNG if kaleido is there."""
    try:
        from plotly.subplots import make_subplots
    except ImportError:
        return print('no figure: pip install "mlxc-edu[notebooks]"', file=sys.stderr)
    titles = [
        f"time over {REFERENCE}'s (hatched: did not converge)",
        "peak memory (MB)",
        "where the time went (%)",
        "growth: seconds against basis functions, water molecules without symmetry",
    ]
    fig = make_subplots(rows=4, cols=1, vertical_spacing=0.1, subplot_titles=titles)
    systems = results["systems"]
    for i, method in enumerate(results["settings"]["methods"]):
        rows = [entry["methods"][method] for entry in systems.values()]
        bars = dict(name=method, legendgroup=method, marker_color=COLOURS[i % len(COLOURS)])
        bars["marker_pattern_shape"] = ["" if row["converged"] else "x" for row in rows]
        text = ["failed" if row["error"] else f"{row['seconds']:.2f} s" for row in rows]
        label = dict(text=text, textposition="outside", cliponaxis=False)
        ratios = [row["ratio"] or 0 for row in rows]
        fig.add_bar(x=[*systems], y=ratios, row=1, col=1, **label, **bars)
        memory = [row["peak_mb"] for row in rows]
        fig.add_bar(x=[*systems], y=memory, showlegend=False, row=2, col=1, **bars)
    spent = {(s, m): shares(row) for s, e in systems.items() for m, row in e["methods"].items()}
    spent = {key: found for key, found in spent.items() if found}
    for i, part in enumerate([*PARTS, "rest"]):
        sums = [sum(found.values()) / 100 for found in spent.values()]
        below = [sum(list(f.values())[:i]) / total for f, total in zip(spent.values(), sums)]
        share = [found[part] / total for found, total in zip(spent.values(), sums)]
        bars = dict(name=part, base=below, offsetgroup="parts", marker_color=PART_COLOURS[i])
        x = [f"{system} {method}" for system, method in spent]
        fig.add_bar(x=x, y=share, legend="legend2", row=3, col=1, **bars)
    waters = [entry for system, entry in systems.items() if re.match(r"\d+H2O/", system)]
    sizes = [entry["basis_functions"] for entry in waters]
    for i, method in enumerate(results["settings"]["methods"]):
        seconds = [entry["methods"][method]["seconds"] for entry in waters]
        line = dict(name=method, legendgroup=method, marker_color=COLOURS[i % len(COLOURS)])
        fig.add_scatter(x=sizes, y=seconds, showlegend=False, row=4, col=1, **line)
    name = "exact local exchange once at all points"
    floor = [entry["floor"] for entry in waters]
    line = dict(color="black", dash="dot")
    fig.add_scatter(x=sizes, y=floor, name=name, mode="lines", line=line, row=4, col=1)
    fig.update_xaxes(type="log", title="basis functions", row=4, col=1)
    fig.update_yaxes(type="log", title="seconds", row=4, col=1)
    fig.update_layout(template="simple_white", width=900, height=1400, barmode="group")
    fig.update_layout(legend2=dict(y=0.45, yanchor="top"))
    fig.write_html(file.with_suffix(".html"), include_plotlyjs="cdn")
    if importlib.util.find_spec("kaleido"):
        try:
            fig.write_image(file.with_suffix(".png"), scale=2)
        except Exception as error:  # its own Chrome may be missing
            print(f"no PNG: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
