"""`forget`: a patient is erased."""

import typer

from segmenter.cli.options import Json, Patient
from segmenter.cli.output import called


def forget(ctx: typer.Context, *, patient: Patient, json: Json = False) -> None:
    """Erase a patient, recall what was exported, prove that nothing is left (officers only)."""
    called(ctx, json=json).answer("forget", lambda session: session.forget(patient))
