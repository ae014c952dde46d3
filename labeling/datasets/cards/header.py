"""The header of a data card, as the Hugging Face hub reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from labeling.datasets.cards.facts import TABLE_TASK, CardSettings
from labeling.datasets.cards.hub_table import features_of
from labeling.datasets.cards.numbers import HUMAN_SOURCES, WEAK_SOURCES, CardNumbers
from labeling.errors import naming_extra
from labeling.records import LabelSource
from labeling.rendering.formatting import undirected

if TYPE_CHECKING:
    import pyarrow as pa

    from labeling.datasets.training_set import TrainingSet

SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
)
LICENCES = frozenset(
    [
        "apache-2.0",
        "mit",
        "openrail",
        "bigscience-openrail-m",
        "creativeml-openrail-m",
        "bigscience-bloom-rail-1.0",
        "bigcode-openrail-m",
        "afl-3.0",
        "artistic-2.0",
        "bsl-1.0",
        "bsd",
        "bsd-2-clause",
        "bsd-3-clause",
        "bsd-3-clause-clear",
        "c-uda",
        "cc",
        "cc0-1.0",
        "cc-by-2.0",
        "cc-by-2.5",
        "cc-by-3.0",
        "cc-by-4.0",
        "cc-by-sa-3.0",
        "cc-by-sa-4.0",
        "cc-by-nc-2.0",
        "cc-by-nc-3.0",
        "cc-by-nc-4.0",
        "cc-by-nd-4.0",
        "cc-by-nc-nd-3.0",
        "cc-by-nc-nd-4.0",
        "cc-by-nc-sa-2.0",
        "cc-by-nc-sa-3.0",
        "cc-by-nc-sa-4.0",
        "cdla-sharing-1.0",
        "cdla-permissive-1.0",
        "cdla-permissive-2.0",
        "wtfpl",
        "ecl-2.0",
        "epl-1.0",
        "epl-2.0",
        "etalab-2.0",
        "eupl-1.1",
        "eupl-1.2",
        "agpl-3.0",
        "gfdl",
        "gpl",
        "gpl-2.0",
        "gpl-3.0",
        "lgpl",
        "lgpl-2.1",
        "lgpl-3.0",
        "isc",
        "lppl-1.3c",
        "ms-pl",
        "mpl-2.0",
        "odc-by",
        "odbl",
        "openrail++",
        "osl-3.0",
        "postgresql",
        "ofl-1.1",
        "ncsa",
        "unlicense",
        "zlib",
        "pddl",
    ]
)
"""Identifiers of licences that the hub knows; others are `other`, with a name."""


def header_of(
    train: TrainingSet,
    tables: Mapping[str, pa.Table],
    sizes: Mapping[str, int],
    numbers: CardNumbers,
    settings: CardSettings,
) -> dict[str, Any]:
    """Return the header of a card as plain values.

    Args:
        train: the training set.
        tables: the rows of each split.
        sizes: the bytes of each split's file.
        numbers: the numbers of the card.
        settings: what people say of the training set.
    """
    header = {
        "pretty_name": undirected(settings.shown_title),
        **_licence(settings.license),
        "language": list(settings.language),
        "task_categories": [settings.task or default_task(train)],
        "size_categories": [size_category(numbers.n)],
        "annotations_creators": _creators(numbers),
        "tags": [undirected(tag) for tag in settings.tags],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": f"data/{split}-*"} for split in tables],
            }
        ],
        "dataset_info": _info(train, tables, sizes),
    }
    return {key: value for key, value in header.items() if value}


def header_text(header: Mapping[str, Any]) -> str:
    """Return a header as YAML between its lines of dashes.

    Raises:
        MissingExtraError: PyYAML is not installed.
    """
    with naming_extra():
        import yaml
    text = yaml.safe_dump(
        dict(header), sort_keys=False, allow_unicode=True, default_flow_style=False, width=10_000
    )
    return f"---\n{text}---\n"


def size_category(n: int) -> str:
    """Return the hub's category for a number of samples.

    >>> size_category(999), size_category(1000), size_category(2_000_000)
    ('n<1K', '1K<n<10K', '1M<n<10M')
    """
    return next((name for limit, name in SIZES if n < limit), "n>1B")


def default_task(train: TrainingSet) -> str:
    """Return the task that the samples' columns suggest."""
    import pandas as pd

    kinds = (pd.api.types.infer_dtype(column, skipna=True) for _, column in train.samples.items())
    return train.form.text_task if "string" in kinds else TABLE_TASK


def _licence(given: str) -> dict[str, str]:
    if not given:
        return {}
    if given.lower() in LICENCES:
        return {"license": given.lower()}
    link = {"license_link": given} if "://" in given else {}
    return {"license": "other", "license_name": undirected(given), **link}


def _creators(numbers: CardNumbers) -> list[str]:
    """Return how labels were made, in the hub's words; it has none for "people, unknown who"."""
    groups = {
        "machine-generated": WEAK_SOURCES,
        "expert-generated": (LabelSource.REVIEW.value,),
        "other": HUMAN_SOURCES[:1],
        "found": (LabelSource.GIVEN.value,),
    }
    return [
        name
        for name, sources in groups.items()
        if any(numbers.sources.get(source) for source in sources)
    ]


def _info(
    train: TrainingSet, tables: Mapping[str, pa.Table], sizes: Mapping[str, int]
) -> dict[str, Any]:
    first = next(iter(tables.values()))
    splits = [
        {"name": name, "num_bytes": int(table.nbytes), "num_examples": len(table)}
        for name, table in tables.items()
    ]
    return {
        "config_name": "default",
        "features": features_of(train, first.schema),
        "splits": splits,
        "download_size": sum(sizes.values()),
        "dataset_size": sum(split["num_bytes"] for split in splits),
    }
