"""Table of the class balance of a training set, compared with that of random samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console

from labeling.cli.escaping import safe
from labeling.cli.fitted_table import Column, print_fitted
from labeling.errors import counted
from labeling.rendering.formatting import percent, whole

if TYPE_CHECKING:
    from labeling.analysis import ClassProportion, Estimate

MOST_LABELS = 20  # rows; of more labels the most frequent
SEE_ALL = "labeling export --json shows all, and so does labeling report."
NOTE = (
    "In brackets: 95 % intervals. The gold labels show the class balance only if they are a random"
    " sample."
)


def print_class_balance(
    class_balance: Sequence[ClassProportion],
    console: Console,
    counted_things: str = "samples",
    share: str = "share",
) -> None:
    """Print a row for each label: count, proportion, and proportion in each random sample.

    Args:
        class_balance: of all labels, in the order of the schema.
        console: where to print.
        counted_things: what the counts are of.
        share: what the shares are called.
    """
    rows = list(class_balance)
    if len(rows) > MOST_LABELS:
        rows = sorted(rows, key=lambda row: -row.count)[:MOST_LABELS]
    draws = list(rows[0].in_draws)
    columns = [
        Column("label", [row.label for row in rows], least=8),
        Column(counted_things, [f"{row.count:,}" for row in rows], right=True),
        Column(share, [_percent(row.proportion) for row in rows], right=True),
        *(
            Column(f"in {name}", [_estimate(row.in_draws[name]) for row in rows], rank=rank)
            for rank, name in enumerate(draws)
        ),
    ]
    print_fitted(columns, console, how_to_see_all=SEE_ALL)
    if draws:
        console.print(safe(NOTE))
    if len(class_balance) > len(rows):
        rarer = counted(len(class_balance) - MOST_LABELS, "rarer label")
        console.print(safe(f"And {rarer}: {SEE_ALL}"))


def class_balance_as_json(
    class_balance: Sequence[ClassProportion], counted_things: str = "samples"
) -> list[dict[str, Any]]:
    """Return the class balance as JSON values, an object for each label; see the table."""
    return [
        {
            "label": row.label,
            counted_things: row.count,
            "share": row.proportion,
            "drawn": {
                name: {
                    "share": estimate.value,
                    "low": estimate.low,
                    "high": estimate.high,
                    "n": estimate.n,
                }
                for name, estimate in row.in_draws.items()
            },
        }
        for row in class_balance
    ]


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else percent(share)


def _estimate(estimate: Estimate) -> str:
    interval = f"[{percent(estimate.low)}, {percent(estimate.high)}]"
    return f"{percent(estimate.value)} {interval}, n = {whole(estimate.n)}"
