"""What a project's training set was made of: digests of every input, for its manifest."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import labeling
from labeling.config import Config, without_defaults_of_kinds
from labeling.project.data import ProjectData
from labeling.project.fingerprints import digest_of_code
from labeling.project.kinds import vote_content
from labeling.project.people_record import PeopleRecord
from labeling.records import AnyVotes, LabelingFunction, Votes

if TYPE_CHECKING:
    from labeling.project.kind_learners import AnyLearner

ACTS = (
    "task",
    "labels",
    "ordered_labels",
    "exclusive",
    "implies",
    "class_balance",
    "label_model",
    "embeddings",
    "seed",
    "review",
    "annotators",
    "export",
    "data",
)
"""Sections and keys of a config that a training set depends on."""

LEAVES = ("export.folder", "export.for_spreadsheet")
"""Keys in them that it does not depend on."""


def project_origin(
    config: Config,
    data: ProjectData,
    votes: AnyVotes,
    functions: Sequence[LabelingFunction],
    learner: AnyLearner,
    people: PeopleRecord,
) -> dict[str, Any]:
    """Return what a training set of a project was made of: no times, no paths of a machine.

    `config` holds the settings that act on it, `functions` the fingerprint of each labeling
    function, `data`, `votes`, `models` and `people` digests (the ledger names the release in the
    event that follows what people had said), and `code` a digest of the code of the models.
    """
    from labeling.engine.fingerprints.lf_fingerprint import fingerprint_of

    return {
        "project": config.name,
        "version": labeling.__version__,
        "config": acting_settings(config),
        "functions": {function.name: fingerprint_of(function).digest for function in functions},
        "modules": {function.name: _module_of(function, config.root) for function in functions},
        "data": {
            "digest": data.digest,
            "samples": len(data.samples),
            "columns": [str(name) for name in data.samples.columns],
        },
        "votes": _digest_of(votes),
        "models": {
            "label_model": {
                "kind": learner.label_model_kind,
                "inputs": learner.digest(people.gold),
            },
            "end_model": {"kind": learner.end_model_kind, "embeddings": config.embeddings},
        },
        "people": {
            "digest": people.digest,
            "answers": len(people.annotations),
            "gold": len(people.gold),
        },
        "code": digest_of_code(),
    }


def acting_settings(config: Config) -> dict[str, Any]:
    """Return the settings of a config that a training set depends on, as plain JSON values."""
    values = without_defaults_of_kinds(config.model_dump(mode="json", include=set(ACTS)))
    for name in LEAVES:
        section, _, key = name.partition(".")
        values[section].pop(key, None)
    return {name: values[name] for name in sorted(values)}


def _module_of(function: LabelingFunction, root: Path) -> str:
    """Return the file of a labeling function within the project; empty for one without."""
    code = getattr(function.batch or function.function, "__code__", None)
    if code is None:
        return ""
    path = Path(code.co_filename)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else ""


def _digest_of(votes: AnyVotes) -> str:
    digest = hashlib.sha256(repr((votes.voters, votes.schema.labels)).encode())
    for part in lineage_content(votes):
        digest.update(part)
    digest.update("\n".join(map(repr, votes.sample_ids.tolist())).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


@functools.singledispatch
def lineage_content(votes: AnyVotes) -> Iterable[bytes]:
    """Return the bytes of votes for a manifest: the same whatever the type of their codes."""
    return vote_content(votes)


@lineage_content.register
def _(votes: Votes) -> Iterable[bytes]:
    return [column.astype("<i2").tobytes() for column in votes.to_array().T]
