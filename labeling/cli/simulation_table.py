"""Tables and sentences of a simulation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.console import Console

from labeling.cli.escaping import safe
from labeling.cli.fitted_table import Column, print_fitted
from labeling.errors import counted

if TYPE_CHECKING:
    import pandas as pd

    from labeling.simulation.results import Goal, Simulation

SEE_ALL = "A wider window shows them, and labeling simulate --json shows all."
HEADINGS = {
    "labels": "people's labels",
    "pool": "labels of the pool",
    "model": "end model, kept aside",
    "f1": "F1 of {rare}",
}


def print_simulation(simulation: Simulation, goal: Goal, console: Console) -> None:
    """Print a row for each strategy, policy and budget, then what follows from them."""
    table = simulation.to_frame()
    # Before the first vote all are the same: that row is shown once.
    table = table[(table["budget"] > 0) | (table.index == 0)].reset_index(drop=True)
    table = table.astype({"strategy": object, "policy": object})
    table.loc[0, ["strategy", "policy"]] = ["(no votes)", "-"]
    headings = {name: text.format(rare=simulation.rare) for name, text in HEADINGS.items()}
    columns = [
        Column("strategy", table["strategy"].tolist()),
        Column("policy", table["policy"].tolist()),
        Column("votes", _counts(table["votes"]), right=True),
        Column("cost", _counts(table["cost"]), right=True, rank=3),
        Column("asked", _counts(table["asked"]), right=True, rank=3),
        Column("cost a sample", _ratios(table["cost_per_sample"]), right=True, rank=1),
    ]
    columns += [
        Column(headings[measure], _cells(table, measure), right=True, rank=rank)
        for measure, rank in (("model", 0), ("labels", 0), ("pool", 2), ("f1", 2))
        if measure in simulation.measures
    ]
    print_fitted(columns, console, how_to_see_all=SEE_ALL)
    for sentence in simulation_sentences(simulation, goal):
        console.print(safe(sentence))


def _counts(values: pd.Series) -> list[str]:
    return [f"{value:,.0f}" for value in values]


def _ratios(values: pd.Series) -> list[str]:
    return ["-" if math.isnan(value) else f"{value:.2f}" for value in values]


def _cells(table: pd.DataFrame, measure: str) -> list[str]:
    """Return each value in percent with its interval and the number of samples."""
    columns = [measure, f"{measure}_low", f"{measure}_high", f"{measure}_n"]
    return [
        "-"
        if math.isnan(value)
        else f"{100 * value:.1f} [{100 * low:.1f}, {100 * high:.1f}] {n:,.0f}"
        for value, low, high, n in table[columns].itertuples(index=False, name=None)
    ]


def simulation_sentences(simulation: Simulation, goal: Goal) -> list[str]:
    """Return how to read the table, the truth, areas, savings, and the recommendation."""
    n_seeds = len(simulation.comparison.seeds)
    sentences = [
        f"Means over {counted(n_seeds, 'seed')} in percent, [95 % interval over seeds and samples],"
        " samples of all seeds.",
        *simulation.sentences,
        *_budgets_missed(simulation),
    ]
    areas = simulation.areas(goal)
    sentences += [
        f"{row['strategy']} against random, {row['policy']}: gain"
        f" {_share(row, 'over_random')} on average over all budgets."
        for _, row in areas.iterrows()
        if not math.isnan(row["over_random"])
    ]
    sentences += _saving_sentences(
        simulation.label_savings(),
        "family",
        "cost a sample",
        f"{simulation.quality} of people's labels",
        "accuracy",
    )
    what = "end model" if goal == "model" else "labels of the pool"
    what = f"{simulation.quality} of {what}"
    sentences += _saving_sentences(simulation.savings(goal), "policy", "cost", what, "quality")
    return [*sentences, simulation.recommendation(goal)]


def _budgets_missed(simulation: Simulation) -> list[str]:
    """Return a sentence on budgets that no run spent, since no sample was left."""
    reached = set(simulation.to_frame()["budget"])
    missed = [f"{budget:,}" for budget in simulation.budgets if budget not in reached]
    if not missed:
        return []
    return [
        f"Not reached: {', '.join(missed)} votes. Before, no sample was left to ask about in any"
        " run."
    ]


def _saving_sentences(
    savings: pd.DataFrame, policy: str, cost: str, what: str, quality: str
) -> list[str]:
    """Return a sentence for each saving, and one that names what cannot be compared."""
    sentences, undefined = [], []
    for _, row in savings.iterrows():
        pair = f"{row[policy]} against {row['against']} ({row['strategy']})"
        if math.isnan(row["saved"]):
            undefined.append(pair)
        else:
            sentences.append(
                f"{pair}: {cost} {_share(row, 'saved', -1)} at equal {what} ({row[quality]:.1%})."
            )
    if undefined:
        sentences.append(
            f"No saving can be given for the {what}, since the same is not reached in all"
            f" draws: {', '.join(undefined)}."
        )
    return sentences


def _share(row: Any, name: str, sign: int = 1) -> str:
    """Return a share as a change in percent, with its interval."""
    ends = sorted(100 * sign * row[f"{name}_{end}"] for end in ("low", "high"))
    return f"{100 * sign * row[name]:+.0f} % [{ends[0]:+.0f}, {ends[1]:+.0f}]"
