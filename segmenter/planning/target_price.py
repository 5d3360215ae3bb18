"""What a wished-for error would cost: the smallest epsilon that is enough (P14)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from segmenter.budget import accounting
from segmenter.planning.planner import by_family, nothing_stored, plan

if TYPE_CHECKING:
    from segmenter.project.family import Setting
    from segmenter.project.policy import Policy
    from segmenter.project.segment import Resolved

# Logarithms of the nano-epsilons that are looked at: the least that may be asked, and 1,000.
THREE_DIGITS = 0.0005  # of an amount, as a difference of its decimal logarithm
LEAST, MOST = 5.0, 12.0


def price_of(
    target: int, segments: Sequence[Resolved], policy: Policy, setting: Setting
) -> int | None:
    """The smallest epsilon for which every expected error is at most `target` patients.

    In nano-epsilon, to three digits.

    The price is of each family, stored answers left aside; None if not even an epsilon of 1,000
    does. Families ask for the same price and know nothing of each other: what is enough for one is
    mostly enough for the next.
    """
    amount = LEAST
    for members in by_family(segments).values():
        found = _enough(target, members, policy, setting, amount)
        if found is None:
            return None
        amount = found
    return _three_digits(10**amount)


def _enough(
    target: int, members: Sequence[Resolved], policy: Policy, setting: Setting, low: float
) -> float | None:
    """The logarithm of the smallest price, not below `low`, that is enough for a family.

    Found by bisection.
    """

    def enough(amount: float) -> bool:
        epsilon = _decimal(int(10**amount))
        tried = plan(members, policy, setting, nothing_stored, epsilon)
        worst: int = max(tried.errors.values(), default=0)
        return worst <= target

    if low > LEAST and enough(low):  # the least of all is slow to try, and hardly ever enough
        return low
    high = MOST
    if not enough(high):
        return None
    while high - low > THREE_DIGITS:
        middle = (low + high) / 2
        if enough(middle):
            high = middle
        else:
            low = middle
    return high


def _three_digits(amount: float) -> int:
    """An amount rounded up to three digits."""
    further_digits = max(0, math.floor(math.log10(amount)) - 2)
    unit = int(10**further_digits)
    return math.ceil(amount / unit) * unit


def _decimal(nano: int) -> str:
    whole, rest = divmod(nano, accounting.NANO)
    return f"{whole}.{rest:09d}"
