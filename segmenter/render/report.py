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
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC
from html import escape
from typing import TYPE_CHECKING, Any

from segmenter.budget.accounting import converted, shown
from segmenter.errors import UsageError
from segmenter.private.files import write_file
from segmenter.published.segment_count import SegmentCount
from segmenter.render.html_table import html_table as _table
from segmenter.render.report_words import LANGUAGES, METHOD, OPINION, SAY

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from segmenter.estimation.measured import Measured
    from segmenter.model import Cost
    from segmenter.published.release import Release

MOST_ROWS = 1_000  # of an HTML page
ODDS_DELTA = 1_000  # one in a million: outside of it, odds from zCDP hold
MOST_EPSILON = 500  # whose exponential is still a number
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
        known = ", ".join(LANGUAGES)
        raise UsageError(f"there is no report in {language!r}", hint=f"one of {known}")
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
    if isinstance(subject, SegmentCount):
        return subject.cells()
    return list(subject.cells())


def _content(subject: Release | SegmentCount) -> dict[str, Any]:
    """The document of a count; a segment's also says how its release was made."""
    document = subject.to_dict()
    if isinstance(subject, SegmentCount):
        made = subject.release.to_dict()
        del made["cells"], made["withheld_cells"]
        document["made"] = made
    return document


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
        labels = [_harmless(cell[name]) for name in dimensions]
        withheld = "true" if cell["withheld"] else "false"
        writer.writerow([*labels, count, low, high, withheld])
    return text.getvalue()


def _harmless(label: str) -> str:
    if label.startswith(DANGEROUS):
        return f"'{label}"
    return label


# -- the page --------------------------------------------------------------------------------------


def page(
    subject: Release | SegmentCount, purpose_title: str | None = None, language: str = "en"
) -> str:
    """The HTML page of a release, or of one segment's part of it."""
    import jinja2

    release, _ = _parts(subject)
    cells = _cells(subject)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("segmenter.render", "pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {"grouped": _grouping(language), "bar": _bar(_largest(cells))}
    facts = {
        "language": language,
        "say": SAY[language],
        "release": _head(release, SAY[language]),
        "title": _title(subject, language),
        "purpose": purpose_title or release.family.purpose,
        "cells": cells[:MOST_ROWS],
        "hidden_rows": max(0, len(cells) - MOST_ROWS),
        "withheld": sum(cell["withheld"] for cell in cells),
        "matched": _matched(subject),
    }
    return environment.get_template("release.html").render(**facts, **_words(release, language))


def _largest(cells: Sequence[Mapping[str, Any]]) -> int:
    """The highest end of a shown interval, to which the bars are scaled."""
    largest = 0
    for cell in cells:
        if not cell["withheld"]:
            _, high = cell["interval"]
            largest = max(largest, high)
    return largest or 1


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
    months = say["months"].split()
    month = months[at.month - 1]
    return say["moment"].format(day=at.day, month=month, year=at.year, time=f"{at:%H:%M}")


def _title(subject: Release | SegmentCount, language: str) -> str:
    if isinstance(subject, SegmentCount):
        titles = list(subject.title.values())
        usual = titles[0] if titles else subject.segment
        return subject.title.get(language) or usual
    dimensions = " × ".join(subject.dimensions)
    return dimensions or SAY[language]["total"]


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
        "chance": _decimal(f"{1 - release.confidence:.2g}", say),
    }
    odds = _odds(release.cost, say)
    return {
        "withheld_why": say["withheld_why"].format(**limits),
        "cost_text": say["cost"].format(price=_price(release.cost, say)),
        "unit": "ρ" if release.cost.rho else "ε",
        "measured": [_measured(table, say) for table in release.measured],
        "method": METHOD[language],
        "opinion": [
            (question, text.format(patients=release.patients, odds=odds))
            for question, text in OPINION[language]
        ],
    }


def _odds(cost: Cost, say: Mapping[str, str]) -> str:
    """The factor by which odds can have changed; for rho, outside of one case in a million."""
    epsilon = shown(cost.epsilon + converted(cost.rho, ODDS_DELTA))
    factor = math.exp(min(epsilon, MOST_EPSILON))
    odds = _decimal(f"{factor:.3g}", say)
    if cost.rho:
        return f"{odds}{say['but_rarely']}"
    return odds


def _measured(table: Measured, say: Mapping[str, str]) -> dict[str, Any]:
    mechanism = "discrete_gaussian" if table.cost.rho else "geometric"
    price = shown(table.cost.rho or table.cost.epsilon)
    dimensions = table.dimensions
    if table.segments:
        dimensions = (say["partition"].format(n=table.segments),)
    return {
        "dimensions": dimensions,
        "mechanism": say[mechanism],
        "price": _decimal(f"{price:.4g}", say),
    }


def _price(cost: Cost, say: Mapping[str, str]) -> str:
    if cost.rho:
        return _decimal(f"ρ = {shown(cost.rho):g}", say)
    return _decimal(f"ε = {shown(cost.epsilon):g}", say)


def _decimal(number: str, say: Mapping[str, str]) -> str:
    """A number with the decimal sign of the language."""
    return number.replace(".", say["decimal"])


def _grouping(language: str) -> Callable[[int], str]:
    """Whole numbers with their digits in groups of three."""
    separator = "," if language == "en" else "\u202f"

    def grouped(number: int) -> str:
        return f"{number:,}".replace(",", separator)

    return grouped


def _bar(largest: int) -> Callable[[Mapping[str, Any]], tuple[float, float]]:
    """Widths in percent of a cell's bar.

    One width to the low end of its interval, one from there to the high end.
    """

    def widths(cell: Mapping[str, Any]) -> tuple[float, float]:
        low, high = cell["interval"]
        start = 100 * max(0, low) / largest
        end = 100 * max(0, high) / largest
        return round(start, 1), round(end - start, 1)

    return widths


# -- notebooks -------------------------------------------------------------------------------------


def release_html(document: Mapping[str, Any]) -> str:
    """The document of a release as a notebook shows it."""
    dimensions = document["dimensions"]
    rows = _rows(document["cells"], dimensions)
    return _table([*dimensions, "people", "95 %"], rows)


def segment_html(document: Mapping[str, Any]) -> str:
    """The document of a segment's count as a notebook shows it."""
    name = escape(document["segment"])
    count = document["matched"]["count"]
    low, high = document["matched"]["interval"]
    withheld = f"{document['withheld_cells']:,} cells withheld"
    head = f"<p><b>{name}</b>: {count:,} ({low:,} to {high:,}), {withheld}</p>"
    cells = document["cells"]
    first = cells[0] if cells else {}
    dimensions = [key for key in first if key not in NUMBERS]
    rows = _rows(cells, dimensions)
    return head + _table([*dimensions, "people", "95 %"], rows)


def plan_html(document: Mapping[str, Any]) -> str:
    """The document of a plan as a notebook shows it."""
    rows = []
    for row in document["releases"]:
        paid = row["epsilon"] or row["rho"]
        price = "stored, free" if row["stored"] else f"{paid:g}"
        errors = [f"{name} ±{error}" for name, error in row["predicted_error"].items()]
        cells = f"{row['cells']:,}"
        rows.append([_counted(row), row["purpose"], price, cells, ", ".join(errors)])
    return _table(["table", "purpose", "price", "cells", "people, 95 %"], rows)


def _counted(row: Mapping[str, Any]) -> str:
    """What a row of a plan measures: a table's dimensions, or the segments of a partition."""
    if row["kind"] == "strip":
        return f"partition of {', '.join(row['serves'])}"
    return " × ".join(row["dimensions"])


def _rows(cells: Sequence[Mapping[str, Any]], dimensions: Sequence[str]) -> list[list[str]]:
    rows = []
    for cell in cells[:FEW_ROWS]:
        labels = [cell[name] for name in dimensions]
        rows.append([*labels, *_numbers(cell)])
    if len(cells) > FEW_ROWS:
        rows.append(["…"] * (len(dimensions) + 2))
    return rows


def _numbers(cell: Mapping[str, Any]) -> tuple[str, str]:
    """A cell's count and interval, if they may be shown."""
    if cell["withheld"]:
        return "withheld", ""
    low, high = cell["interval"]
    return f"{cell['count']:,}", f"{low:,} to {high:,}"
