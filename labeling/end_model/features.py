"""What the end model sees of a sample: its text, its columns, and its text's embedding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from labeling.end_model.embeddings import Embedding, embedded
from labeling.end_model.linear_model import Floats
from labeling.end_model.tabular import Columns, written
from labeling.end_model.tfidf import Vocabulary
from labeling.errors import LabelingError
from labeling.records import texts


@dataclass(frozen=True, slots=True)
class Reader:
    """Where a sample's features are found.

    Attributes:
        text: the column that holds the text, if one does.
        columns: further columns to learn from.
        embeddings: what gives the vectors of texts, if anything does.
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

    def fitted(self, samples: pd.DataFrame) -> tuple[Features, Any]:
        """Return how features are read, learned from all samples, and the samples' vectors."""
        parts: list[Any] = []
        vocabulary = columns = centre = None
        scale = 1.0
        if self.text is not None:
            vocabulary, vectors = Vocabulary.of(texts(samples, self.text))
            parts.append(vectors)
        if self.columns:
            columns = Columns.of(samples, self.columns)
            parts.append(columns.vectors(samples))
        found = self.embedded(samples)
        if found is not None:
            centre = found.mean(axis=0)
            # As long, on average, as the vector of a text's words.
            scale = float(np.sqrt(((found - centre) ** 2).sum(axis=1).mean())) or 1.0
            parts.append((found - centre) / scale)
        return Features(self, vocabulary, columns, centre, scale), _joined(parts)

    def embedded(self, samples: pd.DataFrame) -> Floats | None:
        """Return the embeddings of samples, shape (n_samples, n_dimensions), if there are any."""
        if self.text is None or self.embeddings is None:
            return None
        return embedded(self.embeddings, texts(samples, self.text))

    def written(self, samples: pd.DataFrame) -> list[str]:
        """Return what is read of each sample as one text, which tells it from others."""
        first = [""] * len(samples) if self.text is None else texts(samples, self.text)
        rest = written(samples, self.columns) or [""] * len(samples)
        return [f"{text}\x1e{more}" for text, more in zip(first, rest, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """How the features of a sample are read, as learned from all samples of the pool.

    Attributes:
        reader: where they are found.
        vocabulary: the terms of the texts.
        columns: how further columns are read.
        centre: the mean of the embeddings, shape (n_dimensions,).
        scale: their mean distance from it.
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
            parts.append(self._embedded(samples, self.centre))
        return _joined(parts)

    def _embedded(self, samples: pd.DataFrame, centre: Floats) -> Floats:
        found = self.reader.embedded(samples)
        if found is None or found.shape[1] != len(centre):
            raise LabelingError(
                f"`embeddings` must be those that the model was fitted with, of {len(centre)}"
                f" dimensions. Got {'none' if found is None else found.shape[1]}."
            )
        return (found - centre) / self.scale

    def describe(self) -> str:
        """Return in words what is read."""
        said = []
        if self.vocabulary is not None:
            counts = [f"{len(terms)} {kind}" for kind, terms in self.vocabulary.terms.items()]
            said.append(f"{len(self.vocabulary)} terms of the text ({', '.join(counts)})")
        if self.columns is not None:
            numbers, others = len(self.columns.means), len(self.columns.categories)
            said.append(f"{numbers} columns of numbers and {others} of categories")
        if self.centre is not None:
            said.append(f"embeddings of {len(self.centre)} dimensions")
        return ", ".join(said)


def _joined(parts: list[Any]) -> Any:
    from scipy.sparse import csr_matrix, hstack

    return hstack([csr_matrix(part) for part in parts], format="csr")
