"""`quarantine`: the rows that an ingest set aside, for officers and operators."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.model import Documented

if TYPE_CHECKING:
    import polars as pl

    from segmenter.context import Context


@dataclass(frozen=True, slots=True)
class Listing(Documented):
    """Rows under a name. Its repr shows none of them."""

    name: str
    rows: tuple[dict[str, Any], ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The rows under their name."""
        return {self.name: list(self.rows)}

    def to_polars(self) -> pl.DataFrame:
        """The rows as a frame."""
        import polars as pl

        return pl.DataFrame(list(self.rows))

    def _repr_html_(self) -> str:
        """Without the content of rows: a notebook keeps what it shows."""
        shown = self.to_polars().drop("content", strict=False)
        return str(shown._repr_html_())


def quarantine(context: Context) -> Listing:
    """The rows that the ingest in use set aside. For officers and operators (P17).

    Columns: source, file, line, rule, reason, and for officers the row's own content.
    """
    snapshot = context.newest_snapshot()
    with context.store.engine() as engine:
        rows = engine.frame("quarantine_opened", reads=engine.attach(snapshot.path))
    context.record("quarantine", {"snapshot": snapshot.id})
    if not context.actor.is_officer:
        rows = rows.drop("content")
    return Listing("quarantine", tuple(rows.to_dicts()))
