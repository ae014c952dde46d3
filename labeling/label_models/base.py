"""What every label model shares: fit, predict, and saving without pickle."""

from __future__ import annotations

import json
import os
import zipfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from labeling.errors import LabelingError, ModelFileError, NotFittedError, shown
from labeling.label_models.patterns import Floats, Patterns, label_order, patterns_of
from labeling.records import (
    ClassBalance,
    Gold,
    SoftLabels,
    Votes,
    class_shares,
    expect,
    fitted_call,
    gold_codes,
    whole_file,
)

FORMAT = 1


class VoteModel(ABC):
    """A model from votes to probabilities; the subclasses say how.

    Hyper-parameters stand in attributes named as the arguments; what was learned ends in `_`, in
    the order of the sorted names of voters and labels.

    Attributes:
        labels_: the names of the labels, sorted.
        voters_: the names of the voters it was fitted on, sorted.
        report_: sentences about what was done and why, with numbers.
    """

    labels_: tuple[str, ...]
    voters_: tuple[str, ...]
    report_: tuple[str, ...]

    def __repr__(self) -> str:
        return fitted_call(self, getattr(self, "labels_", None), getattr(self, "voters_", ()))

    def fit(
        self, votes: Votes, *, gold: Gold | None = None, class_balance: ClassBalance | None = None
    ) -> Self:
        """Learn how far each voter can be trusted, and return the model itself.

        Args:
            votes: the votes of at least one voter.
            gold: labels known to be true for some of the samples: a Series from id to label, or a
                collection of GoldLabel.
            class_balance: the labels' shares in the data, where they are known.

        Raises:
            LabelingError: votes without a voter, unusable gold labels or class balance.
        """
        expect(votes, Votes, "`votes`")
        if not votes.voters:
            raise LabelingError("There must be at least one voter. The votes have no column.")
        shares = class_shares(class_balance, votes.schema)
        codes = gold_codes(gold, votes.sample_ids, votes.schema)
        order = label_order(votes.schema)
        self.labels_ = tuple(votes.schema.labels[code] for code in order)
        self.voters_ = tuple(sorted(votes.voters))
        self.report_ = ()
        patterns = self._patterns(votes, codes)
        self._learn(patterns, None if shares is None else shares[order])
        return self

    def predict_proba(self, votes: Votes) -> SoftLabels:
        """Return the probability of each label for each sample of the votes.

        Rows without any vote are uncovered: equal probabilities, `covered` False. Gold labels
        shape what was learned but are never copied into the answer.

        Raises:
            NotFittedError: `fit` was not called.
            LabelingError: votes of other labels, or of a voter that the model does not know.
        """
        if not hasattr(self, "labels_"):
            raise NotFittedError(
                f"This {type(self).__name__} is not fitted yet; call fit(votes) first."
            )
        order = label_order(expect(votes, Votes, "`votes`").schema)
        if tuple(votes.schema.labels[code] for code in order) != self.labels_:
            raise LabelingError(
                f"Votes must have the labels that the model was fitted on: {shown(self.labels_)}."
                f" Got {shown(votes.schema.labels)}."
            )
        posterior, covered, of_row = self._answers(votes)
        posterior[~covered] = 1 / len(order)
        probabilities = np.empty_like(posterior)
        probabilities[:, order] = posterior
        return SoftLabels(probabilities[of_row], votes.sample_ids, votes.schema, covered[of_row])

    def _voters_for(self, votes: Votes) -> tuple[str, ...]:
        """Return the voters, sorted, whose columns the model looks at."""
        return self.voters_

    def _patterns(self, votes: Votes, gold: npt.NDArray[np.intp]) -> Patterns:
        """Return what the model learns from."""
        return patterns_of(votes, self.voters_, gold)

    def _answers(
        self, votes: Votes
    ) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.intp] | slice]:
        """Return probabilities of distinct rows, which are covered, and the row of each sample."""
        patterns = patterns_of(votes, self._voters_for(votes))
        return self._posterior(patterns), patterns.covered, patterns.of_row

    @abstractmethod
    def _learn(self, patterns: Patterns, class_shares: Floats | None) -> None:
        """Set what is learned; everything is in the order of sorted names."""

    @abstractmethod
    def _posterior(self, patterns: Patterns) -> Floats:
        """Return new probabilities of shape (n_patterns, n_labels)."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to a file (npz with JSON inside, no pickle)."""
        if not hasattr(self, "labels_"):
            raise NotFittedError(f"This {type(self).__name__} is not fitted yet; nothing to save.")
        arrays = {name: value for name, value in vars(self).items() if _is_array(value)}
        rest = {name: value for name, value in vars(self).items() if name not in arrays}
        about = json.dumps({"format": FORMAT, "model": type(self).__name__, "values": rest})
        with whole_file(path) as unfinished, unfinished.open("wb") as file:
            np.savez(file, about=np.array(about), **arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the model that `save` wrote.

        Raises:
            ModelFileError: no such file, or not one of this model.
        """
        try:
            # NumPy leaves a file open that it opened itself and cannot read.
            with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                found = {name: file[name] for name in file.files}
            about = {"format": None, "model": None} | json.loads(str(found.pop("about")))
        except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
            raise ModelFileError(f"{str(path)!r} is no saved label model: {error}") from error
        if about["format"] != FORMAT or about["model"] != cls.__name__:
            raise ModelFileError(
                f"{str(path)!r} must hold a {cls.__name__} of format {FORMAT}. It holds a"
                f" {about['model']} of format {about['format']}."
            )
        model = cls.__new__(cls)
        for name, value in {**about["values"], **found}.items():
            setattr(model, name, tuple(value) if isinstance(value, list) else value)
        return model


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)
