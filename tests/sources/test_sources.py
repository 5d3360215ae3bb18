"""Ingest: every row read is kept or quarantined, the snapshot appears whole, entries only come on
top, small changes cost little.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
import os
import random
import sqlite3
import zipfile
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from segmenter.engine import DuckDBEngine
from segmenter.errors import EngineError, ProjectKeyError, SourceError
from segmenter.private.files import sweep
from segmenter.project.declared import ConsentSource, PatientSource, Read, SuppressionSource
from segmenter.sqlexpr.columns import unique
from sourcing import NOW, SOURCES, Clinic, told

TAGGED = replace(
    SOURCES,
    patient=replace(SOURCES.patient, tags={"sex": "identity", "note": "identity"}),
    facts={"encounter": replace(SOURCES.facts["encounter"], tags={"ward": "care"})},
)

PATIENTS = (
    "patient_id,sex,age,deceased,email\n1,F,30,false,a@x.example\n2,M,47,,B@Gmail.com\n3,F,x,,\n"
    "4,M,,yes,\n"
)
HEADER = (
    "event_id,patient_id,purpose,channel,topic,category,state,effective_at,recorded_at,"
    "confirmed_at,valid_until,method,expressed_by,notice_version,evidence,source\n"
)


def event(patient="1", state="given", **more) -> str:
    row = dict(zip(HEADER.strip().split(","), [""] * 16, strict=True))
    row |= {
        "patient_id": patient,
        "state": state,
        "purpose": "prevention",
        "channel": "*",
        "topic": "*",
        "category": "care",
    }
    row |= {
        "source": "crm",
        "effective_at": "2026-01-01T10:00:00Z",
        "recorded_at": "2026-01-01T10:00:00Z",
        **more,
    }
    return ",".join(row.values()) + "\n"


@pytest.fixture
def clinic(tmp_path):
    return Clinic(tmp_path, TAGGED).write(patients_csv=PATIENTS)


def test_read_is_kept_and_quarantined(clinic):
    clinic.write(
        consent_csv=HEADER
        + event()
        + event("")
        + event(state="maybe")
        + "broken\n"
        + "\n"
        + event("9")
    )
    made = clinic.ingest()
    assert told(made) == [
        ("consent", 3, "I1"),
        ("consent", 4, "C10"),
        ("consent", 5, "I5"),
        ("patient", 4, "I3"),
    ]
    assert made.tables["consent"].read == 5
    assert all(count.read == count.kept + count.quarantined for count in made.tables.values())
    assert clinic.rows(made, "consent", "patient", "state", "line") == [
        (1, "given", 2),
        (1, "maybe", 4),
        (5, "given", 7),
    ]
    assert clinic.rows(made, "identity") == [(1, "1"), (2, "2"), (3, "3"), (4, "4"), (5, "9")]


def test_a_broken_line_that_may_deny_denies_everything_of_a_known_patient(clinic):
    denial = event("1", "withdrawn", evidence="a").strip()
    lines = [
        denial + ",b",
        "e,1,prevention,email,*,*,withdrawn",
        denial.replace(",a,", ',"a"b,'),
        "e,2",
        denial.replace(",a,", ",\udce9,"),
        event("2").strip() + ",b",
        "e,2,prevention,email,*,*,requested",
        denial.replace("1", "nobody", 1) + ",b",
    ]
    read = Read("data/consent*.csv", encoding="utf-8")
    clinic.sources = replace(clinic.sources, consent=(ConsentSource(read),))
    made = clinic.write(
        consent_csv=(HEADER + "\n".join(lines)).encode("utf-8", "surrogateescape")
    ).ingest()
    assert told(made)[:8] == [("consent", n, "I6" if n == 6 else "I5") for n in range(2, 10)]
    assert (made.tables["consent"].read, made.tables["consent"].quarantined) == (8, 8)
    columns = ("patient", "state", "purpose", "channel", "topic", "category", "dates", "line")
    assert clinic.rows(made, "consent", *columns) == [
        *((1, "withdrawn", "", "", "", "", 3, n) for n in (2, 3, 4, 6)),
        (2, "", "", "", "", "", 3, 5)
    ]  # fmt: skip


def test_a_broken_line_denies_of_whoever_another_source_makes_known_now_or_later(clinic):
    denial = event("late", "withdrawn", evidence="a").strip()
    torn = [denial + ",b", denial.replace("late", "linked", 1) + ",b"]
    made = clinic.write(
        consent_csv=HEADER + "\n".join(torn), links_csv="patient_id,same_as\n1,linked\n"
    ).ingest()
    assert set(clinic.rows(made, "consent", "state", "line")) == {("withdrawn", 3)}
    patients = (clinic.root / "data" / "patients.csv").read_text()
    again = clinic.write(
        patients_csv=patients + patients.splitlines()[1].replace("1", "late", 1) + "\n"
    ).ingest(made)
    assert set(clinic.rows(again, "consent", "state", "line")) == {
        ("withdrawn", 2),
        ("withdrawn", 3),
    }


def test_broken_lines_of_preferences_links_and_lists_still_narrow(clinic):
    made = clinic.write(
        preferences_csv="patient_id,channel,allowed\n1,email,true,x\n2\nnobody,email\n",
        links_csv="patient_id,same_as\n1,2,x\n3,nobody,x\n",
        list_csv="email,reason\na@x.example\nb@x.example,manual,x\nnone,of,them\n",
    ).ingest()  # fmt: skip
    assert clinic.rows(made, "preference", "patient", "channel", "topic", "allowed") == [
        (1, "*", "*", False),
        (2, "*", "*", False),
    ]
    assert clinic.rows(made, "link_group") == [(1, 1, 2), (2, 1, 2)]
    assert [row[0] for row in clinic.rows(made, "suppression", "kind")] == ["email", "email"]
    assert all(count.read == count.kept + count.quarantined for count in made.tables.values())


def test_rows_in_quarantine_tell_of_deaths_and_listed_addresses_of_linked_ids(clinic):
    rows = (
        "patient_id,age,deceased,email\n1,30,,a@x.example\n2,30,true,b@x.example\n"
        "2,30,,B2@x.example\n3,old,no,c@x.example\n,,true,\n"
    )
    made = clinic.write(patients_csv=rows).ingest()
    assert clinic.rows(made, "patient", "patient_id") == [("1",)]
    assert clinic.rows(made, "aside") == [(2, True), (3, False)]
    hashed = [row for row in clinic.rows(made, "address", "patient", "kind") if row[1] == "email"]
    assert hashed == [(1, "email"), (2, "email"), (2, "email"), (3, "email")]
    before = clinic.rows(made, "address")
    again = clinic.write(patients_csv=rows.replace("c@x", "d@x")).ingest(made)
    changed = set(clinic.rows(again, "address")) ^ set(before)
    assert {(row[0], row[1]) for row in changed} == {(3, "email")}
    assert clinic.rows(again, "touched", "patient") == []
    healed = clinic.write(patients_csv=rows.replace("old", "40")).ingest(again)
    assert clinic.rows(healed, "aside") == [(2, True)]
    assert {row[0] for row in clinic.rows(healed, "touched", "patient")} == {3}
    assert [row for row in clinic.rows(healed, "address", "patient", "kind") if row[0] == 3].count(
        (3, "email")
    ) == 1


def test_patients_are_typed_and_the_dead_are_dead(clinic):
    made = clinic.ingest()
    assert clinic.rows(made, "patient", "patient_id", "age", "deceased", "email", "sex",
     "phone") == [
        ("1", 30, False, "a@x.example", "F", None), ("2", 47, False, "B@Gmail.com", "M", None),
        ("4", None, True, None, "M", None),
    ]  # fmt: skip


def test_identical_rows_are_one_and_differing_ones_none(clinic):
    made = clinic.write(patients_csv="patient_id,sex\n1,F\n1,F\n2,F\n2,M\n,F\nNA,?\n").ingest()
    assert clinic.rows(made, "patient", "patient_id", "sex") == [("1", "F"), ("NA", "?")]
    assert told(made) == [("patient", 4, "I2"), ("patient", 5, "I2"), ("patient", 6, "I1")]
    assert (made.tables["patient"].read, made.tables["patient"].kept) == (6, 3)


def test_lines_are_physical_after_fields_of_several_lines(clinic):
    made = clinic.write(
        patients_csv='patient_id,note\n1,"two\nlines"\n\n2,x,y\n3,"a ""b"""\n'
    ).ingest()
    assert told(made) == [("patient", 5, "I5")]
    assert clinic.rows(made, "patient", "patient_id", "note") == [
        ("1", "two\nlines"),
        ("3", 'a "b"'),
    ]


def test_reading_resumes_after_an_unterminated_quote(clinic):
    made = clinic.write(patients_csv='patient_id,note\n1,"open\n2,fine\n3,fine\n').ingest()
    assert told(made) == [("patient", 2, "I5")]
    assert [row[0] for row in clinic.rows(made, "patient", "patient_id")] == ["2", "3"]


def test_text_that_is_not_utf8_is_quarantined_and_a_mark_is_not_a_letter(clinic):
    made = clinic.write(
        patients_csv=b"\xef\xbb\xbfpatient_id;note\n1;\xe9t\xe9\n2;\xc3\xa9\n"
    ).ingest()
    assert told(made) == [("patient", 2, "I6")]
    assert clinic.rows(made, "patient", "patient_id", "note") == [("2", "é")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_and_line_ends(clinic, delimiter):
    made = clinic.write(
        patients_csv="\r\n".join(
            delimiter.join(row) for row in (["patient_id", "sex"], ["1", "F"], ["2", "M"])
        )
    ).ingest()
    assert clinic.rows(made, "patient", "patient_id", "sex") == [("1", "F"), ("2", "M")]


def sheet(rows) -> bytes:
    """The smallest workbook that holds these rows."""
    ns = "http://schemas.openxmlformats.org"
    cells = [
        [
            f"<c><v>{v}</v></c>"
            if isinstance(v, int)
            else f'<c t="inlineStr"><is><t>{v}</t></is></c>'
            for v in row
        ]
        for row in rows
    ]
    kind = f"{ns}/officeDocument/2006/relationships"
    relations = (
        f'<Relationships xmlns="{ns}/package/2006/relationships"><Relationship Id="r1" Type="'
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{ns}/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'{relations}{kind}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{ns}/spreadsheetml/2006/main" xmlns:r="{kind}">'
        '<sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{relations}{kind}/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{ns}/spreadsheetml/2006/main"><sheetData>'
        + "".join(f"<row>{''.join(row)}</row>" for row in cells)
        + "</sheetData></worksheet>",
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return content.getvalue()


def test_every_kind_of_file_gives_the_same_patients(tmp_path):
    frame = pl.DataFrame({"patient_id": ["01", "2"], "sex": ["F", None], "age": ["30", ""]})
    texts = {
        "patients.csv": frame.write_csv().encode(),
        "patients.jsonl": frame.write_ndjson().encode(),
    }
    texts["patients.csv.gz"] = gzip.compress(texts["patients.csv"])
    for name in (
        "patients.csv",
        "patients.csv.gz",
        "patients.jsonl",
        "patients.parquet",
        "patients.db",
        "patients.xlsx",
    ):
        clinic = Clinic(tmp_path / name.replace(".", "_")).write()
        path = clinic.root / "data" / name
        read = Read(f"data/{name}")
        if name in texts:
            path.write_bytes(texts[name])
        elif name.endswith("parquet"):
            frame.write_parquet(path)
        elif name.endswith("xlsx"):
            path.write_bytes(sheet([["patient_id", "sex", "age"], ["01", "F", 30], ["2", "", ""]]))
        else:
            with sqlite3.connect(path) as database:
                database.execute("CREATE TABLE p (patient_id TEXT, sex TEXT, age INTEGER)")
                database.executemany(
                    "INSERT INTO p VALUES (?, ?, ?)", [("01", "F", 30), ("2", None, None)]
                )
            database.close()
            read = Read(database=f"sqlite:///{path}", table="p")
        patient = PatientSource(read, "patient_id", {"sex": "identity"})
        clinic.sources = replace(clinic.sources, patient=patient)
        made = clinic.ingest()
        assert clinic.rows(made, "patient", "patient_id", "sex", "age") == [
            ("01", "F", 30),
            ("2", None, None),
        ], name


def test_renamed_columns_and_a_column_that_is_there_twice(clinic):
    clinic.sources = replace(
        clinic.sources,
        patient=PatientSource(
            Read("data/p.csv", rename={"email": "Mail", "age": "Alter"}),
            "Nr",
            {"line": "identity", "LINE": "identity"},
        ),
    )
    made = clinic.write(p_csv="Nr,Mail,Alter,line,LINE\n7,a@x.example,30,x,y\n").ingest()
    assert clinic.rows(made, "patient", "patient_id", "email", "age", "line", "LINE_2") == [
        ("7", "a@x.example", 30, "x", "y")
    ]
    clinic.write(p_csv="Nr,Mail,Mail\n7,a,b\n")
    with pytest.raises(SourceError, match="more than once"):
        clinic.ingest()


def test_a_file_without_its_key_names_what_it_has_and_the_nearest(clinic):
    clinic.write(patients_csv="patientid,secret.person@x.example\n1,2\n")
    with pytest.raises(SourceError, match="no column patient_id") as caught:
        clinic.ingest()
    assert "did you mean patientid" in str(caught.value.problems[0].hint)
    assert "secret" not in str(caught.value.to_dict())
    clinic.write(patients_csv="10441,Hugo,Male,hugo@x.example\n10442,Anne,Female,\n")
    with pytest.raises(SourceError, match="no column patient_id") as caught:
        clinic.ingest()
    assert "Hugo" not in str(caught.value.to_dict())
    clinic.write(patients_csv="Hugo,Martin,Lyon\nAnne,Roy,Paris\n")
    with pytest.raises(SourceError, match="no column patient_id") as unheaded:
        clinic.ingest()
    assert "Martin" not in str(unheaded.value.to_dict())
    assert "first line" in str(caught.value.problems[0].hint)


def test_a_column_that_is_renamed_or_tagged_and_is_not_there_is_refused(clinic):
    clinic.write(p_csv="patient_id,died,doctor\n1,true,x\n")
    for read, tags, message in (
        (Read("data/p.csv", rename={"deceased": "dead"}), {}, "no column dead"),
        (Read("data/p.csv"), {"docter": "prescriber"}, "no column docter"),
    ):
        clinic.sources = replace(clinic.sources, patient=PatientSource(read, "patient_id", tags))
        with pytest.raises(SourceError, match=message):
            clinic.ingest()
    clinic.sources = replace(
        clinic.sources, patient=PatientSource(Read("data/p.csv"), "patient_id", {"race": "origin"})
    )
    assert clinic.ingest().tables["patient"].kept == 1


def test_a_database_file_lies_under_the_project_and_is_never_made(clinic):
    with contextlib.closing(sqlite3.connect(clinic.root / "data" / "p.db")) as database:
        database.execute("CREATE TABLE p AS SELECT '7' AS patient_id")
        database.commit()
    for name, message in (("p.db", None), ("q.db", "cannot be read")):
        read = Read(database=f"sqlite:///data/{name}", table="p")
        clinic.sources = replace(clinic.sources, patient=PatientSource(read, "patient_id"))
        with (
            contextlib.nullcontext()
            if message is None
            else pytest.raises(SourceError, match=message)
        ):
            clinic.ingest()
    assert not (clinic.root / "data" / "q.db").exists()


def test_an_address_is_told_without_its_secrets(clinic):
    read = Read("https://ana:hush@127.0.0.1:1/p.csv?token=hush")
    clinic.sources = replace(clinic.sources, patient=PatientSource(read, "patient_id"))
    with pytest.raises(SourceError, match=r"https://127\.0\.0\.1:1/p\.csv") as caught:
        clinic.ingest()
    assert "hush" not in str(caught.value.to_dict())


def test_a_missing_patient_source_and_an_unreadable_one(clinic):
    before = clinic.ingest()
    clinic.write(patients_csv="")
    with pytest.raises(SourceError):
        clinic.ingest(before)
    (clinic.root / "data" / "patients.csv").unlink()
    clinic.sources = replace(
        clinic.sources,
        patient=replace(clinic.sources.patient, read=replace(clinic.sources.patient.read, line=3)),
    )
    with pytest.raises(SourceError, match="not there") as caught:
        clinic.ingest(before)
    assert (caught.value.problems[0].file, caught.value.problems[0].line) == (
        clinic.root / "sources.yml",
        3,
    )
    assert [p.name for p in (clinic.home / "snapshots").iterdir()] == [before.snapshot.path.name]


def test_a_folder_is_no_source(clinic):
    clinic.ingest()
    consent = (
        replace(
            clinic.sources.consent[0], read=replace(clinic.sources.consent[0].read, path="data")
        ),
    )
    clinic.sources = replace(clinic.sources, consent=consent)
    with pytest.raises(SourceError, match="not a folder"):
        clinic.ingest()


def test_what_a_killed_ingest_left_is_swept(clinic):
    made = clinic.ingest()
    left = made.snapshot.path.with_name(".x.part")
    left.write_bytes(b"half")
    sweep(left.parent)
    assert not left.exists()
    assert made.snapshot.path.exists()


def test_the_snapshot_is_encrypted(clinic):
    made = clinic.ingest()
    assert b"a@x.example" not in made.snapshot.path.read_bytes()
    wrong = "another key that is long enough and wrong"
    with (
        DuckDBEngine(clinic.home / "spill", wrong) as engine,
        pytest.raises((EngineError, ProjectKeyError)),
    ):
        engine.attach(made.snapshot.path)


def test_facts_have_numbers_where_the_policy_measures(clinic):
    made = clinic.write(
        encounters_csv="patient_id,nights,ward\n1,3,er\n1,x,er\n,1,er\n5,,icu\n"
    ).ingest()
    assert clinic.rows(made, "fact_encounter") == [(1, 2, 3, "er"), (5, 5, None, "icu")]
    assert told(made)[:2] == [("encounter", 3, "I3"), ("encounter", 4, "I1")]
    assert (
        clinic.rows(
            Clinic(clinic.root / "again").write(patients_csv=PATIENTS).ingest(), "fact_encounter"
        )
        == []
    )


def test_links_close_over_long_chains_and_cycles(clinic):
    ids = [f"p{i:03}" for i in range(300)]
    pairs = [(a, b) for a, b in itertools.pairwise(ids) if a != "p100"] + [
        ("p299", "p200"),
        ("p5", "p5"),
        ("1", "ghost"),
    ]
    random.Random(1).shuffle(pairs)
    made = clinic.write(
        links_csv="patient_id,same_as\n" + "".join(f"{a},{b}\n" for a, b in pairs) + "x,\n"
    ).ingest()
    sizes = sorted({(grp, size) for _, grp, size in clinic.rows(made, "link_group")})
    assert [size for _, size in sizes] == [2, 101, 199]
    assert told(made)[0] == ("link", len(pairs) + 2, "I1")


def test_preferences_that_cannot_be_read_close_their_scope(clinic):
    rows = (
        "1,email,,true,2,30,fr,2026-01-01\n1,sms,,perhaps,,,,2026-01-01\n"
        "1,pigeon,,no,,,,2026-01-01\n1,pigeon,,yes,,,,2026-01-01\n"
    )
    made = clinic.write(
        preferences_csv="patient_id,channel,topic,allowed,max_contacts,per_days,language,updated_at\n"
        + rows
    ).ingest()
    kept = clinic.rows(made, "preference", "channel", "topic", "allowed", "max_contacts")
    assert sorted(kept) == [
        ("?pigeon", "*", False, None),
        ("?pigeon", "*", True, None),
        ("email", "*", True, 2),
        ("sms", "*", False, None),
    ]
    assert [line for source, line, _ in told(made) if source == "preference"] == [3, 4, 5]


# -- lists and feeds -------------------------------------------------------------------------------


def test_entries_only_come_on_top_and_importing_again_changes_nothing(clinic):
    first = clinic.write(list_csv="email,reason\na@x.example,unsubscribed\n,manual\n").ingest()
    again = clinic.ingest(first)
    assert clinic.rows(first, "suppression") == clinic.rows(again, "suppression")
    later = clinic.write(
        list_csv="email,reason\nb@x.example,unsubscribed\nc@x.example,manual\n"
    ).ingest(again)
    assert len(clinic.rows(later, "suppression")) == 3
    assert ("suppression list", 3, "S5") in told(first)


def test_a_feed_that_is_gone_old_or_shrunk_says_so(clinic):
    path = clinic.root / "data" / "list.csv"
    first = clinic.write(
        list_csv="email\n" + "".join(f"p{i}@x.example\n" for i in range(10))
    ).ingest()
    os.utime(path, (NOW.timestamp() - 90_000,) * 2)
    old = clinic.ingest(first)
    ((name, modified_at, max_age, readable, shrunk),) = clinic.rows(old, "feed")
    assert (name, max_age, readable, shrunk) == ("list", 172_800, True, False)
    assert NOW.replace(tzinfo=None) - modified_at == timedelta(hours=25)
    less = clinic.write(list_csv="email\np1@x.example\n").ingest(old)
    assert clinic.rows(less, "feed", "shrunk") == [(True,)]
    assert clinic.rows(clinic.ingest(less), "feed", "shrunk") == [(True,)]
    path.unlink()
    gone = clinic.ingest(less)
    assert clinic.rows(gone, "feed", "readable") == [(False,)]
    assert len(clinic.rows(gone, "suppression")) == 10


def test_an_export_time_in_the_envelope_is_the_feeds_age(clinic):
    made = clinic.write(
        list_json=(
            '{"contacts": [{"email": "a@x.example", "reason": {}, "blockedAt": ""}], '
            '"exported_at": "2026-05-01T00:00:00Z"}'
        )
    ).ingest()
    assert clinic.rows(made, "feed", "modified_at")[0][0].isoformat() == "2026-05-01T00:00:00"


def test_an_envelope_speaks_for_its_own_file_alone(clinic):
    fresh = (
        '{"contacts": [{"email": "a@x.example", "reason": {}, "blockedAt": ""}], '
        f'"exported_at": "{NOW.isoformat()}"}}'
    )
    clinic.write(list_csv="email\nb@x.example\n", list_json=fresh)
    os.utime(clinic.root / "data" / "list.csv", (NOW.timestamp() - 90_000,) * 2)
    ((modified_at,),) = clinic.rows(clinic.ingest(), "feed", "modified_at")
    assert NOW.replace(tzinfo=None) - modified_at == timedelta(hours=25)


# -- small changes ---------------------------------------------------------------------------------


def test_a_new_file_of_events_touches_its_patients_alone_and_equals_reading_all(clinic):
    clinic.write(
        consent1_csv=HEADER + event("1") + event("2", state="maybe"),
        encounters_csv="patient_id,nights,ward\n1,3,er\n",
        list_csv="email\na@x.example\n", links_csv="patient_id,same_as\n1,2\n",
    )  # fmt: skip
    first = clinic.ingest()
    new_events = HEADER + event("4", "withdrawn") + event("1", "odd")
    clinic.write(
        consent2_csv=new_events, encounters2_csv="patient_id,nights,ward\n2,5,er\n2,?,er\n"
    )
    second = clinic.ingest(first)
    assert (first.full, second.full) == (True, False)
    assert {patient for (patient,) in clinic.rows(second, "touched", "patient")} == {1, 2, 4}
    assert {"consent", "encounter"} <= second.changed
    assert "patient" not in second.changed
    assert clinic.tables(second) == clinic.tables(clinic.ingest())
    assert second.tables == clinic.ingest().tables


def test_a_changed_patient_table_touches_who_differs(clinic):
    clinic.write(consent_csv=HEADER + event())
    first = clinic.ingest()
    second = clinic.write(
        patients_csv=PATIENTS.replace("2,M,47", "2,M,48") + "5,F,20,,e@x.example\n"
    ).ingest(first)
    assert not second.full
    assert {patient for (patient,) in clinic.rows(second, "touched", "patient")} == {2, 5}
    assert clinic.tables(second) == clinic.tables(clinic.ingest())


def test_a_changed_consent_file_or_declaration_reads_all(clinic):
    clinic.write(consent_csv=HEADER + event())
    first = clinic.ingest()
    assert not clinic.ingest(first).full
    clinic.write(consent_csv=HEADER + event() + event("2"))
    assert clinic.ingest(first).full
    second = clinic.ingest(first)
    clinic.sources = replace(
        clinic.sources,
        consent=(ConsentSource(Read("data/consent*.csv", rename={"method": "how"})),),
    )
    assert clinic.ingest(second).full


def test_numbers_of_patients_stay(clinic):
    first = clinic.ingest()
    second = clinic.write(patients_csv="patient_id,sex\n0,F\n4,F\n").ingest(first)
    assert clinic.rows(second, "identity") == [(1, "1"), (2, "2"), (3, "3"), (4, "4"), (5, "0")]
    assert clinic.rows(second, "patient", "patient", "patient_id") == [(4, "4"), (5, "0")]


def test_a_list_of_unknown_layout_is_refused(clinic):
    clinic.write(list_csv="Nom,Prenom\nDupont,Jean\n")
    with pytest.raises(SourceError, match="not known") as caught:
        clinic.ingest()
    assert "Nom, Prenom" in str(caught.value.problems[0].hint)
    clinic.sources = replace(
        clinic.sources,
        suppression=(SuppressionSource("none", Read("data/none"), None, timedelta(1)),),
    )
    assert clinic.rows(clinic.ingest(), "feed", "readable") == [(False,)]


def test_names_are_unique_whatever_their_case():
    assert unique(["a", "A", "patient", "a_2"], ["patient"]) == ["a", "A_2", "patient_2", "a_2_2"]
