"""What keeps the code readable: one name a thing, one thought a line, nothing written twice."""

from __future__ import annotations

import ast
import re
import statistics
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = sorted((ROOT / "segmenter").rglob("*.py"))
CODE = [
    *PYTHON,
    *sorted((ROOT / "benchmarks").rglob("*.py")),
    *sorted((ROOT / "docs").glob("*.py")),
]
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

PRIVATE_WORDS = {  # names that only an insider understood, and the word of the field
    "ahead": "ageing",
    "archive": "answers",
    "beside": "partition",
    "judge": "objective",
    "outlook": "ageing",
    "shelf": "answers",
    "standing": "state",
    "strip": "partition",
    "takeback": "recall",
}
NODES_A_LINE = 7.0  # of the median function
NESTED = 0.6  # comprehensions within comprehensions, per 1,000 lines
TWICE = 6  # lines


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


# -- names -----------------------------------------------------------------------------------------


def test_a_class_name_is_one_thing() -> None:
    places = defaultdict(list)
    for path in PYTHON:
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(_name(path))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


@pytest.mark.parametrize("path", PYTHON, ids=_name)
def test_names_are_words_of_the_field(path: Path) -> None:
    names = {path.stem}
    for node in ast.walk(_tree(path)):
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            names.add(node.name)
    found = {}
    for name in names:
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
        for word in (*spaced.split("_"), spaced.replace("_", "")):
            if word in PRIVATE_WORDS:
                found[name] = PRIVATE_WORDS[word]
    assert found == {}


# -- one thought a line ----------------------------------------------------------------------------


def test_the_median_function_is_one_thought_a_line() -> None:
    density = [nodes / lines for nodes, lines in _functions()]
    assert statistics.median(density) <= NODES_A_LINE


def _functions() -> Iterator[tuple[int, int]]:
    """Of each function: its syntax nodes and its lines, without the docstring."""
    for path in PYTHON:
        for node in ast.walk(_tree(path)):
            if not isinstance(node, FUNCTIONS):
                continue
            body = node.body
            if ast.get_docstring(node) is not None:
                body = body[1:]
            if body:
                nodes = [inner for statement in body for inner in ast.walk(statement)]
                counted = [inner for inner in nodes if not isinstance(inner, ast.expr_context)]
                yield len(counted), (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_comprehensions_are_not_nested() -> None:
    lines = nested = 0
    for path in PYTHON:
        lines += len(path.read_text(encoding="utf-8").splitlines())
        for node in ast.walk(_tree(path)):
            if isinstance(node, COMPREHENSIONS):
                nested += sum(isinstance(inner, COMPREHENSIONS) for inner in ast.walk(node)) - 1
    assert 1_000 * nested / lines <= NESTED


def test_conditions_are_said_with_if() -> None:
    """A docstring says "if" for a condition; "where" is for a place."""
    said = [
        f"{_name(path)}: {match.group()}"
        for path in PYTHON
        for node in ast.walk(_tree(path))
        if isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Module))
        for match in re.finditer(
            r"\b[Ww]here (there is no|it is|no|nothing|none|nobody|something|too|several)\b",
            ast.get_docstring(node) or "",
        )
    ]
    assert said == []


# -- nothing twice ---------------------------------------------------------------------------------


def test_no_block_of_six_lines_stands_in_two_places() -> None:
    places: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path in CODE:
        lines = _telling_lines(path)
        for start in range(len(lines) - TWICE + 1):
            block = tuple(text for _, text in lines[start : start + TWICE])
            places[block].append(f"{_name(path)}:{lines[start][0]}")
    assert [found for found in places.values() if len(found) > 1] == []


def _telling_lines(path: Path) -> list[tuple[int, str]]:
    """Numbers and texts of the lines that say something: no imports, lone brackets, comments."""
    tree = _tree(path)
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            silent.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    told = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if number in silent or text.startswith("#") or not re.search(r"\w", text):
            continue
        told.append((number, text))
    return told
