"""sources.yml -> `Sources`, and what has to hold between sources and policy.

Paths stay as written: relative ones are relative to the project's folder.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segmenter.nearest import hint
from segmenter.project import declared as d
from segmenter.project.policy import ALWAYS, CONTACT, PRESCRIBER, Dimension, Policy, frozen
from segmenter.project.shapes import (
    ConsentShape,
    FactShape,
    SourceShape,
    SourcesShape,
    SuppressionShape,
)
from segmenter.project.shaping import mended, shaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmenter.errors import Problem
    from segmenter.project.document import Document

EVERY = "*"
PATIENT = "patient"
CONTACT_COLUMNS = ("email", "phone", "postal")
RESERVED = tuple(SourcesShape.model_fields)


def sources_of(document: Document, problems: list[Problem]) -> d.Sources | None:
    """The sources in `document`, or None with what is wrong added to `problems`."""
    shape = shaped(document, SourcesShape, problems)
    if shape is None:
        rest = mended(document, SourcesShape)
        problems += [] if rest is None else _problems(document, rest)
        return None
    found = [*_problems(document, shape)]
    problems += found
    return None if found else _Sources(document, shape).made()


class _Sources:
    """Shape to frozen values, with the line of each."""

    def __init__(self, document: Document, shape: SourcesShape) -> None:
        self.document = document
        self.shape = shape

    def made(self) -> d.Sources:
        shape = self.shape
        patient = d.PatientSource(
            self._read(shape.patient, "patient"), shape.patient.key, frozen(shape.patient.tags)
        )
        return d.Sources(
            patient=patient,
            facts=frozen({name: self._fact(name, fact) for name, fact in _facts(shape).items()}),
            consent=tuple(self._consent(i, c) for i, c in enumerate(shape.consent)),
            suppression=tuple(self._suppression(i, s) for i, s in enumerate(shape.suppression)),
            preference=None
            if shape.preference is None
            else self._read(shape.preference, "preference"),
            link=None if shape.link is None else self._read(shape.link, "link"),
        )

    def _read(self, given: SourceShape, *path: str | int) -> d.Read:
        read = given.read
        line = self.document.line(path)
        return d.Read(
            read.path, read.database, read.table, given.format, frozen(given.rename), line
        )

    def _fact(self, name: str, given: FactShape) -> d.FactSource:
        return d.FactSource(name, self._read(given, name), given.patient, frozen(given.tags))

    def _consent(self, i: int, given: ConsentShape) -> d.ConsentSource:
        grants = {} if given.grants is None else given.grants.model_dump()
        return d.ConsentSource(
            self._read(given, "consent", i), frozen(given.purposes), frozen(grants)
        )

    def _suppression(self, i: int, given: SuppressionShape) -> d.SuppressionSource:
        read = self._read(given, "suppression", i)
        shrink, ignored = float(given.max_shrink), tuple(given.ignored)
        return d.SuppressionSource(given.name, read, given.channel, given.max_age, shrink, ignored)


def _facts(shape: SourcesShape) -> Mapping[str, FactShape]:
    return shape.model_extra or {}


def _problems(document: Document, shape: SourcesShape) -> Iterable[Problem]:
    yield from _readable(document, shape)
    seen: dict[str, str] = {}
    for name in _facts(shape):
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,50}", name) is None:
            yield document.problem(
                f"`{name}` is not a name for a fact table (letters, digits, underscores)",
                (name,),
                hint(name, RESERVED),
            )
        if name.lower() in (*RESERVED, *seen):
            yield document.problem(
                f"`{name}` differs from another table in upper and lower case only", (name,)
            )
        seen[name.lower()] = name
    names = [s.name for s in shape.suppression]
    for i, name in enumerate(names):
        if name in names[:i]:
            yield document.problem(
                f"two suppression sources are named `{name}`", ("suppression", i, "name")
            )


def _readable(document: Document, shape: SourcesShape) -> Iterable[Problem]:
    given: list[tuple[tuple[str | int, ...], SourceShape]] = [(("patient",), shape.patient)]
    given += [((name,), fact) for name, fact in _facts(shape).items()]
    given += [(("consent", i), c) for i, c in enumerate(shape.consent)]
    given += [(("suppression", i), s) for i, s in enumerate(shape.suppression)]
    given += [
        ((name,), s)
        for name, s in (("preference", shape.preference), ("link", shape.link))
        if s is not None
    ]
    for path, source in given:
        read = source.read
        whole = (
            bool(read.path)
            if read.database is None and read.table is None
            else bool(read.database and read.table and not read.path)
        )
        if not whole:
            yield document.problem(
                "`read` is a path, or `{database: URL, table: NAME}`", (*path, "read")
            )


# -- between sources and policy --------------------------------------------------------------------


def category_of(sources: d.Sources, table: str, column: str | None) -> str:
    """The category of a column: its tag, else that of `'*'`, else what the reserved columns say. A count reads the whole row: `'*'`.

    >>> source = d.PatientSource(d.Read("p.csv"), "patient_id", {"origin": "origin"})
    >>> [category_of(d.Sources(source), "patient", column) for column in ("origin", "email", "sex")]
    ['origin', 'contact', 'identity']
    """
    tags = sources.patient.tags if table == PATIENT else sources.facts[table].tags
    default = CONTACT if table == PATIENT and column in CONTACT_COLUMNS else tags.get(EVERY, ALWAYS)
    return default if column is None else tags.get(column, default)


def disagreements(
    sources: d.Sources, policy: Policy, source_file: Document, policy_file: Document
) -> Iterable[Problem]:
    """Names in one file that the other does not declare."""
    yield from _tag_problems(sources, policy, source_file)
    for name, dimension in policy.dimensions.items():
        if dimension.table != PATIENT and dimension.table not in sources.facts:
            tables = (PATIENT, *sources.facts)
            yield policy_file.problem(
                f"sources.yml has no table `{dimension.table}`",
                ("dimensions", name),
                hint(dimension.table, tables),
            )
        elif dimension.table == PATIENT and dimension.measure is not None:
            yield policy_file.problem(
                "`patient` is not a fact table",
                ("dimensions", name, "fact"),
                hint("", sources.facts),
            )
    for name in policy.facts:
        if name not in sources.facts:
            yield policy_file.problem(
                f"sources.yml has no fact table `{name}`",
                ("facts", name),
                hint(name, sources.facts),
            )
    for i, suppression in enumerate(sources.suppression):
        if suppression.channel not in (None, EVERY, *policy.channels):
            near = hint(str(suppression.channel), policy.channels)
            yield source_file.problem(
                f"the channel `{suppression.channel}` is not declared",
                ("suppression", i, "channel"),
                near,
            )
    yield from _consent_problems(sources, policy, source_file)


def _tag_problems(sources: d.Sources, policy: Policy, file: Document) -> Iterable[Problem]:
    known = (*policy.categories, PRESCRIBER)
    for table, tags in (
        (PATIENT, sources.patient.tags),
        *((name, fact.tags) for name, fact in sources.facts.items()),
    ):
        for column, category in tags.items():
            if category not in known:
                yield file.problem(
                    f"the category `{category}` is not declared",
                    (table, "tags", column),
                    hint(category, known),
                )


def _consent_problems(sources: d.Sources, policy: Policy, file: Document) -> Iterable[Problem]:
    for i, source in enumerate(sources.consent):
        for code, purpose in source.purposes.items():
            if purpose not in policy.purposes:
                near = hint(purpose, policy.purposes)
                yield file.problem(
                    f"the purpose `{purpose}` is not declared",
                    ("consent", i, "purposes", code),
                    near,
                )
        for key, known in (
            ("channel", (EVERY, *policy.channels)),
            ("topic", (EVERY, *policy.topics)),
            ("notice_version", policy.notices),
        ):
            name = source.grants.get(key)
            if name is not None and name not in known:
                yield file.problem(
                    f"`{name}` is not declared",
                    ("consent", i, "grants", key),
                    hint(str(name), known),
                )
        listed = source.grants.get("categories", ())
        for name in listed if isinstance(listed, (list, tuple)) else ():
            if name not in policy.categories:
                near = hint(str(name), policy.categories)
                yield file.problem(
                    f"the category `{name}` is not declared",
                    ("consent", i, "grants", "categories"),
                    near,
                )


def forbidden(
    sources: d.Sources, policy: Policy, policy_file: Document
) -> Iterable[tuple[str, Problem]]:
    """Dimensions that the law rules refuse, as (rule, problem): over a prescriber column (L2), or milder than their columns (C14)."""
    for name, dimension in policy.dimensions.items():
        tag = category_of(sources, dimension.table, dimension.column)
        at = ("dimensions", name)
        if tag == PRESCRIBER:
            yield (
                "L2",
                policy_file.problem(
                    f"the dimension `{name}` reads a column tagged `prescriber`, which feeds nothing",
                    at,
                ),
            )
        elif _milder(dimension, tag, policy):
            message = f"the dimension `{name}` has category `{dimension.category}`, but its column has the more sensitive `{tag}`"
            yield "C14", policy_file.problem(message, at, f"write `category: {tag}`")


def _milder(dimension: Dimension, tag: str, policy: Policy) -> bool:
    return policy.sensitivity(dimension.category) < policy.sensitivity(tag)
