"""Private files are written in one way: `private.files`. No other writer hides in the package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "segmenter"
ONE_WAY = PACKAGE / "private" / "files.py"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != ONE_WAY)

# Writers that are meant to be: (file, function), each with its reason.
MAY = {
    (
        "engine/duckdb/spill.py",
        "own_folder",
    ): "a folder of the engine's own, encrypted, gone at the end",
    ("export/payload.py", "_pipe"): "opens a pipe",
    ("registers/registry.py", "commit"): "moves a whole folder into place",
    ("registers/registry.py", "recover"): "moves a whole folder into place",
    ("journal/high_water.py", "_write"): "a mark of equal length over the old one, in one write",
    ("journal/high_water.py", "locked"): "a lock without content",
    ("journal/database.py", "_keep_private"): "makes the file that SQLite then writes",
    ("demo/clinic.py", "_write_project"): "files that people read: an invented project",
    ("demo/clinic.py", "_write_data"): "an invented clinic",
    ("workflows/recovery.py", "_set_registers_aside"): "moves whole files out of the way",
    ("planning/budget_lock.py", "write"): "a file that people commit",
    ("project/init.py", "_written"): "files that people edit",
    ("project/init.py", "_ignored"): "files that people edit",
    ("selftest/checks.py", "opened"): "an invented world",
    ("selftest/world.py", "write"): "an invented world",
    ("selftest/world.py", "_csv"): "an invented world",
}

METHODS = {"write_bytes", "write_text", "symlink_to", "hardlink_to", "rename"}
FUNCTIONS = {
    "os": {"replace", "rename", "link", "symlink", "mkfifo", "truncate"},
    "shutil": {"copy", "copy2", "copyfile", "copytree", "move"},
    "tempfile": {"mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryFile"},
}
WRITING_MODES = set("wax+")
WRITING_FLAGS = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"}


def test_no_private_file_is_written_in_another_way():
    found = {
        f"{path.relative_to(PACKAGE)}:{call.lineno}: {ast.unparse(call)} in {function}"
        for path in MODULES
        for function, call in _calls(ast.parse(path.read_text(encoding="utf-8")))
        if _writes(call) and (str(path.relative_to(PACKAGE)), function) not in MAY
    }
    assert found == set()


def test_every_exception_is_still_one():
    there = {
        (str(path.relative_to(PACKAGE)), function)
        for path in MODULES
        for function, call in _calls(ast.parse(path.read_text(encoding="utf-8")))
        if _writes(call)
    }
    assert set(MAY) <= there


@pytest.mark.parametrize(
    "text",
    [
        "open(path, 'w')",
        "open(path, mode='a')",
        "path.open('r+b')",
        "path.open(mode='x')",
        "path.write_bytes(b'')",
        "path.write_text('')",
        "os.replace(part, path)",
        "part.replace(path)",
        "part.rename(path)",
        "os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)",
        "os.fdopen(number, 'wb')",
        "shutil.copyfile(one, other)",
        "tempfile.mkstemp()",
        "engine.attach('alias', path, write=True)",
        "engine.write_out('relation', path, 'FORMAT csv')",
        "engine.writing(path)",
        "engine.copy_out('table', path, 'FORMAT csv')",
    ],
)
def test_the_search_finds(text):
    assert _writes(_call(text))


@pytest.mark.parametrize(
    "text",
    [
        "open(path)",
        "Path(os.devnull).open('w')",
        "path.open('rb')",
        "text.replace('a', 'b')",
        "moment.replace(tzinfo=UTC)",
        "os.open(path, os.O_RDONLY)",
        "engine.attach('alias', path)",
        "engine.attach('alias', part, write=True)",
        "work.engine.writing(part)",
        "payload.writing(engine, relation)",
        "engine.write_out('relation', part, 'FORMAT csv')",
    ],
)
def test_the_search_passes_over(text):
    assert not _writes(_call(text))


def _call(text: str) -> ast.Call:
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    return call


def _calls(tree: ast.AST, function: str = "") -> Iterator[tuple[str, ast.Call]]:
    """Every call, with the name of the function that makes it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call):
            yield function, node
        inner = node.name if isinstance(node, ast.FunctionDef) else function
        yield from _calls(node, inner)


def _writes(call: ast.Call) -> bool:
    """Whether a call makes or changes a file, as far as its text tells."""
    if "devnull" in set(_names(call)):
        return False
    match call.func:
        case ast.Name(id="open"):
            return _opens_to_write(call, place=1)
        case ast.Attribute(value=ast.Name(id=module), attr=name) if module in FUNCTIONS:
            return _function_writes(call, module, name)
        case ast.Attribute(attr=name):
            return _method_writes(call, name)
    return False


def _function_writes(call: ast.Call, module: str, name: str) -> bool:
    if (module, name) == ("os", "open"):
        return bool(WRITING_FLAGS & set(_names(call)))
    if (module, name) == ("os", "fdopen"):
        return _opens_to_write(call, place=1)
    return name in FUNCTIONS[module]


def _method_writes(call: ast.Call, name: str) -> bool:
    if name == "open":
        return _opens_to_write(call, place=0)
    if name == "replace":  # of a path: a text's takes two, a moment's takes names
        return len(call.args) == 1 and not call.keywords
    if name == "attach":
        return _keyword(call, "write") is not None and not _is_part(call)
    if name in ("write_out", "copy_out"):
        return not _is_part(call)
    if name == "writing" and "engine" in ast.unparse(call.func):
        return ast.unparse(call.args[0]) != "part"
    return name in METHODS


def _opens_to_write(call: ast.Call, place: int) -> bool:
    mode = call.args[place] if len(call.args) > place else _keyword(call, "mode")
    return isinstance(mode, ast.Constant) and bool(WRITING_MODES & set(str(mode.value)))


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    found = [keyword.value for keyword in call.keywords if keyword.arg == name]
    return found[0] if found else None


def _is_part(call: ast.Call) -> bool:
    """Whether the second argument is a part of `new_file`, or a pipe to a writer of one."""
    match call.args:
        case [_, ast.Name(id="part"), *_]:
            return True
        case [_, ast.Attribute(value=ast.Name(id="pipe"), attr="path"), *_]:
            return True
    return False


def _names(call: ast.Call) -> Iterator[str]:
    for node in ast.walk(call):
        if isinstance(node, ast.Attribute):
            yield node.attr
