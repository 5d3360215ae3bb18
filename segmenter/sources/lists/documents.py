"""Lists and events that are JSON, or a form post that holds it.

A file is one document, an array of them, or one a line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.errors import SourceError
from segmenter.sources.files import SourceFile, unreadable
from segmenter.sources.jsonl import parse
from segmenter.sources.lists import written
from segmenter.sources.lists.entry import Document, Fault
from segmenter.sources.lists.recognition import body_of, mixed
from segmenter.sources.lists.senders import BODIES, mailgun, mandrill, mautic, ovh
from segmenter.sources.lists.signed import Signers
from segmenter.sources.lists.written import Listed, Reading, Row
from segmenter.sources.stage import Broken

if TYPE_CHECKING:
    from segmenter.engine import Engine

EXPORTED = ("exported_at", "exportedAt", "generated_at", "generatedAt")
EMPTY = Fault("an empty document")
PAGES = tuple(dict.fromkeys(body.holds for body in BODIES if body.holds))


def holds(file: SourceFile, start: bytes) -> bool:
    """Whether a file holds documents, by its first bytes."""
    if file.kind not in ("csv", "json"):
        return False
    form = start[:2] == b"--" and b"form-data" in start.lower()
    return form or start.startswith(mandrill.FORM) or start[:1] in (b"{", b"[")


def read_documents(engine: Engine, file: SourceFile, listed: Listed, how: Reading) -> None:
    """Append the entries of a file's documents to the list.

    All documents have to be one sender's.
    """
    if how.rename:
        path = None if file.remote else Path(file.path)
        raise SourceError("`rename` is for tables: this list is JSON", file=path)
    rows: list[Row] = []
    broken: list[Broken] = []
    signers, sender = Signers.configured(), ""
    for line, document in _documents(file):
        listed.count(file.origin)
        if isinstance(document, Broken):
            broken.append(document)
            continue
        listed.seen.update(document)
        _note_export(file, document, listed)
        if not document:
            broken.append(Broken(file.origin, line, EMPTY.rule, EMPTY.reason, ""))
            continue
        body = body_of(file, document, line, how.ignored)
        if body.holds:
            listed.seen.update(*document[body.holds])
        if sender not in ("", body.sender):
            raise mixed(file, (sender, body.sender), line)
        sender = body.sender
        for one in signers.vetted(sender, document, list(body.read(document))):
            if isinstance(one, Fault):
                broken.append(Broken(file.origin, line, one.rule, one.reason, ""))
            else:
                rows.append(Row(file.origin, line, one))
    if not sender and any(one.rule == "I5" for one in broken):
        raise unreadable(file, "is not JSON")
    rows += written.remains(broken, "")
    listed.broken += broken
    written.append(engine, listed.table, rows)


# -- the documents of a file -----------------------------------------------------------------------


def _documents(file: SourceFile) -> Iterator[tuple[int, Document | Broken]]:
    """Each document with its line (in an array or a page: its position)."""
    with file.open() as handle:
        content = handle.read()
    posted = mailgun.form(content)
    if posted is not None:
        yield 1, posted
        return
    text = mandrill.form(content) or content.decode("utf-8-sig", "surrogateescape")
    try:
        whole: Any = json.loads(text)
    except (ValueError, RecursionError):
        yield from _by_line(file, text)
        return
    for place, item in enumerate(_spread(whole), 1):
        yield place, _document(file, place, item)


def _by_line(file: SourceFile, text: str) -> Iterator[tuple[int, Document | Broken]]:
    for line, one in enumerate(text.split("\n"), 1):
        if not one.strip():
            continue
        found = parse(file, line, one)
        if isinstance(found, Broken):
            yield line, found
            continue
        for item in _spread(found):
            yield line, _document(file, line, item)


def _document(file: SourceFile, line: int, item: Any) -> Document | Broken:
    if isinstance(item, dict):
        return item
    return Broken(file.origin, line, "I5", "not a JSON object", "")


def _spread(whole: Any) -> list[Any]:
    """A list that one document holds, as one document an item.

    Each comes with what else the document says.
    """
    if isinstance(whole, list):
        return ovh.numbers(whole) or whole
    for name in PAGES:
        listed = whole.get(name) if isinstance(whole, dict) else None
        if name == mautic.PAGE and isinstance(listed, dict):
            listed = list(listed.values())  # each under its id
        if isinstance(listed, list) and listed:
            return [{**whole, name: [item]} for item in listed]
    return [whole]


def _note_export(file: SourceFile, document: Document, listed: Listed) -> None:
    """Keep the oldest export time that the file's envelope tells (S7)."""
    told = [document[name] for name in EXPORTED if isinstance(document.get(name), str)]
    if not told:
        return
    try:
        moment = datetime.fromisoformat(told[0])
    except ValueError:
        return
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    listed.exported_at[file.path] = min(moment, listed.exported_at.get(file.path, moment))
