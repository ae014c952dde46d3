"""Tests on the labels of people: whether they agree, and how often they contradict the votes."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.data_tests.settings import DataTestSettings
from labeling.datasets.data_tests.tested import Tested
from labeling.datasets.findings import Finding, Status, example_ids, skipped
from labeling.errors import counted
from labeling.records.estimates import Estimate, mean_of, proportion

MOST_RESAMPLED = 5_000
"""Samples above which the interval of a mean is the normal one: a bootstrap gives the same."""


def agreement(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """People agree often enough; it fails only where the whole interval is below the floor."""
    name = "agreement"
    rows, scores = pair_agreement(head)
    if not len(rows):
        return skipped(name, "no sample has labels of two people", len(head))
    return mean_finding(head, rows, scores, settings, "one label")


def mean_finding(
    head: Tested,
    rows: npt.NDArray[np.intp],
    scores: npt.NDArray[np.float64],
    settings: DataTestSettings,
    what: str,
) -> Finding:
    """Return the finding of the mean agreement of people on samples.

    Args:
        head: the samples.
        rows: those with labels of two people or more.
        scores: of these, the share of pairs that agree.
        settings: the limits.
        what: pairs that agree gave a sample.
    """
    estimate = _mean(scores)
    limit = settings.agreement
    sentence = (
        f"Pairs of annotators of a sample gave it {what} in {estimate.value:.1%}"
        f" {_interval(estimate)} of cases; the floor is {limit:.0%}."
    )
    is_low = estimate.value < limit
    is_certain = estimate.high < limit
    if is_low and not is_certain:
        sentence += " It is below, but the samples are too few to be certain."
    status: Status = "failed" if is_certain else "warning" if is_low else "passed"
    return _finding("agreement", status, sentence, estimate, limit, head.ids[rows[scores < 1]])


def _finding(
    name: str, status: Status, sentence: str, estimate: Estimate, limit: float, ids: pd.Index
) -> Finding:
    """Return the finding of an estimate, with examples of the samples that speak against it."""
    return Finding(
        name,
        status,
        sentence,
        n=estimate.n,
        value=estimate.value,
        limit=limit,
        low=estimate.low,
        high=estimate.high,
        sample_ids=example_ids(ids),
        n_samples=len(ids),
    )


def pair_agreement(head: Tested) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Return the rows with labels of two people or more, and the share of pairs that agree."""
    rows, codes = head.annotators
    labelled, position = np.unique(rows, return_inverse=True)
    counts = np.zeros((len(labelled), len(head.schema)))
    np.add.at(counts, (position, codes), 1)
    n_votes = counts.sum(axis=1)
    has_pairs = n_votes >= 2
    n_votes = n_votes[has_pairs]
    agreeing = (counts[has_pairs] ** 2).sum(axis=1) - n_votes
    return labelled[has_pairs].astype(np.intp), agreeing / (n_votes * (n_votes - 1))


def people_against_weak(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """People seldom contradict the plurality of the labeling functions.

    Samples on which no function voted, or on which labels are tied, are not counted. It fails only
    where the whole interval is above the ceiling.
    """
    name = "people_against_weak"
    if head.codes is None or not head.voters:
        return skipped(name, "there are no labels, or no votes of labeling functions", len(head))
    human = np.flatnonzero(head.is_human & (head.codes >= 0))
    winner = plurality(head.lf_codes[human], len(head.schema))
    rows = human[winner >= 0]
    if not len(rows):
        return skipped(name, "no sample with a label of people has a clear plurality of votes")
    contradicts = head.codes[rows] != winner[winner >= 0]
    estimate = proportion(int(contradicts.sum()), len(rows))
    limit = settings.people_against_weak
    is_high = estimate.value > limit
    is_certain = estimate.low > limit
    sentence = (
        f"People contradict the plurality of the labeling functions on {estimate.value:.1%}"
        f" {_interval(estimate)} of the samples with both; the ceiling is {limit:.0%}."
    )
    if is_high and not is_certain:
        sentence += " It is above, but the samples are too few to be certain."
    status: Status = "failed" if is_certain else "warning" if is_high else "passed"
    result = _finding(name, status, sentence, estimate, limit, head.ids[rows[contradicts]])
    return dataclasses.replace(result, details=_by_label(head, rows, contradicts))


def plurality(lf_codes: npt.NDArray[np.integer], n_labels: int) -> npt.NDArray[np.intp]:
    """Return the label with most votes of each sample; -1 where there is none, or a tie.

    >>> plurality(np.array([[0, 0, 1], [0, 1, -1], [-1, -1, -1]]), 2).tolist()
    [0, -1, -1]
    """
    counts = np.stack([(lf_codes == code).sum(axis=1) for code in range(n_labels)], axis=1)
    best = counts.max(axis=1, initial=0)
    is_clear = (best > 0) & ((counts == best[:, None]).sum(axis=1) == 1)
    return np.where(is_clear, counts.argmax(axis=1), -1).astype(np.intp)


def _by_label(
    head: Tested, rows: npt.NDArray[np.intp], contradicts: npt.NDArray[np.bool_]
) -> tuple[dict[str, object], ...]:
    assert head.codes is not None
    table = []
    for code, label in enumerate(head.schema.labels):
        here = head.codes[rows] == code
        estimate = proportion(int(contradicts[here].sum()), int(here.sum()))
        table.append(
            {
                "label of people": label,
                "n": estimate.n,
                "contradicted": estimate.value,
                "low": estimate.low,
                "high": estimate.high,
            }
        )
    return tuple(table)


def _mean(scores: npt.NDArray[np.float64]) -> Estimate:
    if len(scores) <= MOST_RESAMPLED:
        return mean_of(scores)
    ordered = np.sort(scores)
    mean, reach = float(ordered.mean()), 1.959964 * float(ordered.std()) / len(scores) ** 0.5
    return Estimate(mean, max(mean - reach, 0.0), min(mean + reach, 1.0), len(scores))


def _interval(estimate: Estimate) -> str:
    n = counted(estimate.n, "sample")
    if np.isnan(estimate.low):
        return f"({n})"
    return f"(95 % interval {estimate.low:.1%} to {estimate.high:.1%}, {n})"
