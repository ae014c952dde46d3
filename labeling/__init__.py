"""Programmatic labeling: labeling functions, label models, and annotation of selected samples.

Importing this package is cheap: each name below loads its subpackage when it is first used.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, overload

from labeling.rendering.providers import PROVIDERS

if TYPE_CHECKING:
    from labeling import distributed, functions, label_models, query, simulation
    from labeling.adjudication import Annotators, ReviewPolicy, disagreement_causes
    from labeling.analysis import agreement, lf_summary
    from labeling.analysis import notebook_plots as plots
    from labeling.datasets import (
        CardFacts,
        CardSettings,
        FunctionFacts,
        Release,
        Releases,
        SplitReport,
        TrainingSet,
        build_training_set,
        data_test,
        log_to_mlflow,
        run_data_tests,
        split,
    )
    from labeling.distributed import PartitionedVotes, apply_partitions
    from labeling.end_model import EndModel
    from labeling.engine import Explanation
    from labeling.engine.engine_report import HowRun
    from labeling.errors import LabelingError
    from labeling.functions import labeling_function, load_labeling_functions
    from labeling.label_files import LabelFiles
    from labeling.label_models import AnnotatorModel, LabelModel
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
        SoftLabels,
        Verdict,
        Votes,
        annotation_votes,
    )
    from labeling.replay import Replay
    from labeling.sources import read_samples

__version__ = "0.1.0"

_ROOMS = {
    "records": (
        "ABSTAIN Annotation AskAgain Batch GoldLabel LabelSchema LabelingFunction SoftLabels "
        "Verdict Votes annotation_votes"
    ),
    "adjudication": "ReviewPolicy disagreement_causes",
    "analysis": "agreement lf_summary",
    "datasets": (
        "CardFacts CardSettings FunctionFacts Release Releases SplitReport TrainingSet "
        "build_training_set data_test log_to_mlflow run_data_tests split"
    ),
    "distributed": "PartitionedVotes apply_partitions",
    "end_model": "EndModel",
    "errors": "LabelingError",
    "functions": "labeling_function load_labeling_functions",
    "label_files": "LabelFiles",
    "label_models": "AnnotatorModel LabelModel",
    "label_studio": "LabelStudio",
    "notebook": "Workbench",
    "project": "Project",
    "query": "select",
    "replay": "Replay",
    "sources": "read_samples",
}
"""The public names by their room, separated by spaces."""
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names.split()}
_OPEN_ROOMS = {
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
) -> Votes:
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

    Returns:
        Votes with a row for each sample and a column for each labeling function, in their order.

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


@overload
def explain(lf: LabelingFunction, schema: LabelSchema | None = None) -> Explanation: ...


@overload
def explain(
    lf: Iterable[LabelingFunction], schema: LabelSchema | None = None
) -> list[Explanation]: ...


def explain(
    lf: LabelingFunction | Iterable[LabelingFunction], schema: LabelSchema | None = None
) -> Explanation | list[Explanation]:
    """Return whether labeling functions run on whole columns, and why not.

    `apply` runs plain functions on whole columns, many times faster than sample by sample, as far
    as their expressions have rules that are certain to give the same votes. Samples on which a rule
    is not certain, such as texts in other alphabets for a pattern, go to the Python function. Needs
    polars (`pip install 'labeling[fast]'`); without it all functions run in Python.

    Args:
        lf: a labeling function, or several.
        schema: the labels, if any; what is said does not depend on them.

    Returns:
        for each function `name`, `how` ("columns", "partly" or "python"), `because` (a sentence
        with the line and the expression that stopped it), and `reads` (the columns its rules read).

    Raises:
        LabelingFunctionError: what is given is not a labeling function.

    >>> from labeling import LabelingFunction
    >>> explain(LabelingFunction("any", lambda x: 1, compile=False))
    any runs in Python: it says compile=False.
    """
    from labeling.engine import explain as explained

    return explained(lf, schema)


def review(
    annotations: Iterable[Annotation],
    schema: LabelSchema,
    *,
    policy: ReviewPolicy | None = None,
    soft: SoftLabels | None = None,
    annotators: Annotators | None = None,
) -> Verdict:
    """Return which samples are settled, which need more votes, and which go to a reviewer.

    Only a person's latest annotation of a sample counts, regardless of the spelling of the name. A
    skip is not a vote, and the person is not asked again.

    By the rule "majority" a label is gold if enough of at least `min_votes` votes agree on it, as
    set by `policy.escalate`. Otherwise more votes are requested one at a time while they may settle
    the sample: some label could still get enough of `max_votes` votes, and an annotator is left. If
    not, the sample is escalated.

    By the rule "posterior" people are weighed by their skill (`AnnotatorModel`, fitted to all these
    annotations), and `soft` is one more voter if `policy.model_voter` says so. The most probable
    label is gold once no further vote is worth it, as set by `policy.accept`, `budget` or `costs`;
    what stays doubtful is escalated within `expert_quota`. A label may change with votes on other
    samples, which tell more of people's skills.

    A reviewer's label settles an escalated sample; of several reviewers' labels the one that more
    than half of them gave. If there is none, the sample is unresolved until another reviewer
    decides. A review by someone who had annotated the sample is ignored, and the sample stays
    escalated. Each escalation names the probable cause of the disagreement; see
    `disagreement_causes`.

    Args:
        annotations: all annotations, in the order in which they were appended.
        schema: the labels.
        policy: `None` means `ReviewPolicy()`.
        soft: soft labels, from which reviewers get the model's label. As a voter they must be
            cross-fitted: not learned from the annotations of the sample that they are about.
        annotators: the available annotators, as names for all samples or as names by sample (a
            sample without an entry has none); `None` means no limit.

    Returns:
        A verdict whose samples keep the order of their first annotation.

    Raises:
        UnknownLabelError: the label of an annotation is not in the schema.
        LabelingError: the policy has a model as voter, and there are no soft labels.

    >>> import datetime
    >>> from labeling import Annotation, LabelSchema
    >>> now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    >>> rows = [
    ...     ("a", "ann", "spam"),
    ...     ("a", "bob", "spam"),
    ...     ("b", "ann", "spam"),
    ...     ("b", "bob", "ham"),
    ... ]
    >>> verdict = review([Annotation(*row, now, now) for row in rows], LabelSchema(["ham", "spam"]))
    >>> verdict
    Verdict(1 gold, 0 pending, 1 escalated, 0 unresolved)
    >>> verdict.escalations[0].reason
    'conflict: 1 x ham, 1 x spam'
    """
    from labeling import adjudication

    policy = policy or adjudication.ReviewPolicy()
    annotations = tuple(annotations) if isinstance(annotations, Iterable) else annotations
    posterior, model_voted = None, frozenset[object]()
    if policy.rule == "posterior":
        from labeling.errors import LabelingError
        from labeling.label_models import people_posterior, samples_of_model_voter
        from labeling.records import annotation_votes

        if policy.model_voter and soft is None:
            raise LabelingError(
                "A policy with `model_voter` needs `soft`, a model's soft labels that have not"
                " learned the votes of the samples that they are about. Got none."
            )
        votes = annotation_votes(annotations, schema)
        voter = soft if policy.model_voter else None
        posterior = people_posterior(votes, voter)
        model_voted = samples_of_model_voter(posterior, voter)
    return adjudication.review(
        annotations,
        schema,
        policy=policy,
        soft=soft,
        annotators=annotators,
        posterior=posterior,
        model_voted=model_voted,
    )


def _how_it_runs(lf: LabelingFunction) -> str:
    explanation = explain(lf)
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
    "FunctionFacts",
    "GoldLabel",
    "LabelFiles",
    "LabelModel",
    "LabelSchema",
    "LabelStudio",
    "LabelingError",
    "LabelingFunction",
    "PartitionedVotes",
    "Project",
    "Release",
    "Releases",
    "Replay",
    "ReviewPolicy",
    "SoftLabels",
    "SplitReport",
    "TrainingSet",
    "Verdict",
    "Votes",
    "Workbench",
    "agreement",
    "annotation_votes",
    "apply",
    "apply_partitions",
    "build_training_set",
    "data_test",
    "disagreement_causes",
    "distributed",
    "explain",
    "functions",
    "label_models",
    "labeling_function",
    "lf_summary",
    "load_labeling_functions",
    "log_to_mlflow",
    "plots",
    "query",
    "read_samples",
    "review",
    "run_data_tests",
    "select",
    "simulation",
    "split",
]
