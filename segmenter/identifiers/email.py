"""E-mail addresses, taken out of any dress (S3).

A cell may hold a display name, brackets, quotes, `mailto:`, trailing marks, notes, and several
addresses. What is compared and written is the first valid address; entries of a list keep every
one.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

from segmenter.identifiers.characters import folded
from segmenter.identifiers.domain import GMAIL, GOOGLE, ascii_domain, is_domain, trimmed
from segmenter.identifiers.form import EARLIER, NOTHING, OTHER, WRITTEN, Forms, IdentifierReading

LOST_PLUS = "a blank in the address may be a lost +: both readings hold"
NOTE = "text behind the domain may be part of it or a note: both readings hold"
COMMA = "a comma in the address may end something else: both readings hold"
UNREAD = "a part of the cell is no address"

_LOCAL = re.compile(r"(?:[\w.!#$%&'*+/=?^`{|}~-]|,(?![-=+@])|[^\x00-\xa0])+")
_BRACKETED = re.compile(r"<([^<>]*@[^<>]*)>")
_TAG = re.compile(r"<[^<>]*>")
_COMMENT = re.compile(r"\([^()@]*\)")
_QUERY = re.compile(r"(mailto:[^?\s]*)\?[^;,<>|\n]*")
_SEPARATOR = re.compile(r"[;|\n\r\v\f]+|\s,|,(?:\s|\Z)")
_INNER_SEPARATOR = re.compile(r"[\s/&,]+")
_LABEL = re.compile(r"\A(?:[\w .-]+:\s+|(?:mailto|smtp|e-?mail|mail|courriel|mél|adresse)\s*:/*)+")
_BULLET = re.compile(r"\A[-+*=#~]\s+")
_BEFORE = re.compile(r"\A(?:[\W_](?<![-+=&%#!$^~._]))+")  # marks that begin no local part
_LINKING = frozenset({"et", "ou", "and", "or", "und", "oder"})


@dataclass(frozen=True, slots=True)
class Address:
    """One reading of an address: its local part, and its domain in ASCII form."""

    local: str
    domain: str

    @property
    def text(self) -> str:
        """The first profile."""
        return f"{self.local}@{self.domain}"

    @property
    def valid(self) -> bool:
        """Whether it may be written to: a local part of what may stand there, and a domain."""
        return _LOCAL.fullmatch(self.local) is not None and is_domain(self.domain)

    @property
    def mailbox(self) -> str:
        """The second profile: Google's two domains are one, dots and `+suffix` say nothing there."""
        bare = self.local.split("+", 1)[0].replace(".", "")
        return f"{bare}@{GMAIL}" if self.domain in GOOGLE and bare else self.text


@dataclass(frozen=True, slots=True)
class FoundAddress:
    """One address of a cell, all its readings, and what is to be told of it."""

    readings: tuple[Address, ...]
    doubt: str | None = None

    @property
    def valid(self) -> bool:
        """Whether its first reading may be written to."""
        return self.readings[0].valid


def read_email(value: str) -> IdentifierReading:
    """Every form of what a cell holds.

    >>> [form.text for form in read_email('"Doe, Jane" <mailto:J.Doe+x@Googlemail.com>').forms]
    ['j.doe+x@googlemail.com', 'jdoe@gmail.com', '"doe,jane"<mailto:j.doe+x@googlemail.com>']
    """
    earlier = _earlier(value)
    if not earlier:
        return NOTHING
    pieces, rest = _pieces(_text(value))
    found = sorted(map(_read, pieces), key=lambda one: not one.valid)
    forms = Forms("email")
    if found and found[0].valid:
        forms.add(found[0].readings[0].text, WRITTEN, valid=not rest and found[0].doubt != UNREAD)
    else:
        forms.add(earlier, WRITTEN)
    for address in (reading for one in found for reading in one.readings):
        forms.add(address.text, OTHER)
        forms.add(address.mailbox, OTHER, kept=address.valid)
    _add_earlier(forms, earlier)
    doubts = [one.doubt for one in found if one.doubt is not None]
    return forms.reading(next(iter(doubts), UNREAD if rest else None))


# -- what earlier versions kept --------------------------------------------------------------------


def _earlier(value: str) -> str:
    """The whole cell, lower-case and without white space."""
    return "".join(unicodedata.normalize("NFKC", value).split()).lower()


def _add_earlier(forms: Forms, text: str) -> None:
    forms.add(text, EARLIER)
    local, _, domain = text.rpartition("@")
    if domain in GOOGLE:
        forms.add(f"{local.split('+', 1)[0].replace('.', '')}@{domain}", EARLIER)


# -- a cell taken apart ----------------------------------------------------------------------------


def _text(value: str) -> str:
    return _COMMENT.sub(" ", _QUERY.sub(r"\1", folded(html.unescape(value))))


def _pieces(text: str) -> tuple[list[str], bool]:
    """The parts of a cell that hold one `@` each, and whether something else is left over."""
    bracketed = _BRACKETED.findall(text)
    found = list(bracketed)
    rest = False
    for part in _SEPARATOR.split(_TAG.sub(";", text) if bracketed else text):
        words = [part] if part.count("@") <= 1 else _INNER_SEPARATOR.split(part)
        for word in words:
            if word.count("@") == 1:
                found.append(word)
            elif not bracketed and _says_something(word):
                rest = True
    return found, rest


def _says_something(word: str) -> bool:
    return any(sign.isalnum() or sign == "@" for sign in word) and word.strip() not in _LINKING


def _read(piece: str) -> FoundAddress:
    """One address, out of its dress. Blanks and commas inside it leave more than one reading."""
    written, _, behind = piece.partition("@")
    words = _local_words(written)
    locals_ = dict.fromkeys(("".join(words), "+".join(words)))
    doubt = LOST_PLUS if len(locals_) > 1 else None
    before, comma, last = written.rpartition(",")
    if comma and before:
        locals_["".join(_local_words(last))] = None
        doubt = COMMA
    domains, note = _domains(behind)
    readings = tuple(Address(local, domain) for domain in domains for local in locals_)
    return FoundAddress(readings, doubt or note)


def _local_words(written: str) -> list[str]:
    """What stands before the `@`, without labels, marks and quotes, split at its blanks."""
    bare = _LABEL.sub("", written.rpartition("<")[2].replace('"', "").strip())
    unmarked = _BEFORE.sub("", _BULLET.sub("", bare))
    return (unmarked or bare).split() or [""]


def _domains(behind: str) -> tuple[tuple[str, ...], str | None]:
    """What stands behind the `@`, without blanks; and up to its first blank, if that is a domain."""
    text, _, rest = behind.partition(",")
    first, *others = text.split() or [""]
    note = UNREAD if _says_something(rest) else None
    whole = ascii_domain(trimmed(first + "".join(others)))
    short = ascii_domain(trimmed(first))
    broken = first.endswith(".") or "".join(others).startswith(".")
    if broken or whole == short or not is_domain(short):
        return (whole,), note
    if not is_domain(whole):
        return (short,), note
    return (whole, short), NOTE
