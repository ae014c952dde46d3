"""Formatting of numbers, times, paths and users' texts: the template filters of the report."""

from __future__ import annotations

import datetime
import math
import re
from pathlib import Path

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
ABSOLUTE = re.compile(r"(?<![\w.:/\\])(?:[A-Za-z]:\\|/)(?:[^\s'\"<>/\\]+[/\\])+")
# They would turn the rest of the line around.
DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
NONE = "\u2013"  # an en dash
MINUS = "\u2212"


def cleaned(text: str) -> str:
    r"""Return a text with the characters that HTML and XML do not allow written as escapes.

    >>> cleaned("a\x00b")
    'a\\x00b'
    """
    return CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def undirected(text: str) -> str:
    r"""Return a text with control characters and marks of direction written as escapes.

    >>> undirected("a\u202eb")
    'a\\u202eb'
    """
    return DIRECTIONS.sub(lambda match: match[0].encode("unicode_escape").decode(), cleaned(text))


def clipped(text: object, length: int) -> str:
    """Return a text cut to a length, with an ellipsis where it was cut.

    >>> clipped("one two three", 8)
    'one two…'
    """
    full = str(text)
    return full if len(full) <= length else full[: length - 1].rstrip() + "…"


def whole(number: float | None) -> str:
    """Return an integer with thousands separators.

    >>> whole(1234567)
    '1,234,567'
    """
    return NONE if number is None else f"{int(number):,}"


def p_value(p: float) -> str:
    """Return a p-value with three digits; one that would look like 0 is below 0.001.

    >>> p_value(0.0312), p_value(1e-9), p_value(math.nan) == NONE
    ('0.031', '< 0.001', True)
    """
    if math.isnan(p):
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def scalar(value: str | int | float | None) -> str:
    """Return a value of a table's cell as text: a count, a number with three digits, or a text.

    >>> scalar(1234), scalar(0.5), scalar(True), scalar("spam"), scalar(None) == NONE
    ('1,234', '0.500', 'True', 'spam', True)
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NONE
    if isinstance(value, (bool, str)):
        return str(value)
    return whole(value) if isinstance(value, int) else f"{value:.3f}"


def percent(share: float, digits: int = 1) -> str:
    """Return a proportion from 0 to 1 in percent.

    >>> percent(0.1234), percent(float("nan")) == NONE
    ('12.3%', True)
    """
    return NONE if math.isnan(share) else f"{share:.{digits}%}"


def decimal(number: float, digits: int = 2) -> str:
    """Return a number with a typographic minus sign.

    >>> decimal(0.5), decimal(-0.5) == f"{MINUS}0.50"
    ('0.50', True)
    """
    return NONE if math.isnan(number) else f"{number:.{digits}f}".replace("-", MINUS)


def with_interval(value: float, low: float, high: float) -> str:
    """Return a number with its interval, three digits each.

    >>> with_interval(0.5, 0.25, 0.75)
    '0.500 [0.250, 0.750]'
    """
    return f"{decimal(value, 3)} [{decimal(low, 3)}, {decimal(high, 3)}]"


def when(text: str | datetime.datetime | None) -> str:
    """Return a time of the store to the minute.

    >>> when("2026-11-21T08:22:26.531782+00:00")
    '2026-11-21 08:22 UTC'
    """
    if text is None:
        return NONE
    moment = datetime.datetime.fromisoformat(text) if isinstance(text, str) else text
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def seconds(duration: float) -> str:
    """Return a duration given in seconds.

    >>> seconds(0.31), seconds(75), seconds(7322)
    ('0.3 s', '1 min 15 s', '2 h 2 min')
    """
    if duration < 60:
        return f"{duration:.1f} s"
    minutes, rest = divmod(round(duration), 60)
    hours, left = divmod(minutes, 60)
    return f"{hours} h {left} min" if hours else f"{minutes} min {rest} s"


def size(count: int) -> str:
    """Return a human-readable size in bytes.

    >>> size(900), size(161_327), size(5_000_000)
    ('900 B', '161 kB', '5.0 MB')
    """
    if count < 1_000:
        return f"{count} B"
    return f"{count / 1e3:.0f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"


def from_root(path: str | Path, root: Path) -> str:
    """Return a path relative to the project's root; of a path outside it only the name.

    >>> from_root("/data/spam/out/a.csv", Path("/data/spam")), from_root("/etc/x", Path("/data"))
    ('out/a.csv', '…/x')
    """
    given = Path(path)
    if not given.is_absolute():
        return given.as_posix()
    is_inside = given.is_relative_to(root)
    return given.relative_to(root).as_posix() if is_inside else f"…/{given.name}"


def without_paths(text: str, root: Path) -> str:
    """Return a message without absolute paths, which would reveal details of the machine.

    >>> without_paths("'/data/spam/out/a.csv' and /etc/x are gone", Path("/data/spam"))
    "'out/a.csv' and …/x are gone"
    """
    return ABSOLUTE.sub("…/", text.replace(f"{root}/", "").replace(str(root), "."))
