"""`TrainingSet`: labeled samples with confidence, weight and lineage, column by column."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from labeling.datasets import canonical, exports
from labeling.datasets.columns import (
    OPTIONAL_COLUMNS,
    OWN_TYPES,
    Columns,
    array_of_lists,
    as_own_column,
    codes_of_votes,
    in_order,
    row_positions,
    texts,
)
from labeling.datasets.formats.conversions import Conversions
from labeling.datasets.forms import LabelForm
from labeling.datasets.lineage import COULD_NOT_DECIDE
from labeling.datasets.manifest import manifest_of, plain_origin
from labeling.datasets.reading import read_training_set
from labeling.errors import noun
from labeling.records import LabelKind, LabelSchema, free_names
from labeling.rendering import Displayed, View

if TYPE_CHECKING:
    from labeling.datasets.cards import CardFacts, CardSettings
    from labeling.datasets.changes import Story

OWN_COLUMNS = tuple(name for name in OWN_TYPES if name not in OPTIONAL_COLUMNS)
"""The columns that a training set adds to those of the samples; see `TrainingSet.own_columns`."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TrainingSet(Conversions, Displayed):
    """Labeled samples and their lineage; created by `build_training_set`.

    Attributes:
        samples: the samples' own columns, index = sample id.
        columns: the added columns by name, as Arrow arrays in the order of `samples`: `label`
            (name), `probabilities` (in schema order), `confidence` (the probability of the label),
            `weight` (1 for gold, else the confidence), `source` (`votes`, `end model`, `agreement`,
            `review`, `given`), `lf_votes` (label by voter), `annotators` (label by annotator),
            `reviewer` (who decided the label, if a reviewer did), `votes_for` and `votes_cast` (if
            the source is `agreement`: the annotators' votes for the label, and all their votes),
            `decided_by` (what decided the label, in words, such as `2 of 3 votes`, `posterior 0.930
            (0 of 1 votes; the model voter)` or `end model; people could not decide`), and `split`
            (`train`, `dev`, `test`) where one was made.
        dropped: the samples that were left out, index = sample id, column `reason`.
        dropped_columns: what is known of these, as in `columns`; no label where none was decided.
        schema: the labels.
        voters: the names of the voters behind the soft labels, if votes were given.
        own_columns: the actual name of each added column by the names above: if the samples have a
            column or index of that name, ours is `labeling_<name>`.
        origin: what it was made of, for its manifest: plain JSON values.
    """

    samples: pd.DataFrame
    columns: Columns
    dropped: pd.DataFrame
    dropped_columns: Columns
    schema: LabelSchema
    voters: tuple[str, ...]
    own_columns: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType(free_names(OWN_TYPES, ()))
    )
    origin: Mapping[str, Any] = field(default_factory=dict)
    form: ClassVar[LabelForm] = LabelForm()
    _computed: dict[str, Any] = field(default_factory=dict, init=False)

    @classmethod
    def of_kind(cls, kind: LabelKind) -> type[TrainingSet]:
        """Return the class of training sets with this kind of labels; this one if it has it."""
        if cls.form.kind == kind:
            return cls
        classes = [TrainingSet]
        for known in classes:
            classes += known.__subclasses__()
        return next(known for known in classes if known.form.kind == kind)

    @property
    def sample_ids(self) -> pd.Index:
        """The ids of the samples, in order."""
        return self.samples.index

    @property
    def frame(self) -> pd.DataFrame:
        """The samples' columns and the added ones, index = sample id; made when first asked for."""
        if "frame" not in self._computed:
            added = {self.own_columns[name]: self.added_column(name) for name in self.columns}
            self._computed["frame"] = self.samples.assign(**added)
        frame: pd.DataFrame = self._computed["frame"]
        return frame

    @property
    def codes(self) -> npt.NDArray[np.int64]:
        """The code of each label, shape (n,); -1 where there is none."""
        codes = pc.index_in(self.columns["label"], texts(self.schema.labels)).fill_null(-1)
        return np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int64)

    @property
    def has_label(self) -> npt.NDArray[np.bool_]:
        """Whether each sample has a label; an empty set or tuple is one."""
        return np.asarray(self.codes >= 0, dtype=bool)

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """The probabilities of the labels, shape (n, number of labels)."""
        array = array_of_lists(self.columns["probabilities"])
        return array if len(array) else np.empty((0, len(self.schema)))

    @property
    def lf_codes(self) -> npt.NDArray[Any]:
        """The label codes of the votes, shape (n, number of voters); -1 = abstained."""
        return codes_of_votes(self.columns["lf_votes"], self.voters, self.schema)

    @property
    def left_out(self) -> pa.Table:
        """The rows of `dropped` with all that is known of them, ids and reasons first.

        Raises:
            DataError: the ids are of several types.
        """
        return canonical.left_out_table(self)

    def added_column(self, name: str) -> pd.Series:
        """Return an added column by its name in `own_columns`."""
        return self.form.in_pandas(name, self.columns[name], self.sample_ids)

    def own(self, name: str) -> pd.Series:
        """Return an added column; a deprecated name of `added_column`."""
        return self.added_column(name)

    def __len__(self) -> int:
        return len(self.samples)

    def __repr__(self) -> str:
        counts = pc.value_counts(self.columns["source"]).to_pylist()
        ranked = sorted((str(count["values"]), count["counts"]) for count in counts)
        parts = ", ".join(f"{count} from {source}" for source, count in ranked)
        samples = f"{len(self)} {noun(len(self), 'sample')}"
        return f"{type(self).__name__}({samples}: {parts or 'none'}; {len(self.dropped)} left out)"

    def _view(self) -> View:
        from labeling.datasets.training_set_view import training_set_view

        return training_set_view(self)

    @property
    def n_undecided(self) -> tuple[int, int]:
        """How many samples that people could not decide are left out, and how many are in it."""
        kept = pc.sum(pc.ends_with(self.columns["decided_by"], COULD_NOT_DECIDE)).as_py() or 0
        return int((self.dropped["reason"] == COULD_NOT_DECIDE).sum()), int(kept)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the rows: of all columns, in the order of the rows."""
        return str(self.manifest()["fingerprint"])

    def with_columns(self, **values: Any) -> Self:
        """Return a copy with added columns replaced, by their names in `columns`.

        The values of a Series are taken by id, others in the order of the samples.

        Raises:
            DataError: there is no such column, or the values are not one a sample and of its type.
        """
        ids = self.sample_ids
        new = {
            name: self._own_column(name, in_order(f"Column {name!r}", column, ids))
            for name, column in values.items()
        }
        together = {**self.columns, **new}
        return dataclasses.replace(
            self, columns={name: together[name] for name in OWN_TYPES if name in together}
        )

    def _own_column(self, name: str, values: Any) -> pa.Array:
        return as_own_column(name, values, len(self), self.form.types)

    def with_origin(self, origin: Mapping[str, Any]) -> Self:
        """Return a copy whose manifest says more of what it was made of.

        Raises:
            DataError: a value has no form in JSON.
        """
        return dataclasses.replace(self, origin={**self.origin, **plain_origin(origin)})

    def with_dropped(self, dropped: pd.DataFrame) -> Self:
        """Return a copy with more samples in `dropped`, of which only the reason is known."""
        columns = {
            name: pa.concat_arrays([column, pa.nulls(len(dropped), column.type)])
            for name, column in self.dropped_columns.items()
        }
        together = pd.concat([self.dropped, dropped])
        return dataclasses.replace(self, dropped=together, dropped_columns=columns)

    def take(self, rows: Any) -> Self:
        """Return a copy with some of the rows; the others are not listed in `dropped`.

        Args:
            rows: positions, or a mask with a value for each row; that of a Series by id.

        Raises:
            DataError: there is no such row, or the mask is not one for all rows.
        """
        chosen = row_positions(rows, self.sample_ids)
        positions = pa.array(chosen)
        columns = {name: column.take(positions) for name, column in self.columns.items()}
        return dataclasses.replace(
            self, samples=self.samples.iloc[chosen.astype(np.intp)], columns=columns
        )

    def to_pandas(self) -> pd.DataFrame:
        """Return a copy of the table, with the samples' ids as index."""
        return self.frame.copy()

    def explain(self, sample_id: Hashable) -> Story:
        """Return the story of a sample's label, or of why it was left out.

        Raises:
            DataError: there is no such sample; near ids are named.
        """
        from labeling.datasets.changes import story_of

        return story_of(self, sample_id)

    def rows_behind(self, count: str, name: str) -> pd.Index:
        """Return the ids of the samples behind a count of the manifest.

        Args:
            count: "labels", "sources", "splits" or "left_out", as the manifest calls the counts.
            name: of what is counted, such as a label, or the reason.

        Raises:
            LabelingError: there is no such count, or nothing of that name.

        >>> import labeling as lb
        >>> data = pd.DataFrame({"text": ["hi", "buy"]}, index=["a", "b"])
        >>> soft = lb.SoftLabels(
        ...     [[0.9, 0.1]] * 2, ["a", "b"], lb.LabelSchema(["n", "p"]), [True] * 2
        ... )
        >>> lb.build_training_set(data, soft, gold={"b": "p"}).rows_behind(
        ...     "sources", "given"
        ... ).tolist()
        ['b']
        """
        from labeling.datasets.manifest import rows_behind

        return rows_behind(self, count, name)

    def write(self, folder: str | Path) -> dict[str, Any]:
        """Write the canonical form into an existing folder, and return its manifest.

        It is `training_set.parquet`, `left_out.parquet` and `manifest.json`, which names the
        digests of both; equal training sets give equal bytes. `TrainingSet.read` reads it.

        Raises:
            DataError: a value cannot be written, or the ids are of several types; it names the
                column and the sample.
        """
        return canonical.write_folder(self, Path(folder))

    @classmethod
    def read(cls, path: str | Path) -> TrainingSet:
        """Read a training set from a folder that `write` or `to_folder` wrote, or a Parquet file.

        Digests are checked, and nothing but data is read. Values that had no form in Parquet come
        back in the form in which they were written.

        Args:
            path: the folder, or a file of `to_parquet`.

        Raises:
            DataError: there is no training set, or a file was changed since it was written.
        """
        return read_training_set(Path(path), cls)

    def to_parquet(self, path: str | Path) -> None:
        """Write a Parquet file, and its manifest beside it as `<name>.manifest.json`.

        `lf_votes` and `annotators` are lists of structs (voter or annotator, label), which pandas,
        polars and `datasets.load_dataset("parquet", data_files=...)` can read. Types that Arrow
        does not have are written as text; see `labeling.datasets.values`. A column whose values
        have no common type (texts and numbers, a list of a text and an object) is written as JSON
        texts and named in the manifest under `json_in_parquet`. What was left out is beside it, too
        (`<name>.left_out`, also Parquet), so that `TrainingSet.read` gives all of it back.

        Raises:
            DataError: a value cannot be written, or the ids are of several types; it names the
                column and the sample.
        """
        canonical.write_parquet(self, Path(path))

    def to_jsonl(self, path: str | Path) -> None:
        """Write JSON lines, one object per sample, and the manifest beside it.

        It is strict JSON: infinite numbers, and NaN inside of lists, become null, and are counted
        in the manifest as `null_in_json`. `datasets.load_dataset("json", data_files=...)` can read
        it; above 10 MB that library infers types from the beginning only and needs `features=`.

        Raises:
            DataError: a value cannot be written; it names the column and the sample.
        """
        exports.write_jsonl(self, Path(path))

    def to_csv(self, path: str | Path, *, for_spreadsheet: bool = True) -> None:
        """Write a CSV file with one probability column per label, and the manifest beside it.

        Args:
            path: of the file.
            for_spreadsheet: whether to put an apostrophe before texts that a spreadsheet would
                evaluate as formulas (those that begin with =, +, -, @, a tab or a line end, and
                those that would look like a changed one); the manifest counts them by column as
                `guarded_in_csv`, and `labeling.datasets.unguarded_text` undoes it. Otherwise texts
                are written unchanged, as they are in Parquet and JSON lines.

        Raises:
            DataError: a value cannot be written; it names the column and the sample.
        """
        exports.write_csv(self, Path(path), for_spreadsheet=for_spreadsheet)

    def to_folder(self, folder: str | Path, *, for_spreadsheet: bool = True) -> dict[str, Any]:
        """Write `training_set.parquet`, `.jsonl` and `.csv` with their manifest, and return it.

        `left_out.parquet` lists what was left out; `TrainingSet.read` reads the folder.

        Args:
            folder: an existing folder.
            for_spreadsheet: see `to_csv`.

        Raises:
            DataError: a format cannot be written; the others are, and the error names both.
        """
        return exports.write_folder(self, Path(folder), for_spreadsheet=for_spreadsheet)

    def to_hub_folder(
        self,
        folder: str | Path,
        settings: CardSettings | None = None,
        facts: CardFacts | None = None,
        *,
        salt: str | None = None,
    ) -> Path:
        """Write a folder that can be pushed to the Hugging Face hub as it is, and return its path.

        It is `data/train-00000-of-00001.parquet` (and `validation`, which is the split `dev`, and
        `test`), the data card `README.md`, and `croissant.json` (Croissant 1.0, of MLCommons).
        `datasets.load_dataset(folder)` reads it with its features and splits. Names of annotators
        and reviewers are replaced by pseudonyms; names of labeling functions are not, and what
        the samples hold is not looked at.

        Args:
            folder: made where it is missing; data files of an earlier call are replaced.
            settings: what only people know: licence, language, description, ...
            facts: what was measured: quality with intervals, known problems, ...
            salt: a secret of at least 16 characters: a person then has the same pseudonym, a keyed
                hash, in all releases. Without it people are numbered.

        Raises:
            DataError: the folder cannot be written, or a value of a sample cannot.
            LabelingError: the salt is too short.
            MissingExtraError: PyYAML is not installed.
        """
        from labeling.datasets import cards

        settings, facts = settings or cards.CardSettings(), facts or cards.CardFacts()
        return cards.write_hub_folder(self, Path(folder), settings, facts, salt)

    def manifest(self) -> dict[str, Any]:
        """Return the manifest: counts, labels, voters, and a fingerprint of the rows."""
        if "manifest" not in self._computed:
            self._computed["manifest"] = manifest_of(self)
        return dict(self._computed["manifest"])
