"""Tests for texts that repeat: exactly, nearly, and with contradicting labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.data_tests.comparing import fisher
from labeling.datasets.data_tests.settings import DataTestSettings
from labeling.datasets.data_tests.tested import Tested
from labeling.datasets.findings import Finding, finding, skipped
from labeling.datasets.splits.near_duplicates import near_duplicates as linked_texts
from labeling.datasets.splits.shingles import normal_text
from labeling.errors import counted, missing_extra

MOST_NEAR = 20_000
"""Texts of which near-duplicates are looked for, drawn by a hash of the id."""
SIMILARITY = 0.8
"""Jaccard index of the shingles of near-duplicates."""
RISE = 0.05
"""How much larger than in the base the share of repeated texts may be."""

Groups = npt.NDArray[np.int64]


def normal_texts(texts: list[str]) -> list[str]:
    """Return texts as exact duplicates are compared: without case, width and white space."""
    return [normal_text(text) for text in texts]


def exact_groups(texts: list[str]) -> Groups:
    """Return a number for each text, equal for equal texts but for case and white space."""
    groups: Groups = pd.factorize(np.array(normal_texts(texts), dtype=object))[0].astype(np.int64)
    return groups


def near_groups(texts: list[str]) -> Groups:
    """Return a number for each text, equal for texts that near-duplicates link."""
    groups = exact_groups(texts)
    _, first = np.unique(groups, return_index=True)
    distinct = normal_texts([texts[at] for at in first.tolist()])
    component: Groups = linked_texts(distinct, SIMILARITY).component
    return component[groups]


def duplicates(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """Few samples repeat the text of another, and not more than in the base."""
    return _repeats("duplicates", exact_groups, None, settings.duplicates, head, base, settings)


def near_duplicates(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """Few samples nearly repeat the text of another, and not more than in the base."""
    name, limit = "near_duplicates", settings.near_duplicates
    try:
        return _repeats(name, near_groups, MOST_NEAR, limit, head, base, settings)
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError):
            error = missing_extra(error)
        return skipped(name, str(error), len(head))


def _repeats(
    name: str,
    groups_of: Callable[[list[str]], Groups],
    most: int | None,
    limit: float,
    head: Tested,
    base: Tested | None,
    settings: DataTestSettings,
) -> Finding:
    """Return the finding on the share of samples whose text another, earlier one has.

    With a base, as many samples of both are compared, since larger sets repeat more.
    """
    if head.texts(settings.text) is None:
        return skipped(name, f"there is no column {settings.text!r}", len(head))
    drawn = head if most is None or len(head) <= most else head.drawn(most)
    groups = groups_of(drawn.texts(settings.text) or [])
    n, hits = len(drawn), len(groups) - len(np.unique(groups))
    share = hits / max(n, 1)
    what = "nearly repeat" if name == "near_duplicates" else "repeat"
    sentence = f"{hits:,} of {counted(n, 'sample')} ({share:.1%}) {what} the text of another one"
    ok, p, reason = share <= limit, None, f"; the limit is {limit:.0%}."
    if base is not None and base.texts(settings.text) is not None and len(base):
        size = min(n, len(base))
        ours, theirs = (_repeat_count(groups_of, one.drawn(size), settings) for one in (head, base))
        p = fisher((ours, size), (theirs, size))
        ok = ok and not (ours - theirs > RISE * size and p < settings.alpha)
        reason = (
            f"; the limit is {limit:.0%}, and {RISE:.0%} more than the base, where"
            f" {theirs / size:.1%} do (of {size:,}; here {ours / size:.1%})."
        )
    return finding(
        name,
        ok=ok,
        sentence=sentence + reason,
        n=n,
        value=share,
        limit=limit,
        p=p,
        ids=drawn.ids[is_repeated(groups)],
    )


def is_repeated(groups: Groups) -> npt.NDArray[np.bool_]:
    """Return which samples share their group with another one.

    >>> is_repeated(np.array([0, 1, 0])).tolist()
    [True, False, True]
    """
    if not len(groups):
        return np.zeros(0, dtype=bool)
    sizes = np.bincount(groups)
    result: npt.NDArray[np.bool_] = sizes[groups] > 1
    return result


def _repeat_count(
    groups_of: Callable[[list[str]], Groups], part: Tested, settings: DataTestSettings
) -> int:
    """Return how many samples repeat the text of an earlier one."""
    groups = groups_of(part.texts(settings.text) or [])
    return len(groups) - len(np.unique(groups))


def contradicting_duplicates(
    head: Tested, base: Tested | None, settings: DataTestSettings
) -> Finding:
    """Samples with the same text have the same label; it is a warning where they have not."""
    name = "contradicting_duplicates"
    texts = head.texts(settings.text)
    if head.codes is None or texts is None:
        return skipped(name, f"there are no labels, or no column {settings.text!r}", len(head))
    groups = exact_groups(texts)
    frame: Any = pd.DataFrame({"group": groups, "code": head.keys})
    varied = frame.groupby("group")["code"].nunique()
    is_mixed = np.isin(groups, varied.index[varied > 1].to_numpy())
    n_texts = int((varied > 1).sum())
    n_repeated = int(is_repeated(groups).sum())
    sentence = (
        f"{counted(n_texts, 'text has', 'texts have')} several labels, on"
        f" {int(is_mixed.sum()):,} of {n_repeated:,} samples whose text repeats."
    )
    found = finding(name, ok=True, sentence=sentence, n=len(head), ids=head.ids[is_mixed])
    if not n_texts:
        return found
    return Finding(
        name,
        "warning",
        sentence,
        n=len(head),
        value=float(n_texts),
        limit=0.0,
        sample_ids=found.sample_ids,
        n_samples=found.n_samples,
    )
