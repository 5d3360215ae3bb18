"""A text goes in; a checked tree of one plain SELECT comes out, or a refusal (P15).

Nothing of the text is repeated in a refusal, except the declared name nearest to a misspelt one.
Limits come first: length, nesting, one statement. Then every node must be of a kind that is known
here, with no argument that is not.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from segmenter.errors import Refusal, UsageError
from segmenter.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlglot import exp

LONGEST = 4096  # characters
DEEPEST = 32  # levels of parentheses, and of NOT
RULE = "P15"
EXAMPLE = "SELECT age_band, count(*) FROM patient GROUP BY age_band"

_SKIPPED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)


def refused(what: str, instead: str | None = None) -> Refusal:
    """A refusal of the door. `what` and `instead` are this program's own words."""
    return Refusal(RULE, what, hint=instead)


def misspelt(what: str, word: str, names: Iterable[str]) -> UsageError:
    """A name that is not declared. Only the nearest declared one is told."""
    found = nearest(word, names)
    return UsageError(
        f"the question names a {what} that is not declared",
        hint=None if found is None else f"the nearest is `{found}`",
    )


def only(node: exp.Expression, *allowed: str) -> None:
    """Refuse a node that carries anything but the allowed arguments."""
    if any(value for name, value in node.args.items() if name not in allowed):
        raise refused("the question holds a clause that is not answered", f"ask like: {EXAMPLE}")


def parsed(text: str) -> exp.Select:
    """The tree of one SELECT statement.

    Raises `UsageError` (exit 2) if the text is too long, too deep or not SQL, `Refusal` (P15,
    exit 3) if it is another statement.
    """
    if len(text) > LONGEST:
        raise UsageError(f"a question has at most {LONGEST:,} characters")
    if _depth(text) > DEEPEST:
        raise UsageError(f"a question nests at most {DEEPEST} levels")
    statements = [tree for tree in _trees(text) if tree is not None]
    if not statements:
        raise UsageError("the question is empty", hint=f"ask like: {EXAMPLE}")
    return _checked(statements)


def _trees(text: str) -> list[exp.Expr | None]:
    """The statements of a text. The parser's own messages repeat the text, so none is passed on."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    logger = logging.getLogger("sqlglot")
    was_disabled = logger.disabled
    logger.disabled = True
    try:
        return list(sqlglot.parse(text, dialect="duckdb"))
    except RecursionError:
        raise UsageError("the question nests too deep") from None
    except (
        SqlglotError,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        IndexError,
        AssertionError,
    ):
        raise UsageError(
            "the question cannot be read as SQL", hint=f"ask like: {EXAMPLE}"
        ) from None
    finally:
        logger.disabled = was_disabled


def _checked(statements: list[exp.Expr]) -> exp.Select:
    from sqlglot import exp

    if len(statements) > 1:
        raise refused(
            "only one statement is answered at a time", "ask one question after the other"
        )
    tree = statements[0]
    if isinstance(tree, exp.SetOperation):
        raise refused("set operations are not answered", "ask each part as a question of its own")
    if not isinstance(tree, exp.Select):
        raise refused("only SELECT is answered", f"ask like: {EXAMPLE}")
    if tree.args.get("with_"):
        raise refused("WITH is not answered", "ask of the tables `patient` and the declared facts")
    if tree.args.get("distinct"):
        raise refused(
            "SELECT DISTINCT is not answered", "use GROUP BY: every declared value is a row"
        )
    only(
        tree,
        "expressions",
        "from_",
        "joins",
        "where",
        "group",
        "having",
        "order",
        "limit",
        "offset",
    )
    return tree


def _depth(text: str) -> int:
    """How deep brackets nest, those inside texts and comments aside."""
    depth = deepest = 0
    for sign in _SKIPPED.sub(" ", text):
        if sign in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in ")]}":
            depth = max(0, depth - 1)
    return deepest


# -- small pieces ----------------------------------------------------------------------------------


def peeled(node: exp.Expression | None) -> exp.Expression:
    """The node inside its parentheses."""
    from sqlglot import exp

    while isinstance(node, exp.Paren):
        only(node, "this")
        node = node.this
    if node is None:
        raise refused("the question lacks a part", f"ask like: {EXAMPLE}")
    return node


def column(node: exp.Expression) -> tuple[str, str]:
    """The table (or '') and the name of a plain column."""
    from sqlglot import exp

    if not isinstance(node, exp.Column) or not isinstance(node.this, exp.Identifier):
        raise refused(
            "only declared names may stand here",
            "name a declared dimension, or a bounded column of a fact",
        )
    only(node, "this", "table")
    return node.table, node.name


def chained(node: exp.Expression, kind: type[exp.Connector]) -> list[exp.Expression]:
    """The operands of a chain of AND (or OR), in order, without recursion: a chain may be long."""
    parts: list[exp.Expression] = []
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, kind):
            only(current, "this", "expression")
            waiting += [current.expression, current.this]
        else:
            parts.append(current)
    return parts


def whole(node: exp.Expression | None, most: int) -> int:
    """A plain non-negative integer."""
    from sqlglot import exp

    if (
        not isinstance(node, exp.Literal)
        or node.is_string
        or not re.fullmatch(r"[0-9]{1,9}", str(node.this))
    ):
        raise refused("only a plain whole number may stand here")
    return min(int(node.this), most)


def same(word: str, names: Iterable[str]) -> str | None:
    """The declared name that a word of SQL means.

    Exact, or alike but for upper and lower case if only one name is.
    """
    known = list(names)
    if word in known:
        return word
    alike = [name for name in known if name.lower() == word.lower()]
    return alike[0] if len(alike) == 1 else None
