"""`labeling demo spans` on its real addresses."""

import json

import pandas as pd
import pytest

import labeling as lb
from labeling.demo import addresses
from labeling.demo.character_majority import majority_by_character
from tests.support.demos import before_and_after, printed_by_demo
from tests.support.in_process import run


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What `labeling demo spans` prints in a checkout, and the folder that it leaves behind."""
    folder = tmp_path_factory.mktemp("checkout")
    files = ("configs/addresses.yaml", "lfs/addresses.py")
    return printed_by_demo(folder, "spans", files), folder


def test_the_demo_tells_the_whole_story(shown):
    text, _ = shown
    for part in (
        "703 addresses to label",
        "The annotators are\nsimulated",
        "majority vote on each character, held-out",
        "label model, held-out",
        "Round 3: 70 samples sent",
        "F1 of two people, same ends",
        "Krippendorff's alpha on characters",
        "Escalated to the reviewer",
        "label model, held-out, after",
        "95 % interval",
        "SpanTrainingSet(",
        "left out:",
        "training_set.conll",
        "Try next",
    ):
        assert part in text


def test_labeling_functions_find_most_parts_and_human_votes_find_more(shown):
    """The published figures: F1 of 0.84 on held-out addresses, and more after human votes."""
    text, _ = shown
    before, after = before_and_after(text, "  label model, held-out")

    assert before > 0.82
    assert after > before
    assert text.count("a significant improvement") == 2


def test_the_demo_writes_what_it_says(shown):
    text, folder = shown
    out = folder / "out" / "addresses"
    train = pd.read_parquet(out / "training_set.parquet")
    manifest = json.loads((out / "training_set.parquet.manifest.json").read_text("utf-8"))
    blocks = (out / "training_set.conll").read_text("utf-8").strip().split("\n\n")

    assert manifest["samples"] == len(train) == len(blocks)
    assert {"agreement", "review", "votes"} <= set(manifest["sources"])
    assert f"SpanTrainingSet({len(train)} samples" in text


def test_the_demo_never_asks_about_held_out_addresses(shown):
    _, folder = shown
    project = lb.Project(folder / "configs" / "addresses.yaml")
    held_out = addresses.prepare(folder / ".cache" / "addresses")["held_out"]
    given = [
        (answer.sample_id, answer.annotator)
        for answer in project.people.current_annotations(project.samples)
    ]

    assert len(given) == len(set(given)) > 500
    assert {sample for sample, _ in given} <= set(project.samples.index)
    assert not set(project.samples.index) & set(pd.read_parquet(held_out)["address_id"])


def test_without_a_checkout_it_says_so(tmp_path):
    done = run(tmp_path, "demo", "spans")

    assert done.returncode == 1
    assert "must be run from a checkout" in done.stderr


def test_the_majority_of_a_character_is_what_most_voters_say():
    schema = lb.LabelSchema(["PER", "ORG"], kind="spans")
    text = "Ann Lee of Acme"
    rows = [
        ("a", "x", 0, 7, "PER"),
        ("a", "y", 4, 7, "PER"),
        ("a", "z", 4, 7, "ORG"),
        ("a", "x", 11, 15, "PER"),
        ("a", "y", 8, 15, "ORG"),
    ]
    frame = pd.DataFrame(rows, columns=["sample", "voter", "start", "end", "label"])
    votes = lb.SpanVotes.from_frame(frame, schema=schema)

    spans = majority_by_character(votes, {"a": text})["a"]

    # Three of four say "Lee" is of a person; one each says "Acme", where the first name wins.
    assert [(text[span.start : span.end], span.label) for span in spans] == [
        ("Ann Lee", "PER"),
        ("of Acme", "ORG"),
    ]
