"""What the model of spans shows of itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from labeling.rendering import Cell, Excerpt, Part, Table, View

MOST_VOTERS = 50


def span_model_view(model: Any, line: str) -> View:
    """Return what was done, and a row for each voter.

    Args:
        model: a SpanModel.
        line: its `repr`.
    """
    if not hasattr(model, "report_"):
        return View(line, ("It learns from votes: SpanModel().fit(votes).predict(votes).",))
    headings = ["voter", "silence counts"]
    columns: list[list[Cell]] = [["yes" if speaks else "no" for speaks in model.speaks_]]
    caption = "Voters."
    if len(model.stack_votes_):
        headings += ["a vote for a label", "a vote against a span"]
        columns += _learned(model)
        caption = "Voters; what gold adds to a vote, in nats, for its label or against a span."
    rows = tuple(
        (Excerpt(name), *cells) for name, *cells in zip(model.voters_, *columns, strict=True)
    )
    table = Table(tuple(headings), rows[:MOST_VOTERS], caption, max(len(rows) - MOST_VOTERS, 0))
    parts: list[Part] = [*model.report_, table]
    return View(line, tuple(parts))


def _learned(model: Any) -> list[list[Cell]]:
    """Return what a vote for a label, against "no span", and one for "no span" add, by voter."""
    votes, k = model.stack_votes_, len(model.labels_)
    codes = np.arange(k)
    for_label = (votes[:, codes + 1, codes] - votes[:, codes + 1, k]).mean(axis=1)
    for_nothing = votes[:, k + 1, k]
    columns: list[list[Cell]] = [[None] * len(model.voters_) for _ in range(2)]
    for row, voter in enumerate(np.flatnonzero(~model.speaks_).tolist()):
        columns[0][voter], columns[1][voter] = float(for_label[row]), float(for_nothing[row])
    return columns
