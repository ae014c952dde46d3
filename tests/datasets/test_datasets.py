"""Training sets: what is in them, what is left out and why, and that exports lose nothing."""

import datetime
import decimal
import hashlib
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import labeling as lb

SCHEMA = lb.LabelSchema(["ham", "spam"])
IDS = pd.Index(["a", "b", "c", "d", "e", "f"], name="key")
DATA = pd.DataFrame(
    {
        "text": ["=1+1", 'say "hi",\nyou', "é\U0001f600", "x", "y", "z"],
        "size": [1, 2, 3, 4, 5, None],
    },
    index=IDS,
).astype({"size": "Int64"})
SOFT = lb.SoftLabels(
    [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.5, 0.5], [0.45, 0.55], [0.3, 0.7]],
    IDS,
    SCHEMA,
    [True, True, True, False, True, True],
)
VOTES = lb.Votes.from_array(
    [[0, 0], [1, -1], [0, 1], [-1, -1], [1, -1], [-1, 1]],
    schema=SCHEMA,
    sample_ids=IDS,
    voters=["short", "link"],
)
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
SAID = [
    lb.Annotation("f", "ann", "ham", NOW, NOW),
    lb.Annotation("f", "bob", "spam", NOW, NOW),
    lb.Annotation("f", "eve", "ham", NOW, NOW, reviewer=True),
    lb.Annotation("b", "ann", "spam", NOW, NOW),
]
GOLD = [lb.GoldLabel("f", "ham", "review", tuple(SAID[:3]))]


def built(**more):
    how = {"gold": GOLD, "votes": VOTES, "annotations": SAID, "min_confidence": 0.6} | more
    return lb.build_training_set(DATA, SOFT, **how)


def test_what_was_left_out_and_why():
    assert {
        "c": "tie between ham, spam",
        "d": "no voter covers it",
        "e": "confidence below 0.6",
    } == built().dropped["reason"].to_dict()


def test_every_sample_is_in_or_left_out():
    train = built()

    assert sorted(IDS) == sorted([*train.frame.index, *train.dropped.index])


def test_gold_wins_over_soft_labels():
    row = built().to_pandas().loc["f"]

    assert ("ham", "review", 1.0) == (row["label"], row["source"], row["weight"])
    assert [1.0, 0.0] == row["probabilities"].tolist()


def test_each_row_is_traceable():
    frame = built().to_pandas()

    assert {"short": "spam"} == frame.loc["b", "lf_votes"]
    assert {"ann": "ham", "bob": "spam"} == frame.loc["f", "annotators"]
    assert "eve" == frame.loc["f", "reviewer"]
    assert {"ann": "spam"} == frame.loc["b", "annotators"]
    assert pd.isna(frame.loc["a", "reviewer"])


def test_the_label_of_votes_weighs_its_probability():
    row = built().to_pandas().loc["b"]

    assert ("spam", "votes", 0.8, 0.8) == tuple(row[["label", "source", "weight", "confidence"]])


def test_a_sample_that_only_the_end_model_labels_says_so():
    covered = lb.SoftLabels(SOFT.to_array()[[3, 5]], IDS[[3, 5]], SCHEMA, [True, True])
    soft = lb.SoftLabels([[0.1, 0.9], [0.3, 0.7]], covered.sample_ids, SCHEMA, [True, True])
    train = lb.build_training_set(DATA, soft, votes=VOTES)

    assert {"d": "end model", "f": "votes"} == train.frame["source"].to_dict()
    assert {"no soft label was given"} == set(train.dropped["reason"])


def test_what_decided_each_label_is_said_in_words():
    overruled = lb.GoldLabel("a", "ham", "agreement", (SAID[1],), 0.93, model_voter=True)
    settled = lb.GoldLabel("b", "spam", "agreement", (SAID[3],))
    train = built(gold=[*GOLD, overruled, settled], min_confidence=0)

    assert {
        "a": "posterior 0.930 (0 of 1 votes; the model voter)",
        "b": "one vote",
        "e": "labeling functions",
        "f": "a reviewer",
    } == train.frame["decided_by"].to_dict()


def test_labels_of_models_tell_what_people_said():
    said = [*SAID[3:], lb.Annotation("e", "ann", None, NOW, NOW)]
    train = built(annotations=said, gold=None, min_confidence=0)

    assert (
        "labeling functions; not settled by people (1 of 1 votes)"
        == train.frame.loc["b", "decided_by"]
    )
    assert "labeling functions; skipped by 1 annotator" == train.frame.loc["e", "decided_by"]


UNDECIDED = [
    lb.Annotation("a", "ann", None, NOW, NOW),
    lb.Annotation("a", "eve", None, NOW, NOW, reviewer=True),
    lb.Annotation("b", "eve", "ham", NOW, NOW, reviewer=True),
    lb.Annotation("b", "dan", "spam", NOW, NOW, reviewer=True),
    lb.Annotation("e", "ann", "ham", NOW, NOW),
    lb.Annotation("e", "ann", None, NOW, NOW, reviewer=True),
]
"""The reviewer skips a, two differ on b; on e the review is by its annotator, and is ignored."""


def test_samples_that_people_could_not_decide_are_left_out_counted_and_named():
    train = built(annotations=UNDECIDED, min_confidence=0)

    assert {"a", "b"} == set(
        train.dropped.index[train.dropped["reason"] == "people could not decide"]
    )
    assert ["e", "f"] == train.frame.index.tolist()
    assert {"left_out": 2, "kept": 0} == train.manifest()["undecided"]
    assert 2 == train.manifest()["left_out"]["people could not decide"]


def test_samples_that_people_could_not_decide_can_be_kept_and_say_so():
    train = built(annotations=UNDECIDED, min_confidence=0, keep_undecided=True)

    assert ["a", "b", "e", "f"] == train.frame.index.tolist()
    words = train.frame["decided_by"]
    assert ["labeling functions; people could not decide"] * 2 == words.loc[["a", "b"]].tolist()
    assert {"left_out": 0, "kept": 2} == train.manifest()["undecided"]


def test_a_given_label_wins_over_people_who_could_not_decide():
    gold = pd.Series({"a": "ham"})
    train = built(annotations=UNDECIDED, gold=gold, min_confidence=0)

    assert "given" == train.frame.loc["a", "decided_by"]
    assert {"left_out": 1, "kept": 0} == train.manifest()["undecided"]


def test_gold_as_a_series_is_given():
    train = built(gold=pd.Series({"c": "spam"}), annotations=None)

    assert ("spam", "given") == tuple(train.frame.loc["c", ["label", "source"]])


def test_sklearn_arrays_are_aligned():
    features, label, weight = built().to_sklearn("text")

    assert ["=1+1", 'say "hi",\nyou', "z"] == features.tolist()
    assert ["ham", "spam", "ham"] == label.tolist()
    np.testing.assert_allclose([0.9, 0.8, 1.0], weight)
    assert ["text", "size"] == built().to_sklearn()[0].columns.tolist()


def test_parquet_holds_everything(tmp_path):
    built().to_parquet(tmp_path / "train.parquet")
    rows = pq.read_table(tmp_path / "train.parquet").to_pylist()

    assert ["a", "b", "f"] == [row["key"] for row in rows]
    assert DATA.loc[["a", "b", "f"], "text"].tolist() == [row["text"] for row in rows]
    assert [
        {"annotator": "ann", "label": "ham"},
        {"annotator": "bob", "label": "spam"},
    ] == rows[2]["annotators"]
    assert [0.9, 0.1] == rows[0]["probabilities"]
    assert None is rows[2]["size"]


def test_jsonl_holds_everything(tmp_path):
    built().to_jsonl(tmp_path / "train.jsonl")
    lines = (tmp_path / "train.jsonl").read_text("utf-8").split("\n")[:-1]
    rows = [json.loads(line) for line in lines]

    assert DATA.loc[["a", "b", "f"], "text"].tolist() == [row["text"] for row in rows]
    assert {"ham": 1.0, "spam": 0.0} == rows[2]["probabilities"]
    assert [
        {"annotator": "ann", "label": "ham"},
        {"annotator": "bob", "label": "spam"},
    ] == rows[2]["annotators"]
    assert [{"voter": "short", "label": "ham"}, {"voter": "link", "label": "ham"}] == rows[0][
        "lf_votes"
    ]


def test_csv_holds_texts_as_they_are(tmp_path):
    built().to_csv(tmp_path / "train.csv", for_spreadsheet=False)
    frame = pd.read_csv(tmp_path / "train.csv", keep_default_na=False)

    assert DATA.loc[["a", "b", "f"], "text"].tolist() == frame["text"].tolist()
    assert [0.1, 0.8, 0.0] == frame["p_spam"].tolist()


def test_csv_read_again_holds_the_same_texts(tmp_path):
    """Line ends of any kind, quotes, an empty text beside a missing one."""
    texts = ["a\rb", "a\r\nb", "", None, '"', "NA", "x,y"]
    data = pd.DataFrame({"text": texts}, index=[f"k{i}" for i in range(7)])
    soft = lb.SoftLabels([[0.9, 0.1]] * 7, data.index, SCHEMA, [True] * 7)
    lb.build_training_set(data, soft).to_csv(tmp_path / "train.csv")
    again = lb.read_samples(tmp_path / "train.csv", id="sample_id")["text"]

    assert texts == again.astype(object).where(again.notna(), None).tolist()


def test_csv_read_again_holds_the_same_numbers(tmp_path):
    """Whole floats stay floats, bools bools; what CSV has no form for stays a readable text."""
    data = pd.DataFrame(
        {
            "whole": [1.0, None],
            "part": [0.5, 2.0],
            "yes": [True, False],
            "count": pd.array([1, None], dtype="Int64"),
            "price": [decimal.Decimal("1.10"), None],
            "day": [datetime.date(2020, 1, 1), pd.NaT],
            "lasted": pd.to_timedelta([1, 2], "h"),
            "tags": [["a", "b"], []],
        },
        index=["x", "y"],
    )
    soft = lb.SoftLabels([[1.0, 0.0]] * 2, data.index, SCHEMA, [True] * 2)
    lb.build_training_set(data, soft).to_csv(tmp_path / "train.csv")
    again = lb.read_samples(tmp_path / "train.csv", id="sample_id")

    assert ["float64", "float64", "bool", "Int64"] == [str(k) for k in again.dtypes[:4]]
    np.testing.assert_array_equal([1.0, np.nan], again["whole"])
    assert [1.1, "2020-01-01", '["a", "b"]'] == again.loc["x", ["price", "day", "tags"]].tolist()
    assert again.loc["y", ["price", "day"]].isna().all()
    assert "0 days 01:00:00" == again.loc["x", "lasted"] == str(data.loc["x", "lasted"])
    assert [1.0, 1.0] == again["p_ham"].tolist()


def test_annotations_with_codes_are_shown_by_name():
    said = [lb.Annotation("a", "ann", 1, NOW, NOW)]

    assert {"ann": "spam"} == built(annotations=said).frame.loc["a", "annotators"]


def test_csv_for_a_spreadsheet_runs_no_formula(tmp_path):
    built().to_csv(tmp_path / "train.csv")

    assert "'=1+1" == pd.read_csv(tmp_path / "train.csv")["text"][0]


def test_no_header_runs_a_formula_either(tmp_path):
    train = lb.build_training_set(DATA.rename(columns={"size": "=1+1"}), SOFT)
    train.to_csv(tmp_path / "train.csv")

    assert "'=1+1" in pd.read_csv(tmp_path / "train.csv").columns


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "csv"])
def test_two_exports_are_the_same_bytes_and_the_manifest_knows_them(tmp_path, kind):
    files = [tmp_path / f"one.{kind}", tmp_path / "two" / f"one.{kind}"]
    files[1].parent.mkdir()
    for file in files:
        getattr(built(), f"to_{kind}")(file)
    manifests = [file.with_name(file.name + ".manifest.json").read_text("utf-8") for file in files]

    assert files[0].read_bytes() == files[1].read_bytes()
    assert manifests[0] == manifests[1]
    sha256 = hashlib.sha256(files[0].read_bytes()).hexdigest()
    assert sha256 == json.loads(manifests[0])["sha256"]


def test_manifest_counts():
    about = built().manifest()

    assert (3, {"ham": 2, "spam": 1}) == (about["samples"], about["labels"])
    assert {"review": 1, "votes": 2} == about["sources"]
    assert 3 == sum(about["left_out"].values())
    assert ["short", "link"] == about["voters"]


def test_the_fingerprint_changes_with_a_label():
    assert built().manifest()["fingerprint"] != built(gold=None).manifest()["fingerprint"]


def test_an_export_that_fails_leaves_the_old_file(tmp_path):
    file = tmp_path / "train.jsonl"
    built().to_jsonl(file)
    before = file.read_bytes()
    torn = DATA.assign(text=pd.Series(["bad \ud800"] * 6, index=IDS, dtype=object))

    with pytest.raises(
        lb.LabelingError, match="Sample 'a' holds half a character in column 'text'"
    ):
        lb.build_training_set(torn, SOFT).to_jsonl(file)
    assert before == file.read_bytes()
    assert 2 == len(list(tmp_path.iterdir()))


def test_parquet_holds_infinite_numbers_too(tmp_path):
    lb.build_training_set(DATA.assign(size=np.inf), SOFT).to_parquet(tmp_path / "train.parquet")

    assert np.isinf(pd.read_parquet(tmp_path / "train.parquet")["size"]).all()


def test_ids_of_two_kinds_are_refused_by_parquet_in_words(tmp_path):
    soft = lb.SoftLabels([[0.9, 0.1]] * 2, pd.Index([1, "a"]), SCHEMA, [True, True])
    train = lb.build_training_set(pd.DataFrame({"text": ["x", "y"]}, index=[1, "a"]), soft)

    with pytest.raises(
        lb.LabelingError, match=r"must hold values of one type.*1 \(int\).*'a' \(str\)"
    ):
        train.to_parquet(tmp_path / "train.parquet")


def test_missing_numbers_are_null_in_json(tmp_path):
    train = lb.build_training_set(DATA.assign(size=np.nan), SOFT)
    train.to_jsonl(tmp_path / "train.jsonl")

    assert None is json.loads((tmp_path / "train.jsonl").read_text("utf-8").splitlines()[0])["size"]


def test_an_empty_training_set_can_be_exported(tmp_path):
    train = built(gold=None, min_confidence=1.0, annotations=None)
    for kind in ("parquet", "jsonl", "csv"):
        getattr(train, f"to_{kind}")(tmp_path / f"train.{kind}")

    assert 0 == len(train)
    assert 6 == len(train.dropped)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"min_confidence": 1.5}, "between 0 and 1"),
        ({"gold": {"nobody": "ham"}}, "gold labels are not among the samples: 'nobody'"),
        ({"gold": {"a": "spma"}}, "Did you mean 'spam'"),
        (
            {"annotations": [lb.Annotation("q", "ann", "ham", NOW, NOW)]},
            "annotations are not among",
        ),
    ],
)
def test_what_cannot_be_built_is_an_error(how, message):
    with pytest.raises(lb.LabelingError, match=message):
        built(**how)


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "csv"])
def test_columns_named_as_those_of_a_file_keep_their_name(tmp_path, kind):
    """What the file adds steps aside, by a prefix."""
    train = lb.build_training_set(DATA.assign(p_spam=7, key="other"), SOFT)
    getattr(train, f"to_{kind}")(tmp_path / f"train.{kind}")
    again = lb.read_samples(tmp_path / f"train.{kind}", id="labeling_key")

    assert ["a", "b", "e", "f"] == again.index.tolist()
    assert [7] * 4 == again["p_spam"].tolist()
    assert {"other"} == set(again["key"])
    if kind == "csv":
        np.testing.assert_allclose([0.1, 0.8, 0.55, 0.7], again["labeling_p_spam"])


def test_the_ids_as_a_column_are_written_once(tmp_path):
    lb.build_training_set(DATA.assign(key=IDS), SOFT).to_csv(tmp_path / "train.csv")

    assert ["a", "b", "e", "f"] == pd.read_csv(tmp_path / "train.csv")["key"].tolist()


def test_only_a_reviewer_who_decided_is_named():
    """One who skipped, or was not heard, made no label."""
    skipped = lb.Annotation("b", "eve", None, NOW, NOW, reviewer=True)
    frame = built(annotations=[*SAID, skipped], keep_undecided=True).to_pandas()

    assert pd.isna(frame.loc["b", "reviewer"])
    assert "eve" == frame.loc["f", "reviewer"]


def test_gold_that_can_be_read_only_once_is_refused():
    with pytest.raises(lb.LabelingError, match=r"collection of GoldLabel\. Got a generator"):
        built(gold=(one for one in GOLD))


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.csv").touch()
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    built().to_csv(tmp_path / "link.csv")

    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").stat().st_size > 0


@pytest.mark.parametrize("name", ["x" * 250, "."])
def test_a_name_that_cannot_be_is_an_error(tmp_path, name):
    with pytest.raises(lb.LabelingError, match="cannot be written"):
        built().to_csv(tmp_path / name)


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(lb.LabelingError, match="There is no folder"):
        built().to_csv(tmp_path / "nowhere" / "train.csv")
