"""Progress display: a live line on a terminal, else a line every few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from labeling.cli.escaping import safe, single_line

PLAIN_EVERY = 5.0
"""Seconds between two lines where there is no terminal."""
FEWEST_ROWS = 30
"""Fewer steps than these are not rows, and have no rate."""
MIN_SECONDS = 0.5
"""Seconds before the rate and the time left are estimated."""


@dataclass
class Stage:
    """A stage of an activity.

    Attributes:
        name: of the stage.
        total: number of steps, if known.
        expected: expected duration in seconds, if known.
        started: time of the start, by `time.monotonic`.
        done: completed steps.
    """

    name: str
    total: int | None
    expected: float | None
    started: float
    done: int = 0

    def advance(self, steps: int) -> None:
        """Count completed steps."""
        self.done += steps

    def elapsed(self, now: float) -> float:
        """Return the seconds since the start."""
        return now - self.started

    def left(self, now: float) -> float | None:
        """Return an estimate of the seconds left; `None` where it is unknown."""
        elapsed = self.elapsed(now)
        if self.total and self.done and elapsed >= MIN_SECONDS:
            return elapsed / self.done * (self.total - self.done)
        if self.expected is not None and self.expected > elapsed:
            return self.expected - elapsed
        return None

    def words(self) -> str:
        """Return the name of the stage, and its completed steps.

        >>> Stage("applying", 200, None, started=0.0, done=50).words()
        'applying: 50 of 200'
        """
        return self.name if self.total is None else f"{self.name}: {self.done:,} of {self.total:,}"

    def rate(self, now: float) -> str:
        """Return the rows per second; empty where that is less than 1, or steps are not rows.

        >>> Stage("applying", 200, None, started=0.0, done=50).rate(now=10.0)
        '5 rows/s'
        """
        elapsed = self.elapsed(now)
        if elapsed < MIN_SECONDS or self.done < elapsed or (self.total or 0) < FEWEST_ROWS:
            return ""
        return f"{self.done / elapsed:,.0f} rows/s"


class StageDisplay:
    """Displays stages on a console, usually on stderr, while an activity is shown.

    It implements `labeling.store.StageWatcher`.

    Args:
        console: where to print.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._stages: list[Stage] = []

    @contextmanager
    def showing(self, activity: str, total: int | None = None) -> Iterator[Callable[[int], object]]:
        """Show an activity, and the stages within it, while the context lasts.

        Args:
            activity: its name.
            total: number of steps, if known; the function that is yielded counts them.
        """
        is_outermost = not self._stages
        advance = self.begin(activity, total, None)
        try:
            with self._live() if is_outermost else nullcontext():
                yield advance
        finally:
            self.end()

    def begin(
        self, name: str, total: int | None, expected: float | None
    ) -> Callable[[int], object]:
        """Begin a stage within the current ones; return the function that counts its steps."""
        stage = Stage(name, total, expected, time.monotonic())
        self._stages = [*self._stages, stage]
        return stage.advance

    def end(self) -> None:
        """End the innermost stage."""
        self._stages = self._stages[:-1]

    def sentence(self) -> str:
        """Return the stages, their rate, the elapsed time and the time left, as a sentence."""
        words, rate, elapsed, left = self._parts()
        so_far = f"{elapsed} so far" if elapsed else ""
        return ", ".join(filter(None, (words, rate, so_far, left)))

    def _parts(self) -> tuple[str, str, str, str]:
        """Return the stages, their rate, the elapsed time and the time left, as texts."""
        stages, now = self._stages, time.monotonic()
        if not stages:
            return "", "", "", ""
        inner = stages[1:] or stages
        rate = next(filter(None, (stage.rate(now) for stage in inner)), "")
        times_left = (stage.left(now) for stage in inner)
        left = next((seconds for seconds in times_left if seconds is not None), None)
        return (
            ", ".join(stage.words() for stage in inner),
            rate,
            clock(stages[0].elapsed(now)),
            "" if left is None else f"about {clock(left)} left",
        )

    def _live(self) -> AbstractContextManager[object]:
        if not self.console.is_terminal:
            return self._periodic_lines()
        # stdout may be a file: it is not redirected through the live display.
        return Live(
            get_renderable=self._status_row,
            console=self.console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            refresh_per_second=8,
        )

    def _status_row(self) -> Table:
        words, *others = self._parts()
        times = ", ".join(filter(None, others))
        row = Table.grid(padding=(0, 1, 0, 0), expand=True)
        counted = next((stage for stage in self._stages if stage.total), None)
        indicator: ProgressBar | Spinner = Spinner("dots")
        if counted is not None:
            indicator = ProgressBar(total=counted.total, completed=counted.done, width=8)
        # On a narrow terminal the words are cut, not the times.
        row.add_column(min_width=8 if counted else 1)
        row.add_column(ratio=1, no_wrap=True)
        row.add_column(min_width=len(times), no_wrap=True)
        row.add_row(
            indicator, Text(single_line(words), overflow="ellipsis", no_wrap=True), Text(times)
        )
        return row

    @contextmanager
    def _periodic_lines(self) -> Iterator[None]:
        ended = threading.Event()

        def loop() -> None:
            while not ended.wait(PLAIN_EVERY):
                self.console.print(f"[dim]{safe(self.sentence())}[/dim]")

        threading.Thread(target=loop, name="labeling-progress", daemon=True).start()
        try:
            yield
        finally:
            ended.set()


def clock(seconds: float) -> str:
    """Return a duration as [hours:]minutes:seconds.

    >>> clock(7), clock(75), clock(7322)
    ('0:07', '1:15', '2:02:02')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
