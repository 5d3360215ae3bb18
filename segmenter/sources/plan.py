"""What changed since the previous snapshot, told by the files' fingerprints and by how they are declared to be read."""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from segmenter.errors import SourceError
from segmenter.sources import files
from segmenter.sources.facts import measured

if TYPE_CHECKING:
    from pathlib import Path

    from segmenter.engine import DuckDBEngine
    from segmenter.project.declared import Read, Sources, SuppressionSource
    from segmenter.project.policy import Policy
    from segmenter.sources.files import SourceFile

VERSION = 5  # of what readers make of a file: raise it whenever they make something else
FHIR = "fhir"


class Change(Enum):
    """How a source stands against the previous snapshot."""

    SAME = "same"
    ADDED = "added"  # every file there was is there unchanged, and there are new ones
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Part:
    """One declared place of a source, and the files that are there."""

    read: Read
    files: tuple[SourceFile, ...]
    prints: tuple[tuple[str, str], ...]  # (path, fingerprint)


@dataclass(frozen=True, slots=True)
class Standing:
    """One source: its parts, how it is declared, how it stands, and (for ADDED) which paths are new."""

    parts: tuple[Part, ...]
    declaration: str
    change: Change = Change.OTHER
    fresh: frozenset[str] = field(default=frozenset())

    def takes(self, path: str) -> bool:
        """Whether a file has to be read."""
        return self.change is not Change.ADDED or path in self.fresh


def plan(
    engine: DuckDBEngine, root: Path, sources: Sources, policy: Policy, *, previous: bool
) -> dict[str, Standing]:
    """How every declared source stands. A database, and a file over the network, always counts as changed."""
    declared = dict(_declared(sources, policy))
    found = {name: _standing(engine, root, reads, how) for name, (reads, how) in declared.items()}
    if not previous:
        return found
    known: dict[str, dict[str, str]] = {}
    for source, path, fingerprint in engine.rows("source_known"):
        known.setdefault(source, {})[path] = fingerprint
    _all_there(root, "consent", found["consent"], known.get("consent", {}))
    how_before = dict(engine.rows("declaration_known"))
    compared = {
        name: _compared(one, known.get(name, {}), how_before.get(f"declaration {name}"))
        for name, one in found.items()
    }
    if engine.rows("broken_known")[0][0]:
        compared["consent"] = found[
            "consent"
        ]  # a broken line may speak of somebody whom a later file makes known
    return compared


def watched(
    engine: DuckDBEngine, root: Path, sources: Sources, *, previous: bool
) -> dict[str, Standing]:
    """The links and preferences, which are read whole each time: a denial travels over the one, and stands in the other.

    Raises `SourceError` where a file of theirs was there at the last ingest and none is now.
    """
    declared = {
        name: read
        for name, read in (("link", sources.link), ("preference", sources.preference))
        if read is not None
    }
    found = {name: _standing(engine, root, (read,), None) for name, read in declared.items()}
    known = engine.rows("source_known") if previous else []
    for name, standing in found.items():
        _all_there(
            root, name, standing, {path: print_ for source, path, print_ in known if source == name}
        )
    return found


def _all_there(root: Path, source: str, standing: Standing, known: Mapping[str, str]) -> None:
    """Refuse where a declared place has no file any more: the denials that stood in it, or came over it, would be forgotten."""
    now = {path for part in standing.parts for path, _ in part.prints}
    for part in standing.parts:
        pattern = (
            None
            if part.files or part.read.path is None
            else str((root / part.read.path).absolute())
        )
        if pattern is not None and any(
            path not in now and fnmatch.fnmatchcase(path, pattern) for path in known
        ):
            raise SourceError(
                f"source {source}: what was there at the last ingest is missing",
                file=root / "sources.yml",
                line=part.read.line,
                hint="bring the file back; where it is gone for good, take its line out",
            )


def _compared(now: Standing, known: Mapping[str, str], declaration: str | None) -> Standing:
    prints = {path: fingerprint for part in now.parts for path, fingerprint in part.prints}
    sure = all(prints.values()) and all(part.read.database is None for part in now.parts)
    if (
        declaration != now.declaration
        or not sure
        or any(prints.get(path) != fingerprint for path, fingerprint in known.items())
    ):
        return now
    fresh = frozenset(prints.keys() - known.keys())
    if not fresh:
        return Standing(now.parts, now.declaration, Change.SAME)
    if any(part.read.format == FHIR and fresh & dict(part.prints).keys() for part in now.parts):
        return now  # versions of one resource are looked at together
    return Standing(now.parts, now.declaration, Change.ADDED, fresh)


def _standing(engine: DuckDBEngine, root: Path, reads: tuple[Read, ...], how: Any) -> Standing:
    parts = []
    for read in reads:
        found = files.find(root, read, engine)
        parts.append(Part(read, found, tuple((file.path, file.fingerprint()) for file in found)))
    text = json.dumps([VERSION, how], sort_keys=True, default=_plain)
    return Standing(tuple(parts), hashlib.sha256(text.encode()).hexdigest())


def _declared(sources: Sources, policy: Policy) -> list[tuple[str, tuple[tuple[Read, ...], Any]]]:
    scopes = [
        sorted(policy.purposes),
        sorted(policy.channels),
        sorted(policy.topics),
        sorted(policy.categories),
        policy.time_zone,
    ]
    found: list[tuple[str, tuple[tuple[Read, ...], Any]]] = [
        (
            "patient",
            (
                (sources.patient.read,),
                [_read(sources.patient.read), sources.patient.key, policy.region],
            ),
        )
    ]
    found += [
        (name, ((fact.read,), [_read(fact.read), fact.patient, sorted(measured(policy, name))]))
        for name, fact in sources.facts.items()
    ]
    consent = [[_read(c.read), dict(c.purposes), dict(c.grants)] for c in sources.consent]
    found.append(("consent", (tuple(c.read for c in sources.consent), [consent, scopes])))
    found += [
        (
            f"suppression {s.name}",
            ((s.read,), [*_list(s), scopes, policy.region]),
        )
        for s in sources.suppression
    ]
    return found


def _list(source: SuppressionSource) -> list[Any]:
    return [_read(source.read), source.channel, source.max_shrink, list(source.ignored)]


def _read(read: Read) -> Any:
    return {name: value for name, value in asdict(_thawed(read)).items() if name != "line"}


def _thawed(read: Read) -> Read:
    from dataclasses import replace

    return replace(read, rename=dict(read.rename))


def _plain(value: Any) -> Any:
    return (
        dict(value)
        if isinstance(value, Mapping)
        else list(value)
        if isinstance(value, (tuple, set, frozenset))
        else str(value)
    )
