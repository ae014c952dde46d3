"""Heat map of the dependencies between voters, with frames around families."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.dependency.families import VoterFamily
from labeling.analysis.plots import figure_of, saved
from labeling.errors import VotesError, counted, listed
from labeling.rendering.palettes import Palette

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_LISTED = 8  # families in the legend
MOST_VOTERS = 60  # that are drawn; more could not be read
LONGEST_NAME = 36  # characters of a name that are drawn
SIGNS = {"copy": "=", "correlated": "+"}


def dependency_picture(
    dependencies: pd.DataFrame,
    voters: Sequence[str],
    path: str | Path,
    families: Sequence[VoterFamily] = (),
) -> tuple[Path, Path]:
    """Draw a heat map of dependencies, in which dependent voters are next to each other.

    The darker (on a dark page: the lighter) a cell, the stronger the dependence; `=` marks copies,
    `+` correlated voters. A numbered frame surrounds each family. Independent voters are counted,
    not drawn, and of more than 60 dependent ones, those in families and then those with the
    strongest dependencies are drawn.

    Args:
        dependencies: the result of `labeling.analysis.dependencies`.
        voters: the names of all voters.
        path: of the light picture; the dark one is `<name>-dark<suffix>`.
        families: the result of `labeling.analysis.voter_families`.

    Returns:
        The paths of both pictures.

    Raises:
        VotesError: dependencies or families of voters who are not among `voters`.
    """
    in_families = [name for family in families for name in family.voters]
    dependent = {*dependencies["first"], *dependencies["second"], *in_families}
    _refuse_unknown(dependent, voters)
    names = _ordered_by_group(dependencies, families)
    strength, signs = _matrices(dependencies, names)
    for number, family in enumerate(families, 1):
        for row in _rows_of(family, names):
            signs[row, row] = str(number)
    legend = _legend(families)

    def draw(colours: Palette) -> Figure:
        # A cell is as wide as a line of text is high; names are to the left and below.
        margin = 0.075 * max((len(_clipped(name)) for name in names), default=0) + 0.4
        size = 0.24 * len(names)
        height = size + margin + 0.8 + 0.16 * legend.count("\n")
        figure, axes = figure_of(colours, max(size + margin, 3.2), height)
        figure.suptitle(
            _title(len(dependent), len(names), len(voters)), color=colours["ink"], fontsize=9
        )
        if names:
            _draw_cells(axes, colours, strength, signs)
            for family in families:
                _draw_frame(axes, colours, _rows_of(family, names))
            axes.set_xticks(range(len(names)), [_clipped(name) for name in names], rotation=90)
            axes.set_yticks(range(len(names)), [_clipped(name) for name in names])
            figure.supxlabel(legend, color=colours["ink"], fontsize=9)
        else:
            axes.set_axis_off()
        return figure

    return saved(draw, path)


def _refuse_unknown(dependent: set[str], voters: Sequence[str]) -> None:
    unknown = sorted(dependent - set(voters))
    if unknown:
        raise VotesError(
            f"Dependencies must be of these {len(voters)} voters. Not among them:"
            f" {listed(unknown)}; give the voters of the votes that the dependencies are of."
        )


def _title(n_dependent: int, n_drawn: int, n: int) -> str:
    if not n_dependent:
        return f"None of {n} voters\nwas found to depend on others"
    first = f"{n_dependent} of {n} voters depend on others"
    independent = f"\nno dependence was found of {n - n_dependent}" if n > n_dependent else ""
    is_part = n_drawn < n_dependent
    drawn = f"\ndrawn: the {n_drawn} with the strongest dependencies" if is_part else ""
    return f"{first}{independent}{drawn}"


def _legend(families: Sequence[VoterFamily]) -> str:
    lines = ["=  copy       +  correlated"]
    for number, family in enumerate(families[:MOST_LISTED], 1):
        voters, label = counted(len(family.voters), "voter"), _clipped(family.label)
        lines.append(f"{number}  family: {voters} for {label} count as {family.effective:.1f}")
    if len(families) > MOST_LISTED:
        lines.append(f"and {counted(len(families) - MOST_LISTED, 'more family', 'more families')}")
    return "\n".join(lines)


def _rows_of(family: VoterFamily, names: Sequence[str]) -> list[int]:
    """Return the rows of a family's voters, which are next to each other."""
    members = set(family.voters)
    return [row for row, name in enumerate(names) if name in members]


def _draw_frame(axes: Any, colours: Palette, rows: Sequence[int]) -> None:
    from matplotlib.patches import Rectangle

    if rows:
        frame = Rectangle((rows[0] - 0.5, rows[0] - 0.5), len(rows), len(rows), fill=False)
        frame.set(edgecolor=colours["ink"], linewidth=1.6, zorder=3, clip_on=False)
        axes.add_patch(frame)


def _clipped(name: str) -> str:
    """Return a name without its middle, if it is long: generated names often start alike."""
    half = (LONGEST_NAME - 1) // 2
    return name if len(name) <= LONGEST_NAME else f"{name[:half]}…{name[-half:]}"


def _draw_cells(
    axes: Any, colours: Palette, strength: npt.NDArray[np.float64], signs: npt.NDArray[Any]
) -> None:
    # Faint cells must differ from the page, and on full ones the signs must be legible.
    shade = np.where(strength > 0, 0.15 + 0.65 * strength / strength.max(initial=1e-12), np.nan)
    colour = axes.imshow(shade, cmap=colours["map"], vmin=0, vmax=1).cmap
    for (row, column), sign in np.ndenumerate(signs):
        if row == column:
            axes.text(column, row, sign or "·", ha="center", va="center", color=colours["ink"])
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


def _matrices(
    dependencies: pd.DataFrame, names: Sequence[str]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[Any]]:
    """Return the symmetric matrices of strengths and signs."""
    index = {name: number for number, name in enumerate(names)}
    strengths = np.zeros((len(names), len(names)))
    signs = np.full(strengths.shape, "", dtype=object)
    columns = dependencies[["first", "second", "strength", "kind"]]
    for first, second, strength, kind in columns.itertuples(index=False, name=None):
        if first in index and second in index:
            j, i = index[first], index[second]
            strengths[j, i] = strengths[i, j] = strength
            signs[j, i] = signs[i, j] = SIGNS.get(kind, "")
    return strengths, signs


def _ordered_by_group(
    dependencies: pd.DataFrame, families: Sequence[VoterFamily] = ()
) -> list[str]:
    """Return the dependent voters ordered by single-linkage clustering, larger groups first.

    The strongest pair whose voters are in different groups merges these, until all pairs are used;
    families are merged before, so that each is one block.
    """
    ranked = dependencies.sort_values(
        ["strength", "first", "second"], ascending=[False, True, True]
    )
    pairs = [pair for family in families for pair in itertools.pairwise(family.voters)]
    pairs += ranked[["first", "second"]].itertuples(index=False, name=None)
    strongest = list(dict.fromkeys(name for pair in pairs for name in pair))[:MOST_VOTERS]
    groups = {name: [name] for name in strongest}
    for first, second in pairs:
        if first in groups and second in groups and groups[first] is not groups[second]:
            merged = _merged(groups[first], groups[second], first, second)
            groups.update(dict.fromkeys(merged, merged))
    distinct = {id(group): group for group in groups.values()}.values()
    largest_first = sorted(distinct, key=lambda group: (-len(group), group))
    return [name for group in largest_first for name in group]


def _merged(left: list[str], right: list[str], first: str, second: str) -> list[str]:
    """Return two groups as one, oriented so that these two voters are as near as possible."""
    if left.index(first) < len(left) / 2 - 0.5:
        left = left[::-1]
    if right.index(second) > len(right) / 2 - 0.5:
        right = right[::-1]
    return [*left, *right]
