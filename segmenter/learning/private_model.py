"""A private logistic regression. Only here are models of diffprivlib fitted.

What comes back is what the mechanism protects, and nothing else: coefficients and intercept, not
how many steps the solver took (P18).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.budget.accounting import NANO

if TYPE_CHECKING:
    import numpy as np

    Reals = np.ndarray[Any, np.dtype[np.float64]]

STEPS = 1000  # of the solver, at most


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted model: the log-odds that each column adds, and those of a row of zeros."""

    weights: tuple[float, ...] = field(repr=False)
    intercept: float = field(repr=False)


def fit_logistic(
    rows: Reals, answers: Reals, *, norm: float, strength: float, epsilon: int
) -> Fitted:
    """Fit on one row a human, with `epsilon` (nano-units) for the whole model.

    `norm` bounds the Euclidean norm of a row and must not depend on the data. `strength` is the
    inverse of the penalty on large weights. The solver's warnings speak of the data, so they are
    silenced.
    """
    from diffprivlib import BudgetAccountant
    from diffprivlib.models import LogisticRegression

    model = LogisticRegression(
        epsilon=epsilon / NANO,
        data_norm=norm,
        C=strength,
        max_iter=STEPS,
        accountant=BudgetAccountant(),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(rows, answers)
    weights = tuple(float(weight) for weight in model.coef_[0])
    return Fitted(weights, float(model.intercept_[0]))
