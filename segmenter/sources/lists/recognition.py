"""Which layout a file has: exactly one claims it, or the file is refused.

A refusal names headers or keys, and never a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from segmenter.errors import SourceError
from segmenter.sources.column_names import headers
from segmenter.sources.files import SourceFile
from segmenter.sources.lists.entry import Document
from segmenter.sources.lists.layout import Body, TableLayout
from segmenter.sources.lists.senders import BODIES, TABLES, generic
from segmenter.sources.optout_columns import looks_like_optout, plain

BULK = 2  # columns of Amazon's bulk file
IGNORE = "to leave a column unread, name it in `ignored` (`--ignore COLUMN` of `suppress import`)"


# -- tables ----------------------------------------------------------------------------------------


def table_of(file: SourceFile, header: Sequence[str]) -> TableLayout:
    """The layout of a table; a column without a name is left out.

    `SourceError` if none claims it, several do, or it has an opt-out that nothing reads (R1).
    """
    seen = [name for name in header if name]
    found = claimants(seen)
    if len(found) != 1:
        raise _unknown(file, seen, found)
    _require_read(file, seen, found[0])
    return found[0]


def claimants(header: Sequence[str]) -> list[TableLayout]:
    """Every layout that claims a header.

    One's own list claims what no sender does, and what bears no sender's mark.
    """
    if _is_bulk(header):
        return [table for table in TABLES if table.width]
    found = [table for table in TABLES if not table.width and table.claims(header)]
    marked = {table.sender for table in TABLES if table.marks(header)}
    if found:
        return [*found, *_others(found, marked)]
    own = generic.TABLE
    repeated = [kind for kind in generic.KINDS if own.name(kind) in _twice(own, header)]
    return [own] if own.claims(header) and not marked and not repeated else []


def _others(found: Sequence[TableLayout], marked: set[str]) -> list[TableLayout]:
    """Layouts of other senders whose marks a header bears as well."""
    others = marked - {table.sender for table in found}
    first: dict[str, TableLayout] = {}
    for table in TABLES:
        first.setdefault(table.sender, table)
    return [first[sender] for sender in sorted(others)]


def _twice(table: TableLayout, header: Sequence[str]) -> set[str]:
    names = [table.name(name) for name in header]
    return {name for name in names if names.count(name) > 1}


def _is_bulk(header: Sequence[str]) -> bool:
    """Whether the first line is an address and why Amazon lists it: that file has no header."""
    if len(header) != BULK or "@" not in header[0]:
        return False
    return header[1].strip().upper() in ("BOUNCE", "COMPLAINT")


def _unknown(file: SourceFile, header: Sequence[str], found: Sequence[TableLayout]) -> SourceError:
    """The error for a table that is nobody's, or more than one's."""
    if found:
        senders = " and ".join(table.sender for table in found)
        return _refused(file, f"could be {senders}'s", f"headers seen: {headers(header)}")
    partly = [table for table in TABLES if table.marks(header)]
    if partly:
        table = min(partly, key=lambda one: len(one.lacks(header)))
        lacks = ", ".join(table.lacks(header)) or "nothing, but has columns that are not known"
        hint = f"headers seen: {headers(header)}"
        return _refused(file, f"is {table.sender}'s in part only: it lacks {lacks}", hint)
    kinds = ", ".join(generic.KINDS)
    hint = f"headers seen: {headers(header)}; a list of one's own has one of {kinds}"
    return _refused(file, "is not known", hint)


def _require_read(file: SourceFile, header: Sequence[str], table: TableLayout) -> None:
    """Refuse a column that looks like an opt-out and that nothing reads (R1)."""
    if table.width:
        return
    read = {table.name(name) for name in (*_read(table), *table.harmless)}
    left = [name for name in header if table.name(name) not in read and _doubtful(table, name)]
    if left:
        raise _unread_optouts(file, left)


def _unread_optouts(file: SourceFile, names: Sequence[str], line: int | None = None) -> SourceError:
    """The error for columns or keys that look like opt-outs and that nothing reads (R1).

    It may name them: in a file whose layout is recognised these are names, never values.
    """
    return SourceError(
        f"R1: the list {file.origin} has columns that may hold opt-outs and that nothing reads:"
        f" {', '.join(names)}",
        rule="R1",
        file=_path(file),
        line=line,
        hint=IGNORE,
    )


def _doubtful(table: TableLayout, name: str) -> bool:
    """Whether a column that a layout does not name may say that somebody is opted out, or in."""
    if table is generic.TABLE:
        return looks_like_optout(name) or generic.unclear(name)
    if table.rest is not None and table.rest(name) is not None:
        return False
    return looks_like_optout(name) or any(sign in plain(name) for sign in table.signs)


def _read(table: TableLayout) -> list[str]:
    """The columns that a layout reads, or needs."""
    if table is generic.TABLE:
        return [*generic.KINDS, *generic.SCOPES]
    names = [one.column for one in table.says] + [one.smtp for one in table.says]
    names += [name for candidates in table.identifiers.values() for name in candidates]
    return [*names, *table.needs]


# -- documents -------------------------------------------------------------------------------------


def bodies_of(document: Document) -> list[Body]:
    """Every layout that claims a document; of an empty page, which says nothing, one of them."""
    found = []
    empty_pages = []
    for body in BODIES:
        if body.claims(document):
            found.append(body)
            if body.holds and not document[body.holds]:
                empty_pages.append(body)
    return empty_pages[:1] if empty_pages == found else found


def body_of(file: SourceFile, document: Document, line: int, ignored: Sequence[str] = ()) -> Body:
    """The layout of a document.

    `SourceError` if none claims it, several do, or it has an opt-out that nothing reads (R1).
    """
    found = bodies_of(document)
    if len(found) == 1:
        left = found[0].unread(document, ignored)
        if left:
            raise _unread_optouts(file, left, line)
        return found[0]
    what = (
        f"could be {' and '.join(sorted({b.sender for b in found}))}'s" if found else "is not known"
    )
    raise _refused(file, what, f"keys seen: {keys_of(document)}", line)


def keys_of(document: Document) -> str:
    """The keys of a document, and of the first item of a list that it holds, for a message."""
    names = list(document)
    for key, value in document.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            names += [f"{key}.{name}" for name in value[0]]
    return headers(names)


def mixed(file: SourceFile, senders: Sequence[str], line: int) -> SourceError:
    """The error for a file of several senders' documents."""
    hint = "give each sender a file of its own"
    return _refused(file, f"changes from {senders[0]}'s to {senders[1]}'s", hint, line)


def _refused(file: SourceFile, what: str, hint: str, line: int | None = None) -> SourceError:
    message = f"the layout of the list {file.origin} {what}"
    return SourceError(message, file=_path(file), line=line, hint=hint)


def _path(file: SourceFile) -> Path | None:
    return None if file.remote else Path(file.path)
