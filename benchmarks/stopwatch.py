"""How long a piece of work took, on the wall and by the processor."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Self


@dataclass(slots=True)
class Stopwatch:
    """`with Stopwatch() as watch:`, then `seconds` on the wall and `processor` seconds.

    The latter are those of all threads of this process.
    """

    began: float = 0.0
    used: float = 0.0
    seconds: float = 0.0
    processor: float | None = None

    def started(self) -> Self:
        """From now on."""
        self.began, self.used = time.perf_counter(), time.process_time()
        return self

    def stop(self) -> Self:
        """Up to now."""
        self.seconds, self.processor = (
            time.perf_counter() - self.began,
            time.process_time() - self.used,
        )
        return self

    def less(self, other: Stopwatch) -> Self:
        """Without what another one measured meanwhile."""
        self.seconds -= other.seconds
        self.processor = (
            None if self.processor is None else self.processor - (other.processor or 0.0)
        )
        return self

    def __enter__(self) -> Self:
        return self.started()

    def __exit__(self, *_error: object) -> None:
        self.stop()
