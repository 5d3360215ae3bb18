"""What files of other systems say in their own words: ids with blanks, years, yes and no."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from segmenter.project.declared import DeathSource, PatientSource, Read
from segmenter.sources.words import ALIVE, DEAD
from sourcing import Clinic, told

EVENT = "patient_id,state,effective_at,recorded_at\n"


@pytest.fixture
def clinic(tmp_path):
    return Clinic(tmp_path).write(patients_csv="patient_id,age\nb1,30\nb2,30\nb3,30\n")


@pytest.mark.parametrize("odd", [" b1", "b1 ", "\u00a0b1", "b1\u200b", "\tb1 "])
def test_blanks_around_an_id_are_no_part_of_it(clinic, odd):
    made = clinic.write(
        consent_csv=EVENT + f"{odd},withdrawn,2026-01-01,2026-01-01\n",
        preferences_csv=f"patient_id,allowed\n{odd},no\n",
        links_csv=f"patient_id,same_as\nb2,{odd}\n",
        encounters_csv=f"patient_id,nights\n{odd},3\n",
    ).ingest()
    assert clinic.rows(made, "identity") == [(1, "b1"), (2, "b2"), (3, "b3")]
    assert clinic.rows(made, "consent", "patient") == [(1,)]
    assert clinic.rows(made, "preference", "patient", "allowed") == [(1, False)]
    assert clinic.rows(made, "link_group", "patient") == [(1,), (2,)]
    assert clinic.rows(made, "fact_encounter", "patient") == [(1,)]


def test_blanks_around_an_id_of_a_broken_line_are_no_part_of_it(clinic):
    made = clinic.write(consent_csv=EVENT + " b1 ,withdrawn,2026-01-01,2026-01-01,x\n").ingest()
    assert clinic.rows(made, "consent", "patient", "state") == [(1, "withdrawn")]


def test_a_year_or_a_month_of_birth_is_the_youngest_that_it_may_mean(clinic):
    rows = "c1,1957\nc2,1957-02\nc3,1957-13\nc4,0000\nc5,57\n"
    made = clinic.write(patients_csv="patient_id,birth_date\n" + rows).ingest()
    assert clinic.rows(made, "patient", "patient_id", "birth_date") == [
        ("c1", date(1957, 12, 31)),
        ("c2", date(1957, 2, 28)),
    ]
    assert [(line, rule) for _, line, rule in told(made)] == [(4, "I4"), (5, "I4"), (6, "I4")]


def test_a_table_of_deaths_is_believed_and_reaches_linked_ids(clinic):
    death = DeathSource(Read("data/death.csv"), "person", "died", {"*": "identity"})
    clinic.sources = replace(clinic.sources, death=death)
    clinic.write(
        death_csv="person,died\n b2,2024-05-01\nghost,\n,2020-01-01\n",
        links_csv="patient_id,same_as\nb3,ghost\n",
    )
    made = clinic.ingest()
    assert clinic.rows(made, "patient", "patient_id", "deceased") == [
        ("b1", False),
        ("b2", True),
        ("b3", False),
    ]
    assert set(clinic.rows(made, "aside")) == {(2, True), (4, True)}
    assert told(made) == [("death", 4, "I1")]
    again = clinic.ingest(made)
    assert (again.tables, told(again)) == (made.tables, told(made))
    more = clinic.write(death_csv="person,died\nb1,\n").ingest(again)
    assert (1, True) in clinic.rows(more, "aside")
    assert clinic.rows(more, "patient", "deceased") == [(False,), (False,), (True,)]


def test_words_for_alive_and_dead_in_any_case(clinic):
    words = [*ALIVE, "NON", " N ", "NULL", *DEAD, "2024-01-01"]
    rows = "".join(f"d{i:02},{word}\n" for i, word in enumerate(words))
    made = clinic.write(patients_csv="patient_id,deceased\n" + rows).ingest()
    dead = [deceased for _, deceased in clinic.rows(made, "patient", "patient_id", "deceased")]
    assert dead == [False] * (len(ALIVE) + 3) + [True] * (len(DEAD) + 1)


def test_states_and_preferences_in_any_case_and_in_french(clinic):
    event = "b1,{},2026-01-01,2026-01-01\n"
    made = clinic.write(
        consent_csv=EVENT + event.format("Given") + event.format(" WITHDRAWN "),
        preferences_csv="patient_id,channel,allowed\nb1,email,Oui\nb1,sms,NON\nb1,,N\n",
    ).ingest()
    assert clinic.rows(made, "consent", "state") == [("given",), ("withdrawn",)]
    assert clinic.rows(made, "preference", "channel", "allowed") == [
        ("*", False),
        ("email", True),
        ("sms", False),
    ]


def test_a_new_file_of_patients_comes_on_top_of_the_others(clinic):
    read = PatientSource(Read("data/patients*.csv"), "patient_id")
    clinic.sources = replace(clinic.sources, patient=read)
    first = clinic.ingest()
    made = clinic.write(patients2_csv="patient_id,age\nb4,30\n").ingest(first)
    assert clinic.rows(made, "patient", "patient_id") == [("b1",), ("b2",), ("b3",), ("b4",)]
