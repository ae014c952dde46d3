"""The schema of the samples: given, or inferred of the base by what chance explains."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from labeling.datasets.data_tests import (
    TESTS,
    DataTestSettings,
    inferred_schema,
    run_data_tests,
    training_set_to_test,
)
from labeling.datasets.data_tests.schema import load_pandera
from labeling.errors import ConfigError
from tests.support.made_training_sets import made, made_samples, made_set


@pytest.fixture(scope="module")
def base():
    return made(seed=1)


def schema_of(train, base, **settings):
    parts = [None if one is None else training_set_to_test(one) for one in (train, base)]
    return TESTS["schema"](*parts, DataTestSettings.of(settings))


def changed(train, **columns):
    return dataclasses.replace(train, samples=train.samples.assign(**columns))


def test_other_samples_of_the_same_source_satisfy_the_schema_of_the_base(base):
    alarms = sum(schema_of(made(seed=seed), base).status != "passed" for seed in range(100, 160))

    assert alarms <= 1  # greatest values, which each sample may exceed, are no failure


def test_each_break_of_the_schema_is_stopped(base):
    train = made(seed=2)
    size, source = train.samples["size"].copy(), train.samples["source"].copy()
    size.iloc[:40], source.iloc[:40] = 99.0, "fax"
    missing = train.samples["size"].copy()
    missing.iloc[:40] = np.nan

    found = schema_of(changed(train, size=size), base)
    assert found.status == "failed"
    assert "'size' has 4" in found.sentence
    assert "of 600 values outside of what the base has" in found.sentence
    assert "in_range" in found.sentence
    assert 40 <= found.n_samples < 50  # a few are beyond the base by chance
    assert "isin" in schema_of(changed(train, source=source), base).sentence
    assert "missing" in schema_of(changed(train, size=missing), base).sentence
    texts = changed(train, size=train.samples["size"].map(str))
    assert "'size' holds texts, in the base numbers" in schema_of(texts, base).sentence
    gone = dataclasses.replace(train, samples=train.samples.drop(columns="size"))
    assert "column 'size' of the base is missing" in schema_of(gone, base).sentence.lower()
    assert schema_of(gone, base, ignore=("size",)).status == "passed"


def test_types_that_mean_the_same_are_no_break(base):
    train = made(seed=2)
    other = changed(
        train,
        size=train.samples["size"].astype("Float32"),
        text=train.samples["text"].astype(object),
        source=train.samples["source"].astype("string"),
        new=1,
    )
    found = schema_of(other, base)

    assert found.status == "passed"
    assert "New columns, not compared: 'new'" in found.sentence


def test_a_given_schema_must_hold_for_each_row(base, tmp_path):
    pandera = load_pandera()
    rule = pandera.DataFrameSchema({"size": pandera.Column(float, pandera.Check.ge(-1))})
    low = (base.samples["size"] < -1).to_numpy()
    assert low.any()

    found = schema_of(base, None, schema=rule)
    assert found.status == "failed"
    assert found.value == low.sum()
    assert f"size: greater_than_or_equal_to(-1) ({low.sum()} times)" in found.sentence
    assert set(found.sample_ids) <= set(base.sample_ids[low])
    assert schema_of(base.take(~low), None, schema=rule).status == "passed"
    path = tmp_path / "schema.yaml"
    rule.to_yaml(path)
    assert schema_of(base, None, schema=path) == found


def test_an_inferred_schema_can_be_written_edited_and_given(base, tmp_path):
    path = tmp_path / "schema.yaml"
    inferred_schema(base.samples.drop(columns="at")).to_yaml(path)
    frame, codes = made_samples(100, 3)

    assert schema_of(base, None, schema=str(path)).status == "passed"
    frame["source"] = "fax"
    assert schema_of(made_set(frame, codes), None, schema=path).status == "failed"


def test_a_schema_that_cannot_be_read_is_a_config_error(base, tmp_path):
    with pytest.raises(ConfigError, match="must be a file"):
        schema_of(base, None, schema=tmp_path / "none.yaml")
    path = tmp_path / "wrong.yaml"
    path.write_text("columns: 3", encoding="utf-8")
    with pytest.raises(ConfigError, match="not a schema of pandera"):
        schema_of(base, None, schema=path)


def test_without_pandera_it_is_skipped_unless_a_schema_is_given(base, monkeypatch):
    import labeling.datasets.data_tests.schema as module
    from labeling.errors import MissingExtraError

    def missing():
        raise ModuleNotFoundError("No module named 'pandera'", name="pandera")

    monkeypatch.setattr(module, "load_pandera", missing)
    found = schema_of(base, base)
    assert found.status == "skipped"
    assert "pip install 'labeling[quality]'" in found.sentence
    with pytest.raises(MissingExtraError, match="quality"):
        schema_of(base, None, schema="schema.yaml")


def test_columns_of_any_values_are_compared_or_left_alone():
    frame, codes = made_samples(60, 4)
    frame["mixed"] = pd.Series([1, "a", None, [1]] * 15, frame.index, dtype=object)
    frame["none"] = None
    frame["day"] = pd.Timestamp("2026-01-01").date()
    frame["flag"] = [True, False] * 30
    train = made_set(frame, codes)
    report = run_data_tests(train, train)

    assert report.failed == ()
    assert "mixed" in report["drift_columns"].sentence
