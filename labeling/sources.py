"""Files in (CSV, JSON lines, Parquet), samples with unique ids out; nothing lost on the way."""

from __future__ import annotations

import csv
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labeling.errors import DataError, near, repeated, shown
from labeling.records import (
    MissingText,
    ReplacedText,
    checked_missing_text,
    identified,
    missing_texts_sentence,
    refuse_unsafe,
    replaced_sentence,
    with_clean_texts,
    with_texts,
)

logger = logging.getLogger(__name__)

# Not `007`, `+1` or `-0`, which a number could not give back.
WHOLE_NUMBER = r"0|-?[1-9][0-9]{0,99}"
NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
LONG_NUMBER = r"-?[0-9]{16,}"  # a float would round it


def read_samples(
    path: str | os.PathLike[str],
    id: str,
    *,
    text: str | None = None,
    missing_text: MissingText = "drop",
) -> pd.DataFrame:
    """Return the samples of a file, with their ids as index.

    Whole numbers stay whole even where some are missing, and in CSV only an empty cell is missing:
    texts such as "NA" or "null" are texts.

    Halves of characters (as in a file that was cut in the middle of an emoji) and control characters
    other than white space become U+FFFD, since databases and most kinds of files do not take them.
    A warning names the samples and columns.

    Args:
        path: a `.parquet`, `.csv`, `.jsonl` or `.ndjson` file.
        id: the column that holds the ids: unique, none missing.
        text: the column that holds the texts, where they are to be checked.
        missing_text: what becomes of samples whose text there is missing (null): `"drop"` leaves
            them out with a warning that names them, `"empty"` takes "" for it, `"error"` refuses
            them. A text that is empty or white space is a text.

    Raises:
        DataError: no such file or column, another kind of file, one that cannot be read, no rows,
            ids that are missing or not unique, or ids or names of columns with characters that
            cannot be stored, or values of column `text` that are none.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "comments.csv")
    ...     _ = file.write_text("key,text\\nc1,NA\\nc2,hi\\n")
    ...     read_samples(file, id="key")
        text
    key
    c1    NA
    c2    hi
    """
    samples, replaced = read_clean_samples(path, id)
    if replaced:
        logger.warning("%s: %s", Path(path).name, replaced_sentence(replaced))
    used, there = with_texts(samples, text, checked_missing_text(missing_text))
    if not there.all():
        found = missing_texts_sentence(samples.index[~there], len(samples), str(text), "drop")
        logger.warning("%s: %s", Path(path).name, found)
    return used


def read_clean_samples(
    path: str | os.PathLike[str], id: str
) -> tuple[pd.DataFrame, tuple[ReplacedText, ...]]:
    """Return the samples of a file, and which texts had characters replaced; see `read_samples`."""
    table = read_table(path, id)
    if id in table:
        refuse_unsafe(table[id], "The sample ids")
    return with_clean_texts(identified(table, id).drop(columns=id).rename_axis(id))


def read_table(path: str | os.PathLike[str], id: str | None = None) -> pd.DataFrame:
    """Return a file's rows with every column; see `read_samples`."""
    file = Path(path)
    if not file.is_file():
        others = [other.name for other in file.parent.glob("*")] if file.parent.is_dir() else []
        raise DataError(f"There is no file {str(path)!r}.{near(file.name, others)}")
    read = READERS.get(file.suffix.lower())
    if read is None:
        raise DataError(
            f"Samples must be in a file of one of the kinds {', '.join(READERS)}. Got {file.name!r}."
        )
    try:
        return read(file, id)
    except DataError:
        raise
    except UnicodeDecodeError as error:
        raise DataError(
            f"{str(path)!r} cannot be read as {file.suffix}: {error}. It must be a text in UTF-8: save"
            " it again as such (in a spreadsheet: 'CSV UTF-8')."
        ) from error
    except (ValueError, OSError, ImportError, csv.Error) as error:
        raise DataError(f"{str(path)!r} cannot be read as {file.suffix}: {error}") from error


def _read_parquet(file: Path, id: str | None) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(file)
    frame: pd.DataFrame = table.to_pandas(integer_object_nulls=True)
    for field in table.schema:
        column = frame.get(field.name)
        if column is not None and pa.types.is_nested(field.type):
            values = table[field.name].to_pylist()  # pandas would make arrays of inner lists
            frame[field.name] = pd.Series(values, index=frame.index, dtype=object)
        if column is not None and column.dtype == object and pa.types.is_integer(field.type):
            frame[field.name] = column.astype("UInt64" if "uint" in str(field.type) else "Int64")
    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    return frame.reset_index(named) if named else frame


def _read_csv(file: Path, id: str | None) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.csv as pc

    with file.open(encoding="utf-8-sig", newline="") as lines:
        empty, names = next(
            ((place, row) for place, row in enumerate(csv.reader(lines)) if row), (0, [])
        )
    if "" in names or not names:
        what = f"Column {names.index('') + 1} has none" if names else "It is empty"
        raise DataError(f"{file.name!r} must have a name for each column. {what}.")
    doubled = repeated(names)
    if doubled:
        raise DataError(f"Columns must have different names. Given twice: {shown(doubled)}.")
    # As text: a guess of types would turn `007` into 7. In one thread: errors then name the row.
    table = pc.read_csv(
        file,
        read_options=pc.ReadOptions(
            column_names=names, skip_rows=empty, skip_rows_after_names=1, use_threads=False,
            block_size=min(max(1 << 20, file.stat().st_size), 2**31 - 1),
        ),
        parse_options=pc.ParseOptions(newlines_in_values=True),
        convert_options=pc.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
        ),
    )  # fmt: skip
    rows = {name: pd.Series(table[name].to_pylist(), dtype="str") for name in names}
    frame = pd.DataFrame({name: _typed(column) for name, column in rows.items()})
    if id is not None and id in rows and frame[id].dtype != np.int64:
        frame[id] = rows[id]  # an id is a name or a plain number
    return frame


def _typed(column: pd.Series) -> pd.Series:
    """Return a column of texts as numbers or bools where each text is just what that looks like."""
    there = column.dropna()
    if not len(there):
        return column
    if there.str.fullmatch(WHOLE_NUMBER).all():
        return _column([int(one) if isinstance(one, str) else None for one in column.tolist()])
    if there.str.fullmatch(NUMBER).all() and not there.str.fullmatch(LONG_NUMBER).any():
        return pd.to_numeric(column).astype(np.float64)
    if there.isin(["True", "False"]).all():
        truth = column.map({"True": True, "False": False})
        return truth.astype("bool" if len(there) == len(column) else "boolean")
    return column


def _read_jsonl(file: Path, id: str | None) -> pd.DataFrame:
    objects: list[dict[str, Any]] = []
    with file.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                found = json.loads(line, object_pairs_hook=_one_of_each_key)
            except (ValueError, RecursionError) as error:
                raise DataError(f"{file.name!r}, line {number} is not JSON: {error}") from error
            if not isinstance(found, dict):
                raise DataError(
                    f"{file.name!r}, line {number} must be a JSON object. Got {line.strip()[:60]}."
                )
            objects.append(found)
    names = dict.fromkeys(name for found in objects for name in found)
    refuse_unsafe(names, "The names of columns")
    return pd.DataFrame({name: _column([one.get(name) for one in objects]) for name in names})


def _one_of_each_key(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _column(values: list[Any]) -> pd.Series:
    """Return JSON values as a column whose type loses none of them."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        fits = all(value is None or -(2**63) <= value < 2**63 for value in values)
        kind = "Int64" if None in values else "int64"
        return pd.Series(values, dtype=kind if fits else object)
    if kinds == {float, int}:
        exact = all(value is None or abs(value) <= 2**53 for value in values)
        return pd.Series(values, dtype=np.float64 if exact else object)
    if kinds == {str}:
        try:
            return pd.Series(values, dtype="str")
        except UnicodeEncodeError:  # half a character, as cut-off files have it
            return pd.Series(values, dtype=object)
    return pd.Series(values) if kinds in ({bool}, {float}) else pd.Series(values, dtype=object)


READERS: dict[str, Callable[[Path, str | None], pd.DataFrame]] = {
    ".parquet": _read_parquet,
    ".csv": _read_csv,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
}
