"""The columns of a file as SQL expressions, over the aliases of the payload relations.

`p` is the patient, `n` its normalised identifier if that is not stored as it is written. In CSV,
cells that a spreadsheet would take for a formula are neutralised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.registers.exports import ExportLayout

UNSUBSCRIBE = "list_unsubscribe"
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def expressions(
    layout: ExportLayout, *, unsubscribe: bool = False, ids: str = "p"
) -> list[exp.Expr]:
    """The payload's columns, under the names that stand in the file.

    With `unsubscribe` the person's List-Unsubscribe URL (`n.unsubscribe_url`) comes last. `ids` is
    the alias that holds patient_id.
    """
    from sqlglot import exp

    columns: list[exp.Expr] = []
    for column, header in zip(layout.columns, layout.headers, strict=True):
        columns.append(exp.alias_(_cell(layout, column, ids), header, quoted=True))
    if unsubscribe and layout.audience is None:
        url = exp.column("unsubscribe_url", table="n")
        columns.append(exp.alias_(url, UNSUBSCRIBE, quoted=True))
    return columns


def _cell(layout: ExportLayout, column: str, ids: str) -> exp.Expr:
    from sqlglot import exp

    if layout.audience is not None:
        return _audience_cell(layout)
    table = ids if column == "patient_id" else "p"
    value: exp.Expr = exp.column(column, table=table, quoted=True)
    if column == layout.identifier:
        stored = exp.func("lower", value) if column == "email" else value
        value = exp.Coalesce(this=exp.column("normal", table="n"), expressions=[stored])
    is_number_of_channel = column == layout.identifier == "phone"
    if layout.format != "csv" or is_number_of_channel:  # E.164 starts with a plus
        return value
    return _neutral(value)


def _audience_cell(layout: ExportLayout) -> exp.Expr:
    """SHA-256 (hex, lower case) of the identifier as the platform normalises it."""
    from sqlglot import exp

    form = "coarse" if layout.audience == "google-2026" else "normal"
    value: exp.Expr = exp.column(form, table="n")
    if layout.identifier == "phone" and layout.audience == "meta":
        value = exp.func("replace", value, exp.Literal.string("+"), exp.Literal.string(""))
    return exp.Anonymous(this="sha256", expressions=[value])


def _neutral(value: exp.Expr) -> exp.Expr:
    """The value, with an apostrophe in front if it starts like a formula.

    All signs sort before the letters, and most cells do not: that is asked first, as it is cheap.
    """
    from sqlglot import exp

    starts_risky = [
        exp.StartsWith(this=value.copy(), expression=exp.Literal.string(sign))
        for sign in FORMULA_SIGNS
    ]
    before_letters = exp.LT(this=value.copy(), expression=exp.Literal.string("A"))
    safe = exp.DPipe(this=exp.Literal.string("'"), expression=value.copy())
    is_risky = exp.and_(before_letters, exp.or_(*starts_risky))
    return exp.Case().when(is_risky, safe).else_(value.copy())
