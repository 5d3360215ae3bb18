"""For each rule of consent a planted fault must make a story fail: a test that cannot fail proves
nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_pages import listed
from world import people
from world.mutants import MUTANTS, noticed


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.rule}: {mutant.fault}")
def test_a_planted_fault_is_noticed(mutant):
    failed = noticed(mutant)
    assert any(name.startswith(mutant.killer) for name in failed), failed


def test_every_rule_has_a_mutant():
    """C14 has its own in test_scopes.py: it refuses before any snapshot is read."""
    rules = {f"C{number}" for number in range(1, 16)}
    with_mutant = {mutant.rule for mutant in MUTANTS}
    assert rules - with_mutant == {"C14"}


def test_the_list_in_the_documents_is_this_one():
    page = Path(__file__).parents[2] / "docs" / "mutants.md"
    assert page.read_text(encoding="utf-8") == listed(), "run `python tests/consent_pages.py`"


def test_the_killers_are_stories():
    names = [ask.name for ask in people.asks()]
    for mutant in MUTANTS:
        assert any(name.startswith(mutant.killer) for name in names), mutant.killer
