"""Plots of labeling functions: coverage, accuracy, overlaps, conflicts and growth of coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from labeling.analysis.charts import draw_accuracies, draw_coverage, draw_growth, draw_matrix
from labeling.analysis.lf_analysis import lf_summary
from labeling.analysis.notebook_plots.plot import Plot, short_names
from labeling.analysis.pairwise import pairs_of
from labeling.errors import counted
from labeling.records import ABSTAIN, Gold, Votes, expect, one_label_only
from labeling.records.estimates import proportion
from labeling.rendering.formatting import percent
from labeling.rendering.palettes import Palette

MOST_BARS = 40
MOST_CELLS = 20
"""Voters in a heat map; more could not be read."""
MOST_NAMED = 5
INSTEAD = "`labeling.lf_summary`, and `labeling.span_lanes` for spans"
"""What shows votes of other kinds."""


def coverage(votes: Votes) -> Plot:
    """Plot the coverage of each labeling function, and how much of it conflicts with others.

    Of more than 40 functions those with most coverage are drawn.

    Args:
        votes: of labeling functions or of people.

    Returns:
        A plot whose numbers are those of `labeling.lf_summary`.

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0, 0], [1, 0]], schema=LabelSchema(["ham", "spam"]))
    >>> coverage(votes)
    Plot('Coverage of 2 voters on 2 samples', 2 rows)
    """
    table = lf_summary(_of_one_label(votes)).rename_axis("voter")
    ranked = _ranked(table, "coverage")[:MOST_BARS]
    names = short_names(ranked.index)

    def draw(axes: Any, palette: Palette) -> None:
        draw_coverage(axes, ranked[::-1], len(votes), palette, names[::-1])
        axes.figure.legend(loc="outside upper left", ncols=1, frameon=False)

    return Plot(
        _title("Coverage", votes),
        _most(ranked["coverage"], "vote on the largest shares of the samples"),
        table,
        draw if len(ranked) else None,
        1.15 + 0.235 * len(ranked),
        _left_out(len(table), len(ranked)),
    )


def accuracy(votes: Votes, gold: Gold | None = None) -> Plot:
    """Plot the accuracy of each labeling function on gold labels, with its 95 % interval.

    The function with the highest lower end of the interval comes first, so that 3 right votes of 3
    do not stand above 120 of 125.

    Args:
        votes: of labeling functions or of people.
        gold: gold labels of some samples; without any there is no chart, and a note.

    Returns:
        A plot whose numbers are those of `labeling.lf_summary`; intervals are Wilson's.

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0, 0], [1, 0]], schema=LabelSchema(["ham", "spam"]))
    >>> accuracy(votes, {0: "ham"}).to_frame()["accuracy"].tolist()
    [1.0, 1.0]
    """
    given = pd.Series(dtype=object) if gold is None else gold
    table = lf_summary(_of_one_label(votes), given).rename_axis("voter")
    ranked = _ranked(table[table["correct"] + table["incorrect"] > 0], "accuracy_low")[:MOST_BARS]
    estimates = [
        proportion(int(right), int(right + wrong))
        for right, wrong in zip(ranked["correct"], ranked["incorrect"], strict=True)
    ]
    named = zip(short_names(ranked.index), estimates, strict=True)
    names = [f"{name} (n = {estimate.n:,})" for name, estimate in named]

    def draw(axes: Any, palette: Palette) -> None:
        draw_accuracies(axes, estimates, names, palette)
        axes.set_xlabel("accuracy on gold labels")

    without = len(table) - int((table["correct"] + table["incorrect"] > 0).sum())
    note = f"{counted(without, 'voter has', 'voters have')} no vote on a sample with a gold label."
    how = "Share of right votes on n gold labels with a 95 % interval; the highest lower end first."
    return Plot(
        _title("Accuracy", votes),
        _most(ranked["accuracy"], "have the highest lower ends of their intervals"),
        table,
        draw if len(ranked) else None,
        1.0 + 0.27 * len(ranked),
        (how, *((note,) if without else ()), *_left_out(len(table) - without, len(ranked))),
    )


def overlaps(votes: Votes) -> Plot:
    """Plot on how many samples each two labeling functions both vote, as shares of all samples.

    On the diagonal stands the coverage of a function. Of more than 20 functions those with most
    overlaps are drawn.

    Args:
        votes: of labeling functions or of people.

    Returns:
        A plot with a row for each two voters with a common sample: `first`, `second`, `both`,
        `same`, `differ` (counts of samples) and `share` (both vote, of all samples).

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0, 0], [1, -1]], schema=LabelSchema(["ham", "spam"]))
    >>> overlaps(votes).to_frame()["share"].tolist()
    [0.5]
    """
    pairs = pairs_of(_of_one_label(votes))
    pairs["share"] = pairs["both"] / max(len(votes), 1)
    voted = lf_summary(votes)["coverage"]
    return _heat_map(
        "Overlaps", votes, pairs, pairs["both"], dict(voted), "both vote, in percent of the samples"
    )


def conflicts(votes: Votes) -> Plot:
    """Plot of the samples on which two labeling functions both vote, the share they differ on.

    Of more than 20 functions those with most conflicts are drawn.

    Args:
        votes: of labeling functions or of people.

    Returns:
        A plot with a row for each two voters with a common sample: `first`, `second`, `both`,
        `same`, `differ` (counts of samples) and `share` (they differ, of both).

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0, 0], [1, 0]], schema=LabelSchema(["ham", "spam"]))
    >>> conflicts(votes).to_frame()["share"].tolist()
    [0.5]
    """
    pairs = pairs_of(_of_one_label(votes))
    pairs["share"] = pairs["differ"] / pairs["both"]
    what = "they differ, in percent of the samples on which both vote (the number below)"
    return _heat_map("Conflicts", votes, pairs, pairs["differ"], {}, what, with_n=True)


def coverage_growth(votes: Votes) -> Plot:
    """Plot how coverage grows with each labeling function, in the order of the votes.

    Args:
        votes: of labeling functions or of people.

    Returns:
        A plot with a row for each voter: `coverage` (its own), `new` (samples that none before it
        votes on) and `cumulative` (covered by it and those before), as shares of all samples.

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0, 0], [-1, 0]], schema=LabelSchema(["ham", "spam"]))
    >>> coverage_growth(votes).to_frame()["cumulative"].tolist()
    [0.5, 1.0]
    """
    table = _growth(_of_one_label(votes))
    drawn = table[:MOST_BARS]
    names = short_names(drawn.index)

    def draw(axes: Any, palette: Palette) -> None:
        before = (drawn["cumulative"] - drawn["new"]).tolist()
        draw_growth(axes, before, drawn["new"].tolist(), names, palette)
        axes.set_xlabel(f"share of {len(votes):,} samples")
        axes.figure.legend(loc="outside upper left", ncols=1, frameon=False)

    covered = percent(float(table["cumulative"].max() if len(table) else 0))
    most = _most(_ranked(table, "new")["new"], "add most to those before")
    return Plot(
        _title("Growth of coverage", votes),
        f"All functions together cover {covered}. {most}",
        table,
        draw if len(drawn) else None,
        1.15 + 0.235 * len(drawn),
        _left_out(len(table), len(drawn)),
    )


def _growth(votes: Votes) -> pd.DataFrame:
    """Return the coverage of each voter, what it adds, and that of all up to it."""
    n = max(len(votes), 1)
    is_covered = np.zeros(len(votes), dtype=bool)
    own, cumulative = [], []
    for name in votes.voters:
        has_vote = votes.of_voters([name]).array[:, 0] != ABSTAIN
        is_covered |= has_vote
        own.append(np.count_nonzero(has_vote) / n)
        cumulative.append(np.count_nonzero(is_covered) / n)
    new = np.diff(cumulative, prepend=0.0)
    return pd.DataFrame(
        {"coverage": own, "new": new, "cumulative": cumulative},
        index=pd.Index(votes.voters, name="voter", dtype=object),
    )


def _heat_map(
    what: str,
    votes: Votes,
    pairs: pd.DataFrame,
    weight: pd.Series,
    diagonal: dict[str, float],
    meaning: str,
    *,
    with_n: bool = False,
) -> Plot:
    names = _with_most(votes.voters, pairs, weight)
    place = {name: number for number, name in enumerate(names)}
    shades = np.full((len(names), len(names)), np.nan)
    words = [[""] * len(names) for _ in names]
    for first, second, share, n in zip(
        pairs["first"], pairs["second"], pairs["share"], pairs["both"], strict=True
    ):
        if first in place and second in place:
            text = f"{100 * share:.0f}" + (f"\n{n:,}" if with_n else "")
            for row, column in ((place[first], place[second]), (place[second], place[first])):
                shades[row, column], words[row][column] = share, text
    for name in place.keys() & diagonal.keys():
        shades[place[name], place[name]] = diagonal[name]
        words[place[name]][place[name]] = f"{100 * diagonal[name]:.0f}"

    def draw(axes: Any, palette: Palette) -> None:
        draw_matrix(axes, shades, words, short_names(names, 14), palette)

    keyed = pairs.set_index(pairs["first"] + " and " + pairs["second"])["share"]
    height = 1.6 + (0.42 if with_n else 0.32) * len(names)
    return Plot(
        _title(what, votes),
        _most(_ranked(keyed.to_frame(), "share")["share"], "stand out"),
        pairs,
        draw if len(pairs) else None,
        height,
        (f"Of each two voters: {meaning}.", *_left_out(len(votes.voters), len(names))),
    )


def _with_most(voters: Sequence[str], pairs: pd.DataFrame, weight: pd.Series) -> tuple[str, ...]:
    """Return the voters that are drawn, in the order of the votes; ties by name."""
    if len(voters) <= MOST_CELLS:
        return tuple(voters)
    total = pd.concat([weight.groupby(pairs[side]).sum() for side in ("first", "second")])
    sums = dict(total.groupby(level=0).sum())
    ranked = sorted(voters, key=lambda name: (-sums.get(name, 0), name))
    kept = set(ranked[:MOST_CELLS])
    return tuple(name for name in voters if name in kept)


def _ranked(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return rows by falling value, and by name where they are equal."""
    return table.sort_index(kind="stable").sort_values(by, ascending=False, kind="stable")


def _most(shares: pd.Series, what: str) -> str:
    """Return in words which entries come first, with their shares."""
    first = shares.iloc[:MOST_NAMED]
    named = zip(short_names(first.index, 60), first.tolist(), strict=True)
    listed = "; ".join(f"{name} {percent(share)}" for name, share in named)
    return f"These {what}: {listed}." if listed else "There are no numbers."


def _title(what: str, votes: Votes) -> str:
    voters, samples = counted(len(votes.voters), "voter"), counted(len(votes), "sample")
    return f"{what} of {voters} on {samples}"


def _left_out(total: int, drawn: int) -> tuple[str, ...]:
    more = total - drawn
    return (f"{counted(more, 'voter is', 'voters are')} not drawn.",) if more > 0 else ()


def _of_one_label(votes: Votes) -> Votes:
    return expect(one_label_only(votes, "A plot of votes", INSTEAD), Votes, "`votes`")
