"""How consent ages: one paid histogram over who is eligible, in disjoint buckets (P16)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.budget import accounting
from segmenter.consent.ageing import Ahead, Outlook
from segmenter.errors import ProjectKeyError, Refusal, UsageError
from segmenter.journal.journal import locked
from segmenter.model import UNKNOWN, Clocks, Cost, Framed, Spend
from segmenter.nearest import hint
from segmenter.project.family import Family, Setting, question_key
from segmenter.project.policy import ALWAYS
from segmenter.release import cube
from segmenter.release.publish import publish_histogram
from segmenter.store.keys import write_private
from segmenter.workflows.budget import ledger_of
from segmenter.workflows.decisions import decided

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from segmenter.context import Context
    from segmenter.model import Snapshot
    from segmenter.project.policy import Purpose


Row = dict[str, Any]
Take = Callable[[Ahead, Clocks], Outlook]


@dataclass(frozen=True, slots=True)
class AgeingReport(Framed):
    """Buckets of patients who may be used now: noised, with intervals; `exact` only ever for the officer."""

    verb: str
    purposes: tuple[Row, ...]
    spent: int
    exact: bool = field(default=False)
    refused: tuple[Row, ...] = ()

    @property
    def exit_status(self) -> int:
        """3 where a purpose was refused."""
        return Refusal.exit_status if self.refused else 0

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: by purpose `buckets: [{..., count, interval}]`; and `refused: [{purpose, rule, reason}]`."""
        answered = {
            "purposes": list(self.purposes),
            "spent": accounting.shown(self.spent),
            "exact": self.exact,
        }
        return {**answered, "refused": [dict(one) for one in self.refused]}

    def to_polars(self) -> pl.DataFrame:
        """One row a purpose and bucket."""
        import polars as pl

        return pl.DataFrame(
            [{"purpose": p["purpose"], **bucket} for p in self.purposes for bucket in p["buckets"]]
        )


def declared_purpose(context: Context, purpose: str) -> Purpose:
    """The declared purpose of this name; `UsageError` names the nearest one."""
    found = context.policy.purposes.get(purpose)
    if found is None:
        raise UsageError(
            f"the purpose `{purpose}` is not declared", hint=hint(purpose, context.policy.purposes)
        )
    return found


@dataclass(frozen=True, slots=True)
class AgeingQuestion:
    """One histogram over who is eligible for a purpose, as of the newest snapshot."""

    context: Context
    purpose: Purpose
    what: str
    epsilon: str | None
    take: Take

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot in use."""
        return self.context.store.current(self.context.journal)

    @property
    def clocks(self) -> Clocks:
        """The snapshot's moment, so that a repeat is the same question (P6)."""
        return Clocks(self.snapshot.taken_at, self.snapshot.taken_at)

    @property
    def question(self) -> str:
        """The name of the question."""
        family = Family(self.purpose.name, None, tuple(sorted(self.purpose.channels)), (ALWAYS,))
        return question_key(
            family,
            (),
            Setting(self.snapshot.id, self.context.policy.deciding_hash(), self.clocks),
            self.what,
        )

    def answer(self) -> tuple[list[Row], int]:
        """The noised buckets, and what was paid now (nano-epsilon): nothing where the answer is stored."""
        context = self.context
        cost = accounting.geometric(
            accounting.asked_nano(self.epsilon or context.policy.release.epsilon)
        )
        path = context.home / "releases" / f"{self.question}.sealed"
        with locked(context.store.lock("run")):
            stored = _read(context, path, cost.epsilon)
            if stored is not None:
                return stored, 0
            spend = ledger_of(context).spend(
                context.actor.account, self.purpose.name, self.question, cost
            )
            labels, counts = self._counted(spend)
            found = publish_histogram(
                [str(n) for n in range(len(labels))], counts, spend, context.noise
            ).rows()
            rows = [
                {**label, "count": n, "interval": interval.as_list()}
                for label, (_, n, interval) in zip(labels, found, strict=True)
            ]
            write_private(
                path,
                context.keys.sealed(json.dumps({"epsilon": cost.epsilon, "rows": rows}).encode()),
            )
            context.record(
                "release",
                {
                    "tables": [],
                    "question": self.question,
                    "purpose": self.purpose.name,
                    "snapshot": self.snapshot.id,
                },
            )
            return rows, cost.epsilon

    def exact(self) -> list[Row]:
        """The exact buckets, for the officer's eyes."""
        labels, counts = self._counted(Spend("", self.purpose.name, self.question, Cost(), 0))
        return [
            {**label, "count": n, "interval": [n, n]}
            for label, n in zip(labels, counts, strict=True)
        ]

    def _counted(self, spend: Spend) -> tuple[list[dict[str, str]], list[int]]:
        context, snapshot = self.context, self.snapshot
        with decided(context, snapshot, self.clocks) as engine:
            found = self.take(Ahead(engine, context.policy, snapshot, cube.profile), self.clocks)
            counted = cube.count(engine, found.dimensions, found.eligible, spend)
        rows = [
            (key, int(n))
            for key, n in zip(cube.keys(found.dimensions), counted.counts, strict=True)
            if UNKNOWN not in key.values()
        ]
        return [key for key, _ in rows], [n for _, n in rows]


def _read(context: Context, path: Path, epsilon: int) -> list[Row] | None:
    """The stored buckets that were paid with at least this much."""
    try:
        found = json.loads(context.keys.opened(path.read_bytes()))
        rows: list[Row] = found["rows"]
        return rows if found["epsilon"] >= epsilon else None
    except (OSError, ProjectKeyError, ValueError, KeyError, TypeError):
        return None
