"""What one cell says: the kinds of identifiers, and the normalised forms of one."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("email", "phone", "patient_id", "postal", "domain")
WRITTEN = 1  # profile of the form that is compared and written
OTHER = 2  # of other spellings and readings of the same, which entries match too
EARLIER = 3  # of what entries of earlier versions kept of it


@dataclass(frozen=True, slots=True)
class Normal:
    """One normalised form of an identifier. Its repr shows no text.

    `valid` says whether it may be used to contact somebody, `kept` whether it is what an entry of a
    suppression list keeps.
    """

    kind: str
    profile: int
    text: str
    valid: bool = False
    kept: bool = False

    def __repr__(self) -> str:
        return f"Normal({self.kind!r}, {self.profile})"


@dataclass(frozen=True, slots=True)
class IdentifierReading:
    """Every form of one cell, the written one first; none if nothing is left of it.

    `doubt` says what a person should look at: that there are several readings, or that a part of
    the cell was not understood.
    """

    forms: tuple[Normal, ...] = ()
    doubt: str | None = None


NOTHING = IdentifierReading()


class Forms:
    """Forms of one cell as they are found, each text once."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._found: dict[str, Normal] = {}

    def add(
        self, text: str, profile: int = OTHER, *, valid: bool = False, kept: bool = False
    ) -> None:
        """Add a form. One that is there stays; if this one is kept, it is kept."""
        known = self._found.get(text)
        if known is not None:
            profile, valid = known.profile, known.valid
            kept = kept or known.kept
        self._found[text] = Normal(
            kind=self.kind,
            profile=profile,
            text=text,
            valid=valid,
            kept=kept,
        )

    def __bool__(self) -> bool:
        return bool(self._found)

    def reading(self, doubt: str | None = None) -> IdentifierReading:
        """All of them."""
        return IdentifierReading(tuple(self._found.values()), doubt)
