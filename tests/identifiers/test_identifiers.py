"""Identifiers (S3): the set-based and the single-value reading agree, and agree with the standard
library's HMAC.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import unicodedata
from pathlib import Path

import phonenumbers
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmenter.engine import DuckDBEngine
from segmenter.identifiers import (
    entry_forms,
    entry_hashes,
    hash_patients,
    hash_values,
    hashes,
    normal_forms,
    read,
)
from segmenter.identifiers.characters import folded, stripped
from segmenter.private.keys import Keys

KEYS = Keys(b"a key that only these tests have ever used")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with DuckDBEngine(tmp_path_factory.mktemp("spill"), None) as opened:
        yield opened


def forms(kind, value, region="FR"):
    return [(n.kind, n.profile, n.text) for n in normal_forms(kind, value, region)]


def fetched(engine, table):
    return engine.connection.execute(f"FROM {table.name}").fetchall()


def loaded_patients(engine, emails, phones, postals=None):
    ids = list(range(len(emails)))
    names = pl.DataFrame({"patient": ids, "patient_id": [f"p{i}" for i in ids]})
    columns = {
        "patient": ids,
        "email": emails,
        "phone": phones,
        "postal": postals or [None] * len(ids),
    }
    schema = {
        "patient": pl.Int64,
        "email": pl.String,
        "phone": pl.String,
        "postal": pl.String,
    }
    people = engine.load(pl.DataFrame(columns, schema=schema))
    return {"identity": engine.load(names), "patient": people}


# -- addresses -------------------------------------------------------------------------------------


def kept(kind, value, region="FR"):
    return [form.text for form in entry_forms(kind, value, region)]


def written(kind, value, region="FR"):
    """How a patient's identifier is written to a file, or None if it is not."""
    forms = normal_forms(kind, value, region)
    return forms[0].text if forms and forms[0].valid else None


ANNE = "anne.l@clinic.example"
DRESSES = [
    "Anne Leroy <anne.l@clinic.example>",
    '"Leroy, Anne" <Anne.L@Clinic.Example>',
    "Leroy, Anne <anne.l@clinic.example>",
    "Anne Leroy <anne.l@clinic.example",
    "<anne.l@clinic.example>",
    "Anne &lt;anne.l@clinic.example&gt;",
    "mailto:anne.l@clinic.example",
    "mailto:anne.l@clinic.example?subject=Stop please",
    "<mailto:anne.l@clinic.example>",
    '<a href="mailto:anne.l@clinic.example">anne.l@clinic.example</a>',
    "E-mail : anne.l@clinic.example",
    "anne.l@clinic.example (home; at night)",
    "(anne.l@clinic.example)",
    "'anne.l@clinic.example'",
    "'anne.l@clinic.example",
    '"anne.l"@clinic.example',
    "« anne.l@clinic.example »",
    "“anne.l@clinic.example”",
    "**anne.l@clinic.example**",
    "- anne.l@clinic.example",
    "• anne.l@clinic.example",
    *(f"anne.l@clinic.example{mark}" for mark in (".", ",", ";", "!", "?", "...", ">", "/")),
    " \tanne.l@clinic.example\r\n",
    "anne.l @ clinic. example",
    "ａｎｎｅ．ｌ＠ｃｌｉｎｉｃ．ｅｘａｍｐｌｅ",
    "anne.l@clinic。example",
    *(f"{unseen}anne.l@clinic.example" for unseen in "\u200b\ufeff\u2060\u202a\u200e\xad\x7f"),
    *(f"anne.l@cli{unseen}nic.example" for unseen in "\u200b\ufeff\u2060\u202e\u200f\xad\x07"),
]


@pytest.mark.parametrize("dressed", DRESSES)
def test_an_address_comes_out_of_its_dress_on_a_list_and_in_a_patients_row(dressed):
    assert kept("email", dressed) == [ANNE]
    assert written("email", dressed) == ANNE


@pytest.mark.parametrize(
    "cell",
    [
        "a@one.example; b@two.example",
        "a@one.example,b@two.example",
        "a@one.example\nb@two.example",
        "a@one.example b@two.example",
        "a@one.example/b@two.example",
        "a@one.example ou b@two.example",
        "Anne <a@one.example>, Bob <b@two.example>",
        "Anne <a@one.example> b@two.example",
    ],
)
def test_several_addresses_in_a_cell_are_several(cell):
    assert kept("email", cell) == ["a@one.example", "b@two.example"]
    assert written("email", cell) == "a@one.example"


def test_the_first_address_that_can_be_written_to_is():
    assert written("email", "a@one; b@two.example") == "b@two.example"


def test_a_blank_inside_a_local_part_may_be_a_lost_plus():
    reading = read("email", "jane news@example.org", "FR")
    assert kept("email", "jane news@example.org") == [
        "janenews@example.org",
        "jane+news@example.org",
    ]
    assert written("email", "jane news@example.org") == "janenews@example.org"
    assert reading.doubt is not None
    assert read("email", " jane @example.org ", "FR").doubt is None


def test_text_behind_a_domain_may_be_a_note():
    assert kept("email", "jane@example.org bounced") == [
        "jane@example.orgbounced",
        "jane@example.org",
    ]
    assert read("email", "jane@example.org bounced", "FR").doubt is not None
    assert kept("email", "jane@example.org !") == ["jane@example.org"]


def test_google_addresses_have_a_second_profile_of_one_domain():
    assert forms("email", "Ja.ne+news+x@GoogleMail.com")[:2] == [
        ("email", 1, "ja.ne+news+x@googlemail.com"),
        ("email", 2, "jane@gmail.com"),
    ]
    assert kept("email", "j.ane@googlemail.com") == kept("email", "Jane+x@gmail.com")
    assert [f for f in forms("email", "jane@gmail.com") if f[:2] == ("email", 2)] == []
    assert [f for f in forms("email", "ja.ne@example.com") if f[:2] == ("email", 2)] == []


@pytest.mark.parametrize(
    ("unicode", "coded"),
    [
        ("x@bücher.example", "x@xn--bcher-kva.example"),
        ("x@BÜCHER.example", "x@xn--bcher-kva.example"),
        ("x@XN--BCHER-KVA.example", "x@xn--bcher-kva.example"),
        ("x@faß.example", "x@xn--fa-hia.example"),
        ("x@βόλος.example", "x@xn--nxasmm1c.example"),
        ("x@例え.テスト", "x@xn--r8jz45g.xn--zckzah"),
        ("x@müller.köln", "x@xn--mller-kva.xn--kln-sna"),
        ("été@école.example", "été@xn--cole-9oa.example"),
    ],
)
def test_a_domain_is_in_its_ascii_form(unicode, coded):
    assert kept("email", unicode) == [coded]
    assert written("email", unicode) == coded


@pytest.mark.parametrize(
    "text",
    [
        "a@b", "@b.fr", "a@@b.fr", "a@b..fr", "a@.fr", "ab.fr", "a@b@c.fr", "a@→b.fr", "a@b_c d",
        "()@b.fr", "a@" + "é" * 64 + ".fr", "a@b!c.fr", "nobody", "Anne <>", "Anne <a@b>",
    ],
)  # fmt: skip
def test_what_is_no_address_is_kept_by_no_entry_and_never_written(text):
    assert kept("email", text) == []
    assert written("email", text) is None


@pytest.mark.parametrize("text", ["x;=1+1@evil.example", "a@b.fr, and others", "Anne; a@b.fr"])
def test_a_cell_with_something_else_in_it_is_never_written_but_matches(text):
    assert kept("email", text)
    assert written("email", text) is None
    assert read("email", text, "FR").doubt is not None


def test_entries_of_earlier_versions_still_match():
    texts = {form.text for form in normal_forms("email", "Anne <A@Büro.example>", "FR")}
    assert "anne<a@büro.example>" in texts
    assert "jane@googlemail.com" in {
        form.text for form in normal_forms("email", "j.ane+x@googlemail.com", "FR")
    }
    assert "0612345678" in {
        form.text for form in normal_forms("phone", "06 12 34 56 78 home", "FR")
    }


# -- phone numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "06 12 34 56 78", "06.12.34.56.78", "06-12-34-56-78", "06/12/34/56/78", "06,12,34,56,78",
        "0033 6 12 34 56 78", "0033 (0)6 12 34 56 78", "+33 (0)6 12 34 56 78", "33612345678",
        "612345678", "0612345678.0", "612345678.0", "33612345678.0", "612345678,0",
        "6.12345678E+08", "3.3612345678E10", "tel:+33612345678", "Tél. : 06 12 34 56 78",
        "06 12 34 56 78 (home)", "home: 06 12 34 56 78", "06 12 34 56 78 - ask for Anne",
        "+33 6 12 34 56 78 poste 12", "06 12 34 56 78, since 12/03/2024",
        "\u202a+33 6 12 34 56 78\u202c", "\u200b0612345678", "٠٦١٢٣٤٥٦٧٨", "０６１２３４５６７８",
    ],
)  # fmt: skip
def test_a_number_comes_out_of_its_dress(value):
    assert kept("phone", value) == ["+33612345678"]
    assert written("phone", value) == "+33612345678"


@pytest.mark.parametrize(
    "cell",
    [
        "0612345678 / 0687654321", "0612345678;0687654321", "0612345678, 0687654321",
        "0612345678 ou 06 87 65 43 21", "06 12 34 56 78 06 87 65 43 21",
        "home 06 12 34 56 78, work +33 6 87 65 43 21",
    ],
)  # fmt: skip
def test_several_numbers_in_a_cell_are_several(cell):
    assert kept("phone", cell) == ["+33612345678", "+33687654321"]
    assert written("phone", cell) == "+33612345678"


OVERSEAS = [
    ("0692123456", "+262692123456"), ("06 93 12 34 56", "+262693123456"),
    ("0639012345", "+262639012345"), ("0262123456", "+262262123456"),
    ("0690123456", "+590690123456"), ("0691250123", "+590691250123"),
    ("0590123456", "+590590123456"), ("0694201234", "+594694201234"),
    ("0594101234", "+594594101234"), ("0696201234", "+596696201234"),
    ("0697123456", "+596697123456"), ("0596301234", "+596596301234"),
    ("0709001234", "+590709001234"),
]  # fmt: skip


@pytest.mark.parametrize(("national", "own"), OVERSEAS)
def test_overseas_numbers_have_two_readings(national, own):
    french = "+33" + national.replace(" ", "")[1:]
    spellings = (national, own, french, f"00{own[1:]}", f"{national}.0")
    for listed in spellings:
        assert kept("phone", listed) == [own]
        for patient in spellings:
            assert own in {form.text for form in normal_forms("phone", patient, "FR")}
    assert written("phone", national) == own
    assert french in {form.text for form in normal_forms("phone", national, "FR")}


def test_a_number_in_no_plan_is_written_with_the_default_region():
    """Both readings match; the file carries the first that is valid, else France's."""
    assert written("phone", "0596123456") == "+33596123456"
    assert kept("phone", "0596123456") == kept("phone", "+596596123456") == ["+596596123456"]


def test_overseas_readings_are_of_region_fr_alone():
    assert kept("phone", "0692123456", "DE") == ["+49692123456"]


@pytest.mark.parametrize(
    ("value", "text"),
    [("12", "12"), ("tél. ١٢", "12"), ("262692112233", "+262692112233"), ("n° 4", "4")],
)
def test_a_number_that_is_not_possible_is_for_matching_alone(value, text):
    assert kept("phone", value) == [text]
    assert written("phone", value) is None


@pytest.mark.parametrize("value", ["", "no number", "6.12E+08", "6,1234567E+08"])
def test_what_holds_no_number_is_kept_by_no_entry(value):
    assert kept("phone", value) == []
    assert written("phone", value) is None


def test_digits_that_are_in_no_number_are_told():
    assert read("phone", "06 12 34 56 78 2e: 06 87 65 43 21", "FR").doubt is not None
    assert read("phone", "06 12 34 56 78 / 79", "FR").doubt is None


# -- the other kinds -------------------------------------------------------------------------------


def test_nothing_left_has_no_hash():
    assert not hashes(KEYS, "FR", "email", " \u2003\t")
    assert not hashes(KEYS, "FR", "phone", "no number")
    assert not hashes(KEYS, "FR", "domain", "@")
    assert not hashes(KEYS, "FR", "patient_id", " \u200b")
    assert not hashes(KEYS, "FR", "postal", "\u200b ")


def covers(entry, address):
    """Whether an entry of a domain names an address."""
    own = {one.hash for one in hashes(KEYS, "FR", "email", address) if one.kind == "domain"}
    return bool(own & {one.hash for one in entry_hashes(KEYS, "FR", "domain", entry)})


@pytest.mark.parametrize(
    "written_so",
    ["host.example", "@HOST.example", " Host.Example. ", "host.example.", "*@host.example"],
)
def test_a_domain_entry_is_one_however_it_is_written(written_so):
    assert kept("domain", written_so) == ["host.example"]
    assert covers(written_so, "x@HOST.example")
    assert not covers(written_so, "x@mail.host.example")


def test_an_entry_of_a_domain_with_a_star_names_its_subdomains_too():
    for address in ("x@host.example", "x@mail.host.example", "X <x@a.b.Host.Example>"):
        assert covers("*.Host.example", address)
    assert not covers("*.host.example", "x@otherhost.example")
    assert covers("*.bücher.example", "x@mail.XN--BCHER-KVA.example")


def test_google_has_one_domain():
    assert covers("gmail.com", "x@googlemail.com")
    assert covers("googlemail.com", "x@gmail.com")
    assert covers("googlemail.com", "x@googlemail.com")


@pytest.mark.parametrize("text", ["fr", "*.fr", "a@b.fr", "", "*", "http://b.fr", "b..fr"])
def test_what_is_no_domain_is_kept_by_no_entry(text):
    assert kept("domain", text) == []


def test_a_postal_address_without_a_letter_or_digit_names_nobody():
    assert kept("postal", " 1  Rue\u200b du Bac ") == ["1 rue du bac"]
    assert kept("postal", "-") == []


def test_ids_lose_what_is_around_them_and_keep_what_is_inside():
    assert kept("patient_id", "\ufeff P 1\u200b\t") == ["P 1"]
    assert kept("patient_id", "p\xadq") == ["p\xadq"]


def test_every_blank_and_unseen_character_is_known():
    for code in range(sys.maxunicode + 1):
        sign = chr(code)
        if unicodedata.category(sign) in ("Cc", "Cf", "Zs", "Zl", "Zp") or sign.isspace():
            assert stripped(f"{sign}x{sign}") == "x", hex(code)
            assert folded(f"a{sign}").strip() == "a", hex(code)


def test_hash_is_plain_hmac():
    key = KEYS.derive("segmenter/identifier/1")
    (first, *_) = hashes(KEYS, "FR", "email", "A@b.fr")
    assert first.hash == hmac.new(key, b"a@b.fr", hashlib.sha256).hexdigest()
    assert first.probe == int(first.hash[:15], 16)


def test_repr_shows_no_value():
    assert "jane" not in repr(normal_forms("email", "jane@example.org", "FR"))
    assert "jane" not in repr(read("email", "jane doe@example.org", "FR"))


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
    tables = loaded_patients(engine, *([row[i] for row in rows] for i in range(3)))
    address = hash_patients(engine, KEYS, region, tables)
    expected = []
    for i, row in enumerate(rows):
        for kind, value in zip(
            ("email", "phone", "postal", "patient_id"), (*row, f"p{i}"), strict=True
        ):
            expected += [
                (i, h.kind, h.profile, h.probe, h.hash, h.valid)
                for h in hashes(KEYS, region, kind, value)
            ]
    assert sorted(fetched(engine, address)) == sorted(expected)


@settings(max_examples=12, deadline=None)
@given(st.lists(LISTED, max_size=60))
def test_entries_of_lists_keep_every_reading_in_its_coarsest_form(engine, values):
    frame = {
        "item": list(range(len(values))),
        "kind": [k for k, _ in values],
        "value": [v for _, v in values],
    }
    schema = {"item": pl.Int64, "kind": pl.String, "value": pl.String}
    entries = hash_values(engine, KEYS, "FR", engine.load(pl.DataFrame(frame, schema=schema)))
    expected = [
        (item, one.kind, one.probe, one.hash, read(kind, value, "FR").doubt)
        for item, (kind, value) in enumerate(values)
        for one in entry_hashes(KEYS, "FR", kind, value)
    ]
    assert sorted(fetched(engine, entries), key=str) == sorted(expected, key=str)


@settings(max_examples=100, deadline=None)
@given(EMAILS, EMAILS)
def test_an_entry_reaches_whoever_shares_a_mailbox(one, other):
    mailboxes = {form.text for form in entry_forms("email", one, "FR")}
    shared = mailboxes & {form.text for form in entry_forms("email", other, "FR")}
    entry = {one.hash for one in entry_hashes(KEYS, "FR", "email", one)}
    own = {h.hash for h in hashes(KEYS, "FR", "email", other) if h.kind == "email"}
    assert bool(entry & own) >= bool(shared)


def test_plain_french_numbers_are_read_as_phonenumbers_reads_them(engine):
    numbers = [f"0{n:05d}6789" for n in range(10_000, 100_000, 7)] + [
        f"+33{n:05d}6789" for n in range(10_000, 100_000, 7)
    ]
    given_numbers = {"item": list(range(len(numbers))), "kind": "phone", "value": numbers}
    reads = {"identifier_given": engine.load(pl.DataFrame(given_numbers))}
    region = {"region": "FR"}
    plain = engine.frame("identifier_plain", reads=reads, values=region).select("item", "clean")
    overseas = engine.frame("identifier_overseas", reads=reads, values=region)
    clean = dict(plain.iter_rows())
    other = dict(overseas.select("item", "normal").iter_rows())
    assert len(clean) > 0.8 * len(numbers)
    for item, value in enumerate(numbers):
        reading = read("phone", value, "FR")
        if item in clean:
            forms = [form.text for form in reading.forms]
            assert forms == [text for text in (clean[item], other.get(item)) if text is not None]
            assert [form.text for form in reading.forms if form.kept] == forms[-1:]
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
    tables = loaded_patients(engine, lines, lines, lines)
    address = hash_patients(engine, KEYS, "FR", tables)
    expected = [
        (i, h.hash)
        for i, line in enumerate(lines)
        for k in ("email", "phone", "postal")
        for h in hashes(KEYS, "FR", k, line)
    ]
    assert sorted((r[0], r[4]) for r in fetched(engine, address) if r[1] != "patient_id") == sorted(
        expected
    )
