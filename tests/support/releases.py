"""Small training sets, reports of tests on them, and repositories that are some steps far."""

import numpy as np
import pandas as pd

import labeling as lb
from labeling.datasets.findings import DataTestReport, Finding
from labeling.datasets.releases import Releases

SCHEMA = lb.LabelSchema(["ham", "spam"])
LABELS = {"a": "ham", "b": "spam", "c": "ham", "d": "spam"}


def training_set(labels=LABELS):
    """Return a training set with gold labels by sample id."""
    ids = pd.Index(list(labels), name="id")
    data = pd.DataFrame({"text": [f"text of {one}" for one in ids]}, index=ids)
    soft = lb.SoftLabels(np.full((len(ids), 2), 0.5), ids, SCHEMA, [False] * len(ids))
    return lb.build_training_set(data, soft, gold=dict(labels))


def relabelled(**labels):
    """Return the training set with some labels changed, or samples added."""
    return training_set({**LABELS, **labels})


def report(*failed):
    """Return a report in which some tests failed."""
    names = dict.fromkeys(("unique_ids", "label_flips", *failed))
    return DataTestReport(
        tuple(
            Finding(name, "failed" if name in failed else "passed", f"What {name} found.", n=4)
            for name in names
        )
    )


def passing(train, base):
    return report()


def failing(*names):
    return lambda train, base: report(*names)


def approved(folder, name="r1", train=None, by="ann", reviewer="bob"):
    """Return a repository with a branch that waits to be merged."""
    releases = Releases(folder)
    releases.branch(name, training_set() if train is None else train, by=by)
    releases.run_tests(name, passing)
    releases.propose(name, by=by, message=f"about {name}")
    releases.approve(name, by=reviewer)
    return releases


def merged(folder, name="r1", train=None):
    """Return a repository whose main is a release."""
    releases = approved(folder, name, train)
    assert releases.merge(name, by="ann").merged
    return releases
