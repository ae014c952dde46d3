"""What a project knows of its training set, for the data card: measured here, never made up."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from labeling.analysis import Agreement, SetAgreement, SpanAgreement
from labeling.config import Config
from labeling.project.agreement import AnyAgreement, PartsAgreement, PeopleAgreement
from labeling.project.label_quality import LabelQuality
from labeling.records import ABSTAIN, AnyVotes, LabelingFunction, Votes, gold_codes
from labeling.records.estimates import Estimate, proportion
from labeling.rendering.formatting import clipped

if TYPE_CHECKING:
    from labeling.datasets import CardSettings, DataTestReport, FunctionFacts
    from labeling.datasets.releases.log import LogEntry

CROWD_MODULE = "labeling.functions.crowds"
LONGEST_DESCRIPTION = 300
QUALITY_NOTE = (
    "Measured on samples drawn at random for people to label, by the labels that they settled on;"
    " labels that people gave before are not among those measured. 95 % intervals."
)


def quality_facts(quality: LabelQuality) -> dict[str, Estimate]:
    """Return what was measured of the labels, by what a card calls it."""
    short = quality.measure.partition(" of ")[0]
    names = {
        "labels": f"{quality.measure} that people did not give",
        "label model": f"{short} of the label model alone",
    }
    return {names[name]: found for name, found in quality.accuracy.items()} | dict(quality.details)


def card_settings(config: Config) -> CardSettings:
    """Return what the config says of the training set, with the project's name as its own."""
    from labeling.datasets import CardSettings

    given = config.card.model_dump(exclude={"known_problems", "slices"})
    return CardSettings(**{**given, "name": given["name"] or config.name})


def function_facts(
    functions: Iterable[LabelingFunction], votes: AnyVotes, gold: pd.Series
) -> tuple[FunctionFacts, ...]:
    """Return the name, the first line of the docstring, and the accuracy of each function.

    Args:
        functions: the labeling functions.
        votes: their votes.
        gold: gold labels that were given; of samples without one no vote is judged.
    """
    from labeling.datasets import FunctionFacts

    accuracy = _accuracy(votes, gold)
    return tuple(
        FunctionFacts(
            function.name,
            _first_line(function.__doc__),
            accuracy.get(function.name),
            getattr(function.function, "__module__", "") == CROWD_MODULE,
        )
        for function in functions
    )


def _first_line(docstring: str | None) -> str:
    lines = (docstring or "").strip().splitlines()
    return clipped(lines[0].strip(), LONGEST_DESCRIPTION) if lines else ""


@functools.singledispatch
def _accuracy(votes: AnyVotes, gold: pd.Series) -> dict[str, Estimate]:
    """Return the accuracy of each function; of sets and spans none is measured yet."""
    return {}


@_accuracy.register
def _(votes: Votes, gold: pd.Series) -> dict[str, Estimate]:
    inside = gold[gold.index.isin(votes.sample_ids)]
    truth = gold_codes(inside, votes.sample_ids, votes.schema)
    array = votes.to_array()
    judged = (array != ABSTAIN) & (truth != ABSTAIN)[:, None]
    right = judged & (array == truth[:, None])
    counts = zip(votes.voters, right.sum(axis=0).tolist(), judged.sum(axis=0).tolist(), strict=True)
    return {voter: proportion(n_right, n) for voter, n_right, n in counts if n}


OF_TASK: dict[str, dict[str, str]] = {
    "several": {"label model": "SetModel"},
    "spans": {
        "label model": "SpanModel",
        "end model": "a conditional random field of words, where no labeling function spoke",
    },
}
"""The models of a task that are not named in the config."""


def model_names(config: Config) -> dict[str, str]:
    """Return the models by what they are for."""
    features = f"text and votes, with the embeddings {config.embeddings}"
    end_model = features if config.embeddings else "text and votes"
    models = {"label model": config.label_model, "end model": end_model}
    return {**models, **OF_TASK.get(config.task, {})}


def platform_name(config: Config) -> str:
    """Return where people annotated, in words."""
    if config.label_studio is not None:
        return "Label Studio"
    if config.files is not None:
        return f"files that people filled in ({config.files.kind})"
    return "recorded annotations that were replayed" if config.replay is not None else ""


def agreement_estimates(found: PeopleAgreement | PartsAgreement) -> dict[str, Estimate]:
    """Return the agreement of people in the first round, of the stratum to quote."""
    stratum, agreement = found.headline
    named = _coefficients(agreement)
    return {
        f"{name} in the first round ({stratum})": estimate
        for name, estimate in named.items()
        if estimate.n
    }


@functools.singledispatch
def _coefficients(agreement: AnyAgreement) -> dict[str, Estimate]:
    """Return the coefficients to quote, by their names."""
    raise TypeError(f"There is no agreement of type {type(agreement).__name__}.")


@_coefficients.register
def _(agreement: Agreement) -> dict[str, Estimate]:
    return {"percent agreement": agreement.percent, "Krippendorff's alpha": agreement.alpha}


@_coefficients.register
def _(agreement: SpanAgreement) -> dict[str, Estimate]:
    return {
        "F1 between people, equal spans": agreement.exact,
        "F1 between people, overlapping spans": agreement.relaxed,
        "Krippendorff's alpha on characters": agreement.alpha,
    }


@_coefficients.register
def _(agreement: SetAgreement) -> dict[str, Estimate]:
    return {
        "share of equal sets": agreement.percent,
        "Krippendorff's alpha with Jaccard distance": agreement.jaccard,
        "Krippendorff's alpha with MASI distance": agreement.masi,
    }


def report_problems(report: DataTestReport | None) -> tuple[str, ...]:
    """Return what tests on the data found: failures that were acknowledged, and warnings."""
    if report is None:
        return ()
    found = (*report.failed, *report.warnings)
    return tuple(
        f"{finding.sentence} (test {finding.name}, n = {finding.n:,})" for finding in found
    )


def publication_day(steps: Sequence[LogEntry]) -> str:
    """Return the day on which a release was merged; without a merge that of its first step."""
    merges = [entry for entry in steps if entry.action == "merged"]
    return next((entry.at[:10] for entry in (*merges, *steps)), "")
