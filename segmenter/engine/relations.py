"""SQL files -> Relation: found, composed, bound to tables.

One relation a file; the file's stem is its name, unique over all folders. Three kinds of hole:
values (`$as_of`, always bound by the engine), inputs (a name behind FROM or JOIN: a table that is
given, else another relation, which becomes a CTE), structure (`__dimensions__`, `__condition__`:
whole tokens, replaced by what sqlglot writes of a tree).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.engine.quoting import dotted
from segmenter.engine.tokens import Tokens, chunks, fill, places, split, with_ctes, with_inputs
from segmenter.errors import EngineError
from segmenter.tables import Table

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["Relation", "Structure", "compose", "paths", "places", "split", "tokens", "tree"]


Structure = Mapping[str, "exp.Expr | Sequence[exp.Expr]"]

MOST_KEPT = 2000  # templates that are kept at one time


@dataclass(frozen=True, slots=True)
class Relation:
    """A composed query: text for the engine, and the names of the values it needs."""

    name: str
    sql: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Template:
    """A relation with all it depends on, whose inputs are still to be bound to tables.

    `chunks` alternate: a text, the name of an input, a text ...
    """

    chunks: tuple[str, ...]
    values: frozenset[str]

    def bound(self, inputs: Mapping[str, str]) -> str:
        """The text, with each input's place in SQL."""
        texts = list(self.chunks)
        names = texts[1::2]
        texts[1::2] = [inputs[name] for name in names]
        return "".join(texts)


def folder() -> Path:
    """Where the SQL files are: in the installed package, else in the checkout."""
    package = Path(str(resources.files("segmenter")))
    inside = package / "sql"
    if inside.is_dir():
        return inside
    return package.parent / "sql"


@functools.cache
def paths() -> Mapping[str, Path]:
    """Every relation's file by name (stem)."""
    by_name: dict[str, Path] = {}
    for path in sorted(folder().rglob("*.sql")):
        if path.stem in by_name:
            msg = f"two relations are called {path.stem}"
            raise RuntimeError(msg)
        by_name[path.stem] = path
    return by_name


@functools.cache
def tree(name: str) -> exp.Expr:
    """The parsed query of one relation, shared and never changed."""
    import sqlglot

    return sqlglot.parse_one(paths()[name].read_text(encoding="utf-8"), dialect="duckdb")


@functools.cache
def tokens(name: str) -> Tokens:
    """The query of one relation as it is composed."""
    text = paths()[name].read_text(encoding="utf-8")
    return split(text)


def compose(
    name: str, structure: Structure | None = None, reads: Mapping[str, Table] | None = None
) -> Relation:
    """The relation `name` with all it depends on as CTEs, its inputs bound to the tables `reads`.

    Raises `EngineError` if what is read is neither in `reads` nor a relation, `ValueError` if a
    structural hole is left unfilled. What was composed once is kept: a job asks the same again and
    again.
    """
    given = reads or {}
    fillings = sorted((structure or {}).items())
    holes = {hole: _text(filling) for hole, filling in fillings}
    inputs = frozenset(given)
    key = (name, inputs, tuple(holes.items()))
    if key not in _composed:
        if len(_composed) >= MOST_KEPT:
            _composed.clear()
        split_holes = {hole: split(text) for hole, text in holes.items()}
        _composed[key] = _template(name, split_holes, inputs)
    template = _composed[key]
    bound = {read: dotted(table.name) for read, table in given.items()}
    return Relation(
        name=name,
        sql=template.bound(bound),
        values=template.values,
    )


_composed: dict[tuple[object, ...], Template] = {}


def _text(filling: exp.Expr | Sequence[exp.Expr]) -> str:
    """What goes into a hole."""
    from sqlglot import exp

    expressions = [filling] if isinstance(filling, exp.Expr) else filling
    texts = [one.sql(dialect="duckdb", comments=False) for one in expressions]
    return ", ".join(texts)


def _template(name: str, structure: Mapping[str, Tokens], inputs: frozenset[str]) -> Template:
    """Compose a relation; whatever it reads is an input or a relation."""
    ordered: dict[str, Tokens] = {}

    def visit(current: str) -> None:
        query = fill(tokens(current), structure)
        read = [query[place] for place in places(query)]
        for needed in dict.fromkeys(read):
            if needed in inputs or needed in ordered:
                continue
            if needed in paths() and needed != current:
                visit(needed)
            else:
                msg = f"relation {name} lacks the table {needed}, which {current} reads"
                raise EngineError(msg)
        ordered[current] = with_inputs(query, inputs)

    visit(name)
    whole = with_ctes(ordered.pop(name), ordered)
    holes = sorted({token for token in whole if token.startswith("__")})
    if holes:
        msg = f"relation {name} has unfilled holes: {', '.join(holes)}"
        raise ValueError(msg)
    values = set()
    for token in whole:
        if token[0] == "$" and len(token) > 1:
            values.add(token[1:])
    return Template(chunks(whole), frozenset(values))
