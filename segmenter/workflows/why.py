"""`why`: which rules let a patient be used or not, for the officer and for access requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from segmenter.consent.explain import Explanation, Use, every_use, explain, segment_uses
from segmenter.consent.scopes import Scopes
from segmenter.errors import UsageError
from segmenter.governance import access_report
from segmenter.model import ANY, Clocks, Framed, stamp
from segmenter.nearest import hint, undeclared
from segmenter.project.folder import read_project
from segmenter.project.policy import CONTACT
from segmenter.workflows.decisions import known_tables, opened
from segmenter.workflows.places import registry_of
from segmenter.workflows.request import snapshot_at

if TYPE_CHECKING:
    import polars as pl

    from segmenter.context import Context

ENTRY = {
    "en": "Not contacted: an entry of the suppression list ({reason}, channel {channel}). (S2)",
    "fr": "Ne pas contacter\u00a0: inscription sur la liste d'opposition "
    "(motif\u00a0: {reason}, canal\u00a0: {channel}). (S2)",
}


@dataclass(frozen=True, slots=True)
class WhyReport(Framed):
    """What `why` answers about one patient id.

    Consent decides; `suppression` is what else stands against contact now.
    """

    explanation: Explanation = field(repr=False)
    exports: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    suppression: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    @property
    def allowed(self) -> bool:
        """Whether consent allows at least one of the uses."""
        return self.explanation.allowed

    def to_dict(self) -> dict[str, Any]:
        """The contract's document: `allowed`, `reasons`, `exports`; and each use by itself."""
        return {
            **self.explanation.to_dict(),
            "exports": [dict(export) for export in self.exports],
            "suppression": [dict(entry) for entry in self.suppression],
        }

    def to_polars(self) -> pl.DataFrame:
        """One row a use: what was asked, whether it is allowed, rules and reasons against it."""
        return self.explanation.to_polars()

    def sentences(self, language: str = "en") -> list[str]:
        """The answer in words, and a line for each entry that stands against contact (S2)."""
        lines = self.explanation.sentences(language)
        words = ENTRY.get(language, ENTRY["en"])
        for entry in self.suppression:
            reason = entry.get("reason", "-")
            channel = entry.get("channel", ANY)
            lines.append(words.format(reason=reason, channel=channel))
        return lines


def why(
    context: Context,
    patient_id: str,
    segment: str | None = None,
    channel: str | None = None,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> WhyReport:
    """WhyReport a patient may or may not be used: for every use of the policy, or for one segment.

    With a channel the question is whether the segment may contact them there, so it reads `contact`
    too. Both clocks are now if nothing is said. Leaves a line with the patient's pseudonym.
    """
    now = context.now()
    clocks = Clocks(as_of or now, known_at or now)
    uses = _uses(context, segment, channel)
    snapshot = snapshot_at(context, clocks.known_at)
    with opened(context, snapshot) as place:
        engine, tables = place.engine, place.tables
        person = access_report.person_of(engine, tables, patient_id)
        exports = access_report.exports_of(engine, registry_of(context), person)
        listed = tables["suppression_entry"]
        entries = access_report.entries_of(engine, person, tables, listed)
        known = known_tables(context, place, snapshot)
        explanation = explain(engine, context.policy, known, patient_id, clocks, uses)
    body = {
        "patient": context.keys.pseudonym("patient", patient_id),
        "segment": segment,
        "as_of": stamp(clocks.as_of),
        "known_at": stamp(clocks.known_at),
    }
    context.record("why", body)
    return WhyReport(explanation, exports, entries)


def _uses(context: Context, segment: str | None, channel: str | None) -> list[Use]:
    """The uses that are asked about. Raises `UsageError` for a name that is not declared."""
    policy = context.policy
    if channel is not None and channel not in policy.channels:
        raise undeclared("channel", channel, policy.channels)
    if segment is None:
        return _uses_of_policy(context, channel)
    (resolved,) = read_project(context.root, segments=(segment,)).chosen()
    own = resolved.segment
    if channel is None:
        return segment_uses(own.purpose, own.channels, own.topic, resolved.categories)
    if channel not in own.channels:
        msg = f"the segment `{segment}` does not list the channel `{channel}`"
        raise UsageError(msg, hint=hint(channel, own.channels))
    categories = list(resolved.categories)
    if CONTACT in policy.purposes[own.purpose].categories:
        categories.append(CONTACT)
    return segment_uses(own.purpose, (channel,), own.topic, categories)


def _uses_of_policy(context: Context, channel: str | None) -> list[Use]:
    """Every use of the policy, on one channel if one is named."""
    uses = list(every_use(Scopes.of(context.policy)))
    if channel is None:
        return uses
    on_channel = [use for use in uses if use.channel == channel]
    if not on_channel:
        raise UsageError(f"no purpose lists the channel `{channel}`")
    return on_channel
