"""`subject`: all that is held of a patient."""

from typing import Any

import typer

from segmenter.cli.options import Json, Lang, Patient
from segmenter.cli.output import called, spoken


def subject(ctx: typer.Context, *, patient: Patient, lang: Lang = None, json: Json = False) -> None:
    """Tell all that is held of a patient: an access report (officers only)."""
    language = spoken(lang)

    def ask(session: Any) -> Any:
        return session.subject(patient, language=language)

    called(ctx, json=json).answer("subject", ask, language)
