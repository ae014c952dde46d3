"""`LabelSchema`: the label names of a project, their codes, and how many a sample has."""

from __future__ import annotations

import numbers
import operator
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np

from labeling.errors import LabelingError, UnknownLabelError, listed, near, repeated
from labeling.records.clean_text import refuse_unsafe
from labeling.records.readable_names import refuse_unreadable
from labeling.rendering import Displayed, View

ABSTAIN: Final = -1
"""The vote of a voter who abstains; `None` means the same."""

NOTHING: Final = "(none)"
"""The label of a candidate that is not a span; no label of a schema of spans may be called so."""

MAX_LABELS: Final = 32_767  # codes are stored in at most 16 bits

MAX_PRINTED = 20  # labels in the `repr` of a schema

WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,99}")  # not `01` or `+1`, which differ from str(int)
LIKE_A_NUMBER = re.compile(r"[+-]?\d+(?:\.0*)?")  # also `01` and `1.0`, which no int stands for


class LabelKind(StrEnum):
    """What a sample's label is; configs and databases hold the values."""

    ONE = "one"
    SEVERAL = "several"
    SPANS = "spans"


@dataclass(frozen=True, slots=True, init=False, repr=False)
class LabelSchema(Displayed):
    """The label names of a project; a label's code is its index.

    Two schemas with the same labels and kind, both ordered or both not, are equal, regardless of
    their descriptions.

    If any label is the text of a whole number, such as "1", an int means the label of that name and
    never a code; codes are then used by `Votes.from_array` only. The same holds for labels such as
    "01" or "1.0", which no int stands for.

    Args:
        labels: different, non-empty names: two or more, or one or more where a sample may have
            none of them (`kind="several"` and `kind="spans"`).
        descriptions: a sentence for some or all labels, from label to text, for annotators; `None`
            and empty texts mean no description. Line breaks become spaces.
        ordered: whether the labels are grades from the lowest to the highest, such as stars. Then
            agreement is weighted by distance (ordinal alpha, quadratic kappa), conflicts are
            ranked by it, and `SoftLabels.to_labels("median")` decides. Label models, the end model
            and majority review treat labels as unordered: 4 and 5 differ as much as 1 and 5.

    Raises:
        LabelingError: fewer than two labels, two of one name, a name that is not a text, is "-1"
            (which means abstaining) or has control characters, two names that look the same (they
            differ only in invisible characters, white space or the composition of accents), a
            description that is not a text or has control characters, another kind, or ordered
            labels of another kind than "one".
        UnknownLabelError: a description of an unknown label.

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
    >>> stars = LabelSchema(["1", "2", "3"], ordered=True)
    >>> stars.index("3"), stars.index(3), stars.index(1)
    (2, 2, 0)
    >>> stars.distance("1", "3"), stars.distance("2", "3")
    (2, 1)
    >>> LabelSchema(["PER", "ORG"], kind="spans")
    LabelSchema(['PER', 'ORG'], kind='spans')
    """

    labels: tuple[str, ...]
    ordered: bool
    kind: LabelKind
    # Pairs, since a schema is hashed and sent to other processes.
    _descriptions: tuple[tuple[str, str], ...] = field(compare=False, repr=False)
    _codes: dict[str, int] = field(compare=False, repr=False)
    _int_codes: dict[int, int] = field(compare=False, repr=False)

    def __init__(
        self,
        labels: Iterable[str],
        descriptions: Mapping[str, str | None] | None = None,
        *,
        ordered: bool = False,
        kind: LabelKind | str = LabelKind.ONE,
    ) -> None:
        names = (labels,) if isinstance(labels, str) else tuple(labels)
        _check_texts(names)
        _check_kind(kind, ordered, names)
        # Subclasses of str, such as np.str_ or enum members, become plain texts.
        object.__setattr__(self, "labels", tuple(map(str.__str__, names)))
        object.__setattr__(self, "ordered", ordered)
        object.__setattr__(self, "kind", LabelKind(kind))
        object.__setattr__(self, "_descriptions", _described(self.labels, descriptions))
        codes = {label: code for code, label in enumerate(self.labels)}
        named = {int(label): code for label, code in codes.items() if WHOLE_NUMBER.fullmatch(label)}
        object.__setattr__(self, "_codes", codes)
        if not self.has_number_names:
            named = {code: code for code in codes.values()}
        object.__setattr__(self, "_int_codes", named)

    def __repr__(self) -> str:
        kind = f", kind={self.kind.value!r}" if self.kind != LabelKind.ONE else ""
        if len(self) <= MAX_PRINTED:
            ordered = ", ordered=True" if self.ordered else ""
            return f"LabelSchema({list(self.labels)!r}{ordered}{kind})"
        words = "ordered labels" if self.ordered else "labels"
        return f"LabelSchema({len(self)} {words}: {listed(self.labels, MAX_PRINTED)}{kind})"

    def _view(self) -> View:
        from labeling.records.function_views import schema_view

        return schema_view(self)

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    @property
    def descriptions(self) -> Mapping[str, str]:
        """The descriptions by label, in schema order; read-only, without labels that have none."""
        return MappingProxyType(dict(self._descriptions))

    @property
    def has_number_names(self) -> bool:
        """Whether any label is the text of a whole number, so that ints are names and not codes."""
        return any(map(LIKE_A_NUMBER.fullmatch, self.labels))

    @property
    def n_answers(self) -> int | None:
        """How many answers a question to a person has; `None` where there is no limit.

        With several labels a sample each label is a question, with yes and no; spans may be any.
        """
        counts = {LabelKind.ONE: len(self), LabelKind.SEVERAL: 2, LabelKind.SPANS: None}
        return counts[self.kind]

    @property
    def int_codes(self) -> Mapping[int, int]:
        """The code of each int that stands for a label: by its name, or the code itself."""
        return MappingProxyType(self._int_codes)

    def index(self, label: object) -> int:
        """Return the code of a label given by name or int (NumPy's or an IntEnum member too).

        If any label is the text of a whole number, an int means the label of that name; otherwise
        it is a code.

        Raises:
            UnknownLabelError: there is no such label; a bool or float is never a label.
        """
        code: int | None = None
        if isinstance(label, str):
            code = self._codes.get(str.__str__(label))
        elif not isinstance(label, (bool, np.bool_)):
            try:
                code = self._int_codes.get(operator.index(label))  # type: ignore[arg-type]
            except TypeError:
                code = None
        if code is None:
            raise UnknownLabelError(
                f"{label!r} is not a label of this schema; labels are {listed(self.labels, 20)}."
                f"{near(label, self.labels)}{self._hint(label)}"
            )
        return code

    def distance(self, label: object, other: object) -> int:
        """Return how far two labels are apart: steps between ordered ones, else 0 or 1.

        Raises:
            UnknownLabelError: one of them is no label.
        """
        steps = abs(self.index(label) - self.index(other))
        return steps if self.ordered else min(steps, 1)

    def spread(self, labels: Iterable[object]) -> int:
        """Return the largest distance of any two of some labels; 0 for fewer than two.

        >>> LabelSchema(["1", "2", "3"], ordered=True).spread(["1", "3", "3"])
        2
        """
        codes = {self.index(label) for label in labels}
        if len(codes) < 2:
            return 0
        return max(codes) - min(codes) if self.ordered else 1

    def recorded(self, value: object) -> object:
        """Return the label name that a value read from a file stands for, if there is one.

        File readers convert columns of texts such as "1" or "True" to numbers and bools, and whole
        numbers with missing values to floats: 1 and 1.0 become "1" again if that is a label. Any
        other value is returned unchanged, for `index` to accept or refuse.

        >>> LabelSchema(["1", "2"]).recorded(2.0), LabelSchema(["ham", "spam"]).recorded(1)
        ('2', 1)
        """
        if not isinstance(value, (numbers.Number, np.bool_)):
            return value
        if str(value) in self._codes:
            return str(value)
        whole = _whole(value)
        return str(whole) if whole is not None and str(whole) in self._codes else value

    def _hint(self, label: object) -> str:
        if isinstance(label, (bool, np.bool_)):
            return f" A label is a name or an int code, and this is a {type(label).__name__}."
        if isinstance(label, (float, np.floating)):
            is_whole = _whole(label) is not None
            cast = "; .astype('Int64') keeps ints where some are missing" if is_whole else ""
            return f" A label is a name or an int code, and this is a {type(label).__name__}{cast}."
        if isinstance(label, str) or not hasattr(label, "__index__"):
            return ""
        if self.has_number_names:
            return " Numbers are names of labels here; codes are for Votes.from_array alone."
        return f" Codes go from 0 to {len(self.labels) - 1}."

    @property
    def code_type(self) -> np.dtype[np.signedinteger]:
        """The smallest NumPy integer type that holds every code and ABSTAIN."""
        return np.dtype(np.int8 if len(self.labels) <= 127 else np.int16)


def _check_texts(names: tuple[object, ...]) -> None:
    wrong = [name for name in names if not isinstance(name, str) or not name.strip()]
    if wrong:
        raise LabelingError(f"A label must be a non-empty text. Got {listed(wrong)}.")
    if str(ABSTAIN) in names:
        raise LabelingError(
            f"A label must not be called '{ABSTAIN}', since {ABSTAIN} means that a voter abstains."
            " Give it another name, such as 'minus 1'."
        )


def _check_kind(kind: object, ordered: object, names: tuple[str, ...]) -> None:
    """Check what a sample's label is, and that there are enough labels for it."""
    kinds = [known.value for known in LabelKind]
    if not isinstance(kind, str) or kind not in kinds:
        raise LabelingError(
            f"`kind` of a schema must be {listed(kinds)}. Got {kind!r}.{near(kind, kinds)}"
        )
    if not isinstance(ordered, bool):
        raise LabelingError(f"`ordered` of a schema must be True or False. Got {ordered!r}.")
    if ordered and kind != LabelKind.ONE:
        raise LabelingError(f"Ordered labels must have kind='one'. Got kind={str(kind)!r}.")
    doubled = repeated(names)
    if doubled:
        raise LabelingError(f"Labels must differ from each other. Given twice: {listed(doubled)}.")
    refuse_unreadable(names)
    if kind == LabelKind.SPANS and NOTHING in names:
        raise LabelingError(
            f"A label of spans must not be called {NOTHING!r}, which means that there is no span."
        )
    least = 2 if kind == LabelKind.ONE else 1
    if not least <= len(names) <= MAX_LABELS:
        raise LabelingError(
            f"A schema must have at least {'two labels' if least == 2 else 'one label'}. Got"
            f" {len(names)}: {listed(names)}."
            if len(names) < least
            else f"A schema must have at most {MAX_LABELS} labels. Got {len(names)}."
        )


def _whole(value: object) -> int | None:
    """Return a number as an int if it is whole (1.0 and Decimal("1.00") are 1), else `None`."""
    if isinstance(value, (bool, np.bool_)):
        return None
    try:
        whole = int(value)  # type: ignore[call-overload]  # raises for other types
    except (TypeError, ValueError, OverflowError):  # also NaN and infinity
        return None
    return whole if whole == value else None


def _described(
    labels: tuple[str, ...], descriptions: Mapping[str, str | None] | None
) -> tuple[tuple[str, str], ...]:
    """Return the descriptions in schema order, after validation."""
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
                f" {listed(labels, 20)}.{near(label, labels)}"
            )
        if not isinstance(text, (str, type(None))):
            raise LabelingError(
                f"The description of label {label!r} must be a text. Got {text!r}"
                f" ({type(text).__name__})."
            )
    refuse_unsafe(descriptions.values(), "Descriptions of labels")
    texts = ((label, " ".join((descriptions.get(label) or "").split())) for label in labels)
    return tuple((label, text) for label, text in texts if text)
