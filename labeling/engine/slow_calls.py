"""Warns of calls that do not return: names the labeling function and the sample."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from labeling.errors import DataError
from labeling.records import atomic_write

logger = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between checks of what is running."""
WARN_AFTER = 5.0
"""Seconds that a call may take before a warning is logged."""
PER_ROW = 0.05
"""Additional seconds for each further sample of a batch call."""


@dataclass(frozen=True, slots=True)
class SlowCall:
    """A running call: the function, the sample, how long it has run and how long it may."""

    function: str
    sample: str
    seconds: float
    allowed: float

    def __str__(self) -> str:
        since = f", for {self.seconds:.0f} s" if self.seconds >= TICK else ""
        return f"{self.function} on sample {self.sample}{since}"


class CallWatch:
    """Knows what is being called right now, at no cost per call: a timer looks at it from outside.

    The current sample follows from the length of a list that grows by an answer per row: `done`.

    Args:
        report: is called at each tick with the call that is running.
    """

    def __init__(self, report: Callable[[SlowCall], object] | None = None) -> None:
        self.report = report or CallWarnings().check
        self._function = ""
        self._ids = pd.Index([])
        self._done: Sequence[Any] = ()
        self._rows = 1
        self._last_seen: tuple[str, int, int] | None = None
        self._since = 0.0

    def enter(self, function: str, ids: pd.Index, done: Sequence[Any], rows: int = 1) -> None:
        """Note what is called: on the sample after those that are done, and on how many at once."""
        self._ids, self._done, self._rows, self._function = ids, done, rows, function

    def leave(self) -> None:
        """Note that nothing is called."""
        self._function = ""

    def running(self) -> SlowCall | None:
        """Return the call that is running, and for how long it has been seen running."""
        function, done = self._function, len(self._done)
        if not function or done >= len(self._ids):
            return None
        seen, now = (function, id(self._done), done), time.monotonic()
        if seen != self._last_seen:
            self._last_seen, self._since = seen, now
        sample = repr(self._ids[done : done + 1].tolist()[0])
        if self._rows > 1:
            sample = f"{sample} and {self._rows - 1} after it"
        allowed = WARN_AFTER + PER_ROW * (self._rows - 1)
        return SlowCall(function, sample, now - self._since, allowed)

    def tick(self) -> None:
        """Report the call that is running."""
        call = self.running()
        if call is not None:
            with contextlib.suppress(
                RuntimeError
            ):  # the call itself was printing: report at the next tick
                self.report(call)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch while the context lasts; an interrupt gets a note of what was running."""
        try:
            with ticking(self.tick):
                yield
        except Exception:
            raise  # only what stops the program, such as Ctrl-C, is noted: errors name their origin
        except BaseException as interrupt:
            call = self.running()
            if call is not None:
                interrupt.add_note(f"Stopped in {call}.")
            raise


class CallWarnings:
    """Logs a warning for each function that does not return, once."""

    def __init__(self) -> None:
        self._warned: set[str] = set()

    def check(self, call: SlowCall) -> None:
        """Warn of a call that takes too long, unless its function has been warned of already."""
        if call.seconds >= call.allowed and call.function not in self._warned:
            logger.warning("still running: %s; Ctrl-C stops it", call)
            self._warned.add(call.function)


@contextlib.contextmanager
def ticking(tick: Callable[[], object]) -> Iterator[None]:
    """Call a function once a second, even while a regular expression holds Python's global lock.

    Only a signal handler of the main thread can do that. Without it (in another thread, or if the
    program itself uses SIGALRM) a thread calls the function, which waits for the lock.
    """
    if not _alarm_is_free():
        with _thread_ticking(tick):
            yield
        return

    def on_alarm(*_: object) -> None:
        tick()

    signal.signal(signal.SIGALRM, on_alarm)
    signal.siginterrupt(signal.SIGALRM, False)
    signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGALRM) is on_alarm:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _alarm_is_free() -> bool:
    return (
        threading.current_thread() is threading.main_thread()
        and hasattr(signal, "setitimer")
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
        and signal.getitimer(signal.ITIMER_REAL)[0] == 0
    )


@contextlib.contextmanager
def _thread_ticking(tick: Callable[[], object]) -> Iterator[None]:
    ended = threading.Event()

    def loop() -> None:
        while not ended.wait(TICK):
            tick()

    threading.Thread(target=loop, name="labeling-slow-calls", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


class CallBoard:
    """A folder to which worker processes write what they are calling, for the main process.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, call: SlowCall) -> None:
        """Write what this process is calling."""
        # If the folder no longer exists, the main process has ended.
        with (
            contextlib.suppress(OSError, DataError),
            atomic_write(self.folder / f"{os.getpid()}.json") as part,
        ):
            part.write_text(json.dumps(asdict(call)), encoding="utf-8")

    def clear(self) -> None:
        """Remove what this process wrote: it is calling nothing."""
        with contextlib.suppress(OSError):
            (self.folder / f"{os.getpid()}.json").unlink(missing_ok=True)

    def read(self) -> list[SlowCall]:
        """Return what the worker processes are calling."""
        calls = []
        for path in sorted(self.folder.glob("*.json")):
            with contextlib.suppress(OSError):
                calls.append(SlowCall(**json.loads(path.read_text(encoding="utf-8"))))
        return calls

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Warn of slow calls of the workers; an interrupt gets a note of what was running."""
        warnings = CallWarnings()

        def check() -> None:
            for call in self.read():
                warnings.check(call)

        try:
            with _thread_ticking(check):
                yield
        except Exception:
            raise  # as above: only what stops the program is noted
        except BaseException as interrupt:
            for call in self.read():
                interrupt.add_note(f"Stopped in {call}.")
            raise
