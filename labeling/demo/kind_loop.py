"""The demos of spans and of several labels: the whole loop, evaluated on held-out samples."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from labeling.analysis import Estimate, agreement, f1_change, set_scores, span_scores
from labeling.demo import addresses, database_roles
from labeling.demo.character_majority import majority_by_character
from labeling.demo.loop import delete_store, drawn_samples
from labeling.engine import apply_to_frame
from labeling.errors import ConfigError
from labeling.project import Project, Round
from labeling.project.summaries import summary_table
from labeling.records import (
    AnyVotes,
    Label,
    LabelKind,
    LabelSchema,
    SetVotes,
    SpanVotes,
    Stratum,
    annotation_votes,
    decode_label,
)
from labeling.sources import read_samples, read_table

Answers = Mapping[Hashable, Label | None]


@dataclass(frozen=True, slots=True)
class DemoData:
    """Where a demo gets its data from.

    Attributes:
        name: of the config, the labeling functions, and the folders of data and results.
        what: what its samples are, in the plural.
        sample_id: the column of ids.
        prepare: fetches the data into a folder, and returns the paths by role.
        provenance: sentences on who made the gold labels, and who the annotators are.
        baseline: what the simplest model is called.
        score: what F1 counts.
        notebook: the notebook that goes on where the demo ends.
    """

    name: str
    what: str
    sample_id: str
    prepare: Callable[[Path], dict[str, Path]]
    provenance: str
    baseline: str
    score: str
    notebook: str

    @property
    def config(self) -> Path:
        """The config, from the folder of the checkout."""
        return Path("configs", f"{self.name}.yaml")


ADDRESSES = DemoData(
    name="addresses",
    what="addresses",
    sample_id="address_id",
    prepare=addresses.prepare,
    provenance=addresses.PROVENANCE,
    baseline="majority vote on each character",
    score="F1 of spans with the same ends and label (n = spans)",
    notebook="05_spans.ipynb",
)
DATABASES = DemoData(
    name="databases",
    what="descriptions",
    sample_id="id",
    prepare=database_roles.prepare,
    provenance=database_roles.PROVENANCE,
    baseline="any yes",
    score="Micro F1 over all subjects (n = descriptions)",
    notebook="06_several_labels.ipynb",
)
DEMOS = {"spans": ADDRESSES, "sets": DATABASES}


@dataclass(frozen=True, slots=True, eq=False)
class Half:
    """One half of the samples: their texts, votes and gold labels."""

    samples: pd.DataFrame
    votes: Any
    gold: dict[Hashable, Label]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The answers after a round.

    Attributes:
        round: the round.
        label_model: the label model's answers on the held-out samples.
        held_out: those of label model and end model; the same without an end model.
        pool: the labels of the pool: those settled by people, else those of both models.
    """

    round: Round
    label_model: Answers
    held_out: Answers
    pool: Answers


@dataclass(frozen=True, slots=True, eq=False)
class KindDemo:
    """The project of a demo, and the held-out half that the project never uses."""

    data: DemoData
    project: Project
    pool: Half
    held_out: Half

    @classmethod
    def prepared(
        cls, root: Path, data: DemoData, progress: Callable[[int], object] | None = None
    ) -> KindDemo:
        """Return a demo of a checkout, with data fetched and labeling functions applied.

        Args:
            root: the folder of the checkout.
            data: of which demo.
            progress: called with the number of samples done.

        Raises:
            ConfigError: the folder is not a checkout.
            FetchError: the data cannot be fetched.
        """
        if not (root / data.config).is_file():
            raise ConfigError(
                f"The demo must be run from a checkout of the project, whose {data.config} it"
                f" reads. There is none in {str(root.resolve())!r}."
            )
        files = data.prepare(root / ".cache" / data.name)
        project = Project(root / data.config)
        delete_store(project, root, data.config)
        table = read_table(files["gold"])
        texts = zip(table["sample"].tolist(), table["label"].tolist(), strict=True)
        gold = {sample: decode_label(text, project.schema.kind) for sample, text in texts}
        votes = project.apply(progress)
        held_out = read_samples(files["held_out"], data.sample_id)
        of_held_out = apply_to_frame(
            project.labeling_functions, held_out, project.schema, progress=progress
        )
        return cls(
            data, project, _half(project.samples, votes, gold), _half(held_out, of_held_out, gold)
        )

    @property
    def schema(self) -> LabelSchema:
        """The labels."""
        return self.project.schema

    def summary(self) -> pd.DataFrame:
        """Return the table of the labeling functions on the pool, with their precision."""
        return summary_table(self.pool.votes, pd.Series(self.pool.gold))

    def baseline(self) -> Answers:
        """Return what the simplest model answers on the held-out samples."""
        return baseline(self.held_out.votes, self.held_out.samples["text"].to_dict())

    def evaluate(self, current: Round) -> Evaluation:
        """Return the answers after a round, on both halves."""
        votes = self.held_out.votes
        soft = final = current.label_model.predict(votes)
        if current.end_model is not None:
            final = final_answers(votes, current.end_model, self.held_out.samples, soft)
        settled = {gold.sample_id: gold.label for gold in current.gold}
        pool = current.posterior.to_labels().to_dict() | settled
        labels = soft.to_labels().to_dict()
        return Evaluation(current, labels, final.to_labels().to_dict(), pool)

    def f1(self, answers: Answers, half: Half) -> Estimate:
        """Return the F1 of answers on a half."""
        return f1_of(answers, half.gold, self.schema)

    def change(self, before: Evaluation, after: Evaluation) -> tuple[Estimate, Estimate]:
        """Return the change in F1: on the held-out samples, and of the pool's labels."""
        return (
            f1_change(before.held_out, after.held_out, self.held_out.gold),
            f1_change(before.pool, after.pool, self.pool.gold),
        )

    def agreement(self, rounds: Sequence[Round], stratum: str | None = None) -> Any:
        """Return the agreement of annotators on all annotated samples, or on those of a stratum.

        Only first-round votes count: a third vote is requested where two differ.
        """
        first_round = [vote for vote in rounds[-1].annotations if vote.round == 1]
        votes: Any = annotation_votes(first_round, self.schema)
        if stratum is not None:
            votes = votes.of_samples(drawn_samples(rounds, stratum))
        return agreement(votes)

    def audit(self, rounds: Sequence[Round]) -> Estimate:
        """Return the F1 of answers before annotation, on the settled random stratum.

        A team can estimate the quality of its labels in this way without gold labels.
        """
        drawn = set(drawn_samples(rounds, Stratum.RANDOM.value))
        settled = {
            gold.sample_id: gold.label for gold in rounds[-1].gold if gold.sample_id in drawn
        }
        return f1_of(rounds[0].posterior.to_labels().to_dict(), settled, self.schema)


@functools.singledispatch
def baseline(votes: AnyVotes, texts: Mapping[Hashable, str]) -> Answers:
    """Return what the simplest model answers on samples."""
    raise TypeError(f"There is no demo of votes of type {type(votes).__name__}.")


@baseline.register
def _(votes: SpanVotes, texts: Mapping[Hashable, str]) -> Answers:
    return majority_by_character(votes, texts)


@baseline.register
def _(votes: SetVotes, texts: Mapping[Hashable, str]) -> Answers:
    said = votes.to_frame()
    said = said[said["says"].astype(bool)]
    chosen: dict[Hashable, set[str]] = {sample: set() for sample in votes.sample_ids.tolist()}
    for sample, label in zip(said["sample"].tolist(), said["label"].tolist(), strict=True):
        chosen[sample].add(label)
    return {sample: frozenset(labels) for sample, labels in chosen.items()}


@functools.singledispatch
def final_answers(votes: AnyVotes, end_model: Any, samples: pd.DataFrame, soft: Any) -> Any:
    """Return the soft labels of samples by an end model, given those of the label model."""
    raise TypeError(f"There is no demo of votes of type {type(votes).__name__}.")


@final_answers.register
def _(votes: SpanVotes, end_model: Any, samples: pd.DataFrame, soft: Any) -> Any:
    return end_model.predict(samples, soft=soft, votes=votes)


@final_answers.register
def _(votes: SetVotes, end_model: Any, samples: pd.DataFrame, soft: Any) -> Any:
    return end_model.predict(samples, soft=soft)


def f1_of(answers: Answers, gold: Mapping[Hashable, Label], schema: LabelSchema) -> Estimate:
    """Return the F1 of answers: of spans with the same ends and label, or over all labels."""
    truth = pd.Series(gold)
    if schema.kind == LabelKind.SPANS:
        return span_scores(dict(answers), truth, schema).f1
    return set_scores(dict(answers), truth, schema).micro


def _half(samples: pd.DataFrame, votes: AnyVotes, gold: Mapping[Hashable, Label]) -> Half:
    return Half(samples, votes, {sample: gold[sample] for sample in samples.index.tolist()})
