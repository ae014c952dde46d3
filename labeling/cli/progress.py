"""What is under way: on a terminal a line that moves, elsewhere a line now and then."""

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

from labeling.cli.escaping import one_line, safe

PLAIN_EVERY = 5.0
"""Seconds between two lines where there is no terminal."""
FEW = 30
"""Fewer steps than these are parts of the work, and no rows."""
SOON = 0.5
"""Seconds before a rate and the time left are worth telling."""


@dataclass
class Stage:
    """A part of what is under way.

    Attributes:
        name: what is done.
        total: how many steps it has, if that is known.
        expected: how many seconds it may take, if that is known.
        started: when it began, on the clock of `time.monotonic`.
        done: steps that are done.
    """

    name: str
    total: int | None
    expected: float | None
    started: float
    done: int = 0

    def advance(self, steps: int) -> None:
        """Count steps that are done."""
        self.done += steps

    def spent(self, now: float) -> float:
        """Return the seconds since it began."""
        return now - self.started

    def left(self, now: float) -> float | None:
        """Return about how many seconds are left; `None` where nothing tells."""
        spent = self.spent(now)
        if self.total and self.done and spent >= SOON:
            return spent / self.done * (self.total - self.done)
        if self.expected is not None and self.expected > spent:
            return self.expected - spent
        return None

    def words(self) -> str:
        """Return what is done, and how much of it.

        >>> Stage("applying", 200, None, started=0.0, done=50).words()
        'applying: 50 of 200'
        """
        return self.name if self.total is None else f"{self.name}: {self.done:,} of {self.total:,}"

    def rate(self, now: float) -> str:
        """Return how many rows are done a second; empty where that is less than one, or no rows are.

        >>> Stage("applying", 200, None, started=0.0, done=50).rate(now=10.0)
        '5 rows/s'
        """
        spent = self.spent(now)
        if spent < SOON or self.done < spent or (self.total or 0) < FEW:
            return ""
        return f"{self.done / spent:,.0f} rows/s"


class StageDisplay:
    """Shows stages on a console, usually that of stderr, while something is shown at all.

    It is told of stages as `labeling.store.StageWatcher` says.

    Args:
        console: to show them on.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._stages: list[Stage] = []

    @contextmanager
    def showing(self, what: str, total: int | None = None) -> Iterator[Callable[[int], object]]:
        """Show that something is under way, and the stages within it, as long as it lasts.

        Args:
            what: is under way.
            total: how many steps it has, if that is known; the function that is given counts them.
        """
        is_outermost = not self._stages
        advance = self.begin(what, total, None)
        try:
            with self._shown() if is_outermost else nullcontext():
                yield advance
        finally:
            self.end()

    def begin(
        self, name: str, total: int | None, expected: float | None
    ) -> Callable[[int], object]:
        """Begin a stage, within those that have begun; return what counts its steps."""
        stage = Stage(name, total, expected, time.monotonic())
        self._stages = [*self._stages, stage]
        return stage.advance

    def end(self) -> None:
        """End the innermost stage."""
        self._stages = self._stages[:-1]

    def sentence(self) -> str:
        """Return what is under way, for how long, and how long it may last."""
        words, rate, spent, left = self._parts()
        so_far = f"{spent} so far" if spent else ""
        return ", ".join(filter(None, (words, rate, so_far, left)))

    def _parts(self) -> tuple[str, str, str, str]:
        """Return what is under way, how fast it is, the time spent and that left."""
        stages, now = self._stages, time.monotonic()
        if not stages:
            return "", "", "", ""
        inner = stages[1:] or stages
        rate = next(filter(None, (stage.rate(now) for stage in inner)), "")
        left = next((found for stage in inner if (found := stage.left(now)) is not None), None)
        return (
            ", ".join(stage.words() for stage in inner),
            rate,
            clock(stages[0].spent(now)),
            "" if left is None else f"about {clock(left)} left",
        )

    def _shown(self) -> AbstractContextManager[object]:
        if not self.console.is_terminal:
            return self._lines_now_and_then()
        # What others print stays where they print it: stdout may be a file.
        return Live(
            get_renderable=self._line, console=self.console, transient=True,
            redirect_stdout=False, redirect_stderr=False, refresh_per_second=8,
        )  # fmt: skip

    def _line(self) -> Table:
        words, *others = self._parts()
        times = ", ".join(filter(None, others))
        line = Table.grid(padding=(0, 1, 0, 0), expand=True)
        counted = next((stage for stage in self._stages if stage.total), None)
        sign: ProgressBar | Spinner = Spinner("dots")
        if counted is not None:
            sign = ProgressBar(total=counted.total, completed=counted.done, width=8)
        # Where it is narrow the words are cut, and not the times.
        line.add_column(min_width=8 if counted else 1)
        line.add_column(ratio=1, no_wrap=True)
        line.add_column(min_width=len(times), no_wrap=True)
        line.add_row(sign, Text(one_line(words), overflow="ellipsis", no_wrap=True), Text(times))
        return line

    @contextmanager
    def _lines_now_and_then(self) -> Iterator[None]:
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
    """Return a time span as a clock shows it.

    >>> clock(7), clock(75), clock(7322)
    ('0:07', '1:15', '2:02:02')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
