"""The labels that a project knows, in order."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from labeling.errors import LabelingError, UnknownLabelError, near, repeated, shown

ABSTAIN: Final = -1
"""What a voter says that does not vote; `None` means the same."""

MOST_LABELS: Final = 32_767  # codes are stored in 16 bits at most


@dataclass(frozen=True, slots=True, init=False)
class LabelSchema:
    """The label names of a project; a label's code is its place among them.

    Args:
        labels: two or more different, non-empty names.

    Raises:
        LabelingError: fewer than two labels, two of one name, or a name that is no text.

    >>> schema = LabelSchema(["ham", "spam"])
    >>> len(schema), schema.index("spam"), schema.index(0), schema.labels
    (2, 1, 0, ('ham', 'spam'))
    >>> schema.index("spma")
    Traceback (most recent call last):
    ...
    labeling.errors.UnknownLabelError: 'spma' is not a label of this schema; labels are 'ham',
    'spam'. Did you mean 'spam'?
    """

    labels: tuple[str, ...]

    def __init__(self, labels: Iterable[str]) -> None:
        names = (labels,) if isinstance(labels, str) else tuple(labels)
        wrong = [name for name in names if not isinstance(name, str) or not name.strip()]
        if wrong:
            raise LabelingError(f"A label must be a non-empty text. Got {shown(wrong)}.")
        doubled = repeated(names)
        if doubled:
            raise LabelingError(
                f"Labels must differ from each other. Given twice: {shown(doubled)}."
            )
        if not 2 <= len(names) <= MOST_LABELS:
            raise LabelingError(
                f"A schema must have at least two labels. Got {len(names)}: {shown(names)}."
                if len(names) < 2
                else f"A schema must have at most {MOST_LABELS} labels. Got {len(names)}."
            )
        # Texts of NumPy or an enum, which show as np.str_('ham'), become plain ones.
        object.__setattr__(self, "labels", tuple(map(str.__str__, names)))

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    def index(self, label: object) -> int:
        """Return the code of a label given by name or code (int, NumPy int or IntEnum member).

        Raises:
            UnknownLabelError: there is no such label; a bool or float is never a label.
        """
        if isinstance(label, str):
            if label in self.labels:
                return self.labels.index(label)
        elif not isinstance(label, (bool, np.bool_)):
            try:
                code = operator.index(label)  # type: ignore[arg-type]  # a TypeError is the answer
            except TypeError:
                code = -1
            if 0 <= code < len(self.labels):
                return code
        raise UnknownLabelError(
            f"{label!r} is not a label of this schema; labels are {shown(self.labels, 20)}."
            f"{near(label, self.labels)}{self._hint(label)}"
        )

    def _hint(self, label: object) -> str:
        if isinstance(label, (bool, np.bool_, float, np.floating)):
            return f" A label is a name or an int code, and this is a {type(label).__name__}."
        if not isinstance(label, str) and hasattr(label, "__index__"):
            return f" Codes go from 0 to {len(self.labels) - 1}."
        return ""

    @property
    def code_type(self) -> np.dtype[np.signedinteger]:
        """The smallest NumPy integer type that holds every code and ABSTAIN."""
        return np.dtype(np.int8 if len(self.labels) <= 127 else np.int16)
