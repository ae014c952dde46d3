"""`lookup`: known values from a set, a file, a mapping or a table of a database."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

from labeling.errors import LabelingFunctionError, LoadError, literal
from labeling.functions.known_values import KnownValues, exactly, ignoring_case
from labeling.functions.row_access import Vote, may_be_label, reader
from labeling.records import ABSTAIN, LabelingFunction


def lookup(
    name: str,
    values: Collection[Hashable] | Mapping[Any, Vote | None] | str | Path,
    *,
    label: Vote | None = None,
    column: str,
    ignore_case: bool = True,
    reason: str | None = None,
) -> LabelingFunction:
    """Return a labeling function that votes where a column's value is a known one.

    Values are compared by what they are, whatever type a file, a database or the column gave them:
    the line "42" is the number 42 and 42.0 (and "042" is not), `Decimal("42")` is 42, True is not 1.

    Args:
        name: its name.
        values: the known values; or a mapping from each to its label (`None` abstains); or the
            path of a UTF-8 text file with a value a line, where empty lines and those that begin
            with `#` are passed over. `sql_values` reads values or a mapping from a database.
        label: what it votes for; a mapping says that itself.
        column: the column to look up.
        ignore_case: whether texts are compared without regard to case, and to the width of
            characters.
        reason: why, in the expert's words; it becomes the docstring.

    Raises:
        LoadError: the file cannot be read.
        LabelingFunctionError: there are no values, or the label is missing, given twice, or none;
            or, when it is used, the column holds what none of the values can equal, such as
            numbers where all values are names.

    >>> from types import SimpleNamespace
    >>> spammer = lookup("spammer", {"bot1", "bot2"}, label="spam", column="author")
    >>> spammer(SimpleNamespace(author="BOT1")), spammer(SimpleNamespace(author="ann"))
    ('spam', -1)
    >>> shop = lookup("shop", {"toys": "ham", "pills": "spam"}, column="shop")
    >>> shop(SimpleNamespace(shop="pills"))
    'spam'
    """
    _check_labels(name, values, label)
    files: list[str] = []
    pairs: Iterable[tuple[Hashable, Any]]
    if isinstance(values, Mapping):
        pairs = values.items()
    elif isinstance(values, (str, Path)):
        files = [str(Path(values).absolute())]
        pairs = ((line, label) for line in _lines(name, Path(values)))
    else:
        pairs = ((value, label) for value in values)
    votes = ((value, ABSTAIN if label is None else label) for value, label in pairs)
    fold = ignoring_case if ignore_case else exactly
    known = KnownValues(votes, f"Lookup {name!r}", column, fold)
    if not known.count:
        raise LabelingFunctionError(f"Lookup {name!r} must have at least one value. Got none.")
    read, find = reader(column), known.finder()

    def vote(x: Any) -> Vote:
        found: Vote | None = find(read(x))
        return ABSTAIN if found is None else found

    for_what = "as a mapping says" if isinstance(values, Mapping) else literal(label)
    vote.__doc__ = reason or f"Votes {for_what} where {column!r} is one of {known.count} values."
    vote.__name__ = vote.__qualname__ = name
    return LabelingFunction(name, vote, label=label, reads=[column], files=files)


def _check_labels(name: str, values: object, label: object) -> None:
    if isinstance(values, Mapping):
        if label is not None:
            raise LabelingFunctionError(
                f"Lookup {name!r} must get its labels from the mapping alone. Got label={label!r}"
                " too; leave it out."
            )
        wrong = [one for one in values.values() if one is not None and not may_be_label(one)]
        if wrong:
            raise LabelingFunctionError(
                f"The mapping of lookup {name!r} must lead to label names, codes or None. Got"
                f" {wrong[0]!r}."
            )
    elif label is None:
        raise LabelingFunctionError(
            f"Lookup {name!r} must be given the label it votes for, as `label=`, or a mapping from"
            " value to label."
        )


def _lines(name: str, path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LoadError(
            f"The file of lookup {name!r} must be a UTF-8 text file with one value a line."
            f" Got {str(path)!r}: {error}."
        ) from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
