"""Votes packed into few bytes: several votes a byte, as the digits of one number.

A byte holds the votes of five voters on two labels, so that rows are compared, counted and scored
byte by byte instead of vote by vote.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from labeling.records import ABSTAIN

Floats = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]

CHUNK = 1 << 15  # rows at a time: what is in work stays in the processor's cache
LARGEST_BASE = 256


@dataclass(frozen=True, slots=True, eq=False)
class PackedVotes:
    """The votes of voters in the order of their names, row by row.

    Attributes:
        rows: uint8 array of shape (n_bytes, n_samples). A voter's digit is 0 for an abstention and
            1 + the code of the label; the first voter of a byte has the lowest digit.
        n_voters: how many voters there are.
        rank: from a code of the schema to the label's place among the sorted names.
    """

    rows: npt.NDArray[np.uint8]
    n_voters: int
    rank: npt.NDArray[np.intp]

    @classmethod
    def of(
        cls, columns: Sequence[npt.NDArray[Any] | None], n: int, rank: npt.NDArray[np.intp]
    ) -> Self:
        """Return packed votes.

        Args:
            columns: the codes of each voter, -1 = abstained, shape (n,); `None` = throughout.
            n: how many samples there are.
            rank: the labels' places among the sorted names, 255 labels at the most.
        """
        base = len(rank) + 1
        fit = voters_a_byte(base)
        rows = np.zeros((-(-len(columns) // fit), n), dtype=np.uint8)
        scaled = np.empty(CHUNK, dtype=np.uint8)
        spoken = [
            (voter, _bytes(codes)) for voter, codes in enumerate(columns) if codes is not None
        ]
        for piece in _pieces(n):
            for voter, codes in spoken:
                # All modulo 256: an abstention is 255 here, and 1 is added to each digit at once.
                weight, byte = np.uint8(base ** (voter % fit)), rows[voter // fit, piece]
                byte += np.multiply(codes[piece], weight, out=scaled[: len(byte)])
                byte += weight
        return cls(rows, len(columns), rank)

    @property
    def n_labels(self) -> int:
        """How many labels there are."""
        return len(self.rank)

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """Which samples have a vote: shape (n_samples,)."""
        found: npt.NDArray[np.bool_] = np.any(self.rows, axis=0)
        return found

    def codes(self, samples: npt.NDArray[np.intp]) -> npt.NDArray[np.int16]:
        """Return the labels' places by name, -1 = abstained: shape (n, n_voters)."""
        base = self.n_labels + 1
        fit = voters_a_byte(base)
        digits = np.arange(LARGEST_BASE)[:, None] // base ** np.arange(fit) % base
        said = np.concatenate([[ABSTAIN], self.rank]).astype(np.int16)[digits]  # by byte and place
        found = np.empty((len(samples), self.n_voters), dtype=np.int16)
        for number, byte in enumerate(self.rows):
            first = number * fit
            found[:, first : first + fit] = said[byte[samples], : self.n_voters - first]
        return found

    def hashes(self) -> Hashes:
        """Return a number for each sample: equal votes by name have equal numbers."""
        random = np.random.default_rng(0)
        size = (self.n_voters, self.n_labels, 1)
        keys = random.integers(0, 2**64, size=size, dtype=np.uint64)
        return self._sums(keys)[:, 0]

    def sums(self, evidence: Floats) -> Floats:
        """Return the sum over cast votes of evidence[voter, vote by name]: (n_samples, any)."""
        return self._sums(evidence)

    def _sums(self, added: npt.NDArray[Any]) -> npt.NDArray[Any]:
        tables = self._tables(added)
        # Column by column in memory: what comes next runs along the samples.
        found = np.empty((self.rows.shape[1], added.shape[2]), dtype=added.dtype, order="F")
        for piece in _pieces(len(found)):
            for column, of_bytes in enumerate(tables):
                total = np.zeros(piece.stop - piece.start, dtype=added.dtype)
                for byte, table in zip(self.rows, of_bytes, strict=True):
                    total += table.take(byte[piece])
                found[piece, column] = total
        return found

    def _tables(self, added: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return what each value of each byte adds: shape (any, n_bytes, base ** fit)."""
        base = self.n_labels + 1
        fit = voters_a_byte(base)
        values = np.arange(base**fit)
        tables = np.zeros((added.shape[2], len(self.rows), len(values)), dtype=added.dtype)
        for voter in range(self.n_voters):
            digit = values // base ** (voter % fit) % base
            nothing = np.zeros((1, added.shape[2]), dtype=added.dtype)
            of_digit = np.concatenate([nothing, added[voter][self.rank]])
            tables[:, voter // fit] += of_digit[digit].T
        return tables


def voters_a_byte(base: int) -> int:
    """Return how many votes of `base` possible values fit into a byte."""
    fit = 1
    while base ** (fit + 1) <= LARGEST_BASE:
        fit += 1
    return fit


def hash_limit(share: float) -> np.uint64:
    """Return the number below which that share of all hashes lies; the largest for all of them."""
    most = 2**64 - 1
    return np.uint64(min(int(share * most), most))  # as a float the largest is 2**64


def _bytes(codes: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    return codes.view(np.uint8) if codes.dtype == np.int8 else codes.astype(np.uint8)


def _pieces(n: int) -> Iterator[slice]:
    return (slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK))
