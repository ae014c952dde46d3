"""The verbs of a project on releases of its training set."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Collection, Hashable, Mapping
from typing import TYPE_CHECKING

from labeling.project.decision_records import freeze
from labeling.project.people_record import PeopleRecord
from labeling.project.release_conflicts import store_conflicts
from labeling.project.training_sets import people_record, project_training_set
from labeling.project.work_verbs import WorkVerbs
from labeling.records import Event, EventKind, LabelSource, NewEvent, name_of

if TYPE_CHECKING:
    from labeling.datasets import DataTestReport, Release, Releases, TrainingSet
    from labeling.datasets.changes import Decision
    from labeling.datasets.releases import MergeOutcome, Proposal


class ReleaseVerbs(WorkVerbs):
    """Branch, test, propose, approve and merge training sets.

    Each step is written to the repository's log, and to the ledger of the project.
    """

    @functools.cached_property
    def releases(self) -> Releases:
        """The repository of releases, in the folder that the config names."""
        from labeling.datasets import Releases

        return Releases(self.config.at(self.config.releases.folder), wait=self.config.store.wait)

    def branch_release(self, name: str, *, by: str = "", message: str = "") -> Release:
        """Build the training set as it is now, put it on a branch, and return the release.

        Args:
            name: of the branch, which is made from main if it is new.
            by: who made the changes, and so may not approve them.
            message: what they are about.

        Raises:
            ReleaseError: the name cannot be a branch's.
        """
        from labeling.datasets.releases import check_branch_name

        check_branch_name(name, [branch.name for branch in self.releases.branches])
        with self._locked("release branch"):
            train, people = self._current_training_set()
            self.releases.keep_people(people.to_json())
            release = self.releases.branch(name, train, by=by, message=message)
            self._record_releases()
        return release

    def _current_training_set(self) -> tuple[TrainingSet, PeopleRecord]:
        """Build the training set as `export` does, and record which labels it gives out.

        It returns what people had said as well, from which it can be built again.
        """
        votes = self.votes()
        current = self.snapshot(votes)
        with self.store.stage("building the training set"):
            people = people_record(self, current)
            train = project_training_set(self, current, votes, people)
            policy = self.people.policy_in_force()
            freeze(self.store, current.verdict, policy, train.fingerprint)
        return train, people

    def test_release(self, name: str, *, by: str = "") -> DataTestReport:
        """Run the tests on the data on a branch's release, compared with main; see `Releases.test`.

        The limits, and checks of your own, are those of `data_tests` of the config.

        Args:
            name: of a branch.
            by: who runs them.
        """
        with self._locked("release test"):
            report = self.releases.run_tests(name, self.test_training_set, by=by)
            self._record_releases()
        return report

    def propose_release(self, name: str, *, by: str, message: str = "") -> Proposal:
        """Propose to merge a branch into main; see `Releases.propose`."""
        with self._locked("release propose"):
            proposal = self.releases.propose(name, by=by, message=message)
            self._record_releases()
        return proposal

    def approve_release(
        self, name: str, *, by: str, acknowledge: Mapping[str, str] | None = None
    ) -> Proposal:
        """Approve a proposal as somebody who did not make it; see `Releases.approve`."""
        with self._locked("release approve"):
            proposal = self.releases.approve(name, by=by, acknowledge=acknowledge)
            self._record_releases()
        return proposal

    def merge_release(self, name: str, *, by: str) -> MergeOutcome:
        """Merge an approved branch into main, or main into it where main has moved.

        Where both changed the label of a sample differently, what a reviewer decided on it since
        the conflict was found counts; see `decide`, and `Releases.merge`. The next `review` sends
        such samples to reviewers, with what each side says.
        """
        with self._locked("release merge"):
            outcome = self.releases.merge(name, by=by)
            since = self.releases.conflicts_since(name) if outcome.conflicts else None
            if since is not None:
                wanted = [conflict.sample_id for conflict in outcome.conflicts]
                decisions = self._reviewed(wanted, datetime.datetime.fromisoformat(since))
                if decisions:
                    outcome = self.releases.merge(name, by=by, decisions=decisions)
            store_conflicts(self.store, outcome.conflicts)
            self._record_releases()
        return outcome

    def _reviewed(
        self, sample_ids: Collection[Hashable], since: datetime.datetime
    ) -> dict[Hashable, Decision]:
        """Return what reviewers decided on samples after some time."""
        from labeling.datasets.changes import Decision

        verdict = self.people.verdict(self.people.current_annotations(self.samples))
        decisions = {}
        for gold in verdict.gold:
            if gold.sample_id in sample_ids and gold.source == LabelSource.REVIEW:
                reviews = [
                    vote for vote in gold.trace if vote.reviewer and vote.label == gold.label
                ]
                last = max(reviews, key=lambda vote: vote.updated_at)
                if last.updated_at > since:
                    decisions[gold.sample_id] = Decision(
                        name_of(gold.label), last.annotator, last.reason
                    )
        return decisions

    def release_events(self, sample_id: Hashable) -> tuple[Event, ...]:
        """Return the events of merges that brought a sample into main, in order."""
        if not self.store.ready():
            return ()
        merges = [
            event
            for event in self.store.events.all([EventKind.RELEASED])
            if event.about["action"] == "merged"
        ]
        if not merges:
            return ()
        digests = {release.digest for release in self.releases.holding(sample_id)}
        return tuple(event for event in merges if event.about["release"] in digests)

    def _record_releases(self) -> None:
        """Append the steps of the repository's log that the ledger does not have.

        So a step is recorded whose process was killed before it was, and one that came by git.
        """
        events = self.store.events
        recorded = {event.about["entry"] for event in events.all([EventKind.RELEASED])}
        events.append_all(
            NewEvent(
                EventKind.RELEASED,
                entry.by,
                about={
                    "action": entry.action,
                    "branch": entry.branch,
                    "release": entry.release,
                    "entry": entry.digest,
                    "at": entry.at,
                },
            )
            for entry in self.releases.log()
            if entry.digest not in recorded
        )
