"""Which samples need a rule, where labels have parts."""

from __future__ import annotations

import numpy as np

from labeling.notebook.parts.part_moment import PartMoment
from labeling.notebook.parts.part_table import PartTable
from labeling.notebook.suggestions.next_examples import FEW, Pool
from labeling.notebook.suggestions.words import Mask
from labeling.records import ABSTAIN

DOUBTED = 0.9
"""The quantile of doubt from which samples are doubted most."""


def part_pool(moment: PartMoment) -> Pool:
    """Return the samples of which no function says anything; where they are few, those in trouble.

    A sample of the dev set that has no span, or none of the labels, needs no rule. In trouble is a
    sample in which functions contradict each other, or miss gold; in the end, in which the label
    model doubts.
    """
    needless = [sample_id for sample_id, label in moment.gold.items() if not label]
    is_open = ~moment.samples.index.isin(needless) if needless else np.ones(len(moment), bool)
    uncovered = np.flatnonzero(~moment.covered() & is_open)
    silent = Pool(uncovered, "of which no function says anything")
    if len(uncovered) >= FEW * len(moment):
        return silent
    table = moment.table(*moment.functions)
    troubled = np.unique(table.sample[_contradicted(table) | _missed(table)])
    if len(troubled) > len(uncovered):
        return Pool(troubled, "in which functions contradict each other, or miss gold")
    soft = moment.soft()
    if len(uncovered) or soft is None:
        return silent
    _, p = table.model(soft)
    doubt = np.zeros(len(moment))
    np.maximum.at(doubt, table.sample, np.nan_to_num(1 - p))
    most = np.flatnonzero(doubt >= np.quantile(doubt, DOUBTED))
    return Pool(most, "of which the label model doubts")


def _contradicted(table: PartTable) -> Mask:
    """Return in which parts functions say different things: shape (n_parts,)."""
    if not table.codes.shape[1]:
        return np.zeros(len(table), dtype=bool)
    speaks = table.codes != ABSTAIN
    high = np.where(speaks, table.codes, ABSTAIN).max(axis=1)
    low = np.where(speaks, table.codes, table.none).min(axis=1)
    contradicted: Mask = speaks.any(axis=1) & (high != low)
    return contradicted


def _missed(table: PartTable) -> Mask:
    """Return which gold parts no function gives: shape (n_parts,)."""
    is_gold = (table.gold != ABSTAIN) & (table.gold != table.none)
    gives = (table.codes != ABSTAIN) & (table.codes != table.none)
    missed: Mask = is_gold & ~gives.any(axis=1)
    return missed
