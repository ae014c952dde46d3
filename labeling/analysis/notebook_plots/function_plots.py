"""Plots of labeling functions: coverage, accuracy, overlaps, conflicts and growth of coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from labeling.analysis.charts import draw_accuracies, draw_coverage, draw_growth, draw_matrix
from labeling.analysis.notebook_plots.plot import Plot, short_names
from labeling.analysis.notebook_plots.vote_kinds import PlottedVotes, nouns, plotted, shares_of
from labeling.errors import counted
from labeling.records import AnyVotes, Gold
from labeling.records.estimates import proportion
from labeling.rendering.formatting import percent
from labeling.rendering.palettes import Palette

MOST_BARS = 40
MOST_CELLS = 20
"""Voters in a heat map; more could not be read."""
MOST_NAMED = 5


def coverage(votes: AnyVotes) -> Plot:
    """Plot the coverage of each labeling function, and how much of it conflicts with others.

    Of more than 40 functions those with most coverage are drawn.

    Args:
        votes: of labeling functions or of people: of any kind. A sample is in conflict where a span
            of the function, or its answer to a label, is contradicted by another voter.

    Returns:
        A plot whose numbers are those of `labeling.lf_summary`; for spans and sets with the column
        `samples_in_conflict`, a share of all samples.

    >>> from labeling.records import LabelSchema, Votes
    >>> votes = Votes.from_array([[0, 0], [1, 0]], schema=LabelSchema(["ham", "spam"]))
    >>> coverage(votes)
    Plot('Coverage of 2 voters on 2 samples', 2 rows)
    """
    given = plotted(votes)
    table = given.coverage().rename_axis("voter")
    ranked = _ranked(table, "coverage")[:MOST_BARS]
    names = short_names(ranked.index)
    shares = ranked.assign(conflicts=ranked.get("samples_in_conflict", ranked["conflicts"]))

    def draw(axes: Any, palette: Palette) -> None:
        draw_coverage(axes, shares[::-1], given.n_samples, palette, names[::-1], _legend(given))
        axes.figure.legend(loc="outside upper left", ncols=1, frameon=False)

    return Plot(
        _title("Coverage", given, counted(given.n_samples, "sample")),
        _most(ranked["coverage"], "vote on the largest shares of the samples"),
        table,
        draw if len(ranked) else None,
        1.15 + 0.235 * len(ranked),
        _left_out(len(table), len(ranked)),
    )


def accuracy(votes: AnyVotes, gold: Gold | None = None) -> Plot:
    """Plot the accuracy of each labeling function on gold labels, with its 95 % interval.

    Of spans and of sets it is the precision: the share of its spans whose edges and label are
    right, or of its yes to labels that are; what it does not name counts nothing.

    The function with the highest lower end of the interval comes first, so that 3 right votes of 3
    do not stand above 120 of 125.

    Args:
        votes: of labeling functions or of people, of any kind.
        gold: gold labels of some samples; without any there is no chart, and a note.

    Returns:
        A plot whose numbers are those of `labeling.lf_summary`; intervals are Wilson's.

    >>> from labeling.records import LabelSchema, Votes
    >>> votes = Votes.from_array([[0, 0], [1, 0]], schema=LabelSchema(["ham", "spam"]))
    >>> accuracy(votes, {0: "ham"}).to_frame()["accuracy"].tolist()
    [1.0, 1.0]
    """
    given = plotted(votes)
    wording, rate = given.wording, given.wording.rate
    known = pd.Series(dtype=object) if gold is None else gold
    table = given.summary(known).rename_axis("voter")
    ranked = _ranked(table[table["correct"] + table["incorrect"] > 0], f"{rate}_low")[:MOST_BARS]
    estimates = [
        proportion(int(right), int(right + wrong))
        for right, wrong in zip(ranked["correct"], ranked["incorrect"], strict=True)
    ]
    named = zip(short_names(ranked.index), estimates, strict=True)
    names = [f"{name} (n = {estimate.n:,})" for name, estimate in named]

    def draw(axes: Any, palette: Palette) -> None:
        draw_accuracies(axes, estimates, names, palette)
        axes.set_xlabel(f"{rate} on gold labels")

    without = len(table) - int((table["correct"] + table["incorrect"] > 0).sum())
    note = f"{counted(without, 'voter has', 'voters have')} {wording.no_gold}."
    how = f"Share of {wording.right} with a 95 % interval; the highest lower end first."
    return Plot(
        _title(rate.capitalize(), given, counted(given.n_samples, "sample")),
        _most(ranked[rate], "have the highest lower ends of their intervals"),
        table,
        draw if len(ranked) else None,
        1.0 + 0.27 * len(ranked),
        (how, *((note,) if without else ()), *_left_out(len(table) - without, len(ranked))),
    )


def overlaps(votes: AnyVotes) -> Plot:
    """Plot on how many samples each two labeling functions both vote, as shares of all samples.

    On the diagonal stands the coverage of a function. Of more than 20 functions those with most
    overlaps are drawn.

    Of spans the candidates are counted, each span that some voter marked; of sets the labels of
    samples to which some voter says yes. Two voters overlap where one of them marks the span (says
    yes) and the other one marks it, too, or says that it is none; on the diagonal stands the share
    that a function marks (says yes to).

    Args:
        votes: of labeling functions or of people, of any kind.

    Returns:
        A plot with a row for each two voters with a common sample: `first`, `second`, `both`,
        `same`, `differ` (counts of samples) and `share` (both vote, of all samples); of spans and
        sets the counts are of candidates or labels, as above.

    >>> from labeling.records import LabelSchema, Votes
    >>> votes = Votes.from_array([[0, 0], [1, -1]], schema=LabelSchema(["ham", "spam"]))
    >>> overlaps(votes).to_frame()["share"].tolist()
    [0.5]
    """
    given = plotted(votes)
    pairs = given.pairs()
    pairs["share"] = pairs["both"] / max(given.n_units, 1)
    meaning = given.wording.overlap
    return _heat_map("Overlaps", given, pairs, pairs["both"], shares_of(given), meaning)


def conflicts(votes: AnyVotes) -> Plot:
    """Plot of the samples on which two labeling functions both vote, the share they differ on.

    Of more than 20 functions those with most conflicts are drawn.

    Args:
        votes: of labeling functions or of people, of any kind.

    Returns:
        A plot with a row for each two voters with a common sample: `first`, `second`, `both`,
        `same`, `differ` (counts of samples) and `share` (they differ, of both). Of spans and sets
        the counts are those of `overlaps`: what both say is none is no agreement.

    >>> from labeling.records import LabelSchema, Votes
    >>> votes = Votes.from_array([[0, 0], [1, 0]], schema=LabelSchema(["ham", "spam"]))
    >>> conflicts(votes).to_frame()["share"].tolist()
    [0.5]
    """
    given = plotted(votes)
    pairs = given.pairs()
    pairs["share"] = pairs["differ"] / pairs["both"]
    what = f"they differ, in percent of the {given.wording.both} (the number below)"
    return _heat_map("Conflicts", given, pairs, pairs["differ"], {}, what, with_n=True)


def coverage_growth(votes: AnyVotes) -> Plot:
    """Plot how coverage grows with each labeling function, in the order of the votes.

    Args:
        votes: of labeling functions or of people, of any kind.

    Returns:
        A plot with a row for each voter: `coverage` (its own), `new` (samples that none before it
        votes on) and `cumulative` (covered by it and those before), as shares of all samples. Of
        spans these are shares of the candidates, each span that some voter marked, and of sets of
        the labels of samples to which some voter says yes; `samples` is the share of samples with
        any of them by this voter or one before.

    >>> from labeling.records import LabelSchema, Votes
    >>> votes = Votes.from_array([[0, 0], [-1, 0]], schema=LabelSchema(["ham", "spam"]))
    >>> coverage_growth(votes).to_frame()["cumulative"].tolist()
    [0.5, 1.0]
    """
    given = plotted(votes)
    table = _growth(given)
    drawn = table[:MOST_BARS]
    names = short_names(drawn.index)

    def draw(axes: Any, palette: Palette) -> None:
        before = (drawn["cumulative"] - drawn["new"]).tolist()
        draw_growth(axes, before, drawn["new"].tolist(), names, palette)
        axes.set_xlabel(f"share of {nouns(given)}")
        axes.figure.legend(loc="outside upper left", ncols=1, frameon=False)

    column = "samples" if "samples" in table else "cumulative"
    covered = percent(float(table[column].max() if len(table) else 0))
    most = _most(_ranked(table, "new")["new"], "add most to those before")
    of_samples = f" of the {counted(given.n_samples, 'sample')}" if "samples" in table else ""
    return Plot(
        _title("Growth of coverage", given, nouns(given)),
        f"All functions together cover {covered}{of_samples}. {most}",
        table,
        draw if len(drawn) else None,
        1.15 + 0.235 * len(drawn),
        _left_out(len(table), len(drawn)),
    )


def _growth(votes: PlottedVotes) -> pd.DataFrame:
    """Return the coverage of each voter, what it adds, and that of all up to it."""
    n = max(votes.n_units, 1)
    is_covered = np.zeros(votes.n_units, dtype=bool)
    own, cumulative = [], []
    for name in votes.voters:
        has_vote = votes.votes_for(name)
        is_covered |= has_vote
        own.append(np.count_nonzero(has_vote) / n)
        cumulative.append(np.count_nonzero(is_covered) / n)
    new = np.diff(cumulative, prepend=0.0)
    table = pd.DataFrame(
        {"coverage": own, "new": new, "cumulative": cumulative},
        index=pd.Index(votes.voters, name="voter", dtype=object),
    )
    of_samples = votes.growth_of_samples()
    return table if of_samples is None else table.assign(samples=of_samples)


def _heat_map(
    what: str,
    votes: PlottedVotes,
    pairs: pd.DataFrame,
    weight: pd.Series,
    diagonal: Mapping[str, float],
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
        _title(what, votes, nouns(votes)),
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


def _title(what: str, votes: PlottedVotes, of: str) -> str:
    return f"{what} of {counted(len(votes.voters), 'voter')} on {of}"


def _legend(votes: PlottedVotes) -> tuple[str, str]:
    return votes.wording.votes_on, votes.wording.conflict


def _left_out(total: int, drawn: int) -> tuple[str, ...]:
    more = total - drawn
    return (f"{counted(more, 'voter is', 'voters are')} not drawn.",) if more > 0 else ()
