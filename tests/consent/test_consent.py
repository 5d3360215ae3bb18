"""The gate, the layout of questions, other clocks, outlooks and receipts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from segmenter.consent import ageing, state
from segmenter.consent import gate as consent
from segmenter.consent.explain import every, for_request, why
from segmenter.consent.reasons import ORDER, SENTENCES, sentence
from segmenter.consent.receipt import MANDATORY, receipt
from segmenter.consent.scopes import ALONE, WORD, Scopes
from segmenter.errors import PolicyError, UsageError
from segmenter.model import Clocks, ProcessingRequest
from segmenter.project.policy import Category, Purpose
from world import people
from world.histories import TAKEN_AT, Given
from world.policies import CLINIC, HOSPITAL, SURGERY, policy_of
from world.settled import oracle, settled
from world.snapshots import bare_profile

NOW = Clocks(TAKEN_AT, TAKEN_AT)
CLINIC_POLICY = policy_of(CLINIC)


def asked(
    purpose="prevention", channels=("sms",), topic="screening", categories=("care",), clocks=NOW
):
    return ProcessingRequest(purpose, tuple(channels), topic, tuple(categories), clocks)


def event(patient_id="p", **fields):
    row = {"patient_id": patient_id, **people.USUAL, **fields}
    return {"recorded_at": row["effective_at"], "confirmed_at": row["effective_at"], **row}


def given(*events, patients=("p",), links=(), erased=(), policy=CLINIC):
    return Given(
        policy,
        [{"patient_id": p, "age": "40"} for p in patients],
        list(events),
        list(links),
        list(erased),
    )


# -- the layout ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "policy", [CLINIC, SURGERY, HOSPITAL], ids=["clinic", "surgery", "hospital"]
)
def test_every_question_has_a_bit_of_its_own_and_a_unit_stays_in_its_word(policy):
    bits = Scopes.of(policy_of(policy)).bits_
    assert len({(b.word, b.mask) for b in bits}) == len(bits)
    assert len({(b.purpose, b.channel, b.topic, b.category) for b in bits}) == len(bits)
    assert all(0 < b.mask < ALONE for b in bits)
    for unit in {(b.purpose, b.topic) for b in bits}:
        assert len({b.word for b in bits if (b.purpose, b.topic) == unit}) == 1


def test_a_large_policy_takes_several_words():
    assert Scopes.of(policy_of(HOSPITAL)).words > 1


def test_a_purpose_with_too_many_questions_a_topic_is_refused():
    names = tuple(f"c{n}" for n in range(WORD + 1))
    wide = Purpose("wide", {}, ("identity", *names), (), (), "2024-01", 10)
    policy = replace(
        CLINIC_POLICY,
        categories={**CLINIC_POLICY.categories, **{n: Category(n, 1) for n in names}},
        purposes={"wide": wide},
    )
    with pytest.raises(PolicyError):
        Scopes.of(policy)


def test_the_order_of_purposes_in_the_file_moves_no_bit():
    turned = replace(CLINIC_POLICY, purposes=dict(reversed(CLINIC_POLICY.purposes.items())))
    assert turned.deciding_hash() == CLINIC_POLICY.deciding_hash()
    assert Scopes.of(turned).bits_ == Scopes.of(CLINIC_POLICY).bits_


def test_a_mark_changes_with_what_decides_and_with_the_relations(monkeypatch):
    mark = state.mark(CLINIC_POLICY)
    assert state.mark(replace(CLINIC_POLICY, roles={"officer": ("x",)})) == mark
    assert state.mark(replace(CLINIC_POLICY, min_age=17)) != mark
    monkeypatch.setattr(state, "DECIDING", ("consent",))
    assert state.mark(CLINIC_POLICY) != mark


# -- C14 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_", [
        asked(purpose="bogus"), asked(categories=["origin"]), asked(channels=["phone"]), asked(topic="newsletter"), asked(topic=None),
        asked(channels=[]), asked(purpose="offers", channels=["email"], topic=None, categories=["care"]),
        asked(purpose="statistics", channels=[], topic="screening", categories=[]),
    ], ids=["purpose", "category", "channel", "topic", "no topic", "no channel", "care for offers", "topic of statistics"],
)  # fmt: skip
def test_c14_what_the_purpose_does_not_list_is_refused_before_any_data_is_read(request_):
    with pytest.raises(PolicyError) as refused:
        consent.check(CLINIC_POLICY, request_)
    assert refused.value.rule == "C14"


def test_c14_a_layout_that_does_not_look_would_be_noticed(monkeypatch):
    monkeypatch.setattr(Scopes, "_listed", lambda *_: None)
    word, masks = consent.check(CLINIC_POLICY, asked(categories=["origin"]))
    assert (word, masks) == consent.check(CLINIC_POLICY, asked(categories=[])), (
        "the fault lets origin through as identity alone"
    )


def test_c14_holds_for_contact_and_what_an_export_carries():
    with settled(given(policy=SURGERY)) as place, pytest.raises(PolicyError):
        consent.contactable(
            place.engine, place.policy, asked(topic=None, categories=[]), "sms", ["contact"]
        )


# -- the gate --------------------------------------------------------------------------------------


def test_eligible_on_one_of_the_channels_with_all_categories():
    data = given(
        event("a"), event("a", category="identity"),                                      # sms, both
        event("b"),                                                                        # care alone
        event("c"), event("c", category="identity", channel="email"),                      # never both on one channel
        event("d", channel="email"), event("d", channel="email", category="identity"),
        patients=("a", "b", "c", "d"),
    )  # fmt: skip
    with settled(data) as place:
        assert place.representatives(asked(channels=("email", "sms"))) == ["a", "d"]
        assert place.representatives(asked(channels=("sms",), categories=())) == ["a"]


def test_c13_the_smallest_eligible_id_as_text_stands_for_the_human():
    ids = ("9", "10", "8")
    data = given(
        *(event(i, category="identity") for i in ("9", "8")), patients=ids,
        links=[{"patient_id": "9", "same_as": "10"}, {"patient_id": "10", "same_as": "8"}],
    )  # fmt: skip
    with settled(data) as place:
        assert place.representatives(asked(categories=())) == ["8"]


def test_c13_a_representative_is_chosen_before_any_later_check():
    """Who stands for the human is not reachable by e-mail; the other id, who would be, does not
    stand in.
    """
    own = {"topic": "screening", "category": "identity"}
    data = given(
        event("a", channel="sms", **own), event("b", channel="email", **own), event("b", channel="email", **{**own, "category": "contact"}),
        patients=("a", "b"), links=[{"patient_id": "a", "same_as": "b"}],
    )  # fmt: skip
    with settled(data) as place:
        request = asked(channels=("sms", "email"), categories=())
        assert place.representatives(request) == ["a"]
        consent.contactable(place.engine, place.policy, request, "email", [])
        reachable = {
            place.names[p]
            for (p,) in place.engine.connection.execute(
                "SELECT patient FROM contactable"
            ).fetchall()
        }
        assert reachable == {"b"}


def test_contact_needs_its_own_consent():
    data = given(
        event("a", category="identity"),
        event("b", category="identity"),
        event("b", category="contact"),
        patients=("a", "b"),
    )
    with settled(data) as place:
        table = consent.contactable(
            place.engine, place.policy, asked(categories=()), "sms", ["contact"]
        )
        assert [
            place.names[p]
            for (p,) in place.engine.connection.execute(f"SELECT patient FROM {table}").fetchall()
        ] == ["b"]


def test_the_gate_tells_no_number():
    with settled(given(event("a", category="identity"), patients=("a",))) as place:
        eligible = consent.gate(place.engine, place.policy, place.snapshot, asked(categories=()))
        assert "1" not in repr(eligible.table)
        assert repr(place.engine) == "DuckDBEngine()"


# -- other clocks, erasures ------------------------------------------------------------------------


def test_going_forth_and_back_in_time():
    data = given(event("a", category="identity", valid_until="2026-06-10"), patients=("a",))
    with settled(data) as place:
        for days, there in ((0, True), (20, False), (-100, False), (0, True)):
            place.ask_at(Clocks(TAKEN_AT + timedelta(days=days), TAKEN_AT))
            assert bool(place.allowed()["a"]) == there


def test_an_erasure_after_the_state_holds_at_once():
    with settled(given(event("a", category="identity"), patients=("a",))) as place:
        assert place.allowed()["a"]
        place.engine.forget(["erased"])
        place.engine.connection.execute("CREATE TEMP TABLE erased AS SELECT patient FROM identity")
        place.engine._ready.add("erased")
        place.ask_at(NOW)
        assert not place.allowed()["a"]


# -- why -------------------------------------------------------------------------------------------


def test_why_tells_the_events_behind_a_reason_and_both_languages():
    data = given(
        event(event_id="g1"),
        event(event_id="d1", state="withdrawn", effective_at="2026-05-02T10:00:00Z"),
    )
    with settled(data) as place:
        answer = why(
            place.engine,
            place.policy,
            "p",
            NOW,
            for_request("prevention", ("sms",), "screening", ("care",)),
        )
    told = answer.to_dict()
    assert told["allowed"] is False
    assert [(r["rule"], r["reason"], [e["event_id"] for e in r["events"]]) for r in told["reasons"]] == [
        ("C7", "withdrawn", ["d1"]), ("C1", "no_consent", []),
    ]  # fmt: skip
    assert set(told["reasons"][0]["sentence"]) == {"en", "fr"}
    assert answer.sentences("fr") == [
        "prevention / sms / screening / identity+care: Le consentement a été retiré. (C7: d1) Aucun consentement ne couvre cet usage. (C1)"
    ]


def test_why_tells_the_grants_that_an_allowed_use_stands_on():
    """Not the one from before a withdrawal; questions that differ in the category only are told in
    one line.
    """
    data = given(
        event(event_id="old", effective_at="2026-02-01T10:00:00Z"),
        event(event_id="no", state="withdrawn", effective_at="2026-03-01T10:00:00Z"),
        event(event_id="new", effective_at="2026-04-01T10:00:00Z", evidence="form-12"),
        event(event_id="", category="identity", effective_at="2026-04-02T10:00:00Z"),
    )
    with settled(data) as place:
        answer = why(
            place.engine,
            place.policy,
            "p",
            NOW,
            for_request("prevention", ("sms",), "screening", ("care",)),
        )
    [decision] = answer.to_dict()["decisions"]
    assert [(e.get("event_id"), e["line"], e["evidence"]) for e in decision["grants"]] == [
        ("new", 4, "form-12"),
        (None, 5, "doc"),
    ]
    assert decision["reasons"] == []
    assert answer.sentences("en") == [
        "prevention / sms / screening / identity+care: Allowed. (C1: new, consent.csv:5)"
    ]


def test_why_about_somebody_nobody_knows():
    with settled(given()) as place, pytest.raises(UsageError) as refused:
        why(place.engine, place.policy, "nobody-such", NOW)
    assert "nobody-such" not in str(refused.value)


def test_why_without_questions_answers_all_of_them():
    with settled(given(event())) as place:
        answer = why(place.engine, place.policy, "p", NOW)
    assert [d.question for d in answer.decisions] == list(every(Scopes.of(CLINIC_POLICY)))
    assert answer.allowed


def test_c15_the_order_is_fixed_and_every_reason_has_its_sentences():
    rules = list(dict.fromkeys(reason.rule for reason in ORDER))
    assert rules == ["C12", "C13", "C11", "C10", "C7", "C4", "C3", "C2", "C5", "C1"]
    assert {reason.name for reason in ORDER} | {"allowed"} == set(SENTENCES)
    assert all(sentence(name, language) for name in SENTENCES for language in ("en", "fr"))


# -- outlook ---------------------------------------------------------------------------------------


def histogram(place, look):
    columns = ", ".join(f"dim_{d.name}" for d in look.dimensions)
    rows = place.engine.connection.execute(
        f"SELECT {columns}, count(*) FROM {look.eligible.table} GROUP BY ALL"
    ).fetchall()
    return {
        tuple(d.labels[code] for d, code in zip(look.dimensions, row[:-1], strict=True)): row[-1]
        for row in rows
    }


def ahead(place):
    return ageing.Ahead(place.engine, place.policy, place.snapshot, bare_profile)


def test_who_lapses_when():
    day = "%Y-%m-%dT%H:%M:%SZ"
    ends = {"a": 1, "b": 30, "c": 31, "d": 60, "e": 90, "f": 91}
    data = given(
        *(event(who, category="identity", valid_until=(TAKEN_AT + timedelta(days=n)).strftime(day)) for who, n in ends.items()),
        event("g", category="identity"), event("h", state="refused"),
        event("i", category="identity"),
        event("i", state="withdrawn", category="identity", effective_at="2026-07-15T00:00:00Z", recorded_at="2026-05-01T00:00:00Z"),
        event("j", category="identity"), event("j-2", category="identity", valid_until="2026-06-05"),
        patients=(*ends, "g", "h", "i", "j", "j-2"), links=[{"patient_id": "j", "same_as": "j-2"}],
    )  # fmt: skip
    with settled(data) as place:
        look = ageing.lapses(ahead(place), "prevention", NOW)
        assert histogram(place, look) == {("0-30",): 2, ("31-60",): 3, ("61-90",): 1, ("later",): 3}
        assert "3" not in repr(look.eligible.table)
        assert place.allowed()["a"], "the clocks are back where they were"


def test_who_lapses_when_nothing_outside_can_be_reached():
    data = given(
        event("a", category="identity", valid_until="2026-06-20"),
        event("b", category="identity"),
        patients=("a", "b"),
    )
    with settled(data) as place:
        place.engine.lock_down()
        assert histogram(place, ageing.lapses(ahead(place), "prevention", NOW)) == {
            ("0-30",): 1,
            ("later",): 1,
        }


def test_lapses_agree_with_the_plain_reading():
    data = people.world("clinic")
    plain = oracle(data)

    def eligible(days):
        at = TAKEN_AT + timedelta(days=days)
        asked_of = ((c, t) for c in ("email", "sms") for t in ("screening", "vaccination"))
        questions = [*asked_of, (None, None)]
        found = {
            i
            for i in plain.people
            if any(
                plain.decide(i, "prevention", c, t, "identity", at, TAKEN_AT).allowed
                for c, t in questions
            )
        }
        return {min(plain.group(i)) for i in found}

    now, one, two, three = (eligible(n) for n in (0, 30, 60, 90))
    expected = {
        ("0-30",): now - one,
        ("31-60",): now & one - two,
        ("61-90",): now & one & two - three,
        ("later",): now & one & two & three,
    }
    with settled(data) as place:
        assert histogram(place, ageing.lapses(ahead(place), "prevention", NOW)) == {
            k: len(v) for k, v in expected.items() if v
        }


def test_who_holds_an_old_notice_and_must_be_asked_before_a_date():
    data = given(
        event("a", category="identity", notice_version="2025-01"),
        event("b", category="identity", notice_version="2025-01"), event("b", category="identity", notice_version="2026-01"),
        event("c", category="identity", notice_version="2025-01", valid_until="2026-06-20"),
        event("d", category="identity", notice_version="2025-01"),
        event("d", category="identity", state="refused", effective_at="2026-05-09T00:00:00Z"),
        patients=("a", "b", "c", "d"),
    )  # fmt: skip
    with settled(data) as place:
        look = ageing.notices(ahead(place), "prevention", NOW, TAKEN_AT + timedelta(days=30))
        assert histogram(place, look) == {
            ("2025-01", "later"): 1,
            ("2026-01", "later"): 1,
            ("2025-01", "before"): 1,
        }
        assert ageing.in_force(place.policy, "offers") == ("2026-01",)


def test_an_outlook_of_an_unknown_purpose_is_refused():
    with settled(given()) as place, pytest.raises(PolicyError):
        ageing.lapses(ahead(place), "bogus", NOW)


# -- receipts --------------------------------------------------------------------------------------


def test_a_receipt_holds_every_mandatory_field():
    data = given(
        event(),
        event(category="identity"),
        event(state="withdrawn", effective_at="2026-05-02T10:00:00Z"),
    )
    with settled(data) as place:
        answer = replace(
            why(place.engine, place.policy, "p", NOW), exports=({"destination": "mailer"},)
        )
        made = receipt(answer, place.policy, TAKEN_AT, receipt_id="r-1", record_id="c-1")
    told = made.to_dict()
    told["pii_information"] = [
        i for part in told["pii_processing"] for i in part["pii_information"]
    ]
    for part, fields in MANDATORY.items():
        for entry in told[part] if isinstance(told[part], list) else [told[part]]:
            assert set(fields) <= set(entry), part
            assert all(entry[f] not in (None, "", []) for f in fields), part
    parties = {party["party_id"]: party["party_type"] for party in told["party_identification"]}
    assert parties == {
        "controller": "PII controller", "principal": "PII principal", "mailer": "third party", "authority": "supervisory authority"
    }  # fmt: skip
    assert all(
        {*p["pii_controllers"], *p["recipient_third_parties"], p["authority_party"]} <= set(parties)
        for p in told["pii_processing"]
    )
    [prevention] = [p for p in told["pii_processing"] if p["purpose"] == "prevention"]
    assert {i["pii_type"]: i["consented"] for i in prevention["pii_information"]} == {
        "identity": True,
        "contact": False,
        "care": False,
    }
    assert [e["event_state"] for e in told["event"]] == [
        "consent given",
        "consent given",
        "consent withdrawn",
    ]
    assert made.lines("en")[:2] == [
        "Consent receipt r-1 (ISO/IEC TS 27560:2023)",
        f"For: p, as of {told['header']['as_of']}, record c-1",
    ]
    assert made.lines("fr")[1] == f"Pour : p, à la date du {told['header']['as_of']}, dossier c-1"
    assert made.lines("fr")[2].startswith("Responsable : Clinic, non indiqué.")
    for language in ("en", "fr"):
        assert len(made.lines(language)) == 3 + len(told["pii_processing"]) + len(told["event"]) + 3
    assert "p" not in repr(made).replace("Receipt", "")


def test_a_receipt_speaks_one_language():
    with settled(given(event())) as place:
        answer = why(place.engine, place.policy, "p", NOW)
    made = [
        receipt(answer, CLINIC_POLICY, TAKEN_AT, receipt_id="r", record_id="c", language=language)
        for language in ("en", "fr")
    ]
    english, french = (one.to_dict()["pii_processing"][0] for one in made)
    for name in (
        "lawful_basis",
        "processing_method",
        "retention_period",
        "withdrawal_method",
        "privacy_rights",
        "recipient_third_parties",
    ):
        assert english[name] != french[name]
