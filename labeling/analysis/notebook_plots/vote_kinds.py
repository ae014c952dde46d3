"""What plots of votes draw, by the kind of the votes: on samples, on spans, on sets of labels."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.lf_analysis import lf_summary
from labeling.analysis.pairwise import pairs_of
from labeling.errors import counted
from labeling.records import (
    ABSTAIN,
    YES_OR_NO,
    AnyVotes,
    CastVotes,
    Gold,
    SetVotes,
    SpanVotes,
    Votes,
    expect,
    span_units,
    unit_schema,
)

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class Wording(NamedTuple):
    """The words of the plots for a kind of votes.

    Attributes:
        unit: what is counted, in the singular.
        units: the same in the plural.
        votes_on: what a voter does on a sample that it covers.
        conflict: when a sample that a voter covers is in conflict.
        rate: the share of right votes: "accuracy" or "precision", as `lf_summary` calls it.
        right: what these votes are compared with.
        no_gold: what a voter has not, who cannot be compared.
        overlap: when two voters overlap.
        both: on what they do.
    """

    unit: str
    units: str
    votes_on: str
    conflict: str
    rate: str
    right: str
    no_gold: str
    overlap: str
    both: str


OF_SAMPLES = Wording(
    unit="sample",
    units="samples",
    votes_on="votes on",
    conflict="of these, another labeling function votes differently",
    rate="accuracy",
    right="right votes on n gold labels",
    no_gold="no vote on a sample with a gold label",
    overlap="both vote, in percent of the samples",
    both="samples on which both vote",
)
OF_SPANS = Wording(
    unit="candidate span",
    units="candidate spans",
    votes_on="marks a span in",
    conflict="of these, another voter contradicts one of its spans",
    rate="precision",
    right="right spans (edges and label) of n spans in samples with gold",
    no_gold="no span in a sample with gold",
    overlap="one marks the span and the other one says something of it, in percent of the spans",
    both="spans that one of them marks and of which the other one says something",
)
OF_SETS = Wording(
    unit="label of a sample",
    units="labels of samples",
    votes_on="says yes or no to a label of",
    conflict="of these, another voter contradicts it",
    rate="precision",
    right="right yes of n yes on samples with gold",
    no_gold="no yes on a sample with gold",
    overlap="one says yes and the other one yes or no, in percent of the labels of samples",
    both="labels of samples to which one of them says yes and the other one yes or no",
)


class PlottedVotes(Protocol):
    """What the plots of votes of any kind need."""

    @property
    def wording(self) -> Wording:
        """The words of the plots."""

    @property
    def voters(self) -> tuple[str, ...]:
        """The names of the voters."""

    @property
    def n_samples(self) -> int:
        """Number of samples."""

    @property
    def n_units(self) -> int:
        """Number of samples, candidate spans or labels of samples."""

    def coverage(self) -> pd.DataFrame:
        """Return `lf_summary`; where its conflicts are no shares of samples, those as well."""

    def summary(self, gold: Gold) -> pd.DataFrame:
        """Return `lf_summary` with gold."""

    def pairs(self) -> pd.DataFrame:
        """Return a row for each two voters with a unit in common; see `pairs_of`."""

    def votes_for(self, voter: str) -> Bools:
        """Return on which units a voter votes, and says not only no: shape (n_units,)."""

    def growth_of_samples(self) -> list[float] | None:
        """Return the share of samples that each voter or one before covers; `None`: as units."""


@dataclass(frozen=True, slots=True)
class SampleVotes:
    """Votes for one label per sample."""

    votes: Votes
    wording: Wording = OF_SAMPLES

    @property
    def voters(self) -> tuple[str, ...]:
        """The names of the voters."""
        return self.votes.voters

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.votes)

    @property
    def n_units(self) -> int:
        """Number of samples."""
        return len(self.votes)

    def coverage(self) -> pd.DataFrame:
        """Return `lf_summary`, whose conflicts are shares of all samples."""
        return lf_summary(self.votes)

    def summary(self, gold: Gold) -> pd.DataFrame:
        """Return `lf_summary` with gold."""
        return lf_summary(self.votes, gold)

    def pairs(self) -> pd.DataFrame:
        """Return a row for each two voters with a sample in common."""
        return pairs_of(self.votes)

    def votes_for(self, voter: str) -> Bools:
        """Return on which samples a voter votes."""
        return np.asarray(self.votes.of_voters([voter]).array[:, 0] != ABSTAIN)

    def growth_of_samples(self) -> None:
        """Return `None`: the units are the samples."""


@dataclass(frozen=True, slots=True, eq=False)
class PartVotes:
    """Votes on parts of samples: candidate spans, or labels to which some voter says yes.

    Attributes:
        given: the votes.
        wording: the words of the plots.
        votes: on the parts; each has a vote that says more than no.
        denials: those of them that say no.
        no: their code.
        sample: row of the sample of each part.
        counts_no: whether a no is a vote of its own that can be in conflict.
    """

    given: SpanVotes | SetVotes
    wording: Wording
    votes: Votes
    denials: Votes
    no: int
    sample: Ints
    counts_no: bool

    @property
    def voters(self) -> tuple[str, ...]:
        """The names of the voters."""
        return self.given.voters

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.given)

    @property
    def n_units(self) -> int:
        """Number of parts."""
        return len(self.votes)

    def coverage(self) -> pd.DataFrame:
        """Return `lf_summary`, and the share of all samples with a conflict."""
        table = lf_summary(self.given)
        codes = self.votes.to_array()
        cast = codes != ABSTAIN
        top = np.iinfo(codes.dtype).max
        lowest = np.where(cast, codes, top).min(axis=1, initial=top)
        is_disputed = codes.max(axis=1, initial=ABSTAIN) > lowest
        counts = cast if self.counts_no else cast & (codes != self.no)
        in_conflict = [
            len(np.unique(self.sample[column & is_disputed])) / max(self.n_samples, 1)
            for column in counts.T
        ]
        return table.assign(samples_in_conflict=in_conflict)

    def summary(self, gold: Gold) -> pd.DataFrame:
        """Return `lf_summary` with gold."""
        return lf_summary(self.given, gold)

    def pairs(self) -> pd.DataFrame:
        """Return a row for each two voters with a part in common, to which not both say no."""
        keys, columns = ["first", "second"], ["first", "second", "both", "same", "differ"]
        pairs = pairs_of(self.votes)
        both_no = pairs_of(self.denials)[[*keys, "both"]]
        pairs = pairs.merge(both_no, how="left", on=keys, suffixes=("", "_no"))
        n_no = pairs.pop("both_no").fillna(0).astype(np.int64)
        pairs["both"] -= n_no
        pairs["same"] -= n_no
        return pairs.loc[pairs["both"] > 0, columns].reset_index(drop=True)

    def votes_for(self, voter: str) -> Bools:
        """Return to which parts a voter does not say no, or nothing."""
        codes = self.votes.of_voters([voter]).to_array()[:, 0]
        return np.asarray((codes != ABSTAIN) & (codes != self.no))

    def growth_of_samples(self) -> list[float]:
        """Return the share of samples with a span or yes of each voter or one before."""
        is_covered = np.zeros(self.n_samples, dtype=bool)
        shares = []
        for voter in self.voters:
            is_covered[self.sample[self.votes_for(voter)]] = True
            shares.append(np.count_nonzero(is_covered) / max(self.n_samples, 1))
        return shares


@functools.singledispatch
def plotted(votes: AnyVotes) -> PlottedVotes:
    """Return what the plots draw of votes.

    Raises:
        LabelingError: they are no votes.
    """
    return SampleVotes(expect(votes, Votes, "`votes`"))


@plotted.register
def _(votes: SpanVotes) -> PartVotes:
    units, schema = span_units(votes), unit_schema(votes.schema)
    no, ids = len(votes.schema), pd.RangeIndex(len(units.sample))
    denials = np.where(units.codes == no, units.codes, ABSTAIN)
    return PartVotes(
        votes,
        OF_SPANS,
        Votes(units.codes, ids, votes.voters, schema),
        Votes(denials, ids, votes.voters, schema),
        no,
        units.sample,
        counts_no=False,
    )


@plotted.register
def _(votes: SetVotes) -> PartVotes:
    answers, k = votes.answers, len(votes.schema)
    cells = answers.sample * k + answers.label
    units = np.unique(cells[answers.says])
    rows = np.searchsorted(units, cells)
    is_unit = np.zeros(len(cells), dtype=bool)
    is_unit[rows < len(units)] = units[rows[rows < len(units)]] == cells[rows < len(units)]

    def part(kept: npt.NDArray[Any]) -> Votes:
        codes = answers.says[kept].astype(YES_OR_NO.code_type)
        shape = (len(units), len(votes.voters))
        cast = CastVotes.of(rows[kept], answers.voter[kept], codes, shape)
        return Votes(cast, pd.RangeIndex(len(units)), votes.voters, YES_OR_NO)

    every, no = part(is_unit), part(is_unit & ~np.asarray(answers.says))
    return PartVotes(votes, OF_SETS, every, no, YES_OR_NO.index("no"), units // k, counts_no=True)


def nouns(votes: PlottedVotes) -> str:
    """Return the number of units with their noun."""
    return counted(votes.n_units, votes.wording.unit, votes.wording.units)


def shares_of(votes: PlottedVotes) -> Mapping[str, float]:
    """Return of each voter the share of the units on which it votes, and says not only no."""
    n = max(votes.n_units, 1)
    return {name: np.count_nonzero(votes.votes_for(name)) / n for name in votes.voters}
