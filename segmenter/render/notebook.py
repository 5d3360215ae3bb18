"""Tables and charts of what may be shown, for notebooks and pages.

Everything here is made from the results' own documents (`to_dict()`): published numbers with their
intervals, and nothing else. A withheld cell has no bar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from segmenter.errors import UsageError
from segmenter.nearest import hint
from segmenter.render.html_table import html_table

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
    '<table><thead><tr><th>segment</th><th>count</th></tr></thead>\
<tbody><tr><td>a&lt;b</td><td>12</td></tr></tbody></table>'
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def _repr_html_(self) -> str:
        rows = [list(map(_shown, row)) for row in self.rows]
        return html_table(self.columns, rows)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> NotebookTable:
    """A table of a document's list of objects; all keys, or only `columns`."""
    chosen: dict[str, None] = dict.fromkeys(columns or ())
    if not chosen:
        for row in rows:
            chosen |= dict.fromkeys(row)
    shown = []
    for row in rows:
        values = [row.get(name) for name in chosen]
        shown.append(tuple(values))
    return NotebookTable(tuple(chosen), tuple(shown))


def segments(run: Result) -> alt.LayerChart:
    """The segments of a run: a bar each, with its 95 % interval."""
    rows = []
    for segment in run.to_dict()["segments"]:
        rows.append(_measured(segment["segment"], segment["matched"]))
    return _bars(rows, "segment", "patients")


def cells(run: Result, segment: str) -> alt.LayerChart:
    """The shown cells of one segment of a run. `UsageError` if the run has no such segment."""
    found = {one["segment"]: one for one in run.to_dict()["segments"]}
    if segment not in found:
        msg = f"this run has no segment `{segment}`"
        raise UsageError(msg, hint=hint(segment, list(found)))
    rows = []
    for cell in found[segment]["cells"]:
        if not cell["withheld"]:
            labels = [str(value) for key, value in cell.items() if key not in OWN]
            rows.append(_measured(" · ".join(labels), cell))
    return _bars(rows, "cell", "patients")


def funnel(export: Result) -> alt.LayerChart:
    """Who is not in an export's file, and why; empty if the funnel was not paid for."""
    steps = export.to_dict()["funnel"] or ()
    rows = [_measured(step["reason"], step) for step in steps]
    return _bars(rows, "reason", "patients")


def budgets(result: Result) -> alt.Chart:
    """What was spent and what remains of each budget's epsilon, from a run, a plan or `budget`."""
    import altair as alt

    rows = []
    for budget in result.to_dict()["budgets"]:
        name = f"{budget['purpose']} ({budget['period']})"
        for part in ("spent", "remaining"):
            rows.append({"budget": name, "part": part, "epsilon": budget["epsilon"][part]})
    encoded = {
        "x": alt.X("epsilon:Q", title="epsilon"),
        "y": alt.Y("budget:N", title=None, sort=None),
        "color": alt.Color(
            "part:N",
            title=None,
            scale=alt.Scale(domain=["spent", "remaining"], range=["#c0504d", "#c9d7e8"]),
        ),
    }
    data = alt.InlineData(values=rows)
    chart: alt.Chart = alt.Chart(data).mark_bar().encode(**encoded)
    return chart.properties(width=WIDTH)


def svg(chart: alt.Chart | alt.LayerChart) -> str:
    """A chart as SVG text, made without a browser."""
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(chart.to_dict())
    return str(drawn)


def _measured(label: str, measured: Mapping[str, Any]) -> dict[str, Any]:
    low, high = measured["interval"] or (None, None)
    return {
        "label": label,
        "count": measured["count"],
        "low": low,
        "high": high,
    }


def _bars(rows: Sequence[Mapping[str, Any]], what: str, title: str) -> alt.LayerChart:
    import altair as alt

    data = alt.InlineData(values=[dict(row) for row in rows])
    labels = alt.Y("label:N", title=what, sort=None)
    counts = alt.X("count:Q", title=title)
    ends = alt.X("low:Q", title=title)
    base = alt.Chart(data).encode(y=labels)
    bars = base.mark_bar(color="#7f9cc0").encode(x=counts)
    whiskers = base.mark_rule(strokeWidth=2).encode(x=ends, x2="high:Q")
    chart: alt.LayerChart = alt.LayerChart(layer=[bars, whiskers])
    return chart.properties(width=WIDTH)


def _shown(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, (list, tuple)):
        return " to ".join(_shown(each) for each in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
