"""Which questions an event speaks about: the lookup tables that the consent relations join.

Each scope field has a table with one row a text and mask word. The mask of an event is what its
four fields have in common. The `code` of a scope is the union of its fields' codes; a field that
is `*` has code 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, astuple, dataclass, fields
from typing import TYPE_CHECKING, Any

from segmenter.consent.scopes import QuestionBit, Scopes, union
from segmenter.model import ANY
from segmenter.project.policy import HEALTH

if TYPE_CHECKING:
    import polars as pl

    from segmenter.project.policy import Policy

FIELDS = ("purpose", "channel", "topic", "category")
FIELD_BITS = 15  # of one scope field in the code of a scope
JOINT_AGE = 15  # below it, a guardian and the child consent together (C11)
OLDEST = 200  # years


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """What one text of a scope field means in one mask word."""

    name: str
    word: int
    code: int  # within the code of a scope
    field: int  # the bits of that code which belong to this scope field
    gives: int  # questions that it speaks about in a grant
    denies: int  # questions that it speaks about in a denial


@dataclass(frozen=True, slots=True)
class PurposeRow(ScopeRow):
    """The same of a purpose, with what a grant of it has to satisfy."""

    confirm: int  # questions that need a confirmation (C4)
    least_notice: int  # place of the oldest notice that will do (C2)
    max_age_days: int  # (C3)


def lookup_tables(scopes: Scopes) -> dict[str, pl.DataFrame]:
    """The lookup tables, by the name under which relations read them.

    `purpose_scope` has the columns of `PurposeRow`; `channel_scope`, `topic_scope` and
    `category_scope` those of `ScopeRow`. `notice_order`: `notice`, `place`. `next_bound`: `age`,
    `bound` (the next age at which a decision or an age band may change).
    """
    import polars as pl

    tables = {"purpose_scope": _frame(PurposeRow, _purpose_rows(scopes))}
    for field in FIELDS[1:]:
        tables[f"{field}_scope"] = _frame(ScopeRow, _scope_rows(scopes, field))
    notices = scopes.policy.notices
    places = {"notice": notices, "place": range(len(notices))}
    tables["notice_order"] = pl.DataFrame(places, schema={"notice": pl.String, "place": pl.Int64})
    bounds = list(_next_bounds(scopes.policy))
    ages = {"age": pl.Int64, "bound": pl.Int64}
    tables["next_bound"] = pl.DataFrame(bounds, schema=ages, orient="row")
    return tables


def _frame(kind: type[ScopeRow], rows: Iterator[ScopeRow]) -> pl.DataFrame:
    import polars as pl

    names = [column.name for column in fields(kind)]
    schema = {name: pl.String if name == "name" else pl.Int64 for name in names}
    return pl.DataFrame([astuple(row) for row in rows], schema=schema, orient="row")


# -- scope fields ----------------------------------------------------------------------------------


def _scope_rows(scopes: Scopes, field: str) -> Iterator[ScopeRow]:
    """The rows of one field's table."""
    shift = FIELD_BITS * (len(FIELDS) - 1 - FIELDS.index(field))
    whole_field = ((1 << FIELD_BITS) - 1) << shift
    for word in range(scopes.words):
        of_word = [bit for bit in scopes.bits if bit.word == word]
        given = _given_by_any(scopes, field, of_word)
        yield ScopeRow(ANY, word, 0, 0, given, union(of_word))
        for place, name in enumerate(_declared(scopes.policy, field), 1):
            gives = [bit for bit in of_word if getattr(bit, field) == name]
            denies = [bit for bit in of_word if getattr(bit, field) in (name, None)]
            yield ScopeRow(
                name=name,
                word=word,
                code=place << shift,
                field=whole_field,
                gives=union(gives),
                denies=union(denies),
            )


def _given_by_any(scopes: Scopes, field: str, bits: list[QuestionBit]) -> int:
    """What a grant with `*` in a field is about: never every purpose, no health data (C5)."""
    if field == "purpose":
        return 0
    if field == "category":
        sensitivity = scopes.policy.sensitivity
        return union(bit for bit in bits if sensitivity(bit.category) < HEALTH)
    return union(bits)


def _declared(policy: Policy, field: str) -> tuple[str, ...]:
    declared: Mapping[str, Any] = {
        "purpose": policy.purposes,
        "channel": policy.channels,
        "topic": policy.topics,
        "category": policy.categories,
    }
    return tuple(declared[field])


def _purpose_rows(scopes: Scopes) -> Iterator[PurposeRow]:
    policy = scopes.policy
    for row in _scope_rows(scopes, "purpose"):
        purpose = policy.purposes.get(row.name)
        if purpose is None:
            yield PurposeRow(**asdict(row), confirm=0, least_notice=0, max_age_days=0)
            continue
        confirmed = [
            bit
            for bit in scopes.bits
            if (bit.word, bit.purpose) == (row.word, row.name)
            and _needs_confirmation(policy, bit.channel)
        ]
        yield PurposeRow(
            **asdict(row),
            confirm=union(confirmed),
            least_notice=policy.notices.index(purpose.min_notice),
            max_age_days=purpose.max_age_days,
        )


def _needs_confirmation(policy: Policy, channel: str | None) -> bool:
    """Whether a channel has a double opt-in; for all channels, whether any has (C4)."""
    if channel is not None:
        return policy.channels[channel].double_opt_in
    return any(one.double_opt_in for one in policy.channels.values())


# -- ages ------------------------------------------------------------------------------------------


def _next_bounds(policy: Policy) -> Iterator[tuple[int, int]]:
    """For every age, the next one at which a decision or an age band may change."""
    bounds = {policy.min_age}
    if policy.min_age < JOINT_AGE:
        bounds.add(JOINT_AGE)
    for dimension in policy.dimensions.values():
        if (dimension.table, dimension.column) == ("patient", "age"):
            bounds.update(dimension.bands or _listed_ages(dimension.values or {}))
    ordered = sorted(bounds)
    for age in range(-OLDEST, ordered[-1]):
        yield age, next(bound for bound in ordered if bound > age)


def _listed_ages(values: Mapping[str, tuple[str, ...]]) -> set[int]:
    """The bounds of ages that a dimension lists one by one: each begins and ends at a birthday."""
    bounds = set()
    for listed in values.values():
        for text in listed:
            if text.lstrip("-").isdigit():
                age = int(text)
                bounds |= {age, age + 1}
    return bounds
