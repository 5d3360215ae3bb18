"""Whether a load may be used (R3), and what waits until one may.

A refused load leaves the old snapshot in use. Its files may hold opt-outs that the old snapshot
does not know, so exports refuse until a load passes or an officer accepts one as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.errors import Problem, Refusal, UsageError
from segmenter.store.snapshots import INGESTED

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.sources import SourceHealth

RULE = "R3"
REFUSED = "ingest_refused"  # the journal kind of an entry that says so
WAY_OUT = "repair the files and ingest again, or an officer accepts them: ingest --accept R3"


class LoadRefusedError(Refusal):
    """More was set aside, or names nobody, than may be (R3). `health` is for whoever may see it."""

    def __init__(self, problems: Sequence[Problem], health: Sequence[SourceHealth]) -> None:
        messages = [problem.message for problem in problems]
        text = "\n".join(messages)
        super().__init__(RULE, text, problems=tuple(problems))
        self.health = tuple(health)

    def to_dict(self) -> dict[str, Any]:
        """The `error` object of the JSON contract, with the health of every source."""
        document = super().to_dict()
        document["health"] = [one.to_dict() for one in self.health]
        return document


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An officer's word that a load is used as it is."""

    reason: str

    @classmethod
    def of(cls, context: Context, rule: str | None, reason: str | None) -> Acceptance | None:
        """What was asked for. Raises `UsageError` for another rule, or if no reason is given."""
        if rule is None:
            return None
        if rule != RULE:
            raise UsageError(f"`{rule}` cannot be accepted", hint=f"write --accept {RULE}")
        if not (reason or "").strip():
            raise UsageError("to accept a load takes a reason", hint="write --reason TEXT")
        context.require("ingest --accept")
        return cls(str(reason).strip())


def require_good(context: Context, health: Sequence[SourceHealth]) -> None:
    """Refuse a load if a source does not pass, with a line on the trail."""
    bad = [one for one in health if not one.passed]
    if not bad:
        return
    sources = [one.source for one in bad]
    context.record(REFUSED, {"rule": RULE, "sources": sources})
    problems = []
    for one in bad:
        problems.append(Problem(_fault(one), hint=one.hint or WAY_OUT))
    if not context.actor.sees_row_counts:
        health = ()
    raise LoadRefusedError(problems, health)


def _fault(health: SourceHealth) -> str:
    """What is wrong with a source, without a count."""
    if health.quarantined:
        first = health.quarantined[0]
        cause = f"{first.rule}: {first.reason}, first on line {first.line}"
        return f"source {health.source}: more rows were set aside than may be ({cause})"
    return (
        f"source {health.source}: more rows name nobody of the patient files than may be "
        f"(first on line {health.orphan_line})"
    )


def require_passed(context: Context) -> None:
    """Refuse to export while the newest load is a refused one (R3)."""
    entries = context.journal.read(INGESTED, REFUSED)
    if entries and entries[-1].kind == REFUSED:
        raise Refusal(
            RULE,
            "the newest load was refused, and its files may hold opt-outs that are not known yet",
            hint=WAY_OUT,
        )
