"""The locks and the wheel: what is installed is what was chosen, and it holds all that the program
reads.
"""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

packaging = pytest.importorskip("packaging.requirements")

ROOT = Path(__file__).parents[2]
TOML = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = TOML["project"]
LOCKS = {
    "requirements.lock": (),
    "requirements-dev.lock": ("postgres", "notebook", "test", "lint", "docs"),
}


def _locked(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return {_normal(n): v for n, v in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE)}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _asked_for(name: str) -> list[str]:
    """The requirements of the project file that a lock answers."""
    extras = PROJECT["optional-dependencies"]
    asked = list(PROJECT["dependencies"])
    for extra in LOCKS[name]:
        asked.extend(extras[extra])
    return asked


def _required_by(requirement: packaging.Requirement) -> list[packaging.Requirement]:
    """What an installed package requires here, for the extras that are asked of it."""
    lines = importlib.metadata.requires(requirement.name) or ()
    extras = requirement.extras or {""}
    return [
        wanted
        for wanted in map(packaging.Requirement, lines)
        if wanted.marker is None or any(wanted.marker.evaluate({"extra": e}) for e in extras)
    ]


def _closure(lines: list[str]) -> list[packaging.Requirement]:
    """Every requirement that follows from these, theirs included."""
    waiting = [packaging.Requirement(line) for line in lines]
    found: dict[str, packaging.Requirement] = {}
    while waiting:
        requirement = waiting.pop()
        if str(requirement) not in found:
            found[str(requirement)] = requirement
            waiting.extend(_required_by(requirement))
    return list(found.values())


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_the_project_file_asks_for_and_what_follows_from_it(name: str) -> None:
    locked = _locked(name)
    wanted = {_normal(requirement.name) for requirement in _closure(_asked_for(name))}
    assert set(locked) == wanted


@pytest.mark.parametrize("name", LOCKS)
def test_a_locked_version_is_one_that_everybody_accepts(name: str) -> None:
    locked = _locked(name)
    overridden = TOML["tool"]["uv"]["override-dependencies"]
    excepted = {packaging.Requirement(line).name for line in overridden}
    for requirement in _closure(_asked_for(name)):
        version = locked[_normal(requirement.name)]
        accepted = requirement.specifier.contains(version, prereleases=True)
        assert accepted or requirement.name in excepted, f"{requirement} is locked at {version}"


def test_no_oracle_of_the_tests_pins_what_the_product_runs_on() -> None:
    for requirement in _closure(PROJECT["dependencies"]):
        version = _locked("requirements.lock")[_normal(requirement.name)]
        assert requirement.specifier.contains(version, prereleases=True), requirement.name


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_a_hash_for_everything_and_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert len(entries) == len(_locked(name))
    for entry in entries:
        assert re.fullmatch(
            r"[A-Za-z0-9._-]+==\S+( ; [^\\]+)? \\(\n    --hash=sha256:[0-9a-f]{64}( \\)?)+", entry
        ), entry[:60]


def test_both_locks_agree() -> None:
    product, development = _locked("requirements.lock"), _locked("requirements-dev.lock")
    assert product.items() <= development.items()


def test_the_extension_is_of_the_engines_version() -> None:
    locked = _locked("requirements.lock")
    assert locked["duckdb"] == locked["duckdb-extension-httpfs"]


def test_the_steps_of_ci_name_files_that_exist() -> None:
    for step in (ROOT / ".ci").iterdir():
        named = re.findall(r"(?:tests|docs|\.ci)/[\w./]*\w", step.read_text(encoding="utf-8"))
        assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--directory", folder]
    for target in ("wheel", "sdist"):
        subprocess.run([*build, "--target", target], cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(next(built.glob("*.whl")))


def test_the_wheel_holds_every_relation(wheel: zipfile.ZipFile) -> None:
    ours = {f"segmenter/{path.relative_to(ROOT)}" for path in (ROOT / "sql").rglob("*.sql")}
    assert ours <= set(wheel.namelist())


def test_the_wheel_holds_every_file_of_the_package(wheel: zipfile.ZipFile) -> None:
    ours = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "segmenter").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours <= set(wheel.namelist())


def test_the_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    assert {name.split("/")[0] for name in wheel.namelist()} == {
        "segmenter",
        f"segmenter-{PROJECT['version']}.dist-info",
    }


def test_the_wheel_brings_the_command_and_the_pytest_plugin(wheel: zipfile.ZipFile) -> None:
    entries = wheel.read(f"segmenter-{PROJECT['version']}.dist-info/entry_points.txt").decode()
    assert "segmenter = segmenter.__main__:main" in entries
    assert "[pytest11]\nsegmenter = segmenter.pytest_plugin" in entries


def test_the_wheel_may_be_published_and_says_under_which_licence(wheel: zipfile.ZipFile) -> None:
    information = f"segmenter-{PROJECT['version']}.dist-info"
    told = wheel.read(f"{information}/METADATA").decode()
    assert "License-Expression: Apache-2.0" in told
    assert "Private ::" not in told
    licence = (ROOT / "LICENSE").read_bytes()
    assert wheel.read(f"{information}/licenses/LICENSE") == licence


def test_the_newest_version_that_users_are_told_of_is_the_projects() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (\d+\.\d+\.\d+)", text, re.MULTILINE)
    assert versions[0] == PROJECT["version"]


def test_a_wheel_can_be_built_from_the_source_distribution(built: Path, tmp_path: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path, filter="data")
    source = tmp_path / f"segmenter-{PROJECT['version']}"
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel"],
        cwd=source,
        check=True,
        capture_output=True,
    )
    again = zipfile.ZipFile(next((source / "dist").glob("*.whl")))
    first = zipfile.ZipFile(next(built.glob("*.whl")))
    assert sorted(again.namelist()) == sorted(first.namelist())
