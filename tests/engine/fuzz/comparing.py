"""Compares the votes of random functions on random samples: columns, rows, and a plain loop."""

import contextlib
import dataclasses
import importlib.util
import linecache
import random
import re
import sys
import warnings
from collections import Counter
from pathlib import Path
from unittest import mock

import numpy as np

import labeling as lb
from labeling.engine import applier
from labeling.engine.batches import SampleBatch
from labeling.engine.columns import self_check
from labeling.engine.columns.plans import NoPlan, plan_of
from labeling.engine.values import with_plain_objects
from labeling.errors import LabelingError
from labeling.records import LabelingFunction
from tests.engine.fuzz.frames import random_samples
from tests.engine.fuzz.functions import random_module
from tests.engine.fuzz.reference import plain_votes, rows_of

SCHEMAS = (
    ("ham", "spam"),
    ("ham", "spam", "other"),
    ("1", "2"),
    ("0", "1", "2"),
    ("a", "ham", "spam"),
)


@dataclasses.dataclass(frozen=True)
class Mismatch:
    """Votes that differ.

    Attributes:
        what: which comparison failed.
        name: the function.
        sample: the position of the first sample on which they differ; `None` if it is not known.
        expected: what Python said.
        got: what the columns said.
    """

    what: str
    name: str
    sample: int | None
    expected: object
    got: object


class Case:
    """A module of random functions, and random samples, both made from a seed.

    Args:
        seed: what it is made from.
        folder: where the module is written, as code is compiled from files only.
        functions: how many functions.
        rows: how many samples.
        idioms: the share of functions that are idioms of experts.
    """

    def __init__(self, seed, folder, functions=40, rows=96, idioms=0.3):
        rng = random.Random(f"labeling functions {seed}")
        self.seed, self.sizes = seed, (functions, rows, idioms)
        self.labels = list(rng.choice(SCHEMAS))
        self.schema = lb.LabelSchema(self.labels)
        self.source, self.label_of = random_module(rng, functions, self.labels, idioms)
        self.samples = random_samples(rng, rows)
        self.rows_at_once = rng.choice([None, None, None, rows // 3 + 1])
        self.module = imported(Path(folder) / f"random_functions_{seed}.py", self.source)
        self.lfs = [self.labeling_function(name, compile=True) for name in self.label_of]

    def labeling_function(self, name, compile):
        function = getattr(self.module, name)
        return LabelingFunction(name, function, label=self.label_of[name], compile=compile)

    def kinds(self):
        """Return how many functions run on columns, partly on them, and in Python."""
        return Counter(each.how for each in lb.explain(self.lfs, self.schema))

    def decided_share(self):
        """Return the mean share of the samples that columns decide, without help of Python."""
        batch, memo = SampleBatch(with_plain_objects(self.samples.frame)), {}
        plans = [plan_of(lf, self.schema) for lf in self.lfs]
        return np.mean(
            [0 if isinstance(plan, NoPlan) else plan.run(batch, memo)[1].mean() for plan in plans]
        )

    def mismatches(self):
        """Return where votes on columns differ from the votes of rows, and of a plain loop."""
        in_rows = [self.labeling_function(name, compile=False) for name in self.label_of]
        settings = [(applier, "ROWS_AT_ONCE", self.rows_at_once or applier.ROWS_AT_ONCE)]
        if self.seed % 8:  # what is found there would be mended before it is seen here
            settings += [(self_check, name, 0) for name in ("FIRST_COMPARED", "LATER_COMPARED")]
        with contextlib.ExitStack() as stack:
            for module, name, value in settings:
                stack.enter_context(mock.patch.object(module, name, value))
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")  # functions may do what pandas warns of
            return list(self._differing(in_rows))

    def _differing(self, in_rows):
        by_rows = self._outcomes(in_rows)
        rows = rows_of(self.samples.values, len(self.samples.ids))
        self.module.forget()
        for name, label in self.label_of.items():
            function = getattr(self.module, name)
            by_loop = plain_votes(function, rows, self.labels, label)
            yield from _first_difference("the plain loop", name, by_loop, by_rows[name], _is_alike)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", self_check.ColumnVotesWarning)
            by_columns = self._outcomes(self.lfs)
        for name in self.label_of:
            yield from _first_difference("rows", name, by_rows[name], by_columns[name], _is_same)
        for warning in caught:  # a sample that was compared differed, so all was run in Python
            text = str(warning.message)
            name = re.search(r"'(lf_\d+)'", text)[1]
            place = self.samples.ids.index(re.search(r"sample '(.+?)'", text)[1])
            yield Mismatch("the check while running", name, place, text, "")
        yield from self._differing_errors(in_rows, by_rows)

    def _differing_errors(self, in_rows, by_rows):
        """Compare what is raised at the first fault, of all functions and of one with faults."""
        failing = [
            name for name, given in by_rows.items() if any(isinstance(o, tuple) for o in given)
        ]
        for names in [list(self.label_of), *[[name] for name in failing[:3]]]:
            chosen = [number for number, name in enumerate(self.label_of) if name in names]
            expected, got = (
                self._raised([lfs[number] for number in chosen]) for lfs in (in_rows, self.lfs)
            )
            if expected != got:
                yield Mismatch("the error raised", names[0], None, expected, got)

    def _outcomes(self, lfs):
        """Return for each function the code, or the error, of each sample."""
        self.module.forget()
        votes = lb.apply(lfs, self.samples.frame, self.schema, on_error="record")
        places = {sample: place for place, sample in enumerate(self.samples.ids)}
        outcomes = dict(zip(votes.voters, np.asarray(votes).T.tolist(), strict=True))
        for fault in votes.faults:
            of_function, place = outcomes[fault.labeling_function], places[fault.sample_id]
            assert of_function[place] == -1
            of_function[place] = (type(fault.exception).__name__, str(fault.exception))
        return outcomes

    def _raised(self, lfs):
        self.module.forget()
        try:
            lb.apply(lfs, self.samples.frame, self.schema)
        except LabelingError as error:
            return type(error).__name__, str(error)
        return None

    def source_of(self, name):
        """Return the part of the module that defines a function."""
        parts = self.source.split("\n\n\n")
        starts = (f"def {name}(", f"{name} = ", f"@decorated\ndef {name}(")
        return next((part for part in parts if part.lstrip().startswith(starts)), "")

    def explained(self, mismatch):
        """Return a mismatch as a text that says how to see it again."""
        lines = [
            f"seed {self.seed}, {mismatch.name}: votes on columns differ from {mismatch.what}.",
            f"expected {mismatch.expected!r}",
            f"got      {mismatch.got!r}",
            self.source_of(mismatch.name),
        ]
        if mismatch.sample is not None:
            values = {name: column[mismatch.sample] for name, column in self.samples.values.items()}
            dtypes = {name: str(kind) for name, kind in self.samples.frame.dtypes.items()}
            lines += [f"on {values!r}", f"of {dtypes!r}"]
        functions, rows, idioms = self.sizes
        command = (
            f"python -m tests.engine.fuzz --seed {self.seed} --functions {functions} --rows {rows}"
            f" --idioms {idioms}"
        )
        return "\n".join([*lines, f"again: {command}"])


def imported(path, source):
    """Write a module and import it."""
    path.write_text(source, encoding="utf-8")
    name = path.stem
    specification = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "is" with a literal, and the like
            specification.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = bytecode
        del sys.modules[name]
    linecache.checkcache(str(path))
    return module


def _first_difference(what, name, expected, got, is_equal):
    for place, (first, second) in enumerate(zip(expected, got, strict=True)):
        if not is_equal(first, second):
            yield Mismatch(what, name, place, first, second)
            return


def _is_same(first, second):
    return first == second and type(first) is type(second)


def _is_alike(by_loop, by_rows):
    if isinstance(by_loop, tuple) and isinstance(by_rows, tuple):
        text_is_equal = by_loop[1] is None or _told(by_loop[1]) == _told(by_rows[1])
        return by_loop[0] == by_rows[0] and text_is_equal
    return by_loop == by_rows and not isinstance(by_loop, tuple) and not isinstance(by_rows, tuple)


def _told(text):
    """Return the text of an error; the order in which it lists the columns may differ."""
    return text.partition(" It has '")[0]
