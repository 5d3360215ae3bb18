"""A relation reads the tables that it is given, by the names it knows them by."""

from __future__ import annotations

import polars as pl
import pytest

from segmenter.engine import DuckDBEngine, Table, Tables, relations
from segmenter.errors import EngineError
from segmenter.private.keys import Keys

KEY = Keys(b"a secret of tests that is long enough").file_key()
SQL = {
    "friend": "SELECT guest.patient, guest.age FROM guest WHERE guest.age >= $least",
    "pair": "SELECT a.patient FROM friend AS a JOIN friend AS b ON a.patient = b.patient",
    "guest_twice": "SELECT g.patient FROM guest AS g JOIN guest ON g.patient = guest.patient",
    "hidden": "WITH guest AS (SELECT 7 AS patient) SELECT patient FROM guest",
    "lonely": "SELECT patient FROM nowhere",
    "columns": "SELECT patient, __more__ FROM guest",
}


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.setattr(relations, "_composed", {})
    for name, text in SQL.items():
        (tmp_path / f"{name}.sql").write_text(text, encoding="utf-8")
    paths = {**relations.paths(), **{name: tmp_path / f"{name}.sql" for name in SQL}}
    monkeypatch.setattr(relations, "paths", lambda: paths)
    relations.tokens.cache_clear()
    with DuckDBEngine(tmp_path / "spill", KEY) as started:
        yield started
    relations.tokens.cache_clear()


def people(engine: DuckDBEngine, *ages: int) -> Table:
    return engine.load(pl.DataFrame({"patient": range(len(ages)), "age": ages}))


def patients(engine: DuckDBEngine, relation: str, reads: dict[str, Table], **values: object):
    return sorted(row[0] for row in engine.rows(relation, reads=reads, values=values))


def there(engine: DuckDBEngine) -> list[str]:
    found = engine.connection.sql("SELECT table_name FROM information_schema.tables").fetchall()
    return [name for (name,) in found]


def test_a_relation_reads_the_table_it_is_given_whatever_others_are_there(engine):
    young, old = people(engine, 10, 20), people(engine, 70, 80, 90)
    assert patients(engine, "friend", {"guest": young}, least=15) == [1]
    assert patients(engine, "friend", {"guest": old}, least=15) == [0, 1, 2]


def test_what_a_relation_depends_on_is_composed_over_the_same_tables(engine):
    young = people(engine, 10, 20, 30)
    assert patients(engine, "pair", {"guest": young}, least=15) == [1, 2]
    friends = engine.make("friend", reads={"guest": young}, values={"least": 25})
    assert patients(engine, "pair", {"friend": friends}) == [2]


def test_an_input_keeps_its_name_and_a_cte_of_that_name_is_another(engine):
    young = people(engine, 10, 20)
    assert patients(engine, "guest_twice", {"guest": young}) == [0, 1]
    assert patients(engine, "hidden", {"guest": young}) == [7]


def test_an_input_that_nobody_gives_is_named_before_anything_runs(engine):
    with pytest.raises(EngineError, match="relation lonely lacks the table nowhere"):
        engine.make("lonely")
    with pytest.raises(
        EngineError, match="relation pair lacks the table guest, which friend reads"
    ):
        engine.view("pair", reads={})
    assert there(engine) == []


def test_what_was_composed_once_is_bound_anew(engine):
    for age in (10, 50):
        table = people(engine, age)
        assert len(patients(engine, "friend", {"guest": table}, least=30)) == (age == 50)
    assert len(relations._composed) == 1


def test_a_view_follows_its_inputs_and_a_table_does_not(engine):
    guest = people(engine, 10)
    seen, made = (
        engine.view("guest_twice", reads={"guest": guest}),
        engine.make("guest_twice", reads={"guest": guest}),
    )
    engine.append(guest, pl.DataFrame({"patient": [9], "age": [9]}))
    assert (engine.count(seen), engine.count(made)) == (2, 1)


def test_a_scope_drops_what_was_made_in_it_but_for_what_it_keeps(engine):
    before = people(engine, 1)
    with engine.scope() as scope:
        guest = people(engine, 10, 20)
        engine.view("guest_twice", reads={"guest": guest})
        with engine.scope() as inner:
            kept = inner.keep(engine.copy(guest))
            engine.empty(guest)
        assert scope.keep(before) is before
        twice = scope.keep(engine.make("guest_twice", reads={"guest": kept}))
    assert sorted(there(engine)) == sorted([before.name, twice.name])


def test_a_scope_that_fails_drops_too_and_lets_the_failure_pass(engine):

    def broken() -> None:
        with engine.scope():
            people(engine, 10)
            engine.make("lonely")

    with pytest.raises(EngineError):
        broken()
    assert there(engine) == []


def test_a_scope_ends_also_if_something_of_it_is_gone_already(engine):
    with engine.scope():
        view = engine.view("hidden")
        engine.drop(view)
        engine.drop(people(engine, 1))
    assert there(engine) == []


def test_a_file_is_written_whole_and_read_by_its_tables(engine, tmp_path):
    path = tmp_path / "people.duckdb"
    guest = people(engine, 10, 20)
    with engine.writing(path) as file:
        made = engine.make("guest_twice", reads={"guest": guest}, into=file.table("twice"))
        engine.copy(guest, into=file.table("guest"))
        engine.create({"word": "VARCHAR"}, into=file.table("word"))
        engine.load(pl.DataFrame({"word": ["camomile"]}), into=file.table("word"))
        assert engine.count(made) == 2
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"camomile" not in path.read_bytes()
    with engine.scope():
        tables = engine.attach(path)
        assert set(tables) == {"twice", "guest", "word"}
        assert engine.attach(path) == tables
        assert patients(engine, "friend", tables, least=15) == [1]
        assert engine.columns(tables["guest"]) == ["patient", "age"]
    with engine.writing(path) as file:
        assert set(file.tables) == {"twice", "guest", "word"}
        engine.add(file.tables["guest"], "guest_twice", reads={"guest": guest})
        assert engine.count(file.tables["guest"]) == 4


def test_a_file_that_could_not_be_finished_is_let_go(engine, tmp_path):
    path = tmp_path / "people.duckdb"
    with pytest.raises(ZeroDivisionError), engine.writing(path):
        raise ZeroDivisionError
    path.unlink()
    with engine.writing(path) as file:
        assert file.tables == {}


def test_few_of_a_tables_rows_and_columns(engine):
    tables = Tables({"guest": people(engine, 10, 20, 30), "other": people(engine, 1)})
    keys = engine.load(pl.DataFrame({"patient": [1, 1, 7]}))
    few = engine.narrowed(tables, {"guest": ["patient", "age"], "other": None}, keys)
    assert engine.connection.sql(f"FROM {few['guest'].name}").fetchall() == [(1, 20)]
    assert engine.count(few["other"]) == 0


def test_tables_are_put_together_and_never_changed():
    a, b = Table("a__1"), Table("b__2")
    tables = Tables({"a": a})
    assert tables | {"b": b} == {"a": a, "b": b}
    assert tables == {"a": a}
    assert (tables | {"a": b})["a"] is b
    assert Tables({"a": a, "b": b}).only("b", "c") == {"b": b}
    assert Tables({"a": a, "b": b}).without("b", "c") == {"a": a}
    assert repr(Tables({"a": a, "b": b})) == "Tables(a, b)"
    assert repr(a) == "Table(a__1)"


def test_a_hole_without_anything_takes_its_comma_along(engine):
    assert relations.split("") == ()
    person = people(engine, 1)
    filled = relations.compose("columns", {"__more__": []}, reads={"guest": person})
    assert filled.sql.split() == f'SELECT patient FROM "{person.name}" AS guest'.split()
