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

RARE = 0.5  # of an even share: a label with a smaller share is rare
FEW_GOLD = 10  # gold labels of a label, which are few where there are twice as many a label

MARGIN_REASON = "the two most probable labels are near each other, unlike others in the batch"


def rare_labels(posterior: SoftLabels, gold_counts: Ints | None = None) -> tuple[str, ...]:
    """Return the labels that are rare, in the order of the schema.

    The share of a label is the smaller of its share of the posterior's mass and its share of the
    most probable labels (a tie counts as a fraction for each). It is rare if this share is below
    half of an even share (25 % of two labels, 17 % of three, 10 % of five), or if fewer than 10
    gold labels have it although there are 20 or more for each label on average: then the posterior
    claims more of it than there is. A label that is the most probable one of no sample does not
    count: nothing can be drawn for it.

    Args:
        posterior: of the eligible samples.
        gold_counts: the number of gold labels of each label; `None` counts none.

    >>> from labeling.records import LabelSchema
    >>> schema, ids = LabelSchema(["ham", "spam"]), pd.RangeIndex(8)
    >>> posterior = SoftLabels([[0.8, 0.2]] * 7 + [[0.1, 0.9]], ids, schema, [True] * 8)
    >>> rare_labels(posterior)
    ('spam',)
    """
    n_labels = len(posterior.schema)
    if not len(posterior):
        return ()
    mass = np.sort(posterior.to_array(), axis=0).mean(axis=0)
    predicted = np.sort(_shares_of_winners(posterior), axis=0).mean(axis=0)
    share = np.minimum(mass, predicted)
    counts = np.zeros(n_labels, dtype=np.intp) if gold_counts is None else gold_counts
    is_scarce = share < RARE / n_labels
    is_overrated = (counts < FEW_GOLD) & (counts.sum() >= 2 * FEW_GOLD * n_labels)
    is_rare = (predicted > 0) & (is_scarce | is_overrated)
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


def random_and_rest(
    pool: Pool, shuffled: Ints, n: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, Ints]:
    """Return n samples drawn at random, and the rows that are no near-duplicates of them."""
    draw = draw_rows(np.ones(len(shuffled)), pool.groups, n, shuffled, rng)
    part = drawn_part(pool, draw, Stratum.RANDOM.value, "drawn at random")
    return part, _without(pool, shuffled, draw.rows)


def _halves(pool: Pool, shuffled: Ints, n: int, rng: np.random.Generator) -> list[pd.DataFrame]:
    audit = draw_rows(np.ones(len(shuffled)), pool.groups, -(-n // 2), shuffled, rng)
    rest = _without(pool, shuffled, audit.rows)
    return [
        drawn_part(pool, audit, Stratum.RANDOM.value, "drawn at random"),
        _margin_part(pool, rest, n - len(audit.rows), rng),
    ]


def _thirds(pool: Pool, shuffled: Ints, n: int, rng: np.random.Generator) -> list[pd.DataFrame]:
    audit = draw_rows(np.ones(len(shuffled)), pool.groups, -(-n // 3), shuffled, rng)
    rest = _without(pool, shuffled, audit.rows)
    by_label = _draw_by_label(pool, rest, -(-(n - len(audit.rows)) // 2), rng)
    rest = _without(pool, rest, by_label.rows)
    reason = "drawn in proportion to the squared margin, an equal share of each predicted label"
    return [
        drawn_part(pool, audit, Stratum.RANDOM.value, "drawn at random"),
        drawn_part(pool, by_label, Stratum.MARGIN_BY_LABEL.value, reason, margin(pool)),
        _margin_part(pool, rest, n - len(audit.rows) - len(by_label.rows), rng),
    ]


def _draw_by_label(pool: Pool, rest: Ints, n: int, rng: np.random.Generator) -> Draw:
    """Draw n rows by their squared margin, with an equal expected share of each predicted label."""
    posterior = pool.expect_posterior("mixture")
    squared = np.zeros(len(posterior))
    squared[rest] = margin(pool)[rest].round(9) ** 2
    mass = _shares_of_winners(posterior) * squared[:, None]
    totals = np.sort(mass, axis=0).sum(axis=0)
    weights = np.sort(mass / np.where(totals > 0, totals, 1), axis=1).sum(axis=1)
    # Rows of a label follow each other, so that each label gets its share up to rounding.
    by_name = np.argsort(posterior.schema.labels)
    order = rest[np.lexsort((mass > 0)[rest][:, by_name].T)]
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
