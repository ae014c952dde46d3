"""People's answers on sets of labels: each label of each sample is asked with yes or no."""

from __future__ import annotations

import functools
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, NotFittedError, listed
from labeling.label_models.annotators.span_answers import ToWeigh, answers, votes_to_weigh
from labeling.label_models.patterns import Floats
from labeling.records import (
    ABSTAIN,
    YES_OR_NO,
    CastVotes,
    Gold,
    SetVotes,
    SoftLabels,
    SoftSets,
    Votes,
    gold_set_codes,
    label_order,
    label_ranks,
)

PSEUDO_SAMPLES = 20.0  # that the share of all labels counts as, for the share of each
STEPS = 50  # of EM for shares: each changes only one number
LEAST = 1e-9


class SetAnnotators(Protocol):
    """What sets need of a model of annotators.

    Attributes:
        voters_: the names of the annotators, sorted.
        set_labels_: the labels of the sets, sorted.
        set_shares_: the share of samples with each label, and that of all labels together: shape
            (n_labels + 1,).
    """

    voters_: tuple[str, ...]
    set_labels_: tuple[str, ...]
    set_shares_: Floats

    def predict_proba(self, votes: Votes) -> SoftLabels:
        """Return the probability of yes and no."""
        ...


@votes_to_weigh.register
def _(votes: SetVotes, gold: Gold | None) -> ToWeigh:
    asked = cell_votes(votes)
    codes = gold_set_codes(gold, votes.sample_ids, votes.schema)[votes.covered]
    known = np.flatnonzero(codes != ABSTAIN)
    names = np.array(YES_OR_NO.labels, dtype=object)[codes[known]]
    of_cells = pd.Series(names, index=asked.sample_ids[known], dtype=object)
    return ToWeigh(asked, of_cells, "no")


def cell_votes(votes: SetVotes) -> Votes:
    """Return ordinary votes, "no" or "yes", on all labels of all samples of which any was said.

    Ids are tuples `(sample id, label)`.

    >>> from labeling.records import LabelSchema
    >>> frame = pd.DataFrame(
    ...     {"sample": "a", "voter": ["ann", "bob"], "label": "joy", "says": [1, 0]}
    ... )
    >>> schema = LabelSchema(["joy", "anger"], kind="several")
    >>> cell_votes(SetVotes.from_frame(frame, schema=schema)).to_frame()
              ann bob
    (a, joy)  yes  no
    """
    covered = votes.covered
    place = np.cumsum(covered).reshape(covered.shape) - 1
    samples, labels = np.nonzero(covered)
    names = np.array(votes.schema.labels, dtype=object)[labels].tolist()
    places = list(zip(votes.sample_ids.take(samples).tolist(), names, strict=True))
    ids = pd.Index(places, dtype=object, tupleize_cols=False)
    given = votes.answers
    says = given.says.astype(YES_OR_NO.code_type)
    shape = (len(ids), len(votes.voters))
    cast = CastVotes.of(place[given.sample, given.label], given.voter, says, shape)
    return Votes(cast, ids, votes.voters, YES_OR_NO)


def label_shares(votes: SetVotes, soft: SoftLabels, gold: Gold | None) -> Floats:
    """Return the share of samples with each label, sorted by name, and that of all labels.

    The shares are estimated by EM from the posteriors of a model that takes labels as equally
    common, each drawn to the share of all.

    Args:
        votes: the votes.
        soft: the posteriors of `cell_votes`.
        gold: the labels of some of the samples.
    """
    p, covered = _as_table(votes, soft.array[:, 1])
    codes = gold_set_codes(gold, votes.sample_ids, votes.schema)
    base = float(np.sort(p[covered]).mean()) if covered.any() else 0.5
    shares = np.empty(len(votes.schema) + 1)
    shares[-1] = base = min(max(base, LEAST), 1 - LEAST)
    for place, column in enumerate(label_order(votes.schema)):
        rows = np.flatnonzero(covered[:, column])
        known = codes[rows, column]
        share, n = base, len(rows) + PSEUDO_SAMPLES
        for _ in range(STEPS):
            posterior = shifted(p[rows, column], share, base)
            posterior = np.where(known == ABSTAIN, posterior, known)
            share = float((np.sort(posterior).sum() + PSEUDO_SAMPLES * base) / n)
        shares[place] = min(max(share, LEAST), 1 - LEAST)
    return shares


def shifted(p: Floats, share: float | Floats, base: float) -> Floats:
    """Return probabilities by another share of the label than `base`."""
    odds = share / (1 - share) * (1 - base) / base
    result: Floats = p * odds / (1 - p + p * odds)
    return result


@functools.singledispatch
def fit_details(votes: Any, model: SetAnnotators, gold: Gold | None) -> None:
    """Set what a model of annotators learns beside skills, by the type of the votes."""
    for name in ("set_labels_", "set_shares_"):  # of an earlier fit
        vars(model).pop(name, None)


@fit_details.register
def _(votes: SetVotes, model: SetAnnotators, gold: Gold | None) -> None:
    model.set_labels_ = tuple(sorted(votes.schema))
    model.set_shares_ = label_shares(votes, model.predict_proba(cell_votes(votes)), gold)


@answers.register
def _(votes: SetVotes, model: SetAnnotators) -> SoftSets:
    if not hasattr(model, "voters_"):
        raise NotFittedError("This AnnotatorModel is not fitted yet; call fit(votes) first.")
    fitted: tuple[str, ...] = getattr(model, "set_labels_", ())
    schema = votes.schema
    if tuple(sorted(schema)) != fitted:
        raise LabelingError(
            f"Votes must have the labels that the model was fitted on: {listed(fitted)}. Got"
            f" {listed(schema.labels)}."
        )
    shares, base = model.set_shares_[:-1][label_ranks(schema)], float(model.set_shares_[-1])
    soft = model.predict_proba(cell_votes(votes))
    p, covered = _as_table(votes, soft.array[:, 1])
    p = np.where(covered, shifted(p, shares, base), shares)
    return SoftSets(p, votes.sample_ids, schema, covered, covered & (p > 0.5 + LEAST))


def _as_table(votes: SetVotes, of_cells: Floats) -> tuple[Floats, npt.NDArray[Any]]:
    """Return a value of each cell as a table, 0 where nothing was said, and the covered cells."""
    covered = votes.covered
    table = np.zeros(covered.shape)
    table[covered] = of_cells
    return table, covered
