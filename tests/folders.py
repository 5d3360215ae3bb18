"""A small project folder for tests of what people write, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmenter.errors import FileError
from segmenter.project.folder import read_project

POLICY = """\
version: 1
organisation: {name: Clinique, contact: dpo@clinique.example, region: FR}
time_zone: Europe/Paris
roles: {officer: [root], marketer: ['*']}
notices: ["2025-01", "2026-01"]
categories:
  identity: {sensitivity: 1}
  contact: {sensitivity: 1}
  care: {sensitivity: 2, dpia: D1}
  origin: {sensitivity: 3, dpia: D1}
channels:
  email: {identifier: email, double_opt_in: true, cap: {contacts: 4, per_days: 30}}
  sms: {identifier: phone}
  phone: {identifier: phone, quiet: fr_phone_canvassing}
topics: [screening, newsletter, events]
purposes:
  prevention: {categories: [identity, contact, care], channels: [email, sms], \
topics: [screening, newsletter],
               min_notice: "2025-01", max_age_days: 1095}
  offers: {categories: [identity, contact], channels: [email], topics: [newsletter], \
min_notice: "2026-01", max_age_days: 1095}
  statistics: {categories: [identity, care], min_notice: "2025-01", max_age_days: 1095}
dimensions:
  sex: {column: patient.sex, values: [Female, Male], category: identity}
  age_band: {column: patient.age, bands: [18, 35, 65], category: identity}
  payer: {column: patient.payer_code, values: {public: [01, MD], private: HM}, other: other, \
category: identity}
  visits: {fact: encounter, measure: count, bands: [1, 2, 4], category: care}
  last_stay: {fact: encounter, measure: {max: nights}, bands: [1, 4], category: care}
  ward: {column: encounter.ward, values: [er, icu], category: care}
  origin: {column: patient.origin, values: [north, south], category: origin}
budgets:
  prevention: {epsilon: 3.0, period: quarter}
  total: {epsilon: 8.0, delta: 1.0e-6, period: year}
facts:
  encounter: {max_cells: 3, columns: {nights: {clip: [0, 14]}}}
destinations:
  mailer: {columns: [email], encrypt: none}
  sealed: {encrypt: {age: "age1example"}}
  silent: {format: parquet}
"""

SOURCES = """\
patient: {read: data/patients.csv, key: patient_id, tags: {origin: origin, prescriber: prescriber}}
encounter: {read: data/encounters.parquet, patient: patient_id, tags: {'*': care}}
consent:
  - {read: data/consent_events.csv}
suppression:
  - {name: mailchimp, read: data/unsubscribed.csv, channel: email, max_age: 48h}
preference: {read: {database: "sqlite:///p.db", table: preferences}}
"""

WOMEN = """\
name: women
title: {en: Women}
purpose: prevention
channels: [email, sms]
topic: screening
where: sex = 'Female'
holdout: 0.1
tags: [spring]
"""


def folder(root: Path, policy: str = POLICY, sources: str = SOURCES, **segments: str) -> Path:
    """Write a project; segments by name, `women` unless others are given."""
    (root / "segments").mkdir(parents=True, exist_ok=True)
    (root / "policy.yml").write_text(policy, encoding="utf-8")
    (root / "sources.yml").write_text(sources, encoding="utf-8")
    for name, text in (segments or {"women": WOMEN}).items():
        (root / "segments" / f"{name}.yml").write_text(text, encoding="utf-8")
    return root


def segment(name: str, *lines: str, purpose: str = "prevention") -> str:
    """A segment's text: the required keys of `purpose`, then more lines."""
    required = {
        "prevention": ("channels: [email]", "topic: screening"),
        "offers": ("channels: [email]", "topic: newsletter"),
        "statistics": (),
    }[purpose]
    return "\n".join((f"name: {name}", f"purpose: {purpose}", *required, *lines)) + "\n"


def problems(root: Path) -> list[tuple[str, int | None, str, str]]:
    """All problems of a project's files, as (file's name, line, message, hint)."""
    with pytest.raises(FileError) as caught:
        read_project(root)
    assert caught.value.exit_status == 2
    return [(p.file.name, p.line, p.message, p.hint or "") for p in caught.value.problems]


def only(root: Path) -> tuple[str, int | None, str, str]:
    """The one problem of a project."""
    (found,) = problems(root)
    return found


def changed(old: str, new: str, text: str = POLICY) -> str:
    """A text with one piece of it replaced, which has to be there."""
    assert old in text
    return text.replace(old, new, 1)
