"""Votes of made-up voters whose accuracies are known."""

import numpy as np

import labeling as lb


def schema_of(n_labels):
    return lb.LabelSchema([f"label {code}" for code in range(n_labels)])


def voters(
    accuracies, *, n=5000, shares=(0.5, 0.5), coverage=0.4, one_label=False, copies=(), seed=0
):
    """Independent voters: the true codes, the votes, and the posterior by what is true of them.

    Args:
        accuracies: of each voter.
        n: how many samples.
        shares: of the labels.
        coverage: how often a voter speaks; with `one_label`, how often where it holds its label.
        one_label: whether voter j only ever votes for label j modulo the number of labels.
        copies: which voters to repeat at the end, 98 % alike.
        seed: of the draw.
    """
    rng = np.random.default_rng([seed, n, len(accuracies)])
    k = len(shares)
    truth = rng.choice(k, n, p=shares)
    array = np.full((n, len(accuracies)), lb.ABSTAIN)
    logs = np.tile(np.log(shares), (n, 1))
    for j, accuracy in enumerate(accuracies):
        said = np.where(rng.random(n) < accuracy, truth, (truth + rng.integers(1, k, n)) % k)
        fires = rng.random(n) < coverage
        table = np.where(np.eye(k) > 0, accuracy, (1 - accuracy) / (k - 1))
        if one_label:
            fires &= said == j % k
            logs[~fires] += np.log(1 - coverage * table[j % k])
        array[fires, j] = said[fires]
        logs[fires] += np.log(table[said[fires]])
    for j in copies:
        same = (rng.random(n) < 0.98) | (array[:, j] < 0)
        array = np.column_stack([array, np.where(same, array[:, j], (array[:, j] + 1) % k)])
    posterior = np.exp(logs - logs.max(axis=1, keepdims=True))
    votes = lb.Votes.from_array(array, schema=schema_of(k))
    return truth, votes, posterior / posterior.sum(axis=1, keepdims=True)


def hits(probabilities, truth):
    """The share of right labels, ties counted in part."""
    best = probabilities >= probabilities.max(axis=1, keepdims=True) - 1e-9
    return (best / best.sum(axis=1, keepdims=True))[np.arange(len(truth)), truth]


def gap(truth, votes, posterior, soft):
    """How far the accuracy on covered samples lies below that of the true posterior."""
    covered = votes.covered
    best = hits(posterior[covered], truth[covered]).mean()
    return best - hits(soft.to_array()[covered], truth[covered]).mean()


def f1(truth, codes, label):
    """F1 of a label."""
    right = ((codes == label) & (truth == label)).sum()
    return 2 * right / max((codes == label).sum() + (truth == label).sum(), 1)


def calibration_error(truth, votes, soft):
    """The mean distance of confidence and accuracy in ten bins of the confidence."""
    covered = votes.covered
    top = soft.confidence()[covered]
    right = hits(soft.to_array()[covered], truth[covered])
    place = np.minimum((top * 10).astype(int), 9)
    return sum(
        abs(right[place == one].mean() - top[place == one].mean()) * (place == one).mean()
        for one in np.unique(place)
    )
