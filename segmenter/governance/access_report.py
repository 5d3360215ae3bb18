"""The access report (GDPR 15): what is held of a person, from where, and every export they were in.

For the officer alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.errors import Refusal, UsageError
from segmenter.model import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from segmenter.engine import Engine, Table, Tables
    from segmenter.model import Snapshot
    from segmenter.registers.registry import Registry

Row = dict[str, Any]
DERIVED = (  # tables of keyed hashes and numbers, and of lines that are told apart
    "address",
    "identity",
    "quarantine",
    "reach",
    "suppression_listed",
)
# Columns of numbers and flags that the program made for itself.
INTERNAL = ("patient", "event", "dates", "evidenced", "grp")


@dataclass(frozen=True, slots=True)
class HeldData:
    """Everything held of one person. Its repr shows nothing.

    `quarantine` are lines set aside that hold an id or identifier of theirs. By chance one may be
    another's: the officer looks at each.
    """

    patient_ids: tuple[str, ...] = field(repr=False)
    tables: Mapping[str, tuple[Row, ...]] = field(repr=False)
    quarantine: tuple[Row, ...] = field(repr=False)
    suppression: tuple[Row, ...] = field(repr=False)
    exports: tuple[Row, ...] = field(repr=False)
    snapshot: str
    taken_at: str

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "patient_ids": list(self.patient_ids),
            "tables": {table: list(rows) for table, rows in self.tables.items()},
            "quarantine": list(self.quarantine),
            "suppression": list(self.suppression),
            "exports": list(self.exports),
            "snapshot": self.snapshot,
            "taken_at": self.taken_at,
        }


def report(
    engine: Engine,
    registry: Registry,
    snapshot: Snapshot,
    patient_id: str,
    tables: Tables,
    listed: Table,
) -> HeldData:
    """The report on a person and the ids linked to it.

    Reads the `tables` of the snapshot, and `listed`, the entries of the suppression list. Raises
    `Refusal` (`roles`) for anyone but an officer, `UsageError` for an unknown id. The request
    itself is on the trail.
    """
    if not registry.actor.is_officer:
        raise Refusal("roles", "only an officer may see what is held of a person")
    with engine.scope():
        person = person_of(engine, tables, patient_id)
        named = engine.rows("subject_named", reads={"subject_patient": person})
        if not named:
            raise UsageError(
                "the snapshot does not know this patient", hint="ids are compared exactly, as text"
            )
        registry.record("subject", {"pseudonym": registry.keys.pseudonym("patient", patient_id)})
        reads = tables | {"subject_patient": person}
        return HeldData(
            patient_ids=tuple(own_id for _, own_id in named),
            tables=_rows_by_table(engine, person, tables),
            quarantine=_rows(engine.frame("subject_quarantine", reads=reads)),
            suppression=entries_of(engine, person, tables, listed),
            exports=exports_of(engine, registry, person),
            snapshot=snapshot.id,
            taken_at=stamp(snapshot.taken_at),
        )


def person_of(engine: Engine, tables: Tables, patient_id: str) -> Table:
    """Every id linked to one, with its identifiers: patient, patient_id, email, phone, postal."""
    values = {"patient_id": patient_id}
    return engine.make("linked_person", reads=tables, values=values)


def entries_of(engine: Engine, person: Table, tables: Tables, listed: Table) -> tuple[Row, ...]:
    """The entries of the suppression list that name a person."""
    reads = {
        "suppression_entry": listed,
        "address": tables["address"],
        "subject_patient": person,
    }
    return _rows(engine.frame("subject_entry", reads=reads))


def exports_of(engine: Engine, registry: Registry, person: Table) -> tuple[Row, ...]:
    """Every export a person was in: when, for what, to whom, with which columns and categories."""
    found = []
    for export in registry.exports():
        with engine.scope():
            members = registry.read(engine, export.export)
            reads = {"registered": members, "subject_patient": person}
            ((is_member,),) = engine.rows("subject_member", reads=reads)
        if is_member:
            row = {
                "export": export.export,
                "at": stamp(export.at),
                "purpose": export.purpose,
                "channel": export.channel,
                "segment": export.segment,
                "destination": export.destination,
                "columns": list(export.columns),
                "categories": list(export.categories),
            }
            found.append(row)
    return tuple(found)


# -- rows ------------------------------------------------------------------------------------------


def _rows_by_table(engine: Engine, person: Table, tables: Tables) -> dict[str, tuple[Row, ...]]:
    """Everything that each table of the snapshot holds of a person."""
    held = {}
    for name, table in tables.items():
        if name not in DERIVED and "patient" in engine.columns(table):
            reads = {"subject_source": table, "subject_patient": person}
            rows = engine.frame("subject_row", reads=reads)
            held[name] = _rows(rows.drop(INTERNAL, strict=False))
    return held


def _rows(frame: pl.DataFrame) -> tuple[Row, ...]:
    """Rows as JSON takes them; what is empty is left out."""
    return tuple(_plain(row) for row in frame.iter_rows(named=True))


def _plain(row: Mapping[str, Any]) -> Row:
    present = {column: value for column, value in row.items() if value is not None}
    return {column: _json_value(value) for column, value in present.items()}


def _json_value(value: Any) -> Any:
    if isinstance(value, (str, int, float, bool)):
        return value
    return str(value)
