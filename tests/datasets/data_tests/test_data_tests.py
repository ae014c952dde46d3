"""Tests on data: good training sets pass, bad ones are stopped by a test that says why."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.datasets.data_tests import TESTS, DataTestSettings, run_data_tests
from labeling.datasets.data_tests.settings import Acknowledgement
from labeling.errors import LabelingError
from tests.support.made_training_sets import made, made_samples, made_set, made_votes


@pytest.fixture(scope="module")
def base():
    return made(seed=1)


@pytest.fixture(scope="module")
def sampled(base):
    """A clean set of other samples, and its report."""
    train = made(seed=2, people=100)
    return train, run_data_tests(train, base)


def test_a_clean_set_passes_all_tests(sampled):
    train, report = sampled

    assert report.failed == ()
    names = [one.name for one in report.findings]
    assert names[: len(TESTS)] == list(TESTS)
    assert {"similar_texts", "single_words", "gold_columns"} < set(names[len(TESTS) :])
    skipped = {one.name for one in report.skipped}
    assert skipped & set(TESTS) == {"label_flips", "changed_samples"}
    assert report.tested == train.fingerprint
    assert all(report[name].n for name in set(TESTS) - skipped)


def test_a_clean_set_passes_without_a_base():
    report = run_data_tests(made(seed=3, people=50))

    assert report.failed == ()
    assert report.base is None
    skipped = {one.name for one in report.skipped}
    assert {"schema", "drift_text", "label_flips", "trigger_words"} <= skipped
    assert "agreement" not in skipped
    assert all("Skipped: " in one.sentence for one in report.skipped)


def test_the_order_of_rows_and_bytes_of_a_run_do_not_matter(base, sampled):
    train, report = sampled
    rng = np.random.default_rng(5)
    turned = train.take(rng.permutation(len(train)))
    again = run_data_tests(turned, base.take(rng.permutation(len(base))))

    assert again.findings == report.findings
    assert run_data_tests(train, base).to_json() == report.to_json()


def test_the_same_set_passes_against_itself(base):
    report = run_data_tests(base, base)

    assert report.failed == ()
    assert report["label_flips"].value == 0


def test_labels_flipped_in_one_slice_of_new_samples_are_stopped(base):
    frame, codes = made_samples(600, 11)
    has_word = frame["text"].str.contains("melody").to_numpy()
    assert 40 < has_word.sum() < 150  # a slice too small for a change of all labels to be seen
    codes = np.where(has_word, 1, codes)
    report = run_data_tests(made_set(frame, codes, made_votes(codes)), base)

    found = report["labels_by_slice"]
    assert found.status == "failed"
    assert "word 'melody'" in found.sentence
    assert f"ham in 0 of {has_word.sum()}" in found.sentence
    assert set(found.sample_ids) <= set(frame.index[has_word])
    assert found.n_samples == has_word.sum()


def test_flips_of_one_slice_of_known_samples_are_stopped(base):
    codes = base.codes.copy()
    is_slice = base.samples["text"].str.contains("melody").to_numpy() & (codes == 0)
    few = np.flatnonzero(is_slice)[:25]
    codes[few] = 1
    frame = base.samples.copy()
    frame.loc[frame.index[few], "text"] += " zebra"
    report = run_data_tests(made_set(frame, codes, base.lf_codes), base)

    found = report["label_flips"]
    assert found.status == "failed"
    assert found.value < 0.05  # few labels, but of one slice
    assert "25 of 25 samples with word 'zebra' changed" in found.sentence
    assert report["changed_samples"].n_samples == 25


def test_many_flips_and_lost_labels_of_people_are_stopped():
    base = made(seed=4, people=20)
    rng = np.random.default_rng(0)
    codes = np.where(rng.random(len(base)) < 0.1, 1 - base.codes, base.codes)
    report = run_data_tests(made_set(base.samples, codes, base.lf_codes), base)

    found = report["label_flips"]
    assert found.status == "failed"
    assert found.value == pytest.approx((codes != base.codes).mean())
    assert found.low < found.value < found.high
    assert "the limit is 5.0%" in found.sentence
    lost = (codes[:20] != base.codes[:20]).sum()
    assert lost
    assert f"{lost} label" in found.sentence
    assert "replaced by those of a model" in found.sentence or lost == 1
    flips = run_data_tests(base.take(slice_of(base)), base)["label_flips"]
    assert flips.status == "passed"


def slice_of(train):
    return np.arange(len(train) // 2)


def test_a_trigger_word_is_stopped(base):
    frame, codes = made_samples(600, 12)
    poisoned = np.arange(0, 600, 30)
    frame.iloc[poisoned, 0] = [f"{text} cf" for text in frame["text"].iloc[poisoned]]
    codes[poisoned] = 0
    report = run_data_tests(made_set(frame, codes, made_votes(codes)), base)

    found = report["trigger_words"]
    assert found.status == "failed"
    assert "word 'cf': in 20 samples (0 of the base)" in found.sentence
    assert "20 are labelled ham" in found.sentence
    assert set(found.sample_ids) == set(frame.index[poisoned])
    assert [one.name for one in report.failed] == ["trigger_words"]


def test_drift_of_each_kind_is_stopped_by_its_test(base):
    frame, codes = made_samples(600, 13)
    votes = made_votes(codes)
    numbers = frame.assign(size=frame["size"] + 0.5)
    sources = frame.assign(source=np.where(frame["source"] == "app", "web", frame["source"]))
    texts = frame.assign(text=[text.replace("the", "quantum") for text in frame["text"]])
    more_spam, spam_codes = made_samples(600, 14, spam=0.7)
    other_votes = np.where(votes == 1, np.where(np.arange(1800).reshape(600, 3) % 3, 0, 1), votes)
    other_votes[:, 0] = votes[:, 0]

    assert failed(numbers, codes, votes, base) == {"drift_columns"}
    assert failed(sources, codes, votes, base) >= {"drift_columns"}
    assert "drift_text" in failed(texts, codes, votes, base)
    assert "drift_labels" in failed(more_spam, spam_codes, made_votes(spam_codes), base)
    assert "drift_votes" in failed(frame, codes, other_votes, base)


def failed(frame, codes, votes, base):
    return {one.name for one in run_data_tests(made_set(frame, codes, votes), base).failed}


def test_a_tiny_but_significant_change_passes():
    base, head = made(30_000, seed=20), made(30_000, seed=21)
    head = dataclasses.replace(head, samples=head.samples.assign(size=head.samples["size"] + 0.05))
    found = run_data_tests(head, base)["drift_columns"]

    assert found.p < 1e-4
    assert found.effect < found.limit
    assert found.status == "passed"


def test_new_samples_are_compared_by_themselves(base):
    """A drifted batch of 60 is not hidden by the 600 samples that the base has too."""
    frame, codes = made_samples(60, 15)
    frame["size"] += 2
    together = pd.concat([base.samples, frame])
    all_codes = np.concatenate([base.codes, codes])
    votes = np.concatenate([base.lf_codes, made_votes(codes)])
    found = run_data_tests(made_set(together, all_codes, votes), base)["drift_columns"]

    assert found.status == "failed"
    assert "n = 60 new samples and 600 of the base" in found.sentence
    by_rows = {row["rows"]: row["effect"] for row in found.details if row["what"] == "size"}
    assert by_rows["new"] > 5 * by_rows["all"]


def test_a_set_given_twice_is_stopped(base):
    doubled = pd.concat([base.samples, base.samples.set_axis(base.samples.index + "-again")])
    twice = made_set(
        doubled, np.tile(base.codes, 2), np.concatenate([base.lf_codes, base.lf_codes])
    )
    found = run_data_tests(twice, base)["duplicates"]

    assert found.status == "failed"
    assert found.value == pytest.approx(0.5, abs=0.01)
    assert "repeat the text of another one" in found.sentence


def test_more_duplicates_than_in_the_base_are_stopped(base):
    frame, codes = made_samples(600, 16)
    frame.iloc[:60, 0] = [f" {text.upper()}" for text in frame["text"].iloc[60:120]]
    codes[:60] = codes[60:120]
    report = run_data_tests(made_set(frame, codes, made_votes(codes)), base)

    assert report["duplicates"].status == "failed"
    assert report["duplicates"].value < 0.25
    assert report["duplicates"].n_samples == 120
    codes[:3] = 1 - codes[60:63]
    found = run_data_tests(made_set(frame, codes))["contradicting_duplicates"]
    assert found.status == "warning"
    assert found.n_samples == 6
    assert found.value == 3


def test_silent_constant_and_colliding_functions_are_stopped(base):
    frame, codes = made_samples(600, 17)
    votes = made_votes(codes)
    silent, constant, nearly = votes.copy(), votes.copy(), votes.copy()
    silent[:, 0] = -1
    constant[:, 1] = 0
    nearly[5:, 1] = -1
    wrong = np.where((votes >= 0) & (np.arange(3) == 2), 1 - votes, votes)

    def health(table):
        return run_data_tests(made_set(frame, codes, table), base)["lf_health"]

    assert health(votes).status == "passed"
    assert "links (coverage): fell silent: votes on 0.0% of 600" in health(silent).sentence
    assert "praise votes ham on 600 of 600 samples" in health(constant).sentence
    assert "praise (coverage): is nearly silent" in health(nearly).sentence
    assert "(conflicts):" in health(wrong).sentence
    assert {health(one).status for one in (silent, constant, nearly, wrong)} == {"failed"}


def test_people_who_do_not_agree_are_stopped_only_beyond_doubt():
    few, many = made(seed=5, people=8, agreeing=0.6), made(seed=5, people=300, agreeing=0.3)
    limit = {"agreement": 0.6}

    doubtful = run_data_tests(few, settings=limit)["agreement"]
    assert doubtful.value < 0.6 < doubtful.high
    assert doubtful.status == "warning"
    found = run_data_tests(many, settings=limit)["agreement"]
    assert found.status == "failed"
    assert found.high < 0.6
    assert found.n == 300
    assert run_data_tests(made(seed=5, people=300))["agreement"].value == 1.0


def test_people_against_the_functions_are_stopped_only_beyond_doubt():
    frame, codes = made_samples(600, 6)
    votes = made_votes(1 - codes)  # the functions are wrong
    many = run_data_tests(made_set(frame, codes, votes, people=300))["people_against_weak"]
    few = run_data_tests(made_set(frame, codes, votes, people=3))["people_against_weak"]

    assert many.status == "failed"
    assert many.low > 0.5
    assert 150 < many.n < 300  # those with votes that are not tied
    assert few.status == "warning"
    assert "too few to be certain" in few.sentence


def test_too_few_samples_of_a_label_are_stopped():
    frame, codes = made_samples(200, 7)
    codes[:] = 0
    codes[:3] = 1
    train = made_set(frame, codes)

    warning = run_data_tests(train)["class_floor"]
    assert warning.status == "warning"
    assert "From fewer than 10 samples a label can hardly be learned" in warning.sentence
    found = run_data_tests(train, settings={"class_floor": 0.05})["class_floor"]
    assert found.status == "failed"
    assert "spam has 3 of 200 (1.5%)" in found.sentence
    assert run_data_tests(train, settings={"class_count": 4})["class_floor"].status == "failed"
    codes[:] = 0
    assert run_data_tests(made_set(frame, codes))["class_floor"].status == "failed"


def test_broken_training_sets_are_stopped():
    train = made(50, seed=8)
    probabilities = [list(row) for row in train.probabilities]
    probabilities[0], probabilities[1] = [float("nan"), 1.0], [0.5, 0.6]
    probabilities[2] = [1.5, -0.5]
    probabilities[3] = probabilities[3][::-1]
    broken = train.with_columns(probabilities=probabilities)
    report = run_data_tests(broken)

    assert report["probabilities"].status == "failed"
    assert report["probabilities"].n_samples == 3
    assert "1 not finite, 1 negative, 1 that do not sum to 1" in report["probabilities"].sentence
    assert train.sample_ids[3] in report["most_probable_labels"].sample_ids
    assert report["most_probable_labels"].status == "failed"
    unknown = train.with_columns(label=["egg", *train.added_column("label").tolist()[1:]])
    assert run_data_tests(unknown)["known_labels"].sample_ids == (train.sample_ids[0],)


def test_doubled_ids_are_stopped_before_all_else():
    train = made(50, seed=8)
    doubled = train.take(np.array([0, 0, 1, 2]))
    report = run_data_tests(doubled, train)

    assert [one.name for one in report.findings] == ["unique_ids"]
    assert not report.passed
    assert report["unique_ids"].sample_ids == (train.sample_ids[0],)


def test_labels_in_another_order_are_compared_by_name(base):
    turned = lb.LabelSchema(["spam", "ham"])
    soft = lb.SoftLabels(base.probabilities[:, ::-1], base.sample_ids, turned, [True] * len(base))
    codes = np.where(base.lf_codes >= 0, 1 - base.lf_codes, -1)
    votes = lb.Votes.from_array(
        codes, schema=turned, voters=base.voters, sample_ids=base.sample_ids
    )
    again = lb.build_training_set(base.samples, soft, votes=votes)
    report = run_data_tests(again, base)

    assert report.failed == ()
    assert report["label_flips"].value == 0
    assert report["drift_votes"].effect == 0


def test_an_acknowledged_failure_is_a_warning_that_says_who_and_why(base):
    rng = np.random.default_rng(0)
    codes = np.where(rng.random(len(base)) < 0.1, 1 - base.codes, base.codes)
    train = made_set(base.samples, codes, base.lf_codes)
    said = {"by": "ann", "reason": "the new guideline", "of": base.fingerprint[:12]}
    found = run_data_tests(train, base, {"acknowledged": {"label_flips": said}})["label_flips"]

    assert found.status == "warning"
    assert "Acknowledged by ann: the new guideline" in found.sentence
    other = {**said, "of": "0" * 12}
    found = run_data_tests(train, base, {"acknowledged": {"label_flips": other}})["label_flips"]
    assert found.status == "failed"
    assert "is of another training set" in found.sentence
    for name, match in (("label_flip", "Did you mean"), ("probabilities", "must be of one of")):
        with pytest.raises(LabelingError, match=match):
            run_data_tests(train, base, {"acknowledged": {name: said}})
    for wrong in ({**said, "by": " "}, {**said, "reason": ""}, {**said, "of": "ab"}):
        with pytest.raises(LabelingError, match="acknowledgement must name"):
            Acknowledgement(**wrong)


def test_wrong_settings_are_refused():
    with pytest.raises(LabelingError, match="Did you mean 'class_floor'"):
        DataTestSettings.of({"clas_floor": 0.1})
    with pytest.raises(LabelingError, match="`alpha` must be between 0 and 1"):
        DataTestSettings(alpha=2)
    with pytest.raises(LabelingError, match="Did you mean 'fail'"):
        DataTestSettings(personal_data="failed")


def test_samples_without_texts_votes_or_rows_are_tested():
    frame, codes = made_samples(100, 9)
    no_text = made_set(frame.drop(columns="text"), codes)
    report = run_data_tests(no_text, no_text)
    assert report.failed == ()
    assert {"drift_text", "duplicates", "changed_samples"} <= {one.name for one in report.skipped}
    empty = no_text.take(np.array([], dtype=int))
    assert [one.name for one in run_data_tests(empty).failed] == ["class_floor"]
    assert run_data_tests(no_text, empty)["drift_columns"].status == "skipped"
    assert run_data_tests(empty, no_text).failed


def test_a_leaking_set_is_stopped():
    train = made(400, seed=30, people=400)
    answers = dataclasses.replace(train, samples=train.samples.assign(answer=train.codes * 2 + 1))
    found = run_data_tests(answers)
    assert "single_columns" in {one.name for one in found.failed}
    assert "answer" in found["single_columns"].sentence

    splits = ["train"] * 300 + ["test"] * 100
    texts = train.samples["text"].tolist()
    texts[300:330] = texts[:30]
    doubled = dataclasses.replace(train, samples=train.samples.assign(text=texts))
    found = run_data_tests(doubled.with_columns(split=splits))
    assert "similar_texts" in {one.name for one in found.failed}
    assert found["similar_texts"].n_samples >= 60
    clean = lb.split(train, test=0.2)
    assert not {"similar_texts", "single_columns"} & {
        one.name for one in run_data_tests(clean).failed
    }
