"""What releases cost together: amounts as integers, composition, conversion (P3, P10, P13).

Amounts are nano-units: 1 epsilon is 1,000,000,000. Spends round up, allowances down. Noise is drawn
exactly, so a cost has no tail; ledgers of earlier versions keep the tails that they booked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation

from segmenter.errors import UsageError
from segmenter.model import Cost

NANO = 1_000_000_000
TAIL_UNITS = NANO**2  # tails of earlier versions are integers, in units of 1e-18
TAIL_ALLOWED = 1_000_000_000
LARGEST = Decimal(1_000_000)
LEAST = Decimal("0.0001")
TOTAL = "total"  # the budget over all purposes

# An exact total is booked with this for each spend on top, and rounded up. dp-accounting finds up
# to 0.000003 a spend more than there is, on its own grid, and no audit shall find more than is
# booked.
PER_SPEND = NANO // 100_000
ROUNDED_TO = NANO // 1_000


def spent_nano(amount: str | int | Decimal) -> int:
    """A cost in nano-units, rounded up. Raises `UsageError` if it is no positive decimal number.

    >>> spent_nano("0.1"), spent_nano("0.0000000001")
    (100000000, 1)
    """
    value = _decimal(amount)
    if value <= 0:
        raise UsageError("a cost is a number above 0", hint="for example 0.5")
    nano = (value * NANO).to_integral_value(ROUND_CEILING)
    return int(nano)


def asked_nano(amount: str | int | Decimal) -> int:
    """What somebody asks to pay, as `spent_nano`.

    Raises `UsageError` below `LEAST`, too: noise of such a size tells nothing and fills memory.
    """
    if 0 < _decimal(amount) < LEAST:
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
    """Nano-units as the number people read: the nearest float, which prints as short as it can.

    >>> shown(300_000_000)
    0.3
    """
    return nano / NANO


# -- costs -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Charge:
    """One thing to be paid: for which purpose, which question, how much."""

    purpose: str
    question: str
    cost: Cost


def geometric(epsilon: int) -> Cost:
    """The cost of geometric noise, or of anything else that has this pure epsilon (nano-units)."""
    return Cost(epsilon=epsilon)


def gaussian(rho: int) -> Cost:
    """The cost of discrete Gaussian noise (nano-units of rho)."""
    return Cost(rho=rho)


def total(costs: Iterable[Cost]) -> Cost:
    """Sequential composition: pure epsilons, rhos, deltas and tails each add."""
    return sum(costs, Cost())


# -- conversion ------------------------------------------------------------------------------------


def converted(rho: int, delta: int) -> int:
    """The epsilon that `rho` of zCDP gives at `delta`; all in nano-units, rounded up.

    The conversion of Canonne, Kamath and Steinke, minimised over alpha. Raises `ValueError` if
    delta is 0: zCDP then gives no epsilon.
    """
    if rho == 0:
        return 0
    if delta <= 0:
        raise ValueError("zCDP gives an epsilon only for a delta above 0")
    epsilon = converted_epsilon(rho / NANO, delta / NANO)
    return max(0, math.ceil(epsilon * NANO))


def converted_epsilon(rho: float, delta: float) -> float:
    """The least bound over all alpha > 1, found by golden section. Any alpha gives a true bound."""
    low, high = -20.0, 20.0  # of ln(alpha - 1)
    ratio = (math.sqrt(5) - 1) / 2
    left = high - ratio * (high - low)
    right = low + ratio * (high - low)
    at_left = _bound(left, rho, delta)
    at_right = _bound(right, rho, delta)
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
    """The epsilon of one order alpha = 1 + exp(`log_order`).

    alpha rho + (ln(1 / delta) + (alpha - 1) ln(1 - 1 / alpha) - ln(alpha)) / (alpha - 1)
    """
    more = math.exp(log_order)
    alpha = 1 + more
    log_alpha = math.log(alpha)
    of_delta = (-math.log(delta) - log_alpha) / more
    of_rho = alpha * rho
    return of_rho + of_delta + math.log(more) - log_alpha


def affordable_rho(epsilon: int, delta: int) -> int:
    """The most rho whose conversion at `delta` stays within `epsilon`; 0 if there is none.

    All in nano-units; rho is rounded down.
    """
    if epsilon <= 0 or delta <= 0:
        return 0
    low, high = 0, max(1, epsilon)
    while low < high:
        middle = (low + high + 1) // 2
        if converted(middle, delta) <= epsilon:
            low = middle
        else:
            high = middle - 1
    return low


# -- totals ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Loss:
    """What a patient can have lost: `epsilon` at `delta`, in nano-units."""

    epsilon: int
    delta: int


def loss(cost: Cost, delta_allowed: int) -> Loss | None:
    """A bound of the loss of a total cost, if at most `delta_allowed` may be lost.

    Pure epsilons add. If there is rho, it is converted at the delta left, which is then all used.
    None if no such statement exists: for rho without a delta.
    """
    if cost.rho == 0:
        return Loss(cost.epsilon, cost.delta)
    left = delta_allowed - cost.delta
    if left <= 0:
        return None
    of_rho = converted(cost.rho, left)
    return Loss(cost.epsilon + of_rho, delta_allowed)


def total_loss(spends: Mapping[Cost, int], delta_allowed: int) -> Loss | None:
    """The loss to some spends together: the exact total, or the bound of `loss` if it is smaller.

    `spends` says how often each cost was paid. The total is never below the sum of the pure
    epsilons, so that it does not fall when the first rho is paid.
    """
    cost = total(_times(cost, times) for cost, times in spends.items())
    bound = loss(cost, delta_allowed)
    if bound is None or cost.rho == 0:
        return bound
    from segmenter.budget.loss_distribution import exact_epsilon

    exact = exact_epsilon(spends, delta_allowed - cost.delta)
    if exact is None:
        return bound
    with_margin = exact + PER_SPEND * sum(spends.values())
    rounded_up = -(-with_margin // ROUNDED_TO) * ROUNDED_TO
    epsilon = min(bound.epsilon, rounded_up)
    return Loss(max(cost.epsilon, epsilon), bound.delta)


def _times(cost: Cost, times: int) -> Cost:
    return Cost(
        epsilon=cost.epsilon * times,
        delta=cost.delta * times,
        rho=cost.rho * times,
        tail=cost.tail * times,
    )
