"""Unsafe characters (control characters, lone surrogates): replaced in texts, refused in names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from labeling.errors import DataError, counted

# Lone surrogates (halves of characters), and control characters that are not white space.
UNSAFE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
REPLACEMENT = "\ufffd"
TEXTS_AT_ONCE = 4096  # joined for a single search, which is much faster than one search each
MAX_EXAMPLES = 5  # in a sentence


@dataclass(frozen=True, slots=True)
class ReplacedText:
    """A text of a sample in which unsafe characters were replaced.

    Attributes:
        sample_id: the sample.
        column: the column; the text may be nested in a list or object of it.
        characters: the names of the replaced characters, sorted.
        raw: the original value.
    """

    sample_id: Hashable
    column: str
    characters: tuple[str, ...]
    raw: Any = field(repr=False)


def character_name(character: str) -> str:
    r"""Return the name of an invisible character for a message.

    >>> character_name("\x00"), character_name("\ud83d"), character_name("\u200b")
    ('U+0000 (control character)', 'U+D83D (half a character)', 'U+200B (ZERO WIDTH SPACE)')
    """
    kinds = {"Cc": "control character", "Cs": "half a character"}
    kind = kinds.get(unicodedata.category(character))
    name = unicodedata.name(character, kind or "unnamed")
    return f"U+{ord(character):04X} ({name})"


def unsafe_characters(text: str) -> tuple[str, ...]:
    """Return the names of the unsafe characters in a text, sorted."""
    return tuple(map(character_name, sorted(set(UNSAFE.findall(text)))))


def clean_text(text: str) -> str:
    r"""Return a text with each unsafe character replaced by U+FFFD.

    Unsafe are lone surrogates, as left by files that were cut in the middle of an emoji, and
    control characters other than white space.

    >>> clean_text("cut \ud83d"), clean_text("tab\tand line\n")
    ('cut �', 'tab\tand line\n')
    """
    return UNSAFE.sub(REPLACEMENT, text)


def refuse_unsafe(values: Iterable[object], what: str) -> None:
    r"""Raise a DataError if an id or name has unsafe characters.

    Args:
        values: ids, names, guidelines; values other than texts are ignored.
        what: what they are, as a plural subject: `"The sample ids"`.

    >>> refuse_unsafe(["a\x00b"], "The sample ids")
    Traceback (most recent call last):
    ...
    labeling.errors.DataError: The sample ids must have no control characters and no halves of
    characters. Number 1, 'a\x00b', has U+0000 (control character).
    """
    names = list(values)
    if not UNSAFE.search("\n".join(name for name in names if isinstance(name, str))):
        return
    for number, value in enumerate(names, start=1):
        if isinstance(value, str) and UNSAFE.search(value):
            raise DataError(
                f"{what} must have no control characters and no halves of characters. Number"
                f" {number}, {value[:80]!r}, has {', '.join(unsafe_characters(value))}."
            )


def with_clean_texts(samples: pd.DataFrame) -> tuple[pd.DataFrame, tuple[ReplacedText, ...]]:
    r"""Return samples without unsafe characters, and the texts in which some were replaced.

    Texts in lists and objects are cleaned as well, and so are the keys of objects.

    Args:
        samples: index = ids; unchanged.

    Raises:
        DataError: a column name or an id has unsafe characters, which are not replaced in names.

    >>> samples = pd.DataFrame({"text": ["fine", "a\x00b"]}, index=["s1", "s2"])
    >>> clean, replaced = with_clean_texts(samples)
    >>> clean["text"].tolist(), replaced[0].sample_id, replaced[0].column
    (['fine', 'a�b'], 's2', 'text')
    """
    refuse_unsafe(samples.columns, "The names of columns")
    refuse_unsafe(samples.index, "The sample ids")
    ids = samples.index.tolist()
    clean = samples.copy(deep=False)
    replaced: list[ReplacedText] = []
    for name, column in samples.items():
        suspects = _suspects(column)
        if not suspects:
            continue
        values = column.tolist()
        for row, value in suspects.items():
            values[row] = _clean(value)
            characters = {
                character for text in _texts_in(value) for character in unsafe_characters(text)
            }
            replaced.append(ReplacedText(ids[row], str(name), tuple(sorted(characters)), value))
        kind = column.dtype if isinstance(column.dtype, pd.StringDtype) else object
        clean[name] = pd.Series(values, index=samples.index, dtype=kind)
    return clean, tuple(replaced)


def replaced_sentence(replaced: Sequence[ReplacedText]) -> str:
    """Return a sentence on the replaced characters with the first examples; empty for none."""
    if not replaced:
        return ""
    examples = "; ".join(
        f"sample {text.sample_id!r}, column {text.column!r}: {', '.join(text.characters)}"
        for text in replaced[:MAX_EXAMPLES]
    )
    n_more = len(replaced) - MAX_EXAMPLES
    more = f"; and {n_more} more" if n_more > 0 else ""
    n_samples = len({text.sample_id for text in replaced})
    return (
        f"{counted(len(replaced), 'text')} of {counted(n_samples, 'sample')} had characters"
        " that cannot be stored or shown (halves of characters, control characters); each was"
        f" replaced by U+FFFD: {examples}{more}."
    )


def _suspects(column: pd.Series) -> dict[int, Any]:
    """Return the values of a column that have unsafe characters, by row."""
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        if not _suspects(pd.Series(kind.categories)):
            return {}
    elif not (isinstance(kind, pd.StringDtype) or kind.kind == "O"):
        return {}
    unsafe: dict[int, Any] = {}
    for start in range(0, len(column), TEXTS_AT_ONCE):
        values = column.iloc[start : start + TEXTS_AT_ONCE].tolist()
        texts = [value for value in values if isinstance(value, str)]
        all_plain = len(texts) == len(values)
        if all_plain and not UNSAFE.search("\n".join(texts)):
            continue
        unsafe |= {start + row: value for row, value in enumerate(values) if _is_unsafe(value)}
    return unsafe


def _is_unsafe(value: Any) -> bool:
    return any(UNSAFE.search(text) for text in _texts_in(value))


def _texts_in(value: Any) -> Iterator[str]:
    """Yield all texts in a value: itself, or those nested in a list or object, with its keys."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            waiting += [*part, *part.values()]
        elif isinstance(part, (list, tuple, set, frozenset)) or (
            isinstance(part, np.ndarray) and part.dtype == object
        ):
            waiting += list(part)


def _clean(value: Any) -> Any:
    """Return a value with clean texts; lists and objects are copied, other values are not."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        cleaned = {_clean(key): _clean(part) for key, part in value.items()}
        if len(cleaned) < len(value):
            raise DataError(
                "Keys of an object must differ in more than characters that cannot be stored. Got"
                f" {list(value)[:MAX_EXAMPLES]!r}."
            )
        return cleaned
    if isinstance(value, (list, set, frozenset)):
        return type(value)(map(_clean, value))
    if isinstance(value, tuple):  # also a named tuple, whose class takes its fields as arguments
        parts = [_clean(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return np.array([*map(_clean, value), None], dtype=object)[:-1]
    return value
