"""The code of the guides runs from top to bottom, and gives what the pages say."""

import re
from pathlib import Path

import pytest

import labeling as lb

DOCS = Path(__file__).parents[2] / "docs"


def run(page):
    """Run the code of a page, and return what it defines."""
    text = (DOCS / page).read_text("utf-8")
    defined = {"__name__": Path(page).stem}
    for code in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL):
        exec(compile(code, page, "exec"), defined)
    return defined


@pytest.fixture(scope="module")
def names():
    """What the code of the cookbook defines."""
    return run("lf-cookbook.md")


def test_each_function_votes_as_meant(names):
    votes = lb.apply(names["lfs"], names["samples"], names["schema"]).to_frame()

    assert votes.loc["c1"].dropna().to_dict() == {
        "money": "spam",
        "pushy": "spam",
        "shouts_free": "spam",
        "link": "spam",
        "offer": "spam",
        "known_bot": "spam",
        "unloved": "spam",
        "by_author": "spam",
        "liked": "spam",
    }
    assert votes.loc["c2"].dropna().to_dict() == {
        "by_author": "ham",
        "liked": "ham",
        "tells_feelings": "ham",
        "sounds_like": "ham",
    }
    assert votes.loc["c3"].dropna().to_dict() == {"pushy": "spam", "shouting": "spam"}


def test_people_are_voters_of_their_own(names):
    assert sorted(lf.name for lf in names["people"]) == ["crowd_eve", "crowd_tom"]


def test_each_column_that_the_page_explains_is_there(names):
    explained = {
        "coverage",
        "overlaps",
        "conflicts",
        "accuracy",
        "accuracy_low",
        "accuracy_high",
        "correct",
        "incorrect",
        "faults",
    }

    assert explained <= set(names["summary"].columns)
