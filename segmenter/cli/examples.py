"""Examples of the commands, shown at the end of their `--help`. Each one is run by the tests."""

import typer

EXAMPLES: dict[str, tuple[str, ...]] = {
    "init": ("segmenter init clinic",),
    "demo": ("segmenter demo demo-clinic --patients 2000",),
    "check": ("segmenter -C clinic check",),
    "ingest": ("segmenter -C clinic ingest --json",),
    "plan": (
        "segmenter plan",
        "segmenter plan 'women_*' tag:campaign --target 10",
        "segmenter plan --lock",
    ),
    "run": (
        "segmenter run",
        "segmenter run women_screening --epsilon 0.3",
        "segmenter run --table age_band,sex",
    ),
    "export": ("segmenter export women_screening --channel email --destination mailer",),
    "query": (
        (
            'segmenter query "SELECT age_band, count(*) FROM patient GROUP BY age_band"'
            " --purpose statistics --epsilon 0.3"
        ),
    ),
    "discover": ("segmenter discover women_screening --toward \"age_band = '65-79'\"",),
    "report": ("segmenter report women_screening --to reports --lang fr",),
    "why": (
        "segmenter why P1042",
        (
            "segmenter why P1042 --segment women_screening --channel email"
            " --as-of 2026-03-01 --lang fr"
        ),
    ),
    "notice": ("segmenter notice --purpose prevention --before 2027-01-01",),
    "forecast": ("segmenter forecast prevention --epsilon 0.1",),
    "exposed": ("segmenter exposed 2506c533fbc1c62e",),
    "verify": ("segmenter verify list.manifest.json",),
    "recall": ("segmenter recall", "segmenter recall ack 58efa0607c99c35b"),
    "suppress": (
        "segmenter suppress show",
        "segmenter suppress import unsubscribed.csv --channel email",
        "segmenter suppress add email -",
        "segmenter suppress lift email - --reason 'asked for it in writing'",
    ),
    "budget": ("segmenter budget", "segmenter budget verify"),
    "schema": ("segmenter schema policy",),
}


def shown(app: typer.Typer) -> None:
    """Show the examples with their commands."""
    for command in app.registered_commands:
        command.epilog = _text(
            command.name or command.callback.__name__ if command.callback else ""
        )
    for group in app.registered_groups:
        if group.typer_instance is not None:
            group.epilog = _text(str(group.typer_instance.info.name))


def _text(name: str) -> str | None:
    """One example a line; the mark in front keeps the lines apart."""
    if name in EXAMPLES:
        lines = [f"  {line}" for line in EXAMPLES[name]]
        return "\n".join(("\b", "For example:", *lines))
    return None
