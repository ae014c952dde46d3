"""What votes on sets of labels, and soft sets, show of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labeling.errors import counted
from labeling.rendering import Excerpt, Share, Table, View

if TYPE_CHECKING:
    from labeling.records.set_votes import SetVotes
    from labeling.records.soft_sets import SoftSets

MOST_ROWS = 50


def set_votes_view(votes: SetVotes) -> View:
    """Return a row for each voter: how often they said yes and no."""
    n, m = len(votes), len(votes.voters)
    yes = np.bincount(votes.answers.voter[votes.answers.says], minlength=m)
    no = np.bincount(votes.answers.voter[~votes.answers.says], minlength=m)
    rows = tuple(
        (Excerpt(name), int(n_yes), int(n_no))
        for name, n_yes, n_no in zip(votes.voters[:MOST_ROWS], yes, no, strict=False)
    )
    table = Table(("voter", "yes", "no"), rows, left_out=m - len(rows))
    title = f"Votes on labels: {counted(n, 'sample')} x {counted(m, 'voter')}"
    return View(title, (f"Labels: {', '.join(votes.schema.labels)}.", table))


def soft_sets_view(soft: SoftSets) -> View:
    """Return a row for each label: how many samples are covered, and its mean probability."""
    rows = tuple(
        (Excerpt(label), int(covered), Share(mean))
        for label, covered, mean in zip(
            soft.schema.labels[:MOST_ROWS],
            soft.covered.sum(axis=0),
            soft.array.mean(axis=0) if len(soft) else np.full(len(soft.schema), np.nan),
            strict=False,
        )
    )
    table = Table(
        ("label", "samples covered", "mean probability"),
        rows,
        left_out=len(soft.schema) - len(rows),
    )
    return View(f"Soft sets: {counted(len(soft), 'sample')}", (table,))
