"""Training sets for spaCy: a `DocBin` of tokenized texts with categories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.formats.learning_rows import check_labels, learning_rows, rows_at
from labeling.datasets.formats.span_tags import aligned, dropped_frame
from labeling.datasets.formats.tokens import Text
from labeling.datasets.values import plain, single_line
from labeling.errors import DataError, LabelingError, naming_extra
from labeling.records import atomic_write, texts

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, DocBin

    from labeling.datasets.kinds import SetTrainingSet, SpanTrainingSet
    from labeling.datasets.training_set import TrainingSet

ID, WEIGHT = "labeling_id", "labeling_weight"
"""Keys of a document's `user_data`; spaCy itself uses keys that are tuples."""

SPANS = "sc"
"""The key of a document's groups of spans that spaCy's span categorizer reads."""


def spacy_docbin(
    train: TrainingSet,
    text: str,
    nlp: Language | str,
    labels: str,
    split: str | None,
) -> DocBin:
    """Return the texts as documents with categories; see `TrainingSet.to_docbin`."""
    with naming_extra():
        from spacy.tokens import DocBin
    check_labels(labels)
    rows = learning_rows(train, split)
    codes, probabilities = train.codes[rows], train.probabilities[rows]
    scores = probabilities if labels == "soft" else np.eye(len(train.schema))[codes]
    documents = DocBin(store_user_data=True)
    for document, row in zip(documents_of(train, rows, text, nlp), scores.tolist(), strict=True):
        document.cats = dict(zip(train.schema.labels, row, strict=True))
        documents.add(document)
    return documents


def spacy_docbin_of_sets(
    train: SetTrainingSet, text: str, nlp: Language | str, labels: str, split: str | None
) -> DocBin:
    """Return the texts as documents with several categories; see `SetTrainingSet.to_docbin`."""
    with naming_extra():
        from spacy.tokens import DocBin
    check_labels(labels)
    rows = learning_rows(train, split)
    scores = (train.probabilities if labels == "soft" else train.indicators.astype(float))[rows]
    documents = DocBin(store_user_data=True)
    for document, row in zip(documents_of(train, rows, text, nlp), scores.tolist(), strict=True):
        document.cats = dict(zip(train.schema.labels, row, strict=True))
        documents.add(document)
    return documents


def spacy_docbin_of_spans(
    train: SpanTrainingSet, text: str, nlp: Language | str, split: str | None
) -> tuple[DocBin, pd.DataFrame]:
    """Return the texts as documents with entities, and the spans that are in none.

    Entities begin and end at edges of spaCy's tokens and do not overlap. `doc.spans` holds the
    overlapping ones, too.
    """
    with naming_extra():
        from spacy.tokens import DocBin, Span
    rows = learning_rows(train, split)
    part = train.take(rows)
    labels = part.added_column("label").tolist()
    documents = DocBin(store_user_data=True)
    samples = []
    for document, label in zip(documents_of(train, rows, text, nlp), labels, strict=True):
        tokens = [(token.idx, token.idx + len(token)) for token in document]
        sample = aligned(Text(document.text, tokens), label)
        all_spans = (document.char_span(*span) for span in label)
        document.spans[SPANS] = [span for span in all_spans if span is not None]
        document.ents = [Span(document, *place) for place in sample.spans]
        documents.add(document)
        samples.append(sample)
    return documents, dropped_frame(part, samples)


def documents_of(
    train: TrainingSet, rows: npt.NDArray[np.intp], text: str, nlp: Language | str
) -> Iterator[Doc]:
    """Yield the tokenized texts of some rows, with their ids and weights."""
    pipeline = _pipeline(nlp)
    samples = rows_at(train.samples, rows)
    weights = train.added_column("weight").to_numpy(dtype=np.float64)[rows]
    for sample_id, content, weight in zip(
        samples.index, texts(samples, text), weights.tolist(), strict=True
    ):
        document = _document(pipeline, content, sample_id)
        document.user_data[ID] = plain(sample_id)
        document.user_data[WEIGHT] = weight
        yield document


def _pipeline(nlp: Language | str) -> Language:
    import spacy
    from spacy.language import Language

    if isinstance(nlp, Language):
        return nlp
    try:
        return spacy.blank(nlp)
    except (ImportError, TypeError) as error:
        raise LabelingError(
            "`nlp` must be a spaCy pipeline, or the code of a language that spaCy knows, such as"
            f" 'en'. Got {nlp!r}: {single_line(error)}."
        ) from error


def _document(pipeline: Language, content: str, sample: Any) -> Doc:
    try:
        return pipeline.make_doc(content)
    except ValueError as error:  # too long for the pipeline, or half a character
        raise DataError(
            f"spaCy cannot tokenize the text of sample {sample!r} ({len(content):,} characters):"
            f" {single_line(error)}. Shorten or replace it, or give a pipeline with a larger"
            " `max_length`."
        ) from error


def write_docbin(documents: DocBin, path: Path) -> None:
    """Write documents as spaCy's `Corpus` and `spacy train` read them, whole or not at all."""
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(documents.to_bytes())
