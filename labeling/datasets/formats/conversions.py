"""The methods of a training set that convert it to what other libraries take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from labeling.datasets.formats import (
    balancing,
    docbin,
    hugging_face,
    label_studio_tasks,
    sklearn_arrays,
    weights,
)
from labeling.errors import naming_extra

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset, DatasetDict
    from spacy.language import Language
    from spacy.tokens import DocBin

    from labeling.datasets.formats.torch_dataset import TorchDataset
    from labeling.datasets.training_set import TrainingSet


class Conversions:
    """Base class of `TrainingSet`.

    Learners are given only rows with a label, and, where a split was made, only those of `train`,
    unless `split` names another (`dev`, `test`, or `all`).
    """

    __slots__ = ()

    def to_sklearn(
        self,
        columns: str | list[str] | None = None,
        *,
        labels: str = "hard",
        split: str | None = None,
    ) -> sklearn_arrays.Arrays:
        """Return `X, y, sample_weight` for an estimator's `fit`.

        Soft labels are weighted rows, since scikit-learn takes hard labels only: each sample has a
        row for every label that is possible, of the weight probability x weight. A loss that is
        weighted so is the expected loss under the probabilities if the samples' own weights are all
        1: `train.weighted("none").to_sklearn("text", labels="soft")`.

        Args:
            columns: a single column gives a Series; several, or `None` (all columns of the
                samples), a DataFrame. The index is the sample ids.
            labels: `hard` (a row a sample) or `soft`.
            split: `train`, `dev`, `test` or `all`; `None` is `train` where a split was made.

        Raises:
            DataError: there is no such column, or no split was made.
            LabelingError: there are no such labels, or no such split.
        """
        return sklearn_arrays.sklearn_arrays(_of(self), columns, labels, split)

    def to_torch(
        self,
        columns: str | list[str] | None = None,
        *,
        labels: str = "hard",
        split: str | None = None,
    ) -> TorchDataset:
        """Return a `torch.utils.data.Dataset` of dicts, which a `DataLoader` makes batches of.

        Each item has the sample's columns, `id` (a text or a whole number), `weight` (float32) and
        `label` (int64, the index of the label in `.classes`) or, if labels are soft,
        `probabilities` (float32, shape (number of labels,)), which `cross_entropy` takes as target.
        If the samples have a column of such a name, ours is `labeling_<name>`: see `.names`.

        Args:
            columns: the columns of each item; `None` means all. A missing number is NaN; with other
                missing values `DataLoader` needs a `collate_fn` of yours.
            labels: `hard` or `soft`.
            split: as of `to_sklearn`.

        Raises:
            DataError: there is no such column, or no split was made.
            LabelingError: there are no such labels, or no such split.
            ImportError: PyTorch is not installed.
        """
        with naming_extra():
            from labeling.datasets.formats.torch_dataset import torch_dataset
        return torch_dataset(_of(self), columns, labels, split)

    def to_hf(self) -> Dataset | DatasetDict:
        """Return a `datasets.Dataset` of Hugging Face; of a split set a `DatasetDict`.

        It has the columns of the Parquet file; `label` is a `ClassLabel` with the labels in the
        order of the schema, `probabilities` a list of as many numbers. The parts of a split are
        called `train`, `validation` (our `dev`) and `test`, and rows without a split `unassigned`.

        Raises:
            DataError: a value has no form in Arrow; it names the column and the sample.
            ImportError: `datasets` is not installed.
        """
        return hugging_face.hugging_face_dataset(_of(self))

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

        Each document has the labels as `doc.cats`, the sample's id as
        `doc.user_data["labeling_id"]`, and its weight as `doc.user_data["labeling_weight"]`
        (spaCy's own text classifiers take no weights).

        Args:
            path: of the file, usually `*.spacy`; `None` writes none.
            text: the samples' column that is tokenized.
            nlp: the pipeline whose tokenizer is used, or the code of a language (a blank one).
            labels: `hard` (1 for the label, 0 for others) or `soft` (the probabilities).
            split: as of `to_sklearn`.

        Raises:
            DataError: the column is not there, a text is missing or too long for the pipeline, or
                no split was made.
            LabelingError: there is no such language, or there are no such labels or split.
            ImportError: spaCy is not installed.
        """
        documents = docbin.spacy_docbin(_of(self), text, nlp, labels, split)
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

        The data of a task are the columns of its sample, and its id as `ext_id`. A label of a model
        is a prediction, whose score is the confidence; one of people is an annotation and ground
        truth, which this package never counts as a vote. The project's labeling config needs
        `<Choices name="label" toName="text">` with the labels, about `<Text name="text"
        value="$text">`.

        Args:
            path: of the file; `None` writes none.
            text: the samples' column that is labeled.
            control: the name of the choices in the labeling config.
            target: the name of what they are about.
            split: `train`, `dev` or `test`; `None` is all samples, with their split in `meta`.

        Raises:
            DataError: there is no such column, a value has no form in JSON, or no split was made.
        """
        tasks = label_studio_tasks.label_studio_tasks(_of(self), text, control, target, split)
        if path is not None:
            label_studio_tasks.write_tasks(tasks, Path(path))
        return tasks

    def weighted(self, weights_by: str) -> Self:
        """Return a copy with other weights of the samples; those of gold labels are always 1.

        Args:
            weights_by: `confidence` (the probability of the label, as built), `expected` ((k p - 1)
                / (k - 1) for k labels and confidence p: 1 where certain, 0 at chance; then a hard
                label is worth its expected loss) or `none` (all 1, for soft labels).

        Raises:
            LabelingError: there are no such weights.
        """
        return cast("Self", weights.weighted(_of(self), weights_by))

    def balanced(self, how: str, *, rng: int | np.random.Generator = 0) -> Self:
        """Return a copy in which every label counts alike; rows of `dev` and `test` stay.

        Labels without any row stay so. `.origin["balance"]`, which is also in the manifest, holds
        for each label the rows before and after, and their effective number (Kish: (sum of
        weights)² / sum of squares; copies of a sample add no new one).

        Args:
            how: `weights` (each label has the same total weight, and the total stays),
                `undersample` (as many rows of each as of the rarest; the others are listed in
                `.dropped`) or `oversample` (as many as of the most frequent, by repeating rows,
                each equally often up to one). Then several rows have one id: it is to train on, and
                the tests of a release refuse it.
            rng: seed or Generator of the draw, which depends on the ids and not on their order.

        Raises:
            LabelingError: there is no such way, or `rng` is neither a seed nor a Generator.
        """
        return cast("Self", balancing.balanced(_of(self), how, rng))


def _of(self: Conversions) -> TrainingSet:
    return cast("TrainingSet", self)
