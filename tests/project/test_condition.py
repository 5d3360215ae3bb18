"""The `where` of a segment: its grammar, its limits, what it selects."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.condition import ConditionError as OracleError
from oracle.condition import read_condition
from segmenter.project.condition import (
    And,
    InRange,
    Not,
    Or,
    Test,
    canonical,
    dimensions_of,
    matches,
)
from segmenter.project.grammar import ConditionError, parse
from segmenter.project.order import lowered, misnamed
from segmenter.project.policy import Dimension

DOMAINS = {
    "a": ("1", "2", "it's", "unknown"),
    "b": ("x", "y", "unknown"),
    "c": ("0", "1+", "unknown"),
}
CELLS = [dict(zip(DOMAINS, labels, strict=True)) for labels in itertools.product(*DOMAINS.values())]
DIMENSIONS = {
    "sex": Dimension(
        "sex", "identity", "patient", "sex", values={"Female": ("F",), "Male": ("M",)}
    ),
    "visits": Dimension("visits", "care", "encounter", None, "count", bands=(1, 2)),
    "ward": Dimension("ward", "care", "encounter", "ward", values={"er": ("er",)}),
}


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a = '1'", Test("a", ("1",))),
        ("a<>'1'", Test("a", ("1",), negated=True)),
        ("a IN ('1','2')", Test("a", ("1", "2"))),
        ("a not In ( '1' )", Test("a", ("1",), negated=True)),
        ("a = 'it''s'", Test("a", ("it's",))),
        ("NOT a = '1'", Not(Test("a", ("1",)))),
        ("not not a = '1'", Not(Not(Test("a", ("1",))))),
        (
            "a = '1' and b = 'x' or c = '0'",
            Or((And((Test("a", ("1",)), Test("b", ("x",)))), Test("c", ("0",)))),
        ),
        (
            "a = '1' or b = 'x' and c = '0'",
            Or((Test("a", ("1",)), And((Test("b", ("x",)), Test("c", ("0",)))))),
        ),
        (
            "a = '1' and (b = 'x' or c = '0')",
            And((Test("a", ("1",)), Or((Test("b", ("x",)), Test("c", ("0",)))))),
        ),
        ("not a = '1' and b = 'x'", And((Not(Test("a", ("1",))), Test("b", ("x",))))),
        ("\n  a = '1'\n\tand b = 'x'\r\n", And((Test("a", ("1",)), Test("b", ("x",))))),
        ("a = ''", Test("a", ("",))),
        ("a < 50", InRange("a", None, 50)),
        ("a <= 49", InRange("a", None, 50)),
        ("a>=18", InRange("a", 18, None)),
        ("a > -1", InRange("a", 0, None)),
        ("a BETWEEN 50 and 74 and b >= 2", And((InRange("a", 50, 75), InRange("b", 2, None)))),
        ("a not between 50 and 74", Not(InRange("a", 50, 75))),
    ],
)
def test_the_grammar(text, made):
    assert parse(text) == made


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a", "a =", "a = 1", "= '1'", "'1' = a", "a == '1'", "a != '1'", "a < '1'",
        "a in '1'", "a in ()", "a in ('1',)",
        "a in ('1' '2')", "a = '1' b = 'x'", "a = '1' and", "and a = '1'", "(a = '1'", "a = '1')",
        "()", "not", "a not = '1'", 'a = "1"',
        "a = '1", "a = '1''", "a = '1'; drop", "a = '1' -- x", "a is '1'", "a like '1'", "in = '1'",
        "not in ('1')", "a = '1' || 'x'",
        "a\N{NO-BREAK SPACE}= '1'", "a.b = '1'", "1a = '1'", "a = b", "a = '1'\x00", "true",
        "a in (b)",
        "a < 50.5", "a < 5x", "a between 1", "a between 1 and", "a between 1 or 2", "a not < 5",
        "a < -", "a between '1' and '2'", "a > 1234567890123", "between = '1'", "a =< 1", "a < b",
    ],
)  # fmt: skip
def test_anything_else_is_an_error(text):
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert caught.value.exit_status == 2
    assert "at character" in str(caught.value)


def test_an_error_says_where_and_what_was_expected():
    with pytest.raises(
        ConditionError, match=r"`b` stands where `and`, `or` or the end is expected, at character 9"
    ) as caught:
        parse("a = '1' b")
    assert caught.value.position == 9
    with pytest.raises(ConditionError) as caught:
        parse("a != '1'")
    assert "<>" in (caught.value.problems[0].hint or "")


def test_at_most_4096_characters():
    text = "a = '1' or " * 372
    text = text[: 4096 - len("a = '1'") - (4096 - len("a = '1'")) % len("a = '1' or ")] + "a = '1'"
    padded = text + " " * (4096 - len(text))
    assert len(padded) == 4096
    parse(padded)
    with pytest.raises(ConditionError, match="4,096"):
        parse(padded + " ")


@pytest.mark.parametrize("nested", ["({})", "not {}"])
def test_at_most_32_levels(nested):
    text = "a = '1'"
    for _ in range(32):
        text = nested.format(text)
    parse(text)
    with pytest.raises(ConditionError, match="32 levels"):
        parse(nested.format(text))


def test_unknown_and_other_are_ordinary_values():
    assert matches(parse("a <> '1'"), {"a": "unknown"})
    assert matches(parse("a not in ('1', '2')"), {"a": "other"})
    assert not matches(parse("a = '1'"), {"a": "unknown"})


def test_names_are_exact_and_the_nearest_is_named():
    assert dict(misnamed(parse("Sex = 'Female'"), DIMENSIONS)) == {
        "there is no dimension `Sex`": "the nearest is `sex`"
    }
    assert dict(misnamed(parse("sex = 'female'"), DIMENSIONS)) == {
        "the dimension `sex` has no value 'female'": "the nearest is `Female`"
    }
    assert dict(misnamed(parse("visits in ('0', '1', '2+', '3+')"), DIMENSIONS)) == {
        "the dimension `visits` has no value '3+'": "the nearest is `2+`"
    }
    assert list(misnamed(parse("sex in ('Female', 'unknown')"), DIMENSIONS)) == []


def test_a_dimension_of_rows_cannot_decide_about_patients():
    ((message, advice),) = misnamed(parse("ward = 'er'"), DIMENSIONS)
    assert "of rows" in message
    assert "measure" in (advice or "")


AGE = Dimension("age", "identity", "patient", "age", bands=(18, 35, 50, 75))
YEARS = Dimension("years", "identity", "patient", "age", bands=tuple(range(1, 101)), first=0)
ORDERED = {**DIMENSIONS, "age": AGE, "years": YEARS}


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("age between 50 and 74", ("50-74",)),
        ("age < 35", ("<18", "18-34")),
        ("age <= 34", ("<18", "18-34")),
        ("age >= 50", ("50-74", "75+")),
        ("age > 74", ("75+",)),
        ("visits >= 1", ("1", "2+")),
        ("visits < 1", ("0",)),
        ("visits >= 0", ("0", "1", "2+")),
        ("years between 0 and 1", ("0", "1")),
        ("years >= 100", ("100+",)),
    ],
)
def test_an_order_test_holds_for_the_bands_that_it_covers_and_never_for_unknown(text, labels):
    made = parse(text)
    assert list(misnamed(made, ORDERED)) == []
    low = lowered(made, ORDERED)
    assert isinstance(low, Test)
    assert low.labels == labels
    assert "unknown" not in low.labels


@pytest.mark.parametrize(
    ("text", "message", "advice"),
    [
        ("age < 40", "no band of `age` begins at 40", "35 and 50"),
        ("age between 50 and 75", "no band of `age` begins at 76", "75"),
        ("age >= 5", "no band of `age` begins at 5", "18"),
        ("age between 75 and 49", "empty", None),
        ("visits < 0", "empty", None),
        ("sex < 5", "no order", "`in`"),
        ("ward >= 5", "of rows", "measure"),
        ("weight >= 5", "no dimension", None),
    ],
)
def test_an_order_test_falls_on_declared_cuts(text, message, advice):
    found = list(misnamed(parse(text), ORDERED))
    assert found
    assert message in found[0][0]
    assert advice is None or advice in (found[0][1] or "")


def test_an_order_test_is_never_asked_before_it_is_written_as_labels():
    with pytest.raises(TypeError):
        matches(parse("age < 35"), {"age": "<18"})
    with pytest.raises(TypeError):
        canonical(parse("not age < 35"))


@given(st.data())
def test_order_tests_select_what_a_reading_written_apart_selects(data):
    cuts = AGE.bands or ()
    one, other = (data.draw(st.sampled_from(cuts)) for _ in range(2))
    text = data.draw(
        st.sampled_from([
            f"age < {one}", f"age <= {one - 1}", f"age > {one - 1}", f"age >= {one}",
            f"age between {min(one, other)} and {max(one, other) - 1}",
            f"age not between {min(one, other)} and {max(one, other) - 1} and age >= 18",
        ])
    )  # fmt: skip
    made = parse(text)
    assert parse(str(made)) == made
    if list(misnamed(made, ORDERED)):
        assert one == other  # an empty range
        return
    wanted, _ = read_condition(text, {"age": AGE.labels})
    for label in AGE.labels:
        assert matches(lowered(made, ORDERED), {"age": label}) == wanted({"age": label}), label


def _texts() -> st.SearchStrategy[str]:
    def test(name: str) -> st.SearchStrategy[str]:
        label = st.sampled_from(DOMAINS[name]).map(lambda text: "'" + text.replace("'", "''") + "'")
        several = st.lists(label, min_size=1, max_size=3).map(", ".join)
        return st.one_of(
            st.builds("{} {} {}".format, st.just(name), st.sampled_from(["=", "<>"]), label),
            st.builds(
                "{} {} ({})".format,
                st.just(name),
                st.sampled_from(["in", "not in", "IN", "Not In"]),
                several,
            ),
        )

    tests = st.sampled_from(list(DOMAINS)).flatmap(test)
    return st.recursive(
        tests,
        lambda inner: st.one_of(
            inner.map("not {}".format),
            inner.map("({})".format),
            st.builds("{} and {}".format, inner, inner),
            st.builds("{} or {}".format, inner, inner),
        ),
        max_leaves=8,
    )


@given(_texts())
def test_every_reading_selects_the_same_cells(text):
    """The text, its printed form, its canonical form, and a reading written apart."""
    made = parse(text)
    wanted, names = read_condition(text, DOMAINS)
    assert dimensions_of(made) == names
    again, tidy = parse(str(made)), canonical(made)
    assert again == made or canonical(again) == tidy
    for cell in CELLS:
        assert matches(made, cell) == matches(again, cell) == matches(tidy, cell) == wanted(cell)
    assert canonical(parse(str(tidy))) == tidy


@given(st.text(alphabet="ab'=<>(),! \t\nnotandorinNOT12", max_size=40))
def test_what_is_read_and_what_is_not_agrees_with_a_reading_written_apart(text):
    try:
        made = parse(text)
    except ConditionError:
        made = None
    try:
        read_condition(text, DOMAINS)
    except OracleError:
        return
    assert made is not None


def test_one_form_for_equivalent_conditions():
    left = "not (b in ('y', 'x', 'x') and (a = '1' or c = '0'))"
    right = "(c <> '0' and not (a = '1')) or b not in ('x', 'y')"
    assert canonical(parse(left)) == canonical(parse(right))
