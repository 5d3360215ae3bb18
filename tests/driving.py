"""The program as a person starts it: a process of its own, with arguments, an exit status, and two
streams.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).parents[1]
MAKE_WORLD = Path(__file__).parents[1] / "../shared/tools/make_world.py"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a process left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        answer = json.loads(self.out)
        assert isinstance(answer, dict)
        return answer

    @property
    def error(self) -> dict[str, Any]:
        """The error object of a failure."""
        return self.json["error"]


@dataclass(frozen=True, slots=True)
class Program:
    """Commands on one project folder; `inside` runs them in this process, which takes a tenth of
    the time.
    """

    root: Path
    inside: bool = False

    def command(self, *words: str) -> list[str]:
        """The words of a process."""
        return [sys.executable, "-m", "segmenter", "-C", str(self.root), *words]

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A process that runs on its own; the caller waits for it."""
        return subprocess.Popen(
            self.command(*words),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            cwd=HOUSE,
            start_new_session=True,
        )

    def __call__(self, *words: str) -> Ran:
        """Run a command to its end."""
        return self._here(*words) if self.inside else finished(self.start(*words))

    def _here(self, *words: str) -> Ran:
        from segmenter.cli import main as program

        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = program.run(["-C", str(self.root), *words])
        return Ran(status, out.getvalue(), err.getvalue())

    def ok(self, *words: str) -> dict[str, Any]:
        """Run a command that must succeed, and its JSON answer."""
        ran = self(*words, "--json")
        assert ran.status == 0, f"{words} exited {ran.status}\n{ran.out}\n{ran.err}"
        return ran.json

    def export(self, segment: str, channel: str, destination: str = "check") -> dict[str, Any]:
        """Export, and the answer."""
        return self.ok("export", segment, "--channel", channel, "--destination", destination)


def finished(process: subprocess.Popen[str]) -> Ran:
    """Wait for a process."""
    out, err = process.communicate()
    return Ran(process.returncode, out, err)


def environment(**added: str) -> dict[str, str]:
    """The caller's environment without its project's key, with the checkout to import from."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEGMENTER_")}
    return {**kept, "PYTHONPATH": str(HOUSE), "PYTHONWARNINGS": "error", **added}


def exported_ids(file: str | Path) -> list[str]:
    """The patient ids in an exported CSV file, without the quote that makes a formula harmless."""
    with Path(file).open(newline="", encoding="utf-8") as handle:
        found = [row["patient_id"] for row in csv.DictReader(handle)]
    return [one[1:] if one[:1] == "'" and one[1:2] in tuple("=+-@") else one for one in found]


def kept_cells(run: dict[str, Any], segment: str) -> list[dict[str, str]]:
    """The cells of a segment that `run` shows, as dimension to label."""
    (told,) = [one for one in run["segments"] if one["segment"] == segment]
    extra = ("count", "interval", "withheld")
    return [
        {name: value for name, value in cell.items() if name not in extra}
        for cell in told["cells"]
        if not cell["withheld"]
    ]


def make_world(root: Path, seed: int, patients: int) -> Path:
    """A project around real patients, by the maker of worlds that lies beside the checkout."""
    subprocess.run(
        [
            sys.executable,
            str(MAKE_WORLD),
            str(root),
            "--seed",
            str(seed),
            "--patients",
            str(patients),
        ],
        check=True,
        capture_output=True,
    )
    return root


def failed(capsys: Any, *words: str) -> tuple[int, dict[str, Any], str]:
    """Run a command in this process that has to fail: its status, its error object, and what it
    said to people.
    """
    from segmenter.cli import main as program

    status = program.run([*words, "--json"])
    captured = capsys.readouterr()
    return status, json.loads(captured.out)["error"], captured.err
