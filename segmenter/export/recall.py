"""Recall: whoever withdrew, objected, was suppressed or erased after an export is taken out of what was sent.

One removal file for each destination that got them, encrypted to it alone, with a clock of 48
hours. Nothing is recalled twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from segmenter.errors import Refusal, UsageError
from segmenter.export import register, removal
from segmenter.governance import breach
from segmenter.model import Documented, Framed, naive_utc, stamp

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from segmenter.engine import DuckDBEngine
    from segmenter.export.register import Place, Registered
    from segmenter.journal.journal import Entry as Act
    from segmenter.journal.journal import Journal
    from segmenter.model import Actor
    from segmenter.project.policy import Policy

Decide = Callable[["Registered"], None]


@dataclass(frozen=True, slots=True)
class Recall:
    """One removal file for one destination. `late`: somebody in it withdrew before the export, which reached us only afterwards."""

    id: str
    destination: str
    file: Path
    due_at: datetime
    state: str  # pending, acknowledged, overdue
    late: bool
    exports: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract's form."""
        plain = {
            "id": self.id,
            "destination": self.destination,
            "file": str(self.file),
            "due_at": stamp(self.due_at),
            "state": self.state,
        }
        return {**plain, "late": self.late, "exports": list(self.exports)}


@dataclass(frozen=True, slots=True)
class Recalls(Framed):
    """All recalls, oldest first."""

    recalls: tuple[Recall, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract's form."""
        return {"recalls": [one.to_dict() for one in self.recalls]}

    def to_polars(self) -> pl.DataFrame:
        """The same as a frame."""
        import polars as pl

        rows = [(r.id, r.destination, str(r.file), r.due_at, r.state, r.late) for r in self.recalls]
        utc = pl.Datetime("us", "UTC")
        text, yes = pl.String, pl.Boolean
        schema: dict[str, Any] = {
            "id": text,
            "destination": text,
            "file": text,
            "due_at": utc,
            "state": text,
            "late": yes,
        }
        return pl.DataFrame(rows, schema=schema, orient="row")


# -- what there is ---------------------------------------------------------------------------------


def listed(home: Path, acts: Sequence[Act], now: datetime) -> Recalls:
    """Every recall and how it stands at `now`."""
    done = {str(act.body["recall"]) for act in acts if act.kind == register.ACKNOWLEDGED}
    found = []
    for act in acts:
        if act.kind == register.RECALLED:
            body = act.body
            due_at = datetime.fromisoformat(str(body["due_at"]))
            state = (
                "acknowledged"
                if body["recall"] in done
                else "overdue"
                if now > due_at
                else "pending"
            )
            recall, late = str(body["recall"]), bool(body["late"])
            file = home / "exports" / recall / str(body["file"])
            found.append(
                Recall(
                    recall,
                    str(body["destination"]),
                    file,
                    due_at,
                    state,
                    late,
                    tuple(body["exports"]),
                )
            )
    return Recalls(tuple(found))


def acknowledge(home: Path, journal: Journal, actor: Actor, recall: str) -> None:
    """Note that the destination removed everyone, and delete our copy of the file. `UsageError` for an unknown recall."""
    acts = journal.read(register.RECALLED, register.ACKNOWLEDGED)
    known = [act for act in acts if act.kind == register.RECALLED and act.body["recall"] == recall]
    if not known:
        raise UsageError("there is no such recall", hint="`segmenter recall` lists them")
    if not any(act.kind == register.ACKNOWLEDGED and act.body["recall"] == recall for act in acts):
        journal.append(actor.account, register.ACKNOWLEDGED, {"recall": recall})
    (home / "exports" / recall / str(known[0].body["file"])).unlink(missing_ok=True)


# -- issuing ---------------------------------------------------------------------------------------


def issue(
    engine: DuckDBEngine, place: Place, policy: Policy, decide: Decide, now: datetime
) -> list[str]:
    """Recall, from every export whose file may still be used, whoever may not be in it any more; gives the new recalls' ids.

    `decide(export)` makes the tables `contactable` and `suppressed` for one export's question as of
    now. Inside `register.alone`; the engine has the newest snapshot's tables and
    `suppression_entry`. Nobody is recalled from an export twice.
    """
    acts = place.journal.read()
    open_files = [one for one in register.registered(acts) if now < one.expires_at]
    removal.earlier(engine, place, acts)
    engine.load("declared_scope", _declared(policy))
    batches: dict[Any, removal.Batch] = {}
    for one in open_files:
        register.read(engine, place.home, one.export, "recall_member")
        decide(one)
        _addresses_listed(engine, one, now)
        with removal.source(engine, place, one.snapshot):
            values = {"purpose": one.purpose, "channel": one.channel, "topic": one.topic}
            engine.make(
                "removal",
                "recall_due",
                {**values, "export": one.export, "exported_at": naive_utc(one.at)},
            )
            removal.gather(engine, place, one, batches)
    return [
        removal.commit(engine, place, policy.destinations, batch, now, "withdrawal")
        for batch in batches.values()
    ]


def _addresses_listed(engine: DuckDBEngine, one: Registered, now: datetime) -> None:
    """Make `recall_hit`: members whose address, as it was exported, is named by an entry that covers the export now."""
    values = {
        "channel": one.channel,
        "purpose": one.purpose,
        "topic": one.topic,
        "as_of": naive_utc(now),
    }
    engine.make("suppression_near", "recall_near", {"identifier": one.identifier})
    engine.make("suppression_covering", "suppression_covering", values)
    engine.make("recall_hit", "suppression_hit")
    engine.forget(["suppression_near", "suppression_covering"])


def _declared(policy: Policy) -> pl.DataFrame:
    import polars as pl

    names = {"purpose": policy.purposes, "channel": policy.channels, "topic": policy.topics}
    rows = [(scope, name) for scope, known in names.items() for name in known]
    return pl.DataFrame(rows, schema={"scope": pl.String, "name": pl.String}, orient="row")


# -- a leaked file ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Exposed(Documented):
    """Exactly who was in an exported file and what it said of them, with a draft of the notice to the authority. For the officer alone."""

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
    engine: DuckDBEngine, place: Place, policy: Policy, export: str, now: datetime
) -> Exposed:
    """Who was in the file of an export (GDPR 33-34). The engine has the newest snapshot's `identity`.

    Raises `Refusal` (`roles`) for anyone but an officer, `UsageError` for an unknown export. Who
    was erased since is named no more.
    """
    if not place.actor.is_officer:
        raise Refusal("roles", "only an officer may see who was in an exported file")
    kept = register.registered(place.journal.read(register.EXPORTED, register.RETAINED))
    found = [one for one in kept if export in (one.export, one.alias)]
    if not found:
        raise UsageError("there is no such export", hint="name it by the id that `export` gave")
    one = found[-1]
    register.read(engine, place.home, one.export)
    members = tuple(name for (name,) in engine.rows("exposed_member"))
    notice = breach.notice(policy, one, len(members), now)
    place.journal.append(place.actor.account, "exposed", {"export": one.export})
    plain = (one.columns, one.categories, one.at, one.destination, one.recipient is not None)
    return Exposed(one.export, members, *plain, notice)
