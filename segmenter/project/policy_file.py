"""policy.yml -> `Policy`. Every problem of the file is told at once."""

from __future__ import annotations

import itertools
import zoneinfo
from collections import Counter
from decimal import ROUND_FLOOR, Context, Decimal
from typing import TYPE_CHECKING

from segmenter.nearest import hint
from segmenter.project import policy as p
from segmenter.project.grammar import KEYWORDS
from segmenter.project.shapes import (
    MOST_BANDS,
    DimensionShape,
    OrganisationShape,
    PolicyShape,
    StepsShape,
)
from segmenter.project.shaping import mended, shaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from segmenter.errors import Problem
    from segmenter.project.document import Document

NANO = 9
TOTAL = "total"
HARMLESS = frozenset(
    {
        "min_age",
        "max_linked",
        "threshold",
        "release",
        "roles",
        "hosting",
        "retention",
        "destinations",
        "encryption",
    }
)

_exactly = Context(prec=1200, rounding=ROUND_FLOOR)


def nano(amount: Decimal) -> int:
    """An allowance in nano-units, rounded down, without floats.

    >>> nano(Decimal("0.1000000009"))
    100000000
    """
    in_nano = amount.scaleb(NANO, _exactly)
    return int(in_nano.to_integral_value(ROUND_FLOOR, _exactly))


def policy_of(document: Document, problems: list[Problem]) -> p.Policy | None:
    """The policy in `document`, or None with what is wrong added to `problems`."""
    shape = shaped(document, PolicyShape, problems)
    if shape is None:
        rest = mended(document, PolicyShape, HARMLESS)
        problems += [] if rest is None else _Checks(document, rest).all()
        return None
    found = [*_Checks(document, shape).all()]
    problems += found
    if found:
        return None
    return _policy(shape)


def _policy(shape: PolicyShape) -> p.Policy:
    categories = {}
    for name, category in shape.categories.items():
        categories[name] = p.Category(name, category.sensitivity, category.dpia)
    budgets = {}
    for name, budget in shape.budgets.items():
        epsilon, delta = nano(budget.epsilon), nano(budget.delta)
        budgets[name] = p.Budget(
            purpose=name,
            period=budget.period,
            epsilon=epsilon,
            delta=delta,
        )
    dimensions = {}
    for name, dimension in shape.dimensions.items():
        dimensions[name] = dimension_of(name, dimension)
    return p.Policy(
        organisation=p.frozen(shape.organisation.model_dump(exclude_none=True)),
        time_zone=shape.time_zone,
        roles=p.frozen(_roles(shape)),
        notices=tuple(shape.notices),
        categories=p.frozen(categories),
        channels=p.frozen({name: _channel(name, shape) for name in shape.channels}),
        topics=tuple(shape.topics),
        purposes=p.frozen({name: _purpose(name, shape) for name in shape.purposes}),
        dimensions=p.frozen(dimensions),
        min_age=shape.min_age,
        max_linked=shape.max_linked,
        threshold=p.Threshold(shape.threshold.patients, float(shape.threshold.confidence)),
        release=_release(shape),
        budgets=p.frozen(budgets),
        facts=p.frozen({name: _terms(name, shape) for name in shape.facts}),
        destinations=p.frozen({name: _destination(name, shape) for name in shape.destinations}),
        encryption=shape.encryption,
        anchors=tuple(shape.anchors),
        hosting=p.frozen(shape.hosting.model_dump(exclude_none=True)),
        retention=p.frozen(shape.retention.model_dump(exclude_none=True)),
        unsubscribe_url=shape.unsubscribe_url,
    )


def _roles(shape: PolicyShape) -> dict[str, tuple[str, ...]]:
    """The declared roles, those of nobody among them: `marketer: []` declares one."""
    declared = shape.roles.model_dump(exclude_unset=True)
    roles = {}
    for role, accounts in declared.items():
        roles[role] = tuple(accounts)
    return roles


def _channel(name: str, shape: PolicyShape) -> p.Channel:
    given = shape.channels[name]
    cap = None
    if given.cap is not None:
        cap = p.Cap(given.cap.contacts, given.cap.per_days)
    return p.Channel(
        name=name,
        identifier=given.identifier,
        double_opt_in=given.double_opt_in,
        cap=cap,
        quiet=given.quiet,
    )


def _purpose(name: str, shape: PolicyShape) -> p.Purpose:
    given = shape.purposes[name]
    return p.Purpose(
        name=name,
        title=p.frozen(given.title),
        categories=tuple(given.categories),
        channels=tuple(given.channels),
        topics=tuple(given.topics),
        min_notice=given.min_notice,
        max_age_days=given.max_age_days,
    )


def dimension_of(name: str, shape: DimensionShape) -> p.Dimension:
    """A dimension as declared.

    `column: TABLE.COLUMN` names both; `fact: TABLE` gives the table apart.
    """
    table, column = _place(shape)
    values = None
    if shape.values is not None:
        values = p.frozen({value.label: tuple(value.raw) for value in shape.values})
    measure = None if shape.measure is None else shape.measure.how
    first, bands = _bands(shape)
    return p.Dimension(
        name=name,
        category=shape.category,
        table=table,
        column=column,
        measure=measure,
        values=values,
        bands=bands,
        other=shape.other,
        first=first,
    )


def _bands(shape: DimensionShape) -> tuple[int | None, tuple[int, ...] | None]:
    """The smallest value, if it is declared, and where each further band begins."""
    if shape.bands is None:
        return None, None
    if not isinstance(shape.bands, StepsShape):
        return None, tuple(shape.bands)
    steps = shape.bands
    return steps.start, tuple(range(steps.start + steps.step, steps.to + 1, steps.step))


def _place(shape: DimensionShape) -> tuple[str, str | None]:
    column = shape.column if shape.measure is None else shape.measure.column
    if shape.fact is not None:
        return shape.fact, column
    table, _, column = (column or "").partition(".")
    return table, column


def _release(shape: PolicyShape) -> p.ReleaseTerms:
    given = shape.release
    return p.ReleaseTerms(
        epsilon=plain(given.epsilon),
        mechanism=given.mechanism,
        funnel=plain(given.funnel),
        max_age_days=given.max_age_days,
    )


def plain(amount: Decimal) -> str:
    """A decimal as plain text, exact.

    >>> plain(Decimal("1.0e-6"))
    '0.0000010'
    """
    return format(amount, "f")


def _terms(name: str, shape: PolicyShape) -> p.FactTerms:
    given = shape.facts[name]
    clip = {}
    for name_of_column, column in given.columns.items():
        low, high = column.clip
        clip[name_of_column] = (low, high)
    return p.FactTerms(given.max_cells, p.frozen(clip))


def _destination(name: str, shape: PolicyShape) -> p.Destination:
    given = shape.destinations[name]
    encrypt = (
        p.UNDECLARED
        if given.encrypt is None
        else None
        if given.encrypt == "none"
        else given.encrypt
    )
    columns = None if given.columns is None else tuple(given.columns)
    return p.Destination(
        name=name,
        format=given.format,
        columns=columns,
        encrypt=encrypt,
        profile=given.profile,
        syncs=given.syncs,
    )


class _Checks:
    """What has to hold between the parts of a policy."""

    def __init__(self, document: Document, shape: PolicyShape) -> None:
        self.document = document
        self.shape = shape

    def all(self) -> Iterable[Problem]:
        """Every problem, by section."""
        yield from self._basics()
        yield from self._purposes()
        for name, dimension in self.shape.dimensions.items():
            yield from self._dimension(name, dimension)
        yield from self._money()

    def _problem(self, message: str, *path: str | int, hint: str | None = None) -> Problem:
        return self.document.problem(message, path, hint)

    def _declared(
        self, what: str, used: Sequence[str], declared: Iterable[str], *path: str | int
    ) -> Iterable[Problem]:
        known = list(declared)
        for i, name in enumerate(used):
            if name not in known:
                message = f"the {what} `{name}` is not declared"
                yield self._problem(message, *path, i, hint=hint(name, known))
        yield from self._once(what, used, *path)

    def _once(self, what: str, names: Sequence[str], *path: str | int) -> Iterable[Problem]:
        counted = Counter(names)
        for name, times in counted.items():
            if times > 1:
                message = f"the {what} `{name}` stands here {times} times"
                yield self._problem(message, *path)

    def _basics(self) -> Iterable[Problem]:
        for needed in (p.ALWAYS, p.CONTACT):
            if needed not in self.shape.categories:
                yield self._problem(
                    f"the category `{needed}` has to be declared: "
                    "reserved patient columns belong to it",
                    "categories",
                )
        if p.PRESCRIBER in self.shape.categories:
            yield self._problem(
                "`prescriber` is the tag of columns that feed nothing and cannot be a category",
                "categories",
                p.PRESCRIBER,
            )
        try:
            zoneinfo.ZoneInfo(self.shape.time_zone)
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
            near = hint(self.shape.time_zone, zoneinfo.available_timezones())
            yield self._problem(
                f"there is no time zone `{self.shape.time_zone}`", "time_zone", hint=near
            )
        yield from self._region(self.shape.organisation.region)
        yield from self._once("notice", self.shape.notices, "notices")
        yield from self._once("topic", self.shape.topics, "topics")

    def _region(self, region: str) -> Iterable[Problem]:
        """Numbers without a prefix are read in it.

        In one that has none, an opt-out by phone would be missed (S3).
        """
        if region == OrganisationShape.model_fields["region"].default:
            return  # phonenumbers takes a while to import, and every command reads the policy
        import phonenumbers

        if region not in phonenumbers.SUPPORTED_REGIONS:
            near = hint(region, phonenumbers.SUPPORTED_REGIONS)
            yield self._problem(
                f"there is no region `{region}`", "organisation", "region", hint=near
            )

    def _purposes(self) -> Iterable[Problem]:
        shape = self.shape
        for name, purpose in shape.purposes.items():
            if name == TOTAL:
                yield self._problem(
                    "`total` names the budget over all purposes and cannot be a purpose",
                    "purposes",
                    name,
                )
            yield from self._declared(
                "category", purpose.categories, shape.categories, "purposes", name, "categories"
            )
            yield from self._declared(
                "channel", purpose.channels, shape.channels, "purposes", name, "channels"
            )
            yield from self._declared(
                "topic", purpose.topics, shape.topics, "purposes", name, "topics"
            )
            if purpose.min_notice not in shape.notices:
                near = hint(purpose.min_notice, shape.notices)
                yield self._problem(
                    f"the notice `{purpose.min_notice}` is not declared",
                    "purposes",
                    name,
                    "min_notice",
                    hint=near,
                )

    def _dimension(self, name: str, given: DimensionShape) -> Iterable[Problem]:
        at = ("dimensions", name)
        same = [other for other in self.shape.dimensions if other.lower() == name.lower()]
        first = same[0]
        if name != first:
            message = f"the dimensions `{first}` and `{name}` differ in upper and lower case only"
            yield self._problem(message, *at)
        if name.lower() in KEYWORDS:
            message = f"`{name}` is a word of conditions and cannot name a dimension"
            yield self._problem(message, *at)
        if given.category not in self.shape.categories:
            message = f"the category `{given.category}` is not declared"
            near = hint(given.category, self.shape.categories)
            yield self._problem(message, *at, "category", hint=near)
        for message in (*_place_problems(given), *_domain_problems(given)):
            yield self._problem(f"the dimension `{name}`: {message}", *at)

    def _money(self) -> Iterable[Problem]:
        purposes = [*self.shape.purposes, TOTAL]
        for name in self.shape.budgets:
            if name not in purposes:
                yield self._problem(
                    f"the purpose `{name}` is not declared",
                    "budgets",
                    name,
                    hint=hint(name, purposes),
                )
        for name, terms in self.shape.facts.items():
            for column, given in terms.columns.items():
                if given.clip[0] > given.clip[1]:
                    yield self._problem(
                        "the bounds of `clip` are [low, high]",
                        "facts",
                        name,
                        "columns",
                        column,
                        "clip",
                    )


def _place_problems(given: DimensionShape) -> Iterable[str]:
    measured = given.measure is not None
    if measured and given.fact is None:
        yield "a measure needs `fact`, the table it reads"
    if measured and given.column is not None:
        yield "a measure names its column itself; `column` is one too many"
    if not measured and given.column is None:
        yield "the key `column` or `measure` is missing"
    if not measured and given.fact is None and given.column is not None:
        table, dot, column = given.column.partition(".")
        if not (table and dot and column):
            yield f"`{given.column}` is not of the form TABLE.COLUMN, such as `patient.sex`"


def _domain_problems(given: DimensionShape) -> Iterable[str]:
    if (given.values is None) == (given.bands is None):
        yield "exactly one of `values` and `bands` is needed"
    elif isinstance(given.bands, StepsShape):
        yield from _step_problems(given, given.bands)
    elif given.bands is not None:
        yield from _band_problems(given, given.bands)
    else:
        labels = []
        raw: list[str] = []
        for value in given.values or ():
            labels.append(value.label)
            raw.extend(value.raw)
        if len(set(labels)) < len(labels) or given.other in labels:
            yield "a label stands here twice"
        if len(set(raw)) < len(raw):
            yield "one raw value stands under two labels"
        if given.measure is not None:
            yield "a measure is a number and needs `bands`"


def _step_problems(given: DimensionShape, steps: StepsShape) -> Iterable[str]:
    length = steps.to - steps.start
    if length <= 0 or length % steps.step:
        yield "`to` lies a whole number of steps above `from`"
    elif length // steps.step > MOST_BANDS:
        yield f"there are at most {MOST_BANDS:,} bands"
    if given.other is not None:
        yield "`other` goes with `values` only"


def _band_problems(given: DimensionShape, bands: Sequence[int]) -> Iterable[str]:
    if any(low >= high for low, high in itertools.pairwise(bands)):
        yield "the bounds of `bands` have to rise"
    if given.measure is not None and given.measure.how == "count" and bands[0] < 1:
        yield "the first bound of a count is 1 or more"
    if given.other is not None:
        yield "`other` goes with `values` only"
