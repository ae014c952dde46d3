"""Files of fitted models: npz with JSON inside, no pickle."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from labeling.errors import ModelFileError
from labeling.records import atomic_write

FORMAT = 1


def write_model(path: str | os.PathLike[str], name: str, attributes: Mapping[str, Any]) -> None:
    """Write the attributes of a model: arrays as such, all other values as JSON.

    Args:
        path: the file; an existing one is replaced once the new one is complete.
        name: of the model's class.
        attributes: by name.
    """
    arrays: dict[str, Any] = {
        key: value for key, value in attributes.items() if isinstance(value, np.ndarray)
    }
    values = {key: value for key, value in attributes.items() if key not in arrays}
    metadata = json.dumps({"format": FORMAT, "model": name, "values": values})
    with atomic_write(path) as unfinished, unfinished.open("wb") as file:
        np.savez(file, about=np.array(metadata), **arrays)


def read_model(path: str | os.PathLike[str], name: str) -> dict[str, Any]:
    """Return the attributes that `write_model` wrote; lists become tuples.

    Raises:
        ModelFileError: no such file, or a file of another model.
    """
    try:
        # NumPy leaves a file open that it opened itself and cannot read.
        with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        metadata = {"format": None, "model": None} | json.loads(str(arrays.pop("about")))
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise ModelFileError(f"{str(path)!r} is no saved label model: {error}") from error
    if metadata["format"] != FORMAT or metadata["model"] != name:
        raise ModelFileError(
            f"{str(path)!r} must hold a {name} of format {FORMAT}. It holds a"
            f" {metadata['model']} of format {metadata['format']}."
        )
    return {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in {**metadata["values"], **arrays}.items()
    }
