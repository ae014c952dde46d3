"""State of a project, loaded once for all sections of the report."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from labeling.config import Config
from labeling.datasets import winning_labels
from labeling.project import Project
from labeling.project.data import ProjectData
from labeling.project.gold import HumanLabels, teaching_gold
from labeling.project.kind_learners import AnyLearner
from labeling.project.kinds import of_one_label
from labeling.project.status import Status
from labeling.records import (
    ABSTAIN,
    Annotation,
    AnySoft,
    AnyVotes,
    Label,
    SoftLabels,
    Stratum,
    Verdict,
    Votes,
)
from labeling.store import Store

THE_REPORT = "The report"
NO_VERDICT = Verdict((), (), ())
SELECTION_COLUMNS = (
    "batch",
    "stratum",
    "score",
    "reason",
    "propensity",
    "model_label",
    "confidence",
)


@dataclass(frozen=True, eq=False)
class ModelOutputs:
    """Votes of the labeling functions, and soft labels of the models.

    Attributes:
        votes: votes of the labeling functions.
        soft: soft labels of the label model.
        posterior: soft labels of the end model, which cover every sample.
        measured: cross-fitted soft labels of the samples with a given gold label: each is predicted
            by models that were not trained on that label.
    """

    votes: Votes
    soft: SoftLabels
    posterior: SoftLabels
    measured: SoftLabels | None


class AnyOutputs(NamedTuple):
    """Votes and soft labels of any kind; see `ModelOutputs`."""

    votes: AnyVotes
    soft: AnySoft
    posterior: AnySoft
    measured: AnySoft | None


@dataclass(frozen=True, eq=False)
class ReportContext:
    """Everything that the sections of the report are made of.

    Attributes:
        project: the project.
        data: its samples and given gold labels.
        status: its status.
        outputs: votes and model outputs; `None` before labeling functions were first applied.
        annotations: the current annotations: the latest of each person on each sample.
        answers: with them the answers to hidden gold, and the votes of paused people.
        verdict: the result of adjudicating them.
        selections: the samples selected for annotation: why, and what the model predicted before.
    """

    project: Project
    data: ProjectData
    status: Status
    outputs: ModelOutputs | None
    annotations: tuple[Annotation, ...]
    answers: tuple[Annotation, ...]
    verdict: Verdict
    selections: pd.DataFrame

    @property
    def config(self) -> Config:
        """The config of the project."""
        return self.project.config

    @functools.cached_property
    def store(self) -> Store | None:
        """The store of the project; `None` before anything was stored."""
        return self.project.store if self.project.store.ready() else None

    @functools.cached_property
    def human_labels(self) -> dict[Hashable, Label]:
        """The labels that people settled."""
        return {gold.sample_id: gold.label for gold in self.verdict.gold}

    @functools.cached_property
    def random_sample(self) -> pd.DataFrame:
        """The selected samples that were drawn at random: the only unbiased audit of a model."""
        return self.selections[self.selections["stratum"] == Stratum.RANDOM.value]

    @functools.cached_property
    def audit(self) -> pd.DataFrame:
        """The settled samples of the random sample: their label, and whether the model was correct.

        A model without a prediction (`model_label` is missing) was not correct; neither was one
        that missed a part of a sample's set of labels or spans.
        """
        drawn = self.random_sample
        is_settled = np.array([sample_id in self.human_labels for sample_id in drawn.index], bool)
        audited = drawn[is_settled]
        labels = [self.human_labels[sample_id] for sample_id in audited.index]
        pairs = zip(audited["model_label"], labels, strict=True)
        right = [float(predicted == label) for predicted, label in pairs]
        return audited.assign(label=pd.Series(labels, audited.index, dtype=object), right=right)

    @functools.cached_property
    def current_labels(self) -> pd.DataFrame | None:
        """The code of each sample's label (-1 where undecided) and the source of the label."""
        if self.outputs is None:
            return None
        gold = teaching_gold(self.data.dev, self.verdict.gold)
        labels = winning_labels(self.outputs.posterior, gold, self.outputs.votes)
        labels.loc[labels["code"] == ABSTAIN, "source"] = "none"
        return labels

    def texts_of(self, sample_ids: Iterable[Hashable]) -> dict[Hashable, str]:
        """Return the texts of some samples."""
        wanted = pd.Index(list(dict.fromkeys(sample_ids)), dtype=None)
        if not len(wanted):
            return {}
        texts: dict[Hashable, str] = (
            self.data.samples[self.config.data.text].reindex(wanted).dropna().to_dict()
        )
        return texts


def load_context(project: Project) -> ReportContext:
    """Return the state of a project of one label per sample.

    Nothing is computed before labeling functions were first applied. After that, outputs whose
    inputs have changed are recomputed, which takes the project lock; stored outputs are only read.
    """
    context = load_people(project)
    outputs = any_outputs(context)
    if outputs is None:
        return context
    votes = of_one_label(outputs.votes, Votes, THE_REPORT)
    soft, posterior = (
        of_one_label(part, SoftLabels, THE_REPORT) for part in (outputs.soft, outputs.posterior)
    )
    measured = outputs.measured
    if measured is not None:
        measured = of_one_label(measured, SoftLabels, THE_REPORT)
    return dataclasses.replace(context, outputs=ModelOutputs(votes, soft, posterior, measured))


def load_people(project: Project) -> ReportContext:
    """Return the state of a project of any kind, without votes and outputs of models."""
    store = project.store
    selections = pd.DataFrame(columns=list(SELECTION_COLUMNS))
    data, status = project.data, project.status()
    if not store.ready():
        return ReportContext(project, data, status, None, (), (), NO_VERDICT, selections)
    answers = project.people.current_answers(project.samples)
    annotations = project.people.work.counted(answers)
    verdict = project.people.verdict(annotations)
    selections = store.batches.frame() if store.batches.last()[0] else selections
    return ReportContext(project, data, status, None, annotations, answers, verdict, selections)


def any_outputs(context: ReportContext) -> AnyOutputs | None:
    """Return votes and soft labels of any kind; `None` before functions were first applied."""
    project = context.project
    if context.store is None or not context.store.artifacts.latest("votes"):
        return None
    people = HumanLabels.of(context.verdict, context.annotations)
    votes = project.votes()
    # Reading stored outputs must neither wait for the project lock nor write into the run log.
    learner: AnyLearner = project.learner(votes)
    soft = learner.cached("soft_labels", people)
    posterior = learner.cached("posterior", people)
    measured = learner.cached("measured", people)
    lacks_measured = measured is None and len(context.data.dev) > 0
    if soft is None or posterior is None or lacks_measured:
        snapshot = project.snapshot(votes, verb="report")
        soft, posterior = snapshot.soft, snapshot.posterior
        measured = snapshot.measured if snapshot.measured is not None else measured
    return AnyOutputs(votes, soft, posterior, measured)
