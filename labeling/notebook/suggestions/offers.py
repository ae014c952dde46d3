"""From samples and evidence to the rules that are offered, with their measures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.notebook.function_set import FunctionSet
from labeling.notebook.suggestions.candidates import Builder, Candidates
from labeling.notebook.suggestions.evidence import Evidence, Opinion, opinion_of
from labeling.notebook.suggestions.features import features_of
from labeling.notebook.suggestions.precision import Precisions, precisions
from labeling.notebook.suggestions.ranking import ranked
from labeling.notebook.suggestions.rules import Rule
from labeling.notebook.suggestions.words import Mask, Words
from labeling.records import LabelSchema

SAME = 0.8
"""Two rules that share so much of their union are one rule."""
LIKELY = 0.5
"""A rule must be expected to be right more often than wrong; a label without one gets its best."""


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """A rule for a label.

    Attributes:
        rule: the rule.
        label: the label's code.
        low: the lower bound of its precision.
    """

    rule: Rule
    label: int
    low: float


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What is asked for.

    Attributes:
        samples: index = ids.
        schema: the labels.
        column: the column of the text, or `None`.
        words: of the texts, or `None`.
        evidence: what rules are judged by.
        functions: the labeling functions that there are.
        kinds: of rules.
        rejected: rules that are not offered: kind, words and label.
        most: how many to offer.
        only: the code of the label that rules are offered for; `None` is all.
    """

    samples: pd.DataFrame
    schema: LabelSchema
    column: str | None
    words: Words | None
    evidence: Evidence
    functions: FunctionSet
    kinds: Sequence[str]
    rejected: Collection[tuple[str, str, str]]
    most: int
    only: int | None = None


def offers(wanted: Wanted) -> list[Offer]:
    """Return the rules to offer, the best of each label first."""
    builder = builder_of(wanted)
    candidates = builder.build(wanted.kinds)
    if not candidates.rules:
        return []
    opinion = opinion_of(features_of(builder), wanted.evidence, wanted.schema)
    return offers_of(wanted, candidates, opinion)


def builder_of(wanted: Wanted) -> Builder:
    """Return what makes the candidates for what is asked for."""
    rows = wanted.evidence.rows.tolist()
    return Builder(wanted.samples, wanted.column, wanted.words, rows)


def offers_of(wanted: Wanted, candidates: Candidates, opinion: Opinion) -> list[Offer]:
    """Return the rules to offer, the best of each label first.

    Args:
        wanted: what is asked for.
        candidates: one or more.
        opinion: a classifier's, by which they are judged.
    """
    evidence, schema = wanted.evidence, wanted.schema
    votes = wanted.functions.array(len(wanted.samples))
    covered: Mask = np.asarray((votes >= 0).any(axis=1))
    judged = np.ones(len(covered), bool) if evidence.is_gold else ~covered
    measured = precisions(candidates.fires, opinion, evidence, judged)
    admissible = _admissible(wanted, candidates, measured, votes)
    chosen = ranked(
        candidates.rules,
        candidates.fires,
        measured.low,
        admissible,
        schema.labels,
        covered,
        wanted.most,
        [int((votes == label).any(axis=0).sum()) for label in range(len(schema))],
    )
    return [
        Offer(candidates.rules[rule], label, float(measured.low[rule, label]))
        for rule, label in chosen
    ]


def _admissible(
    wanted: Wanted, candidates: Candidates, measured: Precisions, votes: npt.NDArray[Any]
) -> Mask:
    """Return which rules may be offered for which labels, shape (n_rules, n_labels).

    The lower bound must beat the share of the label, or voting for it everywhere would be as good.
    """
    admissible: Mask = measured.low > wanted.evidence.base_rates()
    if wanted.only is not None:
        admissible &= np.arange(len(wanted.schema)) == wanted.only
    times = np.asarray(candidates.fires.sum(axis=0)).ravel()
    for column in range(votes.shape[1]):
        for label in range(len(wanted.schema)):
            votes_for = votes[:, column] == label
            shared = candidates.fires.T @ votes_for.astype(np.float64)
            admissible[shared > SAME * (times + votes_for.sum() - shared), label] = False
    if wanted.rejected:
        for number, rule in enumerate(candidates.rules):
            for label, name in enumerate(wanted.schema.labels):
                if (rule.kind, rule.words, name) in wanted.rejected:
                    admissible[number, label] = False
    return _likely(admissible, candidates, measured)


def _likely(admissible: Mask, candidates: Candidates, measured: Precisions) -> Mask:
    """Return which admissible rules are likely to be right; of a label without one, its best."""
    likely: Mask = admissible & (measured.expected > LIKELY)
    names = [(rule.kind, rule.words) for rule in candidates.rules]
    for label in np.flatnonzero(~likely.any(axis=0) & admissible.any(axis=0)):
        rules = np.flatnonzero(admissible[:, label])
        *_, best = min((-measured.low[rule, label], names[rule], rule) for rule in rules)
        likely[best, label] = True
    return likely
