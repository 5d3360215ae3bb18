"""Tables and charts of what may be shown, for notebooks and pages.

Everything here is made from the results' own documents (`to_dict()`): published numbers with their
intervals, and nothing else. A withheld cell has no bar.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from segmenter.errors import UsageError
from segmenter.nearest import hint

if TYPE_CHECKING:
    import altair as alt

WIDTH = 520
OWN = ("count", "interval", "withheld", "raw")  # keys of a cell that are no dimension


class Result(Protocol):
    """What every verb of a session gives."""

    def to_dict(self) -> dict[str, Any]:
        """The document of the JSON contract."""


@dataclass(frozen=True, slots=True)
class NotebookTable:
    """Rows of texts and numbers that a notebook shows as a table.

    >>> NotebookTable(("segment", "count"), (("a<b", 12),))._repr_html_()
    '<table><thead><tr><th>segment</th><th>count</th></tr></thead><tbody><tr><td>a&lt;b</td><td>12</td></tr></tbody></table>'
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_shown(value))}</td>" for value in row) + "</tr>"
            for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> NotebookTable:
    """A table of a document's list of objects; all keys, or only `columns`."""
    chosen = tuple(columns or dict.fromkeys(key for row in rows for key in row))
    return NotebookTable(chosen, tuple(tuple(row.get(name) for name in chosen) for row in rows))


def segments(run: Result) -> alt.LayerChart:
    """The segments of a run: a bar each, with its 95 % interval."""
    rows = [_measured(s["segment"], s["matched"]) for s in run.to_dict()["segments"]]
    return _bars(rows, "segment", "patients")


def cells(run: Result, segment: str) -> alt.LayerChart:
    """The shown cells of one segment of a run. `UsageError` if the run has no such segment."""
    found = {s["segment"]: s for s in run.to_dict()["segments"]}
    if segment not in found:
        msg = f"this run has no segment `{segment}`"
        raise UsageError(msg, hint=hint(segment, list(found)))
    shown = [cell for cell in found[segment]["cells"] if not cell["withheld"]]
    rows = [
        _measured(" · ".join(str(value) for key, value in cell.items() if key not in OWN), cell)
        for cell in shown
    ]
    return _bars(rows, "cell", "patients")


def funnel(export: Result) -> alt.LayerChart:
    """Who is not in an export's file, and why; empty if the funnel was not paid for."""
    rows = [_measured(step["reason"], step) for step in export.to_dict()["funnel"] or ()]
    return _bars(rows, "reason", "patients")


def budgets(result: Result) -> alt.Chart:
    """What was spent and what remains of each budget's epsilon, from a run, a plan or `budget`."""
    import altair as alt

    rows = [
        {"budget": f"{b['purpose']} ({b['period']})", "part": part, "epsilon": b["epsilon"][part]}
        for b in result.to_dict()["budgets"]
        for part in ("spent", "remaining")
    ]
    encoded = {
        "x": alt.X("epsilon:Q", title="epsilon"),
        "y": alt.Y("budget:N", title=None, sort=None),
        "color": alt.Color(
            "part:N",
            title=None,
            scale=alt.Scale(domain=["spent", "remaining"], range=["#c0504d", "#c9d7e8"]),
        ),
    }
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=rows)).mark_bar().encode(**encoded).properties(width=WIDTH)
    )
    return chart


def svg(chart: alt.Chart | alt.LayerChart) -> str:
    """A chart as SVG text, made without a browser."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(chart.to_dict()))


def _measured(label: str, measured: Mapping[str, Any]) -> dict[str, Any]:
    low, high = measured["interval"] or (None, None)
    return {"label": label, "count": measured["count"], "low": low, "high": high}


def _bars(rows: Sequence[Mapping[str, Any]], what: str, title: str) -> alt.LayerChart:
    import altair as alt

    base = alt.Chart(alt.InlineData(values=[dict(row) for row in rows])).encode(
        y=alt.Y("label:N", title=what, sort=None)
    )
    bars = base.mark_bar(color="#7f9cc0").encode(x=alt.X("count:Q", title=title))
    whiskers = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=title), x2="high:Q")
    chart: alt.LayerChart = alt.LayerChart(layer=[bars, whiskers]).properties(width=WIDTH)
    return chart


def _shown(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, (list, tuple)):
        return " to ".join(_shown(each) for each in value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
