"""modAL's query functions by name and from Python: its own picks, and nothing of it is fitted."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import LabelingError, MissingExtraError
from labeling.query import MODAL_STRATEGIES, from_modal
from labeling.query.modal_import import UNUSABLE
from labeling.query.ranked_batch import information_density, rank_batch
from tests.query.test_query import DATA, SCHEMA, SOFT, VOTES, chosen

pytest.importorskip("modAL", reason="modAL comes with [active]")
COMMITTEES = [
    "consensus_entropy_sampling",
    "max_disagreement_sampling",
    "vote_entropy_sampling",
]


class Constant:
    """A classifier that gives each row of the pool a fixed posterior."""

    def __init__(self, probabilities):
        self.probabilities, self.classes_ = probabilities, np.arange(probabilities.shape[1])

    def predict_proba(self, X):
        return self.probabilities

    def predict(self, X):
        return self.probabilities.argmax(axis=1)

    def fit(self, X, y):
        return self


def unsure(n, n_labels=3, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(n_labels), n)


def soft_of(array):
    return lb.SoftLabels(array, DATA.index, SCHEMA, [True] * len(array))


@pytest.mark.parametrize("strategy", MODAL_STRATEGIES)
def test_each_function_is_reached_by_its_name(strategy):
    frame = chosen(strategy, n=20, end=SOFT).to_frame()

    assert 20 == len(frame)
    assert frame.index.is_unique
    assert {strategy} == set(frame["stratum"])
    assert frame["propensity"].isna().all()


@pytest.mark.parametrize("strategy", MODAL_STRATEGIES)
def test_the_order_of_rows_does_not_matter(strategy):
    turned = DATA.iloc[::-1]
    other = {
        "votes": VOTES.of_samples(turned.index),
        "end": SOFT.of_samples(turned.index),
    }
    expected = chosen(strategy, end=SOFT).to_frame()

    pd.testing.assert_frame_equal(expected, chosen(strategy, data=turned, **other).to_frame())


@pytest.mark.parametrize("name", ["uncertainty_sampling", "margin_sampling", "entropy_sampling"])
def test_the_picks_are_those_of_modal_itself(name):
    from modAL import uncertainty
    from modAL.models import ActiveLearner

    array = unsure(len(DATA))
    learner = ActiveLearner(Constant(array), query_strategy=getattr(uncertainty, name))
    picks, _ = learner.query(np.zeros((len(DATA), 1)), n_instances=15)

    assert set(DATA.index[picks]) == set(
        chosen(f"modal:{name}", n=15, soft=soft_of(array)).sample_ids
    )


@pytest.mark.parametrize("name", COMMITTEES)
def test_a_committee_of_posteriors_picks_as_modal_does(name):
    from modAL import disagreement
    from modAL.models import ActiveLearner, Committee

    arrays = [unsure(len(DATA), seed=seed) for seed in range(3)]
    committee = Committee([ActiveLearner(Constant(array)) for array in arrays])
    function = getattr(disagreement, name)
    _, measure = function(committee, np.zeros((len(DATA), 1)), n_instances=15)
    strategy = from_modal(name, committee=[soft_of(array) for array in arrays])
    frame = chosen(strategy, n=15).to_frame()

    np.testing.assert_allclose(np.sort(measure), np.sort(frame["score"]))


def test_who_abstains_is_no_member_of_the_committee():
    votes = lb.Votes.from_array([[0, 1, -1], [0, 0, 1], [0, -1, -1], [-1] * 3], schema=SCHEMA)
    data = pd.DataFrame(index=range(4))
    frame = lb.select(
        data, votes=votes, n=4, strategy="modal:vote_entropy_sampling", rng=0
    ).to_frame()

    expected = [np.log(2), -(2 / 3) * np.log(2 / 3) - np.log(1 / 3) / 3, 0, 0]
    np.testing.assert_allclose(frame["score"].sort_index(), expected)


@pytest.mark.parametrize(  # modAL's cold start cannot read sparse features
    ("n_labeled", "is_sparse"), [(0, False), (1, False), (30, False), (1, True), (30, True)]
)
@pytest.mark.parametrize("seed", range(3))
def test_ranked_batches_are_those_of_modal(n_labeled, is_sparse, seed):
    from modAL.batch import uncertainty_batch_sampling
    from modAL.models import ActiveLearner
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(seed)
    points, labeled = rng.normal(size=(150, 8)), rng.normal(size=(n_labeled, 8))
    if is_sparse:
        points, labeled = csr_matrix(points), csr_matrix(labeled)
    array = unsure(150, seed=seed)
    learner = ActiveLearner(Constant(array))
    learner.X_training = labeled if n_labeled else None
    expected, _ = uncertainty_batch_sampling(learner, points, n_instances=40)
    # A cold start of modAL may pick its first row twice: it stays in its pool.
    unique = list(dict.fromkeys(expected.tolist()))
    found = rank_batch(points, 1 - array.max(axis=1), 40, labeled if n_labeled else None)

    assert unique == found[: len(unique)].tolist()


def test_the_density_is_that_of_modal():
    from modAL.density import information_density as theirs

    points = np.random.default_rng(0).normal(size=(700, 5))

    np.testing.assert_allclose(theirs(points), information_density(points), rtol=1e-9)


def test_ties_are_broken_by_chance_not_by_position():
    soft = lb.SoftLabels(np.full((8, 3), 1 / 3), pd.RangeIndex(8), SCHEMA, [True] * 8)
    data = pd.DataFrame(index=range(8))
    first = {
        lb.select(data, soft=soft, n=1, strategy="modal:margin_sampling", rng=seed).sample_ids[0]
        for seed in range(100)
    }

    assert set(range(8)) == first


def test_an_active_learner_asks_its_own_query_strategy():
    """It is fitted by its owner; here neither it nor its data change."""
    from modAL.models import ActiveLearner
    from modAL.uncertainty import margin_sampling
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(len(DATA), 4)), index=DATA.index)
    model = LogisticRegression().fit(features.to_numpy(), features[0].to_numpy() > 0)
    learner = ActiveLearner(model, query_strategy=margin_sampling)
    coefficients = model.coef_.copy()
    ids = chosen(from_modal(learner, features=features), n=10, soft=None, votes=None).sample_ids
    expected, _ = learner.query(features.to_numpy(), n_instances=10)

    assert set(DATA.index[expected]) == set(ids)
    np.testing.assert_array_equal(coefficients, model.coef_)
    assert learner.X_training is None


def test_a_committee_of_classifiers_reads_features():
    from modAL.disagreement import max_disagreement_sampling
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB

    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(len(DATA), 4)), index=DATA.index)
    labels = features[0].to_numpy() + rng.normal(size=len(DATA)) > 0
    members = [kind().fit(features.to_numpy(), labels) for kind in (LogisticRegression, GaussianNB)]
    strategy = from_modal(max_disagreement_sampling, committee=members, features=features)
    frame = chosen(strategy, n=10).to_frame()

    assert {"modal:max_disagreement_sampling"} == set(frame["stratum"])
    assert frame["score"].notna().all()


def test_a_strategy_that_returns_two_rows_gets_both():
    """modAL's own `query` takes the second for a measure, and drops it."""

    def first_two(learner, X, n_instances):
        return np.array([0, 1])

    assert 2 == len(chosen(from_modal(first_two), n=2))


@pytest.mark.parametrize("picks", [[0, 0], [0], [0.5, 1.5], [-1, 2], [0, 10_000]])
def test_wrong_picks_are_an_error(picks):
    with pytest.raises(LabelingError, match="must return 2 different row numbers"):
        chosen(from_modal(lambda learner, X, n_instances: np.array(picks)), n=2)


def test_a_function_that_fails_is_named():
    def broken(learner, X, n_instances):
        raise KeyError("lost")

    with pytest.raises(LabelingError, match=r"'modal:broken' failed: KeyError: 'lost'"):
        chosen(from_modal(broken), n=2)


def test_a_posterior_is_never_fitted():
    def teaches(learner, X, n_instances):
        learner.estimator.fit(X, np.zeros(len(X)))

    with pytest.raises(LabelingError, match="cannot be fitted by it"):
        chosen(from_modal(teaches), n=2)


def test_global_random_numbers_depend_on_the_seed_and_change_nothing():
    def at_random(learner, X, n_instances):
        return np.random.permutation(len(X))[:n_instances]  # noqa: NPY002  # as modAL itself does

    before = np.random.get_state()[1].copy()  # noqa: NPY002
    strategy = from_modal(at_random)

    assert chosen(strategy, rng=1).sample_ids.equals(chosen(strategy, rng=1).sample_ids)
    assert not chosen(strategy, rng=1).sample_ids.equals(chosen(strategy, rng=2).sample_ids)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_cannot_work_says_why_and_what_to_use(name):
    with pytest.raises(LabelingError, match=rf"{name}' cannot be used: it .*[uU]se 'modal:"):
        chosen(f"modal:{name}")


def test_the_names_of_unusable_functions_are_those_of_modal():
    from modAL import acquisition, disagreement, multilabel

    modules = (acquisition, disagreement, multilabel)
    source = {name for module in modules for name in dir(module)}
    elsewhere = {name for name in UNUSABLE if name.startswith("mc_")} | {"expected_error_reduction"}

    assert set(UNUSABLE) - elsewhere <= source


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: from_modal("margin_samplin"), "Did you mean 'margin_sampling'"),
        (lambda: from_modal(7), "must be a name, a function"),
        (lambda: from_modal("margin_sampling", object()), "have `predict_proba`"),
        (lambda: from_modal("margin_sampling", Constant(unsure(3))), "needs `features`"),
        (lambda: from_modal("vote_entropy_sampling", committee=[SOFT]), "two members"),
        (
            lambda: from_modal("vote_entropy_sampling", committee=[SOFT, Constant(unsure(3))]),
            "all soft labels, or all fitted",
        ),
        (lambda: from_modal("margin_sampling", SOFT, committee=[SOFT, SOFT]), "not both"),
    ],
)
def test_what_is_no_strategy_is_an_error(make, message):
    with pytest.raises(LabelingError, match=message):
        make()


def test_a_committee_needs_votes_or_two_models():
    with pytest.raises(LabelingError, match="needs two members"):
        chosen("modal:vote_entropy_sampling", votes=None)

    end = soft_of(unsure(len(DATA)))
    assert 5 == len(chosen("modal:consensus_entropy_sampling", votes=None, end=end, n=5))


def test_features_of_every_sample_are_needed():
    strategy = from_modal("uncertainty_batch_sampling", features=pd.DataFrame({"x": [1.0]}, ["s0"]))

    with pytest.raises(LabelingError, match="199 are missing"):
        chosen(strategy)


def test_torch_is_not_imported():
    code = (
        "import sys; from labeling.query import from_modal; from_modal('margin_sampling');"
        " print([name in sys.modules for name in ('modAL', 'torch', 'skorch')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[True, False, False]" == done.stdout.strip()


def test_without_modal_the_extra_is_named(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "modAL"]:
        monkeypatch.delitem(sys.modules, name)

    class Hidden:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] == "modAL":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(sys, "meta_path", [Hidden(), *sys.meta_path])
    with pytest.raises(MissingExtraError, match=r"labeling\[active\]"):
        chosen("modal:margin_sampling")


def test_a_modal_that_cannot_be_imported_says_so(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "modAL"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("sklearn.ensemble._base._BaseHeterogeneousEnsemble")
    with pytest.raises(LabelingError, match="cannot be imported with the other packages"):
        chosen("modal:margin_sampling")


def test_an_unfitted_classifier_is_refused():
    linear_model = pytest.importorskip("sklearn.linear_model")
    features = pd.DataFrame({"x": range(len(DATA))}, index=DATA.index)
    unfitted = linear_model.LogisticRegression()
    with pytest.raises(LabelingError, match="fitted already"):
        from_modal("margin_sampling", unfitted, features=features)
    with pytest.raises(LabelingError, match="fitted already"):
        from_modal("vote_entropy_sampling", committee=[unfitted, unfitted], features=features)


def test_features_and_measures_must_be_numbers():
    texts = pd.DataFrame({"x": "a"}, index=DATA.index)
    with pytest.raises(LabelingError, match="`features` must hold numbers"):
        chosen(from_modal("uncertainty_batch_sampling", features=texts))
    named = from_modal(lambda learner, X, n_instances: (range(n_instances), ["a"] * n_instances))
    with pytest.raises(LabelingError, match="numbers as measures"):
        chosen(named)
