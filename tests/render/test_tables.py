"""Answers for people: every verb's form shows what matters of its document, in its language, and
breaks on nothing.
"""

from __future__ import annotations

import pytest

from segmenter import render

INTERVAL = {"count": 7, "interval": [6, 8]}
AHEAD = {
    "purpose": "prevention",
    "as_of": "2026-06-01T00:00:00Z",
    "before": "2026-09-01T00:00:00Z",
    "in_force": ["1"],
}


def shown(capsys, verb, document, language="en", told=None):
    render.show(verb, document, language, told)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("verb", "document", "told"),
    [
        ("init", {"project": "/p", "files": ["/p/policy.yml"], "next": ["segmenter check"]},
         ("/p/policy.yml", "Next: segmenter check")),
        ("recall", {"recalls": []}, ("Nobody has to be taken back.",)),
        ("recall", {"recalls": [{"id": "r1", "file": "/x/r1.csv", "state": "pending"}]},
         ("pending", "r1: /x/r1.csv")),
        ("suppress", {"suppression": []}, ("The suppression list is empty.",)),
        ("suppress add", {"added": True, "kind": "email", "usable": False}, ("misspelt",)),
        ("trail", {"trail": [{"seq": 1, "policy": "a" * 64, "hash": "b" * 64}]},
         ("a" * 12, "b" * 12)),
        ("forecast", {"purposes": [{**AHEAD, "buckets": [{"lapse": "0-30", **INTERVAL}]}],
          "spent": 1.0}, ("0-30", "6 to 8", "days")),
        ("notice", {"purposes": [{**AHEAD,
            "buckets": [{"notice": "1", "ask": "later", **INTERVAL}]}]}, ("later", "6 to 8")),
        ("discover", {"proposals": [], "spent": 0.0}, ("Nothing stands out",)),
        ("verify", {"manifest": {"alias": "abc", "feeds": []}, "signature": "valid"},
         ("alias: abc", "signature: valid")),
        ("exposed", {"export": "e", "members": ["1", "2"],
          "notice": {"en": "DRAFT", "fr": "PROJET"}}, ("members: 1, 2", "DRAFT")),
        ("test", {"passed": False,
          "checks": [{"check": "x", "passed": False, "found": ["a", "b"]}]},
          ("FAILED  x", "a\n", "b\n")),
        ("ingest", {"snapshot": "s", "left_out": {"patient": ["hobby", "employer"]}},
         ("nothing uses", "hobby, employer")),
        ("export", {"export": "e", "funnel": None}, ("release.funnel",)),
        ("budget", {"lifetime": {"epsilon": 2.0, "complete": False}}, ("epsilon 2", "recovery")),
    ],
)  # fmt: skip
def test_what_matters_is_told(capsys, verb, document, told):
    out = shown(capsys, verb, document)
    assert all(one in out for one in told), out
    assert "a" * 13 not in out


def test_forms_speak_french(capsys):
    document = {"purposes": [{**AHEAD, "buckets": [{"notice": "1", "ask": "before", **INTERVAL}]}]}
    french = shown(
        capsys,
        "notice",
        {**document, "spent": 2.0, "refused": [{"purpose": "p", "rule": "P3", "reason": "r"}]},
        "fr",
    )
    assert all(
        one in french
        for one in ("à solliciter", "6 à 8", "budget dépensé\u00a0: 2", "refusé", "P3")
    )
    assert "délégué" in shown(capsys, "notice", {**document, "spent": 0.0, "exact": True}, "fr")
    assert "PROJET" in shown(capsys, "exposed", {"notice": {"en": "DRAFT", "fr": "PROJET"}}, "fr")


def test_what_stands_against_contact_comes_before_the_decisions(capsys):
    out = shown(
        capsys,
        "why",
        {"suppression": [{"reason": "manual"}], "exports": []},
        "en",
        lambda language: [f"Allowed ({language})."],
    )
    assert out.index("manual") < out.index("Allowed (en).")


def test_an_access_report_tells_what_is_held_then_what_is_decided(capsys):
    document = {
        "patient_ids": ["7"],
        "tables": {"patient": [{"sex": "Female"}]},
        "exports": [{"export": "e1"}],
    }
    out = shown(capsys, "subject", document, "fr", lambda _language: ["Autorisé."])
    assert (
        out.index("Données détenues")
        < out.index("Female")
        < out.index("e1")
        < out.index("Autorisé.")
    )


@pytest.mark.parametrize("verb", render.FORMS)
def test_an_empty_document_breaks_nothing(capsys, verb):
    shown(capsys, verb, {})


@pytest.mark.parametrize("width", [200, 60, 50, 40])
def test_a_narrow_table_loses_no_column_and_breaks_no_word_it_need_not(capsys, width):
    from rich.console import Console

    from segmenter.render.parts import table

    table(
        Console(width=width),
        "t",
        ("name", "predicted_error", "kept"),
        [["senior_frequent", "age_band, payer, visits, last_stay", True]],
    )
    out = capsys.readouterr().out
    assert all(word in out for word in ("senior_frequent", "last_stay", "kept", "yes", "predicted"))
    assert all(len(line) <= width for line in out.splitlines())


def test_progress_tells_the_step_and_takes_any_share_of_the_whole(capsys):
    with render.progress() as shown:
        shown("reading", None)
        shown("reading", 0.2)
        shown("decisions", 1.7)
    told = capsys.readouterr()
    assert told.out == ""
