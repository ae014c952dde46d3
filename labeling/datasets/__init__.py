"""Training sets and every form they are exported in."""

from labeling.datasets.exports import findings, parquet_table
from labeling.datasets.training_set import TrainingSet, build_training_set

__all__ = ["TrainingSet", "build_training_set", "findings", "parquet_table"]
