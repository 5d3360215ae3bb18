"""What the demo shows at its end: a table for a marketer, and the paths of what was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.render.html_table import html_table

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

COLUMNS = {
    "en": ("Segment", "Patients", "95 % interval", "Withheld cells", "Sent by", "In the file"),
    "fr": (
        "Segment",
        "Patients",
        "Intervalle à 95\u00a0%",
        "Cases non publiées",
        "Envoi par",
        "Dans le fichier",
    ),
}
NOTES = {
    "en": "Counts carry noise: each is true to within its interval 19 times in 20. "
    "Privacy budget (epsilon) left: {left}.",
    "fr": "Les effectifs comportent un bruit aléatoire\u00a0: l'effectif exact se trouve dans "
    "l'intervalle 19 fois sur 20. Budget de confidentialité (epsilon) restant\u00a0: {left}.",
}
PLACES: Mapping[str, Mapping[str, str]] = {
    "en": {},
    "fr": {
        "project": "projet",
        "policy": "politique",
        "recipient's key": "clé du destinataire",
    },
}  # the words for what was made, if they are not the keys of the document
WORDS = {"en": ("withheld", "about", "to", "of"), "fr": ("non publié", "environ", "à", "sur")}


@dataclass(frozen=True, slots=True)
class DemoReport:
    """The demo's results: each part is the JSON document that the verb of its name answers."""

    directory: Path
    titles: Mapping[str, Mapping[str, str]]
    ingest: Mapping[str, Any]
    plan: Mapping[str, Any]
    run: Mapping[str, Any]
    exports: tuple[Mapping[str, Any], ...]

    def rows(self, language: str = "en") -> list[tuple[str, ...]]:
        """One row a segment, as texts, in the order of `COLUMNS`."""
        sent = {export["segment"]: export for export in self.exports}
        rows = []
        for found in self.run["segments"]:
            export = sent.get(found["segment"], {})
            rows.append(self._row(found, export, language))
        return rows

    def _row(
        self, found: Mapping[str, Any], export: Mapping[str, Any], language: str
    ) -> tuple[str, ...]:
        count, interval = found["matched"]["count"], found["matched"]["interval"]
        reached = _reached(export)
        withheld, about, to, _ = WORDS[language]
        shown = withheld
        if count is not None:
            shown = _number(count, language)
        ends = []
        for end in interval or ():
            ends.append(_number(end, language))
        sent = ""
        if reached is not None:
            sent = f"{about} {_number(reached, language)}"
        return (
            self._title(found["segment"], language),
            shown,
            f" {to} ".join(ends),
            str(found["withheld_cells"]),
            str(export.get("channel", "")),
            sent,
        )

    def _title(self, segment: str, language: str) -> str:
        """The segment's title in a language, else in another, else its name."""
        titles = self.titles.get(segment) or {}
        if titles.get(language):
            return titles[language]
        return next(iter(titles.values()), segment)

    def lines(self, language: str = "en") -> list[str]:
        """The whole report as lines of plain text."""
        table = _aligned([COLUMNS[language], *self.rows(language)])
        left = ", ".join(self._left(language))
        note = NOTES[language].format(left=left)
        places = PLACES[language]
        paths = []
        for what, path in self.paths().items():
            paths.append(f"{places.get(what, what):<21} {path}")
        return [*table, "", note, "", *paths]

    def _left(self, language: str) -> list[str]:
        """What is left of each budget, in words."""
        *_, of = WORDS[language]
        left = []
        for budget in self.run["budgets"]:
            epsilon = budget["epsilon"]
            remaining = f"{epsilon['remaining']:g}"
            allowed = f"{epsilon['allowed']:g}"
            left.append(f"{budget['purpose']} {remaining} {of} {allowed}")
        return left

    def paths(self) -> dict[str, str]:
        """What was made, and where."""
        made = {
            "project": str(self.directory),
            "policy": str(self.directory / "policy.yml"),
            "segments": str(self.directory / "segments"),
        }
        for export in self.exports:
            made[str(export["segment"])] = str(export["file"])
        made["recipient's key"] = str(self.directory / "recipient.age-key")
        return made

    def to_dict(self) -> dict[str, Any]:
        """The JSON document of `segmenter demo`."""
        return {
            "directory": str(self.directory),
            "ingest": dict(self.ingest),
            "plan": dict(self.plan),
            "run": dict(self.run),
            "exports": [dict(export) for export in self.exports],
            "paths": self.paths(),
            "sentences": {language: self.lines(language) for language in COLUMNS},
        }

    def to_polars(self) -> pl.DataFrame:
        """The table as a polars frame of texts."""
        import polars as pl

        return pl.DataFrame(self.rows(), schema=list(COLUMNS["en"]), orient="row")

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        return html_table(COLUMNS["en"], self.rows())


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines of text, a ruler below the first one."""
    widths = []
    for column in zip(*table, strict=True):
        widths.append(max(map(len, column)))
    lines = []
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
    ruler = ["-" * width for width in widths]
    lines.insert(1, "  ".join(ruler))
    return lines


def _number(count: int, language: str) -> str:
    grouped = f"{count:,}"
    if language == "fr":
        return grouped.replace(",", " ")
    return grouped


def _reached(export: Mapping[str, Any]) -> int | None:
    """The noised count of those who are in the file, if the funnel was paid for."""
    for step in export.get("funnel") or ():
        if step["reason"] in ("exported", "members", "reached"):
            count: int = step["count"]
            return count
    return None
