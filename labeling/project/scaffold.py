"""Scaffold of a new project: a config with comments, and labeling functions that run."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from labeling.adjudication import ReviewPolicy
from labeling.config import Config, parse_config
from labeling.errors import ConfigError, DataError
from labeling.project.checking import check_platform
from labeling.project.checking import check_samples as check_samples_of
from labeling.project.data import DataFiles, ProjectData
from labeling.project.labels import GivenLabels
from labeling.project.platforms import PlatformSetup, platform_of
from labeling.project.scaffold_examples import EXAMPLE_LABELS, write_example
from labeling.project.scaffold_templates import (
    CONFIG,
    PARTS,
    gold_setting,
    labeling_functions,
    labels_setting,
    settings_of_labels,
)
from labeling.project.status import store_of
from labeling.records import (
    LabelKind,
    LabelSchema,
    atomic_write,
    is_text,
    with_id_index,
    with_texts,
)
from labeling.sources import FROM, is_address, kind_of, read_table

Source = str | os.PathLike[str]
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, slots=True)
class Scaffold:
    """The files of a new project.

    Attributes:
        config: the path of the config.
        labeling_functions: the path of the labeling functions.
        written: the files that were written.
        kept: those that existed before, and were not changed.
        notices: what differs from the files of the samples, a sentence each.
    """

    config: Path
    labeling_functions: Path
    written: tuple[Path, ...]
    kept: tuple[Path, ...]
    notices: tuple[str, ...] = ()


def guessed_columns(
    data: str | os.PathLike[str], taken: Collection[str | None] = ()
) -> tuple[str | None, str | None]:
    """Return the likely columns of ids and of texts in a file; `None` where there is none.

    Args:
        data: the file.
        taken: columns that are neither, such as that of gold labels.
    """
    table = _table(data)
    table = table.drop(columns=[name for name in taken if name in table])
    unique = [
        str(name)
        for name, column in table.items()
        if column.notna().all() and column.astype(str).is_unique
    ]
    named = [name for name in unique if name.lower() in ("id", "key") or "id" in name.lower()]
    lengths = {
        str(name): column.dropna().str.len().mean()
        for name, column in table.items()
        if is_text(column)
    }
    text = max(lengths, key=lambda name: lengths[name]) if lengths else None
    ids = [name for name in (*named, *unique) if name != text]
    return (ids[0] if ids else None), text


def check_samples(data: Source, id: str | None = None, text: str | None = None) -> None:
    """Raise where a file cannot be read as samples, or lacks these columns.

    Raises:
        DataError: it cannot be read, or has no such columns.
    """
    table = _table(data)
    samples = table if id is None or generated_ids(id, table) else with_id_index(table, id)
    if text is not None:
        with_texts(samples, text, "drop")


def generated_ids(id: str, table: pd.DataFrame) -> dict[str, str] | None:
    """Return the setting that generates ids, if `id` is `row` or `content` and no column."""
    return {"from": id} if id in FROM and id not in table.columns else None


def _table(data: Source) -> pd.DataFrame:
    """Return the rows of a file, cached until it changes."""
    stamp = os.stat(data).st_mtime_ns if os.path.exists(data) else 0
    return _cached_table(str(data), stamp)


@functools.lru_cache(maxsize=1)
def _cached_table(data: str, stamp: int) -> pd.DataFrame:
    return read_table(data)


def write_scaffold(
    folder: Path,
    data: Source,
    labels: GivenLabels,
    *,
    id: str,
    text: str,
    gold: str | None = None,
    name: str = "project",
    class_balance: Mapping[str, float] | None = None,
) -> Scaffold:
    """Write `configs/<name>.yaml` and `lfs/<name>.py` of a new project; existing files are kept.

    Args:
        folder: the project's folder.
        data: the file of the samples, or what else `read_samples` takes.
        labels: their names, and descriptions for annotators.
        id: the column of the ids; `row` or `content`, if no column's name, generates them.
        text: the column of the texts.
        gold: a column or file of gold labels.
        name: the project's name.
        class_balance: the share of each label in the data, if it is known.

    Raises:
        DataError: the data cannot be read, or has no such columns.
        LabelingError: invalid labels, or gold labels that are not among them.
    """
    schema = LabelSchema(
        labels.names, labels.descriptions, kind=labels.kind, ordered=labels.ordered
    )
    _check_name(name)
    id_setting = generated_ids(id, _table(data)) or id
    paths = {"path": _absolute(data)}  # from here, since the project's folder may not exist yet
    if gold is not None and kind_of(gold) is not None:
        _table(gold)  # so that an error names the path as it was given
        paths["gold"] = _absolute(gold)
        gold = _relative(folder, gold)
    config = CONFIG.format(
        name=name,
        path=_quoted(_relative(folder, data)),
        id=_quoted(id_setting),
        text=_quoted(text),
        gold=gold_setting(schema, None if gold is None else _quoted(gold)),
        **_parts_of_schema(schema, class_balance),
    )
    config_file = folder / "configs" / f"{name}.yaml"
    found = _checked_data(parse_config(config, config_file), paths, schema)
    lfs_file = folder / "lfs" / f"{name}.py"
    short = max(int(found.samples[text].str.len().quantile(0.2)), 1)
    contents = {config_file: config, lfs_file: labeling_functions(schema, text, short)}
    kept = tuple(path for path in contents if path.exists())
    written = tuple(path for path in contents if path not in kept)
    for path in written:
        _write(path, contents[path])
    return Scaffold(config_file, lfs_file, written, kept, found.notices)


def _parts_of_schema(
    schema: LabelSchema, class_balance: Mapping[str, float] | None
) -> dict[str, object]:
    """Return the parts of a config that follow from the labels."""
    policy = ReviewPolicy().for_schema(schema)
    return {
        "task": schema.kind,
        "labels": labels_setting(schema),
        "of_labels": settings_of_labels(schema, class_balance),
        "policy": policy.describe(schema),
        "escalate": policy.escalate,
        **PARTS[schema.kind],
    }


def write_example_project(folder: Path, name: str, kind: LabelKind) -> Scaffold:
    """Write a new project as `write_scaffold` does, and `data/<name>.csv`, its made-up samples.

    Args:
        folder: the project's folder.
        name: the project's name.
        kind: what a sample's label is.
    """
    _check_name(name)
    file = folder / "data" / f"{name}.csv"
    is_new = write_example(file, kind)
    labels = GivenLabels(EXAMPLE_LABELS[kind], kind=kind)
    made = write_scaffold(folder, file, labels, id="id", text="text", gold="gold", name=name)
    if is_new:
        return dataclasses.replace(made, written=(file, *made.written))
    return dataclasses.replace(made, kept=(file, *made.kept))


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ConfigError(
            "A project's name must be of letters, digits, '_', '-' and '.', and begin with a letter"
            f" or digit, since files are named after it. Got {name!r}."
        )


def _quoted(value: str | dict[str, str]) -> str:
    """Return a value as JSON, which is YAML and, of a text, Python too."""
    return json.dumps(value, ensure_ascii=False)


def _checked_data(config: Config, paths: dict[str, str], schema: LabelSchema) -> ProjectData:
    """Return the data of a config that is not written yet, after all checks of `labeling check`.

    Args:
        config: as it will be written.
        paths: the keys of its `data` that are paths, as absolute paths.
        schema: the labels.
    """
    config = config.model_copy(update={"data": config.data.model_copy(update=paths)})
    store = store_of(config)
    data = DataFiles(config, schema, store).read()
    platform = platform_of(PlatformSetup(config, schema, store, lambda sample_ids: {}))
    found = check_samples_of(data, schema) + check_platform(platform, data.samples)
    return dataclasses.replace(data, notices=(*data.notices, *found))


def _absolute(file: Source) -> str:
    return str(file) if is_address(file) else os.path.abspath(file)


def _relative(folder: Path, source: Source) -> str:
    """Return a file's path relative to the project's folder, links resolved as by the config."""
    if is_address(source):
        return str(source)
    file = Path(source)
    return os.path.relpath(file.resolve(), folder.resolve()).replace(os.sep, "/")


def _write(path: Path, content: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"The folder {str(path.parent)!r} cannot be made: {error}") from error
    with atomic_write(path) as unfinished:
        unfinished.write_text(content, encoding="utf-8")
