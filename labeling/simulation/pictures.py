"""The picture of a simulation: quality against cost, a panel a policy, a line a strategy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labeling.analysis.charts import draw_intervals, series_style
from labeling.analysis.plots import figure_of, saved
from labeling.records.estimates import Estimate
from labeling.rendering.palettes import Palette
from labeling.simulation.comparison import Measure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labeling.simulation.results import Simulation

TITLES: dict[Measure, str] = {
    "labels": "people's labels",
    "pool": "labels of the pool",
    "model": "end model, samples kept aside",
    "f1": "F1 of the rare label, samples kept aside",
}
ROW = 3  # panels beside each other


def draw_simulation(
    simulation: Simulation, path: str | Path, measure: Measure
) -> tuple[Path, Path]:
    """Draw quality against cost with 95 % intervals, light and dark; return both paths.

    Each policy has a panel, each strategy a line that differs in colour, marker and line style. A
    single strategy has a single panel with a line for each policy.
    """
    strategies = list(dict.fromkeys(strategy for strategy, _ in simulation.pairs))
    policies = list(dict.fromkeys(policy for _, policy in simulation.pairs))
    panels = (
        [(strategies[0], [(strategies[0], policy) for policy in policies])]
        if len(strategies) == 1
        else [(policy, [(strategy, policy) for strategy in strategies]) for policy in policies]
    )

    def draw(palette: Palette) -> Figure:
        columns = min(ROW, len(panels))
        rows = -(-len(panels) // columns)
        figure, _ = figure_of(palette, 1.2 + 3.4 * columns, 0.9 + 2.9 * rows, 1)
        figure.clear()
        grid = np.atleast_1d(
            figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        ).ravel()
        for axes, (title, pairs) in zip(grid, panels, strict=False):
            _draw_panel(axes, simulation, pairs, measure, palette)
            axes.set_title(title)
        for axes in grid[len(panels) :]:
            axes.set_visible(False)
        for axes in grid[max(0, len(panels) - columns) : len(panels)]:
            axes.set_xlabel("cost in votes")
            axes.tick_params(labelbottom=True)
        _add_words(figure, grid[0], measure, palette)
        return figure

    return saved(draw, path)


def _draw_panel(
    axes: Any,
    simulation: Simulation,
    pairs: Sequence[tuple[str, str]],
    measure: Measure,
    palette: Palette,
) -> None:
    axes.set_facecolor(palette["page"])
    for spine in axes.spines.values():
        spine.set_color(palette["line"])
    axes.grid(axis="y", color=palette["line"], linewidth=0.5)
    is_one_strategy = len({strategy for strategy, _ in pairs}) == 1
    for number, (strategy, policy) in enumerate(pairs):
        comparison = simulation.comparison
        cells = [
            comparison.cell(strategy, policy, step, measure)
            for step in range(comparison.n_checkpoints(strategy, policy))
        ]
        costs = comparison.curve(strategy, policy, measure).cost
        # Shifted sideways: intervals drawn at the same position would hide each other.
        costs = costs + 0.012 * number * costs[-1]
        drawn: list[tuple[float, Estimate]] = [
            (cost, cell)
            for cost, cell in zip(costs.tolist(), cells, strict=True)
            if not np.isnan(cell.value)
        ]
        draw_intervals(
            axes,
            [cost for cost, _ in drawn],
            [cell for _, cell in drawn],
            policy if is_one_strategy else strategy,
            series_style(number, palette),
        )
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.xaxis.set_major_formatter(lambda count, _: f"{int(count):,}")


def _add_words(figure: Any, first: Any, measure: Measure, palette: Palette) -> None:
    handles, names = first.get_legend_handles_labels()
    figure.legend(
        handles,
        names,
        loc="outside lower center",
        ncols=min(4, len(names)),
        facecolor=palette["page"],
        edgecolor=palette["line"],
        fontsize="small",
    )
    figure.supylabel(f"{TITLES[measure]}, 95 % interval", color=palette["ink"], fontsize="medium")
