"""Normalization of annotators' names, so that spelling variants count as one person."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable

# Invisible characters outside of Unicode's category "format": Hangul fillers, joiners, variation
# selectors, code points reserved for these, the blank Braille pattern, the null notehead, and
# control characters other than white space.
FILLERS = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U0001d159\U000e0000-\U000e0fff]"
)


@functools.lru_cache(maxsize=1 << 14)
def person_key(name: str) -> str:
    r"""Return a key that is equal for all spellings of one person's name.

    It ignores case, width and composition of letters, leading, trailing and repeated white space,
    and invisible characters (zero-width characters, direction marks, byte order marks). It is for
    comparisons only; people are displayed by the first spelling of their name.

    Args:
        name: of an annotator or reviewer; the key of a name without visible characters is empty.

    >>> person_key(" Ann  Lee\u200b") == person_key("\uff41nn lee")
    True
    >>> person_key("ann") == person_key("anna")
    False
    """
    folded = without_invisible(name)
    if not folded.isascii():
        for _ in range(2):  # case folding can undo a composition, and composing can make a capital
            folded = unicodedata.normalize("NFKC", folded).casefold()
        folded = without_invisible(unicodedata.normalize("NFKC", folded))
    return " ".join(folded.casefold().split())


def without_invisible(name: str) -> str:
    """Return a name without invisible characters."""
    rest = FILLERS.sub("", name)
    if rest.isascii():
        return rest
    return "".join(character for character in rest if unicodedata.category(character) != "Cf")


def first_spellings(names: Iterable[str]) -> dict[str, str]:
    """Return the first spelling of each person's name, by `person_key`.

    >>> first_spellings(["Ann", "bob", "ann "])
    {'ann': 'Ann', 'bob': 'bob'}
    """
    spellings: dict[str, str] = {}
    for name in names:
        spellings.setdefault(person_key(name), name)
    return spellings
