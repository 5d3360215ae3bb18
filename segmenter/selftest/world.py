"""Invented people for any project.

Enough of everyone that every segment could find somebody, nobody real, no noise involved.

Labels are drawn for each dimension, some of them from the segments' own cells, and turned into the
raw values that make them: columns of patients, rows of facts. Most people consent to everything,
with proof; some do not. The same seed makes the same world.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from segmenter.project.family import region
from segmenter.project.policy import Dimension, Policy

if TYPE_CHECKING:
    from pathlib import Path

    from segmenter.project.declared import Sources
    from segmenter.project.segment import Resolved

CONSENTING = 0.9
AIMED = 40  # people drawn from each segment's own cells
EVENT = (
    "event_id", "patient_id", "purpose", "channel", "topic", "category", "state", "effective_at",
    "recorded_at", "confirmed_at",
    "valid_until", "method", "expressed_by", "notice_version", "evidence", "source",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """What is written: rows of patients, of consent, of each fact table."""

    policy: Policy
    sources: Sources
    segments: Sequence[Resolved]
    seed: int = 1
    patients: list[dict[str, Any]] = field(default_factory=list)
    consent: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def fill(self, many: int) -> World:
        """Draw `many` people, and those whom the segments look for."""
        chance = random.Random(self.seed)  # noqa: S311 - invented people, not noise
        aimed: list[dict[str, str]] = []
        for segment in self.segments:
            aimed.extend(self._aimed(segment, chance))
        for n in range(max(many, len(aimed))):
            is_aimed = n < len(aimed)
            labels = self._labels(aimed[n] if is_aimed else {}, chance)
            self._person(f"T{n:06d}", labels, chance, sure=is_aimed)
        return self

    def _labels(self, wish: Mapping[str, str], chance: random.Random) -> dict[str, str]:
        """A label of each dimension: the one that is wished for, else any but the last one."""
        labels = {}
        for dimension in self.policy.dimensions.values():
            if not dimension.per_patient:
                continue
            label = wish.get(dimension.name)
            if not label:
                label = chance.choice(dimension.labels[:-1] or dimension.labels)
            labels[dimension.name] = label
        return labels

    def _aimed(self, segment: Resolved, chance: random.Random) -> Iterator[dict[str, str]]:
        """Cells of the segment, drawn again and again."""
        own = [self.policy.dimensions[name] for name in segment.dimensions]
        cells = np.argwhere(region(segment, self.policy.dimensions))
        if not len(cells):
            return
        for _ in range(AIMED):
            cell = cells[chance.randrange(len(cells))]
            wish = {}
            for dimension, code in zip(own, cell, strict=True):
                wish[dimension.name] = dimension.labels[code]
            yield wish

    def _person(
        self, name: str, labels: Mapping[str, str], chance: random.Random, *, sure: bool
    ) -> None:
        row: dict[str, Any] = {
            "patient_id": name,
            "age": chance.randint(18, 95),
            "email": f"{name.lower()}@example.org",
            "phone": f"+3363998{chance.randint(0, 9999):04d}",
            "postal": f"{chance.randint(1, 99)} rue Neuve, 75001 Paris",
            "first_name": "Camille",
            "language": "fr",
            "deceased": "false",
        }
        for dimension in self._dimensions("patient"):
            row[dimension.column or ""] = _raw(dimension, labels[dimension.name], chance)
        self.patients.append(row)
        for fact in self.sources.facts:
            self._facts(fact, name, labels, chance)
        if sure or chance.random() < CONSENTING:
            self._consents(name, row, chance)

    def _dimensions(self, table: str) -> list[Dimension]:
        declared = self.policy.dimensions.values()
        return [dimension for dimension in declared if dimension.table == table]

    def _facts(
        self, fact: str, name: str, labels: Mapping[str, str], chance: random.Random
    ) -> None:
        own = self._dimensions(fact)
        counted = next((d for d in own if d.measure == "count"), None)
        many = (
            chance.randint(1, 3)
            if counted is None
            else int(_raw(counted, labels[counted.name], chance) or 0)
        )
        wanted = {
            d.column: _raw(d, labels[d.name], chance)
            for d in reversed(own)
            if d.measure not in (None, "count")
        }
        sums = {d.column for d in own if d.measure == "sum"}
        bounded = dict(self.policy.facts[fact].clip) if fact in self.policy.facts else {}
        for n in range(max(0, many)):
            row: dict[str, Any] = {"patient_id": name}
            row |= {column: chance.randint(low, high) for column, (low, high) in bounded.items()}
            row |= {
                d.column or "": _raw(d, chance.choice(d.labels), chance)
                for d in own
                if d.measure is None
            }
            row |= {
                column or "": 0 if n and column in sums else value
                for column, value in wanted.items()
            }
            self.facts.setdefault(fact, []).append(row)

    def _consents(self, name: str, row: Mapping[str, Any], chance: random.Random) -> None:
        given = datetime.now(UTC) - timedelta(hours=chance.randint(25, 200))
        stamp = given.strftime("%Y-%m-%dT%H:%M:%SZ")
        young = isinstance(row["age"], int) and row["age"] < 15  # noqa: PLR2004 - consent.md, C11
        by = "joint" if young else "self"
        notice = self.policy.notices[-1] if self.policy.notices else ""
        told = (stamp, stamp, stamp, "", "web_form", by, notice, "doc", "trial")
        for purpose in self.policy.purposes.values():
            for category in purpose.categories:
                event_id = f"e{len(self.consent)}"
                scope = (purpose.name, "*", "*", category)
                values = (event_id, name, *scope, "given", *told)
                self.consent.append(dict(zip(EVENT, values, strict=True)))

    # -- files -------------------------------------------------------------------------------------

    def without(self, patient: str) -> World:
        """The neighbouring world: one human less, with everything of theirs."""

        def keep(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [row for row in rows if row["patient_id"] != patient]

        facts = {name: keep(rows) for name, rows in self.facts.items()}
        return World(
            policy=self.policy,
            sources=self.sources,
            segments=self.segments,
            seed=self.seed,
            patients=keep(self.patients),
            consent=keep(self.consent),
            facts=facts,
        )

    def write(self, root: Path) -> None:
        """Write the data and a `sources.yml` that reads it, with the tags of the project's own."""
        folder = root / "data"
        folder.mkdir(exist_ok=True)
        _csv(folder / "patients.csv", self.patients)
        _csv(folder / "consent.csv", self.consent, EVENT)
        declared: dict[str, Any] = {
            "patient": {
                "read": "data/patients.csv",
                "key": "patient_id",
                "tags": dict(self.sources.patient.tags),
            },
            "consent": [{"read": "data/consent.csv"}],
        }
        for name, source in self.sources.facts.items():
            _csv(
                folder / f"{name}.csv",
                self.facts.get(name, []),
                ("patient_id", *self._fact_columns(name)),
            )
            declared[name] = {
                "read": f"data/{name}.csv",
                "patient": "patient_id",
                "tags": dict(source.tags),
            }
        known = set(self.patients[0]) if self.patients else set()
        declared["patient"]["tags"] = {
            c: t for c, t in declared["patient"]["tags"].items() if c in known
        }
        (root / "sources.yml").write_text(json.dumps(declared), encoding="utf-8")

    def _fact_columns(self, fact: str) -> list[str]:
        columns = set()
        for dimension in self._dimensions(fact):
            if dimension.column:
                columns.add(dimension.column)
        if fact in self.policy.facts:
            columns.update(self.policy.facts[fact].clip)
        return sorted(columns)


def _raw(dimension: Dimension, label: str, chance: random.Random) -> Any:
    """A raw value that has this label; None for `unknown`, and a text of no list for `other`."""
    place = dimension.labels.index(label)
    if dimension.bands is not None:
        if place == len(dimension.labels) - 1:
            return None
        first = dimension.bands[0]
        lowest = 0 if first > 0 else first - 5
        bounds = (lowest, *dimension.bands, dimension.bands[-1] + 6)
        low, high = bounds[place], bounds[place + 1] - 1
        return chance.randint(low, max(low, high))
    texts = (dimension.values or {}).get(label)
    if texts:
        return chance.choice(texts)
    if label == dimension.other:
        return "no listed value"
    return None


def _csv(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> None:
    import csv

    names = list(dict.fromkeys([*columns, *(rows[0] if rows else ())]))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
