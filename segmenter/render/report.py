"""Reports of releases: JSON, CSV and one self-contained HTML page, in English or French.

Made of released numbers only: free.

`write` makes the three files. `release_html`, `segment_html` and `plan_html` are the short forms
that notebooks show. Everything is escaped; the page loads nothing.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from html import escape
from typing import TYPE_CHECKING, Any

from segmenter.budget.accounting import converted, shown
from segmenter.errors import UsageError
from segmenter.published.segment_count import SegmentCount
from segmenter.render.report_words import LANGUAGES, METHOD, OPINION, SAY
from segmenter.store.files import write_file

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from segmenter.estimation.measured import Measured
    from segmenter.model import Cost
    from segmenter.published.release import Release

MOST_ROWS = 1_000  # of an HTML page
ODDS_DELTA = 1_000  # one in a million: outside of it, odds from zCDP hold
FEW_ROWS = 50  # of a notebook's table
NUMBERS = ("count", "interval", "withheld")  # keys of a cell that are no dimension
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run these


def write(
    folder: Path,
    subject: Release | SegmentCount,
    purpose_title: str | None = None,
    language: str = "en",
) -> dict[str, Path]:
    """Write `<release>[-<segment>].json`, `.csv` and `.html` into `folder` (mode 600).

    Returns their absolute paths by kind.

    `purpose_title` is the purpose in the reader's words. Raises `UsageError` for another language
    than `en` or `fr`.
    """
    if language not in LANGUAGES:
        raise UsageError(
            f"there is no report in {language!r}", hint=f"one of {', '.join(LANGUAGES)}"
        )
    release, name = _parts(subject)
    made = {
        "json": json.dumps(_content(subject), ensure_ascii=False, indent=2) + "\n",
        "csv": table_csv(_cells(subject), release.dimensions),
        "html": page(subject, purpose_title, language),
    }
    found = {}
    for kind, text in made.items():
        path = folder / f"{name}.{kind}"
        write_file(path, text.encode())
        found[kind] = path.absolute()
    return found


def _parts(subject: Release | SegmentCount) -> tuple[Release, str]:
    if isinstance(subject, SegmentCount):
        return subject.release, f"{subject.release.id}-{subject.segment}"
    return subject, subject.id


def _cells(subject: Release | SegmentCount) -> list[dict[str, Any]]:
    return list(
        subject.release.cells(subject.where)
        if isinstance(subject, SegmentCount)
        else subject.cells()
    )


def _content(subject: Release | SegmentCount) -> dict[str, Any]:
    if isinstance(subject, SegmentCount):
        made = {
            k: v
            for k, v in subject.release.to_dict().items()
            if k not in ("cells", "withheld_cells")
        }
        return {**subject.to_dict(), "made": made}
    return subject.to_dict()


def table_csv(cells: Iterable[Mapping[str, Any]], dimensions: Sequence[str]) -> str:
    """The cells as CSV: dimensions, count, low, high, withheld.

    Texts that a spreadsheet would run are quoted with an apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*dimensions, "count", "low", "high", "withheld"])
    for cell in cells:
        low, high = cell["interval"] or ("", "")
        count = "" if cell["withheld"] else cell["count"]
        writer.writerow(
            [
                *(_harmless(cell[d]) for d in dimensions),
                count,
                low,
                high,
                str(cell["withheld"]).lower(),
            ]
        )
    return text.getvalue()


def _harmless(label: str) -> str:
    return f"'{label}" if label.startswith(DANGEROUS) else label


# -- the page --------------------------------------------------------------------------------------


def page(
    subject: Release | SegmentCount, purpose_title: str | None = None, language: str = "en"
) -> str:
    """The HTML page of a release, or of one segment's part of it."""
    import jinja2

    release, _ = _parts(subject)
    cells = _cells(subject)
    largest = max((c["interval"][1] for c in cells if not c["withheld"]), default=0) or 1
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("segmenter.render", "pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {"grouped": _grouping(language), "bar": _bar(largest)}
    facts = {
        "language": language,
        "say": SAY[language],
        "release": _head(release, SAY[language]),
        "title": _title(subject, language),
        "purpose": purpose_title or release.family.purpose,
        "cells": cells[:MOST_ROWS],
        "hidden_rows": max(0, len(cells) - MOST_ROWS),
        "withheld": sum(c["withheld"] for c in cells),
        "matched": _matched(subject),
    }
    return environment.get_template("release.html").render(**facts, **_words(release, language))


def _head(release: Release, say: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": release.id,
        "made_at": _moment(release.made_at, say),
        "as_of": _moment(release.setting.clocks.as_of, say),
        "topic": release.family.topic,
        "channels": release.family.channels,
        "dimensions": release.dimensions,
    }


def _moment(at: datetime, say: Mapping[str, str]) -> str:
    """A moment in words, to the minute."""
    at = at.astimezone(UTC)
    return say["moment"].format(
        day=at.day, month=say["months"].split()[at.month - 1], year=at.year, time=f"{at:%H:%M}"
    )


def _title(subject: Release | SegmentCount, language: str) -> str:
    if isinstance(subject, SegmentCount):
        return subject.title.get(language) or next(iter(subject.title.values()), subject.segment)
    return " × ".join(subject.dimensions) or SAY[language]["total"]


def _matched(subject: Release | SegmentCount) -> dict[str, int] | None:
    if not isinstance(subject, SegmentCount):
        return None
    matched = subject.release.matched(subject.where)
    return {
        "count": matched.count,
        "low": matched.interval.low,
        "high": matched.interval.high,
    }


def _words(release: Release, language: str) -> dict[str, Any]:
    say = SAY[language]
    limits = {
        "patients": release.patients,
        "margin": release.margin,
        "limit": release.limit,
        "chance": f"{1 - release.confidence:.2g}",
    }
    odds = _odds(release.cost, say)
    return {
        "withheld_why": say["withheld_why"].format(**limits),
        "cost_text": say["cost"].format(price=_price(release.cost)),
        "unit": "ρ" if release.cost.rho else "ε",
        "measured": [_measured(m, say) for m in release.measured],
        "method": METHOD[language],
        "opinion": [
            (question, text.format(patients=release.patients, odds=odds))
            for question, text in OPINION[language]
        ],
    }


def _odds(cost: Cost, say: Mapping[str, str]) -> str:
    """The factor by which odds can have changed; for rho, outside of one case in a million."""
    epsilon = cost.epsilon + converted(cost.rho, ODDS_DELTA)
    odds = f"{math.exp(min(shown(epsilon), 500)):.3g}"
    return odds + say["but_rarely"] if cost.rho else odds


def _measured(table: Measured, say: Mapping[str, str]) -> dict[str, Any]:
    mechanism = say["discrete_gaussian" if table.cost.rho else "geometric"]
    partition = (say["partition"].format(n=table.segments),)
    return {
        "dimensions": partition if table.segments else table.dimensions,
        "mechanism": mechanism,
        "price": f"{shown(table.cost.rho or table.cost.epsilon):.4g}",
    }


def _price(cost: Cost) -> str:
    return f"ρ = {shown(cost.rho):g}" if cost.rho else f"ε = {shown(cost.epsilon):g}"


def _grouping(language: str) -> Any:
    separator = "," if language == "en" else "\u202f"
    return lambda number: f"{number:,}".replace(",", separator)


def _bar(largest: int) -> Any:
    """Widths in percent of a cell's bar.

    One width to the low end of its interval, one from there to the high end.
    """

    def widths(cell: Mapping[str, Any]) -> tuple[float, float]:
        low, high = (100 * max(0, end) / largest for end in cell["interval"])
        return round(low, 1), round(high - low, 1)

    return widths


# -- notebooks -------------------------------------------------------------------------------------


def release_html(document: Mapping[str, Any]) -> str:
    """The document of a release as a notebook shows it."""
    dimensions = document["dimensions"]
    return _table([*dimensions, "people", "95 %"], _rows(document["cells"], dimensions))


def segment_html(document: Mapping[str, Any]) -> str:
    """The document of a segment's count as a notebook shows it."""
    count, (low, high) = document["matched"]["count"], document["matched"]["interval"]
    name = escape(document["segment"])
    withheld = f"{document['withheld_cells']:,} cells withheld"
    head = f"<p><b>{name}</b>: {count:,} ({low:,} to {high:,}), {withheld}</p>"
    cells = document["cells"]
    dimensions = [key for key in cells[0] if key not in NUMBERS] if cells else []
    return head + _table([*dimensions, "people", "95 %"], _rows(cells, dimensions))


def plan_html(document: Mapping[str, Any]) -> str:
    """The document of a plan as a notebook shows it."""
    rows = []
    for row in document["releases"]:
        price = "stored, free" if row["stored"] else f"{row['epsilon'] or row['rho']:g}"
        errors = ", ".join(f"{name} ±{error}" for name, error in row["predicted_error"].items())
        rows.append([_counted(row), row["purpose"], price, f"{row['cells']:,}", errors])
    return _table(["table", "purpose", "price", "cells", "people, 95 %"], rows)


def _counted(row: Mapping[str, Any]) -> str:
    """What a row of a plan measures: a table's dimensions, or the segments of a partition."""
    return (
        f"partition of {', '.join(row['serves'])}"
        if row["kind"] == "strip"
        else " × ".join(row["dimensions"])
    )


def _rows(cells: Sequence[Mapping[str, Any]], dimensions: Sequence[str]) -> list[list[str]]:
    rows = []
    for cell in cells[:FEW_ROWS]:
        numbers = (
            ["withheld", ""]
            if cell["withheld"]
            else [f"{cell['count']:,}", f"{cell['interval'][0]:,} to {cell['interval'][1]:,}"]
        )
        rows.append([*(cell[d] for d in dimensions), *numbers])
    return rows if len(cells) <= FEW_ROWS else [*rows, ["…"] * (len(dimensions) + 2)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    columns = "".join(f"<th>{escape(h)}</th>" for h in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(v))}</td>' for v in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"
