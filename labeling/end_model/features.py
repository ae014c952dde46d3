"""Features of the end model: TF-IDF of the text, further columns, and embeddings of the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from labeling.end_model.embeddings import Embedding, embed
from labeling.end_model.linear_model import Floats
from labeling.end_model.tabular import Columns, rows_as_text
from labeling.end_model.tfidf import Vocabulary
from labeling.errors import LabelingError
from labeling.records import texts


@dataclass(frozen=True, slots=True)
class Reader:
    """The columns that features are read from.

    Attributes:
        text: the column of the text, if there is one.
        columns: further columns to learn from.
        embeddings: the embedding of texts, if one is used.
    """

    text: str | None
    columns: tuple[str, ...]
    embeddings: Embedding | str | None

    def __post_init__(self) -> None:
        if self.text is None and not self.columns:
            raise LabelingError(
                "There must be a text or columns to learn from. Got text=None and no columns."
            )
        if self.text is None and self.embeddings is not None:
            raise LabelingError("Embeddings are of texts: say in which column they are. Got None.")
        if self.embeddings is not None and not (
            callable(self.embeddings) or isinstance(self.embeddings, str)
        ):
            raise LabelingError(
                "`embeddings` must be a function of a list of texts, or a model's name. Got a"
                f" {type(self.embeddings).__name__}."
            )

    def fitted(self, samples: pd.DataFrame, n_labels: int) -> tuple[Features, Any]:
        """Return the features fitted on all samples, and the vectors of the samples."""
        parts: list[Any] = []
        vocabulary = columns = centre = None
        scale = 1.0
        if self.text is not None:
            vocabulary, vectors = Vocabulary.of(texts(samples, self.text), n_labels)
            parts.append(vectors)
        if self.columns:
            columns = Columns.of(samples, self.columns)
            parts.append(columns.vectors(samples))
        embeddings = self.embed(samples)
        if embeddings is not None:
            centre = embeddings.mean(axis=0)
            # The same mean length as TF-IDF vectors.
            scale = float(np.sqrt(((embeddings - centre) ** 2).sum(axis=1).mean())) or 1.0
            parts.append((embeddings - centre) / scale)
        return Features(self, vocabulary, columns, centre, scale), _hstack(parts)

    def embed(self, samples: pd.DataFrame) -> Floats | None:
        """Return the embeddings of samples, shape (n_samples, n_dimensions), if they are used."""
        if self.text is None or self.embeddings is None:
            return None
        return embed(self.embeddings, texts(samples, self.text))

    def contents(self, samples: pd.DataFrame) -> list[str]:
        """Return all that is read of each sample as one text, to identify its content."""
        first = [""] * len(samples) if self.text is None else texts(samples, self.text)
        columns = rows_as_text(samples, self.columns) or [""] * len(samples)
        return [f"{text}\x1e{values}" for text, values in zip(first, columns, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Features fitted on all samples of the pool.

    Attributes:
        reader: the columns they are read from.
        vocabulary: the terms of the texts.
        columns: the encoding of further columns.
        centre: the mean of the embeddings, shape (n_dimensions,).
        scale: their root mean square distance from it.
    """

    reader: Reader
    vocabulary: Vocabulary | None
    columns: Columns | None
    centre: Floats | None
    scale: float

    def vectors(self, samples: pd.DataFrame) -> Any:
        """Return the features of samples as a sparse matrix, shape (n_samples, n_features)."""
        parts: list[Any] = []
        if self.vocabulary is not None and self.reader.text is not None:
            parts.append(self.vocabulary.vectors(texts(samples, self.reader.text)))
        if self.columns is not None:
            parts.append(self.columns.vectors(samples))
        if self.centre is not None:
            parts.append(self._scaled_embeddings(samples, self.centre))
        return _hstack(parts)

    def _scaled_embeddings(self, samples: pd.DataFrame, centre: Floats) -> Floats:
        embeddings = self.reader.embed(samples)
        if embeddings is None or embeddings.shape[1] != len(centre):
            raise LabelingError(
                f"`embeddings` must be those that the model was fitted with, of {len(centre)}"
                f" dimensions. Got {'none' if embeddings is None else embeddings.shape[1]}."
            )
        return (embeddings - centre) / self.scale

    def describe(self) -> str:
        """Return a description of the features."""
        parts = []
        if self.vocabulary is not None:
            counts = [f"{len(terms)} {kind}" for kind, terms in self.vocabulary.terms.items()]
            parts.append(f"{len(self.vocabulary)} terms of the text ({', '.join(counts)})")
        if self.columns is not None:
            n_numbers, n_categories = len(self.columns.means), len(self.columns.categories)
            parts.append(f"{n_numbers} columns of numbers and {n_categories} of categories")
        if self.centre is not None:
            parts.append(f"embeddings of {len(self.centre)} dimensions")
        return ", ".join(parts)


def _hstack(parts: list[Any]) -> Any:
    from scipy.sparse import csr_matrix, hstack, issparse

    if len(parts) == 1 and issparse(parts[0]):
        return parts[0].tocsr()
    return hstack([csr_matrix(part) for part in parts], format="csr")
