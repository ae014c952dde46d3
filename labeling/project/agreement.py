"""Agreement of a project's annotators: on which votes, and which number is the one to quote."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pandas as pd

from labeling.analysis import (
    Agreement,
    SetAgreement,
    SpanAgreement,
    agreement,
    agreement_by_label,
    agreement_by_pair,
    agreement_by_stratum,
    confused_labels,
    low_agreement,
)
from labeling.errors import counted
from labeling.records import (
    Annotation,
    AnyVotes,
    LabelSchema,
    Stratum,
    Votes,
    annotation_votes,
    single_label_votes,
)
from labeling.records.estimates import Estimate
from labeling.rendering import Displayed, Excerpt, Table, View, as_interval

ANY_STRATUM = "all samples"
NO_BATCH = "in no batch"  # samples whose annotations were imported


MEASURES = {Agreement: "percent agreement", SetAgreement: "same sets", SpanAgreement: "exact F1"}
"""What is compared between strata, by the type of the agreement."""

AnyAgreement = Agreement | SetAgreement | SpanAgreement
AgreementOfParts = SetAgreement | SpanAgreement
Measured = TypeVar("Measured", Agreement, AgreementOfParts)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FirstRoundAgreement(Displayed, Generic[Measured]):
    """Agreement of annotators in the first round, overall and by stratum.

    Later votes are requested because the first ones differ, so they would bias agreement downwards:
    they are left out.

    Attributes:
        votes: the first-round votes.
        overall: agreement on all samples.
        by_stratum: agreement on the samples of each stratum of the batches.
    """

    votes: Any
    overall: Measured
    by_stratum: dict[str, Measured]

    def _view(self) -> View:
        stratum, found = self.headline
        shown: View = found._view()
        rows = tuple(
            (Excerpt(name), as_interval(first_measure(part)), part.n_samples)
            for name, part in self.by_stratum.items()
        )
        measure = MEASURES[type(self.overall)]
        table = Table(("stratum", measure, "samples"), rows, "By stratum.")
        title = f"{shown.title}: {stratum}"
        return View(title, (self.headline_note, *shown.parts, table))

    @property
    def headline(self) -> tuple[str, Measured]:
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

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each stratum and coefficient: `value, low, high, n, note`."""
        parts = {**self.by_stratum, ANY_STRATUM: self.overall}
        return pd.concat({name: part.to_frame() for name, part in parts.items()}, names=["stratum"])


class PartsAgreement(FirstRoundAgreement[AgreementOfParts]):
    """Agreement of annotators on spans, or on several labels; see `FirstRoundAgreement`."""

    __slots__ = ()


class PeopleAgreement(FirstRoundAgreement[Agreement]):
    """Agreement of annotators on one label per sample; see `FirstRoundAgreement`."""

    __slots__ = ()

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


@functools.singledispatch
def first_measure(found: AnyAgreement) -> Estimate:
    """Return what is named first of an agreement; see `MEASURES`."""
    raise TypeError(f"There is no agreement of type {type(found).__name__}.")


@first_measure.register
def _(found: Agreement | SetAgreement) -> Estimate:
    return found.percent


@first_measure.register
def _(found: SpanAgreement) -> Estimate:
    return found.exact


def people_agreement(
    annotations: Iterable[Annotation], schema: LabelSchema, selections: pd.DataFrame
) -> PeopleAgreement:
    """Return the agreement of the annotators.

    Args:
        annotations: the current annotations; reviews, skips and later rounds are left out.
        schema: the labels.
        selections: the samples of batches, with the column `stratum`, by sample id.
    """
    votes = single_label_votes(_first_round(annotations), schema)
    by_sample = _strata(votes, selections)
    return PeopleAgreement(votes, agreement(votes), agreement_by_stratum(votes, by_sample))


def any_agreement(
    annotations: Iterable[Annotation],
    schema: LabelSchema,
    selections: pd.DataFrame,
    texts: pd.Series | None = None,
) -> PeopleAgreement | PartsAgreement:
    """Return the agreement of the annotators on labels of any kind; see `people_agreement`.

    Args:
        annotations: the current annotations.
        schema: the labels.
        selections: the samples of batches.
        texts: the texts by sample id, for spans; see `labeling.analysis.agreement`.
    """
    votes = annotation_votes(_first_round(annotations), schema)
    by_sample = _strata(votes, selections)
    form: Any = PeopleAgreement if isinstance(votes, Votes) else PartsAgreement
    overall = agreement(votes, texts=texts)
    found: PeopleAgreement | PartsAgreement = form(
        votes, overall, agreement_by_stratum(votes, by_sample, texts=texts)
    )
    return found


def _first_round(annotations: Iterable[Annotation]) -> list[Annotation]:
    return [vote for vote in annotations if vote.round == 1 and not vote.reviewer]


def _strata(votes: AnyVotes, selections: pd.DataFrame) -> dict[Hashable, str]:
    """Return the stratum of each sample with votes."""
    strata = selections["stratum"][~selections.index.duplicated(keep="last")].to_dict()
    return {sample_id: str(strata.get(sample_id) or NO_BATCH) for sample_id in votes.sample_ids}
