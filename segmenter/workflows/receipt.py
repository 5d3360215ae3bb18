"""`receipt`: what a patient has agreed to."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from segmenter.consent.receipt import ReceiptNames, make_receipt
from segmenter.workflows.why import why

if TYPE_CHECKING:
    from segmenter.consent.receipt import Receipt
    from segmenter.context import Context


def receipt(context: Context, patient_id: str, language: str) -> Receipt:
    """A patient's consent receipt as of now. For officers."""
    answer = why(context, patient_id)
    record_id = context.keys.pseudonym("consent record", patient_id)[:16]
    names = ReceiptNames(secrets.token_hex(8), record_id)
    return make_receipt(
        answer.explanation,
        context.policy,
        context.now(),
        names,
        exports=answer.exports,
        language=language,
    )
