"""What `build_training_set` is told, and the rows that it keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypedDict, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from labeling.datasets.columns import CONTENT
from labeling.datasets.content import content_digests
from labeling.datasets.label_selection import Features, SelectionPlan
from labeling.datasets.training_set import TrainingSet
from labeling.datasets.vote_lists import AnyVotes
from labeling.records import Annotation, Gold, LabelSchema, Select, free_names, undecided_samples

AnySet = TypeVar("AnySet", bound=TrainingSet)


class BuildArguments(TypedDict, total=False):
    """The arguments of `build_training_set` by name."""

    id: str | None
    gold: Gold | None
    votes: AnyVotes | None
    annotations: Iterable[Annotation] | None
    min_confidence: float
    keep_undecided: bool
    select: Select
    text: str
    features: Features | None
    abstain: str


class BuildOptions(NamedTuple):
    """The arguments of `build_training_set` that are the same for all kinds of labels."""

    gold: Gold | None
    votes: AnyVotes | None
    annotations: Sequence[Annotation]
    min_confidence: float
    keep_undecided: bool
    plan: SelectionPlan
    abstain: str

    def settings(self) -> dict[str, Any]:
        """Return the settings that go into a manifest."""
        return {
            "min_confidence": self.min_confidence,
            "keep_undecided": self.keep_undecided,
            "abstain": self.abstain,
            **self.plan.settings(),
        }

    def is_undecided(self, ids: pd.Index) -> npt.NDArray[np.bool_]:
        """Return which samples are left out since people could not decide them."""
        result = np.zeros(len(ids), dtype=bool)
        undecided = frozenset() if self.keep_undecided else undecided_samples(self.annotations)
        if undecided:
            rows = ids.get_indexer(pd.Index(list(undecided)))
            result[rows[rows >= 0]] = True
        return result


def kept_rows(
    kind: type[AnySet],
    samples: pd.DataFrame,
    columns: dict[str, pa.Array],
    reasons: npt.NDArray[np.object_],
    schema: LabelSchema,
    options: BuildOptions,
    origin: dict[str, Any],
) -> AnySet:
    """Return the training set of the samples that have no reason to be left out."""
    ids = samples.index
    types = kind.form.types
    is_kept = np.array([reason is None for reason in reasons], dtype=bool)
    kept, left = pa.array(is_kept), pa.array(~is_kept)
    return kind(
        samples=samples[is_kept],
        columns={name: columns[name].filter(kept) for name in types if name in columns},
        dropped=pd.DataFrame({"reason": reasons[~is_kept].tolist()}, ids[~is_kept]),
        dropped_columns={name: column.filter(left) for name, column in columns.items()}
        | {CONTENT: pa.array(content_digests(samples[~is_kept]))},
        schema=schema,
        voters=() if options.votes is None else options.votes.voters,
        own_columns=MappingProxyType(free_names(types, [*samples.columns, ids.name])),
        origin=origin,
    )
