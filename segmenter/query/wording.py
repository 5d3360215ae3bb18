"""The clauses of a question around its condition, read into frozen values.

What is selected, grouped, kept, ordered and cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from segmenter.errors import UsageError
from segmenter.query.door import (
    DEEPEST,
    EXAMPLE,
    chained,
    column,
    misspelt,
    only,
    peeled,
    refused,
    same,
    whole,
)
from segmenter.query.outcome import Both, Column, Compare, Having, Opposite, Ordering, Shown
from segmenter.query.question import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlglot import exp

    from segmenter.errors import Refusal
    from segmenter.project.policy import Dimension
    from segmenter.query.naming import Naming

AGGREGATES = (
    "the aggregates are count(*), count(distinct patient_id), "
    "sum, avg, median and quantile_cont of bounded fact columns"
)
MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
MOST_COLUMNS = 32
MOST_ROWS = 1_000_000
LONGEST_NAME = 64
DECIMAL = re.compile(r"[0-9]{0,15}(\.[0-9]{0,6})?")


@dataclass(frozen=True, slots=True)
class Item:
    """One selected thing: a dimension or a measure, and the name it is shown under."""

    name: str
    what: Dimension | Measure
    label: str  # its name without an alias


@dataclass(slots=True)
class Wording:
    """Reads the clauses of one SELECT; `items` are what is selected, in order."""

    naming: Naming
    items: list[Item] = field(default_factory=list)

    # -- SELECT ------------------------------------------------------------------------------------

    def select(self, nodes: Sequence[exp.Expression]) -> None:
        """Read the select list."""
        if len(nodes) > MOST_COLUMNS:
            raise refused(f"a question selects at most {MOST_COLUMNS} columns")
        for node in nodes:
            item = self._item(node)
            self.items.append(replace(item, name=self._free_name(item.name)))
        if not any(isinstance(i.what, Measure) for i in self.items):
            raise refused(
                "a question counts or sums something: single rows are never answered",
                f"ask like: {EXAMPLE}",
            )

    def _free_name(self, name: str) -> str:
        """The name, with a number behind it if it is taken."""
        taken = [item.name for item in self.items]
        free, number = name, 0
        while free in taken:
            number += 1
            free = f"{name}_{number}"
        return free

    def _item(self, node: exp.Expression) -> Item:
        from sqlglot import exp

        alias = None
        if isinstance(node, exp.Alias):
            only(node, "this", "alias")
            alias, node = node.alias, node.this
            if not alias.isprintable() or len(alias) > LONGEST_NAME:
                raise refused(f"an alias has at most {LONGEST_NAME} printable characters")
        node = peeled(node)
        if isinstance(node, exp.Column):
            dimension = self.naming.dimension(*column(node))
            return Item(alias or dimension.name, dimension, dimension.name)
        measure, label = self.measure(node)
        return Item(alias or label, measure, label)

    def measure(self, node: exp.Expression) -> tuple[Measure, str]:
        """The measure an aggregate means, and its name."""
        from sqlglot import exp

        match node:
            case exp.Count():
                return self._count(node)
            case exp.Sum() | exp.Avg() | exp.Median():
                only(node, "this")
                name, (low, high) = self.naming.bounded(*column(node.this))
                if isinstance(node, exp.Sum):
                    return Measure("sum", name, low, high), f"sum({name})"
                if isinstance(node, exp.Avg):
                    return Measure("mean", name, low, high), f"avg({name})"
                return Measure("quantile", name, low, high, "1/2"), f"median({name})"
            case exp.PercentileCont():
                only(node, "this", "expression")
                name, (low, high) = self.naming.bounded(*column(node.this))
                share = _share(node.expression)
                label = f"quantile_cont({name}, {float(share):g})"
                return Measure("quantile", name, low, high, str(share)), label
        raise refused("that is not answered in a select list", AGGREGATES)

    def _count(self, node: exp.Count) -> tuple[Measure, str]:
        from sqlglot import exp

        only(node, "this", "big_int")
        if isinstance(node.this, exp.Star):
            only(node.this)
            if self.naming.fact is None:
                return Measure("patients"), "count(*)"
            low, high = self.naming.rows()
            return Measure("rows", "", low, high), "count(*)"
        if isinstance(node.this, exp.Distinct):
            only(node.this, "expressions")
            names = node.this.expressions
            if len(names) == 1 and self.naming.is_key(*column(names[0])):
                return Measure("patients"), f"count(distinct {column(names[0])[1].lower()})"
        raise refused("only rows and distinct patients are counted", AGGREGATES)

    # -- GROUP BY ----------------------------------------------------------------------------------

    def group(self, node: exp.Group | None) -> list[Dimension]:
        """The dimensions of GROUP BY, each once. Every selected dimension must be among them."""
        selected = [i.what for i in self.items if not isinstance(i.what, Measure)]
        grouped: list[Dimension] = []
        if node is not None and node.args.get("all"):
            only(node, "all")
            grouped = list(selected)
        elif node is not None:
            only(node, "expressions")
            grouped = [self._grouped(expression) for expression in node.expressions]
        by_name = {dimension.name: dimension for dimension in grouped}
        if any(dimension.name not in by_name for dimension in selected):
            raise refused("a selected dimension is not grouped by", "name it in GROUP BY")
        return list(by_name.values())

    def _grouped(self, node: exp.Expression) -> Dimension:
        from sqlglot import exp

        node = peeled(node)
        if isinstance(node, exp.Literal):
            what = self.items[self._position(node)].what
        else:
            table, name = column(node)
            is_dimension = table or same(name, self.naming.policy.dimensions)
            aliased = None if is_dimension else self._named(name)
            if aliased is None:
                what = self.naming.dimension(table, name)
            else:
                what = self.items[aliased].what
        if isinstance(what, Measure):
            raise refused("GROUP BY takes dimensions", "name a declared dimension")
        return what

    # -- what happens to noised numbers ------------------------------------------------------------

    def shown(
        self, tree: exp.Select, by: Sequence[Dimension], measures: Sequence[Measure]
    ) -> Shown:
        """Columns, HAVING, ORDER BY, LIMIT and OFFSET, all over what is selected."""
        names = [dimension.name for dimension in by]
        columns = []
        for item in self.items:
            if isinstance(item.what, Measure):
                columns.append(Column(item.name, measure=measures.index(item.what)))
            else:
                columns.append(Column(item.name, dimension=names.index(item.what.name)))
        having, order = tree.args.get("having"), tree.args.get("order")
        orderings = [] if order is None else order.expressions
        return Shown(
            columns=tuple(columns),
            having=None if having is None else self._having(having.this, 0),
            order=tuple(self._ordering(node) for node in orderings),
            limit=self._cut(tree.args.get("limit"), None),
            offset=self._cut(tree.args.get("offset"), 0) or 0,
        )

    def _cut(self, node: exp.Expression | None, absent: int | None) -> int | None:
        if node is None:
            return absent
        only(node, "expression")
        return whole(node.args.get("expression"), MOST_ROWS)

    def _ordering(self, node: exp.Expression) -> Ordering:
        from sqlglot import exp

        if not isinstance(node, exp.Ordered):
            raise refused("ORDER BY takes selected columns")
        only(node, "this", "desc", "nulls_first")
        inner = peeled(node.this)
        position = (
            self._position(inner) if isinstance(inner, exp.Literal) else self._selected(inner)
        )
        return Ordering(position, bool(node.args.get("desc")), bool(node.args.get("nulls_first")))

    def _having(self, node: exp.Expression, depth: int) -> Having:
        from sqlglot import exp

        if depth > DEEPEST:
            raise UsageError(f"a question nests at most {DEEPEST} levels")
        match node:
            case exp.Paren():
                only(node, "this")
                return self._having(node.this, depth + 1)
            case exp.And():
                parts = [self._having(part, depth + 1) for part in chained(node, exp.And)]
                return Both(tuple(parts), every=True)
            case exp.Or():
                parts = [self._having(part, depth + 1) for part in chained(node, exp.Or)]
                return Both(tuple(parts), every=False)
            case exp.Not():
                only(node, "this")
                return Opposite(self._having(node.this, depth + 1))
        return self._comparison(node)

    def _comparison(self, node: exp.Expression) -> Compare:
        """A selected aggregate beside a number, on whichever side."""
        from sqlglot import exp

        signs: dict[type[exp.Expr], str] = {
            exp.EQ: "=",
            exp.NEQ: "<>",
            exp.GT: ">",
            exp.GTE: ">=",
            exp.LT: "<",
            exp.LTE: "<=",
        }
        if type(node) not in signs:
            raise _no_comparison()
        only(node, "this", "expression")
        left, right = peeled(node.this), peeled(node.expression)
        sign = signs[type(node)]
        if isinstance(left, (exp.Literal, exp.Neg)):
            left, right = right, left
            sign = MIRRORED.get(sign, sign)
        position = self._selected(left)
        if not isinstance(self.items[position].what, Measure):
            raise _no_comparison()
        return Compare(position, sign, _number(right))

    # -- names of outputs --------------------------------------------------------------------------

    def _selected(self, node: exp.Expression) -> int:
        """The position of a selected column that an alias, a dimension or an aggregate means."""
        from sqlglot import exp

        if isinstance(node, exp.Column):
            table, name = column(node)
            found = None if table else self._named(name)
            if found is not None:
                return found
            if not table and same(name, self.naming.policy.dimensions) is None:
                raise misspelt("column", name, [i.name for i in self.items])
            what: Dimension | Measure = self.naming.dimension(table, name)
        else:
            what, _ = self.measure(node)
        for position, item in enumerate(self.items):
            if item.what == what:
                return position
        raise refused(
            "HAVING and ORDER BY take what is selected",
            "add it to the select list: it is measured, and paid for",
        )

    def _named(self, name: str) -> int | None:
        names = [i.name for i in self.items]
        found = same(name, names)
        return None if found is None else names.index(found)

    def _position(self, node: exp.Expression) -> int:
        position = whole(node, MOST_ROWS)
        if not 1 <= position <= len(self.items):
            raise UsageError("a position is not one of the selected columns")
        return position - 1


def _no_comparison() -> Refusal:
    return refused(
        "HAVING compares selected aggregates with numbers", "put tests on dimensions in WHERE"
    )


def _share(node: exp.Expression | None) -> Fraction:
    """The place of a quantile: a plain decimal between 0 and 1."""
    found = _number(peeled(node))
    if not 0 < found < 1:
        raise UsageError(
            "a quantile lies between 0 and 1", hint="ask like: quantile_cont(column, 0.9)"
        )
    return found


def _number(node: exp.Expression) -> Fraction:
    """A plain decimal number."""
    from sqlglot import exp

    sign = 1
    if isinstance(node, exp.Neg):
        only(node, "this")
        sign, node = -1, peeled(node.this)
    is_number = isinstance(node, exp.Literal) and not node.is_string
    text = str(node.this)
    if not is_number or not DECIMAL.fullmatch(text) or not any(c.isdigit() for c in text):
        raise refused("only a plain decimal number may stand here")
    return sign * Fraction(text)
