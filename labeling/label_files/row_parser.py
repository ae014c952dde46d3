"""Parses rows into votes, and reports rows that cannot be counted."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from labeling.label_files.answers import AnswerReader
from labeling.label_files.assignment import Roster, is_excluded
from labeling.label_files.columns import (
    ANNOTATOR,
    ASK,
    COMMENT,
    NOT_FOR,
    RATIONALE,
    REVIEWER,
    Columns,
)
from labeling.label_files.labels import SKIP
from labeling.label_files.row_key import RowKey, is_unchanged, parse_row_key
from labeling.label_files.sheets import Row, Source
from labeling.records import (
    Annotation,
    Label,
    clean_text,
    label_in_words,
    last_annotations,
    person_key,
    unsafe_characters,
)

VoteKey = tuple[Hashable, str, bool]  # sample, person, whether as a reviewer
Fault = tuple[Source, int, str]

MAX_NAME = 200  # characters
MAX_REASON = 100_000
CHANGED_ROW = (
    "The text and the `ask` cell must be as they were sent, and one was changed, so that it is"
    " unclear what the label is of. Copy both from the original file, or undo the change."
)
UNKNOWN_ASK = (
    "The `ask` cell must be as it was sent; this is none that was. Copy it from the original file."
)


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A row that counts: which label a person gives a sample."""

    row: Row
    row_key: RowKey
    person: str
    label: Label | None
    reason: str

    @property
    def vote_key(self) -> VoteKey:
        """Of all rows with the same key, one counts."""
        return (self.row_key.sample_id, self.person, self.row_key.reviewer)


@dataclass(frozen=True, slots=True)
class RowChecks:
    """Checks and parses rows.

    Attributes:
        columns: the project's columns.
        labels: what may be written as a label.
        annotators: who may answer questions.
        reviewers: who may decide.
    """

    columns: Columns
    labels: AnswerReader
    annotators: Roster
    reviewers: Roster

    def parse(self, row: Row) -> ParsedRow:
        """Parse a labeled row.

        Raises:
            LookupError: it cannot be counted; the message is the reason.
        """
        row_key = parse_row_key(row[ASK])
        if row_key is None:
            raise LookupError(UNKNOWN_ASK)
        text = row[self.columns.sample_columns[0]]
        if not is_unchanged(row[ASK], self.columns.signed(text)):
            raise LookupError(CHANGED_ROW)
        person = self._person(row, row_key)
        label = self.labels.read(row, text)
        reason = row[RATIONALE if row_key.reviewer else COMMENT].strip()
        if len(reason) > MAX_REASON:
            raise LookupError(
                f"A comment must have at most {MAX_REASON:,} characters. It has {len(reason):,};"
                " shorten it, and the label counts."
            )
        return ParsedRow(row, row_key, person, label, clean_text(reason))

    def person(self, row: Row, row_key: RowKey) -> str | None:
        """Return the person named in a row; `None` unless they may answer it."""
        people = self.reviewers if row_key.reviewer else self.annotators
        name = row[REVIEWER if row_key.reviewer else ANNOTATOR]
        return people.resolve(name) if person_key(name) else None

    def current_votes(self, ledger: Iterable[Annotation]) -> dict[VoteKey, Annotation]:
        """Return the annotations that count; different spellings of a name are one person."""
        votes: dict[VoteKey, Annotation] = {}
        for annotation in last_annotations(ledger):
            people = self.reviewers if annotation.reviewer else self.annotators
            person = people.resolve(annotation.annotator) or annotation.annotator
            key = (annotation.sample_id, person, annotation.reviewer)
            if key not in votes or annotation.updated_at >= votes[key].updated_at:
                votes[key] = annotation
        return votes

    def _person(self, row: Row, row_key: RowKey) -> str:
        column = REVIEWER if row_key.reviewer else ANNOTATOR
        header = self.columns.header(column)
        if not person_key(row[column]):
            raise LookupError(f"Column {header!r} must hold the name of who labeled. It is empty.")
        if len(row[column]) > MAX_NAME:
            raise LookupError(
                f"Column {header!r} must hold a name of at most {MAX_NAME} characters. It has"
                f" {len(row[column]):,}."
            )
        characters = unsafe_characters(row[column])
        if characters:
            raise LookupError(
                f"Column {header!r} must hold a name of whole characters. It has"
                f" {', '.join(characters)}; write the name again."
            )
        person = self.person(row, row_key)
        if person is None:
            hint = (self.reviewers if row_key.reviewer else self.annotators).hint(row[column])
            raise LookupError(
                f"Nobody of the name {row[column]!r} is asked; {hint} If they left, what was pulled"
                " before still counts, and their later labels do once they are named again."
            )
        # Files of earlier versions name them in a column.
        is_named = not row_key.reviewer and is_excluded(person, row[NOT_FOR].splitlines())
        if is_named or row_key.is_excluded(person):
            raise LookupError(
                f"{person!r} labeled this sample before, and somebody else must label it."
            )
        return person


def parse_rows(
    rows: Iterable[Row],
    checks: RowChecks,
    current_votes: Mapping[VoteKey, Annotation],
    rejected: Collection[Annotation] = (),
) -> tuple[list[ParsedRow], list[Fault]]:
    """Return the rows that count, one per person and sample, and what is wrong with the others.

    Args:
        rows: the rows of all files, in order.
        checks: what they are checked against.
        current_votes: the annotations that count so far, to detect labels that were removed.
        rejected: the annotations that were rejected; rows that still hold them say nothing new.
    """
    groups: dict[VoteKey, list[ParsedRow]] = {}
    faults: list[Fault] = []
    unlabeled: list[Row] = []
    for row in rows:
        if not checks.labels.written(row).strip():
            unlabeled.append(row)
            continue
        try:
            parsed = checks.parse(row)
        except LookupError as error:
            faults.append((row.source, row.number, str(error.args[0])))
        else:
            groups.setdefault(parsed.vote_key, []).append(parsed)
            faults += _replaced_characters(parsed, checks.columns)
    counted: list[ParsedRow] = []
    for group in _without_rejected(groups, rejected):
        if len(group) > 1:
            faults += _duplicates(group)
        if len({parsed.label for parsed in group}) == 1:
            counted.append(_best(group))
    return counted, [*faults, *_removed_labels(unlabeled, checks, groups, current_votes)]


def _without_rejected(
    groups: Mapping[VoteKey, Sequence[ParsedRow]], rejected: Collection[Annotation]
) -> Iterator[list[ParsedRow]]:
    """Yield groups of rows, without those that still hold an answer that was rejected."""
    refused = {_answer_key(annotation) for annotation in rejected}
    for group in groups.values():
        rows = [
            parsed
            for parsed in group
            if (parsed.row_key.key, person_key(parsed.person), parsed.label) not in refused
        ]
        if rows:
            yield rows


def _answer_key(annotation: Annotation) -> tuple[str, str, Label | None]:
    """Return the key of the message that was answered, who answered it, and the label."""
    key = annotation.platform_id.removesuffix(f"/{annotation.annotator}")
    return key, person_key(annotation.annotator), annotation.label


def _replaced_characters(parsed: ParsedRow, columns: Columns) -> list[Fault]:
    """Return a fault if some characters of a comment cannot be stored."""
    row = parsed.row
    column = RATIONALE if parsed.row_key.reviewer else COMMENT
    characters = unsafe_characters(row[column])
    what = (
        f"Column {columns.header(column)!r} has characters that cannot be stored"
        f" ({', '.join(characters)}): they are kept as U+FFFD. The label counts."
    )
    return [(row.source, row.number, what)] if characters else []


def _best(group: Sequence[ParsedRow]) -> ParsedRow:
    """Return the row that counts of several that agree: one with a reason, the last saved."""
    return max(group, key=lambda parsed: (parsed.reason != "", parsed.row.source.when))


def _duplicates(group: Sequence[ParsedRow]) -> list[Fault]:
    """Return faults for several rows of the same person and sample."""
    if len({parsed.label for parsed in group}) == 1:
        best = _best(group)
        what = (
            f"The same person gave the same label in {best.row.source.describe([])} too; it is"
            " counted once."
        )
        return [
            (parsed.row.source, parsed.row.number, what) for parsed in group if parsed is not best
        ]
    labels = ", ".join(f"{_shown(parsed.label)} in {parsed.row.location}" for parsed in group)
    first = group[0]
    what = (
        f"{first.person!r} must give sample {first.row_key.sample_id!r} one label. There are"
        f" different ones: {labels}. None of them is counted now; empty the wrong ones."
    )
    return [(first.row.source, first.row.number, what)]


def _removed_labels(
    rows: Iterable[Row],
    checks: RowChecks,
    labeled: Mapping[VoteKey, object],
    current_votes: Mapping[VoteKey, Annotation],
) -> list[Fault]:
    """Return faults for rows whose label was counted and is no longer there."""
    faults: list[Fault] = []
    for row in rows if current_votes else ():
        row_key = parse_row_key(row[ASK])
        person = None if row_key is None else checks.person(row, row_key)
        if row_key is None or person is None:
            continue
        vote_key = (row_key.sample_id, person, row_key.reviewer)
        before = current_votes.get(vote_key)
        if before is None or vote_key in labeled:
            continue
        if before.platform_id != platform_id(row_key, before.annotator):
            continue
        what = (
            f"The label of sample {row_key.sample_id!r} was removed, and the vote"
            f" {_shown(before.label)} of {person!r} still counts: a vote is changed, never"
            f" withdrawn. Write another label, or {SKIP} to abstain."
        )
        faults.append((row.source, row.number, what))
    return faults


def _shown(label: Label | None) -> str:
    return repr(SKIP if label is None else label_in_words(label))


def platform_id(row_key: RowKey, person: str) -> str:
    """Return the platform id of an annotation: the question's key, and who answered it."""
    return f"{row_key.key}/{person}"


def new_annotations(
    rows: Iterable[ParsedRow], current_votes: Mapping[VoteKey, Annotation]
) -> list[Annotation]:
    """Return annotations for the rows that are new or changed."""
    annotations = []
    for parsed in rows:
        before = current_votes.get(parsed.vote_key)
        if before is None or (before.label, before.reason) != (parsed.label, parsed.reason):
            annotations.append(_annotation(parsed, before))
    return annotations


def _annotation(parsed: ParsedRow, before: Annotation | None) -> Annotation:
    when = created = parsed.row.source.when
    person = parsed.person
    if before is not None:  # same name and a later time, or both annotations would count
        person = before.annotator
        when = max(when, before.updated_at + datetime.timedelta(microseconds=1))
        created = before.created_at
    return Annotation(
        sample_id=parsed.row_key.sample_id,
        annotator=person,
        label=parsed.label,
        created_at=created,
        updated_at=when,
        platform_id=platform_id(parsed.row_key, person),
        round=parsed.row_key.round,
        reviewer=parsed.row_key.reviewer,
        reason=parsed.reason,
    )
