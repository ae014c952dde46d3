"""Confidence next to gold, by the kind of the soft labels: of samples, of spans, of sets."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.analysis.metrics import scores
from labeling.errors import counted
from labeling.records import (
    ABSTAIN,
    AnySoft,
    Gold,
    SoftLabels,
    SoftSets,
    SoftSpans,
    expect,
    gold_codes,
    gold_set_codes,
    gold_spans,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Wording(NamedTuple):
    """The words of the plots for a kind of soft labels.

    Attributes:
        unit: what has a confidence, in the singular.
        units: the same in the plural.
        gold: what a unit with gold is called.
        golds: the same in the plural.
        right: the share that confidence is compared with.
        axis: the same, as the title of an axis.
        no_gold: the sentence where nothing has gold.
    """

    unit: str
    units: str
    gold: str
    golds: str
    right: str
    axis: str
    no_gold: str


OF_SAMPLES = Wording(
    unit="sample",
    units="samples",
    gold="gold label",
    golds="gold labels",
    right="accuracy",
    axis="accuracy",
    no_gold="No covered sample has a gold label.",
)
OF_SPANS = Wording(
    unit="candidate span",
    units="candidate spans",
    gold="candidate span",
    golds="candidate spans",
    right="the share of gold spans",
    axis="share of gold spans",
    no_gold="No candidate span is in a sample with gold.",
)
OF_SETS = Wording(
    unit="label of a sample",
    units="labels of samples",
    gold="label of a sample",
    golds="labels of samples",
    right="the share in gold",
    axis="share in gold",
    no_gold="Nothing was said of a sample with gold.",
)


class Confidences(NamedTuple):
    """Groups of units with their confidence.

    Attributes:
        series: the name of each group, with the confidence of its units.
        lowest: the lowest possible confidence.
        wording: the words of the plot.
        notes: sentences about what is left out.
    """

    series: list[tuple[str, Floats]]
    lowest: float
    wording: Wording
    notes: tuple[str, ...]


class Hits(NamedTuple):
    """The confidence of units with gold, and whether they are right.

    Attributes:
        confidence: shape (n_units,).
        right: 1 for right, 0 for wrong, a fraction for a tie: shape (n_units,).
        lowest: the lowest possible confidence.
        wording: the words of the plot.
        notes: sentences about what is left out.
    """

    confidence: Floats
    right: Floats
    lowest: float
    wording: Wording
    notes: tuple[str, ...]


@functools.singledispatch
def confidences(soft: AnySoft, gold: Gold | None) -> Confidences:
    """Return the confidence of units by whether they are right; all of them without gold.

    Raises:
        LabelingError: they are no soft labels.
    """
    of_samples = expect(soft, SoftLabels, "`soft`")
    series, notes = _by_sample(of_samples, gold)
    return Confidences(series, 1 / len(of_samples.schema), OF_SAMPLES, notes)


def _by_sample(
    soft: SoftLabels, gold: Gold | None
) -> tuple[list[tuple[str, Floats]], tuple[str, ...]]:
    top = soft.confidence()
    truth = gold_codes(gold, soft.sample_ids, soft.schema)
    has_gold = (truth != ABSTAIN) & soft.covered
    if not has_gold.any():
        note = OF_SAMPLES.no_gold if gold is not None else "No gold labels."
        return [("covered samples", top[soft.covered])], (note,)
    codes = soft.codes()
    is_tied = has_gold & (codes == ABSTAIN)
    is_right = has_gold & (codes == truth)
    groups = [("right", top[is_right]), ("wrong", top[has_gold & ~is_right & ~is_tied])]
    ties = int(np.count_nonzero(is_tied))
    note = f"{counted(ties, 'sample')} with a tie of the most probable labels left out."
    return groups, (note,) if ties else ()


@functools.singledispatch
def hits(soft: AnySoft, gold: Gold) -> Hits:
    """Return the confidence of units with gold, and whether they are right.

    Raises:
        LabelingError: they are no soft labels.
    """
    of_samples = expect(soft, SoftLabels, "`soft`")
    right = scores(of_samples, gold)
    right = right[of_samples.covered[of_samples.sample_ids.get_indexer(right.index)]]
    confidence = of_samples.of_samples(right.index).confidence()
    return Hits(confidence, right.to_numpy(), 1 / len(of_samples.schema), OF_SAMPLES, ())


class _Parts(NamedTuple):
    """Probabilities of spans or labels of samples, with 1 or 0 by gold, -1 without gold."""

    p: Floats
    truth: Ints
    wording: Wording
    notes: tuple[str, ...]


def _span_parts(soft: SoftSpans, gold: Gold | None) -> _Parts:
    best = soft.best_labels
    p = soft.array[np.arange(len(best)), best]
    truth = np.full(len(best), ABSTAIN, dtype=np.int64)
    known = gold_spans(gold, soft.sample_ids, soft.schema)
    missed = {(sample_id, span[:2]) for sample_id, spans in known.items() for span in spans}
    for row, sample_id in enumerate(soft.sample_ids.take(soft.sample).tolist()):
        if sample_id in known:
            place = (int(soft.start[row]), int(soft.end[row]))
            missed.discard((sample_id, place))
            truth[row] = (*place, soft.schema.labels[best[row]]) in known[sample_id]
    note = f"{counted(len(missed), 'gold span is', 'gold spans are')} no candidate: left out."
    return _Parts(p, truth, OF_SPANS, (note,) if missed else ())


def _set_parts(soft: SoftSets, gold: Gold | None) -> _Parts:
    codes = gold_set_codes(gold, soft.sample_ids, soft.schema)
    covered = np.asarray(soft.covered)
    n_missed = int(np.count_nonzero((codes == 1) & ~covered))
    note = f"Nothing was said of {counted(n_missed, 'gold label')}: left out."
    truth = codes[covered].astype(np.int64)
    return _Parts(soft.array[covered], truth, OF_SETS, (note,) if n_missed else ())


def _confidences(parts: _Parts, gold: Gold | None) -> Confidences:
    if not (parts.truth != ABSTAIN).any():
        note = parts.wording.no_gold if gold is not None else "No gold labels."
        return Confidences([(parts.wording.units, parts.p)], 0.0, parts.wording, (note,))
    series = [("in gold", parts.p[parts.truth == 1]), ("not in gold", parts.p[parts.truth == 0])]
    return Confidences(series, 0.0, parts.wording, parts.notes)


def _hits(parts: _Parts) -> Hits:
    has_gold = parts.truth != ABSTAIN
    right = parts.truth[has_gold].astype(np.float64)
    return Hits(parts.p[has_gold], right, 0.0, parts.wording, parts.notes)


@confidences.register
def _(soft: SoftSpans, gold: Gold | None) -> Confidences:
    return _confidences(_span_parts(soft, gold), gold)


@confidences.register
def _(soft: SoftSets, gold: Gold | None) -> Confidences:
    return _confidences(_set_parts(soft, gold), gold)


@hits.register
def _(soft: SoftSpans, gold: Gold) -> Hits:
    return _hits(_span_parts(soft, gold))


@hits.register
def _(soft: SoftSets, gold: Gold) -> Hits:
    return _hits(_set_parts(soft, gold))
