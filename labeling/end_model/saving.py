"""A fitted end model as a file: npz with JSON inside, no pickle."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from labeling.end_model.class_balance import Calibration
from labeling.end_model.distillation import Student
from labeling.end_model.embeddings import Embedding
from labeling.end_model.features import Features, Reader
from labeling.end_model.gold_classifier import GoldExpert, Themes
from labeling.end_model.linear_model import Floats, LinearModel
from labeling.end_model.stacking import Stack
from labeling.end_model.tabular import Columns
from labeling.end_model.tfidf import Vocabulary
from labeling.end_model.training import Learned, TextExpert
from labeling.errors import LabelingError, ModelFileError
from labeling.records import atomic_write

FORMAT = 2
LINEAR = ("text", "by_theme", "by_feature", "student")


def write_model(
    path: str | os.PathLike[str],
    about: dict[str, Any],
    features: Features,
    learned: Learned,
    own: dict[str, Floats],
) -> None:
    """Write what was learned.

    Args:
        path: where to; a file that is there is replaced once the new one is whole.
        about: what else is to be kept, as JSON.
        features: how samples are read.
        learned: what was learned.
        own: cross-fitted log-odds by sample, of text model and student: (2 n_labels,) each.
    """
    stack, text, gold, student = learned.stack, learned.text, learned.gold, learned.student
    models = (text.model, gold.by_theme, gold.by_feature, student.model)
    arrays = {"own": np.array(list(own.values()))}
    for name, model in zip(LINEAR, models, strict=True):
        arrays |= {f"{name}_weights": model.weights, f"{name}_offsets": model.offsets}
    arrays |= {"a": stack.weights, "b": stack.offsets, "d": stack.corrections}
    arrays |= {"shift": text.calibration.shift, "offsets": text.offsets, "told": text.told}
    arrays |= {"used": gold.themes.used, "directions": gold.themes.directions}
    if features.centre is not None:
        arrays["centre"] = features.centre
    if features.vocabulary is not None:
        arrays |= {f"idf_{kind}": idf for kind, idf in features.vocabulary.idf.items()}
    about = {**about, "format": FORMAT, "n_gold": stack.n_gold, "kept": learned.rounds}
    about |= {"own": list(own), "features": _said(features)}
    about |= {"scale": text.calibration.scale, "trust": text.calibration.trust}
    about |= {"student": [student.weight, student.scale]}
    with atomic_write(path) as unfinished, unfinished.open("wb") as file:
        meta = np.array(json.dumps(about))
        np.savez_compressed(file, allow_pickle=False, about=meta, **arrays)


def _said(features: Features) -> dict[str, Any]:
    """Return what JSON can hold of features."""
    reader, columns, vocabulary = features.reader, features.columns, features.vocabulary
    named = reader.embeddings if isinstance(reader.embeddings, str) else None
    said: dict[str, Any] = {"text": reader.text, "columns": reader.columns, "embeddings": named}
    said["scale"] = features.scale
    if vocabulary is not None:
        said["terms"] = vocabulary.terms
    if columns is not None:
        said |= {"means": columns.means, "scales": columns.scales}
        said |= {"gaps": columns.gaps, "categories": columns.categories}
    return said


def read_model(
    path: str | os.PathLike[str], embeddings: Embedding | str | None
) -> tuple[dict[str, Any], Features, Learned, dict[str, Floats]]:
    """Return what `write_model` was given, in its order; a ModelFileError where that is not so."""
    try:
        # NumPy leaves a file open that it opened itself and cannot read.
        with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(str(arrays["about"]))
        if about["format"] != FORMAT:
            raise ValueError(f"its format is {about['format']}, and must be {FORMAT}")
        learned = _learned(about, arrays)
        own = dict(zip(about["own"], arrays["own"], strict=True))
        features = _features(about["features"], arrays, embeddings)
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        if isinstance(error, LabelingError):
            raise
        raise ModelFileError(f"{str(path)!r} is no saved end model: {error}") from error
    return about, features, learned, own


def _learned(about: dict[str, Any], arrays: dict[str, Any]) -> Learned:
    text, by_theme, by_feature, student = (
        LinearModel(arrays[f"{name}_weights"], arrays[f"{name}_offsets"]) for name in LINEAR
    )
    themes = Themes(arrays["used"], arrays["directions"])
    calibration = Calibration(about["scale"], arrays["shift"], about["trust"])
    own, students_own = np.split(arrays["own"], 2, axis=1)
    return Learned(
        TextExpert(text, calibration, arrays["offsets"], arrays["told"]),
        own,
        GoldExpert(themes, by_theme, by_feature),
        Stack(arrays["a"], arrays["b"], arrays["d"], about["n_gold"]),
        about["kept"],
        Student(student, *about["student"]),
        students_own,
    )


def _features(
    said: dict[str, Any], arrays: dict[str, Any], embeddings: Embedding | str | None
) -> Features:
    embeddings = said["embeddings"] if embeddings is None else embeddings
    if "centre" in arrays and embeddings is None:
        raise LabelingError(
            "This model was fitted with a function for embeddings, which a file cannot hold. Give"
            " it again: EndModel.load(path, embeddings=...)."
        )
    if "centre" not in arrays and embeddings is not None:
        raise LabelingError("This model was fitted without embeddings: load it without.")
    vocabulary = columns = None
    if "terms" in said:
        terms = {kind: tuple(listed) for kind, listed in said["terms"].items()}
        vocabulary = Vocabulary(terms, {kind: arrays[f"idf_{kind}"] for kind in terms})
    if "means" in said:
        categories = {name: tuple(known) for name, known in said["categories"].items()}
        columns = Columns(said["means"], said["scales"], tuple(said["gaps"]), categories)
    reader = Reader(said["text"], tuple(said["columns"]), embeddings)
    return Features(reader, vocabulary, columns, arrays.get("centre"), said["scale"])
