"""The verbs of a project that show its releases to others: card, hub folder, page, MLflow."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from labeling.project.card_facts import (
    QUALITY_NOTE,
    agreement_estimates,
    card_settings,
    function_facts,
    model_names,
    platform_name,
    publication_day,
    quality_facts,
    report_problems,
)
from labeling.project.exporting import ready_folder
from labeling.project.label_quality import label_quality
from labeling.project.release_quality import (
    QUALITY_TITLE,
    problem_errors,
    problem_history_views,
    problem_list,
    problem_sentences,
    problem_table,
    quality_of_models,
)
from labeling.project.release_verbs import ReleaseVerbs
from labeling.rendering import View

if TYPE_CHECKING:
    from labeling.datasets import CardFacts, CardSettings, DataTestReport, Release

MAIN = "main"


class CardVerbs(ReleaseVerbs):
    """Data cards of releases, and what they are written into."""

    @property
    def card_settings(self) -> CardSettings:
        """What the config says of the training set, in its section `card`."""
        return card_settings(self.config)

    def branch_release(self, name: str, *, by: str = "", message: str = "") -> Release:
        """Build the training set as it is now, put it on a branch, and return the release.

        What is known of it now (quality, agreement, labeling functions) is kept for its card.

        Args:
            name: of the branch, which is made from main if it is new.
            by: who made the changes, and so may not approve them.
            message: what they are about.

        Raises:
            ReleaseError: the name cannot be a branch's.
        """
        release = super().branch_release(name, by=by, message=message)
        self.releases.keep_facts(release.digest, self.card_facts())
        return release

    def card_facts(self) -> CardFacts:
        """Return what is measured of the labels as they are now, each estimate with its n."""
        from labeling.datasets import CardFacts

        votes = self.votes()
        problems = problem_list(self.config)
        table = problem_table(self.config, self.data, self.snapshot(votes)) if problems else None
        is_ready = self.store.ready()
        quality = quality_facts(label_quality(self.config, self.store)) if is_ready else {}
        return CardFacts(
            functions=function_facts(self.labeling_functions, votes, self.data.dev),
            models=model_names(self.config),
            quality=quality,
            quality_note=QUALITY_NOTE if quality else "",
            agreement=agreement_estimates(self.agreement()),
            platform=platform_name(self.config),
            problems=problem_sentences(table, problems),
            problem_errors=problem_errors(table),
        )

    def release_facts(self, name: str = MAIN) -> CardFacts:
        """Return what was known of a release, with what its tests found and its day.

        Args:
            name: of a branch, or the beginning of a digest.

        Raises:
            ReleaseError: there is no such branch or release.
        """
        status = self.releases.show(name)
        facts = status.release.facts
        return dataclasses.replace(
            facts,
            problems=(*facts.problems, *report_problems(self._last_report(name))),
            published=facts.published or publication_day(status.steps),
        )

    def hub_folder(self, folder: str | Path, name: str = MAIN, *, salt: str | None = None) -> Path:
        """Write a release as a folder for the Hugging Face hub, with its card and Croissant.

        Args:
            folder: made where it is missing; see `TrainingSet.to_hub_folder`.
            name: of a branch, or the beginning of a digest.
            salt: a secret, for pseudonyms that are the same in all releases.

        Raises:
            ReleaseError: there is no such branch or release.
            DataError: the folder cannot be written.
        """
        release, facts = self.releases[name], self.release_facts(name)
        return release.to_hub_folder(folder, self.card_settings, facts, salt=salt)

    def release_report(self, name: str = MAIN, path: str | Path | None = None) -> Path:
        """Write the page of a release: labels, changes, tests, quality, problems, card.

        Args:
            name: of a branch, or the beginning of a digest.
            path: of the file; `None` is `release_<digest>.html` in the folder of the exports.

        Raises:
            ReleaseError: there is no such branch or release.
            DataError: the file cannot be written.
        """
        release, facts = self.releases[name], self.release_facts(name)
        if path is None:
            path = ready_folder(self.folder) / f"release_{release.digest[:12]}.html"
        return release.report(path, self._release_views(name), self.card_settings, facts)

    def log_to_mlflow(
        self, name: str = MAIN, *, report: str | Path | None = None, run_id: str | None = None
    ) -> str:
        """Write a release into a run of MLflow, and return the run's id; see `lb.log_to_mlflow`.

        Args:
            name: of a branch, or the beginning of a digest.
            report: a file to keep with the run, such as what `release_report` wrote.
            run_id: an existing run; `None` is the active one, or a new one.

        Raises:
            ReleaseError: there is no such branch or release.
            MissingExtraError: MLflow is not installed.
        """
        from labeling.datasets import log_to_mlflow

        return log_to_mlflow(
            self.releases[name],
            settings=self.card_settings,
            facts=self.release_facts(name),
            report=report,
            run_id=run_id,
        )

    def _last_report(self, name: str) -> DataTestReport | None:
        """Return the last tests of a release; `None` if there are none."""
        tested = [entry for entry in self.releases.show(name).steps if entry.action == "tested"]
        return self.releases.report(tested[-1].details["tests"]) if tested else None

    def _release_views(self, name: str) -> Mapping[str, Sequence[View]]:
        """Return what the page of a release shows between its labels and its card."""
        report = self._last_report(name)
        tests = [View("No tests were run on this release.")] if report is None else [report._view()]
        quality = quality_of_models(self.config, self.data, self.snapshot())
        return {
            "What changed": self._changes(name),
            "Tests on the data": tests,
            QUALITY_TITLE: quality,
            "Known problems": problem_history_views(self._earlier_releases(name)),
        }

    def _changes(self, name: str) -> Sequence[View]:
        """Return what changed since the release that this one is to replace, or has replaced."""
        from labeling.datasets.changes import diff_training_sets

        status = self.releases.show(name)
        release = status.release
        base = status.branch.base if status.branch is not None else None
        if base in (None, release.digest):
            base = next(iter(release.parents), None)
        if base is None:
            return [View("It is the first release: there is none to compare it with.")]
        shown = diff_training_sets(self.releases[base].train, release.train)._view()
        return [View(f"Since release {base[:12]}: {shown.title}", shown.parts)]

    def _earlier_releases(self, name: str) -> Mapping[str, Release]:
        """Return the releases that were main, and this one, by the beginnings of their digests."""
        release = self.releases[name]
        merged = [entry.release for entry in self.releases.log() if entry.action == "merged"]
        until = merged[: merged.index(release.digest)] if release.digest in merged else merged
        digests = dict.fromkeys([*until, release.digest])
        return {digest[:12]: self.releases[digest] for digest in digests}
