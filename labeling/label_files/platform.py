"""An annotation platform without a server: people label in spreadsheets, in a shared folder."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Hashable, Iterable, Sequence

import pandas as pd

from labeling.errors import LabelingError, PlatformError, near, shown
from labeling.label_files.answers import Checks, Who, answers_of, news_of
from labeling.label_files.asks import plain_id
from labeling.label_files.columns import VOTES, WHY, Columns
from labeling.label_files.dealing import People
from labeling.label_files.folder import Folder
from labeling.label_files.guide import guide
from labeling.label_files.kinds import WRITERS
from labeling.label_files.labels import Labels
from labeling.label_files.own_messages import (
    asked_of,
    first_questions,
    more_questions,
    review_questions,
)
from labeling.label_files.sending import Post
from labeling.label_files.sheets import Contents, problems_of
from labeling.label_files.showing import Shown, counted, shown_in_files, shown_in_samples
from labeling.records import (
    Annotation,
    AskAgain,
    Batch,
    Escalation,
    Kind,
    LabelSchema,
    Message,
    Outbox,
    Problem,
    SoftLabels,
    expect,
    live_annotations,
    waiting_on,
)


class LabelFiles:
    """People label in CSV, XLSX or JSON lines files of a folder, with any spreadsheet program.

    With `annotators` each of them gets a file of their own with their share of the samples. Without,
    there is one file, of which whoever labels makes a copy in the folder and fills in column
    `annotator`. A file is never written again once it is there. `HOW_TO_LABEL.txt`, written once,
    tells people what to do.

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
        known: the annotations that are remembered, in the order in which they came.

    Attributes:
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
        known: Iterable[Annotation] = (),
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
        self._folder = Folder(folder, self._columns)
        labels = Labels(schema)
        self._annotators = People(annotators, "annotators")
        self._reviewers = People(reviewers, "reviewers")
        self._checks = Checks(self._columns, labels, self._annotators, self._reviewers)
        advice = guide(schema, self._columns, self._annotators, votes_per_sample)
        post = (self._columns, labels.choices, advice)
        self._to_annotators = Post(self._folder, kind, self._annotators, *post)
        self._to_reviewers = Post(self._folder, kind, self._reviewers, *post)
        self._ledger = list(known)
        self._problems: dict[str, tuple[Problem, ...]] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be asked or counted."""
        return tuple(one for found in self._problems.values() for one in found)

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
            DataError: a sample or column is missing, or a file cannot be written.
        """
        contents = self._folder.contents()
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
        shown_of = shown_in_samples(samples, [one.sample_id for one in messages], self._columns)
        self._send("ask", messages, shown_of, contents, outbox)

    def pull(self) -> tuple[Annotation, ...]:
        """Return all annotations known, with what the files say that is new.

        A label or comment that was changed is a new annotation; one that was taken out still counts,
        and is a problem. Times are those at which a file was saved.
        """
        contents = self._folder.contents()
        known: dict[Who, Annotation] = {
            (one.sample_id, one.annotator, one.reviewer): one
            for one in live_annotations(self._ledger)
        }
        answers, faults = answers_of(contents.rows, self._checks, known)
        self._ledger += news_of(answers, known)
        self._problems["pull"] = problems_of([*contents.faults, *faults])
        return tuple(self._ledger)

    def ask_again(self, pending: Sequence[AskAgain], *, outbox: Outbox | None = None) -> None:
        """Write files that ask for more votes, of people who did not speak of the sample.

        What is shown is taken from the files sent before: those must be in the folder. Without an
        outbox, votes that were asked for and are still to come are not asked for again.

        Raises:
            PlatformError: as for `push`; or none of the samples is in a file as it was sent.
        """
        contents = self._folder.contents()
        messages = (
            waiting_on(outbox, "ask again", [one.sample_id for one in pending])
            if outbox is not None
            else more_questions(
                pending,
                asked_of(contents.rows),
                live_annotations(self._ledger),
                self._folder.last_batch(),
                dealt=bool(self._annotators.names),
            )
        )
        shown_of = shown_in_files(contents.rows, self._columns)
        found = [one for one in messages if one.sample_id in shown_of]
        lost = [one.sample_id for one in messages if one.sample_id not in shown_of]
        what = (
            f"{len(lost)} samples cannot be asked again: no file in {str(self._folder.path)!r} shows"
            f" them as they were sent: {shown(lost)}. Put the files back that were sent."
        )
        if lost and not found:
            raise PlatformError(what)
        self._send("ask again", found, shown_of, contents, outbox)
        if lost:
            self._problems["ask again"] += (Problem(self._folder.path.name, what),)

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
            DataError: a sample or column is missing, or a file cannot be written.
        """
        contents = self._folder.contents()
        ids = [one.sample_id for one in escalations]
        messages = (
            waiting_on(outbox, "escalate", ids)
            if outbox is not None
            else review_questions(ids, asked_of(contents.rows))
        )
        shown_of = shown_in_samples(samples, [one.sample_id for one in messages], self._columns)
        voted: dict[Hashable, tuple[str, ...]] = {}
        for one in escalations:
            voted[one.sample_id] = tuple(vote.annotator for vote in one.annotations)
            if one.sample_id in shown_of:
                said = {VOTES: counted(one.annotations), WHY: one.reason}
                shown_of[plain_id(one.sample_id)] |= said
        messages = tuple(  # who voted on a sample does not decide on it
            dataclasses.replace(one, not_annotators=one.not_annotators + voted[one.sample_id])
            for one in messages
        )
        self._send("escalate", messages, shown_of, contents, outbox)

    def _send(
        self,
        kind: Kind,
        messages: Sequence[Message],
        shown_of: Shown,
        contents: Contents,
        outbox: Outbox | None,
    ) -> None:
        self._problems[kind] = ()
        if not messages:
            return
        post = self._to_reviewers if kind == "escalate" else self._to_annotators
        asked = asked_of(contents.rows)
        self._problems[kind] = post.send(messages, shown_of, contents, asked, outbox)
