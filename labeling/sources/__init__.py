"""Reads samples with unique ids from files, addresses and tables."""

from labeling.sources.generated_ids import FROM, Id, made_from
from labeling.sources.locations import files_at, is_address, local_files, masked_address
from labeling.sources.parquet_parts import (
    ROWS_OF_PART,
    ParquetPart,
    parquet_parts,
    read_parquet_part,
)
from labeling.sources.reading import (
    READERS,
    kind_of,
    read_clean_samples,
    read_files,
    read_samples,
    read_table,
)
from labeling.sources.streaming import SampleStream, sample_stream

__all__ = [
    "FROM",
    "READERS",
    "ROWS_OF_PART",
    "Id",
    "ParquetPart",
    "SampleStream",
    "files_at",
    "is_address",
    "kind_of",
    "local_files",
    "made_from",
    "masked_address",
    "parquet_parts",
    "read_clean_samples",
    "read_files",
    "read_parquet_part",
    "read_samples",
    "read_table",
    "sample_stream",
]
