"""French texts are set as French is: no-break spaces before : ; ? ! and inside « », and no word of
the other language is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import pytest

from segmenter.consent.reasons import SENTENCES
from segmenter.demo.report import COLUMNS, NOTES, WORDS
from segmenter.governance.breach import FRENCH
from segmenter.render import people, receipt, report_words
from segmenter.workflows.why import ENTRY

TEXTS = {
    "reasons": {name: words["fr"] for name, words in SENTENCES.items()},
    "why": ENTRY["fr"],
    "breach": FRENCH,
    "receipt": [receipt.LAYOUT["fr"], receipt.TEXTS["fr"], receipt.FRENCH],
    "tables": [people.WORDS["fr"], people.HEADS["fr"]],
    "report": [report_words.SAY["fr"], report_words.METHOD["fr"], report_words.OPINION["fr"]],
    "demo": [COLUMNS["fr"], NOTES["fr"], WORDS["fr"]],
}
LOOSE = re.compile(r"\S+ [:;?!»%]|« \S*")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, Sequence):
        for one in value:
            yield from _texts(one)


@pytest.mark.parametrize("place", TEXTS)
def test_no_line_breaks_before_a_mark(place: str) -> None:
    assert [found for text in _texts(TEXTS[place]) for found in LOOSE.findall(text)] == []


@pytest.mark.parametrize("words", [receipt.LAYOUT, receipt.TEXTS, people.WORDS, report_words.SAY])
def test_both_languages_have_the_same_texts(words: Mapping[str, Mapping[str, str]]) -> None:
    assert words["fr"].keys() == words["en"].keys()


@pytest.mark.parametrize("words", [receipt.LAYOUT, receipt.TEXTS, people.WORDS, report_words.SAY])
def test_both_languages_take_the_same_values(words: Mapping[str, Mapping[str, str]]) -> None:
    holes = re.compile(r"\{(\w+)\}")
    for name, text in words["en"].items():
        assert set(holes.findall(words["fr"][name])) == set(holes.findall(text)), name
