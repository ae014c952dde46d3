"""Watches calls that do not return: names function and sample, and stops them at a time limit."""

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
from types import FrameType
from typing import Any

import pandas as pd

from labeling.engine.call_stops import CallStoppedError
from labeling.engine.diary import Diary
from labeling.engine.progress import REPORTING
from labeling.errors import DataError, LFTimeoutError
from labeling.records import atomic_write, location_of

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
        timeout: seconds after which a call on one sample is stopped, where signals can do that; a
            batch call may take as long for each of its samples.
        alive: is called at each tick at which no call is over the time limit.
        diary: notes each call.

    Attributes:
        may_stop: whether a call is running that can be stopped; set by who calls.
    """

    def __init__(
        self,
        report: Callable[[SlowCall], object] | None = None,
        timeout: float | None = None,
        alive: Callable[[], object] | None = None,
        diary: Diary | None = None,
    ) -> None:
        self.report = report or CallWarnings().check
        self.timeout, self.alive, self.diary = timeout, alive, diary
        self.may_stop = False
        self._stopped: dict[int, CallStoppedError] = {}
        self._function = ""
        self._ids = pd.Index([])
        self._done: Sequence[Any] = ()
        self._rows = 1
        self._last_seen: tuple[str, int, int] | None = None
        self._since = 0.0

    def enter(self, function: str, ids: pd.Index, done: Sequence[Any], rows: int = 1) -> None:
        """Note what is called: on the sample after those that are done, and on how many at once."""
        self._ids, self._done, self._rows, self._function = ids, done, rows, function

    def leave(self) -> dict[int, CallStoppedError]:
        """Note that nothing is called; return which of the samples' calls were stopped."""
        self._function = ""
        stopped, self._stopped = self._stopped, {}
        return stopped

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
        if self.alive is not None and not self._is_late(call):
            self.alive()
        if call is not None:
            with contextlib.suppress(
                RuntimeError
            ):  # the call itself was printing: report at the next tick
                self.report(call)

    def on_alarm(self, _: int, frame: FrameType | None) -> None:
        """Report the call that is running, and stop it at its time limit: a signal handler."""
        self.tick()
        if self.may_stop and self._is_late(self.running()) and not _is_progress(frame):
            stopped = CallStoppedError()
            self.note_stopped(stopped)
            raise stopped

    def note_stopped(self, stopped: CallStoppedError) -> None:
        """Note that the call that is running was stopped; of several times the first one counts."""
        self._stopped.setdefault(len(self._done), stopped)

    def _is_late(self, call: SlowCall | None) -> bool:
        limit = self.timeout
        return call is not None and limit is not None and call.seconds >= limit * self._rows

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch while the context lasts; an interrupt gets a note of what was running."""
        try:
            with ticking(self):
                yield
        except Exception:
            raise  # only what stops the program, such as Ctrl-C, is noted: errors name their origin
        except BaseException as interrupt:
            call = self.running()
            if call is not None:
                interrupt.add_note(f"Stopped in {call}.")
            raise


def timeout_error(
    called: str, sample_id: object, stopped: CallStoppedError, timeout: float | None
) -> LFTimeoutError:
    """Return the error of a call that was stopped; it names where in the user's code.

    Args:
        called: the function, as it is named in messages.
        sample_id: what it was called on.
        stopped: what was raised in it.
        timeout: the time limit in seconds.
    """
    location = location_of(stopped)
    error = LFTimeoutError(
        f"{called[:1].upper()}{called[1:]} did not return on sample {sample_id!r} within"
        f" {timeout:g} s{f' ({location})' if location else ''}. Fix it (nested repetition in a"
        " regular expression, such as (a+)+, may take forever), allow more seconds by `timeout`, or"
        " pass on_error='record' to abstain there."
    )
    return error.with_traceback(stopped.__traceback__)


class CallWarnings:
    """Logs a warning for each function that does not return, once."""

    def __init__(self) -> None:
        self._warned: set[str] = set()

    def check(self, call: SlowCall) -> None:
        """Warn of a call that takes too long, unless its function has been warned of already."""
        if call.seconds >= call.allowed and call.function not in self._warned:
            logger.warning("still running: %s; Ctrl-C stops it", call)
            self._warned.add(call.function)


def _is_progress(frame: FrameType | None) -> bool:
    """Whether progress is being reported, between two calls."""
    while frame is not None:
        if frame.f_code in REPORTING:
            return True
        frame = frame.f_back
    return False


@contextlib.contextmanager
def ticking(watch: CallWatch) -> Iterator[None]:
    """Let a watch look once a second, even while a regular expression holds Python's global lock.

    Only a signal handler of the main thread can do that, and stop a call. Without it (in another
    thread, or if the program itself uses SIGALRM) a thread looks, which waits for the lock.
    """
    if not alarm_is_free():
        with _thread_ticking(watch.tick):
            yield
        return
    on_alarm = watch.on_alarm
    interval = TICK if watch.timeout is None else min(TICK, max(watch.timeout / 4, 0.01))
    signal.signal(signal.SIGALRM, on_alarm)
    signal.siginterrupt(signal.SIGALRM, False)
    signal.setitimer(signal.ITIMER_REAL, interval, interval)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGALRM) == on_alarm:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)


def alarm_is_free() -> bool:
    """Whether a signal can look at calls here: in the main thread, on systems with SIGALRM."""
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
    def watching(self, also: Callable[[], object]) -> Iterator[None]:
        """Warn of slow calls of the workers; an interrupt gets a note of what was running.

        Args:
            also: is called at each tick as well.
        """
        warnings = CallWarnings()

        def check() -> None:
            also()
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
