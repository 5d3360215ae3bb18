"""What the demo shows at its end: a table for a marketer, and the paths of what was made."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
        return [
            self._row(found, sent.get(found["segment"], {}), language)
            for found in self.run["segments"]
        ]

    def _row(
        self, found: Mapping[str, Any], export: Mapping[str, Any], language: str
    ) -> tuple[str, ...]:
        titles = self.titles.get(found["segment"]) or {}
        matched = found["matched"]
        withheld, about, to, _ = WORDS[language]
        reached = _reached(export)
        return (
            titles.get(language) or next(iter(titles.values()), found["segment"]),
            withheld if matched["count"] is None else _number(matched["count"], language),
            ""
            if matched["interval"] is None
            else f" {to} ".join(_number(bound, language) for bound in matched["interval"]),
            str(found["withheld_cells"]),
            str(export.get("channel", "")),
            "" if reached is None else f"{about} {_number(reached, language)}",
        )

    def lines(self, language: str = "en") -> list[str]:
        """The whole report as lines of plain text."""
        table = [COLUMNS[language], *self.rows(language)]
        widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
        made = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        ]
        made.insert(1, "  ".join("-" * width for width in widths))
        of = WORDS[language][-1]
        left = ", ".join(
            f"{b['purpose']} {b['epsilon']['remaining']:g} {of} {b['epsilon']['allowed']:g}"
            for b in self.run["budgets"]
        )
        return [
            *made,
            "",
            NOTES[language].format(left=left),
            "",
            *(
                f"{PLACES[language].get(what, what):<21} {path}"
                for what, path in self.paths().items()
            ),
        ]

    def paths(self) -> dict[str, str]:
        """What was made, and where."""
        made = {
            "project": str(self.directory),
            "policy": str(self.directory / "policy.yml"),
            "segments": str(self.directory / "segments"),
        }
        exports = {str(export["segment"]): str(export["file"]) for export in self.exports}
        return made | exports | {"recipient's key": str(self.directory / "recipient.age-key")}

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
        head = "".join(f"<th>{html.escape(name)}</th>" for name in COLUMNS["en"])
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self.rows()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _number(count: int, language: str) -> str:
    return f"{count:,}".replace(",", " ") if language == "fr" else f"{count:,}"


def _reached(export: Mapping[str, Any]) -> int | None:
    """The noised count of those who are in the file, if the funnel was paid for."""
    return next(
        (
            step["count"]
            for step in export.get("funnel") or ()
            if step["reason"] in ("exported", "members", "reached")
        ),
        None,
    )
