"""What the end model does where samples have several labels: fit, predict, save and load."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from threadpoolctl import threadpool_limits

from labeling.end_model.cross_fitting import draws_by_id
from labeling.end_model.features import Features, Reader
from labeling.end_model.linear_model import Floats
from labeling.end_model.set_parts import SetParts, doubt_of, with_votes
from labeling.end_model.set_saving import SetFile, write_sets
from labeling.end_model.text_expert import Progress
from labeling.errors import DataError, LabelingError, NotFittedError, listed
from labeling.records import (
    ABSTAIN,
    Gold,
    LabelSchema,
    MissingText,
    SetConstraints,
    SoftSets,
    Table,
    expect,
    gold_set_codes,
    label_order,
    label_ranks,
    positions,
    random_order,
    with_id_index,
    with_texts,
)
from labeling.rendering import Displayed


class FittedSets(NamedTuple):
    """What was fitted to sets of labels.

    Attributes:
        features: the features of texts and columns.
        parts: the models of the labels.
        constraints: what was declared of the labels.
    """

    features: Features
    parts: SetParts
    constraints: SetConstraints


class SetPrediction(Displayed):
    """The part of an end model that learns from soft sets; see `EndModel`."""

    text: str | None
    rounds: int | None
    missing_text: MissingText
    select: Any
    schema_: LabelSchema
    labels_: tuple[str, ...]
    voters_: tuple[str, ...]
    report_: tuple[str, ...]
    _reader: Reader
    _sets: FittedSets | None = None

    def _fit_sets(
        self,
        data: Table,
        soft: SoftSets,
        *,
        id: str | None,
        gold: Gold | None,
        unused: Mapping[str, object],
        progress: Progress,
    ) -> Self:
        """Fit the model to soft sets; the arguments are those of `EndModel.fit`."""
        self._refuse({**unused, "rounds": self.rounds or None, "select": self.select})
        everything = with_id_index(data, id)
        samples, has_text = with_texts(everything, self.text, self.missing_text)
        if not len(samples):
            raise DataError(f"A sample must have a text in column {self.text!r}. None has.")
        # In an order that depends on the ids alone, so that the result does.
        samples = samples.iloc[random_order(samples.index, np.random.default_rng(0))]
        codes = gold_set_codes(gold, everything.index, soft.schema)
        rows = positions(everything.index, samples.index, "the texts", "the samples")
        codes = codes[rows][:, label_order(soft.schema)]
        n_gold = int((codes != ABSTAIN).all(axis=1).sum())
        heard = _heard(soft, samples.index, doubt_of(n_gold))
        if not heard.covered.any() and not n_gold:
            raise LabelingError("There must be a covered sample or a gold label. Got neither.")
        targets = np.where(codes == ABSTAIN, heard.p, codes)
        # One thread: the same sums on any machine, and small products gain nothing from more.
        with threadpool_limits(limits=1):
            progress("computing features")
            features, vectors = self._reader.fitted(samples, 2)
            draws = draws_by_id(samples.index)
            doubt = doubt_of(n_gold)
            parts = SetParts.fitted(vectors, targets, heard.p, draws, doubt, progress)
        # Only now, so that a fit that fails leaves the model as it was.
        self._sets = FittedSets(features, parts, soft.constraints)
        self.schema_, self.labels_, self.voters_ = soft.schema, tuple(sorted(soft.schema)), ()
        n_covered = int(heard.covered.sum())
        self.report_ = _report(features, parts, n_covered, n_gold, int((~has_text).sum()))
        return self

    def _refuse(self, unused: Mapping[str, object]) -> None:
        """Raise an error if anything is given that the model does not use."""
        given = [name for name, value in unused.items() if value is not None]
        if given:
            raise LabelingError(
                f"An end model of sets of labels does not use {listed(given)}; leave"
                f" {'it' if len(given) == 1 else 'them'} out."
            )

    def predict(
        self, data: Table, *, id: str | None = None, soft: SoftSets | None = None
    ) -> SoftSets:
        """Return the probability of each label of each sample, and the sets that are chosen.

        For a model that was fitted to soft sets. A sample has the labels from the threshold of each
        on that had the highest expected F1 when the model was fitted; declared constraints hold.
        Samples without a text are uncovered.

        Args:
            data: samples, index = ids; or another table in memory, see `read_samples`.
            id: the column of the ids; `None` for the index.
            soft: soft sets of these samples by votes: then the log-odds of text and votes are
                averaged. Samples that they do not cover are decided by the text alone.

        Raises:
            NotFittedError: the model was not fitted to soft sets.
            LabelingError: soft sets of other labels.
        """
        if self._sets is None:
            raise NotFittedError(
                "This EndModel is not fitted to soft sets; call fit(data, soft_sets) first, or"
                " predict_proba where each sample has one label."
            )
        if soft is not None and set(expect(soft, SoftSets, "`soft`").schema) != set(self.labels_):
            raise LabelingError(
                f"Soft sets must have the labels of the model: {listed(self.labels_)}."
                f" Got {listed(soft.schema.labels)}."
            )
        samples = with_id_index(data, id)
        schema = self.schema_ if soft is None else soft.schema
        used, has_text = with_texts(samples, self.text, self.missing_text)
        parts = self._sets.parts
        p = np.tile(parts.shares, (len(samples), 1))
        chosen = np.zeros(p.shape, dtype=bool)
        if has_text.any():
            with threadpool_limits(limits=1):
                vectors = self._sets.features.vectors(used)
                log_odds = parts.log_odds(vectors, draws_by_id(used.index))
            p[has_text], chosen[has_text] = _decided(parts, log_odds, soft, used.index)
        ranks = label_ranks(schema)
        p, chosen = p[:, ranks], chosen[:, ranks]
        constraints = self._sets.constraints
        chosen, _ = constraints.repaired(chosen, p, schema)
        covered = np.repeat(has_text[:, None], len(schema), axis=1)
        return SoftSets(p, samples.index, schema, covered, chosen, constraints)

    def _save_sets(self, path: str | os.PathLike[str], fitted: FittedSets) -> None:
        """Write what was fitted to soft sets."""
        metadata = {
            "labels": self.schema_.labels,
            "report": self.report_,
            "missing_text": self.missing_text,
            "exclusive": fitted.constraints.exclusive,
            "implies": dict(fitted.constraints.implies),
        }
        write_sets(path, metadata, fitted.features, fitted.parts)

    def _with_sets(self, file: SetFile) -> Self:
        """Return the model with what was read from a file."""
        metadata = file.metadata
        constraints = SetConstraints.declared(metadata["exclusive"], metadata["implies"])
        self.schema_ = LabelSchema(metadata["labels"], kind="several")
        self.labels_, self.voters_ = tuple(sorted(self.schema_)), ()
        self.report_ = tuple(metadata["report"])
        self._sets = FittedSets(file.features, file.parts, constraints)
        return self


class Heard(NamedTuple):
    """What votes say of samples; labels sorted by name.

    Attributes:
        p: the probability of each label: shape (n_samples, n_labels).
        covered: the samples of which anything was said: shape (n_samples,).
    """

    p: Floats
    covered: npt.NDArray[np.bool_]


def _heard(soft: SoftSets, ids: pd.Index, doubt: float) -> Heard:
    """Return what soft sets say of samples; unknown ones have the mean of the others.

    Args:
        soft: the soft sets.
        ids: of the samples.
        doubt: the weight of the decisions beside the probabilities.

    Raises:
        LabelingError: the soft sets are about none of the samples.
    """
    if not len(soft):
        half = np.full((len(ids), len(soft.schema)), 0.5)
        return Heard(half, np.zeros(len(ids), dtype=bool))
    place = soft.sample_ids.get_indexer(ids)
    if (place < 0).all():
        raise LabelingError(
            f"Soft sets must be about the samples. None of {len(ids)} samples is among them; they"
            f" are about {listed(soft.sample_ids)}."
        )
    p = (1 - doubt) * soft.array + doubt * soft.chosen
    mean = np.sort(p, axis=0).mean(axis=0)
    known = place >= 0
    covered = known & np.asarray(soft.covered.any(axis=1))[place]
    return Heard(np.where(known[:, None], p[place], mean)[:, label_order(soft.schema)], covered)


def _decided(
    parts: SetParts, log_odds: Floats, soft: SoftSets | None, ids: pd.Index
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return probabilities and decisions, by the text and, where there are any, votes."""
    p = expit(log_odds)
    chosen = p >= parts.thresholds[0]
    if soft is None:
        return p, chosen
    heard = _heard(soft, ids, parts.doubt)
    has_votes = heard.covered[:, None]
    p = np.where(has_votes, expit(with_votes(log_odds, heard.p)), p)
    return p, np.where(has_votes, p >= parts.thresholds[1], chosen)


def _report(
    features: Features, parts: SetParts, n_covered: int, n_gold: int, n_without_text: int
) -> tuple[str, ...]:
    low, high = parts.thresholds[0].min(), parts.thresholds[0].max()
    sentences = [
        f"{len(parts.models)} text models, one for each label against the rest, were trained on"
        f" {n_covered} covered samples, {n_gold} gold samples and {features.describe()}.",
        f"A sample has a label from a probability on that differs by label, {low:.2f} to"
        f" {high:.2f} by the text alone, where expected F1 is highest.",
    ]
    if n_without_text:
        sentences.append(f"{n_without_text} samples without a text were left out.")
    return tuple(sentences)
