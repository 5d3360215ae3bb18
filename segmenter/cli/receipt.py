"""`receipt`: what a patient has agreed to."""

from typing import Any

import typer

from segmenter.cli.options import Json, Lang, Patient
from segmenter.cli.output import called, spoken


def receipt(ctx: typer.Context, *, patient: Patient, lang: Lang = None, json: Json = False) -> None:
    """Print a patient's consent receipt (officers only)."""
    language = spoken(lang)

    def ask(session: Any) -> Any:
        return session.receipt(patient, language=language)

    called(ctx, json=json).answer("receipt", ask, language)
