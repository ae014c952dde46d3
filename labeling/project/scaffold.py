"""Starting a project: a config with comments, and labeling functions that run."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from labeling.adjudication import ReviewPolicy
from labeling.config import Config, config_of
from labeling.errors import ConfigError, DataError
from labeling.project.checking import check_platform
from labeling.project.checking import check_samples as check_samples_of
from labeling.project.data import DataFiles, ProjectData
from labeling.project.platforms import platform_of
from labeling.project.status import store_of
from labeling.records import LabelSchema, identified, is_text, whole_file, with_texts
from labeling.sources import FROM, is_address, kind_of, read_table

Place = str | os.PathLike[str]
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

{balance}
labeling_functions:
  - lfs/{name}.py

label_model: label_model

query:
  # Samples a batch, half of them drawn at random, half where the model is least sure.
  n: 50
  strategy: mixture

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
# class_balance: {shares}
"""
BALANCE = """\
# How common the labels are, as known from elsewhere. Leave it out if it is a guess.
class_balance: {shares}
"""
RULES = '''\
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
class Started:
    """What `start` wrote, and what was there already and is left as it is.

    `notices` say what is not as the files of the samples have it.
    """

    config: Path
    labeling_functions: Path
    written: tuple[Path, ...]
    kept: tuple[Path, ...]
    notices: tuple[str, ...] = ()


def guessed_columns(data: str | os.PathLike[str]) -> tuple[str | None, str | None]:
    """Return which columns of a file look like the samples' ids and texts; `None` where none does."""
    table = _table(data)
    unique = [
        str(name)
        for name, column in table.items()
        if column.notna().all() and column.astype(str).is_unique
    ]
    named = [name for name in unique if name.lower() in ("id", "key") or "id" in name.lower()]
    long = {
        str(name): column.dropna().str.len().mean()
        for name, column in table.items()
        if is_text(column)
    }
    text = max(long, key=lambda name: long[name]) if long else None
    ids = [name for name in (*named, *unique) if name != text]
    return (ids[0] if ids else None), text


def check_samples(data: Place, id: str | None = None, text: str | None = None) -> None:
    """Raise where a file, or a column of it, cannot be that of the samples.

    Raises:
        DataError: it cannot be read, or has no such columns.
    """
    table = _table(data)
    samples = table if id is None or made_of(id, table) else identified(table, id)
    if text is not None:
        with_texts(samples, text, "drop")


def made_of(id: str, table: pd.DataFrame) -> dict[str, str] | None:
    """Return what ids are made from where `id` is `row` or `content` and no column is called so."""
    return {"from": id} if id in FROM and id not in table.columns else None


def _table(data: Place) -> pd.DataFrame:
    """Return the rows of a file, which is read once however often it is asked about."""
    stamp = os.stat(data).st_mtime_ns if os.path.exists(data) else 0
    return _table_as_of(str(data), stamp)


@functools.lru_cache(maxsize=1)
def _table_as_of(data: str, stamp: int) -> pd.DataFrame:
    return read_table(data)


def start(
    folder: Path,
    data: Place,
    labels: Sequence[str],
    *,
    id: str,
    text: str,
    gold: str | None = None,
    name: str = "project",
    descriptions: Mapping[str, str | None] | None = None,
    class_balance: Mapping[str, float] | None = None,
) -> Started:
    """Write `configs/<name>.yaml` and `lfs/<name>.py` of a new project; what is there stays.

    Args:
        folder: the project's.
        data: the file of the samples, or what else `read_samples` takes.
        labels: their names.
        id: the column of the ids; `row` or `content` where no column is called so, to make them.
        text: the column of the texts.
        gold: a column or file of known labels.
        name: the project's name.
        descriptions: what labels mean, for annotators.
        class_balance: the share of each label in the data, where it is known.

    Raises:
        DataError: the data cannot be read, or has no such columns.
        LabelingError: labels that cannot be, or gold labels that are none of them.
    """
    schema = LabelSchema(labels, descriptions)
    if not NAME.fullmatch(name):
        raise ConfigError(
            "A project's name must be of letters, digits, '_', '-' and '.', and begin with a letter"
            f" or digit, since files bear it. Got {name!r}."
        )
    made = made_of(id, _table(data))
    here = {"path": _absolute(data)}  # while the project's folder need not be there yet
    if gold is not None and kind_of(gold) is not None:
        _table(gold)  # so that an error names it as it was given
        here["gold"] = _absolute(gold)
        gold = _from(folder, gold)
    policy = ReviewPolicy().for_schema(schema)
    said = {
        "name": name,
        "path": json.dumps(_from(folder, data), ensure_ascii=False),
        "id": json.dumps(id if made is None else made, ensure_ascii=False),
        **{"text": json.dumps(text, ensure_ascii=False)},
        "labels": _labels_in_yaml(schema),
        "balance": _balance_in_yaml(schema, class_balance),
        **{"policy": policy.describe(schema), "escalate": policy.escalate},
        "gold": NO_GOLD if gold is None else GOLD.format(gold=json.dumps(gold, ensure_ascii=False)),
    }
    config = CONFIG.format(**said)
    found = _checked_data(config_of(config, folder / "configs" / f"{name}.yaml"), here, schema)
    rules = RULES.format(
        text=json.dumps(text, ensure_ascii=False),
        short=max(int(found.samples[text].str.len().quantile(0.2)), 1),
        first=json.dumps(schema.labels[0], ensure_ascii=False),
        last=json.dumps(schema.labels[-1], ensure_ascii=False),
    )
    wanted = {
        folder / "configs" / f"{name}.yaml": config,
        folder / "lfs" / f"{name}.py": rules,
    }
    kept = tuple(path for path in wanted if path.exists())
    written = tuple(path for path in wanted if path not in kept)
    for path in written:
        _write(path, wanted[path])
    file, lfs = wanted
    return Started(file, lfs, written, kept, found.notices)


def _checked_data(config: Config, here: dict[str, str], schema: LabelSchema) -> ProjectData:
    """Return the data of a config that is not written yet, after all that `check` asks of it.

    Args:
        config: as it will be written.
        here: the keys of its `data` that are paths, as they are from here.
        schema: the labels.
    """
    config = config.model_copy(update={"data": config.data.model_copy(update=here)})
    store = store_of(config)
    data = DataFiles(config, schema, store).read()
    platform = platform_of(config, schema, store, lambda sample_ids: {})
    found = check_samples_of(data, schema) + check_platform(platform, data.samples)
    return dataclasses.replace(data, notices=(*data.notices, *found))


def _balance_in_yaml(schema: LabelSchema, balance: Mapping[str, float] | None) -> str:
    """Return the key `class_balance` of a config, as a comment where no balance is known."""
    equal = dict.fromkeys(schema.labels, float(f"{1 / len(schema):.2g}"))
    shares = json.dumps(dict(balance or equal), ensure_ascii=False)
    return (BALANCE if balance else NO_BALANCE).format(shares=shares)


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


def _absolute(file: Place) -> str:
    return str(file) if is_address(file) else os.path.abspath(file)


def _from(folder: Path, place: Place) -> str:
    """Return the way to a file from a project's folder, links resolved as the config will."""
    if is_address(place):
        return str(place)
    file = Path(place)
    return os.path.relpath(file.resolve(), folder.resolve()).replace(os.sep, "/")


def _write(path: Path, content: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"The folder {str(path.parent)!r} cannot be made: {error}") from error
    with whole_file(path) as unfinished:
        unfinished.write_text(content, encoding="utf-8")
