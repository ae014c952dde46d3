"""Votes of people: drawn from confusion matrices, and read from real crowds with gold labels."""

import json

import numpy as np

import labeling as lb


def coins(skills, k):
    """Matrices (annotators, true, voted) whose errors are spread evenly."""
    skills = np.asarray(skills)[:, None, None]
    return np.where(np.eye(k) == 1, skills, (1 - skills) / (k - 1))


def crowd(matrices, *, n, per_sample, balance=(0.5, 0.5), seed=0):
    """Votes of so many annotators a sample, drawn by chance: the true codes, and the votes."""
    rng = np.random.default_rng(seed)
    m, k, _ = np.shape(matrices)
    truth = rng.choice(k, n, p=balance)
    array = np.full((n, m), lb.ABSTAIN)
    for row, true in enumerate(truth):
        for who in rng.choice(m, per_sample, replace=False):
            array[row, who] = rng.choice(k, p=matrices[who][true])
    schema = lb.LabelSchema([f"label {code}" for code in range(k)])
    return truth, lb.Votes.from_array(
        array, schema=schema, voters=[f"a{who:02}" for who in range(m)]
    )


def real_crowd(folder, name):
    """The votes and true codes (-1: unknown) of a crowd; of a repeated vote the last counts."""
    about = json.loads((folder / f"crowd_{name}" / "meta.json").read_text())
    with np.load(folder / f"crowd_{name}" / "votes.npz", allow_pickle=False) as file:
        row, who, label = (file[key].astype(int) for key in ("item", "worker", "label"))
        truth = file["y"].astype(int)
    array = np.full((len(truth), who.max() + 1), lb.ABSTAIN)
    array[row, who] = label
    schema = lb.LabelSchema([f"label {code}" for code in range(about["n_classes"])])
    return truth, lb.Votes.from_array(array, schema=schema)


def accuracy(soft, truth, kept=None):
    """The share of right labels among the covered samples with gold; ties shared out evenly."""
    kept = soft.covered & (truth >= 0) & (True if kept is None else kept)
    winners = soft.winners()[kept]
    return (winners / winners.sum(axis=1, keepdims=True))[np.arange(kept.sum()), truth[kept]].mean()


def few_votes(truth, votes, *, per_sample, n=1000, seed=0):
    """The truth and votes of up to n samples, those with gold first, and so many votes a sample."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(truth))
    rows = rows[np.argsort(truth[rows] < 0, kind="stable")][:n]
    array = votes.to_array()[rows].astype(int)
    order = np.where(array == lb.ABSTAIN, 2.0, rng.random(array.shape)).argsort(axis=1)
    kept = np.full(array.shape, lb.ABSTAIN)
    columns = order[:, :per_sample]
    np.put_along_axis(kept, columns, np.take_along_axis(array, columns, axis=1), axis=1)
    active = (kept != lb.ABSTAIN).any(axis=0)
    voters = [name for name, is_active in zip(votes.voters, active, strict=True) if is_active]
    return truth[rows], lb.Votes.from_array(kept[:, active], schema=votes.schema, voters=voters)


def with_clickers(votes, *, n_clickers, n_votes, seed=0):
    """The votes with people added who vote on random samples at random, and their names."""
    rng = np.random.default_rng(seed)
    array = votes.to_array()
    names = [f"clicker {number}" for number in range(n_clickers)]
    columns = np.full((len(array), n_clickers), lb.ABSTAIN)
    for column in columns.T:
        rows = rng.choice(len(array), min(n_votes, len(array)), replace=False)
        column[rows] = rng.integers(0, len(votes.schema), len(rows))
    both = np.concatenate([array, columns], axis=1)
    return lb.Votes.from_array(both, schema=votes.schema, voters=[*votes.voters, *names]), names
