"""What a simulation does by the kind of labels, picked by the type of the functions' votes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from labeling.adjudication import ReviewPolicy
from labeling.errors import LabelingError, counted, listed
from labeling.records import AnyVotes, LabelSchema, SetVotes, SpanVotes, Votes, encode_label, expect
from labeling.simulation.models import SimulatedModels
from labeling.simulation.part_answers import consensus, read_labels
from labeling.simulation.part_models import SetModels, SpanModels
from labeling.simulation.part_runs import PartsRun
from labeling.simulation.recorded_votes import (
    OF_SAMPLES,
    Reading,
    rare_label,
)
from labeling.simulation.replaying import SimulatedRun


class SimulatedKind(NamedTuple):
    """How labels of a kind are simulated.

    Attributes:
        models: label model and end model of a seed.
        run: of one strategy and policy.
        reading: how recorded votes and gold are read, and what the consensus of votes is.
        rare: returns the label of which F1 is measured, if any.
        quality: what the scores are.
        sentences: how they are to be read.
    """

    models: Callable[..., Any]
    run: Callable[..., SimulatedRun]
    reading: Reading
    rare: Callable[[pd.Series, LabelSchema], str | None]
    quality: str
    sentences: tuple[str, ...]


def _no_rare_label(truth: pd.Series, schema: LabelSchema) -> None:
    """Return `None`: F1 is measured of all labels."""


def _parts(models: Callable[..., Any], parts: str) -> SimulatedKind:
    sentence = (
        f"Quality is the F1 of the {parts} of each sample, a mean over samples; it is 1 where truth"
        " and answer have none."
    )
    what = f"the {parts} that more than half of all recorded votes on a sample name"
    reading = Reading(read_labels, consensus, what, read_labels)
    return SimulatedKind(models, PartsRun, reading, _no_rare_label, "F1", (sentence,))


KINDS: Mapping[type, SimulatedKind] = {
    Votes: SimulatedKind(SimulatedModels, SimulatedRun, OF_SAMPLES, rare_label, "accuracy", ()),
    SetVotes: _parts(SetModels, "labels"),
    SpanVotes: _parts(SpanModels, "spans"),
}


def kind_of(votes: AnyVotes) -> SimulatedKind:
    """Return how labels of the kind of these votes are simulated.

    Raises:
        LabelingError: they are no votes.
    """
    kind = KINDS.get(type(votes))
    return KINDS[type(expect(votes, Votes, "`votes`"))] if kind is None else kind


def policies_of(
    votes: AnyVotes, policies: Mapping[str, ReviewPolicy]
) -> tuple[dict[str, ReviewPolicy], tuple[str, ...]]:
    """Return the policies that labels of this kind can have, and a sentence on the others.

    Raises:
        LabelingError: there are none.
    """
    if isinstance(votes, Votes):
        return dict(policies), ()
    kept = {name: policy for name, policy in policies.items() if policy.rule == "majority"}
    left_out = [name for name in policies if name not in kept]
    why = "the rule 'posterior' weighs votes for one label per sample"
    if not kept:
        raise LabelingError(
            f"A simulation of spans or sets needs policies of the rule 'majority': {why}. Got"
            f" {listed(left_out)}; simulate 'flat-3' or 'two-then-third'."
        )
    n = counted(len(left_out), "policy", "policies")
    return kept, (f"Left out: {n} ({listed(left_out)}); {why}.",) if left_out else ()


def vote_table(votes: AnyVotes) -> pd.DataFrame:
    """Return what voters said as a table, for fingerprints."""
    if isinstance(votes, Votes):
        return pd.DataFrame(votes.to_array(), votes.sample_ids, list(votes.voters))
    return votes.to_frame().set_index("sample")


def label_texts(labels: pd.Series) -> pd.Series:
    """Return labels as texts that no hash seed changes, for fingerprints."""
    return labels.map(lambda label: label if _is_plain(label) else encode_label(label))


def _is_plain(label: Any) -> bool:
    return not isinstance(label, (frozenset, tuple))
