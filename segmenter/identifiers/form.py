"""The kinds of identifiers, and one normalised form of one."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("email", "phone", "patient_id", "postal", "domain")


@dataclass(frozen=True, slots=True)
class Normal:
    """One normalised form of an identifier. Its repr shows no text.

    `valid` says whether it may be used to contact somebody.
    """

    kind: str
    profile: int
    text: str
    valid: bool

    def __repr__(self) -> str:
        return f"Normal({self.kind!r}, {self.profile})"
