"""`budget recover` and `budget confirm`: a journal that cannot be trusted is begun anew.

Nobody who said no is forgotten: what says no is kept wherever it can be found, trusted or not. What
lets somebody in (a lift, a stored answer) is kept only if it verifies. Exports refuse until an
officer has confirmed what was kept and what was not (P4).
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from segmenter.errors import (
    BudgetError,
    DamagedError,
    EngineError,
    ProjectKeyError,
    Refusal,
    UsageError,
)
from segmenter.journal.recovery import CONFIRMED, KIND
from segmenter.model import Documented
from segmenter.private.files import new_file
from segmenter.registers.entries import ADDED, COLUMNS, FORGOTTEN, IMPORTED, SuppressionEntry
from segmenter.registers.exports import (
    ACKNOWLEDGED,
    EXPORTED,
    RECALLED,
    RETAINED,
    RegisteredExport,
)
from segmenter.suppression.suppression_list import imported_file
from segmenter.workflows.budget import balances, ledger_of
from segmenter.workflows.places import everything_still

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segmenter.budget.ledger import Ledger
    from segmenter.context import Context
    from segmenter.journal.journal import Act, JournalEntry
    from segmenter.journal.recovery import Remnant

INGEST = "ingest"
NEXT = (
    "import every list of opt-outs again: segmenter suppress import",
    "read the sources again: segmenter ingest",
    "then confirm: segmenter budget confirm --reason TEXT",
)


@dataclass(frozen=True, slots=True)
class RecoveryReport(Documented):
    """What a recovery kept and what it could not keep.

    `kept` counts the entries written again, by kind; `lists_lost` and `registers_aside` name files
    of the private folder, `files_unknown` those that are not the ones that the journal had for
    their names and are taken as they stand. `to_confirm`: exports refuse until an officer confirms.
    """

    budgets: tuple[dict[str, Any], ...]
    kept: Mapping[str, int]
    lists_lost: tuple[str, ...]
    registers_aside: tuple[str, ...]
    files_unknown: tuple[str, ...]
    to_confirm: bool

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "recovered": True,
            "budgets": list(self.budgets),
            "kept": dict(self.kept),
            "lists_lost": list(self.lists_lost),
            "registers_aside": list(self.registers_aside),
            "files_unknown": list(self.files_unknown),
            "to_confirm": self.to_confirm,
            "next": list(NEXT) if self.to_confirm else [],
        }


@dataclass(frozen=True, slots=True)
class RecoveryConfirmed(Documented):
    """A recovery that an officer has confirmed."""

    reason: str

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"confirmed": True, "reason": self.reason}


def budget_recover(context: Context, *, restored: bool = False) -> RecoveryReport:
    """Start again from a journal that cannot be trusted. For officers.

    Every budget of the period is taken as spent. A journal that can be trusted is left alone
    (`UsageError`), unless the officer knows better: the whole folder was `restored` from a backup.
    """
    ledger = ledger_of(context)
    if not restored and _trusted(context, ledger):
        raise UsageError(
            "the journal can be trusted: there is nothing to recover",
            hint="if the whole folder came back from a backup, add --restored: "
            "every budget is then taken as spent",
        )
    registers = {file.stem for file in (context.home / "registers").glob("*.duckdb")}

    def choose(verified: Sequence[JournalEntry], remnants: Sequence[Remnant]) -> list[Act]:
        return list(_kept(context, verified, remnants, registers))

    recovered = ledger.recover(context.actor.account, choose, restored=restored)
    aside = _set_registers_aside(context)
    with everything_still(context):
        lost = _merge_lists(context)
    unknown = context.bound.bind_anew(context.actor.account)
    complete = recovered.complete and not (restored or lost or aside or unknown)
    return RecoveryReport(
        budgets=balances(ledger),
        kept=recovered.kept,
        lists_lost=lost,
        registers_aside=aside,
        files_unknown=unknown,
        to_confirm=not complete,
    )


def budget_confirm(context: Context, reason: str) -> RecoveryConfirmed:
    """Confirm what a recovery kept and what was imported again: exports go on. For officers."""
    if not reason.strip():
        raise UsageError("a confirmation needs a reason", hint="--reason says why, for the trail")
    if not _unconfirmed(context):
        raise UsageError("no recovery waits to be confirmed")
    context.record(CONFIRMED, {"reason": reason})
    return RecoveryConfirmed(reason)


def require_confirmed(context: Context) -> None:
    """Refuse (P4) while a recovery that may have lost an opt-out waits to be confirmed."""
    if _unconfirmed(context):
        raise Refusal(
            "P4",
            "the journal was recovered, and nobody confirmed that all opt-outs are there again",
            hint="; ".join(NEXT),
        )


def _unconfirmed(context: Context) -> bool:
    waits = False
    for line in context.journal.read(KIND, CONFIRMED):
        if line.kind == CONFIRMED:
            waits = False
        elif not line.body.get("complete", True) or line.body.get("restored"):
            waits = True
    return waits


def _trusted(context: Context, ledger: Ledger) -> bool:
    """Whether the journal verifies and its newest entry is not of the future."""
    try:
        ledger.verify()
    except BudgetError:
        return False
    entries = context.journal.read()
    return not entries or entries[-1].at <= context.now()


# -- what is kept ----------------------------------------------------------------------------------


def _kept(
    context: Context,
    verified: Sequence[JournalEntry],
    remnants: Sequence[Remnant],
    registers: set[str],
) -> Iterator[Act]:
    """What of the remnants is written again: all that says no, and what verifies by itself."""
    ingested = [entry.body for entry in verified if entry.kind == INGEST]
    newest = _taken_at(ingested)
    for remnant in remnants:
        if remnant.kind in (ADDED, FORGOTTEN):
            yield from _opt_outs(remnant)
        elif remnant.kind in (EXPORTED, RECALLED):
            if remnant.authentic or _is_registered(remnant, registers):
                yield remnant.act()
        elif remnant.kind in (ACKNOWLEDGED, RETAINED) and remnant.authentic:
            yield remnant.act()
        elif remnant.kind == INGEST and remnant.authentic:
            taken_at = _taken_at([remnant.body])
            file = context.home / "snapshots" / f"{remnant.body.get('snapshot')}.duckdb"
            if taken_at > newest and file.is_file():
                newest = taken_at
                yield remnant.act()


def _opt_outs(remnant: Remnant) -> Iterator[Act]:
    """The entries of an opt-out or an erasure that can be read; the list file is found apart."""
    entries = []
    listed = remnant.body.get("entries")
    if not isinstance(listed, list):
        return
    for one in listed:
        with contextlib.suppress(TypeError):
            entry = SuppressionEntry(**one)
            texts = (entry.kind, entry.hash, entry.reason)
            if all(isinstance(text, str) for text in texts):
                entries.append(entry.to_dict())
    if entries:
        actor, kind, body = remnant.act()
        plain = {**body, "entries": entries}
        plain.pop("file", None)
        yield actor, kind, plain


def _is_registered(remnant: Remnant, registers: set[str]) -> bool:
    """Whether the register of an export or recall is there, and its entry can be read."""
    name = str(remnant.body.get("export" if remnant.kind == EXPORTED else "recall"))
    if name not in registers:
        return False
    if remnant.kind == RECALLED:
        return True
    try:
        # Only what an export's entry holds is looked at; its number and hash are of no matter.
        RegisteredExport.of(_line(remnant))
    except (KeyError, TypeError, ValueError):
        return False
    return True


def _line(remnant: Remnant) -> JournalEntry:
    from segmenter.journal.journal import JournalEntry

    at = datetime.fromisoformat(remnant.at)
    return JournalEntry(
        seq=remnant.seq,
        at=at,
        actor=remnant.actor,
        kind=remnant.kind,
        body=remnant.body,
        hash="",
    )


def _taken_at(bodies: Sequence[Mapping[str, Any]]) -> str:
    """When the newest of these snapshots was taken; an empty text if there is none."""
    moments = [str(body.get("taken_at", "")) for body in bodies]
    return max(moments, default="")


# -- files of the private folder -------------------------------------------------------------------


def _merge_lists(context: Context) -> tuple[str, ...]:
    """Make one list of all files of imported lists; returns the names of those that cannot be read.

    The journal names only the newest file. If its entry was lost, an older file would be in its
    place.
    """
    folder = context.home / "suppressions"
    current = imported_file(context.home, context.journal.read())
    files = sorted(folder.glob("*.duckdb"))
    lost = []
    if current is not None and not current.is_file():
        lost.append(current.name)
    if not files or files == [current]:
        return tuple(lost)
    name = f"{secrets.token_hex(8)}.duckdb"
    with (
        new_file(folder / name) as part,
        replace(context.store, bound=None).engine() as engine,  # whatever says no is believed
        engine.writing(part) as written,
    ):
        merged = engine.create(COLUMNS, into=written.table("suppression"))
        for file in files:
            try:
                engine.append_table(merged, engine.attach(file)["suppression"])
            except (DamagedError, EngineError, ProjectKeyError):
                lost.append(file.name)
    body = {"file": name, **context.bound.files(folder / name)}
    context.journal.append(context.actor.account, IMPORTED, body)
    return tuple(lost)


def _set_registers_aside(context: Context) -> tuple[str, ...]:
    """Keep registers that no entry names: they would be swept, and tell who was in which file."""
    known = set()
    for line in context.journal.read(EXPORTED, RECALLED):
        known.add(str(line.body.get("export") or line.body.get("recall")))
    files = (context.home / "registers").glob("*.duckdb")
    unknown = [file for file in files if file.stem not in known]
    if unknown:
        aside = context.home / "registers.aside"
        aside.mkdir(mode=0o700, exist_ok=True)
        for file in unknown:
            file.rename(aside / file.name)
    return tuple(sorted(file.name for file in unknown))
