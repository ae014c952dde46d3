"""Label Studio as an annotation platform; no other room talks to its API."""

from labeling.label_studio.platform import LabelStudio

__all__ = ["LabelStudio"]
