"""What a question may name: `patient`, declared facts, their join, dimensions, bounded columns.

Everything is resolved against the policy and the declared sources; nothing against data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmenter.errors import PolicyError, Refusal, UsageError
from segmenter.project.policy import ALWAYS, ROWS
from segmenter.query.door import column, misspelt, only, peeled, refused, same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlglot import exp

    from segmenter.project.declared import FactSource, Sources
    from segmenter.project.policy import Dimension, Policy, Purpose

PATIENT = "patient"
KEYS = ("patient", "patient_id")
OWN = (
    "patient",
    "patient_id",
    "birth_date",
    "age",
    "deceased",
    "deceased_at",
    "email",
    "phone",
    "postal",
    "first_name",
    "language",
)
ONE = (0, 1)  # rows a patient may add to a cell where the policy says nothing
JOIN = "write: FROM patient JOIN fact USING (patient_id)"


@dataclass(frozen=True, slots=True)
class Naming:
    """The tables of one question, and what may be named of them.

    `tables` maps an alias to `patient` or a fact's name. `read` collects the categories.
    """

    policy: Policy
    sources: Sources
    purpose: Purpose
    tables: Mapping[str, str]
    fact: str | None
    has_patient: bool
    read: set[str] = field(default_factory=lambda: {ALWAYS})

    # -- names -------------------------------------------------------------------------------------

    def dimension(self, table: str, name: str) -> Dimension:
        """The dimension that a column means; its category is noted as read."""
        found = same(name, self.policy.dimensions)
        if found is None:
            raise self.unknown(name, "dimension", self.policy.dimensions)
        dimension = self.policy.dimensions[found]
        if not dimension.per_patient and dimension.table != self.fact:
            raise refused(
                "that dimension is of the rows of a fact table, which the question does not ask",
                JOIN,
            )
        belongs = self.fact if not dimension.per_patient or not self.has_patient else PATIENT
        if table and self.table(table) != belongs:
            raise UsageError(
                "a dimension is named of a table it does not belong to",
                hint=f"`{found}` belongs to `{belongs}`",
            )
        self.note(dimension.category)
        return dimension

    def bounded(self, table: str, name: str) -> tuple[str, tuple[int, int]]:
        """The fact column that an aggregate means, with its declared bounds.

        A column without bounds is refused (P9).
        """
        if self.fact is None:
            raise refused(
                "sums, averages and quantiles are over bounded columns of a fact table", JOIN
            )
        if table and self.table(table) != self.fact:
            raise refused(
                "sums, averages and quantiles are over the columns of the fact table",
                f"name the column of `{self.fact}`",
            )
        terms = self.policy.facts.get(self.fact)
        clips = {} if terms is None else {c: b for c, b in terms.clip.items() if c != ROWS}
        found = same(name, clips)
        if found is None:
            if name in self.source.tags:
                instead = f"declare its clip under facts: {self.fact}: columns: in policy.yml"
                raise Refusal("P9", "that column has no declared bounds", hint=instead)
            raise self.unknown(name, "bounded column", clips)
        self.note(self.category(found))
        return found, clips[found]

    def rows(self) -> tuple[int, int]:
        """The bounds of the rows a patient may add to a cell: as declared, else one (P9).

        Refused where the policy does not bound the fact table at all.
        """
        terms = self.policy.facts.get(self.fact or "")
        if terms is None:
            instead = f"declare `facts: {{{self.fact}: {{max_cells: n}}}}` in policy.yml"
            raise Refusal("P9", "how many rows a patient may add is not bounded", hint=instead)
        return terms.clip.get(ROWS, ONE)

    def is_key(self, table: str, name: str) -> bool:
        """Whether a column is the declared key of its table."""
        owner = self.table(table) if table else None
        names = {*KEYS}
        if owner in (None, PATIENT):
            names.add(self.sources.patient.key)
        if self.fact is not None and owner in (None, self.fact):
            names.add(self.source.patient)
        return same(name, names) is not None

    def table(self, alias: str) -> str:
        """The table of an alias."""
        found = same(alias, self.tables)
        if found is None:
            raise misspelt("table", alias, self.tables)
        return self.tables[found]

    @property
    def source(self) -> FactSource:
        """The declared source of the question's fact."""
        return self.sources.facts[self.fact or ""]

    def unknown(self, name: str, what: str, names: Mapping[str, object]) -> UsageError | Refusal:
        """The error for a column that may not be named: refused if it is real, else misspelt."""
        real = {*OWN, *self.sources.patient.tags}
        for dimension in self.policy.dimensions.values():
            if dimension.column:
                real.add(dimension.column)
        for fact in self.policy.facts.values():
            real |= set(fact.clip)
        if same(name, sorted(real)) is not None:
            return refused(
                "a column of rows is never answered as it is",
                "group by a declared dimension; "
                "sum, avg, median and quantile_cont take bounded columns of facts",
            )
        return misspelt(what, name, names)

    # -- categories --------------------------------------------------------------------------------

    def note(self, category: str) -> None:
        """Note a category as read; refused (C14) if the purpose does not list it."""
        if category not in self.purpose.categories:
            raise PolicyError(
                "C14",
                f"the purpose `{self.purpose.name}` may not read the category `{category}`",
                hint="ask for a purpose that lists it, or for other dimensions",
            )
        self.read.add(category)

    def category(self, name: str) -> str:
        """The category of a fact's column, as the sources tag it.

        What is tagged `prescriber` feeds nothing (L2).
        """
        tag = self.source.tags.get(name, self.source.tags.get("*", ALWAYS))
        if tag == "prescriber":
            raise PolicyError("L2", "a column tagged `prescriber` feeds nothing")
        return tag


def naming(tree: exp.Select, policy: Policy, sources: Sources, purpose: Purpose) -> Naming:
    """The tables of a question: `patient`, a fact, or both joined along the declared key."""
    origin = tree.args.get("from_")
    if origin is None:
        raise refused("a question reads a table", "ask FROM patient, or FROM a declared fact")
    only(origin, "this")
    joins = tree.args.get("joins") or []
    nodes = [origin.this, *(join.this for join in joins)]
    aliases = [_table(node, policy, sources) for node in nodes]
    tables = dict(aliases)
    facts = [name for name in tables.values() if name != PATIENT]
    repeated = len(set(tables.values())) < len(aliases)
    if repeated or len(facts) > 1:
        raise refused(
            "a question reads `patient`, one fact, or `patient` joined with one fact", JOIN
        )
    names = Naming(
        policy,
        sources,
        purpose,
        tables,
        fact=facts[0] if facts else None,
        has_patient=PATIENT in tables.values(),
    )
    for join in joins:
        _check_join(join, names)
    if names.fact is not None:
        names.note(names.category("*"))
    names.note(ALWAYS)
    return names


def _table(node: exp.Expression, policy: Policy, sources: Sources) -> tuple[str, str]:
    """The alias of a table, and its name."""
    from sqlglot import exp

    if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
        raise refused(
            "a question reads declared tables only", "ask FROM patient, or FROM a declared fact"
        )
    only(node, "this", "alias")
    known = [PATIENT, *sources.facts]
    name = same(node.name, known)
    if name is None:
        if not node.name.isidentifier():
            raise refused(
                "a question reads declared tables only", "files and functions are not tables here"
            )
        raise misspelt("table", node.name, known)
    if name != PATIENT and name not in policy.facts:
        instead = f"declare facts: {name}: max_cells and columns in policy.yml"
        raise Refusal("P9", f"the policy declares no bounds for `{name}`", hint=instead)
    alias = node.args.get("alias")
    if alias is not None:
        only(alias, "this")
    return node.alias or name, name


def _check_join(join: exp.Join, names: Naming) -> None:
    """Refuse every join but the inner one along the declared key."""
    kind = str(join.args.get("kind") or "INNER").upper()
    if join.args.get("method") or join.args.get("side") or kind != "INNER":
        raise refused("only an inner join along the declared key is answered", JOIN)
    only(join, "this", "on", "using", "kind")
    using, on = join.args.get("using"), join.args.get("on")
    if bool(using) == bool(on):
        raise refused("a join names the declared key", JOIN)
    along_the_key = _uses_key(using, names) if using else _equals_key(peeled(on), names)
    if not along_the_key:
        raise refused("a join is along the declared key only", JOIN)


def _uses_key(using: list[exp.Expression], names: Naming) -> bool:
    """Whether USING names the key and nothing else."""
    from sqlglot import exp

    if len(using) != 1 or not isinstance(using[0], exp.Identifier):
        return False
    return names.is_key("", using[0].name)


def _equals_key(test: exp.Expression, names: Naming) -> bool:
    """Whether ON is `one.key = other.key`."""
    from sqlglot import exp

    if not isinstance(test, exp.EQ):
        return False
    only(test, "this", "expression")
    sides = [column(test.this), column(test.expression)]
    tables = {names.table(table) if table else "" for table, _ in sides}
    if tables != set(names.tables.values()):
        return False
    return all(names.is_key(table, name) for table, name in sides)
