"""SQL files -> Relation: load, compose, bind.

One relation a file; the file's stem is its name, unique over all folders. Three kinds of hole: values (`$as_of`, always bound by
the engine), relations (a table name equal to another stem is a dependency and becomes a CTE, unless it is already materialised),
structure (`__dimensions__`, `__condition__`, or a table `__fact__`: replaced on the sqlglot tree, never in text).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

Structure = Mapping[str, "exp.Expr | Sequence[exp.Expr]"]


@dataclass(frozen=True, slots=True)
class Relation:
    """A composed query: text for the engine, and the names of the values it needs."""

    name: str
    sql: str
    values: frozenset[str]


def folder() -> Path:
    """Where the SQL files are: inside the installed package, else the checkout's top-level `sql/`."""
    inside = Path(str(resources.files("segmenter"))) / "sql"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "sql"


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


def needs(query: exp.Expr) -> list[str]:
    """The relations a query reads, in order of first mention (its own CTE names excepted)."""
    from sqlglot import exp

    own = {cte.alias for cte in query.find_all(exp.CTE)}
    names = [t.name for t in query.find_all(exp.Table) if not t.db and t.name not in own]
    return [n for n in dict.fromkeys(names) if n in paths()]


def fill(query: exp.Expr, structure: Structure) -> exp.Expr:
    """Replace the structural holes `__name__` (columns, or tables: then a bare `exp.Table` is given) by the given expressions."""
    from sqlglot import exp

    for table in list(query.find_all(exp.Table)):
        if table.name in structure and not table.db:
            given = structure[table.name]
            assert isinstance(given, exp.Table)
            table.set("this", given.this.copy())
    for column in list(query.find_all(exp.Column)):
        if column.name in structure and not column.table:
            given = structure[column.name]
            if isinstance(given, exp.Expr):
                column.replace(given.copy())
            else:
                parent, key = column.parent, column.arg_key
                assert parent is not None
                assert key is not None
                parent.set(key, [new for old in parent.args[key] for new in ([e.copy() for e in given] if old is column else [old])])
    return query


def compose(name: str, structure: Structure | None = None, ready: frozenset[str] = frozenset()) -> Relation:
    """The relation `name` with all it depends on as CTEs; relations named in `ready` are tables that exist already.

    A structural hole left unfilled is an error: `ValueError`. What was composed once is kept: a job asks the same again and again.
    """
    known = (name, ready.intersection(paths()), tuple((hole, *_texts(given)) for hole, given in sorted((structure or {}).items())))
    if known not in _composed:
        _composed[known] = _compose(name, structure, ready)
    return _composed[known]


_composed: dict[tuple[object, ...], Relation] = {}


def _texts(given: exp.Expr | Sequence[exp.Expr]) -> Iterator[str]:
    """What tells one structure from another: kind and text of each expression."""
    from sqlglot import exp

    for expression in [given] if isinstance(given, exp.Expr) else given:
        yield f"{type(expression).__name__} {expression.sql(dialect='duckdb')}"


def _compose(name: str, structure: Structure | None, ready: frozenset[str]) -> Relation:
    from sqlglot import exp

    ordered: dict[str, exp.Expr] = {}

    def visit(current: str) -> None:
        query = fill(tree(current).copy(), structure) if structure else tree(current)
        for needed in needs(query):
            if needed not in ready and needed not in ordered and needed != current:
                visit(needed)
        ordered[current] = query

    visit(name)
    main = ordered.pop(name)
    ctes = [exp.CTE(this=q.copy(), alias=exp.TableAlias(this=exp.to_identifier(n))) for n, q in ordered.items()]
    if ctes:
        main = main.copy()
        own = main.args.get("with_")
        mine = list(own.expressions) if own is not None else []
        main.set("with_", exp.With(expressions=[*ctes, *mine], recursive=False))
    holes = sorted({c.name for c in main.find_all(exp.Column, exp.Table) if c.name.startswith("__")})
    if holes:
        msg = f"relation {name} has unfilled holes: {', '.join(holes)}"
        raise ValueError(msg)
    values = frozenset(str(p.this) for p in main.find_all(exp.Placeholder))
    return Relation(name, main.sql(dialect="duckdb"), values)
