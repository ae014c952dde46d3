"""Training sets and every form they are exported in."""

from labeling.datasets.exports import findings, parquet_table
from labeling.datasets.training_set import OWN_COLUMNS, TrainingSet, build_training_set
from labeling.datasets.values import strict_json

__all__ = [
    "OWN_COLUMNS",
    "TrainingSet",
    "build_training_set",
    "findings",
    "parquet_table",
    "strict_json",
]
