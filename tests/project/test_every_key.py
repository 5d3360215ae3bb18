"""Every key of the schemas is read: another value makes another project, or is refused.

A key that is not in a table here fails the test, so that none is accepted and ignored.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from folders import POLICY, SOURCES
from segmenter.errors import SegmenterError
from segmenter.project import declared, policy
from segmenter.project.folder import read_project
from segmenter.project.schema import schemas
from segmenter.project.segment import Segment
from worlds import write_yaml

PACKAGE = Path(policy.__file__).parents[1]
Row = dict[str, Any]

PLACES = {"line", "lines", "file", "text_hash", "_hashed"}
REFUSED = "refused"  # the only other value there is
POLICY_KEYS: dict[str, Any] = {  # key -> another value than that of the base below
    "anchors": ["/mnt/mark"],
    "budgets.prevention.delta": "1.0e-9",
    "budgets.prevention.epsilon": "2.0",
    "budgets.prevention.period": "month",
    "categories.care.dpia": "D2",
    "categories.care.sensitivity": "3",
    "channels.email.cap.contacts": "3",
    "channels.email.cap.per_days": "31",
    "channels.email.double_opt_in": "false",
    "channels.email.identifier": "postal",
    "channels.phone.quiet": None,
    "destinations.mailer.columns": ["phone"],
    "destinations.mailer.encrypt": {"age": "age1other"},
    "destinations.mailer.format": "parquet",
    "destinations.mailer.profile": "meta",
    "destinations.mailer.syncs": "true",
    "dimensions.age_band.bands": ["18", "50"],
    "dimensions.decade.bands.from": "0",
    "dimensions.decade.bands.step": "5",
    "dimensions.decade.bands.to": "80",
    "dimensions.sex.category": "care",
    "dimensions.sex.column": "patient.gender",
    "dimensions.visits.fact": REFUSED,
    "dimensions.last_stay.measure": {"min": "nights"},
    "dimensions.payer.other": "rest",
    "dimensions.sex.values": ["F", "M"],
    "encryption": "off",
    "facts.encounter.columns.nights.clip": ["0", "15"],
    "facts.encounter.max_cells": "4",
    "hosting.hds.activities": ["2"],
    "hosting.hds.certificate": "D",
    "hosting.hds.valid_until": "2031-01-01",
    "max_linked": "9",
    "min_age": "17",
    "notices": ["2025-01", "2026-01", "2026-02"],
    "organisation.address": "2 quai",
    "organisation.contact": "b@example.org",
    "organisation.name": "Autre",
    "organisation.phone": "0102030405",
    "organisation.region": "BE",
    "organisation.url": "https://b.example",
    "purposes.prevention.categories": ["identity", "contact"],
    "purposes.prevention.channels": ["email"],
    "purposes.prevention.max_age_days": "100",
    "purposes.prevention.min_notice": "2026-01",
    "purposes.prevention.title": {"en": "Care"},
    "purposes.prevention.topics": ["screening"],
    "release.epsilon": "0.4",
    "release.funnel": "0.2",
    "release.max_age_days": "29",
    "release.mechanism": "discrete_gaussian",
    "retention.exports": "11",
    "retention.prospects": "12",
    "retention.snapshots": "13",
    "roles.analyst": ["b"],
    "roles.marketer": ["b"],
    "roles.officer": ["b"],
    "roles.operator": ["b"],
    "threshold.confidence": "0.9",
    "threshold.patients": "12",
    "time_zone": "UTC",
    "topics": ["screening", "newsletter", "events", "more"],
    "unsubscribe_url": "https://b.example/{token}",
    "version": REFUSED,
}
READ: dict[str, Any] = {  # of every source
    "read": "data/other.csv",
    "format": "xlsx",
    "rename": {"patient_id": "id"},
    "ignored": ["optin"],
    "max_quarantined": "0.5",
}
TEXT: dict[str, Any] = {"encoding": "cp1252", "delimiter": ";"}
OWN: dict[str, dict[str, Any]] = {
    "patient": {**TEXT, "key": "pid", "tags": {"origin": "care"}},
    "encounter": {**TEXT, "patient": "pid", "tags": {"*": "origin"}},
    "consent": {
        **TEXT,
        "purposes": {"X": "offers"},
        "grants.categories": ["contact"],
        "grants.channel": "sms",
        "grants.notice_version": "2025-01",
        "grants.topic": "newsletter",
        "r5": "exceptions",
    },
    "suppression": {"channel": "sms", "max_age": "3h", "max_shrink": "0.3", "name": "other"},
    "preference": TEXT,
    "link": TEXT,
    "death": {**TEXT, "patient": "pid", "column": "day", "tags": {"died": "care"}},
}
SEGMENT_KEYS: dict[str, Any] = {
    "channels": ["sms"],
    "epsilon": "0.3",
    "exclude": ["women"],
    "holdout": "0.2",
    "include": ["women"],
    "name": REFUSED,
    "purpose": "offers",
    "tags": ["b"],
    "title": {"en": "Men"},
    "topic": "newsletter",
    "where": "sex = 'Male'",
}


WOMEN = {
    "name": "women",
    "purpose": "prevention",
    "channels": ["email", "sms"],
    "topic": "screening",
    "where": "sex = 'Female'",
}


def base() -> dict[str, Row]:
    """A project in which every part of the schemas stands."""
    rules = YAML(typ="safe").load(POLICY)
    host = {"certificate": "C", "activities": ["1"], "valid_until": "2030-01-01"}
    rules["hosting"] = {"hds": host}
    decades = {"from": "20", "to": "90", "step": "10"}
    decade = {"column": "patient.age", "bands": decades, "category": "identity"}
    rules["dimensions"]["decade"] = decade
    sources = YAML(typ="safe").load(SOURCES)
    one = {"read": "data/a.csv"}
    grants = {"notice_version": "2026-01", "categories": ["identity"]}
    sources["consent"] = [{**one, "grants": grants}]
    sources["preference"], sources["link"] = dict(one), dict(one)
    sources["death"] = {**one, "patient": "patient_id"}
    segment = {**WOMEN, "name": "some"}
    return {"policy": rules, "sources": sources, "segment": segment}


def source_keys() -> dict[str, Any]:
    return {
        f"{name}.{key}": value
        for name, own in OWN.items()
        for key, value in {**READ, **own}.items()
    }


KEYS = {"policy": POLICY_KEYS, "sources": source_keys(), "segment": SEGMENT_KEYS}
CASES = [(file, key) for file, keys in KEYS.items() for key in keys]


def project_of(root: Path, files: dict[str, Row]) -> Any:
    (root / "segments").mkdir(parents=True)
    write_yaml(root / "policy.yml", files["policy"])
    write_yaml(root / "sources.yml", files["sources"])
    write_yaml(root / "segments" / "some.yml", files["segment"])
    write_yaml(root / "segments" / "women.yml", WOMEN)
    read = read_project(root)
    return plain(read.policy), plain(read.sources), plain(read.segments["some"])


def plain(value: Any) -> Any:
    """A frozen value as plain ones, without where it stands in its file."""
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: plain(getattr(value, name)) for name in names if name not in PLACES}
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    return str(value)


def changed(files: dict[str, Row], file: str, key: str, value: Any) -> dict[str, Row]:
    """The files with one key set; None takes it away."""
    made = copy.deepcopy(files)
    place = made[file]
    *path, last = key.split(".")
    for name in path:
        place = place.setdefault(name, {})
        place = place[0] if isinstance(place, list) else place
    if value is None:
        del place[last]
    else:
        place[last] = value
    return made


@pytest.mark.parametrize(("file", "key"), CASES, ids=str)
def test_another_value_of_a_key_makes_another_project_or_is_refused(
    tmp_path: Path, file: str, key: str
) -> None:
    before = project_of(tmp_path / "before", base())
    value = KEYS[file][key]
    other = changed(base(), file, key, "99" if value is REFUSED else value)
    try:
        after = project_of(tmp_path / "after", other)
    except SegmenterError:
        return
    assert after != before


# -- no key without a place in the tables ----------------------------------------------------------


def leaves(shape: Row, root: Row, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every key of a schema that holds a value of its own; `*` is any name."""
    inner = [*children(shape, root)]
    if not inner and path:
        yield ".".join(path)
    for name, value in inner:
        yield from leaves(value, root, (*path, name) if name else path)


def children(shape: Row, root: Row) -> Iterator[tuple[str, Row]]:
    if "$ref" in shape:
        yield "", root["$defs"][shape["$ref"].rsplit("/", 1)[-1]]
    shaped = [each for each in shape.get("anyOf", ()) if "$ref" in each]
    if isinstance(shape.get("items"), dict) and "$ref" in shape["items"]:
        shaped.append(shape["items"])
    named = shape.get("additionalProperties")
    if isinstance(named, dict) and "$ref" in named:
        yield "*", named
    yield from (("", each) for each in shaped)
    yield from shape.get("properties", {}).items()


@pytest.mark.parametrize("file", KEYS)
def test_every_key_of_the_schema_is_in_the_table(file: str) -> None:
    schema = schemas(file)
    tabled = {tuple(key.split(".")) for key in KEYS[file]}

    def has(key: str) -> bool:
        path = key.split(".")
        return any(
            len(one) == len(path) and all(p in ("*", o) for p, o in zip(path, one, strict=True))
            for one in tabled
        )

    assert [key for key in leaves(schema, schema) if not has(key)] == []


def test_every_value_that_is_read_is_used() -> None:
    """A value of policy, sources or segment that no module asks for has no effect."""
    makers = {"policy_file.py", "sources_file.py", "shapes.py", "source_shapes.py"}
    asked = {
        node.attr
        for path in PACKAGE.rglob("*.py")
        if path.name not in makers
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    types = [
        one
        for module in (policy, declared)
        for one in vars(module).values()
        if isinstance(one, type) and dataclasses.is_dataclass(one)
    ]
    unused = {
        f"{one.__name__}.{field.name}"
        for one in (*types, Segment)
        for field in dataclasses.fields(one)
        if field.name not in asked | PLACES
    }
    assert unused == set()
