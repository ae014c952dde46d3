"""Where a text may be cut without tearing apart what readers see as a single character."""

from __future__ import annotations

import unicodedata

_JOINER, _NON_JOINER = 0x200D, 0x200C
_EXTENDS = frozenset({"Mn", "Me", "Mc"})  # marks: accents, vowel signs, variation selectors
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_REGIONS = range(0x1F1E6, 0x1F200)  # pairs of these letters are flags
_TAGS = range(0xE0020, 0xE0080)  # they end the flags of regions such as Wales
_HANGUL_VOWELS = range(0x1160, 0x1200)  # and the consonants that follow them
_HANGUL = (range(0x1100, 0x1200), range(0xAC00, 0xD7A4))
_FIRST_PICTURE = 0x2190


def cuts_grapheme(text: str, position: int) -> bool:
    r"""Return whether a cut before a position tears a character of several code points apart.

    Such are a letter with a combining accent, joined emoji, flags, Korean letters that form a
    syllable, and a line break of two characters. These are the rules of Unicode (UAX 29) for
    extended grapheme clusters, without those for the conjuncts of Indic scripts.

    Args:
        text: the text.
        position: from 0 to the length of the text; neither end is ever torn.

    >>> [cuts_grapheme("e\u0301a", position) for position in range(4)]
    [False, True, False, False]
    """
    if not 0 < position < len(text):
        return False
    before, after = text[position - 1], text[position]
    if after < "\x80" or before < " ":
        return before == "\r" and after == "\n"
    if ord(after) in _REGIONS:
        return _letters_before(text, position) % 2 == 1
    return _extends(after) or _is_joined(before, after)


def _extends(character: str) -> bool:
    """Whether a character belongs to the one before it, whatever that is."""
    code = ord(character)
    if code in (_JOINER, _NON_JOINER) or code in _SKIN_TONES or code in _TAGS:
        return True
    return unicodedata.category(character) in _EXTENDS


def _is_joined(before: str, after: str) -> bool:
    """Whether two characters are joined emoji, or letters of a Korean syllable."""
    code = ord(after)
    if ord(before) == _JOINER:
        return code >= _FIRST_PICTURE and unicodedata.category(after) == "So"
    return code in _HANGUL_VOWELS and any(ord(before) in letters for letters in _HANGUL)


def _letters_before(text: str, position: int) -> int:
    """Return how many letters of flags stand right before a position."""
    first = position
    while first > 0 and ord(text[first - 1]) in _REGIONS:
        first -= 1
    return position - first
