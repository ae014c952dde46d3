"""Annotations, of which each person's latest counts, and batches of samples to annotate."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pandas as pd

from labeling.errors import DataError
from labeling.records.clean_text import clean_text
from labeling.records.identity import first_spellings, person_key
from labeling.records.label_texts import label_repr
from labeling.records.samples import checked_ids
from labeling.records.spans import Label
from labeling.records.validation import expect
from labeling.rendering import Displayed, View
from labeling.rendering.formatting import undirected

BATCH_COLUMNS = ("stratum", "score", "reason", "propensity")


class LabelSource(StrEnum):
    """Where a label came from; files and databases hold the values."""

    VOTES = "votes"
    END_MODEL = "end model"
    AGREEMENT = "agreement"
    REVIEW = "review"
    GIVEN = "given"


class Stratum(StrEnum):
    """Strata of a batch besides the query strategies, which name the stratum that they draw.

    `RANDOM` is drawn with equal propensities, `MARGIN_BY_LABEL` in proportion to the squared margin
    with an equal share of each predicted label. A `NEAR_DUPLICATE` of a sample that was asked about
    is chosen only where nothing else is left.
    """

    RANDOM = "random"
    MARGIN_BY_LABEL = "margin by label"
    NEAR_DUPLICATE = "near-duplicate"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Annotation(Displayed):
    """One person's annotation of one sample; a later change is a new annotation.

    Attributes:
        sample_id: the sample.
        annotator: the person's name.
        label: a label name, the set of the sample's labels or its spans, by the kind of the schema;
            `None` where the annotator skipped the sample. An empty set or tuple is an answer.
        created_at: when it was created, UTC.
        updated_at: when it was last updated, UTC.
        lead_seconds: how long it took, in seconds, where the platform measured it.
        platform_id: the platform's id of it.
        round: 1 for the first request, 2 for the first re-annotation, and so on.
        reviewer: whether it is a reviewer's decision on an escalated sample.
        prelabel_shown: whether the annotator saw a suggested label.
        prelabel: the suggested label.
        reason: the person's comment; characters that cannot be stored become U+FFFD.
        origin: how the label came about where the platform reports it: `manual`, `prediction` (an
            accepted prelabel) or `prediction-changed`.
        deleted: whether it was deleted on the platform and no longer counts.
        rejected: whether a reviewer of the person's work rejected it: it no longer counts until the
            person updates it, and they may be asked again; see `rejection_of`.

    Raises:
        DataError: a time is not in UTC.
    """

    sample_id: Hashable
    annotator: str
    label: Label | None
    created_at: datetime.datetime
    updated_at: datetime.datetime
    lead_seconds: float | None = None
    platform_id: str = ""
    round: int = 1
    reviewer: bool = False
    prelabel_shown: bool = False
    prelabel: Label | None = None
    reason: str = ""
    origin: str = ""
    deleted: bool = False
    rejected: bool = False

    def __post_init__(self) -> None:
        for name, when in (("created_at", self.created_at), ("updated_at", self.updated_at)):
            aware = isinstance(when, datetime.datetime) and when.utcoffset() is not None
            if not aware or when.utcoffset() != datetime.timedelta(0):
                raise DataError(
                    f"`{name}` of an annotation must be a time in UTC, such as"
                    f" datetime.now(datetime.UTC). Got {when!r} for sample {self.sample_id!r}."
                )
        if isinstance(self.reason, str):
            object.__setattr__(self, "reason", clean_text(self.reason))

    def __repr__(self) -> str:
        non_defaults = [
            f", {attribute.name}={label_repr(getattr(self, attribute.name))}"
            for attribute in dataclasses.fields(self)
            if attribute.default is not dataclasses.MISSING
            and getattr(self, attribute.name) != attribute.default
        ]
        return (
            f"Annotation({self.sample_id!r}, {self.annotator!r}, {label_repr(self.label)},"
            f" {self.updated_at.isoformat()}{''.join(non_defaults)})"
        )


@dataclass(frozen=True, slots=True)
class Problem(Displayed):
    """An annotation that could not be counted, for a person to correct.

    Attributes:
        where: its location, such as `batch-001.csv, row 7`.
        what: what is wrong, what is required, and what it has instead.

    Characters that cannot be stored become U+FFFD in both.
    """

    where: str
    what: str

    def __post_init__(self) -> None:
        for name in ("where", "what"):
            object.__setattr__(self, name, clean_text(getattr(self, name)))


BATCH_DEFAULTS: Mapping[str, str | float] = {
    "stratum": Stratum.GIVEN.value,
    "score": np.nan,
    "reason": "",
    "propensity": np.nan,
}
"""The columns of a batch and their default values."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch(Displayed):
    """The samples selected for annotation, and why each was selected.

    Attributes:
        frame: index = sample id; columns `stratum`, `score` (1 = most informative), `reason`,
            `propensity` (the probability of being drawn; NaN where selection was not random).
            Missing columns default to "given", NaN, empty and NaN.

    Raises:
        DataError: it is not a frame, ids are missing or not unique, or a score or propensity is not
            a number.

    >>> Batch(pd.DataFrame(index=["a", "b"]))
    Batch(2 samples: 2 given)
    """

    frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        given = expect(self.frame, pd.DataFrame, "The frame of a batch")
        checked_ids(given.index, "The sample ids of a batch")
        frame = given.copy()
        for name, value in BATCH_DEFAULTS.items():
            if name not in given:
                frame[name] = value
        for name in ("score", "propensity"):
            try:
                frame[name] = frame[name].astype(np.float64)
            except (TypeError, ValueError) as error:
                raise DataError(
                    f"Column {name!r} of a batch must hold numbers, NaN where there is none:"
                    f" {error}."
                ) from None
        others = [name for name in frame if name not in BATCH_DEFAULTS]
        object.__setattr__(self, "frame", frame[[*BATCH_DEFAULTS, *others]])

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        strata = self.frame["stratum"].value_counts(sort=False)
        parts = ", ".join(f"{n} {undirected(' '.join(str(s).split()))}" for s, n in strata.items())
        return f"Batch({len(self)} samples{': ' if parts else ''}{parts})"

    def _view(self) -> View:
        from labeling.records.people_views import batch_view

        return batch_view(self)

    @property
    def sample_ids(self) -> pd.Index:
        """The ids of the selected samples."""
        return self.frame.index

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row a sample: `stratum, score, reason, propensity`."""
        return self.frame.copy()


def live_annotations(annotations: Iterable[Annotation]) -> tuple[Annotation, ...]:
    """Return each person's current annotation of each sample, in the order of first annotation.

    The ledger is append-only: of two annotations by one person on one sample the one updated later
    counts, and at equal times the one appended later. An annotation that was deleted on the
    platform, or rejected by a reviewer of the person's work, does not count; the same person's
    other ones (under another platform id) do.

    Names that differ only in case, width, white space or invisible characters are one person's (see
    `person_key`), who gets the spelling that came first.

    >>> now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    >>> ledger = [
    ...     Annotation("a", "Ann", "spam", now, now),
    ...     Annotation("a", "ann ", "ham", now, now),
    ... ]
    >>> [(annotation.annotator, annotation.label) for annotation in live_annotations(ledger)]
    [('Ann', 'ham')]
    """
    history = tuple(annotations) if isinstance(annotations, Iterable) else annotations
    live = last_annotations(history)
    names = first_spellings(annotation.annotator for annotation in history)
    return tuple(
        dataclasses.replace(annotation, annotator=names[person_key(annotation.annotator)])
        if annotation.annotator != names[person_key(annotation.annotator)]
        else annotation
        for annotation in live
    )


def last_annotations(annotations: Iterable[Annotation]) -> tuple[Annotation, ...]:
    """Return the same annotations as `live_annotations`, with each name as it was written."""
    if not isinstance(annotations, Iterable):
        raise DataError(f"Annotations must be a list. Got a {type(annotations).__name__}.")
    versions: dict[VoteKey, dict[str, Annotation]] = {}
    for annotation in annotations:
        add_version(versions, expect(annotation, Annotation, "Each annotation"))
    live = (latest_version(of_key.values()) for of_key in versions.values())
    return tuple(annotation for annotation in live if annotation is not None)


VoteKey = tuple[Hashable, str, bool]
"""A sample, the `person_key` of who annotated it, and whether as a reviewer."""


def vote_key(annotation: Annotation) -> VoteKey:
    """Return the key of an annotation; of all annotations with one key only the latest counts."""
    return annotation.sample_id, person_key(annotation.annotator), annotation.reviewer


def add_version(versions: dict[VoteKey, dict[str, Annotation]], annotation: Annotation) -> None:
    """Add the next annotation of the ledger as the newest version of its platform id.

    An annotation with an earlier update time than the version before is ignored.

    Args:
        versions: by vote key and platform id, those of a key in the order in which they were
            appended; changed in place.
        annotation: the annotation that was appended.
    """
    of_key = versions.setdefault(vote_key(annotation), {})
    before = of_key.get(annotation.platform_id)
    if before is None or annotation.updated_at >= before.updated_at:
        of_key.pop(annotation.platform_id, None)
        of_key[annotation.platform_id] = annotation


def latest_version(versions: Iterable[Annotation]) -> Annotation | None:
    """Return the version updated last (at equal times appended last) that counts, if any.

    Those that were deleted or rejected do not count.
    """
    last: Annotation | None = None
    for annotation in versions:
        is_void = annotation.deleted or annotation.rejected
        if not is_void and (last is None or annotation.updated_at >= last.updated_at):
            last = annotation
    return last
