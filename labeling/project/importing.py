"""Imports annotations made elsewhere: matches them to samples, and takes them as votes and gold."""

from __future__ import annotations

import collections
import datetime
import os
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

from labeling.annotation_files import EXPORT, label_studio_annotations, read_annotations
from labeling.errors import listed
from labeling.project.annotation_matching import ExistingLabels, by_id, by_text, id_field
from labeling.project.base import BaseProject
from labeling.project.imported_gold import store_imported_gold
from labeling.project.imported_labels import (
    NotImportedError,
    control_of,
    imported_label,
    other_results,
)
from labeling.records import (
    Annotation,
    Label,
    Problem,
    SourceAnnotation,
    SourceAnnotations,
    clean_text,
    person_key,
)
from labeling.records.label_texts import label_repr
from labeling.rendering import Displayed

NO_AUTHOR = "annotations whose source does not say who made them (name the annotator)"
NO_SAMPLE = "annotations of no sample of this project"
NO_FIELD = "annotations without the field to match them by"
LOCKED = "annotations of samples in the locked test split"
AMBIGUOUS = "annotations of texts that several samples have"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How annotations are matched to samples, labels and annotators; see `import_annotations`."""

    by: str | None = None
    by_text: bool = False
    control: str | None = None
    annotator: str | None = None
    authors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class Imported(Displayed):
    """The result of an import, or of a dry run of one.

    Attributes:
        source: what was imported, in words.
        votes: the new votes and skips.
        gold: the new gold labels, by sample.
        already_stored: how many votes, skips and gold labels were stored before.
        left_out: what was not imported, in words -> how often.
        problems: what a person must decide, such as texts that several samples have.
    """

    source: str
    votes: tuple[Annotation, ...]
    gold: Mapping[Hashable, Label]
    already_stored: int
    left_out: Mapping[str, int]
    problems: tuple[Problem, ...]

    @property
    def known(self) -> int:
        """Deprecated name of `already_stored`."""
        return self.already_stored


def match_annotations(
    source: SourceAnnotations, existing: ExistingLabels, options: ImportOptions
) -> Imported:
    """Return which annotations of a source are votes and gold labels of a project's samples.

    Args:
        source: the annotations.
        existing: what the project has.
        options: how they are matched.

    Raises:
        DataError: it is unclear which field, or which control, is meant.
    """
    matcher = _Matcher(existing, options)
    match = (
        by_text(existing)
        if options.by_text
        else by_id(existing, id_field(source, existing, options.by))
    )
    control = control_of(source, existing.schema, options.control)
    for annotation in source.annotations:
        matcher.add(annotation, match(annotation), control)
    left_out = collections.Counter(source.left_out) + matcher.left_out
    gold = matcher.new_gold()
    return Imported(
        source=source.source,
        votes=tuple(matcher.votes),
        gold=gold,
        already_stored=matcher.already_stored,
        left_out=dict(sorted(left_out.items())),
        problems=tuple(matcher.problems()),
    )


def existing_labels(project: BaseProject) -> ExistingLabels:
    """Return the samples, votes and gold labels of a project."""
    data = project.data
    return ExistingLabels(
        schema=project.schema,
        samples=data.samples,
        locked=data.test,
        text=project.config.data.text,
        votes=project.store.ledger.annotations() if project.store.ready() else (),
        gold={**data.dev.to_dict(), **data.test_gold.to_dict()},
    )


def source_annotations(
    project: BaseProject,
    path: str | os.PathLike[str] | None,
    format: str | None,
    wanted: str | int | None,
    delimiter: str | None = None,
) -> SourceAnnotations:
    """Return the annotations of a file, or of a project on the config's Label Studio server.

    Args:
        project: its config names the server.
        path: the file; `None` reads from the server.
        format: the format of the file; `None` detects it.
        wanted: title or id of the server's project; `None` is the annotators' one of the config.
        delimiter: what separates the labels in a cell of a table; `None` for nothing.
    """
    if path:
        labels = project.schema.labels
        return read_annotations(path, format, labels=labels, delimiter=delimiter)
    found = project.label_studio().annotated_tasks(wanted)
    source = f"Label Studio project {found.title!r} (id {found.id})"
    return label_studio_annotations(found.tasks, found.names, source)


def store_import(project: BaseProject, result: Imported) -> None:
    """Store the votes and gold labels of an import, all or none of them."""
    with project.store.database.writing():
        project.people.add(result.votes, project.samples)
        store_imported_gold(project.store, result.gold)


class _Matcher:
    """Takes annotations one after the other, and counts what was left out."""

    def __init__(self, existing: ExistingLabels, options: ImportOptions) -> None:
        self.existing = existing
        self.options = options
        self.votes: list[Annotation] = []
        self.left_out: collections.Counter[str] = collections.Counter()
        self.already_stored = 0
        self._locked = set(existing.locked.index)
        # The same annotation may be imported from the server and from a file.
        self._last = {
            (annotation.sample_id, annotation.platform_id.removeprefix(EXPORT)): annotation
            for annotation in existing.votes
        }
        self._ground_truth: dict[Hashable, dict[Label, list[str]]] = {}
        self._ambiguous: dict[tuple[Hashable, ...], list[str]] = {}
        self._problems: list[Problem] = []
        self._now = datetime.datetime.now(datetime.UTC)

    def add(
        self,
        annotation: SourceAnnotation,
        samples: tuple[Hashable, ...] | None,
        control: str | None,
    ) -> None:
        """Take an annotation of the only sample that it matches, or count why not."""
        if samples is None:
            self.left_out[NO_FIELD] += 1
            return
        if len(samples) != 1:
            self.left_out[AMBIGUOUS if samples else NO_SAMPLE] += 1
            if samples:
                self._ambiguous.setdefault(samples, []).append(annotation.where)
            return
        label = self._label(annotation, control, samples[0])
        if label is None and not annotation.skipped:
            return
        if annotation.ground_truth and label is not None:
            labels = self._ground_truth.setdefault(samples[0], {})
            labels.setdefault(label, []).append(annotation.where)
        elif samples[0] in self._locked:
            self.left_out[LOCKED] += 1
        else:
            self._add_vote(annotation, samples[0], label)

    def _label(
        self, annotation: SourceAnnotation, control: str | None, sample_id: Hashable
    ) -> Label | None:
        """Return the label; `None` for a skip, and after counting why there is none."""
        if annotation.skipped:
            return None
        schema = self.existing.schema
        self.left_out.update(other_results(annotation, control, schema))
        try:
            return imported_label(
                annotation, control, schema, lambda: self.existing.text_of(sample_id)
            )
        except NotImportedError as error:
            self.left_out[error.why] += 1
            if error.details:
                self._problems.append(Problem(annotation.where, error.details))
            return None

    def _annotator(self, annotation: SourceAnnotation) -> str:
        author = self.options.authors.get(annotation.annotator, annotation.annotator)
        name = author or self.options.annotator or ""
        return clean_text(" ".join(name.split()))

    def _add_vote(
        self, annotation: SourceAnnotation, sample_id: Hashable, label: Label | None
    ) -> None:
        name = self._annotator(annotation)
        if not person_key(name):
            self.left_out[NO_AUTHOR] += 1
            return
        platform_id = annotation.key
        if platform_id.endswith("/"):
            platform_id += person_key(name)
        key = platform_id.removeprefix(EXPORT)
        before = self._last.get((sample_id, key))
        if before is not None and _has_same_number_only(annotation, before):
            platform_id, key = f"{platform_id}/{person_key(name)}", f"{key}/{person_key(name)}"
            before = self._last.get((sample_id, key))
        changed = annotation.updated_at or annotation.created_at or self._now
        if before is not None and (before.label == label or before.updated_at >= changed):
            self.already_stored += 1
            return
        vote = Annotation(
            sample_id=sample_id,
            annotator=name if before is None else before.annotator,
            label=label,
            created_at=annotation.created_at or self._now,
            updated_at=changed,
            lead_seconds=annotation.lead_seconds,
            platform_id=platform_id if before is None else before.platform_id,
            reason=annotation.reason,
        )
        self._last[sample_id, key] = vote
        self.votes.append(vote)

    def new_gold(self) -> dict[Hashable, Label]:
        """Return the new gold labels; contradictions become problems."""
        new: dict[Hashable, Label] = {}
        for sample_id, labels in self._ground_truth.items():
            given = self.existing.gold.get(sample_id)
            if len(labels) > 1 or (given is not None and given not in labels):
                marked = ", ".join(
                    f"{label_repr(label)} in {where[0]}" for label, where in labels.items()
                )
                existing = "" if given is None else f"; the project has {label_repr(given)}"
                what = (
                    "A sample must have one gold label. Marked as ground truth are"
                    f" {marked}{existing}. None of them was imported: remove the mark from the"
                    " wrong ones."
                )
                self._problems.append(Problem(f"sample {sample_id!r}", what))
            elif given is None:
                new[sample_id] = next(iter(labels))
            else:
                self.already_stored += 1
        return new

    def problems(self) -> Iterator[Problem]:
        """Yield what a person must decide."""
        for samples, locations in self._ambiguous.items():
            what = (
                f"Annotations must match one sample each. {len(locations)} annotations"
                f" ({listed(locations, 3)}) match any of these samples, and were left out. Match by"
                " another field."
            )
            yield Problem(f"samples {listed(samples)}", what)
        yield from self._problems


def _has_same_number_only(annotation: SourceAnnotation, before: Annotation) -> bool:
    """Return whether another annotation has the same number: each server counts from 1.

    The creation time of an annotation never changes.
    """
    is_numbered = not annotation.key.endswith("/")
    created = annotation.created_at
    return is_numbered and created is not None and created != before.created_at
