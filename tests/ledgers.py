"""A small policy with budgets, a clock that tests turn, journals on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from segmenter.budget.accounting import NANO
from segmenter.budget.ledger import Ledger
from segmenter.journal.journal import Journal
from segmenter.private.keys import Keys
from segmenter.project.policy import Budget, Policy, ReleaseTerms

KEYS = Keys(b"a key of a test, long enough for one")
POSTGRES = "SEGMENTER_TEST_POSTGRES"
SERVERS = ("sqlite", "postgres")


@dataclass
class Clock:
    """Tells the time that a test wants."""

    at: datetime = field(default_factory=lambda: datetime(2026, 5, 4, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)


def policy(**budgets: Budget) -> Policy:
    """Purposes `a` and `b` with budgets, and `total` over both."""
    given = budgets or {
        "a": Budget("a", "quarter", 3 * NANO),
        "b": Budget("b", "month", 2 * NANO, 1_000),
        "total": Budget("total", "year", 4 * NANO, 1_000),
    }
    return Policy({}, "UTC", {}, (), {}, {}, (), {}, {}, budgets=given, release=ReleaseTerms())


def journal(
    home: Path, clock: Clock, url: str | None = None, anchors: tuple[Path, ...] = ()
) -> Journal:
    (home / "snapshots").mkdir(exist_ok=True)
    made = Journal(home, KEYS, clock, anchors, url)
    made.wait = lambda _seconds: None
    return made


def ledger(home: Path, clock: Clock, url: str | None = None, **budgets: Budget) -> Ledger:
    return Ledger(journal(home, clock, url), policy(**budgets))


def fresh_schema() -> Iterator[str]:
    """A URL of the test server, in a schema of its own that is dropped afterwards."""
    address = sa.make_url(os.environ[POSTGRES])
    name = f"test_{secrets.token_hex(6)}"
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema(name))
    yield address.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(
        hide_password=False
    )
    with engine.begin() as connection:
        connection.execute(sa.schema.DropSchema(name, cascade=True))
    engine.dispose()
