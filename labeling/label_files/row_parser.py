"""What the rows of the files say: votes that count, and what cannot be counted and why."""

from __future__ import annotations

import datetime
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from labeling.label_files.assignment import Roster, is_barred
from labeling.label_files.columns import (
    ANNOTATOR,
    ASK,
    COMMENT,
    LABEL,
    NOT_FOR,
    RATIONALE,
    REVIEWER,
    Columns,
)
from labeling.label_files.labels import SKIP, Labels
from labeling.label_files.row_key import RowKey, is_unchanged, parse_row_key
from labeling.label_files.sheets import Row, Source
from labeling.records import Annotation, clean_text, last_annotations, person_key, unsafe_characters

VoteKey = tuple[Hashable, str, bool]  # sample, person, whether as a reviewer
Fault = tuple[Source, int, str]

LONGEST_NAME = 200  # characters
LONGEST_REASON = 100_000
AS_SENT = (
    "The text or the `ask` cell must be as they were sent, and one was changed, so nobody knows what"
    " the label is of. Copy both from the file as it was, or undo the change."
)
UNKNOWN_ASK = (
    "The `ask` cell must be as it was sent; this is none that was. Copy it from the file as it was."
)


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A row that counts: who says what of which sample."""

    row: Row
    ask: RowKey
    person: str
    label: str | None
    reason: str

    @property
    def who(self) -> VoteKey:
        """Of all rows that agree in this, one counts."""
        return (self.ask.sample_id, self.person, self.ask.reviewer)


@dataclass(frozen=True, slots=True)
class RowChecks:
    """What a row is checked against.

    Attributes:
        columns: the project's columns.
        labels: what may be written as a label.
        annotators: who may answer questions.
        reviewers: who may decide.
    """

    columns: Columns
    labels: Labels
    annotators: Roster
    reviewers: Roster

    def answer(self, row: Row) -> ParsedRow:
        """Return what a labeled row says.

        Raises:
            LookupError: it cannot be counted; the message says why.
        """
        ask = parse_row_key(row[ASK])
        if ask is None:
            raise LookupError(UNKNOWN_ASK)
        if not is_unchanged(row[ASK], row[self.columns.sample_columns[0]]):
            raise LookupError(AS_SENT)
        person = self._person(row, ask)
        label = self.labels.meant(row[LABEL])
        words = row[RATIONALE if ask.reviewer else COMMENT].strip()
        if len(words) > LONGEST_REASON:
            raise LookupError(
                f"A comment must have at most {LONGEST_REASON:,} characters. It has {len(words):,};"
                " shorten it, and the label counts."
            )
        reason = clean_text(words)
        return ParsedRow(row, ask, person, label, reason)

    def person(self, row: Row, ask: RowKey) -> str | None:
        """Return whom a row names, or `None` where that is nobody who may answer it."""
        people = self.reviewers if ask.reviewer else self.annotators
        name = row[REVIEWER if ask.reviewer else ANNOTATOR]
        return people.resolve(name) if person_key(name) else None

    def current_votes(self, ledger: Iterable[Annotation]) -> dict[VoteKey, Annotation]:
        """Return the annotations that count, by who said them: one however a name is spelled."""
        found: dict[VoteKey, Annotation] = {}
        for one in last_annotations(ledger):
            people = self.reviewers if one.reviewer else self.annotators
            who = (one.sample_id, people.resolve(one.annotator) or one.annotator, one.reviewer)
            if who not in found or one.updated_at >= found[who].updated_at:
                found[who] = one
        return found

    def _person(self, row: Row, ask: RowKey) -> str:
        column = REVIEWER if ask.reviewer else ANNOTATOR
        if not person_key(row[column]):
            raise LookupError(
                f"Column {self.columns.header(column)!r} must hold the name of who labeled. It is empty."
            )
        if len(row[column]) > LONGEST_NAME:
            raise LookupError(
                f"Column {self.columns.header(column)!r} must hold a name of at most {LONGEST_NAME}"
                f" characters. It has {len(row[column]):,}."
            )
        characters = unsafe_characters(row[column])
        if characters:
            raise LookupError(
                f"Column {self.columns.header(column)!r} must hold a name of whole characters. It has"
                f" {', '.join(characters)}; write the name again."
            )
        person = self.person(row, ask)
        if person is None:
            hint = (self.reviewers if ask.reviewer else self.annotators).hint(row[column])
            raise LookupError(f"Nobody of the name {row[column]!r} was asked; {hint}")
        if not ask.reviewer and is_barred(person, row[NOT_FOR].splitlines()):
            raise LookupError(
                f"{person!r} spoke of this sample before, and somebody else must label it."
            )
        return person


def parse_rows(
    rows: Iterable[Row], checks: RowChecks, known: Mapping[VoteKey, Annotation]
) -> tuple[list[ParsedRow], list[Fault]]:
    """Return the answers that count, one a person and sample, and what is wrong with other rows.

    Args:
        rows: the rows of all files, in order.
        checks: what they are checked against.
        known: the annotations that count so far; a row whose label was taken back is told by them.
    """
    groups: dict[VoteKey, list[ParsedRow]] = {}
    faults: list[Fault] = []
    empty: list[Row] = []
    for row in rows:
        if not row[LABEL].strip():
            empty.append(row)
            continue
        try:
            answer = checks.answer(row)
        except LookupError as error:
            faults.append((row.source, row.number, str(error.args[0])))
        else:
            groups.setdefault(answer.who, []).append(answer)
            faults += _replaced(row, answer, checks.columns)
    counted: list[ParsedRow] = []
    for group in groups.values():
        if len(group) > 1:
            faults += _doubled(group)
        if len({one.label for one in group}) == 1:
            counted.append(_best(group))
    return counted, [*faults, *_emptied(empty, checks, groups, known)]


def _replaced(row: Row, answer: ParsedRow, columns: Columns) -> list[Fault]:
    """Return what is to be said of a comment that counts without some of its characters."""
    column = RATIONALE if answer.ask.reviewer else COMMENT
    characters = unsafe_characters(row[column])
    what = (
        f"Column {columns.header(column)!r} has characters that cannot be stored ({', '.join(characters)}): they are"
        " kept as U+FFFD. The label counts."
    )
    return [(row.source, row.number, what)] if characters else []


def _best(group: Sequence[ParsedRow]) -> ParsedRow:
    """Return the answer that is counted of several that agree: one with a reason, the last saved."""
    return max(group, key=lambda one: (one.reason != "", one.row.source.when))


def _doubled(group: Sequence[ParsedRow]) -> list[Fault]:
    if len({one.label for one in group}) == 1:
        kept = _best(group)
        return [
            (
                *(one.row.source, one.row.number),
                f"The same person gave the same label in {kept.row.source.place([])} too; it is"
                " counted once.",
            )
            for one in group
            if one is not kept
        ]
    said = ", ".join(f"{one.label or SKIP!r} in {one.row.place}" for one in group)
    first = group[0]
    what = (
        f"{first.person!r} must give sample {first.ask.sample_id!r} one label. There are different"
        f" ones: {said}. None of them is counted now; empty the wrong ones."
    )
    return [(first.row.source, first.row.number, what)]


def _emptied(
    rows: Iterable[Row],
    checks: RowChecks,
    labeled: Mapping[VoteKey, object],
    known: Mapping[VoteKey, Annotation],
) -> list[Fault]:
    """Return the rows whose label was counted and is not there any more."""
    faults: list[Fault] = []
    for row in rows if known else ():
        ask = parse_row_key(row[ASK])
        person = None if ask is None else checks.person(row, ask)
        if ask is None or person is None:
            continue
        who = (ask.sample_id, person, ask.reviewer)
        before = known.get(who)
        if (
            before is None
            or who in labeled
            or before.platform_id != platform_id(ask, before.annotator)
        ):
            continue
        what = (
            f"The label of sample {ask.sample_id!r} was taken out, and the vote"
            f" {before.label or SKIP!r} of {person!r} still counts: a vote is changed, never"
            f" withdrawn. Write another label, or {SKIP} to abstain."
        )
        faults.append((row.source, row.number, what))
    return faults


def platform_id(ask: RowKey, person: str) -> str:
    """Return what an annotation is called: the question, and who answered it."""
    return f"{ask.key}/{person}"


def new_annotations(
    answers: Iterable[ParsedRow], known: Mapping[VoteKey, Annotation]
) -> list[Annotation]:
    """Return annotations for the answers that are not known, or not so."""
    return [
        _annotation(one, known.get(one.who))
        for one in answers
        if not _is_known(one, known.get(one.who))
    ]


def _is_known(answer: ParsedRow, before: Annotation | None) -> bool:
    return before is not None and (before.label, before.reason) == (answer.label, answer.reason)


def _annotation(answer: ParsedRow, before: Annotation | None) -> Annotation:
    when = created = answer.row.source.when
    person = answer.person
    if before is not None:  # later than what it changes and by the same name, or both would count
        person = before.annotator
        when = max(when, before.updated_at + datetime.timedelta(microseconds=1))
        created = before.created_at
    return Annotation(
        sample_id=answer.ask.sample_id,
        annotator=person,
        label=answer.label,
        created_at=created,
        updated_at=when,
        platform_id=platform_id(answer.ask, person),
        round=answer.ask.round,
        reviewer=answer.ask.reviewer,
        reason=answer.reason,
    )
