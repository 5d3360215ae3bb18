"""WHERE over declared dimensions, read from the tree into the grammar of segments.

Literals must be values of the declared domain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.errors import UsageError
from segmenter.nearest import hint
from segmenter.project import condition
from segmenter.query.door import DEEPEST, chained, column, only, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlglot import exp

    from segmenter.project.policy import Dimension

INSTEAD = (
    "WHERE takes `=`, `<>`, `IN`, `NOT IN`, AND, OR, NOT "
    "over dimensions and values in single quotes"
)


def read(
    tree: exp.Expression, resolve: Callable[[str, str], Dimension]
) -> tuple[condition.Condition, Mapping[str, Dimension]]:
    """The condition, and the dimensions it names.

    `resolve` finds a dimension by its table ('' if none is written) and its name.

    Raises `UsageError` for a name or a value that is not declared, `Refusal` (P15) for anything but
    tests of dimensions.
    """
    reader = _Reader(resolve)
    made = reader.part(tree, 0)
    return made, reader.named


class _Reader:
    def __init__(self, resolve: Callable[[str, str], Dimension]) -> None:
        self.resolve = resolve
        self.named: dict[str, Dimension] = {}

    def part(self, node: exp.Expression, depth: int) -> condition.Condition:
        from sqlglot import exp

        if depth > DEEPEST:
            raise UsageError(f"a question nests at most {DEEPEST} levels")
        match node:
            case exp.Paren():
                only(node, "this")
                return self.part(node.this, depth + 1)
            case exp.And():
                return condition.And(tuple(self.part(p, depth + 1) for p in chained(node, exp.And)))
            case exp.Or():
                return condition.Or(tuple(self.part(p, depth + 1) for p in chained(node, exp.Or)))
            case exp.Not():
                only(node, "this")
                return condition.Not(self.part(node.this, depth + 1))
            case exp.EQ() | exp.NEQ():
                only(node, "this", "expression")
                return self.test(node.this, [node.expression], negated=isinstance(node, exp.NEQ))
            case exp.In():
                only(node, "this", "expressions")
                return self.test(node.this, node.expressions, negated=False)
        if isinstance(node, exp.Is):
            raise refused("IS is not answered: no dimension is ever NULL", "compare with 'unknown'")
        if isinstance(node, (exp.Like, exp.ILike, exp.Between, exp.GT, exp.GTE, exp.LT, exp.LTE)):
            raise refused(
                "only tests on declared values are answered",
                "list the values: dimension IN ('...', '...')",
            )
        raise refused("WHERE holds something that is not answered", INSTEAD)

    def test(
        self, left: exp.Expression, values: list[exp.Expression], *, negated: bool
    ) -> condition.Condition:
        from sqlglot import exp

        if isinstance(left, exp.Literal) and len(values) == 1 and isinstance(values[0], exp.Column):
            left, values = values[0], [left]
        dimension = self.resolve(*column(left))
        self.named[dimension.name] = dimension
        return condition.Test(dimension.name, tuple(_label(dimension, v) for v in values), negated)


def _label(dimension: Dimension, value: exp.Expression) -> str:
    from sqlglot import exp

    if not isinstance(value, exp.Literal):
        raise refused("a dimension is compared with its declared values only", INSTEAD)
    text = str(value.this)
    if text not in dimension.labels:
        msg = f"the dimension `{dimension.name}` has no such value"
        raise UsageError(msg, hint=hint(text, dimension.labels))
    return text
