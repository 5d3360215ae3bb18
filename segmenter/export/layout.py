"""Which columns may go to a destination: those it lists and the policy allows for the purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.errors import PolicyError, UsageError
from segmenter.nearest import hint
from segmenter.project.policy import CONTACT, HEALTH, PRESCRIBER, UNDECLARED
from segmenter.registers.exports import AUDIENCES, ExportLayout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmenter.project.policy import Destination, Policy

IDENTIFIERS = ("email", "phone", "postal")
USUAL_COLUMNS = ("patient_id", "first_name", "language")  # beside the channel's identifier
IDENTITY = "identity"  # the category of a column without a tag


@dataclass(frozen=True, slots=True)
class PatientColumns:
    """The columns of the patient source, and the categories it tags some of them with."""

    columns: tuple[str, ...]
    tags: Mapping[str, str]

    def category(self, column: str) -> str:
        """The data category of a column."""
        if column in self.tags:
            return self.tags[column]
        if column in IDENTIFIERS:
            return CONTACT
        return IDENTITY


def layout(
    policy: Policy, source: PatientColumns, destination: Destination, purpose: str, channel: str
) -> ExportLayout:
    """The layout of a file. Reads no patient.

    Raises `PolicyError` for a channel or category that the purpose does not list, a sensitive
    column or a dimension's (C14), a prescriber column (L2); `UsageError` for an unknown column, or
    if no column is left.
    """
    terms = policy.purposes[purpose]
    if channel not in terms.channels:
        raise PolicyError("C14", f"purpose {purpose} does not list the channel {channel}")
    if CONTACT not in terms.categories:
        raise PolicyError(
            "C14",
            f"purpose {purpose} does not list the category {CONTACT},"
            " so nobody may be contacted for it",
        )
    identifier = policy.channels[channel].identifier
    if destination.profile is not None:
        return _audience_layout(policy, destination, destination.profile, purpose, identifier)
    wanted = destination.columns or (identifier, *USUAL_COLUMNS)
    columns = tuple(
        column for column in wanted if column not in IDENTIFIERS or column == identifier
    )
    if not columns:
        raise UsageError(
            f"destination {destination.name} lists no column that channel {channel} may carry",
            hint=f"list {identifier}",
        )
    for column in columns:
        _require_allowed(policy, source, purpose, column)
    categories = {source.category(column) for column in columns}
    return ExportLayout(columns, identifier, tuple(sorted(categories)), format=destination.format)


def _require_allowed(policy: Policy, source: PatientColumns, purpose: str, column: str) -> None:
    """Refuse a column that may not be exported for the purpose."""
    category = source.category(column)
    if category == PRESCRIBER:
        raise PolicyError("L2", f"column {column} is tagged {PRESCRIBER}: it goes nowhere")
    dimension = _dimension_of(policy, column)
    if dimension is not None:
        raise PolicyError(
            "C14", f"column {column} is a dimension ({dimension}): dimensions are never exported"
        )
    if column not in source.columns:
        near = hint(column, source.columns)
        raise UsageError(
            f"the snapshot has no column {column} of patients",
            hint=f"{near}; a column that nothing used is kept from the next `segmenter ingest` on",
        )
    if category not in policy.purposes[purpose].categories:
        raise PolicyError(
            "C14",
            f"column {column} is of category {category}, which purpose {purpose} does not list",
        )
    if policy.sensitivity(category) >= HEALTH:
        raise PolicyError(
            "C14",
            f"column {column} is of category {category},"
            f" of sensitivity {HEALTH} or more: it is never exported",
        )


def _dimension_of(policy: Policy, column: str) -> str | None:
    """The dimension that a column is, or is made into."""
    for dimension in policy.dimensions.values():
        reads_column = dimension.table == "patient" and dimension.column == column
        if column == dimension.name or reads_column:
            return dimension.name
    return None


def _audience_layout(
    policy: Policy, destination: Destination, profile: str, purpose: str, identifier: str
) -> ExportLayout:
    """The layout of an ad platform: one hashed identifier. Refused if the purpose reads health."""
    for category in policy.purposes[purpose].categories:
        if policy.sensitivity(category) >= HEALTH:
            raise PolicyError(
                "C14",
                f"purpose {purpose} reads {category}, of sensitivity {HEALTH} or more:"
                f" it never goes to an ad platform ({profile})",
            )
    if identifier not in AUDIENCES.get(profile, ()):
        raise UsageError(
            f"destination {destination.name}: profile {profile} takes no {identifier}",
            hint="use a channel of email or phone",
        )
    return ExportLayout((identifier,), identifier, (CONTACT,), profile, destination.format)


def recipient(destination: str, encrypt: str | None) -> Any:
    """The `age` recipient of a destination, or None if `encrypt: none` is written out.

    Raises `UsageError` if the policy says neither, or the key cannot be read.
    """
    if encrypt is None:
        return None
    import pyrage

    if encrypt == UNDECLARED:
        raise UsageError(
            f"destination {destination} has no key to encrypt to",
            hint="write `encrypt: {age: age1...}`, or `encrypt: none` if the file may lie open",
        )
    keys = pyrage.ssh if encrypt.startswith("ssh-") else pyrage.x25519
    try:
        return keys.Recipient.from_str(encrypt)
    except pyrage.RecipientError:
        raise UsageError(
            f"the age key of destination {destination} cannot be read", hint="it starts with age1"
        ) from None
