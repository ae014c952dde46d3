"""The demo's project: the whole loop on real tweets, evaluated on held-out tweets."""

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
from labeling.project.kinds import of_one_label
from labeling.records import GoldLabel, SoftLabels, Stratum, Votes, single_label_votes
from labeling.sources import read_samples, read_table

CONFIG = Path("configs/tweets.yaml")


@dataclass(frozen=True, slots=True, eq=False)
class Half:
    """One half of the tweets: samples, votes, and gold labels; `tied` tweets have no gold label."""

    samples: pd.DataFrame
    votes: Votes
    gold: pd.Series
    tied: int


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Accuracy after a round, on both halves of the tweets.

    Attributes:
        round: the round.
        label_model: accuracy of the label model on the covered held-out tweets.
        final: accuracy of label model and end model on all held-out tweets.
        pool: accuracy of `labels`.
        held_out: posterior of the held-out tweets.
        labels: labels of the pool, where labels settled by people replace predictions.
    """

    round: Round
    label_model: Estimate
    final: Estimate
    pool: Estimate
    held_out: SoftLabels
    labels: SoftLabels


@dataclass(frozen=True, slots=True, eq=False)
class Demo:
    """The project of the tweets, and the held-out half that the project never uses."""

    project: Project
    pool: Half
    held_out: Half

    @classmethod
    def prepared(cls, root: Path, progress: Callable[[int], object] | None = None) -> Demo:
        """Return the demo of a checkout, with tweets fetched and labeling functions applied.

        Args:
            root: the folder of the checkout.
            progress: called with the number of tweets done.

        Raises:
            ConfigError: the folder is not a checkout.
            FetchError: the tweets cannot be fetched.
        """
        if not (root / CONFIG).is_file():
            raise ConfigError(
                f"The demo must be run from a checkout of the project, whose {CONFIG} it reads."
                f" There is none in {str(root.resolve())!r}."
            )
        files = tweets.prepare(root / ".cache" / "tweets")
        project = Project(root / CONFIG)
        delete_store(project, root, CONFIG)
        gold = read_table(files["gold"]).set_index("sample")["label"]
        held_out = read_samples(files["held_out"], "tweet_id")
        votes = of_one_label(project.apply(progress), Votes, "The demo")
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

    def evaluate(self, current: Round) -> Evaluation:
        """Return the accuracy of models and labels after a round."""
        held_out = self.held_out
        soft = current.label_model.predict_proba(held_out.votes)
        final = current.end_model.predict_proba(held_out.samples, soft=soft, votes=held_out.votes)
        posterior = of_one_label(current.posterior, SoftLabels, "The demo")
        labels = _with_gold(posterior, current.gold)
        return Evaluation(
            current,
            accuracy(soft, held_out.gold, covered_only=True),
            accuracy(final, held_out.gold),
            accuracy(labels, self.pool.gold),
            final,
            labels,
        )

    def agreement(self, rounds: Sequence[Round], stratum: str | None = None) -> Agreement:
        """Return the agreement of annotators on all annotated tweets, or on those of a stratum.

        Only first-round votes count: a third vote is requested where two differ.
        """
        first_round = [vote for vote in rounds[-1].annotations if vote.round == 1]
        votes = single_label_votes(first_round, self.project.schema)
        return agreement(
            votes if stratum is None else votes.of_samples(drawn_samples(rounds, stratum))
        )

    def audit(self, rounds: Sequence[Round]) -> Estimate:
        """Return the accuracy of predictions before annotation, on the settled random stratum.

        A team can estimate the accuracy of its labels in this way without gold labels.
        """
        drawn = set(drawn_samples(rounds, Stratum.RANDOM.value))
        settled = {
            gold.sample_id: gold.label for gold in rounds[-1].gold if gold.sample_id in drawn
        }
        return accuracy(of_one_label(rounds[0].posterior, SoftLabels, "The demo"), settled)

    def change(self, before: Evaluation, after: Evaluation) -> tuple[Estimate, Estimate]:
        """Return the change in accuracy: on the held-out tweets, and of the pool's labels."""
        pairs = (
            (before.held_out, after.held_out, self.held_out.gold),
            (before.labels, after.labels, self.pool.gold),
        )
        held_out, pool = (
            mean_change(scores(old, gold).to_numpy(), scores(new, gold).to_numpy())
            for old, new, gold in pairs
        )
        return held_out, pool

    def pictures(self, steps: list[Evaluation]) -> list[Path]:
        """Draw the three charts, light and dark, into the project's folder."""
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
            *cost_picture(curves, folder / "accuracy.png", "Effect of human votes"),
        ]


def delete_store(project: Project, root: Path, config: Path) -> None:
    """Delete the store of an earlier demo run."""
    folder = project.store.folder.resolve()
    if not folder.is_relative_to((root / "out").resolve()):
        raise ConfigError(
            "The demo deletes its store, which must be inside the folder `out`."
            f" Got {str(folder)!r} as `store` in {config}."
        )
    shutil.rmtree(folder, ignore_errors=True)


def _half(samples: pd.DataFrame, votes: Votes, gold: pd.Series) -> Half:
    labels = gold.reindex(samples.index)
    return Half(samples, votes, labels.dropna(), int(labels.isna().sum()))


def drawn_samples(rounds: Sequence[Round], stratum: str) -> pd.Index:
    """Return the annotated samples that were chosen as part of a stratum."""
    frames = [step.batch.to_frame() for step in rounds if step.batch is not None]
    drawn: list[Hashable] = []
    for frame in frames:
        drawn += frame.index[frame["stratum"] == stratum].tolist()
    return pd.Index(drawn)


def _with_gold(soft: SoftLabels, gold: tuple[GoldLabel, ...]) -> SoftLabels:
    """Return soft labels in which gold labels replace predictions, as in the training set."""
    if not gold:
        return soft
    array: np.ndarray[Any, Any] = np.array(soft.to_array())
    rows = soft.sample_ids.get_indexer(pd.Index([label.sample_id for label in gold]))
    codes = [soft.schema.index(label.label) for label in gold]
    array[rows] = np.eye(len(soft.schema))[codes]
    return SoftLabels(array, soft.sample_ids, soft.schema, soft.covered)
