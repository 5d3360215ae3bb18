"""What nothing uses is not kept: columns of the declared files, and how an ingest tells of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

import segmenter
from segmenter.errors import UsageError
from segmenter.project.policy import Destination, Dimension, FactTerms
from segmenter.workflows.ingest import IngestReport
from sourcing import SOURCES, VISITS, Clinic, told
from world.policies import CLINIC, policy_of
from worlds import plain_project

SEX = Dimension("sex", "identity", "patient", "sex", values={"F": ("F",), "M": ("M",)})
PATIENTS = (
    "patient_id,age,email,sex,origin,loyalty,hobby,Employer name\n"
    "h1,30,a@x.example,F,north,gold,fishing,Acme\n"
    "h2,40,b@x.example,M,south,none,chess,Acme\n"
)
ENCOUNTERS = "patient_id,nights,cost,ward,nurse\nh1,2,10,er,Nadia\nh2,x,20,er,Paul\n"


def policy(**dimensions):
    made = policy_of(CLINIC, {"stay": VISITS, **dimensions})
    mailer = Destination("mailer", columns=("email", "loyalty"), encrypt=None)
    return replace(
        made,
        destinations={"mailer": mailer},
        facts={"encounter": FactTerms(3, {"cost": (0, 100)})},
    )


@pytest.fixture
def clinic(tmp_path):
    tagged = replace(SOURCES.patient, tags={"*": "identity", "origin": "origin"})
    facts = {"encounter": replace(SOURCES.facts["encounter"], tags={"*": "care", "ward": "care"})}
    sources = replace(SOURCES, patient=tagged, facts=facts)
    made = Clinic(tmp_path, sources, policy(sex=SEX))
    return made.write(patients_csv=PATIENTS, encounters_csv=ENCOUNTERS)


def columns(clinic, made, table):
    return set(clinic.columns(made, table))


def test_only_columns_that_something_uses_are_in_the_snapshot(clinic):
    made = clinic.ingest()
    own = columns(clinic, made, "patient") - {"patient", "patient_id", "birth_date", "age"}
    reserved = {"deceased", "email", "phone", "postal", "first_name", "language"}
    assert own - reserved == {"sex", "origin", "loyalty"}
    assert columns(clinic, made, "fact_encounter") == {"patient", "line", "nights", "cost", "ward"}
    everything = str(clinic.tables(made))
    for value in ("fishing", "chess", "Acme", "Nadia", "Paul"):
        assert value not in everything
    assert ("encounter", 3, "I3") in told(made)


def test_what_was_left_out_is_told_by_source_and_by_the_file_s_own_names(clinic):
    made = clinic.ingest()
    expected = {"patient": ("hobby", "Employer name"), "encounter": ("nurse",)}
    assert made.left_out == expected
    document = IngestReport(made, exact=False).to_dict()
    assert document["left_out"] == {name: list(left) for name, left in expected.items()}


def test_it_is_told_again_of_files_that_are_not_read_again(clinic):
    first = clinic.ingest()
    again = clinic.write(encounters_2_csv="patient_id,nights,cost,ward,bed\nh1,1,5,er,9\n").ingest(
        first
    )
    assert again.left_out == {"patient": first.left_out["patient"], "encounter": ("nurse", "bed")}
    assert len(clinic.rows(again, "fact_encounter")) == 2


def test_a_column_that_is_used_from_now_on_is_read_anew(clinic):
    first = clinic.ingest()
    hobby = Dimension("hobby", "identity", "patient", "hobby", values={"chess": ("chess",)})
    clinic.policy = policy(sex=SEX, hobby=hobby)
    again = clinic.ingest(first)
    assert clinic.rows(again, "patient", "hobby") == [("chess",), ("fishing",)]
    assert again.left_out["patient"] == ("Employer name",)
    assert again.full


def test_rows_of_one_key_that_differ_in_a_column_that_is_not_kept_still_differ(clinic):
    made = clinic.write(
        patients_csv=PATIENTS + "h1,30,a@x.example,F,north,gold,swimming,Acme\n"
    ).ingest()
    assert [one for one in told(made) if one[0] == "patient"] == [
        ("patient", 2, "I2"),
        ("patient", 4, "I2"),
    ]
    assert "swimming" not in str(clinic.tables(made))


def test_columns_of_other_sources_that_nothing_reads_are_told_too(clinic):
    made = clinic.write(
        consent_csv="patient_id,state,clerk\nh1,given,Zoe\n",
        preferences_csv="patient_id,allowed,mood\nh1,yes,good\n",
        links_csv="patient_id,same_as,who\nh1,h2,me\n",
    ).ingest()
    found = {name: made.left_out[name] for name in ("consent", "preference", "link")}
    assert found == {"consent": ("clerk",), "preference": ("mood",), "link": ("who",)}


def test_a_name_that_may_be_a_value_is_not_shown(clinic):
    made = clinic.write(
        patients_csv="patient_id,age,sex,a@x.example,0612345678\nh1,30,F,x,y\n"
    ).ingest()
    assert made.left_out["patient"] == ("(not shown)",)


def test_a_policy_that_reads_a_column_that_was_not_kept_asks_for_an_ingest_and_pays_nothing(
    tmp_path,
):
    root = plain_project(tmp_path)
    patients = root / "data" / "patients.csv"
    header, *rows = patients.read_text(encoding="utf-8").splitlines()
    wider = [f"{header},hobby", *(f"{row},chess" for row in rows)]
    patients.write_text("\n".join(wider), encoding="utf-8")
    with segmenter.open(root) as session:
        session.ingest()
        paid = session.budget().to_dict()
    policy = root / "policy.yml"
    declared = yaml.safe_load(policy.read_text(encoding="utf-8"))
    declared["dimensions"]["first"] = {
        "column": "patient.hobby",
        "values": ["chess"],
        "category": "identity",
    }
    policy.write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")
    with segmenter.open(root) as session:
        with pytest.raises(UsageError, match="does not hold the column hobby of `patient`") as told:
            session.run()
        assert "segmenter ingest" in (told.value.problems[0].hint or "")
        assert session.budget().to_dict() == paid
        session.ingest()
        session.run()
