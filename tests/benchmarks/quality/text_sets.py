"""The label model with the end model on texts: every row has an answer."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from labeling import EndModel, LabelModel
from tests.benchmarks.quality.asking import progress, scored
from tests.benchmarks.quality.data import VoteSet, read_set, read_texts
from tests.benchmarks.quality.gold import decided, drawn, gold_series
from tests.benchmarks.quality.scores import Codes, Floats, shares_of
from tests.benchmarks.quality.tables import Grid, failures

DRAWS = 3
GOLD = 250
TEXT_SETS = {"youtube": 1, "sms": 1, "imdb": None}  # the label whose F1 is measured


def texts(folder: Path, names: Iterable[str]) -> str:
    """Return the table of label model and end model on all rows that have a text."""
    columns = ["label model", "end model", "threshold", "with gold", "with gold, threshold"]
    titles = [
        *("label model alone", "with end model", "with end model, best F1"),
        *(f"and {GOLD} gold labels", f"and {GOLD} gold labels, best F1"),
    ]
    grid = Grid(["set, all rows with a text", "rows", "measure"], columns)
    failed: dict[tuple[str, str], str] = {}
    for name in names:
        data, samples = read_set(folder, name), read_texts(folder, name)
        progress(f"{name}: label model and end model on texts")
        positive = TEXT_SETS[name]
        try:
            cells = _text_cells(data, samples, positive)
        except Exception as error:  # noqa: BLE001 - shown in the table
            failed["the end model", name] = f"{type(error).__name__}: {error}"
            cells = {}
        measure = "accuracy" if positive is None else "F1"
        if positive is None:
            cells |= {"threshold": ("", np.nan), "with gold, threshold": ("", np.nan)}
        grid.add([name, f"{len(samples):,}", measure], cells)
    return "\n\n".join([grid.to_markdown(titles), failures(failed)])


def _text_cells(
    data: VoteSet, samples: pd.DataFrame, positive: int | None
) -> dict[str, tuple[str, float]]:
    votes = data.votes.of_samples(samples.index)
    rows = np.flatnonzero(data.gold[samples.index] >= 0)
    truth = data.gold[samples.index]
    balance = (np.bincount(truth[rows], minlength=data.n_labels) / len(rows)).tolist()
    found: dict[str, list[float]] = {}

    def keep(name: str, shares: Floats, here: Codes) -> None:
        found.setdefault(name, []).append(scored(shares[here], truth[here], positive).value)

    for draw in range(-1, DRAWS):
        known, others = drawn(rows, GOLD if draw >= 0 else 0, max(draw, 0))
        gold = gold_series(data, samples.index.to_numpy()[known]) if draw >= 0 else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            soft = LabelModel().fit(votes, gold=gold).predict_proba(votes)
            end = EndModel().fit(samples, soft, gold=gold, votes=votes, class_balance=balance)
            posterior = end.predict_proba(samples, soft=soft, votes=votes)
        if draw < 0:
            keep("label model", shares_of(soft.to_array()), others)
        keep("end model" if draw < 0 else "with gold", shares_of(posterior.to_array()), others)
        if positive is not None:
            name = "threshold" if draw < 0 else "with gold, threshold"
            keep(name, decided(posterior, positive), others)
    means = {name: 100 * float(np.mean(values)) for name, values in found.items()}
    return {name: (f"{mean:.1f}", mean) for name, mean in means.items()}
