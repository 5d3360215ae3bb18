"""Who was contacted when: the members of earlier exports, for the caps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.model import naive_utc

if TYPE_CHECKING:
    from datetime import datetime

    from segmenter.engine import Engine, Table
    from segmenter.registers.registry import Registry

COLUMNS = {
    "patient": "BIGINT",
    "exported_at": "TIMESTAMP",
    "channel": "VARCHAR",
    "topic": "VARCHAR",
}


def contacts(engine: Engine, registry: Registry, since: datetime | None) -> Table:
    """What was exported: patient, exported_at, channel, topic.

    Only what was sent after `since` (naive UTC) is in it; None: nothing is.
    """
    made = engine.create(COLUMNS)
    if since is None:
        return made
    for export in registry.exports():
        if naive_utc(max(export.at, export.sent_at)) <= since:
            continue
        values = {
            "exported_at": naive_utc(export.sent_at),
            "channel": export.channel,
            "topic": export.topic,
        }
        with engine.scope():
            reads = {"registered": registry.read(engine, export.export)}
            engine.add(made, "register_contact", reads=reads, values=values)
    return made
