"""Domains: in their ASCII form, and as entries of a suppression list name them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from segmenter.identifiers.characters import folded
from segmenter.identifiers.form import OTHER, WRITTEN, Forms, IdentifierReading

GMAIL = "gmail.com"
GOOGLE = (GMAIL, "googlemail.com")
LONGEST = 63  # characters of a label
NO_DOMAIN = "a part of the cell is no domain"
EVERY = "*."  # what an entry begins with that names subdomains too

_LABEL = re.compile(r"[a-z0-9_-]+")
_END = re.compile(r"[\W_]+\Z")
_SEVERAL = re.compile(r"[;,|\s]+")


def ascii_domain(domain: str) -> str:
    """The ASCII form (IDNA 2008) of a folded domain; what has none stays as it is.

    The letters of IDNA 2008 are those of Unicode in lower case and NFKC, which `folded` has made.

    >>> ascii_domain("bücher.example"), ascii_domain("faß.example")
    ('xn--bcher-kva.example', 'xn--fa-hia.example')
    """
    labels = domain.replace("\u3002", ".").split(".")
    return ".".join(_ascii_label(label) for label in labels)


def is_domain(domain: str) -> bool:
    """Whether an ASCII domain has two or more labels, each of letters, digits and hyphens."""
    labels = domain.split(".")
    if len(labels) == 1:
        return False
    return all(map(_LABEL.fullmatch, labels))


def trimmed(domain: str) -> str:
    """A domain without marks behind it, and without its root."""
    return _END.sub("", domain)


def canonical(domain: str) -> str:
    """The name that entries keep: Google's two are one (S3)."""
    if domain in GOOGLE:
        return GMAIL
    return domain


def read_domain(value: str) -> IdentifierReading:
    """The domains that an entry names, as it keeps them: `*.domain` names its subdomains too."""
    forms = Forms("domain")
    doubt = None
    for written in _SEVERAL.split(folded(value)):
        bare = written.removeprefix("*@").removeprefix("@")
        name = trimmed(bare.removeprefix(EVERY))
        domain = canonical(ascii_domain(name))
        if not domain:
            continue
        named = is_domain(domain)
        doubt = doubt if named else NO_DOMAIN
        forms.add(domain, WRITTEN, valid=named, kept=named)
        if bare.startswith(EVERY):
            forms.add(EVERY + domain, OTHER, kept=named)
    return forms.reading(doubt)


def covering(domain: str) -> Iterator[str]:
    """The names by which an entry covers every address at a domain, besides the domain itself.

    >>> list(covering("mail.clinic.example.org"))
    ['*.clinic.example.org', '*.example.org']
    """
    if canonical(domain) != domain:
        yield canonical(domain)
    labels = domain.split(".")
    for first in range(1, len(labels) - 1):
        rest = ".".join(labels[first:])
        yield f"{EVERY}{rest}"


def _ascii_label(label: str) -> str:
    if label.isascii() or len(label) > LONGEST:
        return label
    if not all(map(_is_letter, label)):
        return label
    punycode = label.encode("punycode").decode("ascii")
    coded = f"xn--{punycode}"
    if len(coded) <= LONGEST:
        return coded
    return label


def _is_letter(sign: str) -> bool:
    """Whether a label may hold it: letters, marks, digits and hyphens."""
    category = unicodedata.category(sign)
    return sign == "-" or category[0] in "LMN"
