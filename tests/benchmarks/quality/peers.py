"""The peers: installed once into an environment of their own, asked in a process, answers kept."""

from __future__ import annotations

import hashlib
import os
import select
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.benchmarks.quality.data import ROOT
from tests.benchmarks.quality.scores import Floats

CACHE = ROOT / ".cache" / "bench-quality"
ENVIRONMENT = CACHE / "peers"
WORKER = Path(__file__).with_name("peer_worker.py")
CONSTRAINTS = "torch==2.13.0\n"
SECONDS = 300  # a peer that has no answer by then has none
# pgmpy: FlyingSquid needs it without declaring it; later ones lack MarkovModel or bring much.
CROWD_KIT = ("crowd-kit==1.4.2",)
REQUIREMENTS = {
    "snorkel": ("snorkel==0.10.0", "torch==2.13.0"),
    "flyingsquid": ("flyingsquid==0.0.0a0", "pgmpy==0.1.25", "torch==2.13.0"),
    "hyperlm": ("hyperlm==0.0.5", "torch==2.13.0"),
    "crowdkit_majority": CROWD_KIT,
    "crowdkit_dawid_skene": CROWD_KIT,
    "crowdkit_one_coin": CROWD_KIT,
    "crowdkit_mace": CROWD_KIT,
}
TITLES = {
    "snorkel": "Snorkel 0.10.0",
    "flyingsquid": "FlyingSquid",
    "hyperlm": "HyperLM",
    "crowdkit_majority": "crowd-kit majority",
    "crowdkit_dawid_skene": "crowd-kit DS",
    "crowdkit_one_coin": "crowd-kit one-coin",
    "crowdkit_mace": "crowd-kit MACE",
}
FOR_FUNCTIONS = ("snorkel", "flyingsquid", "hyperlm")
FOR_PEOPLE = tuple(name for name in REQUIREMENTS if name.startswith("crowdkit"))


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a model said of votes, or why it said nothing.

    Attributes:
        probabilities: shape (n, k); empty where it failed.
        ratio: CPU time of fitting and predicting, in times of counting the same votes.
        error: why there is no answer; empty where there is one.
    """

    probabilities: Floats
    ratio: float
    error: str = ""


def failed(error: str) -> Answer:
    """Return the answer of a model that has none."""
    return Answer(np.zeros((0, 0)), 0.0, " ".join(error.split())[:200])


@dataclass(slots=True, eq=False)
class Peer:
    """One peer; its process starts when it is asked something that it was never asked before."""

    name: str
    _process: subprocess.Popen[str] | None = field(default=None)
    _why_not: str | None = field(default=None)

    def answer(self, votes: npt.NDArray[Any], n_labels: int) -> Answer:
        """Return its answer for votes (every row has one), from the cache where it is there."""
        kept = CACHE / "answers" / f"{self.name}-{self._digest(votes, n_labels)}.npz"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            why = self._missing() or self._ask(kept, votes, n_labels)
            if why:
                return failed(why)
        with np.load(kept, allow_pickle=False) as file:
            error = str(file["error"])
            return failed(error) if error else Answer(file["array"], float(file["ratio"]))

    def close(self) -> None:
        """End its process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _digest(self, votes: npt.NDArray[Any], n_labels: int) -> str:
        about = f"{REQUIREMENTS[self.name]} {CONSTRAINTS} {votes.shape} {n_labels}".encode()
        content = np.ascontiguousarray(votes, dtype=np.int16).tobytes()
        return hashlib.sha256(WORKER.read_bytes() + about + content).hexdigest()[:32]

    def _missing(self) -> str:
        if self._why_not is None:
            self._why_not = installed(REQUIREMENTS[self.name])
        return self._why_not

    def _ask(self, target: Path, votes: npt.NDArray[Any], n_labels: int) -> str:
        """Write its answer into a file; return why there is none where it did not come in time."""
        process = self._process = self._process or self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        with tempfile.TemporaryDirectory() as folder:
            source, unfinished = Path(folder, "votes.npz"), Path(folder, "answer.npz")
            np.savez(source, votes=votes, n_labels=n_labels)
            process.stdin.write(f"{source} {unfinished}\n")
            process.stdin.flush()
            ready, _, _ = select.select([process.stdout], [], [], SECONDS)
            said = process.stdout.readline() if ready else ""
            if said != "done\n":
                self.close()
                why = "its process died" if ready else f"no answer in {SECONDS} s"
                np.savez(unfinished, array=np.zeros((0, n_labels)), ratio=0.0, error=why)
            content = unfinished.read_bytes()
        part = target.with_suffix(".part")
        part.write_bytes(content)
        os.replace(part, target)
        return ""

    def _started(self) -> subprocess.Popen[str]:
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        return subprocess.Popen(
            [_python(), "-P", "-W", "ignore", str(WORKER), self.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **threads, "PYTHONPATH": ""},
        )


def _python() -> str:
    return str(ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin") / "python")


def installed(requirements: tuple[str, ...]) -> str:
    """Install packages into the peers' environment, once; return why it could not be done."""
    mark = ENVIRONMENT / f".has-{'-'.join(requirements)}"
    if mark.exists():
        return ""
    sys.stdout.write(f"Installing {' '.join(requirements)} beside the project (once) ...\n")
    sys.stdout.flush()
    if not Path(_python()).exists():
        venv.create(ENVIRONMENT, with_pip=True)
    constraints = ENVIRONMENT / "constraints.txt"
    constraints.write_text(CONSTRAINTS)
    pip = [_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "-c", str(constraints), *requirements], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "ERROR" in line]
        return f"not installed: {(said or ['pip failed'])[-1]}"
    mark.touch()
    return ""
