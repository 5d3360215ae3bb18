"""The words of a state as expressions: what fills the holes of the relations that decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segmenter.consent.scopes import ALONE

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.project.policy import Policy


def of_word(column: str, name: str, word: int) -> exp.Expr:
    """`bit_or(<column>) FILTER (WHERE word = <word>) AS <name>_<word>`."""
    from sqlglot import exp

    here = exp.EQ(this=exp.column("word"), expression=exp.Literal.number(word))
    masks = exp.Filter(
        this=exp.BitwiseOrAgg(this=exp.column(column)), expression=exp.Where(this=here)
    )
    return exp.alias_(masks, f"{name}_{word}")


def allow(word: int) -> exp.Expr:
    """What is granted and not denied; nothing where the patient is refused. Bit 62 says that the patient is linked to nobody."""
    from sqlglot import exp

    zero = exp.Literal.number(0)
    granted, denied = (
        exp.Coalesce(this=exp.column(f"{table}_{word}", table=alias), expressions=[zero.copy()])
        for table, alias in (("granted", "given"), ("denied", "denied"))
    )
    alone = (
        exp.Case()
        .when(exp.Is(this=exp.column("grp", table="link"), expression=exp.Null()), _number(ALONE))
        .else_(zero.copy())
    )
    left = exp.paren(exp.BitwiseAnd(this=granted, expression=exp.BitwiseNot(this=denied)))
    allowed = exp.BitwiseOr(this=left, expression=exp.paren(alone))
    free = exp.Is(this=exp.column("patient", table="refused"), expression=exp.Null())
    return exp.alias_(
        exp.Case().when(free, allowed).else_(exp.cast(zero.copy(), "BIGINT")), f"allow_{word}"
    )


def less(word: int) -> exp.Expr:
    """What was allowed, less what is denied now."""
    from sqlglot import exp

    denied = exp.Coalesce(
        this=exp.column(f"denied_{word}", table="denied"), expressions=[exp.Literal.number(0)]
    )
    left = exp.BitwiseAnd(
        this=exp.column(f"allow_{word}", table="earlier"), expression=exp.BitwiseNot(this=denied)
    )
    return exp.alias_(left, f"allow_{word}")


def codes(policy: Policy, table: str) -> Iterator[exp.Expr]:
    """The dimension codes of `table`."""
    from sqlglot import exp

    for name in sorted(policy.dimensions):
        if policy.dimensions[name].per_patient:
            yield exp.column(f"dim_{name}", table=table, quoted=True)


def _number(value: int) -> exp.Expr:
    from sqlglot import exp

    return exp.cast(exp.Literal.number(value), "BIGINT")
