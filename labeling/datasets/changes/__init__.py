"""What changed between training sets, and why; merging them; the story of one label."""

from labeling.datasets.changes.alignment import all_ids
from labeling.datasets.changes.changes import Changes, diff_training_sets
from labeling.datasets.changes.conflicts import Conflict, Decision, Merged
from labeling.datasets.changes.merging import merge_training_sets
from labeling.datasets.changes.stories import Story, StoryExtras, story_of

__all__ = [
    "Changes",
    "Conflict",
    "Decision",
    "Merged",
    "Story",
    "StoryExtras",
    "all_ids",
    "diff_training_sets",
    "merge_training_sets",
    "story_of",
]
