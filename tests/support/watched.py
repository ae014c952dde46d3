"""Processes that watch a project, and what they print."""

import contextlib
import queue
import subprocess
import sys
import threading

from labeling.project import Project

SOON = 60  # seconds after which what should happen has failed to


def is_free(folder):
    """Return whether another process could hold the project at once."""
    store = Project(folder / "project.yaml").store
    store.lock_timeout = 0
    with store.locked("test"):
        return True


@contextlib.contextmanager
def watching(folder, *arguments):
    """Give a process that watches, and a queue of the lines that it prints."""
    command = [sys.executable, "-m", "labeling", "-c", "project.yaml", *arguments]
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=folder, **piped) as running:
        lines = queue.Queue()
        reader = threading.Thread(target=lambda: [lines.put(line) for line in running.stdout])
        reader.start()
        try:
            yield running, lines
        finally:
            running.kill()
            reader.join()
