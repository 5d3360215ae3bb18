"""What one budget paid in one period, and the epsilon that is booked for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from segmenter.budget.accounting import Loss, total_loss
from segmenter.model import Cost


@dataclass(slots=True)
class Book:
    """The spends of one budget in one period.

    `booked` is the loss that the last spend's entry names, if it names one at the delta that the
    budget has now. What is booked never falls: a later spend adds nothing, or it adds something.
    """

    spends: Counter[Cost] = field(default_factory=Counter)
    cost: Cost = field(default_factory=Cost)
    booked: Loss | None = None

    def add(self, cost: Cost) -> None:
        """Take in one spend. Its entry may then say what is booked."""
        self.spends[cost] += 1
        self.cost += cost
        self.booked = None

    def loss(self, delta_allowed: int) -> Loss | None:
        """What a patient can have lost; None if nothing can be said of it."""
        if self.booked is None:
            self.booked = total_loss(self.spends, delta_allowed)
        return self.booked

    def loss_with(self, more: Iterable[Cost], delta_allowed: int) -> Loss | None:
        """What a patient could have lost after some more spends."""
        after = total_loss(self.spends + Counter(more), delta_allowed)
        before = self.loss(delta_allowed)
        if after is None or before is None:
            return after
        return Loss(max(after.epsilon, before.epsilon), after.delta)
