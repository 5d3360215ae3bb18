"""Limits on time that hold on any machine: seconds of the processor, on a processor as fast as the
present one turns out to be.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

USUAL = 0.0125  # seconds that `_tick` takes on the machine that the limits were written on


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail where the block takes more of this process's processor time. A slower or busier machine
    gets as much more as it is slower.
    """
    slow = slowness()
    begun = time.process_time()
    yield
    took = time.process_time() - begun
    limit = seconds * max(slow, slowness())
    assert took <= limit, f"took {took:.2f} s of the processor, at most {limit:.2f} s were expected"


def slowness() -> float:
    """How many times slower than usual this processor is now; 1 where it is faster."""
    return max(1.0, _tick() / USUAL)


def _tick() -> float:
    begun = time.process_time()
    sum(n * n for n in range(300_000))
    return time.process_time() - begun
