"""A reviewer's decision that is given here, and not where people label."""

from __future__ import annotations

import datetime
from collections.abc import Hashable

import pandas as pd

from labeling.errors import DataError, near, shown
from labeling.project.annotation_loop import AnnotationLoop
from labeling.records import Annotation, person_key

PLATFORM_ID = "decided"  # begins the platform id of what was decided here


def decision_on(
    people: AnnotationLoop,
    samples: pd.DataFrame,
    sample_id: Hashable,
    label: str,
    *,
    by: str,
    reason: str,
) -> Annotation:
    """Return a reviewer's decision on a sample in any state, to be appended to the ledger.

    It is later than all that the reviewer said of the sample before, whatever clock that bears.

    Args:
        people: of the project.
        samples: the project's.
        sample_id: the sample.
        label: the label that it shall have.
        by: who decides.
        reason: why.

    Raises:
        UnknownLabelError: a label that the schema does not have.
        DataError: no such sample, nobody's name, no reason, a text that is not what people were shown,
            or somebody who voted on the sample.
    """
    name = people.schema.labels[people.schema.index(label)]
    for what, text in (("who decides (`by`)", by), ("the reason", reason)):
        if not isinstance(text, str) or not person_key(text):
            raise DataError(f"A decision must tell {what}, in a non-empty text. Got {text!r}.")
    if sample_id not in samples.index:
        raise DataError(
            f"A decision must be on a sample of the project. There is no {sample_id!r} to label."
            f"{near(sample_id, samples.index)}"
        )
    if people.is_changed(sample_id, samples):
        raise DataError(
            f"The text of sample {sample_id!r} is not what people were shown, and what is said of it"
            " is not counted. Put the text back that it had when it was chosen."
        )
    said = people.store.ledger.annotations([sample_id]) if people.store.ready() else ()
    voted = {before.annotator for before in said if not before.reviewer and not before.deleted}
    if person_key(by) in set(map(person_key, voted)):
        raise DataError(
            f"{by!r} voted on sample {sample_id!r}, and cannot decide on it as its reviewer. Somebody"
            f" else must, who is none of {shown(sorted(voted))}."
        )
    now = datetime.datetime.now(datetime.UTC)
    own = [
        before.updated_at
        for before in said
        if before.reviewer and person_key(before.annotator) == person_key(by)
    ]
    when = max([now, *own])
    own_id = f"{PLATFORM_ID}/{now.isoformat(timespec='microseconds')}"
    return Annotation(
        *(sample_id, by, name, when, when), platform_id=own_id, reviewer=True, reason=reason
    )


def sample_called(text: str, samples: pd.DataFrame) -> Hashable:
    """Return the id of the sample that a text names, whatever type ids have.

    Raises:
        DataError: none or several samples are called so.

    >>> sample_called("17", pd.DataFrame(index=[16, 17]))
    17
    """
    found = [own for own in samples.index.tolist() if str(own) == text]
    if len(found) == 1:
        return found[0]  # type: ignore[no-any-return]
    if found:
        raise DataError(f"Several samples are called {text!r}, of ids of several types.")
    raise DataError(
        f"There is no sample {text!r} to label.{near(text, samples.index[:100_000])} Samples of the"
        " locked test split are not decided on."
    )
