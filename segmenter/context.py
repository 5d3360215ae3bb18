"""What every verb of a session works with: where, who, when, and by which randomness.

Clock, randomness and actor enter the program here and nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter import outages, roles
from segmenter.errors import Refusal
from segmenter.journal.high_water import begin
from segmenter.journal.journal import Journal, locked
from segmenter.model import Progress, silent
from segmenter.private import keys as project_keys
from segmenter.store.bound import Bound
from segmenter.store.snapshots import Store

if TYPE_CHECKING:
    from segmenter.model import Actor, Snapshot
    from segmenter.private.keys import Keys
    from segmenter.project.policy import Policy

PRIVATE = ".segmenter"
UNREAL = "unreal"  # the first entry of a project that only tests may use


@dataclass(frozen=True, slots=True)
class Context:
    """One opened project.

    `noise` is None for the operating system's randomness. `selftest.unreal` injects another one,
    and another clock; nothing else can (P11, P19).
    """

    root: Path
    policy: Policy
    keys: Keys
    store: Store
    journal: Journal
    actor: Actor
    now: Callable[[], datetime]
    noise: Any = None
    progress: Progress = silent

    @property
    def home(self) -> Path:
        """The project's private folder."""
        return self.store.home

    def newest_snapshot(self) -> Snapshot:
        """The snapshot in use. `UsageError` if there is none."""
        return self.store.current(self.journal)

    def require(self, verb: str) -> None:
        """Refuse (`roles`) if the actor may not do a verb of the table in `segmenter.roles`."""
        declared = bool(self.policy.roles)
        roles.require(self.actor, verb, declared=declared)

    @property
    def bound(self) -> Bound:
        """The files of the private folder, as the journal has them."""
        return self.store.bound or Bound(self.journal)

    def record(self, kind: str, body: Mapping[str, Any]) -> None:
        """Leave a line on the trail: who, when, what, under which policy."""
        whole = {**body, "policy": self.policy.deciding_hash()}
        self.journal.append(self.actor.account, kind, whole)


def opened(root: Path, policy: Policy, progress: Progress = silent) -> Context:
    """Open the project at `root`: private folder, keys, journal.

    What is missing is made; `init` is not required.
    """
    store = Store(root / PRIVATE, keys=project_keys.Keys(b""), encrypted=policy.encryption)
    store.prepare()
    with locked(store.lock("open")):
        keys = project_keys.load(store.home, lambda made: begin(store.home, made))
    anchors = tuple(root / anchor for anchor in policy.anchors)
    journal = Journal(home=store.home, keys=keys, now=clock, anchors=anchors)
    return Context(
        root=root,
        policy=policy,
        keys=keys,
        store=Store(store.home, keys, policy.encryption, Bound(journal)),
        journal=journal,
        actor=policy.actor(account()),
        now=clock,
        progress=progress,
    )


def clock() -> datetime:
    """The machine's time."""
    return datetime.now(UTC)


def require_real(context: Context) -> None:
    """Refuse a project that tests were run on with another clock or other noise (P19)."""
    if context.journal.read(UNREAL):
        raise Refusal(
            "P19",
            "this project is of a test: its clock or its noise was not the real one",
            hint="begin a new folder; nothing that was published from this one is protected",
        )


def account() -> str:
    """The account of the operating system that acts, by effective user id."""
    return outages.account_name(os.geteuid())
