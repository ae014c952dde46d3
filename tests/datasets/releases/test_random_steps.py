"""Whatever people try in whatever order, main is only what was tested and approved by another."""

import numpy as np
import pytest

from labeling.datasets.releases import Releases
from labeling.errors import ReleaseError
from labeling.records import person_key
from tests.support.releases import failing, passing, relabelled

PEOPLE = ("ann", "ANN ", "bob", "cleo", "dan", "eve", "fay")
BRANCHES = ("r1", "r2", "r3")


def attempt(releases, rng):
    """Try a random step; most are refused."""
    name, by = rng.choice(BRANCHES), str(rng.choice(PEOPLE))
    sample, label = rng.choice(list("abcdef")), rng.choice(["ham", "spam"])
    tests = passing if rng.random() < 0.8 else failing("unique_ids")
    steps = [
        lambda: releases.branch(name, relabelled(**{sample: label}), by=by),
        lambda: releases.run_tests(name, tests),
        lambda: releases.propose(name, by=by),
        lambda: releases.approve(name, by=by),
        lambda: releases.merge(name, by=by),
    ]
    try:
        steps[rng.choice(5, p=[0.06, 0.24, 0.2, 0.25, 0.25])]()
    except ReleaseError:
        return


def check_merges(entries):
    """Check from the log alone that each merge was tested, and approved by none of its authors."""
    authors, tested, proposed, approvals, main = {}, {}, {}, {}, None
    for entry in entries:
        name = entry.branch
        if entry.action in ("branched", "updated"):
            tested.pop(name, None)
            approvals[name] = []
        if entry.action in ("branched", "proposed") and entry.by:
            authors.setdefault(name, set()).add(person_key(entry.by))
        if entry.action == "tested":
            tested[name] = (entry.release, main, entry.details["passed"], entry.details["tests"])
        if entry.action == "proposed":
            proposed[name] = True
        if entry.action == "approved":
            assert (entry.release, main, True) == tested[name][:3]
            assert person_key(entry.by) not in authors[name]
            approvals[name].append((entry.release, main, entry.details["tests"]))
        if entry.action == "merged":
            assert proposed[name]
            assert main == entry.details["onto"]
            assert (entry.release, main, tested[name][3]) in approvals[name]
            main = entry.release
            authors[name], approvals[name], proposed[name] = set(), [], False
    return main


@pytest.mark.parametrize("seed", range(4))
def test_main_is_only_what_was_tested_and_approved_by_somebody_else(tmp_path, seed):
    rng = np.random.default_rng(seed)
    releases = Releases(tmp_path)
    for _ in range(400):
        attempt(releases, rng)

    entries = releases.log()
    merges = [entry for entry in entries if entry.action == "merged"]
    assert len(merges) >= 2
    assert check_merges(entries) == releases["main"].digest
    assert () == releases.verify().findings
    for name in BRANCHES:
        status = releases.show(name)
        assert status.next_step in ("test", "propose", "approve", "merge", "")
