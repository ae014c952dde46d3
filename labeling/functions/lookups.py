"""`lookup`: votes where a value is in a set, a file, a mapping or a table of a database."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

from labeling.errors import LabelingFunctionError, LoadError, literal
from labeling.functions.known_values import KnownValues, exactly, ignoring_case
from labeling.functions.recorded_calls import recorded
from labeling.functions.row_access import Vote, may_be_label, reader
from labeling.records import ABSTAIN, LabelingFunction, LookupRule


@recorded
def lookup(
    name: str,
    values: Collection[Hashable] | Mapping[Any, Vote | None] | str | Path,
    *,
    label: Vote | None = None,
    column: str,
    ignore_case: bool = True,
    reason: str | None = None,
) -> LabelingFunction:
    """Return a labeling function that votes where a column's value is one of the given values.

    Values are compared by meaning, whatever type a file, a database or the column gives them: the
    text "42" equals 42 and 42.0 (and "042" does not), `Decimal("42")` equals 42, True is not 1.

    Args:
        name: its name.
        values: the values; or a mapping from each to its label (`None` abstains); or the path of a
            UTF-8 text file with one value per line, where empty lines and lines that begin with
            `#` are ignored. `sql_values` reads values or a mapping from a database.
        label: the label it votes for; a mapping has its own labels.
        column: the column to look up.
        ignore_case: whether to compare texts without regard to case and to the width of
            characters.
        reason: why, in the expert's words; it becomes the docstring.

    Raises:
        LoadError: the file cannot be read.
        LabelingFunctionError: there are no values, or the label is missing, given twice or
            invalid; or, when it is applied, the column holds values of a type that none of the
            given values can equal, such as numbers if all values are names.

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
        pairs = ((line, label) for line in lines_of(name, Path(values)))
    else:
        pairs = ((value, label) for value in values)
    votes = ((value, ABSTAIN if label is None else label) for value, label in pairs)
    fold = ignoring_case if ignore_case else exactly
    table = KnownValues(votes, f"Lookup {name!r}", column, fold)
    if not table.count:
        raise LabelingFunctionError(f"Lookup {name!r} must have at least one value. Got none.")
    read, find = reader(column), table.finder()
    rule = LookupRule(column, table.for_columns())

    def vote(x: Any) -> Vote:
        label_found: Vote | None = find(read(x))
        return ABSTAIN if label_found is None else label_found

    voted_label = "as a mapping says" if isinstance(values, Mapping) else literal(label)
    vote.__doc__ = reason or f"Votes {voted_label} where {column!r} is one of {table.count} values."
    vote.__name__ = vote.__qualname__ = name
    return LabelingFunction(name, vote, label=label, reads=[column], files=files, rule=rule)


def _check_labels(name: str, values: object, label: object) -> None:
    if isinstance(values, Mapping):
        if label is not None:
            raise LabelingFunctionError(
                f"Lookup {name!r} must get its labels from the mapping alone. Got label={label!r}"
                " too; leave it out."
            )
        invalid = [
            mapped for mapped in values.values() if mapped is not None and not may_be_label(mapped)
        ]
        if invalid:
            raise LabelingFunctionError(
                f"The mapping of lookup {name!r} must lead to label names, codes or None. Got"
                f" {invalid[0]!r}."
            )
    elif label is None:
        raise LabelingFunctionError(
            f"Lookup {name!r} must be given the label it votes for, as `label=`, or a mapping from"
            " value to label."
        )


def lines_of(name: str, path: Path) -> list[str]:
    """Return the values in the file of a lookup.

    Args:
        name: of the lookup, for messages.
        path: of the file.

    Raises:
        LoadError: the file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LoadError(
            f"The file of lookup {name!r} must be a UTF-8 text file with one value a line."
            f" Got {str(path)!r}: {error}."
        ) from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
