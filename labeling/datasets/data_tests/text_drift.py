"""Drift of texts against the base: the kernel two-sample test MMD, by the library hyppo.

Gretton et al., *A kernel two-sample test*, JMLR 2012; Panda et al., *Nonpar MANOVA via independence
testing*, 2021; Shen et al., *The chi-square test of distance correlation*, 2022, for the p-value.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from labeling.datasets.data_tests.comparing import Compared, details, holm, strongest
from labeling.datasets.data_tests.settings import DataTestSettings
from labeling.datasets.data_tests.tested import Tested, comparisons
from labeling.datasets.findings import Finding, finding, skipped

MOST_TEXTS = 1_000
"""Texts of each set that are compared, drawn by a hash of the id: a kernel of 4 million cells."""
FEWEST = 20
COMPONENTS = 50
Vectors = npt.NDArray[np.float64]
Embed = Callable[[Sequence[str]], Vectors]


def drift_text(
    head: Tested, base: Tested | None, settings: DataTestSettings, embed: Embed | None = None
) -> Finding:
    """The texts are of the kind of those of the base.

    Compared are vectors of at most 1,000 texts of each set: embeddings if given, else TF-IDF of
    words reduced to 50 components, learned on both together. New samples are compared if there are
    enough, else all.
    """
    name = "drift_text"
    if base is None:
        return skipped(name, "there is no base to compare with", len(head))
    if head.texts(settings.text) is None or base.texts(settings.text) is None:
        return skipped(name, f"there is no column {settings.text!r}", len(head))
    rows, part = comparisons(head, base)[0]
    ours = part.drawn(MOST_TEXTS).texts(settings.text) or []
    theirs = base.drawn(MOST_TEXTS).texts(settings.text) or []
    if min(len(ours), len(theirs)) < FEWEST:
        return skipped(name, f"fewer than {FEWEST} texts to compare", len(head))
    vectors = (embed or tfidf_vectors)([*ours, *theirs])
    try:
        effect, p = mmd(vectors[: len(ours)], vectors[len(ours) :])
    except ModuleNotFoundError:
        return skipped(name, "hyppo is not installed: pip install 'labeling[drift]'", len(head))
    results = [Compared(settings.text, rows, "MMD, HSIC", len(ours), len(theirs), effect, p)]
    failing, _ = strongest(results, holm([p]), settings.alpha, settings.text_effect)
    which = "new texts" if rows == "new" else "texts"
    numbers = (
        f"MMD with HSIC correlation {effect:.4f} (limit {settings.text_effect:g}), p = {p:.2g}, on"
        f" {len(ours):,} {which} and {len(theirs):,} of the base"
    )
    kind = "The texts are of another kind than those of the base"
    sentence = f"{kind if failing else 'The texts did not drift'}: {numbers}."
    return finding(
        name,
        ok=not failing,
        sentence=sentence,
        n=len(ours),
        value=effect,
        limit=settings.text_effect,
        effect=effect,
        p=p,
        details=details(results, [p]),
    )


def mmd(first: Vectors, second: Vectors) -> tuple[float, float]:
    """Return the unbiased HSIC correlation of vectors and set, and the p-value of MMD.

    The kernel is Gaussian, as wide as the median distance.

    Raises:
        ModuleNotFoundError: hyppo is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hyppo imports scipy by names that are deprecated
        from hyppo.ksample import KSample

        if np.ptp(np.concatenate([first, second]), axis=0).max(initial=0.0) == 0:
            return 0.0, 1.0
        tested = KSample("Hsic", compute_distkern="gaussian").test(first, second, auto=True)
    return float(tested[0]), float(min(tested[1], 1.0))


def tfidf_vectors(texts: Sequence[str]) -> Vectors:
    """Return TF-IDF of words, reduced by singular value decomposition: shape (n, <= 50)."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        matrix = TfidfVectorizer(sublinear_tf=True, min_df=2, token_pattern=r"(?u)\w+")
        weights = matrix.fit_transform(texts)
    except ValueError:  # no word is in two texts
        return np.zeros((len(texts), 1))
    most = min(weights.shape) - 1
    if most < 2:
        dense: Vectors = weights.toarray()
        return dense
    reduced = TruncatedSVD(min(COMPONENTS, most), random_state=0).fit_transform(weights)
    return np.asarray(reduced, dtype=np.float64)
