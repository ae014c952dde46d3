"""Delivery of messages to files: each question is written exactly once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labeling.errors import PlatformError, counted, listed
from labeling.label_files.assignment import Assignment, Roster, assign, is_excluded
from labeling.label_files.columns import (
    ANNOTATOR,
    ASK,
    REVIEWER,
    REWORK,
    SAMPLE_ID,
    Columns,
    answer_columns,
)
from labeling.label_files.file_names import join_file_names, name_in_file
from labeling.label_files.folder import Folder
from labeling.label_files.formats import WRITERS
from labeling.label_files.guide import Guide
from labeling.label_files.row_content import SampleContent
from labeling.label_files.row_index import RowIndex, SampleRows
from labeling.label_files.row_key import RowKey, encode_row_key, parse_row_key, plain_id
from labeling.label_files.sheets import Contents, Sheet
from labeling.records import Message, MessageKind, Outbox, Problem


@dataclass(frozen=True, slots=True)
class SheetDelivery:
    """Writes messages into the files of a folder.

    Attributes:
        folder: where the files are.
        kind: their format: csv, xlsx or jsonl.
        people: who may be asked.
        columns: the project's columns.
        choices: the values allowed in column `label`.
        guide: the instructions for people.
        paused: who of the people is not asked now.
        rework: sample id -> whose vote on it was rejected, with the reason.
    """

    folder: Folder
    kind: str
    people: Roster
    columns: Columns
    choices: tuple[str, ...] = field(repr=False)
    guide: Guide = field(repr=False)
    paused: frozenset[str] = frozenset()
    rework: Mapping[str | int, Mapping[str, str]] = field(default_factory=dict)

    def send(
        self,
        messages: Sequence[Message],
        content: SampleContent,
        contents: Contents,
        index: RowIndex,
        outbox: Outbox,
    ) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
        """Write the messages that are in no file yet.

        No message is begun before all files are ready to be written.

        Returns:
            What could not be asked in full, and the names of the files with these messages.

        Raises:
            PlatformError: nobody may be asked any of it; a file that may hold begun messages cannot
                be read; or nothing can be written to the folder.
        """
        existing = self._existing_rows(contents)
        self._require_readable(messages, existing, contents)
        assigned_before = self._assigned_before(messages, index)
        people_asked = {key: files.keys() for key, files in existing.items()}
        preferred = {message.key: self._reasons(message) for message in messages}
        assignment = assign(messages, self.people, people_asked, assigned_before, preferred)
        unassigned = {
            message.key
            for message, count in assignment.short
            if not count and message.key not in existing
        }
        if len(unassigned) == len(messages) and unassigned and not any(assigned_before.values()):
            raise PlatformError(_too_few_people(assignment, self.people))
        written, files = self._files(messages, assignment, content, index)
        if files:
            self.folder.create()
        outbox.begin(list({message.key: message for message, _ in assignment.rows}.values()))
        self.folder.write(files)
        problems = self.folder.write_guide(self.guide)
        files_of = {
            message.key: {*written.get(message.key, ()), *existing.get(message.key, {}).values()}
            for message in messages
            if message.key not in unassigned
        }
        outbox.confirm({key: join_file_names(names) for key, names in files_of.items()})
        names = tuple(sorted(set().union(*files_of.values())))
        if assignment.short:
            sentence = _too_few_people(assignment, self.people)
            problems = (*problems, Problem(self.folder.path.name, sentence))
        return problems, names

    def write(self, sheets: Mapping[str, Sheet]) -> None:
        """Write sheets into new files, by the beginning of their names."""
        files: dict[str, bytes] = {}
        for base, sheet in sheets.items():
            name = self.folder.free_name(base, f".{self.kind}", files)
            files[name] = WRITERS[self.kind](sheet)
        if files:
            self.folder.create()
            self.folder.write(files)

    def _require_readable(
        self,
        messages: Sequence[Message],
        existing: Mapping[str, object],
        contents: Contents,
    ) -> None:
        """Raise an error if a begun message may be in a file that cannot be read."""
        begun = [
            message.sample_id
            for message in messages
            if message.begun and message.key not in existing
        ]
        if begun and contents.unread:
            raise PlatformError(
                f"Every file in {str(self.folder.path)!r} must be readable, to check whether"
                f" {counted(len(begun), 'sample was', 'samples were')} asked before. Not so:"
                f" {listed(contents.unread)}. Close or repair it, or move it away if none of them"
                " is in it; then do this again."
            )

    def _assigned_before(self, messages: Sequence[Message], index: RowIndex) -> dict[str, set[str]]:
        """Return, by message key, who has a row of the sample from an earlier message.

        They are not asked once more, unless the new message excludes them or their vote was
        rejected. Neither are paused people.
        """
        assigned: dict[str, set[str]] = {}
        for message in messages if self.people.names else ():
            of_sample = index.get(plain_id(message.sample_id), SampleRows())
            if message.kind == MessageKind.ESCALATE:
                continue
            assigned[message.key] = {
                name
                for key, row_key in of_sample.row_keys.items()
                if not row_key.reviewer and key != message.key
                for name in of_sample.people(key, self.people)
                if not is_excluded(name, message.not_annotators)
            }.difference(self._reasons(message))
            assigned[message.key] |= {
                name for name in self.people.names if is_excluded(name, self.paused)
            }
        return assigned

    def _reasons(self, message: Message) -> dict[str, str]:
        """Return whose vote on a message's sample was rejected, by names of the roster, and why."""
        if message.kind != MessageKind.ASK_AGAIN:
            return {}
        reasons = self.rework.get(plain_id(message.sample_id), {})
        return {self.people.resolve(name) or name: why for name, why in reasons.items()}

    def _existing_rows(self, contents: Contents) -> dict[str, dict[str, str]]:
        """Return, by message key, who has a row of it and in which file."""
        existing: dict[str, dict[str, str]] = {}
        for row in contents.rows:
            row_key = parse_row_key(row[ASK])
            if row_key is not None:
                name = row[REVIEWER if row_key.reviewer else ANNOTATOR]
                person = self.people.resolve(name) or name
                existing.setdefault(row_key.key, {})[person] = row.source.file
        return existing

    def _files(
        self,
        messages: Sequence[Message],
        assignment: Assignment,
        content: SampleContent,
        index: RowIndex,
    ) -> tuple[dict[str, list[str]], dict[str, bytes]]:
        """Return the names of each message's new files, and the files."""
        groups: dict[tuple[str, str], list[Message]] = {}
        stems = _file_stems(messages)
        for message, person in assignment.rows:
            groups.setdefault((stems[message.key], person), []).append(message)
        names: dict[str, list[str]] = {}
        files: dict[str, bytes] = {}
        for (stem, person), group in groups.items():
            personal = f"{stem}.{name_in_file(person)}" if person else stem
            name = self.folder.free_name(personal, f".{self.kind}", files)
            files[name] = WRITERS[self.kind](self._sheet(group, person, content, index))
            for message in group:
                names.setdefault(message.key, []).append(name)
        return names, files

    def _sheet(
        self, group: Sequence[Message], person: str, content: SampleContent, index: RowIndex
    ) -> Sheet:
        is_review = group[0].kind == MessageKind.ESCALATE
        rework = {message.key: self._rework_cell(message, person) for message in group}
        columns = (
            self.columns.of_review()
            if is_review
            else self.columns.of_batch(rework=any(rework.values()))
        )
        text = self.columns.sample_columns[0]
        rows = []
        for message in group:
            row_key = _row_key(message, index.get(plain_id(message.sample_id), SampleRows()))
            cells = dict(content[row_key.sample_id])
            cells |= {
                ASK: encode_row_key(row_key, self.columns.signed(str(cells[text]))),
                SAMPLE_ID: row_key.sample_id,
                REWORK: rework[message.key] or None,
                REVIEWER if is_review else ANNOTATOR: person or None,
            }
            rows.append([cells.get(name) for name in columns])
        exact = frozenset(filter(self.columns.is_exact, columns))
        headers = tuple(map(self.columns.header, columns))
        return Sheet(
            columns,
            headers,
            rows,
            text,
            exact,
            self.choices,
            *answer_columns(columns, self.columns),
        )

    def _rework_cell(self, message: Message, person: str) -> str:
        """Return why a person is asked again; in a file for anybody all reasons, without names."""
        reasons = self._reasons(message)
        shown = [reasons.get(person, "")] if person else sorted(set(reasons.values()))
        return "\n".join(why for why in shown if why)


def _row_key(message: Message, of_sample: SampleRows) -> RowKey:
    sample_id = plain_id(message.sample_id)
    if message.kind == MessageKind.ESCALATE:
        return RowKey(message.key, sample_id, reviewer=True)
    if message.kind == MessageKind.ASK:
        return RowKey(message.key, sample_id, 1, message.votes)
    earlier = [
        row_key.round for row_key in of_sample.row_keys.values() if row_key.key != message.key
    ]
    row_key = RowKey(message.key, sample_id, max([1, *earlier]) + 1, message.votes)
    return row_key.excluding(message.not_annotators)


def _file_stems(messages: Sequence[Message]) -> dict[str, str]:
    """Return the beginning of the file name of each message, by its key."""
    first: dict[int, int] = {}
    for message in messages:
        first[message.batch] = min(first.get(message.batch, message.number), message.number)
    lowest = min(first.values(), default=0)
    return {message.key: _file_stem(message, first[message.batch], lowest) for message in messages}


def _file_stem(message: Message, first_in_batch: int, lowest: int) -> str:
    if message.kind == MessageKind.ASK:
        return f"batch-{message.batch:03d}"
    if message.kind == MessageKind.ASK_AGAIN:
        return f"batch-{message.batch:03d}-more-{first_in_batch}"
    return f"review-{lowest}"


def _too_few_people(assignment: Assignment, people: Roster) -> str:
    sample_ids = [message.sample_id for message, _ in assignment.short]
    unassigned = sum(not count for _, count in assignment.short)
    samples = counted(len(sample_ids), "sample has", "samples have")
    return (
        f"{samples} fewer people who may be asked than votes are needed"
        f" ({counted(unassigned, 'has', 'have')} nobody, and"
        f" wait{'s' if unassigned == 1 else ''}): {listed(sample_ids)}. The {people.what} are"
        f" {listed(people.names, 20)}, without those who annotated a sample or have it in a file"
        " already; name more."
    )
