"""A config says what a sample's label is, and has no settings that its kind of labels lacks."""

import pytest

import labeling as lb
from labeling.config import load_config, without_defaults_of_kinds
from labeling.project.lineage import acting_settings

DATA = """
data: {path: comments.csv, id: key}
labeling_functions: [lfs/rules.py]
"""


def loaded(folder, text):
    file = folder / "project.yaml"
    file.write_text(DATA + text, encoding="utf-8")
    return load_config(file)


@pytest.mark.parametrize("task", ["one", "several", "spans"])
def test_the_schema_is_of_the_task(tmp_path, task):
    schema = loaded(tmp_path, f"task: {task}\nlabels: {{a: the first, b: }}\n").label_schema

    assert task == schema.kind
    assert "the first" == schema.descriptions["a"]


@pytest.mark.parametrize("task", ["several", "spans"])
def test_one_label_is_enough_where_a_sample_may_have_none(tmp_path, task):
    assert ("a",) == loaded(tmp_path, f"labels: [a]\ntask: {task}\n").labels


def test_rules_of_labels_are_kept(tmp_path):
    config = loaded(
        tmp_path,
        "task: several\nlabels: [cat, dog, oak, tree]\nexclusive: [[cat, dog]]\n"
        "implies: {oak: tree}\n",
    )

    assert ((("cat", "dog"),), {"oak": "tree"}) == (config.exclusive, config.implies)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("task: span\nlabels: [a]", "'task' must be 'one', 'several' or 'spans'. Got 'span'"),
        ("task: one\nlabels: [a]", "'labels' must have at least 2 values"),
        ("task: spans\nlabels: []", "'labels' must have at least 1"),
        ("labels: [a, b]\nimplies: {a: b}", "'implies' must be left out with `task: one`"),
        ("labels: [a, b]\nexclusive: [[a, b]]", "'exclusive' must be left out with `task: one`"),
        ("task: spans\nlabels: [a]\nimplies: {a: a}", "'implies' must be left out"),
        ("task: spans\nlabels: [a, b]\nordered_labels: true", "'ordered_labels' must be left out"),
        ("task: spans\nlabels: [a, b]\nclass_balance: {a: 0.5, b: 0.5}", "'class_balance' must be"),
        ("task: several\nlabels: [a, b]\nclass_balance: [0.5, 0.5]", "'class_balance' must be"),
        ("task: several\nlabels: [a]\nlabel_model: dawid_skene", "'label_model' must be left out"),
        ("task: spans\nlabels: [a]\nembeddings: m", "'embeddings' must be left out"),
        ("task: spans\nlabels: [a]\nreview: {rule: posterior}", "'review.rule' must be left out"),
        ("task: several\nlabels: [a]\nexport: {balance: weights}", "'export.balance' must be"),
        ("task: several\nlabels: [a, b]\nexclusive: [[a]]", "'exclusive.0'.*two different labels"),
        ("task: several\nlabels: [a, b]\nexclusive: [[a, c]]", "'exclusive.0' must name labels"),
        ("task: several\nlabels: [oak, tree]\nimplies: {oak: tee}", "Did you mean 'tree'"),
        ("task: several\nlabels: [a, b]\nimplies: {a: b, b: a}", "must not go in a circle"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(tmp_path, text, message):
    with pytest.raises(lb.LabelingError, match=message):
        loaded(tmp_path, text)


def test_what_is_stored_of_a_config_of_one_label_is_as_it_was(tmp_path):
    """Manifests and digests must not change since other kinds of labels have more keys."""
    config = loaded(tmp_path, "labels: [a, b]\n")

    assert not {"task", "exclusive", "implies"} & set(acting_settings(config))
    assert {"x": 1} == without_defaults_of_kinds({"x": 1, "task": "one", "implies": {}})
    spans = loaded(tmp_path, "labels: [a, b]\ntask: spans\n")
    assert "spans" == acting_settings(spans)["task"]
    assert config.digest != spans.digest
