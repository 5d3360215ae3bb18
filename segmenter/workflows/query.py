"""`query`: a question in SQL becomes a paid, noised, stored answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from segmenter.budget import accounting
from segmenter.consent import gate as consent
from segmenter.dimensions.reduced import BOUND
from segmenter.journal.journal import locked
from segmenter.model import ProcessingRequest, Snapshot
from segmenter.project.folder import read_project
from segmenter.query import ask as door
from segmenter.workflows.budget import ledger_of
from segmenter.workflows.decisions import decided
from segmenter.workflows.request import WorkloadRequest, setting_of

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.model import Spend
    from segmenter.project.family import Setting
    from segmenter.query.ask import Answer, Price, QueryResult, Question
    from segmenter.workflows.decisions import Opened


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A checked question, on what it is asked, and its price."""

    question: Question
    snapshot: Snapshot
    setting: Setting
    price: Price
    epsilon: int

    @property
    def name(self) -> str:
        """What the stored answer is called."""
        return door.name(self.question, self.setting)


def query(
    context: Context,
    sql: str,
    purpose: str,
    epsilon: str | None,
    as_of: datetime | None,
    known_at: datetime | None,
) -> QueryResult:
    """Answer a question over eligible patients.

    A question that was asked before is free (P6); a new one is paid for before data is read (P2).
    Raises `UsageError` (exit 2) for what cannot be read, `Refusal` (P15), `PolicyError` (C14) and
    `BudgetError` (exit 3).
    """
    context.store.expect_engine()
    sources = read_project(context.root, segments=()).sources
    question = door.ask(sql, context.policy, sources, purpose)
    amount = accounting.asked_nano(epsilon or context.policy.release.epsilon)
    snapshot, setting = setting_of(context, WorkloadRequest(None, as_of, known_at))
    price = door.plan(question, amount)
    inquiry = Inquiry(
        question=question,
        snapshot=snapshot,
        setting=setting,
        price=price,
        epsilon=amount,
    )
    releases = context.home / "releases"
    with locked(context.store.lock("run")):
        stored = door.find(releases, context.keys, inquiry.name, amount)
        answer = stored or _new_answer(context, inquiry)
        body = {
            "question": inquiry.name,
            "purpose": purpose,
            "snapshot": snapshot.id,
            "stored": stored is not None,
        }
        context.record("query", body)
    return door.present(question, answer, stored=stored is not None)


def _new_answer(context: Context, inquiry: Inquiry) -> Answer:
    """Pay, count, noise, store."""
    question = inquiry.question
    clocks = inquiry.setting.clocks
    request = ProcessingRequest(
        purpose=question.purpose,
        channels=(),
        topic=None,
        categories=question.categories,
        clocks=clocks,
    )
    consent.check(context.policy, request)
    spends: list[Spend] = []

    def pay(found: Opened) -> None:
        door.check(found.engine, question, found.tables)
        spend = ledger_of(context).spend(
            context.actor.account, question.purpose, inquiry.name, inquiry.price.cost
        )
        spends.append(spend)

    with decided(context, inquiry.snapshot, clocks, before=pay) as place:
        eligible = consent.gate(
            place.engine, context.policy, inquiry.snapshot, place.decisions, request
        )
        draw_key = context.keys.derive(BOUND).hex()
        tally = door.count(place.engine, question, place.tables, eligible, draw_key)
    answer = door.publish(tally, inquiry.price, spends[0], context.policy.threshold, context.noise)
    door.keep(context.home / "releases", context.keys, inquiry.name, answer)
    return answer
