"""Values as Python source."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import inspect
import math
import operator
import re
import types
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import numpy as np

LONGEST = 1_000
"""Characters of a value that stands in a line; a longer one goes into a file."""

Reference = Callable[[Any, str, bool], str]
_TIMES = (datetime.date, datetime.datetime, datetime.time, datetime.timedelta)
_IMPORTED = {
    decimal.Decimal: "from decimal import Decimal",
    fractions.Fraction: "from fractions import Fraction",
}
"""Types whose `repr` is source, with the import that it needs."""


class Expressions:
    """Writes values as expressions.

    Args:
        reference: writes what is no literal, or a long one: it gets the value, a name for it, and
            whether the expression will be bound to this name.

    >>> expressions = Expressions(lambda value, name, is_binding: name)
    >>> expressions.of({"a": [1, (2.5, None)]}, "x"), expressions.of([len], "size")
    ("{'a': [1, (2.5, None)]}", '[size]')
    """

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    def of(self, value: Any, name: str, is_binding: bool = False) -> str:
        """Return a value as an expression.

        Args:
            value: the value.
            name: what it may be called where it must be written elsewhere.
            is_binding: whether the expression will be bound to this name.
        """
        text = self.plain(value)
        if text is not None and len(text) <= LONGEST:
            return text
        if text is None and type(value) in (list, tuple, set, frozenset, dict):
            return _container(value, lambda item: self.of(item, name))
        return self._reference(value, name, is_binding)

    def plain(self, value: Any) -> str | None:
        """Return a literal as source, however long; `None` for what is no literal."""
        try:
            return _plain(value)
        except _NoLiteralError:
            return None


class _NoLiteralError(Exception):
    pass


def _plain(value: Any) -> str:
    kind = type(value)
    if kind in (bool, str, bytes, type(None), complex, range, type(...)):
        return "..." if value is ... else repr(value)
    if kind is int:
        return repr(value) if abs(value) < 10**4_000 else hex(value)
    if kind is float:
        return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
    if kind in (list, tuple, set, frozenset, dict):
        return _container(value, _plain)
    raise _NoLiteralError


def _container(value: Any, of: Callable[[Any], str]) -> str:
    kind = type(value)
    if kind is dict:
        return "{" + ", ".join(f"{of(key)}: {of(item)}" for key, item in value.items()) + "}"
    # The order of a set differs between processes.
    items = sorted(map(of, value)) if kind in (set, frozenset) else [of(item) for item in value]
    text = ", ".join(items)
    if kind is list:
        return f"[{text}]"
    if kind is tuple:
        return f"({text},)" if len(items) == 1 else f"({text})"
    braces = f"{{{text}}}" if items else ""
    return (braces or "set()") if kind is set else f"frozenset({braces})"


def library_object(value: Any, of: Callable[[Any], str]) -> tuple[str, str] | None:
    """Return the source of an object of Python's or NumPy's, and the import that it needs.

    Args:
        value: the object.
        of: writes its parts.

    >>> library_object(re.compile("a", re.IGNORECASE), repr)
    ("re.compile('a', 2)", 'import re')
    """
    if type(value) in _IMPORTED:
        return repr(value), _IMPORTED[type(value)]
    if type(value) in _TIMES and getattr(value, "tzinfo", None) is None:
        return f"_{value!r}", "import datetime as _datetime"  # a user's `datetime` may be the class
    if isinstance(value, re.Pattern):
        flags = value.flags & ~re.UNICODE.value if isinstance(value.pattern, str) else value.flags
        rest = f", {flags}" if flags else ""
        return f"re.compile({of(value.pattern)}{rest})", "import re"
    if isinstance(value, re.RegexFlag):
        return " | ".join(f"re.{flag.name}" for flag in value), "import re"
    if isinstance(value, enum.Enum) and value.name is not None and "|" not in value.name:
        return f"{of(type(value))}[{value.name!r}]", ""
    if isinstance(value, PurePath):
        return f"Path({str(value)!r})", "from pathlib import Path"
    kinds = (_numpy_value, _container_of_library, _callable, _dataclass)
    return next(filter(None, (kind(value, of) for kind in kinds)), None)


def _numpy_value(value: Any, of: Callable[[Any], str]) -> tuple[str, str] | None:
    if isinstance(value, np.generic) and not value.dtype.hasobject:
        return f"numpy.{type(value).__name__}({of(value.item())})", "import numpy"
    if type(value) is np.ndarray and not value.dtype.hasobject and value.dtype.names is None:
        return f"numpy.array({of(value.tolist())}, {value.dtype.str!r})", "import numpy"
    return None


def _container_of_library(value: Any, of: Callable[[Any], str]) -> tuple[str, str] | None:
    if type(value) is collections.Counter:
        return f"collections.Counter({of(dict(value))})", "import collections"
    if type(value) is collections.OrderedDict:
        return f"collections.OrderedDict({of(list(value.items()))})", "import collections"
    if type(value) is collections.defaultdict:
        made = f"collections.defaultdict({of(value.default_factory)}, {of(dict(value))})"
        return made, "import collections"
    if type(value) is collections.deque:
        return f"collections.deque({of(list(value))}, {value.maxlen})", "import collections"
    if isinstance(value, tuple) and hasattr(value, "_fields"):  # a named tuple
        return f"{of(type(value))}({', '.join(map(of, value))})", ""
    return None


def _callable(value: Any, of: Callable[[Any], str]) -> tuple[str, str] | None:
    if isinstance(value, (operator.attrgetter, operator.itemgetter, operator.methodcaller)):
        reduced: Any = value.__reduce__()
        if reduced[0] is type(value):  # not a method that is called with keywords
            called = f"operator.{type(value).__name__}({', '.join(map(of, reduced[1]))})"
            return called, "import operator"
    if isinstance(value, types.MethodDescriptorType):  # such as str.lower
        return f"{of(value.__objclass__)}.{value.__name__}", ""
    owner = getattr(value, "__self__", None)
    is_method = isinstance(value, (types.BuiltinMethodType, types.MethodType))
    if is_method and owner is not None and not isinstance(owner, types.ModuleType):
        return f"{of(owner)}.{value.__name__}", ""
    return None


def _dataclass(value: Any, of: Callable[[Any], str]) -> tuple[str, str] | None:
    """Return the call that makes an equal instance of a dataclass, from its fields."""
    kind = type(value)
    if not dataclasses.is_dataclass(value) or hasattr(kind, "__post_init__"):
        return None
    fields = dataclasses.fields(value)
    names = [field.name for field in fields]
    if not all(field.init for field in fields) or names != list(inspect.signature(kind).parameters):
        return None  # its own __init__ may take other arguments
    texts = [f"{field.name}={of(getattr(value, field.name))}" for field in fields]
    return f"{of(kind)}({', '.join(texts)})", ""
