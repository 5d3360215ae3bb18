"""Segments: required keys, includes and excludes, what a purpose does not list (C14), what the gate
is asked.
"""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folders import POLICY, WOMEN, folder, segment
from segmenter.errors import FileError, PolicyError
from segmenter.model import Clocks
from segmenter.project import condition, grammar, order
from segmenter.project.folder import read_project

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def one(root, text, name="women"):
    """The problems of a project with one segment."""
    with pytest.raises(FileError) as caught:
        read_project(folder(root, **{name: text}))
    return [(p.line, p.message, p.hint or "") for p in caught.value.problems]


def test_a_segment_becomes_a_frozen_value(tmp_path):
    made = read_project(folder(tmp_path)).segments["women"]
    assert (made.name, made.purpose, made.channels, made.topic) == (
        "women",
        "prevention",
        ("email", "sms"),
        "screening",
    )
    assert (made.holdout, made.epsilon, made.tags, made.include) == (
        Decimal("0.1"),
        None,
        ("spring",),
        (),
    )
    assert made.text_hash == hashlib.sha256(WOMEN.encode()).hexdigest()
    assert made.where == grammar.parse("sex = 'Female'")
    assert made.file == tmp_path / "segments" / "women.yml"


def test_optional_keys(tmp_path):
    made = read_project(
        folder(tmp_path, all=segment("all", "epsilon: 0.30", "title: Everyone"))
    ).segments["all"]
    assert (made.where, made.epsilon, made.title) == (None, "0.30", {"en": "Everyone"})


def test_what_the_gate_is_asked(tmp_path):
    root = folder(
        tmp_path,
        stays=segment("stays", "where: visits = '4+' and age_band = '65+'"),
        counts=segment("counts", "where: last_stay = '4+'", purpose="statistics"),
    )
    project = read_project(root)
    request = project.resolved("stays").request(Clocks(NOW, NOW))
    assert (request.purpose, request.channels, request.topic) == (
        "prevention",
        ("email",),
        "screening",
    )
    assert request.categories == ("care", "identity")
    assert project.resolved("stays").dimensions == ("age_band", "visits"), "in the policy's order"
    request = project.resolved("counts").request(Clocks(NOW, NOW))
    assert (request.channels, request.topic) == ((), None)


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        (segment("men"), 1, "the name `men` is not the file's, `women`", ""),
        (
            WOMEN.replace("prevention", "preventoin"),
            3,
            "the purpose `preventoin` is not declared",
            "`prevention`",
        ),
        (WOMEN.replace("sms", "smss"), 4, "the channel `smss` is not declared", "`sms`"),
        (
            WOMEN.replace("screening", "screning"),
            5,
            "the topic `screning` is not declared",
            "`screening`",
        ),
        (WOMEN.replace("sex =", "sexe ="), 6, "there is no dimension `sexe`", "`sex`"),
        (
            WOMEN.replace("'Female'", "'Femal'"),
            6,
            "the dimension `sex` has no value 'Femal'",
            "`Female`",
        ),
        (WOMEN.replace("sex = 'Female'", "ward = 'er'"), 6, "is of rows", "measure"),
        (WOMEN.replace("sex = 'Female'", "sex = Female"), 6, "a text in single quotes", ""),
        (WOMEN.replace(" sex = 'Female'", ""), 6, "`where` is empty", "leave the key out"),
        (WOMEN.replace("sex = 'Female'", "''"), 6, "the condition ends", ""),
        (WOMEN.replace("sex = 'Female'", "[a]"), 6, "`where`: expected text", ""),
        (WOMEN.replace("holdout: 0.1", "holdout: 1"), 7, "`holdout`", ""),
        (WOMEN + "epsilon: 0\n", 9, "`epsilon`", ""),
        (
            WOMEN.replace("channels: [email, sms]\n", ""),
            3,
            "the key `channels` is missing",
            "email, sms",
        ),
        (
            WOMEN.replace("topic: screening\n", ""),
            3,
            "the key `topic` is missing",
            "screening, newsletter",
        ),
        (
            WOMEN.replace("[email, sms]", "[email, email]"),
            4,
            "`email` stands in `channels` twice",
            "",
        ),
        (WOMEN + "include: [womn]\n", 9, "there is no segment `womn`", "`women`"),
        (WOMEN + "exclude: [women]\n", 9, "a circle", ""),
        (WOMEN.replace("purpose: prevention\n", ""), 1, "the key `purpose` is missing", ""),
    ],
)
def test_a_wrong_segment_says_where_and_what(tmp_path, text, line, message, hint):
    found = [p for p in one(tmp_path, text) if message in p[1]]
    assert found
    assert found[0][0] == line
    assert hint in found[0][2]


# -- C14 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (
            segment("women", "where: origin = 'north'"),
            5,
            "the category `origin`, which the dimension `origin` reads",
        ),
        (
            segment("women", "where: visits = '1'", purpose="offers"),
            5,
            "the category `care`, which the dimension `visits` reads",
        ),
        (WOMEN.replace("[email, sms]", "[email, phone]"), 4, "does not list the channel `phone`"),
        (WOMEN.replace("topic: screening", "topic: events"), 5, "does not list the topic `events`"),
        (
            segment("women", "channels: [email]", "where: visits = '1'", purpose="statistics"),
            3,
            "does not list the channel `email`",
        ),
        (
            segment("women", "topic: events", purpose="statistics"),
            3,
            "does not list the topic `events`",
        ),
    ],
)
def test_c14_what_the_purpose_does_not_list_is_refused(tmp_path, text, line, message):
    project = read_project(folder(tmp_path, women=text))
    with pytest.raises(PolicyError) as caught:
        project.resolved("women")
    assert (caught.value.rule, caught.value.exit_status) == ("C14", 3)
    assert message in str(caught.value)
    assert caught.value.problems[0].line == line


def test_c14_a_purpose_without_identity_serves_nobody(tmp_path):
    policy = POLICY.replace(
        "statistics: {categories: [identity, care]", "statistics: {categories: [care]"
    )
    project = read_project(folder(tmp_path, policy, women=segment("women", purpose="statistics")))
    with pytest.raises(PolicyError, match="`identity`"):
        project.chosen()


def test_c14_holds_through_includes_and_excludes(tmp_path):
    north = segment("north", "where: origin = 'north'")
    for key in ("include", "exclude"):
        project = read_project(
            folder(
                tmp_path / key,
                women=WOMEN + f"{key}: [middle]\n",
                middle=segment("middle", "include: [north]"),
                north=north,
            )
        )
        with pytest.raises(PolicyError) as caught:
            project.resolved("women")
        assert caught.value.rule == "C14"
        assert caught.value.problems[0].file.stem == "north"


# -- includes and excludes -------------------------------------------------------------------------


def test_where_or_includes_and_not_excludes(tmp_path):
    root = folder(
        tmp_path,
        whole=segment("whole", "where: sex = 'Female'", "include: [old, poor]", "exclude: [away]"),
        old=segment("old", "where: age_band = '65+'", "exclude: [away]"),
        poor=segment("poor", "where: payer = 'public'"),
        away=segment("away", "where: visits = '0'"),
    )
    resolved = read_project(root, segments=["whole"]).resolved("whole")
    assert resolved.dimensions == ("sex", "age_band", "payer", "visits")
    assert resolved.categories == ("care", "identity")
    for sex, age, payer, visits in itertools.product(
        ("Female", "Male"), ("65+", "<18"), ("public", "other"), ("0", "1")
    ):
        cell = {"sex": sex, "age_band": age, "payer": payer, "visits": visits}
        wanted = (
            sex == "Female" or (age == "65+" and visits != "0") or payer == "public"
        ) and visits != "0"
        assert resolved.matches(cell) == condition.matches(resolved.condition, cell) == wanted


def test_where_absent_is_everyone(tmp_path):
    root = folder(
        tmp_path,
        all=segment("all", "exclude: [men]"),
        men=segment("men", "where: sex = 'Male'"),
        every=segment("every"),
    )
    project = read_project(root)
    assert project.resolved("all").matches({"sex": "unknown"})
    assert not project.resolved("all").matches({"sex": "Male"})
    assert project.resolved("every").dimensions == ()
    assert project.resolved("every").matches({})


def test_a_circle_is_an_error_with_its_line(tmp_path):
    root = folder(
        tmp_path,
        a=segment("a", "include: [b]"),
        b=segment("b", "exclude: [c]"),
        c=segment("c", "include: [a]"),
    )
    with pytest.raises(FileError) as caught:
        read_project(root, segments=["a"])
    assert {(p.file.stem, p.line) for p in caught.value.problems} == {("a", 5), ("b", 5), ("c", 5)}


def test_another_purpose_is_an_error(tmp_path):
    with pytest.raises(FileError, match="has the purpose `offers`, not `prevention`"):
        read_project(
            folder(tmp_path, a=segment("a", "include: [b]"), b=segment("b", purpose="offers"))
        )


def test_nesting_is_bounded(tmp_path):
    def chain(n):
        inner = {
            f"s{k:02}": segment(f"s{k:02}", f"include: [s{k + 1:02}]", "where: sex = 'Male'")
            for k in range(n - 1)
        }
        return {**inner, f"s{n - 1:02}": segment(f"s{n - 1:02}", "where: sex = 'Female'")}

    project = read_project(folder(tmp_path / "fits", **chain(32)), segments=["s00"])
    assert project.resolved("s00").matches({"sex": "Female"})
    with pytest.raises(FileError, match="deeper than 32"):
        read_project(folder(tmp_path / "deep", **chain(33)), segments=["s00"])


def test_shared_segments_are_asked_once(tmp_path):
    """Each level uses the next one twice: 2^30 readings if each use were its own."""
    twice = {
        f"a{k:02}": segment(
            f"a{k:02}", f"include: [a{k + 1:02}]", f"exclude: [b{k + 1:02}]", "where: sex = 'Male'"
        )
        for k in range(30)
    }
    same = {
        f"b{k:02}": segment(
            f"b{k:02}", f"include: [a{k + 1:02}, b{k + 1:02}]", "where: sex = 'Female'"
        )
        for k in range(1, 30)
    }
    ends = {name: segment(name, "where: sex = 'unknown'") for name in ("a30", "b30")}
    resolved = read_project(folder(tmp_path, **twice, **same, **ends), segments=["a00"]).resolved(
        "a00"
    )
    assert isinstance(resolved.matches({"sex": "Male"}), bool)


@given(st.data())
def test_matches_and_the_whole_condition_agree(tmp_path_factory, data):
    """Random segments over one dimension: asked part by part, or as one condition."""
    count = data.draw(st.integers(1, 5))
    texts = {}
    for n in range(count):
        lines = []
        later = [f"s{k}" for k in range(n + 1, count)]
        for key in ("include", "exclude"):
            used = data.draw(st.lists(st.sampled_from(later), unique=True)) if later else []
            lines += [f"{key}: [{', '.join(used)}]"] if used else []
        where = data.draw(
            st.sampled_from(
                [
                    "",
                    "where: sex = 'Male'",
                    "where: sex <> 'Female'",
                    "where: not sex in ('Male', 'unknown')",
                ]
            )
        )
        texts[f"s{n}"] = segment(f"s{n}", *lines, *([where] if where else []))
    resolved = read_project(folder(tmp_path_factory.mktemp("p"), **texts)).resolved("s0")
    for label in ("Female", "Male", "unknown"):
        assert resolved.matches({"sex": label}) == condition.matches(
            resolved.condition, {"sex": label}
        )


def test_a_segment_says_an_age_range_over_single_years(tmp_path):
    """R8: bands of one width, and an order test that is read as the labels it covers."""
    from segmenter.project.policy_file import dimension_of
    from segmenter.project.shapes import DimensionShape

    given = {"column": "patient.age", "bands": {"from": 0, "to": 100}, "category": "identity"}
    age = dimension_of("age", DimensionShape.model_validate(given))
    assert age.labels == (*(str(year) for year in range(100)), "100+", "unknown")
    where = grammar.parse("age between 50 and 74")
    lowered = order.lowered(where, {"age": age})
    assert lowered.labels == tuple(str(year) for year in range(50, 75))
