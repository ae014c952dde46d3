"""The workbench on real texts with gold spans: its numbers agree with the rest of the package."""

import functools

import pandas as pd
import pytest

import labeling as lb
from labeling.functions import span_regex
from tests.benchmarks.quality.data import data_folder
from tests.support.sequences import tagged

PATTERNS = {
    "suffix": r"\b\w+(?:itis|oma|opathy|osis|emia|trophy)\b",
    "heads": r"\b(?:\w+ ){0,2}(?:disease|syndrome|deficiency|disorder)s?\b",
    "named": r"\b(?:[A-Z]\w* )+(?:disease|syndrome)\b",
    "cancers": r"\b(?:\w+ )?(?:cancer|tumou?r|carcinoma)s?\b",
}
DEV = 150


@functools.cache
def workbench():
    """Return a workbench of abstracts on diseases, with the gold of 150 of them."""
    folder = data_folder() / "seq_ncbi-disease"
    if not (folder / "texts.jsonl.gz").exists():
        pytest.skip("LABELING_DATA names no folder with the texts of seq_ncbi-disease")
    given = tagged(folder)
    gold = {sample_id: given.gold[sample_id] for sample_id in list(given.gold)[:DEV]}
    made = lb.Workbench(pd.DataFrame({"text": given.texts}), given.votes.schema, gold)
    for name, pattern in PATTERNS.items():
        made.add(span_regex(made.schema.labels[0], pattern, name=name))
    return made


def test_the_summary_agrees_with_the_table_of_functions_and_with_the_scores_of_spans():
    made = workbench()
    summary = made.summary()
    expected = lb.lf_summary(made.votes(), made.gold)
    # With one label, recall of its labels is recall of all.
    for name in ("votes", "coverage", "overlaps", "conflicts", "precision", "recall", "inside"):
        pd.testing.assert_series_equal(
            summary.to_frame()[name], expected[name], check_dtype=False, obj=name
        )
    scores = lb.span_scores(made.soft_labels(), made.gold, made.schema)
    assert summary.label_model == {
        "precision": scores.precision,
        "recall": scores.recall,
        "F1": scores.f1,
    }


def test_errors_are_all_that_is_not_right():
    made = workbench()
    scores = lb.span_scores(made.soft_labels(), made.gold, made.schema)
    counts = scores.by_label.sum()
    errors = made.errors().to_frame()
    wrong = errors["error"].isin(["spurious", "wrong edges", "wrong label"]).sum()
    assert wrong == counts["predicted"] - counts["right"] > 100
    missed = (errors["error"] == "missed").sum()
    assert 0 < missed <= counts["gold"] - counts["right"]
    texts = made.samples["text"]
    for sample_id, start, end, span in zip(
        errors.index, errors["start"], errors["end"], errors["span"], strict=True
    ):
        assert texts[sample_id][start:end] == span


def test_a_preview_is_what_adding_the_function_does():
    made = workbench()
    draft = span_regex(made.schema.labels[0], r"\b[A-Z]{2,4}\b", name="short")
    preview = made.preview(draft)
    before = set(made.soft_labels().to_spans()[["sample", "start", "end"]].itertuples(index=False))
    soft = made.soft_labels(made.functions.with_function(preview.voted))
    after = set(soft.to_spans()[["sample", "start", "end"]].itertuples(index=False))
    assert preview.model.gained == len(after - before) > 100
    assert preview.model.lost == len(before - after)
    f1 = lb.span_scores(soft, made.gold, made.schema).f1
    assert preview.model.scores_after["F1"] == f1
    assert f"{f1.value:.3f}" in repr(preview)
