"""What changed since the previous snapshot: told by files' fingerprints, and by how they are read.

A source whose files and reading are the same need not be read again. Of one that only got new files
just these are read.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import TYPE_CHECKING, Any

from segmenter.errors import SourceError
from segmenter.sources import files
from segmenter.sources.policy_columns import kept_columns, number_columns

if TYPE_CHECKING:
    from pathlib import Path

    from segmenter.engine import DuckDBEngine, Engine, Tables
    from segmenter.project.declared import Read, Sources, SuppressionSource
    from segmenter.project.policy import Policy
    from segmenter.sources.files import SourceFile

VERSION = 9  # of what readers make of a file: raise it whenever they make something else
NO_READING = ("line", "max_quarantined")  # of a declaration: what does not decide how it is read
FHIR = "fhir"
PATIENT = "patient"

Prints = Mapping[str, str]  # path -> fingerprint


class Change(Enum):
    """How a source differs from the previous snapshot."""

    SAME = "same"
    ADDED = "added"  # every file there was is there unchanged, and there are new ones
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Part:
    """One declared place of a source, the files that are there, and their fingerprints by path."""

    read: Read
    files: tuple[SourceFile, ...]
    prints: Prints


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source: its parts, a hash of how it is read, how it changed.

    `fresh` are the paths that are new, if files were only added.
    """

    parts: tuple[Part, ...]
    reading: str
    change: Change = Change.OTHER
    fresh: frozenset[str] = field(default=frozenset())

    @property
    def prints(self) -> dict[str, str]:
        """The fingerprints of all its files, by path."""
        found: dict[str, str] = {}
        for part in self.parts:
            found.update(part.prints)
        return found

    def takes(self, path: str) -> bool:
        """Whether a file has to be read."""
        if self.change is Change.ADDED:
            return path in self.fresh
        return True


# -- what is declared ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Declared:
    """A source by its name in the snapshot: where its rows come from, and what decides its reading.

    `reading` is anything that JSON can hold: another one means that the files are read anew.
    """

    name: str
    reads: tuple[Read, ...]
    reading: Any


def declared_sources(sources: Sources, policy: Policy) -> Iterator[Declared]:
    """The sources that are read again only if they changed."""
    scopes = [
        sorted(policy.purposes),
        sorted(policy.channels),
        sorted(policy.topics),
        sorted(policy.categories),
        policy.time_zone,
    ]
    yield _declared_patients(sources, policy)
    for name, fact in sources.facts.items():
        numbers = sorted(number_columns(policy, name))
        kept = sorted(kept_columns(policy, name, fact.tags))
        yield Declared(name, (fact.read,), [_reading(fact.read), fact.patient, numbers, kept])
    events = [[_reading(c.read), dict(c.purposes), dict(c.grants), c.r5] for c in sources.consent]
    yield Declared("consent", tuple(c.read for c in sources.consent), [events, scopes])
    for suppression in sources.suppression:
        name = f"suppression {suppression.name}"
        yield Declared(
            name, (suppression.read,), [*_list_reading(suppression), scopes, policy.region]
        )


def _declared_patients(sources: Sources, policy: Policy) -> Declared:
    """The patient table and, read with it, the table of deaths."""
    patient, death = sources.patient, sources.death
    kept = sorted(kept_columns(policy, PATIENT, patient.tags))
    reading: list[Any] = [_reading(patient.read), patient.key, policy.region, kept]
    if death is None:
        return Declared("patient", (patient.read,), reading)
    reading += [_reading(death.read), death.patient, death.column]
    return Declared("patient", (patient.read, death.read), reading)


def watched_sources(sources: Sources) -> Iterator[Declared]:
    """The sources that are read whole each time.

    A denial travels over the links, and stands in the preferences.
    """
    if sources.link is not None:
        yield Declared("link", (sources.link,), None)
    if sources.preference is not None:
        yield Declared("preference", (sources.preference,), None)


def _list_reading(source: SuppressionSource) -> list[Any]:
    ignored = list(source.ignored)
    return [_reading(source.read), source.channel, source.max_shrink, ignored]


def _reading(read: Read) -> dict[str, Any]:
    """What of a declaration decides how its rows are read."""
    found = {}
    for one in fields(read):
        if one.name not in NO_READING:
            found[one.name] = getattr(read, one.name)
    return found


def _plain(value: Any) -> Any:
    """What JSON cannot hold, as something that it can."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (tuple, set, frozenset)):
        return list(value)
    return str(value)


def _hash(reading: Any) -> str:
    text = json.dumps([VERSION, reading], sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


# -- what is there ---------------------------------------------------------------------------------


def source_states(
    engine: DuckDBEngine, root: Path, sources: Sources, policy: Policy, previous: Tables
) -> dict[str, SourceState]:
    """How every declared source stands against the previous snapshot.

    `previous` has its tables, and none if there is no such snapshot.
    A database, and a file over the network, always count as changed. Raises `SourceError` if all
    files of a consent source are gone.
    """
    found = _found(engine, root, declared_sources(sources, policy))
    if not previous:
        return found
    known = _known_prints(engine, previous)
    _require_still_there(root, "consent", found["consent"], known.get("consent", {}))
    readings = dict(engine.rows("declaration_known", reads=previous))
    states = {}
    for name, state in found.items():
        reading = readings.get(f"declaration {name}")
        compared = _compared(state, known.get(name, {}), reading)
        if name == PATIENT and compared.change is Change.ADDED:
            compared = state  # rows of one id are looked at together, in whichever file they are
        states[name] = compared
    ((has_broken,),) = engine.rows("broken_known", reads=previous)
    if has_broken:
        # A broken line may speak of somebody whom a later file makes known.
        states["consent"] = found["consent"]
    return states


def watched_states(
    engine: DuckDBEngine, root: Path, sources: Sources, previous: Tables
) -> dict[str, SourceState]:
    """The links and preferences as they are there.

    Raises `SourceError` if a file of theirs was there at the last ingest and none is now.
    """
    found = _found(engine, root, watched_sources(sources))
    known = _known_prints(engine, previous) if previous else {}
    for name, state in found.items():
        _require_still_there(root, name, state, known.get(name, {}))
    return found


def _found(
    engine: DuckDBEngine, root: Path, declared: Iterator[Declared]
) -> dict[str, SourceState]:
    return {one.name: _state(engine, root, one) for one in declared}


def _state(engine: DuckDBEngine, root: Path, declared: Declared) -> SourceState:
    parts = []
    for read in declared.reads:
        there = files.find(root, read, engine)
        prints = {file.path: file.fingerprint() for file in there}
        parts.append(Part(read, there, prints))
    return SourceState(tuple(parts), _hash(declared.reading))


def _known_prints(engine: Engine, previous: Tables) -> dict[str, dict[str, str]]:
    """The fingerprints of the previous snapshot's files, by source."""
    known: dict[str, dict[str, str]] = {}
    for source, path, fingerprint in engine.rows("source_known", reads=previous):
        known.setdefault(source, {})[path] = fingerprint
    return known


def _require_still_there(root: Path, source: str, state: SourceState, known: Prints) -> None:
    """Refuse if a declared place had files and has none any more.

    The denials that stood in them, or came over them, would be forgotten.
    """
    gone = [path for path in known if path not in state.prints]
    for part in state.parts:
        if part.files or part.read.path is None:
            continue
        pattern = str((root / part.read.path).absolute())
        if fnmatch.filter(gone, pattern):
            raise SourceError(
                f"source {source}: what was there at the last ingest is missing",
                file=root / "sources.yml",
                line=part.read.line,
                hint="bring the file back; where it is gone for good, take its line out",
            )


def _compared(now: SourceState, known: Prints, reading: str | None) -> SourceState:
    """A source with its change since the files `known`, which were read as `reading` says."""
    prints = now.prints
    changed = any(prints.get(path) != fingerprint for path, fingerprint in known.items())
    if reading != now.reading or changed or not _is_certain(now.parts):
        return now
    fresh = frozenset(prints.keys() - known.keys())
    if not fresh:
        return SourceState(now.parts, now.reading, Change.SAME)
    if any(part.read.format == FHIR and fresh & part.prints.keys() for part in now.parts):
        return now  # versions of one resource are looked at together
    return SourceState(now.parts, now.reading, Change.ADDED, fresh)


def _is_certain(parts: Sequence[Part]) -> bool:
    """Whether a change would be seen: nothing is in a database or over the network."""
    for part in parts:
        if part.read.database is not None:
            return False
        if not all(part.prints.values()):
            return False
    return True
