"""From probabilities to labels: the most probable one is not always the best decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, shown
from labeling.records.schema import ABSTAIN, LabelSchema

Floats = npt.NDArray[np.float64]
Costs = Mapping[str, Mapping[str, float]] | Sequence[Sequence[float]] | Floats | pd.DataFrame

TIE = 1e-9  # two values nearer than this are equal: no order of summing may decide


def winners(scores: Floats) -> npt.NDArray[np.bool_]:
    """Return which columns have the highest score of a row, one or several when tied."""
    best: npt.NDArray[np.bool_] = scores >= scores.max(axis=1, keepdims=True) - TIE
    return best


def shared_wins(scores: Floats) -> Floats:
    """Return 1 for the column with the highest score of each row, shared out evenly among ties.

    >>> shared_wins(np.array([[0.2, 0.8], [0.5, 0.5]])).tolist()
    [[0.0, 1.0], [0.5, 0.5]]
    """
    best = winners(scores)
    shares: Floats = best / best.sum(axis=1, keepdims=True)
    return shares


def best_codes(scores: Floats) -> npt.NDArray[np.intp]:
    """Return the column with the highest score of each row, -1 where several are tied."""
    best = winners(scores)
    return np.where(best.sum(axis=1) == 1, best.argmax(axis=1), ABSTAIN)


def f1_codes(
    probabilities: Floats, positive: str | int | None, schema: LabelSchema
) -> npt.NDArray[np.intp]:
    """Return the labels whose expected F1 is the highest, for two labels.

    With the m samples of the highest p called positive, F1 is expected to be about
    2 sum(p of these) / (m + sum(p of all)); samples of equal p are decided alike. (Lipton et al.,
    "Optimal thresholding of classifiers to maximize F1 measure", ECML 2014.)

    Args:
        probabilities: shape (n, 2), rows that are covered.
        positive: the label whose F1 counts; `None` = the last of the schema.
        schema: the labels.

    Raises:
        LabelingError: there are more than two labels.
    """
    if len(schema) != 2:
        raise LabelingError(
            "optimize='f1' must have two labels, one of them the positive one. Got"
            f" {shown(schema.labels)}. Give costs instead, or decide for one label at a time."
        )
    wanted = len(schema) - 1 if positive is None else schema.index(positive)
    p = probabilities[:, wanted]
    values = np.unique(np.round(p / TIE) * TIE)[::-1]  # rows that differ by rounding are alike
    ranked = np.sort(p)[::-1]
    called = np.searchsorted(-ranked, -(values - TIE), side="right")
    expected = 2 * np.cumsum(ranked)[called - 1] / (called + p.sum()) if len(p) else np.zeros(0)
    if not expected.max(initial=0.0) > 0:  # nothing can be won: nothing is called positive
        return np.full(len(p), 1 - wanted, dtype=np.intp)
    least = values[int(expected.argmax())] - TIE
    return np.where(p >= least, wanted, 1 - wanted).astype(np.intp)


def cost_codes(probabilities: Floats, costs: Costs, schema: LabelSchema) -> npt.NDArray[np.intp]:
    """Return the labels of the lowest expected cost, -1 where several are tied.

    Args:
        probabilities: shape (n, n_labels).
        costs: costs[true][decided] as a nested mapping or DataFrame by label (what is left out costs
            nothing), or as a square table in schema order.
        schema: the labels.

    Raises:
        LabelingError: costs that are no such table.
    """
    table = _cost_table(costs, schema)
    unit = float(np.abs(table).max()) or 1.0  # in cents or in millions: a tie is a tie
    return best_codes(-(probabilities @ (table / unit)))


def _cost_table(costs: Costs, schema: LabelSchema) -> Floats:
    k = len(schema)
    table: Floats = np.zeros((k, k))
    try:
        if isinstance(costs, (Mapping, pd.DataFrame)):
            rows = costs.iterrows() if isinstance(costs, pd.DataFrame) else costs.items()
            for true, of_decided in rows:
                for decided, cost in of_decided.items():
                    table[schema.index(true), schema.index(decided)] = cost
        else:
            table = np.asarray(costs, dtype=np.float64)
    except (AttributeError, TypeError, ValueError) as error:
        if isinstance(error, LabelingError):
            raise
        raise _bad_costs(costs, schema) from error
    if table.shape != (k, k) or not np.isfinite(table).all():
        raise _bad_costs(costs, schema)
    return table


def _bad_costs(costs: object, schema: LabelSchema) -> LabelingError:
    k = len(schema)
    return LabelingError(
        "`optimize` must be 'accuracy', 'f1', or finite costs[true][decided] as a mapping by label or"
        f" a {k} x {k} table in the order {shown(schema.labels)}. Got {costs!r}."
    )
