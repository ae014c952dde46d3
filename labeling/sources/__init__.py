"""Files and tables in, samples with unique ids out; nothing lost on the way."""

from labeling.sources.generated_ids import FROM, Id, made_from
from labeling.sources.locations import files_at, is_address, local_files, shown_address
from labeling.sources.reading import (
    READERS,
    kind_of,
    read_clean_samples,
    read_files,
    read_samples,
    read_table,
)

__all__ = [
    "FROM",
    "READERS",
    "Id",
    "files_at",
    "is_address",
    "kind_of",
    "local_files",
    "made_from",
    "read_clean_samples",
    "read_files",
    "read_samples",
    "read_table",
    "shown_address",
]
