"""The scores of the quality benchmark, on numbers that can be counted by hand."""

import doctest
import itertools
import re
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError
from tests.benchmarks.quality import scores, tables
from tests.benchmarks.quality.__main__ import PARTS, arguments, parts
from tests.benchmarks.quality.__main__ import tables as tables_of
from tests.benchmarks.quality.crowds import crowds
from tests.benchmarks.quality.data import RULES_WITH_PROMPTS, found_sets, maker, read_set
from tests.benchmarks.quality.function_sets import function_sets
from tests.benchmarks.quality.gold import decided, drawn
from tests.benchmarks.quality.ours import Panel, our_answer
from tests.benchmarks.quality.page import BEGIN, END, with_tables
from tests.benchmarks.quality.prompts import prompts
from tests.benchmarks.quality.scores import (
    accuracy,
    calibration_error,
    f1,
    shares_of,
    shares_of_codes,
    wilson,
)
from tests.benchmarks.quality.tables import Grid
from tests.benchmarks.quality.voters_drawn import few_of

EVEN = [0.5, 0.5]


def test_a_tie_counts_as_half_an_answer():
    shares = shares_of(np.array([[0.9, 0.1], EVEN, EVEN, [0.2, 0.8]]))

    assert shares.tolist() == [[1, 0], EVEN, EVEN, [0, 1]]
    assert accuracy(shares, np.array([0, 0, 1, 0])).value == 2 / 4


def test_a_row_without_an_answer_is_a_guess_among_all_labels():
    shares = shares_of_codes(np.array([2, -1]), 3)

    np.testing.assert_allclose(shares, [[0, 0, 1], [1 / 3, 1 / 3, 1 / 3]])


def test_f1_without_ties_is_that_of_the_textbook():
    shares = np.eye(2)[[1, 1, 1, 0, 0, 0]]
    gold = np.array([1, 1, 0, 1, 0, 0])

    assert f1(shares, gold, 1).value == pytest.approx(2 * 2 / (3 + 3))
    assert f1(shares, gold, 0).value == pytest.approx(2 * 2 / (3 + 3))


def test_f1_of_tied_rows_is_the_mean_over_all_ways_to_break_them():
    shares = np.array([[0, 1], EVEN, EVEN, [1, 0], EVEN, [1, 0]])
    gold = np.array([1, 1, 0, 1, 1, 0])
    ways = []
    for broken in itertools.product([0, 1], repeat=3):
        said = np.array([1, broken[0], broken[1], 0, broken[2], 0])
        both, either = int((said & gold).sum()), int(said.sum() + gold.sum())
        ways.append(Fraction(2 * both, either))

    assert f1(shares, gold, 1).value == pytest.approx(float(sum(ways) / len(ways)))


def test_f1_of_ties_among_several_numbers_of_labels():
    shares = np.array([[1 / 3, 1 / 3, 1 / 3], [0, 0.5, 0.5], [0, 1, 0]])
    gold = np.array([1, 1, 1])
    expected = 2 / 3 * (1 / 2 * 2 / 4 + 1 / 2 * 4 / 5) + 1 / 3 * (1 / 2 * 4 / 5 + 1 / 2 * 1)

    assert f1(shares, gold, 1).value == pytest.approx(expected)


def test_f1_of_a_label_that_is_nowhere_is_none():
    assert f1(np.eye(2)[[0, 0]], np.array([0, 0]), 1).value == 0
    assert f1(np.eye(2)[[0, 0]], np.array([1, 0]), 1).value == 0


def test_the_interval_of_a_share_is_wilsons():
    low, high = wilson(0.5, 10)  # R. G. Newcombe (1998): 0.237 to 0.763

    assert (round(low, 3), round(high, 3)) == (0.237, 0.763)


def test_the_interval_of_f1_holds_it_and_narrows_with_more_rows():
    shares, gold = np.eye(2)[[1, 1, 1, 0, 0, 0]], np.array([1, 1, 0, 1, 0, 0])
    few, many = (f1(np.tile(shares, (k, 1)), np.tile(gold, k), 1) for k in (10, 1000))

    assert few.low < few.value < few.high
    assert (many.high - many.low) == pytest.approx((few.high - few.low) / 10, rel=0.2)


def test_calibration_error_is_the_distance_of_confidence_from_being_right():
    sure = np.array([[0.9, 0.1]] * 4 + [[0.4, 0.6]] * 2)
    gold = np.array([0, 0, 0, 1, 1, 0])

    assert calibration_error(sure, gold) == pytest.approx(4 / 6 * (0.9 - 0.75) + 2 / 6 * 0.1)
    assert calibration_error(np.array([EVEN, EVEN]), np.array([1, 1])) == 0


def test_the_decision_for_f1_is_about_the_label_that_is_named():
    array = np.array([[0.1, 0.9], [0.6, 0.4], [0.7, 0.3], [0.95, 0.05]])
    schema = lb.LabelSchema(["no", "yes"])
    soft = lb.SoftLabels(array, pd.RangeIndex(4), schema, np.ones(4, dtype=bool))

    assert decided(soft, 1).argmax(axis=1).tolist() == [1, 1, 0, 0]
    assert decided(soft, None).argmax(axis=1).tolist() == [1, 0, 0, 0]


def test_no_gold_label_is_among_the_rows_that_are_scored():
    rows = np.arange(3, 50)
    known, others = drawn(rows, 10, draw=1)

    assert len(known) == 10
    assert sorted([*known, *others]) == rows.tolist()


@pytest.fixture
def folder(tmp_path):
    """Two sets of labeling functions, one of them a double, and one of people."""
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 2, 60)
    array = np.where(rng.random((60, 3)) < 0.8, gold[:, None], 1 - gold[:, None])
    array[rng.random((60, 3)) < 0.4] = -1
    for name in ("sms", "imdb", "imdb_merged", "seq_names"):
        (tmp_path / name).mkdir()
        np.savez(tmp_path / name / "votes.npz", L=array.astype(np.int8), y=gold)
    item, worker = np.nonzero(array >= 0)
    (tmp_path / "crowd_birds").mkdir()
    np.savez(
        tmp_path / "crowd_birds" / "votes.npz",
        item=[*item, 0, 0],
        worker=[*worker, 0, 0],
        label=[*array[item, worker], 0, 1],
        y=gold,
    )
    return tmp_path


def test_doubles_and_tags_of_tokens_are_left_out_and_named(folder):
    names, left = found_sets(folder)

    assert names == ["crowd_birds", "imdb_merged", "sms"]
    assert sorted(left) == ["imdb", "seq_names"]


def test_of_two_votes_of_one_person_the_later_counts(folder):
    assert read_set(folder, "crowd_birds").votes.to_array()[0, 0] == 1


def test_the_tables_tell_covered_rows_from_all_rows(folder):
    panel = Panel({"majority_vote"})
    text = function_sets(panel, folder, ["sms"])
    data = read_set(folder, "sms")

    covered = int(data.votes.covered.sum())
    assert covered < 60
    assert f"| sms | {covered} | F1 |" in text
    assert f"| sms | 60 | {100 * covered / 60:.1f} % | F1 |" in text


def test_people_are_scored_on_the_samples_with_a_vote_and_gold(folder):
    data = read_set(folder, "crowd_birds")
    text = crowds(Panel({"majority_vote"}), folder, ["crowd_birds"])

    assert f"| crowd_birds | {int(data.votes.covered.sum())} |" in text


def test_a_model_that_fails_is_shown_with_its_reason(folder, monkeypatch):
    def broken(*_, **__):
        raise ValueError("no luck\ntoday")

    monkeypatch.setattr("labeling.label_models.MajorityVote.fit", broken)
    text = function_sets(Panel({"majority_vote"}), folder, ["sms"])

    assert re.search(r"\| sms \| \d+ \| F1 \| failed \|", text)
    assert "- `majority_vote` failed on sms: ValueError: no luck today" in text


def test_an_answer_tells_how_long_it_took_beside_counting_the_votes(folder):
    answer = our_answer("majority_vote", read_set(folder, "sms").votes)

    assert answer.ratio > 0
    assert answer.probabilities.shape == (60, 2)


def test_a_mean_needs_all_of_its_rows():
    grid = Grid(["set"], ["a", "b"])
    grid.add(["one"], {"a": ("1", 1.0), "b": ("3", 3.0)})
    grid.add(["two"], {"a": ("2", 2.0)})

    assert grid.mean("mean", ["one", "two"]) == ["**mean** (2)", "**1.5**", "-"]


def test_a_mean_and_a_lowest_value_may_leave_out_what_is_not_known():
    grid = Grid(["set"], ["a", "b"])
    grid.add(["one"], {"a": ("1", 1.0), "b": ("3", 3.0)})
    grid.add(["two"], {"a": ("2", 2.0), "b": ("too few rows", np.nan)})

    assert grid.mean_of_known("mean", grid.rows) == ["**mean**", "**1.5** (2)", "**3.0** (1)"]
    assert grid.lowest("lowest", grid.rows) == ["**lowest** (2)", "**1.0**", "**3.0**"]


def test_every_part_can_be_asked_for_by_its_name(folder, monkeypatch):
    monkeypatch.setenv("LABELING_DATA", str(folder))
    monkeypatch.setattr("sys.argv", ["make bench-quality"])
    names, _ = found_sets(folder)

    listed = [name for name, *_ in parts(arguments(), Panel({"majority_vote"}), folder, names)]
    assert listed == list(PARTS)


def test_prompts_are_no_part_of_the_old_comparison(folder, monkeypatch):
    (folder / "sms").rename(folder / "prompts_sms")
    monkeypatch.setenv("LABELING_DATA", str(folder))
    monkeypatch.setattr("sys.argv", ["make bench-quality", "--parts", "functions,prompts"])

    text = tables_of(arguments(), Panel({"majority_vote"}))
    first, second = text.split("### Label models: prompts as voters")
    assert "prompts_sms" not in first
    assert "**mean of the prompts** (1)" in second


def test_votes_drawn_of_people_are_no_more_than_asked_for_and_all_real(folder):
    data = read_set(folder, "crowd_birds")
    votes, gold = few_of(data.votes, data.gold, 2, draw=0)
    drawn_votes = (votes.to_array() >= 0).sum(axis=1)
    cast = (data.votes.to_array()[data.votes.covered] >= 0).sum(axis=1)

    assert drawn_votes.tolist() == np.minimum(cast, 2).tolist()
    assert gold.tolist() == data.gold[data.votes.covered].tolist()
    kept = votes.to_array()
    assert all(
        set(row[row >= 0]) <= set(all_)
        for row, all_ in zip(kept, data.votes.to_array()[data.votes.covered], strict=True)
    )


def test_rules_alone_and_with_prompts_are_scored_on_the_same_rows(tmp_path):
    rng = np.random.default_rng(1)
    gold = rng.integers(0, 2, 80)
    array = np.where(rng.random((80, 12)) < 0.7, gold[:, None], 1 - gold[:, None])
    array[rng.random((80, 12)) < 0.8] = -1
    (tmp_path / RULES_WITH_PROMPTS).mkdir()
    np.savez(tmp_path / RULES_WITH_PROMPTS / "votes.npz", L=array.astype(np.int8), y=gold)

    text = prompts(Panel({"majority_vote"}), tmp_path, [RULES_WITH_PROMPTS])
    by_rules = int((array[:, :10] >= 0).any(axis=1).sum())
    assert by_rules < int((array >= 0).any(axis=1).sum())
    assert f"| rules alone | {by_rules} |" in text
    assert f"| rules and prompts | {by_rules} |" in text


def test_only_what_is_between_the_marks_is_written():
    page = f"# Page\n\n{BEGIN}\nold\n{END}\nrest\n"

    assert with_tables(page, "new") == f"# Page\n\n{BEGIN}\n\nnew\n\n{END}\nrest\n"
    assert with_tables(with_tables(page, "new"), "new") == with_tables(page, "new")
    with pytest.raises(DataError, match="must have the lines"):
        with_tables("# Page\n", "new")


def test_synthetic_votes_are_left_out_where_there_are_none(tmp_path):
    assert maker(tmp_path, "synthetic") is None


@pytest.mark.parametrize("module", [scores, tables])
def test_the_examples_are_true(module):
    found = doctest.testmod(module)

    assert found.attempted
    assert not found.failed
