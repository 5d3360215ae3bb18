"""`export`: the kept cells of a segment's latest release become a registered file.

Everybody is checked again as of now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from segmenter.budget import accounting
from segmenter.consent import gate as consent
from segmenter.errors import BudgetError, PolicyError, Refusal, UsageError
from segmenter.export import layout as layouts
from segmenter.export import members
from segmenter.export.commit import commit
from segmenter.export.contacts import contacts
from segmenter.export.funnel import Histogram, Publish, Published
from segmenter.export.order import Export, Order
from segmenter.model import Clocks, Cost
from segmenter.nearest import undeclared
from segmenter.project.folder import read_project
from segmenter.published.segment_count import read_off
from segmenter.registers.entries import ADDED, FORGOTTEN, IMPORTED, LIFTED
from segmenter.registers.exports import FILE_DAYS
from segmenter.release.publish import publish_histogram
from segmenter.store.snapshots import INGESTED
from segmenter.suppression import preference, suppression_list
from segmenter.suppression.preference import PlannedContact, caps_of
from segmenter.suppression.quiet_hours import pack_of, require_open
from segmenter.suppression.suppression_list import ListQuestion
from segmenter.workflows.answers import latest_release
from segmenter.workflows.budget import ledger_of
from segmenter.workflows.decisions import decide, reading
from segmenter.workflows.loads import require_passed
from segmenter.workflows.places import nobody_changes_lists, registry_of
from segmenter.workflows.recovery import require_confirmed

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.engine import Engine, Table, Tables
    from segmenter.journal.journal import JournalEntry
    from segmenter.model import Snapshot, Spend
    from segmenter.project.folder import Project
    from segmenter.project.policy import Channel, Destination, Policy
    from segmenter.project.segment import Resolved
    from segmenter.registers.exports import ExportLayout
    from segmenter.workflows.decisions import Decided


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be exported to whom, all checked by name before any data is read."""

    project: Project
    segment: Resolved
    channel: str
    destination: Destination


def export(
    context: Context,
    name: str,
    channel: str,
    destination: str | None = None,
    planned_at: datetime | None = None,
) -> Export:
    """Export the members of a segment who may be contacted on `channel`.

    They are decided as of now, under one lock.

    Raises `PolicyError` (C14) before data is read, `Refusal` if no release is young enough (P6),
    a feed is not fresh (S7) or the planned time is in quiet hours, `UsageError` for a name that is
    not there or a planned time that is over. Where the funnel cannot be paid it is null (P16).
    """
    require_confirmed(context)
    require_passed(context)
    parcel = _parcel(context, name, channel, destination)
    _require_future(context, planned_at)
    funnel = _Funnel(context, parcel)
    try:
        with registry_of(context).alone():
            return _attempt(context, parcel, planned_at, funnel)
    except OvertakenError:
        pass
    while True:
        try:
            with nobody_changes_lists(context):
                return _attempt(context, parcel, planned_at, funnel)
        except OvertakenError:  # by an officer's lift, the one thing that no lock holds off
            continue


class OvertakenError(Exception):
    """A newer snapshot, an imported list or a lift came while the export was made."""


@dataclass(slots=True)
class _Funnel:
    """The payment for the funnel, made once, before any member is read (P2, P16)."""

    context: Context
    parcel: Parcel
    is_asked: bool = False
    spend: Spend | None = None

    def reserve(self) -> None:
        """Pay, unless that was done before."""
        if not self.is_asked:
            self.is_asked = True
            self.spend = _reserve(self.context, self.parcel)


def _attempt(
    context: Context, parcel: Parcel, planned_at: datetime | None, funnel: _Funnel
) -> Export:
    """Make the export, and honour everything that has a smaller number in the journal.

    Raises `OvertakenError` if what came meanwhile asks to start again.
    """
    seen = len(context.journal.read())
    snapshot = context.store.current(context.journal)
    now = context.now()
    sent_at = planned_at or now
    policy = context.policy
    require_open(policy.channels[parcel.channel], sent_at, policy.time_zone)
    with reading(context, snapshot) as found:
        engine = found.engine
        suppression_list.require_fresh(engine, found.tables["feed"], now)
        layout = _layout(policy, parcel, engine.columns(found.tables["patient"]))
        order = _order(policy, parcel, layout, snapshot, now, sent_at)
        kept = _kept(context, parcel.segment)
        funnel.reserve()
        place = decide(context, found, snapshot, Clocks(now, now), writes=True)
        tables = _with_members(context, place, order, parcel.segment, kept)
        check = _Check(context, engine, order, tables)
        checked = check.of(tables)
        return commit(
            engine,
            registry_of(context),
            order,
            tables | {"export_checked": checked},
            _publisher(context, funnel.spend),
            context.progress,
            recheck=lambda entries: check.again(checked, entries, seen),
        )


@dataclass(frozen=True, slots=True)
class _Check:
    """The last look at the members of an export: whether one of them is suppressed by now.

    `tables` are the snapshot's and the list's, `export_member`, `preferring` and `capped`.
    """

    context: Context
    engine: Engine
    order: Order
    tables: Tables

    def of(self, tables: Tables) -> Table:
        """The first reason against each member, with everyone suppressed whom `tables` list."""
        order = self.order
        identifier = order.layout.identifier
        question = ListQuestion(order.channel, order.purpose, order.topic, order.at, identifier)
        suppressed = suppression_list.suppressed(self.engine, tables, question)
        return members.check(
            self.engine,
            tables | {"suppressed": suppressed},
            self.context.keys,
            identifier,
            order.segment,
            order.holdout,
        )

    def again(self, written: Table, entries: Sequence[JournalEntry], seen: int) -> Table | None:
        """The reasons anew, if somebody has to leave the file that was `written`.

        So many of the journal's `entries` were `seen` before. Raises `OvertakenError`.
        """
        kinds = {entry.kind for entry in entries[seen:]}
        if kinds & {INGESTED, IMPORTED, LIFTED, FORGOTTEN}:
            raise OvertakenError
        if ADDED not in kinds:
            return None
        listed = suppression_list.load_live(self.engine, entries, self.tables)
        checked = self.of(self.tables | listed)
        return checked if members.struck(self.engine, written, checked) else None


def _parcel(context: Context, name: str, channel: str, destination: str | None) -> Parcel:
    context.store.expect_engine()
    project = read_project(context.root, segments=(name,))
    chosen = project.chosen()
    if len(chosen) != 1:
        msg = "an export is of one segment"
        raise UsageError(msg, hint="name one segment")
    policy = context.policy
    if channel not in policy.channels:
        raise undeclared("channel", channel, policy.channels)
    (segment,) = chosen
    if channel not in segment.segment.channels:
        place = segment.segment.problem("", "channels")
        raise PolicyError(
            "C14",
            f"the segment `{name}` does not list the channel `{channel}`",
            file=place.file,
            line=place.line,
        )
    parcel = Parcel(
        project=project,
        segment=segment,
        channel=channel,
        destination=_destination(policy, destination),
    )
    layouts.recipient(parcel.destination.name, parcel.destination.encrypt)
    return parcel


def _require_future(context: Context, planned_at: datetime | None) -> None:
    """Refuse a time of sending that is over: caps and quiet hours would look at the wrong days.

    The minute that is running counts as now.
    """
    if planned_at is not None and planned_at < context.now().replace(second=0, microsecond=0):
        msg = "the planned time of sending is in the past"
        raise UsageError(msg, hint="leave --planned-at out to send now")


def _destination(policy: Policy, name: str | None) -> Destination:
    known = policy.destinations
    if name is not None:
        if name not in known:
            raise undeclared("destination", name, known)
        return known[name]
    if not known:
        raise UsageError("no destination is declared", hint="add `destinations` to policy.yml")
    if len(known) > 1:
        raise UsageError(
            "several destinations are declared and none is chosen",
            hint=f"choose with --destination: {', '.join(known)}",
        )
    (only,) = known.values()
    return only


def _layout(policy: Policy, parcel: Parcel, columns: Sequence[str]) -> ExportLayout:
    carried = tuple(column for column in columns if column != "patient")
    source = layouts.PatientColumns(carried, parcel.project.sources.patient.tags)
    purpose = parcel.segment.segment.purpose
    return layouts.layout(policy, source, parcel.destination, purpose, parcel.channel)


def _kept(context: Context, segment: Resolved) -> list[tuple[int, ...]]:
    """The codes of the segment's kept cells in its latest release, if that is young enough.

    Rules: P6, P8.
    """
    found = latest_release(context, segment)
    if found is None:
        name = segment.name
        days = context.policy.release.max_age_days
        raise Refusal(
            "P6",
            f"the segment `{name}` has no release of the last {days} days under this policy",
            hint=f"run `segmenter run {name}` first",
        )
    counted = read_off(segment, found, context.policy)
    kept = []
    for cell in counted.kept_cells():
        codes = []
        for name in segment.dimensions:
            labels = context.policy.dimensions[name].labels
            codes.append(labels.index(cell[name]))
        kept.append(tuple(codes))
    return kept


def _with_members(
    context: Context,
    place: Decided,
    order: Order,
    segment: Resolved,
    kept: Sequence[Sequence[int]],
) -> Tables:
    """The tables, with the members of the kept cells, and whom a preference or a cap keeps out."""
    engine, tables = place.engine, place.tables
    request = segment.request(Clocks(order.at, order.at))
    reach = consent.Reach(order.channel, tuple(order.layout.categories))
    eligible = consent.gate(engine, context.policy, order.snapshot, place.decisions, request, reach)
    chosen = members.build(engine, eligible.table, segment.dimensions, kept)
    planned = PlannedContact(context.policy.channels[order.channel], order.topic, order.sent_at)
    since = preference.window_start(engine, tables, planned)
    contacted = contacts(engine, registry_of(context), since)
    tables |= {"export_member": chosen, "contact": contacted}
    return tables | {
        "preferring": preference.denied(engine, tables, planned),
        "capped": preference.capped(engine, tables, planned),
    }


def _order(
    policy: Policy,
    parcel: Parcel,
    layout: ExportLayout,
    snapshot: Snapshot,
    now: datetime,
    sent_at: datetime,
) -> Order:
    own = parcel.segment.segment
    return Order(
        segment=own.name,
        purpose=own.purpose,
        topic=own.topic,
        channel=parcel.channel,
        categories=parcel.segment.categories,
        destination=parcel.destination,
        layout=layout,
        holdout=own.holdout,
        at=now,
        sent_at=sent_at,
        snapshot=snapshot,
        policy_hash=policy.deciding_hash(),
        file_days=int(policy.retention.get("exports", FILE_DAYS)),
        unsubscribe_url=policy.unsubscribe_url,
        reasons=_reasons(parcel, policy.channels[parcel.channel]),
    )


def _reserve(context: Context, parcel: Parcel) -> Spend | None:
    """Pay for the funnel before any member is read (P2, P16); None if it cannot be paid."""
    epsilon = accounting.asked_nano(context.policy.release.funnel)
    cost = accounting.geometric(epsilon)
    question = f"funnel {parcel.segment.name} {parcel.channel}"
    try:
        return ledger_of(context).spend(
            context.actor.account, parcel.segment.segment.purpose, question, cost
        )
    except BudgetError as refused:
        if refused.rule == "P4":
            raise
        return None


def _per_unit(spend: Spend, exact: Histogram) -> Spend:
    """What the noise of one cell may cost, so that all that one human changes is paid for."""
    epsilon = max(1, spend.cost.epsilon // exact.change)
    return replace(spend, cost=Cost(epsilon=epsilon))


def _reasons(parcel: Parcel, channel: Channel) -> tuple[str, ...]:
    """The reasons that can keep somebody out here: no preference without a source of them."""
    asks = parcel.project.sources.preference is not None
    has_caps = bool(caps_of(channel)) or pack_of(channel) is not None
    possible = {
        "preference": asks,
        "frequency_cap": asks or has_caps,
        "invalid_address": channel.identifier != "postal",
        "holdout": parcel.segment.segment.holdout > 0,
    }
    return tuple(reason for reason in members.REASONS if possible.get(reason, True))


def _publisher(context: Context, spend: Spend | None) -> Publish:
    def publish(exact: Histogram) -> Published | None:
        if spend is None:
            return None
        noisy = publish_histogram(
            exact.labels, exact.counts, _per_unit(spend, exact), context.noise
        )
        numbers = {}
        for line, places in exact.sums.items():
            numbers[line] = noisy.sum_of(places)
        return numbers

    return publish
