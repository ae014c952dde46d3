"""Training sets for spaCy: a `DocBin` of tokenized texts with categories."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labeling.datasets.formats.learning_rows import check_labels, learning_rows, rows_at
from labeling.datasets.values import plain, single_line
from labeling.errors import DataError, LabelingError, missing_extra
from labeling.records import atomic_write, texts

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, DocBin

    from labeling.datasets.training_set import TrainingSet

ID, WEIGHT = "labeling_id", "labeling_weight"
"""Keys of a document's `user_data`; spaCy itself uses keys that are tuples."""


def spacy_docbin(
    train: TrainingSet,
    text: str,
    nlp: Language | str,
    labels: str,
    split: str | None,
) -> DocBin:
    """Return the texts as documents with categories; see `TrainingSet.to_docbin`."""
    try:
        from spacy.tokens import DocBin
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    check_labels(labels)
    pipeline = _pipeline(nlp)
    rows = learning_rows(train, split)
    samples = rows_at(train.samples, rows)
    codes, probabilities = train.codes[rows], train.probabilities[rows]
    scores = probabilities if labels == "soft" else np.eye(len(train.schema))[codes]
    weights = train.added_column("weight").to_numpy(dtype=np.float64)[rows]
    documents = DocBin(store_user_data=True)
    for sample_id, content, row, weight in zip(
        samples.index, texts(samples, text), scores.tolist(), weights.tolist(), strict=True
    ):
        document = _document(pipeline, content, sample_id)
        document.cats = dict(zip(train.schema.labels, row, strict=True))
        document.user_data[ID] = plain(sample_id)
        document.user_data[WEIGHT] = weight
        documents.add(document)
    return documents


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
