"""The answers of the main job: ingest, plan, run, export, budget, check, query, report."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from segmenter.render.parts import (
    Document,
    between,
    columns_of,
    items,
    listed,
    plain,
    table,
    text,
    whole_line,
)

if TYPE_CHECKING:
    from rich.console import Console

NUMBERS = ("count", "interval", "withheld")  # keys of a cell that are no dimension
GAUGE = 12
MANY = 40  # cells of one segment
LINES = 20  # of the quarantine
LAST = 20  # entries of the ledger
SHORT = 12  # characters of a hash


def _ingest(document: Document, console: Console, _language: str) -> None:
    tables = document.get("tables") or {}
    rows = []
    for name, counts in tables.items():
        rows.append([name, counts.get("rows"), counts.get("quarantined")])
    title = f"Snapshot {document.get('snapshot')}"
    table(console, title, ("table", "rows", "quarantined"), rows)
    quarantine = list(items(document, "quarantine"))
    listed(console, "Set aside", quarantine[:LINES])
    if len(quarantine) > LINES:
        console.print("There is more: `segmenter quarantine`.")
    left = document.get("left_out") or {}
    if left:
        title = "Columns that nothing uses; they were not kept"
        table(console, title, ("source", "columns"), list(left.items()))


def _plan(document: Document, console: Console, _language: str) -> None:
    releases = items(document, "releases")
    deltas = [release.get("delta") for release in releases]
    delta = ("delta",) if any(deltas) else ()
    shown = ("serves", "dimensions", "epsilon", *delta, "cells", "predicted_error", "stored")
    rows = []
    for release in releases:
        cells = {
            **release,
            "dimensions": _counted(release),
            "predicted_error": _error(release.get("predicted_error")),
        }
        rows.append([cells.get(key) for key in shown])
    table(console, "To be measured (errors in patients, 95 %)", shown, rows)
    _target(document.get("target"), console)
    _refused(document, console)
    _warnings(document, console)
    _budgets(document, console)


def _counted(release: Mapping[str, Any]) -> Any:
    """A table's dimensions; a partition goes by the segments that it serves."""
    if release.get("kind") == "strip":
        return "partition"
    return release.get("dimensions")


def _error(error: Any) -> str:
    """A predicted error; by segment if there are several."""
    if error is None:
        return "—"
    if not isinstance(error, Mapping):
        return f"±{text(error)}"
    lines = []
    for name, each in error.items():
        line = f"±{text(each)}"
        lines.append(f"{name} {line}" if len(error) > 1 else line)
    return "\n".join(lines)


def _target(target: Any, console: Console) -> None:
    if not isinstance(target, Mapping):
        return
    error = f"An error of ±{text(target.get('patients'))} patients"
    price = target.get("epsilon")
    if price is None:
        console.print(f"{error} cannot be reached.")
    else:
        console.print(f"{error} would cost epsilon {text(price)}.")


def _refused(document: Document, console: Console) -> None:
    for refused in items(document, "refused"):
        rule = refused.get("rule")
        segment = text(refused.get("segment"))
        reason = text(refused.get("reason"))
        console.print(f"refused [{rule}]: {segment}: {reason}")


def _run(document: Document, console: Console, _language: str) -> None:
    for segment in items(document, "segments"):
        _segment(segment, console)
    _refused(document, console)
    _warnings(document, console)
    console.print(f"spent: {text(document.get('spent'))}")
    _budgets(document, console)


def _segment(segment: Document, console: Console) -> None:
    """The cells that are shown, the first of them if there are many; then the whole."""
    name = segment.get("segment")
    cells = [cell for cell in items(segment, "cells") if not cell.get("withheld")]
    first = cells[0] if cells else {}
    dimensions = [key for key in first if key not in NUMBERS]
    rows = []
    for cell in cells:
        labels = [cell.get(dimension) for dimension in dimensions]
        rows.append([*labels, cell.get("count"), between(cell.get("interval"))])
    table(console, str(name), (*dimensions, "patients", "95 %"), rows[:MANY])
    if len(rows) > MANY:
        more = text(len(rows) - MANY)
        console.print(f"and {more} more cells: --json shows them all")
    console.print(f"{name}: {_matched(segment)}")


def _matched(segment: Document) -> str:
    """A segment's count in words, and how many of its cells are withheld."""
    matched = segment.get("matched") or {}
    count = matched.get("count")
    about = "nothing that may be shown" if count is None else f"about {text(count)} patients"
    said = f"{about} (95 %: {between(matched.get('interval'))})"
    withheld = segment.get("withheld_cells")
    if withheld:
        return f"{said}; {text(withheld)} cells withheld"
    return said


def _budgets(document: Document, console: Console, _language: str = "en") -> None:
    rows = []
    for budget in items(document, "budgets"):
        epsilon = budget.get("epsilon") or {}
        row = [
            budget.get("purpose"),
            budget.get("period"),
            _gauge(epsilon),
            epsilon.get("spent"),
            epsilon.get("remaining"),
            epsilon.get("allowed"),
            _until(budget),
        ]
        rows.append(row)
    columns = ("purpose", "period", "", "spent", "remaining", "allowed", "")
    table(console, "Budgets (epsilon)", columns, rows)


def _until(budget: Document) -> str:
    """When a budget runs out at the present pace, else when it begins anew."""
    runs_out = budget.get("forecast")
    if runs_out:
        return f"runs out about {_day(runs_out)}"
    return f"anew on {_day(budget.get('to'))}"


def _day(moment: Any) -> str:
    return str(moment)[:10]


def _gauge(epsilon: Document) -> str:
    """How much of a budget is spent, as a bar; nothing if that is not told."""
    with contextlib.suppress(TypeError, ValueError, ZeroDivisionError):
        share = float(epsilon["spent"]) / float(epsilon["allowed"])
        full = round(GAUGE * min(1.0, share))
        return "█" * full + "░" * (GAUGE - full)
    return ""


def _budget(document: Document, console: Console, language: str) -> None:
    _budgets(document, console)
    entries = items(document, "entries")
    shown = ("at", "actor", "purpose", "for", "epsilon", "rho", "delta")
    rows = []
    for entry in entries[-LAST:]:
        cells = {**entry, "at": text(entry.get("at")), "for": _paid_for(entry)}
        rows.append([cells.get(key) for key in shown])
    table(console, "The last entries", shown, rows)
    told = ("budgets", "entries", "lifetime")
    rest = {key: value for key, value in document.items() if key not in told}
    plain(rest, console, language)
    lost = _lost(document.get("lifetime") or {})
    console.print(f"Over all time, of any one patient: {lost}")


def _lost(lifetime: Document) -> str:
    """What may be known of one patient by all that was ever published."""
    amounts = []
    for name in ("epsilon", "rho", "delta"):
        if lifetime.get(name):
            amounts.append(f"{name} {text(lifetime[name])}")
    lost = ", ".join(amounts) or "nothing"
    if lifetime.get("complete", True):
        return lost
    return f"{lost}; a recovery may have lost entries, more can be known"


def _paid_for(entry: Document) -> str:
    """The segments that a payment served, if any are known.

    Else the question's name, shortened if it is a hash.
    """
    if entry.get("serves"):
        return text(entry["serves"])
    question = str(entry.get("question"))
    is_hash = " " not in question
    if is_hash:
        return question[:SHORT]
    return question


def _reports(document: Document, console: Console, _language: str) -> None:
    for report in items(document, "reports"):
        for kind in ("html", "csv", "json"):
            path = text(report.get(kind))
            whole_line(console, f"{report.get('segment')} {kind}: {path}")


def _export(document: Document, console: Console, _language: str) -> None:
    for key in ("export", "alias", "file", "manifest"):
        whole_line(console, f"{key}: {text(document.get(key))}")
    funnel = document.get("funnel")
    if funnel is None:
        console.print(
            "How many are in it, and why others are not, is not told: "
            "the budget does not pay for it (`release.funnel`)."
        )
    rows = []
    for step in funnel or ():
        rows.append([step.get("reason"), step.get("count"), between(step.get("interval"))])
    title = "Who is in the file, and why others are not"
    table(console, title, ("reason", "patients", "95 %"), rows)


def _check(document: Document, console: Console, _language: str) -> None:
    shown = ("segment", "purpose", "channels", "topic", "dimensions", "categories")
    table(console, "Segments", shown, columns_of(document, "segments", shown))
    _warnings(document, console)
    console.print("The project's files are right.")


def _warnings(document: Document, console: Console) -> None:
    for warning in items(document, "warnings"):
        whole_line(console, _warning(warning))


def _warning(warning: Document) -> str:
    """A warning with the file and line it is about, and what to do."""
    place = ""
    if warning.get("file"):
        place = f"{warning['file']}: "
        if warning["line"] is not None:
            place = f"{warning['file']}:{warning['line']}: "
    hint = f" ({warning['hint']})" if warning.get("hint") else ""
    said = text(f"{place}{warning['message']}{hint}")
    return f"warning [{warning['rule']}]: {said}"


def _query(document: Document, console: Console, _language: str) -> None:
    names = [_name(column) for column in items(document, "columns")]
    rows = [_values(row) for row in items(document, "rows")]
    intervals = [list(row) for row in items(document, "intervals")]
    table(console, "Answer (95 %)", names, _paired(rows, intervals))
    for note in items(document, "notes"):
        whole_line(console, text(note))
    epsilon = text(document.get("epsilon"))
    release = text(document.get("release"))
    console.print(f"epsilon: {epsilon}; release: {release}")


def _name(column: Any) -> str:
    if isinstance(column, Mapping):
        return str(column.get("name"))
    return str(column)


def _values(row: Any) -> list[Any]:
    if isinstance(row, Mapping):
        return list(row.values())
    return list(row)


def _paired(rows: list[list[Any]], intervals: list[list[Any]]) -> list[list[Any]]:
    """The rows with their intervals, which stand beside the measures.

    The columns without texts, in their order.
    """
    measures = _measures(rows)
    widths = {len(own) for own in intervals}
    if len(intervals) != len(rows) or widths - {len(measures)}:
        return rows
    paired = []
    for row, own in zip(rows, intervals, strict=True):
        cells = list(row)
        for column, interval in zip(measures, own, strict=True):
            cells[column] = _within(row[column], interval)
        paired.append(cells)
    return paired


def _measures(rows: list[list[Any]]) -> list[int]:
    """The columns that hold no text."""
    columns = len(rows[0]) if rows else 0
    texts: set[int] = set()
    for row in rows:
        texts.update(n for n, value in enumerate(row) if isinstance(value, str))
    return [column for column in range(columns) if column not in texts]


def _within(value: Any, interval: Any) -> Any:
    if isinstance(interval, (list, tuple)):
        return f"{text(value)} ({between(interval)})"
    return value


FORMS: Mapping[str, Callable[[Document, Console, str], None]] = {
    "ingest": _ingest,
    "plan": _plan,
    "run": _run,
    "export": _export,
    "budget": _budget,
    "check": _check,
    "query": _query,
    "report": _reports,
}
