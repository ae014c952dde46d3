"""Agreement of a project's annotators: on which votes, and which number is the one to quote."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import pandas as pd

from labeling.analysis import (
    Agreement,
    agreement,
    agreement_by_label,
    agreement_by_pair,
    agreement_by_stratum,
    confused_labels,
    low_agreement,
)
from labeling.errors import counted
from labeling.records import Annotation, LabelSchema, Stratum, Votes, single_label_votes
from labeling.rendering import Displayed, Excerpt, Table, View, as_interval

ANY_STRATUM = "all samples"
NO_BATCH = "in no batch"  # samples whose annotations were imported


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PeopleAgreement(Displayed):
    """Agreement of annotators in the first round, overall and by stratum.

    Later votes are requested because the first ones differ, so they would bias agreement downwards:
    they are left out.

    Attributes:
        votes: the first-round votes.
        overall: agreement on all samples.
        by_stratum: agreement on the samples of each stratum of the batches.
    """

    votes: Votes
    overall: Agreement
    by_stratum: dict[str, Agreement]

    def _view(self) -> View:
        stratum, found = self.headline
        shown = found._view()
        rows = tuple(
            (Excerpt(name), as_interval(part.percent), part.n_samples)
            for name, part in self.by_stratum.items()
        )
        table = Table(("stratum", "percent agreement", "samples"), rows, "By stratum.")
        title = f"{shown.title}: {stratum}"
        return View(title, (self.headline_note, *shown.parts, table))

    @property
    def headline(self) -> tuple[str, Agreement]:
        """The stratum to quote, and its agreement: the random one, if it has two votes a sample."""
        random = self.by_stratum.get(Stratum.RANDOM.value)
        if random is not None and random.n_samples:
            return Stratum.RANDOM.value, random
        return ANY_STRATUM, self.overall

    @property
    def headline_note(self) -> str:
        """Where the headline comes from, and what follows from it, in a sentence."""
        stratum, found = self.headline
        samples = counted(found.n_samples, "sample")
        if not found.n_samples:
            return "No sample has first-round votes of two people yet."
        if stratum == Stratum.RANDOM.value:
            return (
                f"The headline is of the {samples} drawn at random: other samples of a batch were"
                " chosen because they are hard."
            )
        if set(self.by_stratum) <= {NO_BATCH, Stratum.GIVEN.value}:
            return f"The headline is of {samples}, none of which was chosen by a query."
        return (
            f"The headline is of {samples}, none of them drawn at random: samples that are chosen"
            " because they are hard make it too low."
        )

    def by_label(self) -> pd.DataFrame:
        """Return the agreement on each label; see `labeling.analysis.agreement_by_label`."""
        return agreement_by_label(self.votes)

    def by_pair(self) -> pd.DataFrame:
        """Return the agreement of each two annotators, those with most common samples first."""
        pairs = agreement_by_pair(self.votes)
        order = ["n", "first", "second"]
        ranked = pairs.sort_values(order, ascending=[False, True, True], kind="stable")
        return ranked.reset_index(drop=True)

    def confused(self) -> pd.DataFrame:
        """Return which labels are confused; see `labeling.analysis.confused_labels`."""
        return confused_labels(self.votes)

    def low(self) -> pd.DataFrame:
        """Return the samples of low agreement; see `labeling.analysis.low_agreement`."""
        return low_agreement(self.votes)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each stratum and coefficient: `value, low, high, n, note`."""
        parts = {**self.by_stratum, ANY_STRATUM: self.overall}
        return pd.concat({name: part.to_frame() for name, part in parts.items()}, names=["stratum"])


def people_agreement(
    annotations: Iterable[Annotation], schema: LabelSchema, selections: pd.DataFrame
) -> PeopleAgreement:
    """Return the agreement of the annotators.

    Args:
        annotations: the current annotations; reviews, skips and later rounds are left out.
        schema: the labels.
        selections: the samples of batches, with the column `stratum`, by sample id.
    """
    first_round = [vote for vote in annotations if vote.round == 1 and not vote.reviewer]
    votes = single_label_votes(first_round, schema)
    strata = selections["stratum"][~selections.index.duplicated(keep="last")].to_dict()
    by_sample: dict[Hashable, str] = {
        sample_id: str(strata.get(sample_id) or NO_BATCH) for sample_id in votes.sample_ids
    }
    return PeopleAgreement(votes, agreement(votes), agreement_by_stratum(votes, by_sample))
