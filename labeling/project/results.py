"""Results of the verbs: the state of the loop, and what a verb did or would do."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from labeling.adjudication import reviews_that_count
from labeling.errors import counted
from labeling.records import Annotation, AnySoft, Batch, GoldLabel, Problem, Verdict
from labeling.records.people_views import problems_table
from labeling.rendering import Displayed, View

if TYPE_CHECKING:
    from labeling.project.posteriors import FittedModels


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Round(Displayed):
    """The state of the loop after a round of annotation; round 0 is before the first.

    Attributes:
        number: 0, 1, 2, ...
        batch: the samples chosen in this round; `None` in round 0.
        verdict: the outcome of adjudicating all annotations so far.
        annotations: the last annotation of each person on each sample so far.
        soft: the label model's soft labels of the project's samples.
        posterior: the end model's, which cover every sample.
        measured: cross-fitted soft labels of the samples with a given gold label, by models that
            did not learn it; `None` where none is given.
        models: the label model and the end model, loaded or fitted on first use.
    """

    number: int
    batch: Batch | None
    verdict: Verdict
    annotations: tuple[Annotation, ...]
    soft: AnySoft
    posterior: AnySoft
    models: FittedModels = field(repr=False)
    measured: AnySoft | None = None

    def _view(self) -> View:
        from labeling.project.result_views import round_view

        return round_view(self)

    @property
    def label_model(self) -> Any:
        """Fitted on the votes and the gold labels so far."""
        return self.models.label_model

    @property
    def end_model(self) -> Any:
        """Fitted on the label model's soft labels, and all gold labels and open votes so far."""
        return self.models.end_model

    @property
    def gold(self) -> tuple[GoldLabel, ...]:
        """The labels that annotators and reviewers settled so far."""
        return self.verdict.gold

    @property
    def human_votes(self) -> int:
        """How many votes annotators gave so far; reviewers' decisions are counted apart."""
        return sum(not annotation.reviewer for annotation in self.annotations)

    @property
    def reviews(self) -> int:
        """How many samples have a reviewer's decision that counts."""
        return len(reviews_that_count(self.annotations))


@dataclass(frozen=True, slots=True)
class VotesSummary(Displayed):
    """Counts that are stored with the votes, so that `status` need not open them.

    Attributes:
        samples: how many samples there are to label.
        voters: how many labeling functions.
        covered: how many samples have a vote.
        locked: how many samples are in the locked test split.
        dev: how many have a gold label to measure on.
        left_out: how many are not used, since their text is missing.
    """

    samples: int | None = None
    voters: int | None = None
    covered: int | None = None
    locked: int = 0
    dev: int = 0
    left_out: int = 0

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> VotesSummary:
        """Return the summary in the JSON object that is stored with the votes."""
        names = {entry.name for entry in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in about.items() if name in names})

    def of_run(self) -> dict[str, int | None]:
        """Return the part that the run log shows."""
        return {"samples": self.samples, "voters": self.voters, "covered": self.covered}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Chosen(Displayed):
    """A chosen batch, and the table that shows it.

    Attributes:
        batch: the samples, and why each was chosen.
        table: index = sample id; `text`, `label` and `probability` (the most probable label),
            `second_label` and `second_probability`, then the columns of the batch.
        number: the batch's number.
        replaced: the size and the strategy of the waiting batch that this one replaced, where it
            differs in either.
        is_half_pushed: whether annotators may have some of the batch already, so that it stayed as
            it was, whatever size and strategy were given.
    """

    batch: Batch
    table: pd.DataFrame
    number: int
    replaced: tuple[int, str] | None = None
    is_half_pushed: bool = False

    def _view(self) -> View:
        shown = self.batch._view()
        return View(f"Batch {self.number}: {shown.title}", shown.parts)


@dataclass(frozen=True, slots=True)
class Pushed(Displayed):
    """What a push did, or would do.

    Attributes:
        batch: the batch's number; 0 where none waited.
        samples: how many samples it has; in a dry run, how many would be sent.
        sent: how many samples of the batch were sent before; in a dry run only.
        begun: how many were being sent when a push was interrupted; in a dry run only.
        where: the files of the batch, or the address of the annotators' project.
    """

    batch: int
    samples: int
    sent: int = 0
    begun: int = 0
    where: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Pulled(Displayed):
    """What a pull fetched.

    Attributes:
        news: the new annotations.
        already_stored: how many annotations were stored before.
        problems: what came back and could not be counted, for a person to fix.
    """

    news: tuple[Annotation, ...]
    already_stored: int
    problems: tuple[Problem, ...]

    def _view(self) -> View:
        found = counted(len(self.news), "new annotation")
        stored = counted(self.already_stored, "was", "were")
        parts = (problems_table(self.problems),) if self.problems else ()
        return View(f"Pulled {found}; {stored} stored before", parts)

    @property
    def known(self) -> int:
        """Deprecated name of `already_stored`."""
        return self.already_stored


@dataclass(frozen=True, slots=True, repr=False)
class Reviewed(Displayed):
    """The result of a review.

    Attributes:
        verdict: the outcome of adjudicating all annotations.
        where: the files with new questions, or the addresses of the projects that have them.
    """

    verdict: Verdict
    where: tuple[str, ...] = ()

    def _view(self) -> View:
        shown = self.verdict._view()
        asked = (f"People find the questions here: {', '.join(self.where)}.",) if self.where else ()
        return View(shown.title, (*shown.parts, *asked))


@dataclass(frozen=True, slots=True, repr=False)
class DryRun(Displayed):
    """What a review or a run would do now.

    Attributes:
        verdict: the outcome of adjudicating all annotations.
        ask_again: for how many samples annotators would be asked for more votes.
        escalate: how many samples would be escalated to a reviewer.
        unanswered: how many samples were sent and have no annotation yet.
        awaited: how many samples were sent and would not be settled.
        pulled: what would be fetched; `None` of a review, which fetches nothing.
        applies: whether the labeling functions would be applied first.
        pushes: the number of the batch whose interrupted push would be continued; 0 for none.
        chooses: how many samples would be chosen for the next batch; 0 while annotations are
            awaited.
    """

    verdict: Verdict
    ask_again: int
    escalate: int
    unanswered: int
    awaited: int
    pulled: Pulled | None = None
    applies: bool = False
    pushes: int = 0
    chooses: int = 0
