"""Writes a training set as a folder that the Hugging Face hub shows and loads, with its card."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from labeling.datasets.canonical import write_table
from labeling.datasets.cards.croissant import croissant_text
from labeling.datasets.cards.facts import CardFacts, CardSettings
from labeling.datasets.cards.header import header_of, header_text
from labeling.datasets.cards.hub_table import hub_tables
from labeling.datasets.cards.numbers import numbers_of
from labeling.datasets.cards.pseudonyms import pseudonyms
from labeling.datasets.cards.readme import readme_text
from labeling.errors import DataError
from labeling.records import atomic_write

if TYPE_CHECKING:
    import pyarrow as pa

    from labeling.datasets.training_set import TrainingSet

README, CROISSANT, DATA = "README.md", "croissant.json", "data"
OURS = re.compile(r"(train|validation|test|unassigned)-00000-of-00001\.parquet")


def write_hub_folder(
    train: TrainingSet,
    folder: Path,
    settings: CardSettings,
    facts: CardFacts,
    salt: str | None = None,
) -> Path:
    """Write `data/*.parquet`, `README.md` and `croissant.json`, and return the folder.

    Args:
        train: the training set.
        folder: made where it is missing; data files of an earlier call are replaced.
        settings: what people say of the training set.
        facts: what the project knows of it.
        salt: see `pseudonyms`.

    Raises:
        DataError: the folder cannot be written, or a value of a sample cannot; or it holds a README
            that is somebody else's.
        LabelingError: the salt is too short.
        MissingExtraError: PyYAML is not installed.
    """
    voters = {function.name for function in facts.functions if function.is_person}
    people = pseudonyms(train, salt, voters)
    tables = hub_tables(train, people, voters)
    numbers = numbers_of(train, people)
    text = readme_text(train, numbers, settings, facts, people)
    header_text({})  # a missing package is found before anything is written
    _check_readme(folder)
    files = _write_data(tables, folder)
    sizes = {split: size for split, (_, _, size) in files.items()}
    header = header_of(train, tables, sizes, numbers, settings)
    croissant = croissant_text(train, tables, files, numbers, settings, facts)
    _write_text(folder / README, f"{header_text(header)}\n{text}")
    _write_text(folder / CROISSANT, croissant)
    return folder


def _check_readme(folder: Path) -> None:
    """Raise a DataError if the folder has a README that came without a croissant.json."""
    if (folder / README).exists() and not (folder / CROISSANT).exists():
        raise DataError(
            f"{str(folder / README)!r} was not written by this package, and would be replaced. Move"
            " it away, or take another folder; what it says can stand under `card` of the config."
        )


def _write_data(tables: Mapping[str, pa.Table], folder: Path) -> dict[str, tuple[str, str, int]]:
    """Write the rows of each split; return the path, SHA-256 and size of each file."""
    data = folder / DATA
    try:
        data.mkdir(parents=True, exist_ok=True)
        names = {split: f"{split}-00000-of-00001.parquet" for split in tables}
        for path in data.iterdir():
            if OURS.fullmatch(path.name) and path.name not in names.values():
                path.unlink()
    except OSError as error:
        raise DataError(f"The folder {str(folder)!r} cannot be written: {error}.") from error
    return {
        split: (
            f"{DATA}/{name}",
            write_table(tables[split], data / name),
            (data / name).stat().st_size,
        )
        for split, name in names.items()
    }


def _write_text(path: Path, text: str) -> None:
    with atomic_write(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="\n")
