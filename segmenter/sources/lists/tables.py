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
from segmenter.sources.lists.layout import SLOTS, UNREAD, Says, Table
from segmenter.sources.lists.recognition import table_of
from segmenter.sources.lists.senders import generic
from segmenter.sources.lists.words import STANDS, Words
from segmenter.sources.lists.written import WRITTEN, Listed, Reading
from segmenter.sources.readers import Reader, reader
from segmenter.sources.stage import Stage

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine

NONE = "none"  # a staged column that is empty
CONTACTS = ("email", "phone", "postal")  # what a channel may use
TABULAR = ("parquet", "excel", "csv")


@dataclass(frozen=True, slots=True)
class Bound:
    """What a column says, and where it, the server's answer and the time stand in a file."""

    says: Says
    said: int | None
    answer: int | None
    since: int | None


def read_table(engine: DuckDBEngine, file: SourceFile, listed: Listed, how: Reading) -> None:
    """Append the entries of one table to `list_written`."""
    found = reader(engine, file, _form(file, how.form))
    listed.seen.update(found.header)
    header = renamed(found.header, how)
    table = table_of(file, header)
    if table.width:
        layout = open_csv(engine, file).layout
        names = (*table.identifiers["email"], table.says[0].column)
        found = CsvReader(engine, file, replace(layout, header=names, skip=0))
        header = list(names)
    stage, wide = _staged(engine, file, listed, table, header, found)
    if stage.tell_broken():
        engine.add(WRITTEN, "list_remains", {"channel": wide})
    written.append(engine, list(written.remains(stage.broken, wide)))
    listed.count(file.origin, stage.read())
    listed.broken += stage.broken
    engine.drop(stage.table)


def _form(file: SourceFile, form: str | None) -> str | None:
    """How to open it: a file that is named after JSON and does not begin like it is a CSV."""
    if form in TABULAR:
        return form
    return "csv" if file.kind == "json" else None


def renamed(header: Sequence[str], how: Reading) -> list[str]:
    """The header under our names; what is ignored has none."""
    ours = {theirs: name for name, theirs in how.rename.items()}
    return ["" if name in how.ignored else ours.get(name, name) for name in header]


def _staged(
    engine: DuckDBEngine,
    file: SourceFile,
    listed: Listed,
    table: Table,
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
    stage = Stage.make(engine, listed.source, "staged_list", list(columns))
    found.load(stage, list(columns.values()))
    for number, one in enumerate(bound):
        _add(engine, stage, number, one, table.slots(header))
    channels = {one.says.channel for one in bound}
    return stage, "" if channels <= {""} else "*"


def bind(table: Table, header: Sequence[str]) -> list[Bound]:
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
            found.append(Bound(says, None, answer, since))
        wanted = table.name(says.column)
        for place, name in enumerate(names):
            if says.column and name == wanted:
                at = place if says.since == says.column else since
                found.append(Bound(says, place, answer, at))
    return [*found, *_rest(table, header, names)]


def _rest(table: Table, header: Sequence[str], names: Sequence[str]) -> list[Bound]:
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
            found.append(Bound(says, place, None, None))
    return found


def _columns(table: Table, header: Sequence[str], bound: Sequence[Bound]) -> dict[str, int | None]:
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
    engine: DuckDBEngine, stage: Stage, number: int, bound: Bound, slots: Iterable[str]
) -> None:
    """Append what one column says of the identifiers that the file has."""
    says = bound.says
    shown = {slot: slot if not says.of or slot in says.of else NONE for slot in SLOTS}
    shown |= {name: f"{name}_{number}" for name in ("said", "answer", "since")}
    stage.show("raw_list", shown)
    scope: dict[str, object] = {"channel": says.channel, "topic": says.topic, "unread": UNREAD}
    if says.smtp:
        engine.add(WRITTEN, "list_bounced", scope)
        return
    _load_words(engine, says.words)
    scope["slots"] = ["email", *slots]
    engine.add(WRITTEN, "list_said", {**scope, "other": says.other, "free": says.free})


def _load_words(engine: DuckDBEngine, words: Words) -> None:
    import polars as pl

    rows = [(word.lower(), reason) for word, reason in words.items()]
    schema = {"word": pl.String, "reason": pl.String}
    engine.load("list_word", pl.DataFrame(rows, schema=schema, orient="row"))


# -- one's own list --------------------------------------------------------------------------------


def _generic(
    engine: DuckDBEngine, file: SourceFile, listed: Listed, header: Sequence[str], found: Reader
) -> tuple[Stage, str]:
    slots, scopes = generic.TABLE.slots(header), generic.places(header)
    columns = {slot: slots.get(slot) for slot in SLOTS}
    columns |= {name: scopes.get(name) for name in generic.SCOPES}
    stage = Stage.make(engine, listed.source, "staged_list", list(columns))
    found.load(stage, list(columns.values()))
    stage.show("raw_list")
    _load_words(engine, STANDS if "status" in scopes else {})
    before = engine.count(WRITTEN)
    contacts = " ".join(kind for kind in CONTACTS if kind in slots)
    values: dict[str, object] = {"standing": "status" in scopes, "unread": UNREAD}
    values |= {"contacts": contacts, "slots": ["email", *slots]}
    engine.add(WRITTEN, "list_generic", values)
    _require_clear(engine, file, before)
    return stage, "*" if "channel" in scopes else ""


def _require_clear(engine: DuckDBEngine, file: SourceFile, before: int) -> None:
    """Refuse one's own list if a status in it is a word that is not known."""
    ((line,),) = engine.rows("list_unclear", {"first": before})
    if line is not None:
        raise SourceError(
            f"the list {file.origin} has a `status` that is not known:"
            " who is opted out cannot be said",
            file=None if file.remote else Path(file.path),
            line=int(line),
            hint="expected words such as unsubscribed, subscribed, désabonné, bounced;"
            " if every row is an opt-out, leave the column out (`ignored: [status]`)",
        )
