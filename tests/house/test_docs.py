"""The documents are true: commands exist, links lead somewhere, numbers are the program's,
generated pages are fresh, examples run.
"""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import inspect
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer
from ruamel.yaml import YAML

import segmenter
from segmenter import demo
from segmenter.cli.app import app

if TYPE_CHECKING:
    from segmenter.session import Session

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#\s]+)(#[^)]*)?\)|!\[[^\]]*\]\(([^)\s]+)\)")


def _blocks(language: str) -> list[tuple[str, str]]:
    return [
        (page.name, text)
        for page in PAGES
        for spoken, text in BLOCK.findall(page.read_text(encoding="utf-8"))
        if spoken == language
    ]


def _commands() -> list[str]:
    quoted = [
        line.removeprefix("$ ")
        for _, text in _blocks("console")
        for line in text.splitlines()
        if line.startswith("$ ")
    ]
    inline = [
        line
        for page in PAGES
        for line in re.findall(r"`(segmenter [a-z][^`]*)`", page.read_text(encoding="utf-8"))
    ]
    return sorted({*quoted, *inline})


@pytest.mark.parametrize("line", [line for line in _commands() if line.startswith("segmenter ")])
def test_a_command_in_the_documents_exists(line: str) -> None:
    words = [word.strip("[]") for word in shlex.split(line)][1:]
    command = typer.main.get_command(app)
    known = _options(command)
    while words:
        word = words.pop(0)
        if word.startswith("-") and word != "-":
            assert word in known, f"{line}: no option {word}"
            if not known[word]:
                words.pop(0)
        elif hasattr(command, "commands") and word in command.commands:
            command = command.commands[word]
            known |= _options(command)
        else:
            arguments = [p for p in command.params if p.param_type_name == "argument"]
            assert arguments, f"{line}: no command {word}"


def _options(command: object) -> dict[str, bool]:
    return {
        opt: bool(p.is_flag)
        for p in command.params
        if p.param_type_name == "option"
        for opt in [*p.opts, *p.secondary_opts]
    }


@pytest.mark.parametrize("line", [line for line in _commands() if line.startswith("make ")])
def test_a_make_target_in_the_documents_exists(line: str) -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert line.split()[1] in targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = [first or image for first, _, image in LINK.findall(page.read_text(encoding="utf-8"))]
    assert [
        target
        for target in targets
        if not target.startswith(("http", "mailto")) and not (page.parent / target).exists()
    ] == []


@pytest.mark.parametrize(("page", "text"), _blocks("yaml"))
def test_yaml_in_the_documents_is_yaml(page: str, text: str) -> None:
    assert YAML(typ="safe").load(text), page


@pytest.mark.parametrize(("page", "text"), _blocks("python"))
def test_python_in_the_documents_is_python(page: str, text: str) -> None:
    compile(text, page, "exec")


def test_the_readmes_segment_is_valid() -> None:
    from segmenter.project.shapes import SegmentShape

    (text,) = [text for page, text in _blocks("yaml") if page == "README.md"]
    assert SegmentShape.model_validate(YAML(typ="safe").load(text)).name == "senior_frequent"


def test_the_readmes_numbers_are_the_programs() -> None:
    from segmenter.cli import demo
    from segmenter.demo import run

    assert (
        inspect.signature(run).parameters["patients"].default
        == 20_000
        == inspect.signature(demo.demo).parameters["patients"].default
    )
    assert "20,000 patients in `demo-clinic/`" in README
    assert inspect.signature(run).parameters["directory"].default == "demo-clinic"
    assert "Python 3.11" in README


def _generator() -> object:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "page",
    [
        "reference/commands.md",
        "reference/files.md",
        "reference/python.md",
        "reference/results.md",
        "reference/roles.md",
        "privacy-tests.md",
        "consent.md",
    ],
)
def test_generated_pages_are_fresh(page: str) -> None:
    wanted = _generator().pages()[ROOT / "docs" / page]
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == wanted, "run `make docs`"


def test_every_privacy_rule_names_the_tests_that_hold_it() -> None:
    generator = _generator()
    sections = generator.rules().split("\n## ")[1:]
    held = [section.partition(":")[0] for section in sections if "\n- `test_" in section]
    assert held == list(generator.RULES)
    for _, file, test in generator.HELD:
        assert f"def {test}(" in next((ROOT / "tests").glob(f"*/{file}")).read_text(
            encoding="utf-8"
        ), f"{file}: {test}"


def test_every_dependency_is_named_with_its_reason() -> None:
    import tomllib

    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    names = {re.split(r"[\[<>=]", line)[0] for line in lines}
    assert {name for name in names if name not in page} == set()


def test_decisions_are_numbered_without_a_gap_and_fit_a_page() -> None:
    files = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert text.startswith(f"# {file.name[:4]} · ")
        assert "**Decided.**" in text
        assert "**Why.**" in text
        assert len(text.splitlines()) <= 45


MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "segmenter").rglob("*.py")
)


OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in MODULES
        if not name.startswith(("segmenter.demo.project", "segmenter.session"))
    ],
)
def test_examples_in_docstrings_run(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name), optionflags=OPTIONS)
    assert found.failed == 0, file_hint(name)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """The demo clinic, small, ingested and published."""
    with segmenter.open(
        demo.generate(tmp_path_factory.mktemp("session") / "clinic", patients=2_000)
    ) as opened:
        opened.ingest()
        opened.plan(lock=True)
        opened.run()
        yield opened


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("segmenter.session")])
def test_examples_of_verbs_run_on_the_demo(name: str, session: Session) -> None:
    found = doctest.testmod(
        importlib.import_module(name), extraglobs={"session": session}, optionflags=OPTIONS
    )
    assert found.attempted > 0
    assert found.failed == 0, file_hint(name)


def test_every_verb_has_an_example() -> None:
    verbs = inspect.getmembers(segmenter.Session, inspect.isfunction)
    assert [
        name
        for name, verb in verbs
        if not name.startswith("_") and ">>>" not in (verb.__doc__ or "")
    ] == []


def file_hint(name: str) -> str:
    return f"{sys.executable} -m doctest on {name}"


PLACES = re.compile(r"`((?:segmenter|sql|tests|docs)/[\w./-]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_the_documents_name_exist(page: Path) -> None:
    named = PLACES.findall(page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


NAMED = re.compile(r"`(\w+)` in\s+`((?:segmenter|tests)/[\w./-]+\.py)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_names_that_the_documents_place_in_a_file_are_there(page: Path) -> None:
    placed = NAMED.findall(page.read_text(encoding="utf-8"))
    assert [
        f"{name} in {file}"
        for name, file in placed
        if not re.search(rf"\b{name}\b", (ROOT / file).read_text(encoding="utf-8"))
    ] == []


PYTEST = re.compile(r"-m pytest (\S+) -k \"?([\w:]+)\"?$", re.MULTILINE)


def test_the_tests_that_contributors_are_told_to_run_exist() -> None:
    page = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    told = PYTEST.findall(page)
    assert told
    for file, keyword in told:
        wanted = [sys.executable, "-m", "pytest", "--collect-only", "-q", file, "-k", keyword]
        found = subprocess.run(wanted, cwd=ROOT, capture_output=True, check=False, text=True)
        assert found.returncode == 0, found.stdout


FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_of_running_text_are_short(page: Path) -> None:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if not line.startswith("|")]
    assert [line for line in lines if len(line) > 100] == []


@pytest.mark.parametrize(
    "page",
    [
        page
        for page in PAGES
        if not page.name.startswith(("0", "index")) and page.name != "README.md"
    ],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_a_page_says_for_whom_it_is(page: Path) -> None:
    opening = page.read_text(encoding="utf-8").split("\n\n")[1:3]
    assert any(part.startswith(("For whoever ", "For the ")) for part in opening)


def test_packages_do_not_import_each_other_in_a_circle() -> None:
    """The layers order most of them; here is the rest: every dot lies right of the diagonal."""
    drawn = runpy.run_path(str(ROOT / "docs" / "house.py"))
    names = drawn["packages"]()
    place = {name: number for number, name in enumerate(names)}
    upward = {
        (importer, imported)
        for importer, imported in drawn["imports"](names)
        if place[importer] > place[imported]
    }
    assert upward == set()
