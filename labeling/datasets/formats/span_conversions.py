"""The methods of a training set of spans that convert it to what other libraries take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import pandas as pd

from labeling.datasets.formats import docbin, label_studio_tasks, span_tables
from labeling.datasets.formats.conll import write_conll
from labeling.datasets.formats.hugging_face import described_dataset
from labeling.datasets.formats.learning_rows import learning_rows
from labeling.datasets.formats.span_tags import aligned_samples, dropped_frame, warn_of_dropped
from labeling.datasets.formats.tokens import Tokens
from labeling.errors import LabelingError, naming_extra

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset, DatasetDict
    from spacy.language import Language
    from spacy.tokens import DocBin

    from labeling.datasets.formats.torch_dataset import TorchDataset
    from labeling.datasets.kinds import SpanTrainingSet


class SpanConversions:
    """Base class of `SpanTrainingSet`.

    Formats with tokens have no words for a span that does not begin and end at edges of tokens, or
    overlaps another one; such spans are left out, never moved: a `MisalignedSpansWarning` counts
    them, and `dropped_spans` lists them. Of overlapping spans the longest is kept, then the first.

    Tokens are those of `tokens`: a column of the samples (lists of texts, or of pairs of offsets),
    or a function from a text to such a list, or to a spaCy `Doc`. `None` takes words (runs of
    letters, digits and underscores, with the marks that belong to them) and every other character
    that is not white space.
    """

    __slots__ = ()

    def dropped_spans(
        self, tokens: Tokens = None, *, text: str = "text", split: str | None = "all"
    ) -> pd.DataFrame:
        """Return the spans that formats with such tokens leave out.

        Args:
            tokens: as above.
            text: the samples' column of texts.
            split: `train`, `dev`, `test` or `all`.

        Returns:
            A row per span: `sample, start, end, label, text, reason`.

        Raises:
            DataError: there is no such column, or tokens are not those of their text.
        """
        train = _learned(self, split)
        return dropped_frame(train, aligned_samples(train, text, tokens))

    def to_conll(
        self,
        path: str | Path,
        tokens: Tokens = None,
        scheme: str = "BIO",
        *,
        text: str = "text",
        split: str | None = None,
    ) -> pd.DataFrame:
        r"""Write a token and its tag a line, with a tab between them, and an empty line per sample.

        The manifest beside it (`<name>.manifest.json`) holds the ids of the samples in their order,
        without those that have no token, and the number of spans that were left out.

        Args:
            path: of the file.
            tokens: as above.
            scheme: of tags: `BIO` (of CoNLL 2002; the first token of each span has a B), `BIOES` or
                `BILOU`.
            text: the samples' column of texts.
            split: `train`, `dev`, `test` or `all`; `None` is `train` where a split was made.

        Returns:
            The spans that were left out, as of `dropped_spans`.

        Warns:
            MisalignedSpansWarning: spans were left out.

        Raises:
            DataError: there is no such column, tokens are not those of their text, or a token or a
                label has white space.
            LabelingError: there is no such scheme or split.
        """
        return write_conll(_learned(self, split), Path(path), text, tokens, scheme)

    def to_hf_table(
        self, tokens: Tokens = None, scheme: str = "BIO", *, text: str = "text"
    ) -> pa.Table:
        """Return the columns of the Parquet file, and `tokens` and `ner_tags`, as an Arrow table.

        `ner_tags` are codes; their names (`O`, `B-PER`, ...) are in the metadata of the table,
        where `datasets` finds them as a list of `ClassLabel`. That library is not needed.

        Args:
            tokens: as above.
            scheme: of tags, as of `to_conll`.
            text: the samples' column of texts.

        Warns:
            MisalignedSpansWarning: spans were left out of the tags; `label` has all of them.

        Raises:
            DataError: there is no such column, or tokens are not those of their text.
            LabelingError: there is no such scheme.
        """
        table, _, dropped = span_tables.tagged_table(_of(self), text, tokens, scheme)
        warn_of_dropped(dropped, 3)
        return table

    def to_hf(
        self, tokens: Tokens = None, scheme: str = "BIO", *, text: str = "text"
    ) -> Dataset | DatasetDict:
        """Return a `datasets.Dataset` of Hugging Face; of a split set a `DatasetDict`.

        It has the columns of `to_hf_table`, and parts as those of `TrainingSet.to_hf`.

        Args:
            tokens: as above.
            scheme: of tags, as of `to_conll`.
            text: the samples' column of texts.

        Warns:
            MisalignedSpansWarning: spans were left out of the tags; `label` has all of them.

        Raises:
            DataError: there is no such column, or tokens are not those of their text.
            LabelingError: there is no such scheme.
            ImportError: `datasets` is not installed.
        """
        table, features, dropped = span_tables.tagged_table(_of(self), text, tokens, scheme)
        warn_of_dropped(dropped, 3)
        return described_dataset(_of(self), table, features)

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

        Each document has the spans as `doc.ents`, and with those that overlap others as
        `doc.spans["sc"]`, where spaCy's span categorizer finds them. The sample's id is
        `doc.user_data["labeling_id"]`, and its weight `doc.user_data["labeling_weight"]`.

        Args:
            path: of the file, usually `*.spacy`; `None` writes none.
            text: the samples' column that is tokenized.
            nlp: the pipeline whose tokenizer is used, or the code of a language (a blank one).
            labels: `hard`; spaCy's entities have no probabilities.
            split: as of `to_conll`.

        Warns:
            MisalignedSpansWarning: spans were left out of `doc.ents`.

        Raises:
            DataError: the column is not there, a text is missing or too long for the pipeline, or
                no split was made.
            LabelingError: there is no such language or split, or labels are not hard.
            ImportError: spaCy is not installed.
        """
        if labels != "hard":
            raise LabelingError(f"Spans for spaCy must have labels='hard'. Got {labels!r}.")
        documents, dropped = docbin.spacy_docbin_of_spans(_of(self), text, nlp, split)
        if path is not None:
            docbin.write_docbin(documents, Path(path))
        warn_of_dropped(dropped, 3)
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

        They are as those of `TrainingSet.to_label_studio`; each span is a region with its text. The
        labeling config needs `<Labels name="label" toName="text">` with the labels, about `<Text
        name="text" value="$text">`. Offsets count code points, as Label Studio does.

        Args:
            path: of the file; `None` writes none.
            text: the samples' column that is labeled.
            control: the name of the labels in the labeling config.
            target: the name of what they are about.
            split: `train`, `dev` or `test`; `None` is all samples, with their split in `meta`.

        Raises:
            DataError: there is no such column, a value has no form in JSON, or no split was made.
        """
        tasks = label_studio_tasks.span_tasks(_of(self), text, control, target, split)
        if path is not None:
            label_studio_tasks.write_tasks(tasks, Path(path))
        return tasks

    def to_torch(
        self,
        columns: str | list[str] | None = None,
        *,
        labels: str = "hard",
        split: str | None = None,
    ) -> TorchDataset:
        """Return a `torch.utils.data.Dataset` of dicts.

        Each item is as one of `TrainingSet.to_torch`, with `label` as int64 of shape (number of
        spans, 3): start, end, and the index of the label in `.classes`. Samples have different
        numbers of spans, so that a `DataLoader` needs a `collate_fn` of yours.

        Args:
            columns: the columns of each item; `None` means all.
            labels: `hard`; or `soft`, for `probabilities`, float32, one per span, besides.
            split: as of `to_conll`.

        Raises:
            DataError: there is no such column, or no split was made.
            LabelingError: there are no such labels, or no such split.
            ImportError: PyTorch is not installed.
        """
        with naming_extra():
            from labeling.datasets.formats.torch_dataset import torch_spans
        return torch_spans(_of(self), columns, labels, split)

    def to_sklearn(
        self,
        columns: str | list[str] | None = None,
        *,
        labels: str = "hard",
        split: str | None = None,
    ) -> NoReturn:
        """Refuse, because scikit-learn has no labels of parts of a text.

        Raises:
            LabelingError: always; it names other formats.
        """
        raise LabelingError(
            "scikit-learn takes a label per sample, and spans are parts of samples. Use `to_conll`,"
            " `to_hf` or `to_docbin` for taggers, or `spans()` for a table of the spans."
        )


def _of(self: SpanConversions) -> SpanTrainingSet:
    return cast("SpanTrainingSet", self)


def _learned(self: SpanConversions, split: str | None) -> SpanTrainingSet:
    """Return the rows with a label that are in a split."""
    train = _of(self)
    rows = learning_rows(train, split)
    return train if len(rows) == len(train) else train.take(rows)
