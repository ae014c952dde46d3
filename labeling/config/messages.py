"""Messages for pydantic's validation errors, in the terms of a YAML file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic_core import ErrorDetails

from labeling.config.model import Config
from labeling.config.sections import Section
from labeling.errors import listed, near

MUST = {
    "bool_type": "must be true or false",
    "dict_type": "must have keys and values",
    "finite_number": "must be a finite number",
    "float_type": "must be a number",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "model_type": "must have keys and values",
    "string_too_short": "must not be empty",
    "string_type": "must be a text",
    "too_short": "must have at least {min_length} values",
    "tuple_type": "must be a list",
}
"""What a value must be, by the type of pydantic's error."""


def messages_of(errors: Iterable[ErrorDetails]) -> list[str]:
    """Return a sentence for each different error."""
    return list(dict.fromkeys(map(_message, errors)))


def _message(error: ErrorDetails) -> str:
    location, kind, text = error["loc"], error["type"], error["msg"]
    key = ".".join(map(str, location))
    if kind == "value_error":
        sentence = text.removeprefix("Value error, ")
        return f"{sentence[0].upper()}{sentence[1:]}."
    if kind == "extra_forbidden":
        keys = _keys_beside(location)
        return (
            f"There is no key {key!r}.{near(location[-1], keys)} Keys here are {listed(keys, 20)}."
        )
    if kind == "secret":
        return f"Key {key!r}: {text}."
    if kind == "missing":
        return f"Key {key!r} is missing."
    value = error["input"]
    must = _must(kind, text, error.get("ctx", {}))
    return f"Key {key!r} {must}. Got {value!r}.{_hint(location, value)}"


def _must(kind: str, text: str, context: Mapping[str, Any]) -> str:
    """Return what a value must be; of an unlisted type in pydantic's words."""
    return MUST[kind].format(**context) if kind in MUST else f"is invalid: {text}"


def _hint(location: tuple[int | str, ...], value: Any) -> str:
    """Return a hint on values that YAML reads as another type."""
    if isinstance(value, bool):
        return " YAML reads yes, no, on and off as true and false: put quotes around them."
    if location[0] == "labels" and isinstance(value, (int, float)):
        return " A label is a text: put quotes around it."
    return ""


def _keys_beside(location: tuple[int | str, ...]) -> list[str]:
    """Return the valid keys in the section of an unknown one."""
    section: Any = Config
    for step in location[:-1]:
        field = section.model_fields[str(step)].annotation
        options = [field, *get_args(field)]
        section = next(
            option for option in options if isinstance(option, type) and issubclass(option, Section)
        )
    return [name for name in section.model_fields if name != "root"]
