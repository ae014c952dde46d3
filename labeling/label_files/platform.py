"""An annotation platform of spreadsheet files in a shared folder."""

from __future__ import annotations

import dataclasses
import itertools
import os
import warnings
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence

import pandas as pd

from labeling.errors import LabelingError, listed, near
from labeling.label_files.answers import answer_reader
from labeling.label_files.assignment import Roster
from labeling.label_files.check_sheets import is_check
from labeling.label_files.checks_in_files import ChecksInFiles
from labeling.label_files.columns import VOTES, WHY, columns_of
from labeling.label_files.delivery import SheetDelivery
from labeling.label_files.folder import Folder
from labeling.label_files.formats import WRITERS
from labeling.label_files.guide import guide
from labeling.label_files.outstanding import FileCheck, Responses, outstanding_votes
from labeling.label_files.row_content import (
    SampleContent,
    content_from_files,
    content_from_samples,
    missing_content,
    require_columns,
    vote_counts,
)
from labeling.label_files.row_index import RowIndex, SampleRows, count_messages, index_rows
from labeling.label_files.row_key import plain_id
from labeling.label_files.row_parser import RowChecks, new_annotations, parse_rows
from labeling.label_files.sheets import Contents, problems_of
from labeling.records import (
    Annotation,
    AskAgain,
    Batch,
    Escalation,
    Fetched,
    LabelSchema,
    Message,
    MessageKind,
    MissingText,
    NewMessage,
    Outbox,
    SoftLabels,
    checked_missing_text,
    checked_votes_per_sample,
    expect,
    last_annotations,
    message_key,
    rejected_annotations,
    waiting_on,
)


class LabelFiles(ChecksInFiles):
    """People label in CSV, XLSX or JSON lines files of a folder, with any spreadsheet program.

    With `annotators`, each of them gets a file of their own with their share of the samples.
    Without, there is one file: everyone who labels copies it within the folder and fills in column
    `annotator`. The case of a name does not matter. A file is never overwritten. `HOW_TO_LABEL.txt`
    holds the instructions, and is kept up to date until somebody edits it.

    Spreadsheets may change a file when they save it (order of columns, delimiter, types): such
    files are read all the same. A row whose text or `ask` cell was changed is not counted, and is
    listed in `problems`. Where the local CSV delimiter is a semicolon, `kind="xlsx"` opens better.

    Where a sample has several labels, a spreadsheet has a column for each, in which people write an
    x, and `NONE` into column `labels` if none fits. Spans are written into JSON lines, `[]` for
    none, each with its text, by which its offsets are checked.

    Args:
        folder: where the files are; it is created with the first file.
        schema: the labels.
        text: the samples' column that is labeled.
        kind: the format of new files, `csv`, `xlsx` or `jsonl`; all three are read.
        annotators: who labels; empty for anybody.
        reviewers: who decides what was escalated; empty for anybody.
        votes_per_sample: how many annotators are asked at first, without an outbox.
        show: more columns of the samples that people see.
        missing_text: what to do with samples whose text is missing (null): not ask about them, and
            list them in `problems` (`"drop"`), show an empty text (`"empty"`), or send nothing
            (`"error"`).
        known: the annotations that are stored already, in order.
        sent: the confirmed messages about unsettled samples, each with its platform id: by them
            files that are missing are noticed.

    Attributes:
        written: the files with the latest questions.
        problems: what could not be asked or counted, for a person to fix, after `push`,
            `ask_again`, `escalate` or `pull`.

    Raises:
        LabelingError: an argument is invalid, or a label is "skip", which means a skipped sample.

    >>> import tempfile
    >>> samples = pd.DataFrame({"text": ["win a prize"]}, index=["a"])
    >>> batch = Batch(pd.DataFrame({"stratum": ["random"]}, index=["a"]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = LabelFiles(folder, LabelSchema(["ham", "spam"]), annotators=["ann", "bob"])
    ...     files.push(batch, samples)
    ...     sorted(os.listdir(folder))
    ['HOW_TO_LABEL.txt', 'batch-001.ann.csv', 'batch-001.bob.csv']
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        schema: LabelSchema,
        *,
        text: str = "text",
        kind: str = "csv",
        annotators: Iterable[str] = (),
        reviewers: Iterable[str] = (),
        votes_per_sample: int = 2,
        show: Iterable[str] = (),
        missing_text: MissingText = "drop",
        known: Iterable[Annotation] = (),
        sent: Mapping[Message, str] | None = None,
    ) -> None:
        if kind not in WRITERS:
            raise LabelingError(
                f"`kind` must be one of {listed(WRITERS)}. Got {kind!r}.{near(kind, WRITERS)}"
            )
        self.votes_per_sample = checked_votes_per_sample(votes_per_sample)
        self.schema = expect(schema, LabelSchema, "`schema`")
        shown = (show,) if isinstance(show, str) else tuple(show)
        self._columns = columns_of(schema, text, shown, kind)
        self._missing_text = checked_missing_text(missing_text)
        self._folder = Folder(folder, self._columns)
        labels = answer_reader(schema)
        self._annotators = Roster(annotators, "annotators")
        self._reviewers = Roster(reviewers, "reviewers")
        self._checks = RowChecks(self._columns, labels, self._annotators, self._reviewers)
        instructions = guide(schema, self._columns, self._annotators, votes_per_sample)
        self._to_annotators = SheetDelivery(
            self._folder, kind, self._annotators, self._columns, labels.choices, instructions
        )
        self._to_reviewers = dataclasses.replace(self._to_annotators, people=self._reviewers)
        self._stored = tuple(known)
        self._annotations = dict.fromkeys(self._stored)
        self._sent = dict(sent or {})
        self._checks.current_votes(self._stored)  # people keep the spelling of their first name
        self._written: dict[MessageKind, tuple[str, ...]] = {}

    def __repr__(self) -> str:
        return f"LabelFiles({str(self._folder.path)!r})"

    @property
    def own_headers(self) -> dict[str, str]:
        """Column headers of the files that were renamed, since the samples use their names."""
        return self._columns.renamed_headers

    @property
    def written(self) -> tuple[str, ...]:
        """The paths of the files that the last `push`, `ask_again` and `escalate` wrote to."""
        names = sorted({name for names in self._written.values() for name in names})
        return tuple(str(self._folder.path / name) for name in names)

    def locations(self, who: Collection[str]) -> tuple[str, ...]:
        """Return the files with the latest questions."""
        return self.written

    def push(
        self,
        batch: Batch,
        samples: pd.DataFrame,
        soft: SoftLabels | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Write the files of a batch; pushing twice asks once.

        Args:
            batch: the chosen samples.
            samples: one row per sample, index = ids.
            soft: unused: people see no suggestions.
            outbox: holds the messages to deliver; `None` asks for the whole batch.

        Raises:
            PlatformError: nobody may be asked; an id is neither a text nor a whole number; a text
                is too long for a spreadsheet; or a file that may hold some of the questions cannot
                be read.
            DataError: a column is missing, or a file cannot be written.
        """
        kind = MessageKind.ASK
        contents = self._folder.clean_up()
        index = index_rows(contents.rows)
        outbox = self.outbox_or_own(outbox, kind, self._first_messages(batch.sample_ids, index))
        messages = waiting_on(outbox, kind, batch.sample_ids)
        content = self._content(samples, messages)
        self._deliver(messages, content, contents, index, outbox, kind=kind)

    def _first_messages(
        self, sample_ids: Iterable[Hashable], index: RowIndex
    ) -> Iterator[NewMessage]:
        """Yield a message about each sample that no row asks annotators about under another key."""
        batch = self._folder.last_batch() + 1
        for sample_id in map(plain_id, sample_ids):
            row_keys = index.get(sample_id, SampleRows()).row_keys
            is_repeated = message_key(MessageKind.ASK, sample_id) in row_keys
            if is_repeated or all(row_key.reviewer for row_key in row_keys.values()):
                yield NewMessage(MessageKind.ASK, sample_id, batch, self.votes_per_sample)

    def fetch(self, state: str) -> Fetched:
        """Return the annotations in the files that are neither stored nor accepted.

        A changed label or comment is a new annotation. One that was removed still counts, and is a
        problem. The time of an annotation is that at which its file was saved.
        """
        contents = self._folder.contents()
        current = self._checks.current_votes(tuple(self._annotations))
        rejected = rejected_annotations(self._annotations)
        rows = [row for row in contents.rows if not is_check(row)]
        answers, faults = parse_rows(rows, self._checks, current, rejected)
        new = tuple(new_annotations(answers, current))
        problems = problems_of([*contents.faults, *faults])
        if self._sent:
            responses = self._responses(new)
            problems += tuple(self._file_check(contents).missing(responses, self._annotators))
        return Fetched(new, problems, state)

    def news(self) -> tuple[Annotation, ...]:
        """Return the annotations in the files that are not among `known`.

        Deprecated: use `fetch`.
        """
        warnings.warn(
            "`LabelFiles.news` is deprecated: use `fetch`.", DeprecationWarning, stacklevel=2
        )
        return self.pull()[len(self._stored) :]

    def outstanding_votes(self) -> dict[Hashable, int]:
        """Return how many votes annotators may still give, by sample, where there are any.

        Counted are named people with a row in the folder and without an annotation of the sample
        (see `pull`); where nobody is named, the votes that a file asks for minus those received.
        People who left, deleted files, and votes that nobody could be asked for do not count. What
        was sent in a file that cannot be read now may be in there, and counts.
        """
        contents = self._folder.contents()
        file_check, responses = self._file_check(contents), self._responses()
        outstanding = outstanding_votes(file_check.index, responses, self._annotators)
        for sample_id, votes in file_check.hidden_votes(responses).items():
            outstanding[sample_id] = max(votes, outstanding.get(sample_id, 0))
        return outstanding

    def check(self, samples: pd.DataFrame) -> None:
        """Raise a DataError that suggests similar columns if one that people see is missing."""
        require_columns(samples, self._columns)

    def ask_again(
        self,
        pending: Sequence[AskAgain],
        samples: pd.DataFrame | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Write files that ask for more votes, from people who do not have the sample yet.

        Without an outbox, `outstanding_votes` are not asked for again.

        Args:
            pending: the samples and how many votes they need.
            samples: one row per sample, index = ids; `None` takes texts from files in the folder.
            outbox: holds the messages to deliver.

        Raises:
            PlatformError: as for `push`.
            DataError: a column is missing, or a file cannot be written.
        """
        kind = MessageKind.ASK_AGAIN
        contents = self._folder.clean_up()
        index = index_rows(contents.rows)
        outbox = self.outbox_or_own(
            outbox,
            kind,
            self._more_messages(pending, index),
            first_number=1 + count_messages(index),
        )
        messages = waiting_on(outbox, kind, [request.sample_id for request in pending])
        if samples is None:
            content = content_from_files(contents.rows, self._columns)
            where = "the files that were sent"
        else:
            content, where = self._content(samples, messages), "the samples"
        rework = {plain_id(request.sample_id): dict(request.rejected) for request in pending}
        self._deliver(
            messages, content, contents, index, outbox, kind=kind, where=where, rework=rework
        )

    def _more_messages(self, pending: Sequence[AskAgain], index: RowIndex) -> Iterator[NewMessage]:
        """Yield a message about each sample that needs more votes than are outstanding."""
        kind = MessageKind.ASK_AGAIN
        batch = self._folder.last_batch()
        outstanding = self.outstanding_votes()
        for request in pending:
            sample_id = plain_id(request.sample_id)
            votes = request.votes_needed - outstanding.get(sample_id, 0)
            if votes > 0:
                of_sample = index.get(sample_id, SampleRows())
                after = next(
                    count
                    for count in itertools.count(of_sample.votes_asked())
                    if message_key(kind, sample_id, count) not in of_sample.row_keys
                )
                yield NewMessage(kind, sample_id, batch, votes, request.not_annotators, after)

    def escalate(
        self,
        escalations: Sequence[Escalation],
        samples: pd.DataFrame,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Write files for reviewers: the votes without names, and why a decision is needed.

        Raises:
            PlatformError: as for `push`.
            DataError: a column is missing, or a file cannot be written.
        """
        kind = MessageKind.ESCALATE
        contents = self._folder.clean_up()
        index = index_rows(contents.rows)
        outbox = self.outbox_or_own(
            outbox,
            kind,
            (NewMessage(kind, plain_id(escalation.sample_id)) for escalation in escalations),
            first_number=1 + count_messages(index),
        )
        by_sample = {escalation.sample_id: escalation for escalation in escalations}
        messages = waiting_on(outbox, kind, by_sample)
        content = self._content(samples, messages)
        text = self._columns.sample_columns[0]
        for sample_id, escalation in by_sample.items():
            if sample_id in content:
                votes = vote_counts(escalation.annotations, str(content[plain_id(sample_id)][text]))
                content[plain_id(sample_id)] |= {VOTES: votes, WHY: escalation.explanation}
        messages = tuple(
            _without_voters(message, by_sample[message.sample_id]) for message in messages
        )
        self._deliver(messages, content, contents, index, outbox, kind=kind)

    def _deliver(
        self,
        messages: Sequence[Message],
        content: SampleContent,
        contents: Contents,
        index: RowIndex,
        outbox: Outbox,
        *,
        kind: MessageKind,
        where: str = "the samples",
        rework: Mapping[str | int, Mapping[str, str]] | None = None,
    ) -> None:
        """Write the messages whose samples have content, and record what could not be asked."""
        self._written.pop(kind, None)
        problems = missing_content(messages, content, self._folder.path.name, where)
        self._record_problems(kind, problems)
        deliverable = [message for message in messages if plain_id(message.sample_id) in content]
        if deliverable:
            is_review = kind == MessageKind.ESCALATE
            delivery = self._to_reviewers if is_review else self._to_annotators
            delivery = dataclasses.replace(delivery, paused=self.paused, rework=rework or {})
            more, files = delivery.send(deliverable, content, contents, index, outbox)
            self._record_problems(kind, (*problems, *more))
            self._written[kind] = files

    def _content(
        self, samples: pd.DataFrame, messages: Sequence[Message]
    ) -> dict[str | int, dict[str, object]]:
        sample_ids = [message.sample_id for message in messages]
        return content_from_samples(samples, sample_ids, self._columns, self._missing_text)

    def _responses(self, new: Iterable[Annotation] = ()) -> Responses:
        everything = [*self._annotations, *new]
        return Responses.from_annotations(
            last_annotations(everything),
            self._annotators,
            rejected_annotations(everything),
            self.paused,
        )

    def _file_check(self, contents: Contents) -> FileCheck:
        return FileCheck(self._sent, contents, self._folder.file_names(), index_rows(contents.rows))


def _without_voters(message: Message, escalation: Escalation) -> Message:
    """Return a message that nobody may answer who voted on the sample."""
    voters = tuple(vote.annotator for vote in escalation.annotations)
    return dataclasses.replace(message, not_annotators=message.not_annotators + voters)
