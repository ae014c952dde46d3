"""Labeling functions, label models and exports on partitioned data: on processes, Dask or Spark.

A front door: it runs the engine, the models and the datasets on one partition at a time.
"""

from labeling.distributed.applying import apply_partitions
from labeling.distributed.engines import Engine, opened_engine
from labeling.distributed.exporting import export_training_set
from labeling.distributed.models import fit_end_model, fit_label_model
from labeling.distributed.partitioned_lists import PartitionedLists
from labeling.distributed.partitioned_votes import PartitionedVotes
from labeling.distributed.predicting import predict_partitions
from labeling.distributed.statistics import VoteStatistics

__all__ = [
    "Engine",
    "PartitionedLists",
    "PartitionedVotes",
    "VoteStatistics",
    "apply_partitions",
    "export_training_set",
    "fit_end_model",
    "fit_label_model",
    "opened_engine",
    "predict_partitions",
]
