"""Where each question's answer lies: a policy's questions as bits of a few BIGINT words.

A **unit** is one purpose with one topic, or with all of them; within a unit, one bit for each
(channel or all of them, category). A unit never spans words, so the gate reads one integer. A
question without a channel or a topic asks for all of them: only a `*` grant speaks for it, and any
denial on a single one does. The tables of `Scopes.tables` say, for each text an event's scope field
may hold, which bits it speaks about; the mask of an event is the conjunction of its four fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.errors import PolicyError
from segmenter.model import ANY
from segmenter.project.policy import HEALTH

if TYPE_CHECKING:
    import polars as pl

    from segmenter.project.policy import Policy, Purpose

WORD = 62  # bits used of a word; bit 62 says that a person is linked to nobody
ALONE = 1 << WORD
FIELD = 15  # bits of a scope field in a scope's code
FIELDS = ("purpose", "channel", "topic", "category")


@dataclass(frozen=True, slots=True)
class Bit:
    """One question. `channel` or `topic` None asks for all of them."""

    purpose: str
    channel: str | None
    topic: str | None
    category: str
    word: int
    mask: int


@dataclass(frozen=True, slots=True)
class Scopes:
    """The bit layout of one policy. Made by `Scopes.of`; a pure function of the policy."""

    policy: Policy
    bits_: tuple[Bit, ...]
    words: int

    @classmethod
    def of(cls, policy: Policy) -> Scopes:
        """Lay out a policy's questions: purposes by name (their order in the file does not decide), topics as the purpose lists them.

        Raises `PolicyError` where one purpose has too many channels times categories for a word.
        """
        bits: list[Bit] = []
        word, used = 0, 0
        for _, purpose in sorted(policy.purposes.items()):
            for topic, channels in _units(purpose):
                size = len(channels) * len(purpose.categories)
                if size > WORD:
                    msg = f"purpose {purpose.name}: its channels and categories make more than {WORD} questions a topic"
                    raise PolicyError("C14", msg, hint="split the purpose")
                if used + size > WORD:
                    word, used = word + 1, 0
                pairs = (
                    (channel, category) for channel in channels for category in purpose.categories
                )
                bits += [
                    Bit(purpose.name, ch, topic, ca, word, 1 << (used + n))
                    for n, (ch, ca) in enumerate(pairs)
                ]
                used += size
        return cls(policy, tuple(bits), word + 1)

    def bits(
        self, purpose: str, channel: str | None, topic: str | None, categories: Iterable[str]
    ) -> tuple[int, int]:
        """The word and the mask of a question about several categories, all of them needed.

        Raises `PolicyError` (C14) where the purpose does not list what is asked.
        """
        wanted = tuple(dict.fromkeys(categories))
        self._listed(purpose, channel, topic, wanted)
        found = [
            b
            for b in self.bits_
            if (b.purpose, b.channel, b.topic) == (purpose, channel, topic) and b.category in wanted
        ]
        if not found:
            msg = f"purpose {purpose} is asked by channel and topic together, or by neither"
            raise PolicyError("C14", msg)
        return found[0].word, _union(found)

    def questions(self, purpose: str) -> list[tuple[str | None, str | None]]:
        """Every (channel, topic) that may be asked of a purpose."""
        return list(dict.fromkeys((b.channel, b.topic) for b in self.bits_ if b.purpose == purpose))

    def _listed(
        self, purpose: str, channel: str | None, topic: str | None, categories: Sequence[str]
    ) -> None:
        known = self.policy.purposes.get(purpose)
        if known is None:
            raise PolicyError("C14", f"the policy has no purpose {purpose}")
        asked = [("channel", channel, known.channels), ("topic", topic, known.topics)]
        asked += [("category", category, known.categories) for category in categories]
        for kind, name, listed in asked:
            if name is not None and name not in listed:
                raise PolicyError(
                    "C14",
                    f"purpose {purpose} does not list the {kind} {name}",
                    hint=f"it lists: {', '.join(listed) or 'none'}",
                )

    # -- what the texts of events mean -------------------------------------------------------------

    def tables(self) -> dict[str, pl.DataFrame]:
        """The lookup tables that the consent relations read, by name.

        `purpose_scope`, `channel_scope`, `topic_scope`, `category_scope`: `name`, `word`, `code`
        (within a scope; 0 for `*`), `field` (the bits of that code's field), `gives` and `denies`
        (questions it speaks about in a grant, in a denial). `purpose_scope` also has `confirm`
        (questions that need a confirmation, C4), `least_notice` and `max_age_days`. `notice_order`:
        `notice`, `place`. `next_bound`: `age`, `bound` (the next age at which something may
        change).
        """
        import polars as pl

        text, number = pl.String, pl.Int64
        lookup = {
            "name": text,
            "word": number,
            "code": number,
            "field": number,
            "gives": number,
            "denies": number,
        }
        purposes = {**lookup, "confirm": number, "least_notice": number, "max_age_days": number}
        return {
            "purpose_scope": pl.DataFrame(list(self._purposes()), schema=purposes, orient="row"),
            **{
                f"{f}_scope": pl.DataFrame(list(self._lookup(f)), schema=lookup, orient="row")
                for f in FIELDS[1:]
            },
            "notice_order": pl.DataFrame(
                list(zip(self.policy.notices, range(len(self.policy.notices)), strict=True)),
                schema={"notice": text, "place": number},
                orient="row",
            ),
            "next_bound": pl.DataFrame(
                list(self._bounds()), schema={"age": number, "bound": number}, orient="row"
            ),
        }

    def _lookup(self, field: str) -> Iterator[tuple[Any, ...]]:
        """Rows of a field's table, one a text and word."""
        declared = {
            "purpose": self.policy.purposes,
            "channel": self.policy.channels,
            "topic": self.policy.topics,
            "category": self.policy.categories,
        }
        shift = FIELD * (len(FIELDS) - 1 - FIELDS.index(field))
        for word in range(self.words):
            here = [b for b in self.bits_ if b.word == word]
            explicit = [
                b
                for b in here
                if field == "category" and self.policy.sensitivity(b.category) >= HEALTH
            ]
            everything = 0 if field == "purpose" else _union(here) & ~_union(explicit)
            yield (ANY, word, 0, 0, everything, _union(here))
            for place, name in enumerate(declared[field], 1):
                gives = [b for b in here if getattr(b, field) == name]
                denies = [b for b in here if getattr(b, field) in (name, None)]
                yield (
                    name,
                    word,
                    place << shift,
                    ((1 << FIELD) - 1) << shift,
                    _union(gives),
                    _union(denies),
                )

    def _purposes(self) -> Iterator[tuple[Any, ...]]:
        for row in self._lookup("purpose"):
            purpose = self.policy.purposes.get(row[0])
            if purpose is None:
                yield (*row, 0, 0, 0)
                continue
            least = self.policy.notices.index(purpose.min_notice)
            confirm = [
                b
                for b in self.bits_
                if b.word == row[1] and b.purpose == purpose.name and self._confirms(b.channel)
            ]
            yield (*row, _union(confirm), least, purpose.max_age_days)

    def _confirms(self, channel: str | None) -> bool:
        """Whether a question needs a confirmation: its channel does, or any of the policy's where it asks for all (C4)."""
        asked = (channel,) if channel is not None else tuple(self.policy.channels)
        return any(self.policy.channels[name].double_opt_in for name in asked)

    def _bounds(self) -> Iterator[tuple[int, int]]:
        """For every age, the next one at which a decision or an age band may change."""
        bounds = {self.policy.min_age, *((JOINT,) if self.policy.min_age < JOINT else ())}
        for dimension in self.policy.dimensions.values():
            if (dimension.table, dimension.column) == ("patient", "age"):
                bounds.update(dimension.bands or _whole(dimension.values))
        ordered = sorted(bounds)
        for age in range(-OLDEST, max(ordered)):
            yield age, next(bound for bound in ordered if bound > age)


JOINT = 15  # below this age, a guardian and the child consent jointly (C11)
OLDEST = 200


def _units(purpose: Purpose) -> Iterator[tuple[str | None, tuple[str | None, ...]]]:
    """The (topic, channels) that may be asked of a purpose."""
    for topic in purpose.topics:
        yield topic, purpose.channels or (None,)
    if purpose.topics:
        yield None, (None,)
    else:
        yield None, (*purpose.channels, None)


def _union(bits: Iterable[Bit]) -> int:
    mask = 0
    for bit in bits:
        mask |= bit.mask
    return mask


def _whole(values: Any) -> set[int]:
    """Ages that a dimension lists one by one: each begins and ends at a birthday."""
    listed = {
        int(raw) for raws in (values or {}).values() for raw in raws if raw.lstrip("-").isdigit()
    }
    return listed | {age + 1 for age in listed}
