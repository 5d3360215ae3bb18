"""Reads the given / expect cases under `tests/sql/` and runs one on a fresh engine.

A case::

    - case: a withdrawal of SMS leaves email alone
      policy: surgery  # optional, of world/policies.py: its lookup tables, names for masks
      given: {consent: [{patient: 1, state: withdrawn, channel: sms}]}
      types: {other: {column: BIGINT}}  # unless a snapshot table's, or clear from the values
      values: {as_of: 2026-01-01 00:00:00}
      structure: {__dimensions__: [sex, age]}
      expect: [{patient: 1, mask: [prevention/sms/*/identity]}]

If the first item of a file is `defaults:`, its policy, types, values and structure are those of
every case of the file, but for what a case says itself.

Columns that a row of `given` leaves out are empty, but a consent event has its place as its number;
columns that `expect` leaves out are not looked at; order does not matter. With a policy, a list is
a mask (`purpose/channel/topic/category`, `*` for all of them, `alone` for a person linked to
nobody), and a text in a column `scope` or `fields` is the code of an event's scope.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlglot
from ruamel.yaml import YAML
from sqlglot import exp

from segmenter.consent.masks import LINKED_TO_NOBODY
from segmenter.consent.scope_tables import FIELDS, lookup_tables
from segmenter.consent.scopes import Scopes
from segmenter.engine import DuckDBEngine, Table, Tables, relations
from world.policies import POLICIES, policy_of

FOLDER = Path(__file__).parent / "sql"
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
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
    "origin",
)
TIMES = ("effective_at", "recorded_at", "confirmed_at", "valid_until")
SNAPSHOT_TYPES: dict[str, dict[str, str]] = {
    "identity": {"patient": "BIGINT", "patient_id": "VARCHAR"},
    "patient": {
        "patient": "BIGINT", "patient_id": "VARCHAR", "birth_date": "DATE", "age": "INTEGER",
        "deceased": "BOOLEAN", "email": "VARCHAR",
        "phone": "VARCHAR", "postal": "VARCHAR", "first_name": "VARCHAR", "language": "VARCHAR",
    },
    "consent": {
        "event": "BIGINT", "patient": "BIGINT", **dict.fromkeys(TEXTS, "VARCHAR"),
        **dict.fromkeys(TIMES, "TIMESTAMP"),
        "evidenced": "BOOLEAN", "dates": "SMALLINT", "line": "BIGINT",
    },
    "link_group": {"patient": "BIGINT", "grp": "BIGINT", "size": "INTEGER"},
    "preference": {
        "patient": "BIGINT", "channel": "VARCHAR", "topic": "VARCHAR", "allowed": "BOOLEAN",
        "max_contacts": "INTEGER", "per_days": "INTEGER",
        "language": "VARCHAR", "updated_at": "TIMESTAMP", "line": "BIGINT",
    },
    "address": {"patient": "BIGINT", "kind": "VARCHAR", "profile": "SMALLINT", "probe": "BIGINT",
     "hash": "VARCHAR", "valid": "BOOLEAN"},
    "suppression": {
        "kind": "VARCHAR", "hash": "VARCHAR", "probe": "BIGINT", "channel": "VARCHAR",
        "purpose": "VARCHAR", "topic": "VARCHAR",
        "reason": "VARCHAR", "since": "TIMESTAMP", "until": "TIMESTAMP", "source": "VARCHAR",
        "event": "VARCHAR",
    },
    "feed": {"name": "VARCHAR", "modified_at": "TIMESTAMP", "max_age_seconds": "BIGINT",
     "readable": "BOOLEAN", "shrunk": "BOOLEAN"},
    "erased": {"patient": "BIGINT"},
    "aside": {"patient": "BIGINT", "deceased": "BOOLEAN"},
    "changed": {"patient": "BIGINT", "since": "BIGINT"},
    "deciding": {"patient": "BIGINT", "since": "BIGINT"},
}  # fmt: skip
# What a row of `consent` is unless the case says otherwise: a proven, unlimited consent.
USUAL = {"consent": {
    **dict.fromkeys(TEXTS, ""), "dates": 0, "state": "given", "method": "paper",
    "expressed_by": "self", "notice_version": "2026-01",
    "evidence": "doc", "evidenced": True, "purpose": "*", "channel": "*", "topic": "*",
    "category": "*",
}, "patient": {"deceased": False}}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One case of one relation."""

    relation: str
    file: Path
    text: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.relation}: {self.text['case']}"


def files() -> dict[str, Path]:
    """The case file of each relation that has one."""
    return {path.stem: path for path in sorted(FOLDER.rglob("*.yaml"))}


def cases() -> Iterator[Case]:
    """Every case, in the order of files."""
    for relation, path in files().items():
        first, *others = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        if "defaults" not in first:
            first, others = {"defaults": {}}, [first, *others]
        for text in others:
            yield Case(relation, path, {**text, **with_defaults(text, first["defaults"])})


def with_defaults(text: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What a case has of the defaults of its file."""
    merged = {}
    for key, default in defaults.items():
        own = text.get(key)
        if isinstance(default, Mapping):
            merged[key] = {**default, **(own or {})}
        else:
            merged[key] = default if own is None else own
    return merged


def run(engine: DuckDBEngine, case: Case) -> tuple[Counter[Any], Counter[Any], list[str]]:
    """What is expected, what came out, and the columns that were looked at."""
    text = case.text
    scopes = Scopes.of(policy_of(POLICIES[text["policy"]])) if "policy" in text else None
    inputs = inputs_of(engine, text, scopes)
    composed = relations.compose(
        case.relation, structure(text.get("structure") or {}), reads=inputs
    )
    values = text.get("values") or {}
    needed = {name: bound(values[name]) for name in composed.values}
    cursor = engine.connection.execute(composed.sql, needed)
    columns = [described[0] for described in cursor.description]
    rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    expected = [
        {column: coded(column, value, scopes) for column, value in row.items()}
        for row in text["expect"]
    ]
    looked = list(expected[0]) if expected else columns
    return counted(expected, looked), counted(rows, looked), looked


def inputs_of(engine: DuckDBEngine, text: Mapping[str, Any], scopes: Scopes | None) -> Tables:
    """The tables that a case gives, and those of its policy."""
    inputs = {}
    if scopes is not None:
        inputs = {name: engine.load(frame) for name, frame in lookup_tables(scopes).items()}
    types = text.get("types") or {}
    for name, rows in (text.get("given") or {}).items():
        inputs[name] = make_table(engine, name, rows, types.get(name) or {}, scopes)
    return Tables(inputs)


def counted(rows: list[dict[str, Any]], columns: list[str]) -> Counter[Any]:
    return Counter(tuple(plain(row[c]) for c in columns) for row in rows)


def plain(value: Any) -> Any:
    """A value as it is compared: times as text, whole numbers as int, lists as tuples."""
    if isinstance(value, str):
        return plain(dt.datetime.fromisoformat(value)) if MOMENT.fullmatch(value) else value
    if isinstance(value, (list, tuple)):
        return tuple(plain(v) for v in value)
    if isinstance(value, Mapping):
        return tuple(sorted((str(k), plain(v)) for k, v in value.items()))
    return SIMPLER.get(type(value), lambda v: v)(value)


SIMPLER: dict[type, Any] = {
    dt.datetime: lambda v: v.replace(tzinfo=None).isoformat(sep=" "),
    dt.date: lambda v: v.isoformat(),
    Decimal: lambda v: int(v) if v == v.to_integral_value() else float(v),
    bytes: lambda v: v.hex(),
    bytearray: lambda v: v.hex(),
}


def make_table(
    engine: DuckDBEngine,
    table: str,
    rows: list[Mapping[str, Any]],
    given: Mapping[str, str],
    scopes: Scopes | None,
) -> Table:
    """A table of the case's rows."""
    coded_rows = []
    for place, row in enumerate(rows, 1):
        number = {"event": place} if table == "consent" else {}
        whole = {**USUAL.get(table, {}), **number, **row}
        coded_rows.append({k: coded(k, v, scopes) for k, v in whole.items()})
    types = {**SNAPSHOT_TYPES.get(table, {})}
    for row in coded_rows:
        for column, value in row.items():
            if types.get(column) is None:
                types[column] = kind(value)
    types = {
        c: given.get(c) or t or "VARCHAR" for c, t in {**dict.fromkeys(given), **types}.items()
    }
    made = engine.create(types)
    marks = ", ".join("?" for _ in types)
    for row in coded_rows:
        engine.connection.execute(
            f"INSERT INTO {made.name} VALUES ({marks})", [row.get(column) for column in types]
        )
    return made


def kind(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return "TIMESTAMP"
    kinds = {
        bool: "BOOLEAN",
        int: "BIGINT",
        float: "DOUBLE",
        dt.datetime: "TIMESTAMP",
        dt.date: "DATE",
    }
    return kinds.get(type(value), "VARCHAR")


def bound(value: Any) -> Any:
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return dt.datetime.fromisoformat(value)
    if isinstance(value, str) and DAY.fullmatch(value):
        return dt.date.fromisoformat(value)
    return value


def structure(given: Mapping[str, Any]) -> dict[str, Any]:
    """Structure holes: a text is an expression, a list several."""
    filled: dict[str, Any] = {}
    for hole, value in given.items():
        if isinstance(value, list):
            filled[hole] = [expression(one) for one in value]
        else:
            filled[hole] = expression(value)
    return filled


def expression(text: object) -> exp.Expr:
    return sqlglot.parse_one(str(text), dialect="duckdb")


def coded(column: str, value: Any, scopes: Scopes | None) -> Any:
    """Names of questions and scopes as the numbers that the relations hold."""
    if scopes is None:
        return value
    if isinstance(value, list):
        return sum(LINKED_TO_NOBODY if name == "alone" else bit_of(scopes, name) for name in value)
    if column in {"scope", "fields"} and isinstance(value, str):
        return code_of(scopes, value, column)
    return value


def bit_of(scopes: Scopes, name: str) -> int:
    purpose, channel, topic, category = (None if part == "*" else part for part in name.split("/"))
    [mask] = [
        b.mask
        for b in scopes.bits
        if (b.purpose, b.channel, b.topic, b.category) == (purpose, channel, topic, category)
    ]
    return mask


def code_of(scopes: Scopes, name: str, column: str) -> int:
    code = 0
    for field, text in zip(FIELDS, name.split("/"), strict=True):
        [row] = [
            r
            for r in lookup_tables(scopes)[f"{field}_scope"].to_dicts()
            if (r["name"], r["word"]) == (text, 0)
        ]
        code |= row["code" if column == "scope" else "field"]
    return code
