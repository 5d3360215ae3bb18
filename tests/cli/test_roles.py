"""Who may do what: each cell of the table of roles, held by calling the program."""

from __future__ import annotations

import dataclasses
import getpass
import inspect
import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import typer
from ruamel.yaml import YAML

import segmenter
from driving import Program
from segmenter.cli.app import app
from segmenter.errors import Refusal
from segmenter.model import Actor, Role
from segmenter.roles import RIGHTS, require, right_to
from segmenter.session import Session
from worlds import plain_project, write_yaml

ME = getpass.getuser()
OTHERS = ["somebody-else"]
ROLELESS, UNDECLARED = "without a role", "no roles declared"
STANDINGS = [*(role.value for role in Role), ROLELESS, UNDECLARED]
WRONG_NAME = "nobody-of-this-name"
SQL = "SELECT sex, count(*) FROM patient GROUP BY sex"
DESTINATIONS = {"mailer": {"format": "csv", "columns": ["email"], "encrypt": "none"}}

CALLS = {  # verb -> its words, and the exit status if it is allowed
    "init": (("init", "."), 2),  # there is a project already
    "demo": (("demo", "."), 2),
    "check": (("check",), 0),
    "schema": (("schema",), 0),
    "test": (("test",), 0),
    "ingest": (("ingest",), 0),
    "ingest --accept": (("ingest", "--accept", "R3", "--reason", "seen"), 0),
    "plan": (("plan", "women"), 0),
    "run": (("run", "women"), 0),
    "report": (("report", "women"), 0),
    "query": (("query", SQL, "--purpose", "prevention"), 0),
    "discover": (("discover", "women"), 0),
    "forecast": (("forecast", "prevention"), 0),
    "notice": (("notice", "--purpose", "prevention"), 0),
    "export": (("export", "women", "--channel", "email"), 0),
    "verify": (("verify", WRONG_NAME), 2),
    "recall": (("recall",), 0),
    "recall ack": (("recall", "ack", WRONG_NAME), 2),
    "retain": (("retain",), 0),
    "exposed": (("exposed", WRONG_NAME), 2),
    "suppress": (("suppress",), 0),
    "suppress show": (("suppress", "show"), 0),
    "suppress import": (("suppress", "import", "opted_out.csv"), 0),
    "suppress add": (("suppress", "add", "email", "w@example.org"), 0),
    "suppress lift": (("suppress", "lift", "email", "w@example.org", "--reason", "asked"), 0),
    "suppress export": (("suppress", "export", "hashes.csv", "--overwrite"), 0),
    "why": (("why", WRONG_NAME), 2),
    "receipt": (("receipt", WRONG_NAME), 2),
    "subject": (("subject", WRONG_NAME), 2),
    "forget": (("forget", WRONG_NAME), 2),
    "budget": (("budget",), 0),
    "budget verify": (("budget", "verify"), 0),
    "budget recover": (("budget", "recover"), 2),  # nothing is wrong
    "budget confirm": (("budget", "confirm", "--reason", "seen"), 2),
    "quarantine": (("quarantine",), 0),
    "trail": (("trail",), 0),
}


def declared(standing: str) -> dict[str, list[str]]:
    """The policy's roles, in which this account has one standing."""
    if standing == UNDECLARED:
        return {}
    roles = {role.value: OTHERS for role in Role}
    return roles if standing == ROLELESS else {**roles, standing: [ME]}


def is_allowed(verb: str, standing: str) -> bool:
    right = RIGHTS[verb]
    if standing == UNDECLARED:
        return right.undeclared
    if standing == ROLELESS:
        return right.roleless
    return Role(standing) in right.roles


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    root = tmp_path_factory.mktemp("clinic")
    plain_project(root, patients=6, destinations=DESTINATIONS)
    (root / "opted_out.csv").write_text("email\nw@example.org\n", encoding="utf-8")
    program = Program(root, inside=True)
    for words in (("ingest",), ("run", "women")):
        program.ok(*words)
    return program


@pytest.fixture(scope="module", params=STANDINGS)
def standing(request: pytest.FixtureRequest, program: Program) -> str:
    """One column of the table: the policy gives this account that standing."""
    file = program.root / "policy.yml"
    policy = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    write_yaml(file, {**policy, "roles": declared(request.param)})
    return str(request.param)


@pytest.fixture
def _quick_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """`test` takes seconds: only that it is reached counts here."""
    passed = SimpleNamespace(to_dict=lambda: {"checks": []})
    monkeypatch.setattr("segmenter.selftest.checks.examine", lambda _root: passed)


@pytest.mark.usefixtures("_quick_trial")
@pytest.mark.parametrize("verb", RIGHTS)
def test_each_cell_of_the_table_holds(
    verb: str, standing: str, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(program.root)
    words, status = CALLS[verb]
    ran = program(*words, "--json")
    if is_allowed(verb, standing):
        assert ran.status == status, ran.err
        return
    assert (ran.status, ran.error["rule"]) == (3, "roles")
    refused = ran.error["message"].split("`")[1]
    assert refused in {verb, words[0], f"{verb} show"}
    assert ran.error["message"] == f"only {RIGHTS[refused].holders} may do `{refused}`"
    assert ran.error["hint"]


def may(standing: str) -> set[str]:
    return {verb for verb in RIGHTS if is_allowed(verb, standing)}


def test_what_each_role_is_for() -> None:
    assert may(ROLELESS) == {"init", "demo", "check", "schema", "test"}
    assert may("officer") == set(RIGHTS)
    assert may("analyst") - may("marketer") == {"query"}
    assert may("marketer") - may("analyst") == {"export"}
    about_rows = {"ingest", "recall", "recall ack", "retain", "quarantine", "trail"}
    assert may("operator") - may("marketer") == {*about_rows, "budget verify"}
    opt_outs = {"suppress", "suppress show", "suppress import", "suppress add"}
    for role in Role:
        assert opt_outs <= may(role.value), "an opt-out is taken in by whoever hears it"


def commands(group: typer.core.TyperGroup, path: str = "") -> Iterator[str]:
    """Every verb and verb of a verb of the command line."""
    for name, command in group.commands.items():
        yield f"{path}{name}"
        if hasattr(command, "commands"):
            yield from commands(command, f"{path}{name} ")


def verbs() -> dict[str, object]:
    """Every verb of a session."""
    found = inspect.getmembers(Session, inspect.isfunction)
    return {name: verb for name, verb in found if not name.startswith("_")}


def test_every_verb_is_in_the_table_and_nothing_else() -> None:
    by_words = set(commands(typer.main.get_command(app)))
    in_python = {name.replace("_", " ") for name in verbs()}
    assert in_python <= set(RIGHTS)
    options = {"ingest --accept"}
    assert by_words | options == set(RIGHTS) == set(CALLS)
    beside_a_session = set(RIGHTS) - in_python - options - {"suppress"}
    assert all(RIGHTS[verb].roleless for verb in beside_a_session), "no session asks for the role"


@pytest.mark.parametrize("name", verbs())
def test_every_verb_of_a_session_is_refused_before_anything_is_done(
    name: str, program: Program
) -> None:
    if RIGHTS[name.replace("_", " ")].roleless:
        return
    with segmenter.open(program.root) as opened:
        policy = dataclasses.replace(opened.policy, roles={"officer": tuple(OTHERS)})
        context = dataclasses.replace(
            opened.context, policy=policy, actor=policy.actor(ME), store=None, keys=None
        )
        verb = getattr(Session(context), name)
        parameters = inspect.signature(verb).parameters.values()
        asked = {p.name: None for p in parameters if p.default is inspect.Parameter.empty}
        with pytest.raises(Refusal) as refused:
            verb(**asked)
        assert refused.value.rule == "roles"


def test_a_verb_that_is_not_in_the_table_is_refused_to_everybody() -> None:
    officer = Actor(ME, frozenset(Role))
    for declares in (True, False):
        with pytest.raises(Refusal, match="nobody may do `sell`"):
            require(officer, "sell", declared=declares)
    with pytest.raises(Refusal):
        right_to("")


def test_a_refusal_says_who_may_and_what_the_account_is(tmp_path) -> None:
    root = plain_project(tmp_path, roles={"marketer": [ME], "analyst": [ME], "officer": OTHERS})
    with segmenter.open(root) as session, pytest.raises(Refusal) as refused:
        session.ingest()
    assert str(refused.value) == "only an officer or operator may do `ingest`"
    assert refused.value.problems[0].hint == (
        f"the account `{ME}` is only analyst and marketer in the policy's `roles`"
    )


@pytest.mark.parametrize("roles", [{"officer": []}, {"marketer": [], "officer": []}])
def test_a_role_of_nobody_is_declared_all_the_same(tmp_path, roles) -> None:
    ran = Program(plain_project(tmp_path, roles=roles), inside=True)("ingest", "--json")
    assert (ran.status, json.loads(ran.out)["error"]["rule"]) == (3, "roles")
