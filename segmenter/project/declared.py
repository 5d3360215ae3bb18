"""What `sources.yml` declares, as frozen values. Made by `project.read_project`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Read:
    """Where rows come from: a path, glob or URL, or a table of a database.

    `encoding` and `delimiter` are of delimited text; None: told from the file. `rename` maps our
    column to theirs. `ignored` are columns that look like opt-outs and are left
    unread (R1). `max_quarantined` is the share of rows (0 to 1) that may be
    set aside (R3); None for the usual one. `line` is where it stands in sources.yml.
    """

    path: str | None = None
    database: str | None = None
    table: str | None = None
    format: str | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    line: int | None = None
    max_quarantined: float | None = None
    ignored: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class PatientSource:
    """The patient table. `tags` maps a column to its category.

    Without a tag, email, phone and postal are `contact`, every other column is `identity`.
    """

    read: Read
    key: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeathSource:
    """A table of deaths: each row is one, of the patient in its column `patient`.

    `column` is its date, if it has one. `tags` are those of its columns; nothing of them is kept.
    """

    read: Read
    patient: str
    column: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FactSource:
    """A fact table: rows that belong to a patient.

    `patient` is its column of patient ids. The tag `'*'` is every other column's.
    """

    name: str
    read: Read
    patient: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConsentSource:
    """Consent events.

    For `format: fhir`, `purposes` maps their purpose codes to ours, and `grants` says what the
    signed form grants. `r5: exceptions` says that writers of R5 follow the standard: a first-level
    provision is an exception to the decision.
    """

    read: Read
    purposes: Mapping[str, str] = field(default_factory=dict)
    grants: Mapping[str, object] = field(default_factory=dict)
    r5: str | None = None


@dataclass(frozen=True, slots=True)
class SuppressionSource:
    """A suppression list that another system keeps.

    `max_age` is how old its file may be at export (S7). `max_shrink` is the share of its entries
    that it may lose from one load to the next. `ignored` are columns that look like opt-outs and
    are left unread (R1).
    """

    name: str
    read: Read
    channel: str | None
    max_age: timedelta
    max_shrink: float = 0.2
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """All declared sources. What is optional and not declared is None or empty."""

    patient: PatientSource
    facts: Mapping[str, FactSource] = field(default_factory=dict)
    consent: tuple[ConsentSource, ...] = ()
    suppression: tuple[SuppressionSource, ...] = ()
    preference: Read | None = None
    link: Read | None = None
    death: DeathSource | None = None
