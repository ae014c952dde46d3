"""A project's training set with its lineage: built, explained, and built again from a release."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeling.errors import DataError, counted
from labeling.project.base import BaseProject
from labeling.project.data import DataFiles, ProjectData
from labeling.project.exporting import build_project_training_set
from labeling.project.gold import HumanLabels
from labeling.project.imported_gold import store_imported_gold
from labeling.project.kind_learners import AnyLearner, learner_of
from labeling.project.lineage import project_origin
from labeling.project.people_record import PeopleRecord
from labeling.project.posteriors import FittedModels
from labeling.project.results import Round
from labeling.project.vote_cache import digest_of_votes
from labeling.records import AnyVotes, LabelKind, Verdict
from labeling.rendering import Displayed, View
from labeling.store import Store

if TYPE_CHECKING:
    from labeling.datasets import TrainingSet

INPUTS = {
    "version": "the version of labeling",
    "code": "the code of the models",
    "data": "the data",
    "functions": "the labeling functions",
    "votes": "the votes",
    "models": "the models",
    "config": "the config",
}
"""Entries of a training set's origin, as they are named where they differ."""


@dataclass(frozen=True, slots=True, repr=False)
class Rebuilt(Displayed):
    """What came of building a release again.

    Attributes:
        digest: of the release.
        equal: whether every byte of its files is the same.
        differences: what differs, a sentence each; empty if nothing does.
    """

    digest: str
    equal: bool
    differences: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Rebuilt({self.digest[:12]}: {'equal' if self.equal else 'different'})"

    def _view(self) -> View:
        fate = "equal byte for byte" if self.equal else "not equal"
        return View(f"Release {self.digest[:12]} built again: {fate}", self.differences)


def people_record(project: BaseProject, current: Round) -> PeopleRecord:
    """Return what people have said so far, as it goes into a training set."""
    return PeopleRecord.of(project.store, project.data.test.index.tolist(), current)


def project_training_set(
    project: BaseProject, current: Round, votes: AnyVotes, people: PeopleRecord | None = None
) -> TrainingSet:
    """Return the training set of a project, with the digests of all that it was made of.

    Args:
        project: the project; it must be locked.
        current: the state of its loop.
        votes: the votes.
        people: what people have said, if it is at hand.
    """
    people = people_record(project, current) if people is None else people
    train = build_project_training_set(project.config, project.data, current, votes)
    learner = project.learner(votes)
    return _with_origin(project, train, project.data, votes, learner, people)


def _with_origin(
    project: BaseProject,
    train: TrainingSet,
    data: ProjectData,
    votes: AnyVotes,
    learner: AnyLearner,
    people: PeopleRecord,
) -> TrainingSet:
    functions = project.labeling_functions
    origin = project_origin(project.config, data, votes, functions, learner, people)
    return train.with_origin(origin)


def rebuilt_training_set(project: BaseProject, people: PeopleRecord) -> TrainingSet:
    """Build a training set from a project's files and what people had said; nothing is stored.

    The project's own store is not used, and need not exist: what people said is in the record.
    """
    from labeling.engine import apply_to_frame

    config = project.config
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), config.name, kind=config.label_schema.kind)
        with store.locked("rebuild"):
            store_imported_gold(store, dict(people.imported))
            data = DataFiles(config, project.schema, store, people.locked).read()
            votes = apply_to_frame(
                project.labeling_functions,
                data.samples,
                project.schema,
                workers=config.workers,
                timeout=config.timeout,
                text=config.data.text,
            )
            inputs = digest_of_votes(data, votes)
            learner = learner_of(votes)(config, data, votes, inputs, store, people.drawn)
            current = _round_of(learner, data, votes, people)
            train = build_project_training_set(config, data, current, votes)
            return _with_origin(project, train, data, votes, learner, people)


def _round_of(
    learner: AnyLearner, data: ProjectData, votes: AnyVotes, people: PeopleRecord
) -> Round:
    """Return the state of the loop as it was, by models that are fitted again."""
    verdict = Verdict(people.gold, (), ())
    models = FittedModels(learner, HumanLabels.of(verdict, people.annotations))
    soft = models.soft
    posterior = learner.final_posterior(soft, models)
    return Round(0, None, verdict, people.annotations, soft, posterior, models)


def differing_inputs(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each input of a training set that differs from the one before.

    >>> differing_inputs({"functions": {"a": "1", "b": "2"}}, {"functions": {"a": "1", "b": "3"}})
    ['Labeling function b was edited.']
    """
    sentences = []
    for name, what in INPUTS.items():
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if name == "functions" and isinstance(old, Mapping) and isinstance(new, Mapping):
            sentences += _functions(old, new)
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
            sentences.append(f"{_differs(what)} in {', '.join(keys)}.")
        else:
            sentences.append(f"{_differs(what)}.")
    return sentences


def _differs(what: str) -> str:
    """Return that an input differs.

    >>> _differs("the votes"), _differs("the config")
    ('The votes differ', 'The config differs')
    """
    return f"{what.capitalize()} {'differ' if what.endswith('s') else 'differs'}"


def _functions(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    words = []
    for name in sorted({*old, *new}):
        if name not in new:
            words.append(f"Labeling function {name} is missing.")
        elif name not in old:
            words.append(f"Labeling function {name} is new.")
        elif old[name] != new[name]:
            words.append(f"Labeling function {name} was edited.")
    return words


def compare_rebuilt(digest: str, manifest: Mapping[str, Any], train: TrainingSet) -> Rebuilt:
    """Return whether a training set has the bytes of a release, or what differs."""
    with tempfile.TemporaryDirectory() as folder:
        made = train.write(folder)
    differences = [
        f"{name} has other bytes."
        for name, expected in manifest["files"].items()
        if made["files"].get(name) != expected
    ]
    if dict(manifest) == made and not differences:
        return Rebuilt(digest, True)
    inputs = differing_inputs(manifest.get("origin", {}), train.origin)
    packages = [
        f"Package {name} is {made['packages'].get(name, 'missing')}, and was {version}."
        for name, version in manifest["packages"].items()
        if made["packages"].get(name) != version
    ]
    return Rebuilt(digest, False, (*inputs, *packages, *differences) or (_rest(manifest, made),))


def _rest(manifest: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    keys = sorted(key for key in {*manifest, *made} if manifest.get(key) != made.get(key))
    return f"The manifest differs in {counted(len(keys), 'entry', 'entries')}: {', '.join(keys)}."


def recorded_people(
    manifest: Mapping[str, Any], content: bytes | None, kind: LabelKind = LabelKind.ONE
) -> PeopleRecord:
    """Return what people had said when a release was made, after checking its digest.

    Args:
        manifest: of the release.
        content: the file that a release keeps of it; `None` if it is not there.
        kind: what a sample's label is.

    Raises:
        DataError: it is missing, or was changed.
    """
    about = manifest.get("origin", {}).get("people")
    if not isinstance(about, Mapping):
        raise DataError(
            "A release is built again from what its manifest says of the project, and this one says"
            " nothing: it was not made by `labeling release branch`."
        )
    if content is None:
        raise DataError(
            f"What people said (people/{about['digest'][:12]}....json of the releases' folder) is"
            " needed to build the release again, and is not there: copy it as well."
        )
    if hashlib.sha256(content).hexdigest() != about["digest"]:
        raise DataError("What people said was changed after the release was made: restore it.")
    record = PeopleRecord.from_json(content, kind)
    if record.digest != about["digest"]:
        version = manifest["origin"].get("version")
        raise DataError(
            "What people said is read otherwise by this version of labeling than by the one that"
            f" made the release ({version}): build the release again with that one."
        )
    return record
