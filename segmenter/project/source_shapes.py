"""The shapes of sources.yml, for pydantic: its keys, and the source of its JSON Schema.

Unknown keys are errors. `sources_file` turns these into the frozen values of `declared`; nothing
else of the program uses them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from segmenter.project.scalars import Duration, Exact, Stem, Text


class ReadShape(BaseModel, extra="forbid", frozen=True):
    """A path, glob or URL, or a table of a database."""

    path: str | None = None
    database: str | None = None
    table: Text | None = None


def _path_or_table(value: Any) -> Any:
    """A text is a path."""
    if isinstance(value, str):
        return {"path": value}
    return value


def _one_or_more(value: Any) -> Any:
    """A mapping is a list of one."""
    if isinstance(value, dict):
        return [value]
    return value


Read = Annotated[
    ReadShape,
    BeforeValidator(
        _path_or_table, json_schema_input_type=str | dict[Literal["database", "table"], str]
    ),
]


class SourceShape(BaseModel, extra="forbid", frozen=True):
    """What every source has."""

    read: Read
    format: Text | None = None
    rename: dict[Text, Text] = {}
    ignored: list[Text] = []
    max_quarantined: Annotated[Exact, Field(ge=0, le=1)] | None = None


class TableShape(SourceShape):
    """What every source has whose files may be delimited text."""

    encoding: Literal["auto", "utf-8", "cp1252", "latin-1", "utf-16"] = "auto"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None


class PatientShape(TableShape):
    """The patient table. `tags` maps a column to its category."""

    key: Text = "patient_id"
    tags: dict[Text, Text] = {}


class DeathShape(TableShape):
    """A table of deaths. Each row is one; `column` is its date."""

    patient: Text
    column: Text | None = None
    tags: dict[Text, Text] = {}


class FactShape(TableShape):
    """A fact table: rows that belong to a patient.

    `patient` has no default, so that a misspelt `preference` is not a fact table.
    """

    patient: Text
    tags: dict[Text, Text] = {}


class GrantsShape(BaseModel, extra="forbid", frozen=True):
    """What the signed form of a FHIR consent says."""

    notice_version: Text
    channel: Text = "*"
    topic: Text = "*"
    categories: list[Text] = Field(min_length=1)


class ConsentShape(TableShape):
    """Consent events."""

    purposes: dict[Text, Text] = {}
    grants: GrantsShape | None = None
    r5: Literal["exceptions"] | None = None


class SuppressionShape(SourceShape):
    """A suppression list that another system keeps (S7)."""

    name: Stem
    channel: Text | None = None
    max_age: Duration
    max_shrink: Annotated[Exact, Field(ge=0, le=1)] = Decimal("0.2")


class SourcesShape(BaseModel):
    """sources.yml: where the data comes from. Any key but the named ones is a fact table."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, FactShape]

    patient: PatientShape
    consent: Annotated[list[ConsentShape], BeforeValidator(_one_or_more)] = []
    suppression: Annotated[list[SuppressionShape], BeforeValidator(_one_or_more)] = []
    preference: TableShape | None = None
    link: TableShape | None = None
    death: DeathShape | None = None
