"""The demo: the whole loop on real tweets, measured on tweets that it never saw."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labeling.analysis import (
    Agreement,
    Estimate,
    accuracy,
    agreement,
    confusion,
    confusion_picture,
    cost_picture,
    lf_picture,
    lf_summary,
    mean_change,
    scores,
)
from labeling.demo import tweets
from labeling.engine import apply_to_frame
from labeling.errors import ConfigError
from labeling.label_models import MajorityVote
from labeling.project import Project, Round
from labeling.records import GoldLabel, SoftLabels, Votes, annotation_votes
from labeling.sources import read_samples, read_table

CONFIG = Path("configs/tweets.yaml")


@dataclass(frozen=True, slots=True, eq=False)
class Half:
    """One half of the tweets: the samples, the votes on them, and gold labels to measure with."""

    samples: pd.DataFrame
    votes: Votes
    gold: pd.Series
    tied: int


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Where the loop stands after a round, measured on both halves.

    Attributes:
        round: the round.
        label_model: accuracy of the label model on the held-out tweets that a voter covers.
        final: accuracy of label and end model on all held-out tweets.
        pool: accuracy of the labels of the pool, gold labels of people in their place.
        held_out: the final posterior of the held-out tweets.
        labels: the labels of the pool, gold labels of people in their place.
    """

    round: Round
    label_model: Estimate
    final: Estimate
    pool: Estimate
    held_out: SoftLabels
    labels: SoftLabels


@dataclass(frozen=True, slots=True, eq=False)
class Demo:
    """The project of the tweets, and the held-out half that it does not know."""

    project: Project
    pool: Half
    held_out: Half

    @classmethod
    def prepared(cls, root: Path, progress: Callable[[int], object] | None = None) -> Demo:
        """Return the demo of a checkout, its tweets fetched and its labeling functions applied.

        Args:
            root: the folder of the checkout.
            progress: called with the number of tweets done.

        Raises:
            ConfigError: this is no checkout.
            FetchError: the tweets cannot be fetched.
        """
        if not (root / CONFIG).is_file():
            raise ConfigError(
                f"The demo must be run from a checkout of the project, whose {CONFIG} it reads."
                f" There is none in {str(root.resolve())!r}."
            )
        files = tweets.prepare(root / ".cache" / "tweets")
        project = Project(root / CONFIG)
        _forget(project, root)
        gold = read_table(files["gold"]).set_index("sample")["label"]
        held_out = read_samples(files["held_out"], "tweet_id")
        votes = project.apply(progress)
        held_out_votes = apply_to_frame(
            project.labeling_functions, held_out, project.schema, progress=progress
        )
        return cls(
            project, _half(project.samples, votes, gold), _half(held_out, held_out_votes, gold)
        )

    def summary(self) -> pd.DataFrame:
        """Return the table of the labeling functions on the pool, with their accuracy."""
        return lf_summary(self.pool.votes, self.pool.gold)

    def majority(self) -> Estimate:
        """Return the accuracy of majority vote on the covered held-out tweets."""
        model = MajorityVote().fit(self.pool.votes)
        soft = model.predict_proba(self.held_out.votes)
        return accuracy(soft, self.held_out.gold, covered_only=True)

    def measured(self, now: Round) -> Measured:
        """Return how good the labels are after a round."""
        there = self.held_out
        soft = now.label_model.predict_proba(there.votes)
        final = now.end_model.predict_proba(there.samples, soft=soft, votes=there.votes)
        labels = _with_gold(now.posterior, now.gold)
        return Measured(
            now,
            accuracy(soft, there.gold, covered_only=True),
            accuracy(final, there.gold),
            accuracy(labels, self.pool.gold),
            final,
            labels,
        )

    def agreement(self, rounds: Sequence[Round], stratum: str | None = None) -> Agreement:
        """Return the agreement of annotators on the tweets asked about, or on one stratum's.

        Only those who were asked first count: a third was asked because two had differed.
        """
        first = [one for one in rounds[-1].annotations if one.round == 1]
        votes = annotation_votes(first, self.project.schema)
        return agreement(votes if stratum is None else votes.of_samples(_drawn(rounds, stratum)))

    def audit(self, rounds: Sequence[Round]) -> Estimate:
        """Return how often people's labels of the random stratum are what the model said before.

        This is what a team without gold labels can know of the accuracy of its labels.
        """
        drawn = set(_drawn(rounds, "random"))
        settled = {one.sample_id: one.label for one in rounds[-1].gold if one.sample_id in drawn}
        return accuracy(rounds[0].posterior, settled)

    def change(self, before: Measured, after: Measured) -> tuple[Estimate, Estimate]:
        """Return by how much accuracy changed: on the held-out tweets, and on the pool's labels."""
        pairs = (
            (before.held_out, after.held_out, self.held_out.gold),
            (before.labels, after.labels, self.pool.gold),
        )
        held_out, pool = (
            mean_change(scores(old, gold).to_numpy(), scores(new, gold).to_numpy())
            for old, new, gold in pairs
        )
        return held_out, pool

    def pictures(self, steps: list[Measured]) -> list[Path]:
        """Draw the three pictures, light and dark, into the project's folder."""
        folder = self.project.folder
        spent = [step.round.human_votes for step in steps]
        tables = {
            "before": confusion(steps[0].held_out, self.held_out.gold),
            f"after {spent[-1]} votes": confusion(steps[-1].held_out, self.held_out.gold),
        }
        curves = {
            "labels of the pool": list(zip(spent, [step.pool for step in steps], strict=True)),
            "held-out tweets": list(zip(spent, [step.final for step in steps], strict=True)),
        }
        return [
            *lf_picture(lf_summary(self.pool.votes), len(self.pool.samples), folder / "lfs.png"),
            *confusion_picture(tables, self.project.schema.labels, folder / "confusion.png"),
            *cost_picture(curves, folder / "accuracy.png", "What human votes bought"),
        ]


def _forget(project: Project, root: Path) -> None:
    """Let the demo begin anew: nothing that its project remembers is worth keeping."""
    memory = project.store.folder.resolve()
    if not memory.is_relative_to((root / "out").resolve()):
        raise ConfigError(
            f"The demo forgets what was before, and must remember in the folder `out`. {CONFIG} says"
            f" {str(memory)!r} under `store`."
        )
    shutil.rmtree(memory, ignore_errors=True)


def _half(samples: pd.DataFrame, votes: Votes, gold: pd.Series) -> Half:
    own = gold.reindex(samples.index)
    return Half(samples, votes, own.dropna(), int(own.isna().sum()))


def _drawn(rounds: Sequence[Round], stratum: str) -> pd.Index:
    """Return the samples that were asked about as part of a stratum."""
    frames = [now.batch.to_frame() for now in rounds if now.batch is not None]
    drawn: list[Hashable] = []
    for frame in frames:
        drawn += frame.index[frame["stratum"] == stratum].tolist()
    return pd.Index(drawn)


def _with_gold(soft: SoftLabels, gold: tuple[GoldLabel, ...]) -> SoftLabels:
    """Return soft labels with the gold labels in their place, as in the training set."""
    if not gold:
        return soft
    array: np.ndarray[Any, Any] = np.array(soft.to_array())
    rows = soft.sample_ids.get_indexer(pd.Index([one.sample_id for one in gold]))
    codes = [soft.schema.index(one.label) for one in gold]
    array[rows] = np.eye(len(soft.schema))[codes]
    return SoftLabels(array, soft.sample_ids, soft.schema, soft.covered)
