"""The shapes of policy.yml and of segments, for pydantic: the edge of the program.

JSON Schemas are made of them. Unknown keys are errors. `policy_file` and `segment` turn these into
frozen values; nothing else of the program uses them. `source_shapes` has those of sources.yml.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from segmenter.project.scalars import (
    Days,
    Encrypt,
    Exact,
    Flag,
    Measure,
    Scope,
    Stem,
    Switch,
    Text,
    Title,
    Values,
    Whole,
    Word,
)

MOST_BANDS = 5_000


class Shape(BaseModel):
    """Base: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OrganisationShape(Shape):
    """Who answers for the data."""

    name: Text
    contact: Text
    region: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "FR"
    address: Text | None = None
    url: Text | None = None
    phone: Text | None = None


class RolesShape(Shape):
    """Accounts of the operating system that hold each role; `'*'` is every account."""

    officer: list[Text] = []
    operator: list[Text] = []
    analyst: list[Text] = []
    marketer: list[Text] = []


class CategoryShape(Shape):
    """A data category. Sensitivity 1 ordinary, 2 health, 3 more than health."""

    sensitivity: Annotated[Whole, Field(ge=1, le=3)]
    dpia: Text | None = None


class CapShape(Shape):
    """At most `contacts` exports of a patient within `per_days` days."""

    contacts: Annotated[Whole, Field(ge=0, le=100_000)]
    per_days: Days


class ChannelShape(Shape):
    """A way to reach people."""

    identifier: Literal["email", "phone", "postal"]
    double_opt_in: Flag = False
    cap: CapShape | None = None
    quiet: Literal["fr_phone_canvassing"] | None = None


class PurposeShape(Shape):
    """What data may be used for, and how a grant has to look."""

    title: Title = {}
    categories: list[Text] = Field(min_length=1)
    channels: list[Text] = []
    topics: list[Text] = []
    min_notice: Text
    max_age_days: Days


class StepsShape(Shape):
    """Bands of one width: from, from + step, ..., to."""

    start: Annotated[Whole, Field(alias="from")]
    to: Whole
    step: Annotated[Whole, Field(ge=1)] = 1


class DimensionShape(Shape):
    """A declared attribute with a finite domain."""

    column: Text | None = None
    fact: Word | None = None
    measure: Measure | None = None
    values: Values | None = None
    bands: (
        Annotated[list[Whole], Field(min_length=1, max_length=MOST_BANDS)] | StepsShape | None
    ) = None
    other: Text | None = None
    category: Text


class ThresholdShape(Shape):
    """When a cell is withheld."""

    patients: Annotated[Whole, Field(ge=1, le=1_000_000)] = 11
    confidence: Annotated[Exact, Field(gt=0, lt=1)] = Decimal("0.99")


class ReleaseShape(Shape):
    """What a release costs unless asked otherwise."""

    epsilon: Annotated[Exact, Field(gt=0, le=1000)] = Decimal("0.5")
    mechanism: Literal["geometric", "discrete_gaussian"] = "geometric"
    funnel: Annotated[Exact, Field(gt=0, le=1000)] = Decimal("0.1")
    max_age_days: Annotated[Whole, Field(ge=0, le=36_500)] = 30


class BudgetShape(Shape):
    """An allowance for a calendar period, UTC."""

    epsilon: Annotated[Exact, Field(ge=0, le=1_000_000)]
    delta: Annotated[Exact, Field(ge=0, lt=1)] = Decimal(0)
    period: Literal["day", "week", "month", "quarter", "year"]


class ClipShape(Shape):
    """Bounds of a column that `query` may sum."""

    clip: Annotated[list[Whole], Field(min_length=2, max_length=2)]


class FactTermsShape(Shape):
    """How far `query` may go with a fact table."""

    max_cells: Annotated[Whole, Field(ge=1, le=10_000)]
    columns: dict[Text, ClipShape] = {}


class DestinationShape(Shape):
    """Where an export may go."""

    format: Literal["csv", "parquet"] = "csv"
    columns: Annotated[list[Text], Field(min_length=1)] | None = None
    encrypt: Encrypt | None = None
    profile: Literal["google-2026", "meta"] | None = None
    syncs: Flag = False


class HostShape(Shape):
    """A host's certificate for health data."""

    certificate: Text
    activities: list[Text] | Text
    valid_until: Text


class HostingShape(Shape):
    """Where the data is hosted (L3)."""

    hds: HostShape | None = None


class RetentionShape(Shape):
    """Days that things are kept.

    Prospects after their last own contact, files of exports, snapshots that are not in use.
    """

    prospects: Days | None = None
    exports: Days | None = None
    snapshots: Days | None = None


class PolicyShape(Shape):
    """policy.yml: what the data protection officer decided."""

    version: Annotated[Whole, Field(ge=1, le=1)] = 1
    organisation: OrganisationShape
    time_zone: Text
    roles: RolesShape = RolesShape()
    notices: list[Text] = Field(min_length=1)
    categories: dict[Scope, CategoryShape]
    channels: dict[Scope, ChannelShape] = {}
    topics: list[Scope] = []
    purposes: dict[Scope, PurposeShape] = Field(min_length=1)
    dimensions: dict[Word, DimensionShape] = {}
    min_age: Annotated[Whole, Field(ge=0, le=130)] = 18
    max_linked: Annotated[Whole, Field(ge=1, le=100_000)] = 10
    threshold: ThresholdShape = ThresholdShape()
    release: ReleaseShape = ReleaseShape()
    budgets: dict[Text, BudgetShape] = {}
    facts: dict[Word, FactTermsShape] = {}
    destinations: dict[Stem, DestinationShape] = {}
    encryption: Switch = True
    anchors: list[Text] = []
    hosting: HostingShape = HostingShape()
    retention: RetentionShape = RetentionShape()
    unsubscribe_url: Text | None = None


class SegmentShape(Shape):
    """segments/NAME.yml: who, for one purpose."""

    name: Text
    title: Title = {}
    purpose: Text
    channels: list[Text] = []
    topic: Text | None = None
    where: str | None = None
    include: list[Text] = []
    exclude: list[Text] = []
    holdout: Annotated[Exact, Field(ge=0, lt=1)] = Decimal(0)
    epsilon: Annotated[Exact, Field(gt=0, le=1000)] | None = None
    tags: list[Text] = []
