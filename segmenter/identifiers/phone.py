"""Phone numbers, by `phonenumbers`."""

from __future__ import annotations

import unicodedata

from segmenter.identifiers.form import Normal


def first_phone(value: str, region: str) -> Normal | None:
    """The number in E.164; digits only (profile 2) if it is not possible, None if there are none."""
    import phonenumbers

    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is not None and phonenumbers.is_possible_number(number):
        text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return Normal("phone", 1, text, valid=True)
    digits = _digits(value)
    return Normal("phone", 2, digits, valid=False) if digits else None


def _digits(value: str) -> str:
    folded = unicodedata.normalize("NFKC", value)
    return "".join(str(unicodedata.digit(sign)) for sign in folded if sign.isdecimal())
