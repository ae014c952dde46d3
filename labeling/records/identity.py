"""Who is who: one person, however a name or e-mail address is written."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable

# Characters of other kinds than "format" that show nothing: Hangul fillers, joiners, selectors, those
# that Unicode keeps free for such signs, an empty Braille cell, a musical sign without a head, and
# control characters (but for those that are white space).
FILLERS = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U0001d159\U000e0000-\U000e0fff]"
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
    shaped = without_invisible(name)
    if not shaped.isascii():
        for _ in range(2):  # folding case can undo a composition, and composing can make a capital
            shaped = unicodedata.normalize("NFKC", shaped).casefold()
        shaped = without_invisible(unicodedata.normalize("NFKC", shaped))
    return " ".join(shaped.casefold().split())


def without_invisible(name: str) -> str:
    """Return a name without the characters that show nothing."""
    rest = FILLERS.sub("", name)
    if rest.isascii():
        return rest
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
