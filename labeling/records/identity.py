"""Who is who: one person, however a name or e-mail address is written."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable

# Characters of other kinds than "format" that show nothing: Hangul fillers, joiners, selectors.
FILLERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


@functools.lru_cache(maxsize=1 << 14)
def person_key(name: str) -> str:
    r"""Return what is equal for all ways to write one person's name.

    Case, width and composition of letters do not count, nor white space around it or how much of it
    is inside, nor signs that nobody sees (zero-width ones, marks of direction, byte order marks).
    It is for comparing: people are shown by the name that they were first met with.

    Args:
        name: of an annotator or reviewer; the key of one in which nothing can be seen is empty.

    >>> person_key(" Ann  Lee\u200b") == person_key("\uff41nn lee")
    True
    >>> person_key("ann") == person_key("anna")
    False
    """
    shaped = _shaped(name)
    if not shaped.isascii():
        for _ in range(2):  # folding case can undo a composition, and composing can make a capital
            shaped = unicodedata.normalize("NFKC", shaped).casefold()
        shaped = _shaped(unicodedata.normalize("NFKC", shaped))
    return " ".join(shaped.casefold().split())


def _shaped(name: str) -> str:
    """Return a name without the characters that show nothing."""
    if name.isascii():
        return name
    rest = FILLERS.sub("", name)
    return "".join(sign for sign in rest if unicodedata.category(sign) != "Cf")


def first_spellings(names: Iterable[str]) -> dict[str, str]:
    """Return each person's name as it came first, by `person_key`.

    >>> first_spellings(["Ann", "bob", "ann "])
    {'ann': 'Ann', 'bob': 'bob'}
    """
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(person_key(name), name)
    return found
