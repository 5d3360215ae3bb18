"""Identifiers (S3): the set-based and the single-value reading agree, and agree with the standard
library's HMAC.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import phonenumbers
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmenter import identifiers
from segmenter.engine import DuckDBEngine
from segmenter.identifiers import hash_patients, hash_values, hashes, normal_forms
from segmenter.store.keys import Keys

KEYS = Keys(b"a key that only these tests have ever used")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with DuckDBEngine(tmp_path_factory.mktemp("spill"), None) as opened:
        yield opened


def forms(kind, value, region="FR"):
    return [(n.kind, n.profile, n.text) for n in normal_forms(kind, value, region)]


def fetched(engine, table):
    engine.alias("identifier_probe_test", table)
    return engine.connection.execute("FROM identifier_probe_test").fetchall()


def loaded_patients(engine, emails, phones, postals=None):
    ids = list(range(len(emails)))
    engine.load("identity", pl.DataFrame({"patient": ids, "patient_id": [f"p{i}" for i in ids]}))
    columns = {
        "patient": ids,
        "email": emails,
        "phone": phones,
        "postal": postals or [None] * len(ids),
    }
    engine.load(
        "patient",
        pl.DataFrame(
            columns,
            schema={
                "patient": pl.Int64,
                "email": pl.String,
                "phone": pl.String,
                "postal": pl.String,
            },
        ),
    )


# -- one value -------------------------------------------------------------------------------------


def test_email_is_folded_trimmed_and_lowered():
    assert forms("email", " Jane .Doe@Example.ORG\u00a0 ") == [
        ("email", 1, "jane.doe@example.org"),
        ("domain", 1, "example.org"),
    ]
    assert forms("email", "ｊａｎｅ＠example.org")[0] == ("email", 1, "jane@example.org")


def test_google_addresses_have_a_second_profile_and_keep_their_domain():
    both = [("email", 1, "ja.ne+news+x@googlemail.com"), ("email", 2, "jane@googlemail.com")]
    assert forms("email", "Ja.ne+news+x@GoogleMail.com")[:2] == both
    assert [f for f in forms("email", "jane@gmail.com") if f[1] == 2] == []
    assert [f for f in forms("email", "ja.ne@example.com") if f[1] == 2] == []


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("a@b.fr", True),
        *(
            (text, False)
            for text in ("a@b", "@b.fr", "a@@b.fr", "a@b..fr", "a@.fr", "a@b.fr.", "ab.fr")
        ),
    ],
)
def test_email_validity(value, valid):
    assert normal_forms("email", value, "FR")[0].valid is valid


@pytest.mark.parametrize(
    ("value", "expected", "valid"),
    [
        ("06 12 34 56 78", "+33612345678", True),
        ("0033 6 12 34 56 78", "+33612345678", True),
        ("+33 (0)6 12 34 56 78", "+33612345678", True),
        ("+49 30 123456", "+4930123456", True),
        ("12", "12", False),
        ("tél. ١٢", "12", False),
    ],
)
def test_phone(value, expected, valid):
    (form,) = normal_forms("phone", value, "FR")
    assert (form.text, form.valid, form.profile) == (expected, valid, 1 if valid else 2)


def test_nothing_left_has_no_hash():
    assert not hashes(KEYS, "FR", "email", " \u2003\t")
    assert not hashes(KEYS, "FR", "phone", "no number")
    assert not hashes(KEYS, "FR", "domain", "@")


def test_domain_entries_ignore_case_and_at():
    (entry,) = hashes(KEYS, "FR", "domain", "@Example.ORG")
    assert entry.hash in {
        h.hash for h in hashes(KEYS, "FR", "email", "x@EXAMPLE.org") if h.kind == "domain"
    }


def test_hash_is_plain_hmac():
    key = KEYS.derive("segmenter/identifier/1")
    (first, *_) = hashes(KEYS, "FR", "email", "A@b.fr")
    assert first.hash == hmac.new(key, b"a@b.fr", hashlib.sha256).hexdigest()
    assert first.probe == int(first.hash[:15], 16)


def test_repr_shows_no_value():
    assert "jane" not in repr(normal_forms("email", "jane@example.org", "FR"))


# -- sets ------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
EMAILS = st.one_of(
    TEXTS,
    st.builds(
        "{}@{}".format,
        TEXTS,
        st.sampled_from(["gmail.com", "GoogleMail.com", "example.org", "é.fr", "b", ""]),
    ),
    st.text(st.sampled_from("aB.+@ \t\u00a0\u2003ﬁＡİß"), max_size=12).map(
        lambda local: f"{local}@gmail.com"
    ),
)
FRENCH = st.from_regex(r"(0|\+33 ?|0033)[1-9]([ .-]?[0-9]{2}){4}", fullmatch=True)
PHONES = st.one_of(st.text(st.sampled_from("0123456789+ .-()"), max_size=16), FRENCH)
LISTED = st.one_of(
    st.tuples(st.just("email"), EMAILS),
    st.tuples(st.just("phone"), PHONES),
    st.tuples(st.just("domain"), EMAILS),
)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(EMAILS, PHONES, TEXTS), min_size=1, max_size=60),
    st.sampled_from(["FR", "DE", "US"]),
)
def test_sets_and_single_values_agree(engine, rows, region):
    loaded_patients(engine, *([row[i] for row in rows] for i in range(3)))
    hash_patients(engine, KEYS, region)
    expected = []
    for i, row in enumerate(rows):
        for kind, value in zip(
            ("email", "phone", "postal", "patient_id"), (*row, f"p{i}"), strict=True
        ):
            expected += [
                (i, h.kind, h.profile, h.probe, h.hash, h.valid)
                for h in hashes(KEYS, region, kind, value)
            ]
    assert sorted(fetched(engine, "address")) == sorted(expected)


@settings(max_examples=12, deadline=None)
@given(st.lists(LISTED, max_size=60))
def test_entries_of_lists_keep_the_coarsest_profile(engine, values):
    frame = {
        "item": list(range(len(values))),
        "kind": [k for k, _ in values],
        "value": [v for _, v in values],
    }
    engine.load(
        "listed",
        pl.DataFrame(frame, schema={"item": pl.Int64, "kind": pl.String, "value": pl.String}),
    )
    hash_values(engine, KEYS, "FR", "listed", "entries")
    expected = [(i, identifiers.entry_hash(KEYS, "FR", k, v)) for i, (k, v) in enumerate(values)]
    assert sorted(fetched(engine, "entries")) == sorted(
        (i, h.kind, h.probe, h.hash, h.valid) for i, h in expected if h is not None
    )


@settings(max_examples=100, deadline=None)
@given(EMAILS, EMAILS)
def test_an_entry_reaches_whoever_shares_any_profile(one, other):
    entry = identifiers.entry_hash(KEYS, "FR", "email", one)
    shared = {n.text for n in normal_forms("email", one, "FR") if n.kind == "email"} & {
        n.text for n in normal_forms("email", other, "FR") if n.kind == "email"
    }
    reached = entry is not None and entry.hash in {
        h.hash for h in hashes(KEYS, "FR", "email", other) if h.kind == "email"
    }
    assert reached == bool(shared)


def test_plain_french_numbers_mean_what_phonenumbers_says(engine):
    numbers = [f"0{n:05d}6789" for n in range(10_000, 100_000, 7)] + [
        f"+33{n:05d}6789" for n in range(10_000, 100_000, 7)
    ]
    engine.load(
        "numbers",
        pl.DataFrame({"item": list(range(len(numbers))), "kind": "phone", "value": numbers}),
    )
    engine.alias("identifier_given", "numbers")
    assert engine.frame("identifier_odd", {"region": "FR"}).is_empty()
    clean = dict(
        engine.frame("identifier_plain", {"region": "FR"}).select("item", "clean").iter_rows()
    )
    for item, value in enumerate(numbers):
        parsed = phonenumbers.parse(value, "FR")
        assert phonenumbers.is_possible_number(parsed)
        assert clean[item] == phonenumbers.format_number(
            parsed, phonenumbers.PhoneNumberFormat.E164
        )


def test_naughty_strings_as_addresses(engine):
    source = Path(__file__).parents[3] / "shared/data/naughty_strings"
    file = source / "blns.json"
    if not file.is_file():
        pytest.skip("third-party naughty strings are not here")
    lines = [
        text.replace("\x00", "") for text in json.loads(file.read_text(encoding="utf-8")) if text
    ]
    loaded_patients(engine, lines, lines, lines)
    hash_patients(engine, KEYS, "FR")
    expected = [
        (i, h.hash)
        for i, line in enumerate(lines)
        for k in ("email", "phone", "postal")
        for h in hashes(KEYS, "FR", k, line)
    ]
    assert sorted(
        (r[0], r[4]) for r in fetched(engine, "address") if r[1] != "patient_id"
    ) == sorted(expected)


@pytest.mark.parametrize(
    "written", ["host.example", "@HOST.example", " Host.Example. ", "host.example."]
)
def test_a_domain_entry_is_one_however_it_is_written(written):
    assert (
        identifiers.entry_hash(KEYS, "FR", "domain", written).hash
        == identifiers.entry_hash(KEYS, "FR", "domain", "host.example").hash
    )
