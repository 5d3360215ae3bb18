"""`suppress`: the list of who must not be contacted.

Files come in, live opt-outs hold at once, and only an officer lifts.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter import identifiers
from segmenter.errors import UsageError
from segmenter.model import ANY, Documented, stamp
from segmenter.nearest import undeclared
from segmenter.project.folder import read_project
from segmenter.registers.entries import COLUMNS
from segmenter.registers.exports import EXPORTED
from segmenter.sources import lists
from segmenter.suppression import changes, imports, summary, unsubscribe
from segmenter.suppression.imports import FoundEntries, LineFault
from segmenter.workflows.decisions import opened

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.engine import DuckDBEngine
    from segmenter.suppression.imports import Imported
    from segmenter.suppression.summary import SuppressionSummary

NAMES = {
    "email": "e-mail address",
    "phone": "phone number",
    "patient_id": "patient id",
    "postal": "postal address",
    "domain": "domain",
}
HINTS = {
    "email": "give the address alone, such as name@example.org",
    "phone": "give the number alone, best with its country code",
    "patient_id": "give the id as the patient source has it",
    "postal": "give the address as the patient source has it",
    "domain": "give two names or more, such as example.org or *.example.org",
}
LISTED = "suppression_entry"
BY_HAND = "import"  # the source of entries of imported files


@dataclass(frozen=True, slots=True)
class OptOutAdded(Documented):
    """An opt-out that holds from now on. It says nothing of whom it reaches (P20).

    `usable` is false if nothing can be sent to the identifier; `doubt` says that it has several
    readings. Both are None for a token.
    """

    kind: str
    reason: str
    channel: str
    purpose: str
    topic: str
    until: str | None = None
    usable: bool | None = None
    doubt: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        document = {"added": True, **asdict(self)}
        if self.usable is None:
            del document["usable"], document["doubt"]
        return document


@dataclass(frozen=True, slots=True)
class OptOutLifted(Documented):
    """The entries that were lifted: reason, source, channel, since; and why they were."""

    lifted: tuple[dict[str, Any], ...]
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"lifted": list(self.lifted), "reason": self.reason}


@dataclass(frozen=True, slots=True)
class HashesExported(Documented):
    """The file of keyed hashes that was written."""

    file: Path

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"file": str(self.file)}


@dataclass(frozen=True, slots=True)
class EntryScope:
    """What an entry covers; None is all."""

    channel: str | None = None
    purpose: str | None = None
    topic: str | None = None

    def check(self, context: Context) -> dict[str, str | None]:
        """The scope, every name of it declared. `UsageError` for one that is not."""
        policy = context.policy
        known = {"channel": policy.channels, "purpose": policy.purposes, "topic": policy.topics}
        found: dict[str, str | None] = {}
        for what, declared in known.items():
            name = getattr(self, what)
            if name not in (None, ANY) and name not in declared:
                raise undeclared(what, name, declared)
            found[what] = name
        return found


def import_files(
    context: Context, files: Sequence[Path], channel: str | None, ignored: Sequence[str] = ()
) -> Imported:
    """Add what files of opt-outs, bounces and complaints say. An import only adds (S1).

    A file that was read before changes nothing (S6). `ignored` are columns that look like opt-outs
    and are left unread (R1).
    """
    EntryScope(channel).check(context)
    missing = [file for file in files if not file.is_file()]
    if missing:
        msg = "there is no such file"
        raise UsageError(msg, file=missing[0])
    snapshot = context.store.current(context.journal)
    with imports.lock(context.home), opened(context, snapshot) as place:
        found = _found(context, place.engine, files, channel, ignored)
        return imports.import_entries(
            place.engine, context.home, context.journal, context.actor, place.tables, found
        )


def _found(
    context: Context,
    engine: DuckDBEngine,
    files: Sequence[Path],
    channel: str | None,
    ignored: Sequence[str],
) -> FoundEntries:
    """What files hold."""
    reading = lists.Reading(ignored=tuple(ignored))
    paths = [lists.of_path(file) for file in files]
    listed = lists.read(engine, paths, BY_HAND, reading)
    silent = lists.silent(engine, listed)
    new = engine.create(COLUMNS)
    told = lists.hashed(engine, context.keys, context.policy, listed, channel, new)
    entries = engine.make("list_once", reads={"suppression_new": new})
    faults = [LineFault(origin, line, rule, reason) for _, origin, line, rule, reason, _ in told]
    return FoundEntries(entries, silent, tuple(faults))


def show(context: Context) -> SuppressionSummary:
    """The list by reason and source; which there are, for officers and operators alone (P20)."""
    if not context.actor.sees_row_counts:
        project = read_project(context.root, segments=())
        return summary.declared(source.name for source in project.sources.suppression)
    with opened(context, context.store.current(context.journal)) as found:
        return summary.counted(found.engine, found.tables[LISTED])


def add(
    context: Context, kind: str, value: str, scope: EntryScope, reason: str, until: datetime | None
) -> OptOutAdded:
    """Suppress one identifier from this instant, for every process and without an ingest.

    The plain identifier is not kept. One that is not `usable`, such as a number that is not
    possible, is taken as well, and most likely misspelt; `doubt` says that it has several readings.
    Raises `UsageError` for one that can name nobody.
    """
    ends = None if until is None else stamp(until.astimezone(UTC))
    region = context.policy.region
    covered = scope.check(context)
    made = changes.entries(context.keys, region, kind, value, reason, **covered, until=ends)
    if not made:
        raise UsageError(
            f"no {NAMES[kind]} can be read in this: an entry would match nobody", hint=HINTS[kind]
        )
    changes.add(context.journal, context.actor, made)
    reading = identifiers.read(kind, value, region)
    return OptOutAdded(
        kind=kind,
        reason=reason,
        channel=covered["channel"] or ANY,
        purpose=covered["purpose"] or ANY,
        topic=covered["topic"] or ANY,
        until=ends,
        usable=any(form.valid for form in reading.forms),
        doubt=reading.doubt,
    )


def add_token(context: Context, token: str, scope: EntryScope) -> OptOutAdded:
    """Suppress whom a List-Unsubscribe token was made for, on the channel it was sent on.

    Anyone may: it only tightens (S1).

    The answer says neither who that is nor how they are reached.
    """
    if scope != EntryScope():
        msg = "a token says itself what it covers"
        raise UsageError(msg, hint="leave --channel, --purpose and --topic out")
    with opened(context, context.store.current(context.journal)) as found:
        region, sent = context.policy.region, _sent(context)
        made = unsubscribe.entries(found.engine, found.tables, context.keys, region, sent, token)
    changes.add(context.journal, context.actor, made)
    return OptOutAdded(
        kind="token",
        reason="unsubscribed",
        channel=made[0].channel,
        purpose=ANY,
        topic=ANY,
    )


def _sent(context: Context) -> list[unsubscribe.SentAs]:
    """Under which aliases files went out."""
    sent = []
    for act in context.journal.read(EXPORTED):
        one = unsubscribe.SentAs(
            alias=str(act.body["alias"]),
            channel=str(act.body["channel"]),
            identifier=str(act.body["identifier"]),
        )
        sent.append(one)
    return sent


def lift(context: Context, kind: str, value: str, reason: str, channel: str | None) -> OptOutLifted:
    """Lift the entries of one identifier (S1). For officers, with a reason."""
    EntryScope(channel).check(context)
    hashes = changes.hashes_of(context.keys, context.policy.region, kind, value)
    with opened(context, context.store.current(context.journal)) as found:
        listed = found.tables[LISTED]
        lifted = changes.lift(
            found.engine, listed, context.journal, context.actor, kind, hashes, reason, channel
        )
    shown = []
    for one in lifted:
        entry = {
            "reason": one.reason,
            "source": one.source,
            "channel": one.channel,
            "since": one.since,
        }
        shown.append(entry)
    return OptOutLifted(tuple(shown), reason)


def export_hashes(context: Context, file: Path, *, overwrite: bool = False) -> HashesExported:
    """Write the keyed hashes of all entries that stand, to share with a processor. For officers.

    Raises `UsageError` for a file that is there already, unless it may be overwritten, and for one
    that a declared source reads.
    """
    _require_no_source(context, file)
    if file.is_file() and not overwrite:
        raise UsageError(
            "there is a file of this name",
            file=file,
            hint="name another one, or add --overwrite to replace it",
        )
    is_special = file.exists() and not file.is_file()
    if is_special or not file.parent.is_dir():
        raise UsageError(
            "no file can be written here", file=file, hint="name a file in a folder that exists"
        )
    with opened(context, context.store.current(context.journal)) as found:
        summary.write_hashes(found.engine, found.tables[LISTED], file)
    context.record("suppress_export", {})
    return HashesExported(file)


def _require_no_source(context: Context, file: Path) -> None:
    """Refuse a file that a declared source reads, or would read if it were there."""
    sources = read_project(context.root, segments=()).sources
    reads = [
        sources.patient.read,
        *(source.read for source in sources.facts.values()),
        *(source.read for source in sources.consent),
        *(source.read for source in sources.suppression),
        *(read for read in (sources.preference, sources.link) if read is not None),
    ]
    written = file.resolve()
    for read in reads:
        if read.path is not None and _reads(context.root, read.path, written):
            raise UsageError(
                "a declared source reads this file", file=file, hint="name a file of its own"
            )


def _reads(root: Path, pattern: str, file: Path) -> bool:
    """Whether a source's path or glob reads a file."""
    if "://" in pattern:
        return False
    whole = str((root / pattern).resolve())
    return fnmatch.fnmatchcase(str(file), whole)
