"""Recall: whoever may not be in a file any more is taken out of what was sent.

Somebody withdrew, objected, died, was put on a suppression list or was erased after the export.
There is one removal file for each destination that got them, encrypted to it alone, with a clock of
48 hours. Nobody is recalled from an export twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from segmenter.errors import UsageError
from segmenter.export import removal
from segmenter.export.removal_files import Collector
from segmenter.model import Framed, naive_utc, stamp
from segmenter.registers.entries import entry_table
from segmenter.registers.exports import ACKNOWLEDGED, RECALLED, RegisteredExport

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from segmenter.engine import Engine, Table, Tables
    from segmenter.journal.journal import JournalEntry
    from segmenter.model import Snapshot
    from segmenter.project.policy import Destination, Policy
    from segmenter.registers.entries import SuppressionEntry
    from segmenter.registers.registry import Registry

Decide = Callable[[RegisteredExport, "Table"], "Tables"]


@dataclass(frozen=True, slots=True)
class Recall:
    """One removal file for one destination.

    `late`: somebody in it had withdrawn before the export, but it reached us only afterwards.
    """

    id: str
    destination: str
    file: Path
    due_at: datetime
    state: str  # pending, acknowledged, overdue
    late: bool
    exports: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract's form."""
        return {
            "id": self.id,
            "destination": self.destination,
            "file": str(self.file),
            "due_at": stamp(self.due_at),
            "state": self.state,
            "late": self.late,
            "exports": list(self.exports),
        }


@dataclass(frozen=True, slots=True)
class Recalls(Framed):
    """All recalls, oldest first."""

    recalls: tuple[Recall, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract's form."""
        return {"recalls": [recall.to_dict() for recall in self.recalls]}

    def to_polars(self) -> pl.DataFrame:
        """One row a recall: id, destination, file, due_at, state, late."""
        import polars as pl

        schema: dict[str, Any] = {
            "id": pl.String,
            "destination": pl.String,
            "file": pl.String,
            "due_at": pl.Datetime("us", "UTC"),
            "state": pl.String,
            "late": pl.Boolean,
        }
        rows = [
            {
                "id": recall.id,
                "destination": recall.destination,
                "file": str(recall.file),
                "due_at": recall.due_at,
                "state": recall.state,
                "late": recall.late,
            }
            for recall in self.recalls
        ]
        return pl.DataFrame(rows, schema=schema)


# -- what there is ---------------------------------------------------------------------------------


def listed(registry: Registry, now: datetime) -> Recalls:
    """Every recall, and how it stands at `now`."""
    acts = registry.journal.read(RECALLED, ACKNOWLEDGED)
    done = _acknowledged(acts)
    recalls = []
    for act in acts:
        if act.kind == RECALLED:
            recalls.append(_recall_of(registry, act, done, now))
    return Recalls(tuple(recalls))


def _recall_of(registry: Registry, act: JournalEntry, done: set[str], now: datetime) -> Recall:
    body = act.body
    recall = str(body["recall"])
    due_at = datetime.fromisoformat(str(body["due_at"]))
    if recall in done:
        state = "acknowledged"
    elif now > due_at:
        state = "overdue"
    else:
        state = "pending"
    return Recall(
        id=recall,
        destination=str(body["destination"]),
        file=_file(registry, act),
        due_at=due_at,
        state=state,
        late=bool(body["late"]),
        exports=tuple(body["exports"]),
    )


def waiting_files(registry: Registry) -> tuple[Path, ...]:
    """The removal files that no destination has acknowledged yet."""
    acts = registry.journal.read(RECALLED, ACKNOWLEDGED)
    done = _acknowledged(acts)
    waiting = []
    for act in acts:
        if act.kind == RECALLED and act.body["recall"] not in done:
            waiting.append(_file(registry, act))
    return tuple(waiting)


def acknowledge(registry: Registry, recall: str) -> None:
    """Note that the destination removed everyone, and delete our copy of the file.

    Raises `UsageError` for an unknown recall.
    """
    acts = registry.journal.read(RECALLED, ACKNOWLEDGED)
    recalls = [act for act in acts if act.kind == RECALLED]
    known = [act for act in recalls if act.body["recall"] == recall]
    if not known:
        raise UsageError("there is no such recall", hint="`segmenter recall` lists them")
    if recall not in _acknowledged(acts):
        registry.record(ACKNOWLEDGED, {"recall": recall})
    file = _file(registry, known[0])
    file.unlink(missing_ok=True)


def _acknowledged(acts: Sequence[JournalEntry]) -> set[str]:
    done = set()
    for act in acts:
        if act.kind == ACKNOWLEDGED:
            done.add(str(act.body["recall"]))
    return done


def _file(registry: Registry, act: JournalEntry) -> Path:
    """Where the file of a recall lies."""
    recall = str(act.body["recall"])
    name = str(act.body["file"])
    return registry.folder(recall) / name


# -- issuing ---------------------------------------------------------------------------------------


def issue(
    engine: Engine,
    registry: Registry,
    snapshot: Snapshot,
    tables: Tables,
    policy: Policy,
    decide: Decide,
    now: datetime,
) -> tuple[str, ...]:
    """Recall whoever may not be in a file any more that may still be used; gives the recalls' ids.

    `tables` are those of the `snapshot` in use, with `erased`. `decide(export, members)` gives
    `contactable` and `suppressed` for one export's question as of now, and `recall_listed`, the
    members whose address as it was exported is on a list. Inside `registry.alone`.
    """
    collector = Collector(engine, registry)
    given = tables | {
        "recalled": collector.recalled(),
        "declared_scope": engine.load(_declared(policy)),
    }
    usable = [export for export in registry.exports() if now < export.expires_at]
    for export in usable:
        with engine.scope() as scope:
            members = registry.read(engine, export.export)
            stood = removal.source(engine, registry, tables, export.snapshot, snapshot.id)
            reads = given | stood | decide(export, members)
            reads |= {"recall_member": members}
            due = engine.make("recall_due", reads=reads, values=_question(export))
            collector.gather(export, reads | {"removal": due}, scope)
    return collector.commit(policy.destinations, now, "withdrawal")


def _question(export: RegisteredExport) -> dict[str, object]:
    """What the relations of a recall take of an export."""
    return {
        "purpose": export.purpose,
        "channel": export.channel,
        "topic": export.topic,
        "export": export.export,
        "exported_at": naive_utc(export.at),
    }


def issue_erased(
    engine: Engine,
    registry: Registry,
    snapshot: Snapshot,
    tables: Tables,
    destinations: Mapping[str, Destination],
    tombstones: Sequence[SuppressionEntry],
    now: datetime,
) -> tuple[str, ...]:
    """Recall the erased from every export, even if its use ended (GDPR 19); gives the ids.

    `tables` are those of the `snapshot` in use. Inside `registry.alone`.
    """
    collector = Collector(engine, registry)
    stones = engine.load(entry_table(tombstones))
    given = {"tombstone": stones, "recalled": collector.recalled()}
    for export in registry.exports():
        with engine.scope() as scope:
            members = registry.read(engine, export.export)
            reads = {**given, "registered": members}
            values = {"export": export.export}
            erased = engine.make("recall_erased", reads=reads, values=values)
            if engine.count(erased):
                stood = removal.source(engine, registry, tables, export.snapshot, snapshot.id)
                collector.gather(export, tables | stood | {"removal": erased}, scope)
    return collector.commit(destinations, now, "erasure")


def _declared(policy: Policy) -> pl.DataFrame:
    """The declared names of each scope: scope, name."""
    import polars as pl

    declared = {
        "purpose": policy.purposes,
        "channel": policy.channels,
        "topic": policy.topics,
    }
    rows = []
    for scope, names in declared.items():
        rows += [(scope, name) for name in names]
    schema = {"scope": pl.String, "name": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")
