"""What all tests share: how long Hypothesis searches, and nothing of the caller's environment that
would change an answer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from ledgers import POSTGRES, SERVERS, Clock, fresh_schema

_COMMON = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}
settings.register_profile("default", max_examples=50, derandomize=True, **_COMMON)
settings.register_profile("search", max_examples=1000, **_COMMON)
settings.load_profile(os.environ.get("SEGMENTER_TEST_PROFILE", "default"))

OWN = (
    *("SEGMENTER_KEY", "SEGMENTER_MEMORY", "SEGMENTER_THREADS", "SEGMENTER_CONTROL_URL"),
    *(
        "COLUMNS",
        "LINES",
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR_FORCE",
        "TTY_COMPATIBLE",
        "PYTHONWARNINGS",
        "LANGUAGE",
    ),
)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys, limits and servers of the caller's own project must not reach a test's, nor what the
    caller's terminal is like.
    """
    for name in OWN:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Where a journal is kept: in SQLite (None), and on the test server where there is one."""
    if request.param == "sqlite":
        yield None
    elif not os.environ.get(POSTGRES):
        pytest.skip(f"no PostgreSQL: {POSTGRES} is not set")
    else:
        yield from fresh_schema()


@pytest.fixture
def server_url() -> Iterator[str]:
    """A journal's place on the test server, where there is one."""
    if not os.environ.get(POSTGRES):
        pytest.skip(f"no PostgreSQL: {POSTGRES} is not set")
    yield from fresh_schema()


@pytest.fixture
def clock() -> Clock:
    """A clock that the test turns."""
    return Clock()
