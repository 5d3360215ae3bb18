"""A plugin for an engine that has no extension to encrypt with: what needs one is skipped, by name.

Everything else runs, on projects whose policy says `encryption: off`, and must pass. It is loaded
with `-p unencrypted`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

os.environ["SEGMENTER_TEST_ENCRYPTION"] = "off"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Skip a test that asked for an encrypted file."""
    outcome: Any = yield
    report = outcome.get_result()
    if report.failed and _needs_encryption(call):
        path, line, _ = item.location
        report.outcome = "skipped"
        report.longrepr = (path, line or 0, "Skipped: needs an extension that encrypts")


def _needs_encryption(call: pytest.CallInfo[None]) -> bool:
    """Whether a test failed, itself or in what a command told it, for want of the extension."""
    return call.excinfo is not None and "files cannot be encrypted" in str(call.excinfo.value)
