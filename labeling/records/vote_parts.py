"""`VoteParts`: votes in parts that need not fit in one process, such as those of a cluster."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from labeling.records.schema import LabelSchema
from labeling.records.votes import Votes
from labeling.rendering import Displayed

T = TypeVar("T")


class VoteParts(Displayed, ABC):
    """Votes on samples that are held in parts; label models are fitted to their vote patterns.

    Attributes:
        schema: the labels that the codes stand for.
        voters: unique names in the order of the columns of each part.
    """

    schema: LabelSchema
    voters: tuple[str, ...]

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of samples in all parts."""

    @property
    @abstractmethod
    def n_covered(self) -> int:
        """The number of samples with a vote."""

    @property
    @abstractmethod
    def votes_for(self) -> npt.NDArray[np.int64]:
        """How often each voter votes for each label of the schema: (n_voters, n_labels)."""

    @abstractmethod
    def map(self, function: Callable[[Votes], T]) -> Iterator[T]:
        """Yield the result of a function for the votes of each part, in the order of the parts.

        Args:
            function: a pure function that can be pickled: it may be called elsewhere, and twice.
        """
