"""Export: the order of reasons, minimised and neutralised files, encryption, audiences, diffs,
holdouts, crashes and crowds.
"""

from __future__ import annotations

import csv
import hashlib
import json
import multiprocessing
import os
import re
import stat
import sys
import unicodedata
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyrage
import pytest

from segmenter.errors import PolicyError, UsageError
from segmenter.export import commit, layout, manifest
from segmenter.export.columns import SIGNS
from segmenter.export.members import REASONS
from segmenter.export.order import alias_of
from segmenter.identifiers.characters import folded
from segmenter.project.policy import UNDECLARED, Destination
from segmenter.registers.exports import MANIFEST, ExportLayout
from world import images
from world.mailing import CHECK, KEYS, NOW, Mailing, acts_in, capped, die_in, named
from world.policies import CLINIC, policy_of

MAILER = Destination("mailer", "csv", ("email", "first_name"), None)
KNOWN = ("patient_id", "email", "phone", "first_name", "language", "town", "doctor", "risk")


def rows(path):
    with Path(path).open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def people(*names):
    return [{"patient_id": name, "email": f"{name}@example.org"} for name in names]


# -- who -------------------------------------------------------------------------------------------


def test_reasons_come_in_their_order_and_sum(tmp_path):
    folk = [
        {"patient_id": "1", "email": "one@example.org"},
        {"patient_id": "2", "email": "two@example.org"},
        {"patient_id": "3", "email": "three@example.org"},
        {"patient_id": "4"},
        {"patient_id": "5", "email": "five@localhost"},
        {"patient_id": "6", "email": " Seven@Example.org"},
        {"patient_id": "7", "email": "seven@example.org"},
        {"patient_id": "60", "email": "seven@example.org"},
    ]
    world = Mailing(
        tmp_path,
        folk,
        refusing=frozenset({"1"}),
        entries=[named("one@example.org"), named("two@example.org"), named("6", "patient_id")],
        wishes=[{"patient_id": "2", "allowed": False}, {"patient_id": "3", "allowed": False}],
    )
    assert world.reasons() == {
        "1": "no_channel_consent",
        "2": "suppressed",
        "3": "preference",
        "4": "no_address",
        "5": "invalid_address",
        "6": "suppressed",
        "60": None,
        "7": "duplicate_address",
    }
    made = world.export()
    assert sum(noised.count for noised in made.funnel.values()) == len(folk)
    assert list(made.funnel) == [*REASONS, "exported"]


def test_holdout_is_stable_by_experiment_and_last(tmp_path):
    world = Mailing(tmp_path, people(*(str(i) for i in range(400))))
    first = {
        name
        for name, reason in world.reasons(holdout=Decimal("0.25")).items()
        if reason == "holdout"
    }
    assert 60 < len(first) < 140
    assert first == {
        name
        for name, reason in world.reasons(holdout=Decimal("0.25")).items()
        if reason == "holdout"
    }
    assert first < {
        name
        for name, reason in world.reasons(holdout=Decimal("0.5")).items()
        if reason == "holdout"
    }
    assert set(world.reasons(holdout=Decimal(1)).values()) == {"holdout"}


# -- the file --------------------------------------------------------------------------------------


def test_the_file_is_minimised_private_and_named_by_an_alias(tmp_path):
    made = Mailing(
        tmp_path,
        [{"patient_id": "a", "email": " A@Example.ORG", "first_name": "Ann", "language": "fr"}],
    ).export(MAILER)
    assert rows(made.file) == [{"email": "a@example.org", "first_name": "Ann"}]
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    assert "seniors" not in f"{made.file}{made.manifest.read_text(encoding='utf-8')}"
    assert made.file.stem == made.alias == alias_of(KEYS, "seniors", "email")


def test_cells_are_no_formulas_but_a_number_of_the_channel_is_one(tmp_path):
    from segmenter.project.policy import Channel

    cells = ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "x=1", "'x"]
    folk = [
        {"patient_id": f"p{i}", "phone": f"06 12 34 56 {70 + i}", "first_name": cell}
        for i, cell in enumerate(cells)
    ]
    world = Mailing(tmp_path, folk, channel=Channel("sms", "phone"))
    made = world.export(Destination("gate", "csv", ("phone", "first_name"), None))
    assert sorted(row["phone"] for row in rows(made.file)) == [
        f"+336123456{70 + i}" for i in range(8)
    ]
    assert {row["first_name"] for row in rows(made.file)} == {
        "'=1+1",
        "'+x",
        "'-x",
        "'@x",
        "'\tx",
        "'\rx",
        "x=1",
        "'x",
    }


LIVE = [
    "x;=1+1", "x;\u200b=1", "x; @y", "x|-1", "x\t+1", "x,=1", "\n=1", "\nx", " =1+1", "\u00a0+1",
    "\u200b=1+1", "\ufeff=1+1", "\u202a-1", "＝1+1", "＋1", "－1", "＠x", "﹦1", "−1", " ＝1",
    "x;＝1",
    "\x0b=1", "x\r\n=1",
]  # fmt: skip


def live(cell):
    """Whether a spreadsheet that splits at any delimiter and drops the unseen would run it."""
    parts = re.split(r"[;,|\t\r\n\x0b\x0c]", cell)
    seen = [folded(part).strip() for part in parts]
    return any(part.startswith(("=", "+", "-", "−", "@")) for part in seen)


def test_no_cell_is_live_wherever_it_is_split_and_whatever_is_unseen(tmp_path):
    assert all(map(live, [cell for cell in LIVE if cell != "\nx"]))
    harmless = ["Zoé", "Anne-Lise", "O'Neil; Anne", "1 rue, bis", "a=b", "", "é+1"]
    cells = [*LIVE, *harmless]
    folk = [
        {"patient_id": f"p{i:02d}", "email": f"n{i:02d}@example.org", "first_name": cell}
        for i, cell in enumerate(cells)
    ]
    found = rows(Mailing(tmp_path, folk).export(MAILER).file)
    written = [row["first_name"] for row in sorted(found, key=lambda row: row["email"])]
    assert not [cell for cell in written if live(cell) or cell.startswith(("\t", "\r", "\n"))]
    assert written[len(LIVE) :] == harmless


def test_every_form_of_a_formula_sign_is_known():
    for code in range(128, sys.maxunicode + 1):
        if unicodedata.normalize("NFKC", chr(code)) in ("=", "+", "-", "@"):
            assert chr(code) in SIGNS


def test_naughty_strings_go_through_and_none_is_live(tmp_path):
    source = Path(__file__).parents[3] / "shared/data/naughty_strings/blns.json"
    if not source.is_file():
        pytest.skip("third-party naughty strings are not here")
    texts = [
        text.replace("\x00", "") for text in json.loads(source.read_text(encoding="utf-8")) if text
    ]
    folk = [
        {"patient_id": f"p{i}", "email": f"n{i}@example.org", "first_name": text}
        for i, text in enumerate(texts)
    ]
    folk += [{"patient_id": f"q{i}", "email": text} for i, text in enumerate(texts)]
    found = rows(Mailing(tmp_path, folk).export(MAILER).file)
    by_email = {row["email"]: row["first_name"] for row in found}
    for i, text in enumerate(texts):
        written = by_email[f"n{i}@example.org"]
        assert written.replace("'", "") == text.replace("'", "")
    assert not [
        cell
        for row in found
        for cell in row.values()
        if cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    ]


def test_the_file_is_encrypted_to_the_destination_and_never_plain_on_disk(tmp_path):
    identity = pyrage.x25519.Identity.generate()
    sealed = Destination("mailer", "csv", ("email",), str(identity.to_public()))
    made = Mailing(tmp_path, people("a", "b")).export(sealed)
    assert made.file.name.endswith(".csv.age")
    assert b"example.org" not in made.file.read_bytes()
    assert sorted(pyrage.decrypt(made.file.read_bytes(), [identity]).decode().splitlines()) == [
        "a@example.org",
        "b@example.org",
        "email",
    ]
    assert not list((tmp_path / "spill").iterdir())


def test_parquet(tmp_path):
    made = Mailing(tmp_path, people("a")).export(
        Destination("lake", "parquet", ("email", "patient_id"), None)
    )
    assert pl.read_parquet(made.file).to_dicts() == [{"email": "a@example.org", "patient_id": "a"}]


def test_the_payload_is_always_the_same_and_not_in_order(tmp_path):
    names = [str(i) for i in range(50)]
    first = Mailing(tmp_path / "a", people(*names)).export().file.read_bytes()
    assert first == Mailing(tmp_path / "b", people(*names)).export().file.read_bytes()
    order = first.decode().split()[1:]
    assert sorted(order) == sorted(names)
    assert order not in (names, sorted(names))


# -- hashed audiences ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "header", "value", "plain"),
    [
        ("google-2026", "Email", " Jane.Doe+news@GMail.com ", "janedoe@gmail.com"),
        ("google-2026", "Email", "Jane.Doe+x@Example.com", "jane.doe+x@example.com"),
        ("google-2026", "Phone", "06 12 34 56 78", "+33612345678"),
        ("meta", "email", " Jane.Doe@GMail.com ", "jane.doe@gmail.com"),
        ("meta", "phone", "06 12 34 56 78", "33612345678"),
    ],
)
def test_audience_golden_vectors(tmp_path, profile, header, value, plain):
    from segmenter.project.policy import Channel

    kind = header.lower()
    target = Destination("ads", "csv", None, None, profile)
    world = Mailing(tmp_path, [{"patient_id": "a", kind: value}], channel=Channel(kind, kind))
    made = world.export(target, ExportLayout((kind,), kind, ("contact",), profile))
    assert rows(made.file) == [{header: hashlib.sha256(plain.encode()).hexdigest()}]


def test_golden_hashes_are_what_the_platforms_publish():
    assert (
        hashlib.sha256(b"test@example.com").hexdigest()
        == "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"
    )


# -- what may go there -----------------------------------------------------------------------------


@pytest.fixture
def policy():
    text = {**CLINIC, "channels": {"email": {}}}
    return policy_of(text)


def plan(policy, destination, purpose="offers", channel="email", **tags):
    source = layout.PatientColumns(KNOWN, {"risk": "care", "doctor": "prescriber", **tags})
    return layout.layout(policy, source, destination, purpose, channel)


def test_columns_are_those_listed_and_allowed(policy):
    assert plan(policy, MAILER).columns == ("email", "first_name")
    assert plan(policy, MAILER).categories == ("contact", "identity")
    assert plan(policy, CHECK).categories == ("identity",)
    assert plan(policy, Destination("d", "csv", ("phone", "email", "town"), None)).columns == (
        "email",
        "town",
    )
    assert plan(policy, Destination("d", "csv", None, None)).columns == (
        "email",
        "patient_id",
        "first_name",
        "language",
    )


@pytest.mark.parametrize(("column", "rule"), [("risk", "C14"), ("doctor", "L2")])
def test_sensitive_columns_never_go(policy, column, rule):
    with pytest.raises(PolicyError) as refused:
        plan(policy, Destination("d", "csv", ("email", column), None), "prevention")
    assert refused.value.rule == rule


def test_dimensions_and_unknown_columns_never_go(policy):
    from dataclasses import replace

    from segmenter.project.policy import Dimension

    own = replace(
        policy,
        dimensions={"area": Dimension("area", "identity", "patient", "town", values={"x": ("x",)})},
    )
    with pytest.raises(PolicyError):
        plan(own, Destination("d", "csv", ("email", "town"), None))
    with pytest.raises(UsageError, match="frist_name") as wrong:
        plan(policy, Destination("d", "csv", ("frist_name",), None))
    assert "first_name" in str(wrong.value.problems[0].hint)


def test_health_never_goes_to_an_ad_platform(policy):
    ads = Destination("ads", "csv", None, None, "meta")
    with pytest.raises(PolicyError) as refused:
        plan(policy, ads, "prevention")
    assert refused.value.rule == "C14"
    assert plan(policy, ads).headers == ("email",)


def test_no_key_is_not_plain_text():
    assert layout.recipient("d", None) is None
    for key in (UNDECLARED, "age1nonsense"):
        with pytest.raises(UsageError):
            layout.recipient("d", key)


# -- previous exports ------------------------------------------------------------------------------


def test_diff_files_of_a_destination_that_syncs(tmp_path):
    syncing = Destination("crm", "csv", ("email", "patient_id", "first_name"), None, syncs=True)
    world = Mailing(tmp_path, people("a", "b", "c"))
    first = world.export(syncing)
    assert {row["patient_id"] for row in rows(first.diff["added"])} == {"a", "b", "c"}
    world.later(hours=1)
    world.people = [{"patient_id": "a", "email": "new@example.org"}, *people("b", "c", "d")]
    world.numbers = {name: i for i, name in enumerate("abcd")}
    world.refusing = frozenset({"b"})
    second = world.export(syncing)
    assert {row["patient_id"] for row in rows(second.diff["added"])} == {"a", "d"}
    assert rows(second.diff["removed"])[0].keys() == {"email", "patient_id"}
    assert {row["patient_id"] for row in rows(second.diff["removed"])} == {"a", "b"}
    told = json.loads(second.manifest.read_text(encoding="utf-8"))
    assert told["previous"] == first.export
    assert (
        told["diff"]["added"]["size"]["count"] == 2
    )  # the rows of the file: d, and a's new address
    assert told["diff"]["removed"]["size"]["count"] == 2


def test_unsubscribe_urls_are_a_persons_and_say_nothing(tmp_path):
    world = Mailing(tmp_path, people("a", "b"))
    url = "https://u.example/"
    made = [rows(world.export(MAILER, unsubscribe_url=url).file) for _ in range(2)]
    tokens = {row["email"]: row["list_unsubscribe"] for row in made[0]}
    assert len(set(tokens.values())) == 2
    assert all(token.startswith(url) and len(token) == len(url) + 32 for token in tokens.values())
    assert made[0] == made[1]
    assert "list_unsubscribe" not in rows(world.export(CHECK, unsubscribe_url=url).file)[0]
    assert rows(world.export(MAILER, unsubscribe_url="https://u.example").file) == made[0]


def test_where_the_funnel_cannot_be_paid_the_export_goes_out(tmp_path):
    world = Mailing(tmp_path, people("a"))
    order = world.order(CHECK)
    with world.opened() as (engine, tables), world.registry().alone():
        checked = world.checked(engine, tables, order)
        made = commit.commit(engine, world.registry(), order, checked, lambda _: None)
    assert made.to_dict()["funnel"] is None
    assert json.loads(made.manifest.read_text(encoding="utf-8"))["size"] is None


# -- crashes and crowds ----------------------------------------------------------------------------

DEATHS = (("mkfifo", 1), ("fsync", 2), ("fsync", 5), ("decide", 1), ("rename", 1), ("unlink", 3))


def die_at(home, step, nth):
    """Export in a process of its own that dies at the nth use of a step."""
    world = Mailing(home, people(*"abc"))
    die_in(
        {"mkfifo": os, "fsync": os, "decide": type(world.journal), "rename": Path, "unlink": Path}[
            step
        ],
        step,
        nth,
    )
    world.export()
    os._exit(0)


@pytest.mark.parametrize(("step", "nth"), DEATHS)
def test_a_killed_export_leaves_nothing_or_all_of_it(tmp_path, step, nth):
    world = Mailing(tmp_path, people(*"abc"))
    world.journal.append("dpo", "ingest", {})
    child = multiprocessing.get_context("spawn").Process(target=die_at, args=(tmp_path, step, nth))
    child.start()
    child.join()  # the suite's own limit on a test is the only one
    assert child.exitcode in (0, 9)
    with world.registry().alone():
        known = {one.export for one in world.registry().exports()}
    assert acts_in(tmp_path) == known == {path.stem for path in (tmp_path / "registers").iterdir()}
    for name in known:
        assert len(list((tmp_path / "exports" / name).iterdir())) == 2
    world.export()


def crowd(home, gate):
    world = Mailing(home, people(*"abcdef"), channel=capped(3, 30))
    gate.wait()
    world.export()


def test_ten_exports_at_once_keep_the_cap_and_register_once(tmp_path):
    world = Mailing(tmp_path, people(*"abcdef"), channel=capped(3, 30))
    world.journal.append("dpo", "ingest", {})
    fresh = multiprocessing.get_context("spawn")
    gate = fresh.Barrier(10)
    children = [fresh.Process(target=crowd, args=(tmp_path, gate)) for _ in range(10)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 10
    exports = world.registry().exports()
    assert len({one.export for one in exports}) == 10
    sizes = sorted(len(rows(tmp_path / "exports" / one.export / one.file)) for one in exports)
    assert sizes == [0] * 7 + [6] * 3
    assert world.now == NOW


def whole(world, export):
    """Whether an export's folder is complete: its manifest holds, and its file names exactly whom
    its register does.
    """
    (told,) = (
        path for path in (world.home / "exports" / export).iterdir() if path.name.endswith(MANIFEST)
    )
    verified = manifest.verify(told, KEYS)
    with world.engines() as engine:
        register = world.registry().read(engine, export)
        members = {
            patient
            for (patient,) in engine.connection.execute(
                f"SELECT patient FROM {register.name}"
            ).fetchall()
        }
    ids = {row["patient_id"] for row in rows(told.parent / verified.content["file"])}
    return verified.file_matches and {world.numbers[one] for one in ids} == members


def test_kill_9_at_any_step_of_an_export_leaves_nothing_or_all_of_it(tmp_path):
    home = tmp_path / "home"
    world = Mailing(home, people(*"abc"), file_key=None)
    world.journal.append("dpo", "ingest", {})
    with images.taken(home, tmp_path / "images") as left:
        world.export()
    committed = []
    for image in left:
        found = Mailing(image, people(*"abc"), file_key=None)
        shown = [name for name in acts_in(image) if not name.startswith(".")]
        assert all(whole(found, name) for name in shown)
        with found.registry().alone():
            known = {one.export for one in found.registry().exports()}
        registered = {path.stem for path in (image / "registers").iterdir()}
        assert acts_in(image) == known == registered
        assert all(whole(found, export) for export in known)
        assert whole(found, found.export().export)
        committed.append(len(known))
    assert committed == sorted(committed)
    assert set(committed) == {0, 1}
    assert len(left) > 10
