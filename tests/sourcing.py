"""A clinic's folder for tests of ingest: write the files, ingest, look into the snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from segmenter import sources
from segmenter.engine import DuckDBEngine
from segmenter.identity.links import close_links
from segmenter.private.keys import Keys
from segmenter.project.declared import (
    ConsentSource,
    FactSource,
    PatientSource,
    Read,
    Sources,
    SuppressionSource,
)
from segmenter.project.policy import Dimension, Policy
from world.policies import CLINIC, policy_of

KEYS = Keys(b"a secret of tests that is long enough")
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
VISITS = Dimension("stay", "care", "encounter", "nights", measure="max", bands=(1, 4))
SOURCES = Sources(
    PatientSource(Read("data/patients.csv"), "patient_id"),
    {"encounter": FactSource("encounter", Read("data/encounters*.csv"), "patient_id")},
    (ConsentSource(Read("data/consent*.csv")),),
    (SuppressionSource("list", Read("data/list*"), "email", timedelta(hours=48)),),
    Read("data/preferences.csv"),
    Read("data/links.csv"),
)


@dataclass
class Clinic:
    """One project folder."""

    root: Path
    sources: Sources = SOURCES
    policy: Policy = field(default_factory=lambda: policy_of(CLINIC, {"stay": VISITS}))

    @property
    def home(self) -> Path:
        return self.root / ".segmenter"

    def write(self, **files: str | bytes) -> Clinic:
        """Write files of `data/`: `patients_csv="..."`."""
        (self.root / "data").mkdir(exist_ok=True, parents=True)
        for name, content in files.items():
            path = self.root / "data" / ".".join(name.rsplit("_", 1))
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def ingest(self, previous: sources.Ingested | None = None) -> sources.Ingested:
        before = None if previous is None else previous.snapshot
        silent = lambda _step, _done: None  # noqa: E731
        return sources.ingest(self, self.home, KEYS, NOW, before, silent, close_links)

    def rows(self, made: sources.Ingested, table: str, *columns: str) -> list[tuple]:
        """Rows of a table of the snapshot, sorted."""
        with DuckDBEngine(self.home / "spill", KEYS.file_key()) as engine:
            read = engine.attach(made.snapshot.path)[table].name
            chosen = ", ".join(f'"{c}"' for c in columns) or "*"
            found = engine.connection.execute(f"SELECT {chosen} FROM {read}").fetchall()
        return sorted(found, key=repr)

    def columns(self, made: sources.Ingested, table: str) -> list[str]:
        """The columns of a table of the snapshot."""
        with DuckDBEngine(self.home / "spill", KEYS.file_key()) as engine:
            return engine.columns(engine.attach(made.snapshot.path)[table])

    def tables(self, made: sources.Ingested) -> dict[str, list[tuple]]:
        """Everything in the snapshot that is data."""
        with DuckDBEngine(self.home / "spill", KEYS.file_key()) as engine:
            tables = engine.attach(made.snapshot.path).without("meta", "touched")
            return {
                name: sorted(map(repr, engine.connection.execute(f"FROM {table.name}").fetchall()))
                for name, table in tables.items()
            }


def told(made: sources.Ingested) -> list[tuple[str, int, str]]:
    """The quarantine: source, line, rule."""
    return [(q.source, q.line, q.rule) for q in made.quarantine_rows]
