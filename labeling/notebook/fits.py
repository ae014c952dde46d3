"""`ModelFits`: the label model's last fits, since a draft is compared with the set repeatedly."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from labeling.notebook.function_set import FunctionSet
from labeling.records import AnySoft

KEPT = 4

SomeSoft = TypeVar("SomeSoft", bound=AnySoft)


@dataclass(frozen=True, slots=True, eq=False)
class Fit(Generic[SomeSoft]):
    """The label model fitted to the votes of some functions, without the dev set.

    Attributes:
        functions: the functions with their votes.
        soft: the posteriors.
        warnings: what the model warned of, to be shown where its labels are.
    """

    functions: FunctionSet
    soft: SomeSoft
    warnings: tuple[Warning, ...]

    def warn(self) -> None:
        """Warn of it, at the line that called the function which calls this."""
        for warning in self.warnings:
            warnings.warn(warning, stacklevel=3)


class ModelFits(Generic[SomeSoft]):
    """Fits of the label model, the last ones kept.

    Args:
        votes_of: returns the votes of a set of functions; it refuses an empty one.
        fitted: returns the posteriors of the label model, fitted to votes.
    """

    def __init__(
        self,
        votes_of: Callable[[FunctionSet], Any],
        fitted: Callable[[Any], SomeSoft],
    ) -> None:
        self._votes_of = votes_of
        self._fitted = fitted
        self._fits: list[Fit[SomeSoft]] = []

    def of(self, functions: FunctionSet) -> Fit[SomeSoft]:
        """Return the fit to the votes of some functions.

        Raises:
            LabelingFunctionError: there is no function.
        """
        for fit in self._fits:
            if _have_equal_votes(fit.functions, functions):
                return fit
        votes = self._votes_of(functions)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            soft = self._fitted(votes)
        raised = tuple(one.message for one in caught if isinstance(one.message, UserWarning))
        fit = Fit(functions, soft, raised)
        self._fits = [fit, *self._fits[: KEPT - 1]]
        return fit


def _have_equal_votes(first: FunctionSet, second: FunctionSet) -> bool:
    """Whether two sets have the same votes by the same names."""
    return first.names == second.names and all(
        one.codes is other.codes for one, other in zip(first, second, strict=True)
    )
