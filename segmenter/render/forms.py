"""The answers of the main job: ingest, plan, run, export, budget, check, query, report."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from segmenter.render.parts import Document, between, listed, plain, table, text

if TYPE_CHECKING:
    from rich.console import Console

GAUGE = 12
MANY = 40  # cells of one segment
LAST = 20  # entries of the ledger


def _ingest(document: Document, console: Console, _language: str) -> None:
    tables = document.get("tables") or {}
    rows = [
        [name, counts.get("rows"), counts.get("quarantined")] for name, counts in tables.items()
    ]
    table(console, f"Snapshot {document.get('snapshot')}", ("table", "rows", "quarantined"), rows)
    listed(console, "Set aside", list(document.get("quarantine") or ())[:20])
    more = len(document.get("quarantine") or ()) - 20
    if more > 0:
        console.print("There is more: `segmenter quarantine`.")


def _plan(document: Document, console: Console, _language: str) -> None:
    releases = document.get("releases") or ()
    delta = ("delta",) if any(release.get("delta") for release in releases) else ()
    shown = ("serves", "dimensions", "epsilon", *delta, "cells", "predicted_error", "stored")
    cell = {"predicted_error": lambda r: _error(r.get("predicted_error")), "dimensions": _counted}
    rows = [
        [cell[key](release) if key in cell else release.get(key) for key in shown]
        for release in releases
    ]
    table(console, "To be measured (errors in patients, 95 %)", shown, rows)
    _target(document.get("target"), console)
    _refused(document, console)
    _warnings(document, console)
    _budgets(document, console)


def _counted(release: Mapping[str, Any]) -> Any:
    """A table's dimensions; a partition goes by the segments that it serves."""
    return "partition" if release.get("kind") == "strip" else release.get("dimensions")


def _error(error: Any) -> str:
    """A predicted error; by segment if there are several."""
    if isinstance(error, Mapping):
        several = len(error) > 1
        return "\n".join(
            f"{name} ±{text(each)}" if several else f"±{text(each)}" for name, each in error.items()
        )
    return "—" if error is None else f"±{text(error)}"


def _target(target: Any, console: Console) -> None:
    if isinstance(target, Mapping):
        price = target.get("epsilon")
        told = "cannot be reached" if price is None else f"would cost epsilon {text(price)}"
        console.print(f"An error of ±{text(target.get('patients'))} patients {told}.")


def _refused(document: Document, console: Console) -> None:
    for refused in document.get("refused") or ():
        console.print(
            f"refused [{refused.get('rule')}]: {text(refused.get('segment'))}: {text(refused.get('reason'))}"
        )


def _run(document: Document, console: Console, _language: str) -> None:
    for segment in document.get("segments") or ():
        _segment(segment, console)
    _refused(document, console)
    _warnings(document, console)
    console.print(f"spent: {text(document.get('spent'))}")
    _budgets(document, console)


def _segment(segment: Document, console: Console) -> None:
    """The cells that are shown, the first of them if there are many; then the whole."""
    cells = [cell for cell in segment.get("cells") or () if not cell.get("withheld")]
    own = [
        key for key in (cells[0] if cells else ()) if key not in ("count", "interval", "withheld")
    ]
    rows = [
        [*(cell.get(key) for key in own), cell.get("count"), between(cell.get("interval"))]
        for cell in cells
    ]
    table(console, str(segment.get("segment")), (*own, "patients", "95 %"), rows[:MANY])
    if len(rows) > MANY:
        console.print(f"and {text(len(rows) - MANY)} more cells: --json shows them all")
    matched, withheld = segment.get("matched") or {}, segment.get("withheld_cells")
    about = (
        "nothing that may be shown"
        if matched.get("count") is None
        else f"about {text(matched['count'])} patients"
    )
    less = f"; {text(withheld)} cells withheld" if withheld else ""
    console.print(
        f"{segment.get('segment')}: {about} (95 %: {between(matched.get('interval'))}){less}"
    )


def _budgets(document: Document, console: Console, _language: str = "en") -> None:
    rows = []
    for budget in document.get("budgets") or ():
        epsilon = budget.get("epsilon") or {}
        told = (
            epsilon.get("spent"),
            epsilon.get("remaining"),
            epsilon.get("allowed"),
            _until(budget),
        )
        rows.append([budget.get("purpose"), budget.get("period"), _gauge(epsilon), *told])
    table(
        console,
        "Budgets (epsilon)",
        ("purpose", "period", "", "spent", "remaining", "allowed", ""),
        rows,
    )


def _until(budget: Document) -> str:
    """When a budget runs out at the present pace, else when it begins anew."""
    runs_out = budget.get("forecast")
    return (
        f"runs out about {str(runs_out)[:10]}"
        if runs_out
        else f"anew on {str(budget.get('to'))[:10]}"
    )


def _gauge(epsilon: Document) -> str:
    with contextlib.suppress(TypeError, ValueError, ZeroDivisionError):
        full = round(GAUGE * min(1.0, float(epsilon["spent"]) / float(epsilon["allowed"])))
        return "█" * full + "░" * (GAUGE - full)
    return ""


def _budget(document: Document, console: Console, language: str) -> None:
    _budgets(document, console)
    entries = [
        {**each, "at": text(each.get("at")), "for": _paid_for(each)}
        for each in document.get("entries") or ()
    ]
    shown = ("at", "actor", "purpose", "for", "epsilon", "rho", "delta")
    table(
        console,
        "The last entries",
        shown,
        [[each.get(key) for key in shown] for each in entries[-LAST:]],
    )
    plain(
        {
            key: value
            for key, value in document.items()
            if key not in ("budgets", "entries", "lifetime")
        },
        console,
        language,
    )
    lifetime = document.get("lifetime") or {}
    lost = ", ".join(
        f"{name} {text(lifetime.get(name))}"
        for name in ("epsilon", "rho", "delta")
        if lifetime.get(name)
    )
    unsure = (
        ""
        if lifetime.get("complete", True)
        else "; a recovery may have lost entries, more can be known"
    )
    console.print(f"Over all time, of any one patient: {lost or 'nothing'}{unsure}")


def _paid_for(entry: Document) -> str:
    """The segments that a payment served, if any are known.

    Else the question's name, shortened if it is a hash.
    """
    question = str(entry.get("question"))
    return (
        text(entry["serves"])
        if entry.get("serves")
        else question
        if " " in question
        else question[:12]
    )


def _reports(document: Document, console: Console, _language: str) -> None:
    for report in document.get("reports") or ():
        for kind in ("html", "csv", "json"):
            console.print(
                f"{report.get('segment')} {kind}: {text(report.get(kind))}", soft_wrap=True
            )


def _export(document: Document, console: Console, _language: str) -> None:
    for key in ("export", "alias", "file", "manifest"):
        console.print(f"{key}: {text(document.get(key))}", soft_wrap=True)
    funnel = document.get("funnel")
    if funnel is None:
        console.print(
            "How many are in it, and why others are not, is not told: "
            "the budget does not pay for it (`release.funnel`)."
        )
    rows = [
        [step.get("reason"), step.get("count"), between(step.get("interval"))]
        for step in funnel or ()
    ]
    table(
        console, "Who is in the file, and why others are not", ("reason", "patients", "95 %"), rows
    )


def _check(document: Document, console: Console, _language: str) -> None:
    shown = ("segment", "purpose", "channels", "topic", "dimensions", "categories")
    table(
        console,
        "Segments",
        shown,
        [[each.get(key) for key in shown] for each in document.get("segments") or ()],
    )
    _warnings(document, console)
    console.print("The project's files are right.")


def _warnings(document: Document, console: Console) -> None:
    for warning in document.get("warnings") or ():
        where = (
            f"{warning['file']}{'' if warning['line'] is None else ':' + str(warning['line'])}: "
            if warning.get("file")
            else ""
        )
        hint = f" ({warning['hint']})" if warning.get("hint") else ""
        console.print(
            f"warning [{warning['rule']}]: {text(where + warning['message'] + hint)}",
            soft_wrap=True,
        )


def _query(document: Document, console: Console, _language: str) -> None:
    names = [
        str(column.get("name") if isinstance(column, Mapping) else column)
        for column in document.get("columns") or ()
    ]
    rows = [
        list(row.values()) if isinstance(row, Mapping) else list(row)
        for row in document.get("rows") or ()
    ]
    table(
        console,
        "Answer (95 %)",
        names,
        _paired(rows, [list(row) for row in document.get("intervals") or ()]),
    )
    for note in document.get("notes") or ():
        console.print(text(note), soft_wrap=True)
    console.print(
        f"epsilon: {text(document.get('epsilon'))}; release: {text(document.get('release'))}"
    )


def _paired(rows: list[list[Any]], intervals: list[list[Any]]) -> list[list[Any]]:
    """The rows with their intervals, which stand beside the measures.

    The columns without texts, in their order.
    """
    measures = [
        n
        for n in range(len(rows[0]) if rows else 0)
        if not any(isinstance(row[n], str) for row in rows)
    ]
    if len(intervals) != len(rows) or any(len(beside) != len(measures) for beside in intervals):
        return rows
    paired = [dict(zip(measures, beside, strict=True)) for beside in intervals]
    return [
        [_within(value, paired[n].get(column)) for column, value in enumerate(row)]
        for n, row in enumerate(rows)
    ]


def _within(value: Any, interval: Any) -> Any:
    return f"{text(value)} ({between(interval)})" if isinstance(interval, (list, tuple)) else value


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
