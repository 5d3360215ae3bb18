"""The gate: a request becomes the patients who may be used for it, one row a human. It adds one comparison of integers to a count.

Decisions are `standing`'s; this module only reads them. What the purpose does not list is refused
before any data is read (C14).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from segmenter.consent.scopes import ALONE, Scopes
from segmenter.errors import PolicyError
from segmenter.model import Eligible
from segmenter.project.policy import ALWAYS, CONTACT

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.engine import DuckDBEngine
    from segmenter.model import ProcessingRequest, Snapshot
    from segmenter.project.policy import Policy

    Mark = tuple[
        str, Iterable[str]
    ]  # the channel to reach somebody on, and the categories that would be carried


def check(policy: Policy, request: ProcessingRequest) -> tuple[int, tuple[int, ...]]:
    """The state's word and the masks of a request, one a channel; having one of them whole makes eligible.

    Raises `PolicyError` (C14) where the purpose does not list what is asked. Reads no data.
    """
    scopes = Scopes.of(policy)
    categories = dict.fromkeys((ALWAYS, *request.categories))
    asked = request.channels or (None,)
    found = [scopes.bits(request.purpose, channel, request.topic, categories) for channel in asked]
    return found[0][0], tuple(dict.fromkeys(mask for _, mask in found))


def gate(
    engine: DuckDBEngine,
    policy: Policy,
    snapshot: Snapshot,
    request: ProcessingRequest,
    table: str = "eligible",
    mark: Mark | None = None,
) -> Eligible:
    """Who may be used for `request`: a view `table` with one row a human (C13), `patient` and the dimension codes.

    With a `mark` it also has the column `contactable`: whether that patient is one of
    `contactable`, which is cheaper than to join those. The engine has the state's `person` and
    `kin` exposed, at the request's clocks. Raises `PolicyError` (C14).
    """
    word, masks = check(policy, request)
    structure: dict[str, exp.Expr | Sequence[exp.Expr]] = {
        "__alone__": _has_one(word, [mask | ALONE for mask in masks]),
        "__dimensions__": [
            *_codes(policy),
            *([] if mark is None else [_marked(policy, request, mark)]),
        ],
    }
    if engine.count("kin"):
        engine.view(table, "eligible", {**structure, "__allowed__": _has_one(word, masks)})
    else:
        engine.view(table, "eligible_unlinked", structure)
    return Eligible(request, snapshot, policy.deciding_hash(), table)


def contactable(
    engine: DuckDBEngine,
    policy: Policy,
    request: ProcessingRequest,
    channel: str,
    carried: Iterable[str],
    table: str = "contactable",
) -> str:
    """Who may be reached on `channel` with columns of the categories `carried`: a view `table` of `patient`.

    Decided for the request's categories, `contact` and `carried` at the clocks of the exposed
    state. Raises `PolicyError` (C14).
    """
    engine.view(
        table, "contactable", {"__allowed__": _may_reach(policy, request, channel, carried)}
    )
    return table


def _marked(policy: Policy, request: ProcessingRequest, mark: Mark) -> exp.Expr:
    from sqlglot import exp

    return exp.alias_(_may_reach(policy, request, *mark), "contactable")


def _may_reach(
    policy: Policy, request: ProcessingRequest, channel: str, carried: Iterable[str]
) -> exp.Expr:
    if channel not in policy.purposes[request.purpose].channels:
        raise PolicyError("C14", f"purpose {request.purpose} does not list the channel {channel}")
    categories = dict.fromkeys((ALWAYS, CONTACT, *request.categories, *carried))
    word, mask = Scopes.of(policy).bits(request.purpose, channel, request.topic, categories)
    return _has_one(word, [mask])


def _has_one(word: int, masks: Sequence[int]) -> exp.Expr:
    """`(allow_<word> & mask) = mask`, for any of the masks."""
    from sqlglot import exp

    column = exp.column(f"allow_{word}")
    tests = [
        exp.EQ(
            this=exp.paren(exp.BitwiseAnd(this=column.copy(), expression=exp.Literal.number(mask))),
            expression=exp.Literal.number(mask),
        )
        for mask in masks
    ]
    return exp.paren(exp.or_(*tests))


def _codes(policy: Policy) -> list[exp.Expr]:
    from sqlglot import exp

    return [
        exp.column(f"dim_{name}", quoted=True)
        for name in sorted(policy.dimensions)
        if policy.dimensions[name].per_patient
    ]
