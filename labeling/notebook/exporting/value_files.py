"""Files of long values beside a module, as JSON."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from labeling.functions.lookups import lines_of

HELPER = """

def _resource(name):
    path = _Path(__file__).parent / "resources" / name
    return _json.loads(path.read_text(encoding="utf-8"))

"""
"""The function of a module that reads them."""
_AS_THEY_ARE = (dict, list, str)


class ValueFiles:
    """The files of values of a module.

    Args:
        stem: how their names begin.

    Attributes:
        contents: the content of each file, by name.
    """

    def __init__(self, stem: str) -> None:
        self.contents: dict[str, str] = {}
        self._stem = stem

    def call_for(self, value: Any, name: str) -> str | None:
        """Return the call that reads a value from a file; `None` if JSON would change the value.

        The name of the file changes with its content: a module never finds a file of another.
        """
        kind = type(value)
        if kind in (set, frozenset):
            plain: Any = sorted(value, key=repr)  # the order of a set differs between processes
        elif kind is tuple:
            plain = list(value)
        elif kind in _AS_THEY_ARE:
            plain = value
        else:
            return None
        if not _is_kept_by_json(plain):
            return None
        content = json.dumps(plain, indent=0)
        digest = hashlib.sha256(content.encode()).hexdigest()[:8]
        file = f"{self._stem}-{name}-{digest}.json"
        self.contents[file] = content
        call = f"_resource({file!r})"
        return call if kind in _AS_THEY_ARE else f"{kind.__name__}({call})"


def _is_kept_by_json(value: Any) -> bool:
    """Whether JSON gives back an equal value of the same types."""
    if type(value) is list:
        return all(map(_is_kept_by_json, value))
    if type(value) is dict:
        return all(type(key) is str for key in value) and all(map(_is_kept_by_json, value.values()))
    return type(value) in (str, int, float, bool, type(None))


def with_lines_of_file(
    positional: list[Any], keywords: dict[str, Any], parameter: str = "values"
) -> None:
    """Replace the file of a lookup by its lines: a path may lead elsewhere from the module.

    Args:
        positional: the arguments of the call, of which the second may be the file.
        keywords: its keyword arguments.
        parameter: the name of that argument.
    """
    values = positional[1] if len(positional) > 1 else keywords.get(parameter)
    if not isinstance(values, (str, Path)):
        return
    lines = lines_of("of the workbench", Path(values))
    if len(positional) > 1:
        positional[1] = lines
    else:
        keywords[parameter] = lines
