"""Identifiers as S3 normalises them, and what the export page calls a valid one."""

from __future__ import annotations

import unicodedata

import phonenumbers

GMAIL = ("gmail.com", "googlemail.com")


def email_profiles(text: str) -> list[str]:
    """An address under each profile; the first is the one exports compare.

    >>> email_profiles(" Zo.E+clinic@GMail.com ")
    ['zo.e+clinic@gmail.com', 'zoe@gmail.com']
    """
    first = "".join(unicodedata.normalize("NFKC", text).split()).lower()
    local, at, domain = first.rpartition("@")
    if at and domain in GMAIL:
        return list(dict.fromkeys([first, local.split("+")[0].replace(".", "") + "@" + domain]))
    return [first]


def email_valid(text: str) -> bool:
    """Exactly one `@`, a local part, and a domain of two or more non-empty labels."""
    local, _, domain = email_profiles(text)[0].partition("@")
    labels = domain.split(".")
    return bool(local) and "@" not in domain and len(labels) > 1 and all(labels)


def domain_of(email: str) -> str:
    """What domain entries are compared with; empty where there is none."""
    return email_profiles(email)[0].rpartition("@")[2] if "@" in email else ""


def phone_number(text: str, region: str) -> str | None:
    """E.164 of a possible number, or None.

    >>> phone_number("06 12 34 56 78", "FR")
    '+33612345678'
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number(number)
    return (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if possible
        else None
    )


def phone_profiles(text: str, region: str) -> list[str]:
    """E.164 where the number is possible, otherwise its digits."""
    number = phone_number(text, region)
    return (
        [number]
        if number
        else ["".join(str(unicodedata.decimal(sign)) for sign in text if sign.isdecimal())]
    )


def profiles(kind: str, text: str, region: str) -> list[str]:
    """Every form under which an identifier of a kind is compared; none for an empty one."""
    if kind == "email":
        found = email_profiles(text)
    elif kind == "phone":
        found = phone_profiles(text, region)
    elif kind == "domain":
        found = [unicodedata.normalize("NFKC", text).strip().lower()]
    else:
        found = [text.strip()]
    return [one for one in found if one]
