"""Programmatic labeling: labeling functions, label models, and annotation of selected samples.

Importing this package is cheap: each name below loads its subpackage when it is first used.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

from labeling.rendering.providers import PROVIDERS

if TYPE_CHECKING:
    from labeling import distributed, functions, label_models, query, simulation
    from labeling.adjudication import ReviewPolicy, disagreement_causes
    from labeling.analysis import (
        ProblemList,
        Slices,
        agreement,
        behaviour,
        estimated_accuracy,
        estimated_class_balance,
        find_slices,
        label_errors,
        label_quality,
        lf_summary,
        set_scores,
        slice_quality,
        span_lanes,
        span_scores,
    )
    from labeling.analysis import notebook_plots as plots
    from labeling.datasets import (
        CardFacts,
        CardSettings,
        Finding,
        FunctionFacts,
        Release,
        Releases,
        SetTrainingSet,
        SpanTrainingSet,
        SplitReport,
        TrainingSet,
        build_training_set,
        data_test,
        diff_training_sets,
        find_leaks,
        log_to_mlflow,
        merge_training_sets,
        run_data_tests,
        split,
    )
    from labeling.distributed import PartitionedVotes, apply_partitions
    from labeling.end_model import EndModel, SpanTagger
    from labeling.engine import explain
    from labeling.engine.engine_report import HowRun
    from labeling.errors import LabelingError
    from labeling.functions import (
        labeling_function,
        load_labeling_functions,
        load_slicing_functions,
        slicing_function,
        span_labeling_function,
    )
    from labeling.label_files import LabelFiles
    from labeling.label_models import AnnotatorModel, LabelModel, SetModel, SpanModel
    from labeling.label_studio import LabelStudio
    from labeling.notebook import Workbench
    from labeling.project import Project
    from labeling.query import select
    from labeling.records import (
        ABSTAIN,
        Annotation,
        AskAgain,
        Batch,
        GoldLabel,
        LabelingFunction,
        LabelSchema,
        SetVotes,
        SoftLabels,
        SoftSets,
        SoftSpans,
        Span,
        SpanVotes,
        Verdict,
        Votes,
        annotation_votes,
    )
    from labeling.replay import Replay
    from labeling.reviewing import review
    from labeling.slicing import apply_slices
    from labeling.sources import read_samples

__version__ = "0.1.0"

_ROOMS = {
    "records": (
        "ABSTAIN",
        "Annotation",
        "AskAgain",
        "Batch",
        "GoldLabel",
        "LabelSchema",
        "LabelingFunction",
        "SetVotes",
        "SoftLabels",
        "SoftSets",
        "SoftSpans",
        "Span",
        "SpanVotes",
        "Verdict",
        "Votes",
        "annotation_votes",
    ),
    "adjudication": (
        "ReviewPolicy",
        "disagreement_causes",
    ),
    "analysis": (
        "ProblemList",
        "Slices",
        "agreement",
        "estimated_accuracy",
        "estimated_class_balance",
        "find_slices",
        "label_errors",
        "label_quality",
        "lf_summary",
        "set_scores",
        "slice_quality",
        "span_lanes",
        "span_scores",
    ),
    "datasets": (
        "CardFacts",
        "CardSettings",
        "Finding",
        "FunctionFacts",
        "Release",
        "Releases",
        "SetTrainingSet",
        "SpanTrainingSet",
        "SplitReport",
        "TrainingSet",
        "build_training_set",
        "data_test",
        "diff_training_sets",
        "find_leaks",
        "log_to_mlflow",
        "merge_training_sets",
        "run_data_tests",
        "split",
    ),
    "distributed": (
        "PartitionedVotes",
        "apply_partitions",
    ),
    "end_model": ("EndModel", "SpanTagger"),
    "engine": ("explain",),
    "errors": ("LabelingError",),
    "functions": (
        "labeling_function",
        "load_labeling_functions",
        "load_slicing_functions",
        "slicing_function",
        "span_labeling_function",
    ),
    "label_files": ("LabelFiles",),
    "label_models": (
        "AnnotatorModel",
        "LabelModel",
        "SetModel",
        "SpanModel",
    ),
    "label_studio": ("LabelStudio",),
    "notebook": ("Workbench",),
    "project": ("Project",),
    "query": ("select",),
    "replay": ("Replay",),
    "reviewing": ("review",),
    "slicing": ("apply_slices",),
    "sources": ("read_samples",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}
_OPEN_ROOMS = {
    "behaviour": "labeling.analysis.behaviour",
    "distributed": "labeling.distributed",
    "functions": "labeling.functions",
    "label_models": "labeling.label_models",
    "plots": "labeling.analysis.notebook_plots",
    "query": "labeling.query",
    "simulation": "labeling.simulation",
}
"""Modules by their public name: used as `labeling.functions.keywords(...)`."""


def __getattr__(name: str) -> Any:
    if name in _OPEN_ROOMS:
        return importlib.import_module(_OPEN_ROOMS[name])
    if name in _ROOM_OF:
        try:
            return getattr(importlib.import_module(f"labeling.{_ROOM_OF[name]}"), name)
        except ModuleNotFoundError as error:
            from labeling.errors import missing_extra

            raise missing_extra(error) from error
    raise AttributeError(f"module 'labeling' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)


def apply(
    lfs: LabelingFunction | Iterable[LabelingFunction],
    data: Any,
    schema: LabelSchema,
    *,
    id: str | None = None,
    workers: int = 1,
    on_error: Literal["raise", "record"] = "raise",
    timeout: float | None = None,
    progress: Callable[[int], object] | None = None,
    cache: str | os.PathLike[str] | None = None,
    report: Callable[[tuple[HowRun, ...]], object] | None = None,
    text: str = "text",
) -> Votes | Any:
    """Return the votes of labeling functions on samples.

    Each function gets a sample as plain, immutable Python: text as `str`, integers as `int`, a
    missing number in a column of floats as NaN, anything else missing as `None`.

    Args:
        lfs: one or more labeling functions with unique names.
        data: a DataFrame, or the path of a Parquet, CSV or JSON-lines file. Of Parquet files, and
            of folders of them, only some rows are held at a time, whatever their size.
        schema: the labels that votes may name.
        id: the column of the samples' ids; `None` takes the frame's index. A path needs it.
        workers: processes; the votes are the same for any number.
        on_error: `"raise"` stops at the first labeling function that fails or returns an invalid
            vote; `"record"` abstains there and keeps each such fault in `votes.faults`.
        timeout: seconds that a function or preprocessor may take on a sample (a batch function
            takes this for each sample of a batch); `None` sets no limit. A call that takes longer
            is stopped, also inside a regular expression, and is a fault (`LFTimeoutError`). Calls
            that never return to Python, such as `sum(range(10**12))`, are stopped only in worker
            processes (`workers=2`), which are then ended.
        progress: called with the number of samples done since it was last called.
        cache: a folder in which votes are kept; only functions that changed, and rows that are new,
            are then run. A function counts as changed when its code does, that of the functions it
            calls, or what they use; where that cannot be told (an open model, a service, a clock),
            its votes are not kept unless it has a `version`. The log says what was run, and why.
        report: called at the end with how each function was run: on how many samples its votes were
            cached, on how many it voted on whole columns and in Python, and how long that took.
        text: the column that spans are in; of no meaning for labels of whole samples.

    Returns:
        Votes with a row for each sample and a column for each labeling function, in their order.
        With labels of `kind="several"` it is `SetVotes`, and with `kind="spans"` `SpanVotes`.

    Raises:
        LabelingFunctionError: a function failed, or returned an invalid vote; the error names the
            function and the sample, and chains the cause. `LFTimeoutError`: it did not return.
        DataError: there are no samples, or ids are missing or not unique.

    >>> import pandas as pd
    >>> from labeling import LabelSchema, labeling_function
    >>> @labeling_function(label="spam")
    ... def has_link(x):
    ...     return "http" in x.text
    >>> comments = pd.DataFrame({"text": ["see http://x.org", "nice"]}, index=["c1", "c2"])
    >>> apply(has_link, comments, LabelSchema(["ham", "spam"])).to_frame()["has_link"].tolist()
    ['spam', None]
    """
    from labeling.engine import apply_to_frame, apply_to_stream

    how: Any = {
        "workers": workers,
        "on_error": on_error,
        "timeout": timeout,
        "progress": progress,
        "cache": cache,
        "report": report,
        "text": text,
    }
    if not isinstance(data, (str, os.PathLike)):
        return apply_to_frame(lfs, data, schema, id=id, **how)
    from labeling.errors import DataError
    from labeling.sources import read_samples, sample_stream

    if id is None:
        raise DataError(
            "`id` must name the id column when `data` is a file:"
            f" apply(..., {str(data)!r}, ..., id='column')."
        )
    with sample_stream(data, id) as stream:
        if stream is not None:
            return apply_to_stream(lfs, stream, schema, **how)
    return apply_to_frame(lfs, read_samples(data, id), schema, **how)


def _how_it_runs(lf: LabelingFunction) -> str:
    from labeling.engine import explain as explained

    explanation = explained(lf)
    reads = f" It reads: {', '.join(sorted(explanation.reads))}." if explanation.reads else ""
    return f"{explanation!r}{reads}"


PROVIDERS["how a labeling function runs"] = _how_it_runs

__all__ = [
    "ABSTAIN",
    "Annotation",
    "AnnotatorModel",
    "AskAgain",
    "Batch",
    "CardFacts",
    "CardSettings",
    "EndModel",
    "Finding",
    "FunctionFacts",
    "GoldLabel",
    "LabelFiles",
    "LabelModel",
    "LabelSchema",
    "LabelStudio",
    "LabelingError",
    "LabelingFunction",
    "PartitionedVotes",
    "ProblemList",
    "Project",
    "Release",
    "Releases",
    "Replay",
    "ReviewPolicy",
    "SetModel",
    "SetTrainingSet",
    "SetVotes",
    "Slices",
    "SoftLabels",
    "SoftSets",
    "SoftSpans",
    "Span",
    "SpanModel",
    "SpanTagger",
    "SpanTrainingSet",
    "SpanVotes",
    "SplitReport",
    "TrainingSet",
    "Verdict",
    "Votes",
    "Workbench",
    "agreement",
    "annotation_votes",
    "apply",
    "apply_partitions",
    "apply_slices",
    "behaviour",
    "build_training_set",
    "data_test",
    "diff_training_sets",
    "disagreement_causes",
    "distributed",
    "estimated_accuracy",
    "estimated_class_balance",
    "explain",
    "find_leaks",
    "find_slices",
    "functions",
    "label_errors",
    "label_models",
    "label_quality",
    "labeling_function",
    "lf_summary",
    "load_labeling_functions",
    "load_slicing_functions",
    "log_to_mlflow",
    "merge_training_sets",
    "plots",
    "query",
    "read_samples",
    "review",
    "run_data_tests",
    "select",
    "set_scores",
    "simulation",
    "slice_quality",
    "slicing_function",
    "span_labeling_function",
    "span_lanes",
    "span_scores",
    "split",
]
