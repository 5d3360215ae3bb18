"""stub"""
def ingest_suppressions(work):
    import polars as pl
    work.engine.create(work.table("suppression"), {"kind": "VARCHAR", "hash": "VARCHAR", "probe": "BIGINT", "channel": "VARCHAR", "purpose": "VARCHAR", "topic": "VARCHAR", "reason": "VARCHAR", "since": "TIMESTAMP", "until": "TIMESTAMP", "source": "VARCHAR", "event": "VARCHAR"})
    work.engine.create(work.table("feed"), {"name": "VARCHAR", "modified_at": "TIMESTAMP", "max_age_seconds": "BIGINT", "readable": "BOOLEAN", "shrunk": "BOOLEAN"})
