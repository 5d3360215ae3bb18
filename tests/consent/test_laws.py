"""The laws of consent, as properties over random policies, worlds and histories, on the engine and
against the plain reading.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from oracle.events import parse_event
from segmenter.consent.explain import why
from segmenter.model import Clocks
from world.histories import DENIALS, IDS, TAKEN_AT, Given, events, patients, worlds
from world.settled import oracle, requests, settled

NOW = Clocks(TAKEN_AT, TAKEN_AT)
few = settings(max_examples=12)


def agree(world, clocks):
    """Every question about every patient, as the plain reading answers it."""
    plain = oracle(world.given)
    for patient, allowed in world.allowed().items():
        for question in questions(world.policy):
            said = plain.decide(patient, *question, clocks.as_of, clocks.known_at)
            assert (question in allowed) == said.allowed, (patient, question, said)
    for request in requests(world.policy, clocks):
        asked = (request.purpose, request.channels, request.topic, request.categories)
        assert world.representatives(request) == plain.representatives(
            *asked, clocks.as_of, clocks.known_at
        )


def questions(policy):
    from segmenter.consent.scopes import Scopes

    return [(b.purpose, b.channel, b.topic, b.category) for b in Scopes.of(policy).bits_]


@settings(max_examples=40)
@given(worlds())
def test_law_7_the_engine_agrees_with_the_plain_reading(data: Given):
    with settled(data) as world:
        agree(world, NOW)


@few
@given(worlds(), st.sampled_from([-400, -30, -3, -1, 1, 3, 60]), st.sampled_from([0, 0, 1, 6]))
def test_law_7_at_other_clocks(data: Given, days: int, later: int):
    clocks = Clocks(TAKEN_AT + timedelta(days=days), TAKEN_AT + timedelta(days=later))
    with settled(data) as world:
        world.ask_at(clocks)
        agree(world, clocks)


@few
@given(worlds(), st.sampled_from([0, 0, -3, 5]))
def test_why_tells_the_reasons_of_the_plain_reading(data: Given, days: int):
    clocks = Clocks(TAKEN_AT + timedelta(days=days), TAKEN_AT)
    plain = oracle(data)
    with settled(data) as world:
        for name in sorted(set(world.names.values())):
            answer = why(world.engine, world.policy, name, clocks)
            for decision in answer.decisions:
                asked = decision.question
                said = plain.decide(
                    name,
                    asked.purpose,
                    asked.channel,
                    asked.topic,
                    asked.categories[0],
                    clocks.as_of,
                    clocks.known_at,
                )
                assert decision.allowed == said.allowed
                assert {(t.reason.rule, t.reason.name) for t in decision.told} == set(said.reasons)
                ranks = [rank(t.reason.rule) for t in decision.told]
                assert ranks == sorted(ranks)
            assert answer.allowed == any(d.allowed for d in answer.decisions)


@few
@given(worlds(), st.sampled_from([0, 0, -3, 5]))
def test_an_allowed_question_stands_on_the_grants_that_why_names(data: Given, days: int):
    """With them alone, among the grants, it is allowed all the same; and no other grant would do
    alone.
    """
    clocks = Clocks(TAKEN_AT + timedelta(days=days), TAKEN_AT)
    with settled(data) as world:
        answers = {
            name: why(world.engine, world.policy, name, clocks)
            for name in sorted(set(world.names.values()))
        }
    grants = {n for n, row in enumerate(data.consents) if row.get("state") in ("given", "renewed")}

    def allowed(kept, question):
        left = [row for n, row in enumerate(data.consents) if n not in grants or n in kept]
        return oracle(replace(data, consents=left)).decide(*question).allowed

    for name, answer in answers.items():
        for decision in answer.decisions:
            asked = decision.question
            question = (
                name,
                asked.purpose,
                asked.channel,
                asked.topic,
                asked.categories[0],
                clocks.as_of,
                clocks.known_at,
            )
            named = {*decision.grants}
            assert bool(named) == decision.allowed == allowed(named, question)
            assert not decision.allowed or not any(
                allowed({other}, question) for other in grants - named
            )


def rank(rule):
    return ("C12", "C13", "C11", "C10", "C7", "C4", "C3", "C2", "C5", "C1").index(rule)


@few
@given(worlds(), st.data())
def test_law_1_who_is_not_eligible_does_not_matter(data: Given, more: st.DataObject):
    """A group that may be used for nothing is changed at will and stays so: everyone else stays as
    they were.
    """
    apart = data.but(
        links=[r for r in data.links if IDS[0] not in r.values() and IDS[1] not in r.values()]
    )
    group = [IDS[0], IDS[1]]
    barred = [
        {**row, "deceased": "yes"} if row["patient_id"] in group else row for row in apart.patients
    ]
    others = [row for row in apart.consents if row["patient_id"] not in group]
    told = more.draw(st.lists(events(data.policy, group), max_size=12))
    people = more.draw(patients(group))
    stop = {
        **more.draw(events(data.policy, group, ["withdrawn"])),
        "effective_at": "rubbish",
        "recorded_at": "",
        "purpose": "",
        "channel": "",
        "topic": "",
        "category": "",
    }
    link = [{"patient_id": group[0], "same_as": group[1]}]
    before = apart.but(patients=barred)
    after = apart.but(
        patients=[*people, *(row for row in apart.patients if row["patient_id"] not in group)],
        consents=[*others, *told, stop],
        links=[*apart.links, *link],
    )
    with settled(before) as one, settled(after) as two:
        assert not one.allowed()[group[0]]
        assert not two.allowed()[group[0]]
        assert {k: v for k, v in one.allowed().items() if k not in group} == {
            k: v for k, v in two.allowed().items() if k not in group
        }
        for request in requests(one.policy, NOW):
            assert one.representatives(request) == two.representatives(request)


@few
@given(worlds(), st.data())
def test_law_2_a_denial_lets_nobody_in(data: Given, more: st.DataObject):
    denial = more.draw(events(data.policy, IDS, DENIALS))
    with settled(data) as one, settled(data.but(consents=[*data.consents, denial])) as two:
        before, after = one.allowed(), two.allowed()
        assert all(after[name] <= before[name] for name in before)


@few
@given(worlds(), st.randoms())
def test_law_3_the_order_of_arrival_changes_nothing(data: Given, luck: random.Random):
    shuffled = list(data.consents)
    luck.shuffle(shuffled)
    people = list(data.patients)
    luck.shuffle(people)
    with settled(data) as one, settled(data.but(consents=shuffled, patients=people)) as two:
        assert one.allowed() == two.allowed()
        for request in requests(one.policy, NOW):
            assert one.representatives(request) == two.representatives(request)


@few
@given(worlds(), st.sampled_from([-20, -4, -2, -1, 0]))
def test_law_4_what_comes_later_changes_nothing(data: Given, days: int):
    clocks = Clocks(TAKEN_AT + timedelta(days=days), TAKEN_AT)
    kept = [row for row in data.consents if not later(parse_event(row, data.policy), clocks)]
    assume(len(kept) < len(data.consents))
    with settled(data) as one, settled(data.but(consents=kept)) as two:
        one.ask_at(clocks)
        two.ask_at(clocks)
        after = two.allowed()
        assert one.allowed() == after


def later(event, clocks):
    """Whether an event is after the clocks: learned later, or, where it could be read, effective
    later.
    """
    learned = event.recorded is not None and event.recorded.starts_at > clocks.known_at
    return learned or (
        event.kind in ("grant", "denial") and event.effective.starts_at > clocks.as_of
    )


@few
@given(worlds(), st.data())
def test_law_6_a_state_that_follows_equals_one_made_anew(data: Given, more: st.DataObject):
    """New events, other patient rows, links and erasures that come and go, and time that passes;
    and once more on top of that.
    """
    new = more.draw(
        st.lists(events(data.policy, IDS, now=TAKEN_AT + timedelta(days=2)), max_size=6)
    )
    gone = more.draw(st.sets(st.sampled_from(IDS[:6]), max_size=1))
    other = more.draw(patients(IDS[:6]))
    people = [
        b if more.draw(st.integers(0, 5)) == 0 else a
        for a, b in zip(data.patients, other, strict=True)
    ]
    people = [row for row in people if row["patient_id"] not in gone]
    links = more.draw(
        st.sampled_from(
            [data.links, data.links[1:], [*data.links, {"patient_id": IDS[2], "same_as": IDS[7]}]]
        )
    )
    erased = more.draw(st.sampled_from([data.erased, [], [IDS[1]]]))
    differ = {a["patient_id"] for a in data.patients if a not in people} | gone
    changed = {r["patient_id"]: len(data.consents) for r in new} | dict.fromkeys(differ)
    days = more.draw(st.sampled_from([1, 2, 10, 400]))
    then = data.but(patients=people, consents=[*data.consents, *new], links=links, erased=erased)
    with (
        settled(data) as before,
        settled(then, TAKEN_AT + timedelta(days=days), before, changed) as followed,
    ):
        as_new(followed)
        newer = more.draw(
            st.lists(
                events(data.policy, IDS, now=TAKEN_AT + timedelta(days=days + 1)),
                min_size=1,
                max_size=4,
            )
        )
        once_more = then.but(consents=[*then.consents, *newer])
        told = dict.fromkeys((row["patient_id"] for row in newer), len(then.consents))
        with settled(
            once_more,
            TAKEN_AT + timedelta(days=days + more.draw(st.sampled_from([1, 30]))),
            followed,
            told,
        ) as again:
            as_new(again)


def as_new(followed):
    """A state that followed holds what one made from all events holds."""
    state = followed.rows()
    with settled_again(followed) as anew:
        assert anew == state


def settled_again(followed):
    """The rows of the same snapshot's state, made from all events."""
    import contextlib
    from pathlib import Path

    from segmenter.consent import state
    from segmenter.engine import DuckDBEngine
    from world.settled import Settled
    from world.snapshots import bare_profile

    @contextlib.contextmanager
    def made():
        path = followed.state.with_name("anew.duckdb")
        with DuckDBEngine(Path(path.parent) / "spill", None) as engine:
            engine.attach("snapshot", followed.snapshot.path)
            engine.expose("snapshot")
            state.settle(engine, followed.policy, followed.snapshot, path, bare_profile)
            engine.attach("state", path)
            yield Settled(engine, followed.policy, followed.snapshot, path, followed.given).rows()

    return made()


@settings(max_examples=6)
@given(worlds(), st.data())
def test_law_5_two_files_are_as_good_as_one(data: Given, more: st.DataObject):
    """Through ingest itself, which also has to read every date as the plain reading does."""
    first = more.draw(st.sets(st.integers(0, len(data.consents) - 1)))
    parts = [
        [row for n, row in enumerate(data.consents) if (n in first) == side]
        for side in (True, False)
    ]
    with settled(data) as plain:
        expected = plain.allowed()
    assert ingested(data, [data.consents]) == expected
    assert ingested(data, [part for part in parts if part]) == expected


def ingested(data: Given, files: list) -> dict:
    """What each patient may be used for, when the consent rows are ingested from so many files."""
    import csv
    import tempfile
    from pathlib import Path
    from types import SimpleNamespace

    from segmenter.consent import state
    from segmenter.engine import DuckDBEngine
    from segmenter.identity.links import close_links
    from segmenter.project.declared import ConsentSource, PatientSource, Read, Sources
    from segmenter.sources import ingest
    from segmenter.store.keys import Keys
    from world.policies import policy_of
    from world.settled import MEMORY, Settled
    from world.snapshots import bare_profile

    policy = policy_of(data.policy, encryption=False)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        root = Path(folder)
        tables = {
            "patients": data.patients,
            "links": data.links,
            **{f"consent-{n}": rows for n, rows in enumerate(files)},
        }
        for name, rows in tables.items():
            fields = list(rows[0]) if rows else ["patient_id", "same_as"]
            with (root / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, fields)
                writer.writeheader()
                writer.writerows(rows)
        consents = (ConsentSource(Read(path="consent-*.csv")),)
        sources = Sources(
            PatientSource(Read(path="patients.csv"), "patient_id"),
            consent=consents,
            link=Read(path="links.csv"),
        )
        project = SimpleNamespace(root=root, policy=policy, sources=sources)
        made = ingest(
            project, root / "home", Keys(b"k" * 40), TAKEN_AT, None, lambda *_: None, close_links
        )
        with DuckDBEngine(root / "spill", None) as engine:
            engine.attach("snapshot", made.snapshot.path)
            engine.expose("snapshot")
            ids = dict(
                engine.connection.execute("SELECT patient_id, patient FROM identity").fetchall()
            )
            erased = [(ids[name],) for name in data.erased if name in ids]
            engine.forget(["erased", "touched"])
            engine.connection.execute("CREATE TEMP TABLE erased (patient BIGINT)")
            for row in erased:
                engine.connection.execute("INSERT INTO erased VALUES (?)", row)
            engine._ready.add("erased")
            state.settle(engine, policy, made.snapshot, root / "state.duckdb", bare_profile)
            engine.attach("state", root / "state.duckdb")
            engine.expose("state")
            return Settled(engine, policy, made.snapshot, root / "state.duckdb", data).allowed()
