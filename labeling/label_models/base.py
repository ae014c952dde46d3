"""Base class of all label models: fit, predict_proba, and saving without pickle."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, NotFittedError, listed
from labeling.label_models.model_files import read_model, write_model
from labeling.label_models.model_views import model_view
from labeling.label_models.patterns import Floats, Patterns, patterns_of
from labeling.label_models.patterns_of_parts import checked_gold, patterns_of_parts
from labeling.records import (
    ClassBalance,
    Gold,
    SoftLabels,
    VoteParts,
    Votes,
    class_balance_array,
    expect,
    fitted_repr,
    gold_codes,
    label_order,
)
from labeling.rendering import Displayed, View


class VoteModel(Displayed, ABC):
    """A label model: it estimates label probabilities from votes.

    Hyper-parameters are attributes named like the arguments; fitted attributes end in `_` and are
    in the order of the sorted names of voters and labels. A subclass implements `_fit` and
    `_posterior`.

    Attributes:
        labels_: the names of the labels, sorted.
        voters_: the names of the voters it was fitted on, sorted.
        report_: sentences on what was done and why, with numbers.
    """

    labels_: tuple[str, ...]
    voters_: tuple[str, ...]
    report_: tuple[str, ...]

    _needs_rows: ClassVar[bool] = False  # whether it reads more of the votes than their patterns

    def __repr__(self) -> str:
        return fitted_repr(self, getattr(self, "labels_", None), getattr(self, "voters_", ()))

    def _view(self) -> View:
        return model_view(self, repr(self))

    def fit(
        self,
        votes: Votes | VoteParts,
        *,
        gold: Gold | None = None,
        class_balance: ClassBalance | None = None,
    ) -> Self:
        """Fit the model to votes, and return the model itself.

        Args:
            votes: the votes of at least one voter; or votes in parts, of which only distinct rows
                and their counts are gathered: the model is the same to the byte.
            gold: true labels of some of the samples: a Series from id to label, or a collection of
                GoldLabel.
            class_balance: the share of each label in the data, if it is known.

        Raises:
            LabelingError: votes without a voter, unusable gold labels or class balance.
        """
        if not isinstance(votes, VoteParts):
            expect(votes, Votes, "`votes`")
        if not votes.voters:
            raise LabelingError("There must be at least one voter. The votes have no column.")
        balance = class_balance_array(class_balance, votes.schema)
        if isinstance(votes, Votes):
            codes = gold_codes(gold, votes.sample_ids, votes.schema)
        order = label_order(votes.schema)
        self.labels_ = tuple(votes.schema.labels[code] for code in order)
        self.voters_ = tuple(sorted(votes.voters))
        self.report_ = ()
        if isinstance(votes, Votes):
            patterns = self._patterns(votes, codes)
        else:
            patterns = self._patterns_of_parts(votes, checked_gold(gold, votes.schema))
        balance_by_name = None if balance is None else balance[order]
        self._fit(patterns, balance_by_name)
        self._adjust_to_all(votes, balance_by_name)
        return self

    def predict_proba(self, votes: Votes) -> SoftLabels:
        """Return the probability of each label for each sample of the votes.

        Rows without any vote are uncovered: `covered` False, and equal probabilities (or what a
        declared class balance leaves for them, where the model obeys one). Gold labels
        inform the fit but are never copied into the result.

        Raises:
            NotFittedError: `fit` was not called.
            LabelingError: votes of other labels, or of a voter the model was not fitted on.
        """
        if not hasattr(self, "labels_"):
            raise NotFittedError(
                f"This {type(self).__name__} is not fitted yet; call fit(votes) first."
            )
        order = label_order(expect(votes, Votes, "`votes`").schema)
        if tuple(votes.schema.labels[code] for code in order) != self.labels_:
            raise LabelingError(
                f"Votes must have the labels that the model was fitted on: {listed(self.labels_)}."
                f" Got {listed(votes.schema.labels)}."
            )
        posterior, covered, row_of_sample = self._predict(votes)
        posterior[~covered] = self._uncovered()
        probabilities = posterior
        if (np.diff(order) < 0).any():
            probabilities = np.empty_like(posterior)
            probabilities[:, order] = posterior
        return SoftLabels(
            probabilities[row_of_sample], votes.sample_ids, votes.schema, covered[row_of_sample]
        )

    def _uncovered(self) -> Floats:
        """Return the probabilities of samples without a vote: shape (n_labels,)."""
        k = len(self.labels_)
        return np.full(k, 1 / k)

    def _voters_for(self, votes: Votes) -> tuple[str, ...]:
        """Return the sorted names of the voters whose votes the model uses."""
        return self.voters_

    def _patterns(self, votes: Votes, gold: npt.NDArray[np.intp]) -> Patterns:
        """Return the vote patterns to fit."""
        return patterns_of(votes, self.voters_, gold)

    def _patterns_of_parts(self, votes: VoteParts, gold: pd.Series) -> Patterns:
        """Return the same patterns for votes in parts, with gold codes by sample id."""
        if self._needs_rows:
            raise LabelingError(
                f"{type(self).__name__} must have the votes in one table. Got votes in parts; pass"
                " `votes.read()`, or fit another model, such as LabelModel."
            )
        return patterns_of_parts(votes, self.voters_, gold)

    def _predict(
        self, votes: Votes
    ) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.intp] | slice]:
        """Return the posteriors of distinct rows, which are covered, and the row of each sample."""
        patterns = patterns_of(votes, self._voters_for(votes))
        return self._posterior(patterns), patterns.covered, patterns.pattern_of_row

    @abstractmethod
    def _fit(self, patterns: Patterns, class_balance: Floats | None) -> None:
        """Set the fitted attributes; everything is in the order of sorted names."""

    def _adjust_to_all(  # most models are fitted on all samples
        self, votes: Votes | VoteParts, class_balance: Floats | None
    ) -> None:
        """Adjust fitted attributes to all samples, where a subset of them was fitted."""

    @abstractmethod
    def _posterior(self, patterns: Patterns) -> Floats:
        """Return a new array of probabilities, shape (n_patterns, n_labels)."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to a file (npz with JSON inside, no pickle)."""
        if not hasattr(self, "labels_"):
            raise NotFittedError(f"This {type(self).__name__} is not fitted yet; nothing to save.")
        write_model(path, type(self).__name__, vars(self))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the model that `save` wrote.

        Raises:
            ModelFileError: no such file, or a file of another model.
        """
        model = cls.__new__(cls)
        for name, value in read_model(path, cls.__name__).items():
            setattr(model, name, value)
        return model
