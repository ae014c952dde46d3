"""Adapter of the LabelModel of the package snorkel; needs the extra `snorkel`."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from labeling.errors import LabelingError, MissingExtraError
from labeling.label_models.base import VoteModel
from labeling.label_models.matrix_completion import second_moments
from labeling.label_models.patterns import (
    Floats,
    Patterns,
    balance_or_uniform,
    n_votes_by_voter,
    sum_of_evidence,
)
from labeling.label_models.report_sentences import (
    balance_sentence,
    gold_unused_sentences,
    identifiability_sentences,
)
from labeling.label_models.settings import check_choice, check_setting

LEAST_VOTERS = 3
OPTIMIZERS = ("adam", "adamax", "sgd")


class Snorkel(VoteModel):
    """The LabelModel of the package snorkel, as a reference implementation.

    It fits μ, P(voter votes v | y), to the second moments of the votes (see `MatrixCompletion`) by
    gradient descent in torch. Rows, voters and labels are passed in canonical order, so that the
    given order does not matter; voters who never vote are left out. It needs three voters. Training
    uses the global random states of Python, NumPy and torch, which are restored afterwards: do not
    draw from them in another thread meanwhile. The fitted parameters are stored as arrays, so a
    saved model predicts without snorkel and torch.

    Args:
        n_epochs: gradient steps; Snorkel's tutorials use 500.
        lr: learning rate, above 0. With many dense voters 0.01 diverges: an error or a warning.
        l2: strength of the regularisation towards the start, 0 or more.
        optimizer: "sgd", "adam" or "adamax".
        prec_init: initial accuracy of each vote, above 0, at most 1.
        mu_eps: μ is clipped to [mu_eps, 1 - mu_eps]; `None` leaves it to Snorkel.
        seed: for the scale of the start; Snorkel itself draws one when it is imported.

    Attributes:
        mu_: P(voter votes v | y), shape (n_voters, n_labels voted, n_labels true); 1 for voters who
            never voted.
        class_balance_: the class balance that was given, or a uniform one.
        misfit_: the residual of the second moments of different voters, relative to their size
            (root mean square): 0 = exact fit, 1 = no fit.

    Raises:
        MissingExtraError: snorkel is not installed.
        LabelingError: fewer than three voters, a hyper-parameter out of range, or the loss is NaN.

    Source: https://github.com/snorkel-team/snorkel (0.10.0); method: A. Ratner et al., "Training
    complex models with multi-task weak supervision", AAAI 2019.

    >>> from labeling.records import LabelSchema, Votes
    >>> votes = Votes.from_array([[0, 0], [1, 1]], schema=LabelSchema(["ham", "spam"]))
    >>> Snorkel().fit(votes)
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingError: Snorkel must have at least 3 voters. Got 2: use LabelModel or
    MajorityVote for fewer.
    """

    mu_: Floats
    class_balance_: Floats
    misfit_: float

    def __init__(
        self,
        *,
        n_epochs: int = 100,
        lr: float = 0.01,
        l2: float = 0.0,
        optimizer: str = "sgd",
        prec_init: float = 0.7,
        mu_eps: float | None = None,
        seed: int = 0,
    ) -> None:
        self.n_epochs = n_epochs
        self.lr = lr
        self.l2 = l2
        self.optimizer = optimizer
        self.prec_init = prec_init
        self.mu_eps = mu_eps
        self.seed = seed

    def _fit(self, patterns: Patterns, class_balance: Floats | None) -> None:
        self._check(patterns.n_voters)
        n_labels = patterns.n_labels
        self.class_balance_ = balance_or_uniform(patterns, class_balance)
        self.mu_ = np.ones((patterns.n_voters, n_labels, n_labels))
        active = np.flatnonzero(n_votes_by_voter(patterns) > 0)
        if len(active):
            mu = self._train(patterns, active)
            self.mu_[active] = mu[: len(active)]
        self.misfit_ = _misfit(patterns, self.mu_, self.class_balance_)
        if self.misfit_ > 1:
            warnings.warn(
                "Snorkel's training seems to have diverged: the residual of the second moments is"
                f" {self.misfit_:.1f} times their size. {_HINT}",
                stacklevel=3,
            )
        self.report_ = (
            f"Snorkel ran {self.n_epochs} epochs of {self.optimizer} at learning rate {self.lr:g}"
            f" with seed {self.seed}; the residual of the second moments is {self.misfit_:.0%}.",
            balance_sentence(class_balance),
            *gold_unused_sentences(patterns),
            *identifiability_sentences(patterns),
        )

    def _check(self, n_voters: int) -> None:
        check_setting(self, "n_epochs", at_least=1, whole=True)
        check_setting(self, "lr", above=0)
        check_setting(self, "l2", at_least=0)
        check_setting(self, "prec_init", above=0, at_most=1)
        check_setting(self, "seed", at_least=0, below=2**32, whole=True)
        if self.mu_eps is not None:
            check_setting(self, "mu_eps", above=0, below=0.5)
        check_choice(self, "optimizer", OPTIMIZERS)
        if n_voters < LEAST_VOTERS:
            raise LabelingError(
                f"Snorkel must have at least {LEAST_VOTERS} voters. Got {n_voters}: use LabelModel"
                " or MajorityVote for fewer."
            )

    def _train(self, patterns: Patterns, active: np.ndarray[Any, Any]) -> Floats:
        """Return μ of the voters who vote: (n_voters, n_labels voted, n_labels true)."""
        array = _snorkel_matrix(patterns, active)
        # One thread gives the same sums on any machine, and is faster: the matrices are small.
        with _restored_random_states(), threadpool_limits(limits=1):
            model = _label_model()(cardinality=patterns.n_labels, verbose=False)
            try:
                model.fit(
                    array,
                    class_balance=self.class_balance_.tolist(),
                    progress_bar=False,
                    **{name: getattr(self, name) for name in _SETTINGS},
                )
            except Exception as error:  # Snorkel raises nothing narrower; others are re-raised
                if "Loss is NaN" not in str(error):
                    raise
                raise LabelingError(f"Snorkel's training diverged: {error} {_HINT}") from error
            probabilities: Floats = model.get_conditional_probs()
        return probabilities[:, 1:, :]  # without P(abstains | y), which it does not use

    def _posterior(self, patterns: Patterns) -> Floats:
        prior = np.log(self.class_balance_)
        posterior: Floats = softmax(sum_of_evidence(patterns, np.log(self.mu_), prior), axis=1)
        return posterior


_SETTINGS = ("n_epochs", "lr", "l2", "optimizer", "prec_init", "mu_eps", "seed")
_HINT = "Lower `lr`, or set optimizer='adam'."


def _label_model() -> Any:
    try:
        from snorkel.labeling.model import LabelModel
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"Snorkel needs {error.name}: pip install 'labeling[snorkel]'"
        ) from error
    return LabelModel


def _snorkel_matrix(
    patterns: Patterns, active: np.ndarray[Any, Any]
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the label matrix of some voters, abstention -1, in the order of the patterns.

    Silent voters are added up to the three that Snorkel requires.
    """
    column = np.full(patterns.n_voters, -1)
    column[active] = np.arange(len(active))
    array = np.full((len(patterns.counts), max(len(active), LEAST_VOTERS)), -1, dtype=np.int64)
    array[patterns.row, column[patterns.voter]] = patterns.vote
    return np.repeat(array, patterns.counts.astype(np.intp), axis=0)


@contextmanager
def _restored_random_states() -> Iterator[None]:
    """Restore the global random states of Python, NumPy and torch at the end."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  # the user's
    try:
        import torch
    except ModuleNotFoundError as error:
        raise MissingExtraError("Snorkel needs torch: pip install 'labeling[snorkel]'") from error
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


def _misfit(patterns: Patterns, mu: Floats, balance: Floats) -> float:
    moments, used = second_moments(patterns)
    voter = used // patterns.n_labels
    of_used = mu.reshape(-1, patterns.n_labels)[used]
    off_block = voter[:, None] != voter
    residual = ((of_used * balance) @ of_used.T - moments)[off_block]
    size = float(np.linalg.norm(moments[off_block]))
    return float(np.linalg.norm(residual)) / size if size else 0.0
