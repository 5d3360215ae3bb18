"""Snapshots written from rows of text, as ingest would write them, without its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from oracle.events import DATES, text
from oracle.people import close
from oracle.times import read_moment
from segmenter.engine import DuckDBEngine, Tables
from segmenter.model import Snapshot, naive_utc
from segmenter.project.policy import Policy

Row = Mapping[str, Any]
TEXTS = (
    "event_id",
    "source",
    "purpose",
    "channel",
    "topic",
    "category",
    "state",
    "method",
    "expressed_by",
    "notice_version",
    "evidence",
)
TIME = pl.Datetime("us")
CONSENT = {
    "event": pl.Int64,
    "patient": pl.Int64,
    **dict.fromkeys(TEXTS, pl.String),
    **dict.fromkeys(DATES, TIME),
    "evidenced": pl.Boolean,
    "dates": pl.Int16,
    "origin": pl.String,
    "line": pl.Int64,
}


def write(
    engine: DuckDBEngine,
    path: Path,
    policy: Policy,
    taken_at: datetime,
    patients: Sequence[Row],
    consents: Sequence[Row] = (),
    links: Sequence[Row] = (),
    erased: Iterable[str] = (),
    *,
    ids: Mapping[str, int] | None = None,
) -> Snapshot:
    """Write a snapshot file. `ids` carries the surrogates of an earlier snapshot over."""
    names = {text(r, "patient_id"): None for r in (*patients, *consents)}
    names.update({text(r, side): None for r in links for side in ("patient_id", "same_as")})
    number = dict(ids or {})
    for name in [*names, *erased]:
        if name:
            number.setdefault(name, max(number.values(), default=0) + 1)
    frames = {
        "identity": pl.DataFrame(
            [(n, i) for i, n in number.items()],
            schema={"patient": pl.Int64, "patient_id": pl.String},
            orient="row",
        ),
        "patient": _patients(patients, number),
        "aside": pl.DataFrame(schema={"patient": pl.Int64, "deceased": pl.Boolean}),
        "consent": _consents(consents, number, policy),
        "link_group": _links(links, number),
        "erased": pl.DataFrame(
            {"patient": [number[name] for name in erased]}, schema={"patient": pl.Int64}
        ),
    }
    with engine.writing(path) as file:
        for name, frame in frames.items():
            engine.load(frame, into=file.table(name))
    return Snapshot(path.stem, path, taken_at, policy.time_zone)


def numbers(engine: DuckDBEngine, tables: Tables) -> dict[str, int]:
    """The surrogates of a snapshot."""
    query = f"SELECT patient_id, patient FROM {tables['identity'].name}"
    return dict(engine.connection.execute(query).fetchall())


def _patients(rows: Sequence[Row], number: Mapping[str, int]) -> pl.DataFrame:
    schema = {
        "patient": pl.Int64,
        "patient_id": pl.String,
        "birth_date": pl.Date,
        "age": pl.Int32,
        "deceased": pl.Boolean,
        "sex": pl.String,
    }
    made = []
    for row in rows:
        name, birth, age = text(row, "patient_id"), text(row, "birth_date"), text(row, "age")
        dead = (
            text(row, "deceased") not in ("", "false", "0", "no") or text(row, "deceased_at") != ""
        )
        born = date.fromisoformat(birth) if birth else None
        made.append(
            (number[name], name, born, int(age) if age else None, dead, text(row, "sex") or None)
        )
    return pl.DataFrame(made, schema=schema, orient="row")


def _consents(rows: Sequence[Row], number: Mapping[str, int], policy: Policy) -> pl.DataFrame:
    zone = ZoneInfo(policy.time_zone)
    made = []
    for event, row in enumerate(rows):
        if not text(row, "patient_id"):
            continue
        dates, moments = 0, []
        for place, name in enumerate(DATES):
            raw = text(row, name)
            moment = read_moment(raw, zone)
            if moment is None and (raw or place < 2):
                dates |= 1 << place
            if moment is not None and moment.ends_at != moment.starts_at:
                dates |= (16 if moment.is_bare else 256) << place
            moments.append(None if moment is None else naive_utc(moment.starts_at))
        evidenced = text(row, "evidence").strip() != ""
        said = [text(row, name) for name in TEXTS]
        made.append(
            (
                event,
                number[text(row, "patient_id")],
                *said,
                *moments,
                evidenced,
                dates,
                "consent.csv",
                event + 2,
            )
        )
    return pl.DataFrame(made, schema=CONSENT, orient="row")


def _links(rows: Sequence[Row], number: Mapping[str, int]) -> pl.DataFrame:
    made = [
        (number[one], min(number[m] for m in members), len(members))
        for one, members in close(rows).items()
    ]
    return pl.DataFrame(
        made, schema={"patient": pl.Int64, "grp": pl.Int64, "size": pl.Int32}, orient="row"
    )
