"""What releases cost together: amounts as integers, composition, conversion (P3, P10, P13).

Amounts are nano-units: 1 epsilon is 1,000,000,000. The tail that the geometric sampler's single
uniform leaves is booked apart, in units of 1e-18, against an allowance of 1e-9 that every budget
has. Spends round up, allowances down.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation

from segmenter.errors import UsageError
from segmenter.model import Cost

NANO = 1_000_000_000
TAIL_ALLOWED = 1_000_000_000  # in units of 1e-18: 1e-9
TAIL_UNIT = 4_000  # 4e-15, of one cell at epsilon 1 or more (measured 2.9e-15 at 1, 1.2e-14 at 0.1)
LARGEST = Decimal(1_000_000)
LEAST = Decimal("0.0001")
TOTAL = "total"  # the budget over all purposes


def spent_nano(amount: str | int | Decimal) -> int:
    """A cost in nano-units, rounded up. `UsageError` where it is no positive decimal number.

    >>> spent_nano("0.1"), spent_nano("0.0000000001")
    (100000000, 1)
    """
    value = _decimal(amount)
    if value <= 0:
        raise UsageError("a cost is a number above 0", hint="for example 0.5")
    return int((value * NANO).to_integral_value(ROUND_CEILING))


def asked_nano(amount: str | int | Decimal) -> int:
    """What somebody asks to pay, as `spent_nano`. `UsageError` below `LEAST`, too: noise of such a size tells nothing and fills memory."""
    if _decimal(amount) > 0 and _decimal(amount) < LEAST:
        raise UsageError(f"a cost below {LEAST} buys nothing but noise", hint="for example 0.5")
    return spent_nano(amount)


def _decimal(amount: str | int | Decimal) -> Decimal:
    if isinstance(amount, float):
        raise TypeError('money is never a float: write it as text, "0.5"')
    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise UsageError("expected a decimal number", hint="for example 0.5") from None
    if not value.is_finite() or abs(value) > LARGEST:
        raise UsageError("expected a decimal number below a million", hint="for example 0.5")
    return value


def shown(nano: int) -> float:
    """Nano-units as the number people read: the nearest float, which prints as the shortest decimal.

    >>> shown(300_000_000)
    0.3
    """
    return nano / NANO


@dataclass(frozen=True, slots=True)
class Charge:
    """One thing to be paid: for which purpose, which question, how much."""

    purpose: str
    question: str
    cost: Cost


# -- costs -----------------------------------------------------------------------------------------


def geometric(epsilon: int, cells: int = 1, sensitivity: int = 1) -> Cost:
    """The cost of geometric noise: `epsilon` nano-units, of which one human can change `cells` cells, each draw at `sensitivity`.

    >>> geometric(100_000_000)
    Cost(epsilon=100000000, delta=0, rho=0, tail=40000)
    """
    one = max(TAIL_UNIT, -(-TAIL_UNIT * NANO * sensitivity // epsilon))
    return Cost(epsilon=epsilon, tail=one * cells)


def gaussian(rho: int) -> Cost:
    """The cost of discrete Gaussian noise, whose sampler is exact."""
    return Cost(rho=rho)


def total(costs: Iterable[Cost]) -> Cost:
    """Sequential composition: pure epsilons, rhos, deltas and tails each add."""
    return sum(costs, Cost())


# -- conversion ------------------------------------------------------------------------------------


def converted(rho: int, delta: int) -> int:
    """The epsilon (nano-units, rounded up) that `rho` of zCDP gives at `delta`: Canonne, Kamath and Steinke, minimised over alpha.

    Raises `ValueError` where delta is 0: zCDP then gives no epsilon.
    """
    if rho == 0:
        return 0
    if delta <= 0:
        raise ValueError("zCDP gives an epsilon only for a delta above 0")
    return max(0, math.ceil(_epsilon(rho / NANO, delta / NANO) * NANO))


def _epsilon(rho: float, delta: float) -> float:
    """The least, over alpha > 1, of alpha rho + (ln(1/delta) + (alpha - 1) ln(1 - 1/alpha) - ln(alpha)) / (alpha - 1): golden section."""
    low, high = -20.0, 20.0  # of ln(alpha - 1); any alpha gives a true bound
    ratio = (math.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = _bound(left, rho, delta), _bound(right, rho, delta)
    for _ in range(80):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = _bound(left, rho, delta)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = _bound(right, rho, delta)
    return min(at_left, at_right)


def _bound(log_order: float, rho: float, delta: float) -> float:
    more = math.exp(log_order)  # alpha - 1
    alpha = 1 + more
    return (
        alpha * rho + (-math.log(delta) - math.log(alpha)) / more + math.log(more) - math.log(alpha)
    )


def affordable_rho(epsilon: int, delta: int) -> int:
    """The most rho (nano-units, rounded down) whose conversion at `delta` stays within `epsilon`; 0 where there is none."""
    if epsilon <= 0 or delta <= 0:
        return 0
    low, high = 0, max(1, epsilon)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if converted(middle, delta) <= epsilon else (low, middle - 1)
    return low


# -- budgets ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Loss:
    """What a patient can have lost to a list of releases: `epsilon` at `delta`, nano-units; `tail` in 1e-18; `rho` is within epsilon."""

    epsilon: int
    delta: int
    rho: int
    tail: int


def loss(cost: Cost, delta_allowed: int) -> Loss | None:
    """The loss of a total cost where at most `delta_allowed` may be lost; None where no such statement exists (rho without a delta).

    Mixed: the pure epsilons plus the conversion of the rhos at the delta left, which is then all
    used.
    """
    if cost.rho == 0:
        return Loss(cost.epsilon, cost.delta, 0, cost.tail)
    left = delta_allowed - cost.delta
    if left <= 0:
        return None
    return Loss(cost.epsilon + converted(cost.rho, left), delta_allowed, cost.rho, cost.tail)


def fits(cost: Cost, epsilon_allowed: int, delta_allowed: int) -> bool:
    """Whether a total cost stays within an allowance.

    >>> fits(geometric(3 * NANO), 3 * NANO, 0), fits(geometric(3 * NANO + 1), 3 * NANO, 0)
    (True, False)
    """
    lost = loss(cost, delta_allowed)
    return (
        lost is not None
        and lost.epsilon <= epsilon_allowed
        and cost.delta <= delta_allowed
        and cost.tail <= TAIL_ALLOWED
    )
