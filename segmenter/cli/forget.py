"""`forget`: a patient is erased."""

from typing import Annotated, Any

import typer

from segmenter.cli.options import Json, Patient
from segmenter.cli.output import called


def forget(
    ctx: typer.Context,
    *,
    patient: Patient,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Erase even if others share an address.")
    ] = False,
    json: Json = False,
) -> None:
    """Erase a patient, recall what was exported, prove that nothing is left (officers only)."""

    def ask(session: Any) -> Any:
        return session.forget(patient, confirm=confirm)

    called(ctx, json=json).answer("forget", ask)
