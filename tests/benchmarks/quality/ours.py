"""The project's own label models, asked as the peers are."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from labeling import Votes
from labeling.label_models import MODELS
from tests.benchmarks.quality.data import VoteSet
from tests.benchmarks.quality.peer_worker import counting_time, cpu_time_and_answer
from tests.benchmarks.quality.peers import FOR_FUNCTIONS, FOR_PEOPLE, TITLES, Answer, Peer, failed

SECONDS = 120
# Made for people, who use all labels, or for tens of labeling functions, not hundreds of people.
PEOPLE_ONLY = {"annotator_model"}
FUNCTIONS_ONLY = {"data_programming", "flying_squid", "matrix_completion", "snorkel"}


def constructible(names: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the models that need no arguments, and why others are left out."""
    left = {}
    for name in names:
        try:
            MODELS[name]()
        except TypeError as error:
            left[name] = f"it needs arguments: {error}"
        except Exception as error:  # noqa: BLE001 - an extra that is missing, say
            left[name] = f"{type(error).__name__}: {error}"
    return [name for name in names if name not in left], left


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise a TimeoutError after so many seconds, where the system has such a clock."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"no answer in {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def our_answer(name: str, votes: Votes) -> Answer:
    """Return what one of the project's models says of votes."""

    def ask() -> Any:
        return MODELS[name]().fit(votes).predict_proba(votes).to_array()

    try:
        with warnings.catch_warnings(), limited(SECONDS):
            warnings.simplefilter("ignore")
            spent, found = cpu_time_and_answer(ask)
    except Exception as error:  # noqa: BLE001 - a model that fails is shown as failed
        return failed(f"{type(error).__name__}: {error}")
    return Answer(found, spent / counting_time(votes.to_array(), len(votes.schema)))


class Panel:
    """The models that are compared, ours and the peers', by name.

    Args:
        wanted: names of models to keep; none keeps all.
    """

    def __init__(self, wanted: set[str]) -> None:
        ours, self.left = constructible(sorted(MODELS))
        self._ours = [name for name in ours if not wanted or name in wanted]
        self._peers = {
            name: Peer(name)
            for name in (*FOR_FUNCTIONS, *FOR_PEOPLE)
            if not wanted or name in wanted
        }

    def names(self, people: bool) -> list[str]:
        """Return the models for annotators or for labeling functions, ours first."""
        theirs = FOR_PEOPLE if people else FOR_FUNCTIONS
        others = FUNCTIONS_ONLY if people else PEOPLE_ONLY
        ours = [name for name in self._ours if name not in others]
        return [*ours, *(f"peer:{name}" for name in theirs if name in self._peers)]

    def answer(self, name: str, votes: Votes) -> Answer:
        """Return a model's answer for votes that cover every row."""
        if name.startswith("peer:"):
            peer = self._peers[name.removeprefix("peer:")]
            return peer.answer(votes.to_array(), len(votes.schema))
        return our_answer(name, votes)

    def close(self) -> None:
        """End the peers' processes."""
        for peer in self._peers.values():
            with suppress(OSError):
                peer.close()


def title(name: str) -> str:
    """Return what a table calls a model: ours by the names of a config."""
    peer = name.removeprefix("peer:")
    return TITLES[peer] if peer != name else f"`{name}`"


def covered_votes(votes: Votes) -> Votes:
    """Return the votes on the rows that have one."""
    return votes.of_samples(votes.sample_ids[votes.covered])


def spread(answer: Answer, data: VoteSet) -> Any:
    """Return an answer for covered rows as one for all rows: even chances where nobody voted."""
    everywhere = np.full((len(data.gold), data.n_labels), 1 / data.n_labels)
    everywhere[data.votes.covered] = answer.probabilities
    return everywhere
