"""What a job will measure, what that costs and which error to expect: frozen plans (P14).

In: what the planner chose. Out: charges to pay, rows and documents to show, and, once releases
are made, every segment's count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.budget import accounting
from segmenter.budget.accounting import Charge
from segmenter.dimensions.partition import Partition
from segmenter.model import Cost
from segmenter.project.family import Family, Setting, release_id
from segmenter.published.release import Provenance, Release
from segmenter.published.segment_count import SegmentCount, read_off

if TYPE_CHECKING:
    from datetime import datetime

    from segmenter.project.policy import Policy
    from segmenter.project.segment import Resolved

GAUSSIAN = "discrete_gaussian"  # the mechanism, as policies and documents name it
PARTITION = "strip"  # the word of the JSON document and of stored answers since version 0.1


@dataclass(frozen=True, slots=True)
class Measurement:
    """What is to be measured: a table, or a partition of named segments.

    With its price and its question.
    """

    dimensions: tuple[str, ...]
    cells: int
    cost: Cost
    question: str
    partition: Partition | None = None
    names: tuple[str, ...] = ()

    def serves(self, segments: Sequence[Resolved]) -> list[str]:
        """The names of the segments whose counts it tells something of."""
        if self.partition is not None:
            return list(self.names)
        own = set(self.dimensions)
        served = []
        for segment in segments:
            is_total = not own or not segment.dimensions
            if is_total or own & set(segment.dimensions):
                served.append(segment.name)
        return served


@dataclass(frozen=True, slots=True)
class FamilyPlan:
    """What one family of a job needs.

    `stored` are the answers that segments have already, by their names; `tables` what the others
    need.

    `delta` (nano) is what its budgets allow: costs in rho are told as the epsilon they come to at
    it.
    """

    family: Family
    setting: Setting
    epsilon: int
    segments: tuple[Resolved, ...]
    measures: tuple[Measurement, ...]
    tables: tuple[tuple[str, ...], ...]
    stored: Mapping[str, Release]
    errors: Mapping[str, int]
    delta: int = 0

    @property
    def cost(self) -> Cost:
        """What the family costs now; nothing if everything is stored."""
        costs = [measure.cost for measure in self.measures]
        return accounting.total(costs)

    def charges(self) -> list[Charge]:
        """What is to be paid before data is read."""
        charges = []
        for measure in self.measures:
            charge = Charge(self.family.purpose, measure.question, measure.cost)
            charges.append(charge)
        return charges

    def provenance(self, made_at: datetime) -> Provenance:
        """What its releases will say of where they come from."""
        return Provenance(
            family=self.family,
            setting=self.setting,
            epsilon=self.epsilon,
            made_at=made_at,
        )

    def serves(self) -> tuple[str, ...]:
        """The names of the segments that new tables answer."""
        unanswered = self._unanswered()
        return tuple(segment.name for segment in unanswered)

    def _unanswered(self) -> list[Resolved]:
        unanswered = []
        for segment in self.segments:
            if segment.name not in self.stored:
                unanswered.append(segment)
        return unanswered

    def rows(self) -> Iterator[dict[str, Any]]:
        """The contract's `releases`: what is to be measured, and stored tables."""
        for measure in self.measures:
            yield self._row(
                self._name(measure),
                "table" if measure.partition is None else PARTITION,
                measure.dimensions,
                measure.cost,
                measure.cells,
                serves=measure.serves(self._unanswered()),
                stored=False,
            )
        releases = {release.id: release for release in self.stored.values()}
        for release in releases.values():
            yield self._row(
                release.id,
                "table",
                release.dimensions,
                release.cost,
                release.values.size,
                serves=self._served_by(release),
                stored=True,
            )

    def _name(self, measure: Measurement) -> str:
        """The id of the release that a measurement becomes, else the start of its question."""
        is_alone = len(self.measures) == 1
        if is_alone and measure.dimensions in self.tables:
            return release_id(measure.question, self.epsilon)
        return measure.question[:16]

    def _served_by(self, release: Release) -> list[str]:
        served = []
        for name, stored in self.stored.items():
            if stored.id == release.id:
                served.append(name)
        return served

    def _row(
        self,
        name: str,
        kind: str,
        dimensions: Sequence[str],
        cost: Cost,
        cells: int,
        *,
        serves: list[str],
        stored: bool,
    ) -> dict[str, Any]:
        lost = accounting.loss(cost, self.delta)
        return {
            "id": name,
            "kind": kind,
            "purpose": self.family.purpose,
            "dimensions": list(dimensions),
            "mechanism": GAUSSIAN if cost.rho else "geometric",
            "sensitivity": 1,
            "epsilon": accounting.shown(cost.epsilon if lost is None else lost.epsilon),
            "rho": accounting.shown(cost.rho),
            "delta": accounting.shown(cost.delta if lost is None else lost.delta),
            "cells": cells,
            "serves": serves,
            "predicted_error": {name: self.errors[name] for name in serves},
            "stored": stored,
        }

    def counts(self, releases: Sequence[Release], policy: Policy) -> list[SegmentCount]:
        """Every segment's count.

        From the releases just made; if none was made of its dimensions, from the stored ones.
        """
        made = {release.dimensions: release for release in releases}
        found = []
        for segment in self.segments:
            fresh = made.get(segment.dimensions)
            release = fresh or self.stored[segment.name]
            found.append(read_off(segment, release, policy, stored=fresh is None))
        return found


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """What a job will measure and what that costs, family by family.

    Nothing is spent by planning.
    """

    families: tuple[FamilyPlan, ...]
    order: tuple[str, ...] = field(default=())

    @property
    def cost(self) -> Cost:
        """What the whole job costs now, over all purposes."""
        costs = [family.cost for family in self.families]
        return accounting.total(costs)

    def charges(self) -> list[Charge]:
        """All that is to be paid, for `Ledger.spend_all`: a run pays all or nothing."""
        charges = []
        for family in self.families:
            charges.extend(family.charges())
        return charges

    def rows(self) -> Iterator[dict[str, Any]]:
        """The contract's `releases`, family by family."""
        for family in self.families:
            yield from family.rows()

    @property
    def errors(self) -> dict[str, int]:
        """Half the width of the 95 % interval to expect of each segment's count, in patients."""
        errors: dict[str, int] = {}
        for family in self.families:
            errors |= family.errors
        return errors

    def to_dict(self) -> dict[str, Any]:
        """`releases` as the contract has them, and each segment's expected error."""
        cost = self.cost
        errors = self.errors
        segments = [{"segment": name, "predicted_error": errors[name]} for name in self.order]
        return {
            "releases": list(self.rows()),
            "segments": segments,
            "epsilon": accounting.shown(cost.epsilon),
            "rho": accounting.shown(cost.rho),
        }

    def to_polars(self) -> Any:
        """One row a table."""
        import polars as pl

        rows = list(self.rows())
        for row in rows:
            del row["predicted_error"]
        return pl.DataFrame(rows)
