"""JSON Schemas of the files a person writes, for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmenter.errors import UsageError
from segmenter.nearest import hint

if TYPE_CHECKING:
    from pydantic import BaseModel

NAMES = ("policy", "sources", "segment")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas(name: str | None = None) -> dict[str, Any]:
    """The schema of `policy`, `sources` or `segment`; without a name all three, by name.

    `UsageError` for any other name.

    >>> sorted(schemas())
    ['policy', 'segment', 'sources']
    """
    if name is not None:
        if name not in NAMES:
            msg = f"there is no schema `{name}`"
            raise UsageError(msg, hint=hint(name, NAMES))
        return _schema(name)
    return {each: _schema(each) for each in NAMES}


def _schema(name: str) -> dict[str, Any]:
    from segmenter.project import shapes, source_shapes

    known: dict[str, type[BaseModel]] = {
        "policy": shapes.PolicyShape,
        "sources": source_shapes.SourcesShape,
        "segment": shapes.SegmentShape,
    }
    return {"$schema": DIALECT, **_tidy(known[name].model_json_schema())}


def _tidy(schema: Any) -> Any:
    """In JSON Schema's own words, and without the titles that only repeat names."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {
        str(_WORDS.get(key, key)): _tidied(key, value)
        for key, value in schema.items()
        if key != "title" or not isinstance(value, str)
    }
    if "default" in made:
        made["default"] = _default(made)
    return made


def _tidied(key: str, value: Any) -> Any:
    named = key in ("properties", "$defs") and isinstance(value, dict)
    if named:
        return {name: _tidy(each) for name, each in value.items()}
    return _tidy(value)


def _default(schema: dict[str, Any]) -> Any:
    """The default as it is written in the file."""
    default = schema["default"]
    if isinstance(default, str) and schema.get("type") == "number":
        return float(default)
    if isinstance(default, bool) and "enum" in schema:
        return "on" if default else "off"
    return default


_WORDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
