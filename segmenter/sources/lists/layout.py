"""How a sender's file is told from every other, and what its columns and keys say.

A `TableLayout` is rows under a header; a `Body` is one JSON object: an event, or one item of a
list. Either claims a file by its whole shape, never by its name; `recognition` sees to it that
exactly one does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from segmenter.sources.lists.entry import Document, Found
from segmenter.sources.lists.words import NO, Words, all_mean, flags
from segmenter.sources.optout_columns import plain, unread

SLOTS = ("email", "phone", "mobile", "patient_id", "postal", "domain")  # identifiers of a row
UNREAD = "a word that is not known: the row counts as an opt-out"


# -- tables ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Says:
    """A column that says whether somebody may still be written to.

    Without a column every row says it. `words` are the reasons of known values ("" says nothing),
    `other` that of any other value, which is told of as well unless `free`. `channel` is the
    sender's own word for one, whatever the source's is. `of` names the identifiers meant; none
    given: all that the row has.
    """

    column: str = ""
    words: Words = field(default_factory=dict)
    other: str = "manual"
    free: bool = False
    smtp: str = ""  # the column of the mail server's answer, if the column holds its code
    channel: str = ""
    topic: str = ""
    of: tuple[str, ...] = ()
    since: str = ""


def every(reason: str, since: str = "", channel: str = "") -> Says:
    """Each row of the file is one, for this reason."""
    return Says(
        words={"": reason},
        other=reason,
        free=True,
        since=since,
        channel=channel,
    )


def flag(
    column: str, reason: str, *, channel: str = "", topic: str = "", of: Sequence[str] = ()
) -> Says:
    """A column of yes and no; a word that is neither counts as yes, and is told."""
    words = flags(reason)
    return Says(
        column=column,
        words=words,
        other=reason,
        channel=channel,
        topic=topic,
        of=tuple(of),
    )


def filled(column: str, reason: str, *, of: Sequence[str] = (), since: str = "") -> Says:
    """A column that is empty (or says no) unless it happened: a time, or why."""
    words = all_mean("", NO)
    return Says(
        column=column,
        words=words,
        other=reason,
        free=True,
        of=tuple(of),
        since=since,
    )


@dataclass(frozen=True, slots=True)
class TableLayout:
    """One tabular layout.

    Column names are compared without case, accents and signs, unless `cased`.
    It claims a header that has all of `needs`, at least one of `either` and of `own` (if there are
    any) and a column for an identifier; and, where `may` is given, nothing else besides.
    """

    sender: str
    says: tuple[Says, ...]
    identifiers: Mapping[str, tuple[str, ...]]  # slot -> the names its column may have
    needs: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    own: tuple[str, ...] = ()  # columns that only this sender writes
    may: tuple[str, ...] | None = None
    harmless: tuple[str, ...] = ()  # look like opt-outs and are none
    signs: tuple[str, ...] = ()  # of this sender's columns that say something, beyond R1's
    rest: Callable[[str], Says | None] | None = None  # what a column says that is not named above
    cased: bool = False
    width: int = 0  # of a file without a header

    def lacks(self, header: Sequence[str]) -> list[str]:
        """The columns that a header would need to be claimed, and has not."""
        seen = self._seen(header)
        missing = [name for name in self.needs if self.name(name) not in seen]
        groups = [group for group in (self.either, self.own) if group]
        missing += [group[0] for group in groups if seen.isdisjoint(map(self.name, group))]
        if not self.slots(header):
            missing.append(next(iter(self.identifiers.values()))[0])
        return missing

    def claims(self, header: Sequence[str]) -> bool:
        """Whether a header is this layout's."""
        if self.lacks(header):
            return False
        return self.may is None or self._seen(header) <= self._known()

    def marks(self, header: Sequence[str]) -> list[str]:
        """The columns of a header that only this sender's files have."""
        own = {self.name(name) for name in self.own}
        return [name for name in header if self.name(name) in own]

    def slots(self, header: Sequence[str]) -> dict[str, int]:
        """Where the identifiers stand. One that stands twice is not read."""
        names = [self.name(name) for name in header]
        found = {}
        for slot, candidates in self.identifiers.items():
            wanted = {self.name(one) for one in candidates}
            places = [place for place, name in enumerate(names) if name in wanted]
            if len(places) == 1:
                found[slot] = places[0]
        return found

    def name(self, column: str) -> str:
        """A column name as this layout compares it."""
        return column if self.cased else plain(column).replace("_", "")

    def _seen(self, header: Sequence[str]) -> set[str]:
        return {self.name(name) for name in header}

    def _known(self) -> set[str]:
        columns = [*self.needs, *self.either, *self.own]
        for says in self.says:
            columns += [says.column, says.smtp, says.since]
        for candidates in self.identifiers.values():
            columns += candidates
        if self.may is not None:
            columns += self.may
        return {self.name(name) for name in columns}


# -- documents -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Body:
    """One layout of JSON objects.

    It claims an object that has all of `needs` (`a.b` looks inside), at least one of `own` (if
    there are any), whose values are among `says` where that names the key, and, where `may` is
    given, nothing else besides. `holds` names the list of a page; then the rules are for each item
    of it, and `page` is what the page itself needs.
    """

    sender: str
    read: Callable[[Document], Found]
    needs: tuple[str, ...]
    own: tuple[str, ...] = ()
    says: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    may: tuple[str, ...] | None = None
    holds: str = ""
    page: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()  # of a contact: the keys that look like opt-outs and are read (R1)

    def claims(self, document: Document) -> bool:
        """Whether a document is this layout's. A page comes with one item at most."""
        if not self.holds:
            return self._claims(document)
        listed = document.get(self.holds)
        if not isinstance(listed, list) or not all(_at(document, key)[0] for key in self.page):
            return False
        return all(isinstance(item, dict) and self._claims(item) for item in listed)

    def unread(self, document: Document, ignored: Sequence[str]) -> list[str]:
        """The keys of a page's contacts that look like an opt-out and that nothing reads (R1)."""
        if not self.reads:
            return []
        keys = dict.fromkeys(key for item in document[self.holds] for key in item)
        return unread(keys, self.reads, ignored)

    def _claims(self, item: Document) -> bool:
        if not all(_at(item, key)[0] for key in self.needs):
            return False
        if self.own and not any(_at(item, key)[0] for key in self.own):
            return False
        if self.may is not None and not self._known() >= set(item):
            return False
        return all(_starts(_at(item, key)[1], words) for key, words in self.says.items())

    def _known(self) -> set[str]:
        keys = [*self.needs, *self.own]
        if self.may is not None:
            keys += self.may
        return {key.split(".")[0] for key in keys}


def _at(document: Document, path: str) -> tuple[bool, object]:
    """Whether a document has a path, and what stands there."""
    found: object = document
    for key in path.split("."):
        if not isinstance(found, dict) or key not in found:
            return False, None
        found = found[key]
    return True, found


def _starts(value: object, words: tuple[str, ...]) -> bool:
    """Whether a text is one of the words, or begins with one that ends in `.`."""
    if not isinstance(value, str):
        return False
    return any(value == word or (word.endswith(".") and value.startswith(word)) for word in words)
