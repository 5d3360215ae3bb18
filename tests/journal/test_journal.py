"""The journal: append-only, chained, marked, recovered (P3, P4)."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ledgers import KEYS, journal
from segmenter.errors import BudgetError
from segmenter.journal.database import JOURNAL, Database
from segmenter.journal.high_water import MARK, begin
from segmenter.journal.journal import Journal
from segmenter.journal.recovery import recover
from segmenter.model import stamp
from segmenter.private.keys import Keys


@pytest.fixture
def book(tmp_path, clock, url):
    made = journal(tmp_path, clock, url, (tmp_path / "anchor.mark",))
    yield made
    made.close()


OPENED = []


@pytest.fixture(autouse=True)
def _closed_afterwards():
    yield
    while OPENED:
        OPENED.pop().close()


def again(book):
    """The same journal, as another process sees it."""
    OPENED.append(Journal(book.home, book.keys, book.now, book.anchors, book.url))
    return OPENED[-1]


def refused(book, rule="P4"):
    with pytest.raises(BudgetError) as error:
        again(book).read()
    assert error.value.rule == rule
    return str(error.value)


def change(book, statement):
    with book.transaction(write=True) as connection:
        connection.execute(statement)


def test_entries_come_back_in_order_with_what_they_hold(book):
    for n in range(3):
        book.append("ana", "note", {"n": n, "text": "é"})
    other = again(book)
    assert [e.body["n"] for e in other.read("note")] == [0, 1, 2]
    assert other.read("spend") == []
    assert [e.actor for e in other.entries] == ["ana"] * 3


def test_two_processes_append_to_one_chain(book):
    other = again(book)
    for n in range(4):
        (book, other)[n % 2].append("x", "note", {"n": n})
    assert [e.seq for e in again(book).read()] == [1, 2, 3, 4]


def test_a_choice_that_fails_appends_nothing(book):
    book.append("x", "note", {})
    with pytest.raises(ZeroDivisionError):
        book.decide(lambda entries: ("x", "note", {"n": 1 // (len(entries) - 1)}))
    assert len(book.read()) == 1
    assert len(again(book).read()) == 1


@pytest.mark.parametrize("column", ["at", "actor", "kind", "body", "hash"])
def test_p3_any_changed_row_refuses(book, column):
    for n in range(3):
        book.append("x", "note", {"n": n})
    change(
        book,
        book.table.update()
        .where(book.table.c.seq == 2)
        .values({column: book.table.c[column].concat("0")}),
    )
    assert "chain" in refused(book)


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_p3_any_deleted_row_refuses(book, seq):
    for n in range(3):
        book.append("x", "note", {"n": n})
    change(book, book.table.delete().where(book.table.c.seq == seq))
    refused(book)
    with pytest.raises(BudgetError):
        again(book).append("x", "note", {})


def test_p3_an_inserted_row_refuses(book):
    book.append("x", "note", {})
    entry = book.entries[0]
    row = {
        "seq": 2,
        "at": entry.at.isoformat(),
        "actor": "x",
        "kind": "note",
        "body": "{}",
        "hash": entry.hash,
    }
    change(book, book.table.insert().values(row))
    refused(book)


def test_p4_another_key_refuses(book):
    book.append("x", "note", {})
    other = Journal(
        book.home, Keys(b"another key of a test, long enough"), book.now, book.anchors, book.url
    )
    OPENED.append(other)
    with pytest.raises(BudgetError):
        other.read()


def test_p4_an_emptied_journal_refuses(book):
    book.append("x", "note", {})
    change(book, book.table.delete())
    assert "older" in refused(book)


def test_p4_a_missing_mark_refuses(book):
    book.append("x", "note", {})
    (book.home / MARK).unlink()
    assert "missing" in refused(book)


@pytest.mark.parametrize("text", ["", "1 2", "junk", "0 " + "0" * 64 + " " + "0" * 64])
def test_p4_a_forged_mark_refuses(book, text):
    book.append("x", "note", {})
    (book.home / MARK).write_text(text)
    refused(book)


def test_p4_a_project_with_snapshots_and_no_journal_refuses(tmp_path, clock):
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / "s.duckdb").write_bytes(b"")
    refused(journal(tmp_path, clock))


def test_p4_an_anchor_shows_that_the_whole_folder_was_restored(tmp_path, clock):
    home, outside = tmp_path / "home", tmp_path / "outside.mark"
    home.mkdir()
    book = journal(home, clock, None, (outside,))
    book.append("x", "note", {})
    book.close()
    shutil.copytree(home, tmp_path / "copy")
    book.append("x", "note", {})
    book.close()
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "copy", home)
    assert "older" in refused(journal(home, clock, None, (outside,)))


def test_p4_an_anchor_that_is_gone_refuses_and_is_not_written_anew(tmp_path, clock):
    home, outside = tmp_path / "home", tmp_path / "outside.mark"
    home.mkdir()
    journal(home, clock, None, ()).append("x", "note", {})
    journal(home, clock, None, (outside,)).append("x", "note", {})
    assert outside.exists()
    outside.unlink()
    refused(journal(home, clock, None, (outside,)))
    with pytest.raises(BudgetError):
        journal(home, clock, None, (outside,)).append("x", "note", {})
    assert not outside.exists()
    assert journal(home, clock, None, (tmp_path / "another.mark",)).append("x", "note", {}).seq > 1


def test_p4_an_anchor_is_missed_in_a_folder_that_was_moved(tmp_path, clock):
    home = tmp_path / "a" / "home"
    home.mkdir(parents=True)
    journal(home, clock, None, (tmp_path / "a" / "outside.mark",)).append("x", "note", {})
    shutil.copytree(home, tmp_path / "b" / "home")
    refused(journal(tmp_path / "b" / "home", clock, None, (tmp_path / "b" / "outside.mark",)))


def test_p4_an_anchor_that_cannot_be_written_refuses(tmp_path, clock):
    book = journal(tmp_path, clock, None, (tmp_path / "nowhere" / "a.mark",))
    with pytest.raises(BudgetError) as error:
        book.append("x", "note", {})
    assert error.value.rule == "P4"
    book.close()


@pytest.mark.parametrize("kind", ["spend", "release", "export", "lift", "confirm", "retain"])
def test_p5_a_clock_turned_back_refuses_what_lets_something_out(book, clock, kind):
    book.append("x", "note", {})
    clock.turn(hours=-1)
    with pytest.raises(BudgetError) as error:
        book.append("x", kind, {})
    assert error.value.rule == "P5"
    assert len(book.read()) == 1


@pytest.mark.parametrize("kind", ["suppress", "import", "forget", "recall", "ingest"])
def test_p5_a_clock_turned_back_stops_no_no(book, clock, kind):
    first = book.append("x", "note", {})
    clock.turn(days=-400)
    entry = book.append("x", kind, {})
    assert entry.at == first.at, "the journal's time does not go back"
    assert entry.body["clock"] == stamp(clock.at)
    assert [one.kind for one in again(book).read()] == ["note", kind]


def test_p5_a_clock_that_is_seconds_behind_is_waited_for(book, clock):
    book.append("x", "note", {})
    clock.turn(seconds=-3)
    waited = []
    book.wait = lambda seconds: (waited.append(seconds), clock.turn(seconds=seconds))
    entry = book.append("x", "spend", {})
    assert waited == [3]
    assert "clock" not in entry.body


def test_a_crash_between_entry_and_mark_loses_nothing(book, monkeypatch):
    book.append("x", "note", {"n": 0})
    monkeypatch.setattr(
        "segmenter.journal.high_water.Marks.raise_to",
        lambda *_: (_ for _ in ()).throw(KeyboardInterrupt),
    )
    with pytest.raises(KeyboardInterrupt):
        book.append("x", "note", {"n": 1})
    monkeypatch.undo()
    other = again(book)
    other.append("x", "note", {"n": 2})
    assert [e.body["n"] for e in again(book).read()] == [0, 1, 2]


def test_a_crash_before_the_first_entry_is_no_lost_mark(book):
    with pytest.raises(ZeroDivisionError):
        book.decide(lambda _: 1 / 0)
    book.append("x", "note", {})


def test_a_journal_that_others_extend_meanwhile_is_not_old(book, monkeypatch):
    """Marks are read before the journal is, so an entry that comes in between is no mark ahead of
    its journal.
    """
    book.append("x", "note", {})
    other = again(book)
    catch_up = Journal._catch_up

    def slowly(self, connection):
        catch_up(self, connection)
        if self is other and book.url is None:
            book.append("x", "note", {})

    monkeypatch.setattr(Journal, "_catch_up", slowly)
    assert len(other.read()) == 1
    monkeypatch.undo()
    assert len(other.read()) == (2 if book.url is None else 1)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON journal BEGIN DELETE FROM journal WHERE seq = 1; END",
        "CREATE VIEW v AS SELECT * FROM journal",
        "CREATE TABLE other (n)",
        "CREATE INDEX i ON journal (kind)",
    ],
)
def test_p4_what_was_added_to_the_database_is_found(tmp_path, clock, statement):
    book = journal(tmp_path, clock)
    book.append("x", "note", {})
    book.close()
    connection = sqlite3.connect(tmp_path / "control.sqlite")
    connection.execute(statement)
    connection.close()
    assert "not the journal's" in refused(book)
    other = again(book)
    recover(other, "root", {"budgets": []})
    assert [e.kind for e in again(book).read()] == ["note", "recover"], "nothing of it is lost"


def test_p4_a_database_and_its_mark_that_came_back_together_refuse(tmp_path, clock):
    (tmp_path / "locks").mkdir()
    book = journal(tmp_path, clock)
    book.append("x", "note", {})
    book.close()
    for name in ("control.sqlite", MARK):
        shutil.copyfile(tmp_path / name, tmp_path / f"{name}.backup")
    book.append("x", "suppress", {})
    book.close()
    for name in ("control.sqlite", MARK):
        shutil.copyfile(tmp_path / f"{name}.backup", tmp_path / name)
    assert "older" in refused(book)


# -- recovery --------------------------------------------------------------------------------------


def test_p4_recovery_keeps_what_verifies(book):
    for n in range(4):
        book.append("x", "note", {"n": n})
    change(book, book.table.update().where(book.table.c.seq == 3).values(body="{}"))
    other = again(book)
    recover(other, "root", {"budgets": []})
    assert [(e.kind, e.body.get("n")) for e in again(book).read()] == [
        ("note", 0),
        ("note", 1),
        ("recover", None),
    ]
    other.append("x", "note", {})


def test_p4_recovery_after_the_clock_was_wrong(book, clock):
    book.append("x", "note", {"n": 0})
    clock.turn(days=400)
    book.append("x", "note", {"n": 1})
    clock.turn(days=-399)
    with pytest.raises(BudgetError):
        book.append("x", "spend", {})
    recover(book, "root", {"budgets": []})
    kinds = [(e.kind, e.body.get("n")) for e in again(book).read()]
    assert kinds == [("note", 0), ("recover", None), ("note", 1)]
    assert book.entries[-1].at == clock.at
    assert book.entries[-1].body["stamped"] == (clock.at + timedelta(days=399)).isoformat().replace(
        "+00:00", "Z"
    )


def test_p4_recovery_sets_the_old_database_aside(book):
    book.append("x", "note", {})
    change(book, book.table.update().values(body="{}"))
    recover(again(book), "root", {"budgets": []})
    if book.url is None:
        assert list(book.home.glob("control.sqlite.aside-*"))
    else:
        engine = sa.create_engine(book.url)
        assert any("_aside_" in name for name in sa.inspect(engine).get_table_names())
        engine.dispose()


@pytest.mark.parametrize("damage", ["junk", "gone", "no table"])
def test_p4_a_damaged_file_refuses_until_recovered(tmp_path, clock, damage):
    book = journal(tmp_path, clock)
    book.append("x", "note", {})
    book.close()
    file = tmp_path / "control.sqlite"
    for more in tmp_path.glob("control.sqlite-*"):
        more.unlink()
    if damage == "junk":
        file.write_bytes(b"junk" * 4096)
    elif damage == "gone":
        file.unlink()
    else:
        connection = sqlite3.connect(file)
        connection.execute("DROP TABLE journal")
        connection.close()
    refused(book)
    other = again(book)
    recover(other, "root", {"budgets": []})
    assert [e.kind for e in again(book).read()] == ["recover"]


def test_nothing_of_the_key_is_shown(book):
    assert "key of a test" not in repr(book)
    assert KEYS.secret.hex() not in repr(book)


# -- several projects on one server ----------------------------------------------------------------


def project(tmp_path, name, clock, url):
    """A new project with a home of its own, and the same key."""
    home = tmp_path / name
    home.mkdir()
    begin(home, KEYS)
    OPENED.append(journal(home, clock, url))
    return OPENED[-1]


def test_two_projects_on_one_server_do_not_touch_each_other(tmp_path, clock, url):
    first, second = (project(tmp_path, name, clock, url) for name in ("a", "b"))
    first.append("x", "note", {"of": "a"})
    second.append("y", "note", {"of": "b"})
    recover(again(second), "root", {"budgets": []})
    assert [one.body.get("of") for one in again(first).read()] == ["a"]
    assert [one.body.get("of") for one in again(second).read()] == ["b", None]


def test_a_project_whose_journal_is_on_another_server_is_told_so(tmp_path, clock, server_url):
    other = project(tmp_path, "other", clock, server_url)
    other.append("x", "note", {})
    here = project(tmp_path, "here", clock, None)
    here.append("y", "note", {})
    OPENED.append(Journal(here.home, here.keys, here.now, (), server_url))
    with pytest.raises(BudgetError) as error:
        OPENED[-1].read()
    assert "another project" in str(error.value)
    assert "recover" not in str(error.value.problems[0])
    assert [one.kind for one in again(other).read()] == ["note"]


def test_a_project_of_an_earlier_version_stays_in_its_table(tmp_path, clock, server_url):
    book = journal(tmp_path, clock, server_url)
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr(Database, "_own_table", lambda *_: JOURNAL)
        book.append("x", "note", {"n": 1})
        book.close()
    other = again(book)
    assert [one.body["n"] for one in other.read()] == [1]
    assert other.table.name == "journal"
