"""Saving and loading of a fitted end model: npz with JSON inside, no pickle."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from labeling.end_model.class_balance import Calibration
from labeling.end_model.cross_fitting import CrossFitted
from labeling.end_model.distillation import Student
from labeling.end_model.embeddings import Embedding, name_of
from labeling.end_model.features import Features, Reader
from labeling.end_model.gold_classifier import GoldClassifier
from labeling.end_model.latent_topics import LatentTopics
from labeling.end_model.linear_model import Floats, LinearModel
from labeling.end_model.piece_counts import PieceTerms
from labeling.end_model.stacking import CrossFittedStack, Stack, trust_before
from labeling.end_model.tabular import Columns
from labeling.end_model.text_expert import TextExpert
from labeling.end_model.tfidf import Vocabulary
from labeling.end_model.training import FittedParts
from labeling.end_model.word_counts import WordTerms
from labeling.errors import LabelingError, ModelFileError
from labeling.records import atomic_write

FORMAT = 4
# Files of this format hold one stack of all gold labels, and one weight of the student. Models
# without gold labels are still written in it.
ONE_STACK = 3
# Files of this format hold one model of all samples instead of one per fold, and cross-fitted
# log-odds of each training sample.
BY_SAMPLE = 2
PIECES_BEFORE = (2, 5)  # characters of n-grams in files that do not say it
LINEAR = ("text", "by_theme", "by_feature", "student")


def write_model(
    path: str | os.PathLike[str],
    metadata: dict[str, Any],
    features: Features,
    parts: FittedParts,
    earlier: dict[str, Floats],
) -> None:
    """Write a fitted model.

    Args:
        path: the file; an existing one is replaced once the new one is complete.
        metadata: what else to save, as JSON.
        features: the fitted features.
        parts: the fitted parts.
        earlier: what a model read from a file of an earlier format holds of each training sample:
            log-odds of text model and student, (2 n_labels,). It is written as it was read.
    """
    stack, text, gold, student = parts.stack, parts.text, parts.gold, parts.student
    models = (text.model, gold.by_topic, gold.by_feature, student.model)
    # The names in the file do not change: files of older versions must be readable.
    arrays = {"own": np.array(list(earlier.values()))} if earlier else {}
    for name, model in zip(LINEAR, models, strict=True):
        arrays |= folds_as_arrays(name, model)
    arrays |= _stacks_as_arrays(stack)
    arrays |= {
        "shift": text.calibration.shift,
        "offsets": text.offsets,
        "told": text.vote_log_odds,
    }
    arrays |= {"used": parts.topics.used, "directions": parts.topics.directions}
    if not earlier:
        arrays["gold_used"] = gold.used
    arrays |= features_as_arrays(features)
    version = BY_SAMPLE if earlier else ONE_STACK if len(stack.stacks) == 1 else FORMAT
    n_gold: int | list[int] = stack.n_gold
    weights: list[Any] = [student.weights[0], student.scales[0]]
    if version == FORMAT:
        n_gold = [of_fold.n_gold for of_fold in stack.stacks]
        weights = [student.weights.tolist(), student.scales.tolist()]
    metadata = {**metadata, "format": version, "n_gold": n_gold, "kept": parts.n_rounds}
    metadata |= {"own": list(earlier)} if earlier else {}
    metadata |= {"features": features_as_json(features)}
    metadata |= {"scale": text.calibration.scale, "trust": text.calibration.trust}
    metadata |= {"student": weights}
    metadata |= {} if earlier else {"sharpness": text.sharpness}
    with atomic_write(path) as unfinished, unfinished.open("wb") as file:
        encoded = np.array(json.dumps(metadata))
        np.savez_compressed(file, allow_pickle=False, about=encoded, **arrays)


def features_as_arrays(features: Features) -> dict[str, Floats]:
    """Return the part of the features that is arrays."""
    arrays: dict[str, Floats] = {}
    if features.centre is not None:
        arrays["centre"] = features.centre
    if features.vocabulary is not None:
        arrays |= {f"idf_{kind}": idf for kind, idf in features.vocabulary.idf.items()}
    return arrays


def folds_as_arrays(name: str, model: CrossFitted) -> dict[str, Floats]:
    """Return weights and offsets; those of several folds have one dimension more."""
    weights = [of_fold.weights for of_fold in model.models]
    offsets = [of_fold.offsets for of_fold in model.models]
    if len(weights) == 1:
        return {f"{name}_weights": weights[0], f"{name}_offsets": offsets[0]}
    return {f"{name}_weights": np.stack(weights), f"{name}_offsets": np.stack(offsets)}


def _stacks_as_arrays(stack: CrossFittedStack) -> dict[str, Floats]:
    """Return the parameters of all stacks; those of several have one dimension more."""
    weights = [of_fold.weights for of_fold in stack.stacks]
    offsets = [of_fold.offsets for of_fold in stack.stacks]
    corrections = [of_fold.corrections for of_fold in stack.stacks]
    if len(weights) == 1:
        return {"a": weights[0], "b": offsets[0], "d": corrections[0]}
    return {
        "a": np.stack(weights),
        "b": np.stack(offsets),
        "d": np.stack(corrections),
        "stack_trust": np.array([of_fold.trust for of_fold in stack.stacks]),
    }


def _stacks_of_arrays(metadata: dict[str, Any], arrays: dict[str, Any]) -> CrossFittedStack:
    a, b, d = (arrays[name] for name in "abd")
    n_gold = metadata["n_gold"]
    if metadata["format"] != FORMAT:
        return CrossFittedStack((Stack(a, b, d, n_gold, trust_before(n_gold)),))
    stacks = zip(a, b, d, n_gold, arrays["stack_trust"].tolist(), strict=True)
    return CrossFittedStack(tuple(Stack(*one) for one in stacks))


def folds_of_arrays(name: str, arrays: dict[str, Any]) -> CrossFitted:
    """Return the model that `folds_as_arrays` took apart."""
    weights, offsets = arrays[f"{name}_weights"], arrays[f"{name}_offsets"]
    if weights.ndim == 2:
        return CrossFitted((LinearModel(weights, offsets),))
    return CrossFitted(tuple(map(LinearModel, weights, offsets)))


def features_as_json(features: Features) -> dict[str, Any]:
    """Return the part of the features that JSON can hold."""
    reader, columns, vocabulary = features.reader, features.columns, features.vocabulary
    values: dict[str, Any] = {"text": reader.text, "columns": reader.columns}
    values["embeddings"] = name_of(reader.embeddings)
    values["scale"] = features.scale
    if vocabulary is not None:
        values["terms"] = vocabulary.terms
        if vocabulary.pieces.sizes != PIECES_BEFORE:
            values["pieces"] = vocabulary.pieces.sizes
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
        if metadata["format"] not in (BY_SAMPLE, ONE_STACK, FORMAT):
            raise ValueError(
                f"its format is {metadata['format']}, and must be {BY_SAMPLE} to {FORMAT}"
            )
        parts = _parts(metadata, arrays)
        earlier = {}
        if metadata["format"] == BY_SAMPLE:
            earlier = dict(zip(metadata["own"], arrays["own"], strict=True))
        features = features_from(metadata["features"], arrays, embeddings)
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        if isinstance(error, LabelingError):
            raise
        raise ModelFileError(f"{str(path)!r} is no saved end model: {error}") from error
    return metadata, features, parts, earlier


def _parts(metadata: dict[str, Any], arrays: dict[str, Any]) -> FittedParts:
    text, by_topic, by_feature, student = (folds_of_arrays(name, arrays) for name in LINEAR)
    calibration = Calibration(metadata["scale"], arrays["shift"], metadata["trust"])
    return FittedParts(
        text=TextExpert(
            model=text,
            calibration=calibration,
            offsets=arrays["offsets"],
            vote_log_odds=arrays["told"],
            sharpness=metadata.get("sharpness", 1.0),  # missing in files of format 2
        ),
        topics=LatentTopics(arrays["used"], arrays["directions"]),
        gold=GoldClassifier(
            by_topic=by_topic,
            by_feature=by_feature,
            # Files of format 2 have weights for all features.
            used=arrays.get("gold_used", np.arange(len(by_feature.models[0].weights))),
        ),
        stack=_stacks_of_arrays(metadata, arrays),
        n_rounds=metadata["kept"],
        student=Student(student, *map(np.atleast_1d, metadata["student"])),
    )


def features_from(
    values: dict[str, Any], arrays: dict[str, Any], embeddings: Embedding | str | None
) -> Features:
    """Return the features of their JSON and arrays."""
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
        idf = {kind: arrays[f"idf_{kind}"] for kind in terms}
        sizes = tuple(values.get("pieces", PIECES_BEFORE))
        vocabulary = Vocabulary(
            words=WordTerms(terms.get("words", ())),
            pieces=PieceTerms(terms.get("pieces", ()), sizes),
            idf=idf,
        )
    if "means" in values:
        categories = {name: tuple(listed) for name, listed in values["categories"].items()}
        columns = Columns(values["means"], values["scales"], tuple(values["gaps"]), categories)
    reader = Reader(values["text"], tuple(values["columns"]), embeddings)
    return Features(reader, vocabulary, columns, arrays.get("centre"), values["scale"])
