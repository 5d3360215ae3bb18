"""Recovery of a journal that cannot be trusted.

Keep what verifies, set the rest aside, assume the worst (P4).

An officer's act. The chain continues from its longest verified beginning with a `recover` entry,
whose budgets the ledger counts as spent, and the marks start anew. The database as it was stays
beside it, for whoever looks into what happened.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from segmenter.errors import BudgetError
from segmenter.journal.high_water import GENESIS, locked
from segmenter.journal.journal import JOURNAL, Entry, Journal
from segmenter.model import stamp
from segmenter.store.files import copy, new_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KIND = "recover"


def recover(journal: Journal, actor: str, body: Mapping[str, Any]) -> Entry:
    """Start again from what verifies; returns the last entry written.

    Verified entries whose time lies in the future (the clock had been wrong) are carried over
    behind the `recover` entry, stamped now; `stamped` keeps their time.
    """
    with locked(journal.home / "recover.lock"):
        journal.forget()
        now = journal.now().astimezone(UTC)
        file = journal.file()
        if file is None:
            _copy_table(journal, now)
        else:
            _copy_files(journal, file, now)
        with journal.transaction(write=True) as connection:
            entry = _restart(journal, connection, now, (actor, KIND, body))
        journal.marks.reset_to((entry.seq, entry.hash))
        return entry


def _restart(
    journal: Journal,
    connection: sa.Connection,
    now: datetime,
    act: tuple[str, str, Mapping[str, Any]],
) -> Entry:
    kept = _verified(journal, connection)
    future = [e for e in kept if e.at > now]
    journal.entries[:] = kept[: len(kept) - len(future)]
    connection.execute(
        JOURNAL.delete().where(sa.or_(JOURNAL.c.seq > len(journal.entries), JOURNAL.c.seq < 1))
    )
    carried = [(e.actor, e.kind, {**e.body, "stamped": stamp(e.at)}) for e in future]
    return [journal.write(connection, one, now) for one in (act, *carried)][-1]


def _verified(journal: Journal, connection: sa.Connection) -> list[Entry]:
    """The longest beginning of the table that is a chain."""
    kept: list[Entry] = []
    for seq, row in enumerate(
        connection.execute(sa.select(JOURNAL).order_by(JOURNAL.c.seq)).all(), 1
    ):
        entry = journal.verified(row, seq, kept[-1].hash if kept else GENESIS)
        if entry is None:
            break
        kept.append(entry)
    return kept


def _copy_files(journal: Journal, file: Path, now: datetime) -> None:
    """Copy the SQLite files; those that cannot be opened are then removed."""
    journal.close()
    names = (file.name, f"{file.name}-wal", f"{file.name}-shm")
    paths = [file.with_name(name) for name in names]
    files = [path for path in paths if path.exists()]
    for one in files:
        with new_file(one.with_name(f"{one.name}.aside-{now:%Y%m%dT%H%M%S}")) as aside:
            copy(one, aside)
    try:
        with journal.transaction(write=True) as connection:
            connection.execute(sa.select(JOURNAL)).all()
    except BudgetError:
        journal.close()
        for one in files:
            one.unlink(missing_ok=True)


def _copy_table(journal: Journal, now: datetime) -> None:
    """Copy the table on the server."""
    aside = sa.Table(
        f"journal_aside_{now:%Y%m%d_%H%M%S}",
        sa.MetaData(),
        *(sa.Column(c.name, c.type) for c in JOURNAL.columns),
    )
    with journal.transaction(write=True) as connection:
        aside.create(connection, checkfirst=True)
        connection.execute(aside.insert().from_select(list(aside.columns), sa.select(JOURNAL)))
