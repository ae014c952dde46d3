"""Files in which reviewers check single votes: accept, fix or reject each, by one word."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from labeling.label_files.answers import AnswerReader
from labeling.label_files.assignment import Roster, is_excluded
from labeling.label_files.cells import tidy
from labeling.label_files.columns import (
    ASK,
    LABEL,
    RATIONALE,
    REVIEWER,
    SAMPLE_ID,
    VOTES,
    WHY,
    Columns,
    answer_columns,
)
from labeling.label_files.file_names import name_in_file
from labeling.label_files.labels import SKIP
from labeling.label_files.row_content import SampleContent
from labeling.label_files.row_key import (
    RowKey,
    encode_row_key,
    is_unchanged,
    parse_row_key,
    plain_id,
)
from labeling.label_files.row_parser import CHANGED_ROW, Fault
from labeling.label_files.sheets import Row, Sheet
from labeling.records import (
    CheckAnswer,
    CheckRequest,
    Label,
    VoteDecision,
    label_in_words,
    person_key,
)

OK, REJECT = "OK", "REJECT"
WHY_CHECK = (
    f"A vote of one person, to see how well they label. Write {OK} into column {{label}} if it is"
    f" right, or the right label if it is not, or {REJECT} and the reason into column"
    " {rationale}: then the person is asked again, and shown the reason."
)


def is_check(row: Row) -> bool:
    """Return whether a row asks a reviewer to check a vote."""
    row_key = parse_row_key(row[ASK])
    return row_key is not None and row_key.check


def check_sheets(
    requests: Sequence[CheckRequest],
    content: SampleContent,
    columns: Columns,
    labels: AnswerReader,
    reviewers: Roster,
) -> dict[str, Sheet]:
    """Return a sheet for each reviewer, by the beginning of its file's name.

    Each vote goes to one reviewer, by a hash of its key, who did not give it.

    Args:
        requests: the votes.
        content: what people see of the samples; votes on others are left out.
        columns: the project's columns.
        labels: what may be written as a label.
        reviewers: who checks; without names there is one file for anybody.
    """
    rows: dict[str, list[CheckRequest]] = {}
    for request in sorted(requests, key=lambda one: one.key):  # the order tells nothing
        if plain_id(request.sample_id) in content:
            who = _reviewer_of(request, reviewers)
            if who is not None:
                rows.setdefault(who, []).append(request)
    return {
        f"check.{name_in_file(who)}" if who else "check": _sheet(
            of_reviewer, who, content, columns, labels
        )
        for who, of_reviewer in sorted(rows.items())
    }


def _reviewer_of(request: CheckRequest, reviewers: Roster) -> str | None:
    """Return who checks a vote; empty for anybody, `None` if nobody may."""
    if not reviewers.names:
        return ""
    eligible = [name for name in reviewers.names if not is_excluded(name, request.not_reviewers)]
    return min(eligible, key=lambda name: _hash(request.key, name), default=None)


def _hash(key: str, name: str) -> bytes:
    text = f"{key} {name}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=8).digest()


def _sheet(
    requests: Iterable[CheckRequest],
    who: str,
    content: SampleContent,
    columns: Columns,
    labels: AnswerReader,
) -> Sheet:
    text = columns.sample_columns[0]
    names = columns.of_review()
    why = WHY_CHECK.format(label=columns.header(LABEL), rationale=columns.header(RATIONALE))
    rows = []
    for request in requests:
        sample_id = plain_id(request.sample_id)
        row_key = RowKey(request.key, sample_id, reviewer=True, check=True)
        shown = str(content[sample_id][text])
        comment = f" ({request.comment})" if request.comment else ""
        cells: Mapping[str, object] = {
            **content[sample_id],
            ASK: encode_row_key(row_key, columns.signed(shown)),
            SAMPLE_ID: sample_id,
            VOTES: f"{label_in_words(request.label, shown)}{comment}",
            WHY: why,
            REVIEWER: who or None,
        }
        rows.append([cells.get(name) for name in names])
    exact = frozenset(filter(columns.is_exact, names))
    choices = (OK, *(label for label in labels.choices if label != SKIP), REJECT)
    headers = tuple(map(columns.header, names))
    return Sheet(names, headers, rows, text, exact, choices, *answer_columns(names, columns))


def parse_checks(
    rows: Iterable[Row], columns: Columns, labels: AnswerReader, reviewers: Roster
) -> tuple[list[CheckAnswer], list[Fault]]:
    """Return the answers of reviewers, and what is wrong with the other filled-in rows."""
    answers: list[CheckAnswer] = []
    faults: list[Fault] = []
    for row in rows:
        if is_check(row) and labels.written(row).strip():
            try:
                answers.append(_parsed(row, columns, labels, reviewers))
            except LookupError as error:
                faults.append((row.source, row.number, str(error.args[0])))
    return answers, faults


def _parsed(row: Row, columns: Columns, labels: AnswerReader, reviewers: Roster) -> CheckAnswer:
    """Parse a row that a reviewer filled in.

    Raises:
        LookupError: it cannot be counted; the message is the reason.
    """
    row_key = parse_row_key(row[ASK])
    if row_key is None or not is_unchanged(
        row[ASK], columns.signed(row[columns.sample_columns[0]])
    ):
        raise LookupError(CHANGED_ROW)
    who = reviewers.resolve(row[REVIEWER]) if person_key(row[REVIEWER]) else None
    if who is None:
        raise LookupError(
            f"Column {columns.header(REVIEWER)!r} must hold the name of a reviewer. Got"
            f" {row[REVIEWER]!r}."
        )
    word, reason = tidy(labels.written(row)).casefold(), row[RATIONALE].strip()
    if word == REJECT.casefold() and not reason:
        raise LookupError(
            f"A rejected vote must have a reason in column {columns.header(RATIONALE)!r}: its"
            " annotator is asked again, and shown it."
        )
    decision: VoteDecision = "fix"
    label: Label | None = None
    if word in (OK.casefold(), REJECT.casefold()):
        decision = "accept" if word == OK.casefold() else "reject"
    else:
        label = labels.read(row, row[columns.sample_columns[0]])
        if label is None:
            raise LookupError(f"A check must not be skipped. Leave {labels.written(row)!r} out.")
    return CheckAnswer(row_key.key, decision, who, label, reason, row.location)
