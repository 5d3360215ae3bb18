"""The demo clinic: the same seed gives the same bytes, nobody in it can be reached, the whole job
runs on it, the notebook too.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import stat
import tempfile
from pathlib import Path

import pytest

import segmenter
from pace import within
from segmenter import demo
from segmenter.errors import UsageError
from segmenter.project.folder import read_project

DAY = dt.date(2026, 11, 1)
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.py"))


def _bytes(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted((folder / "data").rglob("*"))
        if p.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo.generate(
        tmp_path_factory.mktemp("clinic") / "demo", patients=3000, seed=1, today=DAY
    )


def test_the_same_seed_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    assert _bytes(made) == _bytes(
        demo.generate(tmp_path / "again", patients=3000, seed=1, today=DAY)
    )


def test_another_seed_gives_others(made: Path, tmp_path: Path) -> None:
    other = _bytes(demo.generate(tmp_path / "other", patients=3000, seed=2, today=DAY))
    ours = _bytes(made)
    assert ours.keys() == other.keys()
    assert all(ours[name] != other[name] for name in ours if "links" not in name)


@pytest.mark.parametrize("patients", [1, 61])
def test_any_size(tmp_path: Path, patients: int) -> None:
    folder = demo.generate(tmp_path / "small", patients=patients, seed=3, today=DAY)
    assert (
        len((folder / "data" / "patients.csv").read_text(encoding="utf-8").splitlines())
        == patients + 1
    )


def test_nobody_is_no_clinic(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        demo.generate(tmp_path / "none", patients=0)


def test_its_addresses_and_numbers_are_kept_for_fiction(made: Path) -> None:
    text = (made / "data" / "patients.csv").read_text(encoding="utf-8")
    domains = {found.lower() for found in re.findall(r"@([\w.-]+)", text)}
    assert domains <= {
        "courriel.example",
        "boite.example",
        "example.org",
        "example.net",
        "courriel",
    }
    numbers = {
        re.sub(r"\D", "", found)[-9:] for found in re.findall(r"(?:\+33|\b0)6[\d ]{8,}", text)
    }
    assert numbers
    assert all(number.startswith("63998") for number in numbers)


def test_its_project_is_right_and_the_present_account_its_officer(made: Path) -> None:
    from segmenter.context import account

    project = read_project(made)
    assert project.policy.actor(account()).is_officer
    assert {segment for segment, _, _ in demo.EXPORTS} == set(project.segments)
    assert all(
        segment.title.get("fr") and segment.title.get("en") for segment in project.segments.values()
    )


def test_the_recipients_key_is_private(made: Path) -> None:
    assert stat.S_IMODE((made / "recipient.age-key").stat().st_mode) == 0o600
    assert stat.S_IMODE((made / ".segmenter").stat().st_mode) == 0o700


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "policy.yml").write_text("version: 1\n", encoding="utf-8")
    with pytest.raises(UsageError, match="not empty"):
        demo.generate(tmp_path, patients=10)
    assert (tmp_path / "policy.yml").read_text(encoding="utf-8") == "version: 1\n"


def test_an_earlier_demo_is_made_anew(tmp_path: Path) -> None:
    first = _bytes(demo.generate(tmp_path / "twice", patients=100, seed=1, today=DAY))
    (tmp_path / "twice" / "data" / "stray.csv").write_text("x\n", encoding="utf-8")
    assert _bytes(demo.generate(tmp_path / "twice", patients=100, seed=1, today=DAY)) == first


def test_the_whole_job_in_time(tmp_path: Path) -> None:
    steps: list[str] = []
    with within(60):
        report = demo.run(
            tmp_path / "clinic",
            patients=4000,
            seed=1,
            progress=lambda step, _done=None: steps.append(step),
        )
    document = report.to_dict()
    assert len(report.rows("fr")) == len(demo.EXPORTS) == len(document["exports"])
    assert all(Path(path).exists() for path in document["paths"].values())
    assert any(line.startswith("Dépistage colorectal") for line in report.lines("fr"))
    assert any(line.startswith("Bowel screening") for line in report.lines("en"))
    assert "<table>" in report._repr_html_()
    assert report.to_polars().height == len(demo.EXPORTS)
    assert steps
    with segmenter.open(report.directory) as session:
        tried = session.test()
    assert tried.passed, tried


def test_an_export_of_the_demo_opens_with_its_key(tmp_path: Path) -> None:
    import pyrage

    report = demo.run(
        tmp_path / "clinic", patients=4000, seed=1
    )  # enough that noise hides no whole segment
    secret = (
        (tmp_path / "clinic" / "recipient.age-key").read_text(encoding="utf-8").splitlines()[-1]
    )
    identity = pyrage.x25519.Identity.from_str(secret)
    for export in report.exports:
        text = pyrage.decrypt(Path(export["file"]).read_bytes(), [identity]).decode()
        header = text.splitlines()[0]
        assert header in ("email,first_name,language", "postal,first_name")
        assert len(text.splitlines()) > 1


def _cells(path: Path) -> list[tuple[str, str]]:
    parts = re.split(r"(?m)^# %%(.*)\n", path.read_text(encoding="utf-8"))[1:]
    return [
        ("markdown", re.sub(r"(?m)^# ?", "", text)) if "[markdown]" in mark else ("code", text)
        for mark, text in zip(parts[::2], parts[1::2], strict=True)
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    manager = pytest.importorskip("jupyter_client.manager")
    monkeypatch.setenv("SEGMENTER_DEMO", str(tmp_path))
    monkeypatch.setenv("SEGMENTER_DEMO_PATIENTS", "3000")
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    made = nbformat.v4.new_notebook()
    make = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    made.cells = [make[kind](text.strip()) for kind, text in _cells(path)]
    with (
        tempfile.TemporaryDirectory() as sockets
    ):  # short names; and files, since a free port may be taken before the kernel has it
        kernel = manager.AsyncKernelManager(
            kernel_name="python3", transport="ipc", ip=f"{sockets}/k"
        )
        client = nbclient.NotebookClient(
            made,
            km=kernel,
            startup_timeout=600,
            resources={"metadata": {"path": str(path.parents[1])}},
        )
        client.execute(cleanup_kc=True)  # a kernel that was given is not let go of else
    shown = [output for cell in made.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [
        output
        for output in shown
        if output.output_type == "error" or output.get("name") == "stderr"
    ]
    assert sum(output.output_type == "execute_result" for output in shown) >= 5
