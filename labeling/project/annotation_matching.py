"""Which samples of a project imported annotations are of: by an id, or by the text or tokens."""

from __future__ import annotations

import collections
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from labeling.errors import DataError, listed, near
from labeling.records import (
    Annotation,
    Label,
    LabelSchema,
    SourceAnnotation,
    SourceAnnotations,
    clean_text,
)

OUR_ID_FIELD = "ext_id"  # the field of the sample's id in Label Studio tasks that we sent

Match = Callable[[SourceAnnotation], tuple[Hashable, ...] | None]
"""Returns the samples that an annotation may be of; `None` where it lacks the field to match by."""


@dataclass(frozen=True, slots=True)
class ExistingLabels:
    """The samples, votes and gold labels of a project before an import.

    Attributes:
        schema: the labels.
        samples: those to label, index = ids.
        locked: those of the locked test split, index = ids.
        text: the column of the text.
        votes: the ledger.
        gold: all given gold labels, by sample.
    """

    schema: LabelSchema
    samples: pd.DataFrame
    locked: pd.DataFrame
    text: str
    votes: Sequence[Annotation] = field(repr=False)
    gold: Mapping[Hashable, Label] = field(repr=False)

    def text_of(self, sample_id: Hashable) -> str:
        """Return the text of a sample."""
        frame = self.samples if sample_id in self.samples.index else self.locked
        return str(frame.at[sample_id, self.text])


def id_field(source: SourceAnnotations, existing: ExistingLabels, by: str | None) -> str:
    """Return the field that holds the samples' ids: the one that is named, or the usual ones.

    Raises:
        DataError: no annotation has it.
    """
    fields = collections.Counter(
        key for annotation in source.annotations for key in annotation.data
    )
    names = (str(existing.samples.index.name), OUR_ID_FIELD) if by is None else (by,)
    for name in names:
        if name in fields or not source.annotations:
            return name
    name = names[0]
    missing = f"Field {name!r} is in none of the {len(source.annotations)} annotations' data"
    field_names = listed([key for key, _ in fields.most_common()], 10)
    raise DataError(
        f"Samples must be found by an id or by their text. {missing}; there are {field_names}."
        f"{near(name, fields)} Name the field that holds the sample's id (`by`), or match by the"
        " exact text (`by_text`)."
    )


def by_id(existing: ExistingLabels, name: str) -> Match:
    """Return a function that matches samples by an id field; 1 and "1" are the same here."""
    ids_by_text: dict[str, list[Hashable]] = {}
    for sample_id in (*existing.samples.index, *existing.locked.index):
        ids_by_text.setdefault(str(sample_id), []).append(sample_id)

    def match(annotation: SourceAnnotation) -> tuple[Hashable, ...] | None:
        if annotation.data.get(name) is None:
            return None
        return tuple(ids_by_text.get(_as_text(annotation.data[name]), ()))

    return match


def _as_text(value: object) -> str:
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole else str(value)  # type: ignore[call-overload]  # a float


def by_text(existing: ExistingLabels) -> Match:
    """Return a function that matches samples by exactly the same text, in whatever field.

    Of tokens it is the text without its white space.
    """
    ids_by_text: dict[str, list[Hashable]] = {}
    ids_by_tokens: dict[str, list[Hashable]] = {}
    for frame in (existing.samples, existing.locked):
        for sample_id, text in zip(frame.index, frame[existing.text].tolist(), strict=True):
            ids_by_text.setdefault(str(text), []).append(sample_id)
            ids_by_tokens.setdefault("".join(str(text).split()), []).append(sample_id)

    def match(annotation: SourceAnnotation) -> tuple[Hashable, ...] | None:
        if annotation.tokens:
            return tuple(ids_by_tokens.get(clean_text("".join(annotation.tokens)), ()))
        texts = [value for value in annotation.data.values() if isinstance(value, str)]
        named = annotation.data.get(existing.text)
        candidates = [named] if isinstance(named, str) else texts
        matches = dict.fromkeys(
            sample_id for text in candidates for sample_id in ids_by_text.get(clean_text(text), ())
        )
        return tuple(matches) if texts else None

    return match
