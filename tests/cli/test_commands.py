"""What the commands promise: the keys of their answers, exit statuses, what each costs."""

from __future__ import annotations

import json
import shutil

import pytest

from driving import Program, finished, kept_cells
from worlds import plain_project, write_yaml

CONTRACT = {  # command -> the keys its answer holds at least; a list holds objects with these keys
    ("ingest",): {
        "snapshot": None,
        "tables": None,
        "quarantine": ["source", "line", "rule", "reason"],
    },
    ("plan",): {
        "releases": [
            "id",
            "dimensions",
            "epsilon",
            "delta",
            "cells",
            "serves",
            "predicted_error",
            "stored",
        ],
        "budgets": None,
        "refused": ["segment", "rule", "reason"],
    },
    ("run",): {
        "segments": ["segment", "release", "matched", "withheld_cells", "cells"],
        "spent": None,
        "budgets": None,
    },
    ("export", "women", "--channel", "email", "--destination", "check"): {
        "export": None,
        "alias": None,
        "file": None,
        "manifest": None,
        "funnel": ["reason", "count", "interval"],
    },
    ("recall",): {"recalls": ["id", "destination", "file", "due_at", "state"]},
    ("budget",): {
        "budgets": ["purpose", "period", "from", "to", "epsilon", "delta"],
        "entries": None,
    },
    (
        "query",
        "SELECT sex, count(*) FROM patient GROUP BY sex",
        "--purpose",
        "statistics",
        "--epsilon",
        "1",
    ): {
        "columns": None,
        "rows": None,
        "intervals": None,
        "epsilon": None,
        "release": None,
    },
    ("why", "id0001"): {"allowed": None, "reasons": ["rule", "reason", "events"], "exports": None},
}


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """A project whose segments were run once."""
    root = plain_project(tmp_path_factory.mktemp("ready"))
    program = Program(root, inside=True)
    program.ok("ingest")
    program.ok("run")
    return program


@pytest.fixture
def mine(ready, tmp_path):
    """A copy of it that a test may spoil."""
    return Program(shutil.copytree(ready.root, tmp_path / "mine"), inside=True)


def spent(program, purpose="prevention"):
    """What a purpose's budget says is spent."""
    return float(
        next(
            one["epsilon"]["spent"]
            for one in program.ok("budget")["budgets"]
            if one["purpose"] == purpose
        )
    )


@pytest.mark.parametrize("words", CONTRACT, ids=lambda words: words[0])
def test_every_answer_holds_the_keys_of_the_contract(mine, words):
    answer = mine.ok(*words)
    for name, inner in CONTRACT[words].items():
        assert name in answer
        if inner and answer[name] is not None:
            assert isinstance(answer[name], list)
            for one in answer[name]:
                assert set(inner) <= set(one), f"{words[0]}: {name}"


def test_the_inner_objects_of_the_contract(mine):
    (women,) = [one for one in mine.ok("run")["segments"] if one["segment"] == "women"]
    assert set(women["matched"]) >= {"count", "interval"}
    low, high = women["matched"]["interval"]
    assert low <= women["matched"]["count"] <= high
    for cell in women["cells"]:
        assert set(cell) >= {"sex", "count", "interval", "withheld"}
    assert mine.ok("ingest")["tables"]["patient"].keys() >= {"rows", "quarantined"}
    for one in mine.ok("budget")["budgets"]:
        assert one["epsilon"].keys() >= {"allowed", "spent", "remaining"}


def test_a_withheld_cell_shows_nothing(tmp_path):
    program = Program(
        plain_project(tmp_path, threshold={"patients": 1000, "confidence": "0.99"}), inside=True
    )
    program.ok("ingest")
    ran = program("run", "--json")
    assert ran.status == 0, "withheld cells are a result, not a refusal"
    for segment in ran.json["segments"]:
        assert segment["withheld_cells"] == len(segment["cells"])
        assert all(
            cell["count"] is None and cell["interval"] is None and cell["withheld"]
            for cell in segment["cells"]
        )


def test_a_second_run_spends_nothing_and_a_new_ingest_spends_again(mine):
    before = spent(mine)
    first = mine.ok("run")
    assert spent(mine) == before
    assert mine.ok("run")["segments"] == first["segments"]
    mine.ok("ingest")
    assert spent(mine) == before
    mine.ok("run")
    assert spent(mine) > before


def test_a_run_beyond_the_budget_is_refused_whole(tmp_path):
    budgets = {
        "prevention": {"epsilon": "30", "period": "year"},
        "total": {"epsilon": "1000", "period": "year"},
    }
    program = Program(plain_project(tmp_path, budgets=budgets), inside=True)
    program.ok("ingest")
    refused = program("run", "--json")
    assert refused.status == 3
    assert refused.error["rule"].startswith("P")
    assert spent(program) == spent(program, "total") == 0
    program.ok("run", "women")
    assert spent(program) == 20
    assert program("run", "stays", "--json").status == 3
    assert spent(program) == 20
    program.ok("run", "women")


def test_the_total_bounds_every_purpose_and_a_purpose_without_budget_publishes_nothing(tmp_path):
    budgets = {
        "prevention": {"epsilon": "1000", "period": "year"},
        "total": {"epsilon": "30", "period": "year"},
    }
    program = Program(plain_project(tmp_path, budgets=budgets), inside=True)
    program.ok("ingest")
    program.ok("run", "women")
    assert program("run", "stays", "--json").status == 3
    assert spent(program, "total") == 20
    bare = program(
        "query",
        "SELECT count(*) FROM patient",
        "--purpose",
        "statistics",
        "--epsilon",
        "1",
        "--json",
    )
    assert (bare.status, bare.error["rule"]) == (3, "P5")


def test_six_processes_with_one_question_pay_once(tmp_path):
    program = Program(plain_project(tmp_path))
    program.ok("ingest")
    answers = [finished(one) for one in [program.start("run", "women", "--json") for _ in range(6)]]
    assert [one.status for one in answers] == [0] * 6, [one.err for one in answers]
    assert spent(program) == 20
    told = [[{**segment, "stored": None} for segment in one.json["segments"]] for one in answers]
    assert all(one == told[0] for one in told)


def test_six_processes_with_six_questions_never_pay_more_than_there_is(tmp_path):
    budgets = {
        "prevention": {"epsilon": "60", "period": "year"},
        "total": {"epsilon": "1000", "period": "year"},
    }
    root = plain_project(tmp_path, budgets=budgets)
    names = [f"q{n}" for n in range(6)]
    conditions = [
        "sex = 'M'",
        "age_band = '65+'",
        "payer = 'public'",
        "longest = '1-3'",
        "visits = '2-3'",
        "sex = 'F' or payer = 'other'",
    ]
    for name, where in zip(names, conditions, strict=True):
        segment = {
            "name": name,
            "purpose": "prevention",
            "channels": ["sms"],
            "topic": "screening",
            "where": where,
        }
        write_yaml(root / "segments" / f"{name}.yml", segment)
    program = Program(root)
    program.ok("ingest")
    answers = [finished(one) for one in [program.start("run", name, "--json") for name in names]]
    assert sorted(one.status for one in answers) == [0, 0, 0, 3, 3, 3], [one.err for one in answers]
    assert spent(program) == 60


def edited(program, name, **changed):
    """A segment of the project, changed."""
    path = program.root / "segments" / f"{name}.yml"
    write_yaml(path, {**json.loads(path.read_text(encoding="utf-8")), **changed})
    return program


REFUSED = [
    {"where": "origin = 'north'"},
    {"purpose": "offers", "channels": ["email"], "topic": None, "where": "visits = '1'"},
    {"channels": ["phone"]},
    {"topic": "newsletter"},
]


@pytest.mark.parametrize("changed", REFUSED, ids=["origin", "care for offers", "channel", "topic"])
def test_what_the_purpose_does_not_list_is_refused_before_any_data_is_read(mine, changed):
    terms = json.loads((mine.root / "policy.yml").read_text(encoding="utf-8"))
    terms["channels"]["phone"] = {"identifier": "phone"}
    write_yaml(mine.root / "policy.yml", terms)
    segment = json.loads((mine.root / "segments" / "women.yml").read_text(encoding="utf-8"))
    kept = {name: value for name, value in {**segment, **changed}.items() if value is not None}
    write_yaml(mine.root / "segments" / "women.yml", kept)
    before = spent(mine)
    for path in (mine.root / ".segmenter" / "snapshots").glob("*.duckdb"):
        path.write_bytes(b"unreadable")
    shutil.rmtree(mine.root / "data")
    for words in (
        ("run", "women"),
        ("check",),
        ("export", "women", "--channel", "email", "--destination", "check"),
    ):
        ran = mine(*words, "--json")
        assert (ran.status, ran.error["rule"]) == (3, "C14"), words
    assert spent(mine) == before


MISSPELT = [
    ("segments/women.yml", "sex = 'F'", "sexx = 'F'", "sex"),
    ("segments/women.yml", "sex = 'F'", "payer = 'pubic'", "public"),
    ("segments/women.yml", '"purpose"', '"porpose"', "purpose"),
    ("segments/women.yml", '"prevention"', '"preventoin"', "prevention"),
    ("segments/women.yml", '"screening"', '"screning"', "screening"),
    ("policy.yml", '"max_linked"', '"max_linkd"', "max_linked"),
    ("policy.yml", '"max_age_days"', '"max_age_day"', "max_age_days"),
    ("sources.yml", '"suppression"', '"supression"', "suppression"),
    ("sources.yml", '"key"', '"kee"', "key"),
]


@pytest.mark.parametrize(("file", "right", "wrong", "nearest"), MISSPELT)
def test_a_misspelt_word_names_the_nearest(mine, file, right, wrong, nearest):
    path = mine.root / file
    path.write_text(path.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
    for words in (("check",), ("run", "women")):
        ran = mine(*words, "--json")
        assert ran.status == 2, (words, ran)
        told = f"{ran.error['message']} {ran.error['hint']}"
        assert f"`{nearest}`" in told or f"'{nearest}'" in told or f" {nearest}" in told, told
        assert ran.error["file"] == str(path.resolve())
        assert ran.error["line"]


def test_what_is_missing_exits_2(tmp_path, mine):
    fresh = Program(plain_project(tmp_path / "fresh"), inside=True)
    for words in (
        ("run",),
        ("plan",),
        ("why", "p"),
        ("export", "women", "--channel", "email"),
        ("discover", "women"),
        ("recall",),
    ):
        assert fresh(*words, "--json").status == 2, f"no snapshot: {words}"
    assert mine("run", "wimmen", "--json").status == 2
    assert "women" in json.dumps(mine("run", "wimmen", "--json").error)
    assert mine("run", "tag:none", "--json").status == 2, "nothing selected"
    assert mine("export", "women", "--channel", "emial", "--json").status == 2
    assert (
        mine("export", "women", "--channel", "email", "--destination", "chek", "--json").status == 2
    )
    assert mine("nonsense").status == 2
    assert Program(tmp_path / "nowhere", inside=True)("check", "--json").status == 2
    (mine.root / "data" / "patients.csv").unlink()
    assert mine("ingest", "--json").status == 2, "a declared file that is not there"
    mine.ok("run")


def test_check_makes_the_private_folder(tmp_path):
    program = Program(plain_project(tmp_path), inside=True)
    assert not (program.root / ".segmenter").exists()
    program.ok("check")
    assert (program.root / ".segmenter").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_a_notice_gives_what_it_can_and_says_what_was_refused(tmp_path, lang):
    """Without a purpose, a missing budget keeps only its own purpose from being answered."""
    budgets = {
        name: {"epsilon": "100", "period": "year"} for name in ("prevention", "statistics", "total")
    }
    program = Program(
        plain_project(tmp_path, roles={"operator": ["*"], "marketer": ["*"]}, budgets=budgets),
        inside=True,
    )
    program.ok("ingest")
    ran = program("notice", "--json")
    assert ran.status == 3
    answer = json.loads(ran.out)
    assert {one["purpose"] for one in answer["purposes"]} == {"prevention", "statistics"}
    assert {one["purpose"] for one in answer["refused"]} == {"offers", "care_only"}
    assert all(one["rule"] and one["reason"] for one in answer["refused"])
    again = program("notice", "--lang", lang)
    assert again.status == 3
    assert {"en": "notices in force", "fr": "notices en vigueur"}[lang] in again.out
    assert "care_only" in again.out
    assert (named := program("notice", "--purpose", "offers", "--json")).status == 3
    assert named.error["rule"] == answer["refused"][0]["rule"]
    assert program.ok("notice", "--purpose", "prevention")["refused"] == []


def test_a_receipt_is_told_in_words(mine):
    ran = mine("receipt", "id0001", "--lang", "fr")
    assert ran.status == 0, ran
    assert "Pour\u00a0: id0001" in ran.out


def test_an_export_before_any_run_is_refused(tmp_path):
    program = Program(plain_project(tmp_path), inside=True)
    program.ok("ingest")
    ran = program("export", "women", "--channel", "email", "--destination", "check", "--json")
    assert (ran.status, ran.error["rule"]) == (3, "P6")


def test_only_the_selected_segments_are_read(mine):
    (mine.root / "segments" / "broken.yml").write_text("name: [", encoding="utf-8")
    mine.ok("run", "women")
    assert mine("check", "--json").status == 2


def test_kept_cells_are_those_of_the_condition(ready):
    assert kept_cells(ready.ok("run"), "women") == [{"sex": "F"}]
    assert kept_cells(ready.ok("run"), "stays") == [{"visits": "1"}]


def test_a_journal_that_can_be_trusted_is_recovered_only_where_the_folder_was_restored(mine):
    ran = mine("budget", "recover", "--json")
    assert ran.status == 2
    assert "--restored" in ran.error["hint"]
    assert spent(mine) < 60
    assert mine.ok("budget", "recover", "--restored")["budgets"][0]["epsilon"]["remaining"] == 0
    (mine.root / ".segmenter" / "journal.mark").unlink()
    assert mine("budget", "verify", "--json").error["rule"] == "P4"
    assert mine.ok("budget", "recover")["recovered"]


def test_the_list_is_written_where_a_file_can_be(mine):
    for place in (mine.root, mine.root / "nowhere" / "x.csv"):
        ran = mine("suppress", "export", str(place), "--json")
        assert (ran.status, ran.error["file"]) == (2, str(place))
    assert (
        mine("verify", str(mine.root / "none.json"), "--json").error["message"]
        == "there is no such file"
    )


def test_s3_an_opt_out_that_can_match_nobody_is_refused(mine):
    refused = mine("suppress", "add", "email", "not-an-address", "--json")
    assert refused.status == 2
    assert "not-an-address" not in refused.out
    assert mine.ok("suppress", "add", "email", "a@b.example")["usable"] is True


def test_without_json_people_read_words(ready):
    ran = ready("run")
    assert ran.status == 0
    assert "women" in ran.out
    assert "{" not in ran.out
    for words in (("--help",), ("run", "--help")):
        assert finished(ready.start(*words)).status == 0


def test_every_result_is_a_frame_and_a_table_for_notebooks(mine):
    import segmenter

    with segmenter.open(mine.root) as session:
        results = [
            session.ingest(), session.plan(), session.run(), session.budget(),
            session.why("id0001"), session.receipt("id0001"),
            session.forecast("prevention"), session.notice(purpose="prevention"), session.recall(),
            session.suppress_show(),
            session.discover("women"),
            session.export("women", channel="email", destination="check"),
            session.subject("id0001"),
            session.report(), session.retain(), session.test(), session.quarantine(),
            session.trail(),
        ]  # fmt: skip
        made = results[11].to_dict()
        results += [
            session.exposed(made["export"]),
            session.verify(made["manifest"]),
            session.forget("id0001"),
        ]
    for result in results:
        assert result.to_polars().columns or not result.to_polars().height, type(result).__name__
        assert "<table" in result._repr_html_(), type(result).__name__
        assert "id0001" not in repr(result) + result._repr_html_(), type(result).__name__


def test_python_gives_moments_names_and_amounts_as_it_has_them(mine):
    import datetime as dt

    import segmenter

    day = dt.date(2100, 1, 1)
    with segmenter.open(mine.root) as session:
        told = session.run("women", as_of=day.isoformat(), epsilon="0.5").to_dict()
        again = [
            session.run(["women"], as_of=day, epsilon=0.5),
            session.run(
                "women",
                as_of=dt.datetime(2100, 1, 1),  # noqa: DTZ001
                epsilon="0.50",
            ),
        ]
        assert [one.to_dict()["segments"][0]["release"] for one in again] == [
            told["segments"][0]["release"]
        ] * 2
        assert [one.to_dict()["spent"] for one in again] == [0, 0]
        with pytest.raises(segmenter.UsageError, match="cannot be read"):
            session.run("women", as_of="soon")
