from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import labeling as lb
from labeling import ABSTAIN

LFS = {
    lf.name: lf
    for lf in lb.load_labeling_functions(Path(__file__).parents[2] / "lfs" / "tweets.py")
}

# Each labeling function has votes that it must give, and tweets on which it must abstain.
VOTES = [
    ("smile_or_heart", "off to the beach :-)", "positive"),
    ("smile_or_heart", "my dog <3", "positive"),
    ("frown", "no more tea :'(", "negative"),
    ("laughter", "HAHAHA what a day", "positive"),
    ("cheer", "Woohoo, it is Friday", "positive"),
    ("groan", "Ughhh, Monday", "negative"),
    ("courtesy", "@ann Thank you for the lift", "positive"),
    ("praise", "An AWESOME band", "positive"),
    ("joy", "I loved that show", "positive"),
    ("complaint", "The service is terrible.", "negative"),
    ("sorrow", "I miss my sister", "negative"),
    ("anticipation", "I can\u2019t wait to see you", "positive"),
    ("negated_praise", "That was not a very good idea", "negative"),
    ("negated_praise", "it doesn't work", "negative"),
    ("written_by_app", "I'm at Blue Cafe (12 Main St) http://x.org", "neutral"),
    ("exclamation", "We are there! ", "positive"),
    ("exclamation", "You did what?!", "negative"),
    ("swearing", "Where is the damn bus", "negative"),
    ("opening", "@ann @bob Love the hat", "positive"),
    ("opening", "Ugh, rain", "negative"),
    ("opening", "New post on my blog", "neutral"),
    ("headline", "City Council Votes on Harbour Bridge http://x.org", "neutral"),
    ("plain_question", "Does the bus stop here?", "neutral"),
    ("matter_of_fact", "Walking home from work", "neutral"),
    ("word_balance", "a good friend and a wise man", "positive"),
    ("word_balance", "the worst, most boring film", "negative"),
    ("word_balance", "it is not funny", "negative"),
    ("word_balance", "I can't wait to enjoy it", "positive"),
]
ABSTENTIONS = [
    ("smile_or_heart", "see http://x.org"),
    ("smile_or_heart", "at 6:30 and at 10:3 with 183 people, note:please"),
    ("frown", "see (in town): http://x.org :)"),
    ("laughter", "a halo and a lollipop"),
    ("cheer", "the wood of yarrow"),
    ("groan", "an aubergine"),
    ("courtesy", "it is unthankful"),
    ("praise", "a supermarket"),
    ("joy", "my gloves"),
    ("complaint", "a badge"),
    ("sorrow", "a warm dish"),
    ("anticipation", "wait for me"),
    ("negated_praise", "a good idea, not"),
    ("negated_praise", "it tastes like fish, not like meat"),
    ("written_by_app", "my lunch http://x.org"),
    ("exclamation", "wait! there is more"),
    ("swearing", "damn good coffee"),
    ("opening", "@ann we love it"),
    ("opening", "http://x.org @ann 2012"),
    ("headline", "My Summer in Rome http://x.org"),
    ("plain_question", "Why is that great?"),
    ("matter_of_fact", "Walking home from work :("),
    ("word_balance", "good and bad"),
    ("word_balance", "a table"),
]


@pytest.mark.parametrize(("name", "text", "vote"), VOTES)
def test_a_labeling_function_votes_on_what_it_was_written_for(name, text, vote):
    assert LFS[name](SimpleNamespace(text=text)) == vote


@pytest.mark.parametrize(("name", "text"), ABSTENTIONS)
def test_a_labeling_function_abstains_where_it_knows_nothing(name, text):
    assert LFS[name](SimpleNamespace(text=text)) == ABSTAIN


def test_every_labeling_function_has_both_kinds_of_example():
    assert {name for name, *_ in VOTES} == {name for name, _ in ABSTENTIONS} == set(LFS)


def test_every_labeling_function_states_its_reason():
    assert [name for name, lf in LFS.items() if not lf.__doc__] == []


def test_the_engine_gives_the_votes_that_the_calls_give():
    tweets = pd.DataFrame({"text": [text for _, text, _ in VOTES]})
    votes = lb.apply(LFS.values(), tweets, lb.LabelSchema(["negative", "neutral", "positive"]))
    frame = votes.to_frame()
    assert [frame.loc[row, name] for row, (name, *_) in enumerate(VOTES)] == [
        vote for *_, vote in VOTES
    ]
