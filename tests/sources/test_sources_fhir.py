"""FHIR Consent: what a resource grants, what it denies, what it only seems to say."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from segmenter.errors import SourceError
from segmenter.project.declared import ConsentSource, Read
from segmenter.sources import fhir, fhir_files
from sourcing import Clinic, told

EXAMPLES = sorted((Path(__file__).parents[2] / "../shared/data/fhir_consent_r4").glob("*.json"))
NOW = datetime(2026, 6, 1, tzinfo=UTC)
GRANTS = {
    "notice_version": "2026-01",
    "channel": "*",
    "topic": "*",
    "categories": ["identity", "care"],
}
TERMS = fhir.Terms({"HMARKT": "prevention", "HRESCH": "statistics"}, GRANTS, NOW, "Europe/Paris")
MARKETING = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HMARKT"}]
TREATMENT = [{"code": "TREAT"}]
PERMIT = {"type": "permit", "purpose": MARKETING}


def r4(provision=None, **more):
    base = {
        "resourceType": "Consent", "id": "c1", "status": "active",
        "patient": {"reference": "Patient/7"}, "dateTime": "2026-01-01",
        "sourceReference": {"reference": "DocumentReference/9"},
        "meta": {"lastUpdated": "2026-01-02T00:00:00Z", "versionId": "1"},
    }  # fmt: skip
    return {**base, **({} if provision is None else {"provision": provision}), **more}


def r5(provisions, decision="permit", **more):
    base = r4(**more)
    del base["patient"], base["dateTime"]
    return {
        **base,
        "subject": {"reference": "Patient/7"},
        "date": "2026-01-01",
        "decision": decision,
        "provision": provisions,
        **more,
    }


def rows(*resources):
    return [row for _, row in fhir.rows([fhir.Consent(r, "f.json", 1) for r in resources], TERMS)]


def said(*resources):
    return [(row["state"], row["purpose"], row["category"]) for row in rows(*resources)]


GIVEN = [("given", "prevention", "identity"), ("given", "prevention", "care")]
DENIED = [("refused", "prevention", "*")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_no_published_example_grants_marketing(path):
    resource = json.loads(path.read_text(encoding="utf-8"))
    assert "given" not in {row["state"] for row in rows(resource)}


def test_a_permit_of_a_mapped_purpose_grants_each_category():
    first, second = rows(r4(PERMIT))
    assert said(r4(PERMIT)) == GIVEN
    assert first == {
        "event_id": "c1/1", "patient_id": "7", "purpose": "prevention", "channel": "*",
        "topic": "*", "category": "identity",
        "state": "given", "effective_at": "2026-01-01", "recorded_at": "2026-01-02T00:00:00Z",
        "confirmed_at": "", "valid_until": "",
        "method": "paper", "expressed_by": "self", "notice_version": "2026-01",
        "evidence": "DocumentReference/9", "source": "fhir",
    }  # fmt: skip
    assert second["category"] == "care"


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (r5([{"purpose": MARKETING}]), DENIED),
        (r5([{"purpose": MARKETING}, {"purpose": TREATMENT}]), DENIED),
        (r5([{"purpose": MARKETING, "provision": [{"purpose": MARKETING}]}]), DENIED),
        (r5([{"purpose": MARKETING}], "deny"), DENIED),
        (r5([], "deny"), [("refused", "*", "*")]),
        (r4({"type": "permit", "purpose": TREATMENT}), []),
        (r4({"purpose": MARKETING}), []),
        (r4({"type": "permit"}), []),
        (r4(), []),
        (r4({"type": "permit", "provision": [PERMIT]}), GIVEN),
        (r4({"type": "deny", "purpose": MARKETING}), DENIED),
        (r4({"type": "deny"}), [("refused", "*", "*")]),
        (r4({**PERMIT, "provision": [{"type": "deny"}]}), [*GIVEN, *DENIED]),
        (r4({**PERMIT, "provision": [{"type": "deny", "purpose": TREATMENT}]}), GIVEN),
        (r4({"type": "deny", "provision": [PERMIT]}), [("refused", "*", "*")]),
        (r4(PERMIT, policyRule={"coding": [{"code": "OPTOUT"}]}), DENIED),
        (r4({}, policyRule={"coding": [{"code": "OPTOUT"}]}), [("refused", "*", "*")]),
        (r4({}, policyRule={"coding": [{"code": "OPTIN"}]}), []),
        (r4({**PERMIT, "actor": [{}]}), []),
        (r4({**PERMIT, "securityLabel": [{"code": "R"}]}), []),
        (r4({"type": "deny", "purpose": MARKETING, "actor": [{}]}), DENIED),
        (
            r4({**PERMIT, "provision": [{"purpose": MARKETING}]}),
            [*GIVEN, ("unreadable", "prevention", "*")],
        ),
        (r4(PERMIT, status="proposed"), []),
        (r4(PERMIT, status="draft"), []),
        (r4(PERMIT, status="rejected"), DENIED),
        (r4(PERMIT, status="nonsense"), [("unreadable", "prevention", "*")]),
        (r4(PERMIT, status="inactive"), []),
        (r4({"type": "deny", "purpose": MARKETING}, status="inactive"), DENIED),
        (r4("text"), [("unreadable", "*", "*")]),
    ],
)
def test_what_a_resource_says(resource, expected):
    assert said(resource) == expected


def test_the_newest_version_speaks_and_an_ended_one_withdraws():
    newer = r4(
        {"type": "deny", "purpose": MARKETING},
        meta={"versionId": "2", "lastUpdated": "2026-02-01T00:00:00Z"},
    )
    assert said(r4(PERMIT), newer) == DENIED
    ended = r4(status="inactive", meta={"versionId": "2", "lastUpdated": "2026-02-01T00:00:00Z"})
    found = rows(r4(PERMIT), ended)
    assert [(r["state"], r["category"], r["effective_at"]) for r in found] == [
        ("given", "identity", "2026-01-01"), ("withdrawn", "identity", "2026-02-01T00:00:00Z"),
        ("given", "care", "2026-01-01"), ("withdrawn", "care", "2026-02-01T00:00:00Z"),
    ]  # fmt: skip
    assert said(newer, {**ended, "meta": {"versionId": "3"}}) == DENIED


def test_dates_evidence_and_who_spoke():
    until = {**PERMIT, "period": {"start": "2026-03-01", "end": "2026-04-01"}}
    row = rows(
        r4(
            until,
            performer=[{"reference": "RelatedPerson/1"}],
            sourceReference=None,
            verification=[{"verified": True}],
        )
    )[0]
    assert (row["effective_at"], row["valid_until"]) == ("2026-03-01", "2026-04-01")
    assert (row["expressed_by"], row["evidence"]) == ("representative", "verification")
    bare = rows(r4(PERMIT, sourceReference=None, meta={}))[0]
    assert (bare["evidence"], bare["recorded_at"]) == ("", NOW.isoformat())
    assert rows(r4(PERMIT, dateTime="2026"))[0]["effective_at"] == "2026"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Patient/7", "7"),
        ("https://h.example/fhir/Patient/7/_history/2", "7"),
        ("urn:uuid:7", ""),
        ("#p", ""),
        ("Group/7", ""),
    ],
)
def test_patient_ids(reference, expected):
    assert fhir.reference_id({"reference": reference}) == expected


def test_stu3_is_refused(tmp_path):
    old = {
        "resourceType": "Consent",
        "status": "active",
        "patient": {"reference": "Patient/7"},
        "except": [{"type": "deny"}],
    }
    with pytest.raises(SourceError, match="STU3"):
        rows(old)
    with pytest.raises(SourceError, match="STU3"):
        clinic(tmp_path, old).ingest()


def clinic(tmp_path, *resources):
    made = Clinic(tmp_path).write(patients_csv="patient_id\n7\n8\n")
    made.sources = replace(
        made.sources,
        consent=(
            ConsentSource(
                Read("data/fhir*.json*", format="fhir"), {"HMARKT": "prevention"}, GRANTS
            ),
        ),
        suppression=(),
    )
    for i, resource in enumerate(resources):
        text = resource if isinstance(resource, str) else json.dumps(resource)
        (tmp_path / "data" / f"fhir{i}.json").write_text(text, encoding="utf-8")
    return made


def test_bundles_and_lines_are_read_and_versions_meet_over_files(tmp_path):
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": r4(PERMIT)}, {"resource": {"resourceType": "Patient"}}],
    }
    ended = r4(status="inactive", meta={"versionId": "2", "lastUpdated": "2026-02-01T00:00:00Z"})
    lines = (
        json.dumps(ended)
        + "\n{broken\n"
        + json.dumps(r4(PERMIT, id="c2", patient={"reference": "Patient/8"}))
        + "\n"
    )
    made = clinic(tmp_path, bundle, lines).ingest()
    assert sorted(row[:2] for row in clinic(tmp_path).rows(made, "consent", "state",
      "patient")) == [
        ("given", 1), ("given", 1), ("given", 2), ("given", 2), ("withdrawn", 1), ("withdrawn", 1),
    ]  # fmt: skip
    assert told(made) == [("consent", 2, "I5")]


def test_a_new_file_of_resources_reads_all_of_them_again(tmp_path):
    made = clinic(tmp_path, r4(PERMIT))
    first = made.ingest()
    clinic(tmp_path, r4(PERMIT), r4(PERMIT, id="c9"))
    assert made.ingest(first).full


# -- R5: a provision is an exception to the decision -----------------------------------------------


def said_with_exceptions(*resources):
    terms = dataclasses.replace(TERMS, r5_exceptions=True)
    versions = [fhir.Consent(resource, "f.json", 1) for resource in resources]
    return [
        (row["state"], row["purpose"], row["category"]) for _, row in fhir.rows(versions, terms)
    ]


def test_r5_a_permit_with_exceptions_denies_what_it_excepts_and_grants_nothing():
    for ask in (said, said_with_exceptions):
        assert ask(r5([{"purpose": MARKETING}])) == DENIED
        assert ask(r5([{"purpose": TREATMENT}])) == []
        assert ask(r5([{}])) == [("refused", "*", "*")]


def test_r5_a_deny_with_exceptions_permits_just_that_if_its_writers_follow_the_standard():
    assert said(r5([{"purpose": MARKETING}], "deny")) == DENIED
    assert said_with_exceptions(r5([{"purpose": MARKETING}], "deny")) == GIVEN
    assert said_with_exceptions(r5([], "deny")) == [("refused", "*", "*")]


def test_a_urn_is_resolved_within_its_bundle_and_is_nobody_elsewhere():
    resource = r4({"type": "deny"}, patient={"reference": "urn:uuid:5f00"})
    entries = [
        {"fullUrl": "urn:uuid:5f00", "resource": {"resourceType": "Patient", "id": "b7"}},
        {"resource": resource},
    ]
    patients = fhir_files._patients_by_url(entries)
    assert fhir.patient_of(fhir_files._resolved(resource, patients)) == "b7"
    assert fhir.patient_of(resource) == ""
