"""What all tests share: how long Hypothesis searches, and no project key from the caller's environment."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

_COMMON = {"deadline": None, "print_blob": True, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]}
settings.register_profile("default", max_examples=50, derandomize=True, **_COMMON)
settings.register_profile("search", max_examples=1000, **_COMMON)
settings.load_profile(os.environ.get("SEGMENTER_TEST_PROFILE", "default"))


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key or limits set for the caller's own project must not reach a test's."""
    for name in ("SEGMENTER_KEY", "SEGMENTER_MEMORY", "SEGMENTER_THREADS"):
        monkeypatch.delenv(name, raising=False)
