"""Planted defects: for each rule of consent one or more faults in the relations or the layout, and the story that must then fail.

A relation's fault replaces a piece of its text; a layout's fault replaces a function. `survivors` lists what no story noticed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

from segmenter import relations, scopes

from world import people


@dataclass(frozen=True)
class Mutant:
    """A fault: what is broken, in words; where; and the story (part of its name) that must fail."""

    rule: str
    fault: str
    where: str
    killer: str
    old: str = ""
    new: str = ""
    policy: str = "clinic"
    patch: Callable[[], Any] | None = None


def relation(rule: str, fault: str, where: str, old: str, new: str, killer: str, policy: str = "clinic") -> Mutant:
    """A fault in the text of a relation."""
    return Mutant(rule, fault, where, killer, old, new, policy)


def _tables_where(change: Callable[[str, dict[str, Any]], dict[str, Any]]) -> Callable[[], Any]:
    """A fault in the lookup tables: `change` sees each row of each table."""
    whole = scopes.Scopes.tables

    def tables(self: scopes.Scopes) -> dict[str, Any]:
        import polars as pl

        return {n: pl.DataFrame([change(n, r) for r in f.to_dicts()], schema=f.schema, orient="row") for n, f in whole(self).items()}

    return lambda: mock.patch.object(scopes.Scopes, "tables", tables)


def _broad_grant(name: str, row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "gives": row["denies"]} if name == "category_scope" and row["name"] == "*" else row


def _any_purpose(name: str, row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "gives": row["denies"], "max_age_days": 999} if name == "purpose_scope" and row["name"] == "*" else row


def _single_denial(name: str, row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "denies": row["gives"]} if name in ("channel_scope", "topic_scope") and row["name"] != "*" else row


def _one_channel_confirmed(name: str, row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "confirm": 0} if name == "purpose_scope" else row


PROOF = "\n    AND regexp_matches(event.evidence, '[^\\s\\p{Z}\\x0b\\x1c-\\x1f\\x85]')"
METHODS = "\n    AND event.method IN ('web_form', 'app', 'paper', 'phone_recorded', 'in_person', 'chatbot', 'voicebot', 'sms_keyword')"
MUTANTS = (
    Mutant("C1", "a grant of one purpose serves every purpose", "lookup tables", "C1 Chloé", patch=_tables_where(_any_purpose)),
    relation("C1", "nobody needs a grant", "person", "LEFT JOIN granted AS given ON", "LEFT JOIN (SELECT patient, NULL AS due_at, -1 AS granted_0 FROM patient) AS given ON", "C1 Alice"),
    relation("C2", "evidence is not asked for", "grant_event", PROOF, "", "C2 Denis"),
    relation("C2", "a system may consent", "grant_event", METHODS, "", "C2 Denis"),
    relation("C2", "any declared notice will do", "grant_event", " AND notice.place >= purpose.least_notice", "", "C2 Emma"),
    relation("C3", "grants do not age", "grant_event", "    AND event.effective_at + purpose.max_age_days * INTERVAL 1 DAY > $as_of\n", "", "C3 Farid"),
    relation("C3", "the last moment is still inside", "grant_event", "INTERVAL 1 DAY > $as_of", "INTERVAL 1 DAY >= $as_of", "C3 Farid"),
    relation("C3", "the patient's own end date is not kept", "grant_event", "event.valid_until IS NULL OR event.valid_until > $as_of", "TRUE", "C3 Gaëlle"),
    relation("C4", "no confirmation is needed", "grant_event", "category.gives & ~purpose.confirm", "category.gives", "C4 Hugo"),
    relation("C4", "a confirmation to come counts already", "grant_event", "event.confirmed_at <= $as_of AND event.confirmed_at <= $known_at", "event.confirmed_at IS NOT NULL", "C4 Inès"),
    Mutant("C4", "the question for all channels needs no confirmation", "lookup tables", "C4 Jules", patch=_tables_where(_one_channel_confirmed)),
    Mutant("C5", "a grant for all categories covers health", "lookup tables", "C5 Kim", patch=_tables_where(_broad_grant)),
    relation("C6", "a denial needs proof", "denial_row", "WHERE event.state NOT IN", "WHERE event.evidence <> '' AND event.state NOT IN", "C6 Léa"),
    relation("C6", "a denial needs a person", "denial_row", "WHERE event.state NOT IN", "WHERE event.method <> 'sync' AND event.state NOT IN", "C6 Léa"),
    relation("C7", "nothing lifts a denial", "unlifted", "given.given_at > denial.lifted_after", "FALSE", "C7 Marc"),
    relation("C7", "a later grant need not be as specific", "unlifted", "(given.scope & denial.fields) = denial.scope", "TRUE", "C7 Nora"),
    relation("C7", "lifting one denial lifts all", "unlifted", " AND lift.scope = denial.scope", "", "C7 Omar"),
    relation("C7", "an unproven grant lifts", "newest_grant", "FROM grant_event AS event", "FROM (SELECT patient, 0 AS word, 0 AS mask, 0 AS scope, NULL AS given_at FROM consent WHERE FALSE UNION ALL SELECT event.patient, 0, heard.mask, heard.scope, heard.given_at FROM consent AS event JOIN grant_heard AS heard ON heard.event = event.event) AS event", "C7 Paula"),
    relation("C8", "an opt-in reopens everything", "unlifted", "denial.mask & ~coalesce(lift.lifted, 0)", "CASE WHEN lift.lifted IS NULL THEN denial.mask ELSE 0 END", "C8 Quentin"),
    relation("C9", "a tie grants", "unlifted", "given.given_at > denial.lifted_after", "given.given_at >= denial.lifted_after", "C9 Rose"),
    relation("C9", "a bare date ends where it begins", "denial_dated", "WHEN NOT denial.quarantined AND (denial.dates & 16) = 0 THEN", "WHEN NOT denial.quarantined THEN", "C9 Samir"),
    relation("C9", "of equal denials the oldest speaks", "newest_denial", "max(lifted_after)", "min(lifted_after)", "C9 Tom"),
    relation("C10", "an unknown state says nothing", "denial_row", "WHERE event.state NOT IN ('given', 'renewed', 'requested', 'deferred')", "WHERE event.state IN ('refused', 'withdrawn', 'objected', 'expired', 'revoked')", "C10 Ulysse"),
    relation("C10", "an undeclared channel matches nothing", "denial_row", "coalesce(channel.code, 0)", "channel.code", "C10 Vera"),
    relation("C10", "an unreadable denial has no effect", "denial_event", "(event.quarantined OR event.effective_at <= $as_of)", "event.effective_at <= $as_of", "C10 Walid"),
    relation("C10", "a denial without dates is lifted by anything", "denial_dated", "TIMESTAMP '9999-12-31 23:59:59.999999'", "TIMESTAMP '1970-01-01 00:00:00'", "C10 Xenia"),
    relation("C10", "a malformed grant denies", "denial_row", "WHERE event.state NOT IN ('given', 'renewed', 'requested', 'deferred')", "WHERE event.state NOT IN ('requested', 'deferred') AND NOT (event.state IN ('given', 'renewed') AND channel.name IS NOT NULL)", "C10 Yann"),
    relation("C11", "minors are not refused", "refused_patient", "    OR patient.age_now < $min_age\n", "", "C11 Zoé"),
    relation("C11", "an unknown age is no minor", "refused_patient", "    OR patient.age_now IS NULL\n", "", "C11 Anouk"),
    relation("C11", "below fifteen one's own consent is enough", "grant_event", "event.expressed_by = 'joint' OR ", "TRUE OR ", "C11 Basile", "nursery"),
    relation("C11", "who is fourteen may not consent at all", "grant_event", "event.expressed_by = 'joint' OR ", "", "C11 Célia", "nursery"),
    relation("C12", "the dead are not refused", "refused_patient", "FROM patient_now WHERE deceased\n", "FROM patient_now WHERE FALSE\n", "C12 Driss"),
    relation("C12", "the erased are not refused", "refused_patient", "AS erased FROM erased\n", "AS erased FROM erased WHERE FALSE\n", "C12 Elsa"),
    relation("C13", "a denial serves only its own id", "denial_event", "coalesce(link.grp, event.patient) AS human", "event.patient AS human", "C13 Fanny"),
    relation("C13", "a grant serves every id", "grant_event", "    event.patient,\n", "    coalesce((SELECT min(link.grp) FROM link_group AS link WHERE link.patient = event.patient), event.patient) AS patient,\n", "C13 Gus"),
    relation("C13", "groups of any size are used", "refused_patient", "    OR link.size > $max_linked\n", "", "C13 Igor"),
    relation("C13", "a death serves only its own id", "refused_patient", "coalesce(link.grp, one.patient)", "one.patient", "C13 Joy"),
    relation("two clocks", "what is learned later counts already", "denial_event", "event.recorded_at IS NULL OR event.recorded_at <= $known_at", "TRUE", "two clocks Karl"),
    relation("two clocks", "what holds later counts already", "denial_event", "event.effective_at <= $as_of)", "TRUE)", "two clocks Lina"),
    Mutant("all of them", "a denial on one channel leaves the question for all of them alone", "lookup tables", "all of them Mona", patch=_tables_where(_single_denial)),
)  # fmt: skip


@contextlib.contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """The program with a mutant's fault in it."""
    with contextlib.ExitStack() as stack:
        if mutant.patch is not None:
            stack.enter_context(mutant.patch())
        else:
            import sqlglot

            text = relations.paths()[mutant.where].read_text(encoding="utf-8")
            assert text.count(mutant.old) >= 1, f"{mutant.where} does not hold what the mutant replaces: {mutant.old}"
            broken = sqlglot.parse_one(text.replace(mutant.old, mutant.new), dialect="duckdb")
            whole = relations.tree
            stack.enter_context(mock.patch.object(relations, "tree", lambda name: broken if name == mutant.where else whole(name)))
        stack.enter_context(mock.patch.object(relations, "_composed", {}))
        yield


def noticed(mutant: Mutant) -> list[str]:
    """What of the killer's story fails with the fault planted."""
    with planted(mutant):
        return people.failures(mutant.policy, also_why=False, only=mutant.killer.split()[-1])


def table() -> str:
    """The list for the documents."""
    lines = ["| rule | planted fault | where | the story that notices it |", "|---|---|---|---|"]
    lines += [f"| {m.rule} | {m.fault} | {m.where} | {m.killer} |" for m in MUTANTS]
    return "\n".join(lines)


