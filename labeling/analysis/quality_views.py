"""What is wrong with a training set, as views for a report: each part from what is given for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from labeling.analysis.behaviour import BehaviourResult
from labeling.analysis.estimated_shares import estimated_accuracy, estimated_class_balance
from labeling.analysis.gold_comparison import compared, label_codes
from labeling.analysis.label_errors import label_errors
from labeling.analysis.label_quality import label_quality
from labeling.analysis.problems import ProblemHistory, ProblemList
from labeling.analysis.slices.finding import find_slices
from labeling.analysis.slices.masks import Slices
from labeling.analysis.slices.measuring import slice_quality
from labeling.errors import MissingExtraError
from labeling.records import ABSTAIN, Gold, LabelSchema, SoftLabels, gold_series
from labeling.rendering import Cell, Excerpt, Table, View, as_interval


def quality_views(
    labels: pd.Series,
    schema: LabelSchema,
    *,
    soft: SoftLabels | None = None,
    gold: Gold | None = None,
    samples: pd.DataFrame | None = None,
    slices: Slices | None = None,
    problems: ProblemList | None = None,
    behaviour: Sequence[BehaviourResult] = (),
) -> list[View]:
    """Return what is known to be wrong with labels, for the report of a release.

    Args:
        labels: sample id -> label name, of a training set, before gold labels win over them: those
            that are themselves gold would be measured on themselves.
        schema: the labels.
        soft: out-of-sample probabilities of these samples, such as those of an `EndModel`, for
            likely label errors and calibration.
        gold: human labels that neither `labels` nor `soft` learned, of some samples.
        samples: the samples' columns, for the search for slices.
        slices: of `labeling.apply_slices`.
        problems: of `ProblemList.read`.
        behaviour: results of behavioural tests.

    Returns:
        The views in the order of a report. A part whose input is missing is left out; the last view
        says which, and what they need.

    Raises:
        LabelingError: an argument is invalid.

    >>> labels = pd.Series(["ham", "spam"] * 10)
    >>> views = quality_views(labels, LabelSchema(["ham", "spam"]), gold=labels[:10])
    >>> [view.title for view in views]
    ['Quality of labels on 10 gold labels', 'Not measured']
    """
    views: list[View] = []
    missing: list[str] = []
    if gold is not None and gold_series(gold).index.isin(labels.index).any():
        views += _against_gold(labels, schema, gold, soft, samples)
        views += _by_slice(labels, schema, gold, slices, missing)
        views += _known_problems(labels, schema, gold, slices, problems, missing)
    else:
        missing.append("quality, slices and problems need gold labels of some of the samples")
    if soft is not None and _are_of(labels, soft):
        missing.append("likely label errors need labels other than those of the model itself")
    elif soft is not None and soft.sample_ids.isin(labels.index).any():
        views += _likely_errors(labels, soft, missing)
    else:
        missing.append("likely label errors need out-of-sample probabilities (an EndModel)")
    if behaviour:
        views.append(behaviour_view(behaviour))
    else:
        missing.append("the behaviour of a model needs tests (labeling.behaviour)")
    return [*views, View("Not measured", tuple(f"{each}." for each in missing))]


def behaviour_view(results: Sequence[BehaviourResult]) -> View:
    """Return the failure rates of behavioural tests in one table, with an example each."""
    rows = tuple(
        (
            Excerpt(one.name),
            as_interval(one.failures),
            Excerpt(one.examples[0].before if one.examples else ""),
            Excerpt(one.examples[0].after if one.examples else ""),
        )
        for one in results
    )
    headings = ("test", "failure rate", "example", "changed")
    return View(f"{len(rows)} behavioural tests of the model", (Table(headings, rows),))


def history_view(history: ProblemHistory) -> View:
    """Return the errors of problems over releases, without the picture where none can be drawn."""
    try:
        return history._view()
    except MissingExtraError as error:
        rows = tuple(
            (Excerpt(name), *(None if one is None else as_interval(one) for one in errors))
            for name, errors in history.errors.items()
        )
        table = Table(("problem", *history.releases), rows)
        return View("Errors of known problems over releases", (f"No picture: {error}", table))


def _against_gold(
    labels: pd.Series,
    schema: LabelSchema,
    gold: Gold,
    soft: SoftLabels | None,
    samples: pd.DataFrame | None,
) -> list[View]:
    with_gold = gold_series(gold).index
    has_soft = soft is not None and with_gold.isin(soft.sample_ids).any()
    views: list[View] = []
    if not (soft is not None and has_soft and _are_of(labels, soft)):
        views.append(label_quality(labels, gold, schema=schema)._view())
    if soft is not None and has_soft:
        of_model = label_quality(soft, gold)._view()
        views.append(View(f"Model: {of_model.title}", of_model.parts))
        if not soft.sample_ids.isin(with_gold).all():
            views.append(_estimated(labels, soft, gold))
    if samples is not None:
        pairs = compared(labels, gold, schema)
        wrong = pd.Series(pairs.scores() < 1 - 1e-9, pairs.ids)
        views.append(find_slices(samples, wrong)._view())
    return views


def _are_of(labels: pd.Series, soft: SoftLabels) -> bool:
    """Return whether labels are the most probable ones of soft labels; ties may be left out."""
    decided = soft.to_labels().dropna()
    shared = labels.reindex(decided.index)
    return bool((shared == decided).all())


def _estimated(labels: pd.Series, soft: SoftLabels, gold: Gold) -> View:
    """Return accuracy and class balance of all samples, of which few have a gold label."""
    accuracy = estimated_accuracy(soft, gold, labels=labels.reindex(soft.sample_ids))
    balance = estimated_class_balance(soft, gold)
    rows: tuple[tuple[Cell, ...], ...] = (
        ("accuracy of the labels", as_interval(accuracy), accuracy.note),
        *(
            (Excerpt(f"share of {label}"), as_interval(share), share.note)
            for label, share in balance.items()
        ),
    )
    sentence = (
        "Estimated from the gold labels and the model's probabilities of all samples together. It"
        " is true of all samples only if those with a gold label are a random sample of them."
    )
    title = f"All {len(soft):,} samples, estimated from {accuracy.n:,} gold labels"
    return View(title, (sentence, Table(("what", "estimate with 95 % interval", "worth"), rows)))


def _by_slice(
    labels: pd.Series,
    schema: LabelSchema,
    gold: Gold,
    slices: Slices | None,
    missing: list[str],
) -> list[View]:
    if slices is None or not len(slices):
        missing.append("quality by slice needs slicing functions (@slicing_function)")
        return []
    return [slice_quality(slices, labels, gold, schema=schema)._view()]


def _known_problems(
    labels: pd.Series,
    schema: LabelSchema,
    gold: Gold,
    slices: Slices | None,
    problems: ProblemList | None,
    missing: list[str],
) -> list[View]:
    if problems is None or not len(problems):
        missing.append("known problems need a problem list (problems.yaml)")
        return []
    return [problems.measure(labels, gold, slices=slices, schema=schema)._view()]


def _likely_errors(labels: pd.Series, soft: SoftLabels, missing: list[str]) -> list[View]:
    known = labels[labels.index.isin(soft.sample_ids)]
    if not (np.asarray(label_codes(known, soft.schema)) != ABSTAIN).any():
        return []
    try:
        return [label_errors(known, soft)._view()]
    except MissingExtraError as error:
        missing.append(f"likely label errors: {error}")
        return []
