"""What a question costs and how its epsilon is shared out, told before anything is spent.

Every asked measure has an equal weight; an average pays its sum and its count in halves. If no
number of patients is asked, one is measured with a small share, for the threshold (P8). What the
bounds drop is measured with a small share too (P9).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    """One noised quantity: its epsilon (nano), and how far one human moves how many cells of it.

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
    """What a question costs: `cost` is what the ledger is asked for, the sum of the shares."""

    shares: tuple[Share, ...]
    cost: Cost
    groups: int

    def share(self, what: str, measure: int | None = None) -> Share:
        """The share of one quantity."""
        for share in self.shares:
            if (share.what, share.measure) == (what, measure):
                return share
        raise KeyError(what)

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

    Raises `UsageError` if it is too little to be shared.
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
    shares = []
    for amount, (_, share) in zip(amounts, weighted, strict=True):
        shares.append(replace(share, epsilon=amount))
    cost = accounting.total(Cost(epsilon=share.epsilon) for share in shares)
    return Price(tuple(shares), cost, len(question.groups))


def _asked(question: Question) -> list[tuple[int, Share]]:
    """What is measured for each asked measure, with its weight."""
    weighted: list[tuple[int, Share]] = []
    for number, measure in enumerate(question.measures):
        for weight, what, reach in _parts(measure):
            sensitivity = reach * question.cells
            weighted.append((weight, Share(what, 0, sensitivity, question.cells, number)))
    return weighted


def _parts(measure: Measure) -> list[tuple[int, str, int]]:
    """The quantities behind a measure: weight, name, how far one human moves one cell."""
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
    """What is measured besides: patients for the threshold, and what the bounds drop."""
    kinds = {measure.kind for measure in question.measures}
    weighted = []
    if Kind.PATIENTS not in kinds:
        weighted.append((THRESHOLD, Share("threshold", 0, question.cells, question.cells)))
    clips = kinds != {Kind.PATIENTS}
    if question.fact is not None and (question.bounded or clips):
        weighted.append((BOUND, Share("asked", 0, 1)))
        weighted.append((BOUND, Share("lost", 0, TENTHS)))
        if question.bounded:
            weighted.append((BOUND, Share("cut", 0, 1)))
        if clips:
            weighted.append((BOUND, Share("clipped", 0, 1)))
    return weighted
