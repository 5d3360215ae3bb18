"""A project folder at any size, drawn by the engine over sets.

Patients, skewed stays, consent histories, suppression entries.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000, "10m": 10_000_000}
EVENTS = 10  # consent events a patient for the gated purpose
REGIONS = tuple(f"r{n:02}" for n in range(12))
FAMILIES = ("t1", "t2", "t3", "t4", "t5")
AGES = ("<20", "20-29", "30-39", "40-49", "50-64", "65-79", "80+")
CELLS = ("sex", "age_band", "payer", "region")  # 4 x 8 x 5 x 13 = 2,080 cells

PATIENT = """
SELECT 'p' || lpad(i::VARCHAR, 9, '0') AS patient_id,
  (18 + hash(hash(i, 'age')) % 72)::VARCHAR AS age,
  ['F', 'M', 'X'][(1 + hash(hash(i, 'sex')) % 3)::BIGINT] AS sex,
    ['a', 'b', 'c', 'd'][(1 + hash(hash(i, 'payer')) % 4)::BIGINT] AS payer,
  'r' || lpad((hash(hash(i, 'region')) % 12)::VARCHAR, 2, '0') AS region,
    'p' || i || '@example.org' AS email, 'Camille' AS first_name
FROM range({patients}) AS numbers(i)"""

STAY = """
SELECT 'p' || lpad(i::VARCHAR, 9, '0') AS patient_id,
  ['w1', 'w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8'][(1 + hash(hash(i, n, 'ward')) % 8)::BIGINT]
    AS ward,
  ['planned', 'urgent', 'day', 'other'][(1 + hash(hash(i, n, 'mode')) % 4)::BIGINT] AS mode,
  (hash(hash(i, n, 'nights')) % 20)::VARCHAR AS nights
FROM (SELECT i, unnest(range(CASE WHEN hash(hash(i, 'stays')) % 1000 = 0 THEN 200
  ELSE (hash(hash(i, 'stays')) % 10)::BIGINT END)) AS n
  FROM range({patients}) AS numbers(i))"""

CONSENT = """
SELECT 'e' || i || '-' || n AS event_id, 'p' || lpad(i::VARCHAR, 9, '0') AS patient_id,
  CASE WHEN n = 0 THEN 'census' ELSE 'outreach' END AS purpose, '*' AS channel, '*' AS topic,
    '*' AS category,
  CASE WHEN n = 0 OR hash(hash(i, n, 'state')) % 10 < 6 THEN 'given' ELSE 'withdrawn' END AS state,
  strftime(TIMESTAMP '{today}' - to_days((600 - 50 * n)::INTEGER)
    - to_seconds((hash(hash(i, n, 'moment')) % 80000)::BIGINT),
    '%Y-%m-%dT%H:%M:%SZ') AS effective_at,
  strftime(TIMESTAMP '{today}' - to_days((599 - 50 * n)::INTEGER), '%Y-%m-%dT%H:%M:%SZ')
    AS recorded_at,
  '' AS confirmed_at, '' AS valid_until, 'web_form' AS method, 'self' AS expressed_by,
    '2026-01' AS notice_version,
  'doc-' || i || '-' || n AS evidence, 'crm' AS source
FROM range({patients}) AS numbers(i), range({events} + 1) AS steps(n)"""

DELTA = """
SELECT '{kind}{part}-' || i AS event_id,
  'p' || lpad(((i * 997 + {part}) % {patients})::VARCHAR, 9, '0') AS patient_id,
  'outreach' AS purpose, '*' AS channel, '*' AS topic, '*' AS category,
  CASE WHEN '{kind}' = 'mixed' AND hash(hash(i, 'state')) % 10 < 6 THEN 'given'
    ELSE 'withdrawn' END AS state,
  strftime(now()::TIMESTAMP - INTERVAL 1 HOUR, '%Y-%m-%dT%H:%M:%SZ') AS effective_at,
  strftime(now()::TIMESTAMP - INTERVAL 1 HOUR, '%Y-%m-%dT%H:%M:%SZ') AS recorded_at,
    '' AS confirmed_at, '' AS valid_until,
  'web_form' AS method, 'self' AS expressed_by, '2026-01' AS notice_version, 'doc' AS evidence,
    'crm' AS source
FROM range({patients} * {events} // 1000) AS numbers(i)"""

LIST = """
SELECT 'P' || (i * 3) || '@Example.ORG' AS email, 'unsubscribed' AS reason,
  '2026-01-01T00:00:00Z' AS since
FROM range({patients} * 15 // 100) AS numbers(i)"""

POLICY = """version: 1
organisation: {name: Benchmark, contact: dpo@clinic.example, region: FR}
time_zone: UTC
roles: {officer: ['*']}
notices: ["2026-01"]
categories: {identity: {sensitivity: 1}, contact: {sensitivity: 1}}
channels: {email: {identifier: email}}
topics: [t1, t2, t3, t4, t5]
purposes:
  census:   {title: {en: Census}, categories: [identity], min_notice: "2026-01", max_age_days: 1095}
  outreach: {title: {en: Outreach}, categories: [identity, contact], channels: [email],
    topics: [t1, t2, t3, t4, t5],
             min_notice: "2026-01", max_age_days: 1095}
dimensions:
  sex:      {column: patient.sex, values: [F, M, X], category: identity}
  age_band: {column: patient.age, bands: [20, 30, 40, 50, 65, 80], category: identity}
  payer:    {column: patient.payer, values: [a, b, c, d], category: identity}
  region:   {column: patient.region, values: [REGIONS], category: identity}
  ward:     {column: stay.ward, values: [w1, w2, w3, w4, w5, w6, w7, w8], category: identity}
  mode:     {column: stay.mode, values: [planned, urgent, day, other], category: identity}
  visits:   {fact: stay, measure: count, bands: [1, 2, 4], category: identity}
release: {epsilon: 1, mechanism: geometric, funnel: 0.1, max_age_days: 30}
budgets:
  census:   {epsilon: 100000, period: quarter}
  outreach: {epsilon: 100000, period: quarter}
  total:    {epsilon: 200000, period: year}
facts:
  stay: {max_cells: 3, columns: {nights: {clip: [0, 14]}}}
destinations:
  mailer: {format: csv, columns: [email, first_name], encrypt: {age: "RECIPIENT"}}
"""

SOURCES = """patient: {read: data/patients.parquet, key: patient_id}
stay:    {read: data/stays.parquet, patient: patient_id, tags: {'*': identity}}
consent: [{read: data/consent*.parquet}]
suppression: [{name: list, read: data/suppression.csv, channel: email, max_age: 720h}]
"""

EVERY_CELL = (
    "sex <> 'unknown' and age_band <> 'unknown' and payer <> 'unknown' and region <> 'unknown'"
)


def make(folder: Path, patients: int, events: int = EVENTS) -> None:
    """Write the project of `patients` patients into an empty folder."""
    data = folder / "data"
    data.mkdir(parents=True)
    with duckdb.connect() as engine:
        today = str(engine.sql("SELECT current_date").fetchall()[0][0])
        for text, name, form in (
            (PATIENT, "patients.parquet", "FORMAT parquet"),
            (STAY, "stays.parquet", "FORMAT parquet"),
            (CONSENT, "consent.parquet", "FORMAT parquet"),
            (LIST, "suppression.csv", "FORMAT csv, HEADER"),
        ):
            engine.execute(
                f"COPY ({text.format(patients=patients, events=events, today=today)}) TO "
                f"'{data / name}' ({form})"
            )
    _write_project(folder)


def add_delta(folder: Path, patients: int, part: int, kind: str = "delta") -> None:
    """One more file of consent events, 0.1 % of what there is.

    Withdrawals, or (`mixed`) six tenths grants.
    """
    with duckdb.connect() as engine:
        text = DELTA.format(patients=patients, events=EVENTS, part=part, kind=kind)
        engine.execute(
            f"COPY ({text}) TO '{folder / 'data' / f'consent_{kind}_{part}.parquet'}' (FORMAT "
            "parquet)"
        )


def _write_project(folder: Path) -> None:
    import pyrage

    recipient = str(pyrage.x25519.Identity.generate().to_public())
    (folder / "policy.yml").write_text(
        POLICY.replace("REGIONS", ", ".join(REGIONS)).replace("RECIPIENT", recipient),
        encoding="utf-8",
    )
    (folder / "sources.yml").write_text(SOURCES, encoding="utf-8")
    (folder / "segments").mkdir()
    segment(folder, "everyone", "census", EVERY_CELL)
    segment(folder, "gated", "outreach", EVERY_CELL, "t1")
    segment(
        folder,
        "mailing",
        "outreach",
        f"region in ({', '.join(repr(r) for r in REGIONS[:6])})",
        "t2",
    )
    for number, (_, _, where) in enumerate(job()):
        segment(folder, f"job{number:02}", "outreach", where, FAMILIES[number % len(FAMILIES)])


def job() -> list[tuple[str, tuple[str, ...], str]]:
    """The 50 segments of a job: name, dimensions, condition."""
    made: list[tuple[str, tuple[str, ...], str]] = []
    for n in range(50):
        region, age = REGIONS[n % 12], AGES[n % 7]
        forms = (
            (("region", "age_band"), f"region = '{region}' and age_band <> '{age}'"),
            (("sex", "payer"), f"sex = '{'FMX'[n % 3]}' and payer <> '{'abcd'[n % 4]}'"),
            (("age_band", "visits"), f"age_band = '{age}' and visits in ('2-3', '4+')"),
            (("region", "sex"), f"region <> '{region}' and sex = '{'FMX'[n % 3]}'"),
        )
        dimensions, where = forms[n // 5 % 4]
        made.append((f"job{n:02}", dimensions, where))
    return made


def segment(folder: Path, name: str, purpose: str, where: str, topic: str | None = None) -> None:
    """Write one segment of a project."""
    reach = "" if topic is None else f"channels: [email]\ntopic: {topic}\n"
    text = f"name: {name}\ntitle: {{en: {name}}}\npurpose: {purpose}\n{reach}where: {where}\n"
    (folder / "segments" / f"{name}.yml").write_text(text, encoding="utf-8")
