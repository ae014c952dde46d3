"""An annotation platform without a server: people label in spreadsheets, in a shared folder."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Hashable, Iterable, Mapping, Sequence

import pandas as pd

from labeling.errors import LabelingError, near, shown
from labeling.label_files.assignment import Roster
from labeling.label_files.columns import VOTES, WHY, Columns
from labeling.label_files.delivery import SheetDelivery
from labeling.label_files.folder import Folder
from labeling.label_files.formats import WRITERS
from labeling.label_files.guide import guide
from labeling.label_files.labels import Labels
from labeling.label_files.outstanding import Check, Responses, outstanding_votes
from labeling.label_files.own_messages import (
    asked_of,
    first_questions,
    more_questions,
    review_questions,
)
from labeling.label_files.row_content import (
    SampleContent,
    content_from_files,
    content_from_samples,
    missing_content,
    require_columns,
    vote_counts,
)
from labeling.label_files.row_key import plain_id
from labeling.label_files.row_parser import RowChecks, new_annotations, parse_rows
from labeling.label_files.sheets import Contents, problems_of
from labeling.records import (
    Annotation,
    AskAgain,
    Batch,
    Escalation,
    Kind,
    LabelSchema,
    Message,
    MissingText,
    Outbox,
    Problem,
    SoftLabels,
    checked_missing_text,
    expect,
    last_annotations,
    waiting_on,
)


class LabelFiles:
    """People label in CSV, XLSX or JSON lines files of a folder, with any spreadsheet program.

    With `annotators` each of them gets a file of their own with their share of the samples. Without,
    there is one file, of which whoever labels makes a copy in the folder and fills in column
    `annotator`; the case of a name does not matter. A file is never written again once it is there.
    `HOW_TO_LABEL.txt` tells people what to do. It is kept up to date until somebody changes it.

    Spreadsheets may change a file in many ways when they save it (order of columns, delimiter,
    types); that is put up with. A row whose text or `ask` cell was changed is not counted, and
    `problems` says so. Where a semicolon is what separates cells of a CSV file by local custom,
    `kind="xlsx"` opens better.

    Args:
        folder: where the files are; it is made when the first is written.
        schema: the labels.
        text: the samples' column that is labeled.
        kind: what files are written, `csv`, `xlsx` or `jsonl`; all three are read.
        annotators: who labels; nobody named is whoever comes.
        reviewers: who decides what was escalated; nobody named is whoever comes.
        votes_per_sample: how many annotators are asked at first, where no outbox says it.
        show: more columns of the samples that people see.
        missing_text: whether people are not asked about samples whose text is missing (null), which
            is a problem then (`"drop"`), see an empty text (`"empty"`), or nothing is sent
            (`"error"`).
        known: the annotations that are remembered, in the order in which they came.
        sent: the messages that were confirmed of samples that are not settled, and as what each
            was: so files that were sent are missed. Without it nothing is known of them.

    Attributes:
        written: the files that hold what was asked last.
        problems: what could not be asked or counted, for a person to mend, after `push`,
            `ask_again`, `escalate` or `pull`.

    Raises:
        LabelingError: an argument that cannot be used, or a label "skip", which stands for a skip.

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
                f"`kind` must be one of {shown(WRITERS)}. Got {kind!r}.{near(kind, WRITERS)}"
            )
        if isinstance(votes_per_sample, bool) or expect(votes_per_sample, int, "Votes") < 1:
            raise LabelingError(f"`votes_per_sample` must be 1 or more. Got {votes_per_sample!r}.")
        self.schema = expect(schema, LabelSchema, "`schema`")
        self.votes_per_sample = votes_per_sample
        self._columns = Columns(text, (show,) if isinstance(show, str) else tuple(show))
        self._missing_text = checked_missing_text(missing_text)
        self._folder = Folder(folder, self._columns)
        labels = Labels(schema)
        self._annotators = Roster(annotators, "annotators")
        self._reviewers = Roster(reviewers, "reviewers")
        self._checks = RowChecks(self._columns, labels, self._annotators, self._reviewers)
        advice = guide(schema, self._columns, self._annotators, votes_per_sample)
        post = (self._columns, labels.choices, advice)
        self._to_annotators = SheetDelivery(self._folder, kind, self._annotators, *post)
        self._to_reviewers = SheetDelivery(self._folder, kind, self._reviewers, *post)
        self._ledger = list(known)
        self._kept = len(self._ledger)
        self._sent = dict(sent or {})
        self._checks.current_votes(self._ledger)  # whoever comes is called as they are there
        self._problems: dict[str, tuple[Problem, ...]] = {}
        self._written: dict[str, tuple[str, ...]] = {}

    def __repr__(self) -> str:
        return f"LabelFiles({str(self._folder.path)!r})"

    @property
    def own_headers(self) -> dict[str, str]:
        """What our columns are called in the files: one whose name is taken steps aside."""
        return self._columns.own_headers

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be asked or counted."""
        return tuple(one for found in self._problems.values() for one in found)

    @property
    def written(self) -> tuple[str, ...]:
        """The paths of the files that the last `push`, `ask_again` and `escalate` put questions in."""
        names = sorted({name for names in self._written.values() for name in names})
        return tuple(str(self._folder.path / name) for name in names)

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
            batch: the samples chosen.
            samples: one row a sample, index = ids.
            soft: unused: people see no suggestions.
            outbox: where what is to be asked waits; `None` asks for the whole batch.

        Raises:
            PlatformError: nobody may be asked; an id that is neither text nor a whole number; a
                text that is too long for a spreadsheet; or a file cannot be read, so that what is
                in it cannot be told.
            DataError: a column is missing, or a file cannot be written.
        """
        contents = self._folder.clean_up()
        messages = (
            waiting_on(outbox, "ask", batch.sample_ids)
            if outbox is not None
            else first_questions(
                batch.sample_ids,
                asked_of(contents.rows),
                self.votes_per_sample,
                self._folder.last_batch() + 1,
            )
        )
        content = content_from_samples(
            samples, [one.sample_id for one in messages], self._columns, self._missing_text
        )
        self._send("ask", messages, content, contents, outbox)

    def pull(self) -> tuple[Annotation, ...]:
        """Return all annotations known, with what the files say that is new.

        A label or comment that was changed is a new annotation; one that was taken out still counts,
        and is a problem. Times are those at which a file was saved.
        """
        self._read()
        return tuple(self._ledger)

    def news(self) -> tuple[Annotation, ...]:
        """Return what the files say that was not among the `known` annotations: see `pull`."""
        self._read()
        return tuple(self._ledger[self._kept :])

    def _read(self) -> None:
        contents = self._folder.contents()
        known = self._checks.current_votes(self._ledger)
        answers, faults = parse_rows(contents.rows, self._checks, known)
        self._ledger += new_annotations(answers, known)
        gone = self._check(contents).gone(self._heard(), self._annotators) if self._sent else ()
        self._problems["pull"] = (*problems_of([*contents.faults, *faults]), *gone)

    def outstanding_votes(self) -> dict[Hashable, int]:
        """Return how many votes annotators may still give of each sample, where there are any.

        These are what the files in the folder ask of people who are named and were not heard (see
        `pull`) on the sample; with nobody named, the votes that a file asks for less the people
        heard. People who left, files that were deleted and votes that were dealt to nobody bring
        none. What was sent in a file that cannot be read now may be in there, and is to come.
        """
        contents = self._folder.contents()
        check, heard = self._check(contents), self._heard()
        found = outstanding_votes(check.asked, heard, self._annotators)
        hidden = check.hidden(heard)
        return found | {one: max(count, found.get(one, 0)) for one, count in hidden.items()}

    def check(self, samples: pd.DataFrame) -> None:
        """Raise a DataError that names the near columns unless samples have what people see."""
        require_columns(samples, self._columns)

    def ask_again(
        self,
        pending: Sequence[AskAgain],
        samples: pd.DataFrame | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Write files that ask for more votes, of people who have not got the sample yet.

        Without an outbox, votes that are still `outstanding_votes` are not asked for again.

        Args:
            pending: what is asked.
            samples: one row a sample, index = ids; `None` shows what files in the folder show.
            outbox: where what is to be asked waits.

        Raises:
            PlatformError: as for `push`.
            DataError: a column is missing, or a file cannot be written.
        """
        contents = self._folder.clean_up()
        messages = (
            waiting_on(outbox, "ask again", [one.sample_id for one in pending])
            if outbox is not None
            else more_questions(
                pending,
                asked_of(contents.rows),
                self.outstanding_votes(),
                self._folder.last_batch(),
            )
        )
        content = (
            content_from_files(contents.rows, self._columns)
            if samples is None
            else content_from_samples(
                samples, [one.sample_id for one in messages], self._columns, self._missing_text
            )
        )
        where = "the files that were sent" if samples is None else "the samples"
        self._send("ask again", messages, content, contents, outbox, where)

    def escalate(
        self,
        escalations: Sequence[Escalation],
        samples: pd.DataFrame,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Write files for reviewers: what was said, by nobody's name, and why a decision is needed.

        Raises:
            PlatformError: as for `push`.
            DataError: a column is missing, or a file cannot be written.
        """
        contents = self._folder.clean_up()
        ids = [one.sample_id for one in escalations]
        messages = (
            waiting_on(outbox, "escalate", ids)
            if outbox is not None
            else review_questions(ids, asked_of(contents.rows))
        )
        content = content_from_samples(
            samples, [one.sample_id for one in messages], self._columns, self._missing_text
        )
        voted: dict[Hashable, tuple[str, ...]] = {}
        for one in escalations:
            voted[one.sample_id] = tuple(vote.annotator for vote in one.annotations)
            if one.sample_id in content:
                said = {VOTES: vote_counts(one.annotations), WHY: one.reason}
                content[plain_id(one.sample_id)] |= said
        messages = tuple(  # who voted on a sample does not decide on it
            dataclasses.replace(one, not_annotators=one.not_annotators + voted[one.sample_id])
            for one in messages
        )
        self._send("escalate", messages, content, contents, outbox)

    def _send(
        self,
        kind: Kind,
        messages: Sequence[Message],
        content: SampleContent,
        contents: Contents,
        outbox: Outbox | None,
        where: str = "the samples",
    ) -> None:
        self._written.pop(kind, None)
        self._problems[kind] = missing_content(messages, content, self._folder.path.name, where)
        found = [one for one in messages if plain_id(one.sample_id) in content]
        if found:
            post = self._to_reviewers if kind == "escalate" else self._to_annotators
            asked = asked_of(contents.rows)
            problems, files = post.send(found, content, contents, asked, outbox)
            self._problems[kind] += problems
            self._written[kind] = files

    def _shown_in(
        self, samples: pd.DataFrame, messages: Sequence[Message]
    ) -> dict[str | int, dict[str, object]]:
        ids = [one.sample_id for one in messages]
        return content_from_samples(samples, ids, self._columns, self._missing_text)

    def _heard(self) -> Responses:
        return Responses.in_ledger(last_annotations(self._ledger), self._annotators)

    def _check(self, contents: Contents) -> Check:
        return Check(self._sent, contents, self._folder.file_names(), asked_of(contents.rows))
