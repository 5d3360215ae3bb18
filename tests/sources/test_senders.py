"""Every sender's files against every sender's reader: exactly one claims each, and none is read
half.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from segmenter.engine import DuckDBEngine
from segmenter.errors import SourceError
from segmenter.private.keys import Keys
from segmenter.registers.entries import COLUMNS
from segmenter.sources import lists
from segmenter.sources.lists import documents, recognition
from segmenter.sources.lists.entry import Entry
from segmenter.sources.lists.senders import BODIES, TABLES
from world.policies import CLINIC, policy_of

FOLDER = Path(__file__).parent / "senders"
POLICY = policy_of(CLINIC, {})


@dataclass(frozen=True)
class Sample:
    """One file as a sender writes it, and whom it suppresses: kind, value, reason, channel."""

    sender: str
    what: str
    source: str
    name: str
    content: str
    entries: list[tuple[str, str, str, str]]

    def __str__(self) -> str:
        return f"{self.sender}, {self.what}"


def samples() -> Iterator[Sample]:
    for file in sorted(FOLDER.glob("*.yaml")):
        for one in YAML(typ="safe").load(file.read_text(encoding="utf-8")):
            entries = [tuple(entry) for entry in one.pop("entries")]
            yield Sample(**one, entries=entries)


SAMPLES = list(samples())
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=str)
TABULAR = [one for one in SAMPLES if one.name.endswith(".csv") and one.what != "bulk file"]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with DuckDBEngine(tmp_path_factory.mktemp("spill"), None) as engine:
        yield engine


@dataclass(frozen=True)
class Outcome:
    """What reading a file gave: entries, the lines that name somebody or are told of, and all lines
    told of.
    """

    entries: list[tuple[str, str, str, str]]
    noticed: set[int]
    values: set[str]  # of entries that nothing is told of


def read(engine, folder, sample, content=None, how=None) -> Outcome:
    """Read a file to the end, as an ingest does."""
    file = folder / sample.name
    file.write_text(sample.content if content is None else content, encoding="utf-8")
    listed = lists.read(engine, [lists.of_path(file)], "x", how)
    rows = engine.connection.execute(
        f"SELECT line, kind, value, reason, channel, told FROM {listed.table.name} ORDER BY line"
    ).fetchall()
    new = engine.create(COLUMNS)
    told = lists.hashed(engine, Keys(b"k" * 32), POLICY, listed, None, new)
    entries = sorted(row[1:5] for row in rows)
    noticed = {row[0] for row in rows} | {one[2] for one in told}
    return Outcome(entries, noticed, {row[2] for row in rows if not row[5]})


@every_sample
def test_a_sample_suppresses_whom_it_says(engine, tmp_path, sample):
    assert read(engine, tmp_path, sample).entries == sorted(sample.entries)


@every_sample
def test_a_sample_names_its_source(sample):
    assert sample.source.strip()


def test_every_layout_has_a_sample():
    tables = {id(table) for one in TABULAR for table in recognition.claimants(header(one))}
    assert [t for t in TABLES if id(t) not in tables and not t.width] == []
    claimed = {id(body) for one in SAMPLES for doc in bodies(one) for body in claims(doc)}
    missing = [body for body in BODIES if id(body) not in claimed]
    assert sorted((body.sender, body.needs) for body in missing) == [
        ("Amazon SES", ("notificationType",)),  # that it began to send events, which names nobody
        ("Mailgun", ("event",)),  # its older form posts, which are no JSON
    ]


# -- the matrix ------------------------------------------------------------------------------------


def header(sample) -> list[str]:
    return next(rows(sample.content))


def rows(content) -> Iterator[list[str]]:
    first = content.splitlines()[0]
    yield from csv.reader(io.StringIO(content), delimiter=";" if ";" in first else ",")


def bodies(sample) -> list[dict]:
    """The documents of a sample, one an item."""
    if sample in TABULAR or sample.what == "bulk file":
        return []
    posted = documents.mandrill.form(sample.content.encode())
    text = posted or sample.content
    try:
        whole = [json.loads(text)]
    except ValueError:
        whole = [json.loads(line) for line in text.splitlines()]
    return [document for one in whole for document in documents._spread(one)]


def claims(document) -> list:
    return [body for body in BODIES if body.claims(document)]


@every_sample
def test_exactly_one_layout_claims_each_document_of_a_sample(sample):
    for document in bodies(sample):
        assert [body.sender for body in claims(document)] == [sample.sender]


@pytest.mark.parametrize("sample", TABULAR, ids=str)
def test_exactly_one_layout_claims_the_header_of_a_sample(sample):
    assert [table.sender for table in recognition.claimants(header(sample))] == [sample.sender]


@pytest.mark.parametrize("sample", TABULAR, ids=str)
def test_upper_and_lower_case_and_blanks_around_a_header_change_nothing(engine, tmp_path, sample):
    if sample.what == "opt-out list":
        return  # one's own list differs from it by the case of its only column
    first, rest = sample.content.split("\n", 1)
    delimiter = ";" if ";" in first else ","
    changed = delimiter.join(f" {name.lower()} " for name in first.split(delimiter))
    found = read(engine, tmp_path, sample, f"{changed}\n{rest}")
    assert found.entries == sorted(sample.entries)


@pytest.mark.parametrize("other", [one.sender for one in TABULAR if one.sender != "generic"][::3])
def test_a_header_with_the_marks_of_two_senders_is_nobodys(other):
    table = next(t for t in TABLES if t.sender == "Brevo")
    marks = [n for t in TABLES if t.sender == other and other != "Brevo" for n in t.own[:1]]
    for mark in marks:
        names = ["EMAIL", *table.needs, mark]
        assert len(recognition.claimants(names)) != 1, mark


# -- what is recognised in part --------------------------------------------------------------------


def outs(sample, outcome) -> set[str]:
    """Who is no opt-out and became one."""
    return {value for value in outcome.values if value.endswith("@in.example")}


def refused_or_right(engine, folder, sample, content, before) -> None:
    """A changed file is refused, or everybody whom it suppressed is still suppressed or told of."""
    try:
        if len(recognition.claimants(next(rows(content)))) != 1:
            return
        found = read(engine, folder, sample, content)
    except SourceError:
        return
    assert found.noticed >= before.noticed
    assert outs(sample, found) == set()


def table_of(sample):
    return recognition.claimants(header(sample))[0]


def without(content, column) -> str:
    return changed(content, column, lambda row, place: row[:place] + row[place + 1 :])


def changed(content, column, change: Callable[[list[str], int], list[str]]) -> str:
    found = list(rows(content))
    place = found[0].index(column)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(change(row, place) for row in found)
    return out.getvalue()


@pytest.mark.parametrize("sample", [s for s in TABULAR if s.sender != "generic"], ids=str)
def test_a_table_without_one_of_its_needed_columns_is_refused_or_still_right(
    engine, tmp_path, sample
):
    table, before = table_of(sample), read(engine, tmp_path, sample)
    needed = {table.name(name) for name in table.needs}
    for column in header(sample):
        content = without(sample.content, column)
        if table.name(column) not in needed or not next(rows(content)):
            continue
        refused_or_right(engine, tmp_path, sample, content, before)


@pytest.mark.parametrize("sample", [s for s in TABULAR if s.sender != "generic"], ids=str)
def test_a_table_with_a_renamed_column_is_refused_or_still_right(engine, tmp_path, sample):
    before, names = read(engine, tmp_path, sample), header(sample)
    for column in names:
        first, rest = sample.content.split("\n", 1)
        delimiter = ";" if ";" in first else ","
        new = [f"{name} bis" if name == column else name for name in names]
        refused_or_right(engine, tmp_path, sample, f"{delimiter.join(new)}\n{rest}", before)


def paths(document, under=()) -> Iterator[tuple[str, ...]]:
    for key, value in document.items():
        yield (*under, key)
        if isinstance(value, dict):
            yield from paths(value, (*under, key))
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from paths(value[0], (*under, key))


def dropped(document, path, rename):
    """The document with a key dropped, or renamed, wherever it stands."""
    if isinstance(document, list):
        return [dropped(one, path, rename) for one in document]
    if not isinstance(document, dict):
        return document
    found = {}
    for key, value in document.items():
        if key != path[0]:
            found[key] = value
        elif len(path) > 1:
            found[key] = dropped(value, path[1:], rename)
        elif rename:
            found[f"{key}2"] = value
    return found


JSONS = [one for one in SAMPLES if bodies(one) and one.entries]


def told_of(given) -> Outcome | None:
    """What the documents of a file say, by position; None if the file is refused."""
    noticed, values = set(), set()
    for position, document in enumerate(given):
        found = recognition.bodies_of(document) if document else []
        if document and len(found) != 1:
            return None
        said = list(found[0].read(document)) if found else [documents.EMPTY]
        noticed |= {position for _ in said[:1]}
        values |= {one.value for one in said if isinstance(one, Entry) and not one.told}
    return Outcome([], noticed, values)


@pytest.mark.parametrize("rename", [False, True], ids=["dropped", "renamed"])
@pytest.mark.parametrize("sample", JSONS, ids=str)
def test_documents_without_a_key_are_refused_or_still_right(sample, rename):
    given = bodies(sample)
    before = told_of(given)
    for path in dict.fromkeys(path for document in given for path in paths(document)):
        found = told_of([dropped(document, path, rename) for document in given])
        if found is None or path[-1] in OPTIONAL:
            continue
        assert found.noticed >= before.noticed, path
        assert outs(sample, found) == set(), path


OPTIONAL = {  # keys that a sender sends only if there is something to say
    "suppression", "list_suppressions", "reason", "sms", "email", "marketing", "ErrorCode",
    "OptOutType",
    "message_event", "unsubscribe_event", "gen_event",
}  # fmt: skip
