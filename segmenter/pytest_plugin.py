"""The pytest plugin: a company tests its project in CI, without real data.

With `pytest --segmenter` every `policy.yml` that pytest comes across is a test file of three tests:
committed costs, coverage, privacy. Fixtures: `segmenter_project` (the folder:
`--segmenter-project`, else the root of the tests) and `segmenter_session`, a session on an invented
world that is ingested already. In a test of one's own::

    from segmenter.pytest_plugin import assert_private

    def test_our_segments(segmenter_project):
        assert_private(segmenter_project, epsilon="0.5")
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from segmenter.noise.mechanisms import Source
    from segmenter.session import Session

POLICY = "policy.yml"


def assert_private(
    project: str | Path,
    *,
    epsilon: str | float | None = None,
    noise: Source | None = None,
    runs: int | None = None,
) -> None:
    """Fail if a publication of the project leaks more than its epsilon.

    Found by attacking neighbouring invented worlds.

    `epsilon` stands for what the segments ask. Passing proves nothing; failing has a chance of
    error of one in a million.
    """
    from segmenter.selftest import checks as trial

    wish = None if epsilon is None else str(epsilon)
    most_runs = runs or trial.MOST_RUNS
    found = trial.leaks(Path(project), wish, noise, most_runs)
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def assert_locked(project: str | Path) -> None:
    """Fail if a release of the project costs more, moves more or is wider than `budgets.lock` says.

    The message lists the differences.
    """
    from segmenter.planning import budget_lock

    changes = budget_lock.changes(Path(project))
    if any(change.rise for change in changes):
        lines = [f"{budget_lock.NAME} does not hold; `segmenter plan --lock` writes a new one:"]
        lines += [str(change) for change in changes]
        pytest.fail("\n".join(lines), pytrace=False)


def assert_covered(project: str | Path) -> None:
    """Fail if a segment's `where` selects nobody in an invented world that has everyone."""
    from segmenter.selftest import checks as trial

    found = trial.uncovered(Path(project))
    if found:
        pytest.fail("\n".join(found), pytrace=False)


# -- the plugin ------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the plugin."""
    group = parser.getgroup("segmenter")
    group.addoption(
        "--segmenter",
        action="store_true",
        help="test every segmenter project found: costs, coverage, privacy",
    )
    group.addoption(
        "--segmenter-project",
        metavar="DIR",
        default=None,
        help="the project of the fixtures; else the root of the tests",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A project's policy is a file of tests."""
    if file_path.name == POLICY and parent.config.getoption("--segmenter"):
        made: pytest.Collector = ProjectFile.from_parent(parent, path=file_path)
        return made
    return None


class ProjectFile(pytest.File):
    """The tests of one project."""

    def collect(self) -> Iterator[pytest.Item]:
        """Costs, coverage, privacy."""
        for name, check in (
            ("costs", assert_locked),
            ("coverage", assert_covered),
            ("privacy", assert_private),
        ):
            yield ProjectItem.from_parent(self, name=name, check=check)


class ProjectItem(pytest.Item):
    """One check of a project."""

    def __init__(self, *, check: Any, **given: Any) -> None:
        super().__init__(**given)
        self.check = check

    def runtest(self) -> None:
        """Run the check on the project's folder."""
        self.check(self.path.parent)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """How the report names it."""
        return self.path, None, f"segmenter: {self.name}"


@pytest.fixture(scope="session")
def segmenter_project(request: pytest.FixtureRequest) -> Path:
    """The folder of the project under test."""
    given = request.config.getoption("--segmenter-project")
    if given:
        return Path(given).absolute()
    return request.config.rootpath


@pytest.fixture(scope="session")
def segmenter_session(
    segmenter_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Session]:
    """The project's policy and segments on an invented world, ingested.

    Run, export and ask as you would.
    """
    from segmenter.selftest import checks as trial
    from segmenter.session import Session

    folder = tmp_path_factory.mktemp("segmenter")
    with trial.invented(segmenter_project, folder=folder) as made:
        yield Session(made)
