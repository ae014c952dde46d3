"""Embeddings of texts by a function or a pretrained language model."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from labeling.end_model.linear_model import Floats
from labeling.errors import LabelingError, missing_extra

Embedding = Callable[[list[str]], Any]


def embed(embeddings: Embedding | str, texts: list[str]) -> Floats:
    """Return the vectors of texts, shape (n_texts, n_dimensions).

    Args:
        embeddings: a function of a list of texts, or the name or path of a model of
            sentence-transformers.
        texts: the texts.

    Raises:
        MissingExtraError: sentence-transformers is not installed (extra `embeddings`).
        LabelingError: the function returned no finite matrix with a row for each text.
    """
    function = _load_model(embeddings) if isinstance(embeddings, str) else embeddings
    vectors = np.asarray(function(list(texts)), dtype=np.float64)
    if vectors.ndim != 2 or len(vectors) != len(texts) or not vectors.shape[1]:
        raise LabelingError(
            f"`embeddings` must return an array of shape (n_texts, n_dimensions). For {len(texts)}"
            f" texts it returned one of shape {vectors.shape}."
        )
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise LabelingError(
            f"`embeddings` must return finite numbers. It did not for the text {texts[row][:60]!r}."
        )
    return vectors


def _load_model(name: str) -> Embedding:
    try:
        module: Any = importlib.import_module("sentence_transformers")
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    model = module.SentenceTransformer(name)
    return lambda texts: model.encode(texts, show_progress_bar=False)
