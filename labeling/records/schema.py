"""The labels that a project knows, in order."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np

from labeling.errors import LabelingError, UnknownLabelError, near, repeated, shown

ABSTAIN: Final = -1
"""What a voter says that does not vote; `None` means the same."""

MOST_LABELS: Final = 32_767  # codes are stored in 16 bits at most


@dataclass(frozen=True, slots=True, init=False)
class LabelSchema:
    """The label names of a project; a label's code is its place among them.

    Two schemas are equal when their labels are, whatever their descriptions.

    Args:
        labels: two or more different, non-empty names.
        descriptions: a sentence for some or all labels, from label to text, for the people who
            label; `None` and empty texts are no description. Line breaks become spaces.

    Raises:
        LabelingError: fewer than two labels, two of one name, a name that is no text, or a
            description that is none.
        UnknownLabelError: a description of a label that is not there.

    >>> schema = LabelSchema(["ham", "spam"])
    >>> len(schema), schema.index("spam"), schema.index(0), schema.labels
    (2, 1, 0, ('ham', 'spam'))
    >>> schema.index("spma")
    Traceback (most recent call last):
    ...
    labeling.errors.UnknownLabelError: 'spma' is not a label of this schema; labels are 'ham',
    'spam'. Did you mean 'spam'?
    >>> LabelSchema(["ham", "spam"], {"spam": "It wants your money."}).descriptions["spam"]
    'It wants your money.'
    """

    labels: tuple[str, ...]
    # Pairs, since a schema is hashed and sent to other processes.
    _descriptions: tuple[tuple[str, str], ...] = field(compare=False, repr=False)

    def __init__(
        self, labels: Iterable[str], descriptions: Mapping[str, str | None] | None = None
    ) -> None:
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
        object.__setattr__(self, "_descriptions", _described(self.labels, descriptions))

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    @property
    def descriptions(self) -> Mapping[str, str]:
        """What a label means, of those that are described; read-only, in the order of labels."""
        return MappingProxyType(dict(self._descriptions))

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


def _described(
    labels: tuple[str, ...], descriptions: Mapping[str, str | None] | None
) -> tuple[tuple[str, str], ...]:
    """Return the descriptions in the order of the labels, after checking them."""
    if descriptions is None:
        return ()
    if not isinstance(descriptions, Mapping):
        raise LabelingError(
            "Descriptions of labels must be a mapping from label to text. Got a"
            f" {type(descriptions).__name__}."
        )
    for label, text in descriptions.items():
        if label not in labels:
            raise UnknownLabelError(
                f"A description must be of a label of the schema. Got {label!r}; labels are"
                f" {shown(labels, 20)}.{near(label, labels)}"
            )
        if not isinstance(text, (str, type(None))):
            raise LabelingError(
                f"The description of label {label!r} must be a text. Got {text!r}"
                f" ({type(text).__name__})."
            )
    texts = ((label, " ".join((descriptions.get(label) or "").split())) for label in labels)
    return tuple((label, text) for label, text in texts if text)
