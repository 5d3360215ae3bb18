"""The moment of the next entry: the machine's clock, and the journal's, which never goes back (P5).

A clock that is a few seconds behind the last entry is waited for. Behind by more, it is wrong, or
was: what spends a budget or lets something out refuses; what says no, or only keeps the books, is
accepted, at the journal's time, with the machine's beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from segmenter.errors import BudgetError
from segmenter.model import stamp

PATIENCE = timedelta(seconds=5)
CLOCK = "clock"  # in an entry: what the machine's clock said, if that was before the entry's time
REFUSED = frozenset({"spend", "release", "export", "lift", "confirm", "retain"})


@dataclass(frozen=True, slots=True)
class Moment:
    """When the next entry is: `at` in the journal, `clock` by the machine."""

    at: datetime
    clock: datetime

    @property
    def is_behind(self) -> bool:
        """Whether the machine's clock is earlier than the last entry."""
        return self.clock < self.at

    def require(self, kind: str) -> None:
        """Refuse (P5) an act that a wrong clock must not allow."""
        if self.is_behind and kind in REFUSED:
            raise BudgetError(
                "P5",
                "the clock is earlier than the last entry of the journal",
                hint="set the machine's clock right; if an earlier command ran with a wrong one, "
                "an officer runs `segmenter budget recover`",
            )

    def told(self) -> dict[str, str]:
        """What an entry says of a clock that was behind."""
        return {CLOCK: stamp(self.clock)} if self.is_behind else {}


def next_moment(
    now: Callable[[], datetime], last: datetime | None, wait: Callable[[float], None]
) -> Moment:
    """The moment of the entry after one at `last`; a clock that is just behind is waited for."""
    clock = now().astimezone(UTC)
    if last is not None and timedelta(0) < last - clock <= PATIENCE:
        wait((last - clock).total_seconds())
        clock = now().astimezone(UTC)
    return Moment(clock if last is None else max(clock, last), clock)
