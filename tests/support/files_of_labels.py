"""Samples, files of labels, and what people write into them."""

import csv
import datetime

import pandas as pd

import labeling as lb
from labeling.label_files import LabelFiles
from labeling.records import Batch

SCHEMA = lb.LabelSchema(["ham", "spam"])
SAMPLES = pd.DataFrame(
    {"text": ["=1+1", "win a prize", "see you", "two\nlines"], "author": ["x", None, "=z", 4]},
    index=["a", "b", "007", 7],
)

NOON = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)


def batch(*ids):
    return Batch(pd.DataFrame({"stratum": ["random"] * len(ids)}, index=pd.Index(ids)))


def pushed(folder, *ids, **settings):
    files = LabelFiles(folder, SCHEMA, **settings)
    files.push(batch(*(ids or SAMPLES.index)), SAMPLES)
    return files


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def save(path, rows, delimiter=",", encoding="utf-8-sig", **settings):
    with path.open("w", encoding=encoding, newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), delimiter=delimiter, **settings)
        table.writeheader()
        table.writerows(rows)


def fill(path, labels, **cells):
    """Label rows as a person does: labels in the order of the rows."""
    rows = rows_of(path)
    for row, label in zip(rows, labels, strict=True):
        row.update(label=label, **cells)
    save(path, rows)


def triples(annotations):
    return [
        (annotation.sample_id, annotation.annotator, annotation.label) for annotation in annotations
    ]


def only_problem(files):
    (problem,) = files.problems
    return problem
