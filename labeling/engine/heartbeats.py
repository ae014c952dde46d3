"""Heartbeats of worker processes: one that hangs in a call is ended by the main process."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

GRACE = 5.0
"""Seconds beyond the time limit before a worker without heartbeat is ended."""
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


class Heartbeat:
    """The heartbeat of this process, while it works on a chunk.

    Args:
        folder: where the main process looks for it.
        chunk: the number of the chunk.
    """

    def __init__(self, folder: Path, chunk: int) -> None:
        self._file = folder / f"{os.getpid()}.alive"
        self._file.write_text(str(chunk), encoding="utf-8")

    def beat(self) -> None:
        """Tell that the process does not hang."""
        with contextlib.suppress(OSError):
            os.utime(self._file)

    def stop(self) -> None:
        """Tell that the chunk is done."""
        with contextlib.suppress(OSError):
            self._file.unlink(missing_ok=True)


class HungWorkers:
    """Ends workers without a heartbeat, and keeps which chunks they were working on.

    Args:
        folder: the folder of the heartbeats.
        limit: seconds without a heartbeat; `None` ends no worker.
    """

    def __init__(self, folder: Path, limit: float | None) -> None:
        self._folder, self._limit = folder, limit
        self.chunks: list[int] = []

    def look(self) -> None:
        """End the workers that hang."""
        if self._limit is None:
            return
        for file in self._folder.glob("*.alive"):
            with contextlib.suppress(OSError, ValueError):
                if time.time() - file.stat().st_mtime > self._limit and _is_child(int(file.stem)):
                    chunk = int(file.read_text(encoding="utf-8"))
                    file.unlink()
                    self.chunks.append(chunk)
                    os.kill(int(file.stem), _KILL)

    def taken(self) -> list[int]:
        """Return the chunks of ended workers, and forget these and all heartbeats."""
        chunks, self.chunks = self.chunks, []
        for file in self._folder.glob("*.alive"):
            file.unlink(missing_ok=True)
        return chunks


def _is_child(process: int) -> bool:
    """Whether a process is one of this one's: a number may be given to another program anew."""
    if not hasattr(os, "waitid"):
        return True
    try:
        os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True
