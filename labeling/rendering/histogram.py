"""A small histogram as inline SVG, drawn without matplotlib: for objects that show themselves."""

from __future__ import annotations

import html
import itertools
from collections.abc import Sequence

from labeling.rendering.formatting import percent, undirected, whole
from labeling.rendering.views import Picture

BAR, GAP, HEIGHT = 34, 2, 60  # pixels
TEXT, FOOT = 18, 18
SMALLEST = 1  # pixels of a bar that is not empty


def histogram(counts: Sequence[int], edges: Sequence[float], description: str) -> Picture:
    """Return a histogram of shares from 0 to 1 as a picture with a text description.

    Each bar has its count above it, so that it can be read in greyscale.

    Args:
        counts: of each bar.
        edges: of the bars, one more than there are bars.
        description: what is counted, in a sentence.

    >>> shown = histogram([1, 3], [0.5, 0.75, 1.0], "Confidence of 4 samples.")
    >>> shown.description
    'Confidence of 4 samples. 50% to 75%: 1; 75% to 100%: 3.'
    """
    peak = max([*counts, 1])
    names = [f"{percent(low, 0)} to {percent(high, 0)}" for low, high in itertools.pairwise(edges)]
    listed = "; ".join(f"{name}: {whole(n)}" for name, n in zip(names, counts, strict=True))
    described = f"{description} {listed}."
    bars = "".join(_bar(number, count / peak, count) for number, count in enumerate(counts))
    ticks = "".join(_tick(number, edge, len(counts)) for number, edge in enumerate(edges))
    width, height = len(counts) * BAR + 2 * TEXT, HEIGHT + TEXT + FOOT
    svg = (
        f'<svg role="img" aria-label="{html.escape(undirected(described))}" width="{width}"'
        f' height="{height}" viewBox="0 0 {width} {height}" font-size="10"'
        f' font-family="var(--sans)">{bars}{ticks}</svg>'
    )
    return Picture(svg, described)


def _bar(number: int, share: float, count: int) -> str:
    height = max(share * HEIGHT, SMALLEST if count else 0)
    left, top = TEXT + number * BAR, TEXT + HEIGHT - height
    return (
        f'<rect x="{left}" y="{top:.1f}" width="{BAR - GAP}" height="{height:.1f}"'
        ' fill="var(--main)"/>'
        f'<text x="{left + BAR / 2 - GAP / 2:g}" y="{top - 2:.1f}" text-anchor="middle"'
        f' fill="var(--ink)">{_short(count)}</text>'
    )


def _tick(number: int, edge: float, n_bars: int) -> str:
    if number not in (0, n_bars) and (number % 2 or n_bars > 12):
        return ""
    return (
        f'<text x="{TEXT + number * BAR}" y="{HEIGHT + TEXT + 13}" text-anchor="middle"'
        f' fill="var(--ink)">{percent(edge, 0)}</text>'
    )


def _short(count: int) -> str:
    """Return a count in at most five characters.

    >>> _short(999), _short(12_345), _short(1_200_000)
    ('999', '12k', '1.2M')
    """
    if count < 1_000:
        return str(count)
    return f"{count / 1e3:.0f}k" if count < 999_500 else f"{count / 1e6:.1f}M"
