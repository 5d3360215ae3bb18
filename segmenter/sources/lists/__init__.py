"""Suppression lists in the layouts of real senders, told by shape and not by name; each file of a pattern by itself.

`read` makes an engine's table of entries as they were written; `hashed` turns it into entries that
hold keyed hashes alone. The ingest uses both for declared feeds, and `suppress import` for single
files. An unknown layout is refused, naming the headers seen and never a value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.errors import SourceError
from segmenter.model import ANY
from segmenter.sources import stage as staging
from segmenter.sources.csv import CsvReader, open_csv
from segmenter.sources.files import SourceFile, head, unreadable
from segmenter.sources.jsonl import as_text, parse
from segmenter.sources.lists import (
    brevo,
    generic,
    hubspot,
    listmonk,
    mailchimp,
    mailgun,
    postmark,
    sendgrid,
    sendgrid_csv,
    ses,
    ses_bulk,
)
from segmenter.sources.lists.entry import COLUMNS, Document, Entry, Fault, Found
from segmenter.sources.lists.signed import Signers
from segmenter.sources.readers import reader
from segmenter.sources.stage import Broken, Stage, headers
from segmenter.sqlexpr.columns import instant

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine
    from segmenter.project.policy import Policy
    from segmenter.sources.lists.table import Table
    from segmenter.store.keys import Keys

TABLES: tuple[Table, ...] = (
    ses_bulk.TABLE,
    mailchimp.TABLE,
    sendgrid_csv.TABLE,
    listmonk.TABLE,
    hubspot.TABLE,
    generic.TABLE,
)
DOCUMENTS: tuple[tuple[str, Callable[[Document], bool], Callable[[Document], Found]], ...] = (
    ("ses", ses.knows, ses.read),
    ("postmark", postmark.knows, postmark.read),
    ("brevo", brevo.knows, brevo.read),
    ("mailgun", mailgun.knows, mailgun.read),
    ("sendgrid", sendgrid.knows, sendgrid.read),
)
EXPORTED = ("exported_at", "exportedAt", "generated_at", "generatedAt")
LISTS = ("contacts", ses.LIST, postmark.LIST, "items")  # where a document holds one
WRITTEN = "list_written"
BATCH = 50_000
PART = 4 * 122_880  # entries hashed at a time, in whole groups of rows


@dataclass(slots=True)
class Listed:
    """What was read from the files of one list: `read` counts rows and events, `entries` those that name somebody.

    `exported_at` has, by the path of a file, the oldest export time that its envelope told.
    `broken` are lines that could not be read; problems of single entries come with `hashed`.
    """

    source: str
    read: int = 0
    entries: int = 0
    exported_at: dict[str, datetime] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)


def read(
    engine: DuckDBEngine, files: Sequence[SourceFile], source: str, form: str | None = None
) -> Listed:
    """Make the table `list_written` (origin, line, kind, value, channel, purpose, topic, reason, since, until, event: as written).

    Raises `SourceError` for a file that cannot be read or whose layout is unknown.
    """
    engine.create(
        WRITTEN, {"origin": "VARCHAR", "line": "BIGINT", **dict.fromkeys(COLUMNS, "VARCHAR")}
    )
    if not engine.has(staging.FILES):
        staging.prepare(engine)
    listed = Listed(source)
    for file in files:
        start = head(file, 4096).removeprefix(b"\xef\xbb\xbf").lstrip()
        if file.kind in ("csv", "json") and start[:1] in (b"{", b"["):
            _read_documents(engine, file, listed)
        elif start[:2] == b"--" and b"form-data" in start.lower():
            _read_form(engine, file, listed)
        elif start:
            _read_table(engine, file, listed, form)
    listed.entries = engine.count(WRITTEN)
    return listed


def silent(engine: DuckDBEngine, listed: Listed) -> int:
    """How many of the rows and events that were read say nothing of anybody: subscribed, delivered, opened. Before `hashed`."""
    import polars as pl

    told = [(one.origin, one.line) for one in listed.broken]
    engine.load(
        "list_broken",
        pl.DataFrame(told, schema={"origin": pl.String, "line": pl.Int64}, orient="row"),
    )
    ((telling,),) = engine.rows("list_telling")
    engine.drop("list_broken")
    return max(listed.read - int(telling), 0)


def of_path(path: Path) -> SourceFile:
    """A file given on the command line."""
    return SourceFile(str(path.absolute()), path.name)


# -- tables ----------------------------------------------------------------------------------------


def _read_table(engine: DuckDBEngine, file: SourceFile, listed: Listed, form: str | None) -> None:
    from sqlglot import exp

    found = reader(
        engine,
        file,
        form if form in ("parquet", "excel", "csv") else ("csv" if file.kind == "json" else None),
    )
    table, places = _recognised(file, found.header)
    if table.headerless:
        layout = open_csv(engine, file).layout
        found = CsvReader(engine, file, replace(layout, header=table.columns, skip=0))
    stage = Stage.make(engine, listed.source, "staged_list", table.columns)
    found.load(stage, [places.get(name) for name in table.columns])
    stage.show("raw_list")
    structure = {
        f"__{name}__": exp.true() if name in places else exp.false()
        for name in ("status", "ip", "reason")
    }
    engine.view("list_found", table.relation, structure)
    engine.add(WRITTEN, "list_table")
    if table is generic.TABLE and stage.tell_broken():
        engine.add(WRITTEN, "list_remains")
    listed.read += stage.read()
    listed.broken += stage.broken
    engine.forget(["list_found"])
    engine.drop(stage.table)


def _recognised(file: SourceFile, header: Sequence[str]) -> tuple[Table, dict[str, int]]:
    for table in TABLES:
        places = table.recognise(header)
        if places is not None:
            return table, places
    msg = f"the layout of the list {file.origin} is not known"
    raise SourceError(
        msg,
        hint=f"headers seen: {headers(header)}; a generic list has one of {', '.join(generic.KINDS)}",
    )


# -- documents -------------------------------------------------------------------------------------


def _read_documents(engine: DuckDBEngine, file: SourceFile, listed: Listed) -> None:
    known, seen, signers = False, list[str](), Signers.configured()
    rows: list[tuple[str, int, Entry]] = []
    for line, document in _documents(file):
        listed.read += 1
        if isinstance(document, Broken):
            listed.broken.append(document)
            continue
        name, entries = _interpreted(document)
        known = known or name is not None
        seen += [key for key in document if key not in seen][: staging.SHOWN]
        _note_export(file, document, listed)
        for entry in signers.vetted(name, document, entries):
            if isinstance(entry, Fault):
                listed.broken.append(Broken(file.origin, line, entry.rule, entry.reason, ""))
            else:
                rows.append((file.origin, line, entry))
    if not known and seen:
        msg = f"the layout of the list {file.origin} is not known"
        raise SourceError(msg, hint=f"keys seen: {headers(seen)}")
    if (
        not known
        and not rows
        and any(b.rule == "I5" and b.origin == file.origin for b in listed.broken)
    ):
        raise unreadable(file, "is not JSON")
    _append(engine, rows)


def _interpreted(document: Document) -> tuple[str | None, list[Entry | Fault]]:
    for name, knows, interpret in DOCUMENTS:
        if knows(document):
            return name, list(interpret(document))
    return None, [Fault("unknown kind of event")]


def _documents(file: SourceFile) -> Iterator[tuple[int, Document | Broken]]:
    """The objects of a file: one document, an array of them, or one a line."""
    with file.open() as handle:
        content = handle.read()
    text = content.decode("utf-8-sig", "surrogateescape")
    try:
        whole: Any = json.loads(text)
    except (ValueError, RecursionError):
        for line, one in enumerate(text.split("\n"), 1):
            if one.strip():
                yield line, parse(file, line, one)
        return
    for place, item in enumerate(_spread(whole), 1):
        yield (
            place,
            item
            if isinstance(item, dict)
            else Broken(file.origin, place, "I5", "not a JSON object", ""),
        )


def _spread(whole: Any) -> list[Any]:
    """A list that one document holds, as one document an item, each with what else the document says."""
    if isinstance(whole, list):
        return whole
    for name in LISTS:
        if isinstance(whole, dict) and isinstance(whole.get(name), list) and whole[name]:
            return [{**whole, name: [item]} for item in whole[name]]
    return [whole]


def _note_export(file: SourceFile, document: Document, listed: Listed) -> None:
    told = next((document[name] for name in EXPORTED if isinstance(document.get(name), str)), None)
    if told is None:
        return
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        return
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    listed.exported_at[file.path] = min(moment, listed.exported_at.get(file.path, moment))


def _read_form(engine: DuckDBEngine, file: SourceFile, listed: Listed) -> None:
    with file.open() as handle:
        document = mailgun.form(handle.read())
    if document is None or not mailgun.knows(document) or "event" not in document:
        msg = f"the layout of the list {file.origin} is not known"
        raise SourceError(msg, hint=f"fields seen: {headers(list(document or ()))}")
    listed.read += 1
    for entry in Signers.configured().vetted("mailgun", document, list(mailgun.read(document))):
        if isinstance(entry, Fault):
            listed.broken.append(Broken(file.origin, 1, entry.rule, entry.reason, ""))
        else:
            _append(engine, [(file.origin, 1, entry)])


def _append(engine: DuckDBEngine, rows: Sequence[tuple[str, int, Entry]]) -> None:
    import polars as pl

    schema = {"origin": pl.String, "line": pl.Int64, **dict.fromkeys(COLUMNS, pl.String)}
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        data = [
            (
                o,
                n,
                e.kind,
                as_text(e.value),
                "",
                "",
                "",
                e.reason,
                as_text(e.since),
                "",
                as_text(e.event),
            )
            for o, n, e in part
        ]
        engine.append(WRITTEN, pl.DataFrame(data, schema=schema, orient="row"))


# -- hashes ----------------------------------------------------------------------------------------


def hashed(
    engine: DuckDBEngine, keys: Keys, policy: Policy, listed: Listed, channel: str | None, into: str
) -> list[tuple[Any, ...]]:
    """Append what `list_written` says to the ready table `into` (columns of the snapshot's `suppression`); gives the rows to be told of.

    What a list says twice comes twice; `list_once` has each once. The rows to be told of are
    (source, origin, line, rule, reason, content): lines that could not be read, that name nobody
    (S5), or whose scope or end had to be taken in the widest sense. The tables with plain
    identifiers are dropped.
    """
    from segmenter.identifiers import hash_values

    scopes = {
        "channels": ["", ANY, *policy.channels],
        "purposes": ["", ANY, *policy.purposes],
        "topics": ["", ANY, *policy.topics],
    }
    values = {
        "source": listed.source,
        "channel": channel or ANY,
        "time_zone": policy.time_zone,
        **scopes,
    }
    told: dict[Any, tuple[Any, ...]] = {}
    for first in range(0, listed.entries, PART):
        part = {**values, "first": first, "after": first + PART}
        engine.make(
            "list_entry_read",
            "list_entry",
            part,
            {"__since__": instant("since"), "__until__": instant("until")},
        )
        hash_values(engine, keys, policy.region, "list_entry_read", "list_hash")
        engine.add(into, "list_hashed")
        for row in engine.rows("list_problem"):
            told[row[:3]] = min(
                row, told.get(row[:3], row)
            )  # a line that names several may lie in two parts
    for table in (WRITTEN, "list_entry_read", "list_hash"):
        engine.drop(table)
    broken = [(listed.source, b.origin, b.line, b.rule, b.reason, b.content) for b in listed.broken]
    return sorted([*told.values(), *broken], key=lambda row: row[:4])
