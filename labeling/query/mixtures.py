"""The default mixture: random samples for the audit, and the least certain ones to learn from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.query.batches import drawn_part, ranked_part
from labeling.query.near_duplicates import first_of_each
from labeling.query.pool import Pool
from labeling.query.random_draws import Draw, draw_rows
from labeling.query.scores import margin
from labeling.query.spreading import best_first, diversified
from labeling.records import SoftLabels, Stratum

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

RARE = 0.10  # a label with a smaller share is rare however many gold labels it has
ENOUGH_GOLD = 10  # gold labels after which a label is scarce only below `RARE`

MARGIN_REASON = "the two most probable labels are near each other, unlike others in the batch"


def rare_labels(posterior: SoftLabels, gold_counts: Ints | None = None) -> tuple[str, ...]:
    """Return the labels that are rare, in the order of the schema.

    The share of a label is the smaller of its share of the posterior's mass and its share of the
    most probable labels (a tie counts as a fraction for each). It is rare if this share is below
    half of an even share (25 % of two labels, 17 % of three, ...), and also either below 10 % or
    with fewer than 10 gold labels.

    Args:
        posterior: of the eligible samples.
        gold_counts: the number of gold labels of each label; `None` counts none.

    >>> from labeling.records import LabelSchema
    >>> schema, ids = LabelSchema(["ham", "spam"]), pd.RangeIndex(8)
    >>> posterior = SoftLabels([[0.8, 0.2]] * 7 + [[0.1, 0.9]], ids, schema, [True] * 8)
    >>> rare_labels(posterior), rare_labels(posterior, np.array([50, 10]))
    (('spam',), ())
    """
    n_labels = len(posterior.schema)
    if not len(posterior):
        return ()
    mass = np.sort(posterior.to_array(), axis=0).mean(axis=0)
    predicted = np.sort(_shares_of_winners(posterior), axis=0).mean(axis=0)
    share = np.minimum(mass, predicted)
    counts = np.zeros(n_labels) if gold_counts is None else gold_counts
    is_scarce = share < 1 / (2 * n_labels)
    is_rare = is_scarce & ((share < RARE) | (counts < ENOUGH_GOLD))
    return tuple(
        label for label, rare in zip(posterior.schema.labels, is_rare, strict=True) if rare
    )


def mixture(pool: Pool, shuffled: Ints, n: int, rng: np.random.Generator) -> list[pd.DataFrame]:
    """Return the parts of the default batch: halves, or thirds while a label is rare."""
    posterior = pool.expect_posterior("mixture")
    counts = None
    if pool.known is not None:
        counts = np.bincount(pool.known.codes, minlength=len(posterior.schema))
    rare = rare_labels(posterior, counts)
    return _thirds(pool, shuffled, n, rng) if rare else _halves(pool, shuffled, n, rng)


def random_part(pool: Pool, shuffled: Ints, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return n samples drawn at random, each with the same propensity."""
    draw = draw_rows(np.ones(len(shuffled)), pool.groups, n, shuffled, rng)
    return drawn_part(pool, draw, Stratum.RANDOM.value, "drawn at random")


def _halves(pool: Pool, shuffled: Ints, n: int, rng: np.random.Generator) -> list[pd.DataFrame]:
    audit = draw_rows(np.ones(len(shuffled)), pool.groups, -(-n // 2), shuffled, rng)
    rest = _without(pool, shuffled, audit.rows)
    return [
        drawn_part(pool, audit, Stratum.RANDOM.value, "drawn at random"),
        _margin_part(pool, rest, n - len(audit.rows), rng),
    ]


def _thirds(pool: Pool, shuffled: Ints, n: int, rng: np.random.Generator) -> list[pd.DataFrame]:
    posterior, score = pool.expect_posterior("mixture"), margin(pool)
    audit = _draw_by_label(pool, posterior, shuffled, -(-n // 3), rng)
    rest = _without(pool, shuffled, audit.rows)
    wanted = -(-(n - len(audit.rows)) // 2)
    weights = np.where(np.isin(np.arange(len(score)), rest), score.round(9) ** 2, 0.0)
    doubtful = draw_rows(weights, pool.groups, wanted, rest, rng)
    rest = _without(pool, rest, doubtful.rows)
    by_label = "drawn at random, an equal share of each predicted label"
    squared = "drawn at random, in proportion to the squared margin"
    return [
        drawn_part(pool, audit, Stratum.RANDOM_BY_LABEL.value, by_label),
        drawn_part(pool, doubtful, Stratum.MARGIN_SQUARED.value, squared, score),
        _margin_part(pool, rest, n - len(audit.rows) - len(doubtful.rows), rng),
    ]


def _draw_by_label(
    pool: Pool, posterior: SoftLabels, shuffled: Ints, n: int, rng: np.random.Generator
) -> Draw:
    """Draw n rows with an equal expected share of each predicted label."""
    predicted = _shares_of_winners(posterior)
    totals = np.sort(predicted, axis=0).sum(axis=0)
    weights = np.sort(predicted / np.where(totals > 0, totals, 1), axis=1).sum(axis=1)
    # Rows of a label follow each other, so that each label gets its share up to rounding.
    by_name = np.argsort(posterior.schema.labels)
    order = shuffled[np.lexsort(predicted[shuffled][:, by_name].T)]
    return draw_rows(weights, pool.groups, n, order, rng)


def _shares_of_winners(posterior: SoftLabels) -> Floats:
    """Return 1 for the most probable label of a row, a fraction for each of several."""
    best = posterior.winners().astype(np.float64)
    shares: Floats = best / best.sum(axis=1, keepdims=True)
    return shares


def _margin_part(pool: Pool, rest: Ints, n: int, rng: np.random.Generator) -> pd.DataFrame:
    score = margin(pool)
    ranked = first_of_each(pool.groups, rest[best_first(score[rest])])
    rows = diversified(pool, ranked, n, rng)
    return ranked_part(pool, rows, "margin", score, MARGIN_REASON)


def _without(pool: Pool, rows: Ints, drawn: Ints) -> Ints:
    """Return the rows that are not near-duplicates of those drawn."""
    return rows[~np.isin(pool.groups[rows], pool.groups[drawn])]
