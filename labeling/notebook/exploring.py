"""The explorer of a workbench: samples to be labelled, and buckets to be browsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeling.errors import missing_extra
from labeling.notebook.dev_set import DevSet
from labeling.notebook.explorer.draws import checked_draw

if TYPE_CHECKING:
    from labeling.notebook.explorer.widget import Explorer


class Exploring(DevSet):
    """Shows samples to be labelled, and buckets."""

    def explore(self, n: int = 40, *, which: str = "random") -> Explorer:
        """Return an explorer: label a dev set by keys, and browse buckets; needs `anywidget`.

        Samples are offered in a random order that depends on their ids alone: whoever asks again
        gets the same ones, and a larger `n` continues the draw. Votes are not shown beside a
        sample, as they would sway who labels it. Labels are in the dev set at once; a given gold
        label is not asked for again, and not replaced.

        Keys: 1 to 9 label, Enter or Space skips, Backspace or u takes back, the arrows move.

        Args:
            n: at most how many samples, to 5,000.
            which: "random"; "uncovered": drawn from samples without a vote; "conflicts": drawn
                from those on which functions conflict. Only of random samples are precision and
                `worth` estimates for all samples; `worth` leaves the others out.

        Raises:
            MissingExtraError: anywidget is not installed.
            DataError: `n` or `which` is something else.
        """
        n, which = checked_draw(n, which)
        try:
            from labeling.notebook.explorer.widget import explorer_of
        except ModuleNotFoundError as error:
            raise missing_extra(error) from error
        return explorer_of(self, n, which)
