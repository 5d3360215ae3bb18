"""Who was in a file that leaked, and what it said of them (GDPR 33 and 34). For the officer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.errors import Refusal, UsageError
from segmenter.governance import breach
from segmenter.model import Documented, stamp

if TYPE_CHECKING:
    from datetime import datetime

    from segmenter.engine import Engine, Table
    from segmenter.project.policy import Policy
    from segmenter.registers.exports import RegisteredExport
    from segmenter.registers.registry import Registry


@dataclass(frozen=True, slots=True)
class Exposed(Documented):
    """Exactly who was in a file and what it said of them, with a draft of the notice."""

    export: str
    members: tuple[str, ...] = field(repr=False)
    columns: tuple[str, ...]
    categories: tuple[str, ...]
    exported_at: datetime
    destination: str
    encrypted: bool
    notice: Mapping[str, str] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "export": self.export,
            "members": list(self.members),
            "columns": list(self.columns),
            "categories": list(self.categories),
            "exported_at": stamp(self.exported_at),
            "destination": self.destination,
            "encrypted": self.encrypted,
            "notice": dict(self.notice),
        }


def exposed(
    engine: Engine,
    registry: Registry,
    policy: Policy,
    identity: Table,
    export: str,
    now: datetime,
) -> Exposed:
    """Who was in the file of an export. `identity` is that of the snapshot in use.

    Raises `Refusal` (`roles`) for anyone but an officer, `UsageError` for an unknown export. Who
    was erased since is named no more.
    """
    if not registry.actor.is_officer:
        raise Refusal("roles", "only an officer may see who was in an exported file")
    found = _export_of(registry, export)
    with engine.scope():
        reads = {"registered": registry.read(engine, found.export), "identity": identity}
        members = tuple(patient_id for (patient_id,) in engine.rows("exposed_member", reads=reads))
    registry.record("exposed", {"export": found.export})
    return Exposed(
        export=found.export,
        members=members,
        columns=found.columns,
        categories=found.categories,
        exported_at=found.at,
        destination=found.destination,
        encrypted=found.recipient is not None,
        notice=breach.notice(policy, found, len(members), now),
    )


def _export_of(registry: Registry, name: str) -> RegisteredExport:
    """The newest export with this id or alias."""
    for export in reversed(registry.exports()):
        if name in (export.export, export.alias):
            return export
    raise UsageError("there is no such export", hint="name it by the id that `export` gave")
