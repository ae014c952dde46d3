"""The verbs of a project that reach people: push, pull, review, and what comes from elsewhere."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Hashable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from labeling.adjudication import with_cause
from labeling.project.agreement import PartsAgreement, PeopleAgreement, any_agreement
from labeling.project.base import BaseProject
from labeling.project.dry_run import preview_pull, preview_push, preview_review
from labeling.project.importing import (
    Imported,
    ImportOptions,
    existing_labels,
    match_annotations,
    source_annotations,
    store_import,
)
from labeling.project.manual_decisions import decision_on
from labeling.project.platforms import remember_owner
from labeling.project.results import Pulled, Pushed, Reviewed, Round
from labeling.project.rounds import current_round
from labeling.records import (
    Annotation,
    AnnotationPlatform,
    AnySoft,
    AnyVotes,
    Batch,
    BatchState,
    Label,
    Verdict,
)

if TYPE_CHECKING:
    from labeling.label_studio.project_setup import ProjectSetup


class PeopleVerbs(BaseProject):
    """Push, pull, review, decide and import; `Project` adds the other verbs."""

    def snapshot(self, votes: AnyVotes | None = None, *, verb: str = "learn") -> Round:
        """Return the state of the loop with all annotations so far.

        Args:
            votes: the votes, if they are at hand.
            verb: its name in the run log.
        """
        with self._locked(verb):
            return current_round(self, self.votes() if votes is None else votes)

    def push(self, platform: AnnotationPlatform | None = None, *, dry_run: bool = False) -> Pushed:
        """Send the waiting batch to the platform; what was sent before is not sent twice.

        Args:
            platform: where people label; `None` takes that of the config.
            dry_run: whether only to return what would be sent, after checking the platform.
        """
        if dry_run:
            return preview_push(self.people, platform or self.platform(), self.samples)
        with self._locked("push"):
            platform = platform or self.platform()
            pushed = self.people.push(platform, self.load_samples, self._soft_labels)
        where = platform.locations(["annotators"]) if pushed.batch else ()
        return dataclasses.replace(pushed, where=where)

    def _soft_labels(self) -> AnySoft:
        return self.snapshot().soft

    def to_push(self) -> int:
        """Return how many samples are in a batch that is not pushed; 0 where none waits."""
        if not self.store.ready():
            return 0
        number, state = self.store.batches.last()
        return 0 if state == BatchState.PUSHED else len(self.store.batches.batch(number))

    def pull(self, platform: AnnotationPlatform | None = None, *, dry_run: bool = False) -> Pulled:
        """Fetch new annotations from the platform; with `dry_run` nothing is stored."""
        if dry_run:
            return preview_pull(self.people, platform or self.platform())
        with self._locked("pull") as run:
            pulled = self.people.pull(platform or self.platform())
            run.outcome |= {"new": len(pulled.news), "problems": len(pulled.problems)}
        return pulled

    def add_annotations(self, annotations: Collection[Annotation]) -> int:
        """Append annotations from anywhere to the ledger, and return how many were new.

        Raises:
            UnknownLabelError: a label that the schema does not have; then nothing is appended.
            DataError: a sample that the project does not have, or an annotator without a name.
        """
        with self._locked("add annotations"):
            return len(self.people.add(list(annotations), self.samples))

    def agreement(self) -> PeopleAgreement | PartsAgreement:
        """Return how far the annotators agree, overall and by stratum; nothing is changed."""
        if not self.store.ready():
            return any_agreement((), self.schema, Batch(pd.DataFrame()).frame)
        samples = self.samples
        annotations = self.people.current_annotations(samples)
        texts = samples[self.config.data.text]
        return any_agreement(annotations, self.schema, self.store.batches.frame(), texts)

    def decide(
        self,
        sample_id: Hashable,
        label: Label,
        *,
        by: str,
        reason: str,
        cause: str | None = None,
    ) -> Annotation:
        """Append a reviewer's decision on a sample, whatever its state, and return it.

        Use it where nobody else can be asked, or where reviewers contradict each other: of several
        reviewers' labels the one that more than half of them gave counts.

        Args:
            sample_id: the sample.
            label: the label that it shall have: a name, a set of names, or a tuple of spans; the
                last two also as text: `"joy; anger"`, or JSON such as `[[0,3,"PER"]]`.
            by: the reviewer; not somebody who voted on the sample.
            reason: why; it is kept as the `reason` of the annotation.
            cause: why people disagreed, where the reviewer knows better than the probable cause of
                the escalation: a value of `labeling.adjudication.Cause`, such as "slip". It is kept
                before the reason.

        Raises:
            LabelingError: no such cause.
            UnknownLabelError: a label that the schema does not have.
            DataError: no such sample, or nobody who may decide on it.
        """
        if cause is not None:
            reason = with_cause(reason, cause)
        with self._locked("decide"):
            decision = decision_on(
                self.people, self.samples, sample_id, label, by=by, reason=reason
            )
            self.people.add_decision(decision, self.samples)
        return decision

    def import_annotations(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        by: str | None = None,
        by_text: bool = False,
        format: str | None = None,
        delimiter: str | None = None,
        project: str | int | None = None,
        control: str | None = None,
        annotator: str | None = None,
        authors: Mapping[str, str] | None = None,
        dry_run: bool = False,
    ) -> Imported:
        """Import annotations that were made elsewhere: votes of their authors, and gold labels.

        Those marked as ground truth become gold labels. Doing it twice adds nothing new.

        Args:
            path: a file of Label Studio (JSON), doccano or Prodigy (JSONL), JSON lines of texts
                with entities, a table (CSV) or CoNLL; `None` reads a project on the Label Studio
                server of the config.
            by: the field that holds the sample's id; `None` takes the one named as the samples' id
                column.
            by_text: whether samples are matched by their exact text instead.
            format: `"label-studio"`, `"doccano"`, `"prodigy"`, `"entities"`, `"table"` or
                `"conll"`; `None` detects it.
            delimiter: what separates several labels in a cell of a table, such as `"|"`.
            project: the title or id of the server's project; `None` is the annotators' one.
            control: whose labels are meant, where several controls offer labels of the schema.
            annotator: the author of annotations whose source does not name one.
            authors: from names of the source to annotators, such as
                `{"user 3": "ann@example.com"}`.
            dry_run: whether only to return what would be imported.

        Raises:
            DataError: the file cannot be read, or it is unclear which field or control is meant.
            PlatformError: there is no such project on the server.
        """
        options = ImportOptions(by, by_text, control, annotator, authors or {})
        source = source_annotations(self, path, format, project, delimiter)
        if dry_run:
            return match_annotations(source, existing_labels(self), options)
        with self._locked("import"):
            result = match_annotations(source, existing_labels(self), options)
            store_import(self, result)
        return result

    def review(
        self, platform: AnnotationPlatform | None = None, *, dry_run: bool = False
    ) -> Verdict:
        """Adjudicate all annotations: settle samples, ask again, or escalate to a reviewer.

        With `dry_run` nothing is sent or stored; `preview` returns more details.
        """
        if dry_run:
            return preview_review(self.people, platform or self.platform(), self.samples).verdict
        return self.settle(platform).verdict

    def settle(self, platform: AnnotationPlatform | None = None) -> Reviewed:
        """Adjudicate as `review` does, and return as well where people find their new questions."""
        with self._locked("review"):
            platform = platform or self.platform()
            verdict = self.people.review(platform, self.load_samples)
        questions = {"annotators": verdict.pending, "reviewers": verdict.escalations}
        people = [role for role, waiting in questions.items() if waiting]
        return Reviewed(verdict, platform.locations(people))

    def init_platform(
        self, *, adopt: bool = False, dry_run: bool = False
    ) -> tuple[ProjectSetup, ProjectSetup]:
        """Create or update the projects of annotators and reviewers in Label Studio.

        Args:
            adopt: whether projects may be used that were not made for this project.
            dry_run: whether only to return what would be done.

        Returns:
            Of the annotators' and the reviewers' project what was done, setting by setting.

        Raises:
            ConfigError: the config has no Label Studio.
            PlatformError: an existing project cannot be used, or is not ours.
        """
        if dry_run:
            return self.label_studio().init(adopt=adopt, dry_run=True)
        with self._locked("studio init"):
            remember_owner(self.store)
            platform = self.label_studio()
            setups = platform.init(adopt=adopt)
            self.people.save_state(platform.state)
        return setups
