"""sources.yml -> `Sources`.

Paths stay as they are written: relative ones are relative to the project's folder. `agreement` has
what must hold between sources and policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from segmenter.nearest import hint
from segmenter.project.declared import (
    ConsentSource,
    DeathSource,
    FactSource,
    PatientSource,
    Read,
    Sources,
    SuppressionSource,
)
from segmenter.project.policy import frozen
from segmenter.project.shaping import mended, shaped
from segmenter.project.source_shapes import (
    ConsentShape,
    DeathShape,
    FactShape,
    ReadShape,
    SourceShape,
    SourcesShape,
    SuppressionShape,
    TableShape,
)

if TYPE_CHECKING:
    from segmenter.errors import Problem
    from segmenter.project.document import Document

FACT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,50}")
RESERVED = tuple(SourcesShape.model_fields)  # keys that are not fact tables

Place = tuple[str | int, ...]  # the keys that lead to a value of the document


def sources_of(document: Document, problems: list[Problem]) -> Sources | None:
    """The sources in `document`; None if they are wrong, and `problems` then say how."""
    shape = shaped(document, SourcesShape, problems)
    if shape is None:
        rest = mended(document, SourcesShape)
        if rest is not None:
            problems += _problems(document, rest)
        return None
    found = list(_problems(document, shape))
    problems += found
    if found:
        return None
    return _Values(document).sources(shape)


class _Values:
    """Shapes to frozen values, each with its line in the document."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def sources(self, shape: SourcesShape) -> Sources:
        facts = {name: self._fact(name, fact) for name, fact in _facts(shape).items()}
        consent = [self._consent(i, one) for i, one in enumerate(shape.consent)]
        suppression = [self._suppression(i, one) for i, one in enumerate(shape.suppression)]
        return Sources(
            patient=PatientSource(
                self._read(shape.patient, ("patient",)),
                shape.patient.key,
                frozen(shape.patient.tags),
            ),
            facts=frozen(facts),
            consent=tuple(consent),
            suppression=tuple(suppression),
            preference=self._optional(shape.preference, "preference"),
            link=self._optional(shape.link, "link"),
            death=self._death(shape.death),
        )

    def _read(self, shape: SourceShape, place: Place) -> Read:
        share = shape.max_quarantined
        return Read(
            path=shape.read.path,
            database=shape.read.database,
            table=shape.read.table,
            format=shape.format,
            rename=frozen(shape.rename),
            line=self._document.line(place),
            max_quarantined=None if share is None else float(share),
            ignored=tuple(shape.ignored),
            encoding=_encoding(shape),
            delimiter=shape.delimiter if isinstance(shape, TableShape) else None,
        )

    def _optional(self, shape: SourceShape | None, key: str) -> Read | None:
        if shape is None:
            return None
        return self._read(shape, (key,))

    def _death(self, shape: DeathShape | None) -> DeathSource | None:
        if shape is None:
            return None
        read = self._read(shape, ("death",))
        return DeathSource(
            read=read,
            patient=shape.patient,
            column=shape.column,
            tags=frozen(shape.tags),
        )

    def _fact(self, name: str, shape: FactShape) -> FactSource:
        read = self._read(shape, (name,))
        return FactSource(
            name=name,
            read=read,
            patient=shape.patient,
            tags=frozen(shape.tags),
        )

    def _consent(self, i: int, shape: ConsentShape) -> ConsentSource:
        read = self._read(shape, ("consent", i))
        grants = {}
        if shape.grants is not None:
            grants = shape.grants.model_dump()
        return ConsentSource(
            read=read,
            purposes=frozen(shape.purposes),
            grants=frozen(grants),
            r5=shape.r5,
        )

    def _suppression(self, i: int, shape: SuppressionShape) -> SuppressionSource:
        return SuppressionSource(
            name=shape.name,
            read=self._read(shape, ("suppression", i)),
            channel=shape.channel,
            max_age=shape.max_age,
            max_shrink=float(shape.max_shrink),
            ignored=tuple(shape.ignored),
        )


def _encoding(shape: SourceShape) -> str | None:
    """The declared encoding; None if it is to be told from the file."""
    if isinstance(shape, TableShape) and shape.encoding != "auto":
        return shape.encoding
    return None


def _facts(shape: SourcesShape) -> Mapping[str, FactShape]:
    return shape.model_extra or {}


# -- problems --------------------------------------------------------------------------------------


def _problems(document: Document, shape: SourcesShape) -> Iterator[Problem]:
    yield from _unreadable(document, shape)
    yield from _misnamed_facts(document, _facts(shape))
    yield from _repeated_lists(document, shape.suppression)


def _unreadable(document: Document, shape: SourcesShape) -> Iterator[Problem]:
    for place, source in _all_sources(shape):
        if not _names_one_place(source.read):
            yield document.problem(
                "`read` is a path, or `{database: URL, table: NAME}`", (*place, "read")
            )


def _all_sources(shape: SourcesShape) -> Iterator[tuple[Place, SourceShape]]:
    yield ("patient",), shape.patient
    for name, fact in _facts(shape).items():
        yield (name,), fact
    for i, consent in enumerate(shape.consent):
        yield ("consent", i), consent
    for i, suppression in enumerate(shape.suppression):
        yield ("suppression", i), suppression
    if shape.preference is not None:
        yield ("preference",), shape.preference
    if shape.link is not None:
        yield ("link",), shape.link
    if shape.death is not None:
        yield ("death",), shape.death


def _names_one_place(read: ReadShape) -> bool:
    of_database = (read.database, read.table)
    if of_database == (None, None):
        return bool(read.path)
    return all(of_database) and not read.path


def _misnamed_facts(document: Document, facts: Iterable[str]) -> Iterator[Problem]:
    taken = set(RESERVED)
    for name in facts:
        if FACT_NAME.fullmatch(name) is None:
            message = f"`{name}` is not a name for a fact table (letters, digits, underscores)"
            yield document.problem(message, (name,), hint(name, RESERVED))
        if name.lower() in taken:
            message = f"`{name}` differs from another table in upper and lower case only"
            yield document.problem(message, (name,))
        taken.add(name.lower())


def _repeated_lists(document: Document, lists: Iterable[SuppressionShape]) -> Iterator[Problem]:
    seen: set[str] = set()
    for i, one in enumerate(lists):
        if one.name in seen:
            message = f"two suppression sources are named `{one.name}`"
            yield document.problem(message, ("suppression", i, "name"))
        seen.add(one.name)
