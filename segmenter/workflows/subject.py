"""`subject`: all that is held of a person, the answer to an access request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.consent.explain import Explanation, explain
from segmenter.governance import access_report
from segmenter.model import Clocks, Framed
from segmenter.workflows.decisions import TOUCHED, opened
from segmenter.workflows.places import registry_of

if TYPE_CHECKING:
    import polars as pl

    from segmenter.context import Context
    from segmenter.governance.access_report import HeldData


@dataclass(frozen=True, slots=True)
class Subject(Framed):
    """The answer to an access request. Its repr shows nothing."""

    held: HeldData = field(repr=False)
    decided: Explanation = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: what is held, and the decisions."""
        document = self.held.to_dict()
        document["decisions"] = self.decided.to_dict()["decisions"]
        return document

    def to_polars(self) -> pl.DataFrame:
        """The decisions, one row a question."""
        return self.decided.to_polars()

    def sentences(self, language: str = "en") -> list[str]:
        """The decisions in words."""
        return self.decided.sentences(language)


def subject(context: Context, patient_id: str) -> Subject:
    """All that is held of a person, their exports, and how every question is decided now."""
    registry = registry_of(context)
    with registry.alone():
        snapshot = context.store.current(context.journal)
        now = context.now()
        with opened(context, snapshot) as place:
            engine, tables = place.engine, place.tables
            own = engine.attach(snapshot.path).without(TOUCHED)
            listed = tables["suppression_entry"]
            held = access_report.report(engine, registry, snapshot, patient_id, own, listed)
            decided = explain(engine, context.policy, tables, patient_id, Clocks(now, now))
    return Subject(held, decided)
