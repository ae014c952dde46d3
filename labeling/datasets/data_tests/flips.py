"""Tests of samples that the base has too: changed labels and changed texts."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.datasets.data_tests.settings import DataTestSettings
from labeling.datasets.data_tests.tested import Tested
from labeling.datasets.data_tests.words import MOST_ROWS, slices_of
from labeling.datasets.findings import Finding, finding, skipped
from labeling.errors import counted
from labeling.records.estimates import proportion

FEWEST = 10
"""Flips of a slice from which they may be systematic."""
MAJORITY = 0.5
"""Share of a slice's labels whose flips are systematic, if they are more than elsewhere."""


def shared_rows(head: Tested, base: Tested) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the positions of the samples that both have, in the order of `head`."""
    position = base.ids.get_indexer(head.ids) if base.ids.is_unique else np.full(len(head), -1)
    rows = np.flatnonzero(position >= 0)
    return rows, position[rows]


def label_flips(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """Few labels of samples that the base has too are changed, and not those of one slice.

    It fails where the share of changed labels is above the limit; where most labels of a slice (the
    samples with a word, a value of a column, or an earlier label) are changed, and more than
    elsewhere, beyond chance; and where a label of people was replaced by one of a model.
    """
    name = "label_flips"
    if base is None or head.codes is None or base.codes is None:
        return skipped(name, "there is no base with labels to compare with", len(head))
    rows, base_rows = shared_rows(head, base)
    if not len(rows):
        return skipped(name, "the base has none of these samples", len(head))
    before = base.codes[base_rows].astype(np.int64)
    flipped = np.asarray(head.keys[rows] != base.keys[base_rows], dtype=bool)
    lost = flipped & base.is_human[base_rows] & ~head.is_human[rows]
    part = head.take(rows)
    systematic = _systematic(part, flipped, before, settings) if flipped.any() else []
    share = proportion(int(flipped.sum()), len(rows))
    reasons = [
        f"{int(flipped.sum()):,} of {counted(len(rows), 'label')} ({share.value:.1%}) changed"
        f" against the base; the limit is {settings.label_flips:.1%}"
    ]
    if systematic:
        worst = systematic[0]
        reasons.append(
            f"they are concentrated: {worst['flipped']:,} of {worst['n']:,} samples with"
            f" {worst['slice']} changed (p = {worst['p_bonferroni']:.2g})"
        )
    if lost.any():
        labels = "label of people was", "labels of people were"
        reasons.append(f"{counted(int(lost.sum()), *labels)} replaced by those of a model")
    is_ok = share.value <= settings.label_flips and not systematic and not lost.any()
    return finding(
        name,
        ok=is_ok,
        sentence="; ".join(reasons) + ".",
        n=len(rows),
        value=share.value,
        limit=settings.label_flips,
        low=share.low,
        high=share.high,
        ids=part.ids[flipped],
        details=(*systematic[:20], *_directions(part, before, flipped)),
    )


def _directions(
    part: Tested, before: npt.NDArray[np.int64], flipped: npt.NDArray[np.bool_]
) -> list[dict[str, Any]]:
    assert part.codes is not None
    labels = {code: label for code, label in enumerate(part.schema.labels)}
    pairs = zip(before[flipped].tolist(), part.codes[flipped].tolist(), strict=True)
    counts = Counter((labels.get(old, "none"), labels.get(new, "none")) for old, new in pairs)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"from": old, "to": new, "flipped": count} for (old, new), count in ranked[:30]]


def _systematic(
    part: Tested,
    flipped: npt.NDArray[np.bool_],
    before: npt.NDArray[np.int64],
    settings: DataTestSettings,
) -> list[dict[str, Any]]:
    """Return the slices of which most labels flipped, and more than elsewhere."""
    from scipy.stats import hypergeom

    drawn = part.drawn(MOST_ROWS)
    position = part.ids.get_indexer(drawn.ids)
    is_flipped, old = flipped[position], before[position]
    names, (slices,) = slices_of([drawn], settings.text, settings.ignore, FEWEST)
    sizes: npt.NDArray[Any] = np.asarray(slices.sum(axis=0), dtype=np.int64).ravel()
    hits: npt.NDArray[Any] = np.asarray(slices.T @ is_flipped.astype(np.int64)).ravel()
    for code, label in enumerate(part.schema.labels):
        names.append(f"the earlier label {label!r}")
        sizes = np.append(sizes, int((old == code).sum()))
        hits = np.append(hits, int(is_flipped[old == code].sum()))
    n, n_flipped = len(drawn), int(is_flipped.sum())
    results = []
    for column in np.flatnonzero((hits >= FEWEST) & (hits >= MAJORITY * sizes)):
        p = len(names) * float(hypergeom.sf(hits[column] - 1, n, n_flipped, sizes[column]))
        if p < settings.alpha:
            results.append(
                {
                    "slice": names[column],
                    "n": int(sizes[column]),
                    "flipped": int(hits[column]),
                    "p_bonferroni": p,
                }
            )
    return sorted(results, key=lambda row: (-row["flipped"], row["p_bonferroni"], row["slice"]))


def changed_samples(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """The texts of samples that the base has too are those of the base."""
    name = "changed_samples"
    if base is None:
        return skipped(name, "there is no base to compare with", len(head))
    texts, old_texts = head.texts(settings.text), base.texts(settings.text)
    if texts is None or old_texts is None:
        return skipped(name, f"there is no column {settings.text!r}", len(head))
    rows, base_rows = shared_rows(head, base)
    if not len(rows):
        return skipped(name, "the base has none of these samples", len(head))
    pairs = zip(rows.tolist(), base_rows.tolist(), strict=True)
    is_changed = np.array([texts[row] != old_texts[old] for row, old in pairs])
    n_changed = int(is_changed.sum())
    share = n_changed / len(rows)
    sentence = (
        f"{n_changed:,} of {counted(len(rows), 'sample')} that the base has too ({share:.1%}) have"
        f" another text under the same id; the limit is {settings.changed_samples:.1%}."
    )
    return finding(
        name,
        ok=share <= settings.changed_samples,
        sentence=sentence,
        n=len(rows),
        value=share,
        limit=settings.changed_samples,
        ids=head.ids[rows[is_changed]],
    )
