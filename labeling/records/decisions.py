"""Decision rules from probabilities to labels: accuracy, expected F1, median, expected cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, listed
from labeling.records.schema import ABSTAIN, LabelSchema

Floats = npt.NDArray[np.float64]
Costs = Mapping[str, Mapping[str, float]] | Sequence[Sequence[float]] | Floats | pd.DataFrame

TIE = 1e-9  # values closer than this are equal, so that the order of summation decides nothing


def winners(scores: Floats) -> npt.NDArray[np.bool_]:
    """Return which columns have the highest score of a row; several when tied."""
    best: npt.NDArray[np.bool_] = scores >= scores.max(axis=1, keepdims=True) - TIE
    return best


def shared_wins(scores: Floats) -> Floats:
    """Return weight 1 for the column with the highest score of each row, split evenly among ties.

    >>> shared_wins(np.array([[0.2, 0.8], [0.5, 0.5]])).tolist()
    [[0.0, 1.0], [0.5, 0.5]]
    """
    best = winners(scores)
    weights: Floats = best / best.sum(axis=1, keepdims=True)
    return weights


def best_codes(scores: Floats) -> npt.NDArray[np.intp]:
    """Return the column with the highest score of each row, -1 for ties."""
    best = winners(scores)
    return np.where(best.sum(axis=1) == 1, best.argmax(axis=1), ABSTAIN)


def f1_codes(
    probabilities: Floats, positive: str | int | None, schema: LabelSchema
) -> npt.NDArray[np.intp]:
    """Return the labels that maximize expected F1, for two labels.

    With the m samples of the highest p predicted positive, F1 is expected to be about
    2 sum(p of these) / (m + sum(p of all)); samples of equal p are decided alike. (Lipton et al.,
    "Optimal thresholding of classifiers to maximize F1 measure", ECML 2014.)

    Args:
        probabilities: of covered samples: shape (n, 2).
        positive: the positive class of F1; `None` = the last label of the schema.
        schema: the labels.

    Raises:
        LabelingError: there are more than two labels.
    """
    if len(schema) != 2:
        raise LabelingError(
            "optimize='f1' must have two labels, one of them the positive one. Got"
            f" {listed(schema.labels)}. Give costs instead, or decide for one label at a time."
        )
    positive_code = len(schema) - 1 if positive is None else schema.index(positive)
    is_positive = f1_decisions(probabilities[:, positive_code])
    return np.where(is_positive, positive_code, 1 - positive_code).astype(np.intp)


def f1_decisions(p: Floats) -> npt.NDArray[np.bool_]:
    """Return which samples to decide positive for the highest expected F1; see `f1_codes`.

    Args:
        p: the probability of the positive class: shape (n,).

    >>> f1_decisions(np.array([0.4, 0.05])).tolist()
    [True, False]
    """
    values = np.unique(np.round(p / TIE) * TIE)[::-1]  # rows that differ by rounding are equal
    ranked = np.sort(p)[::-1]
    n_positive = np.searchsorted(-ranked, -(values - TIE), side="right")
    true_positives = np.cumsum(ranked)[n_positive - 1] if len(p) else np.zeros(0)
    expected_f1 = 2 * true_positives / (n_positive + p.sum()) if len(p) else np.zeros(0)
    if not expected_f1.max(initial=0.0) > 0:  # no threshold gives F1 above 0: predict no positive
        return np.zeros(len(p), dtype=bool)
    is_positive: npt.NDArray[np.bool_] = p >= values[int(expected_f1.argmax())] - TIE
    return is_positive


def median_codes(probabilities: Floats, schema: LabelSchema) -> npt.NDArray[np.intp]:
    """Return the medians of ordered labels, -1 where every label between two is one.

    The median minimizes the expected distance from the true label, in steps. Where exactly half of
    the probability lies below a gap, all labels from one end of the gap to the other minimize it.

    Args:
        probabilities: shape (n, n_labels).
        schema: the labels.

    Raises:
        LabelingError: the labels are not ordered.
    """
    if not schema.ordered:
        raise LabelingError(
            "optimize='median' must have ordered labels. Got"
            f" {listed(schema.labels)}, which are not: use LabelSchema(..., ordered=True) if they"
            " are grades."
        )
    cumulative = np.cumsum(probabilities, axis=1)
    reached = cumulative >= 0.5 - TIE
    median = reached.argmax(axis=1)
    half = np.abs(np.take_along_axis(cumulative, median[:, None], axis=1)[:, 0] - 0.5) <= TIE
    return np.where(half, ABSTAIN, median)


def cost_codes(probabilities: Floats, costs: Costs, schema: LabelSchema) -> npt.NDArray[np.intp]:
    """Return the labels of the lowest expected cost, -1 for ties.

    Args:
        probabilities: shape (n, n_labels).
        costs: costs[true][decided] as a nested mapping or DataFrame by label (missing entries cost
            nothing), or as a square table in schema order.
        schema: the labels.

    Raises:
        LabelingError: `costs` is not such a table.
    """
    table = _cost_table(costs, schema)
    unit = float(np.abs(table).max()) or 1.0  # ties do not depend on the unit of the costs
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
        "`optimize` must be 'accuracy', 'f1', 'median', or finite costs[true][decided] as a mapping"
        f" by label or a {k} x {k} table in the order {listed(schema.labels)}. Got {costs!r}."
    )
