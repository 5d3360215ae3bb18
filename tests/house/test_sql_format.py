"""SQL files have one form: narrow lines, and a header that says what is returned, read and taken.

The header::

    -- What the relation is, in one or more sentences.
    -- Returns: patient, due_at (NULL never)
    -- Reads:   patient_now, next_bound(bound)
    -- Takes:   $time_zone, __dimensions__ (codes)

`Reads` names the inputs and `Takes` the values and holes of this file, each with a remark in
brackets if it needs one. A relation without inputs has no `Reads`, one without holes no `Takes`.
"""

from __future__ import annotations

import re

import pytest

from segmenter.engine import relations

WIDTH = 100
LINES = 80
FIELDS = ("Returns", "Reads", "Takes")
HEADER = re.compile(
    r"(-- [^ ].*\n)+"
    r"-- Returns: .+\n(--          [^ ].*\n)*"
    r"(-- Reads:   .+\n(--          [^ ].*\n)*)?"
    r"(-- Takes:   .+\n(--          [^ ].*\n)*)?"
    r"(?!--)"
)

every_relation = pytest.mark.parametrize("name", sorted(relations.paths()))


def text_of(name: str) -> str:
    return relations.paths()[name].read_text(encoding="utf-8")


def header(name: str) -> dict[str, str]:
    """What a file's header says: `Is`, and the fields that it has."""
    said, field = {"Is": ""}, "Is"
    for line in text_of(name).splitlines():
        if not line.startswith("--"):
            break
        words = line.removeprefix("--").strip()
        label = words.split(":")[0]
        if label in FIELDS:
            field, words = label, words.removeprefix(f"{label}:")
        said[field] = f"{said.get(field, '')} {words.strip()}".strip()
    return said


def names(listed: str) -> list[str]:
    """The names of a list, without the remarks in brackets.

    >>> names("person(patient, age), __fact__ (a table; its rows)")
    ['person', '__fact__']
    """
    bare = listed
    while (shorter := re.sub(r"\([^()]*\)", "", bare)) != bare:
        bare = shorter
    return [name.strip() for name in bare.split(",") if name.strip()]


def test_names_leave_out_remarks():
    assert names("person(patient, f(age)), __fact__ (a table; its rows)") == ["person", "__fact__"]


@every_relation
def test_lines_are_narrow_and_few(name):
    text = text_of(name)
    lines = text.splitlines()
    assert [line for line in lines if len(line) > WIDTH] == []
    assert [line for line in lines if line != line.rstrip() or "\t" in line] == []
    assert len(lines) < LINES
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@every_relation
def test_the_header_has_the_one_form(name):
    assert HEADER.match(text_of(name)), f"see the form in {__name__}"
    said = header(name)
    assert said["Is"][0].isupper()
    assert said["Is"].endswith((".", ".)"))


@every_relation
def test_the_header_says_what_is_read_and_taken(name):
    query, said = relations.tokens(name), header(name)
    read = {query[place] for place in relations.places(query)}
    values = {token for token in query if token.startswith("$")} - {"$"}
    holes = {token for token in query if token.startswith("__")} - read
    assert sorted(names(said.get("Reads", ""))) == sorted(read)
    assert sorted(names(said.get("Takes", ""))) == sorted(values | holes)
