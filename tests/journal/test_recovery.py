"""A recovery forgets nobody who said no: opt-outs, imported lists, erasures, registers (P4, S1)."""

from __future__ import annotations

import shutil
import sqlite3

import pytest

from driving import Program, exported_ids
from worlds import plain_project

WOMEN = 20  # patients with even numbers are women: id0000, id0002, and so on


@pytest.fixture
def clinic(tmp_path):
    """A project after one export; then one woman opts out, and a list brings another one."""
    program = Program(plain_project(tmp_path / "clinic", patients=2 * WOMEN), inside=True)
    program.ok("ingest")
    program.ok("run", "women")
    program.export("women", "email")
    program.ok("suppress", "add", "patient_id", "id0002")
    listed = tmp_path / "listed.csv"
    listed.write_text("patient_id\nid0004\n", encoding="utf-8")
    program.ok("suppress", "import", str(listed))
    program.ok("forget", "id0006")
    return program


def journal(program):
    return sqlite3.connect(program.root / ".segmenter" / "control.sqlite")


def edit(program, kind):
    """Change the first entry of a kind, as somebody without the key would."""
    with journal(program) as database:
        database.execute(
            "UPDATE journal SET actor = 'nobody'"
            " WHERE seq = (SELECT min(seq) FROM journal WHERE kind = ?)",
            (kind,),
        )
    database.close()


@pytest.mark.parametrize("kind", ["ingest", "export", "suppress", "import", "forget"])
def test_whatever_entry_was_edited_nobody_who_said_no_is_in_a_later_file(clinic, kind):
    edit(clinic, kind)
    assert clinic("export", "women", "--channel", "email", "--json").error["rule"] == "P4"
    recovered = clinic.ok("budget", "recover")
    assert recovered["to_confirm"]
    clinic.ok("ingest")
    if kind in ("ingest", "export"):
        assert recovered["kept"]["suppress"] == 1
    with_release = clinic("run", "women", "--json")
    assert with_release.status in (0, 3)
    clinic.ok("budget", "confirm", "--reason", "all lists were imported again")
    ran = clinic("export", "women", "--channel", "email", "--destination", "check", "--json")
    if ran.status == 0:
        assert {"id0002", "id0004", "id0006"}.isdisjoint(exported_ids(ran.json["file"]))


def test_exports_refuse_until_an_officer_has_confirmed(clinic):
    edit(clinic, "release")
    clinic.ok("budget", "recover")
    refused = clinic("export", "women", "--channel", "email", "--destination", "check", "--json")
    assert (refused.status, refused.error["rule"]) == (3, "P4")
    assert "suppress import" in refused.error["hint"]
    assert clinic("budget", "confirm", "--reason", " ", "--json").status == 2
    clinic.ok("budget", "confirm", "--reason", "all lists were imported again")
    assert clinic("budget", "confirm", "--reason", "once more", "--json").status == 2


def test_the_register_of_an_export_stays_so_that_people_are_recalled(clinic):
    clinic.ok("recall")
    registers = sorted((clinic.root / ".segmenter" / "registers").glob("*.duckdb"))
    edit(clinic, "export")
    recovered = clinic.ok("budget", "recover")
    assert recovered["registers_aside"] == []
    assert sorted((clinic.root / ".segmenter" / "registers").glob("*.duckdb")) == registers


def test_a_register_that_no_entry_explains_is_kept_aside(clinic):
    with journal(clinic) as database:
        database.execute("DELETE FROM journal WHERE kind = 'export'")
    database.close()
    recovered = clinic.ok("budget", "recover")
    assert len(recovered["registers_aside"]) == 1
    assert len(list((clinic.root / ".segmenter" / "registers.aside").iterdir())) == 1


def test_a_database_that_is_gone_takes_no_imported_list_with_it(clinic):
    home = clinic.root / ".segmenter"
    for file in home.glob("control.sqlite*"):
        file.unlink()
    assert clinic("export", "women", "--channel", "email", "--json").error["rule"] == "P4"
    recovered = clinic.ok("budget", "recover")
    assert recovered["to_confirm"]
    clinic.ok("ingest")
    clinic.ok("budget", "confirm", "--reason", "all lists were imported again")
    shown = clinic.ok("suppress", "show")["suppression"]
    assert {"reason": "manual", "source": "import", "entries": 1} in shown


def test_what_an_earlier_recovery_set_aside_is_found_again(clinic, tmp_path):
    """A folder whose recovery was made by an earlier version: the opt-outs lie in the old file."""
    home = clinic.root / ".segmenter"
    with journal(clinic) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    shutil.copyfile(home / "control.sqlite", home / "control.sqlite.aside-20260101T000000")
    with journal(clinic) as database:
        database.execute("DELETE FROM journal WHERE kind = 'suppress'")
    database.close()
    assert clinic.ok("budget", "recover")["kept"]["suppress"] == 1


@pytest.mark.parametrize("kept", ["key.check", "registers", "suppressions", "releases", "exports"])
def test_any_trace_of_an_earlier_life_refuses_without_its_journal(clinic, kept):
    """Whatever else was deleted with the database, its marks and the snapshots: no fresh start."""
    home = clinic.root / ".segmenter"
    for path in home.iterdir():
        if path.is_dir() and path.name != kept:
            shutil.rmtree(path)
        elif path.is_file() and path.name not in ("key", kept):
            path.unlink()
    for mark in home.rglob("journal.mark"):
        mark.unlink()
    ran = clinic("ingest", "--json")
    assert (ran.status, ran.error["rule"]) == (3, "P4"), ran.out


def test_a_lift_behind_the_damage_lifts_nothing(clinic):
    clinic.ok("suppress", "lift", "patient_id", "id0002", "--reason", "asked on paper")
    edit(clinic, "export")
    clinic.ok("budget", "recover")
    shown = clinic.ok("suppress", "show")["suppression"]
    assert {"reason": "manual", "source": "live", "entries": 1} in shown


def test_a_damaged_list_file_is_named(clinic):
    folder = clinic.root / ".segmenter" / "suppressions"
    (file,) = folder.glob("*.duckdb")
    (folder / "0000.duckdb").write_bytes(b"no list at all")
    edit(clinic, "import")
    recovered = clinic.ok("budget", "recover")
    assert recovered["lists_lost"] == ["0000.duckdb"]
    assert file.exists() or any(folder.glob("*.duckdb"))
