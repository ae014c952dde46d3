"""Contract tests for label models: what every model that combines votes must promise.

Call `check_aggregator` in a test of your own model; it needs neither pytest nor hypothesis.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labeling.errors import LabelingError
from labeling.records import ABSTAIN, Aggregator, LabelSchema, SoftLabels, Votes

ModelFactory = Callable[[], Aggregator]

LABELS = ("b", "a", "d", "c")  # not in alphabetical order
ROUNDING = 1e-12  # tolerance where the same sums are taken in another order
FITTING = 1e-9  # tolerance where an iterative fit takes its sums in another order


def check_aggregator(
    model_factory: ModelFactory,
    *,
    n_cases: int = 30,
    min_voters: int = 1,
    seed: int = 0,
) -> None:
    """Check that a label model keeps the contract of all label models.

    Each check in `AGGREGATOR_CHECKS` runs on `n_cases` vote matrices: a few small special ones,
    then random ones, with and without gold labels and a class balance. The same arguments give the
    same cases. For a test per check, parametrize over `AGGREGATOR_CHECKS` and call `run_check`.

    Args:
        model_factory: returns a new, unfitted model: its class, or a function without arguments.
        n_cases: number of vote matrices for each check; fewer for a model that is slow to fit.
        min_voters: the fewest voters that the model can be fitted on.
        seed: seed of the random vote matrices.

    Raises:
        AssertionError: a promise is broken. The notes of the error name the check and the case.

    >>> from labeling.label_models import MajorityVote
    >>> check_aggregator(MajorityVote, n_cases=5)

    A model that claims to know samples that have no vote breaks the contract:

    >>> class Overconfident(MajorityVote):
    ...     def predict_proba(self, votes):
    ...         soft = super().predict_proba(votes)
    ...         covered = np.full(len(soft.sample_ids), True)
    ...         return SoftLabels(soft.to_array(), soft.sample_ids, soft.schema, covered)
    >>> check_aggregator(Overconfident)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: `covered` must be True exactly where a sample has a vote...
    """
    for name in AGGREGATOR_CHECKS:
        run_check(name, model_factory, n_cases=n_cases, min_voters=min_voters, seed=seed)


def run_check(
    name: str,
    model_factory: ModelFactory,
    *,
    n_cases: int = 30,
    min_voters: int = 1,
    seed: int = 0,
) -> None:
    """Run one check of `AGGREGATOR_CHECKS`; the arguments are those of `check_aggregator`.

    Raises:
        AssertionError: the promise is broken.
    """
    check = AGGREGATOR_CHECKS[name]
    for number, case in enumerate(cases(n_cases, min_voters=min_voters, seed=seed)):
        try:
            check(model_factory, case)
        except Exception as error:
            error.add_note(f"In check {name!r}, case {number} of seed {seed}: {case}")
            raise


@dataclass(frozen=True, eq=False)
class Case:
    """Votes to fit a model on, and what is known beside them.

    Attributes:
        votes: the vote matrix; sample ids and voter names are in random order.
        gold: labels of a third of the samples, or `None`.
        class_balance: a share for each label, or `None`.
        rng: draws permutations.
    """

    votes: Votes
    gold: pd.Series | None
    class_balance: Mapping[str, float] | None
    rng: np.random.Generator

    def fit(self, model_factory: ModelFactory) -> Aggregator:
        """Return a new model, fitted on the votes."""
        return model_factory().fit(self.votes, gold=self.gold, class_balance=self.class_balance)


def cases(n_cases: int, *, min_voters: int = 1, seed: int = 0) -> Iterator[Case]:
    """Yield cases: the small special ones first, then random ones; always the same."""
    for number in range(n_cases):
        rng = np.random.default_rng([seed, number])
        n_labels, array = _special_votes(number, min_voters) or _random_votes(rng, min_voters)
        votes = Votes.from_array(
            array,
            schema=LabelSchema(LABELS[:n_labels]),
            sample_ids=[f"s{i}" for i in rng.permutation(len(array))],
            voters=[f"v{j}" for j in rng.permutation(array.shape[1])],
        )
        with_gold, with_class_balance = rng.random(2) < 0.5
        yield Case(
            votes,
            gold_of(votes) if with_gold else None,
            _class_balance_of(votes) if with_class_balance else None,
            rng,
        )


def gold_of(votes: Votes) -> pd.Series:
    """Return gold labels for every third sample, chosen by its id."""
    gold_ids = [sample_id for sample_id in votes.sample_ids if int(sample_id[1:]) % 3 == 0]
    labels = [LABELS[int(sample_id[1:]) % len(votes.schema)] for sample_id in gold_ids]
    return pd.Series(labels, gold_ids, dtype=object)


def _class_balance_of(votes: Votes) -> dict[str, float]:
    weights = {label: 1.0 + LABELS.index(label) for label in votes.schema.labels}
    return {label: weight / sum(weights.values()) for label, weight in weights.items()}


def _special_votes(number: int, min_voters: int) -> tuple[int, np.ndarray[Any, Any]] | None:
    """Return the number of labels and the votes of a special case; `None` after the last one."""
    m = max(min_voters, 1)
    special = (
        (2, np.full((1, m), ABSTAIN)),  # one sample without a vote
        (2, np.zeros((1, m), dtype=int)),  # one sample, one label
        (3, np.full((6, m), 2)),  # all votes for one label
        (3, np.tile([[0], [1], [2], [ABSTAIN]], (3, m))),  # all voters agree, a row without a vote
        (2, np.tile(np.eye(2, dtype=int)[[0, 1]], (4, m))),  # all voters disagree, in pairs
    )
    return special[number] if number < len(special) else None


def _random_votes(rng: np.random.Generator, min_voters: int) -> tuple[int, np.ndarray[Any, Any]]:
    """Return the number of labels and random votes: some rows uncovered, some voters silent."""
    n_labels = int(rng.integers(2, 5))
    n, m = int(rng.integers(1, 26)), int(rng.integers(min_voters, max(min_voters, 6) + 1))
    truth = rng.integers(0, n_labels, n)
    wrong = rng.integers(0, n_labels, (n, m))
    array = np.where(rng.random((n, m)) < rng.random(m), truth[:, None], wrong)
    array[rng.random((n, m)) < rng.random(m)] = ABSTAIN
    return n_labels, array


def check_probabilities(model_factory: ModelFactory, case: Case) -> None:
    """Rows are finite and sum to 1; rows without a vote are uncovered, and equal to each other."""
    soft = case.fit(model_factory).predict_proba(case.votes)
    _require(isinstance(soft, SoftLabels), f"predict_proba must return SoftLabels. Got {soft!r}.")
    array = soft.to_array()
    _require(bool(np.isfinite(array).all()), "Probabilities must be finite.")
    _require(bool((array >= 0).all()), "Probabilities must not be negative.")
    _assert_close(array.sum(axis=1), np.ones(len(array)), ROUNDING, "Rows must sum to 1.")
    covered = (case.votes.to_array() != ABSTAIN).any(axis=1)
    _require(
        soft.covered.tolist() == covered.tolist(),
        "`covered` must be True exactly where a sample has a vote.",
    )
    silent = 1 / len(case.votes.schema) if case.class_balance is None else array[~covered][:1]
    is_equal = bool((array[~covered] == silent).all())
    _require(is_equal, "Samples without a vote must get equal probabilities, or a balance's rest.")
    _require(
        soft.sample_ids.tolist() == case.votes.sample_ids.tolist()
        and soft.schema == case.votes.schema,
        "Soft labels must have the votes' sample ids and labels, in their order.",
    )


def check_order_at_fit(model_factory: ModelFactory, case: Case) -> None:
    """The order of samples, voters and labels changes no value."""
    expected = case.fit(model_factory).predict_proba(case.votes).to_frame()
    permuted = replace(case, votes=_permuted(case.votes, case.rng))
    actual = permuted.fit(model_factory).predict_proba(permuted.votes).to_frame()
    _assert_close(
        actual.loc[expected.index, expected.columns],
        expected,
        FITTING,
        "The order of samples, voters and labels must not change a probability.",
    )


def check_order_at_prediction(model_factory: ModelFactory, case: Case) -> None:
    """A fitted model gives the same values for votes in another order, in the order asked for."""
    model = case.fit(model_factory)
    expected = model.predict_proba(case.votes).to_frame()
    votes = _permuted(case.votes, case.rng)
    actual = model.predict_proba(votes).to_frame()
    _require(
        actual.columns.tolist() == list(votes.schema.labels),
        "Probabilities must be in the order of the labels of the votes given to predict_proba.",
    )
    _assert_close(
        actual.loc[expected.index, expected.columns],
        expected,
        ROUNDING,
        "The order of the votes to predict must not change a probability.",
    )


def check_silent_voter(model_factory: ModelFactory, case: Case) -> None:
    """A voter who never votes changes nothing."""
    expected = case.fit(model_factory).predict_proba(case.votes).to_array()
    silent = np.full((len(case.votes.sample_ids), 1), ABSTAIN)
    votes = Votes.from_array(
        np.hstack([case.votes.to_array(), silent]),
        schema=case.votes.schema,
        sample_ids=case.votes.sample_ids,
        voters=[*case.votes.voters, str(case.rng.choice(["a", "v0 and more", "z"]))],
    )
    actual = replace(case, votes=votes).fit(model_factory).predict_proba(votes).to_array()
    _assert_close(actual, expected, FITTING, "A voter without votes must not change anything.")


def check_determinism(model_factory: ModelFactory, case: Case) -> None:
    """Fitting again gives the same bytes; inputs and global random states stay as they were."""
    votes = case.votes.to_array().tobytes()
    gold = pd.Series(dtype=object) if case.gold is None else case.gold.copy()
    model = case.fit(model_factory)  # it may import a library that sets its own random state
    random.random()  # a state that is always set to the same value would show
    np.random.random()  # noqa: NPY002
    state = _global_random_states()
    expected = model.predict_proba(case.votes).to_array().tobytes()
    for again in (model_factory(), model):
        again.fit(case.votes, gold=case.gold, class_balance=case.class_balance)
        _require(
            again.predict_proba(case.votes).to_array().tobytes() == expected,
            "Fitting on the same votes again must give the same bytes.",
        )
    _require(case.votes.to_array().tobytes() == votes, "fit must not change its votes.")
    _require(case.gold is None or case.gold.equals(gold), "fit must not change its gold labels.")
    _require(_global_random_states() == state, "Global random states must not be touched.")


def check_new_samples(model_factory: ModelFactory, case: Case) -> None:
    """Samples that were not in the fit get the same answer alone and together."""
    ids = case.votes.sample_ids
    half = -(-len(ids) // 2)
    fitted_on = case.votes.of_samples(ids[:half])
    model = model_factory().fit(fitted_on, gold=gold_of(fitted_on))
    rest = case.votes.of_samples(ids[half:])
    together = model.predict_proba(rest).to_array()
    alone = [model.predict_proba(rest.of_samples([i])).to_array()[0] for i in rest.sample_ids]
    _assert_close(
        np.reshape(alone, together.shape),
        together,
        ROUNDING,
        "A sample's probabilities must not depend on the other samples to predict.",
    )


def check_gold_is_not_copied(model_factory: ModelFactory, case: Case) -> None:
    """Samples with the same votes get the same probabilities, whatever gold says of one."""
    votes = case.votes
    doubled = Votes.from_array(
        np.tile(votes.to_array(), (2, 1)),
        schema=votes.schema,
        sample_ids=[*votes.sample_ids, *(f"copy of {name}" for name in votes.sample_ids)],
        voters=votes.voters,
    )
    gold_ids: dict[Hashable, str] = {votes.sample_ids[0]: votes.schema.labels[-1]}
    soft = model_factory().fit(doubled, gold=pd.Series(gold_ids)).predict_proba(doubled)
    first, second = np.split(soft.to_array(), 2)
    _require(
        first.tobytes() == second.tobytes(),
        "Samples with the same votes must get the same probabilities: gold labels shape what a"
        " model learns, and are not copied into its answer.",
    )


def check_absent_voter(model_factory: ModelFactory, case: Case) -> None:
    """A voter of the fit that is absent later is one that abstains; no samples are allowed."""
    model = case.fit(model_factory)
    votes = case.votes
    present = votes.voters[1:] or votes.voters
    masked = votes.to_array().copy()
    masked[:, [voter not in present for voter in votes.voters]] = ABSTAIN
    abstaining = Votes.from_array(
        masked, schema=votes.schema, sample_ids=votes.sample_ids, voters=votes.voters
    )
    _assert_close(
        model.predict_proba(votes.of_voters(present)).to_array(),
        model.predict_proba(abstaining).to_array(),
        ROUNDING,
        "A voter that is absent from the votes to predict must count as abstaining.",
    )
    empty = model.predict_proba(votes.of_samples([])).to_array()
    _require(
        empty.shape == (0, len(votes.schema)), "No samples must give soft labels without rows."
    )


def check_refusals(model_factory: ModelFactory, case: Case) -> None:
    """An unfitted model and votes of other labels are LabelingErrors, not guesses."""
    unfitted = model_factory()
    _require_refusal(unfitted, case.votes, "predict_proba before fit must raise a LabelingError.")
    other = Votes.from_array(
        case.votes.to_array(),
        schema=LabelSchema([f"other {label}" for label in case.votes.schema.labels]),
        sample_ids=case.votes.sample_ids,
        voters=case.votes.voters,
    )
    message = "Votes of labels that fit did not see must raise a LabelingError."
    _require_refusal(case.fit(model_factory), other, message)


def check_saving(model_factory: ModelFactory, case: Case) -> None:
    """A model with `save` and `load` answers with the same bytes when it is loaded again."""
    model: Any = case.fit(model_factory)
    if not (hasattr(model, "save") and hasattr(type(model), "load")):
        return
    expected: SoftLabels = model.predict_proba(case.votes)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        model.save(path)
        _require(
            [file.name for file in path.parent.iterdir()] == ["model"],
            "save must write the file that it was given and no other.",
        )
        actual = type(model).load(path).predict_proba(case.votes)
    _require(
        actual.to_array().tobytes() == expected.to_array().tobytes(),
        "A loaded model must give the same bytes as the one that was saved.",
    )


AGGREGATOR_CHECKS: dict[str, Callable[[ModelFactory, Case], None]] = {
    "probabilities": check_probabilities,
    "order_at_fit": check_order_at_fit,
    "order_at_prediction": check_order_at_prediction,
    "silent_voter": check_silent_voter,
    "determinism": check_determinism,
    "new_samples": check_new_samples,
    "gold_is_not_copied": check_gold_is_not_copied,
    "absent_voter": check_absent_voter,
    "refusals": check_refusals,
    "saving": check_saving,
}
"""The checks of `check_aggregator` by name; a new one is a function and a line here."""


def _permuted(votes: Votes, rng: np.random.Generator) -> Votes:
    """Return the same votes with samples, voters and labels in another order."""
    labels = [votes.schema.labels[i] for i in rng.permutation(len(votes.schema))]
    samples = [votes.sample_ids[i] for i in rng.permutation(len(votes.sample_ids))]
    voters = [votes.voters[j] for j in rng.permutation(len(votes.voters))]
    moved = votes.of_samples(samples).of_voters(voters)
    code = np.array([*(labels.index(label) for label in votes.schema.labels), ABSTAIN])
    return Votes.from_array(
        code[moved.to_array()], schema=LabelSchema(labels), sample_ids=samples, voters=voters
    )


def _global_random_states() -> tuple[object, ...]:
    """Return the random states of Python, NumPy and, where it is loaded, torch."""
    torch = sys.modules.get("torch")
    return (
        random.getstate(),
        str(np.random.get_state()),  # noqa: NPY002
        torch.get_rng_state().numpy().tobytes() if torch else b"",
    )


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def _require_refusal(model: Aggregator, votes: Votes, message: str) -> None:
    try:
        model.predict_proba(votes)
    except LabelingError:
        return
    raise AssertionError(message)


def _assert_close(actual: Any, expected: Any, tolerance: float, message: str) -> None:
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance, err_msg=message)
