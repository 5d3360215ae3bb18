"""Tabular lists, in sets: each column that says something is read by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.errors import SourceError
from segmenter.sources.csv import CsvReader, open_csv
from segmenter.sources.files import SourceFile
from segmenter.sources.lists import written
from segmenter.sources.lists.layout import SLOTS, UNREAD, Says, TableLayout
from segmenter.sources.lists.recognition import table_of
from segmenter.sources.lists.senders import generic
from segmenter.sources.lists.words import STANDS, Words
from segmenter.sources.lists.written import Listed, Reading
from segmenter.sources.readers import Reader, reader
from segmenter.sources.stage import Stage

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine, Engine, Table

NONE = "none"  # a staged column that is empty
CONTACTS = ("email", "phone", "postal")  # what a channel may use
TABULAR = ("parquet", "excel", "csv")


@dataclass(frozen=True, slots=True)
class BoundColumn:
    """What a column says, and where it, the server's answer and the time stand in a file."""

    says: Says
    said: int | None
    answer: int | None
    since: int | None


def read_table(engine: DuckDBEngine, file: SourceFile, listed: Listed, how: Reading) -> None:
    """Append the entries of one tabular file to the list."""
    found = reader(engine, file, _form(file, how.form))
    listed.seen.update(found.header)
    header = renamed(found.header, how)
    table = table_of(file, header)
    if table.width:
        layout = open_csv(engine, file).layout
        names = (*table.identifiers["email"], table.says[0].column)
        found = CsvReader(engine, file, replace(layout, header=names, skip=0))
        header = list(names)
    with engine.scope():
        stage, wide = _staged(engine, file, listed, table, header, found)
        if stage.remains:
            reads = {"broken_line": stage.broken_lines()}
            engine.add(listed.table, "list_remains", reads=reads, values={"channel": wide})
        listed.count(file.origin, stage.read())
    written.append(engine, listed.table, list(written.remains(stage.broken, wide)))
    listed.broken += stage.broken


def _form(file: SourceFile, form: str | None) -> str | None:
    """How to open it: a file that is named after JSON and does not begin like it is a CSV."""
    if form in TABULAR:
        return form
    return "csv" if file.kind == "json" else None


def renamed(header: Sequence[str], how: Reading) -> list[str]:
    """The header under our names; what is ignored has none."""
    ours = {theirs: name for name, theirs in how.rename.items()}
    ours |= dict.fromkeys(how.ignored, "")
    return [ours.get(name, name) for name in header]


def _staged(
    engine: DuckDBEngine,
    file: SourceFile,
    listed: Listed,
    table: TableLayout,
    header: Sequence[str],
    found: Reader,
) -> tuple[Stage, str]:
    """Stage the rows and append their entries.

    Gives the stage, and the widest channel that a broken line may mean.
    """
    if table is generic.TABLE:
        return _generic(engine, file, listed, header, found)
    bound = bind(table, header)
    columns = _columns(table, header, bound)
    stage = Stage.make(engine, listed.source, list(columns))
    found.load(stage, list(columns.values()))
    for number, one in enumerate(bound):
        _add(engine, listed.table, stage, number, one, table.slots(header))
    channels = {one.says.channel for one in bound}
    return stage, "" if channels <= {""} else "*"


def bind(table: TableLayout, header: Sequence[str]) -> list[BoundColumn]:
    """Everything that the columns of a header say.

    A column that stands there several times says it each time.
    """
    names = [table.name(name) for name in header]

    def first(column: str) -> int | None:
        wanted = table.name(column)
        return names.index(wanted) if column and wanted in names else None

    found = []
    for says in table.says:
        answer, since = first(says.smtp), first(says.since)
        if not says.column:
            found.append(BoundColumn(says, None, answer, since))
        wanted = table.name(says.column)
        for place, name in enumerate(names):
            if says.column and name == wanted:
                at = place if says.since == says.column else since
                found.append(BoundColumn(says, place, answer, at))
    return [*found, *_rest(table, header, names)]


def _rest(table: TableLayout, header: Sequence[str], names: Sequence[str]) -> list[BoundColumn]:
    """What columns say that the layout does not name."""
    if table.rest is None:
        return []
    known = [one.column for one in table.says] + [*table.needs, *table.harmless]
    known += [name for candidates in table.identifiers.values() for name in candidates]
    read = {table.name(name) for name in known}
    found = []
    for place, name in enumerate(names):
        says = table.rest(header[place]) if name and name not in read else None
        if says is not None:
            found.append(BoundColumn(says, place, None, None))
    return found


def _columns(
    table: TableLayout, header: Sequence[str], bound: Sequence[BoundColumn]
) -> dict[str, int | None]:
    """The staged columns and where each stands in the file."""
    slots = table.slots(header)
    columns: dict[str, int | None] = {slot: slots.get(slot) for slot in SLOTS}
    columns[NONE] = None
    for number, one in enumerate(bound):
        columns[f"said_{number}"] = one.said
        columns[f"answer_{number}"] = one.answer
        columns[f"since_{number}"] = one.since
    return columns


def _add(
    engine: Engine, into: Table, stage: Stage, number: int, bound: BoundColumn, slots: Iterable[str]
) -> None:
    """Append what one column says of the identifiers that the file has."""
    says = bound.says
    shown = {slot: slot if not says.of or slot in says.of else NONE for slot in SLOTS}
    shown |= {name: f"{name}_{number}" for name in ("said", "answer", "since")}
    rows = stage.shown(shown)
    scope: dict[str, object] = {"channel": says.channel, "topic": says.topic, "unread": UNREAD}
    if says.smtp:
        engine.add(into, "list_bounced", reads={"raw_list": rows}, values=scope)
        return
    reads = {"raw_list": rows, "list_word": _words(engine, says.words)}
    scope |= {"slots": ["email", *slots], "other": says.other, "free": says.free}
    engine.add(into, "list_said", reads=reads, values=scope)


def _words(engine: Engine, words: Words) -> Table:
    """The words of a column, each with its reason: word, reason."""
    import polars as pl

    rows = [(word.lower(), reason) for word, reason in words.items()]
    schema = {"word": pl.String, "reason": pl.String}
    return engine.load(pl.DataFrame(rows, schema=schema, orient="row"))


# -- one's own list --------------------------------------------------------------------------------


def _generic(
    engine: DuckDBEngine, file: SourceFile, listed: Listed, header: Sequence[str], found: Reader
) -> tuple[Stage, str]:
    slots, scopes = generic.TABLE.slots(header), generic.places(header)
    columns = {slot: slots.get(slot) for slot in SLOTS}
    columns |= {name: scopes.get(name) for name in generic.SCOPES}
    stage = Stage.make(engine, listed.source, list(columns))
    found.load(stage, list(columns.values()))
    words = _words(engine, STANDS if "status" in scopes else {})
    before = engine.count(listed.table)
    contacts = " ".join(kind for kind in CONTACTS if kind in slots)
    values: dict[str, object] = {"standing": "status" in scopes, "unread": UNREAD}
    values |= {"contacts": contacts, "slots": ["email", *slots]}
    reads = {"raw_list": stage.shown(), "list_word": words}
    engine.add(listed.table, "list_generic", reads=reads, values=values)
    _require_clear(engine, file, listed.table, before)
    return stage, "*" if "channel" in scopes else ""


def _require_clear(engine: Engine, file: SourceFile, table: Table, before: int) -> None:
    """Refuse one's own list if a status in it is a word that is not known."""
    reads, values = {"list_written": table}, {"first": before}
    ((line,),) = engine.rows("list_unclear", reads=reads, values=values)
    if line is not None:
        raise SourceError(
            f"the list {file.origin} has a `status` that is not known:"
            " who is opted out cannot be said",
            file=None if file.remote else Path(file.path),
            line=int(line),
            hint="expected words such as unsubscribed, subscribed, désabonné, bounced;"
            " if every row is an opt-out, leave the column out (`ignored: [status]`)",
        )
