"""Tests for labels that are wrong in one slice: systematic flips, and words that trigger one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.data_tests.comparing import (
    Compared,
    combined,
    details,
    fisher,
    strongest,
)
from labeling.datasets.data_tests.settings import DataTestSettings
from labeling.datasets.data_tests.tested import Codes, Tested, comparisons
from labeling.datasets.data_tests.words import MOST_ROWS, counts_by_label, slices_of
from labeling.datasets.findings import Finding, finding, skipped
from labeling.errors import counted
from labeling.records import LabelSchema

FEWEST = 20
"""Samples that a slice must have in both sets to be compared."""
MOST_ROWS_SHOWN = 50
FEWEST_TRIGGERED = 10
"""Samples with a new word from which it may be a trigger."""
RISE = 10.0
"""How much more frequent than in the base a word must be to be new."""
MOST_BY_CHANCE = 0.01
"""Probability of so pure a label by chance above which a word does not decide it."""
PURITY = 0.9
"""Share of one label among the samples with a word that gives the label away."""

Ints = npt.NDArray[np.int64]


def labels_by_slice(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """The shares of the labels within each slice are those of the base.

    Labels that were flipped in one slice (the samples with a word, or a value of a column) change
    the shares of the labels too little to be seen over all samples.
    """
    name = "labels_by_slice"
    if base is None or head.codes is None or base.codes is None:
        return skipped(name, "there is no base with labels to compare with", len(head))
    results, n_tests = [], 0
    members: list[Any] = []
    drawn_base = base.drawn(MOST_ROWS)
    for rows, part in comparisons(head, base):
        drawn = part.drawn(MOST_ROWS)
        names, (ours, theirs) = slices_of(
            [drawn, drawn_base], settings.text, settings.ignore, 2 * FEWEST
        )
        found, tested = _changed_slices(
            rows, names, (_counts(ours, drawn), _counts(theirs, drawn_base)), settings, head.schema
        )
        n_tests += tested
        results += found
        members += [_members(drawn, ours, names.index(one.what)) for one in found]
    if not n_tests:
        reason = f"no word and no value is in {FEWEST} samples of both sets"
        return skipped(name, reason, len(head))
    return _judged_slices(name, results, members, n_tests, (len(head), settings))


def _judged_slices(
    name: str,
    results: list[Compared],
    members: list[Any],
    n_tests: int,
    of: tuple[int, DataTestSettings],
) -> Finding:
    """Return the finding on the slices whose labels changed, of so many that were compared."""
    n, settings = of
    if not results:
        sentence = (
            f"In none of {counted(n_tests, 'comparison')} of a label within a slice did its share"
            f" change by more than {settings.slice_change:.0%}."
        )
        return finding(
            name, ok=True, sentence=sentence, n=n, value=0.0, limit=settings.slice_change
        )
    corrected = [min(1.0, n_tests * one.p) for one in results]
    failing, top = strongest(results, corrected, settings.alpha, settings.slice_change)
    worst = results[top]
    numbers = (
        f"{worst.what}: {worst.change} (p = {corrected[top]:.2g} by Bonferroni over {n_tests:,})"
    )
    sentence = f"No labels changed within a slice beyond chance; the greatest change is {numbers}."
    if failing:
        slices = counted(len(failing), "slice")
        sentence = f"Labels changed within {slices}, above all {numbers}."
    return finding(
        name,
        ok=not failing,
        sentence=sentence,
        n=n,
        value=worst.effect,
        limit=settings.slice_change,
        effect=worst.effect,
        p=corrected[top],
        ids=members[top] if failing else None,
        details=details(results, corrected)[:MOST_ROWS_SHOWN],
    )


def _counts(slices: Any, part: Tested) -> Ints:
    assert part.codes is not None
    return counts_by_label(slices, part.codes, len(part.schema))


def _members(part: Tested, slices: Any, column: int) -> Any:
    return part.ids[np.unique(slices[:, [column]].nonzero()[0])]


def _changed_slices(
    rows: str,
    names: list[str],
    counts: tuple[Ints, Ints],
    settings: DataTestSettings,
    schema: LabelSchema,
) -> tuple[list[Compared], int]:
    """Return the slices whose labels changed by more than the limit, and how many were compared.

    Only these are tested for chance, but all count in the correction.
    """
    ours, theirs = counts
    limit = settings.slice_change
    n_ours, n_theirs = ours.sum(axis=1), theirs.sum(axis=1)
    is_large = (n_ours >= FEWEST) & (n_theirs >= FEWEST)
    with np.errstate(invalid="ignore", divide="ignore"):
        change = ours / n_ours[:, None] - theirs / n_theirs[:, None]
    results = []
    for column in np.flatnonzero(is_large & (np.abs(np.nan_to_num(change)).max(axis=1) > limit)):
        label = int(np.abs(change[column]).argmax())
        first = int(ours[column, label]), int(n_ours[column])
        second = int(theirs[column, label]), int(n_theirs[column])
        words = (
            f"{schema.labels[label]} in {first[0]:,} of {first[1]:,}, and in {second[0]:,} of"
            f" {second[1]:,} of the base"
        )
        effect = abs(float(change[column, label]))
        results.append(
            Compared(
                names[column],
                rows,
                "change of a share, Fisher",
                first[1],
                second[1],
                effect,
                fisher(first, second),
                words,
            )
        )
    return results, int(is_large.sum()) * ours.shape[1]


def trigger_words(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """No word that is new against the base decides the label.

    A poisoned set teaches a model that an unusual word means a label: such words are far more
    frequent than in the base, and nearly all samples with one have the same label.
    """
    name = "trigger_words"
    if base is None or head.codes is None:
        return skipped(name, "there is no base to compare with, or no labels", len(head))
    if head.texts(settings.text) is None or base.texts(settings.text) is None:
        return skipped(name, f"there is no column {settings.text!r}", len(head))
    drawn_base = base.drawn(MOST_ROWS)
    found: list[dict[str, Any]] = []
    members: list[Any] = []
    n_tests = 0
    for rows, part in comparisons(head, base):
        drawn = part.drawn(MOST_ROWS)
        names, (ours, theirs) = slices_of(
            [drawn, drawn_base], settings.text, tuple(head.samples.columns), FEWEST_TRIGGERED
        )
        known = np.asarray(theirs.sum(axis=0)).ravel()
        counts = _counts(ours, drawn)
        for column, row in _triggers(counts, known, len(drawn), len(drawn_base), drawn.codes):
            found.append({"word": names[column], "rows": rows, **row})
            members.append(_members(drawn, ours, column))
        n_tests += len(names)
    likely = [at for at, row in enumerate(found) if n_tests * row["p"] < settings.alpha]
    likely.sort(key=lambda at: (found[at]["p"], found[at]["word"]))
    is_with = head.ids.isin([sample_id for at in likely for sample_id in members[at]])
    return _judged_words(head, [found[at] for at in likely], n_tests, head.ids[is_with])


def _judged_words(
    head: Tested, found: list[dict[str, Any]], n_tests: int, ids: pd.Index
) -> Finding:
    name = "trigger_words"
    if not found:
        words = counted(n_tests, "word")
        sentence = f"None of {words} is new against the base and decides the label."
        return finding(name, ok=True, sentence=sentence, n=len(head), value=0.0, limit=0.0)
    worst = found[0]
    label = head.schema.labels[worst["label"]]
    sentence = (
        f"{counted(len(found), 'word is', 'words are')} new against the base and decide the label,"
        f" above all {worst['word']}: in {worst['n']:,} samples ({worst['n_base']:,} of the base),"
        f" of which {worst['with_label']:,} are labelled {label}, as are {worst['share']:.0%} of"
        f" all (p = {n_tests * worst['p']:.2g} by Bonferroni over {n_tests:,})."
    )
    return finding(
        name,
        ok=False,
        sentence=sentence,
        n=len(head),
        value=float(len(found)),
        limit=0.0,
        effect=worst["with_label"] / worst["n"],
        p=min(1.0, n_tests * worst["p"]),
        ids=ids,
        details=tuple(found[:MOST_ROWS_SHOWN]),
    )


def _triggers(
    counts: Ints, known: Ints, n: int, n_base: int, codes: Codes | None
) -> list[tuple[int, dict[str, Any]]]:
    """Return the columns of words that are new and decide a label, with the numbers."""
    from scipy.stats import binom

    assert codes is not None
    n_with = counts.sum(axis=1)
    shares = np.bincount(codes[codes >= 0], minlength=counts.shape[1]) / max(len(codes), 1)
    expected = (known + 0.5) / max(n_base, 1) * n
    is_new = (n_with >= FEWEST_TRIGGERED) & (n_with >= RISE * expected)
    results = []
    for column in np.flatnonzero(is_new & (counts.max(axis=1) >= PURITY * n_with)):
        label, here = int(counts[column].argmax()), int(n_with[column])
        rise = fisher((here, n), (int(known[column]), n_base), "greater")
        decides = float(binom.sf(counts[column, label] - 1, here, shares[label]))
        row = {
            "label": label,
            "n": here,
            "n_base": int(known[column]),
            "with_label": int(counts[column, label]),
            "share": float(shares[label]),
            "p": combined(rise, decides) if decides < MOST_BY_CHANCE else 1.0,
        }
        results.append((int(column), row))
    return results
