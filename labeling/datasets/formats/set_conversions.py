"""The methods of a training set of several labels that convert it for other libraries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from labeling.datasets.formats import docbin, label_studio_tasks
from labeling.datasets.formats.hugging_face import described_dataset, with_hub_labels
from labeling.datasets.formats.learning_rows import (
    check_labels,
    feature_columns,
    learning_rows,
    rows_at,
)
from labeling.errors import naming_extra

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict
    from spacy.language import Language
    from spacy.tokens import DocBin

    from labeling.datasets.formats.torch_dataset import TorchDataset
    from labeling.datasets.kinds import SetTrainingSet

Arrays = tuple[Any, npt.NDArray[np.int8], npt.NDArray[np.float64]]


class SetConversions:
    """Base class of `SetTrainingSet`.

    Learners are given only rows with a label, and, where a split was made, only those of `train`,
    unless `split` names another (`dev`, `test`, or `all`). An empty set is a label.
    """

    __slots__ = ()

    @property
    def indicators(self) -> npt.NDArray[np.int8]:
        """Whether each sample has each label, 1 or 0, shape (n, number of labels)."""
        train = _of(self)
        columns = [train.form.has_label(train.columns["label"], label) for label in train.schema]
        return np.column_stack(columns).astype(np.int8)

    def to_sklearn(
        self,
        columns: str | list[str] | None = None,
        *,
        labels: str = "hard",
        split: str | None = None,
    ) -> Arrays:
        """Return `X, Y, sample_weight` for an estimator of several labels.

        `Y` has a column per label of the schema, 1 or 0, shape (n, number of labels), as
        `OneVsRestClassifier` and `MultiOutputClassifier` take it.

        Args:
            columns: a single column gives a Series; several, or `None` (all columns of the
                samples), a DataFrame. The index is the sample ids.
            labels: `hard`: a weight per sample, shape (n,). `soft`: a weight per label, shape (n,
                number of labels), for an estimator of each: the probability of what was decided of
                this label; 1 for gold.
            split: `train`, `dev`, `test` or `all`; `None` is `train` where a split was made.

        Raises:
            DataError: there is no such column, or no split was made.
            LabelingError: there are no such labels, or no such split.
        """
        check_labels(labels)
        train = _of(self)
        rows = learning_rows(train, split)
        names = feature_columns(train, columns)
        features: Any = train.samples[columns if isinstance(columns, str) else names]
        wanted = self.indicators[rows]
        weights = train.added_column("weight").to_numpy(dtype=np.float64)[rows]
        if labels == "soft":
            p = train.probabilities[rows]
            weights = np.where(wanted == 1, p, 1 - p)
        return rows_at(features, rows), wanted, weights

    def to_torch(
        self,
        columns: str | list[str] | None = None,
        *,
        labels: str = "hard",
        split: str | None = None,
    ) -> TorchDataset:
        """Return a `torch.utils.data.Dataset` of dicts, which a `DataLoader` makes batches of.

        Each item is as one of `TrainingSet.to_torch`, with `label` as float32 of shape (number of
        labels,), 1 or 0, which `BCEWithLogitsLoss` takes as target, or `probabilities`, likewise.

        Args:
            columns: the columns of each item; `None` means all.
            labels: `hard` or `soft`.
            split: as of `to_sklearn`.

        Raises:
            DataError: there is no such column, or no split was made.
            LabelingError: there are no such labels, or no such split.
            ImportError: PyTorch is not installed.
        """
        with naming_extra():
            from labeling.datasets.formats.torch_dataset import torch_sets
        return torch_sets(_of(self), columns, labels, split)

    def to_hf(self) -> Dataset | DatasetDict:
        """Return a `datasets.Dataset` of Hugging Face; of a split set a `DatasetDict`.

        It is as that of `TrainingSet.to_hf`, with `label` as a list of `ClassLabel`.

        Raises:
            DataError: a value has no form in Arrow; it names the column and the sample.
            ImportError: `datasets` is not installed.
        """
        return described_dataset(_of(self), with_hub_labels(_of(self)))

    def to_docbin(
        self,
        path: str | Path | None = None,
        *,
        text: str = "text",
        nlp: Language | str = "en",
        labels: str = "hard",
        split: str | None = None,
    ) -> DocBin:
        """Return spaCy's `DocBin`, and write it as a file that `spacy train` reads.

        Documents are as those of `TrainingSet.to_docbin`; several of `doc.cats` may be 1, as
        `textcat_multilabel` expects.

        Args:
            path: of the file, usually `*.spacy`; `None` writes none.
            text: the samples' column that is tokenized.
            nlp: the pipeline whose tokenizer is used, or the code of a language (a blank one).
            labels: `hard` (1 or 0) or `soft` (the probabilities).
            split: as of `to_sklearn`.

        Raises:
            DataError: the column is not there, a text is missing or too long for the pipeline, or
                no split was made.
            LabelingError: there is no such language, or there are no such labels or split.
            ImportError: spaCy is not installed.
        """
        documents = docbin.spacy_docbin_of_sets(_of(self), text, nlp, labels, split)
        if path is not None:
            docbin.write_docbin(documents, Path(path))
        return documents

    def to_label_studio(
        self,
        path: str | Path | None = None,
        *,
        text: str = "text",
        control: str = "label",
        target: str = "text",
        split: str | None = None,
    ) -> list[dict[str, Any]]:
        """Return tasks that Label Studio imports, and write them as JSON.

        They are as those of `TrainingSet.to_label_studio`; the choices of the labeling config need
        `choice="multiple"`.

        Args:
            path: of the file; `None` writes none.
            text: the samples' column that is labeled.
            control: the name of the choices in the labeling config.
            target: the name of what they are about.
            split: `train`, `dev` or `test`; `None` is all samples, with their split in `meta`.

        Raises:
            DataError: there is no such column, a value has no form in JSON, or no split was made.
        """
        tasks = label_studio_tasks.set_tasks(_of(self), text, control, target, split)
        if path is not None:
            label_studio_tasks.write_tasks(tasks, Path(path))
        return tasks


def _of(self: SetConversions) -> SetTrainingSet:
    return cast("SetTrainingSet", self)
