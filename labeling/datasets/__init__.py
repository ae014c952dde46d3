"""Training sets and their export formats."""

from labeling.datasets.building import build_training_set
from labeling.datasets.cards import CardFacts, CardSettings, FunctionFacts
from labeling.datasets.changes import (
    Changes,
    Conflict,
    Decision,
    Merged,
    Story,
    diff_training_sets,
    merge_training_sets,
    story_of,
)
from labeling.datasets.csv_tables import unguarded_text
from labeling.datasets.data_tests import data_test, run_data_tests
from labeling.datasets.exports import parquet_table, value_findings
from labeling.datasets.findings import DataTestReport, Finding
from labeling.datasets.kinds import SetTrainingSet, SpanTrainingSet
from labeling.datasets.list_building import decided_sets, decided_spans
from labeling.datasets.releases import Release, Releases
from labeling.datasets.splits import SplitReport, find_leaks, split
from labeling.datasets.tracking import log_to_mlflow
from labeling.datasets.training_set import OWN_COLUMNS, TrainingSet
from labeling.datasets.values import strict_json
from labeling.datasets.winning_labels import winning_labels

__all__ = [
    "OWN_COLUMNS",
    "CardFacts",
    "CardSettings",
    "Changes",
    "Conflict",
    "DataTestReport",
    "Decision",
    "Finding",
    "FunctionFacts",
    "Merged",
    "Release",
    "Releases",
    "SetTrainingSet",
    "SpanTrainingSet",
    "SplitReport",
    "Story",
    "TrainingSet",
    "build_training_set",
    "data_test",
    "decided_sets",
    "decided_spans",
    "diff_training_sets",
    "find_leaks",
    "log_to_mlflow",
    "merge_training_sets",
    "parquet_table",
    "run_data_tests",
    "split",
    "story_of",
    "strict_json",
    "unguarded_text",
    "value_findings",
    "winning_labels",
]
