"""Events in plain words, for `labeling log`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from labeling.errors import DataError, counted, listed
from labeling.records import (
    Event,
    EventKind,
    LabelKind,
    decode_label,
    label_in_words,
    votes_in_words,
)

LABEL_KEYS = ("label", "instead", "prelabel")
VOTE_KEYS = ("votes", "reviews")
"""What events say of labels: those of a sample, and lists of who gave which."""

Words = Callable[[Event], str]


def event_line(event: Event, *, names_sample: bool = False) -> str:
    """Return a line on an event: its number, time, and what happened.

    Args:
        event: any event.
        names_sample: whether to name the sample.

    >>> event = Event(
    ...     7,
    ...     "2026-01-02T10:00:00.000000+00:00",
    ...     EventKind.ASKED,
    ...     sample_id="c17",
    ...     about={"votes": 2},
    ... )
    >>> event_line(event, names_sample=True)
    '7  2026-01-02 10:00:00  c17: asked annotators for 2 votes'
    """
    when = event.at[:19].replace("T", " ")
    sample = f"{event.sample_id}: " if names_sample and event.sample_id is not None else ""
    migrated = " (recorded before events were kept)" if event.about.get("migrated") else ""
    return f"{event.number}  {when}  {sample}{event_words(event)}{migrated}"


def with_labels_in_words(event: Event, kind: LabelKind, text: str | None = None) -> Event:
    """Return an event whose labels are as people read them: stored sets and spans are JSON.

    Args:
        event: any event.
        kind: what a sample's label is.
        text: the sample's text, if it is known: then spans are quoted.

    >>> said = Event(1, "2026-01-02", EventKind.FROZEN, about={"label": '["joy","pride"]'})
    >>> with_labels_in_words(said, LabelKind.SEVERAL).about["label"]
    'joy, pride'
    """
    if kind == LabelKind.ONE:
        return event

    def words(label: Any) -> Any:
        try:
            is_label = isinstance(label, str)
            return label_in_words(decode_label(label, kind), text) if is_label else label
        except DataError:
            return label  # of an earlier config of this project

    about = {**event.about}
    about |= {name: words(about[name]) for name in LABEL_KEYS if name in about}
    for name in VOTE_KEYS:
        if isinstance(about.get(name), list):  # elsewhere a number of votes
            about[name] = [[who, words(label), *rest] for who, label, *rest in about[name]]
    return dataclasses.replace(event, about=about)


def event_words(event: Event) -> str:
    """Return what happened, in plain words; details that an event lacks are left out."""
    words = _WORDS.get(event.kind)
    return str(event.kind) if words is None else words(event)


def _chosen(event: Event) -> str:
    reason = event.about.get("reason")
    return f"chosen for batch {event.about['batch']}{f': {reason}' if reason else ''}"


def _asked_again(event: Event) -> str:
    excluded = event.about.get("not_annotators", ())
    others = f", not {listed(excluded)}" if excluded else ""
    return f"asked annotators for {_number_of_votes(event)} more{others}"


def _number_of_votes(event: Event) -> str:
    return counted(event.about.get("votes", 1), "vote")


def _annotated(event: Event) -> str:
    role = "reviewer " if event.about.get("reviewer") else ""
    verb = {
        EventKind.ANNOTATED: "said",
        EventKind.UPDATED: "changed the answer to",
        EventKind.DELETED: "deleted the answer",
        EventKind.VOTE_REJECTED: "has to annotate again: rejected",
    }[event.kind]
    label = "a skip" if event.about["label"] is None else repr(event.about["label"])
    saw = ", having seen a suggested label" if event.about.get("prelabel_shown") else ""
    return f"{role}{event.actor} {verb} {label}{saw}{_because(event)}{_answered_at(event)}"


def _skipped(event: Event) -> str:
    role = "reviewer " if event.about.get("reviewer") else ""
    return f"{role}{event.actor} skipped it{_because(event)}{_answered_at(event)}"


def _answered_at(event: Event) -> str:
    """Return when the person answered, which may be long before the answer was fetched."""
    return f" (at {event.about['updated_at'][:19].replace('T', ' ')})"


def _because(event: Event) -> str:
    reason = event.about.get("reason")
    return f": {reason}" if reason else ""


def _settled(event: Event) -> str:
    rule, votes = event.about.get("rule"), event.about.get("votes", ())
    model = ", with the model voter" if event.about.get("model_voter") else ""
    details = [
        f"by the rule {rule!r}{model}" if rule else "",
        _probability(event.about),
        _votes_for(event.about["label"], votes),
        _votes(votes),
        _policy(event),
    ]
    return f"settled as {event.about['label']!r}{_in_brackets(details)}"


def _adjudicated(event: Event) -> str:
    who = event.actor or "a reviewer"
    details = [_votes(event.about.get("votes", ())), _policy(event)]
    if event.about.get("reviews"):
        details.insert(0, f"reviewers: {_votes(event.about['reviews'])}")
    return f"{who} decided on {event.about['label']!r}{_because(event)}{_in_brackets(details)}"


def _escalated(event: Event) -> str:
    cause = event.about.get("cause")
    details = [
        f"cause: {cause}" if cause else "",
        str(event.about.get("cause_reason", "")),
        _votes(event.about.get("votes", ())),
        _policy(event),
    ]
    return f"escalated to a reviewer{_because(event)}{_in_brackets(details)}"


def _probability(about: Mapping[str, Any]) -> str:
    probability = about.get("probability")
    return "" if probability is None else f"probability {probability:.3f}"


def _votes_for(label: str, votes: Sequence[Sequence[Any]]) -> str:
    """Return how many of the votes are for a label; skips are not counted."""
    cast = [vote[1] for vote in votes if vote[1] is not None]
    return f"{votes_in_words(cast.count(label), len(cast))} for it" if cast else ""


def _votes(votes: Sequence[Sequence[Any]]) -> str:
    return ", ".join(f"{who} {'skipped' if label is None else label}" for who, label, *_ in votes)


def _policy(event: Event) -> str:
    number = event.about.get("policy")
    return "" if number is None else f"policy of event {number}"


def _in_brackets(details: Sequence[str]) -> str:
    text = "; ".join(filter(None, details))
    return f" ({text})" if text else ""


def _collecting(event: Event) -> str:
    needed = event.about.get("votes_needed")
    return "needs more votes" if needed is None else f"needs {counted(needed, 'more vote')}"


def _reopened(event: Event) -> str:
    label = event.about.get("label")
    return f"open again{'' if label is None else f', no longer {label!r}'}{_because(event)}"


def _about_annotator(words: str) -> Words:
    def say(event: Event) -> str:
        annotator = event.about.get("annotator", "")
        by = f" by {event.actor}" if event.actor else ""
        return f"{words.format(annotator)}{by}{_because(event)}"

    return say


def _frozen(event: Event) -> str:
    return f"exported with the label {event.about['label']!r} ({event.about['source']})"


def _exported(event: Event) -> str:
    gold = counted(event.about.get("gold", 0), "gold label")
    return f"wrote the training set: {gold}, {event.about.get('frozen', 0)} of them new or changed"


def _released(event: Event) -> str:
    action, branch = event.about.get("action", "released"), event.about.get("branch", "")
    words = {
        "branched": f"put a training set on branch {branch!r}",
        "merged": f"merged branch {branch!r} into main",
        "updated": f"merged main into branch {branch!r}",
        "conflicted": f"found conflicts of branch {branch!r} with main",
    }.get(action, f"{action} branch {branch!r}")
    who = f"{event.actor} " if event.actor else ""
    return f"{who}{words}: release {event.about.get('release', '')[:12]}"


def _policy_changed(event: Event) -> str:
    settings = (
        f"{name} {value}"
        for name, value in event.about.items()
        if isinstance(value, str | int | float)
    )
    return f"review policy from here on: {', '.join(settings)}"


_WORDS: Mapping[EventKind, Words] = {
    EventKind.CHOSEN: _chosen,
    EventKind.UNCHOSEN: lambda event: f"batch {event.about['batch']} was replaced before its push",
    EventKind.PUSHED: lambda event: f"batch {event.about['batch']} is on the platform",
    EventKind.ASKED: lambda event: f"asked annotators for {_number_of_votes(event)}",
    EventKind.ASKED_AGAIN: _asked_again,
    EventKind.REVIEW_ASKED: lambda _: "asked a reviewer",
    EventKind.ANNOTATED: _annotated,
    EventKind.UPDATED: _annotated,
    EventKind.SKIPPED: _skipped,
    EventKind.DELETED: _annotated,
    EventKind.VOTE_REJECTED: _annotated,
    EventKind.VOTE_ACCEPTED: _about_annotator("the vote of {} was accepted"),
    EventKind.VOTE_FIXED: _about_annotator("the vote of {} was corrected"),
    EventKind.REWORK_ASKED: _about_annotator("{} was asked to annotate again"),
    EventKind.LOT_SAMPLED: _about_annotator("work of {} was drawn for review"),
    EventKind.LOT_ACCEPTED: _about_annotator("a lot of {} was accepted"),
    EventKind.LOT_REJECTED: _about_annotator("a lot of {} was rejected"),
    EventKind.GOLD_ASKED: lambda event: (
        f"hidden in batch {event.about['batch']}: its label {event.about['label']!r} is known"
    ),
    EventKind.COLLECTING: _collecting,
    EventKind.SETTLED: _settled,
    EventKind.ESCALATED: _escalated,
    EventKind.ADJUDICATED: _adjudicated,
    EventKind.UNRESOLVED: lambda _: "reviewed without a decisive label",
    EventKind.REOPENED: _reopened,
    EventKind.WITHDRAWN: lambda _: (
        "withdrawn: it left the data, its text changed, or it was refused"
    ),
    EventKind.FROZEN: _frozen,
    EventKind.EXPORTED: _exported,
    EventKind.RELEASED: _released,
    EventKind.POLICY_CHANGED: _policy_changed,
    EventKind.ANNOTATOR_PAUSED: _about_annotator("{} was paused"),
    EventKind.ANNOTATOR_RESUMED: _about_annotator("{} may go on"),
}
