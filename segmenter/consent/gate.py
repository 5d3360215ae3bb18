"""The gate: a request becomes the patients who may be used for it, one row a human (C13).

Comes in: the decisions (`person`, `linked_patient`) at the request's clocks. Goes out: `Eligible`,
a view over them. What the purpose does not list is refused before any data is
read (C14). The gate decides nothing itself, and costs a count one comparison of integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.consent.masks import LINKED_TO_NOBODY, allows_any
from segmenter.consent.scopes import Scopes
from segmenter.dimensions.profile import profile_columns
from segmenter.errors import PolicyError
from segmenter.model import Eligible
from segmenter.project.policy import ALWAYS, CONTACT

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.engine import Engine, Table, Tables
    from segmenter.engine.relations import Structure
    from segmenter.model import ProcessingRequest, Snapshot
    from segmenter.project.policy import Policy


@dataclass(frozen=True, slots=True)
class RequestMasks:
    """What a request asks of a state's word: one mask a channel.

    To have one of them whole is enough.
    """

    word: int
    masks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """A way to contact somebody: the channel, and the categories of the columns carried."""

    channel: str
    carried: tuple[str, ...] = ()


def check(policy: Policy, request: ProcessingRequest) -> RequestMasks:
    """What a request asks for. Reads no data.

    Raises `PolicyError` (C14) if its purpose does not list it.
    """
    scopes = Scopes.of(policy)
    categories = (ALWAYS, *request.categories)
    asked = [
        scopes.mask_of(request.purpose, channel, request.topic, categories)
        for channel in request.channels or (None,)
    ]
    masks = dict.fromkeys(one.mask for one in asked)
    return RequestMasks(asked[0].word, tuple(masks))


def gate(
    engine: Engine,
    policy: Policy,
    snapshot: Snapshot,
    decisions: Tables,
    request: ProcessingRequest,
    reach: Reach | None = None,
) -> Eligible:
    """Who may be used for `request`: a view with `patient` and the dimension codes.

    With a `reach` it also has the column `contactable`: whether the patient is one of
    `contactable`. That is cheaper than to join those. Raises `PolicyError` (C14).
    """
    asked = check(policy, request)
    columns = list(profile_columns(policy, ""))
    if reach is not None:
        columns.append(_contactable_column(policy, request, reach))
    alone = [mask | LINKED_TO_NOBODY for mask in asked.masks]
    structure: Structure = {
        "__alone__": allows_any(asked.word, alone),
        "__dimensions__": columns,
    }
    if engine.count(decisions["linked_patient"]):
        allowed = {"__allowed__": allows_any(asked.word, asked.masks)}
        table = engine.view("eligible", reads=decisions, structure={**structure, **allowed})
    else:
        table = engine.view("eligible_unlinked", reads=decisions, structure=structure)
    return Eligible(request, snapshot, policy.deciding_hash(), table)


def contactable(
    engine: Engine, policy: Policy, decisions: Tables, request: ProcessingRequest, reach: Reach
) -> Table:
    """Who may be reached for `request`: a view of `patient`.

    Decided for the request's categories, for `contact` and for what is carried, at the clocks of
    the decisions. Raises `PolicyError` (C14).
    """
    structure = {"__allowed__": _may_reach(policy, request, reach)}
    return engine.view("contactable", reads=decisions, structure=structure)


def reach_categories(request: ProcessingRequest, reach: Reach) -> tuple[str, ...]:
    """Every category that has to be allowed to contact somebody."""
    needed = (ALWAYS, CONTACT, *request.categories, *reach.carried)
    return tuple(dict.fromkeys(needed))


def _contactable_column(policy: Policy, request: ProcessingRequest, reach: Reach) -> exp.Expr:
    from sqlglot import exp

    return exp.alias_(_may_reach(policy, request, reach), "contactable")


def _may_reach(policy: Policy, request: ProcessingRequest, reach: Reach) -> exp.Expr:
    _require_channel(policy, request.purpose, reach.channel)
    scopes = Scopes.of(policy)
    categories = reach_categories(request, reach)
    asked = scopes.mask_of(request.purpose, reach.channel, request.topic, categories)
    return allows_any(asked.word, [asked.mask])


def _require_channel(policy: Policy, purpose: str, channel: str) -> None:
    if channel not in policy.purposes[purpose].channels:
        msg = f"purpose {purpose} does not list the channel {channel}"
        raise PolicyError("C14", msg)
