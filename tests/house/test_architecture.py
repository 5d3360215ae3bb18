"""The house rules that no other tool holds: sizes, words, one relation a file, late imports, what
Spark runs too.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

ROOT = Path(__file__).parents[2]
PYTHON = sorted((ROOT / "segmenter").rglob("*.py"))
SQL = sorted((ROOT / "sql").rglob("*.sql"))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _tracked() -> list[Path]:
    """The files of the project: what git knows, or, without git, all but what is made."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout.split("\0")
        paths = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        paths = [
            p
            for p in ROOT.rglob("*")
            if not any(part.startswith(".") and part != ".ci" for part in p.relative_to(ROOT).parts)
        ]
    return sorted(p for p in paths if p.is_file())


# -- sizes -----------------------------------------------------------------------------------------

LONGEST_FILE = 470
LONGEST_FUNCTION = 60


THE_DOOR = ROOT / "segmenter" / "session.py"  # one class, a verb a command, each with its example


@pytest.mark.parametrize("path", [p for p in PYTHON if p != THE_DOOR], ids=_name)
def test_a_python_file_is_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


def test_python_files_are_about_250_lines_at_most_and_functions_about_25() -> None:
    lines = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in PYTHON)
    lengths = sorted(end - start + 1 for path in PYTHON for _, start, end in _functions(path))
    assert lines[int(len(lines) * 0.8)] <= 300
    assert lengths[int(len(lengths) * 0.9)] <= 40


def test_no_function_is_long() -> None:
    long = [
        f"{_name(path)}:{name}"
        for path in PYTHON
        for name, start, end in _functions(path)
        if end - start >= LONGEST_FUNCTION
    ]
    assert long == []


def _functions(path: Path) -> Iterator[tuple[str, int, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.name, node.lineno, node.end_lineno


# -- words -----------------------------------------------------------------------------------------

WORDS = {  # never this, always that
    "customer": "patient",
    "client": "patient",
    "cohort": "segment",
    "blacklist": "suppression list",
    "blocklist": "suppression list",
    "denylist": "suppression list",
    "whitelist": "eligible",
    "eps": "epsilon",
    "privacybudget": "budget",
    "redact": "withhold",
    "redacted": "withheld",
    "changelog": "trail",
    "auditlog": "trail",
    "utils": "what it is for",
    "util": "what it is for",
    "helper": "what it is for",
    "helpers": "what it is for",
    "manager": "what it is for",
    "misc": "what it is for",
}


@pytest.mark.parametrize("path", PYTHON, ids=_name)
def test_a_thing_has_one_name(path: Path) -> None:
    found = {
        f"{name}: say {WORDS[word]}"
        for name in {path.stem, *_identifiers(path)}
        for word in name.lower().split("_")
        if word in WORDS
    }
    assert found == set()


def _identifiers(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id


# -- imports ---------------------------------------------------------------------------------------

ONLY_IN = {
    "duckdb": {"segmenter/engine/"},
    "diffprivlib": {"segmenter/noise/", "segmenter/learning/logistic.py"},
}  # files, or folders
LATE = (
    "altair",
    "diffprivlib",
    "jinja2",
    "numpy",
    "opendp",
    "phonenumbers",
    "polars",
    "pyrage",
    "scipy",
    "sklearn",
    "sqlalchemy",
    "sqlglot",
    "vl_convert",
)


def test_one_module_draws_its_noise_and_one_fits_its_models() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in PYTHON}
    users = [
        path.parent.name
        for path, text in texts.items()
        if any("diffprivlib" in _imported(node) for node in ast.walk(ast.parse(text)))
    ]
    assert sorted(users) == ["learning", "noise"]


@pytest.mark.parametrize("path", PYTHON, ids=_name)
def test_duckdb_and_diffprivlib_are_imported_where_they_may_be(path: Path) -> None:
    module = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        inner for node in module.body if isinstance(node, ast.If) for inner in ast.walk(node)
    }
    used = {name for node in ast.walk(module) if node not in for_types for name in _imported(node)}
    assert {
        package
        for package, places in ONLY_IN.items()
        if package in used and not _name(path).startswith(tuple(places))
    } == set()


@pytest.mark.parametrize(
    "module",
    [
        "segmenter",
        "segmenter.cli",
        "segmenter.demo",
        "segmenter.pytest_plugin",
        "segmenter.render.notebook",
    ],
)
def test_heavy_modules_are_imported_late(module: str) -> None:
    program = f"import sys, {module}; print(*sorted(set({LATE!r}) & set(sys.modules)))"
    assert (
        subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout.split()
        == []
    )


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return {node.module.split(".")[0]}
    return set()


# -- relations -------------------------------------------------------------------------------------


def test_a_relation_has_one_name() -> None:
    stems = [path.stem for path in SQL]
    assert sorted(stems) == sorted(set(stems))


# -- what Spark runs too ---------------------------------------------------------------------------

DUCKDB_ONLY = {  # folders whose relations never run anywhere else
    "demo": "drawn on the machine that shows the demo",
}
SPARK_NODES = {
    "ArrayContains", "Limit", "TimeToStr", "UnixToTime",
    "Abs", "Add", "Alias", "And", "Anonymous", "Any", "ArgMax", "ArgMin", "Avg", "Between",
    "BitLength", "BitwiseAnd", "BitwiseAndAgg",
    "BitwiseLeftShift", "BitwiseNot", "BitwiseOr", "BitwiseOrAgg", "BitwiseRightShift", "Boolean",
    "CTE", "Case", "Cast", "Ceil",
    "Coalesce", "Column", "Concat", "ConcatWs", "Contains", "Count", "DPipe", "DataType",
    "DateFromParts", "Day", "Distinct", "Div",
    "EQ", "Encode", "EndsWith", "Except", "Exists", "Filter", "Floor", "From", "GT", "GTE",
    "Greatest", "Group", "Having", "Identifier",
    "If", "In", "IntDiv", "Intersect", "Interval", "Is", "Join", "LT", "LTE", "Lag", "Lead",
    "Least", "Left", "Length", "Like",
    "Literal", "LogicalAnd", "LogicalOr", "Lower", "Max", "Min", "Mod", "Month", "Mul", "NEQ",
    "Neg", "Not", "Null", "NullSafeEQ",
    "Nullif", "Or", "Order", "Ordered", "Paren", "Placeholder", "Rank", "RegexpLike",
    "RegexpReplace", "Replace", "Right", "Round",
    "RowNumber", "SHA2", "Select", "Sign", "SplitPart", "Star", "StartsWith", "Sub", "Subquery",
    "Substring", "Sum", "Table",
    "TableAlias", "Trim", "TryCast", "Tuple", "Unhex", "Union", "Upper", "Values", "Var", "Where",
    "Window", "WindowSpec", "With",
    "Year",
}  # fmt: skip
SPARK_TYPES = {
    "BIGINT",
    "BOOLEAN",
    "BINARY",
    "VARBINARY",
    "DATE",
    "DECIMAL",
    "DOUBLE",
    "INT",
    "SMALLINT",
    "TEXT",
    "VARCHAR",
    "TIMESTAMP",
    "TIMESTAMPNTZ",
}
SPARK_OTHERWISE = {  # written otherwise there: how
    "timezone": "from_utc_timestamp and to_utc_timestamp",
    "try_strptime": "try_to_timestamp",
    "RegexpFullMatch": "rlike, anchored at both ends",
    "TIMESTAMPTZ": "TIMESTAMP, which is of the session's zone there; sessions are in UTC",
}
SPARK_EXCEPTIONS: dict[
    str, dict[str, str]
] = {}  # relation: {node, type or function: why it stands}


@pytest.mark.parametrize("path", [p for p in SQL if p.parent.name not in DUCKDB_ONLY], ids=_name)
def test_a_relation_keeps_to_what_spark_runs_too(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = set(_beyond_spark(sqlglot.parse_one(text, dialect="duckdb")))
    assert found - SPARK_OTHERWISE.keys() == set(SPARK_EXCEPTIONS.get(path.stem, {}))
    sqlglot.transpile(
        text, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE
    )


def _beyond_spark(tree: exp.Expression) -> Iterator[str]:
    for node in tree.walk():
        match node:
            case exp.Anonymous():
                yield node.name.lower()
            case exp.DataType() if node.this.name not in SPARK_TYPES:
                yield node.this.name
            case exp.With() if node.recursive:
                yield "recursive"
        if type(node).__name__ not in SPARK_NODES:
            yield type(node).__name__


# -- what may stand in the project's texts ---------------------------------------------------------

FORBIDDEN = {
    "a registry's host": r"\.org/(simple|debian)\b|files\.\w+\.org|registry\.\w+\.(org|com)|://deb\.|://index\.",
    (
        "an index or another place to look for packages"
    ): r"(?m)^\s*(--(extra-)?index-url|--find-links|--trusted-host)",
    "a path of one machine": r"(?<![\w.])/(work|opt|root|home|Users)/",
    "a number of the tracker": r"(?i)\bissue #?\d+\b",
    "the design pages": r"shared/design",
}
MAY = {
    ("the design pages", "tests/project/test_project.py")
}  # compares the program with the contract, where that page is at hand
TEXT = {
    ".py",
    ".sql",
    ".md",
    ".yml",
    ".yaml",
    ".toml",
    ".lock",
    ".in",
    ".txt",
    ".ipynb",
    ".svg",
    ".cfg",
    ".j2",
    ".html",
    "",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_text_names(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    mine = Path(__file__)
    found = [
        f"{_name(path)}: {match.group().strip()}"
        for path in _tracked()
        if path.suffix in TEXT and path != mine and (what, _name(path)) not in MAY
        for match in pattern.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []
