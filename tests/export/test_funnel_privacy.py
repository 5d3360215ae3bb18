"""The distinguisher over the funnel (P16): what one human changes is paid for.

Neighbours differ in one human with linked ids who shares a mailbox, with and without an own entry
of the suppression list. With noise for a change of one, as it was once, the distinguisher proves
that more leaks than was paid.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from segmenter.budget.accounting import NANO
from segmenter.export.funnel import CHANGE, CHANGE_IF_SYNCED, counted
from segmenter.export.members import REASONS
from segmenter.model import Cost
from segmenter.noise.mechanisms import paid, system
from segmenter.project.policy import Destination
from segmenter.selftest.distinguish import evidence
from world.mailing import CHECK, Mailing, named

EPSILON = 1
RUNS = 20_000
BOX = "box@example.org"


def people(*names):
    return [{"patient_id": name, "email": BOX} for name in names]


def alone(name):
    return {"patient_id": name, "email": f"{name}@example.org"}


OTHERS = [alone("x"), alone("y")]
FOUR = people("a", "b", "c", "d")
NEIGHBOURS = {
    "a shared mailbox": (FOUR, FOUR[1:], {}, [], []),
    "the entry of the mailbox goes too": (FOUR, FOUR[1:], {}, [named(BOX)], []),
    "the entry of the mailbox stays": (FOUR, FOUR[1:], {}, [named(BOX)], [named(BOX)]),
    "an own entry of the id": (FOUR, FOUR[1:], {}, [named("a", "patient_id")], []),
    "linked ids, one in a mailbox of others": (
        [alone("a"), *people("l", "b", "c")],
        people("b", "c"),
        {"a": 0, "l": 0},
        [named(BOX)],
        [],
    ),
    "a mailbox of one": (people("a"), [], {}, [], []),
}


def histogram(folder, rows, links, entries, holdout, *, syncs=False):
    """The exact funnel of one world, whose members are one a human."""
    world = Mailing(folder, [*rows, *OTHERS], entries=entries)
    world.links = {name: world.numbers[min(links)] for name in links if name in world.numbers}
    members = [name for name in world.numbers if name not in links or name == min(links)]
    target = Destination("crm", "csv", ("patient_id",), None, syncs=syncs)
    with world.opened() as (engine, tables):
        checked = world.checked(engine, tables, world.order(target, holdout=holdout), members)
        before = engine.create({"patient": "BIGINT", "address": "BIGINT"})
        reads = checked | {"export_before": before}
        return counted(engine, reads, "email", REASONS, syncs=syncs)


def neighbours(tmp_path, name, holdout=Decimal(0), **how):
    left, right, links, own, stays = NEIGHBOURS[name]
    return [
        histogram(tmp_path / "left", left, links, own, holdout, **how),
        histogram(tmp_path / "right", right, links, stays, holdout, **how),
    ]


def attack(left, right, change):
    """What the distinguisher proves of the noise that is drawn for a change of so much."""
    mechanism = paid(Cost(epsilon=EPSILON * NANO // change))
    moved = np.array(left.counts) - np.array(right.counts)
    sides = []
    for exact in (left, right):
        noise = system(mechanism, RUNS * len(exact.counts)).reshape(RUNS, -1)
        noisy = np.array(exact.counts) + noise
        sides.append(np.column_stack([noisy @ np.sign(moved), noisy]))
    return evidence(sides[0], sides[1], ["all that moved", *left.labels]).epsilon


@pytest.mark.parametrize("syncs", [False, True])
@pytest.mark.parametrize("holdout", [Decimal(0), Decimal("0.5")])
@pytest.mark.parametrize("name", NEIGHBOURS)
def test_one_human_changes_no_more_than_is_paid_for(tmp_path, name, holdout, syncs):
    left, right = neighbours(tmp_path, name, holdout, syncs=syncs)
    moved = np.abs(np.array(left.counts) - np.array(right.counts)).sum()
    assert moved <= left.change == (CHANGE_IF_SYNCED if syncs else CHANGE)


@pytest.mark.parametrize("name", ["the entry of the mailbox goes too", "a shared mailbox"])
def test_the_distinguisher_proves_no_more_than_was_paid(tmp_path, name):
    left, right = neighbours(tmp_path, name)
    assert attack(left, right, left.change) <= EPSILON


def test_fault_noise_for_a_change_of_one(tmp_path):
    """The planted fault: as it was before, it leaks what the distinguisher proves."""
    left, right = neighbours(tmp_path, "the entry of the mailbox goes too")
    assert attack(left, right, 1) > 1.5 * EPSILON


def test_the_cells_are_those_of_the_members_and_sum_to_them(tmp_path):
    world = Mailing(tmp_path, [*FOUR, *OTHERS], entries=[named(BOX)])
    made = world.export(CHECK)
    assert {name: noised.count for name, noised in made.funnel.items() if noised.count} == {
        "suppressed": 1,
        "duplicate_address": 3,
        "exported": 2,
    }


def test_the_numbers_that_relations_write_are_the_places_of_the_reasons():
    """`export_mailbox` and `export_funnel` write these numbers out."""
    places = {name: place for place, name in enumerate(("exported", *REASONS))}
    assert (places["suppressed"], places["duplicate_address"], places["holdout"]) == (2, 7, 8)
