"""Saving and loading of set models: npz with JSON inside, no pickle."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from labeling.errors import ModelFileError
from labeling.label_models.default.label_model import LabelModel
from labeling.records import atomic_write

FORMAT = 1
NAME = "SetModel"


def write_set_model(
    path: str | os.PathLike[str],
    values: Mapping[str, Any],
    arrays: Mapping[str, Any],
    models: Mapping[str, LabelModel],
) -> None:
    """Write a set model.

    Args:
        path: the file; an existing one is replaced once the new one is complete.
        values: what JSON can hold.
        arrays: by name.
        models: the label models by label.
    """
    stored = dict(arrays)
    nested = []
    for number, (label, model) in enumerate(models.items()):
        fitted = vars(model)
        of_model = {name: value for name, value in fitted.items() if isinstance(value, np.ndarray)}
        stored |= {f"{number}/{name}": value for name, value in of_model.items()}
        others = {name: value for name, value in fitted.items() if name not in of_model}
        nested.append({"label": label, "values": others})
    metadata = {"format": FORMAT, "model": NAME, "values": dict(values), "models": nested}
    with atomic_write(path) as unfinished, unfinished.open("wb") as file:
        np.savez(file, allow_pickle=False, about=np.array(json.dumps(metadata)), **stored)


def read_set_model(
    path: str | os.PathLike[str], names: Sequence[str], array_names: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, LabelModel]]:
    """Return values, arrays and label models that `write_set_model` wrote.

    Args:
        path: the file.
        names: of the values that it must hold.
        array_names: of the arrays.

    Raises:
        ModelFileError: no such file, or a file of another model.
    """
    try:
        # NumPy leaves a file open that it opened itself and cannot read.
        with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        metadata = json.loads(str(arrays.pop("about")))
        if metadata.get("model") != NAME or metadata.get("format") != FORMAT:
            raise ValueError(
                f"it holds a {metadata.get('model')} of format {metadata.get('format')}, not a"
                f" {NAME} of format {FORMAT}"
            )
        values = {name: metadata["values"][name] for name in names}
        own = {name: arrays[name] for name in array_names}
        models = {
            nested["label"]: _label_model(nested["values"], arrays, f"{number}/")
            for number, nested in enumerate(metadata["models"])
        }
    except (
        OSError,
        ValueError,
        KeyError,
        EOFError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
    ) as error:
        raise ModelFileError(f"{str(path)!r} is no saved set model: {error}") from error
    return values, own, models


def _label_model(values: Mapping[str, Any], arrays: Mapping[str, Any], prefix: str) -> LabelModel:
    model = LabelModel.__new__(LabelModel)
    of_model = {name: value for name, value in arrays.items() if name.startswith(prefix)}
    for name, value in values.items():
        setattr(model, name, tuple(value) if isinstance(value, list) else value)
    for name, value in of_model.items():
        setattr(model, name.removeprefix(prefix), value)
    return model
