"""What label models show of themselves: what was fitted, and what they learned of each voter."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.errors import counted
from labeling.rendering import Cell, Excerpt, Interval, Part, Share, Table, View

MOST_VOTERS = 50
MOST_LABELS = 6
FROM_VOTES = "estimated from the votes, without an interval"


def model_view(model: Any, line: str) -> View:
    """Return a model's settings, what it did, and a row for each voter.

    Args:
        model: a label model; its fitted attributes say what it learned.
        line: its `repr`.
    """
    labels = getattr(model, "labels_", None)
    if labels is None:
        how = f"It learns from votes: {type(model).__name__}().fit(votes).predict_proba(votes)."
        return View(line, (how,))
    parts: list[Part] = list(model.report_)
    columns, caption = _learned(model)
    if columns:
        parts.append(_voter_table(model.voters_, columns, caption))
    balance = getattr(model, "class_balance_", None)
    if balance is not None and np.ndim(balance) == 1:
        rows = tuple(
            (Excerpt(label), Share(float(share)))
            for label, share in zip(labels, balance, strict=True)
        )
        parts.append(Table(("label", "share"), rows[:20], "Class balance.", len(rows) - 20))
    return View(line, tuple(parts))


Columns = dict[str, list[Cell]]


def _voter_table(voters: tuple[str, ...], columns: Columns, caption: str) -> Table:
    rows = tuple(
        (Excerpt(name), *cells)
        for name, *cells in zip(
            voters[:MOST_VOTERS],
            *(column[:MOST_VOTERS] for column in columns.values()),
            strict=True,
        )
    )
    return Table(("voter", *columns), rows, caption, len(voters) - len(rows))


def _learned(model: Any) -> tuple[Columns, str]:
    """Return what a model learned of each voter, and a caption.

    By attributes and not by classes, of which models of other packages may have the same.
    """
    if hasattr(model, "skill_interval_"):
        return _skills(model)
    if hasattr(model, "method_"):
        return _evidence(model)
    if hasattr(model, "weights_"):
        return {"weight, nats": _numbers(model.weights_)}, "Weights of the voters."
    if hasattr(model, "skill_"):
        return {"accuracy": _shares(model.skill_)}, f"Accuracy of the voters, {FROM_VOTES}."
    if hasattr(model, "sound_"):
        of_label = dict(zip(model.labels_, model.accuracy_, strict=True))
        columns = {f"accuracy for {label}": _shares(of_label[label]) for label in of_label}
        shown = dict(list(columns.items())[:MOST_LABELS])
        return shown, f"Accuracy of the voters for a label against the rest, {FROM_VOTES}."
    joint = _joint(model)
    if joint is None:
        return {}, ""
    right, total = np.trace(joint, axis1=1, axis2=2), joint.sum(axis=(1, 2))
    accuracy = np.where(total > 0, right / np.where(total > 0, total, 1), np.nan)
    return {"accuracy": _shares(accuracy)}, f"Accuracy of the voters, {FROM_VOTES}."


def _joint(model: Any) -> npt.NDArray[np.float64] | None:
    """Return P(true label, vote) of each voter, up to a factor: (n_voters, true, voted)."""
    balance = getattr(model, "class_balance_", None)
    if balance is None:
        return None
    if hasattr(model, "propensity_"):
        joint = model.accuracy_ * model.propensity_[:, :, None]
    elif hasattr(model, "confusion_"):
        joint = model.confusion_
    elif hasattr(model, "mu_"):
        joint = np.swapaxes(model.mu_, 1, 2)
        joint = np.where((joint == 1).all(axis=1, keepdims=True), 0.0, joint)  # never voted
    else:
        return None
    found: npt.NDArray[np.float64] = joint * np.asarray(balance)[:, None]
    return found


def _skills(model: Any) -> tuple[Columns, str]:
    table = model.skills()
    values = zip(table["skill"], table["low"], table["high"], table["n_votes"], strict=True)
    columns: Columns = {
        "share of right votes": [
            Interval(float(skill), float(low), float(high), int(n))
            for skill, low, high, n in values
        ],
        "by chance": _numbers(table["chance"].to_numpy()),
        "verdict": list(table["verdict"]),
    }
    return columns, "Skill of the annotators, with a 95 % interval; n = votes."


def _evidence(model: Any) -> tuple[Columns, str]:
    """Return how much a vote of each voter counts, as log-odds of its label against the mean."""
    group = np.asarray(model.group_)
    size = np.bincount(group)[group]
    merged = [f"{counted(int(n) - 1, 'near-duplicate')}" if n > 1 else "" for n in size]
    columns: Columns = {"weight": _numbers(np.asarray(model.weights_)[group])}
    k = len(model.labels_)
    if k <= MOST_LABELS and np.shape(model.evidence_)[1:] == (k, k):
        own = np.diagonal(model.evidence_, axis1=1, axis2=2)  # of a vote for its own label
        others = (model.evidence_.sum(axis=2) - own) / (k - 1)
        counted_as = np.asarray(model.weights_)[group] / model.scale_
        gain = (own - others)[group] * counted_as[:, None]
        for code, label in enumerate(model.labels_):
            columns[f"a vote for {label}"] = [
                float(nats) if nats else None for nats in np.asarray(gain[:, code]).tolist()
            ]
    if any(merged):
        columns["merged with"] = list(merged)
    what = "Weight of each voter, 1 = in full; votes as evidence for their label against others"
    return columns, f"{what}, in nats, {FROM_VOTES}."


def _numbers(values: Any) -> list[Cell]:
    return [float(value) for value in values]


def _shares(values: Any) -> list[Cell]:
    return [Share(float(value)) for value in values]
