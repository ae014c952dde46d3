"""What is known of a project, read once; every section is made of it."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import pandas as pd

from labeling.config import Config
from labeling.project import Project
from labeling.project.data import ProjectData
from labeling.project.status import Status
from labeling.records import (
    ABSTAIN,
    Annotation,
    Gold,
    SoftLabels,
    Verdict,
    Votes,
    gold_codes,
)
from labeling.store import Store

NOBODY = Verdict((), (), ())
CHOICES = ("batch", "stratum", "score", "reason", "propensity", "model_label", "confidence")


@dataclass(frozen=True, eq=False)
class ModelOutputs:
    """What labeling functions and models hold of the samples.

    Attributes:
        votes: of the labeling functions.
        soft: the label model's.
        posterior: the end model's, which cover every sample.
        measured: those of models that did not learn a sample's given gold label, for these samples.
    """

    votes: Votes
    soft: SoftLabels
    posterior: SoftLabels
    measured: SoftLabels | None


@dataclass(frozen=True, eq=False)
class ReportContext:
    """What is known of a project.

    Attributes:
        project: it.
        data: its samples and the gold labels it was given.
        status: where it stands.
        beliefs: `None` before the labeling functions were first applied.
        said: the live annotations: what each person last said of each sample.
        verdict: what they come to.
        choices: who was chosen for people, why, and what the model held of them before.
    """

    project: Project
    data: ProjectData
    status: Status
    beliefs: ModelOutputs | None
    said: tuple[Annotation, ...]
    verdict: Verdict
    choices: pd.DataFrame

    @property
    def config(self) -> Config:
        """The project's."""
        return self.project.config

    @functools.cached_property
    def store(self) -> Store | None:
        """The project's, where it remembers anything."""
        return self.project.store if self.project.store.ready() else None

    @functools.cached_property
    def peoples_labels(self) -> dict[Hashable, str]:
        """The labels that people settled."""
        return {one.sample_id: one.label for one in self.verdict.gold}

    @functools.cached_property
    def at_random(self) -> pd.DataFrame:
        """The samples that were drawn at random for people: the only fair audit of a model."""
        return self.choices[self.choices["stratum"] == "random"]

    @functools.cached_property
    def audit(self) -> pd.DataFrame:
        """Of those the ones that people settled, with their label, and whether the model was right.

        A model that was undecided (`model_label` is missing) was not right.
        """
        label = self.at_random.index.map(self.peoples_labels.get).to_series(self.at_random.index)
        found = self.at_random.assign(label=label.astype(object))
        found = found[found["label"].notna()]
        return found.assign(right=(found["model_label"] == found["label"]).astype(float))

    @functools.cached_property
    def final(self) -> pd.DataFrame | None:
        """Each sample's code (-1 where nothing decides) and the source of its label."""
        if self.beliefs is None:
            return None
        posterior = self.beliefs.posterior
        found = pd.DataFrame({"code": posterior.codes()}, index=posterior.sample_ids)
        found["source"] = "end model"
        found.loc[self.beliefs.votes.covered, "source"] = "votes"
        found.loc[found["code"] == ABSTAIN, "source"] = "none"
        schema, ids = posterior.schema, posterior.sample_ids
        for source, gold in self._gold().items():
            codes = gold_codes(gold, ids, schema)
            found.loc[codes != ABSTAIN, "source"] = source
            found["code"] = found["code"].where(codes == ABSTAIN, codes)
        return found

    def _gold(self) -> dict[str, Gold]:
        """Return the gold labels by who made them; the last wins, as in the training set."""
        people: dict[str, Gold] = {
            source: [one for one in self.verdict.gold if one.source == source]
            for source in ("agreement", "review")
        }
        return {**people, "given": self.data.dev}

    def texts_of(self, ids: Iterable[Hashable]) -> dict[Hashable, str]:
        """Return the texts of some samples."""
        wanted = pd.Index(list(dict.fromkeys(ids)), dtype=None)
        if not len(wanted):
            return {}
        found: dict[Hashable, str] = (
            self.data.samples[self.config.data.text].reindex(wanted).dropna().to_dict()
        )
        return found


def load_context(project: Project) -> ReportContext:
    """Return what is known of a project.

    Before its labeling functions were first applied nothing is computed. After that, what has
    changed since is computed anew, for which the project must be held; what is remembered is only
    read.
    """
    store = project.store
    choices = pd.DataFrame(columns=list(CHOICES))
    if not store.ready():
        return ReportContext(project, project.data, project.status(), None, (), NOBODY, choices)
    said = project.people.said(project.samples)
    verdict = project.people.verdict(said)
    beliefs = _beliefs(project, verdict) if store.files.last("votes") else None
    choices = store.batches.frame() if store.batches.last()[0] else choices
    return ReportContext(project, project.data, project.status(), beliefs, said, verdict, choices)


def _beliefs(project: Project, verdict: Verdict) -> ModelOutputs:
    votes = project.votes()
    # A report must not wait for the project, or write into its run log, to read what is there.
    learner = project.learner(votes)
    soft = learner.cached("soft_labels", verdict.gold)
    posterior = learner.cached("posterior", verdict.gold)
    measured = learner.cached("measured", verdict.gold)
    lacks_measure = measured is None and len(project.data.dev) > 0
    if soft is None or posterior is None or lacks_measure:
        here = project.snapshot(votes, verb="report")
        soft, posterior, measured = here.soft, here.posterior, here.measured
    return ModelOutputs(votes, soft, posterior, measured)
