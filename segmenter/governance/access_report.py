"""The access report (GDPR art. 15): what is held of a person, from where, and every export they were in. For the officer alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.errors import Refusal, UsageError
from segmenter.export import register
from segmenter.model import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from segmenter.engine import DuckDBEngine, Table, Tables
    from segmenter.export.register import Place

DERIVED = (
    "address",
    "identity",
    "quarantine",
    "reach",
    "suppression_listed",
)  # keyed hashes, numbers, lines that are told apart


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything held of one person. Its repr shows nothing.

    `quarantine` are lines set aside that hold an id or identifier of theirs. By chance one may be
    another's: the officer looks at each.
    """

    patient_ids: tuple[str, ...] = field(repr=False)
    tables: Mapping[str, tuple[Mapping[str, Any], ...]] = field(repr=False)
    quarantine: tuple[Mapping[str, Any], ...] = field(repr=False)
    suppression: tuple[Mapping[str, Any], ...] = field(repr=False)
    exports: tuple[Mapping[str, Any], ...] = field(repr=False)
    snapshot: str
    taken_at: str

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "patient_ids": list(self.patient_ids),
            "tables": {name: [dict(row) for row in rows] for name, rows in self.tables.items()},
            "quarantine": [dict(row) for row in self.quarantine],
            "suppression": [dict(row) for row in self.suppression],
            "exports": [dict(row) for row in self.exports],
            "snapshot": self.snapshot,
            "taken_at": self.taken_at,
        }


def report(
    engine: DuckDBEngine, place: Place, patient_id: str, snapshot: Tables, listed: Table
) -> Subject:
    """The report on a person and the ids linked to it.

    Reads the tables of a `snapshot`, and `listed`, the entries of the suppression list. Raises
    `Refusal` (`roles`) for anyone but an officer, `UsageError` for an unknown id. The request
    itself is on the trail.
    """
    if not place.actor.is_officer:
        raise Refusal("roles", "only an officer may see what is held of a person")
    with engine.scope():
        person = person_of(engine, snapshot, patient_id)
        reads = {"subject_patient": person}
        ids = tuple(name for _, name, *_ in engine.rows("subject_named", reads=reads))
        if not ids:
            raise UsageError(
                "the snapshot does not know this patient",
                hint="ids are compared exactly, as text",
            )
        held = {}
        for name in snapshot:
            if name not in DERIVED and "patient" in engine.columns(snapshot[name]):
                rows = engine.frame(
                    "subject_row", reads={**reads, "subject_source": snapshot[name]}
                )
                held[name] = _plain_rows(rows.drop("patient"))
        quarantine = engine.frame("subject_quarantine", reads=snapshot | reads)
        entries = entries_of(engine, person, snapshot, listed)
        place.journal.append(
            place.actor.account,
            "subject",
            {"pseudonym": place.keys.pseudonym("patient", patient_id)},
        )
        return Subject(
            ids,
            held,
            _plain_rows(quarantine),
            entries,
            exports_of(engine, place, person),
            place.snapshot.id,
            stamp(place.snapshot.taken_at),
        )


def person_of(engine: DuckDBEngine, snapshot: Tables, patient_id: str) -> Table:
    """Every id linked to one, with its identifiers: patient, patient_id, email, phone, postal."""
    return engine.make("erase_person", reads=snapshot, values={"patient_id": patient_id})


def entries_of(
    engine: DuckDBEngine, person: Table, snapshot: Tables, listed: Table
) -> tuple[Mapping[str, Any], ...]:
    """The entries of the suppression list that name a person."""
    reads = {
        "suppression_entry": listed,
        "address": snapshot["address"],
        "subject_patient": person,
    }
    return _plain_rows(engine.frame("subject_entry", reads=reads))


def exports_of(engine: DuckDBEngine, place: Place, person: Table) -> tuple[Mapping[str, Any], ...]:
    """Every export a person was in: when, for what, to whom, with which columns and categories."""
    found = []
    for one in register.registered(place.journal.read(register.EXPORTED, register.RETAINED)):
        register.read(engine, place.home, one.export)
        reads = {"registered": engine.table("registered"), "subject_patient": person}
        ((is_member,),) = engine.rows("subject_member", reads=reads)
        if is_member:
            found.append(
                {
                    "export": one.export,
                    "at": stamp(one.at),
                    "purpose": one.purpose,
                    "channel": one.channel,
                    "segment": one.segment,
                    "destination": one.destination,
                    "columns": list(one.columns),
                    "categories": list(one.categories),
                }
            )
    return tuple(found)


def _plain_rows(frame: pl.DataFrame) -> tuple[dict[str, Any], ...]:
    return tuple(_plain(row) for row in frame.iter_rows(named=True))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON takes it; what is empty is left out."""
    return {
        name: value if isinstance(value, (str, int, float, bool)) else str(value)
        for name, value in row.items()
        if value is not None
    }
