"""The labels of a training set and their shares, beside those of random draws, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console

from labeling.cli.escaping import safe
from labeling.cli.fitted_table import Column, print_fitted
from labeling.errors import counted

if TYPE_CHECKING:
    from labeling.analysis import ClassProportion, Estimate

MOST = 20  # labels that are shown; of more the most frequent
SEE_ALL = "labeling export --json shows all, and so does labeling report."


NOTE = "In brackets: 95 % intervals. Gold labels tell how common labels are where they are a random draw."


def print_label_shares(shares: Sequence[ClassProportion], console: Console) -> None:
    """Print a line a label: how often it is given, its share, and its share in each random draw.

    Args:
        shares: of all labels, in the order of the schema.
        console: where to print.
    """
    shown = list(shares)
    if len(shown) > MOST:
        shown = sorted(shown, key=lambda share: -share.count)[:MOST]
    draws = list(shown[0].in_draws)
    columns = [
        Column("label", [share.label for share in shown], least=8),
        Column("samples", [f"{share.count:,}" for share in shown], right=True),
        Column("share", [_percent(share.proportion) for share in shown], right=True),
        *(
            Column(f"in {name}", [_estimate(share.in_draws[name]) for share in shown], rank=rank)
            for rank, name in enumerate(draws)
        ),
    ]
    print_fitted(columns, console, how_to_see_all=SEE_ALL)
    if draws:
        console.print(safe(NOTE))
    if len(shares) > len(shown):
        console.print(safe(f"And {counted(len(shares) - MOST, 'rarer label')}: {SEE_ALL}"))


def shares_as_json(shares: Sequence[ClassProportion]) -> list[dict[str, Any]]:
    """Return the shares as JSON knows them, one object a label."""
    return [
        {
            "label": share.label,
            "samples": share.count,
            "share": share.proportion,
            "drawn": {
                name: {"share": found.value, "low": found.low, "high": found.high, "n": found.n}
                for name, found in share.in_draws.items()
            },
        }
        for share in shares
    ]


def _percent(share: float) -> str:
    return "-" if share != share else f"{share:.1%}"


def _estimate(found: Estimate) -> str:
    return f"{found.value:.1%} [{found.low:.1%}, {found.high:.1%}], n = {found.n:,}"
