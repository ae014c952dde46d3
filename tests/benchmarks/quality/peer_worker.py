"""Runs one peer, in an environment of its own: `python peer_worker.py PEER`.

For each line `votes.npz answer.npz` on its standard input it writes the answer and says `done`. It
imports nothing of the project and, besides NumPy, only the peer that it runs.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

Ask = Callable[[], Any]


def counting_time(votes: Any, n_labels: int) -> float:
    """Return the CPU seconds of counting the votes for each label: the yardstick of all times."""
    times = []
    for _ in range(5):
        begin = time.process_time()
        np.stack([(votes == code).sum(axis=1) for code in range(n_labels)], axis=1)
        times.append(time.process_time() - begin)
    return max(min(times), 1e-6)


def cpu_time_and_answer(ask: Ask) -> tuple[float, Any]:
    """Return the CPU seconds of a call and its result; a short call is repeated after a warm-up."""
    best = float("inf")
    for _ in range(2):
        begin = time.process_time()
        answer = ask()
        best = min(best, time.process_time() - begin)
        if best > 20:
            break
    return best, answer


def snorkel(votes: Any, n_labels: int) -> Ask:
    """Snorkel's LabelModel as the published comparison runs it."""
    import torch
    from snorkel.labeling.model import LabelModel  # type: ignore[import-untyped]

    torch.set_num_threads(1)

    def ask() -> Any:
        model = LabelModel(cardinality=n_labels, verbose=False)
        model.fit(votes, n_epochs=500, lr=0.01, seed=0, progress_bar=False)
        return model.predict_proba(votes)

    return ask


def hyperlm(votes: Any, n_labels: int) -> Ask:
    """HyperLM with the checkpoint that it ships."""
    import torch
    from hyperlm import HyperLabelModel  # type: ignore[import-not-found]

    torch.set_num_threads(1)
    # Its checkpoint holds one NumPy number beside the weights; nothing else is let in.
    number: Any = (np.float64(0).__reduce__()[0], "numpy.core.multiarray.scalar")
    torch.serialization.add_safe_globals([number, np.dtype, type(np.dtype(float))])
    return lambda: HyperLabelModel(device="cpu").infer(votes, return_probs=True)


def flyingsquid(votes: Any, n_labels: int) -> Ask:
    """FlyingSquid with a uniform class balance; one label against the rest where there are more."""
    from flyingsquid.label_model import LabelModel  # type: ignore[import-not-found]

    def one(positive: int, share: float) -> Any:
        signs = np.where(votes == -1, 0, np.where(votes == positive, 1, -1))
        model = LabelModel(votes.shape[1])
        model.fit(signs, class_balance=np.array([1 - share, share]))
        return np.asarray(model.predict_proba(signs, verbose=False))[:, 1]

    def ask() -> Any:
        if n_labels == 2:
            positive = one(1, 0.5)
            return np.stack([1 - positive, positive], axis=1)
        scores = np.stack([one(code, 1 / n_labels) for code in range(n_labels)], axis=1)
        return scores / scores.sum(axis=1, keepdims=True)

    return ask


def _crowd_kit(name: str) -> Callable[[Any, int], Ask]:
    def prepare(votes: Any, n_labels: int) -> Ask:
        import pandas as pd
        from crowdkit import aggregation  # type: ignore[import-not-found]

        task, worker = np.nonzero(votes >= 0)
        frame = pd.DataFrame({"task": task, "worker": worker, "label": votes[task, worker]})

        def ask() -> Any:
            found = getattr(aggregation, name)().fit_predict_proba(frame)
            return found.reindex(index=range(len(votes)), columns=range(n_labels)).fillna(0.0)

        return ask

    return prepare


PEERS: dict[str, Callable[[Any, int], Ask]] = {
    "snorkel": snorkel,
    "flyingsquid": flyingsquid,
    "hyperlm": hyperlm,
    "crowdkit_majority": _crowd_kit("MajorityVote"),
    "crowdkit_dawid_skene": _crowd_kit("DawidSkene"),
    "crowdkit_one_coin": _crowd_kit("OneCoinDawidSkene"),
    "crowdkit_mace": _crowd_kit("MACE"),
}


def answer_file(peer: str, source: str, target: str) -> None:
    """Read votes, ask the peer, and write its answer or why there is none."""
    with np.load(source, allow_pickle=False) as file:
        votes, n_labels = file["votes"].astype(int), int(file["n_labels"])
    try:
        spent, found = cpu_time_and_answer(PEERS[peer](votes, n_labels))
        array = np.asarray(found, dtype=float)
        if array.shape != (len(votes), n_labels) or not np.isfinite(array).all():
            raise ValueError(
                f"its answer of shape {array.shape} is not all finite or of that shape"
            )
        np.savez(target, array=array, ratio=spent / counting_time(votes, n_labels), error="")
    except Exception as error:  # noqa: BLE001 - whatever a peer raises goes into the table
        said = f"{type(error).__name__}: {error}"
        np.savez(target, array=np.zeros((0, n_labels)), ratio=0.0, error=said)


def main() -> None:
    """Answer line by line until there are no more."""
    spoken = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a peer prints is no answer
    for line in sys.stdin:
        answer_file(sys.argv[1], *line.split())
        spoken.write("done\n")
        spoken.flush()


if __name__ == "__main__":
    main()
