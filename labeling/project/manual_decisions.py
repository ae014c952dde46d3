"""Reviewers' decisions that are made by a command, not on the annotation platform."""

from __future__ import annotations

import datetime
from collections.abc import Hashable

import pandas as pd

from labeling.errors import DataError, UnknownLabelError, listed, near
from labeling.project.annotation_checks import text_of
from labeling.project.annotation_loop import AnnotationLoop
from labeling.records import Annotation, Label, person_key, read_label

PLATFORM_ID = "decided"  # the prefix of these decisions' platform ids


def decision_on(
    people: AnnotationLoop,
    samples: pd.DataFrame,
    sample_id: Hashable,
    label: Label,
    *,
    by: str,
    reason: str,
) -> Annotation:
    """Return a reviewer's decision on a sample in any state, to be appended to the ledger.

    Its time is after everything the reviewer said of the sample before, even by a wrong clock.

    Args:
        people: the annotation loop of the project.
        samples: the project's samples.
        sample_id: the sample.
        label: the label of the sample; several labels, and spans, also as text, see `read_label`.
        by: who decides.
        reason: why.

    Raises:
        UnknownLabelError: the label is not in the schema.
        DataError: the sample or a name or the reason is missing, its text is not what people saw,
            or the reviewer annotated the sample.
    """
    decided = _decided(people, samples, sample_id, label)
    _check_texts(by, reason)
    _check_sample(people, samples, sample_id)
    earlier = people.store.ledger.annotations([sample_id]) if people.store.ready() else ()
    voters = {vote.annotator for vote in earlier if not vote.reviewer and not vote.deleted}
    if person_key(by) in set(map(person_key, voters)):
        raise DataError(
            f"{by!r} voted on sample {sample_id!r}, and cannot decide on it as its reviewer."
            f" Somebody else must, who is none of {listed(sorted(voters))}."
        )
    now = datetime.datetime.now(datetime.UTC)
    reviewed_at = [
        review.updated_at
        for review in earlier
        if review.reviewer and person_key(review.annotator) == person_key(by)
    ]
    when = max([now, *reviewed_at])
    return Annotation(
        sample_id,
        by,
        decided,
        when,
        when,
        platform_id=f"{PLATFORM_ID}/{now.isoformat(timespec='microseconds')}",
        reviewer=True,
        reason=reason,
    )


def _decided(
    people: AnnotationLoop, samples: pd.DataFrame, sample_id: Hashable, label: object
) -> Label:
    """Return the label that is decided on, also where it is given as text."""
    decided = read_label(label, people.schema, text_of(samples, people.text, sample_id))
    if decided is None:
        raise UnknownLabelError(f"A decision must give a label. Got {label!r}.")
    return decided


def _check_texts(by: str, reason: str) -> None:
    for what, text in (("who decides (`by`)", by), ("the reason", reason)):
        if not isinstance(text, str) or not person_key(text):
            raise DataError(f"A decision must name {what}, in a non-empty text. Got {text!r}.")


def _check_sample(people: AnnotationLoop, samples: pd.DataFrame, sample_id: Hashable) -> None:
    if sample_id not in samples.index:
        raise DataError(
            f"A decision must be on a sample of the project. There is no {sample_id!r} to label."
            f"{near(sample_id, samples.index)}"
        )
    if people.is_changed(sample_id, samples):
        raise DataError(
            f"The text of sample {sample_id!r} is not what people saw, so its annotations are not"
            " counted. Restore the text that it had when it was chosen."
        )


def sample_called(text: str, samples: pd.DataFrame) -> Hashable:
    """Return the sample id that a text stands for, whatever the type of the ids.

    Raises:
        DataError: no sample or several samples have such an id.

    >>> sample_called("17", pd.DataFrame(index=[16, 17]))
    17
    """
    matches: list[Hashable] = [
        sample_id for sample_id in samples.index.tolist() if str(sample_id) == text
    ]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise DataError(f"Several samples are called {text!r}, with ids of different types.")
    raise DataError(
        f"There is no sample {text!r} to label.{near(text, samples.index[:100_000])} Samples of the"
        " locked test split cannot be decided on."
    )
