"""Helpers of the Label Studio tests: samples, annotators, and queries of the server."""

import functools

import numpy as np
import pandas as pd

import labeling as lb
from labeling.records import Batch, SoftLabels, live_annotations

SCHEMA = lb.LabelSchema(["ham", "spam"])


def samples_of(ids):
    return pd.DataFrame({"text": [f"text of {one}" for one in ids]}, index=pd.Index(ids))


def batch_of(ids, score=0.5):
    about = {"stratum": "x", "score": score, "reason": "r", "propensity": np.nan}
    return Batch(pd.DataFrame(about, index=pd.Index(ids)))


def soft_of(chances):
    """Return soft labels by each sample's probability of spam."""
    array = [[1 - chance, chance] for chance in chances.values()]
    return SoftLabels(array, pd.Index(list(chances)), SCHEMA, [True] * len(array))


def studio_of(server, title="mails", **options):
    """Return a platform as a notebook makes it."""
    options = {"token": server.token, "schema": SCHEMA, "url": server.url, **options}
    return lb.LabelStudio(options.pop("url"), project=title, **options)


def pushed(server, ids, title="mails", **options):
    """Return a platform that asked about some samples."""
    platform = studio_of(server, title, **options)
    platform.push(batch_of(ids), samples_of(ids))
    return platform


def news(platform):
    """Return what a platform fetches now, as a caller does who stores it."""
    fetched = platform.fetch(platform.state)
    platform.accept(fetched)
    return fetched.annotations


@functools.cache
def people(server):
    """Return ann, bob, cleo and dora, who have accounts for as long as the server is there."""
    return tuple(server.new_user(name) for name in ("ann", "bob", "cleo", "dora"))


def project_id(server, title="mails"):
    (found,) = [one["id"] for one in server.projects() if one["title"] == title]
    return found


def listed(server, title="mails"):
    """Return a project's tasks, of each sample a list."""
    found = {}
    for task in server.tasks(project_id(server, title)):
        found.setdefault(task["data"].get("ext_id"), []).append(task)
    return found


def tasks(server, title="mails"):
    """Return a project's tasks by their sample, which must have one each."""
    found = listed(server, title)
    assert {1} <= {len(some) for some in found.values()} or not found
    assert all(len(some) == 1 for some in found.values()), f"several tasks: {found}"
    return {own: some[0] for own, some in found.items()}


def label_of(annotation):
    """Return an annotation's label; `None` for a skip."""
    if annotation["was_cancelled"]:
        return None
    return annotation["result"][0]["value"]["choices"][0]


def votes_in(task):
    """Return who said what on a task, whether as ground truth; sorted."""
    said = [
        (one["completed_by"], label_of(one), bool(one["ground_truth"]))
        for one in task["annotations"]
    ]
    return sorted(said, key=repr)


def on_server(server, title):
    """Return all that is asked and said in a project, by sample; several tasks stay several."""
    if title not in {one["title"] for one in server.projects()}:
        return None
    return {
        own: [
            {
                **{name: one[name] for name in ("data", "meta", "overlap", "is_labeled")},
                "votes": votes_in(one),
                "predictions": [(p["score"], p["result"]) for p in one["predictions"]],
            }
            for one in some
        ]
        for own, some in sorted(listed(server, title).items())
    }


def said_by(annotations):
    """Return who said what by live annotations, sorted."""
    said = [(one.sample_id, one.annotator, one.label) for one in live_annotations(annotations)]
    return sorted(said, key=repr)
