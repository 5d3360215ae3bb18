"""A project folder, read plainly, and who is in an export of it.

Interface::

    project = Project.read(root)  # policy.yml, sources.yml, segments/*.yml and the data they name
    project.labels(patient_id, now) -> {dimension: label}
    project.matches(segment, labels) -> bool  # (where or includes) and not excludes
    project.categories(segment) -> sorted names  # identity, and those of all dimensions read
    project.members(segment, cells, as_of, known_at) -> [patient_id]  # eligible, in these cells
    project.export(segment, channel, cells, now, columns, contacted) -> Outcome(members, reasons)

`cells` are dicts of dimension to label: the kept ones. `contacted` maps a patient id to the moments
this engine has exported it on the channel before. `reasons` gives each member of the cells that is
not in the file its first reason. The holdout is not taken out.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from oracle.addresses import domains_of, email_valid, phone_number, profiles
from oracle.condition import read_condition
from oracle.consent import World
from oracle.events import Row, text, zone_of
from oracle.labels import domain, fact_label, facts_by_patient, numeric, patient_label
from oracle.lists import Entry, read_list
from oracle.times import read_moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RESERVED = ("patient", "consent", "suppression", "preference", "link")
CONTACT = ("email", "phone", "postal")
YES = ("", "true", "1", "yes")  # an empty field says nothing; anything unknown is no


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who is in the file, in text order, and the first reason of each member of the cells who is
    not.
    """

    members: tuple[str, ...]
    reasons: Mapping[str, str]

    def funnel(self) -> dict[str, int]:
        """How many each reason holds back."""
        found = list(self.reasons.values())
        return {reason: found.count(reason) for reason in sorted(set(found))}


@dataclass(frozen=True)
class Project:
    """Everything a project folder says, as plain rows."""

    root: Path
    policy: Row
    segments: Mapping[str, Row]
    rows: Mapping[str, list[Row]]
    facts: Mapping[str, Mapping[str, list[Row]]]
    entries: list[Entry]
    world: World
    tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Path) -> Project:
        """Read a folder: CSV, JSON lines and lists; nothing is cached."""
        policy, sources = _yaml(root / "policy.yml"), _yaml(root / "sources.yml")
        tables = ("patient", "consent", "preference", "link")
        rows: dict[str, list[Row]] = {
            name: _rows(root, sources[name]) for name in tables if name in sources
        }
        facts = {
            name: facts_by_patient(_rows(root, source), source["patient"], numeric(policy, name))
            for name, source in sources.items()
            if name not in RESERVED
        }
        key = sources["patient"]["key"]
        patients = [{**row, "patient_id": row.get(key)} for row in rows["patient"]]
        world = World.read(policy, patients, rows.get("consent", []), rows.get("link", []))
        entries = [
            entry
            for source in sources.get("suppression") or ()
            for path in sorted(root.glob(source["read"]))
            for entry in read_list(path, source.get("channel") or "*", zone_of(policy))
        ]
        segments = {path.stem: _yaml(path) for path in sorted((root / "segments").glob("*.yml"))}
        rows["told"] = patients
        rows["patient"] = [row for row in patients if text(row, "patient_id") in world.people]
        return cls(
            root,
            policy,
            segments,
            rows,
            facts,
            entries,
            world,
            dict(sources["patient"].get("tags") or {}),
        )

    @cached_property
    def patients(self) -> dict[str, Row]:
        """The kept rows of the patient table by id."""
        return {text(row, "patient_id"): row for row in self.rows["patient"]}

    @cached_property
    def _told(self) -> dict[str, list[Row]]:
        """All rows of the patient table by id, those in quarantine too: their addresses reach
        whoever is linked (S2).
        """
        found: dict[str, list[Row]] = {}
        for row in self.rows["told"]:
            found.setdefault(text(row, "patient_id"), []).append(row)
        return found

    @cached_property
    def region(self) -> str:
        """The default region of phone numbers."""
        return str(self.policy["organisation"].get("region", "FR"))

    def labels(self, patient_id: str, now: datetime) -> dict[str, str]:
        """Every dimension's label of one patient: their own rows only."""
        found = {}
        for name, dimension in self.policy["dimensions"].items():
            if "fact" in dimension:
                found[name] = fact_label(
                    dimension, self.facts[dimension["fact"]].get(patient_id, [])
                )
            else:
                found[name] = patient_label(
                    dimension, self.patients[patient_id], self.world.age(patient_id, now)
                )
        return found

    def _own(self, segment: str) -> tuple[Any, frozenset[str]]:
        where = self.segments[segment].get("where")
        if where is None:
            return (lambda _: True), frozenset()
        return read_condition(
            where, {name: domain(one) for name, one in self.policy["dimensions"].items()}
        )

    def _relatives(self, segment: str) -> tuple[list[str], list[str]]:
        return list(self.segments[segment].get("include") or ()), list(
            self.segments[segment].get("exclude") or ()
        )

    def matches(self, segment: str, labels: Mapping[str, str]) -> bool:
        """(where or includes) and not excludes."""
        included, excluded = self._relatives(segment)
        wanted = self._own(segment)[0](labels) or any(self.matches(one, labels) for one in included)
        return wanted and not any(self.matches(one, labels) for one in excluded)

    def dimensions(self, segment: str) -> frozenset[str]:
        """The dimensions a segment reads, with those of its relatives."""
        included, excluded = self._relatives(segment)
        return self._own(segment)[1].union(
            *(self.dimensions(one) for one in (*included, *excluded))
        )

    def categories(self, segment: str) -> list[str]:
        """What a segment reads of a patient."""
        return sorted(
            {
                "identity",
                *(self.policy["dimensions"][name]["category"] for name in self.dimensions(segment)),
            }
        )

    def members(
        self, segment: str, cells: list[Mapping[str, str]], as_of: datetime, known_at: datetime
    ) -> list[str]:
        """One id a human: eligible for the segment, in one of the cells, and matching the
        condition.
        """
        one = self.segments[segment]
        people = self.world.representatives(
            one["purpose"],
            one.get("channels") or (),
            one.get("topic"),
            self.categories(segment),
            as_of,
            known_at,
        )
        names = self.dimensions(segment)
        kept = {frozenset((name, cell[name]) for name in names) for cell in cells}
        found = []
        for patient_id in people:
            labels = self.labels(patient_id, as_of)
            if frozenset((name, labels[name]) for name in names) in kept and self.matches(
                segment, labels
            ):
                found.append(patient_id)
        return found

    def export(
        self,
        segment: str,
        channel: str,
        cells: list[Mapping[str, str]],
        now: datetime,
        columns: list[str],
        contacted: Mapping[str, list[datetime]] | None = None,
    ) -> Outcome:
        """Who is in the file of an export made now, for a destination that lists these columns."""
        reasons: dict[str, str] = {}
        holders: dict[str, str] = {}
        members = []
        for patient_id in self.members(segment, cells, now, now):
            reason = self._reason(patient_id, segment, channel, now, columns, contacted or {})
            if reason is None:
                address = self._address(patient_id, channel)
                reason = "duplicate_address" if address in holders else None
                holders.setdefault(address, patient_id)
            if reason is None:
                members.append(patient_id)
            else:
                reasons[patient_id] = reason
        return Outcome(tuple(members), reasons)

    def _reason(
        self,
        patient_id: str,
        segment: str,
        channel: str,
        now: datetime,
        columns: list[str],
        contacted: Mapping[str, list[datetime]],
    ) -> str | None:
        """The first reason against one member, the duplicates left to the caller."""
        one = self.segments[segment]
        purpose, topic = one["purpose"], one.get("topic")
        categories = {
            "contact",
            *self.categories(segment),
            *(self._category(column) for column in columns),
        }
        if not self.world.allowed(
            patient_id, purpose, channel, topic, sorted(categories), now, now
        ):
            return "no_channel_consent"
        if self.suppressed(patient_id, channel, purpose, topic, now):
            return "suppressed"
        speaking = self._preferences(patient_id, channel, topic)
        if any(not allowed for allowed, _ in speaking):
            return "preference"
        if self._capped(patient_id, channel, now, [cap for _, cap in speaking if cap], contacted):
            return "frequency_cap"
        kind = self.policy["channels"][channel]["identifier"]
        value = text(self.patients[patient_id], kind)
        if not value.strip():
            return "no_address"
        valid = (
            email_valid(value)
            if kind == "email"
            else phone_number(value, self.region) is not None
            if kind == "phone"
            else True
        )
        return None if valid else "invalid_address"

    def _category(self, column: str) -> str:
        return self.tags.get(column, "contact" if column in CONTACT else "identity")

    def _address(self, patient_id: str, channel: str) -> str:
        kind = self.policy["channels"][channel]["identifier"]
        return profiles(kind, text(self.patients[patient_id], kind), self.region)[0]

    @cached_property
    def _listed(self) -> dict[tuple[str, str], list[Entry]]:
        found: dict[tuple[str, str], list[Entry]] = {}
        for entry in self.entries:
            for form in profiles(entry.kind, entry.value, self.region):
                found.setdefault((entry.kind, form), []).append(entry)
        return found

    def suppressed(
        self, patient_id: str, channel: str, purpose: str, topic: str | None, now: datetime
    ) -> bool:
        """Whether any identifier of the human, under any profile, is on a list that covers the
        export (S2).
        """
        for one in self.world.group(patient_id):
            forms = {("patient_id", form) for form in profiles("patient_id", one, self.region)}
            for row in self._told.get(one, ()):
                forms |= {
                    (kind, form)
                    for kind in CONTACT
                    for form in profiles(kind, text(row, kind), self.region)
                }
                forms |= {("domain", one) for one in domains_of(text(row, "email"))}
            if any(
                entry.covers(channel, purpose, topic, now)
                for form in forms
                for entry in self._listed.get(form, ())
            ):
                return True
        return False

    @cached_property
    def _wishes(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.rows.get("preference", ()):
            found.setdefault(text(row, "patient_id"), []).append(row)
        return found

    def _said_at(self, row: Row) -> datetime | None:
        """When a wish was said. Of two readings of a local time, a no takes the later one."""
        moment = read_moment(text(row, "updated_at"), zone_of(self.policy))
        if moment is None:
            return None
        says_yes = text(row, "allowed").lower() in YES
        return moment.starts_at if says_yes else moment.latest

    def _preferences(
        self, patient_id: str, channel: str, topic: str | None
    ) -> list[tuple[bool, tuple[int, int] | None]]:
        """The speaking rows that cover an export: for each exact scope the latest, at a tie all of
        them (so the stricter holds).
        """
        scopes: dict[tuple[str, str], list[Row]] = {}
        for row in self._wishes.get(patient_id, ()):
            scopes.setdefault((text(row, "channel") or "*", text(row, "topic") or "*"), []).append(
                row
            )
        found = []
        for (on_channel, on_topic), rows in scopes.items():
            if on_channel not in ("*", channel) or (
                topic is not None and on_topic not in ("*", topic)
            ):
                continue
            times = [(self._said_at(row), row) for row in rows]
            latest = max((at for at, _ in times if at), default=None)
            for at, row in times:
                if at is None or at == latest:
                    cap = (
                        (int(text(row, "max_contacts")), int(text(row, "per_days")))
                        if text(row, "max_contacts")
                        else None
                    )
                    found.append((text(row, "allowed").lower() in YES, cap))
        return found

    def _capped(
        self,
        patient_id: str,
        channel: str,
        now: datetime,
        own: list[tuple[int, int]],
        contacted: Mapping[str, list[datetime]],
    ) -> bool:
        cap = self.policy["channels"][channel].get("cap")
        caps = [*own, *([(cap["contacts"], cap["per_days"])] if cap else [])]
        sent = [at for one in self.world.group(patient_id) for at in contacted.get(one, ())]
        return any(
            sum(at > now - timedelta(days=days) for at in sent) >= most for most, days in caps
        )


def _yaml(path: Path) -> dict[str, Any]:
    loaded = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def _rows(root: Path, source: Any) -> list[Row]:
    """The rows of a source, or of several, renamed."""
    if isinstance(source, list):
        return [row for one in source for row in _rows(root, one)]
    rename = {theirs: ours for ours, theirs in (source.get("rename") or {}).items()}
    found: list[Row] = []
    for path in sorted(root.glob(source["read"])):
        with path.open(newline="", encoding="utf-8") as handle:
            rows = (
                csv.DictReader(handle)
                if path.suffix == ".csv"
                else (json.loads(line) for line in handle if line.strip())
            )
            found += [
                {rename.get(name, name): value for name, value in row.items()} for row in rows
            ]
    return found
