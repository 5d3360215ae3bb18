"""What must hold between sources.yml and policy.yml: names that both know, and the law rules.

In come both files as frozen values, and as documents that know their lines. Out come problems, and
refusals with their rule (L2, C14). Nothing is read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from segmenter.nearest import hint
from segmenter.project.policy import ALWAYS, CONTACT, PRESCRIBER, Dimension, Policy

if TYPE_CHECKING:
    from segmenter.errors import Problem
    from segmenter.project.declared import ConsentSource, Sources
    from segmenter.project.document import Document

EVERY = "*"
PATIENT = "patient"
CONTACT_COLUMNS = ("email", "phone", "postal")


def category_of(sources: Sources, table: str, column: str | None) -> str:
    """The category of a column: its own tag, else that of `'*'`, else that of a reserved column.

    Without a column it is the whole row's, as a count reads it: that of `'*'`.

    >>> from segmenter.project.declared import PatientSource, Read, Sources
    >>> source = PatientSource(Read("p.csv"), "patient_id", {"origin": "origin"})
    >>> [category_of(Sources(source), "patient", column) for column in ("origin", "email", "sex")]
    ['origin', 'contact', 'identity']
    """
    tags = _tags(sources, table)
    default = tags.get(EVERY, ALWAYS)
    if table == PATIENT and column in CONTACT_COLUMNS:
        default = CONTACT
    if column is None:
        return default
    return tags.get(column, default)


def _tags(sources: Sources, table: str) -> Mapping[str, str]:
    if table == PATIENT:
        return sources.patient.tags
    return sources.facts[table].tags


# -- names -----------------------------------------------------------------------------------------


def disagreements(
    sources: Sources, policy: Policy, source_file: Document, policy_file: Document
) -> Iterator[Problem]:
    """Names in one file that the other does not declare."""
    yield from _tag_problems(sources, policy, source_file)
    yield from _dimension_problems(sources, policy, policy_file)
    yield from _fact_problems(sources, policy, policy_file)
    yield from _suppression_problems(sources, policy, source_file)
    for i, source in enumerate(sources.consent):
        yield from _code_problems(i, source, policy, source_file)
        yield from _grant_problems(i, source, policy, source_file)


def _tag_problems(sources: Sources, policy: Policy, file: Document) -> Iterator[Problem]:
    known = (*policy.categories, PRESCRIBER)
    tagged = {table: _tags(sources, table) for table in (PATIENT, *sources.facts)}
    if sources.death is not None:
        tagged["death"] = sources.death.tags
    for table, tags in tagged.items():
        for column, category in tags.items():
            if category not in known:
                message = f"the category `{category}` is not declared"
                yield file.problem(message, (table, "tags", column), hint(category, known))


def _dimension_problems(sources: Sources, policy: Policy, file: Document) -> Iterator[Problem]:
    tables = (PATIENT, *sources.facts)
    for name, dimension in policy.dimensions.items():
        if dimension.table not in tables:
            message = f"sources.yml has no table `{dimension.table}`"
            yield file.problem(message, ("dimensions", name), hint(dimension.table, tables))
        elif dimension.table == PATIENT and dimension.measure is not None:
            message = "`patient` is not a fact table"
            yield file.problem(message, ("dimensions", name, "fact"), hint("", sources.facts))


def _fact_problems(sources: Sources, policy: Policy, file: Document) -> Iterator[Problem]:
    for name in policy.facts:
        if name not in sources.facts:
            message = f"sources.yml has no fact table `{name}`"
            yield file.problem(message, ("facts", name), hint(name, sources.facts))


def _suppression_problems(sources: Sources, policy: Policy, file: Document) -> Iterator[Problem]:
    for i, source in enumerate(sources.suppression):
        known = (None, EVERY, *policy.channels)
        if source.channel not in known:
            message = f"the channel `{source.channel}` is not declared"
            place = ("suppression", i, "channel")
            near = hint(str(source.channel), policy.channels)
            yield file.problem(message, place, near)


def _code_problems(
    i: int, source: ConsentSource, policy: Policy, file: Document
) -> Iterator[Problem]:
    """Purposes of FHIR codes that the policy does not declare."""
    for code, purpose in source.purposes.items():
        if purpose not in policy.purposes:
            message = f"the purpose `{purpose}` is not declared"
            place = ("consent", i, "purposes", code)
            yield file.problem(message, place, hint(purpose, policy.purposes))


def _grant_problems(
    i: int, source: ConsentSource, policy: Policy, file: Document
) -> Iterator[Problem]:
    """Words in what a FHIR form grants that the policy does not declare."""
    declared = {
        "channel": (EVERY, *policy.channels),
        "topic": (EVERY, *policy.topics),
        "notice_version": policy.notices,
    }
    for key, known in declared.items():
        name = source.grants.get(key)
        if name is not None and name not in known:
            place = ("consent", i, "grants", key)
            yield file.problem(f"`{name}` is not declared", place, hint(str(name), known))
    listed = source.grants.get("categories", ())
    for name in listed if isinstance(listed, (list, tuple)) else ():
        if name not in policy.categories:
            message = f"the category `{name}` is not declared"
            place = ("consent", i, "grants", "categories")
            yield file.problem(message, place, hint(str(name), policy.categories))


# -- law -------------------------------------------------------------------------------------------


def forbidden(
    sources: Sources, policy: Policy, policy_file: Document
) -> Iterator[tuple[str, Problem]]:
    """Dimensions that the law rules refuse, as (rule, problem).

    L2: over a prescriber's column. C14: milder than the column it reads.
    """
    for name, dimension in policy.dimensions.items():
        tag = category_of(sources, dimension.table, dimension.column)
        place = ("dimensions", name)
        if tag == PRESCRIBER:
            message = f"the dimension `{name}` reads a column tagged `prescriber`"
            yield "L2", policy_file.problem(f"{message}, which feeds nothing", place)
        elif _is_milder(dimension, tag, policy):
            message = (
                f"the dimension `{name}` has category `{dimension.category}`, "
                f"but its column has the more sensitive `{tag}`"
            )
            yield "C14", policy_file.problem(message, place, f"write `category: {tag}`")


def _is_milder(dimension: Dimension, tag: str, policy: Policy) -> bool:
    declared = policy.sensitivity(dimension.category)
    return declared < policy.sensitivity(tag)
