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
        if _LOCAL.fullmatch(self.local) is None:
            return False
        return is_domain(self.domain)

    @property
    def mailbox(self) -> str:
        """The second profile: at Google's two domains, dots and `+suffix` say nothing."""
        bare = _without_dots_and_suffix(self.local)
        if self.domain in GOOGLE and bare:
            return f"{bare}@{GMAIL}"
        return self.text


def _without_dots_and_suffix(local: str) -> str:
    before_plus, _, _ = local.partition("+")
    return before_plus.replace(".", "")


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
        first = found[0]
        is_whole = not rest and first.doubt != UNREAD
        forms.add(first.readings[0].text, WRITTEN, valid=is_whole)
    else:
        forms.add(earlier, WRITTEN)
    doubt = UNREAD if rest else None
    for one in reversed(found):
        doubt = one.doubt or doubt
    for one in found:
        for address in one.readings:
            forms.add(address.text, OTHER)
            forms.add(address.mailbox, OTHER, kept=address.valid)
    _add_earlier(forms, earlier)
    return forms.reading(doubt)


# -- what earlier versions kept --------------------------------------------------------------------


def _earlier(value: str) -> str:
    """The whole cell, lower-case and without white space."""
    words = unicodedata.normalize("NFKC", value).split()
    return "".join(words).lower()


def _add_earlier(forms: Forms, text: str) -> None:
    forms.add(text, EARLIER)
    local, _, domain = text.rpartition("@")
    if domain in GOOGLE:
        bare = _without_dots_and_suffix(local)
        forms.add(f"{bare}@{domain}", EARLIER)


# -- a cell taken apart ----------------------------------------------------------------------------


def _text(value: str) -> str:
    text = folded(html.unescape(value))
    text = _QUERY.sub(r"\1", text)
    return _COMMENT.sub(" ", text)


def _pieces(text: str) -> tuple[list[str], bool]:
    """The parts of a cell that hold one `@` each, and whether something else is left over."""
    bracketed = _BRACKETED.findall(text)
    found = list(bracketed)
    rest = False
    if bracketed:
        text = _TAG.sub(";", text)
    for part in _SEPARATOR.split(text):
        words = [part]
        if part.count("@") > 1:
            words = _INNER_SEPARATOR.split(part)
        for word in words:
            if word.count("@") == 1:
                found.append(word)
            elif not bracketed and _says_something(word):
                rest = True
    return found, rest


def _says_something(word: str) -> bool:
    if word.strip() in _LINKING:
        return False
    return "@" in word or any(map(str.isalnum, word))


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
    readings = []
    for domain in domains:
        for local in locals_:
            readings.append(Address(local, domain))
    return FoundAddress(tuple(readings), doubt or note)


def _local_words(written: str) -> list[str]:
    """What stands before the `@`, without labels, marks and quotes, split at its blanks."""
    _, _, bare = written.rpartition("<")
    bare = bare.replace('"', "").strip()
    bare = _LABEL.sub("", bare)
    unmarked = _BEFORE.sub("", _BULLET.sub("", bare))
    words = (unmarked or bare).split()
    return words or [""]


def _domains(behind: str) -> tuple[tuple[str, ...], str | None]:
    """What is behind the `@`, without blanks; and up to the first blank, if that is a domain."""
    text, _, rest = behind.partition(",")
    first, *others = text.split() or [""]
    note = UNREAD if _says_something(rest) else None
    behind_blank = "".join(others)
    whole = ascii_domain(trimmed(first + behind_blank))
    short = ascii_domain(trimmed(first))
    broken = first.endswith(".") or behind_blank.startswith(".")
    if broken or whole == short or not is_domain(short):
        return (whole,), note
    if not is_domain(whole):
        return (short,), note
    return (whole, short), NOTE
