"""A small clinic for questions: a policy, its sources, and an engine that holds exact, known
numbers.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from segmenter.engine import DuckDBEngine, relations
from segmenter.errors import SegmenterError
from segmenter.model import Clocks, Eligible, ProcessingRequest, Snapshot, Spend
from segmenter.project.declared import FactSource, PatientSource, Read, Sources
from segmenter.project.policy import Category, Dimension, FactTerms, Policy, Purpose, Threshold
from segmenter.query import ask as query

if TYPE_CHECKING:
    from segmenter.query.ask import Answer, QueryResult, Question

NOW = datetime(2026, 11, 1, tzinfo=UTC)
NANO = 1_000_000_000
KEY = "ab" * 32


def _purpose(name: str, *categories: str) -> Purpose:
    return Purpose(name, {"en": name}, categories, (), (), "2026-01", 400)


def policy(**changed: Any) -> Policy:
    """Two dimensions of patients, one of rows, a fact with bounds."""
    dimensions = {
        "sex": Dimension("sex", "identity", "patient", "sex", values={"F": ("F",), "M": ("M",)}),
        "age_band": Dimension("age_band", "identity", "patient", "age", bands=(18, 65)),
        "visits": Dimension("visits", "care", "stay", None, measure="count", bands=(1, 2)),
        "origin": Dimension("origin", "origin", "patient", "origin", values={"x": ("x",)}),
        "ward": Dimension(
            "ward",
            "care",
            "stay",
            "ward",
            values={"heart": ("H",), "lung": ("L", "LL"), "skin": ("S",)},
            other="other",
        ),
        "long": Dimension("long", "care", "stay", "nights", bands=(3, 7)),
    }
    given: dict[str, Any] = {
        "organisation": {"name": "Clinique"},
        "time_zone": "UTC",
        "roles": {},
        "notices": ("2026-01",),
        "categories": {
            c: Category(c, n)
            for c, n in (("identity", 1), ("contact", 1), ("care", 2), ("origin", 3))
        },
        "channels": {},
        "topics": (),
        "purposes": {
            p.name: p
            for p in (_purpose("statistics", "identity", "care"), _purpose("offers", "identity"))
        },
        "dimensions": dimensions,
        "threshold": Threshold(3, 0.99),
        "facts": {
            "stay": FactTerms(2, {"nights": (0, 10), "cost": (-5, 100), "rows": (0, 3)}),
            "call": FactTerms(1, {}),
        },
    }
    return Policy(**{**given, **changed})


SOURCES = Sources(
    PatientSource(Read("patients.csv"), "pid", {"origin": "origin"}),
    {
        "stay": FactSource("stay", Read("stays.csv"), "who", {"*": "care", "doctor": "prescriber"}),
        "call": FactSource("call", Read("output.csv"), "patient_id", {}),
        "visit": FactSource("visit", Read("visits.csv"), "patient_id", {}),
    },
)


def ask(sql: str, purpose: str = "statistics", **changed: Any) -> Question:
    """A question of the small clinic."""
    return query.ask(sql, policy(**changed), SOURCES, purpose)


def asked(sql: str, purpose: str = "statistics") -> Question | SegmenterError:
    """The question, or the error that a person would see."""
    try:
        return ask(sql, purpose)
    except SegmenterError as error:
        return error


# -- data ------------------------------------------------------------------------------------------


def stays(patients: int, seed: int = 7) -> pl.DataFrame:
    """Up to five stays a patient, over wards and lengths that no domain holds as well."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(patients), rng.integers(0, 6, patients))
    wards = np.array(["H", "L", "LL", "S", "?", None], dtype=object)[rng.integers(0, 6, len(who))]
    nights = rng.integers(0, 9, len(who))
    return pl.DataFrame(
        {
            "patient": who,
            "line": np.arange(len(who)),
            "ward": pl.Series(wards.tolist(), dtype=pl.String),
            "nights": pl.Series([None if n == 8 else int(n) for n in nights], dtype=pl.Int64),
            "cost": rng.normal(20.0, 30.0, len(who)),
        }
    )


WARDS = {"H": "heart", "L": "lung", "LL": "lung", "S": "skin"}


def by_ward() -> dict[int, dict[str, list[dict[str, Any]]]]:
    """Patient -> ward -> rows, of eligible patients."""
    rows = stays(400).filter(pl.col("patient") % 3 != 2)
    found = defaultdict(lambda: defaultdict(list))
    for row in rows.iter_rows(named=True):
        found[row["patient"]][WARDS.get(row["ward"], "other")].append(row)
    return found


def open_clinic(engine: DuckDBEngine, patients: int = 400) -> Eligible:
    """Load the clinic into an engine; every third patient is not eligible."""
    ids = np.arange(patients)
    engine.load("patient", pl.DataFrame({"patient": ids, "patient_id": [f"p{i:05d}" for i in ids]}))
    engine.load("fact_stay", stays(patients))
    codes = {"dim_sex": ids % 3, "dim_age_band": ids % 4, "dim_visits": ids % 4}
    frame = pl.DataFrame(
        {"patient": ids, **{k: pl.Series(v, dtype=pl.Int16) for k, v in codes.items()}}
    )
    engine.load("eligible", frame.filter(pl.col("patient") % 3 != 2))
    clocks = Clocks(NOW, NOW)
    snapshot = Snapshot("s1", Path("s1.duckdb"), NOW, "UTC")
    return Eligible(
        ProcessingRequest("statistics", (), None, ("care", "identity"), clocks),
        snapshot,
        "hash",
        "eligible",
    )


class Spy:
    """An engine that remembers which relations ran, and their composed texts."""

    def __init__(self, engine: DuckDBEngine) -> None:
        self.engine, self.ran, self.texts = engine, set(), []

    def __getattr__(self, name: str) -> Any:
        if name == "limits":
            return self.engine.limits

        def called(*given: Any, **named: Any) -> Any:
            relation = {"make": 1, "frame": 0, "rows": 0}.get(name)
            if relation is not None:
                self.ran.add(given[relation])
                structure = named.get("structure") or (
                    given[relation + 2] if len(given) > relation + 2 else None
                )
                self.texts.append(
                    relations.compose(given[relation], structure, frozenset(self.engine._ready)).sql
                )
            elif name not in ("load", "drop", "has"):
                raise AssertionError(name)
            return getattr(self.engine, name)(*given, **named)

        return called


@dataclass(slots=True)
class Clinic:
    """An opened clinic, to be asked."""

    engine: DuckDBEngine
    eligible: Eligible
    policy: Policy = field(default_factory=policy)

    def exact(self, sql: str) -> query.Tally:
        """Exact numbers, for tests only."""
        return query.count(
            self.engine, query.ask(sql, self.policy, SOURCES, "statistics"), self.eligible, KEY
        )

    def answer(self, sql: str, epsilon: float = 1.0, **injected: Any) -> tuple[Question, Answer]:
        """A published answer."""
        question = query.ask(sql, self.policy, SOURCES, "statistics")
        price = query.plan(question, int(epsilon * NANO))
        spend = Spend("spend", "statistics", query.key(question), price.cost, 1)
        tally = query.count(self.engine, question, self.eligible, KEY)
        return question, query.publish(tally, price, spend, self.policy.threshold, **injected)

    def show(self, sql: str, epsilon: float = 1.0, **injected: Any) -> QueryResult:
        """What an analyst sees."""
        return query.present(*self.answer(sql, epsilon, **injected))
