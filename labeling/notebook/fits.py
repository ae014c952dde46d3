"""`ModelFits`: the label model's last fits, since a draft is compared with the set repeatedly."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import pandas as pd

from labeling.label_models import LabelModel
from labeling.notebook.function_set import FunctionSet
from labeling.records import LabelSchema, SoftLabels

KEPT = 4


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The label model fitted to the votes of some functions, without the dev set.

    Attributes:
        functions: the functions with their votes.
        soft: the posteriors.
        warnings: what the model warned of, to be shown where its labels are.
    """

    functions: FunctionSet
    soft: SoftLabels
    warnings: tuple[Warning, ...]

    def warn(self) -> None:
        """Warn of it, at the line that called the function which calls this."""
        for warning in self.warnings:
            warnings.warn(warning, stacklevel=3)


class ModelFits:
    """Fits of the label model, the last ones kept.

    Args:
        sample_ids: of the votes.
        schema: the labels.
    """

    def __init__(self, sample_ids: pd.Index, schema: LabelSchema) -> None:
        self._sample_ids = sample_ids
        self._schema = schema
        self._fits: list[Fit] = []

    def of(self, functions: FunctionSet) -> Fit:
        """Return the fit to the votes of some functions.

        Raises:
            LabelingFunctionError: there is no function.
        """
        for fit in self._fits:
            if _have_equal_votes(fit.functions, functions):
                return fit
        votes = functions.votes(self._sample_ids, self._schema)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            soft = LabelModel().fit(votes).predict_proba(votes)
        raised = tuple(one.message for one in caught if isinstance(one.message, UserWarning))
        fit = Fit(functions, soft, raised)
        self._fits = [fit, *self._fits[: KEPT - 1]]
        return fit


def _have_equal_votes(first: FunctionSet, second: FunctionSet) -> bool:
    """Whether two sets have the same votes by the same names."""
    return first.names == second.names and all(
        one.codes is other.codes for one, other in zip(first, second, strict=True)
    )
