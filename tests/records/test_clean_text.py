"""Half and control characters: replaced in texts, refused in names, named always."""

import json
import logging

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import ConfigError, DataError, LabelingError
from labeling.label_files import LabelFiles
from labeling.records import Annotation, Batch, Problem, with_clean_texts

HALF, NUL = "\ud83d", "\x00"
BAD = f"cut {HALF} and {NUL}\x1b"
CLEAN = "cut \ufffd and \ufffd\ufffd"


def lines(*objects):
    return "".join(json.dumps(one) + "\n" for one in objects)


def test_texts_of_every_column_are_cleaned_also_nested_ones_and_each_is_named(tmp_path, caplog):
    file = tmp_path / "a.jsonl"
    nested = {"tags": [BAD, {BAD: "x"}], "n": 1}
    file.write_text(lines({"key": 1, "t": BAD, "d": nested}, {"key": 2, "t": "b", "d": None}))
    with caplog.at_level(logging.WARNING):
        frame = lb.read_samples(file, id="key")
    assert frame["t"].tolist() == [CLEAN, "b"]
    assert frame["d"].tolist() == [{"tags": [CLEAN, {CLEAN: "x"}], "n": 1}, None]
    (warning,) = caplog.messages
    assert "a.jsonl: 2 texts of 1 sample had" in warning
    assert "sample 1, column 't': U+0000 (control character), U+001B (control character)" in warning
    assert "U+D83D (half a character)" in warning
    assert "sample 1, column 'd'" in warning


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([f"a{NUL}", "b"], dtype="str"),
        pd.Series([f"a{NUL}", "b"], dtype=object),
        pd.Series([f"a{NUL}", "b"], dtype="category"),
        pd.Series([np.array([f"a{NUL}"], dtype=object), None], dtype=object),
        pd.Series([(f"a{NUL}",), {"b"}], dtype=object),
    ],
    ids=["str", "object", "category", "arrays", "tuples"],
)
def test_every_kind_of_column_is_cleaned(column):
    clean, replaced = with_clean_texts(pd.DataFrame({"t": column}))
    first = clean["t"].tolist()[0]
    assert "a\ufffd" in ([first] if isinstance(first, str) else list(first))
    assert [(0, "t", ("U+0000 (control character)",))] == [
        (one.sample_id, one.column, one.characters) for one in replaced
    ]


def test_white_space_and_all_that_can_be_stored_stays_and_the_frame_is_unchanged():
    texts = ["a\tb\r\nc\x0b\x0c", "\u200b\u202e\ufeff", "👩‍👩‍👧", "\x85", NUL]
    frame = pd.DataFrame({"t": texts, "n": range(5), "x": [None, 1, [2], {"a": 1.5}, np.nan]})
    clean, replaced = with_clean_texts(frame)
    assert clean["t"].tolist() == [*texts[:4], "\ufffd"]
    assert clean["x"].tolist()[:4] == [None, 1, [2], {"a": 1.5}]
    assert frame["t"].tolist() == texts
    assert 1 == len(replaced)


def test_one_bad_text_far_down_a_long_column_is_found():
    frame = pd.DataFrame({"t": ["fine"] * 9_999 + [f"a{NUL}"] + ["fine"] * 9_999})
    clean, replaced = with_clean_texts(frame)
    assert [9_999] == [one.sample_id for one in replaced]
    assert clean["t"].iloc[9_999] == "a\ufffd"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"key": f"a{NUL}", "t": "x"}, "sample ids must have no control.*U\\+0000"),
        ({"key": f"a{HALF}", "t": "x"}, "sample ids must have no control.*U\\+D83D"),
        ({"key": "a", f"t{HALF}": "x"}, "names of columns must have no control.*U\\+D83D"),
        ({"key": "a", "t": {f"x{NUL}": 1, "x\x01": 2}}, "Keys of an object must differ"),
    ],
)
def test_what_names_something_is_refused(tmp_path, content, message):
    file = tmp_path / "a.jsonl"
    file.write_text(lines(content))
    with pytest.raises(DataError, match=message):
        lb.read_samples(file, id="key")


def test_a_path_given_to_apply_is_read_as_read_samples_does(tmp_path, schema):
    file = tmp_path / "a.jsonl"
    file.write_text(lines({"key": 1, "t": BAD}))
    rule = lb.LabelingFunction("rule", lambda x: "ham" if x.t == CLEAN and x.key == 1 else None)
    assert [[0]] == lb.apply(rule, file, schema, id="key").to_array().tolist()


# Labels


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["ham", f"spam{NUL}"], r"'spam\\x00' has U\+0000"),
        (["ham", f"spam{HALF}"], r"'spam\\ud83d' has U\+D83D"),
        (["ham", "sp\nam"], r"has U\+000A"),
        (["ham", "sp\u2028am"], r"has U\+2028 \(LINE SEPARATOR\)"),
        (["ham", "\u200b"], r"Got only U\+200B \(ZERO WIDTH SPACE\)"),
        (["spam", "spam\u200b"], r"differ only in U\+200B \(ZERO WIDTH SPACE\)"),
        (["spam", "\ufeffspam"], r"differ only in U\+FEFF \(ZERO WIDTH NO-BREAK SPACE\)"),
        (["caf\u00e9", "cafe\u0301"], r"differ only in .*COMBINING ACUTE ACCENT"),
        (["new car", "new\u00a0car"], r"differ only in .*NO-BREAK SPACE"),
        (["new car", "new  car"], "differ only in the positions of invisible"),
        (["spam", "spam "], r"differ only in U\+0020 \(SPACE\)"),
        (["\u2764", "\u2764\ufe0f"], r"differ only in U\+FE0F \(VARIATION SELECTOR-16\)"),
        (["spam", "spam\u3164"], r"differ only in U\+3164 \(HANGUL FILLER\)"),
        (["spam", "sp\u034fam"], r"differ only in U\+034F"),
        (["spam", "spam\u2800"], r"differ only in U\+2800"),
        (["spam", "spam\U000e0100"], r"differ only in U\+E0100"),
        (["ham", "\u2800"], r"Got only U\+2800"),
        (["ham", "spam\uffff"], r"has U\+FFFF"),
    ],
)
def test_labels_that_cannot_be_read_or_told_apart_are_refused(labels, message):
    with pytest.raises(LabelingError, match=message):
        lb.LabelSchema(labels)


def test_a_description_that_a_page_cannot_show_is_refused():
    with pytest.raises(LabelingError, match=r"Descriptions of labels must have no control"):
        lb.LabelSchema(["ham", "spam"], {"spam": "It wants \x00money."})


def test_labels_that_look_different_are_taken_as_they_are():
    labels = [
        "Spam",
        "spam",
        "cafe\u0301",
        "cafe",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "👩‍👩‍👧",
    ]
    assert lb.LabelSchema(labels).labels == tuple(labels)


# What people and configs say


def test_a_comment_is_cleaned_counts_and_is_named(tmp_path, schema):
    frame = pd.DataFrame({"text": ["hello"]}, index=["s1"])
    files = LabelFiles(tmp_path, schema, kind="jsonl", annotators=["ann"], votes_per_sample=1)
    files.push(Batch(pd.DataFrame({"stratum": "random"}, index=["s1"])), frame)
    (path,) = tmp_path.glob("*.jsonl")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"label": "ham", "comment": BAD}))
    for _ in range(2):  # and is no news the second time
        (annotation,) = files.pull()
    assert (annotation.label, annotation.reason) == ("ham", CLEAN)
    (problem,) = files.problems
    assert "U+D83D (half a character)" in problem.what
    assert "The label counts" in problem.what


def test_a_name_with_characters_that_cannot_be_stored_is_refused_in_a_file(tmp_path, schema):
    frame = pd.DataFrame({"text": ["hello"]}, index=["s1"])
    files = LabelFiles(tmp_path, schema, kind="jsonl")
    files.push(Batch(pd.DataFrame({"stratum": "random"}, index=["s1"])), frame)
    (path,) = tmp_path.glob("*.jsonl")
    row = json.loads(path.read_text()) | {"label": "ham", "annotator": f"ann{NUL}"}
    path.write_text(json.dumps(row))
    assert () == files.pull()
    assert "must hold a name of whole characters" in files.problems[0].what
    with pytest.raises(DataError, match="`annotators` must have no control characters"):
        LabelFiles(tmp_path, schema, annotators=[f"ann{NUL}"])


def test_a_file_whose_name_is_no_text_is_named_and_the_others_are_read(tmp_path, schema):
    frame = pd.DataFrame({"text": ["hello"]}, index=["s1"])
    files = LabelFiles(tmp_path, schema, kind="jsonl", annotators=["ann"], votes_per_sample=1)
    files.push(Batch(pd.DataFrame({"stratum": "random"}, index=["s1"])), frame)
    (path,) = tmp_path.glob("*.jsonl")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"label": "ham"}))
    (tmp_path / "copy\udcff.jsonl").write_text("{}")
    assert 1 == len(files.pull())
    assert [("copy\ufffd.jsonl", True)] == [
        (one.where, "rename the file" in one.what) for one in files.problems
    ]


def test_reasons_and_problems_can_always_be_stored():
    now = pd.Timestamp.now("UTC").to_pydatetime()
    assert Annotation("s", "ann", "ham", now, now, reason=BAD).reason == CLEAN
    assert Problem(BAD, BAD) == Problem(CLEAN, CLEAN)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('label_studio: {url: "http://x", guidelines: "a\\0b"}', "label_studio.guidelines"),
        ('files: {annotators: ["ann", "b\\x01b"]}', "files.annotators"),
        ('labels: {"ham": "a\\x1bb", "spam": null}', "labels.ham"),
    ],
)
def test_texts_of_a_config_are_refused_with_their_key(tmp_path, text, key):
    path = tmp_path / "a.yaml"
    labels = "" if "labels" in text else "labels: [ham, spam]\n"
    path.write_text(f"data: {{path: a.csv, id: id}}\n{labels}labeling_functions: [a.py]\n{text}\n")
    with pytest.raises(ConfigError, match=f"key '{key}' must have no control characters"):
        lb.Project(path)


@pytest.mark.parametrize("sign", [HALF, NUL])
def test_a_name_that_no_file_can_hold_is_refused_whoever_gives_it(tmp_path, sign):
    """Else the export fails for good: the ledger forgets nothing."""
    (tmp_path / "a.jsonl").write_text(lines(*({"key": f"s{i}", "text": "hi"} for i in range(4))))
    (tmp_path / "rules.py").write_text(
        "from labeling.functions import keywords\n"
        "greets = keywords('greets', ['hi'], label='ham')\n"
    )
    (tmp_path / "project.yaml").write_text(
        "data: {path: a.jsonl, id: key}\nlabels: [ham, spam]\nlabeling_functions: [rules.py]\n"
    )
    its = lb.Project(tmp_path / "project.yaml")
    when = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()
    named = Annotation("s1", f"ann{sign}", "ham", when, when, platform_id="1")
    with pytest.raises(DataError, match="names of annotators must have no control characters"):
        its.add_annotations([named])
    with pytest.raises(DataError, match="names of annotators must have no control characters"):
        its.decide("s1", "ham", by=f"dora{sign}", reason="so it is")
    assert not its.store.ledger.annotations()
    with pytest.raises(DataError, match="names of labeling functions"):
        lb.labeling_function(lambda x: None, name=f"rule{sign}")


def test_names_that_were_kept_before_stop_no_export(tmp_path, schema):
    when = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()
    said = [
        Annotation("s1", f"ann{HALF}", "ham", when, when, platform_id="1"),
        Annotation("s1", "bob", "spam", when, when, platform_id="2"),
        Annotation("s1", f"dora{HALF}", "ham", when, when, platform_id="3", reviewer=True),
    ]
    ids = pd.Index(["s1"])
    train = lb.build_training_set(
        pd.DataFrame({"text": ["hi"]}, index=ids),
        lb.SoftLabels([[0.9, 0.1]], ids, schema, [True]),
        annotations=said,
        gold=lb.review(said, schema).gold,
    )
    train.to_folder(tmp_path)
    row = json.loads((tmp_path / "training_set.jsonl").read_text("utf-8"))
    assert ["ann\ufffd", "bob"] == [one["annotator"] for one in row["annotators"]]
    assert "dora\ufffd" == row["reviewer"]
