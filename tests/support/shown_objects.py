"""The classes of the public API, and an object of each that holds given texts."""

import dataclasses
import datetime
import enum
import inspect
import re
import types
import typing
from collections import abc

import numpy as np
import pandas as pd

import labeling as lb
from labeling.analysis import (
    Agreement,
    Estimate,
    KnownProblem,
    LabelErrors,
    PartErrors,
    SetScores,
    SpanLanes,
    SpanScores,
)
from labeling.datasets.data_tests import DataTest
from labeling.datasets.findings import DataTestReport, Finding
from labeling.datasets.forms import LabelForm
from labeling.distributed.partitioned_lists import PartitionedLists
from labeling.distributed.statistics import VoteStatistics
from labeling.engine.columns.explain import Explanation, Explanations
from labeling.functions import SlicingFunction
from labeling.functions.preprocessing import CachedPreprocessor
from labeling.label_models import Snorkel, VoteModel
from labeling.project.agreement import PartsAgreement, PeopleAgreement
from labeling.project.kind_learners import SetLearner, SpanLearner
from labeling.records import (
    AnnotationPlatform,
    Answers,
    Escalation,
    Marks,
    Problem,
    VoteParts,
)
from labeling.records.outbox import EphemeralOutbox
from labeling.records.span_function import SpanLabelingFunction
from labeling.simulation import Simulation
from labeling.simulation.comparison import Comparison
from labeling.simulation.run_log import RunKey

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
ABSTRACT = (AnnotationPlatform, VoteModel, VoteParts)
"""Shown through their subclasses, of which there is an object each."""


def public_classes():
    """Return the classes of the public API, and those that its calls and attributes give."""
    rooms = [lb, *(getattr(lb, name) for name in lb._OPEN_ROOMS)]
    todo = [getattr(room, name) for room in rooms for name in room.__all__]
    found = {}
    while todo:
        value = todo.pop(0)
        if inspect.isfunction(value):
            todo += given_by(value)
        elif isinstance(value, type) and value.__module__.startswith("labeling."):
            if value in found:
                continue
            found[value] = None
            todo += classes_in(hints_of(value).values())
            for name in dir(value):
                if not name.startswith("_"):
                    todo += given_by(function_of(inspect.getattr_static(value, name)))
    return tuple(found)


def function_of(member):
    """Return the function of a method, property or cached property."""
    for attribute in ("fget", "func", "__func__"):
        member = getattr(member, attribute, member)
    return member


def given_by(function):
    """Return the classes in the annotation of what a function returns."""
    if not inspect.isfunction(function):
        return []
    return classes_in([hints_of(function).get("return")])


def hints_of(value):
    try:
        found = typing.get_type_hints(value)
    except (NameError, TypeError):  # names that are imported for type checkers alone
        return {}
    return {name: hint for name, hint in found.items() if not name.startswith("_")}


def classes_in(hints):
    found = []
    for hint in hints:
        if isinstance(hint, type):
            found.append(hint)
        found += classes_in(typing.get_args(hint))
    return found


class Shown:
    """Objects of the public classes whose texts and names are given.

    Args:
        text: of samples, comments, reasons, ids.
        name: of labels, voters and people, which must not have control characters.
        folder: for what needs files.
    """

    def __init__(self, text, name, folder):
        self.text, self.name, self.folder = text, name, folder
        self.schema = lb.LabelSchema([name, "ham"], {"ham": name})
        ids = pd.Index([text, "b", "c"], dtype=object)  # a lone surrogate is no pandas string
        columns = {"text": [text, "good", "bad"], name: [text] * 3}
        self.samples = pd.DataFrame(columns, ids, dtype=object)
        self.votes = lb.Votes.from_array(
            [[0, 0], [1, 0], [1, -1]], schema=self.schema, voters=[name, "other"], sample_ids=ids
        )
        self.soft = lb.LabelModel().fit(self.votes).predict_proba(self.votes)
        self.annotation = lb.Annotation(text, name, name, NOW, NOW, reason=text)
        self.gold = lb.GoldLabel(text, name, "agreement", (self.annotation,))

    def of(self, kind):
        """Return an object of a class."""
        if kind in self.built:
            return self.built[kind](self)
        if issubclass(kind, VoteModel):
            model = kind()
            return model if kind is Snorkel else model.fit(self.votes)
        return self.filled(kind)

    def filled(self, kind):
        """Return an object of a dataclass whose fields are filled by their types."""
        hints = typing.get_type_hints(kind, localns={"FittedModels": object})
        return kind(
            **{
                field.name: self.value(hints[field.name])
                for field in dataclasses.fields(kind)
                if field.init
                and (field.default is dataclasses.MISSING or self.is_text(hints, field))
                and field.default_factory is dataclasses.MISSING
            }
        )

    def is_text(self, hints, field):
        return hints[field.name] is str

    def value(self, hint):
        """Return a value of a type."""
        origin, given = typing.get_origin(hint), typing.get_args(hint)
        make = {
            types.UnionType: lambda: self.value(given[0]),
            typing.Union: lambda: self.value(given[0]),
            typing.Literal: lambda: given[0],
            tuple: lambda: tuple(self.value(one) for one in given if one is not Ellipsis),
            dict: lambda: {self.value(given[0]): self.value(given[1])},
            abc.Mapping: lambda: {self.value(given[0]): self.value(given[1])},
            list: lambda: [self.value(given[0])],
            abc.Sequence: lambda: [self.value(given[0])],
            frozenset: lambda: [self.value(given[0])],
            abc.Callable: lambda: len,
            np.ndarray: lambda: np.zeros((2, 3)),
        }
        return make[origin]() if origin in make else self.plain_value(hint)

    def plain_value(self, hint):
        """Return a value of a type that is not made of others."""
        plain = {
            str: self.text,
            int: 3,
            float: 0.5,
            bool: True,
            pd.DataFrame: self.samples,
            pd.Series: self.samples["text"],
            abc.Hashable: self.text,
            object: self.text,
            typing.Any: self.text,
            re.Pattern[str]: re.compile(re.escape(self.text)),
        }
        if hint in plain:
            return plain[hint]
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return next(iter(hint))
        return self.of(hint)

    def model(self):
        data = pd.DataFrame({"text": ["good day", "bad day"] * 9}, index=range(18))
        votes = lb.Votes.from_array([[1], [0]] * 9, schema=self.schema)
        soft = lb.label_models.MajorityVote().fit(votes).predict_proba(votes)
        return lb.EndModel().fit(data, soft)

    def labeling_function(self):
        def rule(x):
            return "http" in x.text  # <script>alert("in the source")</script>

        rule.__doc__ = self.text
        return lb.LabelingFunction(self.name, rule, label=self.name, reads=[self.name])

    def known_problem(self):
        return KnownProblem(self.text, self.text, ids=[self.text], owner=self.text)

    def verdict(self):
        escalation = self.of(Escalation)
        return lb.Verdict(
            (self.gold,), (lb.AskAgain(self.text, 1, (self.name,)),), (escalation,), (self.text,)
        )

    def replay(self):
        rows = [("a", "ann", "ham"), ("a", "bob", "ham")]
        columns = ["sample", "annotator", "label"]
        platform = lb.Replay(pd.DataFrame(rows, columns=columns), self.schema)
        platform._record_problems("pull", [Problem(self.text, self.text)])
        return platform

    def label_files(self):
        return lb.LabelFiles(self.folder / "files", self.schema)

    def label_studio(self):
        return lb.LabelStudio(
            "http://localhost:1", project=self.name, schema=self.schema, token="s3cr3t-token"
        )

    def partitioned(self):
        data = pd.DataFrame({"key": ["a", "b"], "text": ["http", "x"]})
        path = self.folder / "data.parquet"
        data.to_parquet(path)
        lf = self.labeling_function()
        lf.reads = ()
        out = self.folder / "votes"
        return lb.apply_partitions([lf], path, self.schema, id="key", out=out, on="local")

    def project(self):
        from tests.support.killing import make_project

        return lb.Project(make_project(self.folder) / "project.yaml")

    def releases(self):
        releases = lb.Releases(self.folder / "releases")
        data = pd.DataFrame({"text": ["hi", "buy"]}, ["a", "b"])
        soft = lb.SoftLabels([[0.2, 0.8], [0.7, 0.3]], data.index, self.schema, [True, True])
        about = self.text.encode("utf-8", "replace").decode()
        releases.branch("r1", lb.build_training_set(data, soft), by=self.name, message=about)
        releases.propose("r1", by=self.name, message=about)
        return releases

    def finding(self):
        return Finding(
            self.name,
            "failed",
            self.text,
            sample_ids=(self.text,),
            details=({self.name: self.text},),
        )

    def data_test(self):
        def check(train):
            return True

        check.__doc__ = self.text
        return DataTest(self.name, check)

    def preprocessor(self):
        def length(x):
            return {"length": len(x.text)}

        keep = self.folder / "cache.db"
        return lb.functions.preprocessor(reads=["text"], cache=keep, version=1)(length)

    def split_report(self):
        reports = []
        gold = pd.Series([self.name], self.samples.index[:1])
        train = lb.build_training_set(self.samples, soft=self.soft, gold=gold)
        lb.split(train, near_duplicates=None, used={self.text: ["b"]}, report=reports.append)
        return reports[0]

    def span_votes(self):
        schema = lb.LabelSchema([self.name, "ham"], kind="spans")
        marks = Marks(*np.array([[0, 0, 2, 1, 0, 1], [1, 0, 3, 0, 1, 1]]).T)
        return lb.SpanVotes(marks, self.samples.index, (self.name, "other"), schema)

    def span_model(self):
        return lb.SpanModel().fit(self.span_votes())

    def span_scores(self):
        soft = self.span_model().predict(self.span_votes())
        return lb.span_scores(soft, {"b": [(0, 3, self.name)]}, soft.schema)

    def part_errors(self):
        row = {"kind": "missed", "given": lb.Span(0, 1, self.name), "suggested": None}
        row |= {"quality": 0.1, "text": self.text}
        ranked = pd.DataFrame([row], self.samples.index[:1], dtype=object)
        table = pd.DataFrame([(1, 0.5, 0.0, 1.0)], [self.name], ["n", "errors", "low", "high"])
        unseen = pd.Series([lb.Span(0, 1, self.name)], self.samples.index[:1], dtype=object)
        return PartErrors(ranked, Estimate(1.0, 0.0, 2.0, 3), table, unseen, "candidate spans")

    def set_votes(self):
        schema = lb.LabelSchema([self.name, "ham"], kind="several")
        columns = np.array([[0, 0, 0], [0, 0, 1], [1, 1, 0]]).T
        return lb.SetVotes(
            Answers(*columns, [True, False, True]), self.samples.index, (self.name, "other"), schema
        )

    def set_model(self):
        return lb.SetModel().fit(self.set_votes())

    def span_training_set(self):
        soft = self.span_model().predict(self.span_votes())
        return lb.build_training_set(self.samples, soft, votes=self.span_votes())

    def set_training_set(self):
        soft = self.set_model().predict(self.set_votes())
        return lb.build_training_set(self.samples, soft, votes=self.set_votes())

    def span_labeling_function(self):
        @lb.span_labeling_function(label=self.name, name=self.name)
        def rule(x):
            return [(0, 1)]

        return rule

    def partitioned_lists(self):
        data = pd.DataFrame({"key": ["a", "b"], "text": ["http", "x"]})
        path = self.folder / "texts.parquet"
        data.to_parquet(path)
        schema = lb.LabelSchema([self.name, "ham"], kind="spans")
        out = self.folder / "spans"
        lfs = [self.span_labeling_function()]
        return lb.apply_partitions(lfs, path, schema, id="key", out=out, on="local")

    def learner(self, kind, votes):
        project = self.project()
        return kind(project.config, project.data, votes, self.text, project.store)

    def first_round(self, kind, votes):
        overall = lb.agreement(votes)
        return kind(votes, overall, {self.text: overall})

    def simulation(self):
        planned = (RunKey(0, "random", self.name),)
        return Simulation({}, planned, (50,), (self.text,), None, {})

    built: typing.ClassVar = {
        lb.Annotation: lambda its: its.annotation,
        lb.Batch: lambda its: lb.Batch(
            pd.DataFrame(
                {"stratum": [its.text], "reason": [its.text], "score": [0.5]},
                its.samples.index[:1],
                dtype=object,
            )
        ),
        lb.EndModel: model,
        lb.GoldLabel: lambda its: its.gold,
        lb.LabelFiles: label_files,
        lb.ProblemList: lambda its: lb.ProblemList([its.known_problem()]),
        lb.Slices: lambda its: lb.Slices(
            pd.DataFrame({its.name: [True, False]}), {its.name: its.text}
        ),
        KnownProblem: lambda its: its.known_problem(),
        LabelErrors: lambda its: LabelErrors(
            pd.DataFrame(
                {"label": [its.name], "suggested": [None], "quality": [0.1]}, its.samples.index[:1]
            ),
            Estimate(1.0, 0.0, 2.0, 3),
            (),
        ),
        PartErrors: part_errors,
        SlicingFunction: lambda its: SlicingFunction(its.labeling_function()),
        Explanation: lambda its: lb.explain(its.labeling_function()),
        lb.LabelSchema: lambda its: its.schema,
        lb.LabelStudio: label_studio,
        lb.LabelingFunction: labeling_function,
        lb.PartitionedVotes: partitioned,
        lb.Project: project,
        lb.Release: lambda its: its.releases()["r1"],
        lb.Releases: releases,
        lb.Replay: replay,
        lb.ReviewPolicy: lambda its: lb.ReviewPolicy(),
        lb.SoftLabels: lambda its: its.soft,
        DataTest: data_test,
        DataTestReport: lambda its: DataTestReport((its.of(Finding),), base=its.text),
        Finding: finding,
        LabelForm: lambda its: its.span_training_set().form,
        PartitionedLists: partitioned_lists,
        PartsAgreement: lambda its: its.first_round(PartsAgreement, its.set_votes()),
        PeopleAgreement: lambda its: its.first_round(PeopleAgreement, its.votes),
        SetLearner: lambda its: its.learner(SetLearner, its.set_votes()),
        SpanLearner: lambda its: its.learner(SpanLearner, its.span_votes()),
        lb.SetModel: set_model,
        lb.SetTrainingSet: set_training_set,
        lb.SetVotes: set_votes,
        lb.SoftSets: lambda its: its.set_model().predict(its.set_votes()),
        lb.SpanTrainingSet: span_training_set,
        SpanLabelingFunction: span_labeling_function,
        lb.SoftSpans: lambda its: its.span_model().predict(its.span_votes()),
        lb.SpanModel: span_model,
        lb.SpanVotes: span_votes,
        SpanLanes: lambda its: lb.span_lanes(
            its.samples, its.span_votes(), ids=its.samples.index[:2]
        ),
        lb.SpanTagger: lambda its: lb.SpanTagger(its.name),
        SetScores: lambda its: lb.set_scores(
            its.set_model().predict(its.set_votes()), {"b": {its.name}}, its.set_votes().schema
        ),
        SpanScores: span_scores,
        lb.SplitReport: split_report,
        lb.TrainingSet: lambda its: lb.build_training_set(
            its.samples, soft=its.soft, votes=its.votes
        ),
        lb.Verdict: verdict,
        lb.Votes: lambda its: its.votes,
        lb.functions.Condition: lambda its: lb.functions.contains(its.text.strip() or "x"),
        lb.query.ModalStrategy: lambda its: lb.query.ModalStrategy(its.text, len),
        lb.query.StoppingRule: lambda its: lb.query.StoppingRule(budget=3),
        lb.simulation.Plan: lambda its: lb.simulation.Plan(),
        lb.plots.ConfusionExamples: lambda its: lb.plots.confusion(
            its.soft, {"b": "ham", "c": its.name}, samples=its.samples
        ),
        lb.plots.Plot: lambda its: lb.plots.coverage(its.votes),
        Simulation: simulation,
        Comparison: lambda its: Comparison({}, {}),
        EphemeralOutbox: lambda its: EphemeralOutbox(),
        VoteStatistics: lambda its: VoteStatistics(*[np.zeros((2, 2), dtype=np.int64)] * 8),
        Agreement: lambda its: lb.agreement(its.votes),
        CachedPreprocessor: preprocessor,
        Explanations: lambda its: lb.explain([its.labeling_function()]),
    }
