"""Training sets and their export formats."""

from labeling.datasets.exports import findings, parquet_table
from labeling.datasets.training_set import OWN_COLUMNS, TrainingSet, build_training_set
from labeling.datasets.values import strict_json
from labeling.datasets.winning_labels import winning_labels

__all__ = [
    "OWN_COLUMNS",
    "TrainingSet",
    "build_training_set",
    "findings",
    "parquet_table",
    "strict_json",
    "winning_labels",
]
