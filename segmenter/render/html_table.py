"""A table of texts as HTML, everything escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table of these rows under these column names.

    >>> html_table(["segment", "count"], [["a<b", "12"]])
    '<table><thead><tr><th>segment</th><th>count</th></tr></thead>\
<tbody><tr><td>a&lt;b</td><td>12</td></tr></tbody></table>'
    """
    head = _row("th", columns)
    body = "".join(_row("td", row) for row in rows)
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


def _row(tag: str, texts: Sequence[str]) -> str:
    cells = ""
    for text in texts:
        cells += f"<{tag}>{escape(text)}</{tag}>"
    return f"<tr>{cells}</tr>"
