"""A release says how to build it again only where it knows of what."""

from labeling.datasets.releases import Releases
from tests.support.releases import training_set


def test_a_release_of_no_project_names_no_command_of_one(tmp_path):
    releases = Releases(tmp_path)

    release = releases.branch("r1", training_set())
    of_project = releases.branch("r2", training_set().with_origin({"config": {"seed": 0}}))

    assert release.facts.rebuild == ""
    assert of_project.facts.rebuild == f"labeling release rebuild {of_project.digest[:12]}"
