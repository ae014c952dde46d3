"""Helpers of the Label Studio tests: samples, annotators, and queries of the server."""

import functools

import numpy as np
import pandas as pd

import labeling as lb
from labeling.records import Batch, SoftLabels, live_annotations

SCHEMA = lb.LabelSchema(["ham", "spam"])


def samples_of(ids):
    return pd.DataFrame(
        {"text": [f"text of {sample_id}" for sample_id in ids]}, index=pd.Index(ids)
    )


def batch_of(ids, score=0.5):
    about = {"stratum": "x", "score": score, "reason": "r", "propensity": np.nan}
    return Batch(pd.DataFrame(about, index=pd.Index(ids)))


def soft_of(chances):
    """Return soft labels from each sample's probability of spam."""
    array = [[1 - chance, chance] for chance in chances.values()]
    return SoftLabels(array, pd.Index(list(chances)), SCHEMA, [True] * len(array))


def studio_of(server, title="mails", **options):
    """Return a platform without a store, as in a notebook."""
    options = {"token": server.token, "schema": SCHEMA, "url": server.url, **options}
    return lb.LabelStudio(options.pop("url"), project=title, **options)


def pushed(server, ids, title="mails", **options):
    """Return a platform to which samples were pushed."""
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
    """Return the users ann, bob, cleo and dora, who are created once for the server."""
    return tuple(server.new_user(name) for name in ("ann", "bob", "cleo", "dora"))


def project_id(server, title="mails"):
    (found,) = [project["id"] for project in server.projects() if project["title"] == title]
    return found


def listed(server, title="mails"):
    """Return a project's tasks, as a list for each sample."""
    found = {}
    for task in server.tasks(project_id(server, title)):
        found.setdefault(task["data"].get("ext_id"), []).append(task)
    return found


def tasks(server, title="mails"):
    """Return a project's tasks by sample; each must have exactly one."""
    found = listed(server, title)
    assert {1} <= {len(duplicates) for duplicates in found.values()} or not found
    assert all(len(duplicates) == 1 for duplicates in found.values()), f"several tasks: {found}"
    return {ext_id: duplicates[0] for ext_id, duplicates in found.items()}


def label_of(annotation):
    """Return an annotation's label; `None` for a skip."""
    if annotation["was_cancelled"]:
        return None
    return annotation["result"][0]["value"]["choices"][0]


def votes_in(task):
    """Return author, label and ground-truth flag of a task's annotations, sorted."""
    annotations = [
        (annotation["completed_by"], label_of(annotation), bool(annotation["ground_truth"]))
        for annotation in task["annotations"]
    ]
    return sorted(annotations, key=repr)


def on_server(server, title):
    """Return the content of all tasks of a project, by sample; duplicates included."""
    if title not in {project["title"] for project in server.projects()}:
        return None
    return {
        ext_id: [
            {
                **{name: task[name] for name in ("data", "meta", "overlap", "is_labeled")},
                "votes": votes_in(task),
                "predictions": [(p["score"], p["result"]) for p in task["predictions"]],
            }
            for task in duplicates
        ]
        for ext_id, duplicates in sorted(listed(server, title).items())
    }


def said_by(annotations):
    """Return sample, annotator and label of the live annotations, sorted."""
    said = [
        (annotation.sample_id, annotation.annotator, annotation.label)
        for annotation in live_annotations(annotations)
    ]
    return sorted(said, key=repr)


def ids_of(server):
    """Return the number of each sample's task on the server."""
    return {ext_id: task["id"] for ext_id, task in tasks(server).items()}


def item(label, from_name="label", **more):
    """Return the result of one choice, as an annotation holds it."""
    value = {"choices": [label]}
    return {"from_name": from_name, "to_name": "text", "type": "choices", "value": value, **more}
