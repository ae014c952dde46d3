"""How good the labels are by the random strata of batches, how they change, and when to stop."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import json
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from labeling.config import Config
from labeling.errors import counted
from labeling.project.results import Round
from labeling.project.whole_labels import all_right, matches, panel_codes
from labeling.records import AnySoft, Batch, GoldLabel, SoftLabels, uniform_by_id
from labeling.records.estimates import Estimate
from labeling.store import Store

AUDIT = "audit"  # key of the accuracy of all labels in the quality log
AUDIT_LABEL_MODEL = "audit_label_model"
LEFT = "audit_left"  # key of how many samples could still be drawn at random
PANEL = "panel"  # key of the labels of a few samples, which show how labels change
PANEL_SIZE = 1000  # samples whose labels are compared from round to round
PANEL_SALT = 20_261_130
MAIN = ""  # name of the measure that decides when to stop
DETAILS = "audit_details"  # key of what else is measured of all labels, by its name
MEASURES = {
    "one": "accuracy of the labels",
    "several": "micro F1 of the labels",
    "spans": "F1 of the spans",
}
"""What is measured, by the task of the config."""
ALL_RIGHT = {"several": "samples with all labels right", "spans": "samples with all spans right"}

PRECISION = 0.02  # half-width that the status aims at where the config names none


@dataclass(frozen=True, slots=True)
class LabelQuality:
    """What is known of the labels without reading them.

    Attributes:
        measure: what `accuracy` is: of spans and of several labels it is F1.
        accuracy: of the most probable labels of all samples (`labels`), and of those of the label
            model alone (`label model`), each by the samples that were drawn at random; empty
            before people settled one of them.
        details: of spans and of several labels the precision, the recall, and the share of samples
            that are right in all, by name.
        kappas: Cohen's kappa between the labels of each two successive rounds, in order.
        sentences: all of this in sentences, and how many more labels are needed.
        stop: why to stop asking, by the rules of the config; empty while there is no reason.
    """

    measure: str = MEASURES["one"]
    accuracy: Mapping[str, Estimate] = field(default_factory=dict)
    details: Mapping[str, Estimate] = field(default_factory=dict)
    kappas: tuple[float, ...] = ()
    sentences: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()


def quality_about(store: Store, dev: pd.Series, current: Round) -> dict[str, Any]:
    """Return what the quality log keeps of a round, as JSON values."""
    from labeling.query import batches_of

    ids = current.posterior.sample_ids
    labels = current.posterior.of_samples(ids[~ids.isin(dev.index)])
    chosen = store.batches.frame()
    batches = batches_of(chosen)
    annotated = [annotation.sample_id for annotation in current.annotations]
    asked = list(store.batches.asked())  # not those of a batch that may still be replaced
    left = ~labels.sample_ids.isin(asked) & ~labels.sample_ids.isin(annotated)
    about: dict[str, Any] = {"batch": current.number, PANEL: _panel(current), LEFT: int(left.sum())}
    for key, soft in ((AUDIT, labels), (AUDIT_LABEL_MODEL, current.soft)):
        found = audit_of(soft.of_samples(labels.sample_ids), current.gold, batches)
        if found[MAIN].n:
            about[key] = dataclasses.asdict(found[MAIN])
        if key == AUDIT and found[MAIN].n and len(found) > 1:
            about[DETAILS] = {
                name: dataclasses.asdict(estimate)
                for name, estimate in found.items()
                if name != MAIN
            }
    return about


def _panel(current: Round) -> dict[str, Any]:
    """Return the labels of up to 1,000 samples, the same in each round, and a digest of their ids.

    -1 stands for a tie.
    """
    soft = current.posterior
    order = np.argsort(uniform_by_id(soft.sample_ids, PANEL_SALT), kind="stable")[:PANEL_SIZE]
    names = json.dumps([repr(sample_id) for sample_id in soft.sample_ids[order].tolist()])
    digest = hashlib.sha256(f"{names}{list(soft.schema)}".encode()).hexdigest()[:16]
    return {"of": digest, "codes": panel_codes(soft)[order].tolist()}


@functools.singledispatch
def audit_of(
    soft: AnySoft, gold: Collection[GoldLabel], batches: Sequence[Batch]
) -> dict[str, Estimate]:
    """Return how right all labels are by the random strata of batches, by the name of the measure.

    `MAIN` is accuracy where a sample has one label; F1 of spans, or of several labels, where the
    precision, the recall, and the share of samples that are right in all stand beside it.
    """
    from labeling.query import label_accuracy, part_quality

    ids = set(soft.sample_ids)
    known: dict[Hashable, Any] = {one.sample_id: one.label for one in gold if one.sample_id in ids}
    answers: Any = soft.to_labels().to_dict()
    found = part_quality(answers, known, batches, soft.sample_ids)
    exact = label_accuracy(all_right(soft.sample_ids), matches(soft, known), batches)
    return {
        MAIN: found.f1,
        "precision": found.precision,
        "recall": found.recall,
        ALL_RIGHT[soft.schema.kind]: exact,
    }


@audit_of.register
def _(
    soft: SoftLabels, gold: Collection[GoldLabel], batches: Sequence[Batch]
) -> dict[str, Estimate]:
    from labeling.query import label_accuracy

    return {MAIN: label_accuracy(soft, gold, batches)}


def label_quality(config: Config, store: Store) -> LabelQuality:
    """Return the quality of the labels as it was measured last."""
    from labeling.query import StoppingRule

    log, measure = store.facts.quality_log(), MEASURES[config.task]
    if not log:
        return LabelQuality(measure)
    last = log[-1]
    kappas = _kappas([row["about"] for row in log])
    keys = {"labels": AUDIT, "label model": AUDIT_LABEL_MODEL}
    accuracy = {
        name: Estimate(**last["about"][key]) for name, key in keys.items() if key in last["about"]
    }
    details = {name: Estimate(**values) for name, values in last["about"].get(DETAILS, {}).items()}
    rule = StoppingRule(**config.query.stop.model_dump())
    votes = last["human_votes"] + last["reviews"]
    stop = rule.reasons(accuracy.get("labels"), kappas, votes, measure=measure)
    n_compared = len(last["about"].get(PANEL, {"codes": ()})["codes"])
    found = LabelQuality(measure, accuracy, details, kappas, stop=stop)
    aim, left = config.query.stop.half_width, last["about"].get(LEFT)
    return dataclasses.replace(found, sentences=_sentences(found, n_compared, aim, left))


def stop_reasons(config: Config, store: Store) -> tuple[str, ...]:
    """Return why no further batch should be chosen, by the rules of the config."""
    return label_quality(config, store).stop if store.ready() else ()


def _kappas(log: Sequence[Mapping[str, Any]]) -> tuple[float, ...]:
    """Return kappa between the last labels of each batch and those of the batch before."""
    from labeling.query import code_kappa

    panels = {about["batch"]: about[PANEL] for about in log if PANEL in about}
    in_order = [panels[number] for number in sorted(panels)]
    return tuple(
        code_kappa(np.array(before["codes"]), np.array(after["codes"]))
        for before, after in itertools.pairwise(in_order)
        if before["of"] == after["of"]
    )


def _sentences(
    found: LabelQuality, n_compared: int, half_width: float | None, left: int | None
) -> tuple[str, ...]:
    """Return what is known of the labels in sentences.

    Args:
        found: what was measured.
        n_compared: of how many samples the labels of two rounds are compared.
        half_width: that the interval shall have, by the config.
        left: how many samples could still be drawn at random; `None` in older logs.
    """
    sentences, accuracy, kappas = [], found.accuracy, found.kappas
    what = found.measure[0].upper() + found.measure[1:]
    if "labels" in accuracy:
        parts = [f"{accuracy['labels']}"]
        if "label model" in accuracy:
            parts.append(f"by the label model alone {accuracy['label model']}")
        parts += [f"{name} {estimate}" for name, estimate in found.details.items()]
        sentences.append(
            f"{what}, by samples drawn at random: {'; '.join(parts)} (95 % intervals)."
        )
        aim = PRECISION if half_width is None else half_width
        sentences.append(_needed_sentence(accuracy["labels"], aim, left))
    elif half_width is not None:
        sentences.append(
            f"The {found.measure} is unknown, so that `half_width` is no reason to stop yet:"
            " no sample drawn at random is settled. The strategies 'mixture' and 'random' draw"
            " some."
        )
    if kappas:
        sentences.append(
            f"Labels of the last two rounds, on {counted(n_compared, 'sample')}: kappa"
            f" {kappas[-1]:.3f} (1 = unchanged)."
        )
    return tuple(sentences)


def _needed_sentence(accuracy: Estimate, aim: float, left: int | None) -> str:
    """Return how many more samples are to be labeled, of those that are left.

    Args:
        accuracy: of the labels.
        aim: the half-width that its interval shall have.
        left: how many samples were neither chosen nor annotated; `None` in older logs.
    """
    from labeling.query import labels_needed
    from labeling.query.stopping import points

    target = f"to see a difference of {points(aim)}"
    if not labels_needed(accuracy, aim):
        return f"That is enough {target}."
    if left == 0:
        return (
            f"That is not enough {target}, and no sample is left to be drawn: only labels of those"
            " that are not settled can tell more."
        )
    more = labels_needed(accuracy, aim, left)
    if more == left:
        return f"All {counted(more, 'sample')} that are left would have to be labeled {target}."
    of_left = "" if left is None else f", of {left:,} that are left,"
    return (
        f"Label {more:,} more samples drawn at random{of_left} {target} (half of a batch is, a"
        " third while a label is rare)."
    )
