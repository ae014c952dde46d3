"""The default label model for labeling functions where a sample may have several labels."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, LabelSharesWarning, NotFittedError, listed
from labeling.label_models.default.label_model import LabelModel
from labeling.label_models.default.share_check import reworded
from labeling.label_models.default.stacking import LEAST_GOLD
from labeling.label_models.patterns import Floats
from labeling.label_models.sets.fit_report import SetFit, report_sentences, set_model_view
from labeling.label_models.sets.gold_stack import (
    GoldStack,
    decided_by_stack,
    fit_gold_stack,
    stacked,
)
from labeling.label_models.sets.implied_votes import sorted_answers, with_implied
from labeling.label_models.sets.noisy_or import Bools, NoisyOr, cells_of, fit_noisy_or, outvoted
from labeling.label_models.sets.saving import read_set_model, write_set_model
from labeling.records import (
    ABSTAIN,
    Gold,
    Implies,
    LabelSchema,
    SetConstraints,
    SetVotes,
    SoftSets,
    expect,
    fitted_repr,
    gold_set_codes,
    label_order,
    label_ranks,
)
from labeling.rendering import Displayed, View

REMEDY = f"give the labels of {LEAST_GOLD} samples drawn at random as gold"
LEAST_VOTERS = 4  # who say both yes and no to a label, to learn from their conflicts
NOISY_OR, LABEL_MODEL = "noisy-or", "label model"


class Decisions(NamedTuple):
    """Probabilities and decisions before constraints; columns sorted by label name.

    Attributes:
        p: shape (n_samples, n_labels).
        covered: whether anything was said of the label.
        chosen: whether the sample has the label.
        n_outvoted: the number of yes that noes outvote.
        n_overruled: the number of yes that gold overrules.
        n_added: the number of labels that nobody says yes to.
        n_tied: the number of ties of a label model.
    """

    p: Floats
    covered: Bools
    chosen: Bools
    n_outvoted: int
    n_overruled: int
    n_added: int
    n_tied: int


class SetModel(Displayed):
    """The default label model for labeling functions where a sample may have several labels.

    Each label is decided for itself, in an *open world*: a function that says yes to one label says
    nothing of the others.

    1. *Noisy-or*: p = 1 - prod(1 - a) over the functions that say yes, with a their precision: 0.6,
       or what gold labels tell, shrunken to it by 5 pseudo-votes. A no multiplies the odds by how
       much likelier it is without the label than with it.
    2. *Any yes decides*, unless noes outvote it.
    3. *Gold samples* teach a logistic regression for each label on all votes, those for other
       labels too, its weights drawn to noisy-or. Its threshold t is that of the highest expected
       F1, and n gold samples with the label give it a trust of w = n / (n + 30): a yes is overruled
       below w t, and a label that nobody says yes to is chosen from t / w on.
    4. Where four voters or more say both yes and no to a label, `LabelModel` learns from their
       conflicts, as of a schema with the labels "no" and "yes".
    5. *Constraints* that are declared hold in the end. A yes to a label is a yes to what it
       implies, and decisions that break a constraint are repaired at the lowest cost; see
       `SetConstraints.repaired`.

    A label of which nothing was said is uncovered for that sample, and not chosen unless gold says
    that it comes with other votes. Without gold its probability is a guess: that as many samples
    have it where nothing was said of it as the votes find. It is the prior, worth 5 samples, of the
    share that gold samples tell. Without gold labels probabilities order samples, and are not
    calibrated.

    Args:
        exclusive: groups of labels of which a sample has one at most, as in `[{"cat", "dog"}]`.
        implies: the label or labels that follow from a label, as in `{"oak": "tree"}`.

    Attributes:
        labels_: the names of the labels, sorted.
        voters_: the names of the voters, sorted.
        method_: for each label "noisy-or" or "label model".
        precision_: the precision of each voter's yes: shape (n_voters, n_labels).
        no_ratio_: the factor of the odds by each voter's no: shape (n_voters, n_labels).
        missed_: the probability of a label where nothing was said of it: shape (n_labels,).
        trust_: w, the trust in the thresholds from gold: shape (n_labels,).
        best_: t, the probability with the highest expected F1: shape (n_labels,).
        features_: voter, label and yes (1) or no (0) of the votes that gold tells of: shape
            (n_features, 3).
        weights_: of noisy-or's log-odds, an offset, and these votes: (n_labels, n_features + 2).
        report_: sentences on what was done and why, with numbers.

    >>> schema = LabelSchema(["joy", "anger"], kind="several")
    >>> frame = pd.DataFrame(
    ...     {
    ...         "sample": ["a", "a", "b"],
    ...         "voter": ["smile", "exclaims", "exclaims"],
    ...         "label": ["joy", "joy", "anger"],
    ...     }
    ... )
    >>> votes = SetVotes.from_frame(frame, schema=schema, says=None)
    >>> soft = SetModel().fit(votes).predict(votes)
    >>> [sorted(labels) for labels in soft.to_labels()], soft.array[0, 0].round(2).item()
    ([['joy'], ['anger']], 0.84)
    """

    labels_: tuple[str, ...]
    voters_: tuple[str, ...]
    method_: tuple[str, ...]
    precision_: Floats
    no_ratio_: Floats
    missed_: Floats
    trust_: Floats
    best_: Floats
    features_: npt.NDArray[np.int64]
    weights_: Floats
    report_: tuple[str, ...]

    def __init__(
        self, exclusive: Iterable[Collection[str]] = (), implies: Implies | None = None
    ) -> None:
        self.constraints = SetConstraints.declared(exclusive, implies)
        self.exclusive = self.constraints.exclusive
        self.implies = dict(self.constraints.implies) or None
        self._models: dict[str, LabelModel] = {}

    def __repr__(self) -> str:
        return fitted_repr(self, getattr(self, "labels_", None), getattr(self, "voters_", ()))

    def _view(self) -> View:
        return set_model_view(self)

    def fit(self, votes: SetVotes, *, gold: Gold | None = None) -> Self:
        """Fit the model to votes, and return the model itself.

        Args:
            votes: the votes of at least one voter.
            gold: the labels of some of the samples: a Series or mapping from id to a set or list,
                empty where a sample has none, or a collection of GoldLabel. They should be drawn at
                random.

        Raises:
            LabelingError: votes without a voter, unusable gold labels, or constraints of labels
                that the schema does not have.
        """
        schema = expect(votes, SetVotes, "`votes`").schema
        if not votes.voters:
            raise LabelingError("There must be at least one voter. The votes have none.")
        self.constraints.check(schema)
        codes = gold_set_codes(gold, votes.sample_ids, schema)[:, label_order(schema)]
        voters = tuple(sorted(votes.voters))
        implied = with_implied(votes, self.constraints)
        answers = sorted_answers(implied, voters)
        noisy_or = fit_noisy_or(answers, codes, len(voters))
        stack = fit_gold_stack(answers, cells_of(answers, noisy_or, len(votes)), codes)
        models, warned = _label_models(implied, voters, codes)
        # Only now, so that a fit that fails leaves the model as it was.
        self.labels_, self.voters_ = tuple(sorted(schema)), voters
        self.precision_, self.no_ratio_, self.missed_ = noisy_or
        self.features_, self.weights_, self.trust_, self.best_ = stack
        self.method_ = tuple(LABEL_MODEL if name in models else NOISY_OR for name in self.labels_)
        self._models = models
        decisions = self._decisions(implied)
        _, repaired, n_tied = self._repaired(decisions, schema)
        self.report_ = report_sentences(
            SetFit(
                labels=self.labels_,
                method=self.method_,
                gold=codes,
                covered=decisions.covered,
                trust=self.trust_,
                n_overruled=decisions.n_overruled,
                n_added=decisions.n_added,
                n_outvoted=decisions.n_outvoted,
                n_tied=decisions.n_tied,
                n_repaired=repaired,
                n_tied_repairs=n_tied,
                n_constraints=len(self.constraints.exclusive) + len(self.constraints.implies),
            ),
            warned,
        )
        for name, text in warned.items():
            warnings.warn(f"Label {name!r}: {text}", LabelSharesWarning, stacklevel=2)
        return self

    def predict(self, votes: SetVotes) -> SoftSets:
        """Return the probability of each label of each sample of the votes, and the decisions.

        Gold labels inform the fit but are never copied into the result.

        Raises:
            NotFittedError: `fit` was not called.
            LabelingError: votes of other labels, or of a voter the model was not fitted on.
        """
        if not hasattr(self, "labels_"):
            raise NotFittedError("This SetModel is not fitted yet; call fit(votes) first.")
        schema = expect(votes, SetVotes, "`votes`").schema
        if tuple(sorted(schema)) != self.labels_:
            raise LabelingError(
                f"Votes must have the labels that the model was fitted on: {listed(self.labels_)}."
                f" Got {listed(schema.labels)}."
            )
        decisions = self._decisions(with_implied(votes, self.constraints))
        chosen, _, _ = self._repaired(decisions, schema)
        ranks = label_ranks(schema)
        return SoftSets(
            decisions.p[:, ranks],
            votes.sample_ids,
            schema,
            decisions.covered[:, ranks],
            chosen,
            self.constraints,
        )

    def _decisions(self, implied: SetVotes) -> Decisions:
        """Return probabilities and decisions before constraints, of votes with implied ones."""
        noisy_or = NoisyOr(self.precision_, self.no_ratio_, self.missed_)
        stack = GoldStack(self.features_, self.weights_, self.trust_, self.best_)
        answers = sorted_answers(implied, self.voters_)
        cells = cells_of(answers, noisy_or, len(implied))
        p, lost = stacked(answers, cells, stack), outvoted(cells)
        chosen = decided_by_stack(cells, p, lost, stack)
        by_votes, n_tied = cells.yes & ~lost, 0
        covered = cells.yes | cells.no | chosen
        for name, model in self._models.items():
            column = self.labels_.index(name)
            soft = model.predict_proba(implied.of_label(name))
            rows = soft.covered
            p[rows, column] = soft.array[rows, 1]
            p[~rows, column] = self.missed_[column]
            chosen[:, column] = by_votes[:, column] = rows & (soft.codes() == 1)
            covered[:, column], lost[:, column] = rows, False
            n_tied += int((rows & (soft.codes() == ABSTAIN)).sum())
        n_overruled, n_added = (by_votes & ~chosen).sum(), (chosen & ~by_votes).sum()
        return Decisions(
            p, covered, chosen, int(lost.sum()), int(n_overruled), int(n_added), n_tied
        )

    def _repaired(self, decisions: Decisions, schema: LabelSchema) -> tuple[Bools, int, int]:
        """Return decisions that keep the constraints, in schema order; how many changed or tied."""
        ranks = label_ranks(schema)
        chosen = decisions.chosen[:, ranks]
        repaired, n_tied = self.constraints.repaired(chosen, decisions.p[:, ranks], schema)
        return repaired, int((repaired != chosen).any(axis=1).sum()), n_tied

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to a file (npz with JSON inside, no pickle)."""
        if not hasattr(self, "labels_"):
            raise NotFittedError("This SetModel is not fitted yet; nothing to save.")
        values: dict[str, Any] = {name: list(getattr(self, name)) for name in _TEXTS}
        values |= {"exclusive": self.exclusive, "implies": self.implies}
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        write_set_model(path, values, arrays, self._models)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the model that `save` wrote.

        Raises:
            ModelFileError: no such file, or a file of another model.
        """
        values, arrays, models = read_set_model(path, (*_TEXTS, "exclusive", "implies"), _ARRAYS)
        model = cls(values["exclusive"], values["implies"])
        for name in _TEXTS:
            setattr(model, name, tuple(values[name]))
        for name in _ARRAYS:
            setattr(model, name, arrays[name])
        model._models = models
        return model


_TEXTS = ("labels_", "voters_", "method_", "report_")
_ARRAYS = (
    "precision_",
    "no_ratio_",
    "missed_",
    "trust_",
    "best_",
    "features_",
    "weights_",
)


def _label_models(
    votes: SetVotes, voters: tuple[str, ...], gold: npt.NDArray[np.int8]
) -> tuple[dict[str, LabelModel], dict[str, str]]:
    """Return the models of labels whose votes conflict enough, and their warnings, by label.

    Args:
        votes: the votes.
        voters: their sorted names.
        gold: shape (n_samples, n_labels), labels sorted by name.
    """
    answers = sorted_answers(votes, voters)
    names = sorted(votes.schema)
    said = np.zeros((2, len(voters), len(names)), dtype=bool)
    said[answers.says.astype(np.intp), answers.voter, answers.label] = True
    models, warned = {}, {}
    for column in np.flatnonzero(said.all(axis=0).sum(axis=0) >= LEAST_VOTERS):
        rows = np.flatnonzero(gold[:, column] != ABSTAIN)
        truth = np.where(gold[rows, column] == 1, "yes", "no")
        of_label = pd.Series(truth, index=votes.sample_ids[rows], dtype=object)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", LabelSharesWarning)
            model = LabelModel().fit(votes.of_label(names[column]), gold=of_label)
        for warning in caught:
            if issubclass(warning.category, LabelSharesWarning):
                warned[names[column]] = reworded(str(warning.message), REMEDY)
            else:
                warnings.warn_explicit(
                    warning.message, warning.category, warning.filename, warning.lineno
                )
        models[names[column]] = model
    return models, warned
