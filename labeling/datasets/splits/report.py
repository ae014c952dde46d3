"""`SplitReport`: the sizes of splits, what was left out of them and why, and what to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from labeling.datasets.findings import Finding
from labeling.datasets.splits.assignment import SPLITS
from labeling.errors import counted
from labeling.rendering import Cell, Displayed, Excerpt, Part, Share, Table, View

MOST_LABELS = 20
MOST_SHOWN = 10


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SplitReport(Displayed):
    """What `split` did.

    Attributes:
        settings: the arguments.
        sizes: index = `train`, `dev`, `test`, `left out`; columns `samples`, `share` (of all
            samples), `clusters`, `human` (samples whose label people gave; all where no labels were
            given).
        labels: samples by split and label; empty where there are no labels.
        sources: samples by split and where the label came from; empty where that is not known.
        clusters: how many clusters there are.
        exact: how many samples have the text of another one, but for case and white space.
        near: how many different texts are nearly that of another one.
        largest: the largest clusters of two samples or more: columns `samples`, `split`, `example`
            (an id).
        left_out: samples that are in no split, index = sample id, column `reason`.
        findings: what to look at; those with status `warning` or `failed` need attention.
    """

    settings: Mapping[str, Any]
    sizes: pd.DataFrame
    labels: pd.DataFrame
    sources: pd.DataFrame
    clusters: int
    exact: int
    near: int
    largest: pd.DataFrame
    left_out: pd.DataFrame
    findings: tuple[Finding, ...]

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that need attention."""
        return tuple(item for item in self.findings if item.status in ("warning", "failed"))

    def to_origin(self) -> dict[str, Any]:
        """Return the settings, clusters, reasons and warnings for a manifest: plain JSON values."""
        reasons = Counter(self.left_out["reason"].tolist())
        return {
            **self.settings,
            "clusters": self.clusters,
            "exact": self.exact,
            "near": self.near,
            "left_out": {str(reason): reasons[reason] for reason in sorted(reasons)},
            "warnings": [item.sentence for item in self.warnings],
        }

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {count}" for name, count in self.sizes["samples"].items())
        return f"SplitReport({sizes}; {counted(len(self.warnings), 'warning')})"

    def _view(self) -> View:
        parts: list[Part] = [_sizes_table(self.sizes)]
        parts += [
            _counts_table(table, heading)
            for table, heading in ((self.labels, "label"), (self.sources, "label from"))
            if len(table)
        ]
        parts.append(
            f"{counted(self.clusters, 'cluster')} of samples that stay together:"
            f" {counted(self.exact, 'sample has', 'samples have')} the text of another one, and"
            f" {counted(self.near, 'text is', 'texts are')} nearly that of another one."
        )
        if len(self.largest):
            parts.append(_largest_table(self.largest))
        if len(self.left_out):
            parts.append(_reasons_table(self.left_out))
        parts += [f"{item.name}: {item.sentence}" for item in self.warnings]
        return View(
            f"Splits of {counted(int(self.sizes['samples'].sum()), 'sample')}", tuple(parts)
        )


def _sizes_table(sizes: pd.DataFrame) -> Table:
    rows = tuple(
        (str(name), int(samples), Share(float(share)), int(clusters), int(human))
        for name, samples, share, clusters, human in sizes.itertuples(name=None)
    )
    return Table(("split", "samples", "share", "clusters", "labels from people"), rows)


def _counts_table(table: pd.DataFrame, heading: str) -> Table:
    totals = table.sum().to_dict()
    rows: list[tuple[Cell, ...]] = []
    for name in table.index[:MOST_LABELS]:
        cells: list[Cell] = [Excerpt(str(name))]
        for split in table.columns:
            count = int(table.loc[name, split])
            cells += [count, Share(count / max(totals[split], 1))]
        rows.append(tuple(cells))
    headings = [heading]
    for split in table.columns:
        headings += [str(split), f"share of {split}"]
    return Table(tuple(headings), tuple(rows), left_out=len(table) - len(rows))


def _largest_table(largest: pd.DataFrame) -> Table:
    rows = tuple(
        (int(samples), str(split), Excerpt(str(example)))
        for samples, split, example in largest.head(MOST_SHOWN).itertuples(index=False, name=None)
    )
    return Table(("samples", "split", "for example"), rows, "Largest clusters.")


def _reasons_table(left_out: pd.DataFrame) -> Table:
    reasons = Counter(left_out["reason"].tolist())
    ranked = sorted(reasons.items(), key=lambda pair: (-pair[1], str(pair[0])))
    rows = tuple((str(reason), int(count)) for reason, count in ranked)
    return Table(("in no split because", "samples"), rows)


def table_by_split(values: pd.Series, splits: pd.Series, order: list[str]) -> pd.DataFrame:
    """Return how many samples of each split have each value, splits as columns.

    Args:
        values: of each sample.
        splits: of each sample, `left out` for those that are in none.
        order: of the values.
    """
    columns = [*SPLITS, "left out"]
    counts = pd.crosstab(values.to_numpy(), splits.to_numpy())
    return counts.reindex(index=order, columns=columns, fill_value=0)
