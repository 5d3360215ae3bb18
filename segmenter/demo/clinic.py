"""The invented clinic as a project folder.

Drawn by the engine over sets, from a seed, at any size.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.engine import DuckDBEngine, Limits
from segmenter.errors import UsageError
from segmenter.private.files import write_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

MARK = "# Made by `segmenter demo`"
CSV = "FORMAT csv, HEADER"
PARQUET = "FORMAT parquet"
JSON_LINES = "FORMAT json"
FILES = (  # relation, file, how it is written
    ("demo_patient", "patients.csv", CSV),
    ("demo_stay", "stays.parquet", PARQUET),
    ("demo_consent", "consent_events.csv", CSV),
    ("demo_preference", "preferences.csv", CSV),
    ("demo_link", "links.csv", CSV),
    ("demo_unsubscribed", "lists/unsubscribed.csv", CSV),
    ("demo_bounce", "lists/mail_events.jsonl", JSON_LINES),
    ("demo_do_not_contact", "lists/do_not_contact.csv", CSV),
)


def generate(
    directory: Path,
    patients: int = 20_000,
    seed: int = 1,
    *,
    today: date | None = None,
    progress: Callable[[str, float | None], None] = lambda _step, _done: None,
) -> Path:
    """Make the clinic's project folder and return it, as an absolute path.

    The same `seed`, number of `patients` and day (`today`, default the present one, UTC) give the
    same bytes under `data/`. A folder that an earlier demo made is made anew, its private folder
    included; any other folder that is not empty is refused (`UsageError`).
    """
    if patients < 1:
        raise UsageError("a clinic needs at least one patient")
    directory = directory.resolve()
    _clear(directory)
    _write_project(directory)
    _write_data(directory, patients, seed, today or datetime.now(UTC).date(), progress)
    return directory


def _clear(directory: Path) -> None:
    """Empty a folder that a demo made."""
    if not directory.exists() or not any(directory.iterdir()):
        return
    policy = directory / "policy.yml"
    if not policy.is_file() or not policy.read_text(encoding="utf-8", errors="replace").startswith(
        MARK
    ):
        raise UsageError(
            "this folder is not empty and no demo made it",
            file=directory,
            hint="name another folder",
        )
    for name in ("data", "segments", ".segmenter"):
        shutil.rmtree(directory / name, ignore_errors=True)


def _write_project(directory: Path) -> None:
    """Policy, sources and segments.

    With the present account as officer and a recipient's key made for this folder.
    """
    import pyrage

    from segmenter.context import account

    identity = pyrage.x25519.Identity.generate()
    words = {"ACCOUNT": account(), "RECIPIENT": str(identity.to_public())}
    texts = resources.files("segmenter.demo") / "project"
    (directory / "segments").mkdir(parents=True, exist_ok=True)
    for folder in ("", "segments"):
        for entry in (texts / folder).iterdir():
            if not entry.name.endswith(".yml"):
                continue
            text = entry.read_text(encoding="utf-8")
            for hole, word in words.items():
                text = text.replace(hole, word)
            (directory / folder / entry.name).write_text(text, encoding="utf-8")
    secret = directory / "recipient.age-key"
    opening = "`age -d -i recipient.age-key FILE` opens an export."
    told = f"# The recipient's half of the demo key: {opening}\n{identity}\n"
    write_file(secret, told.encode())
    (directory / ".gitignore").write_text(".segmenter/\nrecipient.age-key\n", encoding="utf-8")


def _write_data(
    directory: Path,
    patients: int,
    seed: int,
    today: date,
    progress: Callable[[str, float | None], None],
) -> None:
    """Draw each file with one thread, so that rows come out in one order."""
    data = directory / "data"
    lists = data / "lists"
    lists.mkdir(parents=True)
    values = {"seed": seed, "patients": patients, "today": today.isoformat()}
    spill = directory / ".segmenter" / "spill"
    limits = replace(Limits.of_machine(), threads=1)
    with DuckDBEngine(spill, None, limits) as engine:
        drawn = {"demo_draw": engine.make("demo_draw", values=values)}
        for done, (relation, name, options) in enumerate(FILES):
            progress(f"drawing {name}", done / len(FILES))
            table = engine.make(relation, reads=drawn, values=values)
            engine.copy_out(table, data / name, options)
            drawn[relation] = table
    private = directory / ".segmenter"
    private.chmod(0o700)
