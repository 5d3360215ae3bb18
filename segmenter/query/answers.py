"""Stored answers of questions: sealed files, named by their question (P6).

A repeat is free. What cannot be opened is not there.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from segmenter.errors import ProjectKeyError
from segmenter.model import stamp
from segmenter.private.files import write_file
from segmenter.query.answer import Answer
from segmenter.query.question import canonical

if TYPE_CHECKING:
    from pathlib import Path

    from segmenter.private.keys import Keys
    from segmenter.project.family import Setting
    from segmenter.query.question import Question

ENDING = "sealed"


def name(question: Question, setting: Setting) -> str:
    """The name of the stored answer: the same for all who ask the same (P6).

    The same question of the same snapshot, under the same policy, at the same clocks.
    """
    parts = [
        "query",
        canonical(question),
        setting.snapshot,
        setting.policy,
        stamp(setting.clocks.as_of),
        stamp(setting.clocks.known_at),
    ]
    text = json.dumps(parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def keep(folder: Path, keys: Keys, question: str, answer: Answer) -> None:
    """Store an answer under its question's `name`, sealed, whole and on disk on return."""
    write_file(
        folder / f"{question}.{ENDING}",
        keys.sealed(json.dumps([question, answer.to_json()]).encode()),
    )


def find(folder: Path, keys: Keys, question: str, epsilon: int = 0) -> Answer | None:
    """The stored answer that was paid with at least `epsilon` (nano-units).

    None if there is none that can be opened.
    """
    try:
        kept, text = json.loads(keys.opened((folder / f"{question}.{ENDING}").read_bytes()))
        found = Answer.from_json(text)
    except (OSError, ProjectKeyError, ValueError, KeyError, TypeError):
        return None
    return found if kept == question and found.epsilon >= epsilon else None
