"""How soon people who click at random are found, and how many honest ones are suspected.

Teams of twelve: ten people of a crowd, each with the confusion matrix that gold labels show, and
two who click at random. Their votes are drawn, and the verdicts are read after every round.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from labeling import AnnotatorModel, SoftLabels, Votes
from tests.benchmarks.quality.asking import progress
from tests.benchmarks.quality.data import APART, VoteSet, made_votes, read_set
from tests.benchmarks.quality.scores import Codes, Floats
from tests.benchmarks.quality.tables import markdown, percent

LOOKS = (10, 15, 20, 25, 30, 40, 50, 60, 75, 100, 125, 150, 200, 250)  # votes of each person
TEAMS = 20
TEAM, CLICKERS = 12, 2
VOTES_EACH = 3
LEAST_VOTES = 30  # with a gold label, of those whose confusion is known
LEAST_PEOPLE = 10
CLICKS = ("evenly", "by class", "one label")
WEAK_ACCURACY = 0.75  # of the reference, which is right or wrong at random
BAD = ("spammer", "adversary")


@dataclass(frozen=True, slots=True)
class Crowd:
    """The honest people of a set: confusion matrices (people, true, voted) and class balance."""

    confusion: Floats
    balance: Floats
    accuracy: float


@dataclass(slots=True)
class Tally:
    """When clickers were flagged (infinite: never), which honest people ever, and as what."""

    flagged: list[float] = field(default_factory=list)
    alarms: list[bool] = field(default_factory=list)
    fine: list[bool] = field(default_factory=list)

    def cells(self) -> list[str]:
        """Return share flagged, median and 90 % quantile of votes, alarms, clickers called fine."""
        times = np.array(self.flagged)
        middle, late = np.quantile(times, [0.5, 0.9], method="higher")
        shown = ["never" if np.isinf(time) else f"{time:.0f}" for time in (middle, late)]
        return [
            percent(float(np.isfinite(times).mean())),
            *shown,
            percent(float(np.mean(self.alarms))),
            percent(float(np.mean(self.fine))),
        ]


def honest_people(data: VoteSet) -> Crowd | None:
    """Return who is right more often than half-way from chance to the usual; None: too few people.

    The share right and that of chance are those of people with enough votes on gold labels.
    """
    array, k = data.votes.to_array(), data.n_labels
    rows, voters = np.nonzero((array >= 0) & (data.gold >= 0)[:, None])
    counts = np.zeros((array.shape[1], k, k))
    np.add.at(counts, (voters, data.gold[rows], array[rows, voters]), 1)
    n = counts.sum(axis=(1, 2))
    counts = counts[n >= LEAST_VOTES]
    n = n[n >= LEAST_VOTES]
    if not len(n):
        return None
    right = np.trace(counts, axis1=1, axis2=2) / n
    chance = (counts.sum(axis=1) * counts.sum(axis=2)).sum(axis=1) / n**2
    usual, by_chance = np.median(right), np.median(chance)
    is_honest = right > (usual + by_chance) / 2
    if is_honest.sum() < LEAST_PEOPLE:
        return None
    pooled = counts.sum(axis=0) + 0.5
    smooth = counts[is_honest] + pooled / pooled.sum(axis=1, keepdims=True)
    known = data.gold[data.gold >= 0]
    balance = np.bincount(known, minlength=k) / len(known)
    confusion = smooth / smooth.sum(axis=2, keepdims=True)
    return Crowd(confusion, balance, float(right[is_honest].mean()))


def team_votes(crowd: Crowd, clicks: str, random: np.random.Generator) -> tuple[Codes, Codes]:
    """Return the true codes (n,) and the votes (n, TEAM), -1 = none; the clickers come last."""
    k = len(crowd.balance)
    people = random.choice(len(crowd.confusion), TEAM - CLICKERS, replace=False)
    habits = {"evenly": np.full(k, 1 / k), "by class": crowd.balance}
    matrices = list(crowd.confusion[people])
    for _ in range(CLICKERS):
        habit = habits.get(clicks, np.eye(k)[random.choice(k, p=crowd.balance)])
        matrices.append(np.tile(habit, (k, 1)))
    n = LOOKS[-1] * TEAM // VOTES_EACH
    truth = random.choice(k, n, p=crowd.balance)
    # Each block of four samples has every person once: all have equally many votes at any time.
    asked = np.concatenate([random.permutation(TEAM) for _ in range(n * VOTES_EACH // TEAM)])
    votes = np.full((n, TEAM), -1)
    for sample, people_asked in enumerate(asked.reshape(n, VOTES_EACH)):
        for person in people_asked:
            votes[sample, person] = random.choice(k, p=matrices[person][truth[sample]])
    return truth, votes


def weak_labels(truth: Codes, votes: Votes, random: np.random.Generator) -> SoftLabels:
    """Return soft labels of a reference that is right at random, and says how often it is."""
    k, n = len(votes.schema), len(truth)
    is_right = random.random(n) < WEAK_ACCURACY
    label = np.where(is_right, truth, (truth + random.integers(1, k, n)) % k).astype(np.intp)
    soft = np.full((n, k), (1 - WEAK_ACCURACY) / (k - 1))
    soft[np.arange(n), label] = WEAK_ACCURACY
    return SoftLabels(soft, votes.sample_ids, votes.schema, np.ones(n, dtype=bool))


def follow_team(
    crowd: Crowd, clicks: str, seed: int, *, with_reference: bool, tally: Tally
) -> None:
    """Read the verdicts on a team at each look, and add what was seen to the tally."""
    random = np.random.default_rng([seed, CLICKS.index(clicks)])
    truth, array = team_votes(crowd, clicks, random)
    everything = made_votes(array, len(crowd.balance))
    reference = weak_labels(truth, everything, random) if with_reference else None
    first, is_fine = np.full(TEAM, np.inf), np.zeros(TEAM, dtype=bool)
    for look in LOOKS:
        votes = made_votes(array[: look * TEAM // VOTES_EACH], len(crowd.balance))
        skills = AnnotatorModel().fit(votes, reference=reference).skills()
        verdicts = skills["verdict"].loc[list(votes.voters)]
        is_new = verdicts.isin(BAD).to_numpy() & np.isinf(first)
        first[is_new] = look
        is_fine |= (verdicts == "fine").to_numpy()
    honest = slice(0, TEAM - CLICKERS)
    tally.flagged += first[TEAM - CLICKERS :].tolist()
    tally.alarms += np.isfinite(first[honest]).tolist()
    tally.fine += is_fine[TEAM - CLICKERS :].tolist()


def clickers(folder: Path, names: Iterable[str]) -> str:
    """Return the table of how soon random clickers are found among the people of each crowd."""
    rows = []
    for name in names:
        data = read_set(folder, name)
        crowd = None if name in APART else honest_people(data)
        if crowd is None:
            continue
        about = [name, str(data.n_labels), percent(crowd.accuracy)]
        for clicks, with_reference in [*((one, False) for one in CLICKS), (CLICKS[0], True)]:
            progress(f"{name}: teams with two who click {clicks}")
            tally = Tally()
            for seed in range(TEAMS):
                follow_team(crowd, clicks, seed, with_reference=with_reference, tally=tally)
            shown = f"{clicks}, with a reference" if with_reference else clicks
            rows.append([*about, shown, *tally.cells()])
    header = ["set", "labels", "honest people are right in %", "the clickers click"]
    header += ["found, %", "after votes, median", "90 %", "honest ever suspected, %"]
    header += ["clickers ever called fine, %"]
    return f"{_how()}\n\n{markdown(header, rows)}"


def _how() -> str:
    return (
        f"{TEAMS} teams each: {TEAM - CLICKERS} people with the confusion matrices of real ones who"
        f" are right more often than half-way from chance to the usual, {CLICKERS} who click at"
        f" random, {VOTES_EACH} votes a sample, {len(LOOKS)} looks at {LOOKS[0]} to"
        f" {LOOKS[-1]} votes of each. The reference is right in {WEAK_ACCURACY:.0%} of the samples."
    )
