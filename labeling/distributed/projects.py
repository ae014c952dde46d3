"""A project whose data is partitioned Parquet: votes and training set, rows never in one table.

It reads the config, the labeling functions and given gold labels; the store and the votes of people
are not used.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from labeling.config import Config, load_config
from labeling.distributed.applying import run
from labeling.distributed.engines import Engine, opened_engine
from labeling.distributed.exporting import export_training_set
from labeling.distributed.kernel import ApplyOptions
from labeling.distributed.models import fit_end_model, fit_label_model
from labeling.distributed.partitioned_votes import PartitionedVotes
from labeling.distributed.samples import SampleSource
from labeling.distributed.shared import packed
from labeling.errors import ConfigError, DataError, LabelingError, counted, listed
from labeling.label_models import MODELS
from labeling.project.data import LOCK, gold_file
from labeling.project.lf_loading import LabelingFunctionLoader
from labeling.project.models import embedding_of
from labeling.records import LabelKind, checked_ids, gold_codes, require_column, uniform_by_id
from labeling.sources import ParquetPart, is_address, parquet_parts, read_parquet_part, read_table

VOTES = "partitioned_votes"
TRAINING_SET = "training_set"
Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class PartitionedProject:
    """A project on partitioned data.

    Attributes:
        config: the config.
        parts: the partitions of its samples.
        source: how they are read, apart from gold labels.
    """

    config: Config
    parts: tuple[ParquetPart, ...]
    source: SampleSource

    @classmethod
    def open(cls, config_path: str | os.PathLike[str]) -> PartitionedProject:
        """Return the project of a config.

        Raises:
            ConfigError: its data is not partitioned Parquet with a column of ids.
            DataError: files or columns are missing.
        """
        config = load_config(config_path)
        section = config.data
        path = config.source(section.path)
        is_parquet = not is_address(path) and (
            Path(path).is_dir() or str(path).endswith(".parquet")
        )
        if not is_parquet or not isinstance(section.id, str):
            raise ConfigError(
                f"{config_path}: to run on an engine (--on), `path` of `data` must be Parquet (a"
                " folder, a pattern, or a file), and `id` a column of ids. Got path"
                f" {section.path!r} and id {section.ids!r}; run without --on, or save the samples"
                " as Parquet."
            )
        parts, columns = parquet_parts(path)
        is_column = section.gold is not None and gold_file(config) is None
        for column in (section.id, section.text, *([str(section.gold)] if is_column else [])):
            if column not in columns.names:
                raise DataError(
                    f"There must be a column {column!r} in {section.path!r}; the columns are"
                    f" {listed(columns.names, 20)}."
                )
        hidden = (str(section.gold),) if is_column else ()
        source = SampleSource(section.id, columns, section.text, section.missing_text, hidden)
        return cls(config, tuple(parts), source)

    @property
    def folder(self) -> Path:
        """The folder of the results."""
        return self.config.at(self.config.export.folder)

    @property
    def n_samples(self) -> int:
        """The number of rows in all partitions."""
        return sum(part.rows for part in self.parts)

    def apply(self, on: Any, progress: Progress | None = None) -> PartitionedVotes | Any:
        """Apply the labeling functions on an engine; finished partitions are kept.

        Where labels are spans or sets, the result is a `PartitionedLists`.
        """
        with opened_engine(on) as engine:
            return self._apply(engine, self._gold(engine), progress)

    def _apply(
        self, engine: Engine, gold: pd.Series, progress: Progress | None = None
    ) -> PartitionedVotes | Any:
        locked = gold.index[self._is_test(gold)]
        source = SampleSource(
            self.source.id,
            self.source.schema,
            self.source.text,
            self.source.missing_text,
            self.source.hidden,
            frozenset(locked.tolist()),
        )
        return run(
            LabelingFunctionLoader(self.config).load(),
            self.parts,
            source,
            self.config.label_schema,
            out=self.folder / VOTES,
            engine=engine,
            options=ApplyOptions(text=self.config.data.text),
            progress=progress,
        )

    def _check_exportable(self) -> None:
        kind = self.config.label_schema.kind
        if kind != LabelKind.ONE:
            raise LabelingError(
                "Partitions are exported with labels of whole samples, kind 'one'. The labels are"
                f" of kind {kind.value!r}: apply the labeling functions on the partitions, and fit"
                " a model to `PartitionedLists.open(folder).read()`."
            )

    def export(self, on: Any, progress: Progress | None = None) -> dict[str, Any]:
        """Fit the models and write the training set of each partition; return the manifest.

        The label model is fitted to all votes, the end model to a random draw of the samples.

        Raises:
            LabelingError: labels are spans or sets, whose models are fitted in one process.
        """
        self._check_exportable()
        from labeling.end_model import EndModel

        config = self.config
        with opened_engine(on) as engine:
            given = self._gold(engine)
            votes = self._apply(engine, given)
            teaching = given[~self._is_test(given)]
            learned: dict[str, Any] = {
                "gold": teaching if len(teaching) else None,
                "class_balance": config.class_balance,
                "on": engine,
            }
            model = fit_label_model(votes, MODELS[config.label_model](), **learned)
            new = EndModel(config.data.text, embeddings=embedding_of(config))
            return export_training_set(
                votes,
                model,
                self.folder / TRAINING_SET,
                end_model=fit_end_model(votes, model, new, **learned),
                gold=learned["gold"],
                min_confidence=config.export.min_confidence,
                on=engine,
                progress=progress,
            )

    def _is_test(self, gold: pd.Series) -> Any:
        """Return which gold labels are locked; the draw is that of other commands."""
        return uniform_by_id(gold.index, LOCK) < self.config.data.locked

    def _gold(self, engine: Engine) -> pd.Series:
        """Return the given gold labels, index = ids of samples that have a text."""
        given = self.config.data.gold
        if given is None:
            return pd.Series([], index=pd.Index([], dtype=object), dtype=object)
        file = gold_file(self.config)
        table = None if file is None else _gold_table(file, given, self.source.id)
        label = given if table is None else "label"
        wanted = pd.Index([] if table is None else table[self.source.id])
        job = _GoldJob(self.source, given if table is None else None, wanted)
        found = [*engine.in_order(_gold_of_part, self.parts, packed(job))]
        if table is None:
            table = pd.concat([part.labels for part in found])
        else:
            known = pd.Index(table[self.source.id]).isin(
                [one for part in found for one in part.known]
            )
            if not known.all():
                raise DataError(
                    f"{counted(int((~known).sum()), 'id')} of the gold labels in {given!r} must be"
                    f" among the samples: {listed(table[self.source.id][~known])}."
                )
            table = table[
                table[self.source.id].isin([one for part in found for one in part.usable])
            ]
        if not len(table):
            raise DataError(f"There must be at least one gold label. {given!r} of `data` has none.")
        return self._as_labels(table, label)

    def _as_labels(self, table: pd.DataFrame, label: str) -> pd.Series:
        """Return gold labels as names, after checking ids and labels."""
        schema = self.config.label_schema
        ids = checked_ids(pd.Index(table[self.source.id]), "The ids of gold labels")
        names = [schema.recorded(value) for value in table[label].tolist()]
        codes = gold_codes(pd.Series(names, index=ids, dtype=object), ids, schema)
        return pd.Series([schema.labels[code] for code in codes], index=ids, dtype=object)


class _GoldJob(NamedTuple):
    """What the look for gold labels shares: their column, or the ids that a file names."""

    source: SampleSource
    column: str | None
    wanted: pd.Index


class _GoldFound(NamedTuple):
    """What a partition has: ids and labels of its column, or which of the ids wanted."""

    labels: pd.DataFrame
    known: list[Any]
    usable: list[Any]


def _gold_of_part(part: ParquetPart, job: _GoldJob) -> _GoldFound:
    id, text = job.source.id, str(job.source.text)
    columns = [id, text, *([job.column] if job.column is not None else [])]
    table = read_parquet_part(part, job.source.schema, list(dict.fromkeys(columns)))
    is_used = table[text].notna() if job.source.missing_text == "drop" else table[id].notna()
    if job.column is not None:
        return _GoldFound(table.loc[is_used & table[job.column].notna(), [id, job.column]], [], [])
    wanted = table[id].isin(job.wanted)
    return _GoldFound(
        table[:0], table.loc[wanted, id].tolist(), table.loc[wanted & is_used, id].tolist()
    )


def _gold_table(file: Path | str, given: str, id: str) -> pd.DataFrame:
    """Return the gold labels of a file: the column of ids, and `label`."""
    table = read_table(file, id)
    if id not in table.columns and "id" in table.columns:
        table = read_table(file, "id").rename(columns={"id": id})
    for column in (id, "label"):
        require_column(table, column, f"gold labels in {given}")
    return table[table["label"].notna()]
