"""docs/benchmarks.md and its chart, from the results of every size that was measured."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.world import SIZES

DOCS = Path(__file__).parents[1] / "docs"
WORKS: dict[
    str, tuple[str, float | tuple[str, float]]
] = {  # work: what it is, side it is held against, at most
    "a": ("count by four dimensions, 2,080 cells, everyone consenting", ("plain", 1.1)),
    "b": ("the same, gated by ten consent events a patient", ("plain", 1.1)),
    "c": ("patients and bounded sum of nights by two dimensions of the facts", ("plain", 0.5)),
    "d": ("a job of 50 segments in five families", ("plain", 0.5)),
    "e": ("ingest of everything, decisions included", ("plain", 2.5)),
    "f": ("ingest of 0.1 % more events", ("e", 0.1)),
    "g": (
        "export of about 30 % of the patients against half as many suppression entries",
        ("plain", 6.0),
    ),
    "i": ("export of everyone not among five times as many suppression entries", ("plain", 6.0)),
    "s-full": ("decisions of everyone, against a table of the same events", ("plain", 4.0)),
    "s-delta": ("decisions after 0.1 % more events, withdrawals", ("s-full", 0.05)),
    "s-mixed": ("decisions after 0.1 % more events, six tenths of them grants", ("s-full", 0.05)),
    "s-gate": (
        "ten counts by four dimensions of who may be used, against everyone",
        ("plain", 1.3),
    ),
    "h-help": ("cold start of `--help`", 0.4),
    "h-budget": ("cold start of `budget`", 1.0),
    "h-plan": ("cold start of `plan`", 1.5),
}
SIDES = {
    "ours": "segmenter",
    "warm": "segmenter, asked a second time",
    "plain": "plain DuckDB",
    "latest": "plain DuckDB, latest event",
}
PACKAGES = ("duckdb", "polars")
LATEST = 0.1  # (b) against the latest event by hand
FASTER = {
    "opendp": 20,
    "smartnoise": 20,
    "pipeline_dp": 50,
    "tumult": 100,
}  # (b), at the size that was asked for
AGAINST = "1m"
MEMORY = {"1m": 2, "10m": 6}  # GiB
GROWTH = 12.0  # from one million patients to ten
SLACK = 0.2  # seconds for noise, ledger and the store of answers
Works = list[dict[str, Any]]


def machine() -> str:
    """What it was measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    load = os.getloadavg()[2]
    machine = platform.machine()
    return f"{cores} cores ({machine}), {memory:.0f} GiB, {system}, load {load:.1f} at the end"


def versions() -> dict[str, str]:
    """Of what was measured."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def table(works: Works) -> str:
    """One size's table, as Markdown."""
    seconds = {(w["work"], w["side"]): w["seconds"] for w in works}
    lines = [
        "| work | side | median s | processor s | ratio to segmenter | peak MiB | error a cell |",
        "|---|---|---|---|---|---|---|",
    ]
    for work in sorted(works, key=lambda w: (w["work"], w["side"] != "ours", w["side"])):
        ours = seconds.get((work["work"], "ours"))
        ratio = (
            f"{work['seconds'] / ours:.2f}"
            if ours and work["seconds"] and work["side"] != "ours"
            else ""
        )
        error = "" if work["error"] is None else f"{work['error']:.2f}"
        name = SIDES.get(work["side"], work["side"])
        took = "failed" if work["seconds"] is None else f"{work['seconds']:.3f}"
        peak = "" if work["peak"] is None else f"{work['peak']:,.0f}"
        used = "" if work.get("processor") is None else f"{work['processor']:.3f}"
        lines.append(
            f"| ({work['work']}) {WORKS[work['work']][0]} | {name} | {took} | {used} | {ratio} | "
            f"{peak} | {error} |"
        )
    return "\n".join(lines)


def verdicts(works: Works, size: str) -> str:
    """What was asked for, and what was found."""
    seconds = {(w["work"], w["side"]): w["seconds"] for w in works}
    processor = {(w["work"], w["side"]): w.get("processor") for w in works}
    lines = ["| work | at most | measured | | by processor time |", "|---|---|---|---|---|"]
    for work, (_, bound) in WORKS.items():
        ours = seconds.get((work, "ours"))
        if ours is None:
            continue
        if isinstance(bound, float):
            used = processor[work, "ours"]
            asked, found, held, by = (
                f"{bound} s",
                f"{ours:.2f} s",
                ours <= bound,
                "" if used is None else f"{used:.2f} s",
            )
        else:
            other, times = bound
            held_against = (other, "ours") if other in WORKS else (work, other)
            beside = seconds.get(held_against)
            if beside is None:
                continue
            by = _by(processor.get((work, "ours")), processor.get(held_against))
            slack = SLACK if work in ("a", "b") else 0.0
            more = f" + {slack} s" if slack else ""
            name = f"({other})" if other in WORKS else "plain"
            asked = f"{times} x{more} of {name}"
            found, held = f"{ours / beside:.2f} x ({ours:.3f} s)", ours <= times * beside + slack
        lines.append(_line(f"({work})", asked, found, by, held=held))
    return "\n".join([*lines, *_more(works, size)])


def _line(work: str, asked: str, found: str, by: str, *, held: bool) -> str:
    verdict = "met" if held else "**missed**"
    return f"| {work} | {asked} | {found} | {verdict} | {by} |"


def _more(works: Works, size: str) -> Iterator[str]:
    """What else was asked for: beside the check by hand, beside other libraries, of memory."""
    seconds = {(w["work"], w["side"]): w["seconds"] for w in works}
    processor = {(w["work"], w["side"]): w.get("processor") for w in works}
    ours, hand = seconds.get(("b", "ours")), seconds.get(("b", "latest"))
    if ours and hand:
        by = _by(processor.get(("b", "ours")), processor.get(("b", "latest")))
        yield _line(
            "(b)",
            f"{LATEST} x of the latest event by hand",
            f"{ours / hand:.2f} x",
            by,
            held=ours <= LATEST * hand,
        )
    for name, times in FASTER.items() if size == AGAINST else ():
        took, again = seconds.get(("b", name)), seconds.get(("b", "warm"))
        if took and again:
            mine, theirs = processor.get(("b", "warm")), processor.get(("b", name))
            by = f"{theirs / mine:.0f} x" if mine and theirs else ""
            yield _line(
                "(b)",
                f"{times} x faster than {name}, warm",
                f"{took / again:.0f} x",
                by,
                held=took >= times * again,
            )
    peak = max((w["peak"] for w in works if w["side"] == "ours" and w["peak"]), default=None)
    if peak and size in MEMORY:
        yield _line(
            "all",
            f"{MEMORY[size]} GiB at the peak",
            f"{peak / 1024:.1f} GiB",
            "",
            held=peak <= MEMORY[size] * 1024,
        )


def growth(small: Works, large: Works) -> str:
    """How much longer each work takes with ten times the patients."""
    before, after = (
        {w["work"]: w for w in works if w["side"] == "ours"} for works in (small, large)
    )
    lines = ["| work | at most | measured | | by processor time |", "|---|---|---|---|---|"]
    for work in sorted(before.keys() & after.keys()):
        if not (before[work]["seconds"] and after[work]["seconds"]):
            continue
        times = after[work]["seconds"] / before[work]["seconds"]
        used = [found[work].get("processor") for found in (before, after)]
        by = f"{used[1] / used[0]:.1f} x" if used[0] and used[1] else ""
        lines.append(
            _line(f"({work})", f"{GROWTH:.0f} x", f"{times:.1f} x", by, held=times <= GROWTH)
        )
    return "\n".join(lines)


def beside(found: dict[str, Any]) -> str:
    """The libraries that were measured beside the program, and those that were not."""
    there = []
    missing = []
    for name, version in found.get("peers", {}).items():
        if version:
            there.append(f"{name} {version}")
        else:
            missing.append(name)
    said = ""
    if there:
        said += f" Beside it, each in an environment of its own: {', '.join(there)}."
    if missing:
        said += f" Not measured, since it was not installed: {', '.join(missing)}."
    return said


def _by(ours: float | None, beside: float | None) -> str:
    if not ours or not beside:
        return ""
    return f"{ours / beside:.2f} x ({ours:.3f} s)"


def write(results: Path) -> None:
    """Rewrite the page and the chart."""
    sizes = {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in results.glob("*.json")
    }
    order: list[str] = [size for size in SIZES if size in sizes]
    parts = [HEAD, "![seconds of each work, by size and side](benchmarks.svg)\n"]
    for size in order:
        found = sizes[size]
        named = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
        measured_on = textwrap.fill(f"{found['machine']}. {named}.{beside(found)}", 100)
        head = f"## {size}\n\n{measured_on}"
        parts.append(f"{head}\n\n{verdicts(found['works'], size)}\n\n{table(found['works'])}\n")
    if {"1m", "10m"} <= sizes.keys():
        parts.append(
            f"## From 1m to 10m\n\n{growth(sizes['1m']['works'], sizes['10m']['works'])}\n"
        )
    notes = results.parent / "notes.md"
    if notes.exists():
        parts.append(notes.read_text(encoding="utf-8"))
    (DOCS / "benchmarks.md").write_text("\n".join(parts), encoding="utf-8")
    chart(sizes, order)


def chart(sizes: dict[str, Any], order: list[str]) -> None:
    """Seconds on a logarithmic scale, a panel a size."""
    import altair as alt
    import polars as pl
    import vl_convert

    rows = [
        {
            "size": size,
            "work": w["work"],
            "side": SIDES.get(w["side"], w["side"]),
            "seconds": w["seconds"],
        }
        for size in order
        for w in sizes[size]["works"]
        if w["seconds"]
    ]
    if not rows:
        return
    points = (
        alt.Chart(pl.DataFrame(rows))
        .mark_point(filled=True, size=70)
        .encode(
            x=alt.X("seconds:Q", scale=alt.Scale(type="log"), title="seconds (logarithmic)"),
            y=alt.Y("work:N", title="work"),
            color=alt.Color("side:N", title=None),
            shape=alt.Shape("side:N", title=None),
            row=alt.Row("size:N", sort=order, title=None),
        )
        .properties(width=560, height=170)
    )
    (DOCS / "benchmarks.svg").write_text(
        vl_convert.vegalite_to_svg(points.to_dict()), encoding="utf-8"
    )


HEAD = """# Speed, measured beside plain SQL

For whoever wants to know how fast the program is, and what consent and privacy cost. After this
page you can compare it with plain SQL on your own machine: `make bench SIZE=1m` writes these
tables.

Each work runs in a process of its own, the sides in turn, for several rounds; the tables show
medians. *Plain DuckDB* answers the same question from its own encrypted file, with neither consent
nor privacy. *Latest event* is the consent check that a person would write by hand. Imports and
opening are not counted, except for cold starts, which are whole processes. The error is the mean
absolute error of a published cell at epsilon 1. *By processor time* compares the seconds of all
threads; other work on the machine changes these less than seconds by the clock. The verdict goes by
the clock. Compare the numbers of one table only; between machines compare ratios.
"""
