"""How many gold labels labeling functions are worth: fits both kinds of models and compares them.

For a workbench and for the report of a project alike.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, counted
from labeling.project.fit_warnings import collected_warnings
from labeling.records import (
    ABSTAIN,
    ClassBalance,
    Gold,
    GoldLabel,
    LabelSchema,
    SoftLabels,
    Stratum,
    Votes,
    gold_codes,
    is_number,
    label_ranks,
    name_of,
    random_order,
    uniform_by_id,
    whole_number,
    with_texts,
)
from labeling.records.estimates import proportion

if TYPE_CHECKING:
    from labeling.analysis.label_worth import Cost, LabelWorth
    from labeling.analysis.worth_advice import LabelPart, Reach
    from labeling.end_model import NamedEmbedding
    from labeling.end_model.gold_only import GoldOnly
    from labeling.project.base import BaseProject

Codes = npt.NDArray[np.intp]

MOST_SAMPLES = 10_000
"""Samples that the models are fitted to, of up to `FEW_LABELS` labels, the others drawn by ids."""
MOST_GOLD = 1000
"""Gold labels that the learning curve is made of, of up to `FEW_LABELS` labels."""
FEW_LABELS = 10
"""Of more labels fewer are used: time grows with samples, and with gold labels squared, times
labels."""
RARE = 0.2
"""Share of a label below which macro-F1 is given beside accuracy."""
SALT = 20_261_132  # differs from those of other draws by id, so that they are independent


@dataclass(frozen=True, slots=True)
class FunctionModels:
    """The models whose labels the labeling functions stand for.

    Attributes:
        text: the column of the texts.
        label_model: its name in `MODELS`.
        class_balance: the declared share of each label, if it is known.
        embeddings: of texts, if they are used.
    """

    text: str
    label_model: str = "label_model"
    class_balance: ClassBalance | None = None
    embeddings: NamedEmbedding | None = None


class _Pool(NamedTuple):
    """Samples in random order, with votes and gold labels.

    Attributes:
        samples: each has a text.
        votes: on them.
        codes: gold labels, -1 = none: shape (n,).
        remarks: what was left out.
    """

    samples: pd.DataFrame
    votes: Votes
    codes: Codes
    remarks: tuple[str, ...]


def label_worth(
    samples: pd.DataFrame,
    votes: Votes,
    gold: Gold | None,
    models: FunctionModels,
    *,
    max_gold: int | None = None,
    cost: Cost | None = None,
) -> LabelWorth:
    """Return how many gold labels the votes of labeling functions are worth.

    The label model and the end model are fitted without gold labels. Models learned from gold
    alone are logistic regressions on the same features (TF-IDF, and its latent topics) of the same
    samples; they are measured by cross-validation at growing numbers of gold labels. Where both
    are equally accurate, that number is what the functions are worth; the interval is a bootstrap
    over samples and training sets.

    Args:
        samples: index = ids.
        votes: of the labeling functions, on these samples.
        gold: labels of a random draw from the samples.
        models: those of the functions.
        max_gold: of more gold labels, this many are used, drawn by hashes of their ids; `None` is
            1,000, and fewer for more than 10 labels.
        cost: of labels, for the hours that were saved.

    Raises:
        DataError: there is no such column of texts, or an id of gold is unknown.
        LabelingError: `max_gold` is below 50.
    """
    from labeling.analysis.label_worth import LEAST_GOLD, LabelWorth

    if max_gold is not None:
        whole_number(max_gold, "`max_gold`", minimum=LEAST_GOLD)
    most = most_gold(len(votes.schema)) if max_gold is None else max_gold
    pool = _pool(samples, votes, gold, models.text, most)
    n_gold = int((pool.codes != ABSTAIN).sum())
    why_not = _why_not(pool)
    if why_not:
        return LabelWorth(len(votes.voters), n_gold, why_not=why_not, remarks=pool.remarks)
    found = _measured(pool, models)
    return dataclasses.replace(found, cost=cost)


def most_gold(n_labels: int) -> int:
    """Return how many gold labels are used at most, so that it takes seconds.

    >>> most_gold(2), most_gold(10), most_gold(100)
    (1000, 1000, 316)
    """
    return int(MOST_GOLD * min(1.0, math.sqrt(FEW_LABELS / n_labels)))


def _pool(
    samples: pd.DataFrame, votes: Votes, gold: Gold | None, text: str, max_gold: int
) -> _Pool:
    codes = gold_codes(gold, samples.index, votes.schema)
    _, has_text = with_texts(samples, text, "drop")
    remarks = []
    lost = int((codes[~has_text] != ABSTAIN).sum())
    if lost:
        remarks.append(f"Left out: {counted(lost, 'gold label')} of samples without a text.")
    known = _drawn(samples.index, has_text & (codes != ABSTAIN), max_gold)
    n_known = int((has_text & (codes != ABSTAIN)).sum())
    if len(known) < n_known:
        remarks.append(f"Of {n_known:,} gold labels {len(known):,} were used, drawn by their ids.")
    n_others = int(has_text.sum()) - n_known
    most_samples = int(MOST_SAMPLES * min(1.0, FEW_LABELS / len(votes.schema)))
    others = _drawn(samples.index, has_text & (codes == ABSTAIN), most_samples - len(known))
    if len(others) < n_others:
        remarks.append(
            f"Of {int(has_text.sum()):,} samples {len(known) + len(others):,} were used, drawn by"
            " their ids."
        )
    rows = np.concatenate([known, others])
    rows = rows[random_order(samples.index[rows], np.random.default_rng(0))]
    ids = samples.index[rows]
    return _Pool(samples.iloc[rows], votes.of_samples(ids), codes[rows], tuple(remarks))


def _drawn(ids: pd.Index, wanted: npt.NDArray[np.bool_], most: int) -> Codes:
    """Return the positions of some samples, or of this many of them, drawn by hashes of the ids."""
    rows = np.flatnonzero(wanted)
    return rows[np.argsort(uniform_by_id(ids[rows], SALT), kind="stable")[: max(most, 0)]]


def _why_not(pool: _Pool) -> str:
    """Return why nothing can be said; empty where it can."""
    from labeling.analysis.label_worth import LEAST_GOLD

    known = pool.codes[pool.codes != ABSTAIN]
    if len(known) < LEAST_GOLD:
        found = counted(len(known), "gold label") if len(known) else "no gold label"
        return (
            f"What the labeling functions are worth cannot be estimated from {found}: at least"
            f" {LEAST_GOLD} are needed, of samples drawn at random."
        )
    if len(np.unique(known)) < 2:
        return (
            "What the labeling functions are worth cannot be estimated: all"
            f" {len(known):,} gold labels are {pool.votes.schema.labels[known[0]]!r}, and at least"
            " two labels are needed."
        )
    if not pool.votes.covered.any():
        return "The labeling functions vote on no sample, so that they are worth no gold label."
    return ""


def _measured(pool: _Pool, models: FunctionModels) -> LabelWorth:
    from labeling.analysis.crossover import ACCURACY, MACRO_F1, HeldOut, compare
    from labeling.analysis.label_worth import LabelWorth
    from labeling.end_model.gold_curve import gold_curve

    schema = pool.votes.schema
    ranks = label_ranks(schema)
    rows = np.flatnonzero(pool.codes != ABSTAIN)
    codes = ranks[pool.codes[rows]]
    curve = gold_curve(_learner(pool, models, rows), codes, pool.samples.index[rows])
    posterior, warned = _posterior(pool, models)
    winners = posterior.winners()[rows].astype(np.float64)
    winners /= winners.sum(axis=1, keepdims=True)
    by_name = np.empty_like(winners)
    by_name[:, ranks] = winners
    held_out = HeldOut(curve.sizes, curve.shares, by_name, codes)
    shares = np.bincount(pool.codes[rows], minlength=len(schema)) / len(rows)
    measures = [ACCURACY, MACRO_F1] if shares[shares > 0].min() < RARE else [ACCURACY]
    covered = pool.votes.covered[rows]
    common = min(range(len(schema)), key=lambda code: (-shares[code], schema.labels[code]))
    return LabelWorth(
        n_functions=len(pool.votes.voters),
        n_gold=len(rows),
        comparisons=tuple(compare(held_out, measure) for measure in measures),
        parts=_parts(schema, pool.codes[rows], winners, covered),
        reach=_reach(pool, by_name[np.arange(len(rows)), codes], covered),
        most_common=(schema.labels[common], float(shares[common])),
        remarks=(*pool.remarks, *warned),
    )


def _learner(pool: _Pool, models: FunctionModels, rows: Codes) -> GoldOnly:
    from labeling.end_model.features import Reader
    from labeling.end_model.gold_only import GoldOnly

    reader = Reader(models.text, (), models.embeddings)
    return GoldOnly.of(pool.samples, rows, reader, len(pool.votes.schema))


def _posterior(pool: _Pool, models: FunctionModels) -> tuple[SoftLabels, list[str]]:
    """Return the soft labels of label model and end model, learned without gold labels.

    Beside them is what the label model warned of.
    """
    from labeling.end_model import EndModel
    from labeling.label_models import MODELS

    balance = models.class_balance
    with collected_warnings() as warned:
        label_model = MODELS[models.label_model]().fit(pool.votes, class_balance=balance)
        soft = label_model.predict_proba(pool.votes)
        end = EndModel(models.text, embeddings=models.embeddings)
        end.fit(pool.samples, soft, votes=pool.votes, class_balance=balance)
        posterior = end.predict_proba(pool.samples, soft=soft, votes=pool.votes)
    return posterior, [f"The label model warned: {sentence}" for sentence in warned.beside([])]


def _parts(
    schema: LabelSchema,
    codes: Codes,
    winners: npt.NDArray[np.float64],
    covered: npt.NDArray[np.bool_],
) -> tuple[LabelPart, ...]:
    """Return what the functions get right of each label; tied predictions are none."""
    from labeling.analysis.worth_advice import LabelPart

    predicted = np.where(winners.max(axis=1) == 1, winners.argmax(axis=1), ABSTAIN)
    parts = []
    for code, label in enumerate(schema.labels):
        is_gold, is_said = codes == code, predicted == code
        n_gold, right = int(is_gold.sum()), int((is_gold & is_said).sum())
        parts.append(
            LabelPart(
                label,
                covered=proportion(int((is_gold & covered).sum()), n_gold),
                recall=proportion(right, n_gold),
                precision=proportion(right, int(is_said.sum())),
            )
        )
    return tuple(parts)


def _reach(pool: _Pool, hits: npt.NDArray[np.float64], covered: npt.NDArray[np.bool_]) -> Reach:
    from labeling.analysis import mean_of
    from labeling.analysis.worth_advice import Reach

    share = float(pool.votes.covered.mean())
    return Reach(share, len(pool.samples), mean_of(hits[covered]), mean_of(hits[~covered]))


def drawn_gold(project: BaseProject, settled: tuple[GoldLabel, ...]) -> dict[Hashable, str]:
    """Return a project's gold labels of random draws: given ones, and what people settled.

    Samples that were chosen for another reason, such as an unsure model, are no random draw: all
    models look worse on them.

    Args:
        project: the project.
        settled: gold labels that people settled.
    """
    chosen = project.store.batches.frame() if project.store.ready() else None
    found: dict[Hashable, str] = {}
    if chosen is not None:
        drawn = set(chosen.index[chosen["stratum"] == Stratum.RANDOM.value])
        found = {gold.sample_id: name_of(gold.label) for gold in settled if gold.sample_id in drawn}
    return {**found, **project.data.dev.to_dict()}


def models_of(project: BaseProject) -> FunctionModels:
    """Return the models that a project's config names."""
    from labeling.project.models import embedding_of

    config = project.config
    return FunctionModels(
        config.data.text, config.label_model, config.class_balance, embedding_of(config)
    )


def checked_cost(seconds_per_label: object, hours_spent: object) -> Cost | None:
    """Return the cost of labels after checking it; `None` where it is unknown.

    Raises:
        LabelingError: `seconds_per_label` is not above 0, `hours_spent` is below 0, or hours are
            given alone.
    """
    from labeling.analysis.label_worth import Cost

    if seconds_per_label is None:
        if hours_spent is not None:
            raise LabelingError(
                "`hours_spent` counts beside the cost of a label: give `seconds_per_label`, too."
                f" Got hours_spent={hours_spent!r} alone."
            )
        return None
    if not is_number(seconds_per_label) or not 0 < seconds_per_label < np.inf:
        raise LabelingError(
            f"`seconds_per_label` must be a number above 0. Got {seconds_per_label!r}."
        )
    if hours_spent is not None and not (is_number(hours_spent) and 0 <= hours_spent < np.inf):
        raise LabelingError(f"`hours_spent` must be a number from 0. Got {hours_spent!r}.")
    return Cost(float(seconds_per_label), None if hours_spent is None else float(hours_spent))
