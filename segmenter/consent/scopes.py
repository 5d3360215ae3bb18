"""Where the answer to each question lies: a policy's questions as bits of a few BIGINT words.

A question is one purpose, channel, topic and category. A **unit** is one purpose with one topic, or
with all of them; within a unit there is one bit for each channel (or all of them) and category. A
unit lies in one word, so the gate reads one integer.

A question without a channel or a topic asks for all of them: only a `*` grant speaks for it, and
any denial on a single one does. `scope_tables` says which bits the texts of an event speak about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.errors import PolicyError

if TYPE_CHECKING:
    from segmenter.project.policy import Policy, Purpose

WORD = 62  # bits used of a word; the next one says that a person is linked to nobody


@dataclass(frozen=True, slots=True)
class QuestionBit:
    """One question and its place. `channel` or `topic` None asks for all of them."""

    purpose: str
    channel: str | None
    topic: str | None
    category: str
    word: int
    mask: int


@dataclass(frozen=True, slots=True)
class WordMask:
    """Some bits of one word."""

    word: int
    mask: int


@dataclass(frozen=True, slots=True)
class Unit:
    """What may be asked of a purpose for one topic (None: for all of them)."""

    topic: str | None
    channels: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Scopes:
    """The questions of one policy, each with its bit. Made by `Scopes.of` from the policy."""

    policy: Policy
    bits: tuple[QuestionBit, ...]
    words: int

    @classmethod
    def of(cls, policy: Policy) -> Scopes:
        """Lay out the questions: purposes by name, topics as they are listed.

        Raises `PolicyError` (C14) if a purpose has too many channels times categories for a word.
        """
        bits: list[QuestionBit] = []
        word, used = 0, 0
        for purpose in sorted(policy.purposes.values(), key=lambda p: p.name):
            for unit in _units(purpose):
                size = len(unit.channels) * len(purpose.categories)
                _require_one_word(purpose, size)
                if used + size > WORD:
                    word, used = word + 1, 0
                bits.extend(_bits_of(purpose, unit, word, used))
                used += size
        return cls(policy, tuple(bits), word + 1)

    def mask_of(
        self, purpose: str, channel: str | None, topic: str | None, categories: Iterable[str]
    ) -> WordMask:
        """The bits of a question about several categories, all of them needed.

        Raises `PolicyError` (C14) if the purpose does not list what is asked.
        """
        wanted = tuple(dict.fromkeys(categories))
        self._require_listed(purpose, channel, topic, wanted)
        asked = [
            bit
            for bit in self.bits
            if (bit.purpose, bit.channel, bit.topic) == (purpose, channel, topic)
            and bit.category in wanted
        ]
        if not asked:
            msg = f"purpose {purpose} is asked by channel and topic together, or by neither"
            raise PolicyError("C14", msg)
        return WordMask(asked[0].word, union(asked))

    def _require_listed(
        self, purpose: str, channel: str | None, topic: str | None, categories: Sequence[str]
    ) -> None:
        known = self.policy.purposes.get(purpose)
        if known is None:
            raise PolicyError("C14", f"the policy has no purpose {purpose}")
        if channel is not None:
            _require_among(known.channels, channel, purpose, "channel")
        if topic is not None:
            _require_among(known.topics, topic, purpose, "topic")
        for category in categories:
            _require_among(known.categories, category, purpose, "category")


def union(bits: Iterable[QuestionBit]) -> int:
    """The mask of several questions of one word."""
    mask = 0
    for bit in bits:
        mask |= bit.mask
    return mask


def _units(purpose: Purpose) -> Iterator[Unit]:
    """The topics that may be asked of a purpose, each with the channels it may be asked for."""
    if not purpose.topics:
        yield Unit(None, (*purpose.channels, None))
        return
    for topic in purpose.topics:
        yield Unit(topic, purpose.channels or (None,))
    yield Unit(None, (None,))


def _bits_of(purpose: Purpose, unit: Unit, word: int, first: int) -> Iterator[QuestionBit]:
    """The questions of a unit, from bit `first` of a word on."""
    place = first
    for channel in unit.channels:
        for category in purpose.categories:
            yield QuestionBit(purpose.name, channel, unit.topic, category, word, 1 << place)
            place += 1


def _require_one_word(purpose: Purpose, size: int) -> None:
    if size > WORD:
        questions = f"its channels and categories make more than {WORD} questions a topic"
        msg = f"purpose {purpose.name}: {questions}"
        raise PolicyError("C14", msg, hint="split the purpose")


def _require_among(listed: Sequence[str], name: str, purpose: str, kind: str) -> None:
    if name not in listed:
        msg = f"purpose {purpose} does not list the {kind} {name}"
        raise PolicyError("C14", msg, hint=f"it lists: {', '.join(listed) or 'none'}")
