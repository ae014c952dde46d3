"""Names of label files: the part that stands for a person, and the names stored in an outbox."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import PurePath

MAX_PERSON = 40  # characters of a person's name in the name of a file
FILE_NAME = re.compile(r"(.+?\.(?:csv|xlsx|jsonl))(?:, |$)", re.IGNORECASE | re.DOTALL)


def name_in_file(person: str) -> str:
    """Return the part of a file's name that stands for a person: different for different people.

    >>> name_in_file("ann"), name_in_file("../ann")
    ('ann', 'ann-0dd1f074')
    """
    plain = re.sub(r"[^\w-]+", "_", person).strip("_")[:MAX_PERSON]
    if plain == person:
        return plain
    digest = hashlib.blake2b(person.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{plain}-{digest}" if plain else digest


def is_file_of(person: str, file: str) -> bool:
    """Return whether a file was written for a person.

    >>> is_file_of("bob", "batch-001.bob.csv"), is_file_of("bob", "batch-001.bobby.csv")
    (True, False)
    """
    name = stem(file).rpartition(".")[2]
    return re.fullmatch(re.escape(name_in_file(person)) + "(-[0-9]+)?", name) is not None


def stem(name: str) -> str:
    """Return the name of a file without its ending."""
    return PurePath(name).stem


def join_file_names(names: Iterable[str]) -> str:
    """Return names of files as a message's platform id, sorted.

    >>> join_file_names({"b.csv", "a.csv"})
    'a.csv, b.csv'
    """
    return ", ".join(sorted(names))


def split_file_names(platform_id: str) -> list[str]:
    """Return the names of files in a message's platform id; they may have commas themselves.

    >>> split_file_names("batch-001.ann.csv, my copy, filled in.csv")
    ['batch-001.ann.csv', 'my copy, filled in.csv']
    """
    return FILE_NAME.findall(platform_id)
