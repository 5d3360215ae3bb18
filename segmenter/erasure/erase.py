"""Erasure: everything the program holds of a person goes; keyed hashes stay behind, so that no import brings them back (S8).

Order: recalls, while the identifiers are still known; then the tombstones, in the journal, from
which instant nobody uses the person; then every file that held them is written anew without them,
and the old one unlinked. A killed erasure is finished by the next one, or by `finish`: the
tombstones say what is left to do.
"""

from __future__ import annotations

import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any

from segmenter import identifiers
from segmenter.erasure import prove
from segmenter.errors import Refusal, UsageError
from segmenter.export import manifest, register, removal
from segmenter.model import Documented, stamp
from segmenter.store.files import new_file, sweep
from segmenter.suppression.entry import FORGOTTEN, LIFTED, Entry, frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from segmenter.engine import DuckDBEngine
    from segmenter.export.register import Place
    from segmenter.journal.journal import Entry as Act
    from segmenter.journal.journal import Journal
    from segmenter.project.policy import Policy

    Engines = Callable[[], AbstractContextManager[DuckDBEngine]]
    Find = Callable[[DuckDBEngine], None]

DONE = "forgotten"  # the journal kind of an erasure whose files are all written anew
NEW = "erasing_new"
OLD = "erasing_old"
IDENTIFIERS = ("email", "phone", "postal")
MATCHED = ("reach", "suppression_listed")  # tables of a snapshot that are made from its others


@dataclass(frozen=True, slots=True)
class Forgotten(Documented):
    """What an erasure did. `searched` are the files that were searched afterwards; `waiting` removal files stay until acknowledged."""

    recalls: tuple[str, ...]
    rewritten: tuple[str, ...]
    deleted: tuple[str, ...]
    searched: tuple[str, ...] = field(repr=False)
    waiting: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        names = ("recalls", "rewritten", "deleted", "searched", "waiting")
        return {"forgotten": True, **{name: list(getattr(self, name)) for name in names}}


def forget(
    engines: Engines, place: Place, policy: Policy, patient_id: str, now: datetime
) -> Forgotten:
    """Erase a person and the ids linked to it, recall them from every destination that got them, and prove that nothing is left.

    `engines` opens fresh engines with nothing attached. Inside `register.alone` and the ingest
    lock. Raises `Refusal` (`roles`) for anyone but an officer, `UsageError` for an id that no
    snapshot knows, `EngineError` where something of the person is found afterwards.
    """
    if not place.actor.is_officer:
        raise Refusal("roles", "only an officer erases a person")
    finish(engines, place)
    texts = _person(engines, place, patient_id)
    stones = tombstones(place, texts, now)
    issued = _recall(engines, place, policy, stones, now)
    place.journal.append(
        place.actor.account, FORGOTTEN, {"entries": [one.to_dict() for one in stones]}
    )
    rewritten, deleted = finish(engines, place)
    waiting = _waiting(place)
    searched = prove.prove(engines, place, texts, exempt=waiting)
    return Forgotten(
        tuple(issued), rewritten, deleted, searched, tuple(str(path) for path in waiting)
    )


# -- who -------------------------------------------------------------------------------------------


def _sweep(home: Path) -> None:
    """Remove what killed ingests and erasures left unfinished: nobody could search it. Nobody ingests now."""
    sweep(home / "snapshots")


def snapshots(place: Place) -> list[Path]:
    """All snapshot files, the one in use last."""
    found = sorted((place.home / "snapshots").glob("*.duckdb"))
    return sorted(found, key=lambda path: path.stem == place.snapshot.id)


def _person(engines: Engines, place: Place, patient_id: str) -> dict[str, set[str]]:
    """Every id and identifier of the person in any snapshot, by kind."""
    texts: dict[str, set[str]] = {kind: set() for kind in ("patient_id", *IDENTIFIERS)}
    for path in snapshots(place):
        with engines() as engine:
            engine.attach(OLD, path)
            engine.expose(OLD, ("identity", "patient", "link_group"))
            for _, own, *values in engine.rows("erase_person", {"patient_id": patient_id}):
                texts["patient_id"].add(own)
                for kind, value in zip(IDENTIFIERS, values, strict=True):
                    texts[kind] |= {value} if value else set()
    if not texts["patient_id"]:
        raise UsageError("no snapshot knows this patient", hint="ids are compared exactly, as text")
    return texts


def tombstones(place: Place, texts: dict[str, set[str]], now: datetime) -> list[Entry]:
    """The entries that stay behind: keyed hashes of every id and identifier, for all channels, for ever."""
    found = []
    for kind, values in texts.items():
        hashes = {
            one.hash
            for value in values
            for one in identifiers.entry_hashes(place.keys, place.region, kind, value)
        }
        for digest in sorted(hashes):
            since = stamp(now.astimezone(UTC))
            found.append(
                Entry(
                    kind,
                    digest,
                    "erased",
                    since=since,
                    source=FORGOTTEN,
                    event=secrets.token_hex(8),
                )
            )
    return found


def unfinished(acts: Iterable[Act]) -> list[Act]:
    """Erasures that were begun and not finished."""
    acts = list(acts)
    done = {int(act.body["of"]) for act in acts if act.kind == DONE}
    return [act for act in acts if act.kind == FORGOTTEN and act.seq not in done]


# -- recalls ---------------------------------------------------------------------------------------


def _recall(
    engines: Engines, place: Place, policy: Policy, stones: Sequence[Entry], now: datetime
) -> list[str]:
    """Recall the person from every export whose register names them, whether or not its file may still be used (GDPR art. 19)."""
    batches: dict[Any, removal.Batch] = {}
    acts = place.journal.read()
    with engines() as engine:
        engine.attach("snapshot", place.snapshot.path)
        engine.expose("snapshot")
        engine.load("tombstone", frame(stones))
        removal.earlier(engine, place, acts)
        for one in register.registered(acts):
            register.read(engine, place.home, one.export)
            with removal.source(engine, place, one.snapshot):
                engine.make("removal", "erase_removal", {"export": one.export})
                removal.gather(engine, place, one, batches)
        return [
            removal.commit(engine, place, policy.destinations, batch, now, "erasure")
            for batch in batches.values()
        ]


def _waiting(place: Place) -> list[Path]:
    """Removal files that no destination has acknowledged: the one place where an erased person is still named, to be removed there."""
    acts = place.journal.read(register.RECALLED, register.ACKNOWLEDGED)
    done = {str(act.body["recall"]) for act in acts if act.kind == register.ACKNOWLEDGED}
    pending = [
        act.body for act in acts if act.kind == register.RECALLED and act.body["recall"] not in done
    ]
    return [place.home / "exports" / str(body["recall"]) / str(body["file"]) for body in pending]


# -- files written anew ----------------------------------------------------------------------------


def finish(engines: Engines, place: Place) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write every file that holds somebody with an unfinished erasure anew; gives the names of files rewritten and deleted.

    Each file is replaced whole, so that a kill leaves it either untouched or without them; then
    this is run again.
    """
    _sweep(place.home)
    open_acts = unfinished(place.journal.read(FORGOTTEN, DONE))
    if not open_acts:
        return (), ()
    stones = [Entry(**entry) for act in open_acts for entry in act.body["entries"]]
    deleted: list[str] = []
    rewritten: list[str] = []
    acts = place.journal.read(register.EXPORTED, register.RECALLED)
    for act in acts:
        name = str(act.body.get("export") or act.body["recall"])
        if _rewrite_register(engines, place, name, act.kind == register.EXPORTED, stones, deleted):
            rewritten.append(f"registers/{name}")
    rewritten += [
        f"snapshots/{path.stem}"
        for path in snapshots(place)
        if rewrite_snapshot(
            engines,
            path,
            lambda engine: _find(engine, stones),
            always=path.stem == place.snapshot.id,
        )
    ]
    for act in open_acts:
        place.journal.append(place.actor.account, DONE, {"of": act.seq})
    return tuple(rewritten), tuple(deleted)


def keep_out(engines: Engines, journal: Journal, path: Path) -> bool:
    """Write a fresh snapshot anew without anyone erased before whom its sources still hold (S8); gives whether there were any.

    To be called before a snapshot is put in use. An id whose tombstone an officer lifted may come
    back.
    """
    acts = journal.read(FORGOTTEN, LIFTED)
    lifted = {
        (entry["kind"], entry["hash"], entry["event"])
        for act in acts
        if act.kind == LIFTED
        for entry in act.body["entries"]
    }
    stones = [
        Entry(**entry) for act in acts if act.kind == FORGOTTEN for entry in act.body["entries"]
    ]
    stones = [one for one in stones if (one.kind, one.hash, one.event) not in lifted]
    return bool(stones) and rewrite_snapshot(engines, path, lambda engine: _find(engine, stones))


def _find(engine: DuckDBEngine, stones: Sequence[Entry]) -> None:
    engine.load("tombstone", frame(stones))
    engine.make("gone", "erase_gone")


def _rewrite_register(
    engines: Engines,
    place: Place,
    name: str,
    payload: bool,  # noqa: FBT001
    stones: Sequence[Entry],
    deleted: list[str],
) -> bool:
    """Take the erased out of one register, after deleting our copies of the files that name them."""
    file = register.path(place.home, name)
    if not file.is_file():
        return False
    with engines() as engine:
        engine.attach(OLD, file)
        engine.alias("register_row", f"{OLD}.member")
        engine.load("tombstone", frame(stones))
        if not engine.rows("erase_registered")[0][0]:
            return False
        if payload:
            deleted += [
                f"exports/{name}/{path.name}"
                for path in delete_payload(place.home / "exports" / name)
            ]
        with new_file(file) as part:
            engine.attach(NEW, part, write=True)
            engine.make(f"{NEW}.member", "erase_register")
            engine.detach(NEW)
    return True


def delete_payload(folder: Path) -> list[Path]:
    """Delete the files of an export; its manifest, which names nobody, stays."""
    found = [path for path in folder.glob("*") if not path.name.endswith(manifest.SUFFIX)]
    for path in found:
        path.unlink()
    return found


def rewrite_snapshot(engines: Engines, path: Path, find: Find, *, always: bool = False) -> bool:
    """Write a snapshot anew without the patients that `find(engine)` puts into the table `gone`; gives whether there were any.

    `find` also loads `tombstone`, the entries its suppression list gets. With `always` it is
    written even where nobody is gone. States of the snapshot are deleted, since they can be made
    again. The old file is unlinked, not marked.
    """
    with engines() as engine:
        engine.attach(OLD, path)
        engine.expose(OLD)
        find(engine)
        if not always and not engine.count("gone"):
            return False
        engine.alias("erase_gone", "gone")
        engine.make("gone_text", "erase_text")
        with new_file(path) as part:
            engine.attach(NEW, part, write=True)
            _write_anew(engine)
            engine.detach(NEW)
    for state in (path.parent.parent / "states").glob(f"{path.stem}-*"):
        state.unlink()
    return True


def _write_anew(engine: DuckDBEngine) -> None:
    """Every table of the old file into the new one; what was matched between tables is matched again."""
    for table in set(engine.tables(OLD)).difference(MATCHED):
        engine.alias("erase_source", f"{OLD}.{table}")
        engine.make(f"{NEW}.{table}", _way(table, engine.columns(f"{OLD}.{table}")))
    if set(MATCHED) <= set(engine.tables(OLD)):
        for table in ("patient", "address", "suppression"):
            engine.alias(table, f"{NEW}.{table}")
        identifiers.reach_patients(engine, f"{NEW}.reach")
        engine.make(f"{NEW}.suppression_listed", "suppression_listed")


def _way(table: str, columns: Sequence[str]) -> str:
    """How a table of a snapshot is written anew."""
    if table == "quarantine":
        return "erase_quarantine"
    if table == "suppression":
        return "erase_suppression"
    return "erase_kept" if "patient" in columns else "erase_copied"
