"""The columns that a training set adds to those of its samples, in Arrow and in pandas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from labeling.errors import DataError, listed, near
from labeling.records import ABSTAIN, LabelSchema, text_column


def votes_type(voter: str) -> pa.DataType:
    """Return the type of votes on a sample: objects of who voted, and the label."""
    return pa.list_(pa.struct([(voter, pa.string()), ("label", pa.string())]))


OWN_TYPES: dict[str, pa.DataType] = {
    "label": pa.string(),
    "probabilities": pa.list_(pa.float64()),
    "confidence": pa.float64(),
    "weight": pa.float64(),
    "source": pa.string(),
    "lf_votes": votes_type("voter"),
    "annotators": votes_type("annotator"),
    "reviewer": pa.string(),
    "votes_for": pa.int64(),
    "votes_cast": pa.int64(),
    "decided_by": pa.string(),
    "split": pa.string(),
}
"""The added columns in their order in a file, with their Arrow types."""

CONTENT = "content"
"""Of rows that were left out: a digest of the samples' own columns, which are not kept of them."""

OPTIONAL_COLUMNS = ("split",)
"""Columns that are there only if something made them."""

VOTER_OF = {"lf_votes": "voter", "annotators": "annotator"}
"""The columns of votes, and the field of their objects that names the voter."""

SPLITS = ("train", "dev", "test")
"""The values of `split`."""

Columns = Mapping[str, pa.Array]


def texts(values: Iterable[str | None]) -> pa.Array:
    """Return texts as an Arrow array; `None` is null.

    Raises:
        DataError: a text holds half a character.
    """
    values = list(values)
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError as error:
        torn = [value for value in values if value is not None and not _is_whole(value)]
        raise DataError(
            f"Texts of a training set must hold whole characters. Got {listed(torn)}."
        ) from error


def _is_whole(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def text_of_codes(codes: npt.NDArray[Any], names: Sequence[str]) -> pa.Array:
    """Return the name of each code; null for -1."""
    codes = np.asarray(codes, dtype=np.int32)
    return texts(names).take(pa.array(codes, mask=codes == ABSTAIN))


def lists_of_rows(array: npt.NDArray[np.float64]) -> pa.ListArray:
    """Return the rows of an array, shape (n, k), as lists."""
    n, k = array.shape
    offsets = pa.array(np.arange(n + 1, dtype=np.int32) * np.int32(k))
    return pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(array).ravel()))


def votes_of_cells(
    n: int,
    rows: npt.NDArray[np.intp],
    voters: pa.Array,
    labels: pa.Array,
    voter: str,
) -> pa.ListArray:
    """Return the votes on each of n samples.

    Args:
        n: the number of samples.
        rows: the position of the sample of each vote, ascending: shape (n_cast,).
        voters: the name of the voter of each vote.
        labels: the label of each vote; null for a skip.
        voter: the name of the field of voters.
    """
    offsets = np.zeros(n + 1, dtype=np.int32)
    np.cumsum(np.bincount(rows, minlength=n), out=offsets[1:])
    struct = pa.StructArray.from_arrays([voters, labels], names=[voter, "label"])
    return pa.ListArray.from_arrays(pa.array(offsets), struct)


def codes_of_votes(
    column: pa.ListArray, voters: Sequence[str], schema: LabelSchema
) -> npt.NDArray[Any]:
    """Return the label codes of votes, shape (n, number of voters); -1 = abstained or skipped."""
    cells = column.flatten()
    n_votes = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    codes = np.full((len(column), len(voters)), ABSTAIN, dtype=schema.code_type)
    position = pc.index_in(cells.field(0), texts(voters))
    if position.null_count:
        unknown = cells.field(0).filter(position.is_null()).unique().to_pylist()
        raise DataError(
            f"Votes must be of the voters {listed(voters)}. Got votes of {listed(unknown)}."
        )
    columns = position.to_numpy(zero_copy_only=False)
    labels = pc.index_in(cells.field(1), texts(schema.labels)).fill_null(ABSTAIN)
    codes[np.repeat(np.arange(len(column)), n_votes), columns] = labels.to_numpy()
    return codes


def in_order(name: str, values: Any, ids: pd.Index) -> Any:
    """Return values in the order of the samples: those of a Series by their ids.

    Raises:
        DataError: a Series has other ids than the samples.
    """
    if not isinstance(values, pd.Series) or values.index.equals(ids):
        return values
    if len(values) == len(ids) and values.index.is_unique and ids.is_unique:
        rows = values.index.get_indexer(ids)
        if (rows >= 0).all():
            return values.iloc[rows]
    raise DataError(
        f"{name}: a Series must have the ids of the {len(ids):,} samples as index, each once, since"
        f" its values are taken by id. Got {len(values):,} values for {listed(values.index)}. Give"
        " a list or an array for values in the order of the samples."
    )


def row_positions(rows: Any, ids: pd.Index) -> npt.NDArray[np.int64]:
    """Return the positions of rows, of which positions or a mask are given.

    Raises:
        DataError: the mask is not one for all rows, or a position is none of a row.

    >>> row_positions([True, False, True], pd.Index(["a", "b", "c"])).tolist()
    [0, 2]
    """
    if isinstance(rows, np.ndarray) and rows.ndim == 1 and rows.dtype != object:
        given: Any = pd.Series(rows)
    else:
        known = isinstance(rows, (pd.Series, pd.Index))
        given = (rows if known else pd.Series(rows, dtype=object)).infer_objects()
    if len(given) and pd.api.types.is_bool_dtype(given) and not given.isna().any():
        mask = in_order("The mask", rows if isinstance(rows, pd.Series) else given.array, ids)
        if len(mask) == len(ids):
            return np.flatnonzero(np.asarray(mask, dtype=bool)).astype(np.int64)
    elif not len(given):
        return np.empty(0, dtype=np.int64)
    elif pd.api.types.is_integer_dtype(given) and not given.isna().any():
        chosen = given.to_numpy(dtype=np.int64)
        if chosen.min() >= -len(ids) and chosen.max() < len(ids):
            return np.where(chosen < 0, chosen + len(ids), chosen)
    raise DataError(
        f"Rows must be positions from 0 to {len(ids) - 1:,}, or a mask of {len(ids):,} True and"
        f" False. Got {len(given):,} values: {listed(given.tolist())}. For ids, give"
        " `train.sample_ids.isin(ids)`."
    )


def as_own_column(
    name: str, values: Any, n: int, types: Mapping[str, pa.DataType] = OWN_TYPES
) -> pa.Array:
    """Return values of an added column with its Arrow type.

    Args:
        name: of the column.
        values: its values.
        n: how many there must be.
        types: the types of all added columns.

    Raises:
        DataError: there is no such column, or the values are not n of its type.
    """
    if name not in types:
        raise DataError(
            f"A training set has no column {name!r} of its own; its columns are"
            f" {listed(types, 20)}.{near(name, types)}"
        )
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        array = values
    else:
        try:
            array = pa.array(values, types[name], from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise DataError(
                f"Column {name!r} of a training set must hold values of type {types[name]}."
                f" Got: {error}."
            ) from error
    if str(array.type) != str(types[name]):  # equality does not see the names of fields
        array = _cast(name, array, types[name])
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if len(array) != n:
        raise DataError(f"Column {name!r} must have {n} values, one a sample. Got {len(array)}.")
    if name == "split":
        _check_splits(array)
    return array


def _cast(name: str, array: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> Any:
    try:
        return array.cast(kind)
    except pa.ArrowException as error:
        raise DataError(
            f"Column {name!r} of a training set must hold values of type {kind}. Got"
            f" {array.type}: {error}."
        ) from error


def _check_splits(array: pa.Array) -> None:
    """Raise a DataError for splits that no learner would ever be given."""
    unknown = sorted(set(array.unique().drop_null().to_pylist()) - {*SPLITS})
    if unknown:
        raise DataError(
            f"Splits must be {listed(SPLITS)} or missing. Got {listed(unknown)}."
            f"{near(unknown[0], SPLITS)}"
        )


def in_pandas(name: str, column: pa.Array, ids: pd.Index) -> pd.Series:
    """Return an added column as users see it: votes as dicts, probabilities as arrays."""
    convert = _CONVERSIONS.get(name, _as_texts)
    return convert(column, ids)


def _as_texts(column: pa.Array, ids: pd.Index) -> pd.Series:
    return text_column(column.to_pylist(), ids)


def _as_objects(column: pa.Array, ids: pd.Index) -> pd.Series:
    return pd.Series(column.to_pylist(), index=ids, dtype=object)


def _as_floats(column: pa.Array, ids: pd.Index) -> pd.Series:
    return pd.Series(column.to_numpy(zero_copy_only=False), index=ids)


def _as_whole_numbers(column: pa.Array, ids: pd.Index) -> pd.Series:
    missing = column.is_null().to_numpy(zero_copy_only=False)
    values = column.fill_null(0).to_numpy(zero_copy_only=False).copy()
    return pd.Series(pd.arrays.IntegerArray(values, missing), index=ids)


def _as_arrays(column: pa.Array, ids: pd.Index) -> pd.Series:
    return pd.Series(list(array_of_lists(column)), index=ids, dtype=object)


def _as_dicts(column: pa.Array, ids: pd.Index) -> pd.Series:
    cells = column.flatten()
    voters, labels = cells.field(0).to_pylist(), cells.field(1).to_pylist()
    stops = np.cumsum(column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)).tolist()
    starts = [0, *stops][:-1]
    values = [
        dict(zip(voters[start:stop], labels[start:stop], strict=True))
        for start, stop in zip(starts, stops, strict=True)
    ]
    return pd.Series(values, index=ids, dtype=object)


def array_of_lists(column: pa.Array) -> npt.NDArray[np.float64]:
    """Return lists of equal length as an array, shape (n, k)."""
    flat: npt.NDArray[np.float64] = column.flatten().to_numpy(zero_copy_only=False)
    if not len(column):
        return flat.reshape(0, 0)
    lengths = pc.min_max(pc.fill_null(pc.list_value_length(column), 0))
    if lengths["min"] != lengths["max"]:
        raise DataError(
            "Each sample must have as many probabilities as there are labels. Got"
            f" {lengths['min']} for one sample, and {lengths['max']} for another."
        )
    return flat.reshape(len(column), -1)


_CONVERSIONS: dict[str, Callable[[pa.Array, pd.Index], pd.Series]] = {
    "probabilities": _as_arrays,
    "confidence": _as_floats,
    "weight": _as_floats,
    "lf_votes": _as_dicts,
    "annotators": _as_dicts,
    "reviewer": _as_objects,
    "votes_for": _as_whole_numbers,
    "votes_cast": _as_whole_numbers,
}
"""How columns are converted that do not hold texts."""
