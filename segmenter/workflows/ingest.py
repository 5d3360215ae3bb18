"""`ingest`: the declared sources become the snapshot in use, and everyone is decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter import sources
from segmenter.erasure import erase
from segmenter.errors import UsageError
from segmenter.identity.links import close_links
from segmenter.journal.journal import locked
from segmenter.model import Framed, stamp
from segmenter.project.folder import read_project
from segmenter.store.snapshots import ingest_body
from segmenter.workflows.decisions import settle
from segmenter.workflows.loads import RULE, Acceptance, require_good

if TYPE_CHECKING:
    import polars as pl

    from segmenter.context import Context
    from segmenter.model import Snapshot
    from segmenter.sources import Ingested


@dataclass(frozen=True, slots=True)
class IngestReport(Framed):
    """What an ingest did. Exact row counts are shown to officers and operators only (P17)."""

    ingested: Ingested = field(repr=False)
    exact: bool

    def to_dict(self) -> dict[str, Any]:
        """The contract's document.

        Numbers are null, and the quarantine is empty, for whoever may not see them.
        """
        counts = {
            name: {"rows": c.kept, "quarantined": c.quarantined, "read": c.read}
            for name, c in self.ingested.tables.items()
        }
        hidden = {name: dict.fromkeys(count) for name, count in counts.items()}
        rows = self.ingested.quarantine_rows if self.exact else ()
        return {
            "snapshot": self.ingested.snapshot.id,
            "taken_at": stamp(self.ingested.snapshot.taken_at),
            "tables": counts if self.exact else hidden,
            "quarantine": [
                {
                    "source": q.source,
                    "file": q.origin,
                    "line": q.line,
                    "rule": q.rule,
                    "reason": q.reason,
                }
                for q in rows
            ],
            "health": [one.to_dict() for one in self.ingested.health] if self.exact else [],
            "left_out": {name: list(left) for name, left in self.ingested.left_out.items()},
            "exact": self.exact,
        }

    def to_polars(self) -> pl.DataFrame:
        """The tables as a frame: name, rows, quarantined, read."""
        import polars as pl

        rows = [
            (name, t["rows"], t["quarantined"], t["read"])
            for name, t in self.to_dict()["tables"].items()
        ]
        return pl.DataFrame(
            rows,
            schema={
                "table": pl.String,
                "rows": pl.Int64,
                "quarantined": pl.Int64,
                "read": pl.Int64,
            },
            orient="row",
        )


def ingest(context: Context, accept: str | None = None, reason: str | None = None) -> IngestReport:
    """Read every declared source into a new snapshot, decide everyone, and switch to it.

    The switch is one entry of the journal; until it is written the old snapshot stays in use.
    Raises `SourceError`, `FileError` (exit 2), and `Refusal` (R3) if more rows were set aside than
    may be, unless an officer accepts that with a reason.
    """
    acceptance = Acceptance.of(context, accept, reason)
    project = read_project(context.root, segments=())
    with locked(context.store.lock("ingest")):
        _sweep(context)
        before = _before(context)
        made = sources.ingest(
            project,
            context.home,
            context.keys,
            context.now(),
            before,
            context.progress,
            close_links,
        )
        try:
            if acceptance is None:
                require_good(context, made.health)
            erase.keep_out(context.store.engine, context.journal, made.snapshot.path)
            state = settle(context, made.snapshot, None if made.full else before)
            context.journal.append(
                context.actor.account,
                "ingest",
                {
                    **ingest_body(made.snapshot, context.policy.deciding_hash()),
                    **_accepted(acceptance),
                    **context.bound.files(made.snapshot.path, state),
                },
            )
        except BaseException:
            made.snapshot.path.unlink(missing_ok=True)
            raise
    return IngestReport(made, context.actor.sees_row_counts)


def _accepted(acceptance: Acceptance | None) -> dict[str, str]:
    """What the trail says of an officer's word."""
    if acceptance is None:
        return {}
    return {"accepted": RULE, "reason": acceptance.reason}


def _before(context: Context) -> Snapshot | None:
    """The snapshot in use, None if there is none. Raises `DamagedError` if it is another file.

    What no source has any more is carried over from it: it is not left out in silence.
    """
    try:
        before = context.store.current(context.journal)
    except UsageError:
        return None
    context.bound.require(before.path)
    return before


def _sweep(context: Context) -> None:
    """Remove snapshots and states that a killed ingest finished but never put in use."""
    loads = context.journal.read("ingest")
    used = {entry.body["snapshot"] for entry in loads}
    snapshots = context.home / "snapshots"
    for path in snapshots.glob("*.duckdb"):
        if path.stem not in used:
            path.unlink(missing_ok=True)
    states = context.home / "states"
    for path in states.iterdir():
        snapshot, _, _ = path.stem.rpartition("-")
        if path.suffix == ".part" or (snapshot or path.stem) not in used:
            path.unlink(missing_ok=True)
