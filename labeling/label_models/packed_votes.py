"""Bit-packed votes: several votes a byte, as digits of a number in base n_labels + 1.

A byte holds the votes of five voters on two labels, so that rows are hashed and scored byte by byte
instead of vote by vote.
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

CHUNK = 1 << 15  # rows at a time, so that the working set fits the processor's cache
LARGEST_BASE = 256


@dataclass(frozen=True, slots=True, eq=False)
class PackedVotes:
    """The votes of voters in the order of their names, row by row.

    Attributes:
        rows: uint8 array of shape (n_bytes, n_samples). The digit of a voter is 0 for an abstention
            and 1 + the code of the label; the first voter of a byte has the lowest digit.
        n_voters: the number of voters.
        rank: from a code of the schema to the rank of the label among the sorted names.
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
            n: the number of samples.
            rank: the ranks of the labels among the sorted names; 255 labels at most.
        """
        base = len(rank) + 1
        per_byte = votes_per_byte(base)
        rows = np.zeros((-(-len(columns) // per_byte), n), dtype=np.uint8)
        scaled = np.empty(CHUNK, dtype=np.uint8)
        voted = [(voter, _bytes(codes)) for voter, codes in enumerate(columns) if codes is not None]
        for chunk in _chunks(n):
            for voter, codes in voted:
                # Modulo 256: an abstention is 255 here, and adding the weight adds 1 to each digit.
                weight, byte = np.uint8(base ** (voter % per_byte)), rows[voter // per_byte, chunk]
                byte += np.multiply(codes[chunk], weight, out=scaled[: len(byte)])
                byte += weight
        return cls(rows, len(columns), rank)

    @property
    def n_labels(self) -> int:
        """The number of labels."""
        return len(self.rank)

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """Which samples have a vote: shape (n_samples,)."""
        covered: npt.NDArray[np.bool_] = np.any(self.rows, axis=0)
        return covered

    def n_cast(self, samples: npt.NDArray[np.intp]) -> int:
        """Return the number of votes on these samples."""
        n_votes = (self._digits() > 0).sum(axis=1)  # by byte
        return sum(int(n_votes[byte[samples]].sum()) for byte in self.rows)

    def codes(self, samples: npt.NDArray[np.intp]) -> npt.NDArray[np.signedinteger]:
        """Return the ranks of the labels by name, -1 = abstained: shape (n, n_voters)."""
        per_byte = votes_per_byte(self.n_labels + 1)
        dtype = np.min_scalar_type(-self.n_labels)
        decoded = np.append(ABSTAIN, self.rank).astype(dtype)[self._digits()]  # by byte, digit
        codes = np.empty((len(samples), self.n_voters), dtype=dtype)
        for number, byte in enumerate(self.rows):
            first = number * per_byte
            codes[:, first : first + per_byte] = decoded[byte[samples], : self.n_voters - first]
        return codes

    def groups(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]] | None:
        """Return one sample of each distinct row, and the number of each sample's row among them.

        None where a row takes more than two bytes: a table of all possible rows would be large.
        """
        if len(self.rows) > 2 or not len(self.rows):
            return None
        number = self.rows[0].astype(np.intp)
        if len(self.rows) > 1:
            number += self.rows[1].astype(np.intp) << 8
        sample_of = np.full(1 << (8 * len(self.rows)), -1, dtype=np.intp)
        sample_of[number] = np.arange(len(number))
        found = np.flatnonzero(sample_of >= 0)
        place = np.empty(len(sample_of), dtype=np.intp)
        place[found] = np.arange(len(found))
        return sample_of[found], place[number]

    def _digits(self) -> npt.NDArray[np.intp]:
        """Return the votes in each possible byte: shape (256, votes a byte)."""
        base = self.n_labels + 1
        digits: npt.NDArray[np.intp] = (
            np.arange(LARGEST_BASE)[:, None] // base ** np.arange(votes_per_byte(base)) % base
        )
        return digits

    def hashes(self) -> Hashes:
        """Return a hash of the votes of each sample, whatever the order of voters and labels."""
        random = np.random.default_rng(0)
        size = (self.n_voters, self.n_labels, 1)
        keys = random.integers(0, 2**64, size=size, dtype=np.uint64)
        return self._sums(keys)[:, 0]

    def sums(self, evidence: Floats) -> Floats:
        """Return the sum over cast votes of evidence[voter, vote by name]: (n_samples, any)."""
        return self._sums(evidence)

    def _sums(self, added: npt.NDArray[Any]) -> npt.NDArray[Any]:
        tables = self._tables(added)
        # Column by column in memory, as the following steps run along the samples.
        sums = np.empty((self.rows.shape[1], added.shape[2]), dtype=added.dtype, order="F")
        for chunk in _chunks(len(sums)):
            for column, of_bytes in enumerate(tables):
                total = np.zeros(chunk.stop - chunk.start, dtype=added.dtype)
                for byte, table in zip(self.rows, of_bytes, strict=True):
                    total += table.take(byte[chunk])
                sums[chunk, column] = total
        return sums

    def _tables(self, added: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the term of each value of each byte: shape (any, n_bytes, base ** per_byte)."""
        base = self.n_labels + 1
        per_byte = votes_per_byte(base)
        values = np.arange(base**per_byte)
        tables = np.zeros((added.shape[2], len(self.rows), len(values)), dtype=added.dtype)
        for voter in range(self.n_voters):
            digit = values // base ** (voter % per_byte) % base
            abstention = np.zeros((1, added.shape[2]), dtype=added.dtype)
            of_digit = np.concatenate([abstention, added[voter][self.rank]])
            tables[:, voter // per_byte] += of_digit[digit].T
        return tables


def votes_per_byte(base: int) -> int:
    """Return the number of votes of `base` possible values that fit into a byte."""
    per_byte = 1
    while base ** (per_byte + 1) <= LARGEST_BASE:
        per_byte += 1
    return per_byte


def hash_limit(share: float) -> np.uint64:
    """Return the hash below which this share of all hashes lies; the largest for a share of 1."""
    most = 2**64 - 1
    return np.uint64(min(int(share * most), most))  # as a float the largest is 2**64


def _bytes(codes: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    return codes.view(np.uint8) if codes.dtype == np.int8 else codes.astype(np.uint8)


def _chunks(n: int) -> Iterator[slice]:
    return (slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK))
