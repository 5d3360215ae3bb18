"""segmenter: marketing segments from consenting patients only, with counts that are safe to publish.

    import segmenter

    with segmenter.open("clinic") as session:
        session.ingest()                                     # sources -> snapshot
        session.plan()                                       # what will be measured, what it costs, which error
        session.run()                                        # noised counts, paid for in the ledger
        session.export("senior_frequent", channel="email")   # who may be contacted, decided as of now

The folder list is the data flow: `sources` -> `consent` -> `cube` -> `release`, `suppression` ->
`export`. `session` is the only door.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmenter.errors import (
    BudgetError,
    Cancelled,
    EngineError,
    FileError,
    PolicyError,
    Refusal,
    SegmenterError,
    SourceError,
    UsageError,
)

if TYPE_CHECKING:
    from segmenter.session import Session
    from segmenter.session import open_project as open  # noqa: A004  (reads as `segmenter.open`)

__all__ = [
    "BudgetError",
    "Cancelled",
    "EngineError",
    "FileError",
    "PolicyError",
    "Refusal",
    "SegmenterError",
    "Session",
    "SourceError",
    "UsageError",
    "open",
]


def __getattr__(name: str) -> Any:
    """`open` and `Session` on first use: importing the package costs next to nothing."""
    if name == "open":
        from segmenter.session import open_project

        return open_project
    if name == "Session":
        from segmenter.session import Session

        return Session
    msg = f"module 'segmenter' has no attribute {name!r}"
    raise AttributeError(msg)
