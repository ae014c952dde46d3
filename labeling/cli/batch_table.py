"""Table of a batch: the chosen samples, their most probable labels, and why they were chosen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
from rich.console import Console

from labeling.cli.escaping import safe
from labeling.cli.fitted_table import Column, print_fitted
from labeling.errors import counted
from labeling.rendering.formatting import percent

if TYPE_CHECKING:
    from labeling.project.results import Chosen

MOST_REASONS = 3  # of a stratum, that are listed one by one
NOTHING_SAID = "no vote"
SEE_ALL = "A wider window shows them, and labeling query --json shows all."


def print_batch(chosen: Chosen, console: Console) -> None:
    """Print a sentence for each stratum of a batch, and a row for each sample."""
    for sentence in batch_sentences(chosen):
        console.print(safe(sentence))
    if not len(chosen.batch):
        return
    table = chosen.table
    columns = [
        Column("sample", [str(sample_id) for sample_id in table.index], least=10),
        Column("stratum", table["stratum"].tolist(), rank=2),
        Column("score", [_score(score) for score in table["score"]], right=True, rank=3),
        Column("most probable", _labels(table["probability"], table["label"]), least=12),
        *_second_labels(table),
        Column("text", table["text"].tolist(), least=16),
    ]
    print_fitted(columns, console, how_to_see_all=SEE_ALL)


def batch_sentences(chosen: Chosen) -> list[str]:
    """Return what happened to a waiting batch, and why samples were chosen, by stratum."""
    sentences = []
    size = len(chosen.batch)
    if chosen.is_half_pushed:
        sentences.append(
            f"Batch {chosen.number} stays as it was, {counted(size, 'sample')}: some may have been"
            " sent already. labeling push completes it; another batch can be chosen after that."
        )
    elif size:
        sentences.append(f"Batch {chosen.number}: {counted(size, 'sample')}.")
    if chosen.replaced is not None and not chosen.is_half_pushed:
        count, strategy = chosen.replaced
        sentences.append(
            f"It replaces a waiting batch that was not pushed ({counted(count, 'sample')},"
            f" strategy {strategy})."
        )
    frame = chosen.batch.to_frame()
    for stratum, chosen_so in frame.groupby("stratum", sort=False):
        if chosen_so["reason"].nunique() > MOST_REASONS:
            sentences.append(
                f"{stratum} ({len(chosen_so)}), each for its own reason, such as:"
                f" {chosen_so['reason'].iloc[0]}."
            )
            continue
        for reason, rows in chosen_so.groupby("reason", sort=False):
            sentences.append(f"{stratum} ({len(rows)}): {reason}{_odds(rows['propensity'])}.")
    return sentences


def _odds(propensity: pd.Series) -> str:
    """Return with which probability samples were drawn, in words; empty where it is unknown."""
    if propensity.isna().any():
        return ""
    least, most = percent(propensity.min()), percent(propensity.max())
    return f", each with probability {least if least == most else f'{least} to {most}'}"


def _score(score: float) -> str:
    return "-" if math.isnan(score) else f"{score:.3f}"


def _second_labels(table: pd.DataFrame) -> list[Column]:
    """Return the column of the next probable labels; sets and spans have none."""
    if "second_label" not in table:
        return []
    cells = _labels(table["second_probability"], table["second_label"])
    return [Column("next", cells, least=12, rank=1)]


def _labels(probabilities: pd.Series, labels: pd.Series) -> list[str]:
    """Return labels with their probabilities in front, so that only long names are cut."""
    return [
        NOTHING_SAID if pd.isna(label) else f"{_rounded(probability)} {label}"
        for probability, label in zip(probabilities, labels, strict=True)
    ]


def _rounded(probability: float) -> str:
    """Return a probability in percent; only certainty is shown as 0% or 100%.

    >>> _rounded(0.996), _rounded(0.004), _rounded(0.5), _rounded(1.0)
    ('>99%', '<1%', '50%', '100%')
    """
    rounded = percent(probability, 0)
    if rounded == "100%" and probability < 1:
        return ">99%"
    return "<1%" if rounded == "0%" and probability > 0 else rounded
