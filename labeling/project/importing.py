"""Annotations from elsewhere: found again among the samples, checked, and taken as votes and gold."""

from __future__ import annotations

import collections
import datetime
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from labeling.annotation_files import EXPORT, label_studio_annotations
from labeling.errors import DataError, near, shown
from labeling.records import (
    Annotation,
    LabelSchema,
    Problem,
    SourceAnnotation,
    SourceAnnotations,
    clean_text,
    person_key,
)

if TYPE_CHECKING:
    from labeling.project.loop import Project

NO_AUTHOR = "annotations whose source does not say who made them (name the annotator)"
NO_SAMPLE = "annotations of no sample of this project"
NO_FIELD = "annotations of what has not the field to find it by"
LOCKED = "annotations of samples in the locked test split"
SEVERAL = "annotations with several labels"
NO_LABEL = "annotations without a label of this project"
SENT_FROM_HERE = "ext_id"  # the field of the sample's id in Label Studio tasks that we sent
DOUBTFUL = "annotations of texts that several samples have"

Find = Callable[[SourceAnnotation], tuple[Hashable, ...] | None]
"""Returns the samples that an annotation may be of; `None` where it lacks the field to tell by."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought, or would bring.

    Attributes:
        source: what was imported, in words.
        votes: the votes and skips that were not known before.
        gold: the gold labels that were not known before, by sample.
        known: how many votes, skips and gold labels were known.
        left_out: what was not taken, in words -> how often.
        problems: what a person must decide, such as texts that several samples have.
    """

    source: str
    votes: tuple[Annotation, ...]
    gold: Mapping[Hashable, str]
    known: int
    left_out: Mapping[str, int]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What a project knows before an import.

    Attributes:
        schema: the labels.
        samples: those to label, index = ids.
        locked: those of the locked test split, index = ids.
        text: the column of the text.
        votes: the ledger.
        gold: all gold labels that were given, by sample.
    """

    schema: LabelSchema
    samples: pd.DataFrame
    locked: pd.DataFrame
    text: str
    votes: Sequence[Annotation] = field(repr=False)
    gold: Mapping[Hashable, str] = field(repr=False)


def imported(
    found: SourceAnnotations,
    known: Known,
    *,
    by: str | None,
    by_text: bool,
    control: str | None = None,
    annotator: str | None = None,
    authors: Mapping[str, str] | None = None,
) -> Imported:
    """Return which annotations of a source are votes and gold labels of a project's samples.

    Args:
        found: the annotations.
        known: what the project knows.
        by: the field that holds the sample's id; `None` takes the one that is called as the samples'
            index, or else that of what was sent from here.
        by_text: whether samples are found by their text instead; it must be exactly the same.
        control: whose labels are meant, where several controls offer some of the schema.
        annotator: who made those whose source does not say.
        authors: who is meant by a name of the source.

    Raises:
        DataError: it cannot be told which field, or which control, is meant.
    """
    taking = _Taking(known, annotator, authors or {})
    find = _by_text(known) if by_text else _by_id(known, _id_field(found, known, by))
    chosen = _control(found, known.schema, control)
    for annotation in found.annotations:
        taking.take(annotation, find(annotation), chosen)
    left_out = collections.Counter(found.left_out) + taking.left_out
    gold = taking.settled_gold()
    return Imported(
        source=found.source,
        votes=tuple(taking.votes),
        gold=gold,
        known=taking.known_before,
        left_out=dict(sorted(left_out.items())),
        problems=tuple(taking.problems()),
    )


def known_to(project: Project) -> Known:
    """Return what a project knows before an import."""
    data = project.data
    return Known(
        schema=project.schema,
        samples=data.samples,
        locked=data.test,
        text=project.config.data.text,
        votes=project.store.ledger.annotations() if project.store.ready() else (),
        gold={**data.dev.to_dict(), **data.test_gold.to_dict()},
    )


def found_on_server(project: Project, wanted: str | int | None) -> SourceAnnotations:
    """Return the annotations of a Label Studio project, on the server of the config.

    Args:
        project: whose config names the server.
        wanted: the title or id of the project; `None` is the annotators' project of the config.
    """
    found = project.label_studio().annotated_tasks(wanted)
    source = f"Label Studio project {found.title!r} (id {found.id})"
    return label_studio_annotations(found.tasks, found.names, source)


class _Taking:
    """Takes annotations one by one, and remembers what was not taken."""

    def __init__(self, known: Known, annotator: str | None, authors: Mapping[str, str]) -> None:
        self.known = known
        self.annotator = annotator
        self.authors = authors
        self.votes: list[Annotation] = []
        self.left_out: collections.Counter[str] = collections.Counter()
        self.known_before = 0
        self._locked = set(known.locked.index)
        # The same annotation may be imported from the server and from a file.
        self._last = {
            (annotation.sample_id, annotation.platform_id.removeprefix(EXPORT)): annotation
            for annotation in known.votes
        }
        self._stars: dict[Hashable, dict[str, list[str]]] = {}
        self._doubtful: dict[tuple[Hashable, ...], list[str]] = {}
        self._gold_problems: list[Problem] = []
        self._now = datetime.datetime.now(datetime.UTC)

    def take(
        self,
        annotation: SourceAnnotation,
        samples: tuple[Hashable, ...] | None,
        control: str | None,
    ) -> None:
        """Take an annotation of the one sample that it is of, or count why not."""
        if samples is None or len(samples) != 1:
            self.left_out[NO_FIELD if samples is None else DOUBTFUL if samples else NO_SAMPLE] += 1
            if samples:
                self._doubtful.setdefault(samples, []).append(annotation.where)
            return
        label = self._label(annotation, control)
        if label is None and not annotation.skipped:
            return
        if annotation.ground_truth and label is not None:
            self._stars.setdefault(samples[0], {}).setdefault(label, []).append(annotation.where)
        elif samples[0] in self._locked:
            self.left_out[LOCKED] += 1
        else:
            self._vote(annotation, samples[0], label)

    def _label(self, annotation: SourceAnnotation, control: str | None) -> str | None:
        """Return the label that was chosen; `None` where there is not just one of the schema."""
        for name in annotation.choices:
            if name != control and not annotation.skipped:
                self.left_out[f"choices of control {name!r}"] += 1
        labels = annotation.choices.get(control or "", ())
        if annotation.skipped:
            return None
        if len(labels) > 1:
            self.left_out[SEVERAL] += 1
            return None
        if not labels or labels[0] not in self.known.schema.labels:
            self.left_out[f"{NO_LABEL} ({labels[0]!r:.60})" if labels else NO_LABEL] += 1
            return None
        return labels[0]

    def _vote(self, annotation: SourceAnnotation, sample_id: Hashable, label: str | None) -> None:
        name = self.authors.get(annotation.annotator, annotation.annotator) or self.annotator or ""
        name = clean_text(" ".join(name.split()))
        if not person_key(name):
            self.left_out[NO_AUTHOR] += 1
            return
        own = (
            f"{annotation.key}{person_key(name)}"
            if annotation.key.endswith("/")
            else annotation.key
        )
        key = own.removeprefix(EXPORT)
        before = self._last.get((sample_id, key))
        if before is not None and _is_another(annotation, before):
            own, key = f"{own}/{person_key(name)}", f"{key}/{person_key(name)}"
            before = self._last.get((sample_id, key))
        changed = annotation.updated_at or annotation.created_at or self._now
        if before is not None and (before.label == label or before.updated_at >= changed):
            self.known_before += 1
            return
        vote = Annotation(
            sample_id=sample_id,
            annotator=name if before is None else before.annotator,
            label=label,
            created_at=annotation.created_at or self._now,
            updated_at=changed,
            lead_seconds=annotation.lead_seconds,
            platform_id=own if before is None else before.platform_id,
            reason=annotation.reason,
        )
        self._last[sample_id, key] = vote
        self.votes.append(vote)

    def settled_gold(self) -> dict[Hashable, str]:
        """Return the gold labels that are new; those that contradict each other are told of."""
        news: dict[Hashable, str] = {}
        for sample_id, labels in self._stars.items():
            given = self.known.gold.get(sample_id)
            if len(labels) > 1 or (given is not None and given not in labels):
                named = ", ".join(f"{label!r} in {where[0]}" for label, where in labels.items())
                beside = "" if given is None else f"; the project has {given!r}"
                what = (
                    f"A sample must have one gold label. Marked as true are {named}{beside}. None of"
                    " them was taken: take the mark from the wrong ones."
                )
                self._gold_problems.append(Problem(f"sample {sample_id!r}", what))
            elif given is None:
                news[sample_id] = next(iter(labels))
            else:
                self.known_before += 1
        return news

    def problems(self) -> Iterator[Problem]:
        """Yield what a person must decide."""
        for samples, places in self._doubtful.items():
            what = (
                "Samples must be told apart by what they are found by, and these are not:"
                f" {len(places)} annotations ({shown(places, 3)}) may be of any of them, and were"
                " left out. Match by another field."
            )
            yield Problem(f"samples {shown(samples)}", what)
        yield from self._gold_problems


def _is_another(annotation: SourceAnnotation, before: Annotation) -> bool:
    """Whether an annotation has but the number of one that is known: servers count each by itself.

    When an annotation was made never changes.
    """
    is_numbered = not annotation.key.endswith("/")
    made = annotation.created_at
    return is_numbered and made is not None and made != before.created_at


def _id_field(found: SourceAnnotations, known: Known, by: str | None) -> str:
    fields = collections.Counter(key for annotation in found.annotations for key in annotation.data)
    names = (str(known.samples.index.name), SENT_FROM_HERE) if by is None else (by,)
    for name in names:
        if name in fields or not found.annotations:
            return name
    name = names[0]
    asked = f"Field {name!r} is in none of the {len(found.annotations)} annotations' data"
    listed = shown([key for key, _ in fields.most_common()], 10)
    raise DataError(
        f"Samples must be found by an id or by their text. {asked}; there are {listed}."
        f"{near(name, fields)} Name the field that holds the sample's id (`by`), or match by the exact"
        " text (`by_text`)."
    )


def _by_id(known: Known, name: str) -> Find:
    """Return what finds samples by a field; the ids 1 and "1" are one here."""
    of_text: dict[str, list[Hashable]] = {}
    for own in (*known.samples.index, *known.locked.index):
        of_text.setdefault(str(own), []).append(own)

    def find(annotation: SourceAnnotation) -> tuple[Hashable, ...] | None:
        if annotation.data.get(name) is None:
            return None
        return tuple(of_text.get(_as_text(annotation.data[name]), ()))

    return find


def _as_text(value: object) -> str:
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole else str(value)  # type: ignore[call-overload]  # a float


def _by_text(known: Known) -> Find:
    """Return what finds samples by exactly the same text, whatever the field that holds it."""
    of_text: dict[str, list[Hashable]] = {}
    for frame in (known.samples, known.locked):
        for own, text in zip(frame.index, frame[known.text].tolist(), strict=True):
            of_text.setdefault(str(text), []).append(own)

    def find(annotation: SourceAnnotation) -> tuple[Hashable, ...] | None:
        texts = [clean_text(value) for value in annotation.data.values() if isinstance(value, str)]
        exact = (
            [annotation.data[known.text]]
            if isinstance(annotation.data.get(known.text), str)
            else texts
        )
        found = dict.fromkeys(own for text in exact for own in of_text.get(clean_text(text), ()))
        return tuple(found) if texts else None

    return find


def _control(found: SourceAnnotations, schema: LabelSchema, control: str | None) -> str | None:
    """Return whose labels are meant: of those controls with labels of the schema there must be one."""
    names = list(
        dict.fromkeys(name for annotation in found.annotations for name in annotation.choices)
    )
    if control is not None:
        if names and control not in names:
            raise DataError(
                f"`control` must be one of those that people chose labels in: {shown(names, 10)}. Got"
                f" {control!r}.{near(control, names)}"
            )
        return control
    fitting = [name for name in names if _has_labels(found.annotations, name, schema)]
    if len(fitting) > 1:
        raise DataError(
            "It must be told which control holds the labels. Those of the schema are in"
            f" {shown(fitting, 10)}: name one (`control`)."
        )
    return fitting[0] if fitting else (names[0] if len(names) == 1 else None)


def _has_labels(annotations: Iterable[SourceAnnotation], name: str, schema: LabelSchema) -> bool:
    return any(
        label in schema.labels
        for annotation in annotations
        for label in annotation.choices.get(name, ())
    )
