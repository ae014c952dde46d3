"""Checks of the arguments of models and exports on partitions."""

from __future__ import annotations

from labeling.distributed.partitioned_lists import PartitionedLists
from labeling.distributed.partitioned_votes import PartitionedVotes
from labeling.errors import LabelingError
from labeling.records import LabelKind
from labeling.records.validation import expect

MODEL_OF = {LabelKind.SPANS: "SpanModel", LabelKind.SEVERAL: "SetModel"}


def check_votes_in_parts(votes: object, model: object = None) -> None:
    """Raise a LabelingError unless votes and model are of samples with one label each.

    Args:
        votes: partitioned votes.
        model: a model of such votes, or `None`.
    """
    if isinstance(votes, PartitionedLists):
        kind = votes.schema.kind
        raise LabelingError(
            "Models and exports of partitions must get votes on samples with one label each. Got"
            f" labels of kind {kind.value!r}: gather them with votes.read(), and give these to"
            f" {MODEL_OF[kind]}, then to build_training_set."
        )
    expect(votes, PartitionedVotes, "`votes`")
    if model is not None and not hasattr(model, "predict_proba"):
        raise LabelingError(
            "`model` must be a model of samples with one label each, such as LabelModel. Got a"
            f" {type(model).__name__}."
        )
