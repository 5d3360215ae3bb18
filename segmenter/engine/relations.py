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

from segmenter.engine.quoting import dotted
from segmenter.errors import EngineError
from segmenter.tables import Table

if TYPE_CHECKING:
    from sqlglot import exp

Structure = Mapping[str, "exp.Expr | Sequence[exp.Expr] | Table"]
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


def places(query: Tokens) -> list[int]:
    """Where a query names a table that it reads: behind FROM or JOIN, its own CTE names excepted.

    >>> query = split("WITH kin AS (SELECT 1) SELECT * FROM kin JOIN person ON a IS DISTINCT FROM b")
    >>> [query[place] for place in places(query)]
    ['person']
    """
    own = {
        query[n + 1]
        for n in range(len(query) - 3)
        if query[n] in ("WITH", "RECURSIVE", ",") and query[n + 2 : n + 4] == ("AS", "(")
    }
    return [n for n in range(1, len(query)) if _names_table(query, n) and query[n] not in own]


def _names_table(query: Tokens, n: int) -> bool:
    """Whether the token at `n` is the bare name of a table."""
    if query[n - 1] not in ("FROM", "JOIN"):
        return False
    is_column = n > 1 and query[n - 2] == "DISTINCT"
    is_part = query[n + 1 : n + 2] in ((".",), ("(",))
    return not is_column and not is_part and query[n].isidentifier()


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


@dataclass(frozen=True, slots=True)
class Template:
    """A relation with all it depends on; `inputs` are still to be bound to tables.

    `chunks` alternate: a text, the name of an input, a text ...
    """

    chunks: tuple[str, ...]
    values: frozenset[str]

    def bound(self, inputs: Mapping[str, str]) -> str:
        """The text, with each input's place in SQL."""
        chunks = list(self.chunks)
        chunks[1::2] = [inputs[name] for name in chunks[1::2]]
        return "".join(chunks)


INPUT = "\x00"  # the mark before the name of an input, among tokens


def compose(
    name: str,
    structure: Structure | None = None,
    ready: frozenset[str] = frozenset(),
    reads: Mapping[str, Table] | None = None,
) -> Relation:
    """The relation `name` with all it depends on as CTEs, its inputs bound to the tables `reads`.

    Raises `EngineError` if what is read is neither in `reads` nor a relation, `ValueError` if a
    structural hole is left unfilled. What was composed once is kept: a job asks the same again
    and again.

    By names, if `reads` is None: relations named in `ready` are tables that exist already.
    """
    holes = {
        hole: ", ".join(_texts(expressions))
        for hole, expressions in sorted((structure or {}).items())
    }
    inputs = ready.intersection(paths()) if reads is None else frozenset(reads)
    known = (name, reads is None, inputs, tuple(holes.items()))
    if known not in _composed:
        if len(_composed) > MOST_KEPT:
            _composed.clear()
        filling = {hole: split(text) for hole, text in holes.items()}
        _composed[known] = _template(name, filling, inputs, strict=reads is not None)
    template = _composed[known]
    places = {given: dotted(table.name) for given, table in (reads or {}).items()}
    return Relation(name, template.bound(places), template.values)


MOST_KEPT = 2000
_composed: dict[tuple[object, ...], Template] = {}


def _texts(given: exp.Expr | Sequence[exp.Expr] | Table) -> Iterator[str]:
    """What goes into a hole: the text of each expression, of a table its name alone."""
    from sqlglot import exp

    if isinstance(given, Table):
        yield dotted(given.name)
        return
    for expression in [given] if isinstance(given, exp.Expr) else given:
        yield (expression.this if isinstance(expression, exp.Table) else expression).sql(
            dialect="duckdb", comments=False
        )


def _template(
    name: str, structure: Mapping[str, Tokens], inputs: frozenset[str], *, strict: bool
) -> Template:
    ordered: dict[str, Tokens] = {}

    def visit(current: str) -> None:
        query = fill(tokens(current), structure)
        for needed in dict.fromkeys(query[place] for place in places(query)):
            if needed in inputs or needed in ordered:
                continue
            if needed in paths() and needed != current:
                visit(needed)
            elif strict and not needed.startswith("__"):
                msg = f"relation {name} lacks the table {needed}, which {current} reads"
                raise EngineError(msg)
        ordered[current] = _with_inputs(query, inputs) if strict else query

    visit(name)
    whole = _with_before(ordered.pop(name), ordered)
    holes = sorted({token for token in whole if token.startswith("__")})
    if holes:
        msg = f"relation {name} has unfilled holes: {', '.join(holes)}"
        raise ValueError(msg)
    values = frozenset(token[1:] for token in whole if token[0] == "$" and len(token) > 1)
    return Template(_chunks(whole), values)


def _with_inputs(query: Tokens, inputs: frozenset[str]) -> Tokens:
    """Mark each input where it is read, and let it keep its name there."""
    marked: list[str] = []
    read = {place for place in places(query) if query[place] in inputs}
    for n, token in enumerate(query):
        if n not in read:
            marked.append(token)
            continue
        marked.append(INPUT + token)
        if query[n + 1 : n + 2] != ("AS",):
            marked += ["AS", token]
    return tuple(marked)


def _with_before(main: Tokens, before: Mapping[str, Tokens]) -> Tokens:
    """A query with what it depends on as CTEs before its own."""
    if not before:
        return main
    ctes: list[str] = []
    for name, query in before.items():
        ctes += [name, "AS", "(", *query, ")", ","]
    start = 0 if main[0] != "WITH" else 2 if main[1] == "RECURSIVE" else 1
    if not start:
        return ("WITH", *ctes[:-1], *main)
    return (*main[:start], *ctes, *main[start:])


def _chunks(query: Tokens) -> tuple[str, ...]:
    """The text of a query, cut at its inputs."""
    chunks = [""]
    for token in query:
        if token.startswith(INPUT):
            chunks += [token.removeprefix(INPUT), " "]
        else:
            chunks[-1] += f"{token} "
    return tuple(chunks)
