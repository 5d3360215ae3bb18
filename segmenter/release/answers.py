"""Stored answers: sealed files, named by their question, and `release` entries of the journal (P6).

A stored answer is free as often as it is asked. What cannot be opened, or is not the question it is
named by, is not there.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from segmenter.budget.ledger import RELEASE
from segmenter.dimensions.partition import Row
from segmenter.errors import ProjectKeyError
from segmenter.model import Clocks, Cost, stamp
from segmenter.project.family import Family, Setting
from segmenter.release.publish import Measured, Release
from segmenter.store.keys import write_private

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from segmenter.journal.journal import Entry, Journal
    from segmenter.store.keys import Keys

ENDING = "sealed"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The stored answers of one project. `folder` is `.segmenter/releases`."""

    folder: Path
    keys: Keys
    journal: Journal

    def find(self, question: str, epsilon: int = 0) -> Release | None:
        """The stored answer to a question that was paid with at least `epsilon` (nano), None where there is none."""
        path = self.folder / f"{question}.{ENDING}"
        if not path.is_file():
            return None
        try:
            found = _read(self.keys.opened(path.read_bytes()))
        except (OSError, ProjectKeyError, ValueError, KeyError, TypeError, zlib.error):
            return None
        return found if found.question == question and found.epsilon >= epsilon else None

    def put(self, actor: str, releases: Sequence[Release], serves: Sequence[str] = ()) -> None:
        """Store releases that were just made, whole and on disk, then name them in the journal in one entry."""
        if not releases:
            return
        for release in releases:
            write_private(
                self.folder / f"{release.question}.{ENDING}", self.keys.sealed(_written(release))
            )
        tables = [
            {
                "release": r.id,
                "question": r.question,
                "table": r.table,
                "dimensions": list(r.dimensions),
            }
            for r in releases
        ]
        first = releases[0]
        body = {
            "tables": tables,
            "purpose": first.family.purpose,
            "snapshot": first.setting.snapshot,
            "policy": first.setting.policy,
            "spends": [m.spend for m in first.measured],
            "serves": list(serves),
        }
        self.journal.append(actor, RELEASE, body)

    def latest(self, table: str, now: datetime, max_age_days: int) -> Release | None:
        """The newest release of a family's table (`family.table_key`), on whatever snapshot, while it is young enough; else None (P6)."""
        for entry in reversed(self.journal.read(RELEASE)):
            if now - entry.at >= timedelta(days=max_age_days):
                return None
            for question in _questions(entry, table):
                found = self.find(question)
                if found is not None:
                    return found
        return None


def _questions(entry: Entry, table: str) -> list[str]:
    return [str(t["question"]) for t in entry.body.get("tables", ()) if t["table"] == table]


def _written(release: Release) -> bytes:
    content = {
        "id": release.id,
        "question": release.question,
        "table": release.table,
        "family": asdict(release.family),
        "setting": [
            release.setting.snapshot,
            release.setting.policy,
            *(stamp(c) for c in _clocks(release.setting.clocks)),
        ],
        "dimensions": release.dimensions,
        "domains": [[name, list(labels)] for name, labels in release.domains.items()],
        "measured": [_measured(m) for m in release.measured],
        "epsilon": release.epsilon,
        "threshold": [release.patients, release.confidence],
        "made_at": stamp(release.made_at),
        "values": release.values.ravel().tolist(),
    }
    return zlib.compress(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def _measured(one: Measured) -> dict[str, Any]:
    rows = [[row.dimensions, base64.b64encode(row.held).decode()] for row in one.rows]
    return {
        "dimensions": one.dimensions,
        "cost": asdict(one.cost),
        "spend": one.spend,
        "rows": rows,
    }


def _read_measured(content: Mapping[str, Any]) -> Measured:
    rows = tuple(
        Row(tuple(dimensions), base64.b64decode(held))
        for dimensions, held in content.get("rows", ())
    )
    return Measured(tuple(content["dimensions"]), Cost(**content["cost"]), content["spend"], rows)


def _clocks(clocks: Clocks) -> tuple[datetime, datetime]:
    return clocks.as_of, clocks.known_at


def _read(data: bytes) -> Release:
    content: dict[str, Any] = json.loads(zlib.decompress(data))
    domains = {name: tuple(labels) for name, labels in content["domains"]}
    dimensions = tuple(content["dimensions"])
    values = np.array(content["values"], dtype=np.float64).reshape(
        [len(domains[d]) for d in dimensions]
    )
    values.setflags(write=False)
    snapshot, policy, as_of, known_at = content["setting"]
    family = content["family"]
    return Release(
        id=content["id"],
        question=content["question"],
        table=content["table"],
        family=Family(
            family["purpose"],
            family["topic"],
            tuple(family["channels"]),
            tuple(family["categories"]),
        ),
        setting=Setting(
            snapshot,
            policy,
            Clocks(datetime.fromisoformat(as_of), datetime.fromisoformat(known_at)),
        ),
        dimensions=dimensions,
        domains=domains,
        measured=tuple(_read_measured(m) for m in content["measured"]),
        epsilon=content["epsilon"],
        patients=content["threshold"][0],
        confidence=content["threshold"][1],
        made_at=datetime.fromisoformat(content["made_at"]),
        values=values,
    )
