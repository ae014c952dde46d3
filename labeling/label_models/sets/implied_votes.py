"""Votes on sets of labels by sorted names, with those that follow from declared implications."""

from __future__ import annotations

import numpy as np

from labeling.errors import VotesError, listed, near
from labeling.records import Answers, SetConstraints, SetVotes, label_ranks


def with_implied(votes: SetVotes, constraints: SetConstraints) -> SetVotes:
    """Return votes in which a yes to a label is also a yes to what the label implies.

    What a voter says of the implied label themselves stays.

    >>> import pandas as pd
    >>> from labeling.records import LabelSchema
    >>> frame = pd.DataFrame({"sample": ["a"], "voter": ["leaf"], "label": ["oak"]})
    >>> schema = LabelSchema(["oak", "tree"], kind="several")
    >>> votes = SetVotes.from_frame(frame, schema=schema, says=None)
    >>> with_implied(votes, SetConstraints.declared(implies={"oak": "tree"}))
    SetVotes(1 sample x 1 voter, 2 yes, 0 no, labels 'oak', 'tree')
    """
    if not constraints.implies:
        return votes
    given, schema = votes.answers, votes.schema
    parts = [given]
    for label, others in constraints.implies:
        rows = np.flatnonzero(given.says & (given.label == schema.index(label)))
        for other in others:
            column = np.full(len(rows), schema.index(other), dtype=np.int64)
            parts.append(given.take(rows)._replace(label=column))
    answers = Answers(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    key = (answers.sample * len(votes.voters) + answers.voter) * len(schema) + answers.label
    _, first = np.unique(key, return_index=True)  # what was given stands first
    return SetVotes(answers.take(first), votes.sample_ids, votes.voters, schema, votes.faults)


def sorted_answers(votes: SetVotes, voters: tuple[str, ...]) -> Answers:
    """Return the answers with codes of labels by sorted names and of voters by their place.

    Args:
        votes: the votes.
        voters: the sorted names of the voters that a model was fitted on.

    Raises:
        VotesError: the votes have a voter who is not among them.
    """
    place = {name: number for number, name in enumerate(voters)}
    unknown = [name for name in votes.voters if name not in place]
    if unknown:
        raise VotesError(
            f"Voters must be among those that the model was fitted on. It does not know"
            f" {listed(unknown)}.{near(unknown[0], voters)} Fit it again with them."
        )
    of_voter = np.array([place[name] for name in votes.voters], dtype=np.int64)
    answers = votes.answers
    ranks = label_ranks(votes.schema).astype(np.int64)
    return answers._replace(voter=of_voter[answers.voter], label=ranks[answers.label])
