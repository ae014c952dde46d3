"""Scaffold of a new project: a config with comments, and labeling functions that run."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import re
from collections.abc import Mapping
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
from labeling.project.status import store_of
from labeling.records import LabelSchema, atomic_write, is_text, with_id_index, with_texts
from labeling.sources import FROM, is_address, kind_of, read_table

Source = str | os.PathLike[str]
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
CONFIG = """\
# A labeling project. Relative paths start at the folder above this one.
# What is remembered of it belongs to this name.
name: {name}

data:
  path: {path}
  # The column of ids: unique, none missing. Or: {{from: row}}, {{from: content}}.
  id: {id}
  # What the models read and what people are shown.
  text: {text}
  # A sample without a text is left out and listed: drop. Or: empty, error.
  missing_text: drop
{gold}
{labels}
# Whether they are grades from the lowest to the highest, such as stars: true, false.
ordered_labels: {ordered}

{balance}
labeling_functions:
  - lfs/{name}.py

label_model: label_model

# Vectors of the texts by a pretrained model, for the end model: its folder, or its name on the
# Hugging Face hub. Static ones need labeling[static-embeddings], others labeling[embeddings].
# embeddings: minishlab/potion-base-8M

query:
  # Samples a batch, half of them drawn at random, half where the model is least sure.
  n: 50
  strategy: mixture
  # stop: {{budget: 2000}}  # votes; or half_width: 0.02 of the accuracy, or stable_rounds: 3

review:
  # {policy}
  min_votes: 2
  max_votes: 3
  # any_conflict, no_majority, or the smallest share of the votes that settles a sample, as 0.75.
  escalate: {escalate}

# People label in a spreadsheet; their files are in this folder.
files:
  folder: to_label/{name}
  kind: csv  # or xlsx, jsonl
  # With names, each gets a file; without, whoever labels writes their name into it.
  # annotators: [ann, bob, cleo]
  # reviewers: [dora]

# Or people label in Label Studio: put this in the place of `files:`. The token must not stand here;
# it comes from LABEL_STUDIO_API_KEY. `labeling studio init` makes both projects.
# label_studio:
#   url: http://localhost:8080
#   project: {name}  # where annotators label
#   expert_project: "{name}: review"  # where a reviewer decides
#   prelabels: hidden  # shown: annotators see what the label model holds, and why
#   guidelines: ""  # a text that annotators see when they begin

export:
  folder: out/{name}
  # Samples that the models are less sure of are left out, and listed.
  min_confidence: 0.6
  # So are labels that differ significantly from those of similar texts; null keeps them.
  select: auto

seed: 0
"""
LABELS = """\
# Labels may be described for annotators: write a mapping, such as {{ham: What is left., spam: }}
labels: {labels}
"""
DESCRIBED_LABELS = """\
# From each label to the sentence that tells annotators what it means; nothing is no description.
labels:
{labels}
"""
NO_GOLD = """\
  # Labels known to be true: a column, or a file with the columns `id` and `label`.
  # gold: label
"""
GOLD = """\
  # Labels known to be true: they measure, and win in the training set.
  gold: {gold}
  # The share of them that is the test split. Each look at it is counted.
  locked: 0.5
"""
NO_BALANCE = """\
# How common the labels are, where you know it from elsewhere, such as a count of a random draw. On
# texts it helps more than anything but gold labels; a guess may do harm. For example:
# class_balance: {class_balance}
"""
BALANCE = """\
# How common the labels are, as known from elsewhere. Leave it out if it is a guess.
class_balance: {class_balance}
"""
LABELING_FUNCTIONS = '''\
"""Labeling functions: rules that vote on a sample, or abstain.

Change them, add more, and look at what they do with `labeling summary`.
"""

from labeling import ABSTAIN, labeling_function
from labeling.functions import keywords, regex


@labeling_function
def is_short(x):
    """Replace me: say in a sentence why the rule holds."""
    return {first} if len(x[{text}]) < {short} else ABSTAIN


has_link = regex("has_link", r"https?://", label={last}, column={text})
says_so = keywords("says_so", [{last}], label={last}, column={text})
'''


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


def guessed_columns(data: str | os.PathLike[str]) -> tuple[str | None, str | None]:
    """Return the likely columns of ids and of texts in a file; `None` where there is none."""
    table = _table(data)
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
    schema = LabelSchema(labels.names, labels.descriptions, ordered=labels.ordered)
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
        gold=NO_GOLD if gold is None else GOLD.format(gold=_quoted(gold)),
        labels=_labels_in_yaml(schema),
        ordered=json.dumps(schema.ordered),
        balance=_balance_in_yaml(schema, class_balance),
        policy=ReviewPolicy().for_schema(schema).describe(schema),
        escalate=ReviewPolicy().for_schema(schema).escalate,
    )
    config_file = folder / "configs" / f"{name}.yaml"
    found = _checked_data(parse_config(config, config_file), paths, schema)
    lfs_file = folder / "lfs" / f"{name}.py"
    contents = {config_file: config, lfs_file: _labeling_functions(found, schema, text)}
    kept = tuple(path for path in contents if path.exists())
    written = tuple(path for path in contents if path not in kept)
    for path in written:
        _write(path, contents[path])
    return Scaffold(config_file, lfs_file, written, kept, found.notices)


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ConfigError(
            "A project's name must be of letters, digits, '_', '-' and '.', and begin with a letter"
            f" or digit, since files are named after it. Got {name!r}."
        )


def _labeling_functions(data: ProjectData, schema: LabelSchema, text: str) -> str:
    """Return a module of example labeling functions that run on these samples."""
    return LABELING_FUNCTIONS.format(
        text=_quoted(text),
        short=max(int(data.samples[text].str.len().quantile(0.2)), 1),
        first=_quoted(schema.labels[0]),
        last=_quoted(schema.labels[-1]),
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


def _balance_in_yaml(schema: LabelSchema, balance: Mapping[str, float] | None) -> str:
    """Return the key `class_balance` of a config, as a comment where it is unknown."""
    uniform = dict.fromkeys(schema.labels, float(f"{1 / len(schema):.2g}"))
    text = json.dumps(dict(balance or uniform), ensure_ascii=False)
    return (BALANCE if balance else NO_BALANCE).format(class_balance=text)


def _labels_in_yaml(schema: LabelSchema) -> str:
    """Return the key `labels` of a config; JSON texts are YAML texts."""
    if not schema.descriptions:
        return LABELS.format(labels=json.dumps(list(schema.labels), ensure_ascii=False)).strip()
    lines = []
    for label in schema.labels:
        text = schema.descriptions.get(label)
        described = "" if text is None else f" {json.dumps(text, ensure_ascii=False)}"
        lines.append(f"  {json.dumps(label, ensure_ascii=False)}:{described}")
    return DESCRIBED_LABELS.format(labels="\n".join(lines)).strip()


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
