"""How consent ages if nothing new is said: who lapses when, and who holds an old notice.

Comes in: a snapshot's tables and its decisions. Goes out: a confidential table with one row a
human, each in one of a few disjoint buckets, ready to be counted and published. Only humans who are
eligible now are in it (P16): what an ineligible patient's record says is never counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from segmenter.consent.decide import decision_values, load_scopes
from segmenter.consent.masks import allows_any
from segmenter.consent.scopes import QuestionBit, Scopes
from segmenter.consent.state import decisions_at
from segmenter.errors import PolicyError
from segmenter.model import Clocks, Eligible, ProcessingRequest
from segmenter.project.policy import ALWAYS, Dimension

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.engine import Engine, Table, Tables
    from segmenter.model import Snapshot
    from segmenter.project.policy import Policy

BUCKETS = ("0-30", "31-60", "61-90", "later")
STEP = timedelta(days=30)
MOMENTS = ("human_first", "human_second", "human_third")  # each a step later


@dataclass(frozen=True, slots=True)
class AgeingBuckets:
    """A confidential table of codes, one row a human, and what they mean."""

    eligible: Eligible
    dimensions: tuple[Dimension, ...]


@dataclass(frozen=True, slots=True)
class PurposeAtClocks:
    """What is asked: of a purpose, at these clocks, over the tables of a snapshot and its state.

    `tables` hold `erased` too.
    """

    engine: Engine
    policy: Policy
    snapshot: Snapshot
    tables: Tables
    state: Tables
    purpose: str
    clocks: Clocks

    def person_at(self, as_of: datetime) -> Table:
        """The decisions as of another moment. What is known stays as it is."""
        clocks = replace(self.clocks, as_of=as_of)
        decided = decisions_at(
            self.engine, self.policy, self.snapshot, self.tables, self.state, clocks
        )
        return decided["person"]

    def humans_at(self, as_of: datetime) -> Table:
        """Who may be used as of a moment, for `identity` on some channel and topic."""
        tests = [allows_any(bit.word, [bit.mask]) for bit in self.bits()]
        with self.engine.scope() as scope:
            humans = self.engine.make(
                "eligible_human",
                reads={"person": self.person_at(as_of)},
                structure={"__allowed__": _any(tests)},
            )
            return scope.keep(humans)

    def bits(self) -> list[QuestionBit]:
        """Every question of the purpose about `identity`.

        Raises `PolicyError` (C14) for an unknown purpose.
        """
        if self.purpose not in self.policy.purposes:
            raise PolicyError("C14", f"the policy has no purpose {self.purpose}")
        wanted = (self.purpose, ALWAYS)
        bits = Scopes.of(self.policy).bits
        return [bit for bit in bits if (bit.purpose, bit.category) == wanted]

    def buckets(self, table: Table, *dimensions: Dimension) -> AgeingBuckets:
        """The answer that lies in `table`."""
        channels = self.policy.purposes[self.purpose].channels
        request = ProcessingRequest(self.purpose, channels, None, (ALWAYS,), self.clocks)
        eligible = Eligible(request, self.snapshot, self.policy.deciding_hash(), table)
        return AgeingBuckets(eligible, dimensions)


def lapses(question: PurposeAtClocks) -> AgeingBuckets:
    """Of the eligible now, who lapses within 30, 60 and 90 days.

    One dimension, `lapse`, with disjoint buckets. Raises `PolicyError` (C14) for an unknown
    purpose.
    """
    now = question.clocks.as_of
    with question.engine.scope() as scope:
        humans = {"human_now": question.humans_at(now)}
        for number, name in enumerate(MOMENTS, 1):
            humans[name] = question.humans_at(now + number * STEP)
        lapsing = scope.keep(question.engine.make("lapse", reads=humans))
    return question.buckets(lapsing, _dimension("lapse", BUCKETS))


def notices(question: PurposeAtClocks, before: datetime) -> AgeingBuckets:
    """Which notice the eligible hold, and whether they must be asked again before a date.

    Two dimensions: `notice` (the versions in force, oldest first) and `ask` (`before`, `later`).
    Raises `PolicyError` (C14) for an unknown purpose.
    """
    engine, policy = question.engine, question.policy
    serves = _any(_serves(bit) for bit in question.bits())
    accepted = notices_in_force(policy, question.purpose)
    values = {
        **decision_values(policy, question.clocks),
        "least_notice": policy.notices.index(accepted[0]),
    }
    with engine.scope() as scope:
        reads = question.tables | load_scopes(engine, policy)
        reads |= {"human_then": question.humans_at(before)}
        reads |= {"person": question.person_at(question.clocks.as_of)}
        held = engine.make(
            "notice_held", reads=reads, values=values, structure={"__serves__": serves}
        )
        noticed = scope.keep(held)
    notice = _dimension("notice", accepted)
    return question.buckets(noticed, notice, _dimension("ask", ("before", "later")))


def notices_in_force(policy: Policy, purpose: str) -> tuple[str, ...]:
    """The notice versions that a purpose accepts, oldest first."""
    least = policy.notices.index(policy.purposes[purpose].min_notice)
    return policy.notices[least:]


def _dimension(name: str, labels: Iterable[str]) -> Dimension:
    values = {label: (label,) for label in labels}
    return Dimension(name, ALWAYS, "patient", name, values=values)


def _serves(bit: QuestionBit) -> exp.Expr:
    """The grant speaks for the question, and the patient may be used for it."""
    from sqlglot import exp

    word = exp.column("word", table="event")
    of_word = exp.EQ(this=word, expression=exp.Literal.number(bit.word))
    mask = exp.column("mask", table="event")
    common = exp.BitwiseAnd(this=mask, expression=exp.Literal.number(bit.mask))
    spoken = exp.NEQ(this=exp.paren(common), expression=exp.Literal.number(0))
    allowed = allows_any(bit.word, [bit.mask], "person")
    return exp.paren(exp.and_(of_word, spoken, allowed))


def _any(tests: Iterable[exp.Expr]) -> exp.Expr:
    from sqlglot import exp

    return exp.paren(exp.or_(*tests))
