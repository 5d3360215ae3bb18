"""A small clinic for counting: a policy with five dimensions, segments by their conditions, cubes
of known counts, injected noise.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from segmenter.budget import accounting
from segmenter.dimensions.partition import count_groups
from segmenter.model import Clocks, Cube, Spend
from segmenter.project import grammar
from segmenter.project.family import Family, Setting
from segmenter.project.policy import (
    Budget,
    Category,
    Channel,
    Dimension,
    Policy,
    Purpose,
    ReleaseTerms,
    Threshold,
)
from segmenter.project.segment import Resolved, Segment, resolve
from segmenter.published.release import Provenance
from segmenter.release import publish as release

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SIZES = (2, 3, 4)
NANO = 1_000_000_000
CLOCKS = Clocks(NOW, NOW)
SETTING = Setting("snapshot-1", "policy-1", CLOCKS)
FAMILY = Family("prevention", None, (), ("care", "identity"))

DIMENSIONS = {
    d.name: d
    for d in (
        Dimension("sex", "identity", "patient", "sex", values={"F": ("F", "f"), "M": ("M",)}),
        Dimension("age_band", "identity", "patient", "age", bands=(18, 35, 50, 65, 80)),
        Dimension(
            "payer",
            "identity",
            "patient",
            "payer_code",
            values={"public": ("MC",), "private": ("HM", "BC")},
            other="other",
        ),
        Dimension("visits", "care", "encounter", None, measure="count", bands=(1, 2, 4)),
        Dimension("last_stay", "care", "encounter", "days", measure="max", bands=(1, 4, 8)),
    )
}


def policy(**changed) -> Policy:
    given = {
        "organisation": {},
        "time_zone": "Europe/Paris",
        "roles": {},
        "notices": ("1",),
        "categories": {
            c: Category(c, n) for c, n in (("identity", 1), ("contact", 1), ("care", 2))
        },
        "channels": {"email": Channel("email", "email")},
        "topics": (),
        "purposes": {
            "prevention": Purpose(
                "prevention", {}, ("identity", "contact", "care"), (), (), "1", 400
            )
        },
        "dimensions": DIMENSIONS,
        "threshold": Threshold(11, 0.99),
        "release": ReleaseTerms("1.0"),
        "budgets": {
            "prevention": Budget("prevention", "year", 100 * NANO, 1_000),
            "total": Budget("total", "year", 100 * NANO, 1_000),
        },
    }
    return Policy(**{**given, **changed})


def segment(name: str, where: str | None = None, epsilon: str | None = None, **more) -> Segment:
    parsed = None if where is None else grammar.parse(where)
    empty = {"include": (), "exclude": ()}
    given = {**empty, **more}
    return Segment(
        name,
        {"en": name},
        "prevention",
        (),
        None,
        parsed,
        given["include"],
        given["exclude"],
        0,
        epsilon,
        (),
        "0",
        Path(name),
        {},
    )


def resolved(*segments: Segment, using: Policy | None = None) -> list[Resolved]:
    known = {s.name: s for s in segments}
    return [resolve(s, known, using or policy()) for s in segments]


def paid(epsilon: float = 1.0, rho: float = 0.0, name: str = "spend-1") -> Spend:
    cost = (
        accounting.gaussian(int(rho * NANO)) if rho else accounting.geometric(int(epsilon * NANO))
    )
    return Spend(name, "prevention", "q", cost, 1)


def cube(dimensions: tuple[str, ...], counts, spend: Spend | None = None) -> Cube:
    return Cube(dimensions, np.asarray(counts, dtype=np.int64).ravel(), spend or paid())


def provenance(epsilon: int = NANO) -> Provenance:
    return Provenance(FAMILY, SETTING, epsilon, NOW)


def exact(family, joint, using: Policy | None = None):
    """Exact cubes and partitions of everything that a family measures, of people in the cells of a
    `joint` table over all dimensions.
    """
    given, found = using or policy(), []
    for n, m in enumerate(family.measures):
        spend = Spend(f"spend-{n}", "prevention", m.question, m.cost, n)
        away = tuple(k for k, d in enumerate(given.dimensions) if d not in m.dimensions)
        counted = cube(m.dimensions, np.asarray(joint).sum(axis=away), spend)
        if m.partition is not None:
            counted = count_groups(m.partition, counted, given, spend)
        found.append(counted)
    return found


def sizes(*dimensions: str) -> tuple[int, ...]:
    return tuple(len(DIMENSIONS[d].labels) for d in dimensions)


def fixed(value: int):
    """Noise that is always the same number."""
    return lambda _mechanism, many: np.full(many, value, dtype=np.int64)


def seeded(seed: int):
    """Noise of the mechanisms' own distributions from a seeded generator: what a test finds in it,
    it finds in every run.
    """
    random = np.random.default_rng(seed)

    def source(mechanism, many):
        reach, masses = mechanism.reach(), mechanism.masses()
        return random.choice(np.arange(-reach, reach + 1), size=many, p=masses / masses.sum())

    return source


def publish(
    dimensions: tuple[str, ...],
    counts,
    spend: Spend | None = None,
    noise=None,
    using: Policy | None = None,
):
    """One release of one cube."""
    return release.publish(
        [cube(dimensions, counts, spend)], provenance(), [dimensions], using or policy(), noise
    )[0]


def matrix(lattice, axes):
    rows = []
    for cell in np.ndindex(*(lattice.sizes[a] for a in axes)):
        row = np.zeros(lattice.sizes)
        row[tuple(cell[axes.index(a)] if a in axes else slice(None) for a in range(3))] = 1
        rows.append(row.ravel())
    return np.array(rows)


def job(random, many=20, most=3, picks=2):
    """Segments of one family over five dimensions: one to three dimensions each, one or two labels
    of each.
    """
    made = []
    for n in range(many):
        names = random.choice(list(DIMENSIONS), size=random.integers(1, most + 1), replace=False)
        tests = []
        for name in names:
            labels = DIMENSIONS[name].labels
            wanted = random.choice(
                labels, size=random.integers(1, min(picks, len(labels) - 1) + 1), replace=False
            )
            tests.append(f"{name} in ({', '.join(repr(str(w)) for w in wanted)})")
        made.append(segment(f"s{n}", " and ".join(tests)))
    return made


def one_family(segments):
    """Resolved as if every segment read all categories: one population."""
    return [
        type(s)(s.segment, s.parts, s.dimensions, ("care", "identity")) for s in resolved(*segments)
    ]
