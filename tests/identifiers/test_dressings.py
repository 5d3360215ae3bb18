"""Ten thousand random dressings, on a list or in patients' rows: no opt-out is lost, and nobody
else is suppressed (S2, S3).
"""

from __future__ import annotations

import random
from collections import defaultdict

import polars as pl
import pytest

from segmenter.engine import DuckDBEngine
from segmenter.identifiers import hash_patients, hash_values
from segmenter.private.keys import Keys

KEYS = Keys(b"a key that only these tests have ever used")
MANY = 5_000  # of each kind
UNSEEN = "\u200b\u200c\u200e\u200f\u202a\u202c\u2060\ufeff\u00ad"
DOMAINS = [
    ("clinic.example",), ("mail.hospital.example",), ("gmail.com", "googlemail.com"),
    ("bücher.example", "xn--bcher-kva.example", "BÜCHER.example"),
]  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with DuckDBEngine(tmp_path_factory.mktemp("spill"), None) as opened:
        yield opened


# -- addresses -------------------------------------------------------------------------------------


def address(rng, number):
    """One spelling of the mailbox of this number."""
    domains = DOMAINS[number % len(DOMAINS)]
    local = f"anne{number}le"
    if "gmail.com" in domains:
        local = "".join(sign + rng.choice(["", "", "."]) for sign in local[:-1]) + local[-1]
        local += rng.choice(["", "+news", "+a.b"])
    spelt = f"{local}@{rng.choice(domains)}"
    return rng.choice([str, str.upper, str.title, wide, unseen(rng)])(spelt)


def wide(text):
    """Full-width forms of its ASCII signs."""
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


def unseen(rng):
    """A function that puts a character that nobody sees somewhere into a text."""

    def changed(text):
        place = rng.randrange(len(text) + 1)
        return text[:place] + rng.choice(UNSEEN) + text[place:]

    return changed


def dressed_address(rng, number):
    bare = address(rng, number)
    other = f"nobody{number}@elsewhere.example"
    inner = rng.choice(
        [
            bare, f"<{bare}>", f"mailto:{bare}", f"Anne Le Roy <{bare}>",
            f'"Le Roy, Anne" <{bare}>',
            f"Le Roy, Anne <{bare}>", f"'{bare}'", f'"{bare}"', f"({bare})", f"[{bare}]",
            f"« {bare} »", f"E-mail : {bare}", f"<mailto:{bare}>", f"- {bare}",
            f"{bare} (home; evenings)", f"Anne <{bare}", f"{bare}; {other}", f"{other},{bare}",
            f"{bare} {other}", f"{other} / {bare}", f"{bare}\n{other}",
        ]
    )  # fmt: skip
    after = rng.choice(["", "", ".", ",", ";", " ", "\t", "\u00a0", "!", " .", "\r\n", "\u200b"])
    return rng.choice(["", " ", "\u200e", "\ufeff"]) + inner + after


# -- numbers ---------------------------------------------------------------------------------------

PLANS = [("6", 33), ("692", 262), ("690", 590), ("696", 596), ("594", 594), ("262", 262)]


def national(number):
    """The national number, without its zero, and its country code."""
    prefix, code = PLANS[number % len(PLANS)]
    if code == 33:
        return f"61{number:07d}", code
    middle = "20" if prefix in ("696", "594") else "10"
    return f"{prefix}{middle}{number:04d}", code


def dressed_number(rng, number):
    digits, code = national(number)
    pairs = [digits[0], *(digits[place : place + 2] for place in range(1, 9, 2))]
    apart = rng.choice(["", " ", ".", "-", "\u00a0", "\u202f", "/"])
    grouped = apart.join(pairs)
    bare = rng.choice(
        [f"0{grouped}", f"0{digits}", f"+{code} {grouped}", f"00{code}{digits}", f"+{code}{digits}",
         f"+{code} (0){grouped}", f"0{digits}.0", f"{digits}.0", f"0{digits},0"]
    )  # fmt: skip
    other = "+49 30 12345678"
    dressed = rng.choice(
        [bare, bare, f"{bare} (home)", f"Tel: {bare}", f"{bare} ask for Anne", f"tel:{bare}",
         f"{bare} / {other}", f"{other} ou {bare}", f"{bare}; {other}", f"\u202a{bare}\u202c"]
    )  # fmt: skip
    floating = bare.endswith((".0", ",0"))
    return rng.choice(["", " ", "\u200b"]) + (bare if floating else dressed)


# -- both sides ------------------------------------------------------------------------------------


def suppressed(engine, kind, listed, held):
    """Whom each entry names: item -> patients."""
    items = list(range(len(listed)))
    named = {"item": items, "kind": [kind] * len(listed), "value": listed}
    entries = hash_values(engine, KEYS, "FR", engine.load(pl.DataFrame(named)))
    nothing = pl.Series([None] * len(held), dtype=pl.String)
    texts = {name: held if name == kind else nothing for name in ("email", "phone", "postal")}
    ids = {"patient": items, "patient_id": [f"p{item}" for item in items]}
    tables = {
        "identity": engine.load(pl.DataFrame(ids)),
        "patient": engine.load(pl.DataFrame({"patient": items, **texts})),
    }
    address = hash_patients(engine, KEYS, "FR", tables)
    query = f"""
        SELECT DISTINCT e.item, a.patient
        FROM {entries.name} AS e JOIN {address.name} AS a USING (kind, hash)
    """
    rows = engine.connection.execute(query).fetchall()
    found = defaultdict(set)
    for item, patient in rows:
        found[item].add(patient)
    return found


@pytest.mark.parametrize(
    ("kind", "plain", "dressed"),
    [
        ("email", address, dressed_address),
        ("phone", lambda rng, number: "+{1}{0}".format(*national(number)), dressed_number),
    ],
)
@pytest.mark.parametrize("side", ["list", "patient", "both"])
def test_no_dressing_loses_an_opt_out_or_suppresses_another(engine, kind, plain, dressed, side):
    rng = random.Random(f"{kind} {side}")
    numbers = range(MANY // 2 if side == "both" else MANY)
    listed = [(plain if side == "patient" else dressed)(rng, number) for number in numbers]
    held = [(plain if side == "list" else dressed)(rng, number) for number in numbers]
    found = suppressed(engine, kind, listed, held)
    lost = [(listed[i], held[i]) for i in numbers if i not in found[i]]
    others = [(listed[i], held[j]) for i in numbers for j in found[i] if j != i]
    if side == "both":  # the second address or number of a cell may be the same one
        others = [pair for pair in others if "nobody" not in pair[0] and "12345678" not in pair[0]]
    assert (lost[:3], others[:3]) == ([], [])
