"""What an account sees and may write: nothing that tells of a single person (P20)."""

from __future__ import annotations

import io

import pytest

import segmenter
from driving import Program
from segmenter.errors import Refusal, UsageError
from worlds import plain_project

DESTINATIONS = {"mailer": {"format": "csv", "columns": ["email"], "encrypt": "none"}}
MARKETING = {"officer": ["somebody-else"], "marketer": ["*"]}


@pytest.fixture
def root(tmp_path):
    return plain_project(tmp_path, patients=6, destinations=DESTINATIONS)


def with_roles(root, roles):
    made = plain_project(root, patients=6, destinations=DESTINATIONS, roles=roles)
    return segmenter.open(made)


def test_recalls_are_for_officers_and_operators(root):
    with segmenter.open(root) as session:
        session.ingest()
        session.run("women")
        session.export("women", channel="email", destination="mailer")
    with with_roles(root, MARKETING) as session:
        session.suppress_add("patient_id", "id0000")
        for act in (session.recall, lambda: session.recall_ack("x")):
            with pytest.raises(Refusal) as refused:
                act()
            assert refused.value.rule == "roles"
    with with_roles(root, {"operator": ["*"]}) as session:
        assert session.recall().recalls


def test_adding_an_entry_answers_the_same_whether_it_matches_anybody(root):
    with segmenter.open(root) as session:
        session.ingest()
        known = session.suppress_add("patient_id", "id0000")
        assert session.suppress_add("patient_id", "id9999") == known


def test_the_list_as_a_marketer_sees_it_does_not_depend_on_what_is_in_it(root):
    with segmenter.open(root) as session:
        session.ingest()
    with with_roles(root, MARKETING) as session:
        before = session.suppress_show().to_dict()
        session.suppress_add("patient_id", "id0000", reason="complained")
        assert session.suppress_show().to_dict() == before


def test_hashes_replace_no_file_unasked_and_never_a_source(root):
    with segmenter.open(root) as session:
        session.ingest()
        file = root / "hashes.csv"
        session.suppress_export(file)
        with pytest.raises(UsageError, match="of this name"):
            session.suppress_export(file)
        session.suppress_export(file, overwrite=True)
        for source in (root / "data" / "patients.csv", root / "data" / "lists" / "new.csv"):
            with pytest.raises(UsageError, match="declared source"):
                session.suppress_export(source, overwrite=True)
        assert not (root / "data" / "lists" / "new.csv").exists()


def test_a_patient_id_may_come_by_standard_input(root, monkeypatch):
    program = Program(root, inside=True)
    program.ok("ingest")
    for verb in ("why", "receipt", "subject", "forget"):
        monkeypatch.setattr("sys.stdin", io.StringIO("id0004\n"))
        ran = program(verb, "-", "--json")
        assert ran.status == 0, ran.err
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert program("why", "-", "--json").status == 2
