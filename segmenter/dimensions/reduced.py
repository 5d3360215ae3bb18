"""Facts that were reduced at ingest: what a snapshot's table `reduced_<fact>` holds, and whether it serves a question (P9).

One row a patient and combination of the declared dimensions of the fact's rows: `code` numbers the
combination (mixed radix, first dimension slowest), `many` counts its rows, `sum_<n>` adds up a
bounded column. Nothing in it depends on a bound. The snapshot says of each table what it was made
by; a dimension that was declared otherwise then is not there.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from segmenter.project.policy import ROWS

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.project.policy import Dimension, Policy

VERSION = 1  # of what the tables hold: raise it whenever they are made otherwise
BOUND = "segmenter/bound/1"  # label of the key that chooses which cells of a patient count (P9)
DRAWS = "bound_draw"  # the table of what that key draws, a row a patient
MOST = 1 << 60  # combinations that a number can tell apart


@dataclass(frozen=True, slots=True)
class Reduced:
    """How one fact table was reduced: `dimensions` as (name, hash of the definition, size of the domain), `columns` that are added up."""

    fact: str
    dimensions: tuple[tuple[str, str, int], ...]
    columns: tuple[str, ...]

    @classmethod
    def of(cls, policy: Policy, fact: str) -> Self | None:
        """How a fact table is reduced under a policy; None where its dimensions have too many combinations to be numbered."""
        own = [d for d in policy.dimensions.values() if d.table == fact and not d.per_patient]
        if math.prod(len(d.labels) for d in own) > MOST:
            return None
        columns = tuple(
            sorted(set(policy.facts[fact].clip if fact in policy.facts else ()) - {ROWS})
        )
        return cls(fact, tuple((d.name, _definition(d), len(d.labels)) for d in own), columns)

    @classmethod
    def read(cls, fact: str, text: str) -> Self:
        """Undo `text`."""
        dimensions, columns = json.loads(text)
        return cls(fact, tuple((name, how, size) for name, how, size in dimensions), tuple(columns))

    def text(self) -> str:
        """As the snapshot's `meta` keeps it."""
        return json.dumps([self.dimensions, self.columns])

    @property
    def table(self) -> str:
        """The table's name."""
        return f"reduced_{self.fact}"

    def holds(self, dimension: Dimension) -> bool:
        """Whether the codes of a dimension, as it is declared now, can be read from `code`."""
        return (dimension.name, _definition(dimension), len(dimension.labels)) in self.dimensions

    def code(self, dimension: Dimension, number: exp.Expr) -> exp.Expr:
        """A dimension's code, out of the number of a combination."""
        from sqlglot import exp

        at = [name for name, _, _ in self.dimensions].index(dimension.name)
        weight = math.prod(size for _, _, size in self.dimensions[at + 1 :])
        rest = exp.IntDiv(this=number, expression=exp.Literal.number(weight))
        return exp.paren(
            exp.Mod(this=exp.paren(rest), expression=exp.Literal.number(len(dimension.labels)))
        )


def key_mark(key: str) -> str:
    """Which key drew the table of draws: a hash of it."""
    return hashlib.sha256(f"{VERSION}|{DRAWS}|{key}".encode()).hexdigest()


def _definition(dimension: Dimension) -> str:
    how = [
        VERSION,
        dimension.column,
        list((dimension.values or {}).items()),
        dimension.bands,
        dimension.other,
    ]
    return hashlib.sha256(json.dumps(how).encode()).hexdigest()[:32]
