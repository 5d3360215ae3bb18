"""What deserves a second look is told before a segment is paid for, not only by `check`."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from driving import Program
from worlds import plain_project, write_yaml


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """`widened` includes others and has no `where`; `around` uses it."""
    root = plain_project(tmp_path_factory.mktemp("clinic"), patients=6)
    women = YAML(typ="safe").load((root / "segments" / "women.yml").read_text(encoding="utf-8"))
    used = {key: value for key, value in women.items() if key != "where"}
    widened = {**used, "name": "widened", "include": ["women"]}
    around = {**women, "name": "around", "exclude": ["widened"]}
    for segment in (widened, around):
        write_yaml(root / "segments" / f"{segment['name']}.yml", segment)
    program = Program(root, inside=True)
    program.ok("ingest")
    return program


@pytest.mark.parametrize("verb", ["plan", "run"])
@pytest.mark.parametrize("segment", ["widened", "around"])
def test_an_include_that_adds_nobody_is_told(program, verb, segment):
    (warning,) = program.ok(verb, segment)["warnings"]
    assert warning["rule"] == "segment"
    assert "`widened` selects everyone" in warning["message"]
    assert warning["file"].endswith("widened.yml")
    assert warning["line"]
    shown = " ".join(program(verb, segment).out.split())
    assert "warning [segment]" in shown
    assert "`widened` selects everyone" in shown


@pytest.mark.parametrize("verb", ["plan", "run"])
def test_a_segment_with_a_condition_of_its_own_is_not_warned_of(program, verb):
    assert program.ok(verb, "women")["warnings"] == []
    assert "warning" not in program(verb, "women").out


def test_check_says_the_same(program):
    told = [warning["message"] for warning in program.ok("check")["warnings"]]
    told_by_plan = [warning["message"] for warning in program.ok("plan")["warnings"]]
    assert set(told_by_plan) <= set(told)
    assert told_by_plan
