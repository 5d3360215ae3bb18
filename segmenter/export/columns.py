"""The columns of a file as SQL expressions, over the aliases of the payload relations.

`p` is the patient, `n` its normalised identifier if that is not stored as it is written. In CSV,
cells that a spreadsheet would take for a formula are neutralised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.identifiers.characters import BLANKS

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.registers.exports import ExportLayout

UNSUBSCRIBE = "list_unsubscribe"
SIGNS = "=＝﹦⁼₌+＋﹢⁺₊﬩@＠﹫－﹣−⁻₋-"  # what a formula starts with, in any width
DELIMITER = r"[\t-\r,;|]"  # what some spreadsheet splits cells at
AT_START = rf"^([\t-\r]|[{BLANKS}]*[{SIGNS}])"
BEHIND_DELIMITER = rf"({DELIMITER}[{BLANKS},;|]*)([{SIGNS}])"
E164 = r"^\+[0-9]+$"


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
    if layout.format != "csv":
        return value
    if column == layout.identifier == "phone":
        is_number = exp.func("regexp_matches", value.copy(), exp.Literal.string(E164))
        return exp.Case().when(is_number, value).else_(_neutral(value.copy()))
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
    """The value with an apostrophe before all that a spreadsheet may take for a formula.

    That is a sign at the start of the cell or behind a delimiter, whatever is unseen before it, and
    white space that starts a cell. Most cells start with a letter and hold no delimiter: that is
    asked first, as it is cheap.
    """
    from sqlglot import exp

    starts_with_letter = exp.and_(
        exp.GTE(this=value.copy(), expression=exp.Literal.string("A")),
        exp.LT(this=value.copy(), expression=exp.Literal.string("\x7f")),
    )
    has_delimiter = exp.func("regexp_matches", value.copy(), exp.Literal.string(DELIMITER))
    plain = exp.and_(starts_with_letter, exp.not_(has_delimiter))
    inner = _replaced(value.copy(), BEHIND_DELIMITER, r"\1'\2")
    neutral = _replaced(inner, AT_START, r"'\1")
    return exp.Case().when(plain, value.copy()).else_(neutral)


def _replaced(value: exp.Expr, pattern: str, by: str) -> exp.Expr:
    from sqlglot import exp

    texts = [exp.Literal.string(text) for text in (pattern, by, "g")]
    return exp.Anonymous(this="regexp_replace", expressions=[value, *texts])
