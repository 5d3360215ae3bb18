"""A small clinic for questions: a policy, its sources, and an engine that holds exact, known
numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from segmenter.engine import DuckDBEngine, Tables, relations
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


@dataclass(slots=True)
class Clinic:
    """An opened clinic, to be asked."""

    engine: Any
    tables: Tables
    eligible: Eligible
    policy: Policy = field(default_factory=policy)

    def having(self, **frames: pl.DataFrame) -> Clinic:
        """The same clinic with these tables."""
        tables = {name: self.engine.load(frame) for name, frame in frames.items()}
        return replace(self, tables=self.tables | tables)

    def count(self, question: Question, key: str = KEY) -> query.Tally:
        """Exact numbers, for tests only."""
        return query.count(self.engine, question, self.tables, self.eligible, key)

    def exact(self, sql: str) -> query.Tally:
        """Exact numbers of a question in SQL."""
        return self.count(query.ask(sql, self.policy, SOURCES, "statistics"))

    def answer(self, sql: str, epsilon: float = 1.0, **injected: Any) -> tuple[Question, Answer]:
        """A published answer."""
        question = query.ask(sql, self.policy, SOURCES, "statistics")
        price = query.plan(question, int(epsilon * NANO))
        spend = Spend("spend", "statistics", query.key(question), price.cost, 1)
        tally = self.count(question)
        return question, query.publish(tally, price, spend, self.policy.threshold, **injected)

    def show(self, sql: str, epsilon: float = 1.0, **injected: Any) -> QueryResult:
        """What an analyst sees."""
        return query.present(*self.answer(sql, epsilon, **injected))


def open_clinic(engine: DuckDBEngine, patients: int = 400) -> Clinic:
    """Load the clinic into an engine; every third patient is not eligible."""
    ids = np.arange(patients)
    codes = {"dim_sex": ids % 3, "dim_age_band": ids % 4, "dim_visits": ids % 4}
    tables = {
        "patient": pl.DataFrame({"patient": ids, "patient_id": [f"p{i:05d}" for i in ids]}),
        "fact_stay": stays(patients),
    }
    clocks = Clocks(NOW, NOW)
    eligible = Eligible(
        ProcessingRequest("statistics", (), None, ("care", "identity"), clocks),
        Snapshot("s1", Path("s1.duckdb"), NOW, "UTC"),
        "hash",
        engine.load(humans(ids, codes).filter(pl.col("patient") % 3 != 2)),
    )
    return Clinic(engine, Tables(), eligible).having(**tables)


def humans(ids: Any, codes: Mapping[str, Any]) -> pl.DataFrame:
    """Patients with their codes, as the gate gives them."""
    coded = {name: pl.Series(values, dtype=pl.Int16) for name, values in codes.items()}
    return pl.DataFrame({"patient": ids, **coded})


class Spy:
    """An engine that remembers which relations ran, and their composed texts."""

    def __init__(self, engine: DuckDBEngine) -> None:
        self.engine, self.ran, self.texts = engine, set(), []

    def __getattr__(self, name: str) -> Any:
        if name == "limits":
            return self.engine.limits

        def called(*given: Any, **named: Any) -> Any:
            if name in ("make", "frame", "rows"):
                (relation,) = given
                self.ran.add(relation)
                composed = relations.compose(relation, named.get("structure"), reads=named["reads"])
                self.texts.append(composed.sql)
            elif name not in ("load", "scope"):
                raise AssertionError(name)
            return getattr(self.engine, name)(*given, **named)

        return called
