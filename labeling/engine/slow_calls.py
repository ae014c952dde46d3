"""Names the labeling function and the sample of a call that does not return."""

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
from labeling.records import whole_file

logger = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two looks at what is running."""
WARN_AFTER = 5.0
"""Seconds that a call may take before a warning."""
PER_ROW = 0.05
"""Seconds more for each sample of a call on many of them."""


@dataclass(frozen=True, slots=True)
class SlowCall:
    """A call that is running: of what, on which sample, for how long, and how long it may take."""

    function: str
    sample: str
    seconds: float
    allowed: float

    def __str__(self) -> str:
        since = f", for {self.seconds:.0f} s" if self.seconds >= TICK else ""
        return f"{self.function} on sample {self.sample}{since}"


class CallWatch:
    """What is called right now; costs nothing a call, since it is looked at from outside.

    The place is that of a list which grows by an answer a row: `done`.

    Args:
        report: what is done at each tick with the call that is running.
    """

    def __init__(self, report: Callable[[SlowCall], object] | None = None) -> None:
        self.report = report or CallWarnings().look
        self._function = ""
        self._ids = pd.Index([])
        self._done: Sequence[Any] = ()
        self._rows = 1
        self._seen: tuple[str, int, int] | None = None
        self._since = 0.0

    def enter(self, function: str, ids: pd.Index, done: Sequence[Any], rows: int = 1) -> None:
        """Remember what is called: on the sample after those that are done, and how many at once."""
        self._ids, self._done, self._rows, self._function = ids, done, rows, function

    def leave(self) -> None:
        """Remember that nothing is called."""
        self._function = ""

    def running(self) -> SlowCall | None:
        """Return the call that is running, with the time since it was first seen."""
        function, done = self._function, len(self._done)
        if not function or done >= len(self._ids):
            return None
        seen, at = (function, id(self._done), done), time.monotonic()
        if seen != self._seen:
            self._seen, self._since = seen, at
        sample = repr(self._ids[done : done + 1].tolist()[0])
        if self._rows > 1:
            sample = f"{sample} and {self._rows - 1} after it"
        allowed = WARN_AFTER + PER_ROW * (self._rows - 1)
        return SlowCall(function, sample, at - self._since, allowed)

    def tick(self) -> None:
        """Report the call that is running."""
        call = self.running()
        if call is not None:
            with contextlib.suppress(RuntimeError):  # the call itself was just printing: next tick
                self.report(call)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch as long as the context lasts; whoever stops it is told what was running."""
        try:
            with ticking(self.tick):
                yield
        except Exception:
            raise
        except BaseException as stop:
            call = self.running()
            if call is not None:
                stop.add_note(f"Stopped in {call}.")
            raise


class CallWarnings:
    """Warns once of each function that does not return."""

    def __init__(self) -> None:
        self._warned: set[str] = set()

    def look(self, call: SlowCall) -> None:
        """Warn of a call that takes longer than it may, if nobody was warned of its function."""
        if call.seconds >= call.allowed and call.function not in self._warned:
            logger.warning("still running: %s; Ctrl-C stops it", call)
            self._warned.add(call.function)


@contextlib.contextmanager
def ticking(tick: Callable[[], object]) -> Iterator[None]:
    """Call something once a second, also while a regular expression holds Python's lock.

    Only a signal of the main thread can do that. Where that is not to be had (in another thread,
    or where the program uses the alarm itself) a thread ticks, which such a call keeps waiting.
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


class Board:
    """A folder in which workers write what they are calling, for the process that waits for them.

    Args:
        folder: an empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, call: SlowCall) -> None:
        """Write what this process is calling."""
        # Where the folder is gone, nobody waits any more.
        with (
            contextlib.suppress(OSError, DataError),
            whole_file(self.folder / f"{os.getpid()}.json") as part,
        ):
            part.write_text(json.dumps(asdict(call)), encoding="utf-8")

    def clear(self) -> None:
        """Write that this process is calling nothing."""
        with contextlib.suppress(OSError):
            (self.folder / f"{os.getpid()}.json").unlink(missing_ok=True)

    def read(self) -> list[SlowCall]:
        """Return what the workers are calling."""
        calls = []
        for path in sorted(self.folder.glob("*.json")):
            with contextlib.suppress(OSError):
                calls.append(SlowCall(**json.loads(path.read_text(encoding="utf-8"))))
        return calls

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Warn of the workers' slow calls; whoever stops the wait is told what they were."""
        warnings = CallWarnings()

        def look() -> None:
            for call in self.read():
                warnings.look(call)

        try:
            with _thread_ticking(look):
                yield
        except Exception:
            raise
        except BaseException as stop:
            for call in self.read():
                stop.add_note(f"Stopped in {call}.")
            raise
