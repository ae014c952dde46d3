"""Imports modAL and says what works of it: its query functions do, its `teach` and `fit` do not."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from types import ModuleType
from typing import Any

from labeling.errors import LabelingError, listed, missing_extra, near

PREFIX = "modal:"

# By the name of modAL's function, the module of modAL that has it.
CLASSIFIER = {
    "entropy_sampling": "uncertainty",
    "margin_sampling": "uncertainty",
    "uncertainty_sampling": "uncertainty",
}
"""Functions that ask a classifier: the posterior that is handed to `select`."""
COMMITTEE = {
    "consensus_entropy_sampling": "disagreement",
    "max_disagreement_sampling": "disagreement",
    "vote_entropy_sampling": "disagreement",
}
"""Functions that ask a committee: the labeling functions that vote on a sample, or models."""
FEATURES = {"information_density": "density", "uncertainty_batch_sampling": "batch"}
"""Functions that compare samples: by clusters of their texts, or by features of yours."""

NAMES = tuple(sorted({**CLASSIFIER, **COMMITTEE, **FEATURES}))

_MULTILABEL = (
    "is for samples that have several labels at once, and here a sample has one; use"
    " 'modal:uncertainty_sampling'"
)
_REGRESSION = (
    "searches the maximum of a number that a regressor predicts, and labels are not numbers; use"
    " 'modal:uncertainty_sampling'"
)
_DROPOUT = (
    "repeats the predictions of a torch network with dropout, and the posterior here has none; use"
    " 'modal:entropy_sampling'"
)
UNUSABLE = {
    "expected_error_reduction": (
        "fits the classifier again for each sample and label, which a posterior that is fitted"
        " already cannot be; it also needs `np.float`, which NumPy has removed. Use"
        " 'modal:margin_sampling'"
    ),
    "max_std_sampling": _REGRESSION,
    **dict.fromkeys(("max_EI", "max_PI", "max_UCB"), _REGRESSION),
    **dict.fromkeys(("optimizer_EI", "optimizer_PI", "optimizer_UCB"), _REGRESSION),
    **dict.fromkeys(
        (
            "SVM_binary_minimum",
            "avg_confidence",
            "avg_score",
            "max_loss",
            "max_score",
            "mean_max_loss",
            "min_confidence",
        ),
        _MULTILABEL,
    ),
    **dict.fromkeys(
        (
            "mc_dropout_bald",
            "mc_dropout_max_entropy",
            "mc_dropout_max_variationRatios",
            "mc_dropout_mean_st",
        ),
        _DROPOUT,
    ),
}
"""Query functions of modAL that cannot be used here: why, and what to use instead."""

_importing = threading.Lock()


def check_name(name: str) -> str:
    """Return the name of a query function of modAL after checking that it can be used.

    >>> check_name("margin_sampling")
    'margin_sampling'
    >>> check_name("min_confidence")
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingError: modAL's 'min_confidence' cannot be used: it is for samples that
    have several labels at once, and here a sample has one; use 'modal:uncertainty_sampling'.
    """
    if name in UNUSABLE:
        raise LabelingError(f"modAL's {name!r} cannot be used: it {UNUSABLE[name]}.")
    if name not in NAMES:
        raise LabelingError(
            f"A query function of modAL must be one of {listed(NAMES, 10)}. Got {name!r}."
            f"{near(name, NAMES)}"
        )
    return name


def modal_function(name: str) -> Any:
    """Return a query function of modAL by its name."""
    module = {**CLASSIFIER, **COMMITTEE, **FEATURES}[check_name(name)]
    return getattr(modal_module(module), name)


def modal_module(name: str) -> ModuleType:
    """Import a module of modAL, such as `"models"`.

    Raises:
        LabelingError: modAL is not installed, or cannot be imported with these packages.
    """
    try:
        with _importing, _WithoutTorch():
            return importlib.import_module(f"modAL.{name}")
    except ModuleNotFoundError as error:
        if error.name == "modAL":
            raise missing_extra(error) from error
        raise _broken(error) from error
    except Exception as error:  # it imports private names of scikit-learn
        raise _broken(error) from error


def _broken(error: Exception) -> LabelingError:
    return LabelingError(
        "modAL is installed and cannot be imported with the other packages:"
        f" {type(error).__name__}: {error}. Its last release is of 2023: try an older scikit-learn,"
        " or use the strategy 'margin' or 'mixture', which do without it."
    )


class _WithoutTorch:
    """Keeps modAL from importing torch, which takes seconds and serves it for tensors only.

    It is a finder of the import system that refuses torch to the thread that imports modAL.
    """

    def __enter__(self) -> None:
        self._thread = threading.get_ident()
        sys.meta_path.insert(0, self)

    def __exit__(self, *error: object) -> None:
        sys.meta_path.remove(self)

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Raise for torch; leave anything else to the other finders."""
        if name == "torch" and threading.get_ident() == self._thread:
            raise ModuleNotFoundError("modAL is imported without torch", name=name)
