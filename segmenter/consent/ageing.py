"""What will change if nothing new is said: who lapses when, and who holds an old notice. Exact and confidential: `release` publishes it.

Both are histograms with one row a human, in disjoint buckets, over the eligible only (P16): what an
ineligible patient's record says is never counted. Each is given as a table of codes and the
dimensions it is coded by, ready for `cube.count`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from segmenter.consent.scopes import Bit, Scopes
from segmenter.consent.state import Profile, Settling, ask_at
from segmenter.errors import PolicyError
from segmenter.model import Clocks, Eligible, ProcessingRequest
from segmenter.project.policy import ALWAYS, Dimension

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.engine import DuckDBEngine
    from segmenter.model import Snapshot
    from segmenter.project.policy import Policy

BUCKETS = ("0-30", "31-60", "61-90", "later")
STEP = timedelta(days=30)
MOMENTS = ("human_first", "human_second", "human_third")


@dataclass(frozen=True, slots=True)
class Outlook:
    """A confidential table of codes, one row a human, and what the codes mean. Its repr shows no number."""

    eligible: Eligible
    dimensions: tuple[Dimension, ...]


@dataclass(frozen=True, slots=True)
class Ahead:
    """Where an outlook is taken from: the engine with snapshot and state attached and exposed, and what decides."""

    engine: DuckDBEngine
    policy: Policy
    snapshot: Snapshot
    profile: Profile

    def turn(self, clocks: Clocks) -> None:
        """Make `person` mean the decisions at these clocks."""
        ask_at(self.engine, self.policy, self.snapshot, self.profile, clocks)

    def humans(self, table: str, purpose: str, clocks: Clocks) -> None:
        """Make `table`: who may be used for a purpose at these clocks, for `identity` on some channel and topic."""
        self.turn(clocks)
        self.engine.make(
            table,
            "eligible_human",
            structure={"__allowed__": _any(_allows(b) for b in _asked(self.policy, purpose))},
        )


def lapses(ahead: Ahead, purpose: str, clocks: Clocks) -> Outlook:
    """Of the eligible now, who lapses within 30, 60 and 90 days (disjoint buckets): `lapse` as a dimension over table `lapsing`.

    Only the moment of the question moves: what is known stays what is known now. Raises
    `PolicyError` (C14) for an unknown purpose.
    """
    later = [replace(clocks, as_of=clocks.as_of + STEP * (n + 1)) for n in range(len(MOMENTS))]
    for table, moment in zip(("human_now", *MOMENTS), (clocks, *later), strict=True):
        ahead.humans(table, purpose, moment)
    ahead.engine.make("lapsing", "lapse")
    ahead.engine.forget(["human_now", *MOMENTS])
    ahead.turn(clocks)
    return Outlook(_table(ahead, purpose, clocks, "lapsing"), (_dimension("lapse", BUCKETS),))


def notices(ahead: Ahead, purpose: str, clocks: Clocks, before: datetime) -> Outlook:
    """Of the eligible now, which notice they hold, and whether they must be asked again before a date: table `noticed`.

    Dimensions `notice` (the versions in force, oldest first) and `ask` (`before`, `later`). Raises
    `PolicyError` (C14).
    """
    ahead.humans("human_then", purpose, replace(clocks, as_of=before))
    ahead.turn(clocks)
    least = ahead.policy.notices.index(ahead.policy.purposes[purpose].min_notice)
    values = {
        **Settling(ahead.engine, ahead.policy, ahead.profile, clocks).values,
        "least_notice": least,
    }
    for name, frame in Scopes.of(ahead.policy).tables().items():
        ahead.engine.load(name, frame)
    ahead.engine.make(
        "noticed",
        "notice_held",
        values,
        {"__serves__": _any(_serves(b) for b in _asked(ahead.policy, purpose))},
    )
    ahead.engine.forget(["human_then"])
    dimensions = (
        _dimension("notice", in_force(ahead.policy, purpose)),
        _dimension("ask", ("before", "later")),
    )
    return Outlook(_table(ahead, purpose, clocks, "noticed"), dimensions)


def in_force(policy: Policy, purpose: str) -> tuple[str, ...]:
    """The notice versions that a purpose accepts, oldest first."""
    return policy.notices[policy.notices.index(policy.purposes[purpose].min_notice) :]


def _asked(policy: Policy, purpose: str) -> list[Bit]:
    if purpose not in policy.purposes:
        raise PolicyError("C14", f"the policy has no purpose {purpose}")
    return [b for b in Scopes.of(policy).bits_ if (b.purpose, b.category) == (purpose, ALWAYS)]


def _table(ahead: Ahead, purpose: str, clocks: Clocks, table: str) -> Eligible:
    request = ProcessingRequest(
        purpose, ahead.policy.purposes[purpose].channels, None, (ALWAYS,), clocks
    )
    return Eligible(request, ahead.snapshot, ahead.policy.deciding_hash(), table)


def _dimension(name: str, labels: Iterable[str]) -> Dimension:
    return Dimension(name, ALWAYS, "patient", name, values={label: (label,) for label in labels})


def _allows(bit: Bit, table: str = "") -> exp.Expr:
    """`(allow_<word> & mask) <> 0`."""
    from sqlglot import exp

    both = exp.BitwiseAnd(
        this=exp.column(f"allow_{bit.word}", table=table or None),
        expression=exp.Literal.number(bit.mask),
    )
    return exp.NEQ(this=exp.paren(both), expression=exp.Literal.number(0))


def _serves(bit: Bit) -> exp.Expr:
    """The grant speaks for the question, and the patient may be used for it."""
    from sqlglot import exp

    word = exp.EQ(this=exp.column("word", table="event"), expression=exp.Literal.number(bit.word))
    both = exp.BitwiseAnd(
        this=exp.column("mask", table="event"), expression=exp.Literal.number(bit.mask)
    )
    spoken = exp.NEQ(this=exp.paren(both), expression=exp.Literal.number(0))
    return exp.paren(exp.and_(word, spoken, _allows(bit, "person")))


def _any(tests: Iterable[exp.Expr]) -> exp.Expr:
    from sqlglot import exp

    return exp.paren(exp.or_(*tests))
