"""Commands that need no session (init, check, schema, completion), and the process itself."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from driving import failed
from folders import POLICY, WOMEN, folder
from pace import slowness
from segmenter.cli import main as program
from segmenter.cli import output

# -- commands without a session --------------------------------------------------------------------


def test_init_makes_a_project_that_passes_check(capsys, tmp_path):
    assert program.run(["-C", str(tmp_path), "init", "clinic", "--json"]) == 0
    root = tmp_path / "clinic"
    made = json.loads(capsys.readouterr().out)
    assert set(made["files"]) == {
        str(root / f)
        for f in (
            "policy.yml",
            "sources.yml",
            "segments/women_screening.yml",
            ".gitignore",
            ".segmenter/key",
        )
    }
    assert (root / ".segmenter").stat().st_mode & 0o777 == 0o700
    assert (root / ".segmenter" / "key").stat().st_mode & 0o777 == 0o600
    assert ".segmenter/" in (root / ".gitignore").read_text().splitlines()
    assert program.run(["-C", str(root), "check", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [one["segment"] for one in report["segments"]] == ["women_screening"]
    assert {one["rule"] for one in report["warnings"]} == {"L3", "P4", "export"}
    from segmenter.context import account
    from segmenter.project.folder import read_project

    assert read_project(root).policy.actor(account()).is_officer


def test_init_overwrites_nothing(capsys, tmp_path):
    (tmp_path / "policy.yml").write_text("mine")
    status, error, _ = failed(capsys, "-C", str(tmp_path), "init")
    assert (status, error["file"]) == (2, str(tmp_path / "policy.yml"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["policy.yml"]
    assert (tmp_path / "policy.yml").read_text() == "mine"


def test_init_keeps_a_gitignore_and_a_key_of_the_environment(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("SEGMENTER_KEY", "k" * 40)
    (tmp_path / ".gitignore").write_text("*.log")
    assert program.run(["-C", str(tmp_path), "init", "--json"]) == 0
    assert (tmp_path / ".gitignore").read_text() == "*.log\n.segmenter/\ndata/\n"
    assert not (tmp_path / ".segmenter" / "key").exists()
    capsys.readouterr()


def test_check_reads_every_file_and_tells_all(capsys, tmp_path):
    root = folder(
        tmp_path, POLICY.replace("notices:", "notice:"), women=WOMEN.replace("purpose:", "porpose:")
    )
    status, error, err = failed(capsys, "-C", str(root), "check")
    assert status == 2
    assert {(p["file"].rsplit("/", 1)[1], p["line"]) for p in error["problems"]} >= {
        ("policy.yml", 5),
        ("women.yml", 3),
    }
    assert err.count("segmenter: error:") == len(error["problems"])


def test_check_refuses_what_a_purpose_does_not_list(capsys, tmp_path):
    root = folder(
        tmp_path,
        women=WOMEN.replace("sex = 'Female'", "origin = 'north'"),
        more=WOMEN.replace("women", "more").replace("screening", "events"),
    )
    status, error, _ = failed(capsys, "-C", str(root), "check")
    assert (status, error["rule"], len(error["problems"])) == (3, "C14", 2)


@pytest.mark.parametrize(
    ("old", "new", "rule", "told"),
    [
        ("roles: {officer: [root], marketer: ['*']}\n", "", "roles", "no officer"),
        (
            "topics: [screening, newsletter, events]",
            "topics: [screening, newsletter, events]\nencryption: off",
            "encryption",
            "plain text",
        ),
        ("  total: {epsilon: 8.0, delta: 1.0e-6, period: year}\n", "", "P5", "no `total`"),
        ("organisation", "organisation", "P5", "the purpose `offers` has no budget"),
        ("organisation", "organisation", "L3", "hosting"),
        ("organisation", "organisation", "export", "files for `mailer` are not encrypted"),
        ("organisation", "organisation", "export", "`silent` says nothing of encryption"),
        ("organisation", "organisation", "export", "the key of `sealed` is not an age public key"),
    ],
)
def test_check_warns(capsys, tmp_path, old, new, rule, told):
    assert (
        program.run(["-C", str(folder(tmp_path, POLICY.replace(old, new, 1))), "check", "--json"])
        == 0
    )
    found = json.loads(capsys.readouterr().out)["warnings"]
    assert any(one["rule"] == rule and told in one["message"] and one["line"] for one in found)


@pytest.mark.parametrize(
    ("until", "warned"), [("2020-01-01", True), ("2999-12-31", False), ("soon", True)]
)
def test_l3_hosting_has_to_be_current(capsys, tmp_path, until, warned):
    policy = (
        POLICY + f"hosting: {{hds: {{certificate: C, activities: [1], valid_until: {until}}}}}\n"
    )
    assert program.run(["-C", str(folder(tmp_path, policy)), "check", "--json"]) == 0
    assert (
        "L3" in {one["rule"] for one in json.loads(capsys.readouterr().out)["warnings"]}
    ) == warned


def test_check_for_people(capsys, tmp_path):
    assert program.run(["-C", str(folder(tmp_path)), "check"]) == 0
    out = capsys.readouterr().out
    assert "women" in out
    assert "warning [L3]" in out


def test_schema_prints_one_document(capsys):
    assert program.run(["schema"]) == 0
    assert sorted(json.loads(capsys.readouterr().out)) == ["policy", "segment", "sources"]
    assert program.run(["schema", "segment", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["required"] == ["name", "purpose"]
    assert failed(capsys, "schema", "polcy")[0] == 2


def test_completion_reads_names(tmp_path):
    from segmenter.cli import completion

    folder(tmp_path)
    context = SimpleNamespace(
        find_root=lambda: SimpleNamespace(params={"directory": str(tmp_path)})
    )
    assert completion.segments(context, "w") == ["women"]
    assert completion.channels(context, "") == ["email", "sms", "phone"]
    assert completion.destinations(context, "s") == ["sealed", "silent"]
    (tmp_path / "policy.yml").write_text(": [")
    assert completion.purposes(context, "") == []


# -- the process -----------------------------------------------------------------------------------


def process(*words, **environment):
    command = [sys.executable, "-c", "from segmenter.cli.main import main; main()", *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def test_the_process_ends_with_the_status(tmp_path):
    ran = process("-C", str(tmp_path), "check", "--json")
    assert ran.returncode == 2
    assert json.loads(ran.stdout)["error"]["code"] == "file"


def test_ctrl_c_while_the_program_is_still_loading_is_quiet():
    code = """
import signal
from segmenter import __main__ as program
signal.signal(signal.SIGINT, program._quit)
signal.raise_signal(signal.SIGINT)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (130, "segmenter: error: cancelled\n")


def test_help_is_quick():
    """In seconds of the processor, the best of three, so that neither a busy machine nor one of
    another speed counts.
    """
    took = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert process("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(took) < 0.4 * slowness()


def test_help_imports_nothing_heavy():
    code = (
        "import sys, contextlib\nfrom segmenter.cli.main import run\n"
        "run(['--help'])\nprint(*sorted(sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    for module in (
        "duckdb",
        "polars",
        "sqlglot",
        "sqlalchemy",
        "pydantic",
        "rich",
        "diffprivlib",
        "sklearn",
        "ruamel",
    ):
        assert module not in loaded


def test_a_closed_pipe_ends_quietly(tmp_path):
    command = (
        f"{sys.executable} -c 'from segmenter.cli.main import main; main()' schema | head -c 10"
    )
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in ran.stderr
    assert len(ran.stdout) == 10


def test_progress_is_for_terminals(monkeypatch):
    shown = []

    @contextlib.contextmanager
    def progress():
        yield lambda step, done=None: shown.append((step, done))

    display = importlib.import_module("segmenter.render")
    monkeypatch.setattr(display, "progress", progress)
    for terminal in (False, True):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal, raising=False)
        with output.Call(Path.cwd()).progress() as report:
            report("counting", 0.5)
    assert shown == [("counting", 0.5)]


@pytest.mark.parametrize("where", [">/dev/full", ">&-", ">&- 2>&-"])
def test_an_output_that_takes_nothing_ends_without_a_traceback(tmp_path, where):
    code = "from segmenter.cli.main import main; main()"
    for words in ("schema", f"-C {tmp_path} check --json"):
        ran = subprocess.run(
            ["bash", "-c", f"{sys.executable} -c '{code}' {words} {where}"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in ran.stderr
        assert "internal failure" not in ran.stderr
        assert ran.returncode in (0, 1, 2)


def test_a_crash_of_the_program_leaves_no_memory_on_disk(tmp_path):
    code = (
        "import resource, segmenter.cli.main as program\n"
        "try:\n"
        "    program.main(['--version'])\n"
        "finally:\n"
        "    print(resource.getrlimit(resource.RLIMIT_CORE))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines()[-1] == "(0, 0)"
