"""A private logistic regression whose proof holds for what is run (P18).

Objective perturbation (Chaudhuri, Monteleoni, Sarwate 2011): the weights minimise

    sum of losses + penalty / 2 * |weights|^2 + noise . weights

over people whose rows have a norm that is known beforehand. The intercept is a weight like every
other one, so that it is penalised too. One human more or less moves the gradient by at most `norm`,
and changes the determinant of the Hessian by a factor of at most `1 + norm^2 / (4 penalty)`.

A solver stops near the minimum, not at it. How near follows from the gradient that is left, divided
by the penalty; `NEAR` bounds it, and a share of epsilon pays for noise that hides the rest. Only
here is a mechanism of diffprivlib used for learning.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.budget.accounting import NANO

if TYPE_CHECKING:
    import numpy as np

    Reals = np.ndarray[Any, np.dtype[np.float64]]
    Noised = Callable[[Reals], tuple[float, Reals]]

NEAR = 1e-6  # how far from the exact minimum the weights may lie
REST = 0.01  # the share of epsilon that pays for that distance
CURVATURE = 0.25  # of the logistic loss, at most
DIGITS = 4  # of a published weight: more of them are noise
STEPS = 200  # of the solver, at most
ROUNDING = 2.0**-48  # of a sum of doubles, relative to its largest possible value


@dataclass(frozen=True, slots=True)
class Sample:
    """People by row: how many have each row, and how many of those give the answer yes.

    `rows` has a row a cell and a column a weight; `norm` bounds the Euclidean norm of every row and
    follows from what is declared, never from data. The repr shows no number.
    """

    rows: Reals = field(repr=False)
    people: Reals = field(repr=False)
    yes: Reals = field(repr=False)
    norm: float


def fit_logistic(sample: Sample, *, penalty: float, epsilon: int) -> tuple[float, ...]:
    """The weights of the columns of `sample.rows`, in log-odds, for `epsilon` (nano-units) in all.

    `penalty` is large enough that most of epsilon is left for the noise of the gradient; else it
    is a `ValueError`, which says nothing of the data.
    """
    whole = epsilon / NANO
    noised = _noised(sample, penalty, whole * (1 - REST))
    weights = _minimum(noised, sample, penalty)
    return _hidden_rest(weights, whole * REST)


def least_penalty(norm: float, epsilon: int) -> float:
    """The penalty that leaves at least half of epsilon (nano-units) for the noise.

    >>> least_penalty(2.0, NANO) > 1
    True
    """
    return CURVATURE * norm**2 / math.expm1(epsilon / NANO / 4)


def _noised(sample: Sample, penalty: float, epsilon: float) -> Noised:
    """The objective and its gradient, with the noise of the mechanism.

    The library protects a person who is replaced by another and books every term twice; for one who
    is there or not, twice its epsilon is exact. Its Jacobian term takes the norm once and needs it
    squared, so that the norm is in the function's sensitivity too.
    """
    from diffprivlib.mechanisms import Vector

    lost = math.log1p(CURVATURE * sample.norm**2 / penalty)
    if lost > epsilon / 2:
        msg = "the penalty is too small for this epsilon"
        raise ValueError(msg)
    mechanism = Vector(
        epsilon=2 * epsilon,
        function_sensitivity=CURVATURE * sample.norm,
        data_sensitivity=sample.norm,
        dimension=sample.rows.shape[1],
        alpha=penalty,
    )
    noised: Noised = mechanism.randomise(lambda weights: _objective(sample, penalty, weights))
    return noised


def _objective(sample: Sample, penalty: float, weights: Reals) -> tuple[float, Reals]:
    """The sum of all losses with the penalty, and its gradient."""
    import numpy as np
    from scipy.special import expit

    scores = sample.rows @ weights
    losses = sample.people * np.logaddexp(0.0, scores) - sample.yes * scores
    missing = sample.people * expit(scores) - sample.yes
    value = float(losses.sum()) + penalty / 2 * float(weights @ weights)
    return value, sample.rows.T @ missing + penalty * weights


def _hessian(sample: Sample, penalty: float, weights: Reals) -> Reals:
    import numpy as np
    from scipy.special import expit

    chances = expit(sample.rows @ weights)
    curved = sample.people * chances * (1 - chances)
    hessian: Reals = (sample.rows.T * curved) @ sample.rows + penalty * np.eye(len(weights))
    return hessian


def _minimum(noised: Noised, sample: Sample, penalty: float) -> Reals:
    """Weights at most `NEAR` from the exact minimum of the noised objective."""
    import numpy as np
    from scipy.optimize import minimize

    def curvature(weights: Reals) -> Reals:
        return _hessian(sample, penalty, weights)

    found = minimize(
        noised,
        np.zeros(sample.rows.shape[1]),
        jac=True,
        hess=curvature,
        method="trust-exact",
        options={"gtol": penalty * NEAR / 100, "maxiter": STEPS},
    )
    weights: Reals = found.x
    for _ in range(STEPS):
        _, gradient = noised(weights)
        if _distance(gradient, sample, penalty) <= NEAR:
            return weights
        weights = weights - np.linalg.solve(curvature(weights), gradient)
    msg = "a private model did not reach its minimum"
    raise ArithmeticError(msg)


def _distance(gradient: Reals, sample: Sample, penalty: float) -> float:
    """How far the minimum is at most: the gradient that is left, and what rounding may hide."""
    import numpy as np

    rounded = ROUNDING * (sample.norm * float(sample.people.sum()) + penalty)
    return (float(np.linalg.norm(gradient)) + rounded) / penalty


def _hidden_rest(weights: Reals, epsilon: float) -> tuple[float, ...]:
    """Weights with noise that hides how the solver came near the minimum.

    Two minima that are equal may be missed by `NEAR` each, in opposite directions.
    """
    from diffprivlib.mechanisms import Laplace

    sensitivity = 2 * NEAR * math.sqrt(len(weights))
    mechanism = Laplace(epsilon=epsilon, sensitivity=sensitivity)
    return tuple(round(mechanism.randomise(float(weight)), DIGITS) for weight in weights)
