"""Phone numbers in E.164, by `phonenumbers` (S3).

A cell may hold a spreadsheet's `.0`, notes, and a second number. French overseas numbers written
nationally have two readings: with their own country code, and with France's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.identifiers.characters import folded
from segmenter.identifiers.form import EARLIER, NOTHING, OTHER, WRITTEN, Forms, IdentifierReading

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

NO_NUMBER = "no number that is possible: only the same digits match"
UNREAD = "digits of the cell are in no number that was read"
SHORTEST = 6  # digits that may be a number

_FRANCE = 33
_OVERSEAS = {  # how a national number begins, and its own country code
    "262": 262, "263": 262, "268": 262, "269": 262, "639": 262, "692": 262, "693": 262, "7092": 262,
    "590": 590, "690": 590, "691": 590, "5987": 590, "7090": 590,
    "594": 594, "694": 594, "5988": 594, "7093": 594,
    "596": 596, "696": 596, "697": 596, "5989": 596, "7091": 596,
    "708": 508,
}  # fmt: skip
_FLOAT = re.compile(r"(\+?\d+)[.,]0+")
_SCIENTIFIC = re.compile(r"(\+?\d)[.,](\d+)e\+?(\d+)")
_SEPARATED = re.compile(  # as in 06,12,34,56,78 and 06/12/34/56/78
    r"(?<=\d)[,_·•](?=\d\d(?!\d{3}))|(?<=\d)(?<!\d{3})/(?=\d\d(?!\d))"
)
_ONE = re.compile(r"[\d\s().+/-]*")  # what may be one number, without notes
_NOTE = re.compile(r"[^\d\s().+-]+")


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a cell: as it is written, as entries keep it, and in its other reading."""

    written: str
    kept: str
    other: str
    valid: bool = True


@dataclass(slots=True)
class FoundNumbers:
    """The numbers of a cell, and whether digits are left over that may be another one."""

    numbers: list[Number]
    rest: bool = False


def read_phone(value: str, region: str) -> IdentifierReading:
    """Every form of what a cell holds; digits only, for matching alone, if it holds no number.

    >>> [form.text for form in read_phone("06 12 34 56 78 (home), 0692112233", "FR").forms[:3]]
    ['+33612345678', '+262692112233', '+33692112233']
    """
    text = _text(value)
    digits = _digits(text)
    if not digits:
        return NOTHING
    exact = _exact(_SEPARATED.sub(" ", text))
    found = FoundNumbers([]) if exact is None else _found(exact, region)
    forms = Forms("phone")
    for number in found.numbers:
        profile = OTHER if forms else WRITTEN
        forms.add(number.written, profile, valid=number.valid)
        forms.add(number.kept, kept=True)
        forms.add(number.other)
    doubt = UNREAD if found.rest else None
    if not forms:
        forms.add(digits, WRITTEN, kept=exact is not None)
        doubt = NO_NUMBER
    forms.add(_earlier(value, region) or digits, EARLIER)
    return forms.reading(doubt)


def _text(value: str) -> str:
    text = folded(value).strip()
    if text.isascii():
        return text
    return "".join(_ascii_digit(sign) for sign in text)


def _ascii_digit(sign: str) -> str:
    if sign.isdecimal():
        return str(unicodedata.digit(sign))
    return sign


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


def _exact(text: str) -> str | None:
    """The text without a spreadsheet's `.0` or exponent; None if the exponent hides digits."""
    whole = _FLOAT.fullmatch(text)
    if whole is not None:
        return whole[1]
    scientific = _SCIENTIFIC.fullmatch(text)
    if scientific is None:
        return text
    first, others, exponent = scientific.groups()
    if len(others) == int(exponent):
        return first + others
    return None


# -- the numbers of a cell -------------------------------------------------------------------------


def _found(text: str, region: str) -> FoundNumbers:
    if _ONE.fullmatch(text):
        number = _number(text, region)
        if number is not None:
            return FoundNumbers([number])
    found = _among_notes(text, region)
    if found.numbers:
        return found
    number = _number(text, region) or _without_plus(text)
    return FoundNumbers([] if number is None else [number])


def _among_notes(text: str, region: str) -> FoundNumbers:
    """The valid numbers of a text and what looks like one between them; else the possible ones."""
    from phonenumbers import Leniency, PhoneNumberMatcher

    found = FoundNumbers([])
    end = 0
    for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID):
        _add_between(found, text[end : match.start], region)
        _add(found, _number(match.raw_string, region))
        end = match.end
    _add_between(found, text[end:], region)
    if not found.numbers:
        for match in PhoneNumberMatcher(text, region, leniency=Leniency.POSSIBLE):
            _add(found, _number(match.raw_string, region))
    return found


def _add(found: FoundNumbers, number: Number | None) -> None:
    if number is not None:
        found.numbers.append(number)


def _add_between(found: FoundNumbers, text: str, region: str) -> None:
    """Read what stands between valid numbers: digits that are no number are told of."""
    for piece in _NOTE.split(text):
        left = ""
        for run in _runs(piece, region):
            number = _number(run, region) if _starts_number(run) else None
            _add(found, number)
            left += "" if number else run
        if len(_digits(left)) >= SHORTEST:
            found.rest = True


def _runs(text: str, region: str) -> Iterator[str]:
    """Groups of digits put together as long as they are no number, or cannot begin another one."""
    groups = [group.strip(".-)") for group in text.split()]
    run = ""
    for group in groups:
        if run and _starts_number(group) and _number(run, region) is not None:
            yield run
            run = ""
        run = f"{run} {group}".strip()
    yield run


def _starts_number(text: str) -> bool:
    return text.startswith(("+", "(+", "0"))


# -- one number ------------------------------------------------------------------------------------


def _parsed(text: str, region: str) -> PhoneNumber | None:
    """A number that is possible, or None."""
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number(number):
        return number
    return None


def _e164(number: PhoneNumber) -> str:
    import phonenumbers

    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _number(text: str, region: str) -> Number | None:
    import phonenumbers

    number = _parsed(text, region)
    if number is None:
        return None
    default = _e164(number)
    own = _overseas(number) if region == "FR" else None
    if own is None:
        return Number(
            written=default,
            kept=default,
            other=default,
        )
    overseas = _e164(own)
    source = phonenumbers.CountryCodeSource.FROM_DEFAULT_COUNTRY
    is_national = number.country_code_source == source
    if is_national and phonenumbers.is_valid_number(own):
        return Number(
            written=overseas,
            kept=overseas,
            other=default,
        )
    return Number(
        written=default,
        kept=overseas,
        other=default,
    )


def _overseas(number: PhoneNumber) -> PhoneNumber | None:
    """A French number with its own country code, if it is an overseas one."""
    from phonenumbers import PhoneNumber

    if number.country_code != _FRANCE:
        return None
    national = str(number.national_number)
    for prefix, code in _OVERSEAS.items():
        if national.startswith(prefix):
            return PhoneNumber(code, number.national_number)
    return None


def _without_plus(text: str) -> Number | None:
    """An international number that lost its `+`, or has `00` for it: for matching alone."""
    import phonenumbers

    if not _ONE.fullmatch(text):
        return None
    digits = _digits(text).lstrip("0")
    written = f"+{digits}"
    number = _parsed(written, "ZZ")
    if number is None or not phonenumbers.is_valid_number(number):
        return None
    return Number(
        written=written,
        kept=written,
        other=written,
        valid=False,
    )


def _earlier(value: str, region: str) -> str | None:
    """What earlier versions kept: the whole cell as one number."""
    number = _parsed(value, region)
    if number is None:
        return None
    return _e164(number)
