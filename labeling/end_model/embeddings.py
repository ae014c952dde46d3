"""Texts as vectors of a language model that others have trained."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from labeling.end_model.linear_model import Floats
from labeling.errors import LabelingError, missing_extra

Embedding = Callable[[list[str]], Any]


def embedded(embeddings: Embedding | str, texts: list[str]) -> Floats:
    """Return the vectors of texts, shape (n_texts, n_dimensions).

    Args:
        embeddings: a function of a list of texts, or the name or path of a model that
            sentence-transformers knows.
        texts: the texts.

    Raises:
        MissingExtraError: sentence-transformers is not installed (extra `embeddings`).
        LabelingError: the function returned no finite matrix with a row for each text.
    """
    function = _named(embeddings) if isinstance(embeddings, str) else embeddings
    found = np.asarray(function(list(texts)), dtype=np.float64)
    if found.ndim != 2 or len(found) != len(texts) or not found.shape[1]:
        raise LabelingError(
            f"`embeddings` must return an array of shape (n_texts, n_dimensions). For {len(texts)}"
            f" texts it returned one of shape {found.shape}."
        )
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])
        raise LabelingError(
            f"`embeddings` must return finite numbers. It did not for the text {texts[row][:60]!r}."
        )
    return found


def _named(name: str) -> Embedding:
    try:
        module: Any = importlib.import_module("sentence_transformers")
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    model = module.SentenceTransformer(name)
    return lambda texts: model.encode(texts, show_progress_bar=False)
