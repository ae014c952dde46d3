"""A model that is fitted again learns only what changed, and is that of a fit from scratch."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.end_model.features import Reader
from labeling.end_model.latent_topics import LatentTopics
from tests.end_model.test_end_model import SCHEMA, world

N = 200
DATA, VOTES, GOLD = world(n=N)
OTHER, OTHER_VOTES, _ = world(n=N, seed=1)
SOFT, OTHER_SOFT = (lb.LabelModel().fit(VOTES).predict_proba(one) for one in (VOTES, OTHER_VOTES))
MILDER = lb.SoftLabels(0.8 * SOFT.to_array() + 0.1, SOFT.sample_ids, SCHEMA, SOFT.covered)
CHANGED = DATA.assign(text=["n1 c2 c3", *DATA["text"].iloc[1:]])
STATES = st.fixed_dictionaries(
    {
        "data": st.sampled_from([DATA, DATA.iloc[::-1], CHANGED, DATA.iloc[:150]]),
        "soft": st.sampled_from([SOFT, MILDER]),
        "votes": st.sampled_from([None, VOTES]),
        "class_balance": st.sampled_from([None, (0.3, 0.7)]),
        "gold": st.sampled_from([None, GOLD.iloc[:3], GOLD.iloc[:40], GOLD.iloc[20:80]]),
    }
)


def fit(model, state):
    more = {name: state[name] for name in ("gold", "votes", "class_balance")}
    return model.fit(state["data"], state["soft"], **more)


def contents(model, path):
    """Return all that the model's file holds."""
    model.save(path)
    with np.load(path) as file:
        return {name: file[name].tobytes() for name in file.files}


@settings(max_examples=12, deadline=None)
@given(states=st.lists(STATES, min_size=2, max_size=3), from_file=st.booleans())
def test_a_model_fitted_again_is_that_of_a_new_one_to_the_byte(states, from_file, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "end.npz"
    model = lb.EndModel()
    for state in states:
        if from_file and hasattr(model, "labels_"):
            model.save(path)
            model = lb.EndModel.load(path)
        fit(model, state)
    new = fit(lb.EndModel(), states[-1])

    assert contents(model, path) == contents(new, path)
    for one, two in zip(
        *(
            [
                found.predict_proba(DATA).to_array(),
                found.predict_proba(OTHER, soft=OTHER_SOFT).to_array(),
            ]
            for found in (model, new)
        ),
        strict=True,
    ):
        np.testing.assert_array_equal(one, two)


@pytest.fixture
def learned(monkeypatch):
    """Return the names of what is learned, as it is."""
    names = []

    def count(owner, name, kind):
        original = getattr(owner, name)

        def counted(*args, **more):
            names.append(kind)
            return original(*args, **more)

        monkeypatch.setattr(owner, name, counted)

    import labeling.end_model.reuse as reuse

    count(Reader, "fitted", "features")
    count(LatentTopics, "of", "topics")
    count(reuse, "fit_text", "text")
    return names


@pytest.mark.parametrize("from_file", [False, True])
def test_only_what_changed_is_learned_again(learned, from_file, tmp_path):
    model = lb.EndModel().fit(DATA, SOFT, gold=GOLD.iloc[:20])
    assert learned == ["features", "text", "topics"]
    if from_file:
        model.save(tmp_path / "end.npz")
        model = lb.EndModel.load(tmp_path / "end.npz")
    learned.clear()

    model.fit(DATA, SOFT, gold=GOLD.iloc[:60])
    assert learned == []
    model.fit(DATA, MILDER, gold=GOLD.iloc[:60])
    assert learned == ["text"]
    model.fit(DATA, MILDER, gold=GOLD.iloc[:60], votes=VOTES)
    assert learned == ["text"] * 2
    model.fit(CHANGED, MILDER, gold=GOLD.iloc[:60])
    assert learned == ["text"] * 2 + ["features", "text", "topics"]


def test_a_changed_column_or_type_of_it_is_noticed(learned):
    model = lb.EndModel(columns=("size",))
    for sizes in (range(N), np.arange(float(N)), [str(number % 7) for number in range(N)]):
        model.fit(DATA.assign(size=sizes), SOFT)
    assert learned.count("features") == 3


def test_another_id_is_another_sample(learned):
    """The fold of a sample is decided by its id."""
    model = lb.EndModel().fit(DATA, SOFT)
    renamed = DATA.set_axis([f"x{number}" for number in range(N)])
    soft = lb.SoftLabels(SOFT.to_array(), renamed.index, SCHEMA, SOFT.covered)
    model.fit(renamed, soft)
    assert learned.count("features") == 2


def test_votes_alone_change_the_text_expert_of_a_declared_balance():
    turned = OTHER_VOTES.of_samples(OTHER.index[::-1])
    model = lb.EndModel()
    for votes in (OTHER_VOTES, None, turned):
        model.fit(OTHER, OTHER_SOFT, votes=votes, class_balance=[0.4, 0.6])
        new = lb.EndModel().fit(OTHER, OTHER_SOFT, votes=votes, class_balance=[0.4, 0.6])
        pd.testing.assert_frame_equal(
            model.predict_proba(OTHER).to_frame(), new.predict_proba(OTHER).to_frame()
        )
