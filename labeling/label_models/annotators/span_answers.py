"""People's answers on spans: the votes that are weighed, and the spans that follow."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from labeling.errors import LabelingError, NotFittedError
from labeling.label_models.spans.candidates import Candidates, candidate_votes
from labeling.label_models.spans.decoding import decode, gains, soft_spans
from labeling.records import (
    NOTHING,
    Gold,
    SoftLabels,
    SoftSets,
    SoftSpans,
    SpanVotes,
    UnitVotes,
    VoteParts,
    Votes,
    gold_spans,
    span_units,
    unit_gold_codes,
)

LEAST = 1e-12  # probability whose logarithm is taken


class ToWeigh(NamedTuple):
    """Votes as a label model takes them.

    Attributes:
        votes: on samples or on candidate spans.
        gold: of these.
        nothing: the label that says that no span is there, `None` where no label does.
    """

    votes: Votes | VoteParts
    gold: Gold | None
    nothing: str | None


class FittedModel(Protocol):
    """What `answers` needs of a model."""

    voters_: tuple[str, ...]

    def predict_proba(self, votes: Votes) -> SoftLabels:
        """Return the probability of each label."""
        ...


@functools.singledispatch
def votes_to_weigh(votes: Any, gold: Gold | None) -> ToWeigh:
    """Return votes and gold as a label model takes them; those on spans as those on candidates."""
    return ToWeigh(votes, gold, None)


@votes_to_weigh.register
def _(votes: UnitVotes, gold: Gold | None) -> ToWeigh:
    return ToWeigh(votes, gold, NOTHING)


@votes_to_weigh.register
def _(votes: SpanVotes, gold: Gold | None) -> ToWeigh:
    units = span_units(votes)
    as_votes = units.to_votes()
    codes = unit_gold_codes(gold_spans(gold, votes.sample_ids, votes.schema), units)
    with_gold = np.flatnonzero(codes >= 0)
    names = np.array(as_votes.schema.labels, dtype=object)[codes[with_gold]]
    of_units = pd.Series(names, index=as_votes.sample_ids[with_gold], dtype=object)
    return ToWeigh(as_votes, of_units, NOTHING)


@functools.singledispatch
def answers(votes: Any, model: Any) -> SoftSpans | SoftSets:
    """Return what a model of annotators answers, by the type of the votes."""
    raise LabelingError(
        "Votes must be SpanVotes or SetVotes to predict spans or sets of labels. Got a"
        f" {type(votes).__name__}; `predict_proba` takes votes on samples."
    )


@answers.register
def _(votes: SpanVotes, model: FittedModel) -> SoftSpans:
    if not hasattr(model, "voters_"):
        raise NotFittedError("This AnnotatorModel is not fitted yet; call fit(votes) first.")
    candidates = Candidates.of(votes, model.voters_)
    everyone = np.arange(len(model.voters_))
    soft = model.predict_proba(candidate_votes(candidates, everyone, model.voters_))
    probabilities = soft.to_array()
    scores = np.log(np.maximum(probabilities, LEAST))
    chosen = decode(candidates, gains(scores, candidates.words)).chosen
    return soft_spans(candidates, probabilities, chosen & soft.covered)
