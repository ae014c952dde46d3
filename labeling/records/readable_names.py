"""Validation of label names: no invisible characters, no two names that look the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from labeling.errors import LabelingError
from labeling.records.clean_text import character_name
from labeling.records.identity import without_invisible

CONTROL = ("Cc", "Cs", "Zl", "Zp")  # control characters, halves of characters, line separators
NO_CHARACTERS = ("\ufffe", "\uffff")  # not allowed in XML


def visible_form(name: str) -> str:
    r"""Return the visible form of a name, which is equal for names that look the same.

    Accents are composed, white space becomes one space, invisible characters are removed.

    >>> visible_form("spam\u200b"), visible_form("new\u00a0 car"), visible_form("cafe\u0301")
    ('spam', 'new car', 'café')
    """
    composed = unicodedata.normalize("NFC", without_invisible(name))
    return " ".join(composed.split())


def refuse_unreadable(labels: Iterable[str]) -> None:
    r"""Raise a LabelingError for labels that are not readable or look the same.

    >>> refuse_unreadable(["ham", "spam", "spam\u200b"])
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingError: Labels must look different from each other. 'spam' and
    'spam\u200b' differ only in U+200B (ZERO WIDTH SPACE).
    """
    seen: dict[str, str] = {}
    for label in labels:
        hidden = sorted(
            {
                character
                for character in label
                if unicodedata.category(character) in CONTROL or character in NO_CHARACTERS
            }
        )
        if hidden:
            raise LabelingError(
                "A label must have no control characters, line breaks or halves of characters."
                f" {label[:80]!a} has {', '.join(map(character_name, hidden))}."
            )
        form = visible_form(label)
        if not form:
            what = ", ".join(map(character_name, sorted(set(label))))
            raise LabelingError(f"A label must have visible characters. Got only {what}.")
        if form in seen:
            raise LabelingError(
                f"Labels must look different from each other. {seen[form][:80]!a} and"
                f" {label[:80]!a} differ only in {_difference(seen[form], label)}."
            )
        seen[form] = label


def _difference(first: str, second: str) -> str:
    """Return the names of the characters that only one of two names has, or another difference."""
    only = sorted(set(first) ^ set(second))
    return ", ".join(map(character_name, only)) if only else "the positions of invisible characters"
