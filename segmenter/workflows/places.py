"""The registers of a project, and the locks under which files are written anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from segmenter.journal.journal import locked
from segmenter.registers.registry import Registry
from segmenter.suppression import imports

if TYPE_CHECKING:
    from segmenter.context import Context


def registry_of(context: Context) -> Registry:
    """The registers of exports and recalls, for whoever acts."""
    return Registry(
        home=context.home,
        keys=context.keys,
        journal=context.journal,
        actor=context.actor,
        region=context.policy.region,
    )


@contextmanager
def nobody_changes_lists(context: Context) -> Iterator[None]:
    """No ingest, no import and no other export; opt-outs are added all the same."""
    with (
        locked(context.store.lock("ingest")),
        imports.lock(context.home),
        registry_of(context).alone(),
    ):
        yield


@contextmanager
def everything_still(context: Context) -> Iterator[None]:
    """No ingest and no export while files are written anew."""
    with locked(context.store.lock("ingest")), registry_of(context).alone():
        yield
