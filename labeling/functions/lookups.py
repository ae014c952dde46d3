"""`lookup`: known values from a set, a file, a mapping or a table of a database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

from labeling.errors import LabelingFunctionError, LoadError
from labeling.functions.columns import Vote, may_be_label, reader
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

    Args:
        name: its name.
        values: the known values; or a mapping from each to its label (`None` abstains); or the
            path of a UTF-8 text file with a value a line, where empty lines and those that begin
            with `#` are passed over. `sql_values` reads values or a mapping from a database.
        label: what it votes for; a mapping says that itself.
        column: the column to look up.
        ignore_case: whether texts are compared without regard to case.
        reason: why, in the expert's words; it becomes the docstring.

    Raises:
        LoadError: the file cannot be read.
        LabelingFunctionError: there are no values, or the label is missing, given twice, or none.

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
    votes = _votes(name, pairs, folded if ignore_case else _as_it_is)
    read = reader(column)
    key = folded if ignore_case else _as_it_is

    def vote(x: Any) -> Vote:
        return votes.get(key(read(x)), ABSTAIN)

    for_what = "as a mapping says" if isinstance(values, Mapping) else repr(label)
    vote.__doc__ = reason or f"Votes {for_what} where {column!r} is one of {len(votes)} values."
    vote.__name__ = vote.__qualname__ = name
    return LabelingFunction(name, vote, label=label, reads=[column], files=files)


def folded(value: Hashable) -> Hashable:
    """Return a text without regard to case, anything else as it is."""
    return value.casefold() if isinstance(value, str) else value


def _as_it_is(value: Hashable) -> Hashable:
    return value


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


def _votes(
    name: str, pairs: Iterable[tuple[Hashable, Any]], key: Callable[[Hashable], Hashable]
) -> dict[Hashable, Vote]:
    votes: dict[Hashable, Vote] = {}
    for value, label in pairs:
        vote = ABSTAIN if label is None else label
        if votes.setdefault(key(value), vote) != vote:
            raise LabelingFunctionError(
                f"Lookup {name!r} must know one label for each value. Got {votes[key(value)]!r} and"
                f" {vote!r} for {value!r}; if case tells them apart, write ignore_case=False."
            )
    if not votes:
        raise LabelingFunctionError(f"Lookup {name!r} must have at least one value. Got none.")
    return votes


def _lines(name: str, path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LoadError(
            f"The file of lookup {name!r} must be a UTF-8 text file with one value a line."
            f" Got {str(path)!r}: {error}."
        ) from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
