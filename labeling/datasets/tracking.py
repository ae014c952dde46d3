"""Training sets and releases in MLflow: parameters, numbers, files, and an input by digest."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeling.datasets.canonical import MANIFEST, manifest_text
from labeling.datasets.cards.facts import CardFacts, CardSettings
from labeling.datasets.cards.numbers import numbers_of
from labeling.datasets.cards.pseudonyms import pseudonyms
from labeling.datasets.cards.readme import readme_text
from labeling.datasets.releases.release import Release
from labeling.errors import missing_extra
from labeling.records.estimates import Estimate

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

LONGEST_VALUE = 500  # characters of a parameter that every version of MLflow accepts
LONGEST_DIGEST = 36  # of a data set, in MLflow's tables
FORBIDDEN = re.compile(r"[^\w ./-]", re.ASCII)
FOLDER = "training_set"
"""The folder of the artefacts in a run."""


def log_to_mlflow(
    data: TrainingSet | Release,
    *,
    settings: CardSettings | None = None,
    facts: CardFacts | None = None,
    report: str | Path | None = None,
    source: str = "",
    run_id: str | None = None,
) -> str:
    """Write a training set or a release into a run of MLflow, and return the run's id.

    The run is the one named, else the active one, else a new one of the active experiment. It gets
    parameters (what the training set was made of), metrics (counts, and estimates with interval
    and n), the manifest, the data card and the report as artefacts, and the data set as an input,
    named by its digest, so that all runs that used it can be found. No row leaves the machine.

    Args:
        data: a training set, or a release, which also knows its digest and facts.
        settings: what people say of it, for the card.
        facts: what the project knows of it, for card and metrics; its `release` is the digest.
        report: a file to keep as an artefact, such as the page of a release.
        source: where the data are, such as an address; nothing is read from there.
        run_id: an existing run.

    Raises:
        MissingExtraError: MLflow is not installed.
    """
    try:
        import mlflow
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    train = data.train if isinstance(data, Release) else data
    if facts is None:
        facts = data.facts if isinstance(data, Release) else CardFacts()
    settings = settings or CardSettings()
    active = mlflow.active_run()
    if active is not None and run_id in (None, active.info.run_id):
        run, is_new = active, False
    else:
        run, is_new = mlflow.start_run(run_id=run_id, nested=active is not None), True
    try:
        mlflow.log_params(run_parameters(train, facts))
        mlflow.log_metrics(run_metrics(train, facts))
        mlflow.set_tags(_tags(train, facts))
        _log_files(mlflow, train, settings, facts, report)
        mlflow.log_input(_data_set(train, settings, facts, source), context="training")
    finally:
        if is_new:
            mlflow.end_run()
    return str(run.info.run_id)


def run_parameters(train: TrainingSet, facts: CardFacts) -> dict[str, str]:
    """Return what a training set was made of as parameters of a run."""
    values = {"models": dict(facts.models), **train.origin}
    named = {_key(key): text for key, text in _flat(values)}
    return {
        "labels": _clipped(json.dumps(list(train.schema.labels), ensure_ascii=False)),
        "voters": str(len(train.voters)),
        **named,
    }


def run_metrics(train: TrainingSet, facts: CardFacts) -> dict[str, float]:
    """Return the numbers of a training set as metrics of a run; estimates with interval and n."""
    numbers = numbers_of(train, {})
    counts = {"samples": {"": numbers.n}, "left_out": {"": sum(numbers.left_out.values())}}
    counts |= {"labels": dict(numbers.labels), "sources": dict(numbers.sources)}
    counts |= {"splits": dict(numbers.splits), "votes": dict(numbers.votes)}
    metrics = {
        _key(f"{group}.{name}" if name else group): float(count)
        for group, parts in counts.items()
        for name, count in parts.items()
    }
    agreement = facts.agreement or {"pairwise": numbers.agreement}
    for group, estimates in (("quality", facts.quality), ("agreement", agreement)):
        for name, estimate in estimates.items():
            metrics |= _estimate_metrics(f"{group}.{name}", estimate)
    return metrics


def _estimate_metrics(name: str, estimate: Estimate) -> dict[str, float]:
    if not estimate.n:
        return {}
    values = {"": estimate.value, ".low": estimate.low, ".high": estimate.high}
    known = {_key(name + end): value for end, value in values.items() if value == value}
    return {**known, _key(f"{name}.n"): float(estimate.n)}


def _tags(train: TrainingSet, facts: CardFacts) -> dict[str, str]:
    tags = {"labeling.fingerprint": train.fingerprint, "labeling.release": facts.release}
    return {name: value for name, value in tags.items() if value}


def _log_files(
    mlflow: Any,
    train: TrainingSet,
    settings: CardSettings,
    facts: CardFacts,
    report: str | Path | None,
) -> None:
    people = pseudonyms(
        train, None, {function.name for function in facts.functions if function.is_person}
    )
    card = readme_text(train, numbers_of(train, people), settings, facts, people)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, MANIFEST).write_text(manifest_text(train.manifest()), "utf-8")
        Path(folder, "card.md").write_text(card, "utf-8")
        mlflow.log_artifacts(folder, FOLDER)
    if report is not None:
        mlflow.log_artifact(str(report), FOLDER)


def _data_set(train: TrainingSet, settings: CardSettings, facts: CardFacts, source: str) -> Any:
    """Return MLflow's description of a data set, of which it reads nothing."""
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    class RowCount(MetaDataset):
        @property
        def profile(self) -> dict[str, int]:
            return {"num_rows": len(train)}

        def to_dict(self) -> dict[str, str]:
            return {**super().to_dict(), "profile": json.dumps(self.profile)}

    tags = {"fingerprint": train.fingerprint, "release": facts.release, "at": source}
    where = CodeDatasetSource({name: value for name, value in tags.items() if value})
    digest = (facts.release or train.fingerprint)[:LONGEST_DIGEST]
    return RowCount(where, name=settings.name or "training_set", digest=digest)


def _flat(values: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{start}{key}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"{start}{key}", _clipped(text)


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 4]} ..."


def _key(name: str) -> str:
    """Return a name that MLflow accepts; where characters are lost, a hash keeps names apart.

    >>> _key("labels.spam"), _key("labels.a:b")
    ('labels.spam', 'labels.a_b_5f9452')
    """
    plain = FORBIDDEN.sub("_", name)[:200].strip("/. ")
    if plain == name:
        return name
    return f"{plain}_{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:6]}"
