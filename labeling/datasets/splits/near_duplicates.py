"""Near-duplicate texts: candidates by MinHash (datasketch), verified by the exact Jaccard index.

Broder, *On the resemblance and containment of documents*, 1997; Leskovec, Rajaraman and Ullman,
*Mining of Massive Datasets*, chapter 3, for the bands.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from labeling.datasets.splits.shingles import Shingles, UInt64, chunks_of, mixed, shingles_of
from labeling.errors import missing_extra

if TYPE_CHECKING:
    from scipy.sparse import csr_array

PERMUTATIONS = 128
"""Hash functions of a sketch."""
RECALL = 0.99
"""Probability with which two texts that are just similar enough are compared."""
MOST_NEIGHBOURS = 16
"""Texts of a bucket that each text is compared with. In larger buckets these are the ones that
agree with it in the next band too."""
PIECE = 4096
"""Shingles that are sketched at a time, so that a long text takes no more memory than this."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """Which texts are near-duplicates.

    Attributes:
        component: a number for each text, equal for texts that are linked by near-duplicates:
            shape (n_texts,).
        pairs: positions of two texts that were found similar enough, enough of them to link each
            component: shape (n_pairs, 2).
        similarity: the Jaccard index of each pair: shape (n_pairs,).
        not_compared: how many texts were in so large buckets that not all pairs were compared.
    """

    component: Ints
    pairs: Ints
    similarity: npt.NDArray[np.float64]
    not_compared: int


def near_duplicates(texts: Sequence[str], threshold: float) -> NearDuplicates:
    """Return which of some texts are near-duplicates.

    The similarity of two texts is the Jaccard index of their sets of shingles (runs of 5
    characters). Two texts as similar as the threshold are compared with probability 0.99 at least,
    more similar ones more surely; none is joined without comparison. The result does not depend on
    the order of the texts.

    Args:
        texts: different texts, in their normal form.
        threshold: the smallest similarity, above 0 and up to 1.

    Raises:
        MissingExtraError: datasketch is not installed.

    >>> found = near_duplicates(["check out my channel now", "check out my channel", "hi"], 0.7)
    >>> found.component.tolist(), found.similarity.tolist()
    ([0, 0, 1], [0.8])
    """
    lengths = [len(text) for text in texts]
    bands = _band_hashes(texts, lengths, bands_of(threshold))
    rank = mixed(text_hashes(texts))
    component: Ints = np.arange(len(texts), dtype=np.int64)
    pairs: list[Ints] = [np.empty((0, 2), dtype=np.int64)]
    similarity: list[npt.NDArray[np.float64]] = [np.empty(0)]
    in_large = np.zeros(len(texts), dtype=bool)
    for band in range(bands.shape[1]):
        following = bands[:, (band + 1) % bands.shape[1]]
        is_new = False
        for candidates, large in _candidates(bands[:, band], following, rank):
            in_large[large] = True
            open_pairs = candidates[component[candidates[:, 0]] != component[candidates[:, 1]]]
            index = _jaccard(texts, lengths, open_pairs)
            is_near = index >= threshold - 1e-12
            pairs.append(open_pairs[is_near])
            similarity.append(index[is_near])
            is_new |= bool(is_near.any())
        if is_new:
            component = components(len(texts), np.concatenate(pairs))
    return NearDuplicates(
        component, np.concatenate(pairs), np.concatenate(similarity), int(in_large.sum())
    )


def components(n: int, pairs: Ints) -> Ints:
    """Return a number for each of n nodes, equal where pairs link them: shape (n,)."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    links = csr_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), (n, n))
    codes: Ints = connected_components(links, directed=False)[1].astype(np.int64)
    return codes


def bands_of(threshold: float) -> tuple[int, int]:
    """Return how many bands of how many hash values find a pair at the threshold as often as asked.

    The bands are as long as that allows, so that few other pairs are compared.

    >>> bands_of(0.8), bands_of(0.5), bands_of(1.0)
    ((21, 6), (42, 3), (1, 128))
    """
    for rows in range(PERMUTATIONS, 1, -1):
        count = PERMUTATIONS // rows
        if 1 - (1 - threshold**rows) ** count >= RECALL:
            return count, rows
    return PERMUTATIONS, 1


def text_hashes(texts: Sequence[str]) -> UInt64:
    """Return a hash of each text that is the same in each process: shape (n,)."""
    from pandas.util import hash_array

    safe = [encodable(text) for text in texts]
    hashed: UInt64 = hash_array(np.array(safe, dtype=object), categorize=False)
    return hashed


def encodable(text: str) -> str:
    """Return a text with an escape for each half of a character, which UTF-8 does not have."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _same(value: object) -> object:
    """Return what is hashed already."""
    return value


def _band_hashes(texts: Sequence[str], lengths: Sequence[int], shape: tuple[int, int]) -> UInt64:
    """Return a hash of each band of each text's sketch: shape (n_texts, n_bands)."""
    count, rows = shape
    bands = np.zeros((len(texts), count), dtype=np.uint64)
    for part in chunks_of(lengths):
        values = sketches_of(shingles_of(texts[part])).astype(np.uint64)
        for column in range(count * rows):
            bands[part, column // rows] = mixed(bands[part, column // rows] ^ values[:, column])
    return bands


def sketches_of(shingles: Shingles) -> npt.NDArray[np.uint32]:
    """Return the MinHash of each text: shape (n_texts, 128)."""
    try:
        from datasketch import MinHash
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    hashes = (shingles.hashes >> np.uint64(32)).astype(np.uint32)
    values = np.empty((len(shingles.starts) - 1, PERMUTATIONS), dtype=np.uint32)
    sketch = MinHash(PERMUTATIONS, hashfunc=_same)
    for row, (begin, end) in enumerate(itertools.pairwise(shingles.starts.tolist())):
        sketch.clear()
        for first in range(begin, end, PIECE):
            # One "value" whose hash is an array: so the shingles take no loop in Python.
            sketch.update_batch([hashes[first : min(first + PIECE, end)]])
        values[row] = sketch.hashvalues
    return values


def _candidates(band: UInt64, following: UInt64, rank: UInt64) -> Iterator[tuple[Ints, Ints]]:
    """Yield pairs of texts of equal band, and the texts of buckets that are too large.

    In a bucket each text is compared with the next ones in the order of the next band, and then of
    the texts' hashes: in small buckets these are all.
    """
    order = np.argsort(band, kind="stable")
    is_equal = band[order][1:] == band[order][:-1]
    shared = np.flatnonzero(np.append(is_equal, False) | np.append(False, is_equal))
    rows = order[shared]
    rows = rows[np.lexsort((rank[rows], following[rows], band[rows]))].astype(np.int64)
    buckets = band[rows]
    for distance in range(1, MOST_NEIGHBOURS + 1):
        first = np.flatnonzero(buckets[distance:] == buckets[:-distance])
        if not len(first):
            return
        pairs = np.column_stack((rows[first], rows[first + distance]))
        yield pairs, np.empty(0, dtype=np.int64)
    beyond = np.flatnonzero(buckets[MOST_NEIGHBOURS + 1 :] == buckets[: -MOST_NEIGHBOURS - 1])
    yield np.empty((0, 2), dtype=np.int64), rows[beyond]


def _jaccard(texts: Sequence[str], lengths: Sequence[int], pairs: Ints) -> npt.NDArray[np.float64]:
    """Return the Jaccard index of the shingles of each pair: shape (n_pairs,)."""
    result = np.zeros(len(pairs))
    longest = [lengths[first] + lengths[second] for first, second in pairs.tolist()]
    for part in chunks_of(longest):
        rows, inverse = np.unique(pairs[part], return_inverse=True)
        sets = _sets([texts[row] for row in rows.tolist()])
        first, second = inverse.reshape(-1, 2).T
        sizes = np.diff(sets.indptr)
        shared = np.diff((sets[first].multiply(sets[second])).tocsr().indptr)
        result[part] = shared / (sizes[first] + sizes[second] - shared)
    return result


def _sets(texts: Sequence[str]) -> csr_array:
    """Return the sets of shingles as rows of a matrix of ones."""
    from scipy.sparse import csr_array

    shingles = shingles_of(texts)
    columns = (shingles.hashes >> np.uint64(1)).astype(np.int64)
    ones = np.ones(len(columns), dtype=np.int8)
    sets = csr_array((ones, columns, shingles.starts), shape=(len(texts), np.iinfo(np.int64).max))
    sets.sum_duplicates()
    sets.data[:] = 1
    return sets
