"""The whole job on the demo clinic, as a person would do it from Python.

Open, ingest, plan, run, export.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.demo.clinic import generate
from segmenter.demo.report import DemoReport

if TYPE_CHECKING:
    from collections.abc import Callable

EXPORTS = (  # segment, channel, destination
    ("depistage_colorectal", "email", "routeur"),
    ("suivi_sejours", "email", "routeur"),
    ("vaccination_grippe", "post", "imprimeur"),
    ("lettre_quartier", "email", "routeur"),
)


def run(
    directory: Path | str = "demo-clinic",
    patients: int = 20_000,
    seed: int = 1,
    progress: Callable[[str, float | None], None] = lambda _step, _done: None,
) -> DemoReport:
    """Make the clinic in `directory` and run the whole job on it.

    The report holds published numbers and paths only. Raises `UsageError` for a folder that is
    something else, and whatever the verbs of the session raise.
    """
    import segmenter

    root = generate(Path(directory), patients, seed, progress=progress)
    with segmenter.open(root, progress=progress) as session:
        ingested = session.ingest()
        planned = session.plan(lock=True)
        ran = session.run()
        exported = tuple(
            {
                "segment": segment,
                "channel": channel,
                **session.export(segment, channel=channel, destination=destination).to_dict(),
            }
            for segment, channel, destination in EXPORTS
        )
        return DemoReport(
            directory=root,
            titles={name: segment.title for name, segment in session.segments.items()},
            ingest=ingested.to_dict(),
            plan=planned.to_dict(),
            run=ran.to_dict(),
            exports=exported,
        )
