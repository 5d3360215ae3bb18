"""The locks and the wheel: what is installed is what was chosen, and it holds all that the program
reads.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

packaging = pytest.importorskip("packaging.requirements")

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = {"requirements.lock": (), "requirements-dev.lock": ("postgres", "notebook", "test", "lint")}


def _locked(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return {_normal(n): v for n, v in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE)}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_satisfies_the_project_file(name: str) -> None:
    wanted = [
        *PROJECT["dependencies"],
        *(line for extra in LOCKS[name] for line in PROJECT["optional-dependencies"][extra]),
    ]
    locked = _locked(name)
    for line in wanted:
        requirement = packaging.Requirement(line)
        assert locked[_normal(requirement.name)] in requirement.specifier


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


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return zipfile.ZipFile(next(folder.glob("*.whl")))


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
    assert "[pytest11]\nsegmenter = segmenter.testing" in entries
