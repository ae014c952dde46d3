"""Votes and probabilities of labels of any kind."""

from __future__ import annotations

from labeling.records.set_votes import SetVotes
from labeling.records.soft_labels import SoftLabels
from labeling.records.soft_sets import SoftSets
from labeling.records.soft_spans import SoftSpans
from labeling.records.span_votes import SpanVotes
from labeling.records.votes import Votes

AnyVotes = Votes | SpanVotes | SetVotes
AnySoft = SoftLabels | SoftSpans | SoftSets
