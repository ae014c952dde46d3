"""What changes between two verbs is seen, and blocks nothing."""

import datetime
import os
import sys

import pandas as pd
import pytest

import labeling as lb

RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam")
greets = keywords("greets", ["hi", "thanks"], label="ham")
"""
CONFIG = """
data: {path: comments.csv, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 6}
files: {folder: to_label, annotators: [ann, bob, cleo], reviewers: [dora]}
"""


class Folder:
    """A project on disk, which somebody changes between its verbs."""

    def __init__(self, path):
        self.path = path
        texts = ["win free cash", "hi there", "thanks all", "free song", "hi, win", "what a day"]
        self.table = pd.DataFrame(
            {"key": range(18), "text": [f"{t} {i}" for i in range(3) for t in texts]}
        )
        self.save()
        self.write("rules.py", RULES)
        self.write("project.yaml", CONFIG)

    def save(self):
        self.table.to_csv(self.path / "comments.csv", index=False)

    def write(self, name, text):
        (self.path / name).write_text(text, encoding="utf-8")

    @property
    def project(self):
        return lb.Project(self.path / "project.yaml")

    def fill(self, says):
        for file in sorted((self.path / "to_label").glob("*.csv")):
            sheet = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
            who = "reviewer" if "reviewer" in sheet.columns else "annotator"
            empty = sheet["label"] == ""
            sheet.loc[empty, "label"] = [says(row) for row in sheet.loc[empty, who]]
            sheet.to_csv(file, index=False, encoding="utf-8-sig")

    def asked(self, says):
        """Choose, push, let people answer, pull."""
        self.project.query()
        self.project.push()
        self.fill(says)
        self.project.pull()
        return list(self.project.store.batches.asked())


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def split(person):
    return {"ann": "ham", "bob": "spam", "cleo": "ham"}.get(person, "spam")


def test_a_rule_that_changes_is_loaded_anew_and_its_votes_are_its_own(folder):
    """In a notebook: the same project, the file edited between two calls."""
    its = folder.project
    its.apply()
    folder.write("rules.py", RULES.replace('["free", "win"]', '["song"]'))
    again = its.apply()

    assert again.to_frame().equals(folder.project.votes().to_frame())
    assert 3 == int((again.to_frame()["offers"] == "spam").sum())


def test_a_rule_that_changes_while_it_is_applied_is_not_remembered_as_the_new_one(folder):
    """Somebody saves the file in the middle of a run: its votes are those of the old rules."""
    meddle = "\n@labeling_function\ndef late(x):\n    from pathlib import Path\n"
    meddle += (
        f"    Path({str(folder.path / 'rules.py')!r}).write_text({RULES!r})\n    return None\n"
    )
    folder.write("rules.py", "from labeling import labeling_function\n" + RULES + meddle)
    its = folder.project
    its.apply()

    assert ("offers", "greets") == folder.project.votes().voters


def test_a_module_that_a_rule_imports_is_seen(folder, monkeypatch):
    monkeypatch.syspath_prepend(folder.path)
    folder.write("word_lists.py", 'OFFERS = ["free", "win"]\n')
    rules = RULES.replace('["free", "win"]', "word_lists.OFFERS")
    folder.write("rules.py", "import word_lists\n" + rules)
    before = folder.project.votes().to_frame()
    folder.write("word_lists.py", 'OFFERS = ["song"]\n')
    sys.path_importer_cache.clear()
    after = folder.project.votes().to_frame()
    sys.modules.pop("word_lists")

    assert not before.equals(after)


def test_samples_that_change_are_read_anew(folder):
    its = folder.project
    its.apply()
    folder.table = folder.table.iloc[:10]
    folder.save()

    assert 10 == len(its.apply().sample_ids) == len(folder.project.votes().sample_ids)


def test_a_sample_that_leaves_between_query_and_push_is_passed_over(folder, caplog):
    first = folder.project.query().sample_ids[0]
    folder.table = folder.table[folder.table["key"] != first]
    folder.save()

    assert 5 == folder.project.push().samples
    assert f"nobody is asked about them: {first}" in caplog.text
    assert 1 == folder.project.status().states["withdrawn"]


def test_a_sample_that_leaves_in_conflict_does_not_stop_the_others(folder):
    asked = folder.asked(split)
    folder.project.review()
    folder.table = folder.table[folder.table["key"] != asked[0]]
    folder.save()
    folder.fill(lambda person: "ham")
    folder.project.pull()
    verdict = folder.project.review()

    assert 5 == len(verdict.gold)
    assert not verdict.pending
    assert 0 == folder.project.people.count_awaited()


def test_a_text_that_changes_after_people_labeled_it_loses_its_label(folder, caplog):
    asked = folder.asked(lambda person: "ham")
    folder.project.review()
    folder.table.loc[folder.table["key"] == asked[0], "text"] = "free money, another text"
    folder.save()
    train = folder.project.export()

    assert 5 == (train.to_pandas()["source"] == "agreement").sum()
    assert "1 sample with annotations has another text now" in caplog.text
    assert "agreement" != train.to_pandas().loc[asked[0], "source"]


def test_a_label_that_is_renamed_blocks_nothing(folder, caplog):
    folder.asked(lambda person: "spam")
    folder.project.review()
    folder.write("rules.py", RULES.replace("spam", "junk"))
    folder.write("project.yaml", CONFIG.replace("spam", "junk"))
    train = folder.project.export()

    assert {"ham", "junk"} >= set(train.to_pandas()["label"])
    assert "labels that the config does not have ('spam')" in caplog.text
    assert 6 == len(folder.project.query()) + 0
    folder.write("rules.py", RULES)
    folder.write("project.yaml", CONFIG)
    assert 6 == (folder.project.export().to_pandas()["source"] == "agreement").sum()


def annotation(sample_id, annotator="eve", label="ham"):
    when = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    return lb.Annotation(sample_id, annotator, label, when, when)


def test_annotations_from_elsewhere_count_and_block_nothing(folder):
    its = folder.project
    assert 1 == its.add_annotations([annotation(17)])
    assert 0 == its.add_annotations([annotation(17)])
    verdict = folder.project.review()

    assert [17] == [question.sample_id for question in verdict.pending]
    *_, last = folder.project.rounds()
    assert 1 == last.number


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (annotation("17"), "Do the ids have the same type"),
        (annotation(99), "must be about samples of the project"),
        (annotation(3, annotator=" "), "annotator must be a non-empty text"),
        (annotation(3, label="eggs"), "'eggs' is not a label"),
        ({"sample": 3}, "must be of type Annotation"),
    ],
)
def test_annotations_that_cannot_be_are_refused_together(folder, wrong, message):
    its = folder.project
    with pytest.raises(lb.LabelingError, match=message):
        its.add_annotations([annotation(3), wrong])
    assert () == its.store.ledger.annotations()


def test_columns_may_bear_any_name(folder):
    """Also those of a batch."""
    folder.table = folder.table.assign(score=1, reason="x", stratum="y", propensity=0.5)
    folder.save()
    folder.project.query()
    written = pd.read_parquet(folder.path / "out" / "batch.parquet")

    assert [1] * 6 == written["score"].tolist()
    assert {"random", "margin"} >= set(written["labeling_stratum"])


def test_a_query_that_cannot_write_chooses_nothing(folder):
    folder.project.apply()
    (folder.path / "out" / "batch.parquet").mkdir()

    with pytest.raises(lb.LabelingError, match="cannot be written"):
        folder.project.query()
    assert 0 == folder.project.status().batches


def test_what_is_settled_stays_settled_when_a_batch_is_chosen_anew(folder):
    its = folder.project
    first = its.query().sample_ids[0]
    its.add_annotations([annotation(first, "eve"), annotation(first, "fay")])
    batch = its.query()

    assert first not in batch.sample_ids
    assert "settled" == its.store.batches.states()[first]


def test_a_batch_is_taken_back_when_nobody_is_left_to_ask_about(folder):
    its = folder.project
    its.query()
    its.add_annotations([annotation(one, who) for one in range(18) for who in ("eve", "fay")])

    assert 0 == len(its.query())
    assert lb.Project(folder.path / "project.yaml").push().samples == 0


def recorded(folder, **settings):
    votes = [(key, who, "ham" if who == "a" else "spam") for key in range(18) for who in "abc"]
    frame = pd.DataFrame(votes, columns=["sample", "annotator", "label"])
    frame.loc[frame["sample"] < 9, "label"] = "ham"
    frame.loc[(frame["sample"] >= 9) & (frame["annotator"] == "c"), "label"] = None
    frame.to_csv(folder.path / "votes.csv", index=False)
    config = CONFIG[: CONFIG.index("files:")] + "replay: {votes: votes.csv, rounds: 2}\n"
    config += "review: {min_votes: 2, max_votes: 2}\n"
    folder.write("project.yaml", config + "".join(f"{k}: {v}\n" for k, v in settings.items()))


def test_recorded_votes_without_a_reviewer_leave_conflicts_waiting(folder):
    """Skips are played too."""
    recorded(folder)
    *_, last = folder.project.rounds()

    assert 2 == last.number
    assert len(last.verdict.escalations) + len(last.verdict.gold) == 12
    assert last.verdict.escalations
    assert any(annotation.label is None for annotation in last.annotations)


def test_another_seed_deals_no_recorded_vote_again(folder):
    recorded(folder)
    *_, last = folder.project.rounds()
    recorded(folder, seed=5)
    *_, again = folder.project.rounds()

    assert last.annotations == again.annotations


def test_recorded_votes_for_some_samples_only_do_not_block_the_project(folder):
    recorded(folder)
    votes = pd.read_csv(folder.path / "votes.csv")
    votes[votes["sample"] < 4].to_csv(folder.path / "votes.csv", index=False)
    folder.project.query()

    with pytest.raises(lb.LabelingError, match="have no recorded votes"):
        folder.project.push()
    assert "chosen" == folder.project.status().batch_state
    folder.table = folder.table[folder.table["key"] < 4]
    folder.save()
    folder.project.query()
    assert 4 == folder.project.push().samples


def test_training_sets_outlive_a_look_at_another_store(folder, tmp_path):
    """Files that cannot be made again are never tidied away."""
    its = folder.project
    its.export()
    kept = its.store.artifacts.latest("training_set").path
    its.store.database.reading()
    its.store.artifacts.remove_orphans()

    assert kept.is_file()


def test_a_project_may_lie_where_a_path_has_any_sign(tmp_path):
    place = tmp_path / "what? 100%25 #1"
    place.mkdir()
    folder = Folder(place)
    folder.project.apply()

    assert (place / ".labeling" / "project" / "labeling.db").is_file()
    assert {"what? 100%25 #1"} == set(os.listdir(tmp_path))


@pytest.mark.parametrize("column", ["label", "weight", "source"])
def test_check_says_what_steps_aside_for_a_column_of_the_samples(folder, column):
    folder.table[column] = "x"
    folder.save()

    said = f"the columns {column!r}: in training sets ours are called 'labeling_{column}'"
    assert any(said in found for found in folder.project.check())


def test_check_sees_ids_that_cannot_be_remembered(folder):
    folder.table["key"] = folder.table["key"] + 0.5
    folder.table.to_parquet(folder.path / "comments.parquet")
    folder.write("project.yaml", CONFIG.replace("comments.csv", "comments.parquet"))

    with pytest.raises(lb.LabelingError, match="texts or whole numbers as ids"):
        folder.project.check()


def test_a_loop_that_nobody_goes_on_with_has_not_failed(folder):
    its = folder.project
    for _ in its.rounds():
        break

    assert "failed" != its.store.runs.recent(1)[0]["state"]
