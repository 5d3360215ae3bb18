"""Identifiers as S3 normalises them, and what the export page calls a valid one."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

GMAIL = ("gmail.com", "googlemail.com")
OVERSEAS = {  # the French overseas numbers that S3 lists: how they begin, their country code
    "690": 590, "691": 590, "590": 590, "694": 594, "594": 594, "696": 596, "697": 596, "596": 596,
    "692": 262, "693": 262, "639": 262, "262": 262,
}  # fmt: skip


def visible(text: str) -> str:
    """NFKC, without format characters, lower case."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in folded if unicodedata.category(sign) != "Cf").lower()


def ascii_domain(domain: str) -> str:
    """Labels that are not ASCII in Punycode.

    >>> ascii_domain("bücher.example")
    'xn--bcher-kva.example'
    """
    labels = [
        label if label.isascii() else "xn--" + label.encode("punycode").decode()
        for label in domain.split(".")
    ]
    return ".".join(labels)


def bare_addresses(text: str) -> list[str]:
    """The addresses of a cell out of their dress, a blank inside a local part read both ways.

    >>> bare_addresses("Zoé <Zoe@x.fr>; mailto:bo@y.fr, a b@z.fr")
    ['zoe@x.fr', 'bo@y.fr', 'ab@z.fr', 'a+b@z.fr']
    """
    found: list[str] = []
    for part in re.split(r"[;,\n]", visible(text)):
        inside = re.search(r"<([^<>]*)>", part)
        words = (inside[1] if inside else part).removeprefix("mailto:").strip(" \t\r\"'<>().!?:")
        local, at, domain = words.rpartition("@")
        if not at:
            continue
        pieces = local.split()
        whole = ascii_domain("".join(domain.split()))
        found += [f"{joined}@{whole}" for joined in ("".join(pieces), "+".join(pieces))]
    return list(dict.fromkeys(found))


def email_profiles(text: str) -> list[str]:
    """The addresses of a cell under each profile; the first is the one exports compare.

    >>> email_profiles(" Zo.E+clinic@GMail.com ")
    ['zo.e+clinic@gmail.com', 'zoe@gmail.com']
    """
    found = bare_addresses(text) or ["".join(visible(text).split())]
    for address in list(found):
        local, at, domain = address.rpartition("@")
        if at and domain in GMAIL:
            found.append(local.split("+")[0].replace(".", "") + "@gmail.com")
    return list(dict.fromkeys(found))


def email_valid(text: str) -> bool:
    """Exactly one `@`, a local part, and a domain of two or more non-empty labels."""
    local, _, domain = email_profiles(text)[0].partition("@")
    labels = domain.split(".")
    return bool(local) and "@" not in domain and len(labels) > 1 and all(labels)


def domains_of(email: str) -> list[str]:
    """What domain entries are compared with: the domain, and `*.` of every one above it."""
    found: list[str] = []
    for address in email_profiles(email):
        _, at, domain = address.rpartition("@")
        labels = domain.split(".")
        if at:
            found.append(domain)
            found += ["*." + ".".join(labels[first:]) for first in range(1, len(labels))]
    return found


def domain_profiles(text: str) -> list[str]:
    """The domains that an entry names."""
    domain = "".join(visible(text).split()).strip("@.")
    named = ascii_domain(domain.removeprefix("*."))
    named = "gmail.com" if named in GMAIL else named
    return [named, f"*.{named}"] if domain.startswith("*.") else [named]


def phone_numbers(text: str, region: str) -> list[str]:
    """E.164 of a possible number in every reading, the one that is written first; none if it is
    not.

    >>> phone_numbers("0692 12 34 56", "FR")
    ['+262692123456', '+33692123456']
    """
    bare = re.sub(r"[.,]0$", "", visible(text).strip())
    try:
        number = phonenumbers.parse(bare, region)
    except phonenumbers.NumberParseException:
        return []
    if not phonenumbers.is_possible_number(number):
        return []
    default = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = str(number.national_number)
    code = OVERSEAS.get(national[:3])
    if region != "FR" or number.country_code != 33 or code is None:
        return [default]
    own = f"+{code}{national}"
    dialled = bare.startswith("0") and not bare.startswith("00")
    first = dialled and phonenumbers.is_valid_number(phonenumbers.parse(own))
    return [own, default] if first else [default, own]


def phone_number(text: str, region: str) -> str | None:
    """E.164 of a possible number as it is written, or None.

    >>> phone_number("06 12 34 56 78", "FR")
    '+33612345678'
    """
    return next(iter(phone_numbers(text, region)), None)


def phone_profiles(text: str, region: str) -> list[str]:
    """E.164 where the number is possible, otherwise its digits."""
    digits = "".join(str(unicodedata.decimal(sign)) for sign in text if sign.isdecimal())
    return phone_numbers(text, region) or [digits]


def profiles(kind: str, text: str, region: str) -> list[str]:
    """Every form under which an identifier of a kind is compared; none for an empty one."""
    if kind == "email":
        found = email_profiles(text)
    elif kind == "phone":
        found = phone_profiles(text, region)
    elif kind == "domain":
        found = domain_profiles(text)
    else:
        found = [text.strip()]
    return [one for one in found if one]
