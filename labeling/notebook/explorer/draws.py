"""Which samples are offered to be labelled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labeling.errors import DataError, near, quoted
from labeling.notebook.measures import label_counts
from labeling.notebook.moment import Moment, RowNumbers, shuffled
from labeling.records import ABSTAIN, is_whole_number

WHICH = ("random", "uncovered", "conflicts")
SALT = 20_261_215  # differs from those of other draws by id, so that they are independent
MOST = 5_000
"""Samples of one draw: all of them are sent to the page."""


def checked_draw(n: int, which: str) -> tuple[int, str]:
    """Return how many samples are drawn of which, validated."""
    if not is_whole_number(n) or not 1 <= n <= MOST:
        raise DataError(f"`n` of explore must be a whole number from 1 to {MOST:,}. Got {n!r}.")
    if which not in WHICH:
        raise DataError(
            f"`which` must be one of {', '.join(map(quoted, WHICH))}. Got {quoted(which)}."
            f"{near(which, WHICH)}"
        )
    return int(n), which


def drawn(
    moment: Moment, which: str, given: npt.NDArray[np.bool_], n: int
) -> tuple[RowNumbers, str]:
    """Return the first `n` of some samples in a random order, and a sentence about the draw.

    The order is that of a hash of the ids: whoever draws again gets the same samples, and a larger
    `n` continues the draw. Samples with a label of a person stay in it.

    Args:
        moment: what the workbench holds.
        which: one of `WHICH`.
        given: which samples have gold that was given, and are not drawn: shape (n_samples,).
        n: at most how many.
    """
    population = np.flatnonzero(~given & _condition(moment, which))
    order = shuffled(moment.samples.index[population], SALT)
    what = {
        "random": "samples",
        "uncovered": "samples without a vote",
        "conflicts": "samples on which functions conflict",
    }[which]
    rest = " that have no given gold label" if given.any() else ""
    sentence = f"{min(n, len(population)):,} of {len(population):,} {what}{rest}, drawn at random."
    if which != "random":
        sentence += " They are not like all samples: precision measured on them is not that on all."
    return population[order[:n]], sentence


def _condition(moment: Moment, which: str) -> npt.NDArray[np.bool_]:
    if which == "random":
        return np.ones(len(moment), dtype=bool)
    if which == "uncovered":
        return np.asarray((moment.array == ABSTAIN).all(axis=1))
    counts = label_counts(moment.array, len(moment.schema))
    return np.asarray((counts > 0).sum(axis=1) > 1)
