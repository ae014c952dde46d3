"""A picture of which voters depend on each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.charts import Palette
from labeling.analysis.plots import figure_of, saved
from labeling.errors import VotesError, shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 60  # voters that are drawn; more could not be read
LONGEST = 36  # characters of a name that are drawn
SIGNS = {"copy": "=", "correlated": "+"}


def dependency_picture(
    dependencies: pd.DataFrame, voters: Sequence[str], path: str | Path
) -> tuple[Path, Path]:
    """Draw who depends on whom as a table, in which dependent voters stand side by side.

    The darker (on a dark page: the lighter) a field, the stronger the dependence; `=` marks copies, `+`
    voters that are correlated. Voters who depend on nobody are counted, not drawn, and of more than
    60 who do, those with the strongest dependencies are drawn.

    Args:
        dependencies: what `labeling.analysis.dependencies` returns.
        voters: the names of all voters.
        path: of the light picture; the dark one is `<name>-dark<suffix>`.

    Returns:
        The paths of both pictures.

    Raises:
        VotesError: dependencies of voters who are not among `voters`.
    """
    found = [*dependencies["first"], *dependencies["second"]]
    unknown = sorted(set(found) - set(voters))
    if unknown:
        raise VotesError(
            f"Dependencies must be of these {len(voters)} voters. Not among them:"
            f" {shown(unknown)}; give the voters of the votes that the dependencies were found in."
        )
    names = _side_by_side(dependencies)
    strength, signs = _table(dependencies, names)

    def draw(colours: Palette) -> Figure:
        # A field is as wide as a line is high, and names stand beside and below.
        beside = 0.075 * max((len(_clipped(name)) for name in names), default=0) + 0.4
        fields = 0.24 * len(names)
        figure, axes = figure_of(colours, max(fields + beside, 3.2), fields + beside + 0.8)
        figure.suptitle(
            _title(len(set(found)), len(names), len(voters)), color=colours["ink"], fontsize=9
        )
        if names:
            _fields(axes, colours, strength, signs)
            axes.set_xticks(range(len(names)), [_clipped(name) for name in names], rotation=90)
            axes.set_yticks(range(len(names)), [_clipped(name) for name in names])
            figure.supxlabel("=  copy       +  correlated", color=colours["ink"], fontsize=9)
        else:
            axes.set_axis_off()
        return figure

    return saved(draw, path)


def _title(dependent: int, drawn: int, n: int) -> str:
    if not dependent:
        return f"None of {n} voters\nwas found to depend on others"
    first = f"{dependent} of {n} voters depend on others"
    rest = f"\nno dependence was found of {n - dependent}" if n > dependent else ""
    left = f"\ndrawn: the {drawn} with the strongest dependencies" if drawn < dependent else ""
    return f"{first}{rest}{left}"


def _clipped(name: str) -> str:
    """Return a name without its middle, if it is long: generated names begin alike."""
    half = (LONGEST - 1) // 2
    return name if len(name) <= LONGEST else f"{name[:half]}…{name[-half:]}"


def _fields(
    axes: Any, colours: Palette, strength: npt.NDArray[np.float64], signs: npt.NDArray[Any]
) -> None:
    # Faint fields must differ from the page, and full ones leave signs that can be read.
    shade = np.where(strength > 0, 0.15 + 0.65 * strength / strength.max(initial=1e-12), np.nan)
    colour = axes.imshow(shade, cmap=colours["map"], vmin=0, vmax=1).cmap
    for (row, column), sign in np.ndenumerate(signs):
        if row == column:
            axes.text(column, row, "·", ha="center", va="center", color=colours["ink"])
        elif sign:
            red, green, blue, _ = colour(shade[row, column])
            dark = 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.45
            ink = "#ffffff" if dark else "#1f2328"
            axes.text(column, row, sign, ha="center", va="center", color=ink, weight="bold")
    edges = np.arange(len(signs) + 1) - 0.5
    axes.set_xticks(edges, minor=True)
    axes.set_yticks(edges, minor=True)
    axes.grid(which="minor", color=colours["line"], linewidth=0.4)
    axes.tick_params(which="both", length=0)


def _table(
    dependencies: pd.DataFrame, names: Sequence[str]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[Any]]:
    """Return the strengths and signs of pairs, both ways."""
    place = {name: number for number, name in enumerate(names)}
    strength = np.zeros((len(names), len(names)))
    signs = np.full(strength.shape, "", dtype=object)
    columns = dependencies[["first", "second", "strength", "kind"]]
    for first, second, how, kind in columns.itertuples(index=False, name=None):
        if first in place and second in place:
            j, i = place[first], place[second]
            strength[j, i] = strength[i, j] = how
            signs[j, i] = signs[i, j] = SIGNS.get(kind, "")
    return strength, signs


def _side_by_side(dependencies: pd.DataFrame) -> list[str]:
    """Return the dependent voters in the order in which the strongest pairs join them.

    The strongest pair whose voters are in different groups joins these, until all pairs are used;
    then larger groups come first.
    """
    ranked = dependencies.sort_values(
        ["strength", "first", "second"], ascending=[False, True, True]
    )
    pairs = list(ranked[["first", "second"]].itertuples(index=False, name=None))
    strongest = list(dict.fromkeys(name for pair in pairs for name in pair))[:MOST]
    groups = {name: [name] for name in strongest}
    for first, second in pairs:
        if first in groups and second in groups and groups[first] is not groups[second]:
            joined = _joined(groups[first], groups[second], first, second)
            groups.update(dict.fromkeys(joined, joined))
    different = {id(group): group for group in groups.values()}.values()
    return [name for group in sorted(different, key=lambda one: (-len(one), one)) for name in group]


def _joined(left: list[str], right: list[str], first: str, second: str) -> list[str]:
    """Return two groups as one, turned so that these two voters stand as near as can be."""
    if left.index(first) < len(left) / 2 - 0.5:
        left = left[::-1]
    if right.index(second) > len(right) / 2 - 0.5:
        right = right[::-1]
    return [*left, *right]
