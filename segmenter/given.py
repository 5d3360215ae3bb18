"""What Python code may give for a moment, an amount or names, and the one form that verbs take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

Moment = date | str | None  # a time, a date or a text; without a zone it is in the policy's
Amount = str | float | Decimal | None  # as it is written: 0.1 is a tenth exactly
Names = str | Sequence[str] | None


def names(given: Names) -> tuple[str, ...] | None:
    """One name, or several, as a tuple.

    >>> names("women"), names(["women", "men"])
    (('women',), ('women', 'men'))
    """
    return None if given is None else (given,) if isinstance(given, str) else tuple(given)


def amount(given: Amount) -> str | None:
    """An amount as it is written.

    >>> amount(0.1)
    '0.1'
    """
    return None if given is None else str(given)
