"""The registers of a project, and the locks under which files are written anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from segmenter.journal.journal import locked
from segmenter.registers.registry import Registry

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
def everything_still(context: Context) -> Iterator[None]:
    """No ingest and no export while files are written anew."""
    with locked(context.store.lock("ingest")), registry_of(context).alone():
        yield
