"""Finished runs, appended to a file, so that a simulation that was stopped can go on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from labeling.errors import DataError
from labeling.rendering import Displayed
from labeling.simulation.replaying import Checkpoint

FILE = "runs.jsonl"


@dataclass(frozen=True, slots=True, order=True)
class RunKey(Displayed):
    """What a run is told from others by.

    Attributes:
        seed: of draws and of the order of votes.
        strategy: of `select`.
        policy: the name of the review policy.
    """

    seed: int
    strategy: str
    policy: str


class RunLog:
    """Finished runs by key; in memory, or in a file of a folder to which each is appended.

    Runs of other data, settings or versions of the package stay in the file and are not used.

    Args:
        folder: `None` keeps runs in memory only.
        fingerprint: of all that results depend on, but the policy.
        definitions: each policy's settings as a text, by name.
    """

    def __init__(
        self, folder: Path | None, fingerprint: str, definitions: Mapping[str, str]
    ) -> None:
        self.path = None if folder is None else folder / FILE
        self.fingerprint = fingerprint
        self.definitions = definitions
        self.runs: dict[RunKey, list[Checkpoint]] = {}
        if self.path is not None and self.path.is_file():
            self._read(self.path)

    def add(self, key: RunKey, checkpoints: Sequence[Checkpoint]) -> None:
        """Keep a finished run."""
        self.runs[key] = list(checkpoints)
        if self.path is None:
            return
        row = {
            "fingerprint": self.fingerprint,
            "seed": key.seed,
            "strategy": key.strategy,
            "policy": key.policy,
            "definition": self.definitions[key.policy],
            "checkpoints": [checkpoint.to_json() for checkpoint in checkpoints],
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self, path: Path) -> None:
        lines = path.read_text("utf-8").split("\n")
        for number, line in enumerate(lines, start=1):
            if not line:
                continue
            try:
                row = json.loads(line)
                key = RunKey(row["seed"], row["strategy"], row["policy"])
                checkpoints = [Checkpoint.from_json(stored) for stored in row["checkpoints"]]
            except (ValueError, KeyError, TypeError) as error:
                if number == len(lines):  # the last line of a run that was killed while it wrote
                    self._end_line(path)
                    return
                raise DataError(
                    f"Line {number} of {path} is no simulated run: {error}. Delete the file to"
                    " simulate anew."
                ) from error
            is_same_policy = row.get("definition") == self.definitions.get(key.policy)
            if row["fingerprint"] == self.fingerprint and is_same_policy:
                self.runs[key] = checkpoints

    @staticmethod
    def _end_line(path: Path) -> None:
        """Remove what a killed process left unfinished at the end of the file."""
        whole = path.read_bytes()
        os.truncate(path, whole.rfind(b"\n") + 1)


def fingerprint_of(frames: Sequence[pd.DataFrame], settings: Mapping[str, object]) -> str:
    """Return a hash of tables, whatever the order of their rows, and of settings."""
    hashed = hashlib.sha256(json.dumps(settings, sort_keys=True, default=repr).encode())
    for frame in frames:
        rows = pd.util.hash_pandas_object(frame.astype(str), index=True).to_numpy()
        hashed.update(np.sort(rows).tobytes())
    return hashed.hexdigest()
