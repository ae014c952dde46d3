"""The steps of a release: branch, test, propose, approve, merge, and who may take them when."""

import pandas as pd
import pytest

from labeling.datasets.releases import Releases
from labeling.errors import ReleaseError
from tests.support.releases import (
    LABELS,
    approved,
    failing,
    merged,
    passing,
    relabelled,
    training_set,
)


def labels_of(release):
    return release.train.added_column("label").to_dict()


def actions(releases):
    return [(entry.action, entry.branch, entry.by) for entry in releases.log()]


def test_a_training_set_becomes_main_by_test_proposal_approval_and_merge(tmp_path):
    releases = Releases(tmp_path / "releases")
    made = releases.branch("r1", training_set(), by="ann", message="first")
    releases.run_tests("r1", passing)
    releases.propose("r1", by="ann", message="please look")
    releases.approve("r1", by="bob")
    outcome = releases.merge("r1", by="ann")

    assert (True, "merged", made.digest) == (outcome.merged, outcome.status, outcome.main)
    assert made == releases["main"] == releases["r1"] == releases[made.digest[:9]]
    assert LABELS == labels_of(releases["main"])
    assert [
        ("branched", "r1", "ann"),
        ("tested", "r1", ""),
        ("proposed", "r1", "ann"),
        ("approved", "r1", "bob"),
        ("merged", "r1", "ann"),
    ] == actions(releases)
    assert ["first", "", "please look", "", ""] == [one.message for one in releases.log()]
    assert ("bob",) == tuple(releases.log()[-1].details["approved_by"])
    assert () == releases.proposals
    assert () == releases.verify().findings


def test_each_step_taken_twice_is_taken_once(tmp_path):
    releases = Releases(tmp_path)
    for _ in range(2):
        releases.branch("r1", training_set(), by="ann")
    for _ in range(2):
        releases.run_tests("r1", passing)
    for _ in range(2):
        releases.propose("r1", by="ann", message="why")
    for name in ("bob", " BOB"):
        releases.approve("r1", by=name)
    outcomes = [releases.merge("r1", by="ann").status for _ in range(2)]

    assert ["merged", "already merged"] == outcomes
    assert 5 == len(releases.log())


def test_main_is_protected(tmp_path):
    releases = Releases(tmp_path)
    for name in ("main", "MAIN", "Main"):
        with pytest.raises(ReleaseError, match="changed by merging a branch only"):
            releases.branch(name, training_set())
    for step in (releases.propose, releases.approve, releases.merge):
        with pytest.raises(ReleaseError, match="beside main"):
            step("main", by="ann")
    with pytest.raises(ReleaseError, match=r"Main of .* is empty"):
        releases["main"]


@pytest.mark.parametrize("approver", ["ann", "ANN ", "\uff41nn", "an\u200bn"])
def test_an_author_does_not_approve_their_own_work_in_any_spelling(tmp_path, approver):
    releases = Releases(tmp_path)
    releases.branch("r1", training_set(), by="ann")
    releases.run_tests("r1", passing)
    releases.propose("r1", by="cleo")  # somebody else proposes it: Ann is an author still

    with pytest.raises(ReleaseError, match="must not have made or proposed it"):
        releases.approve("r1", by=approver)
    with pytest.raises(ReleaseError, match="must not have made or proposed it"):
        releases.approve("r1", by="Cleo")
    assert "bob" == releases.approve("r1", by="bob").approvals[0].by


def test_nobody_becomes_an_approver_by_proposing_again(tmp_path):
    releases = Releases(tmp_path)
    releases.branch("r1", training_set())
    releases.propose("r1", by="ann")

    with pytest.raises(ReleaseError, match="proposed already, by 'ann'"):
        releases.propose("r1", by="bob")
    releases.branch("r1", relabelled(a="spam"), by="bob")  # and both are authors now
    releases.run_tests("r1", passing)
    for name in ("ann", "bob"):
        with pytest.raises(ReleaseError, match="must not have made or proposed it"):
            releases.approve("r1", by=name)


@pytest.mark.parametrize("name", ["", " ", "\u200b", None, "a\nb", "a" * 201, 3])
@pytest.mark.parametrize("step", ["propose", "approve", "merge"])
def test_who_is_responsible_must_be_named(tmp_path, step, name):
    releases = approved(tmp_path)

    with pytest.raises(ReleaseError, match="must give their name"):
        getattr(releases, step)("r1", by=name)


@pytest.mark.parametrize("message", ["half a character \ud800", "a" * 10_001, 3])
def test_a_message_that_no_file_can_hold_is_refused(tmp_path, message):
    releases = Releases(tmp_path)
    with pytest.raises(ReleaseError, match="A message must be"):
        releases.branch("r1", training_set(), message=message)
    assert () == releases.branches


def test_a_failing_test_blocks_the_approval_and_says_which(tmp_path):
    releases = Releases(tmp_path)
    releases.branch("r1", training_set(), by="ann")
    releases.run_tests("r1", failing("class_floor"))
    releases.propose("r1", by="ann")

    with pytest.raises(ReleaseError, match="class_floor: What class_floor found"):
        releases.approve("r1", by="bob")
    with pytest.raises(ReleaseError, match="Only a failed test whose failure may be meant"):
        releases.approve("r1", by="bob", acknowledge={"class_floor": "it is rare"})
    with pytest.raises(ReleaseError, match="must be approved before it is merged"):
        releases.merge("r1", by="ann")
    releases.run_tests("r1", passing)
    assert releases.approve("r1", by="bob").approvals


def test_flips_of_labels_are_acknowledged_with_a_reason_and_by_whom_is_kept(tmp_path):
    releases = Releases(tmp_path)
    releases.branch("r1", training_set(), by="ann")
    releases.run_tests("r1", failing("label_flips"))
    releases.propose("r1", by="ann")
    with pytest.raises(ReleaseError, match="acknowledge 'label_flips' with a reason"):
        releases.approve("r1", by="bob")
    for reason in ("", " "):
        with pytest.raises(ReleaseError, match="with a reason"):
            releases.approve("r1", by="bob", acknowledge={"label_flips": reason})

    releases.approve("r1", by="bob", acknowledge={"label_flips": "new guideline"})
    releases.merge("r1", by="ann")

    approval, merge = releases.log()[-2:]
    assert {"label_flips": "new guideline"} == approval.details["acknowledged"]
    assert {"bob": {"label_flips": "new guideline"}} == merge.details["acknowledged"]


def test_a_release_that_was_not_tested_is_not_approved(tmp_path):
    releases = Releases(tmp_path)
    releases.branch("r1", training_set(), by="ann")
    releases.propose("r1", by="ann")

    with pytest.raises(ReleaseError, match="must be tested before it is approved"):
        releases.approve("r1", by="bob")


def test_a_new_release_on_a_branch_voids_its_tests_and_approvals(tmp_path):
    releases = approved(tmp_path)
    releases.branch("r1", relabelled(a="spam"), by="ann")

    assert () == releases.proposals[0].approvals
    assert ["bob"] == releases.log()[-1].details["approvals_voided"]
    with pytest.raises(ReleaseError, match="must be approved before it is merged"):
        releases.merge("r1", by="ann")
    with pytest.raises(ReleaseError, match="must be tested"):
        releases.approve("r1", by="bob")
    releases.branch("r1", training_set(), by="ann")  # going back does not bring them back
    with pytest.raises(ReleaseError, match="must be approved before it is merged"):
        releases.merge("r1", by="ann")


def test_other_results_of_tests_void_an_approval(tmp_path):
    releases = approved(tmp_path)
    releases.run_tests("r1", failing("unique_ids"))

    with pytest.raises(ReleaseError, match="changed, or was tested again"):
        releases.merge("r1", by="ann")


def test_nothing_is_merged_without_a_proposal_and_an_approval(tmp_path):
    releases = Releases(tmp_path)
    releases.branch("r1", training_set(), by="ann")
    with pytest.raises(ReleaseError, match="must be proposed and approved"):
        releases.merge("r1", by="ann")
    with pytest.raises(ReleaseError, match="must be proposed before it is approved"):
        releases.approve("r1", by="bob")
    releases.run_tests("r1", passing)
    releases.propose("r1", by="ann")
    with pytest.raises(ReleaseError, match="by somebody else than 'ann'"):
        releases.merge("r1", by="ann")
    with pytest.raises(ReleaseError, match="Did you mean 'r1'"):
        releases.merge("r11", by="ann")


def test_there_must_be_something_to_merge(tmp_path):
    releases = merged(tmp_path)
    releases.branch("r2", training_set(), by="ann")

    with pytest.raises(ReleaseError, match="nothing to merge"):
        releases.propose("r2", by="ann")


def test_a_branch_that_main_has_overtaken_takes_its_changes_and_main_stays(tmp_path):
    releases = merged(tmp_path)
    approved(tmp_path, "r2", relabelled(a="spam"))
    approved(tmp_path, "r3", relabelled(b="ham"))
    releases.merge("r2", by="bob")
    main = releases["main"]

    outcome = releases.merge("r3", by="bob")

    assert (False, "updated", main) == (outcome.merged, outcome.status, releases["main"])
    assert {**LABELS, "a": "spam", "b": "ham"} == labels_of(releases["r3"])
    assert 2 == len(releases["r3"].parents)
    with pytest.raises(ReleaseError, match="must be tested"):
        releases.approve("r3", by="bob")
    releases.run_tests("r3", passing)
    with pytest.raises(ReleaseError, match="must be approved before it is merged"):
        releases.merge("r3", by="bob")
    releases.approve("r3", by="bob")  # who merged main into it has not made it
    assert releases.merge("r3", by="bob").merged


def test_a_branch_that_main_has_overtaken_is_not_proposed(tmp_path):
    releases = merged(tmp_path)
    releases.branch("r3", relabelled(b="ham"), by="ann")
    approved(tmp_path, "r2", relabelled(a="spam")).merge("r2", by="ann")

    with pytest.raises(ReleaseError, match="Main has moved"):
        releases.propose("r3", by="ann")


def test_labels_that_both_sides_give_differently_block_the_merge(tmp_path):
    releases = merged(tmp_path)
    releases.branch("r3", relabelled(e="ham"), by="ann")
    approved(tmp_path, "r2", relabelled(e="spam")).merge("r2", by="ann")
    main, head = releases["main"], releases["r3"]
    assert releases.conflicts_since("r3") is None

    outcomes = [releases.merge("r3", by="cleo") for _ in range(2)]

    for outcome in outcomes:
        assert ("conflicts", 1) == (outcome.status, len(outcome.conflicts))
        assert "e" == outcome.conflicts[0].sample_id
    assert (main, head) == (releases["main"], releases["r3"])
    assert 1 == [entry.action for entry in releases.log()].count("conflicted")
    assert releases.log()[-1].at == releases.conflicts_since("r3")
    assert "changed labels differently: decide on these" in releases.show("r3").why
    decided = releases.merge("r3", by="cleo", decisions={"e": "ham"})
    assert "updated" == decided.status
    assert "ham" == labels_of(releases["r3"])["e"]
    releases.run_tests("r3", passing)
    releases.propose("r3", by="ann")
    with pytest.raises(ReleaseError, match="must not have made"):
        releases.approve("r3", by="cleo")  # who decided has made a part of it


def test_a_diff_names_what_changed_and_compares_main_with_its_head_before(tmp_path):
    releases = merged(tmp_path)
    with pytest.raises(ReleaseError, match="name a branch"):
        releases.diff()
    approved(tmp_path, "r2", relabelled(a="spam", e="ham"))
    expected = {"gained": 1, "lost": 0, "relabelled": 1}

    assert expected == releases.diff("r2").counts
    assert {"gained": 0, "lost": 1, "relabelled": 1} == releases.diff("main", "r2").counts
    releases.merge("r2", by="ann")
    assert expected == releases.diff().counts
    assert {"gained": 0, "lost": 0, "relabelled": 0} == releases.diff("r2").counts


def test_branches_made_before_the_first_release_are_merged_too(tmp_path):
    releases = Releases(tmp_path)
    releases.branch("r2", relabelled(e="ham"), by="ann")
    merged(tmp_path, "r1")

    assert "updated" == releases.merge("r2", by="bob").status
    assert {**LABELS, "e": "ham"} == labels_of(releases["r2"])


def test_the_next_step_is_named_at_each_step(tmp_path):
    releases = Releases(tmp_path)

    def next_step():
        return releases.show("r1").next_step

    releases.branch("r1", training_set(), by="ann")
    steps = [next_step()]
    releases.run_tests("r1", passing)
    steps.append(next_step())
    releases.propose("r1", by="ann")
    steps.append(next_step())
    releases.approve("r1", by="bob")
    steps.append(next_step())
    releases.merge("r1", by="ann")
    steps.append(next_step())

    assert ["test", "propose", "approve", "merge", ""] == steps
    assert ("main", "r1") == releases.show("main").branches
    assert "It is main." == releases.show(releases["main"].digest).why


def test_equal_training_sets_are_one_release_whatever_the_branch(tmp_path):
    releases = Releases(tmp_path)
    first = releases.branch("r1", training_set(), by="ann")
    second = releases.branch("r2", training_set(), by="bob")

    assert first == second
    assert 1 == releases.verify().releases


def test_what_is_shown_escapes_what_people_wrote(tmp_path):
    releases = Releases(tmp_path)
    releases.branch("r1", training_set(), by="<b>ann", message="<script>alert(1)</script>")
    releases.run_tests("r1", passing)
    releases.propose("r1", by="<b>ann", message="<script>alert(1)</script>")
    shown = releases._repr_html_() + releases.show("r1")._repr_html_()

    assert "<script>" not in shown
    assert "<b>ann" not in shown
    assert "&lt;script&gt;" in shown
    assert "Releases(1 branch; main is empty)" == repr(releases)


def test_a_log_can_be_read_as_a_table(tmp_path):
    releases = merged(tmp_path)
    frame = pd.DataFrame([entry.to_dict() for entry in releases.log()])

    assert [1, 2, 3, 4, 5] == frame["number"].tolist()


def test_a_proposal_whose_tests_failed_says_so_until_it_is_approved(tmp_path):
    releases = Releases(tmp_path)
    releases.branch("r1", relabelled(a="spam"), by="ann")
    releases.run_tests("r1", failing("drift_votes"))
    releases.propose("r1", by="ann")

    assert releases.show("r1").why.startswith("Its tests failed:")
    releases.approve("r1", by="bob", acknowledge={"drift_votes": "meant"})
    assert "It is approved." == releases.show("r1").why


def test_a_branch_stays_merged_when_main_moves_on(tmp_path):
    releases = merged(tmp_path)
    first = releases.branches[-1].name
    assert "It is merged: its release is main." == releases.show(first).why

    approved(tmp_path, "r2", relabelled(a="spam")).merge("r2", by="ann")

    assert ("", "It is merged: its release was main.") == (
        releases.show(first).next_step,
        releases.show(first).why,
    )
    releases.branch("back", releases[first].train, by="ann")  # to an older release
    assert "test" == releases.show("back").next_step
