"""Conversion of gold labels and class balances from any accepted form to arrays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import GoldError, LabelingError, UnknownLabelError, listed, repeated
from labeling.records.samples import checked_ids, id_index, positions
from labeling.records.schema import ABSTAIN, LabelSchema
from labeling.records.validation import is_number
from labeling.records.verdicts import GoldLabel

Gold = pd.Series | Collection[GoldLabel] | Mapping[object, object]
Checked = TypeVar("Checked")
ClassBalance = Mapping[str, float] | Sequence[float] | pd.Series


def gold_codes(
    gold: Gold | None, sample_ids: pd.Index, schema: LabelSchema
) -> npt.NDArray[np.intp]:
    """Return each sample's gold label as a code, -1 without gold: shape (n_samples,).

    Args:
        gold: a Series from sample id to label (name or code), a mapping, or GoldLabels.
        sample_ids: the samples.
        schema: the labels.

    Raises:
        GoldError: a label is missing, or gold is of another type.
        UnknownLabelError: a label is not in the schema.
        DataError: an id is unknown, missing or given twice.

    >>> gold_codes(pd.Series({"b": "spam"}), pd.Index(["a", "b"]), LabelSchema(["ham", "spam"]))
    array([-1,  1])
    """
    codes = np.full(len(sample_ids), ABSTAIN, dtype=np.intp)
    if gold is None:
        return codes
    series = gold_series(gold)
    ids = checked_ids(series.index, "The ids of gold labels")
    rows = positions(sample_ids, ids, "the gold labels", "the samples")
    codes[rows] = _label_codes(series, schema)
    return codes


def gold_series(gold: Gold) -> pd.Series:
    """Return gold as a Series from sample id to label, in the order given."""
    if isinstance(gold, pd.Series):
        return gold
    if isinstance(gold, Mapping):
        return pd.Series(list(gold.values()), index=id_index(list(gold)), dtype=object)
    if isinstance(gold, Collection) and not isinstance(gold, (str, pd.DataFrame, np.ndarray)):
        given = list(gold)
        if all(isinstance(label, GoldLabel) for label in given):
            ids = id_index([label.sample_id for label in given])
            return pd.Series([label.label for label in given], index=ids, dtype=object)
    raise GoldError(
        "Gold must be a dict or a pandas Series from sample id to label, or a collection of"
        f" GoldLabel. Got a {type(gold).__name__}; labels in the order of the samples"
        " become one by pd.Series(labels, index=samples.index)."
    )


def checked_gold(
    gold: Gold | None, sample_ids: pd.Index, check: Callable[[object], Checked], what: str
) -> dict[Hashable, Checked]:
    """Return the gold of each sample that has it, as `check` returns it, by sample id.

    Args:
        gold: a Series or mapping from sample id to gold, or GoldLabels.
        sample_ids: the samples.
        check: returns gold in the form that is stored, or raises a LabelingError.
        what: what gold must be, for errors.

    Raises:
        GoldError: gold of a sample is missing or of another form, or gold is of another type.
        UnknownLabelError: a label is not in the schema.
        DataError: an id is unknown, missing or given twice.
    """
    if gold is None:
        return {}
    series = gold_series(gold)
    ids = checked_ids(series.index, "The ids of gold labels")
    positions(sample_ids, ids, "the gold labels", "the samples")
    checked: dict[Hashable, Checked] = {}
    for sample_id, given in zip(ids.tolist(), series.tolist(), strict=True):
        try:
            checked[sample_id] = check(given)
        except UnknownLabelError as error:
            raise UnknownLabelError(f"In the gold of sample {sample_id!r}: {error}") from None
        except LabelingError as error:
            raise GoldError(
                f"Gold of sample {sample_id!r} must be {what}, empty for none. {error}"
            ) from None
    return checked


def _label_codes(labels: pd.Series, schema: LabelSchema) -> list[int]:
    missing = labels.isna()
    if missing.any():
        raise GoldError(
            f"Gold labels must not be missing. {int(missing.sum())} of {len(labels)} are, the first"
            f" for {listed(labels.index[missing])}; leave them out with `.dropna()`."
        )
    try:
        return [schema.index(label) for label in labels.tolist()]
    except UnknownLabelError as error:
        raise UnknownLabelError(f"In the gold labels: {error}") from None


def class_balance_array(
    class_balance: ClassBalance | None, schema: LabelSchema
) -> npt.NDArray[np.float64] | None:
    """Return a class balance as an array in schema order, or `None` if none is given.

    Args:
        class_balance: a mapping or Series from label to share, or shares in schema order.
        schema: the labels.

    >>> class_balance_array({"spam": 0.2, "ham": 0.8}, LabelSchema(["ham", "spam"]))
    array([0.8, 0.2])
    """
    if class_balance is None:
        return None
    if isinstance(class_balance, (Mapping, pd.Series)):
        shares: npt.NDArray[np.float64] = np.zeros(len(schema))
        codes = [schema.index(label) for label in class_balance.keys()]  # noqa: SIM118  # a Series
        doubled = repeated(schema.labels[code] for code in codes)
        if doubled:
            raise GoldError(
                "A class balance must give each label one share. Given twice, by name or number:"
                f" {listed(doubled)}."
            )
        shares[codes] = [_number(share, class_balance) for _, share in class_balance.items()]
    elif not isinstance(class_balance, (Sequence, np.ndarray)):
        raise GoldError(
            f"A class balance must be a dict or a list of shares. Got {class_balance!r}."
        )
    else:
        shares = np.array([_number(share, class_balance) for share in class_balance])
    if shares.shape != (len(schema),) or not (shares > 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise GoldError(
            f"A class balance must give each of {listed(schema.labels)} a share above 0, and the"
            f" shares must sum to 1. Got {class_balance!r}."
        )
    return shares


def _number(share: object, class_balance: object) -> float:
    if is_number(share):
        return float(share)
    raise GoldError(f"A class balance must hold numbers. Got {share!r} in {class_balance!r}.")
