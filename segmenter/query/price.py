"""What a question costs and how its epsilon is shared out, told before anything is spent.

Every asked measure has an equal weight; an average pays its sum and its count in halves. Where no
number of patients is asked, one is measured with a small share, for the threshold (P8). What the
bounds drop is measured with a small share too (P9).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.budget import accounting
from segmenter.errors import UsageError
from segmenter.model import Cost
from segmenter.query.question import Kind

if TYPE_CHECKING:
    from segmenter.query.question import Measure, Question

ASKED, THRESHOLD, BOUND = 20, 5, 2  # weights
TENTHS = 10  # of a patient's own rows: what `lost` is counted in


@dataclass(frozen=True, slots=True)
class Share:
    """One noised quantity: its epsilon in nano-units, how far one human moves it, how many noised cells one human changes.

    `measure` is the position of the asked measure, None for what the door measures of itself.
    """

    what: str
    epsilon: int
    sensitivity: int
    cells: int = 1
    measure: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """For `cost` in the JSON answer."""
        mechanism = "exponential" if self.what == "quantile" else "geometric"
        return {
            "what": self.what,
            "mechanism": mechanism,
            "epsilon": accounting.shown(self.epsilon),
            "sensitivity": self.sensitivity,
        }


@dataclass(frozen=True, slots=True)
class Price:
    """What a question costs. `cost` is what the ledger is asked for; the shares' epsilons add up to it."""

    shares: tuple[Share, ...]
    cost: Cost
    groups: int

    def share(self, what: str, measure: int | None = None) -> Share:
        """The share of one quantity."""
        return next(s for s in self.shares if (s.what, s.measure) == (what, measure))

    def holds(self, what: str) -> bool:
        """Whether a quantity is measured at all."""
        return any(s.what == what for s in self.shares)

    def to_dict(self) -> dict[str, Any]:
        """The preview: nothing is spent for it."""
        return {
            "epsilon": accounting.shown(self.cost.epsilon),
            "cells": self.groups,
            "shares": [s.to_dict() for s in self.shares],
        }


def price(question: Question, epsilon: int) -> Price:
    """Share `epsilon` (nano-units) out over what the question needs measured.

    Raises `UsageError` where it is too little to be shared.
    """
    weighted = [*_asked(question), *_own(question)]
    total = sum(weight for weight, _ in weighted)
    amounts = [epsilon * weight // total for weight, _ in weighted]
    amounts[0] += epsilon - sum(amounts)
    if min(amounts) <= 0:
        raise UsageError(
            "the epsilon is too small for this question",
            hint="ask with more, or ask for fewer columns",
        )
    shares = tuple(
        Share(s.what, a, s.sensitivity, s.cells, s.measure)
        for a, (_, s) in zip(amounts, weighted, strict=True)
    )
    geometric = [
        accounting.geometric(s.epsilon, s.cells, s.sensitivity)
        for s in shares
        if s.what != "quantile"
    ]
    exact = [Cost(epsilon=s.epsilon) for s in shares if s.what == "quantile"]
    return Price(shares, accounting.total([*geometric, *exact]), len(question.groups))


def _asked(question: Question) -> list[tuple[int, Share]]:
    found: list[tuple[int, Share]] = []
    for n, measure in enumerate(question.measures):
        found += [
            (weight, Share(what, 0, far * question.cells, question.cells, n))
            for weight, what, far in _parts(measure)
        ]
    return found


def _parts(measure: Measure) -> list[tuple[int, str, int]]:
    match measure.kind:
        case Kind.PATIENTS:
            return [(ASKED, "patients", 1)]
        case Kind.ROWS:
            return [(ASKED, "rows", measure.reach)]
        case Kind.SUM:
            return [(ASKED, "sum", measure.reach)]
        case Kind.MEAN:
            return [(ASKED // 2, "mean_sum", measure.reach), (ASKED // 2, "mean_count", 1)]
        case Kind.QUANTILE:
            return [(ASKED, "quantile", 1)]


def _own(question: Question) -> list[tuple[int, Share]]:
    """What is measured beside what is asked: patients for the threshold, and what the bounds drop."""
    found = []
    if all(m.kind is not Kind.PATIENTS for m in question.measures):
        found.append((THRESHOLD, Share("threshold", 0, question.cells, question.cells)))
    clips = any(m.kind is not Kind.PATIENTS for m in question.measures)
    if question.fact is not None and (question.bounded or clips):
        found.append((BOUND, Share("asked", 0, 1)))
        found.append((BOUND, Share("lost", 0, TENTHS)))
        if question.bounded:
            found.append((BOUND, Share("cut", 0, 1)))
        if clips:
            found.append((BOUND, Share("clipped", 0, 1)))
    return found
