"""A document into a shape, every problem told with its file, line and nearest valid key."""

from __future__ import annotations

import copy
import types
import typing
from collections.abc import Sequence
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from segmenter.nearest import hint, nearest

if typing.TYPE_CHECKING:
    from segmenter.errors import Problem
    from segmenter.project.document import Document

S = TypeVar("S", bound=BaseModel)

_EXPECTED = {
    "string_type": "expected text",
    "model_type": "expected a mapping",
    "model_attributes_type": "expected a mapping",
    "dict_type": "expected a mapping",
    "list_type": "expected a list",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "decimal_type": "expected a decimal number",
    "decimal_parsing": "expected a decimal number",
    "bool_type": "expected `true` or `false`",
    "bool_parsing": "expected `true` or `false`",
}


def shaped(document: Document, shape: type[S], problems: list[Problem]) -> S | None:
    """The document as `shape`, or None and what is wrong with it added to `problems`."""
    found = list(document.problems)
    made = None
    if document.data is None and not found:
        found.append(document.problem("the file is empty"))
    elif document.data is not None:
        try:
            made = shape.model_validate(document.data)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=True)
            found += [_problem(document, shape, dict(detail)) for detail in details]
    problems += _distinct(found)
    if found:
        return None
    return made


def mended(document: Document, shape: type[S], harmless: frozenset[str] = frozenset()) -> S | None:
    """The document without what `shaped` refused, so that what else is wrong can be told at once.

    It is never to be worked with.

    A misspelt key stands under its right name; left out are other unknown keys, and wrong values of
    the `harmless` keys. None if more than that is wrong.
    """
    data = copy.deepcopy(document.data)
    if isinstance(data, dict):
        _respelt(data, shape)
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            path = tuple(detail["loc"])
            unknown = detail["type"] == "extra_forbidden"
            if not path or not (unknown or path[0] in harmless):
                return None
            if not _left_out(data, path if unknown else path[:1]):
                return None
    try:
        return shape.model_validate(data)
    except ValidationError:
        return None


def _respelt(data: dict[str, Any], shape: type[BaseModel]) -> None:
    """Put unknown keys that are nearest to a required one that is missing under its name."""
    missing = [
        name
        for name, field in shape.model_fields.items()
        if field.is_required() and name not in data
    ]
    for key in [key for key in data if key not in shape.model_fields]:
        meant = nearest(key, shape.model_fields)
        if meant in missing:
            data[meant] = data.pop(key)
            missing.remove(meant)


def _left_out(data: Any, path: tuple[Any, ...]) -> bool:
    """Whether the key at `path` is gone."""
    try:
        for part in path[:-1]:
            data = data[part]
        if isinstance(data, dict):
            data.pop(path[-1], None)
    except (KeyError, IndexError, TypeError):
        return False
    return isinstance(data, dict)


def _distinct(found: list[Problem]) -> list[Problem]:
    distinct = dict.fromkeys(found)
    return sorted(distinct, key=lambda problem: problem.line or 0)


def _problem(document: Document, shape: type[BaseModel], detail: dict[str, Any]) -> Problem:
    path = tuple(detail["loc"])
    key = path[-1] if path else None
    place = f"`{_dotted(path)}`: " if path else ""
    match detail["type"]:
        case "extra_forbidden":
            near = hint(str(key), _keys(shape, path[:-1]))
            return document.problem(f"unknown key `{key}`", path, near)
        case "missing":
            message = f"the key `{key}` is missing{_inside(path)}"
            return document.problem(message, path, _extra(shape, path))
        case "literal_error":
            choices = _choices(detail)
            listed = " or ".join(f"`{choice}`" for choice in choices)
            near = hint(str(detail["input"]), choices)
            return document.problem(f"{place}expected {listed}", path, near)
        case "value_error":
            return document.problem(f"{place}{detail['ctx']['error']}", path)
        case other:
            usual = str(detail["msg"]).replace("Input should", "it should")
            said = _EXPECTED.get(other) or usual
            return document.problem(f"{place}{said}", path, _extra(shape, path))


def _dotted(path: Sequence[Any]) -> str:
    parts = [str(part) for part in path]
    return ".".join(parts)


def _extra(shape: type[BaseModel], path: tuple[Any, ...]) -> str | None:
    """Where any key may stand at the top, a wrong one may be a known one misspelt: the nearest."""
    takes_any_key = shape.model_config.get("extra") == "allow"
    if takes_any_key and path and path[0] not in shape.model_fields:
        return hint(str(path[0]), shape.model_fields)
    return None


def _inside(path: tuple[Any, ...]) -> str:
    if len(path) > 1:
        return f" in `{_dotted(path[:-1])}`"
    return ""


def _choices(detail: dict[str, Any]) -> list[str]:
    expected = str(detail["ctx"]["expected"])
    choices = expected.replace(" or ", ", ").split(",")
    return [choice.strip("' ") for choice in choices]


def _keys(shape: Any, path: tuple[Any, ...]) -> list[str]:
    """The keys that the shape knows at `path`."""
    for part in path:
        shape = _below(_model(shape), part)
    found = _model(shape)
    if isinstance(found, type) and issubclass(found, BaseModel):
        return list(found.model_fields)
    return []


def _model(annotation: Any) -> Any:
    """The annotation without Annotated and Optional."""
    while get_origin(annotation) in (typing.Annotated, typing.Union, types.UnionType):
        options = [each for each in get_args(annotation) if each is not type(None)]
        annotation = options[0] if options else None
    return annotation


def _below(shape: Any, part: Any) -> Any:
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        known = shape.model_fields.get(str(part))
        if known is not None:
            return known.annotation
        extra = typing.get_type_hints(shape).get("__pydantic_extra__")
        return get_args(extra)[-1] if extra else None
    arguments = get_args(shape)
    if arguments:
        return arguments[-1]
    return None
