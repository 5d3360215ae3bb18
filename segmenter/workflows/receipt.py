"""`receipt`: what a patient has agreed to."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from segmenter.consent import receipt as receipts
from segmenter.workflows.why import why

if TYPE_CHECKING:
    from segmenter.consent.receipt import Receipt
    from segmenter.context import Context


def receipt(context: Context, patient_id: str, language: str) -> Receipt:
    """A patient's consent receipt as of now. For officers."""
    answer = why(context, patient_id, None, None, None, None)
    names = {
        "receipt_id": secrets.token_hex(8),
        "record_id": context.keys.pseudonym("consent record", patient_id)[:16],
    }
    return receipts.receipt(answer, context.policy, context.now(), **names, language=language)
