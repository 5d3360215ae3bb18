"""For each rule of consent a planted defect must make a story fail: a test that cannot fail proves nothing."""

from __future__ import annotations

import pytest
from world import people
from world.mutants import MUTANTS, noticed


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.rule}: {m.fault}")
def test_a_planted_fault_is_noticed(mutant):
    failed = noticed(mutant)
    assert any(name.startswith(mutant.killer) for name in failed), failed


def test_every_rule_has_a_mutant():
    told = {m.rule for m in MUTANTS} | OTHERWISE
    assert {f"C{n}" for n in range(1, 16)} <= told


OTHERWISE = {"C14", "C15"}  # planted in test_consent.py, where no snapshot is read


def test_the_killers_are_stories():
    names = [ask.name for ask in people.asks()]
    assert [m.killer for m in MUTANTS if not any(n.startswith(m.killer) for n in names)] == []
