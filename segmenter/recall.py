"""Recall: whoever withdrew, objected, was suppressed or erased after an export is taken out of what was sent.

One removal file for each destination that got them, encrypted to it alone, with a clock of 48 hours. Nothing is recalled twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from segmenter import breach, destination, manifest, register, removal
from segmenter.errors import Refusal, UsageError
from segmenter.keys import write_private
from segmenter.model import naive_utc, stamp

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from segmenter.control import Entry as Act
    from segmenter.control import Journal
    from segmenter.destination import Layout
    from segmenter.engine import DuckDBEngine
    from segmenter.model import Actor
    from segmenter.policy import Destination, Policy
    from segmenter.register import Place, Registered

ACKNOWLEDGED = "recall_ack"  # a journal kind
CLOCK = timedelta(hours=48)

Decide = Callable[["Registered"], None]
Recipients = Mapping[str, "Destination"]


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
        plain = {"id": self.id, "destination": self.destination, "file": str(self.file), "due_at": stamp(self.due_at), "state": self.state}
        return {**plain, "late": self.late, "exports": list(self.exports)}


@dataclass(frozen=True, slots=True)
class Recalls:
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
        schema = {"id": pl.String, "destination": pl.String, "file": pl.String, "due_at": utc, "state": pl.String, "late": pl.Boolean}
        return pl.DataFrame(rows, schema=schema, orient="row")


# -- what there is -----------------------------------------------------------------------------------------------------


def listed(home: Path, acts: Sequence[Act], now: datetime) -> Recalls:
    """Every recall and how it stands at `now`."""
    done = {str(act.body["recall"]) for act in acts if act.kind == ACKNOWLEDGED}
    found = []
    for act in acts:
        if act.kind == register.RECALLED:
            body = act.body
            due_at = datetime.fromisoformat(str(body["due_at"]))
            state = "acknowledged" if body["recall"] in done else "overdue" if now > due_at else "pending"
            file = home / "exports" / str(body["recall"]) / str(body["file"])
            found.append(Recall(str(body["recall"]), str(body["destination"]), file, due_at, state, bool(body["late"]), tuple(body["exports"])))
    return Recalls(tuple(found))


def acknowledge(home: Path, journal: Journal, actor: Actor, recall: str) -> None:
    """Note that the destination removed everyone, and delete our copy of the file. `UsageError` for an unknown recall."""
    acts = journal.read(register.RECALLED, ACKNOWLEDGED)
    known = [act for act in acts if act.kind == register.RECALLED and act.body["recall"] == recall]
    if not known:
        raise UsageError("there is no such recall", hint="`segmenter recall` lists them")
    if not any(act.kind == ACKNOWLEDGED and act.body["recall"] == recall for act in acts):
        journal.append(actor.account, ACKNOWLEDGED, {"recall": recall})
    (home / "exports" / recall / str(known[0].body["file"])).unlink(missing_ok=True)


# -- issuing -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Batch:
    """What is collected for one destination before its file is written. `lines` and `rows` name the engine's tables."""

    destination: str
    plan: Layout
    recipient: str | None
    lines: str
    rows: str
    exports: list[str] = field(default_factory=list)
    late: bool = False


def issue(engine: DuckDBEngine, place: Place, policy: Policy, decide: Decide, now: datetime) -> list[str]:
    """Recall, from every export whose file may still be used, whoever may not be in it any more; gives the new recalls' ids.

    `decide(export)` makes the tables `contactable`, `suppressed` and `suppressed_probe` for one export's question as of now. Inside
    `register.alone`; the engine has the newest snapshot's tables. Nobody is recalled from an export twice.
    """
    acts = place.journal.read()
    open_files = [one for one in register.registered(acts) if now < one.expires_at]
    earlier(engine, place, acts)
    engine.load("declared_scope", _declared(policy))
    batches: dict[Any, Batch] = {}
    for one in open_files:
        register.read(engine, place.home, one.export, "recall_member")
        decide(one)
        with removal.source(engine, place, one.snapshot):
            values = {"purpose": one.purpose, "channel": one.channel, "topic": one.topic, "identifier": one.identifier}
            engine.make("removal", "recall_due", {**values, "export": one.export, "exported_at": naive_utc(one.at)})
            gather(engine, place, one, batches)
    return [commit(engine, place, policy.destinations, batch, now, "withdrawal") for batch in batches.values()]


def earlier(engine: DuckDBEngine, place: Place, acts: Sequence[Act]) -> None:
    """Make the table `recalled` (patient, export) of everyone recalled so far."""
    engine.create("recalled", {"patient": "BIGINT", "export": "VARCHAR"})
    for act in acts:
        if act.kind == register.RECALLED:
            register.read(engine, place.home, str(act.body["recall"]), "recalled_once", "recall_copy")
            engine.add("recalled", "recalled_once_row")
            engine.forget(["recalled_once"])


def gather(engine: DuckDBEngine, place: Place, one: Registered, batches: dict[Any, Batch]) -> None:
    """Add the ready table `removal` of one export to its destination's batch, where it names anybody. Inside `removal.source`."""
    ((someone, late),) = engine.rows("removal_late")
    if not someone:
        return
    plan = removal.identifying(one.layout)
    mark = (one.destination, plan.columns, plan.audience, plan.format)
    fresh = mark not in batches
    if fresh:
        number = len(batches)
        batches[mark] = Batch(one.destination, plan, one.recipient, f"removal_line_{number}", f"removal_row_{number}")
    batch = batches[mark]
    removal.collect(engine, place.region, plan, batch.lines, add=not fresh)
    (engine.make if fresh else engine.add)(batch.rows, "recall_row")
    batch.exports.append(one.export)
    batch.late = batch.late or bool(late)


def commit(engine: DuckDBEngine, place: Place, recipients: Recipients, batch: Batch, now: datetime, why: str) -> str:
    """Write, register and show one removal file; gives the recall's id. Encrypted to the destination's key of today, else of then."""
    recall = secrets.token_hex(8)
    target = recipients.get(batch.destination)
    key = destination.recipient(batch.destination, batch.recipient if target is None else target.encrypt)
    name = f"{recall}.removal.{batch.plan.format}" + ("" if key is None else ".age")
    due_at = now.astimezone(UTC) + CLOCK
    with register.committing(place, recall) as (part, done):
        digest = removal.write(engine, batch.plan, part / name, place.spill, key, batch.lines)
        engine.alias("recall_register", batch.rows)
        register.write(engine, place.home, recall, "recall_register_row")
        body = {
            "recall": recall, "destination": batch.destination, "file": name, "file_sha256": digest, "due_at": stamp(due_at),
            "created_at": stamp(now), "exports": batch.exports, "late": batch.late, "why": why,
        }  # fmt: skip
        told = {"kind": "recall", **{k: v for k, v in body.items() if k != "why"}, "columns": list(batch.plan.headers), "encrypted": key is not None}
        write_private(part / f"{recall}.manifest.json", manifest.json_text(manifest.signed(place.keys, told)))
        done(register.RECALLED, body)
    return recall


def _declared(policy: Policy) -> pl.DataFrame:
    import polars as pl

    names = {"purpose": policy.purposes, "channel": policy.channels, "topic": policy.topics}
    rows = [(scope, name) for scope, known in names.items() for name in known]
    return pl.DataFrame(rows, schema={"scope": pl.String, "name": pl.String}, orient="row")


# -- a leaked file -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Exposed:
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


def exposed(engine: DuckDBEngine, place: Place, policy: Policy, export: str, now: datetime) -> Exposed:
    """Who was in the file of an export (GDPR 33-34). The engine has the newest snapshot's `identity`.

    Raises `Refusal` (`roles`) for anyone but an officer, `UsageError` for an unknown export. Who was erased since is named no more.
    """
    if not place.actor.is_officer:
        raise Refusal("roles", "only an officer may see who was in an exported file")
    found = [one for one in register.registered(place.journal.read(register.EXPORTED, register.RETAINED)) if export in (one.export, one.alias)]
    if not found:
        raise UsageError("there is no such export", hint="name it by the id that `export` gave")
    one = found[-1]
    register.read(engine, place.home, one.export)
    members = tuple(name for (name,) in engine.rows("exposed_member"))
    notice = breach.notice(policy, one, len(members), now)
    place.journal.append(place.actor.account, "exposed", {"export": one.export})
    plain = (one.columns, one.categories, one.at, one.destination, one.recipient is not None)
    return Exposed(one.export, members, *plain, notice)
