"""Times on the command line."""

from __future__ import annotations

import pytest

from segmenter.errors import UsageError
from segmenter.inputs import moment


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-01", "2026-02-28T23:00:00"),
        ("2026-07-01", "2026-06-30T22:00:00"),
        ("2026-03-01T10:00", "2026-03-01T09:00:00"),
        ("2026-03-01 10:00:30.5", "2026-03-01T09:00:30.500000"),
        ("2026-03-01T10:00Z", "2026-03-01T10:00:00"),
        ("2026-03-01T10:00:00+05:30", "2026-03-01T04:30:00"),
        ("2026-03-01T10:00-02", "2026-03-01T12:00:00"),
    ],
)
def test_a_moment_is_utc(text, utc):
    assert moment(text, "Europe/Paris").isoformat() == f"{utc}+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "01/03/2026",
        "2026-02-30",
        "20260301",
        "2026-03-01T25:00",
        "2026-03-01T10",
        "0001-01-01T00:00+23:00",
        "2026-W01",
    ],
)
def test_anything_else_is_an_error(text):
    with pytest.raises(UsageError) as caught:
        moment(text, "Europe/Paris")
    assert text == "" or text not in str(caught.value)
