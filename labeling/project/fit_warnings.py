"""What the label model's fit says: collected, stored beside the model, shown by later verbs."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from labeling.errors import LabelSharesWarning
from labeling.rendering import Displayed
from labeling.store import Store

WARNINGS = "warnings"  # keys of the metadata of a stored label model
LACKING_GOLD = "lacking_gold"


@dataclass(frozen=True, slots=True)
class FitWarnings(Displayed):
    """What the fit of a label model warned of, a sentence each.

    Attributes:
        of_shares: labels that are predicted too often, or too rarely.
        others: anything else, such as that it did not converge.
    """

    of_shares: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def beside(self, odd_balance: list[str]) -> list[str]:
        """Return all warnings, those on random draws first.

        Args:
            odd_balance: warnings that the labels have not the class balance of random draws. These
                know more than the model, whose own warnings on shares are left out beside them.
        """
        return [*odd_balance, *(self.others if odd_balance else self.of_shares + self.others)]


@contextlib.contextmanager
def collected_warnings() -> Iterator[FitWarnings]:
    """Collect the UserWarnings of a fit; others, which are for developers, are shown as usual."""
    collected = FitWarnings()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield collected
    for warning in caught:
        if not issubclass(warning.category, UserWarning):
            warnings.showwarning(
                warning.message, warning.category, warning.filename, warning.lineno
            )
            continue
        is_of_shares = issubclass(warning.category, LabelSharesWarning)
        kind = collected.of_shares if is_of_shares else collected.others
        if str(warning.message) not in kind:
            kind.append(str(warning.message))


def label_model_warnings(store: Store, inputs: str | None = None) -> tuple[str, ...]:
    """Return what a label model warned of when it was fitted, a sentence each.

    Args:
        store: of the project.
        inputs: a fingerprint of what it was fitted on; `None` for the one that was used last.
    """
    artifact = store.artifacts.latest("label_model", inputs) if store.ready() else None
    return () if artifact is None else tuple(artifact.about.get(WARNINGS, ()))


def lacking_gold_of(store: Store) -> str:
    """Return what gold the label model that was used last still lacks, in sentences, if any."""
    artifact = store.artifacts.latest("label_model") if store.ready() else None
    return "" if artifact is None else str(artifact.about.get(LACKING_GOLD, ""))
