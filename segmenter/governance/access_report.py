"""The access report (GDPR art. 15): what is held of a person, from where, and every export they were in. For the officer alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.errors import Refusal, UsageError
from segmenter.export import register
from segmenter.model import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmenter.engine import DuckDBEngine
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


def report(engine: DuckDBEngine, place: Place, patient_id: str, tables: tuple[str, ...]) -> Subject:
    """The report on a person and the ids linked to it. The engine has the snapshot's `tables` exposed, and `suppression_entry`.

    Raises `Refusal` (`roles`) for anyone but an officer, `UsageError` for an unknown id. The
    request itself is on the trail.
    """
    if not place.actor.is_officer:
        raise Refusal("roles", "only an officer may see what is held of a person")
    engine.make("subject_patient", "erase_person", {"patient_id": patient_id})
    ids = tuple(name for _, name, *_ in engine.rows("subject_named"))
    if not ids:
        raise UsageError(
            "the snapshot does not know this patient", hint="ids are compared exactly, as text"
        )
    held = {}
    for table in tables:
        if table not in DERIVED and "patient" in engine.columns(table):
            engine.alias("subject_source", table)
            held[table] = tuple(
                _plain(row)
                for row in engine.frame("subject_row").drop("patient").iter_rows(named=True)
            )
    aside = tuple(_plain(row) for row in engine.frame("subject_quarantine").iter_rows(named=True))
    entries = entries_of(engine)
    place.journal.append(
        place.actor.account, "subject", {"pseudonym": place.keys.pseudonym("patient", patient_id)}
    )
    return Subject(
        ids,
        held,
        aside,
        entries,
        _exports(engine, place),
        place.snapshot.id,
        stamp(place.snapshot.taken_at),
    )


def entries_of(engine: DuckDBEngine) -> tuple[Mapping[str, Any], ...]:
    """The entries of the suppression list that name the person whom `exports_of` or `report` looked up."""
    return tuple(_plain(row) for row in engine.frame("subject_entry").iter_rows(named=True))


def exports_of(
    engine: DuckDBEngine, place: Place, patient_id: str
) -> tuple[Mapping[str, Any], ...]:
    """Every export that a person, or an id linked to them, was in. The engine has the snapshot's tables; the caller is an officer's."""
    engine.make("subject_patient", "erase_person", {"patient_id": patient_id})
    return _exports(engine, place)


def _exports(engine: DuckDBEngine, place: Place) -> tuple[Mapping[str, Any], ...]:
    """Every export the person was in: when, for what, to whom, with which columns and categories."""
    found = []
    for one in register.registered(place.journal.read(register.EXPORTED, register.RETAINED)):
        register.read(engine, place.home, one.export)
        if engine.rows("subject_member")[0][0]:
            told = {
                "export": one.export,
                "at": stamp(one.at),
                "purpose": one.purpose,
                "channel": one.channel,
                "segment": one.segment,
            }
            found.append(
                {
                    **told,
                    "destination": one.destination,
                    "columns": list(one.columns),
                    "categories": list(one.categories),
                }
            )
    return tuple(found)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON takes it; what is empty is left out."""
    return {
        name: value if isinstance(value, (str, int, float, bool)) else str(value)
        for name, value in row.items()
        if value is not None
    }
