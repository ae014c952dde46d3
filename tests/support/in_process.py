"""The command line run inside the test's process, which saves the start of an interpreter.

Tests of signals, of encodings of the terminal, of tracebacks and of a closed stdout need a real
process.
"""

import contextlib
import io
import logging
import os
import signal
import warnings
from dataclasses import dataclass
from unittest import mock

from labeling.cli import Settings, console, main


@dataclass(frozen=True)
class Done:
    """The result of a command, with the attributes of a completed process."""

    returncode: int
    stdout: str
    stderr: str


def run(folder, *arguments, columns=100, environment=None):
    """Run the command line in a folder as `python -m labeling` would, and return its result."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2)]
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(folder))
        stack.enter_context(mock.patch.dict(os.environ, environment or {}))
        stack.enter_context(contextlib.redirect_stdout(streams[0]))
        stack.enter_context(contextlib.redirect_stderr(streams[1]))
        stack.enter_context(warnings.catch_warnings())
        stack.enter_context(_as_at_start(columns))
        warnings.simplefilter("default")
        code = _exit_code(arguments)
    texts = []
    for stream in streams:
        stream.flush()
        texts.append(stream.buffer.getvalue().decode("utf-8"))
    return Done(code, *texts)


def _exit_code(arguments):
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as ended:
        return ended.code or 0
    return 0


@contextlib.contextmanager
def _as_at_start(columns):
    """Set what the command line keeps in its process, and put it back afterwards."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    settings = Settings.config, Settings.debug, Settings.stopped
    logger, handler = logging.getLogger("labeling"), console.ConsoleHandler()
    level, width = logger.level, console.out.width
    logging.getLogger().addHandler(handler)
    console.out.width = columns
    try:
        yield
    finally:
        console.out.width = width
        logging.getLogger().removeHandler(handler)
        logger.setLevel(level)
        Settings.config, Settings.debug, Settings.stopped = settings
        for number, found in handlers.items():
            signal.signal(number, found)
