"""The project's stored releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.errors import Refusal
from segmenter.project.family import Family, table_key
from segmenter.release.answers import Answers

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.project.segment import Resolved
    from segmenter.published.release import Release


def answers_of(context: Context) -> Answers:
    """The project's stored answers."""
    folder = context.home / "releases"
    return Answers(folder, context.keys, context.journal)


def latest_release(context: Context, segment: Resolved) -> Release | None:
    """The newest release of the segment's own table, if it is young enough (P6).

    It may be of any snapshot, but only of the policy in force.
    """
    policy = context.policy
    family = Family.of(segment)
    key = table_key(family, segment.dimensions, policy.deciding_hash())
    answers = answers_of(context)
    return answers.latest(key, context.now(), policy.release.max_age_days)


def required_release(context: Context, segment: Resolved) -> Release:
    """As `latest_release`; raises `Refusal` (P6) if there is none."""
    release = latest_release(context, segment)
    if release is None:
        raise Refusal(
            "P6",
            f"the segment `{segment.name}` has no release that is young enough",
            hint=f"run `segmenter run {segment.name}` first",
        )
    return release
