"""How each source came through a load: what was set aside and why, whom nobody knows (R3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segmenter.project.declared import ConsentSource, Read
from sourcing import Clinic, told

EVENT = "patient_id,state,effective_at,recorded_at\n"


@pytest.fixture
def clinic(tmp_path):
    rows = "".join(f"h{i},30\n" for i in range(40))
    return Clinic(tmp_path).write(patients_csv="patient_id,age\n" + rows)


def health(made, source):
    (found,) = [one for one in made.health if one.source == source]
    return found


def test_reasons_come_with_a_count_and_the_first_line(clinic):
    made = clinic.write(
        consent_csv=EVENT
        + "h1,given,2026-01-01,2026-01-01\n"
        + "h2,given,01/02/2026,2026-01-01\n" * 3
        + "h2,given\n"
    ).ingest()
    document = health(made, "consent").to_dict()
    assert document["quarantined"] == {
        "effective_at is unreadable": 3,
        "2 fields, the header has 4": 1,
    }
    assert document["lines"]["effective_at is unreadable"] == 3
    assert (document["read"], document["kept"], document["passed"]) == (5, 1, False)
    assert "YYYY-MM-DD" in document["hint"]
    assert "rows" not in repr(health(made, "consent").quarantined)


def test_rows_of_nobody_are_told_by_source_with_a_line(clinic):
    made = clinic.write(
        consent_csv=EVENT + "h1,given,2026-01-01,2026-01-01\n000h2,refused,2026-01-01,2026-01-01\n",
        preferences_csv="patient_id,allowed\nnobody,no\n",
        links_csv="patient_id,same_as\nh1,h2\nh1,ghost\n",
        encounters_csv="patient_id,nights\nh1,2\nstranger,1\n",
        list_csv="patient_id\nh1\nelse\n",
    ).ingest()
    found = {one.source: (one.orphans, one.orphan_line, one.passed) for one in made.health}
    assert found == {
        "patient": (0, None, True),
        "encounter": (1, 3, True),
        "consent": (1, 3, False),
        "link": (1, 3, True),
        "preference": (1, 2, False),
        "suppression list": (1, 3, False),
    }
    assert "leading zeros" in (health(made, "consent").hint or "")
    again = clinic.ingest(made)
    assert again.health == made.health


def test_how_much_may_be_set_aside_is_the_sources_own_business(clinic):
    clinic.write(
        patients_csv="patient_id,age\n" + "".join(f"h{i},30\n" for i in range(39)) + "x,y\n"
    )
    clinic.write(consent_csv=EVENT + "h1,given,soon,2026-01-01\n")
    assert [one.source for one in clinic.ingest().health if not one.passed] == ["consent"]
    read = Read("data/consent*.csv", max_quarantined=1.0)
    clinic.sources = replace(clinic.sources, consent=(ConsentSource(read),))
    assert all(one.passed for one in clinic.ingest().health)


def test_rows_that_repeat_a_patient_are_counted(clinic):
    made = clinic.write(patients_csv="patient_id,age\nh1,30\nh1,30\nh1,30\nh2,30\n").ingest()
    assert health(made, "patient").duplicates == 2


def test_a_list_may_hold_a_few_lines_of_no_address_but_no_other_odd_one(clinic):
    rows = "email,reason\n" + "".join(f"x{i}@x.example,manual\n" for i in range(40))
    made = clinic.write(list_csv=rows + "not-an-address,manual\n").ingest()
    assert (health(made, "suppression list").passed, len(told(made))) == (True, 1)
    many = clinic.write(list_csv=rows + "not-an-address,manual\n" * 9).ingest()
    assert not health(many, "suppression list").passed
    torn = clinic.write(list_csv=rows + "z@x.example,manual,x\n").ingest()
    assert not health(torn, "suppression list").passed
