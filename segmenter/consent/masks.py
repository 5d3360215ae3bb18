"""Expressions over the mask words of decisions: what fills the holes of the relations that decide.

A decision is a few BIGINT words, `allow_0`, `allow_1`, ...; each question of the policy is one bit
of one of them (`scopes`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

LINKED_TO_NOBODY = 1 << 62  # the bit of a word that no question has


def union_of_word(column: str, name: str, word: int) -> exp.Expr:
    """The union of the masks of one word, as `<name>_<word>`."""
    from sqlglot import exp

    of_word = exp.EQ(this=exp.column("word"), expression=exp.Literal.number(word))
    union = exp.BitwiseOrAgg(this=exp.column(column))
    filtered = exp.Filter(this=union, expression=exp.Where(this=of_word))
    return exp.alias_(filtered, f"{name}_{word}")


def allowed_word(word: int) -> exp.Expr:
    """`allow_<word>`: what is granted and not denied; nothing if the patient is refused.

    The bit `LINKED_TO_NOBODY` says that the patient has no other id.
    """
    from sqlglot import exp

    granted = _or_zero(exp.column(f"granted_{word}", table="given"))
    denied = _or_zero(exp.column(f"denied_{word}", table="denied"))
    left = exp.BitwiseAnd(this=granted, expression=exp.BitwiseNot(this=denied))

    linked_to_nobody = exp.Is(this=exp.column("grp", table="link"), expression=exp.Null())
    bit = exp.Case().when(linked_to_nobody, _bigint(LINKED_TO_NOBODY)).else_(_bigint(0))
    allowed = exp.BitwiseOr(this=exp.paren(left), expression=exp.paren(bit))

    not_refused = exp.Is(this=exp.column("patient", table="refused"), expression=exp.Null())
    decided = exp.Case().when(not_refused, allowed).else_(_bigint(0))
    return exp.alias_(decided, f"allow_{word}")


def remaining_word(word: int) -> exp.Expr:
    """`allow_<word>`: what was allowed before, without what new denials forbid."""
    from sqlglot import exp

    earlier = exp.column(f"allow_{word}", table="earlier")
    denied = _or_zero(exp.column(f"denied_{word}", table="denied"))
    left = exp.BitwiseAnd(this=earlier, expression=exp.BitwiseNot(this=denied))
    return exp.alias_(left, f"allow_{word}")


def allows_any(word: int, masks: Iterable[int], table: str = "") -> exp.Expr:
    """Whether one whole mask is allowed: `(allow_<word> & <mask>) = <mask> OR ...`."""
    from sqlglot import exp

    column = exp.column(f"allow_{word}", table=table or None)
    tests = []
    for mask in masks:
        number = exp.Literal.number(mask)
        common = exp.BitwiseAnd(this=column.copy(), expression=number.copy())
        tests.append(exp.EQ(this=exp.paren(common), expression=number))
    return exp.paren(exp.or_(*tests))


def _or_zero(column: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    return exp.Coalesce(this=column, expressions=[exp.Literal.number(0)])


def _bigint(value: int) -> exp.Expr:
    from sqlglot import exp

    return exp.cast(exp.Literal.number(value), "BIGINT")
