"""Agreement of annotators, measured by the type of their votes."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping
from typing import Any, overload

import numpy as np
import pandas as pd

from labeling.analysis.inter_annotator.coefficients import Agreement, label_agreement
from labeling.analysis.inter_annotator.set_agreement import SetAgreement, set_agreement
from labeling.analysis.inter_annotator.span_agreement import SpanAgreement, span_agreement
from labeling.errors import LabelingError
from labeling.records import AnyVotes, SetVotes, SpanVotes, Votes

Texts = Mapping[Hashable, str] | pd.Series


@overload
def agreement(votes: Votes, *, seed: int = 0, texts: Texts | None = None) -> Agreement: ...
@overload
def agreement(votes: SpanVotes, *, seed: int = 0, texts: Texts | None = None) -> SpanAgreement: ...
@overload
def agreement(votes: SetVotes, *, seed: int = 0, texts: Texts | None = None) -> SetAgreement: ...
def agreement(
    votes: AnyVotes, *, seed: int = 0, texts: Texts | None = None
) -> Agreement | SpanAgreement | SetAgreement:
    """Return the agreement of voters, with 95 % bootstrap intervals over samples.

    Samples that were queried because they are hard pull it down: for a number to quote take those
    that were drawn at random (see `agreement_by_stratum`). Where alpha is undefined (no sample has
    two votes, or all votes are equal) it is NaN, and its note gives the reason.

    Args:
        votes: of people; see `annotation_votes` for how annotations become votes. If the labels of
            their schema are ordered, alpha is ordinal and Gwet's coefficient weighted.
        seed: of the bootstrap.
        texts: the texts by sample id, for votes on spans: alpha on characters then counts what lies
            after the last span as well. Without them it is a little too low.

    Returns:
        An `Agreement` of votes for one label, a `SpanAgreement` of spans, a `SetAgreement` of sets
        of labels.

    Raises:
        LabelingError: `votes` are of another type.
        DataError: a sample has no text, or a span ends after its text.

    Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011); K. Gwet,
    "Computing inter-rater reliability and its variance in the presence of high agreement", British
    Journal of Mathematical and Statistical Psychology 61 (2008), and for AC2 his "Handbook of
    Inter-Rater Reliability" (2014), with the number of labels of the schema. For F1 of spans, which
    kappa tends to where what is not marked cannot be counted: G. Hripcsak and A. Rothschild,
    "Agreement, the F-measure, and reliability in information retrieval", JAMIA 12 (2005).

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0, 0], [1, 1], [0, 1]], schema=LabelSchema(["ham", "spam"]))
    >>> found = agreement(votes)
    >>> round(found.percent.value, 3), round(found.alpha.value, 3), found.n_samples
    (0.667, 0.444, 3)
    >>> frame = pd.DataFrame(
    ...     {"sample": "a", "voter": ["x", "y"], "start": 0, "end": [5, 9], "label": "PER"}
    ... )
    >>> spans = SpanVotes.from_frame(frame, schema=LabelSchema(["PER"], kind="spans"))
    >>> agreement(spans).exact.value, agreement(spans).relaxed.value
    (0.0, 1.0)
    """
    by_id = None if texts is None else dict(texts.items())
    found: Agreement | SpanAgreement | SetAgreement = _agreement_of(votes, seed, by_id)
    return found


@functools.singledispatch
def _agreement_of(votes: object, seed: int, texts: Mapping[Hashable, str] | None) -> Any:
    return _agreement_of(_checked(votes), seed, texts)


def _checked(votes: object) -> AnyVotes:
    if not isinstance(votes, AnyVotes):
        raise LabelingError(
            f"`votes` must be of type Votes, SpanVotes or SetVotes. Got a {type(votes).__name__}."
        )
    return votes


@_agreement_of.register
def _(votes: SpanVotes, seed: int, texts: Mapping[Hashable, str] | None) -> SpanAgreement:
    return span_agreement(votes, seed, texts)


@_agreement_of.register
def _(votes: SetVotes, seed: int, texts: Mapping[Hashable, str] | None) -> SetAgreement:
    return set_agreement(votes, seed)


@_agreement_of.register
def _(votes: Votes, seed: int, texts: Mapping[Hashable, str] | None) -> Agreement:
    return label_agreement(votes, seed)


def agreement_by_stratum(
    votes: AnyVotes,
    strata: Mapping[Hashable, str] | pd.Series,
    *,
    seed: int = 0,
    texts: Texts | None = None,
) -> dict[str, Any]:
    """Return the agreement on the samples of each stratum, by its name in sorted order.

    Only the stratum drawn at random ("random" in a batch of this package) shows how hard the data
    is; the others were chosen because a model was unsure about them.

    Args:
        votes: of people.
        strata: the stratum of each sample; samples without one are left out.
        seed: of the bootstrap.
        texts: as for `agreement`.

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0, 0], [1, 1], [0, 1]], schema=LabelSchema(["ham", "spam"]))
    >>> found = agreement_by_stratum(votes, {0: "random", 1: "random", 2: "margin"})
    >>> {name: part.percent.value for name, part in found.items()}
    {'margin': 0.0, 'random': 1.0}
    """
    stratum_of = dict(strata.items())
    of_sample = [stratum_of.get(sample) for sample in _checked(votes).sample_ids]
    found = {}
    by_id = None if texts is None else dict(texts.items())
    for name in sorted({str(stratum) for stratum in of_sample if stratum is not None}):
        members = [stratum is not None and str(stratum) == name for stratum in of_sample]
        ids = votes.sample_ids[np.array(members)]
        found[name] = _agreement_of(votes.of_samples(ids), seed, by_id)
    return found
