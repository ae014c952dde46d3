"""The state of every sample and the next step: read from the database alone, in a moment."""

from __future__ import annotations

import dataclasses
import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from labeling.config import Config, load_config
from labeling.project.annotation_loop import SYNC_STATE
from labeling.project.fit_warnings import label_model_warnings, lacking_gold_of
from labeling.project.label_quality import label_quality
from labeling.project.links import links_of
from labeling.project.policies import policy_in_force, policy_of
from labeling.project.results import VotesSummary
from labeling.project.review_basis import REVIEWED, review_basis
from labeling.project.stalled_samples import DECIDE, notes_of, without_a_reviewer_to_ask
from labeling.records import (
    AnnotationPlatform,
    BatchState,
    MessageState,
    Problem,
    SampleState,
    escalated_in_words,
)
from labeling.records.estimates import Estimate
from labeling.rendering import Displayed, View
from labeling.store import Activity, Store

logger = logging.getLogger(__name__)

URL = "LABELING_STORE_URL"  # the environment's address of the store, which may hold a password


@dataclass(frozen=True, slots=True, repr=False)
class Status(Displayed):
    """The state of a project.

    Attributes:
        project: its name.
        people_label: where people label, in words; empty where nobody is asked.
        samples: how many there are to label when they were last read; `None` before that.
        locked: how many are in the locked test split.
        left_out: how many are not used, since their text is missing.
        dev: how many have a gold label to measure on.
        covered: how many have a vote of a labeling function.
        labeling_functions: how many there are.
        states: how many of the samples that were chosen for annotation are in each state.
        agreement: how many samples are settled by `one_vote`, by several equal ones (`unanimous`),
            by a `majority`, by the `posterior` of votes without a majority (with the model as one
            more voter, also against all votes), and by `review`; `uncounted` are those whose votes
            an earlier version did not count.
        settled_by: what settles samples where votes are not just counted, in a sentence.
        escalated: how many samples wait for a reviewer for which reason, in words.
        notes: sentences on what somebody should decide or do.
        warnings: what the label model that was used last warned of when it was fitted.
        lacking_gold: what gold labels it lacked to learn from them; empty if it lacked none.
        batches: how many were chosen; the last one's state is in `batch_state`.
        batch_state: `chosen` (not pushed yet) or `pushed`; `None` before the first.
        annotations: how many there are in the ledger, reviews and changed labels included.
        reviews: how many of them are by reviewers.
        annotators: how many people made them.
        people: how many annotations of each annotator and reviewer count, and when the last was
            made.
        links: where `annotators` and `reviewers` label, and the `report`; what does not exist yet
            is left out.
        to_send: messages that wait in the outbox.
        to_review: how many samples a review would ask somebody about.
        problems: what the last pull could not count.
        training_set: the manifest of the last one; `None` before the first.
        looks: how often accuracy was measured on the locked test split.
        last_run: the verb, the state and the end of the last run.
        measure: what `accuracy` is: of spans and of several labels it is F1.
        accuracy: of the most probable labels of all samples (`labels`), and of the label model
            alone (`label model`), by the samples that were drawn at random and settled.
        accuracy_details: of spans and of several labels the precision, the recall, and the share of
            samples that are right in all, by name.
        quality: sentences on this accuracy, on how many more labels it needs, and on how much the
            labels still change.
        stop: why to stop asking people, by the rules of `query.stop`.
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
    settled_by: str = ""
    escalated: str = ""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    lacking_gold: str = ""
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
    measure: str = "accuracy of the labels"
    accuracy: dict[str, Estimate] = field(default_factory=dict)
    accuracy_details: dict[str, Estimate] = field(default_factory=dict)
    quality: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    next: str = "labeling apply"

    def _view(self) -> View:
        from labeling.project.result_views import status_view

        return status_view(self)

    @property
    def not_chosen(self) -> int | None:
        """How many samples were not chosen for annotation."""
        if self.samples is None:
            return None
        chosen = sum(
            count for state, count in self.states.items() if state != SampleState.WITHDRAWN
        )
        # Chosen samples may have left the data since, which only a review sees.
        return max(self.samples - chosen, 0)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        values = dataclasses.asdict(self)
        return {**values, "states": {"not_chosen": self.not_chosen, **self.states}}


def store_of(config: Config, on_wait: Callable[[str], object] | None = None) -> Store:
    """Return the store of a config; the environment's address wins over that of the config."""
    return Store(
        config.memory,
        config.name,
        kind=config.label_schema.kind,
        url=os.environ.get(URL) or config.store.url or None,
        lock_timeout=config.store.wait,
        on_wait=on_wait or logger.warning,
    )


def status_at(path: str | os.PathLike[str]) -> Status:
    """Return the state of the project of a config file."""
    config = load_config(path)
    return status_of(config, store_of(config))


def status_of(config: Config, store: Store, platform: AnnotationPlatform | None = None) -> Status:
    """Return the state of a project, without reading its samples.

    Args:
        config: of the project.
        store: of the project.
        platform: where people label, if that is not in the config.

    Raises:
        StoreError: the store cannot be read.
    """
    if not store.ready():
        return Status(config.name, _where(config, platform), links=links_of(config, store))
    policy, schema = policy_of(config), config.label_schema
    basis = review_basis(store, policy_in_force(policy, schema, store))
    is_reviewed = store.facts.get(REVIEWED) == basis
    notes = notes_of(config, schema, store, is_reviewed=is_reviewed)
    status = dataclasses.replace(
        _counts(config, store),
        people_label=_where(config, platform),
        settled_by=policy.settles_by(),
        escalated=escalated_in_words(store.batches.escalation_reasons().values()),
        notes=tuple(notes),
        warnings=label_model_warnings(store),
        lacking_gold=lacking_gold_of(store),
        to_review=0 if is_reviewed else store.batches.unreviewed(),
    )
    quality = label_quality(config, store)
    status = dataclasses.replace(
        status,
        measure=quality.measure,
        accuracy=dict(quality.accuracy),
        accuracy_details=dict(quality.details),
        quality=quality.sentences,
        stop=quality.stop,
    )
    next_step = _next_step(
        status,
        config,
        lacks_projects=_lacks_projects(config, store),
        # A reviewer's decision is settled when it is pulled, and written back by a review.
        has_news=config.label_studio is not None and status.annotations > 0 and not is_reviewed,
        stuck=len(without_a_reviewer_to_ask(config, store)) if is_reviewed else 0,
    )
    return dataclasses.replace(status, next=next_step)


def _counts(config: Config, store: Store) -> Status:
    """Return what the store holds, counted."""
    votes = store.artifacts.latest("votes")
    summary = VotesSummary.of(votes.about if votes else {})
    number, state = store.batches.last()
    annotations, reviews, annotators = store.ledger.counts()
    messages = store.outbox.counts()
    training_set = store.artifacts.latest("training_set")
    runs = store.runs.recent(1)
    return Status(
        project=config.name,
        samples=summary.samples,
        locked=summary.locked,
        left_out=summary.left_out,
        dev=summary.dev,
        covered=summary.covered,
        labeling_functions=summary.voters,
        states=store.batches.counts(),
        agreement=store.batches.agreement(),
        batches=number,
        batch_state=state if number else None,
        annotations=annotations,
        reviews=reviews,
        annotators=annotators,
        people=store.ledger.activity(),
        links=links_of(config, store),
        to_send=messages.get(MessageState.WAITING, 0) + messages.get(MessageState.BEGUN, 0),
        problems=store.facts.problems(),
        training_set=training_set.about if training_set else None,
        looks=len(store.facts.test_looks()),
        last_run=_last_run(runs[0]) if runs else None,
    )


def _where(config: Config, platform: AnnotationPlatform | None) -> str:
    """Return where people label, in words."""
    if platform is not None:
        return f"in {platform!r}"
    if config.label_studio is not None:
        title = config.label_studio.project or config.name
        return f"in Label Studio: project {title!r} on {config.label_studio.url}"
    if config.files is not None:
        return f"in files: {config.at(config.files.folder)}"
    return f"in a replay of {config.replay.votes}" if config.replay is not None else ""


def _lacks_projects(config: Config, store: Store) -> bool:
    """Return whether people label in Label Studio and its projects were never found."""
    if config.label_studio is None:
        return False
    from labeling.label_studio.sync_state import has_annotators_project

    project = config.label_studio.project or config.name
    state = store.facts.get(SYNC_STATE)
    return not has_annotators_project(state, config.label_studio.url, project)


def _last_run(run: dict[str, Any]) -> dict[str, Any]:
    names = ("number", "verb", "state", "started_at", "ended_at", "seconds")
    last = {name: run[name] for name in names}
    is_local = run["host"] == socket.gethostname()
    if run["state"] == "running" and is_local and not _is_alive(run["pid"]):
        last["state"] = "died"  # the next verb will store it
    return last


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _next_step(
    status: Status, config: Config, *, lacks_projects: bool, has_news: bool, stuck: int
) -> str:
    """Return the next verb of the loop.

    Args:
        status: the counts.
        config: the project's config.
        lacks_projects: whether projects in Label Studio must be made first.
        has_news: whether a review has to write decisions back.
        stuck: how many escalated samples no reviewer can be asked about.
    """
    states = {"asked": 0, "collecting": 0, "escalated": 0, **status.states}
    to_push = status.batch_state in (BatchState.CHOSEN, BatchState.PUSHING)
    steps = (
        (status.samples is None, "labeling apply"),
        (not status.people_label, "labeling export"),
        (to_push and lacks_projects, "labeling studio init, then labeling push"),
        (to_push, "labeling push"),
        (status.to_send - stuck or status.to_review or has_news, "labeling review"),
        (
            states["asked"] or states["collecting"],
            "labeling pull when people have labeled, then labeling review",
        ),
        (
            states["escalated"] - stuck,
            "labeling pull when the reviewer has decided, then labeling review",
        ),
        (stuck, f"{DECIDE}, or labeling export"),
        ((status.not_chosen or 0) <= status.dev, "labeling export"),
        (not status.batches, "labeling query"),
        (status.stop, "labeling export: enough was asked, see above"),
    )
    last = "labeling export, or labeling query for another batch"
    return next((step for is_next, step in steps if is_next), last)
