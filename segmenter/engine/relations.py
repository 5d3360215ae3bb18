"""SQL files -> Relation: load, compose, bind.

One relation a file; the file's stem is its name, unique over all folders. Three kinds of hole:
values (`$as_of`, always bound by the engine), relations (a table name equal to another stem is a
dependency and becomes a CTE, unless it is already materialised), structure (`__dimensions__`,
`__condition__`, or a table `__fact__`: whole tokens, replaced by what sqlglot writes of a tree).

Composing works on tokens, not on trees: parsing, copying and writing every relation anew took
longer than deciding a small delta.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

Structure = Mapping[str, "exp.Expr | Sequence[exp.Expr]"]
Tokens = tuple[str, ...]  # without comments; what separates two of them is one space

TOKEN = re.compile(
    r"""\s+ | --[^\n]* | /\*.*?\*/                                  # nothing
    | (?P<token> '(?:[^']|'')*' | "(?:[^"]|"")*"                    # a text, a quoted name
    | \$?[^\W\d]\w* | \d+(?:\.\d+)?(?:[eE][+-]?\d+)?                # a value, a name, a number
    | (?:(?!--|/\*)[^\s\w'"$(),.;])+ | . )""",  # an operator, a sign
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Relation:
    """A composed query: text for the engine, and the names of the values it needs."""

    name: str
    sql: str
    values: frozenset[str]


def folder() -> Path:
    """Where the SQL files are: inside the installed package, else the checkout's top-level `sql/`."""
    inside = Path(str(resources.files("segmenter"))) / "sql"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "sql"


@functools.cache
def paths() -> Mapping[str, Path]:
    """Every relation's file by name (stem)."""
    found: dict[str, Path] = {}
    for path in sorted(folder().rglob("*.sql")):
        if path.stem in found:
            msg = f"two relations are called {path.stem}"
            raise RuntimeError(msg)
        found[path.stem] = path
    return found


@functools.cache
def tree(name: str) -> exp.Expr:
    """The parsed query of one relation, shared and never changed."""
    import sqlglot

    return sqlglot.parse_one(paths()[name].read_text(encoding="utf-8"), dialect="duckdb")


@functools.cache
def tokens(name: str) -> Tokens:
    """The query of one relation as it is composed."""
    return split(paths()[name].read_text(encoding="utf-8"))


def split(text: str) -> Tokens:
    """A query's tokens. Spark's `LEFT SEMI JOIN` and `LEFT ANTI JOIN` lose the word that DuckDB does not know.

    >>> split("SELECT 'it''s', a.b -- a comment")
    ('SELECT', "'it''s'", ',', 'a', '.', 'b')
    """
    found = [match["token"] for match in TOKEN.finditer(text) if match["token"] is not None]
    return tuple(
        one
        for one, after in zip(found, (*found[1:], None), strict=False)
        if one != "LEFT" or after not in ("SEMI", "ANTI")
    )


def needs(query: Tokens) -> list[str]:
    """The relations a query reads, in order of first mention (its own CTE names excepted): names behind FROM or JOIN.

    >>> needs(split("WITH kin AS (SELECT 1 AS one) SELECT * FROM kin JOIN person ON extract(year FROM due_at) = one"))
    ['person']
    """
    own = {
        query[n + 1]
        for n in range(len(query) - 3)
        if query[n] in ("WITH", "RECURSIVE", ",") and query[n + 2 : n + 4] == ("AS", "(")
    }
    read = [
        query[n]
        for n in range(1, len(query))
        if query[n - 1] in ("FROM", "JOIN") and query[n + 1 : n + 2] != (".",)
    ]
    return [name for name in dict.fromkeys(read) if name not in own and name in paths()]


def fill(query: Tokens, structure: Mapping[str, Tokens]) -> Tokens:
    """Put what is given in place of the structural holes `__name__`; an empty list takes the comma beside it along.

    >>> fill(split("SELECT patient, __codes__ FROM person"), {"__codes__": ()})
    ('SELECT', 'patient', 'FROM', 'person')
    """
    filled: list[str] = []
    skip = False
    for n, token in enumerate(query):
        if skip:
            skip = False
        elif token not in structure or (n and query[n - 1] == "."):
            filled.append(token)
        elif structure[token]:
            filled += structure[token]
        elif filled and filled[-1] == ",":
            filled.pop()
        else:
            skip = query[n + 1 : n + 2] == (",",)
    return tuple(filled)


def compose(
    name: str, structure: Structure | None = None, ready: frozenset[str] = frozenset()
) -> Relation:
    """The relation `name` with all it depends on as CTEs; relations named in `ready` are tables that exist already.

    A structural hole left unfilled is an error: `ValueError`. What was composed once is kept: a job
    asks the same again and again.
    """
    given = {
        hole: ", ".join(_texts(expressions))
        for hole, expressions in sorted((structure or {}).items())
    }
    known = (name, ready.intersection(paths()), tuple(given.items()))
    if known not in _composed:
        _composed[known] = _compose(
            name, {hole: split(text) for hole, text in given.items()}, ready
        )
    return _composed[known]


_composed: dict[tuple[object, ...], Relation] = {}


def _texts(given: exp.Expr | Sequence[exp.Expr]) -> Iterator[str]:
    """What goes into a hole: the text of each expression, of a table its name alone."""
    from sqlglot import exp

    for expression in [given] if isinstance(given, exp.Expr) else given:
        yield (expression.this if isinstance(expression, exp.Table) else expression).sql(
            dialect="duckdb", comments=False
        )


def _compose(name: str, structure: Mapping[str, Tokens], ready: frozenset[str]) -> Relation:
    ordered: dict[str, Tokens] = {}

    def visit(current: str) -> None:
        query = fill(tokens(current), structure)
        for needed in needs(query):
            if needed not in ready and needed not in ordered and needed != current:
                visit(needed)
        ordered[current] = query

    visit(name)
    main = ordered.pop(name)
    if ordered:
        start = 0 if main[0] != "WITH" else 2 if main[1] == "RECURSIVE" else 1
        before = [
            token
            for known, query in ordered.items()
            for token in (known, "AS", "(", *query, ")", ",")
        ]
        main = (*(main[:start] or ("WITH",)), *(before if start else before[:-1]), *main[start:])
    holes = sorted({token for token in main if token.startswith("__")})
    if holes:
        msg = f"relation {name} has unfilled holes: {', '.join(holes)}"
        raise ValueError(msg)
    return Relation(
        name,
        " ".join(main),
        frozenset(token[1:] for token in main if token[0] == "$" and len(token) > 1),
    )
