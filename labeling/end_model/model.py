"""`EndModel`: a classifier of texts and columns trained on soft labels, votes and gold labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from labeling.end_model.cross_fitting import draws_by_id
from labeling.end_model.embeddings import Embedding
from labeling.end_model.encoding import align, earlier_key, gold_counts, one_hot, soft_log_odds
from labeling.end_model.features import Reader
from labeling.end_model.fit_report import Heard, describe_fit
from labeling.end_model.linear_model import Floats
from labeling.end_model.reuse import (
    Learned,
    fitted_features,
    fitted_parts,
    learned_from_file,
)
from labeling.end_model.saving import read_model, write_model
from labeling.end_model.set_end_model import SetPrediction
from labeling.end_model.set_saving import read_sets
from labeling.end_model.text_expert import Progress, Scored, TrainingData, rounds_for
from labeling.end_model.training import KeptLogOdds
from labeling.end_model.vote_reliability import vote_reliability
from labeling.end_model.weak_selection import WeakSelection
from labeling.errors import DataError, LabelingError, NotFittedError, listed
from labeling.records import (
    ClassBalance,
    Gold,
    LabelSchema,
    MissingText,
    Select,
    SoftLabels,
    SoftSets,
    Table,
    Votes,
    checked_missing_text,
    checked_select,
    class_balance_array,
    expect,
    fitted_repr,
    gold_series,
    is_whole_number,
    label_order,
    label_ranks,
    random_order,
    with_id_index,
    with_texts,
)
from labeling.rendering import View


class EndModel(SetPrediction):
    """A classifier of texts and columns trained on soft labels, corrected by gold labels.

    Three experts are stacked: the votes; a linear model of text and columns trained on their soft
    labels; and, with gold labels, linear models trained on gold alone. Their weights, and a
    correction for each voter and vote, are fitted to the gold labels and anchored by pseudo-labels
    at the result without gold, so that few gold labels cannot do harm. Without gold it is the
    product of the first two.

    All is cross-fitted: no sample is scored by what learned its own soft label, gold label or
    annotations, whether it was trained on or not. So the posterior can be compared with a person's
    vote, and count beside it. A hash of the id decides which part scores a sample.

    A declared class balance is worth much more than class weights: the posterior is shifted until
    the predicted labels have this balance, and the evidence of each vote is estimated again from
    what the text, so shifted, predicts for the samples where it was cast.

    Of soft sets, where a sample may have several labels, one text model is trained for each label
    against the rest, and calibrated; `predict` returns soft sets. Gold labels replace the
    probabilities that it is trained on.

    Args:
        text: the column that holds the text (TF-IDF of words and pairs of words, and of character
            n-grams where texts are short and few); `None` to learn from columns alone.
        columns: further columns to learn from: numbers (standardised; a missing value is a feature
            of its own) and categories (one-hot; unknown ones are no evidence).
        embeddings: vectors of texts beside TF-IDF: a function from a list of texts to an array of
            shape (n_texts, n_dimensions), or the folder or the name on the Hugging Face hub of a
            model of sentence-transformers (extra `embeddings`) or of model2vec (static, without
            torch: extra `static-embeddings`), loaded when it is used.
        missing_text: what to do with samples whose text is missing (null): `"drop"` ignores them in
            training and leaves them uncovered, `"empty"` uses "" as the text, `"error"` refuses
            them. `report_` has their number.
        rounds: rounds of self-training at most: in each the text model is trained again on the
            posterior of text and votes for all samples. A round that does not improve held-out
            predictions is not used: measured on gold labels where there are five, else on the
            agreement with votes. `None`: one round where fewer than half of the samples are
            covered, else none.
        select: the weak labels that the text model is trained on. `None`: all. `"auto"`: all but
            those that differ significantly from the labels of their neighbours, by the cut
            statistic (see `labeling.records.cut_statistic`). A number above 0 and up to 1: this
            share, those that agree best. What was left out stands in `report_`. It changes little,
            as the model smooths labels over texts anyway: see docs/models.md.

    Attributes:
        schema_: the labels it was fitted on, in the order of its results.
        report_: sentences on what was fitted to what.

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

    def __init__(
        self,
        text: str | None = "text",
        columns: Sequence[str] = (),
        embeddings: Embedding | str | None = None,
        rounds: int | None = None,
        *,
        missing_text: MissingText = "drop",
        select: Select = None,
    ) -> None:
        if isinstance(columns, str):
            raise LabelingError(f"`columns` must be several names. Write columns=({columns!r},).")
        if rounds is not None and (not is_whole_number(rounds) or rounds < 0):
            raise LabelingError(f"`rounds` must be a whole number from 0, or None. Got {rounds!r}.")
        self.text = text
        self.columns = tuple(columns)
        self.embeddings = embeddings
        self.rounds = rounds
        self.missing_text = checked_missing_text(missing_text)
        self.select = checked_select(select)
        self._reader = Reader(text, self.columns, embeddings)
        self._learned: Learned | None = None

    def __repr__(self) -> str:
        return fitted_repr(self, getattr(self, "labels_", None), getattr(self, "voters_", ()))

    def _view(self) -> View:
        return View(
            repr(self), getattr(self, "report_", ("It learns from texts and soft labels.",))
        )

    def fit(
        self,
        data: Table,
        soft: SoftLabels | SoftSets,
        *,
        id: str | None = None,
        gold: Gold | None = None,
        annotations: Votes | None = None,
        votes: Votes | None = None,
        class_balance: ClassBalance | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Fit the model to the samples of `data`, and return the model itself.

        What people said are terms of the losses: each gold label is one, and each vote of an
        annotator on a sample without a gold label. All terms weigh the same in the classifier of
        gold labels, in the stack and in the student; of a sample with three votes there are three.
        Samples that are alike are terms of their own.

        A model that is fitted again, also one from a file, computes again only what has changed:
        features and topics stay while the samples do, the text expert while soft labels, votes and
        balance do, too. The result is the same as that of a new model, to the byte.

        Args:
            data: samples, index = ids; or another table in memory, see `read_samples`.
            id: the column of the ids; `None` for the index.
            soft: the soft labels of a label model for these samples; those uncovered or missing are
                not used to train the text model. Others are ignored.
            gold: true labels of some samples.
            annotations: votes of people on some samples. Those on a sample with a gold label do not
                count.
            votes: the votes behind `soft`, so that gold labels, or the text where a balance is
                declared, can correct single voters.
            class_balance: the share of each label among these samples, covered or not, if it is
                known. Never derived from the soft labels.
            progress: called with the name of each stage when it begins.

        Raises:
            DataError: a text is missing, a column is of the wrong type, or ids of gold labels or
                annotations are unknown.
            LabelingError: no sample is covered and none has a gold label.
        """
        progress = progress or _report_nothing
        if isinstance(soft, SoftSets):
            unused = {"annotations": annotations, "votes": votes, "class_balance": class_balance}
            return self._fit_sets(data, soft, id=id, gold=gold, unused=unused, progress=progress)
        everything = with_id_index(data, id)
        schema = expect(soft, SoftLabels, "`soft`").schema
        labels = tuple(sorted(schema))
        samples, has_text = with_texts(everything, self.text, self.missing_text)
        if not len(samples):
            raise DataError(f"A sample must have a text in column {self.text!r}. None has.")
        # In an order that depends on the ids alone, so that the result does.
        samples = samples.iloc[random_order(samples.index, np.random.default_rng(0))]
        soft = align(soft, samples.index)
        counts = gold_counts(gold, annotations, everything.index, schema)
        counts = counts[everything.index.get_indexer(samples.index)]
        voters = () if votes is None else tuple(sorted(expect(votes, Votes, "`votes`").voters))
        encoded = one_hot(votes, samples.index, voters, labels)
        if not soft.covered.any() and not counts.any():
            raise LabelingError("There must be a covered sample or a gold label. Got neither.")
        balance = class_balance_array(class_balance, schema)
        training = self._fit_parts(samples, soft, encoded, counts, balance, progress)
        # Only now, so that a fit that fails leaves the model as it was.
        self._sets = None
        self.schema_, self.labels_, self.voters_ = schema, labels, voters
        n_gold = 0 if gold is None else int(gold_series(gold).index.isin(samples.index).sum())
        heard = Heard(n_gold, int(counts.sum()) - n_gold, int((~has_text).sum()))
        self.report_ = describe_fit(self._features, self._parts, training, labels, heard)
        return self

    def _fit_parts(
        self,
        samples: pd.DataFrame,
        soft: SoftLabels,
        votes: Any,
        counts: Floats,
        class_balance: Floats | None,
        progress: Progress,
    ) -> TrainingData:
        """Set all fitted parts, and return what they were trained on.

        Args:
            samples: in random order.
            soft: aligned with the samples.
            votes: one-hot, sparse.
            counts: how often people gave each label to each sample, labels sorted by name.
            class_balance: in schema order.
            progress: called with the name of each stage.
        """
        order, n_labels = label_order(soft.schema), len(soft.schema)
        # One thread: the same sums on any machine, and small products gain nothing from more.
        with threadpool_limits(limits=1):
            progress("computing features")
            before = fitted_features(self._reader, samples, n_labels, self._learned)
            training = TrainingData(
                vectors=before.vectors,
                targets=soft.to_array()[:, order],
                covered=soft.covered,
                log_odds=soft_log_odds(soft),
                one_hot=votes,
                draws=draws_by_id(samples.index),
                class_balance=None if class_balance is None else class_balance[order],
                reliability=vote_reliability(votes, n_labels),
                rounds=rounds_for(soft.covered) if self.rounds is None else self.rounds,
                selection=WeakSelection.of(self.select, before.vectors, samples.index),
            )
            self._learned, self._parts = fitted_parts(training, counts, before, progress)
            self._features = before.features
        self._earlier: dict[str, Floats] = {}
        return training

    def predict_proba(
        self,
        data: Table,
        *,
        id: str | None = None,
        soft: SoftLabels | None = None,
        votes: Votes | None = None,
    ) -> SoftLabels:
        """Return the probability of each label for every sample; all that have a text are covered.

        Args:
            data: samples, index = ids; or another table in memory, see `read_samples`.
            id: the column of the ids; `None` for the index.
            soft: the soft labels of a label model for these samples; without them the text alone is
                used.
            votes: the votes behind `soft`, to apply corrections of single voters.

        Raises:
            NotFittedError: `fit` was not called.
            LabelingError: other labels than those fitted on, or votes without soft labels.
        """
        if not hasattr(self, "labels_"):
            raise NotFittedError("This EndModel is not fitted yet; call fit(data, soft) first.")
        if self._sets is not None:
            raise LabelingError("This EndModel is fitted to sets of labels: call predict(data).")
        if votes is not None:
            expect(votes, Votes, "`votes`")
        if votes is not None and soft is None:
            raise LabelingError("Votes count through soft labels: give `soft` beside `votes`.")
        samples = with_id_index(data, id)
        schema = self.schema_ if soft is None else expect(soft, SoftLabels, "`soft`").schema
        if set(schema.labels) != set(self.labels_):
            raise LabelingError(
                f"Soft labels must have the labels of the model: {listed(self.labels_)}."
                f" Got {listed(schema.labels)}."
            )
        ids = samples.index
        with threadpool_limits(limits=1):
            used, has_text = with_texts(samples, self.text, self.missing_text)
            posterior = np.full((len(ids), len(self.labels_)), 1 / len(self.labels_))
            if has_text.any():
                posterior[has_text] = self._predict(used, soft, votes)
        return SoftLabels(posterior[:, label_ranks(schema)], ids, schema, has_text)

    def _predict(
        self, samples: pd.DataFrame, soft: SoftLabels | None, votes: Votes | None
    ) -> Floats:
        """Return the probabilities of samples, shape (n, n_labels), labels sorted by name."""
        by_soft: Floats = np.zeros((len(samples), len(self.labels_)))
        if soft is not None:
            by_soft = soft_log_odds(align(soft, samples.index))
        scored = Scored(
            vectors=self._features.vectors(samples),
            log_odds=by_soft,
            one_hot=one_hot(votes, samples.index, self.voters_, self.labels_),
            draws=draws_by_id(samples.index),
        )
        return self._parts.posterior(scored, self._kept(samples) if self._earlier else None)

    def _kept(self, samples: pd.DataFrame) -> KeptLogOdds:
        """Return what the file of an earlier version holds of these samples."""
        contents = self._reader.contents(samples)
        keys = map(earlier_key, samples.index.tolist(), contents)
        found = [(row, self._earlier[key]) for row, key in enumerate(keys) if key in self._earlier]
        rows = np.array([row for row, _ in found], dtype=np.intp)
        both = np.array([values for _, values in found]).reshape(len(rows), 2, -1)
        return KeptLogOdds(rows, both[:, 0], both[:, 1])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to a file (npz with JSON inside, no pickle).

        A function for embeddings is not saved: pass it again when you load.
        """
        if not hasattr(self, "labels_"):
            raise NotFittedError("This EndModel is not fitted yet; nothing to save.")
        if self._sets is not None:
            return self._save_sets(path, self._sets)
        metadata: dict[str, Any] = {
            "voters": self.voters_,
            "labels": self.schema_.labels,
            "report": self.report_,
            "rounds": self.rounds,
            "missing_text": self.missing_text,
        }
        if self.select is not None:
            metadata["select"] = self.select
        if self.schema_.ordered:
            metadata["ordered"] = True
        if self._learned is not None:
            metadata["origins"] = self._learned.origins
        write_model(path, metadata, self._features, self._parts, self._earlier)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], *, embeddings: Embedding | str | None = None
    ) -> Self:
        """Return the model that `save` wrote.

        Args:
            path: the file.
            embeddings: the function the model was fitted with, if it was a function.

        Raises:
            ModelFileError: the file is no saved model, or cannot be read.
            LabelingError: the model needs a function for embeddings and none is given.
        """
        sets = read_sets(path, embeddings)
        if sets is not None:
            reader, how = sets.features.reader, sets.metadata["missing_text"]
            model = cls(reader.text, reader.columns, reader.embeddings, missing_text=how)
            return model._with_sets(sets)
        metadata, features, parts, earlier = read_model(path, embeddings)
        reader = features.reader
        model = cls(
            reader.text,
            reader.columns,
            reader.embeddings,
            metadata["rounds"],
            missing_text=metadata.get("missing_text", "drop"),  # missing in files of older versions
            select=metadata.get("select"),
        )
        ordered = metadata.get("ordered", False)
        model.schema_ = LabelSchema(metadata["labels"], ordered=ordered)
        model.voters_ = tuple(metadata["voters"])
        model.labels_ = tuple(sorted(model.schema_))
        model.report_ = tuple(metadata["report"])
        model._features, model._parts = features, parts
        model._earlier = earlier
        if "origins" in metadata:  # missing in files of older versions
            model._learned = learned_from_file(metadata["origins"], features, parts)
        return model


def _report_nothing(stage: str) -> None:
    pass
