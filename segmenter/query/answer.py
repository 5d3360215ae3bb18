"""Noised answers: publish makes one of exact numbers, present lays it out as the question asked.

An `Answer` holds every group of the declared domain before HAVING, ORDER BY and LIMIT, so that it
serves every wording of the same question from the store, free (P6). Noise comes first, thresholds
look at noised numbers only (P8).
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from segmenter.budget import accounting
from segmenter.noise import mechanisms
from segmenter.noise.intervals import Margins, given_at_least, margins_of
from segmenter.noise.ratios import RatioNoise
from segmenter.noise.sums import Noise, NoisePart
from segmenter.query.price import TENTHS
from segmenter.query.quantile import Exponential
from segmenter.query.question import Kind, canonical, key

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from segmenter.model import Spend
    from segmenter.noise.trials import Bits
    from segmenter.project.policy import Threshold
    from segmenter.query.exact import Tally
    from segmenter.query.price import Price, Share
    from segmenter.query.question import Measure

    Integers = np.ndarray[Any, np.dtype[np.int64]]

Number = int | float
HALF = 0.0125  # each side, where two noised numbers share one interval


@dataclass(frozen=True, slots=True)
class NoisedMeasure:
    """One measure over all groups; null where a group is withheld.

    The shown numbers, their 95 % intervals, and the raw unbiased numbers.
    """

    numbers: tuple[Number | None, ...]
    intervals: tuple[tuple[Number, Number] | None, ...]
    raw: tuple[Number | None, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was published of one question. Safe to keep and to show; nothing in it is exact."""

    question: str
    key: str
    release: str
    epsilon: int
    measures: tuple[NoisedMeasure, ...]
    withheld: tuple[bool, ...]
    dropped: dict[str, Any] | None
    cost: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """For the store."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Answer:
        """Undo `to_json`."""
        content = json.loads(text)
        measures = []
        for measure in content["measures"]:
            ends = [None if pair is None else (pair[0], pair[1]) for pair in measure["intervals"]]
            measures.append(
                NoisedMeasure(tuple(measure["numbers"]), tuple(ends), tuple(measure["raw"]))
            )
        content["measures"] = tuple(measures)
        content["withheld"] = tuple(content["withheld"])
        return cls(**content)


def publish(
    tally: Tally,
    price: Price,
    spend: Spend,
    threshold: Threshold,
    source: mechanisms.Source | None = None,
    bits: Bits = os.urandom,
) -> Answer:
    """Noise for every group, then thresholds. `spend` must have paid at least `price`.

    Raises `ValueError` where it has not. `source` and `bits` are the system's randomness; tests
    inject others in code (P11).
    """
    if spend.cost.epsilon < price.cost.epsilon or spend.cost.tail < price.cost.tail:
        raise ValueError("the spend does not pay this question")
    question = tally.question
    publisher = _Publisher(tally, price, threshold, source or mechanisms.system, bits)
    withheld = publisher.withheld()
    measures = []
    for number, measure in enumerate(question.measures):
        measures.append(_hidden(publisher.measure(number, measure), withheld))
    return Answer(
        question=canonical(question),
        key=key(question),
        release=spend.id,
        epsilon=price.cost.epsilon,
        measures=tuple(measures),
        withheld=withheld,
        dropped=publisher.dropped(),
        cost=price.to_dict(),
    )


def _hidden(noised: NoisedMeasure, withheld: Sequence[bool]) -> NoisedMeasure:
    """The measure without what is withheld: no number, no interval (P12)."""

    def kept(values: Sequence[Any]) -> tuple[Any, ...]:
        pairs = zip(values, withheld, strict=True)
        return tuple(None if hide else value for value, hide in pairs)

    return NoisedMeasure(kept(noised.numbers), kept(noised.intervals), kept(noised.raw))


class _Publisher:
    """Draws each quantity once and keeps it: threshold and shown number are the same draw."""

    def __init__(
        self,
        tally: Tally,
        price: Price,
        threshold: Threshold,
        source: mechanisms.Source,
        bits: Bits,
    ) -> None:
        self.tally, self.price, self.threshold = tally, price, threshold
        self.source, self.bits = source, bits
        self.drawn: dict[tuple[str, int | None], Integers] = {}

    def noised(self, share: Share, exact: Integers) -> Integers:
        """Exact numbers with the noise their share pays for, drawn once."""
        name = share.what, share.measure
        if name not in self.drawn:
            self.drawn[name] = exact + self.source(_mechanism(share), len(exact))
        return self.drawn[name]

    # -- groups ------------------------------------------------------------------------------------

    def withheld(self) -> tuple[bool, ...]:
        """Whether a group's noised number of patients is below threshold and margin (P8)."""
        share = self._patients_share()
        limit = self._limit()
        return tuple(bool(n < limit) for n in self.noised(share, self.tally.patients))

    def _limit(self) -> int:
        """The smallest noised number of patients with which a group shows."""
        noise = _noise(self._patients_share())
        doubt = round(1 - self.threshold.confidence, 12)
        return self.threshold.patients + noise.beyond(doubt)

    def _patients_share(self) -> Share:
        """The share that pays for the number of patients of each group."""
        for number, measure in enumerate(self.tally.question.measures):
            if measure.kind is Kind.PATIENTS:
                return self.price.share("patients", number)
        return self.price.share("threshold")

    def measure(self, n: int, measure: Measure) -> NoisedMeasure:
        """One measure over all groups."""
        if measure.kind is Kind.MEAN:
            return self._mean(n, measure)
        if measure.kind is Kind.QUANTILE:
            return self._quantile(n, measure)
        share = self.price.share(measure.kind.value, n)
        raw = self.noised(share, self.tally.totals[n])
        if measure.kind is Kind.PATIENTS:
            return _patients(raw, _noise(share), self._limit())
        return _summed(raw, margins_of(_noise(share).law), measure)

    def _mean(self, n: int, measure: Measure) -> NoisedMeasure:
        """A noised sum over a noised count (P9)."""
        import numpy as np

        grid = np.arange(measure.low, measure.high + 1)
        many = self.tally.values[n]
        sum_share = self.price.share("mean_sum", n)
        count_share = self.price.share("mean_count", n)
        sums = self.noised(sum_share, many @ grid)
        counts = self.noised(count_share, many.sum(axis=1))
        noise = RatioNoise(
            _mechanism(sum_share), _mechanism(count_share), measure.low, measure.high
        )
        ends = noise.intervals(sums.astype(np.float64), counts.astype(np.float64))
        averages = []
        intervals = []
        for place, (total, count) in enumerate(zip(sums.tolist(), counts.tolist(), strict=True)):
            average = round(min(measure.high, max(measure.low, total / max(1, count))), 4)
            low = math.floor(float(ends.low[place]) * 1e4) / 1e4
            high = math.ceil(float(ends.high[place]) * 1e4) / 1e4
            averages.append(average)
            intervals.append((min(low, average), max(high, average)))
        return NoisedMeasure(tuple(averages), tuple(intervals), tuple(averages))

    def _quantile(self, n: int, measure: Measure) -> NoisedMeasure:
        """Half of the epsilon for the value, a quarter for each end of its interval."""
        epsilon = self.price.share("quantile", n).epsilon
        many = self.tally.values[n]
        place, cells = Fraction(measure.share), self.tally.question.cells
        for_edge = epsilon // 4
        for_middle = epsilon - 2 * for_edge
        middle = Exponential(place, for_middle, cells, self.bits)
        edge = Exponential(place, for_edge, cells, self.bits)
        slack = edge.slack(many.shape[1])
        values = (middle.draw(many) + measure.low).tolist()
        lows = (edge.draw(many, slack) + measure.low).tolist()
        highs = (edge.draw(many, -slack) + measure.low).tolist()
        intervals = []
        for low, high, value in zip(lows, highs, values, strict=True):
            intervals.append((min(low, value), max(high, value)))
        return NoisedMeasure(tuple(values), tuple(intervals), tuple(values))

    # -- what the bounds drop ----------------------------------------------------------------------

    def dropped(self) -> dict[str, Any] | None:
        """The shares of patients and rows that the bounds drop, noised and paid (P9).

        None if there is no bound.
        """
        question, loss = self.tally.question, self.tally.loss
        if question.fact is None or loss is None:
            return None
        if not self.price.holds("asked"):
            nothing = {"share": 0.0, "interval": [0.0, 0.0]}
            return {"patients": nothing, "rows": nothing, "clipped": nothing, "epsilon": 0.0}
        asked = self._loss("asked", loss)
        losses = ("asked", "cut", "clipped", "lost")
        paid = sum(share.epsilon for share in self.price.shares if share.what in losses)
        return {
            "patients": self._share("cut", asked, loss),
            "rows": self._share("lost", asked, loss),
            "clipped": self._share("clipped", asked, loss),
            "epsilon": accounting.shown(paid),
        }

    def _loss(self, what: str, loss: dict[str, int]) -> tuple[int, int]:
        """A noised loss, and half of its interval."""
        import numpy as np

        share = self.price.share(what)
        return int(self.noised(share, np.array([loss[what]]))[0]), _noise(share).beyond(HALF)

    def _share(self, what: str, asked: tuple[int, int], loss: dict[str, int]) -> dict[str, Any]:
        """A noised loss as a share of the patients who were asked about, with its interval."""
        if not self.price.holds(what):
            return {"share": 0.0, "interval": [0.0, 0.0]}
        value, far = self._loss(what, loss)
        scale = TENTHS if what == "lost" else 1
        whole, wide = asked
        low = _within((value - far) / (scale * max(1, whole + wide)))
        high = _within((value + far) / (scale * max(1, whole - wide)))
        share = _within(value / (scale * max(1, whole)))
        return {
            "share": round(share, 4),
            "interval": [math.floor(low * 1e4) / 1e4, math.ceil(high * 1e4) / 1e4],
        }


def _within(share: float) -> float:
    return min(1.0, max(0.0, share))


def _mechanism(share: Share) -> mechanisms.Geometric:
    return mechanisms.Geometric(share.epsilon, share.sensitivity)


def _noise(share: Share) -> Noise:
    return Noise((NoisePart(1.0, 1, _mechanism(share)),))


def _patients(raw: Integers, noise: Noise, limit: int) -> NoisedMeasure:
    """Numbers of patients, which show because they are large enough: intervals know it (P8)."""
    whole = [int(value) for value in raw]
    found = given_at_least(noise.law, raw.astype(float), limit)
    return NoisedMeasure(
        tuple(max(0, value) for value in whole),
        tuple(zip(found.low.tolist(), found.high.tolist(), strict=True)),
        tuple(whole),
    )


def _summed(raw: Integers, reach: Margins, measure: Measure) -> NoisedMeasure:
    """Counts and sums: shown no further than their bounds allow, raw beside them (P12)."""
    low = 0 if measure.low >= 0 or measure.kind is not Kind.SUM else None
    high = 0 if measure.high <= 0 and measure.kind is Kind.SUM else None

    def possible(value: int) -> int:
        value = value if low is None else max(low, value)
        return value if high is None else min(high, value)

    whole = [int(v) for v in raw]
    below, above = round(reach.below), round(reach.above)
    return NoisedMeasure(
        tuple(map(possible, whole)),
        tuple((possible(v - below), possible(v + above)) for v in whole),
        tuple(whole),
    )
