"""Who was contacted when: the members of earlier exports, for the caps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.model import naive_utc

if TYPE_CHECKING:
    from datetime import datetime

    from segmenter.engine import DuckDBEngine
    from segmenter.registers.registry import Registry

COLUMNS = {
    "patient": "BIGINT",
    "exported_at": "TIMESTAMP",
    "channel": "VARCHAR",
    "topic": "VARCHAR",
}


def contacts(engine: DuckDBEngine, registry: Registry, since: datetime | None) -> None:
    """Make the table `contact` (patient, exported_at, channel, topic) of what was exported.

    Only what was sent after `since` (naive UTC) is in it; None: nothing is.
    """
    engine.create("contact", COLUMNS)
    if since is None:
        return
    for export in registry.exports():
        if naive_utc(max(export.at, export.sent_at)) > since:
            engine.alias("registered", registry.read(engine, export.export))
            values = {
                "exported_at": naive_utc(export.sent_at),
                "channel": export.channel,
                "topic": export.topic,
            }
            engine.add("contact", "register_contact", values)
            engine.forget(["registered"])
