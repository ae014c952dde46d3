"""Saving and loading of an end model of sets of labels: npz with JSON inside, no pickle."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from labeling.end_model.embeddings import Embedding
from labeling.end_model.features import Features
from labeling.end_model.saving import (
    features_as_arrays,
    features_as_json,
    features_from,
    folds_as_arrays,
    folds_of_arrays,
)
from labeling.end_model.set_parts import SetParts
from labeling.errors import LabelingError, ModelFileError
from labeling.records import atomic_write

FORMAT = "sets 1"
ARRAYS = ("scale", "offset", "shares", "thresholds")


class SetFile(NamedTuple):
    """What a file of an end model of sets holds: the arguments of `write_sets`."""

    metadata: dict[str, Any]
    features: Features
    parts: SetParts


def write_sets(
    path: str | os.PathLike[str], metadata: dict[str, Any], features: Features, parts: SetParts
) -> None:
    """Write a fitted model.

    Args:
        path: the file; an existing one is replaced once the new one is complete.
        metadata: what else to save, as JSON.
        features: the fitted features.
        parts: the fitted parts.
    """
    arrays = {f"label_{name}": getattr(parts, name) for name in ARRAYS}
    for number, model in enumerate(parts.models):
        arrays |= folds_as_arrays(f"label_{number}", model)
    arrays |= features_as_arrays(features)
    values = {
        **metadata,
        "format": FORMAT,
        "features": features_as_json(features),
        "n_models": len(parts.models),
        "doubt": parts.doubt,
    }
    with atomic_write(path) as unfinished, unfinished.open("wb") as file:
        encoded = np.array(json.dumps(values))
        np.savez_compressed(file, allow_pickle=False, about=encoded, **arrays)


def read_sets(path: str | os.PathLike[str], embeddings: Embedding | str | None) -> SetFile | None:
    """Return what `write_sets` wrote; `None` for other files.

    Raises:
        ModelFileError: it is a file of sets that cannot be read.
    """
    try:
        # NumPy leaves a file open that it opened itself and cannot read.
        with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            metadata = json.loads(str(file["about"]))
            if metadata["format"] != FORMAT:
                return None
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile):
        return None  # what reads other files says what is wrong
    try:
        models = [
            folds_of_arrays(f"label_{number}", arrays) for number in range(metadata["n_models"])
        ]
        scale, offset, shares, thresholds = (arrays[f"label_{name}"] for name in ARRAYS)
        parts = SetParts(tuple(models), scale, offset, shares, thresholds, metadata["doubt"])
        features = features_from(metadata["features"], arrays, embeddings)
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, LabelingError):
            raise
        raise ModelFileError(f"{str(path)!r} is no saved end model: {error}") from error
    return SetFile(metadata, features, parts)
