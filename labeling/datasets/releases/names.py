"""Names of branches, digests of releases, and names of people who are responsible."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from labeling.errors import ReleaseError, quoted
from labeling.records import person_key

MAIN = "main"
LONGEST_PERSON = 200  # characters
LONGEST_MESSAGE = 10_000
DIGEST = re.compile(r"[0-9a-f]{64}")
_PREFIX = re.compile(r"[0-9a-f]{7,64}")
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_CONTROLS = ("Cc", "Cs", "Zl", "Zp")  # control characters, halves of characters, line breaks
_OF_WINDOWS = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def is_branch_name(name: object) -> bool:
    """Return whether a name can be a branch's, and so the name of a file on every system.

    >>> [is_branch_name(name) for name in ("main", "r7", "../r7", "con", "deadbeef", "r7.")]
    [True, True, False, False, False, False]
    """
    return (
        isinstance(name, str)
        and _BRANCH.fullmatch(name) is not None
        and not name.endswith(".")
        and _OF_WINDOWS.fullmatch(name) is None
        and not is_digest_prefix(name)
    )


def check_branch_name(name: object, existing: Iterable[str]) -> str:
    """Return a branch's name after checking it.

    Args:
        name: any name.
        existing: the names of all branches; a new one must not differ from them in case alone,
            since some file systems do not tell such names apart.

    Raises:
        ReleaseError: the name cannot be a branch's, or is `main` or one of them but for its case.
    """
    if not isinstance(name, str) or not is_branch_name(name):
        raise ReleaseError(
            "The name of a branch must be 1 to 80 letters, digits, dots, hyphens or underscores"
            " (a to z without accents), begin with a letter or digit, and be neither a name that"
            f" Windows reserves nor the beginning of a digest. Got {quoted(name)}."
        )
    if name.casefold() == MAIN:
        raise ReleaseError(
            "Branch 'main' is changed by merging a branch only. Put the training set on another"
            " branch, have it approved, and merge that."
        )
    clash = next((known for known in existing if known.casefold() == name.casefold()), name)
    if clash != name:
        raise ReleaseError(
            f"Names of branches must differ in more than case. Got {name!r}; there is {clash!r}."
        )
    return name


def is_digest_prefix(text: object) -> bool:
    """Return whether a text can be a digest, or its first 7 characters or more."""
    return isinstance(text, str) and _PREFIX.fullmatch(text) is not None


def is_digest(value: object) -> bool:
    """Return whether a value is a SHA-256 digest in hexadecimal."""
    return isinstance(value, str) and DIGEST.fullmatch(value) is not None


def check_person(name: object, verb: str) -> str:
    """Return the name of who is responsible for a step, without spaces around it.

    Args:
        name: any value; a name's spelling is kept, and compared by `person_key`.
        verb: the step, for the message.

    Raises:
        ReleaseError: the name is empty, invisible, too long, or has line breaks.

    >>> check_person(" Ann Lee ", "approve")
    'Ann Lee'
    """
    if isinstance(name, str) and person_key(name) and len(name) <= LONGEST_PERSON:
        stripped = name.strip()
        if not any(unicodedata.category(character) in _CONTROLS for character in stripped):
            return stripped
    raise ReleaseError(
        f"Whoever takes the step {verb!r} is responsible for it, and must give their name as `by`"
        f" (`--by NAME`): up to {LONGEST_PERSON} characters in a line. Got {quoted(name)}."
    )


def check_message(message: object) -> str:
    """Return a message after checking it.

    Raises:
        ReleaseError: it is no text of whole characters, or too long.
    """
    is_text = isinstance(message, str) and len(message) <= LONGEST_MESSAGE
    if is_text and not any("\ud800" <= character <= "\udfff" for character in str(message)):
        return str(message)
    raise ReleaseError(
        f"A message must be a text of up to {LONGEST_MESSAGE:,} whole characters. Got"
        f" {quoted(message)}."
    )


def short(digest: str) -> str:
    """Return the first 12 characters of a digest, for people."""
    return digest[:12]
