"""The folder for the hub: real libraries read it, nobody's name is in it, and bytes repeat."""

import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

import labeling as lb
from labeling.datasets.cards.croissant import CONTEXT
from labeling.errors import DataError
from labeling.records.estimates import Estimate
from tests.support.safe_html import NAME, TEXT

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
PEOPLE = ("Ann Lee", "bob@example.org", "Chief, Eve")
SCHEMA = lb.LabelSchema(["ham", "spam: yes | no"], {"ham": "no *ads*"})
SETTINGS = lb.CardSettings(
    name="spam-comments",
    title="Spam: comments # 1",
    description="Comments <b>of</b> videos.\n\n# no heading",
    license="CC-BY-4.0",
    language="en",
    authors=("A. Author",),
    url="https://example.org/spam",
    published="2026-11-30",
    data_collection="Copied by hand.",
    guidelines="Spam is what advertises.",
    personal_information="None.",
    uses="Teaching.",
    limitations=("Only one site.",),
    maintenance="None is planned.",
)
FACTS = lb.CardFacts(
    functions=(lb.FunctionFacts("link", "Has a | link.", Estimate(0.9, 0.8, 0.95, 50)),),
    models={"label model": "label_model"},
    quality={"accuracy of the labels": Estimate(0.95, 0.9, 0.98, 120)},
    platform="Label Studio",
    problems=("Short texts are often wrong (n = 20).",),
)


# What mlcroissant itself calls is deprecated in the newest rdflib and pandas.
CROISSANT = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:rdflib", "ignore:The inplace keyword:Warning"
)


def training_set(n=6, text="text", split=False):
    """Samples of many types; people labeled the first two, of which a reviewer decided one."""
    ids = pd.Index([f"s{i}" for i in range(n)], name="key")
    data = pd.DataFrame(
        {
            "text": [f"{text} {i}\n" for i in range(n)],
            "size": pd.array([None, *range(1, n)][:n], dtype="Int64"),
            "score": np.linspace(0, 1, n),
            "day": [datetime.date(2026, 1, 1)] * n,
            "when": pd.DatetimeIndex([NOW] * n),
            "kind": pd.Categorical((["a", "b"] * n)[:n]),
            "length": pd.to_timedelta([1] * n, unit="s"),
            "tags": [["x", None], [], *[["y"]] * n][:n],
            "meta": [{"a": 1, "b": ["c"]}] * n,
        },
        index=ids,
    )
    votes = lb.Votes.from_array(
        np.ones((n, 2), dtype=int), schema=SCHEMA, sample_ids=ids, voters=("link", "short")
    )
    said = [
        lb.Annotation("s0", PEOPLE[0], "ham", NOW, NOW),
        lb.Annotation("s0", PEOPLE[1], "ham", NOW, NOW),
        lb.Annotation("s1", PEOPLE[0], "ham", NOW, NOW),
        lb.Annotation("s1", f" {PEOPLE[1].upper()}", 1, NOW, NOW),
        lb.Annotation("s1", PEOPLE[2], 1, NOW, NOW, reviewer=True),
    ]
    said = [annotation for annotation in said if annotation.sample_id in ids]
    train = lb.build_training_set(
        data,
        lb.SoftLabels([[0.2, 0.8]] * n, ids, SCHEMA, [True] * n),
        gold=lb.review(said, SCHEMA).gold,
        votes=votes,
        annotations=said,
    )
    if not split:
        return train
    return train.with_columns(split=(["train", "dev", "test"] * n)[:n])


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def header(folder):
    return yaml.safe_load((folder / "README.md").read_text("utf-8").split("---\n")[1])


@pytest.fixture
def load(monkeypatch, tmp_path):
    """`load_dataset` offline, with a cache of its own."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    return lambda folder: datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))


def test_the_hub_library_reads_splits_and_features(load, tmp_path):
    train = training_set(split=True)

    folder = train.to_hub_folder(tmp_path / "hub", SETTINGS, FACTS)
    loaded = load(folder)

    assert {"train": 2, "validation": 2, "test": 2} == {k: len(v) for k, v in loaded.items()}
    assert SCHEMA.labels == tuple(loaded["train"].features["label"].names)
    assert ["s0", "s3"] == loaded["train"]["key"]
    row = loaded["train"][0]
    assert ("ham", "text 0\n", None) == (SCHEMA.labels[row["label"]], row["text"], row["size"])
    assert [
        {"voter": "link", "label": SCHEMA.labels[1]},
        {"voter": "short", "label": SCHEMA.labels[1]},
    ] == row["lf_votes"]
    assert "split" not in row


def test_without_a_split_all_rows_are_in_train(load, tmp_path):
    loaded = load(training_set().to_hub_folder(tmp_path / "hub"))

    assert {"train": 6} == {name: len(rows) for name, rows in loaded.items()}


def test_rows_in_no_split_are_kept_in_one_of_their_own(load, tmp_path):
    train = training_set(3).with_columns(split=["train", None, "test"])

    loaded = load(train.to_hub_folder(tmp_path / "hub"))

    assert {"train": 1, "test": 1, "unassigned": 1} == {k: len(v) for k, v in loaded.items()}


@CROISSANT
@pytest.mark.parametrize("train", [training_set(), training_set(split=True), training_set(1)])
def test_mlcroissant_accepts_it_without_a_word_and_reads_the_rows(train, tmp_path, caplog):
    mlcroissant = pytest.importorskip("mlcroissant")
    folder = train.to_hub_folder(tmp_path / "hub", SETTINGS, FACTS)

    read = mlcroissant.Dataset(str(folder / "croissant.json"))

    assert not read.metadata.ctx.issues.errors
    assert not read.metadata.ctx.issues.warnings
    assert [] == [one.message for one in caplog.records]
    names = [records.id for records in read.metadata.record_sets]
    assert ["labels", *header(folder)["configs"][0]["data_files"][0]["split"].split()] == names[:2]
    rows = [row for name in names[1:] for row in read.records(name)]
    assert len(train) == len(rows)
    assert b"text 0\n" == rows[0]["train/text"]
    assert {"train/lf_votes/voter": b"link", "train/lf_votes/label": SCHEMA.labels[1].encode()} == (
        rows[0]["train/lf_votes"][0]
    )
    assert ["ham", SCHEMA.labels[1]] == [row["labels/name"] for row in read.records("labels")]
    metadata = read.metadata
    assert ["Label Studio"] == metadata.data_annotation_platform
    assert "Copied by hand." == metadata.data_collection
    assert ["Short texts are often wrong (n = 20)."] == metadata.data_biases
    assert any("n = 120" in sentence for sentence in metadata.data_annotation_analysis)


def test_the_validator_of_mlcroissant_accepts_it(tmp_path):
    pytest.importorskip("mlcroissant")
    folder = training_set(split=True).to_hub_folder(tmp_path / "hub", SETTINGS, FACTS)
    command = Path(sys.executable).with_name("mlcroissant")

    run = subprocess.run(
        [command, "validate", "--jsonld", folder / "croissant.json"],
        capture_output=True,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )

    assert 0 == run.returncode, run.stderr
    assert "Done." in run.stderr
    assert not re.search("warning|error", run.stderr, re.IGNORECASE)


def test_the_context_is_the_one_of_the_standard():
    pytest.importorskip("mlcroissant")
    from mlcroissant._src.core.rdf import make_context

    assert make_context() == CONTEXT


def test_no_name_of_a_person_is_in_any_file(tmp_path):
    folder = training_set(split=True).to_hub_folder(tmp_path / "hub", SETTINGS, FACTS)

    texts = [(folder / name).read_text("utf-8") for name in ("README.md", "croissant.json")]
    texts += [str(pq.read_table(path).to_pylist()) for path in folder.glob("data/*")]
    texts += [str(pq.read_schema(path).metadata) for path in folder.glob("data/*")]
    whole = "\n".join(texts).casefold()
    assert [] == [
        name for name in ("ann lee", "bob", "example.org', 'label", "chief", "eve") if name in whole
    ]
    assert "person_1" in whole


def test_spellings_of_a_name_have_one_pseudonym_and_salted_ones_do_not_change(tmp_path):
    from labeling.datasets.cards import pseudonyms

    train = training_set()
    salt = "0123456789abcdef"

    numbered, keyed = pseudonyms(train), pseudonyms(train, salt)

    assert {"person_1", "person_2", "person_3", "person_4"} == set(numbered.values())
    assert numbered == pseudonyms(train.take(np.arange(len(train))[::-1]))
    assert set(keyed.values()).isdisjoint(pseudonyms(train, salt[::-1]).values())
    assert keyed["ann lee"] == pseudonyms(train.take([0]), salt)["ann lee"]
    with pytest.raises(lb.LabelingError, match="at least 16 characters"):
        pseudonyms(train, "short")


def test_a_pseudonym_without_salt_says_nothing_of_the_name():
    """The same votes under any names get the same numbers."""
    from labeling.datasets.cards import pseudonyms

    def numbers(first, second):
        said = [
            lb.Annotation(sample, person, "ham", NOW, NOW)
            for person, samples in ((first, ("a", "b")), (second, ("b",)))
            for sample in samples
        ]
        ids = pd.Index(["a", "b"])
        soft = lb.SoftLabels([[0.9, 0.1]] * 2, ids, SCHEMA, [True, True])
        data = pd.DataFrame({"text": ["x", "y"]}, index=ids)
        found = pseudonyms(lb.build_training_set(data, soft, annotations=said))
        return found[first], found[second]

    assert ("person_1", "person_2") == numbers("ann", "zoe") == numbers("zoe", "ann")


def test_names_of_people_who_vote_as_functions_are_replaced(tmp_path):
    facts = lb.CardFacts(functions=(lb.FunctionFacts("short", "Short.", is_person=True),))

    folder = training_set().to_hub_folder(tmp_path / "hub", facts=facts)

    (row, *_) = pq.read_table(folder / "data" / "train-00000-of-00001.parquet").to_pylist()
    voters = [vote["voter"] for vote in row["lf_votes"]]
    assert "link" in voters
    assert "short" not in voters
    assert "short" not in (folder / "README.md").read_text("utf-8")


def test_the_same_training_set_gives_the_same_bytes(tmp_path):
    first = training_set(split=True).to_hub_folder(tmp_path / "a", SETTINGS, FACTS)
    second = training_set(split=True).to_hub_folder(tmp_path / "b", SETTINGS, FACTS)

    assert digests(first) == digests(second)
    assert {"README.md", "croissant.json"} < set(digests(first))


def test_a_second_call_removes_data_of_splits_that_are_gone_and_nothing_else(tmp_path):
    folder = training_set(split=True).to_hub_folder(tmp_path / "hub")
    (folder / "data" / "mine.parquet").write_text("x")

    training_set().to_hub_folder(folder)

    names = {path.name for path in (folder / "data").iterdir()}
    assert {"train-00000-of-00001.parquet", "mine.parquet"} == names


def test_a_readme_of_somebody_else_is_not_replaced(tmp_path):
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")

    with pytest.raises(DataError, match=r"README\.md' was not written by this package"):
        training_set().to_hub_folder(tmp_path)

    assert ["README.md"] == [path.name for path in tmp_path.iterdir()]
    assert "mine" == (tmp_path / "README.md").read_text(encoding="utf-8")


def test_the_digests_in_croissant_are_those_of_the_files(tmp_path):
    folder = training_set(split=True).to_hub_folder(tmp_path / "hub")

    about = json.loads((folder / "croissant.json").read_text("utf-8"))
    found = digests(folder)

    assert 3 == len(about["distribution"])
    assert all(found[file["@id"]] == file["sha256"] for file in about["distribution"])


@CROISSANT
def test_texts_are_shown_as_they_are_and_break_nothing(load, tmp_path):
    """Texts that could do harm, in the data, the names of columns, and the words of the card."""
    data = pd.DataFrame({NAME: ["a"], "a/b": ["b"], "label": ["c"], "": ["d"]}, index=["x"])
    soft = lb.SoftLabels([[0.9, 0.1]], data.index, lb.LabelSchema([NAME, "- x"]), [True])
    train = lb.build_training_set(data, soft)
    settings = lb.CardSettings(
        title=TEXT, description=f"{TEXT}\n\n---\nlicense: mit", license=NAME, tags=(TEXT,)
    )
    facts = lb.CardFacts(problems=(TEXT, "- [x](javascript:alert(1))", "| a | b |"))

    folder = train.to_hub_folder(tmp_path / "hub", settings, facts)

    text = (folder / "README.md").read_text("utf-8")
    body = text.split("---\n", 2)[2]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text)
    assert "<" not in body.split("```")[0]
    assert "\n---" not in body
    assert "\\[x\\]" in body
    assert "other" == header(folder)["license"]
    assert {"train": 1} == {name: len(rows) for name, rows in load(folder).items()}
    mlcroissant = pytest.importorskip("mlcroissant")
    read = mlcroissant.Dataset(str(folder / "croissant.json"))
    assert 1 == len(list(read.records("train")))


def test_the_header_tells_sizes_tasks_and_who_annotated(tmp_path):
    about = header(training_set().to_hub_folder(tmp_path / "hub", SETTINGS))

    assert "cc-by-4.0" == about["license"]
    assert ["en"] == about["language"]
    assert ["n<1K"] == about["size_categories"]
    assert ["text-classification"] == about["task_categories"]
    assert {"machine-generated", "expert-generated", "other"} == set(about["annotations_creators"])
    assert 6 == about["dataset_info"]["splits"][0]["num_examples"]


def test_what_nobody_stated_is_said_to_be_unknown(tmp_path):
    folder = training_set(1).to_hub_folder(tmp_path / "hub")

    about, text = header(folder), (folder / "README.md").read_text("utf-8")
    assert {"license", "language"}.isdisjoint(about)
    assert "| language | not stated |" in text
    assert "was not measured on samples drawn at random" in text


def test_every_estimate_of_the_card_has_its_interval_and_size(tmp_path):
    text = (
        training_set().to_hub_folder(tmp_path / "hub", SETTINGS, FACTS) / "README.md"
    ).read_text()

    assert "accuracy of the labels: 0.950 \\[0.900, 0.980\\], n = 120 (95 % interval)" in text
    assert "0.900 \\[0.800, 0.950\\], n = 50" in text
    assert re.search(r"same label: 0\.500 \\\[.*\\\], n = 2", text)


def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path):
    (tmp_path / "file").write_text("x")

    with pytest.raises(lb.LabelingError, match="cannot be written"):
        training_set(1).to_hub_folder(tmp_path / "file")


def test_settings_of_a_wrong_type_are_refused():
    with pytest.raises(lb.LabelingError, match="`license` of a data card must be a text"):
        lb.CardSettings(license=4)


def test_facts_of_another_form_are_refused():
    with pytest.raises(lb.LabelingError, match="Did you mean 'quality'"):
        lb.CardFacts.from_json({"qualty": {}})
    with pytest.raises(lb.LabelingError, match="cannot be read"):
        lb.CardFacts.from_json({"quality": {"accuracy": {"value": 1}}})
