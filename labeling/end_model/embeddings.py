"""Embeddings of texts by a function, or by a pretrained model that is named."""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from labeling.end_model.linear_model import Floats
from labeling.errors import LabelingError, LoadError, missing_extra

Embedding = Callable[[list[str]], Any]

MOST_KEPT = 2  # sets of texts whose vectors are kept: the pool, and the samples measured on
MODULES, CONFIG = "modules.json", "config.json"  # one of them tells static models from others
OFFLINE = (
    " It must be a folder on this machine, or a model of the Hugging Face hub (owner/name) that was"
    " downloaded before or can be downloaded now. Without a network, download it elsewhere and name"
    " its folder."
)


class NamedEmbedding:
    """The embedding of texts by a pretrained model, loaded when it is first called.

    What the model is decides which library loads it: a static model (a vector for each token, and
    their mean for a text) is loaded by model2vec, any other by sentence-transformers. A text has
    the same vector wherever it stands among others: each set of texts is embedded in sorted order,
    and equal texts once. Vectors of the last two sets are kept, so that fitting a model several
    times on a pool embeds it once.

    Args:
        name: a folder, or the name of a model on the Hugging Face hub.
        folder: where the folder is, if `name` is not relative to the working directory.

    >>> NamedEmbedding("minishlab/potion-base-8M")
    NamedEmbedding('minishlab/potion-base-8M')
    """

    def __init__(self, name: str, folder: Path | None = None) -> None:
        self.name = name
        self._path = name if folder is None else str(folder)
        self._kept: dict[tuple[str, ...], Any] = {}

    def __repr__(self) -> str:
        return f"NamedEmbedding({self.name!r})"

    def __call__(self, texts: list[str]) -> Any:
        """Return the vectors of texts, shape (n_texts, n_dimensions)."""
        distinct = tuple(sorted(set(texts)))
        vectors = self._kept.pop(distinct, None)
        if vectors is None:
            vectors = np.asarray(self._model(list(distinct)))
        self._kept[distinct] = vectors
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        row_of = {text: row for row, text in enumerate(distinct)}
        return vectors[[row_of[text] for text in texts]]

    @functools.cached_property
    def _model(self) -> Embedding:
        return _load_model(self._path)


def embed(embeddings: Embedding | str, texts: list[str]) -> Floats:
    """Return the vectors of texts, shape (n_texts, n_dimensions).

    Args:
        embeddings: a function of a list of texts, or the name or folder of a pretrained model, see
            `NamedEmbedding`.
        texts: the texts.

    Raises:
        MissingExtraError: the library that loads the model is not installed (extra
            `static-embeddings` for a static model, `embeddings` for any other).
        LoadError: the model is not there, cannot be reached, or cannot be read.
        LabelingError: the function returned no finite matrix with a row for each text.
    """
    function = NamedEmbedding(embeddings) if isinstance(embeddings, str) else embeddings
    returned = function(list(texts))
    try:
        vectors = np.asarray(returned, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise LabelingError(
            "`embeddings` must return an array of numbers, of shape (n_texts, n_dimensions). It"
            f" returned a {type(returned).__name__} that is none: {error}."
        ) from error
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


def name_of(embeddings: Embedding | str | None) -> str | None:
    """Return the name under which a file can hold embeddings; `None` for a function."""
    if isinstance(embeddings, NamedEmbedding):
        return embeddings.name
    return embeddings if isinstance(embeddings, str) else None


def _load_model(name: str) -> Embedding:
    """Return the embedding of a model that is a folder, or a name on the Hugging Face hub."""
    try:
        path = Path(name).expanduser()
        if path.is_dir():
            return _loaded(str(path), is_static=_is_static(path.joinpath))
        if path.is_absolute() or name.startswith("."):
            raise FileNotFoundError("there is no such folder")
        return _loaded(name, is_static="/" in name and _is_static(_from_hub(name)))
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    except Exception as error:  # a broken model breaks its reader in many ways
        reason = " ".join(str(error).split()).rstrip(".")
        raise LoadError(
            f"The embedding model {name!r} cannot be loaded: {reason}.{OFFLINE}"
        ) from error


def _loaded(name: str, *, is_static: bool) -> Embedding:
    if is_static:
        library: Any = importlib.import_module("model2vec")
        # In this thread: the library would else set an environment variable for the whole process.
        model = library.StaticModel.from_pretrained(name, force_download=False)
        return lambda texts: model.encode(texts, use_multiprocessing=False)
    library = importlib.import_module("sentence_transformers")
    model = library.SentenceTransformer(name)
    return lambda texts: model.encode(texts, show_progress_bar=False)


def _is_static(find: Callable[[str], Path | None]) -> bool:
    """Return whether a model is static, by those of its files that say so.

    Args:
        find: returns the path of a file of the model, by its name.
    """
    modules, config = _json(find(MODULES)), _json(find(CONFIG))
    first = modules[0] if isinstance(modules, list) and modules else {}
    is_first = isinstance(first, dict) and str(first.get("type")).endswith("StaticEmbedding")
    return is_first or (isinstance(config, dict) and config.get("model_type") == "model2vec")


def _json(path: Path | None) -> Any:
    is_there = path is not None and path.is_file()
    return json.loads(path.read_text("utf-8")) if path is not None and is_there else None


def _from_hub(name: str) -> Callable[[str], Path | None]:
    """Return what finds a file of a model on the hub: downloaded before, or now."""
    hub: Any = importlib.import_module("huggingface_hub")
    errors: Any = importlib.import_module("huggingface_hub.errors")  # no attribute until imported

    def cached(file: str) -> Path | None:
        path = hub.try_to_load_from_cache(name, file)
        return Path(path) if isinstance(path, str) else None

    def find(file: str) -> Path | None:
        path = cached(file)
        if path is not None:
            return path
        try:
            return Path(hub.hf_hub_download(name, file))
        except errors.EntryNotFoundError as error:
            is_unreachable = isinstance(error, errors.LocalEntryNotFoundError)
            if is_unreachable and not any(map(cached, (MODULES, CONFIG))):
                raise
            return None  # also where a model was downloaded before, without such a file

    return find
