"""How consent ages: one paid histogram over who is eligible, in disjoint buckets (P16)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.budget import accounting
from segmenter.consent.ageing import AgeingBuckets, PurposeAtClocks
from segmenter.errors import ProjectKeyError, Refusal
from segmenter.journal.journal import locked
from segmenter.model import UNKNOWN, Clocks, Cost, Framed, Spend
from segmenter.nearest import undeclared
from segmenter.private.files import write_file
from segmenter.project.family import Family, Setting, question_key
from segmenter.project.policy import ALWAYS
from segmenter.release import cube
from segmenter.release.publish import publish_histogram
from segmenter.workflows.budget import ledger_of
from segmenter.workflows.decisions import decided

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from segmenter.context import Context
    from segmenter.model import Snapshot
    from segmenter.project.policy import Purpose


Row = dict[str, Any]
Take = Callable[[PurposeAtClocks], AgeingBuckets]


@dataclass(frozen=True, slots=True)
class AgeingReport(Framed):
    """Buckets of patients who may be used now.

    They are noised and have intervals; `exact` ones are only ever for the officer.
    """

    verb: str
    purposes: tuple[Row, ...]
    spent: int
    exact: bool = field(default=False)
    refused: tuple[Row, ...] = ()

    @property
    def exit_status(self) -> int:
        """3 if a purpose was refused."""
        if self.refused:
            return Refusal.exit_status
        return 0

    def to_dict(self) -> dict[str, Any]:
        """The JSON form.

        `purposes` hold `buckets: [{..., count, interval}]`; `refused` holds purpose, rule, reason.
        """
        return {
            "purposes": list(self.purposes),
            "spent": accounting.shown(self.spent),
            "exact": self.exact,
            "refused": [dict(refusal) for refusal in self.refused],
        }

    def to_polars(self) -> pl.DataFrame:
        """One row a purpose and bucket."""
        import polars as pl

        rows = []
        for purpose in self.purposes:
            rows += [{"purpose": purpose["purpose"], **bucket} for bucket in purpose["buckets"]]
        return pl.DataFrame(rows)


def declared_purpose(context: Context, name: str) -> Purpose:
    """The declared purpose of this name; `UsageError` names the nearest one."""
    purposes = context.policy.purposes
    if name not in purposes:
        raise undeclared("purpose", name, purposes)
    return purposes[name]


@dataclass(frozen=True, slots=True)
class AgeingQuestion:
    """One histogram over who is eligible for a purpose, as of the newest snapshot.

    `what` names the question; `take` makes the histogram's buckets.
    """

    context: Context
    purpose: Purpose
    what: str
    epsilon: str | None
    take: Take

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot in use."""
        return self.context.newest_snapshot()

    @property
    def clocks(self) -> Clocks:
        """The snapshot's moment, so that a repeat is the same question (P6)."""
        taken_at = self.snapshot.taken_at
        return Clocks(taken_at, taken_at)

    @property
    def key(self) -> str:
        """The question's key: the same for all who ask the same (P6)."""
        channels = tuple(sorted(self.purpose.channels))
        family = Family(
            purpose=self.purpose.name,
            topic=None,
            channels=channels,
            categories=(ALWAYS,),
        )
        policy = self.context.policy.deciding_hash()
        setting = Setting(self.snapshot.id, policy, self.clocks)
        return question_key(family, (), setting, self.what)

    def answer(self) -> tuple[list[Row], int]:
        """The noised buckets, and what was paid now (nano-epsilon): nothing if they are stored."""
        context = self.context
        epsilon = self.epsilon or context.policy.release.epsilon
        cost = accounting.geometric(accounting.asked_nano(epsilon))
        path = context.home / "releases" / f"{self.key}.sealed"
        with locked(context.store.lock("run")):
            stored = _read(context, path, cost.epsilon)
            if stored is not None:
                return stored, 0
            spend = ledger_of(context).spend(
                context.actor.account, self.purpose.name, self.key, cost
            )
            rows = self._noised(spend)
            content = json.dumps({"question": self.key, "epsilon": cost.epsilon, "rows": rows})
            write_file(path, context.keys.sealed(content.encode()))
            context.record("release", self._trail_line())
        return rows, cost.epsilon

    def exact(self) -> list[Row]:
        """The exact buckets, for the officer's eyes."""
        nothing_paid = Spend(
            id="",
            purpose=self.purpose.name,
            question=self.key,
            cost=Cost(),
            seq=0,
        )
        buckets, counts = self._counted(nothing_paid)
        rows: list[Row] = []
        for bucket, count in zip(buckets, counts, strict=True):
            rows.append({**bucket, "count": count, "interval": [count, count]})
        return rows

    def _noised(self, spend: Spend) -> list[Row]:
        buckets, counts = self._counted(spend)
        numbers = [str(number) for number in range(len(buckets))]
        histogram = publish_histogram(numbers, counts, spend, self.context.noise)
        rows: list[Row] = []
        for bucket, noised in zip(buckets, histogram.counts(), strict=True):
            rows.append({**bucket, **noised.to_dict()})
        return rows

    def _counted(self, spend: Spend) -> tuple[list[dict[str, str]], list[int]]:
        """The buckets and their exact counts, without the bucket of what is unknown."""
        context, snapshot = self.context, self.snapshot
        with decided(context, snapshot, self.clocks) as place:
            asked = PurposeAtClocks(
                engine=place.engine,
                policy=context.policy,
                snapshot=snapshot,
                tables=place.tables,
                state=place.state,
                purpose=self.purpose.name,
                clocks=self.clocks,
            )
            taken = self.take(asked)
            counted = cube.count(place.engine, taken.dimensions, taken.eligible, spend)
        buckets: list[dict[str, str]] = []
        counts: list[int] = []
        keys = cube.keys(taken.dimensions)
        for bucket, count in zip(keys, counted.counts, strict=True):
            if UNKNOWN not in bucket.values():
                buckets.append(bucket)
                counts.append(int(count))
        return buckets, counts

    def _trail_line(self) -> Row:
        return {
            "tables": [],
            "question": self.key,
            "purpose": self.purpose.name,
            "snapshot": self.snapshot.id,
        }


def _read(context: Context, path: Path, epsilon: int) -> list[Row] | None:
    """The stored buckets, if they were paid with at least this much."""
    try:
        stored = json.loads(context.keys.opened(path.read_bytes()))
        rows: list[Row] = stored["rows"]
        is_the_one = stored.get("question", path.stem) == path.stem
        return rows if is_the_one and stored["epsilon"] >= epsilon else None
    except (OSError, ProjectKeyError, ValueError, KeyError, TypeError, AttributeError):
        return None
