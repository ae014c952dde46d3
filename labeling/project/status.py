"""Where every sample stands, and what to do next: read from the database alone, in a moment."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from labeling.config import Config, load_config
from labeling.project.annotation_loop import MEMORY, REVIEWED, reviewed
from labeling.project.links import links_of
from labeling.project.policies import policy_in_force, policy_of
from labeling.project.stalled_samples import DECIDE, notes_of, without_a_reviewer_to_ask
from labeling.records import LabelSchema, Problem
from labeling.store import Activity, Store

logger = logging.getLogger(__name__)

URL = "LABELING_STORE_URL"  # the environment's address of the store, which may hold a password


@dataclass(frozen=True, slots=True)
class Status:
    """Where a project stands.

    Attributes:
        project: its name.
        people_label: where they do, in words; empty where nobody is asked.
        samples: how many there are to label when they were last read; `None` before that.
        locked: how many are in the locked test split.
        left_out: how many are not used, since their text is missing.
        dev: how many have a gold label to measure on.
        covered: on how many a labeling function voted.
        labeling_functions: how many there are.
        states: how many of the samples that were chosen for people stand where.
        agreement: how many samples are settled by equal votes (`unanimous`), by a `majority` of
            them, by `review`; `uncounted` are those whose votes an earlier version did not count.
        notes: sentences on what should be decided or done by somebody.
        batches: how many were chosen; the last one's state is in `batch_state`.
        batch_state: `chosen` (not pushed yet) or `pushed`; `None` before the first.
        annotations: how many there are in the ledger, reviews and changes of mind included.
        reviews: how many of them reviewers made.
        annotators: how many people made them.
        people: how much each annotator and reviewer has said that counts, and when last.
        links: where `annotators` and `reviewers` label, and the `report`; what is not there yet is
            left out.
        to_send: messages that wait in the outbox.
        to_review: how many samples a review would ask somebody about.
        problems: what the last pull could not count.
        training_set: the manifest of the last one; `None` before the first.
        looks: how often the locked test split was looked at.
        last_run: the verb, the state and the end of the last run.
        next: what to do next.
    """

    project: str
    people_label: str = ""
    samples: int | None = None
    locked: int = 0
    left_out: int = 0
    dev: int = 0
    covered: int | None = None
    labeling_functions: int | None = None
    states: dict[str, int] = field(default_factory=dict)
    agreement: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    batches: int = 0
    batch_state: str | None = None
    annotations: int = 0
    reviews: int = 0
    annotators: int = 0
    people: tuple[Activity, ...] = ()
    links: dict[str, str] = field(default_factory=dict)
    to_send: int = 0
    to_review: int = 0
    problems: tuple[Problem, ...] = ()
    training_set: dict[str, Any] | None = None
    looks: int = 0
    last_run: dict[str, Any] | None = None
    next: str = "labeling apply"

    @property
    def not_chosen(self) -> int | None:
        """How many samples nobody was asked about."""
        if self.samples is None:
            return None
        there = sum(count for state, count in self.states.items() if state != "withdrawn")
        return max(
            self.samples - there, 0
        )  # of those some may have left the data, unseen by a review

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON knows it."""
        found = dataclasses.asdict(self)
        return {**found, "states": {"not_chosen": self.not_chosen, **self.states}}


def store_of(config: Config, waits: Callable[[str], object] | None = None) -> Store:
    """Return the store of a config; what is in the environment wins over what the config says."""
    return Store(
        config.memory,
        config.name,
        url=os.environ.get(URL) or config.store.url or None,
        patience=config.store.wait,
        waits=waits or logger.warning,
    )


def status_at(path: str | os.PathLike[str]) -> Status:
    """Return where the project of a config file stands."""
    config = load_config(path)
    return status_of(config, store_of(config))


def status_of(config: Config, store: Store) -> Status:
    """Return where a project stands, without reading its samples.

    Raises:
        StoreError: what is remembered cannot be read.
    """
    if not store.ready():
        return Status(config.name, _where(config), links=links_of(config, store))
    votes = store.files.last("votes")
    about = votes.about if votes else {}
    number, state = store.batches.last()
    annotations, reviews, annotators = store.ledger.counts()
    sending = store.outbox.counts()
    train = store.files.last("training_set")
    runs = store.history.runs(1)
    policy, schema = policy_of(config), LabelSchema(config.labels)
    agreement = store.batches.agreement()
    now = reviewed(store, policy_in_force(policy, schema, store))
    is_reviewed = store.history.get(REVIEWED) == now
    notes = notes_of(config, schema, store, is_reviewed=is_reviewed)
    found = Status(
        project=config.name,
        people_label=_where(config),
        samples=about.get("samples"),
        locked=about.get("locked", 0),
        left_out=about.get("left_out", 0),
        dev=about.get("dev", 0),
        covered=about.get("covered"),
        labeling_functions=about.get("voters"),
        states=store.batches.counts(),
        agreement=agreement,
        notes=tuple(notes),
        batches=number,
        batch_state=state if number else None,
        annotations=annotations,
        reviews=reviews,
        annotators=annotators,
        people=store.ledger.activity(),
        links=links_of(config, store),
        to_send=sending.get("waiting", 0) + sending.get("begun", 0),
        to_review=0 if is_reviewed else store.batches.unreviewed(),
        problems=store.history.problems(),
        training_set=train.about if train else None,
        looks=len(store.history.looks()),
        last_run=_run(runs[0]) if runs else None,
    )
    lacks = _lacks_projects(config, store)
    # What a reviewer decided is settled when it is pulled, and written back by a review.
    has_news = config.label_studio is not None and annotations > 0 and not is_reviewed
    stuck = len(without_a_reviewer_to_ask(config, store)) if is_reviewed else 0
    step = _next(found, config, lacks_projects=lacks, has_news=has_news, stuck=stuck)
    return dataclasses.replace(found, next=step)


def _where(config: Config) -> str:
    """Return where people label, in words."""
    if config.label_studio is not None:
        title = config.label_studio.project or config.name
        return f"in Label Studio: project {title!r} on {config.label_studio.url}"
    if config.files is not None:
        return f"in files: {config.at(config.files.folder)}"
    return f"in a replay of {config.replay.votes}" if config.replay is not None else ""


def _lacks_projects(config: Config, store: Store) -> bool:
    """Return whether people label in Label Studio, and its projects were never met."""
    if config.label_studio is None:
        return False
    known = json.loads(store.history.get(MEMORY) or "{}")
    wanted = config.label_studio.project or config.name
    side = known.get("annotators", {})
    here = known.get("url") == config.label_studio.url.rstrip("/")
    return not here or side.get("id") is None or side.get("wanted") != wanted


def _run(run: dict[str, Any]) -> dict[str, Any]:
    names = ("number", "verb", "state", "started_at", "ended_at", "seconds")
    found = {name: run[name] for name in names}
    if run["state"] == "running" and run["host"] == socket.gethostname() and not _lives(run["pid"]):
        found["state"] = "died"  # the next verb will write it down
    return found


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _next(
    found: Status, config: Config, *, lacks_projects: bool, has_news: bool, stuck: int
) -> str:
    """Return the verb that brings the project on, in the order of the loop."""
    states = {"asked": 0, "collecting": 0, "escalated": 0, **found.states}
    to_push = found.batch_state in ("chosen", "pushing")
    steps = (
        (found.samples is None, "labeling apply"),
        (not config.asks_people, "labeling export"),
        (to_push and lacks_projects, "labeling studio init, then labeling push"),
        (to_push, "labeling push"),
        (found.to_send - stuck or found.to_review or has_news, "labeling review"),
        (
            states["asked"] or states["collecting"],
            "labeling pull when people have labeled, then labeling review",
        ),
        (
            states["escalated"] - stuck,
            "labeling pull when the reviewer has decided, then labeling review",
        ),
        (stuck, f"{DECIDE}, or labeling export"),
        ((found.not_chosen or 0) <= found.dev, "labeling export"),
        (not found.batches, "labeling query"),
    )
    last = "labeling export, or labeling query for another batch"
    return next((step for is_next, step in steps if is_next), last)
