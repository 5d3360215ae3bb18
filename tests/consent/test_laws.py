"""The laws of consent, as properties over random policies, worlds and histories: on the engine, and
against the plain reading.
"""

from __future__ import annotations

import csv
import random
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from oracle.events import parse_event
from segmenter.consent import state
from segmenter.consent.explain import explain
from segmenter.consent.reasons import ORDER
from segmenter.consent.scopes import Scopes
from segmenter.engine import DuckDBEngine
from segmenter.identity.links import close_links
from segmenter.model import Clocks
from segmenter.private.keys import Keys
from segmenter.project.declared import ConsentSource, PatientSource, Read, Sources
from segmenter.sources import ingest
from world.histories import DENIALS, GRANTS, IDS, TAKEN_AT, Given, events, patients, worlds
from world.policies import policy_of
from world.settled import MEMORY, Settled, oracle, requests, settled, settled_anew
from world.snapshots import numbers

NOW = Clocks(TAKEN_AT, TAKEN_AT)
few = settings(max_examples=12)


def days(number):
    return timedelta(days=number)


# -- the plain reading (law 7) ---------------------------------------------------------------------


def agree(world, clocks):
    """Every question about every patient is answered as the plain reading answers it."""
    plain = oracle(world.given)
    questions = [(b.purpose, b.channel, b.topic, b.category) for b in Scopes.of(world.policy).bits]
    for patient, allowed in world.allowed().items():
        for question in questions:
            said = plain.decide(patient, *question, clocks.as_of, clocks.known_at)
            assert (question in allowed) == said.allowed, (patient, question, said)
    for request in requests(world.policy, clocks):
        asked = (request.purpose, request.channels, request.topic, request.categories)
        expected = plain.representatives(*asked, clocks.as_of, clocks.known_at)
        assert world.representatives(request) == expected


def question_of(name, use, clocks):
    """What a use of one category asks the plain reading."""
    (category,) = use.categories
    scope = (use.purpose, use.channel, use.topic, category)
    return (name, *scope, clocks.as_of, clocks.known_at)


def explained(world, clocks):
    """The explanation of every use, for every id that anything knows."""
    names = sorted(set(world.names.values()))
    return {name: explain(world.engine, world.policy, world.tables, name, clocks) for name in names}


@settings(max_examples=40)
@given(worlds())
def test_law_7_the_engine_agrees_with_the_plain_reading(data: Given):
    with settled(data) as world:
        agree(world, NOW)


@few
@given(worlds(), st.sampled_from([-400, -30, -3, -1, 1, 3, 60]), st.sampled_from([0, 0, 1, 6]))
def test_law_7_at_other_clocks(data: Given, shift: int, later: int):
    clocks = Clocks(TAKEN_AT + days(shift), TAKEN_AT + days(later))
    with settled(data) as world:
        world.ask_at(clocks)
        agree(world, clocks)


NIGHTS = ["2026-03-29", "2025-10-26"]  # on which clocks change in Paris
DOUBTFUL = ["02:00", "02:30:00", "02:59:59", "01:59", "03:00"]
CERTAIN = ["00:00:00Z", "00:30:00Z", "01:00:00Z", "01:29:59Z", "01:30:00Z", "02:00:00Z"]


@few
@given(worlds(), st.data())
def test_law_7_on_the_nights_when_clocks_change(data: Given, draws: st.DataObject):
    night = st.sampled_from(NIGHTS)
    hour = st.sampled_from([*DOUBTFUL, *CERTAIN])
    texts = st.builds(lambda day, at: f"{day}T{at}", night, hour)
    rows = [
        {**row, "effective_at": draws.draw(texts), "confirmed_at": row["effective_at"]}
        for row in data.consents
    ]
    with settled(data.but(policy={**data.policy, "time_zone": "Europe/Paris"}, consents=rows)) as w:
        agree(w, NOW)


@few
@given(worlds(), st.sampled_from([0, 0, -3, 5]))
def test_why_tells_the_reasons_of_the_plain_reading(data: Given, shift: int):
    clocks = Clocks(TAKEN_AT + days(shift), TAKEN_AT)
    plain = oracle(data)
    with settled(data) as world:
        answers = explained(world, clocks)
    for name, answer in answers.items():
        for decision in answer.decisions:
            said = plain.decide(*question_of(name, decision.use, clocks))
            reasons = [found.reason for found in decision.reasons]
            assert decision.allowed == said.allowed
            assert {(reason.rule, reason.name) for reason in reasons} == set(said.reasons)
            assert reasons == sorted(reasons, key=ORDER.index)
        assert answer.allowed == any(decision.allowed for decision in answer.decisions)


@few
@given(worlds(), st.sampled_from([0, 0, -3, 5]))
def test_an_allowed_use_stands_on_the_grants_that_why_names(data: Given, shift: int):
    """With them alone, among the grants, it is allowed all the same; no other would do."""
    clocks = Clocks(TAKEN_AT + days(shift), TAKEN_AT)
    with settled(data) as world:
        answers = explained(world, clocks)
    grants = {n for n, row in enumerate(data.consents) if row.get("state") in GRANTS}

    def allowed_with(kept, question):
        rows = [row for n, row in enumerate(data.consents) if n not in grants or n in kept]
        return oracle(replace(data, consents=rows)).decide(*question).allowed

    for name, answer in answers.items():
        for decision in answer.decisions:
            question = question_of(name, decision.use, clocks)
            named = set(decision.grants)
            assert bool(named) == decision.allowed == allowed_with(named, question)
            if decision.allowed:
                assert not any(allowed_with({other}, question) for other in grants - named)


# -- non-interference (law 1) ----------------------------------------------------------------------


def undated_stop(draw, policy, ids):
    """A withdrawal of everything that nothing lifts."""
    row = draw(events(policy, ids, ["withdrawn"]))
    scope = dict.fromkeys(("purpose", "channel", "topic", "category"), "")
    return {**row, **scope, "effective_at": "rubbish", "recorded_at": ""}


@few
@given(worlds(), st.data())
def test_law_1_who_is_not_eligible_does_not_matter(data: Given, more: st.DataObject):
    """A group that may be used for nothing is changed at will and stays so: all others stay as they
    were.
    """
    group = IDS[:2]
    links = [pair for pair in data.links if not set(group) & set(pair.values())]
    barred = [
        {**row, "deceased": "yes"} if row["patient_id"] in group else row for row in data.patients
    ]
    before = data.but(links=links, patients=barred)

    other_people = [row for row in data.patients if row["patient_id"] not in group]
    other_events = [row for row in data.consents if row["patient_id"] not in group]
    new_events = more.draw(st.lists(events(data.policy, group), max_size=12))
    stop = undated_stop(more.draw, data.policy, group)
    after = data.but(
        patients=[*more.draw(patients(group)), *other_people],
        consents=[*other_events, *new_events, stop],
        links=[*links, {"patient_id": group[0], "same_as": group[1]}],
    )
    with settled(before) as one, settled(after) as two:
        allowed_before, allowed_after = one.allowed(), two.allowed()
        assert not allowed_before.pop(group[0])
        assert not allowed_after.pop(group[0])
        allowed_before.pop(group[1])
        allowed_after.pop(group[1])
        assert allowed_before == allowed_after
        for request in requests(one.policy, NOW):
            assert one.representatives(request) == two.representatives(request)


# -- laws 2 to 4 -----------------------------------------------------------------------------------


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
def test_law_4_what_comes_later_changes_nothing(data: Given, shift: int):
    clocks = Clocks(TAKEN_AT + days(shift), TAKEN_AT)
    kept = [row for row in data.consents if not is_later(parse_event(row, data.policy), clocks)]
    assume(len(kept) < len(data.consents))
    with settled(data) as one, settled(data.but(consents=kept)) as two:
        one.ask_at(clocks)
        two.ask_at(clocks)
        assert one.allowed() == two.allowed()


def is_later(event, clocks):
    """Whether an event is after the clocks: learned later or, if readable, effective later."""
    if event.recorded is not None and event.recorded.starts_at > clocks.known_at:
        return True
    readable = event.kind in ("grant", "denial")
    return readable and event.effective.starts_at > clocks.as_of


# -- incremental states (law 6) --------------------------------------------------------------------


def mixed(draw, before, other):
    """The rows of `before`, now and then one of `other` in its place."""
    pairs = zip(before, other, strict=True)
    return [b if draw(st.integers(0, 5)) == 0 else a for a, b in pairs]


@few
@given(worlds(), st.data())
def test_law_6_a_state_that_follows_equals_one_made_anew(data: Given, more: st.DataObject):
    """New events, other patient rows, links and erasures that come and go, time that passes; and
    once more.
    """
    draw = more.draw
    gone = draw(st.sets(st.sampled_from(IDS[:6]), max_size=1))
    rows = mixed(draw, data.patients, draw(patients(IDS[:6])))
    people = [row for row in rows if row["patient_id"] not in gone]
    one_more = {"patient_id": IDS[2], "same_as": IDS[7]}
    links = draw(st.sampled_from([data.links, data.links[1:], [*data.links, one_more]]))
    erased = draw(st.sampled_from([data.erased, [], [IDS[1]]]))
    passed = draw(st.sampled_from([1, 2, 10, 400]))
    soon = events(data.policy, IDS, now=TAKEN_AT + days(2))
    new = draw(st.lists(soon, max_size=6))
    then = data.but(patients=people, consents=[*data.consents, *new], links=links, erased=erased)

    differ = gone | {row["patient_id"] for row in data.patients if row not in people}
    only_new = {row["patient_id"]: len(data.consents) for row in new}
    changed = {**only_new, **dict.fromkeys(differ)}

    later = events(data.policy, IDS, now=TAKEN_AT + days(passed + 1))
    newer = draw(st.lists(later, min_size=1, max_size=4))
    once_more = then.but(consents=[*then.consents, *newer])
    changed_again = dict.fromkeys((row["patient_id"] for row in newer), len(then.consents))
    second = passed + draw(st.sampled_from([1, 30]))
    with (
        settled(data) as before,
        settled(then, TAKEN_AT + days(passed), before, changed) as followed,
    ):
        is_as_if_made_anew(followed)
        with settled(once_more, TAKEN_AT + days(second), followed, changed_again) as again:
            is_as_if_made_anew(again)


def is_as_if_made_anew(followed):
    """A state that followed holds what one made from all events holds."""
    rows = followed.rows()
    with settled_anew(followed) as anew:
        assert anew.rows() == rows


# -- several files (law 5) -------------------------------------------------------------------------


@settings(max_examples=6)
@given(worlds(), st.data())
def test_law_5_two_files_are_as_good_as_one(data: Given, more: st.DataObject):
    """Through ingest itself, which also has to read every date as the plain reading does."""
    first = more.draw(st.sets(st.integers(0, len(data.consents) - 1)))
    here = [row for n, row in enumerate(data.consents) if n in first]
    there = [row for n, row in enumerate(data.consents) if n not in first]
    with settled(data) as plain:
        expected = plain.allowed()
    assert ingested(data, [data.consents]) == expected
    assert ingested(data, [part for part in (here, there) if part]) == expected


def ingested(data, files):
    """What each patient may be used for, if the consent rows are ingested from so many files."""
    policy = policy_of(data.policy, encryption=False)
    sources = Sources(
        PatientSource(Read(path="patients.csv"), "patient_id"),
        consent=(ConsentSource(Read(path="consent-*.csv")),),
        link=Read(path="links.csv"),
    )
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        root = Path(folder)
        write_rows(root / "patients.csv", data.patients)
        write_rows(root / "links.csv", data.links)
        for number, rows in enumerate(files):
            write_rows(root / f"consent-{number}.csv", rows)
        project = SimpleNamespace(root=root, policy=policy, sources=sources)
        made = ingest(
            project, root / "home", Keys(b"k" * 40), TAKEN_AT, None, lambda *_: None, close_links
        )
        path = root / "state.duckdb"
        with DuckDBEngine(root / "spill", None) as engine:
            tables = engine.attach(made.snapshot.path)
            tables |= {"erased": erased_of(engine, tables, data.erased)}
            state.settle(engine, policy, made.snapshot, tables, path)
            return Settled(engine, policy, made.snapshot, tables, path, data).allowed()


def write_rows(path, rows):
    names = list(rows[0]) if rows else ["patient_id", "same_as"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def erased_of(engine, tables, names):
    ids = numbers(engine, tables)
    patients = [ids[name] for name in names if name in ids]
    return engine.load(pl.DataFrame({"patient": patients}, schema={"patient": pl.Int64}))
