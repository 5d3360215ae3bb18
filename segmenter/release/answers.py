"""Stored answers: sealed files, named by their question, and `release` entries of the journal (P6).

A stored answer is free as often as it is asked. A file that cannot be opened, or that holds
another question than its name says, counts as absent.
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
from segmenter.dimensions.partition import Partition, Region
from segmenter.errors import ProjectKeyError
from segmenter.estimation.measured import Measured
from segmenter.model import Clocks, Cost, stamp
from segmenter.private.files import write_file
from segmenter.project.family import Family, Setting
from segmenter.published.release import Release

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from segmenter.journal.journal import Journal, JournalEntry
    from segmenter.noise.arrays import Reals
    from segmenter.private.keys import Keys

ENDING = "sealed"
UNREADABLE = (OSError, ProjectKeyError, ValueError, KeyError, TypeError, zlib.error)


@dataclass(frozen=True, slots=True)
class Answers:
    """The stored answers of one project. `folder` is `.segmenter/releases`."""

    folder: Path
    keys: Keys
    journal: Journal

    def find(self, question: str, epsilon: int = 0) -> Release | None:
        """The stored answer to a question, paid with at least `epsilon` (nano-units).

        None if there is no such answer.
        """
        path = self._path(question)
        if not path.is_file():
            return None
        try:
            release = read_release(self.keys.opened(path.read_bytes()))
        except UNREADABLE:
            return None
        if release.question != question or release.epsilon < epsilon:
            return None
        return release

    def put(self, actor: str, releases: Sequence[Release], serves: Sequence[str] = ()) -> None:
        """Store releases of one family that were just made.

        They are whole and on disk before the journal names them, all in one entry.
        """
        if not releases:
            return
        for release in releases:
            write_file(self._path(release.question), self.keys.sealed(written(release)))
        first = releases[0]
        body = {
            "tables": [_named(release) for release in releases],
            "purpose": first.family.purpose,
            "snapshot": first.setting.snapshot,
            "policy": first.setting.policy,
            "spends": [one.spend for one in first.measured],
            "serves": list(serves),
        }
        self.journal.append(actor, RELEASE, body)

    def latest(self, table: str, now: datetime, max_age_days: int) -> Release | None:
        """The newest release of a family's table (`family.table_key`), on whatever snapshot (P6).

        None if there is none that is young enough.
        """
        oldest = timedelta(days=max_age_days)
        for entry in reversed(self.journal.read(RELEASE)):
            if now - entry.at >= oldest:
                return None
            for question in _questions(entry, table):
                release = self.find(question)
                if release is not None:
                    return release
        return None

    def _path(self, question: str) -> Path:
        return self.folder / f"{question}.{ENDING}"


def _named(release: Release) -> dict[str, Any]:
    """A release as the journal names it: no count."""
    return {
        "release": release.id,
        "question": release.question,
        "table": release.table,
        "dimensions": list(release.dimensions),
    }


def _questions(entry: JournalEntry, table: str) -> list[str]:
    named = entry.body.get("tables", ())
    return [str(one["question"]) for one in named if one["table"] == table]


# -- writing ---------------------------------------------------------------------------------------


def written(release: Release) -> bytes:
    """A release as a stored file holds it: compressed JSON."""
    clocks = release.setting.clocks
    content = {
        "id": release.id,
        "question": release.question,
        "table": release.table,
        "family": asdict(release.family),
        "setting": [
            release.setting.snapshot,
            release.setting.policy,
            stamp(clocks.as_of),
            stamp(clocks.known_at),
        ],
        "dimensions": release.dimensions,
        "domains": [[name, list(labels)] for name, labels in release.domains.items()],
        "measured": [_written_measured(one) for one in release.measured],
        "epsilon": release.epsilon,
        "threshold": [release.patients, release.confidence],
        "made_at": stamp(release.made_at),
        "values": release.values.ravel().tolist(),
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode())


def _written_measured(one: Measured) -> dict[str, Any]:
    regions = () if one.partition is None else one.partition.regions
    rows = [[region.dimensions, base64.b64encode(region.held).decode()] for region in regions]
    return {
        "dimensions": one.dimensions,
        "cost": asdict(one.cost),
        "spend": one.spend,
        "rows": rows,
    }


# -- reading ---------------------------------------------------------------------------------------


def read_release(data: bytes) -> Release:
    """Undo `written`. Raises one of `UNREADABLE` if that is not what it is."""
    content: dict[str, Any] = json.loads(zlib.decompress(data))
    domains = {name: tuple(labels) for name, labels in content["domains"]}
    dimensions = tuple(content["dimensions"])
    patients, confidence = content["threshold"]
    return Release(
        id=content["id"],
        question=content["question"],
        table=content["table"],
        family=_read_family(content["family"]),
        setting=_read_setting(content["setting"]),
        dimensions=dimensions,
        domains=domains,
        measured=tuple(_read_measured(one) for one in content["measured"]),
        epsilon=content["epsilon"],
        patients=patients,
        confidence=confidence,
        made_at=datetime.fromisoformat(content["made_at"]),
        values=_read_values(content["values"], [len(domains[name]) for name in dimensions]),
    )


def _read_family(content: Mapping[str, Any]) -> Family:
    return Family(
        content["purpose"],
        content["topic"],
        tuple(content["channels"]),
        tuple(content["categories"]),
    )


def _read_setting(content: Sequence[str]) -> Setting:
    snapshot, policy, as_of, known_at = content
    clocks = Clocks(datetime.fromisoformat(as_of), datetime.fromisoformat(known_at))
    return Setting(snapshot, policy, clocks)


def _read_measured(content: Mapping[str, Any]) -> Measured:
    regions = [
        Region(tuple(dimensions), base64.b64decode(held))
        for dimensions, held in content.get("rows", ())
    ]
    partition = Partition(tuple(regions)) if regions else None
    cost = Cost(**content["cost"])
    return Measured(tuple(content["dimensions"]), cost, content["spend"], partition)


def _read_values(numbers: Sequence[float], shape: Sequence[int]) -> Reals:
    values = np.array(numbers, dtype=np.float64).reshape(shape)
    values.setflags(write=False)
    return values
