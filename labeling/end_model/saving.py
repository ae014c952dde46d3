"""Saving and loading of a fitted end model: npz with JSON inside, no pickle."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from labeling.end_model.class_balance import Calibration
from labeling.end_model.distillation import Student
from labeling.end_model.embeddings import Embedding, name_of
from labeling.end_model.features import Features, Reader
from labeling.end_model.gold_classifier import GoldClassifier, LatentTopics
from labeling.end_model.linear_model import Floats, LinearModel
from labeling.end_model.stacking import Stack
from labeling.end_model.tabular import Columns
from labeling.end_model.tfidf import Vocabulary
from labeling.end_model.training import FittedParts, TextExpert
from labeling.errors import LabelingError, ModelFileError
from labeling.records import atomic_write

FORMAT = 2
LINEAR = ("text", "by_theme", "by_feature", "student")


def write_model(
    path: str | os.PathLike[str],
    metadata: dict[str, Any],
    features: Features,
    parts: FittedParts,
    cross_fitted: dict[str, Floats],
) -> None:
    """Write a fitted model.

    Args:
        path: the file; an existing one is replaced once the new one is complete.
        metadata: what else to save, as JSON.
        features: the fitted features.
        parts: the fitted parts.
        cross_fitted: log-odds by sample, of text model and student: (2 n_labels,) each.
    """
    stack, text, gold, student = parts.stack, parts.text, parts.gold, parts.student
    models = (text.model, gold.by_topic, gold.by_feature, student.model)
    # The names in the file do not change: files of older versions must be readable.
    arrays = {"own": np.array(list(cross_fitted.values()))}
    for name, model in zip(LINEAR, models, strict=True):
        arrays |= {f"{name}_weights": model.weights, f"{name}_offsets": model.offsets}
    arrays |= {"a": stack.weights, "b": stack.offsets, "d": stack.corrections}
    arrays |= {
        "shift": text.calibration.shift,
        "offsets": text.offsets,
        "told": text.vote_log_odds,
    }
    arrays |= {"used": gold.topics.used, "directions": gold.topics.directions}
    if features.centre is not None:
        arrays["centre"] = features.centre
    if features.vocabulary is not None:
        arrays |= {f"idf_{kind}": idf for kind, idf in features.vocabulary.idf.items()}
    metadata = {**metadata, "format": FORMAT, "n_gold": stack.n_gold, "kept": parts.n_rounds}
    metadata |= {"own": list(cross_fitted), "features": _features_as_json(features)}
    metadata |= {"scale": text.calibration.scale, "trust": text.calibration.trust}
    metadata |= {"student": [student.weight, student.scale]}
    with atomic_write(path) as unfinished, unfinished.open("wb") as file:
        encoded = np.array(json.dumps(metadata))
        np.savez_compressed(file, allow_pickle=False, about=encoded, **arrays)


def _features_as_json(features: Features) -> dict[str, Any]:
    """Return the part of the features that JSON can hold."""
    reader, columns, vocabulary = features.reader, features.columns, features.vocabulary
    values: dict[str, Any] = {"text": reader.text, "columns": reader.columns}
    values["embeddings"] = name_of(reader.embeddings)
    values["scale"] = features.scale
    if vocabulary is not None:
        values["terms"] = vocabulary.terms
    if columns is not None:
        values |= {"means": columns.means, "scales": columns.scales}
        values |= {"gaps": columns.gaps, "categories": columns.categories}
    return values


def read_model(
    path: str | os.PathLike[str], embeddings: Embedding | str | None
) -> tuple[dict[str, Any], Features, FittedParts, dict[str, Floats]]:
    """Return the arguments of `write_model`; a ModelFileError if the file cannot be read."""
    try:
        # NumPy leaves a file open that it opened itself and cannot read.
        with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        metadata = json.loads(str(arrays["about"]))
        if metadata["format"] != FORMAT:
            raise ValueError(f"its format is {metadata['format']}, and must be {FORMAT}")
        parts = _parts(metadata, arrays)
        cross_fitted = dict(zip(metadata["own"], arrays["own"], strict=True))
        features = _features(metadata["features"], arrays, embeddings)
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        if isinstance(error, LabelingError):
            raise
        raise ModelFileError(f"{str(path)!r} is no saved end model: {error}") from error
    return metadata, features, parts, cross_fitted


def _parts(metadata: dict[str, Any], arrays: dict[str, Any]) -> FittedParts:
    text, by_topic, by_feature, student = (
        LinearModel(arrays[f"{name}_weights"], arrays[f"{name}_offsets"]) for name in LINEAR
    )
    calibration = Calibration(metadata["scale"], arrays["shift"], metadata["trust"])
    text_log_odds, student_log_odds = np.split(arrays["own"], 2, axis=1)
    return FittedParts(
        text=TextExpert(text, calibration, arrays["offsets"], arrays["told"]),
        text_log_odds=text_log_odds,
        gold=GoldClassifier(
            LatentTopics(arrays["used"], arrays["directions"]), by_topic, by_feature
        ),
        stack=Stack(arrays["a"], arrays["b"], arrays["d"], metadata["n_gold"]),
        n_rounds=metadata["kept"],
        student=Student(student, *metadata["student"]),
        student_log_odds=student_log_odds,
    )


def _features(
    values: dict[str, Any], arrays: dict[str, Any], embeddings: Embedding | str | None
) -> Features:
    embeddings = values["embeddings"] if embeddings is None else embeddings
    if "centre" in arrays and embeddings is None:
        raise LabelingError(
            "This model was fitted with a function for embeddings, which a file cannot hold. Give"
            " it again: EndModel.load(path, embeddings=...)."
        )
    if "centre" not in arrays and embeddings is not None:
        raise LabelingError("This model was fitted without embeddings: load it without.")
    vocabulary = columns = None
    if "terms" in values:
        terms = {kind: tuple(listed) for kind, listed in values["terms"].items()}
        vocabulary = Vocabulary(terms, {kind: arrays[f"idf_{kind}"] for kind in terms})
    if "means" in values:
        categories = {name: tuple(listed) for name, listed in values["categories"].items()}
        columns = Columns(values["means"], values["scales"], tuple(values["gaps"]), categories)
    reader = Reader(values["text"], tuple(values["columns"]), embeddings)
    return Features(reader, vocabulary, columns, arrays.get("centre"), values["scale"])
