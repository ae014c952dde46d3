"""The samples of a partition, as each task reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from labeling.errors import DataError
from labeling.records import MissingText, with_texts
from labeling.sources import ParquetPart, read_clean_samples, read_parquet_part


@dataclass(frozen=True, slots=True)
class SampleSource:
    """How the samples of a partition are read.

    Attributes:
        id: the column of the ids.
        schema: the `pyarrow.Schema` of all partitions.
        text: the column of the texts, to check them; `None` checks none.
        missing_text: what to do with samples whose text is missing.
        hidden: columns that labeling functions must not see, such as gold labels.
        left_out: ids of samples that are left out, such as those of a locked test split.
    """

    id: str
    schema: Any
    text: str | None = None
    missing_text: MissingText = "drop"
    hidden: tuple[str, ...] = ()
    left_out: frozenset[Any] = frozenset()


class ReadSamples(NamedTuple):
    """The samples of a partition, and how many rows and texts are not as in the file."""

    samples: pd.DataFrame
    left_out: int
    replaced: int


def read_part(part: ParquetPart, source: SampleSource) -> ReadSamples:
    """Return the samples of a partition, index = ids.

    Raises:
        DataError: the file cannot be read, or ids or texts are not what they must be; the message
            names the file.
    """
    try:
        table = read_parquet_part(part, source.schema)
        samples, replaced, _ = read_clean_samples(table, source.id)
        used, _ = with_texts(samples, source.text, source.missing_text)
    except DataError as error:
        raise DataError(f"{part.name}: {error}") from error
    if source.left_out:
        used = used[~used.index.isin(source.left_out)]
    hidden = [name for name in source.hidden if name in used.columns]
    return ReadSamples(used.drop(columns=hidden), len(samples) - len(used), len(replaced))
