"""The values that stand in the YAML files, as pydantic reads them.

Names, exact numbers, durations, and the short forms of dimensions.

Every scalar arrives as text (see `document`), so numbers are read exactly.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

LONGEST = 200
AGE_PREFIX = "age1"

_DECIMAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
_DURATION = re.compile(r"(\d{1,6})\s?(s|m|min|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MEASURE_FORMS = "a measure is `count`, or one of `{max: column}`, `{min: column}`, `{sum: column}`"


def _printable(text: str) -> str:
    is_bare = bool(text) and text == text.strip()
    if not is_bare or len(text) > LONGEST or not text.isprintable():
        msg = f"expected a printable text of 1 to {LONGEST} characters, without blanks around it"
        raise ValueError(msg)
    return text


def _word(text: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,62}", text) is None:
        msg = "expected a name of letters, digits and underscores (at most 63, no digit first)"
        raise ValueError(msg)
    return text


def _scope(text: str) -> str:
    if _printable(text) == "*":
        msg = "`*` means all and cannot be a name"
        raise ValueError(msg)
    return text


def _stem(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", text) is None:
        msg = "expected a name of letters, digits, `_`, `-` and `.` (at most 100)"
        raise ValueError(msg)
    return text


def _whole(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"[-+]?[0-9]{1,15}", value) is None:
        msg = "expected a whole number"
        raise ValueError(msg)
    return value


def _decimal(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if len(value) > LONGEST or _DECIMAL.fullmatch(value) is None:
        msg = "expected a decimal number"
        raise ValueError(msg)
    return value


def _flag(value: Any) -> Any:
    if isinstance(value, str) and value not in ("true", "false", "True", "False"):
        msg = "expected `true` or `false`"
        raise ValueError(msg)
    return value


def _switch(value: Any) -> Any:
    if value not in ("on", "off", "true", "false", True, False):
        msg = "expected `on` or `off`"
        raise ValueError(msg)
    return value in ("on", "true", True)


def _duration(value: Any) -> Any:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        msg = "expected a duration such as `48h` (s, m, h, d, w)"
        raise ValueError(msg)
    amount, unit = found.groups()
    return timedelta(**{_UNITS[unit]: int(amount)})


def _title(value: Any) -> Any:
    """Text is the English title.

    `{en: Over 65, several stays}` leaves an empty key, which says nothing.
    """
    if isinstance(value, dict):
        return {language: text for language, text in value.items() if text is not None}
    if isinstance(value, str):
        return {"en": value}
    return value


def _values(value: Any) -> Any:
    if isinstance(value, list):
        return [{"label": each, "raw": [each]} for each in value]
    if isinstance(value, dict):
        found = []
        for label, raw in value.items():
            several = [raw] if isinstance(raw, str) else raw
            found.append({"label": label, "raw": several})
        return found
    msg = "expected a list of values, or a mapping from a label to its values"
    raise ValueError(msg)


def _measure(value: Any) -> Any:
    if value == "count":
        return {"how": "count"}
    if isinstance(value, dict) and len(value) == 1:
        ((how, column),) = value.items()
        if how in ("max", "min", "sum"):
            return {"how": how, "column": column}
    raise ValueError(_MEASURE_FORMS)


def _encrypt(value: Any) -> Any:
    if value == "none":
        return value
    if isinstance(value, dict) and set(value) == {"age"}:
        key = value["age"]
        if isinstance(key, str) and key.startswith(AGE_PREFIX):
            return key
    msg = 'expected `none`, or the recipient\'s public key as `{age: "age1..."}`'
    raise ValueError(msg)


Text = Annotated[str, AfterValidator(_printable)]
Word = Annotated[str, AfterValidator(_word)]
Scope = Annotated[str, AfterValidator(_scope)]
Stem = Annotated[str, AfterValidator(_stem)]
Whole = Annotated[int, BeforeValidator(_whole, json_schema_input_type=int)]
Exact = Annotated[Decimal, BeforeValidator(_decimal, json_schema_input_type=float)]
Days = Annotated[Whole, Field(ge=1, le=36_500)]
Flag = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=bool)]
Duration = Annotated[timedelta, BeforeValidator(_duration, json_schema_input_type=str)]
Title = Annotated[
    dict[Text, Text], BeforeValidator(_title, json_schema_input_type=str | dict[str, str])
]


class ValueShape(BaseModel, extra="forbid", frozen=True):
    """One label of a dimension and the raw texts it stands for."""

    label: Text
    raw: list[str] = Field(min_length=1)


class MeasureShape(BaseModel, extra="forbid", frozen=True):
    """How the facts of a patient become one value."""

    how: Literal["count", "max", "min", "sum"]
    column: Text | None = None


_ValuesInput = list[str] | dict[str, list[str] | str]
_MeasureInput = Literal["count"] | dict[Literal["max", "min", "sum"], str]
Values = Annotated[
    list[ValueShape],
    BeforeValidator(_values, json_schema_input_type=_ValuesInput),
    Field(min_length=1, max_length=5000),
]
Measure = Annotated[MeasureShape, BeforeValidator(_measure, json_schema_input_type=_MeasureInput)]
Encrypt = Annotated[
    str,
    BeforeValidator(_encrypt, json_schema_input_type=Literal["none"] | dict[Literal["age"], str]),
]
Switch = Annotated[bool, BeforeValidator(_switch, json_schema_input_type=Literal["on", "off"])]
