"""`EndModel`: from soft labels, texts and gold labels to an answer for every sample."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from labeling.end_model.inputs import complete, in_order, keys, places, vote_logs
from labeling.end_model.stack import Stack
from labeling.end_model.text_model import Floats, LinearModel, Vocabulary
from labeling.errors import LabelingError, ModelFileError, NotFittedError, shown
from labeling.records import (
    ABSTAIN,
    ClassBalance,
    Gold,
    LabelSchema,
    SoftLabels,
    Votes,
    class_shares,
    expect,
    gold_codes,
    identified,
    order_by_chance,
    texts,
    whole_file,
)

FOLDS = 3
GOLD_FOLDS = 5
ANCHORS = 400
FORMAT = 1
ARRAYS = ("idf", "weights", "offsets", "gold_weights", "gold_offsets", "a", "b", "d", "own_logs")


class EndModel:
    """A text classifier that learns from soft labels, corrected by what gold labels teach.

    Three experts are stacked: the soft labels of the votes, a linear text model that was trained on
    those (cross-fitted, so that no sample is judged by a model that saw its own soft label), and,
    once there are gold labels, a text model trained on gold alone. Their weights, and a correction
    for each voter and vote, are fitted to the gold labels and held to the answer without gold by
    pseudo-labels, so that few gold labels cannot do harm. Without gold it is the product of the
    first two.

    Args:
        text: the column that holds the text.

    Attributes:
        schema_: the labels it was fitted on, in the order in which it answers.
        report_: sentences about what was learned from what.

    >>> data = pd.DataFrame({"text": ["good day", "bad day"] * 9 + ["a good song", "a bad song"]})
    >>> votes = Votes.from_array([[1], [0]] * 9 + [[-1], [-1]], schema=LabelSchema(["no", "yes"]))
    >>> soft = SoftLabels(
    ...     [[0.1, 0.9], [0.9, 0.1]] * 9 + [[0.5, 0.5]] * 2, data.index, votes.schema, votes.covered
    ... )
    >>> EndModel().fit(data, soft).predict_proba(data).to_labels().tolist()[-2:]
    ['yes', 'no']
    """

    schema_: LabelSchema
    labels_: tuple[str, ...]
    voters_: tuple[str, ...]
    report_: tuple[str, ...]

    def __init__(self, text: str = "text") -> None:
        self.text = text

    def fit(
        self,
        data: pd.DataFrame,
        soft: SoftLabels,
        *,
        gold: Gold | None = None,
        votes: Votes | None = None,
        class_balance: ClassBalance | None = None,
    ) -> Self:
        """Learn from the samples of `data`, and return the model itself.

        Args:
            data: samples, index = ids.
            soft: the label model's answer for these samples; those it does not cover, or does not
                know, teach the text model nothing. It may know others, which are not used.
            gold: labels known to be true for some samples.
            votes: the votes behind `soft`, so that gold labels can correct single voters.
            class_balance: the labels' shares, where they are known: the text model then weighs
                the labels so. Never derived from the soft labels.

        Raises:
            DataError: a text is missing, or ids are unknown.
            LabelingError: no sample is covered and none has a gold label.
        """
        samples = identified(data)
        self.schema_ = expect(soft, SoftLabels, "`soft`").schema
        self.labels_ = tuple(sorted(self.schema_))
        # In an order that depends on the ids alone: so does then what is learned.
        samples = samples.iloc[order_by_chance(samples.index, np.random.default_rng(0))]
        ids, written = samples.index, texts(samples, self.text)
        soft = complete(soft, ids)
        truth = self._sorted_codes(gold_codes(gold, ids, self.schema_))
        self.voters_ = ()
        if votes is not None:
            self.voters_ = tuple(sorted(expect(votes, Votes, "`votes`").voters))
        hot = self._one_hot(votes, ids)
        if not soft.covered.any() and (truth == ABSTAIN).all():
            raise LabelingError("There must be a covered sample or a gold label. Got neither.")
        self._vocabulary = Vocabulary.of(written)
        vectors = self._vocabulary.vectors(written)
        # One thread: the same sums on any machine, and small products gain nothing from more.
        with threadpool_limits(limits=1):
            own = self._fit_text_model(vectors, soft, class_shares(class_balance, soft.schema))
            self._own_logs = dict(zip(keys(ids, written), own, strict=True))
            self._fit_gold(vectors, np.stack([vote_logs(soft, self.labels_), own]), hot, truth)
        self.report_ = (
            f"The text model learned from {int(soft.covered.sum())} covered samples and"
            f" {len(self._vocabulary.terms)} terms.",
            f"{self._stack.n_gold} gold labels weigh the experts"
            f" {', '.join(f'{weight:.2f}' for weight in self._stack.weights)}"
            " (votes, text, text from gold alone).",
        )
        return self

    def _fit_text_model(self, vectors: Any, soft: SoftLabels, shares: Floats | None) -> Floats:
        """Fit the text model, and return its cross-fitted log-odds on the samples."""
        targets = in_order(soft.to_array(), soft.schema, self.labels_)
        covered = np.flatnonzero(soft.covered)
        logs = np.zeros((vectors.shape[0], len(self.labels_)))
        if not len(covered):
            self._text_model = LinearModel(np.zeros((vectors.shape[1], logs.shape[1])), logs[0])
            return logs
        if shares is not None:
            wanted = in_order(shares[None, :], soft.schema, self.labels_)[0]
            targets = targets * (wanted / np.maximum(targets[covered].mean(axis=0), 1e-12))
        self._text_model = LinearModel.fitted(vectors[covered], targets[covered])
        logs[:] = self._text_model.log_odds(vectors)
        for fold in range(FOLDS):  # the samples are in a random order already
            here, rest = covered[fold::FOLDS], np.setdiff1d(covered, covered[fold::FOLDS])
            if len(here) and len(rest):
                logs[here] = LinearModel.fitted(vectors[rest], targets[rest]).log_odds(
                    vectors[here]
                )
        return logs

    def _fit_gold(
        self, vectors: Any, experts: Floats, hot: Floats, truth: npt.NDArray[np.intp]
    ) -> None:
        n_labels = len(self.labels_)
        known = np.flatnonzero(truth != ABSTAIN)
        self._gold_model = LinearModel(np.zeros((vectors.shape[1], n_labels)), np.zeros(n_labels))
        if not len(known):
            self._stack = Stack.untrained(hot.shape[1], n_labels)
            return
        targets = np.eye(n_labels)[truth[known]]
        self._gold_model = LinearModel.fitted(vectors[known], targets, balanced=True)
        gold_logs = self._gold_model.log_odds(vectors)
        for fold in range(GOLD_FOLDS):
            here = np.arange(fold, len(known), GOLD_FOLDS)
            rest = np.setdiff1d(np.arange(len(known)), here)
            if len(here) and len(rest):
                part = LinearModel.fitted(vectors[known[rest]], targets[rest], balanced=True)
                gold_logs[known[here]] = part.log_odds(vectors[known[here]])
        every = np.concatenate([experts, gold_logs[None]])
        anchors = np.flatnonzero(truth == ABSTAIN)[:ANCHORS]
        self._stack = Stack.fitted(
            every[:, known], hot[known], truth[known], every[:, anchors], hot[anchors]
        )

    def predict_proba(
        self, data: pd.DataFrame, *, soft: SoftLabels | None = None, votes: Votes | None = None
    ) -> SoftLabels:
        """Return the probability of each label for every sample; all are covered.

        Args:
            data: samples, index = ids.
            soft: the label model's answer for these samples; without it the text alone speaks.
            votes: the votes behind `soft`, for the corrections that gold labels taught.

        Raises:
            NotFittedError: `fit` was not called.
            LabelingError: other labels than those fitted on, or votes without soft labels.
        """
        if not hasattr(self, "labels_"):
            raise NotFittedError("This EndModel is not fitted yet; call fit(data, soft) first.")
        if votes is not None:
            expect(votes, Votes, "`votes`")
        if votes is not None and soft is None:
            raise LabelingError("Votes count through soft labels: give `soft` beside `votes`.")
        samples = identified(data)
        ids, written = samples.index, texts(samples, self.text)
        schema = self.schema_ if soft is None else expect(soft, SoftLabels, "`soft`").schema
        if set(schema.labels) != set(self.labels_):
            raise LabelingError(
                f"Soft labels must have the labels of the model: {shown(self.labels_)}."
                f" Got {shown(schema.labels)}."
            )
        vectors = self._vocabulary.vectors(written)
        text_logs = self._text_model.log_odds(vectors)
        for row, key in enumerate(keys(ids, written)):  # no sample is judged by its own soft label
            if key in self._own_logs:
                text_logs[row] = self._own_logs[key]
        by_votes = np.zeros_like(text_logs)
        if soft is not None:
            by_votes = vote_logs(complete(soft, ids), self.labels_)
        experts = np.stack([by_votes, text_logs, self._gold_model.log_odds(vectors)])
        found = self._stack.probabilities(experts, self._one_hot(votes, ids))
        columns = [self.labels_.index(label) for label in schema.labels]
        return SoftLabels(found[:, columns], ids, schema, np.ones(len(ids), dtype=bool))

    def _sorted_codes(self, codes: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Return codes of the schema as places among the sorted labels; -1 stays -1."""
        ranks = [self.labels_.index(label) for label in self.schema_]
        return np.array([*ranks, ABSTAIN], dtype=np.intp)[codes]

    def _one_hot(self, votes: Votes | None, ids: pd.Index) -> Floats:
        """Return which voter voted for which label: shape (n_samples, n_voters * n_labels)."""
        if votes is None or not self.voters_ or not len(votes.sample_ids):
            return np.zeros((len(ids), 0))
        unknown = [voter for voter in votes.voters if voter not in self.voters_]
        if unknown:
            raise LabelingError(f"Voters must be those fitted on. Got {shown(unknown)} besides.")
        place = places(votes.sample_ids, ids, "Votes")
        codes = np.where(place[:, None] >= 0, votes.to_array()[place], ABSTAIN)
        hot = np.zeros((len(ids), len(self.voters_), len(self.labels_)))
        for column, voter in enumerate(votes.voters):
            for code, name in enumerate(self.labels_):
                voted = codes[:, column] == votes.schema.index(name)
                hot[:, self.voters_.index(voter), code] = voted
        return hot.reshape(len(ids), -1)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to a file (npz with JSON inside, no pickle)."""
        if not hasattr(self, "labels_"):
            raise NotFittedError("This EndModel is not fitted yet; nothing to save.")
        stack, text, gold = self._stack, self._text_model, self._gold_model
        arrays = dict(
            zip(
                ARRAYS,
                (
                    *(self._vocabulary.idf, text.weights, text.offsets, gold.weights, gold.offsets),
                    *(stack.weights, stack.offsets, stack.corrections),
                    np.array(list(self._own_logs.values())),
                ),
                strict=True,
            )
        )
        about = {"format": FORMAT, "text": self.text, "voters": self.voters_}
        about["labels"] = self.schema_.labels
        about |= {"report": self.report_, "terms": self._vocabulary.terms, "n_gold": stack.n_gold}
        about["own"] = list(self._own_logs)
        with whole_file(path) as unfinished, unfinished.open("wb") as file:
            meta = np.array(json.dumps(about))
            np.savez_compressed(file, allow_pickle=False, about=meta, **arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the model that `save` wrote; a ModelFileError where there is none."""
        try:
            # NumPy leaves a file open that it opened itself and cannot read.
            with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                idf, weights, offsets, gold_weights, gold_offsets, a, b, d, own = (
                    file[name] for name in ARRAYS
                )
                about = json.loads(str(file["about"]))
            if about["format"] != FORMAT:
                raise ValueError(f"its format is {about['format']}, and must be {FORMAT}")
        except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
            raise ModelFileError(f"{str(path)!r} is no saved end model: {error}") from error
        model = cls(about["text"])
        model.schema_, model.voters_ = LabelSchema(about["labels"]), tuple(about["voters"])
        model.labels_ = tuple(sorted(model.schema_))
        model.report_ = tuple(about["report"])
        model._vocabulary = Vocabulary(tuple(about["terms"]), idf)
        model._text_model = LinearModel(weights, offsets)
        model._gold_model = LinearModel(gold_weights, gold_offsets)
        model._stack = Stack(a, b, d, about["n_gold"])
        model._own_logs = dict(zip(about["own"], own, strict=True))
        return model
