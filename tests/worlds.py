"""Small projects in a folder: random ones full of traps, and a plain one whose every number is
known.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, Any]
STATES = (
    "given",
    "renewed",
    "withdrawn",
    "refused",
    "objected",
    "expired",
    "revoked",
    "requested",
    "deferred",
    "maybe",
)
METHODS = (
    "web_form",
    "app",
    "paper",
    "phone_recorded",
    "in_person",
    "chatbot",
    "voicebot",
    "sms_keyword",
    "import",
    "sync",
)
BROKEN = (
    "soon",
    "01/11/2026",
    "2026-02-30",
    "2026-11-01T10:00:00+0100",
    "20261101",
    "2026-11-01T25:00",
)
SPELLINGS = ("P-{}", "é{}", "{}'s", 'say "{}"', "{},{{}}", "{}\u00a0", "{} b", "NULL{}", "-{}")
MAILBOXES = (
    "ann.lee@gmail.com",
    "annlee@googlemail.com",
    "an.nlee+x@gmail.com",
    " Bo@Example.ORG ",
    "bo@example.org",
    "ｂｏ@example.org",
    "c d@example.net",
    "no-address",
    "a@b@c.example",
    "x@",
    "nobody@nowhere",
    "dot@example..org",
    "",
)
PHONES = (
    "06 12 34 56 78",
    "+33612345678",
    "0033612345678",
    "+33699999999",
    "12",
    "phone",
    "06-11-22-33-44",
    "",
)
TERMS = {
    "prevention": (
        ["email", "sms", "post"],
        ["screening", "vaccination"],
        ["identity", "contact", "care"],
    ),
    "offers": (["email", "sms"], [], ["identity", "contact"]),
    "care_only": (["sms"], ["screening"], ["identity", "contact", "care", "origin"]),
    "statistics": ([], [], ["identity", "care"]),
}


def policy(rng: random.Random | None = None, **changed: Any) -> Row:
    """A policy as a dict. Without randomness: everything of one epsilon, nothing withheld on
    purpose.
    """
    choose = rng.choice if rng else (lambda options: options[0])
    purposes = {
        name: {
            "categories": categories,
            "min_notice": choose(["2025-01", "2026-01"]),
            "max_age_days": choose([1095, 400]),
            **({"channels": channels} if channels else {}),
            **({"topics": topics} if topics else {}),
        }
        for name, (channels, topics, categories) in TERMS.items()
    }
    return {
        "version": 1,
        "organisation": {"name": "Clinique", "contact": "dpo@clinique.example", "region": "FR"},
        "time_zone": choose(["UTC", "Europe/Paris", "Asia/Kolkata"]),
        "roles": {"officer": ["*"]},
        "max_linked": choose([10, 3]),
        "min_age": choose([18, 18, 14]),
        "notices": ["2024-01", "2025-01", "2026-01"],
        "categories": {
            "identity": {"sensitivity": 1},
            "contact": {"sensitivity": 1},
            "care": {"sensitivity": 2, "dpia": "D1"},
            "origin": {"sensitivity": 3, "dpia": "D1"},
        },
        "channels": {
            "email": {"identifier": "email", "double_opt_in": choose([True, False])},
            "sms": {"identifier": "phone"},
            "post": {"identifier": "postal", "double_opt_in": choose([False, True])},
        },
        "topics": ["screening", "vaccination", "newsletter"],
        "purposes": purposes,
        "dimensions": {
            "sex": {"column": "patient.sex", "values": ["F", "M"], "category": "identity"},
            "age_band": {"column": "patient.age", "bands": [18, 40, 65], "category": "identity"},
            "payer": {
                "column": "patient.payer_code",
                "values": {"public": ["MC", "MD"], "private": ["HM"]},
                "other": "other",
                "category": "identity",
            },
            "visits": {"fact": "stay", "measure": "count", "bands": [1, 2, 4], "category": "care"},
            "longest": {
                "fact": "stay",
                "measure": {"max": "days"},
                "bands": [1, 4],
                "category": "care",
            },
            "origin": {
                "column": "patient.origin",
                "values": ["north", "south"],
                "category": "origin",
            },
        },
        "threshold": {"patients": 1, "confidence": "0.9"},
        "release": {"epsilon": "20", "mechanism": "geometric", "funnel": "1", "max_age_days": 30},
        "budgets": {name: {"epsilon": "10000", "period": "year"} for name in (*TERMS, "total")},
        "facts": {"stay": {"max_cells": 3, "columns": {"days": {"clip": [0, 14]}}}},
        "destinations": {"check": {"format": "csv", "columns": ["patient_id"], "encrypt": "none"}},
        "encryption": os.environ.get("SEGMENTER_TEST_ENCRYPTION", "on"),
        **changed,
    }


MANY_ODD = {"max_quarantined": 1}  # worlds of tests hold more odd rows than files of companies
SOURCES = {
    "patient": {
        "read": "data/patients.csv",
        "key": "patient_id",
        "tags": {"origin": "origin"},
        "rename": {"sex": "gender"},
        **MANY_ODD,
    },
    "stay": {"read": "data/stays.csv", "patient": "patient_id", "tags": {"*": "care"}, **MANY_ODD},
    "consent": [
        {"read": "data/consent_*.csv", **MANY_ODD},
        {"read": "data/later_*.jsonl", **MANY_ODD},
    ],
    "suppression": [
        {"name": "lists", "read": "data/lists/*.csv", "max_age": "48h", **MANY_ODD},
        {
            "name": "mail",
            "read": "data/mail/*.csv",
            "channel": "email",
            "max_age": "48h",
            **MANY_ODD,
        },
    ],
    "preference": {"read": "data/preferences.csv", **MANY_ODD},
    "link": {"read": "data/links.csv", **MANY_ODD},
}


class Story:
    """One random world: the same seed tells the same story, up to `now`."""

    def __init__(self, seed: int, patients: int, now: datetime) -> None:
        self.rng = random.Random(seed)
        self.now = now
        self.policy = policy(self.rng)
        ids = self.rng.sample([f"{n}" for n in range(1, 40 * patients)], patients)
        self.ids = [
            one if self.rng.random() < 0.8 else self.rng.choice(SPELLINGS).format(one)
            for one in ids
        ]
        self.ids += [f"0{one}" for one in ids[:3]]  # not the same as without the zero

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def patients(self) -> list[Row]:
        rows = []
        for one in self.ids:
            age = self.rng.choice(
                ["", "12", "14", "15", "17", "18", "30", "39", "40", "64", "65", "90", "90"]
            )
            birth = self.now.date() - timedelta(
                days=self.rng.choice([18 * 365, 6500, 6700, 9000, 15000, 25000])
            )
            own = f"p.{one}@example.org" if self.chance(0.8) else self.rng.choice(MAILBOXES)
            rows.append(
                {
                    "patient_id": one,
                    "birth_date": birth.isoformat() if self.chance(0.3) else "",
                    "age": age,
                    "first_name": "Zoé",
                    "language": self.rng.choice(["fr", "en", ""]),
                    "sex": self.rng.choice(["F", "F", "F", "M", "M", "X", ""]),
                    "origin": self.rng.choice(["north", "south", "?"]),
                    "payer_code": self.rng.choice(["MC", "MD", "HM", "ZZ", "?", ""]),
                    "email": own,
                    "phone": f"06{self.rng.randrange(10**8):08d}"
                    if self.chance(0.6)
                    else self.rng.choice(PHONES),
                    "postal": self.rng.choice(["", "1 rue du Port"]) and f"{one} rue du Port",
                    "deceased": self.rng.choice(["", "", "false", "0", "no", "true", "yes"])
                    if self.chance(0.2)
                    else "",
                    "deceased_at": "2020-01-01" if self.chance(0.02) else "",
                }
            )
        rows += [dict(row) for row in self.rng.sample(rows, 2)]  # the same row twice is one
        rows += [
            {**row, "sex": "?"} for row in self.rng.sample(rows, 2)
        ]  # another row of the same id: nobody (I2)
        rows.append({**rows[0], "patient_id": ""})  # no key (I1)
        self.rng.shuffle(rows)
        return rows

    def stays(self) -> list[Row]:
        people = [*self.ids, "stranger", ""]
        days = ["0", "1", "3", "4", "9", "", "many"]
        return [
            {"patient_id": self.rng.choice(people), "days": self.rng.choice(days)}
            for _ in self.ids * 2
        ]

    def moment(self, days: float) -> str:
        """A time some days ago, in one of the readable spellings; few of them, so that ties are
        common.
        """
        at = (self.now - timedelta(days=days)).replace(hour=11, minute=30, second=0)
        local = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S"]
        zoned = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M+00", "%Y-%m-%dT%H:%M:%S.0+00:00"]
        return at.strftime(self.rng.choice(local if self.chance(0.3) else zoned))

    def event(self, one: str) -> Row:
        grant = self.chance(0.7)
        purpose = self.rng.choice(list(TERMS))
        channels, topics, categories = TERMS[purpose]
        days = self.rng.choice([2, 3, 5, 8, 13, 80, 399, 402, 1094, 1097])
        late = self.rng.choice([0, 0, 0, 1, -1])
        row = {
            "event_id": f"e{self.rng.randrange(10**6)}",
            "patient_id": one,
            "purpose": purpose,
            "channel": self.rng.choice(["*", *channels]),
            "topic": self.rng.choice(["*", "*", *topics]),
            "category": self.rng.choice([*categories, *categories, "*"]),
            "state": self.rng.choice(STATES[:2] if grant else STATES[2:]),
            "effective_at": self.moment(days),
            "recorded_at": self.moment(days - late),
            "confirmed_at": "",
            "valid_until": "",
            "method": "paper",
            "expressed_by": self.rng.choice(["self", "joint"]),
            "notice_version": "2026-01",
            "evidence": "doc",
            "source": self.rng.choice(["crm", "web"]),
        }
        if self.chance(0.7):
            row["confirmed_at"] = self.moment(self.rng.choice([days - 0.5, 2, -3]))
        return self.spoil(row) if self.chance(0.2) else row

    def spoil(self, row: Row) -> Row:
        """One thing wrong, or at least strange."""
        strange: list[Row] = [
            {"method": self.rng.choice(METHODS)},
            {"evidence": ""},
            {"notice_version": self.rng.choice(["2024-01", "2025-01", "2019-01", ""])},
            {"valid_until": self.moment(self.rng.choice([1, -1]))},
            {"purpose": self.rng.choice(["*", "", "profiling"])},
            {
                self.rng.choice(["channel", "topic", "category"]): self.rng.choice(
                    ["", "*", "mystery", "phone", "newsletter", "contact"]
                )
            },
            {
                self.rng.choice(
                    ["effective_at", "recorded_at", "confirmed_at", "valid_until"]
                ): self.rng.choice([*BROKEN, ""])
            },
            {"effective_at": self.moment(-2)},
            {"recorded_at": self.moment(-2)},
            {"effective_at": "soon", "recorded_at": ""},
            {"state": self.rng.choice(STATES)},
            {"patient_id": ""},
        ]
        return {**row, **self.rng.choice(strange)}

    def consents(self) -> list[Row]:
        """Everyone's plain yes to some purpose, and then whatever."""
        rows = []
        for one in [*self.ids, "ghost-1", "ghost-2"]:
            purpose = self.rng.choice(["prevention", "offers", "care_only", "statistics"])
            if self.chance(0.85):
                for category in TERMS[purpose][2]:
                    plain = {
                        **self.event(one),
                        "purpose": purpose,
                        "channel": "*",
                        "topic": "*",
                        "category": category,
                        "state": "given",
                    }
                    start = self.moment(self.rng.choice([20, 20, 300]))
                    rows.append(
                        {
                            **plain,
                            "effective_at": start,
                            "recorded_at": start,
                            "confirmed_at": self.moment(19),
                            "method": "app",
                        }
                    )
            rows += [self.event(one) for _ in range(self.rng.choice([0, 0, 1, 2, 4]))]
        self.rng.shuffle(rows)
        return rows

    def links(self) -> list[Row]:
        ids = [*self.ids, "ghost-1", "ghost-2"]
        pairs = [(self.rng.choice(ids), self.rng.choice(ids)) for _ in range(len(self.ids) // 6)]
        chain = self.rng.sample(self.ids, min(5, len(self.ids)))
        return [{"patient_id": a, "same_as": b} for a, b in [*pairs, *itertools.pairwise(chain)]]

    def preferences(self) -> list[Row]:
        return [
            {
                "patient_id": self.rng.choice(self.ids),
                "channel": self.rng.choice(["email", "sms", "*"]),
                "topic": self.rng.choice(["screening", "newsletter", "*"]),
                "allowed": self.rng.choice(["true", "true", "false"]),
                "max_contacts": "",
                "per_days": "",
                "language": "",
                "updated_at": self.moment(self.rng.choice([1, 2])),
            }
            for _ in range(len(self.ids) // 2)
        ]

    def listed(self, people: list[Row]) -> dict[str, list[Row]]:
        """Generic lists, one for each kind of identifier, in scopes that cover and scopes that do
        not.
        """
        found: dict[str, list[Row]] = {}
        for row in self.rng.sample(people, len(people) // 8):
            kind = self.rng.choice(["email", "phone", "patient_id", "domain"])
            value = (
                row["email"].strip().rpartition("@")[2].title() if kind == "domain" else row[kind]
            )
            if kind == "domain" and (value.lower() == "example.org" or "." not in value):
                kind, value = "email", row["email"].upper()
            found.setdefault(f"lists/{kind}", []).append(
                {
                    kind: value,
                    "channel": self.rng.choice(["*", "email", "sms", ""]),
                    "purpose": self.rng.choice(["*", "", "prevention"]),
                    "topic": self.rng.choice(["*", "", "screening"]),
                    "reason": self.rng.choice(["", "unsubscribed", "complained", "manual"]),
                    "since": self.rng.choice(["", self.moment(-3)]),
                    "until": self.rng.choice(["", "", self.moment(2), self.moment(-2)]),
                }
            )
        return found

    def condition(self, names: list[str], depth: int = 2) -> str:
        """A random `where` over some dimensions."""
        if depth and self.chance(0.6):
            parts = [self.condition(names, depth - 1) for _ in range(2)]
            return self.rng.choice(
                ["({} and {})", "({} or {})", "not ({} or {})", "({} AND not {})"]
            ).format(*parts)
        name = self.rng.choice(names)
        values = DOMAINS[name]
        picked = ", ".join(f"'{value}'" for value in self.rng.sample(values, 2))
        one = self.rng.choice(values)
        return self.rng.choice(
            [
                f"{name} = '{one}'",
                f"{name} <> '{one}'",
                f"{name} in ({picked})",
                f"{name} not in ({picked})",
            ]
        )

    def segments(self) -> list[Row]:
        plain, care = ["sex", "age_band", "payer"], ["sex", "age_band", "visits", "longest"]
        shapes: list[tuple[str, list[str], list[str]]] = [
            ("prevention", ["email", "sms", "post"], care),
            ("prevention", ["sms"], care),
            ("offers", ["email", "sms"], plain),
            ("care_only", ["sms"], ["origin", "visits"]),
        ]
        found = []
        for i, (purpose, channels, names) in enumerate(shapes):
            topics = TERMS[purpose][1]
            one: Row = {
                "name": f"s{i}",
                "purpose": purpose,
                "channels": channels,
                "where": self.condition(names),
            }
            found.append({**one, **({"topic": self.rng.choice(topics)} if topics else {})})
        found[1][self.rng.choice(["include", "exclude"])] = ["s0"]
        found.append({"name": "everyone", "purpose": "offers", "channels": ["email"]})
        return found


DOMAINS = {
    "sex": ["F", "M", "unknown"],
    "age_band": ["<18", "18-39", "40-64", "65+", "unknown"],
    "payer": ["public", "private", "other", "unknown"],
    "visits": ["0", "1", "2-3", "4+"],
    "longest": ["<1", "1-3", "4+", "unknown"],
    "origin": ["north", "south", "unknown"],
}


def random_project(root: Path, seed: int, now: datetime, patients: int = 200) -> Path:
    """A project in `root`, its data, policy and segments drawn from the seed, its story told up to
    `now`.
    """
    story = Story(seed, patients, now)
    people, consents = story.patients(), story.consents()
    half = len(consents) // 2
    tables = {
        "patients": people,
        "stays": story.stays(),
        "consent_a": consents[:half],
        "links": story.links(),
        "preferences": story.preferences(),
        **story.listed(people),
    }
    later = [
        {name: value for name, value in row.items() if value or story.chance(0.5)}
        for row in consents[half:]
    ]
    write_lines(
        root / "data" / "later_b.jsonl",
        [*later, {**consents[0], "valid_until": None, "channel": None}],
    )
    mail = [row["email"] for row in story.rng.sample(people, 4)]
    tables["mail/mailchimp"] = [
        {"Email Address": one, "UNSUB_TIME": story.rng.choice(["", "2026-01-01 10:00:00"])}
        for one in mail
    ]
    tables["mail/hubspot"] = [{"Email": one} for one in mail[:1]]
    made = write_project(root, story.policy, story.segments(), tables)
    for path in (root / "data").rglob("*"):
        os.utime(path, (now.timestamp(),) * 2)  # lists are as old as their files
    return made


def write_project(
    root: Path,
    terms: Row,
    segments: list[Row],
    tables: dict[str, list[Row]],
    sources: Row | None = None,
) -> Path:
    """The folder of a project. YAML holds JSON, which is YAML."""
    for name, rows in tables.items():  # the patients' file has a word of its own for sex
        write_csv(
            root / "data" / f"{name}.csv",
            [{("gender" if key == "sex" else key): row[key] for key in row} for row in rows],
        )
    write_yaml(root / "policy.yml", terms)
    write_yaml(root / "sources.yml", SOURCES if sources is None else sources)
    for segment in segments:
        write_yaml(root / "segments" / f"{segment['name']}.yml", segment)
    return root


def write_yaml(path: Path, content: Row) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_csv(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_lines(path: Path, rows: list[Row]) -> None:
    """JSON, one object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )


def plain_patient(one: str, **fields: Any) -> Row:
    """An adult with every address."""
    return {
        "patient_id": one,
        "birth_date": "",
        "age": "50",
        "first_name": "Zoé",
        "language": "fr",
        "sex": "F",
        "origin": "north",
        "payer_code": "MC",
        "email": f"{one}@example.org",
        "phone": f"06{int(''.join(c for c in one if c.isdigit()) or 0):08d}",
        "postal": "1 rue du Port",
        "deceased": "",
        "deceased_at": "",
        **fields,
    }


def plain_consent(one: str, **fields: Any) -> list[Row]:
    """A proven, confirmed yes to prevention in every category, ten days ago."""
    at = (datetime.now(UTC) - timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        {
            "event_id": f"{one}-{category}",
            "patient_id": one,
            "purpose": "prevention",
            "channel": "*",
            "topic": "*",
            "category": category,
            "state": "given",
            "effective_at": at,
            "recorded_at": at,
            "confirmed_at": at,
            "valid_until": "",
            "method": "paper",
            "expressed_by": "self",
            "notice_version": "2026-01",
            "evidence": "doc",
            "source": "crm",
            **fields,
        }
        for category in ("identity", "contact", "care")
    ]


def plain_project(root: Path, patients: int = 40, **changed: Any) -> Path:
    """Everyone says yes: half women, nobody linked, one list that spares all. `changed` replaces
    keys of the policy.
    """
    people = [plain_patient(f"id{n:04d}", sex="FM"[n % 2]) for n in range(patients)]
    tables = {
        "patients": people,
        "stays": [{"patient_id": row["patient_id"], "days": "2"} for row in people],
        "consent_a": [event for row in people for event in plain_consent(row["patient_id"])],
        "links": [{"patient_id": "ghost-1", "same_as": "ghost-2"}],
        "lists/generic": [{"email": "nobody@elsewhere.example"}],
        "preferences": [
            {
                "patient_id": "ghost-1",
                "channel": "*",
                "topic": "*",
                "allowed": "true",
                "max_contacts": "",
                "per_days": "",
                "language": "",
                "updated_at": "2026-01-01",
            }
        ],
    }
    women = {
        "name": "women",
        "purpose": "prevention",
        "channels": ["email", "sms"],
        "topic": "screening",
        "where": "sex = 'F'",
    }
    stays = {**women, "name": "stays", "where": "visits = '1'"}
    sources = {
        **SOURCES,
        "consent": SOURCES["consent"][:1],
        "suppression": SOURCES["suppression"][:1],
    }
    return write_project(root, policy(**changed), [women, stays], tables, sources)
