"""The tokens of a query: what composing works on.

Parsing, copying and writing every relation anew took longer than deciding a few thousand events.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Tokens = tuple[str, ...]  # without comments; what separates two of them is one space

TOKEN = re.compile(
    r"""\s+ | --[^\n]* | /\*.*?\*/                                  # nothing
    | (?P<token> '(?:[^']|'')*' | "(?:[^"]|"")*"                    # a text, a quoted name
    | \$?[^\W\d]\w* | \d+(?:\.\d+)?(?:[eE][+-]?\d+)?                # a value, a name, a number
    | (?:(?!--|/\*)[^\s\w'"$(),.;])+ | . )""",  # an operator, a sign
    re.VERBOSE | re.DOTALL,
)
INPUT = "\x00"  # the mark before the name of an input


def split(text: str) -> Tokens:
    """A query's tokens.

    Spark's `LEFT SEMI JOIN` and `LEFT ANTI JOIN` lose the word that DuckDB does not know.

    >>> split("SELECT 'it''s', a.b -- a comment")
    ('SELECT', "'it''s'", ',', 'a', '.', 'b')
    """
    words = [match["token"] for match in TOKEN.finditer(text) if match["token"] is not None]
    following = [*words[1:], ""]
    kept = []
    for word, after in zip(words, following, strict=False):
        if word != "LEFT" or after not in ("SEMI", "ANTI"):
            kept.append(word)
    return tuple(kept)


def places(query: Tokens) -> list[int]:
    """Where a query names a table that it reads: behind FROM or JOIN, its own CTEs excepted.

    >>> query = split("WITH kin AS (SELECT 1) FROM kin JOIN person ON a IS DISTINCT FROM b")
    >>> [query[place] for place in places(query)]
    ['person']
    """
    own = _ctes(query)
    found = []
    for n in range(1, len(query)):
        if _names_table(query, n) and query[n] not in own:
            found.append(n)
    return found


def _ctes(query: Tokens) -> set[str]:
    """The names that a query gives to common table expressions."""
    names = set()
    for n in range(len(query) - 3):
        begins = query[n] in ("WITH", "RECURSIVE", ",")
        if begins and query[n + 2 : n + 4] == ("AS", "("):
            names.add(query[n + 1])
    return names


def _names_table(query: Tokens, n: int) -> bool:
    """Whether the token at `n` is the bare name of a table."""
    if query[n - 1] not in ("FROM", "JOIN"):
        return False
    is_column = n > 1 and query[n - 2] == "DISTINCT"
    is_part = query[n + 1 : n + 2] in ((".",), ("(",))
    if is_column or is_part:
        return False
    return query[n].isidentifier()


def fill(query: Tokens, structure: Mapping[str, Tokens]) -> Tokens:
    """Fill structural holes `__name__`; an empty filling takes the comma beside it along.

    >>> fill(split("SELECT patient, __codes__ FROM person"), {"__codes__": ()})
    ('SELECT', 'patient', 'FROM', 'person')
    """
    filled: list[str] = []
    skip = False
    for n, token in enumerate(query):
        if skip:
            skip = False
            continue
        is_column_of_table = n > 0 and query[n - 1] == "."
        if token not in structure or is_column_of_table:
            filled.append(token)
        elif structure[token]:
            filled += structure[token]
        elif filled and filled[-1] == ",":
            filled.pop()
        else:
            skip = query[n + 1 : n + 2] == (",",)
    return tuple(filled)


def with_inputs(query: Tokens, inputs: frozenset[str]) -> Tokens:
    r"""Mark each input at the places that read it, and let it keep its name there.

    >>> with_inputs(split("FROM person JOIN kin AS k"), frozenset({"person"}))
    ('FROM', '\x00person', 'AS', 'person', 'JOIN', 'kin', 'AS', 'k')
    """
    read = {n for n in places(query) if query[n] in inputs}
    marked: list[str] = []
    for n, token in enumerate(query):
        if n not in read:
            marked.append(token)
            continue
        marked.append(INPUT + token)
        if query[n + 1 : n + 2] != ("AS",):
            marked += ["AS", token]
    return tuple(marked)


def with_ctes(query: Tokens, ctes: Mapping[str, Tokens]) -> Tokens:
    """A query with what it depends on as common table expressions before its own.

    >>> " ".join(with_ctes(split("FROM kin"), {"kin": split("SELECT 1")}))
    'WITH kin AS ( SELECT 1 ) FROM kin'
    """
    if not ctes:
        return query
    before: list[str] = []
    for name, inner in ctes.items():
        before += [name, "AS", "(", *inner, ")", ","]
    if query[0] != "WITH":
        return ("WITH", *before[:-1], *query)
    words = 2 if query[1] == "RECURSIVE" else 1
    return (*query[:words], *before, *query[words:])


def chunks(query: Tokens) -> tuple[str, ...]:
    r"""The text of a query, cut at its inputs: a text, an input's name, a text ...

    >>> chunks(("FROM", "\x00person", "AS", "person"))
    ('FROM ', 'person', ' AS person ')
    """
    cut = [""]
    for token in query:
        if token.startswith(INPUT):
            cut += [token.removeprefix(INPUT), " "]
        else:
            cut[-1] += f"{token} "
    return tuple(cut)
