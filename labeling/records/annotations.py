"""What people say, and what follows from it: annotations, gold labels, verdicts, batches."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from labeling.errors import DataError
from labeling.records.clean_text import clean_text
from labeling.records.identity import first_spellings, person_key
from labeling.records.samples import checked_ids
from labeling.records.schema import ABSTAIN, LabelSchema
from labeling.records.validation import expect
from labeling.records.votes import Votes

BATCH_COLUMNS = ("stratum", "score", "reason", "propensity")

Source = Literal["agreement", "review", "given"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one person said of one sample at one time; a change of mind is a new one.

    Attributes:
        sample_id: the sample.
        annotator: who said it.
        label: a label name, or `None` where the annotator skipped the sample.
        created_at: when it was first made, UTC.
        updated_at: when it took this form, UTC.
        lead_seconds: how long it took, in seconds, where the platform measured it.
        platform_id: the platform's own id of it.
        round: 1 when first asked, 2 when asked again, and so on.
        reviewer: whether it was made as a reviewer of a sample that was escalated.
        prelabel_shown: whether the annotator saw a suggested label.
        prelabel: which.
        reason: why, in the words of the person; characters that cannot be stored become U+FFFD.
        origin: how the label came about where the platform tells: `manual`, `prediction` (a prelabel
            that was kept) or `prediction-changed`.
        deleted: whether it was taken back on the platform: then it counts no longer.

    Raises:
        DataError: a time that is not in UTC.
    """

    sample_id: Hashable
    annotator: str
    label: str | None
    created_at: datetime.datetime
    updated_at: datetime.datetime
    lead_seconds: float | None = None
    platform_id: str = ""
    round: int = 1
    reviewer: bool = False
    prelabel_shown: bool = False
    prelabel: str | None = None
    reason: str = ""
    origin: str = ""
    deleted: bool = False

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
        told = [
            f", {each.name}={getattr(self, each.name)!r}"
            for each in dataclasses.fields(self)
            if each.default is not dataclasses.MISSING and getattr(self, each.name) != each.default
        ]
        return (
            f"Annotation({self.sample_id!r}, {self.annotator!r}, {self.label!r},"
            f" {self.updated_at.isoformat()}{''.join(told)})"
        )


@dataclass(frozen=True, slots=True)
class GoldLabel:
    """A label that counts as true, and the annotations that made it so.

    Attributes:
        sample_id: the sample.
        label: a label name.
        source: `agreement` of annotators, `review` by a reviewer, or `given` from outside.
        trace: the annotations behind it, those of annotators and reviewer alike.
    """

    sample_id: Hashable
    label: str
    source: Source = "given"
    trace: tuple[Annotation, ...] = ()

    def __repr__(self) -> str:
        trace = f", {len(self.trace)} annotations" if self.trace else ""
        return f"GoldLabel({self.sample_id!r}, {self.label!r}, {self.source!r}{trace})"

    @property
    def votes_cast(self) -> int:
        """How many annotators voted on the sample; skips and reviewers are not counted."""
        return sum(said.label is not None for said in self.trace if not said.reviewer)

    @property
    def votes_for(self) -> int:
        """How many of these votes are for the label."""
        return sum(said.label == self.label for said in self.trace if not said.reviewer)


@dataclass(frozen=True, slots=True)
class AskAgain:
    """A sample that is short of votes: how many more it needs, and whom not to ask."""

    sample_id: Hashable
    votes_needed: int
    not_annotators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Escalation:
    """A sample that its annotators could not settle, for a reviewer to decide.

    Attributes:
        sample_id: the sample.
        annotations: what the annotators said of it.
        reason: why it is here.
        model_label: what the label model holds most probable, if that is known.
    """

    sample_id: Hashable
    annotations: tuple[Annotation, ...]
    reason: str
    model_label: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a round of annotations comes to.

    Attributes:
        gold: the samples that are settled.
        pending: the samples that need more votes.
        escalations: the samples that wait for a reviewer.
        unresolved: the samples on which a reviewer was heard but gave no label.
    """

    gold: tuple[GoldLabel, ...]
    pending: tuple[AskAgain, ...]
    escalations: tuple[Escalation, ...]
    unresolved: tuple[Hashable, ...] = ()

    def __repr__(self) -> str:
        return (
            f"Verdict({len(self.gold)} gold, {len(self.pending)} pending,"
            f" {len(self.escalations)} escalated, {len(self.unresolved)} unresolved)"
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that came back from people and was not counted, for a person to mend.

    Attributes:
        where: the place, such as `batch-001.csv, row 7`.
        what: what is wrong there, what must be, and what was found.

    Characters that cannot be stored become U+FFFD in both.
    """

    where: str
    what: str

    def __post_init__(self) -> None:
        for name in ("where", "what"):
            object.__setattr__(self, name, clean_text(getattr(self, name)))


BATCH_DEFAULTS: Mapping[str, str | float] = {
    **{"stratum": "given", "score": np.nan, "reason": "", "propensity": np.nan},
}
"""The columns of a batch, and what stands there where nothing is said."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The samples chosen for people, and why each was.

    Attributes:
        frame: index = sample id; columns `stratum`, `score` (1 = most worth asking), `reason`,
            `propensity` (the chance of being drawn; NaN where the choice was not random). Those
            that are left out are "given", NaN, empty and NaN.

    Raises:
        DataError: it is no frame, ids are missing or not unique, or a score or propensity is no
            number.

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
                    f"Column {name!r} of a batch must hold numbers, NaN where there is none: {error}."
                ) from None
        others = [name for name in frame if name not in BATCH_DEFAULTS]
        object.__setattr__(self, "frame", frame[[*BATCH_DEFAULTS, *others]])

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        strata = self.frame["stratum"].value_counts(sort=False)
        return f"Batch({len(self)} samples: {', '.join(f'{n} {s}' for s, n in strata.items())})"

    @property
    def sample_ids(self) -> pd.Index:
        """The chosen samples' ids."""
        return self.frame.index

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row a sample: `stratum, score, reason, propensity`."""
        return self.frame.copy()


def live_annotations(annotations: Iterable[Annotation]) -> tuple[Annotation, ...]:
    """Return what each person last said of each sample, in the order of first words.

    The ledger is append-only: of two annotations by one person on one sample the one updated later
    counts, and at equal times the one that was appended later. One that was deleted on the platform
    does not count; what the same person said there besides (under another platform id) does.

    Names that differ in case, width, white space or invisible signs alone are one person's (see
    `person_key`), who is called as they were first.

    >>> now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    >>> said = [Annotation("a", "Ann", "spam", now, now), Annotation("a", "ann ", "ham", now, now)]
    >>> [(one.annotator, one.label) for one in live_annotations(said)]
    [('Ann', 'ham')]
    """
    said = tuple(annotations) if isinstance(annotations, Iterable) else annotations
    live = last_annotations(said)
    names = first_spellings(one.annotator for one in said)
    return tuple(
        dataclasses.replace(one, annotator=names[person_key(one.annotator)])
        if one.annotator != names[person_key(one.annotator)]
        else one
        for one in live
    )


def last_annotations(annotations: Iterable[Annotation]) -> tuple[Annotation, ...]:
    """Return the annotations that `live_annotations` does, each with the name that it came with."""
    if not isinstance(annotations, Iterable):
        raise DataError(f"Annotations must be a list. Got a {type(annotations).__name__}.")
    versions: dict[Speaker, dict[str, Annotation]] = {}
    for said in annotations:
        add_version(versions, expect(said, Annotation, "Each annotation"))
    live = (last_said(of_speaker.values()) for of_speaker in versions.values())
    return tuple(said for said in live if said is not None)


Speaker = tuple[Hashable, str, bool]
"""A sample, who spoke of it, and whether as its reviewer."""


def speaker_of(said: Annotation) -> Speaker:
    """Return who spoke, of what, and as what: of all that is said so, one statement counts."""
    return said.sample_id, person_key(said.annotator), said.reviewer


def add_version(versions: dict[Speaker, dict[str, Annotation]], said: Annotation) -> None:
    """Add what was appended next: it is the newest version of its platform id unless it is older.

    Args:
        versions: by speaker and platform id, each speaker's in the order in which they were
            appended; it is changed.
        said: what was appended.
    """
    of_speaker = versions.setdefault(speaker_of(said), {})
    before = of_speaker.get(said.platform_id)
    if before is None or said.updated_at >= before.updated_at:
        of_speaker.pop(said.platform_id, None)
        of_speaker[said.platform_id] = said


def last_said(versions: Iterable[Annotation]) -> Annotation | None:
    """Return the version that was updated last, at equal times the one appended last, if any stands."""
    last: Annotation | None = None
    for said in versions:
        if not said.deleted and (last is None or said.updated_at >= last.updated_at):
            last = said
    return last


def annotation_votes(annotations: Iterable[Annotation], schema: LabelSchema) -> Votes:
    """Return the annotators' live votes as Votes: people are voters like any other.

    Skips are abstentions; reviewers are left out, since they decide and do not vote.

    >>> now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    >>> said = [Annotation("a", "ann", "spam", now, now), Annotation("a", "bob", None, now, now)]
    >>> annotation_votes(said, LabelSchema(["ham", "spam"])).to_array()
    array([[ 1, -1]], dtype=int8)
    """
    live = [one for one in live_annotations(annotations) if not one.reviewer]
    frame = pd.DataFrame(
        {
            "sample": pd.Series([one.sample_id for one in live], dtype=object).infer_objects(),
            "voter": [one.annotator for one in live],
            "label": pd.Series(
                [ABSTAIN if one.label is None else one.label for one in live], dtype=object
            ),
        }
    )
    return Votes.from_triples(frame, schema=schema)
