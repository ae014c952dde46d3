"""`EndModel`: from soft labels, texts, columns and gold labels to an answer for every sample."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from labeling.end_model.embeddings import Embedding
from labeling.end_model.encoding import complete, in_order, keys, one_hot, vote_logs
from labeling.end_model.features import Features, Reader
from labeling.end_model.linear_model import Floats
from labeling.end_model.saving import read_model, write_model
from labeling.end_model.training import Learned, Material, learn
from labeling.errors import DataError, LabelingError, NotFittedError, listed
from labeling.records import (
    ABSTAIN,
    ClassBalance,
    Gold,
    LabelSchema,
    MissingText,
    SoftLabels,
    Table,
    Votes,
    checked_missing_text,
    class_balance_array,
    expect,
    fitted_repr,
    gold_codes,
    is_whole_number,
    random_order,
    with_id_index,
    with_texts,
)


class EndModel:
    """A classifier of texts and columns that learns from soft labels, corrected by gold labels.

    Three experts are stacked: the votes; a linear model of text and columns that was trained on
    their soft labels (cross-fitted, so that no sample is judged by a model that saw its own soft
    label); and, once there are gold labels, linear models trained on gold alone. Their weights, and
    a correction for each voter and vote, are fitted to the gold labels and held to the answer
    without gold by pseudo-labels, so that few gold labels cannot do harm. Without gold it is the
    product of the first two.

    A class balance, where one is declared, tells much more than class weights: answers are moved
    until the labels decided on have these shares, and what each vote says is read anew from
    what the text, so moved, says of the samples where it was cast.

    Args:
        text: the column that holds the text (TF-IDF of words and pairs of words, and of pieces
            of words where texts are short and few); `None` where only columns are learned from.
        columns: further columns to learn from: numbers (standardised; that one is missing is a
            feature of its own) and categories (one-hot; those not seen before say nothing).
        embeddings: vectors of texts beside TF-IDF: a function from a list of texts to an array of
            shape (n_texts, n_dimensions), or the name of a model of sentence-transformers, loaded
            when it is used (extra `embeddings`).
        missing_text: what becomes of samples whose text is missing (null): `"drop"` learns nothing
            from them and answers them as uncovered, `"empty"` takes "" for the text, `"error"`
            refuses them. How many there were is in `report_`.
        rounds: how often at most the text model is trained anew on what text and votes said
            together of all samples. A round that does not help held-out answers is not taken:
            measured on gold labels where there are five, else on the agreement with votes.

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

    def __init__(
        self,
        text: str | None = "text",
        columns: Sequence[str] = (),
        embeddings: Embedding | str | None = None,
        rounds: int = 0,
        *,
        missing_text: MissingText = "drop",
    ) -> None:
        if isinstance(columns, str):
            raise LabelingError(f"`columns` must be several names. Write columns=({columns!r},).")
        if not is_whole_number(rounds) or rounds < 0:
            raise LabelingError(f"`rounds` must be a whole number from 0. Got {rounds!r}.")
        self.text = text
        self.columns = tuple(columns)
        self.embeddings = embeddings
        self.rounds = rounds
        self.missing_text = checked_missing_text(missing_text)
        self._reader = Reader(text, self.columns, embeddings)

    def __repr__(self) -> str:
        return fitted_repr(self, getattr(self, "labels_", None), getattr(self, "voters_", ()))

    def fit(
        self,
        data: Table,
        soft: SoftLabels,
        *,
        id: str | None = None,
        gold: Gold | None = None,
        votes: Votes | None = None,
        class_balance: ClassBalance | None = None,
    ) -> Self:
        """Learn from the samples of `data`, and return the model itself.

        Args:
            data: samples, index = ids; or another table in memory, see `read_samples`.
            id: the column of the ids; `None` takes the index.
            soft: the label model's answer for these samples; those it does not cover, or does not
                know, teach the text model nothing. It may know others, which are not used.
            gold: labels known to be true for some samples.
            votes: the votes behind `soft`, so that gold labels, or the text where a balance is
                declared, can correct single voters.
            class_balance: the labels' shares among these samples, covered or not, where they are
                known. Never derived from the soft labels.

        Raises:
            DataError: a text is none, a column is not what it must be, or ids are unknown.
            LabelingError: no sample is covered and none has a gold label.
        """
        everything = with_id_index(data, id)
        self.schema_ = expect(soft, SoftLabels, "`soft`").schema
        self.labels_ = tuple(sorted(self.schema_))
        samples, there = with_texts(everything, self.text, self.missing_text)
        if not len(samples):
            raise DataError(f"A sample must have a text in column {self.text!r}. None has.")
        # In an order that depends on the ids alone: so does then what is learned.
        samples = samples.iloc[random_order(samples.index, np.random.default_rng(0))]
        soft = complete(soft, samples.index)
        codes = gold_codes(gold, everything.index, self.schema_)
        truth = self._sorted_codes(codes[everything.index.get_indexer(samples.index)])
        self.voters_ = ()
        if votes is not None:
            self.voters_ = tuple(sorted(expect(votes, Votes, "`votes`").voters))
        hot = one_hot(votes, samples.index, self.voters_, self.labels_)
        if not soft.covered.any() and (truth == ABSTAIN).all():
            raise LabelingError("There must be a covered sample or a gold label. Got neither.")
        shares = class_balance_array(class_balance, self.schema_)
        known = np.flatnonzero(truth != ABSTAIN)
        # One thread: the same sums on any machine, and small products gain nothing from more.
        with threadpool_limits(limits=1):
            self._features, vectors = self._reader.fitted(samples)
            material = Material(
                vectors,
                in_order(soft.to_array(), soft.schema, self.labels_),
                soft.covered,
                vote_logs(soft, self.labels_),
                hot,
                known,
                truth[known],
                None if shares is None else in_order(shares[None], self.schema_, self.labels_)[0],
            )
            self._learned = learn(material, self.rounds)
        written = keys(samples.index, self._reader.written(samples))
        own = np.concatenate([self._learned.own, self._learned.students_own], axis=1)
        self._own = dict(zip(written, own, strict=True))
        self.report_ = (
            *_report(self._features, self._learned, material, self.rounds),
            *(
                [f"{(~there).sum()} samples without a text were left out."]
                if (~there).any()
                else []
            ),
        )
        return self

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
            id: the column of the ids; `None` takes the index.
            soft: the label model's answer for these samples; without it the text alone speaks.
            votes: the votes behind `soft`, for what was learned of single voters.

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
        samples = with_id_index(data, id)
        schema = self.schema_ if soft is None else expect(soft, SoftLabels, "`soft`").schema
        if set(schema.labels) != set(self.labels_):
            raise LabelingError(
                f"Soft labels must have the labels of the model: {listed(self.labels_)}."
                f" Got {listed(schema.labels)}."
            )
        ids = samples.index
        with threadpool_limits(limits=1):
            used, there = with_texts(samples, self.text, self.missing_text)
            found = np.full((len(ids), len(self.labels_)), 1 / len(self.labels_))
            if there.any():
                found[there] = self._answers(used, soft, votes)
        columns = [self.labels_.index(label) for label in schema.labels]
        return SoftLabels(found[:, columns], ids, schema, there)

    def _answers(
        self, samples: pd.DataFrame, soft: SoftLabels | None, votes: Votes | None
    ) -> Floats:
        """Return the probabilities of samples, shape (n, n_labels), labels sorted by name."""
        learned = self._learned
        vectors = self._features.vectors(samples)
        own = learned.text.model.log_odds(vectors)
        students = np.zeros_like(own)
        if learned.student.weight:
            students = learned.student.log_odds(vectors, learned.gold.themes)
        written = keys(samples.index, self._reader.written(samples))
        for row, key in enumerate(written):  # no sample is judged by its own soft label
            if key in self._own:
                own[row], students[row] = np.split(self._own[key], 2)
        by_soft = np.zeros_like(own)
        if soft is not None:
            by_soft = vote_logs(complete(soft, samples.index), self.labels_)
        hot = one_hot(votes, samples.index, self.voters_, self.labels_)
        experts = learned.text.experts(own, by_soft, hot)
        gold_logs = learned.gold.log_odds(vectors)
        every = np.concatenate([experts, gold_logs[None]])
        return learned.student.evened(learned.stack.probabilities(every, hot), students)

    def _sorted_codes(self, codes: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Return codes of the schema as places among the sorted labels; -1 stays -1."""
        ranks = [self.labels_.index(label) for label in self.schema_]
        return np.array([*ranks, ABSTAIN], dtype=np.intp)[codes]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to a file (npz with JSON inside, no pickle).

        A function that gives embeddings is not written: give it again when you load.
        """
        if not hasattr(self, "labels_"):
            raise NotFittedError("This EndModel is not fitted yet; nothing to save.")
        about = {
            "voters": self.voters_,
            "labels": self.schema_.labels,
            "report": self.report_,
            "rounds": self.rounds,
            "missing_text": self.missing_text,
        }
        write_model(path, about, self._features, self._learned, self._own)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], *, embeddings: Embedding | str | None = None
    ) -> Self:
        """Return the model that `save` wrote; a ModelFileError where there is none.

        Args:
            path: the file.
            embeddings: what the model was fitted with, if it was with a function.

        Raises:
            ModelFileError: the file is no saved model, or cannot be read.
            LabelingError: the model needs a function for embeddings and none is given.
        """
        about, features, learned, own = read_model(path, embeddings)
        reader = features.reader
        how = about.get("missing_text", "drop")  # which models of before do not say
        model = cls(
            reader.text, reader.columns, reader.embeddings, about["rounds"], missing_text=how
        )
        model.schema_, model.voters_ = LabelSchema(about["labels"]), tuple(about["voters"])
        model.labels_ = tuple(sorted(model.schema_))
        model.report_ = tuple(about["report"])
        model._features, model._learned, model._own = features, learned, own
        return model


def _report(
    features: Features, learned: Learned, material: Material, rounds: int
) -> tuple[str, ...]:
    said = [
        f"The text model learned from {int(material.covered.sum())} covered samples and"
        f" {features.describe()}.",
        f"{learned.stack.n_gold} gold labels weigh the experts"
        f" {', '.join(f'{weight:.2f}' for weight in learned.stack.weights)}"
        " (votes, text, text from gold alone).",
    ]
    if material.shares is not None:
        said.append(
            "Answers without gold were moved to the declared balance"
            f" {', '.join(f'{share:.3f}' for share in material.shares)}; the text judged"
            f" {len(learned.text.told)} kinds of votes anew, and is believed"
            f" {learned.text.calibration.trust:.0%}."
        )
    if rounds:
        said.append(f"{learned.rounds} of {rounds} rounds of self-training helped and were kept.")
    return tuple(said)
